#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier vmstat and tier latency in the guest: both nodes are there, and what
# the rows say is what the kernel counted.  test/look/guest runs in it.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/guest.sh
. test/guest.sh

export MEM=1G CXL_MEM=512M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# said NAME: what follows that name on the script's line for it
said()
{
	sed -n "s/^== $1 //p" "$tmp/console"
}

# of NAME RECORD FILTER: jq over all records of that name in NAME's, an array
of()
{
	sed -n "/^== begin $1\$/,/^== end $1\$/p" "$tmp/console" |
		jq -Rn "[inputs | fromjson? | select(.record == \"$2\")]" |
		jq -c "$3"
}

latencies()
{
	is "$(said latency)" 0 "latency: status 0"
	is "$(of latency latency 'map([.cpu_node, .memory_node, .distance])')" \
		'[[0,0,10],[0,1,20]]' "from node 0 to both nodes"
	is "$(of latency latency 'all(.latency_min_ns > 1 and
		.latency_min_ns <= .latency_ns and
		.latency_ns <= .latency_max_ns and .latency_max_ns < 1e5 and
		.random_access_per_s > 1e5)')" true "plausible figures" ||
		diag "$(of latency latency .)"
	is "$(of latency latency 'map([.emulated, .buffer_bytes, .pages,
		.declared_read_latency_ns]) | unique')" \
		'[[true,16777216,"4k",null]]' \
		"called emulated, 16 MiB, nothing declared"
	# Neither is trapped: between them is only noise
	is "$(of latency latency '(.[0].latency_ns / .[1].latency_ns) |
		. > 0.2 and . < 5')" true "as fast on either node"
	like "$(<"$tmp/console")" 'Emulated: these are the emulator' \
		"the text says so"
	unlike "$(<"$tmp/console")" 'is trapped' "and calls no node trapped"
}

# The rows after the first, which is since boot, add up to the difference of
# two readings of /proc/vmstat by awk
sums()
{
	local name before after

	for name in pgpromote_success pgmigrate_success numa_hint_faults \
		numa_pte_updates; do
		before=$(said "before $name") after=$(said "after $name")
		is "$(of vmstat vmstat ".[1:] | map(.counted.total.$name) | add")" \
			$((after - before)) "vmstat: the rows of $name add up"
		is "$(of vmstat vmstat ".[0].counted.total.$name")" "$before" \
			"vmstat: its first row is since boot"
	done
	is "$(of vmstat vmstat '.[1:] | map(.counted) |
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
	n=$(of vmstat vmstat length)
	ok "a row a second ($n)" [ "$n" -ge 9 ]
	is "$(of vmstat vmstat 'map(.row) == [range(1; length + 1)] and
		(.[1:] | all(.elapsed_s > 0.4 and .elapsed_s < 3))')" true \
		"numbered, a second each" ||
		diag "$(of vmstat vmstat 'map(.elapsed_s)')"
	is "$(of vmstat vmstat '(.[-1].uptime_s - .[0].uptime_s) |
		. - round | fabs < 0.3')" true "without drift"
	is "$(of vmstat vmstat 'map(.free_bytes.node1) |
		.[0] - min > 40000000')" true \
		"free memory of node 1: the table is seen"
	is "$(of vmstat vmstat 'all(.counted.node1 | has("numa_hit"))')" true \
		"both nodes in each row"
	is "$(said long)" "" "all text fits in 80 columns"
}

boot look --add test/look/guest --once run --timeline off sh /guest
tr -d '\r' <"$run/console.log" >"$tmp/console"
is "$status $(said script)" "0 0" "the guest, its script"
grep '^# ' "$tmp/console"
latencies
rows
sums

boot vmstat --once vmstat 1 3
is "$status" 0 "as PID 1: --once vmstat 1 3: status 0"
is "$(record vmstat .row | paste -sd' ')" "1 2 3" "three rows"
like "$(tr -d '\r' <"$run/console.log")" ' boot +[0-9]+ +[0-9]+ .* 2\.0 ' \
	"on the console"
done_testing
