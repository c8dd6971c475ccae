# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# damo.sh - what test/guest/damo.t and test/matrix/damo.t share: Debian's damo, and
# tier against it, in a guest in which test/guest/damo.guest runs.
#
# Deliberate differences: damo's greatest age is 2^64 microseconds in
# aggregation intervals; the kernel keeps 32 bits of it, which tier's greatest
# age says.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M

mkdir -p "$OUT"
damo=$(test/guest/damo.pack 2>"$OUT/pack.txt") || {
	diag "$(<"$OUT/pack.txt")"
	ok "Debian's damo is there" false
	done_testing
}
diag "damo $(<"$damo/version")"

status_of()
{
	said "$1" | cut -d' ' -f1
}

# tree NAME: DAMON's files, without the deliberate difference
tree()
{
	between "$1" | sed '/\/age\/max <- /d'
}

# same_tree GOT WANT NAME
same_tree()
{
	is "$(diff <(tree "$2") <(tree "$1") | grep '^[<>]')" "" "$3"
}

# against_damo KERNEL
against_damo()
{
	local kernel=$1 begin=$SECONDS

	KERNEL=$kernel boot_script "damo-$kernel" test/guest/damo.guest \
		--add "$damo:/damo" --add test/fixtures/hmsdk-options.txt
	is "$(status_of options) $(status_of damo)" "0 0" \
		"$kernel: damo starts DAMON with HMSDK's options"
	is "$(said states-damo)" "on on" "$kernel: its two kdamonds run"
	ok "$kernel: it told DAMON much" [ "$(tree damo | wc -l)" -gt 80 ]
	# The journals of test/host/policy.t are damo's own writes
	is "$(diff <(between writes | tac | sed '/nr_kdamonds <- 2$/q' | tac |
			grep -v 'memcg_path <- $') \
		<(grep -v damon_stat \
			"test/fixtures/golden/damon-start-g-$kernel.txt") |
		grep '^[<>]' | grep -v '/age/max <- ')" "" \
		"$kernel: in the order that is written down"

	is "$(status_of tier)" 0 "$kernel: tier damon start -g -d 0 1 -p 1 0"
	is "$(said states-tier)" "on on" "$kernel: its two kdamonds run"
	same_tree tier damo "$kernel: DAMON's files are as damo wrote them"
	is "$(between tier | sed -n 's,.*/age/max <- ,,p' | xargs)" \
		"4294967295 4294967295" "$kernel: but for the greatest age"
	is "$(status_of dump)" 0 "$kernel: tier damon dump"
	is "$(between json | jq '.kdamonds | length')" 2 \
		"$kernel: which is JSON of two kdamonds"
	is "$(status_of stop) $(status_of restore)" "0 0" \
		"$kernel: tier damon stop, tier policy restore"
	is "$(said damon_stat_after)" "$(said damon_stat)" \
		"$kernel: DAMON_STAT is as it was"
	is "$(status_of again) $(said states-again)" "0 on on" \
		"$kernel: damo starts what tier dumped"
	same_tree again damo "$kernel: and makes the same of it"
	is "$(between again | sed -n 's,.*/age/max <- ,,p' | xargs)" \
		"4294967295 4294967295" "$kernel: the greatest age, too"
	is "$(status_of read) $(said states-read)" "0 on on" \
		"$kernel: tier starts what damo printed"
	same_tree read damo "$kernel: and makes the same of it"
	is "$(status_of end)" 0 "$kernel: and stops it"
	is "$(status_of policy) $(said states-policy) $(said kdamonds-policy)" \
		"0 on on 0" "$kernel: as somebody's policy it runs, and is put back"
	is "$(of policy daemon '"\(.program[0]) \(.exit_status) \(.killed)"')" \
		"/damo/damo 0 false" "$kernel: it has ended, as such a command does" ||
		diag "$(between policy)"
	is "$(of policy moves '[.zeros[] | select(.who == "DAMON").cause] |
		index("off")')" null "$kernel: DAMON counts as on" ||
		diag "$(between policy)"
	diag "$kernel: $((SECONDS - begin)) s"
}
