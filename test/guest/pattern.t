#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the benchmark says of its hot set, in the real kernel: that it comes
# near under a policy and stays away without one, that it is found again after
# it moved, also when little of node 0 is free; and that the kernel says the
# same of where the pages are.  test/guest/pattern.guest runs in the guest.
#
# long: 90

# What the tests of a run look at is set by boot(); the dollars are jq's
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M
boot_script pattern test/guest/pattern.guest
for name in hugetlb thp none numab moving full zipf scattered; do
	is "$(said $name)" 0 "$name: it ran"
	is "$(of $name gups '"\(.verified) \(.errors)"')" "true 0" \
		"$name: 0 errors"
done
# Where updates go on undisturbed; else there is little to compare with
for name in none zipf scattered; do
	share=$(of $name placement .sampling_cpu_share)
	ok "$name: $share of the CPU time went into sampling" \
		awk "BEGIN { exit !($share > 0 && $share < 0.06) }"
done

is "$(of hugetlb gups .pages) $(of thp gups .pages)" "hugetlb thp" \
	"huge pages of both kinds"
so hugetlb timeline 'all(.hot.near == 0 and .cold.near == 1 and
	(.near_share - 0.1 | fabs < 0.01))' "a hot set of two on node 1 stays"
ok "thp: most of the table was populated by huge pages" \
	[ $(($(said huge-after) - $(said huge-before))) -ge 12 ]
so thp timeline '.[0].hot.near == 0 and .[0].cold.near == 1 and
	.[-1].hot.near == 1' "a hot set of two comes near"
is "$(of thp moves '.timed.numa_promoted >= 1024')" true \
	"thp: by NUMA balancing, all of it" || diag "$(of thp moves .timed)"

so none timeline 'map(.hot.near) | max < 0.05' "the hot set stays on node 1"
so none timeline 'map(.near_share) | max < 0.15' "so do nine of ten updates"
is "$(of none placement '.hot_near_90_s')" null "none: never near"

so numab timeline '.[0] | .hot.near < 0.05 and .near_share > 0.05 and
	.near_share < 0.15' "the hot set begins on node 1"
so numab timeline '.[-1] | .hot.near > 0.9 and .near_share > 0.9' \
	"and is near in the end"
so numab timeline '(map(select(.hot.near > 0.9)) | .[0].t_s) as $t |
	map(select(.t_s <= $t) | .pages.promoted_numab // 0) | add > 1000' \
	"the rows before say that NUMA balancing promoted it"
# Where the host was busy, it may have been so for less than 3 s
is "$(of numab placement .hot_near_90_s)" "$(list numab timeline \
	'.[-1].t_s as $last | map(select(.hot.near >= 0.9))[0].t_s |
	if $last - . >= 3 then . else null end')" "numab: when 90 % were near"
is "$(of numab placement '.precision > 0.9 and .recall > 0.9')" true \
	"numab: precision, recall" || diag "$(of numab placement .)"
is "$(of numab placement '.modelled | .ns_per_update > .all_near_ns and
	.ns_per_update < .all_far_ns')" true "numab: between all near, all far"

so moving timeline 'map(select(.hot_set_moved)) | length == 1' "it moved once"
# Where pages are marked already the kernel has them near within the row
so moving timeline '(map(.hot_set_moved) | index(true)) as $i |
	.[$i - 1].hot.near > 0.9 and (.[$i].hot.near < 0.7 or
	(.[$i:$i + 2] | map(.pages.promoted_numab) | add > 512))' \
	"near before it moves; then it is not, or was brought near again"
so moving timeline '.[-1].hot.near > 0.9' "and near again"
is "$(of moving placement '.hot_set_moves == 1 and .arrivals_after_move == 1
	and .arrival_mean_s >= 0')" true "moving: and when" ||
	diag "$(of moving placement .)"

is "$(of full hog '.free_at_start_bytes / 1048576 | fabs - 200 |
	fabs <= 8')" true "full: 200 MiB were left free" ||
	diag "$(of full hog .)"
so full timeline '.[0].promotion_unconditional == false' \
	"so the hot threshold decides"
so full timeline '.[0].hot.near < 0.05 and .[-1].hot.near > 0.9' \
	"and the hot set comes near"

is "$(of zipf placement '.near_share_mean > 0.4 and
	.near_share_mean < 0.6')" true "zipf: interleaved, half of it is near" ||
	diag "$(of zipf placement .)"

read -r near far <<<"$(said maps)"
is "$near $far" "14336 2048" "the kernel: hot pages on node 1, cold on node 0"
so scattered timeline 'all(.hot.near == 0 and .cold.near == 1)' \
	"the samples say the same"
so scattered timeline 'all(.near_share == 0.1 or (.near_share - 0.1 | fabs < 0.001))' \
	"a tenth of the updates"
done_testing
