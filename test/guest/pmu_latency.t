#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The plugin's latencies in the real emulator: what is injected is what a load
# takes longer, and what misses wait; test/matrix/pmu.t has more of it.
#
# alone: it compares times

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/pmu.sh
. test/lib/pmu.sh

SMP=1 boot_counted short --latency near=200ns,cxl=1us,llc=512k --scope process
ran waited
is "$(said asked)" 0 "tier latency: status 0"
so asked latency 'map(.asked_ns) == [200, 1000]' "what was asked for"
so asked latency 'all((.injected_ns / .asked_ns - 1 | fabs) < 0.25)' \
	"a dependent load takes that much longer"
so waited pmu '.[0].ranges | map(select(.node == 1))[0].timed |
	.asked_s > 0.05 and .waited_s >= .asked_s * 0.9' \
	"misses far wait a microsecond each, or nearly"

done_testing
