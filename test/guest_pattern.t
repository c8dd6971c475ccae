#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the benchmark says of its hot set, in the real kernel: that it comes
# near under a policy and stays away without one, that it is found again after
# it moved, also when little of node 0 is free; and that the kernel says the
# same of where the pages are.  test/pattern/guest runs in the guest.

# What the tests of a run look at is set by boot(); the dollars are jq's
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/guest.sh
. test/guest.sh

export MEM=1G CXL_MEM=512M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# said NAME: what follows that name on the script's last line for it
said()
{
	sed -n "s/^== $1 //p" "$tmp/console" | tail -n 1
}

# all NAME: the records of the run of that name
all()
{
	sed -n "/^== begin $1\$/,/^== end $1\$/p" "$tmp/console" |
		jq -cR 'fromjson?'
}

# of NAME RECORD FILTER: jq over its last record of that kind
of()
{
	all "$1" | jq -r --arg record "$2" \
		"select(.record == \$record) | $3" | tail -n 1
}

# rows NAME FILTER: jq over the list of its rows
rows()
{
	all "$1" | jq -rs "map(select(.record == \"timeline\")) | $2"
}

# so NAME FILTER WHAT: it is true of its rows
so()
{
	is "$(rows "$1" "$2")" true "$1: $3" || diag "$(rows "$1" \
		'.[] | "\(.t_s) \(.near_share) \(.hot.near) \(.cold.near)"')"
}

boot pattern --add test/pattern/guest --once run --timeline off sh /guest
tr -d '\r' <"$run/console.log" >"$tmp/console"
is "$status" 0 "the guest"
is "$(said script)" 0 "its script came to its end"
for name in none numab moving full zipf scattered; do
	is "$(said $name)" 0 "$name: it ran"
	is "$(of $name gups '"\(.verified) \(.errors)"')" "true 0" \
		"$name: 0 errors"
	ok "$name: $(of $name placement .sampling_cpu_share) of the CPU time \
went into sampling" [ "$(of $name placement '.sampling_cpu_share < 0.06')" \
		= true ]
done

so none 'map(.hot.near) | max < 0.05' "the hot set stays on node 1"
so none 'map(.near_share) | max < 0.15' "so do nine of ten updates"
is "$(of none placement '.hot_near_90_s')" null "none: never near"

so numab '.[0] | .hot.near < 0.05 and .near_share > 0.05 and
	.near_share < 0.15' "the hot set begins on node 1"
so numab '.[-1] | .hot.near > 0.9 and .near_share > 0.9' \
	"and is near in the end"
so numab '(map(select(.hot.near > 0.9)) | .[0].t_s) as $t |
	map(select(.t_s <= $t) | .pages.promoted_numab // 0) | add > 1000' \
	"the rows before say that NUMA balancing promoted it"
is "$(of numab placement '.hot_near_90_s < 9 and .precision > 0.9 and
	.recall > 0.9')" true "numab: 90 % near, precision, recall" ||
	diag "$(of numab placement .)"
is "$(of numab placement '.modelled | .ns_per_update > .all_near_ns and
	.ns_per_update < .all_far_ns')" true "numab: between all near, all far"

so moving 'map(select(.hot_set_moved)) | length == 1' "it moved once"
so moving '(map(.hot_set_moved) | index(true)) as $i |
	(.[$i - 1].hot.near > 0.9) and (.[$i].hot.near < 0.7)' \
	"near before it moves, not any more then"
so moving '.[-1].hot.near > 0.9' "and near again"
is "$(of moving placement '.hot_set_moves == 1 and .arrivals_after_move == 1
	and .arrival_mean_s > 0')" true "moving: and when" ||
	diag "$(of moving placement .)"

is "$(of full hog '.free_at_start_bytes / 1048576 | fabs - 200 |
	fabs <= 8')" true "full: 200 MiB were left free" ||
	diag "$(of full hog .)"
so full '.[0].promotion_unconditional == false' \
	"so the hot threshold decides"
so full '.[0].hot.near < 0.05 and .[-1].hot.near > 0.9' \
	"and the hot set comes near"

is "$(of zipf placement '.near_share_mean > 0.4 and
	.near_share_mean < 0.6')" true "zipf: interleaved, half of it is near" ||
	diag "$(of zipf placement .)"

read -r near far <<<"$(said maps)"
is "$near $far" "14336 2048" "the kernel: hot pages on node 1, cold on node 0"
so scattered 'all(.hot.near == 0 and .cold.near == 1)' \
	"the samples say the same"
so scattered 'all(.near_share == 0.1 or (.near_share - 0.1 | fabs < 0.001))' \
	"a tenth of the updates"
done_testing
