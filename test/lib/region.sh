# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# region.sh - what test/guest/region.t and test/matrix/region.t share: regions
# by hand, in a guest in which test/guest/region.guest runs.

# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G

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
	is "$(said unknown)" 1 "$kernel: a region that is not there"
	is "$(said before) $(said after)" "online online" \
		"$kernel: auto_online_blocks is as it was"
}
