#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs whose figures were wrong once, as they were typed then: what they say now
# is held against what is counted, or known from how they were made.
# timeout: 1800

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=1G

# figures PART OPTIONS...: that part, in a guest of its own
figures()
{
	boot_script "figures-$1" test/matrix/figures.guest "${@:2}" -- "$1"
}

# verified NAME: it ran, and no word was wrong
verified()
{
	is "$(said "$1") $(of "$1" gups .verified)" "0 true" "$1: verified" ||
		diag "$(between "$1" | tail -n 1)"
}

# text NAME REGEX WHAT: what it printed, in one line
text()
{
	like "$(said "text $1")" "$2" "$1: $3"
}

# even NAME ROWS: counted and sampled near share differ as noise does, in at
# least so many rows; it was by up to 17 standard errors in each
even()
{
	so "$1" placement ".[0] | .near_share_mean_by == \"count\" and
		.near_share_checks >= $2" "the figure is what was counted"
	so "$1" placement '.[0] | .near_share_sigmas_rms < 2 and
		(.near_share_sigmas_mean | fabs) < 1.5' "the sample agrees"
}

# --- the near share of threads that are not equally fast ---------------------

figures far --latency cxl=+1us
verified far
even far 3
figures cell --latency cxl=+250ns,llc=2M --scope process
verified cell
even cell 10
figures counted --count
verified scattered
even scattered 60

# --- recall is of pages ------------------------------------------------------

verified zipf
so zipf placement '.[0] | .hot_near_at_start > 0.05 and
	.hot_near_at_start < 0.15 and .recall > 0.05 and .recall < 0.15' \
	"a tenth of the hot pages is near, as was asked for"

# --- DAMON's intervals are the kernel's, touches a page's --------------------

KERNEL=7.3 figures tuned
verified tuned
so tuned accessed_bits '.[0] | .damon_tuned and
	.damon_sample_s != .damon_sample_first_s' "the interval that the kernel tuned"
# Two and a half of them to an interval; by the first one there were 12500, and the
# kernel makes it longer, by how much is its own
so tuned accessed_bits '.[0] | .heartbeats < 12000 and
	(.heartbeat_s / .damon_sample_s - 0.4 | fabs) < 0.1' \
	"flushes are as often as that needs"
verified goal

figures plain
verified hmsdk
so hmsdk accessed_bits '.[0] | .touches_hot_page_and_sample >
	10 * .touches_cold_page_and_sample' "hot and cold pages are apart"

# --- what counts, and what does not ------------------------------------------

verified thp
text thp 'numa_\* rows count allocations, of which a huge page is one' \
	"what numa_hit counts"
verified turns
so turns timeline 'length > 1 and all(.promotion_unconditional != true)' \
	"nothing is promoted unconditionally with NUMA balancing off"
so turns timeline '.[1:] | all(.near_share_low < .near_share_high)' \
	"an interval is never nothing"

# --- HPCC's words for HPCC's table -------------------------------------------

verified one
verified two
is "$(of one gups .hpcc_table) $(of two gups .hpcc_table)" "true false" \
	"the table is HPCC's of one thread"
text two '2 slices' "two threads have two tables, and it says so"

# --- a reference has the room that others have -------------------------------

verified full
verified uniform
# Small DRAM full of a table: the kernel's own part found none, three times of six
MEM=448M CXL_MEM=3G KERNEL=7.3 figures crowded
for name in goal1 goal2 goal3 wide; do
	verified "$name"
done
is "$(said lists)" 0 "CPUs' lists of free pages are as they were"
done_testing
