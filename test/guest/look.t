#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier vmstat and tier latency in the guest: both nodes are there, and what
# the rows say is what the kernel counted.  test/guest/look.guest runs in it.
#
# long: 30

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M

captures()
{
	is "$(said capture)" 0 "capture: status 0"
	for verb in status region check; do
		like "$(said "captured-$verb")" '^[1-9][0-9]* 0$' \
			"$verb says the same of it" ||
			diag "$(grep -A 12 "^== captured-$verb" "$console")"
	done
}

latencies()
{
	is "$(said latency)" 0 "latency: status 0"
	is "$(list latency latency 'map([.cpu_node, .memory_node, .distance])')" \
		'[[0,0,10],[0,1,20]]' "from node 0 to both nodes"
	is "$(list latency latency 'all(.latency_min_ns > 1 and
		.latency_min_ns <= .latency_ns and
		.latency_ns <= .latency_max_ns and .latency_max_ns < 1e5 and
		.random_access_per_s > 1e5)')" true "plausible figures" ||
		diag "$(list latency latency .)"
	is "$(list latency latency 'map([.emulated, .buffer_bytes, .pages,
		.declared_read_latency_ns]) | unique')" \
		'[[true,16777216,"4k",null]]' \
		"called emulated, 16 MiB, nothing declared"
	# Neither is trapped: between them is only noise
	is "$(list latency latency '(.[0].latency_ns / .[1].latency_ns) |
		. > 0.2 and . < 5')" true "as fast on either node"
	like "$(<"$console")" 'Emulated: these are the emulator' \
		"the text says so"
	unlike "$(<"$console")" 'is trapped' "and calls no node trapped"
}

# The rows after the first, which is since boot, add up to the difference of
# two readings of /proc/vmstat by awk
sums()
{
	local name before after

	for name in pgpromote_success pgmigrate_success numa_hint_faults \
		numa_pte_updates; do
		before=$(said "before $name") after=$(said "after $name")
		is "$(list vmstat vmstat ".[1:] | map(.counted.total.$name) | add")" \
			$((after - before)) "vmstat: the rows of $name add up"
		is "$(list vmstat vmstat ".[0].counted.total.$name")" "$before" \
			"vmstat: its first row is since boot"
	done
	is "$(list vmstat vmstat '.[1:] | map(.counted) |
		[(map(.total.pgpromote_success) | add),
		(map(.node0.pgpromote_success) | add)] |
		.[0] > 4096 and .[0] == .[1]')" true \
		"vmstat: pages were promoted, to node 0"
}

rows()
{
	local n

	is "$(said gups) $(said vmstat)" "0 0" \
		"vmstat beside a benchmark, until SIGINT: status 0"
	n=$(list vmstat vmstat length)
	ok "rows ($n)" [ "$n" -ge 5 ]
	# On a busy host one or the other is late: the median is not
	is "$(list vmstat vmstat 'map(.row) == [range(1; length + 1)] and
		(.[1:] | map(.elapsed_s) | sort | .[length / 2 | floor] |
		. > 0.9 and . < 1.1)')" true "numbered, a second each" ||
		diag "$(list vmstat vmstat 'map(.elapsed_s)')"
	is "$(list vmstat vmstat '.[0].uptime_s as $t | map(.uptime_s - $t |
		. - round | fabs) | sort | .[length / 2 | floor] < 0.2')" \
		true "without drift"
	is "$(list vmstat vmstat 'map(.free_bytes.node1) |
		.[0] - min > 40000000')" true \
		"free memory of node 1: the table is seen"
	is "$(list vmstat vmstat 'all(.counted.node1 | has("numa_hit"))')" true \
		"both nodes in each row"
	is "$(said long)" "" "all text fits in 80 columns"
}

boot_script look test/guest/look.guest
grep '^# ' "$console"
captures
latencies
rows
sums
is "$(said three) $(list three vmstat 'map(.row)')" "0 [1,2,3]" \
	"vmstat 1 3: status 0, three rows"
like "$(<"$console")" ' boot +[0-9]+ +[0-9]+ .* 2\.0 ' "in text"
done_testing
