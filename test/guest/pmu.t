#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The plugin in the real emulator: it counts to the access, also what two
# CPUs do at once; a policy that brings the hot set near makes the updates
# faster in modelled time; counted and sampled shares agree.
# test/guest/pmu.guest runs in the guest; test/guest/pmu_latency.t injects.
#
# long: 90

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/pmu.sh
. test/lib/pmu.sh

boot_counted count --count
ran far near moving even zipf
plugin=$(<"$run/qemu.cmd")
window=$(said window)
like "$plugin" "cxl=0x0*${window%-*}-0x" "the kernel's window begins there"
[[ $plugin =~ cxl=0x([0-9a-f]+)-0x([0-9a-f]+) ]]
is "$((16#${BASH_REMATCH[2]} - 1))" "$((16#${window#*-}))" \
	"and ends where it was said to"

# The touch loop loads each word once more, ahead of its update.
for name in far near; do
	node=0
	[[ $name = near ]] || node=1
	loads=$(list $name gups '.[0] | .updates * (if .loop == "touch" then 2
		else 1 end)')
	n=$(list $name gups '.[0].updates')
	is "$(list $name pmu ".[0].ranges | map(select(.node == $node))[0]
		| .timed.table | \"\\(.loads) \\(.stores)\"")" "$loads $n" \
		 "$name: the updates' accesses, to the access"
	so $name pmu ".[0].ranges | map(select(.node != $node)
		| .timed.table | .loads + .stores) | add == 0" "and no others"
	so $name pmu ".[0].near_share == $((1 - node))" "the near share"
done
# Modelled time is of these counts: each miss takes 100 ns near and 250 far, an
# instruction a third of a nanosecond
for name in far near; do
	so $name modelled 'length == 1 and (.[0].busy_ns_per_update -
		(.[0] | .user_instructions + .kernel_instructions +
			([.user_misses, .kernel_misses] | map(add) | add))
		| fabs < 0.001)' "modelled time is the sum of its parts"
	so $name modelled ".[0] | .miss_ns.near == 100 and .miss_ns.cxl == 250 and
		(.instruction_ns * 3 - 1 | fabs) < 1e-6" "by what is said to cost so"
	so $name modelled '.[0].user_instructions * 3 | . > 5 and . < 60' \
		"an update is some instructions"
	range=near ns=100
	[[ $name = near ]] || range=cxl ns=250
	misses=$(list $name pmu ".[0].ranges | map(select(.name == \"$range\"))[0]
		| .timed.user_misses | .loads + .stores")
	so $name modelled ".[0].user_misses.$range / ($ns * $misses /
		$(list $name gups '.[0].updates')) - 1 | fabs < 1e-6" \
		"and the misses counted, times their latency"
done
# With rows, too: all of the updates, not those until the last row alone
misses=$(list moving pmu '.[0].ranges | map(select(.name == "near"))[0]
	| .timed.user_misses | .loads + .stores')
so moving modelled ".[0].user_misses.near / (100 * $misses /
	$(list moving gups '.[0].updates')) - 1 | fabs < 1e-6" \
	"modelled time is of as many updates as were counted"
so near gups "(.[0].modelled_updates_per_s * $(list near modelled \
	'.[0].busy_ns_per_update') / 1e9) | . > 0.9 and . <= 1.6" \
	"one thread: the rate is by its own CPU"
so far pmu '.[0].ranges | map(select(.node == 1))[0] | .whole.table.stores
	> .timed.table.stores' "the whole run has the filling, too"
so moving timeline 'length >= 3 and .[0].near_share_counted == null' \
	"rows; nothing is counted before the first"
# A host may have no time for an update in one of them, or none that was told yet
so moving timeline '.[0].modelled_updates_per_s == null and (.[1:] |
	all(.modelled_updates_per_s > 0 or .updates_per_s == 0))' \
	"and modelled, a rate"
# A whole chunk of 16384 may take a second here; with 3.3 M/s of two threads it
# takes 10 ms, and is left whole
so moving timeline 'any(.updates % 16384 != 0) or
	(.[1:] | map(.updates_per_s) | min > 2.5e6)' \
	"updates that take long are told before there are many"
so moving timeline '[.[1:][] | .modelled_updates_per_s | select(. > 0)] |
	.[-1] / .[0] > 1.1' "which is higher when the hot set is near"
so moving timeline '.[1:] | all((.near_share_counted >= 0) or .updates_per_s == 0)' \
	"then the near share is counted"
# Its last row may be a long one, that began when the hot set was far.
so moving timeline '.[-1] | .near_share > 0.9 and .near_share_counted > 0.5' \
	"the hot set came near"
# NUMA balancing may be done with it within a tenth of the first row
so moving timeline '.[1:] | map(.near_share_counted | values) |
	length > 0 and min < 0.99' \
	"and was not there"
# Rows in which little moved; the sample's error is 0 where every page of the
# hot set, and every other one, is on one side.  The variables are jq's.
# shellcheck disable=SC2016
so moving timeline "$steady" \
	"counted and sampled agree, within 1 % and their error"

# matrix/pmu.t has rows enough to see a difference of a few percent
strays 40 4
is "$(of even placement .near_share_mean_by)" count \
	"what was counted is the figure"
ok "and is the plugin's" quietly jq -en "$(of even placement .near_share_mean) -
	$(of even pmu .near_share) | fabs < 0.001"
is "$(of zipf placement '.recall > 0.05 and .recall < 0.15 and
	.near_share_at_end > 0.2')" true \
	"Zipf: a tenth of the pages is near, with most of the updates" ||
	diag "$(of zipf placement .)"
is "$(jq -r '.ranges | map(.name) | join(" ")' "$run/pmu.json")" \
	"other near cxl" "the totals: pmu.json"
is "$(jq '.ranges[2] | .by_vcpu | length' "$run/pmu.json")" 2 \
	"of two CPUs"
ok "they are the sums of both" quietly jq -e '.ranges | all((.user.loads +
	.kernel.loads) == (.by_vcpu | map(.loads) | add))' "$run/pmu.json"

done_testing
