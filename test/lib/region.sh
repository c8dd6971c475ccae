# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# region.sh - what test/guest/region.t and test/matrix/region.t share: regions
# by hand, in a guest in which test/guest/region.guest runs.

# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G

# at_times KERNEL: --at
at_times()
{
	is "$(said at) $(of at gups '"\(.verified) \(.errors)"')" "0 true 0" \
		"$1: a region comes and goes during a run, which verifies"
	is "$(list at event '[.[] | "\(.at_s) \(.what) \(.state)"] | join("; ")')" \
		"1 region create done; 3 region destroy region0 done" \
		"$1: its two events are recorded, by time"
	so at event '.[0] | (.before | has("node1") | not) and
		.after.node1 >= 268435456 and .began_s >= 1 and
		.ended_s > .began_s' "node 1 comes"
	so at event '.[1] | .before.node1 >= 268435456 and
		(.after | has("node1") | not)' "and goes"
	so at timeline '[.[] | select(.event)] | length >= 2' \
		"the timeline marks them"
	so at timeline '[.[] | select(.free_bytes | has("node1"))] | length > 0' \
		"node 1 has a column while it is there"
	is "$(said unlike) $(of unlike end .reason)" \
		"1 --at 3600 'region create': the run had ended before" \
		"$1: what was not begun is a failure, with its name"
	like "$(said absent) $(of absent end .reason)" \
		"^1 --at 1 'region destroy region7': there is no region7" \
		"$1: and so is one that cannot be"
	so absent gups 'length == 1 and .[0].verified' "its run is reported"
	like "$(said hostless) $(of hostless end .reason)" \
		"^3 --at 'plug cxl1': look cxl1: this machine has no port to a host" \
		"$1: nobody plugs where there is no host"
}

# regions KERNEL: create, list, destroy, create again, and what is refused
regions()
{
	local kernel=$1

	KERNEL=$kernel boot_script "region-$kernel" test/guest/region.guest
	is "$(said list) $(said again)" "0 0" \
		"$kernel: a region that is there is listed, and used by create"
	is "$(said wrong) $(said odd) $(said decoder)" "3 2 3" \
		"$kernel: no such memdev, no such size, no such decoder"
	is "$(said dry) $(said destroy) $(said gone)" "0 0 0" \
		"$kernel: destroyed"
	is "$(said node1)" 3 "$kernel: and node 1 is gone"
	is "$(said small) $(said use)" "0 0" \
		"$kernel: created again, smaller, and usable"
	for words in region damon; do
		like "$(said refused-$words)" \
			'^1 tier: .*another run of tier is under way' \
			"$kernel: $words: nothing is changed under a run"
	done
	is "$(said asked) $(said still)" "1 1" \
		"$kernel: memory in use is not moved unasked"
	# console is set by boot_script
	# shellcheck disable=SC2154
	like "$(<"$console")" 'programs have .* on node 1' \
		"$kernel: it says how much there is"
	is "$(said busy)" 0 "$kernel: memory in use is moved away"
	is "$(said survived)" 0 "$kernel: under a benchmark, that verifies"
	like "$(<"$console")" 'Found 0 errors in 8388608' \
		"$kernel: with 0 errors"
	at_times "$kernel"
	is "$(said unknown)" 1 "$kernel: a region that is not there"
	is "$(said left)" "" "$kernel: nothing is left to be taken back"
	is "$(said before) $(said after)" "online online" \
		"$kernel: auto_online_blocks is as it was"
}
