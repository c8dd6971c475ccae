#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The plugin's latencies in the real emulator: what is injected is what the
# updates take longer, and a policy that brings the hot set near makes them
# faster in fact.  A minute and a half of a guest.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/pmu.sh
. test/pmu.sh

# One CPU: then none waits while another has the host's.
SMP=1 boot_counted latency --latency cxl=+1us --scope process
ran against far none numab
# Nearly every update misses: the cache has 2 MiB, the table 64.  A host that
# has other things to do makes all times longer, the waits as well, by about
# so much.  On a quiet one it was 1031; half of it, or twice, is wrong anywhere.
load=$(list against pmu '.[0].ranges[2].timed | .waited_s / .asked_s')
longer=$(list against compare '.[0] | (1 / (.against_updates_per_s | sort
	| .[length / 2 | floor]) - 1 / (.updates_per_s | sort
	| .[length / 2 | floor])) * 1e9')
longer=$(jq -n "$longer / $load | floor")
ok "an update on node 1 takes $longer ns longer (load: $load), of 1000 ns" \
	[ "$longer" -ge 650 -a "$longer" -le 1500 ]
so far pmu '.[0].ranges[2].timed | .misses.loads / .table.stores
	| . > 0.9 and . <= 1.01' "nearly each update misses the cache once"
so far pmu '.[0].ranges[2].timed | .misses.stores / .table.stores < 0.05' \
	"its store finds the line"
so far pmu '.[0].ranges[2].timed | (.asked_s / ((.misses.loads +
	.misses.stores) * 1e-6) - 1 | fabs) < 0.001' "each miss asks for 1 us"
so far pmu '.[0].ranges[2].timed | .waited_s / .asked_s > 0.99' \
	"and waits no less"
so far pmu '.[0].ranges | all(.timed.kernel == null)' \
	"scope=process: the kernel is not counted, which is not 0"
so far pmu '.[0].ranges[1].timed.asked_s == 0' "DRAM asks for nothing"
rate='.[-1].updates_per_s'
none=$(list none timeline "$rate | floor")
numab=$(list numab timeline "$rate | floor")
ok "numab makes the updates faster in fact: $none, $numab a second" \
	[ $((numab * 2)) -gt $((none * 3)) ]
so none timeline "$steady" "counted and sampled agree here, too"
so none timeline '.[1:] | all(.near_share_counted < 0.15)' \
	"without a policy the hot set stays far"
so numab timeline '.[-1].near_share_counted > 0.9' "with one it comes near"

done_testing
