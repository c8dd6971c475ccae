#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier vmstat and tier latency as commands on this machine; and how soon any
# command begins.
#
# alone: it takes times

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree

# run ARGUMENTS...: sets status, out and err
run()
{
	status=0
	rm -f "$tmp/records"
	timeout 60 "$tier" "$@" --records "$tmp/records" >"$tmp/out" \
		2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# records NAME FILTER: jq over all records of that name, as an array
records()
{
	jq -c -s "map(select(.record == \"$1\")) | $2" "$tmp/records" 2>&1
}

# refused STATUS REGEX ARGUMENTS...
refused()
{
	local want=$1 why=$2

	shift 2
	run "$@"
	is "$status" "$want" "tier $*: status $want"
	like "$err" "^tier: .*$why" "tier $*: says why"
	is "$out" "" "tier $*: prints no row"
}

bad_usage()
{
	local word

	for word in 0 0s 5ms x 1x '' 1.5.5; do
		refused 2 'give an interval' vmstat "$word"
	done
	for word in 0 x 1.5 1s ''; do
		refused 2 'give a whole number' vmstat 1 "$word"
	done
	refused 2 'cannot be negative' vmstat -1
	refused 2 'cannot be negative' vmstat 1 -2
	refused 2 'what is' vmstat 1 2 3
	refused 2 'give a multiple of 4k' --once latency --size 100
	refused 2 'give a multiple of 4k' --once latency --size 0
	refused 2 'give a time' --once latency --duration 0
	refused 2 'takes no word' --once latency 64M
}

# --- vmstat --------------------------------------------------------------------

rows()
{
	local before after

	before=$(awk '/^pgfault / { print $2 }' /proc/vmstat)
	run vmstat 0.2 4
	after=$(awk '/^pgfault / { print $2 }' /proc/vmstat)
	is "$status $err" "0 " "vmstat 0.2 4: status 0, no message"
	is "$(wc -l <<<"$out")" 6 "four rows, two lines of heads"
	is "$(awk 'NR > 2 { print $1 }' <<<"$out" | xargs)" "boot 0.2 0.4 0.6" \
		"at each interval, the first since boot"
	is "$(awk 'length > 79' <<<"$out")" "" "in 80 columns"
	is "$(awk '{ print length }' <<<"$out" | tail -n +2 | sort -u | wc -l)" 1 \
		"the columns are aligned"
	is "$(records vmstat '[length, .[0].since_boot, .[3].since_boot,
		map(.row), (.[1:] | all(.elapsed_s > 0.1 and .elapsed_s < 0.5)),
		(.[0] | .elapsed_s == .uptime_s)]')" \
		'[4,true,false,[1,2,3,4],true,true]' "a record a row"
	is "$(records vmstat '.[0].counted.total | keys_unsorted | length')" 26 \
		"every counter of a report"
	is "$(records vmstat '.[0].counted.node0 |
		has("numa_hit") and (has("pgfault") | not)')" true \
		"per node what is counted per node"
	is "$(records vmstat '.[0].free_bytes | .node0 > 0 and
		.total >= .node0')" true "free memory, bytes"
	# /proc/vmstat, read by another program before and after it
	is "$(records vmstat "map(.counted.total.pgfault) |
		.[0] >= $before and add <= $after and (.[1:] | add) > 0")" true \
		"the rows add up to what /proc/vmstat says ($before, $after)"
	is "$(records end '.[0].verdict')" '"passed"' "passed"
	run vmstat
	is "$status $(records vmstat 'map(.since_boot)')" "0 [true]" \
		"without an interval: one row since boot"
	run --once vmstat 10ms 45
	is "$(grep -c '^ time' <<<"$out") $(wc -l <<<"$out")" "3 51" \
		"the heads come again every 20 rows"
}

# The rows stay on their grid of 200 ms, also when one was kept waiting: which
# shows if that one was off it, so it is tried until it is.
drift()
{
	local pid at pause first off

	for pause in 0.40 0.43 0.46 0.49 0.52 0.55 0.58 0.61; do
		timeout 20 "$tier" vmstat 0.2 8 --records "$tmp/records" \
			>/dev/null 2>&1 &
		sleep 0.3
		pid=$(pgrep -P $! -x tier)
		kill -STOP "$pid"
		sleep $pause
		kill -CONT "$pid"
		wait $!
		first=$(records vmstat '.[0].uptime_s')
		at=$(records vmstat "map((.uptime_s - $first) / 0.2)")
		off=$(jq -nc "$at | map(. - round | fabs)")
		diag "$pause: $(jq -nc "$at | map(. * 200 | round)") ms"
		[[ $(jq -n "$off | max > 0.25") != true ]] || break
	done
	is "$(jq -n "$off | max > 0.25 and .[-1] < 0.2 and .[-2] < 0.2")" true \
		"late once: the rows after it are in time again"
	is "$(jq -n "$at | .[-1] > 7.5")" true "those that were missed are left out"
}

endings()
{
	local signal

	for signal in INT TERM HUP; do
		timeout 20 "$tier" vmstat 0.1 --records "$tmp/records" \
			>/dev/null 2>"$tmp/err" &
		sleep 0.45
		kill -$signal "$(pgrep -P $! -x tier)"
		status=0
		wait $! || status=$?
		is "$status $(<"$tmp/err")" "0 " "SIG$signal: status 0"
		is "$(records vmstat 'length >= 3')$(records end \
			'.[0].verdict')" 'true"passed"' "SIG$signal: passed"
	done
	run vmstat 0.1 --deadline 500ms
	is "$status" 1 "a deadline: status 1"
	like "$err" 'deadline of 500 ms passed' "a deadline: says so"
	# shellcheck disable=SC2016
	ok "text to a reader that leaves: it ends" \
		bash -c 'timeout 10 "$0" vmstat 50ms 2>/dev/null | head -n 1 |
			grep -q . && ((PIPESTATUS[0] == 1))' "$tier"
	# shellcheck disable=SC2016
	ok "records to a reader that leaves: it ends" \
		bash -c 'timeout 10 "$0" vmstat 50ms --json 2>/dev/null |
			head -n 1 | grep -q . && ((PIPESTATUS[0] == 1))' "$tier"
}

captured()
{
	test/unpack test/fixtures/cxl.txt "$tree"
	mkdir -p "$tree/proc/sys/vm"
	echo untouched >"$tree/proc/sys/vm/stat_refresh"
	sed -i '/^numa_hint_faults /d; /^numa_pte/d' "$tree/proc/vmstat"
	run vmstat --root "$tree"
	is "$status" 0 "--root: status 0"
	is "$out" "$(cat <<'END'
 time free MiB on promoted  demoted by     NUMA      allocated on   migrated
    s     0     1 done cand kswd dirc rest hint ptes    0    1 miss   ok fail
 boot   910   512    0    0    0    0    0    -    -  14k    0    0    0    0
END
)" "--root: the guest's row, what is absent is no zero"
	is "$(records vmstat '.[0] | [.uptime_s, .elapsed_s, .since_boot,
		.free_bytes, .counted.total.numa_hit,
		.counted.total.numa_hint_faults, .counted.node1.numa_hit,
		.pgdemote_proactive]')" \
		'[null,null,true,{"total":1492291584,"node0":954933248,"node1":536870912},10269,null,0,null]' \
		"--root: its record"
	run vmstat 1 --root "$tree"
	is "$status $(records vmstat length)" "0 1" \
		"--root with an interval: one row"
	run vmstat 20ms 3 --root "$tree"
	is "$status $(records vmstat 'map(.counted.total.numa_hit)')" \
		"0 [10269,0,0]" "--root with a count: so many, nothing new"
	is "$(<"$tree/proc/sys/vm/stat_refresh")" untouched \
		"--root: nothing is written"
	cp -r "$tree/sys/devices/system/node/node1" \
		"$tree/sys/devices/system/node/node4"
	run vmstat --root "$tree"
	is "$(awk 'NR > 2 { print $1, $2, $3 }' <<<"$out" | paste -sd,)" \
		"boot all 1423,0 910 0,1 512 0,4 512 0" \
		"three nodes: a line each"
	rm "$tree/proc/vmstat"
	run vmstat --root "$tree"
	is "$status" 3 "no /proc/vmstat: status 3"
	like "$err" '/proc/vmstat: No such file' "no /proc/vmstat: says so"
}

# --- latency -------------------------------------------------------------------

latencies()
{
	local small large nodes

	nodes=$(find /sys/devices/system/node/ -name 'node[0-9]*' | wc -l)
	run --once latency --size 16k --duration 100ms
	is "$status $err" "0 " "latency of 16 KiB: status 0, no message"
	is "$(records latency "length >= 1 and length <= $nodes * $nodes and
		all(.latency_min_ns > 0 and .latency_min_ns <= .latency_ns and
		.latency_ns <= .latency_max_ns and .random_access_per_s > 1e6 and
		.buffer_bytes == 16384 and .pass == 1)")" true \
		"a plausible cell of each two nodes" ||
		diag "$(records latency .)"
	is "$(records latency '.[0] | [.cpu_node, .memory_node, .emulated]')" \
		'[0,0,false]' "node 0 first, called no emulation"
	is "$(records latency '.[0].distance')" \
		"$(cut -d' ' -f1 /sys/devices/system/node/node0/distance)" \
		"the SLIT's distance"
	[[ -e /sys/devices/system/node/node0/access0/initiators/read_latency ]] ||
		is "$(records latency '.[0].declared_read_latency_ns')" null \
			"what is not declared is null"
	is "$(awk 'length > 79' <<<"$out")" "" "in 80 columns"
	like "$out" 'CPU node    node 0' "a matrix"
	small=$(records latency '.[0].latency_ns')

	run --once latency --size 128M --duration 250ms
	large=$(records latency '.[0].latency_ns')
	diag "16 KiB: $small ns, 128 MiB: $large ns a load"
	is "$(jq -n "$large > 5 * $small")" true \
		"memory is slower than the first cache"
	is "$(records latency '.[0].random_access_per_s * .[0].latency_ns >
		1.5e9')" true "reads that depend on nothing overlap"
	is "$(records latency '.[0] | .sequential_bytes_per_s >
		64 * .random_access_per_s and .sequential_min_bytes_per_s <=
		.sequential_bytes_per_s')" true \
		"line after line is faster than any line"
	is "$(records latency '.[0] | has("injected_ns")')" false \
		"nothing injects latency here"
}

bounds()
{
	local begin=$EPOCHREALTIME

	# An hour would be needed for all of it
	run --once latency --size "$(awk '/MemFree/ {
		print int($4 / 1024 / 3) "M" }' \
		/sys/devices/system/node/node0/meminfo)" --duration 20ms
	is "$status" 0 "a buffer that takes too long: status 0"
	ok "it takes no longer than it may" awk \
		"BEGIN { exit !($EPOCHREALTIME - $begin < 5) }"
	like "$out" 'no time for a larger buffer' "and is smaller, as it says"
	run --once latency --size "$(awk '/MemTotal/ {
		print int($2 / 1024) "M" }' /proc/meminfo)"
	is "$status" 3 "more than the node has: status 3"
	like "$err" 'no room for a buffer of .* can be allocated; .*--size' \
		"more than the node has: says so"
	run --once latency --size 4k --duration 1h --deadline 1
	is "$status" 1 "a deadline: status 1"
	like "$err" 'deadline of 1.0 s passed during measure' "a deadline"
	if taskset -c 0 true 2>/dev/null; then
		status=0
		taskset -c 0 "$tier" --once latency --size 4k --duration 20ms \
			--json >"$tmp/records" || status=$?
		is "$status $(records latency '.[0].cpu')" "0 0" \
			"on a CPU that it may use"
	fi
}

# interrupted WANT ARGUMENTS...: SIGINT while it measures
interrupted()
{
	local want=$1

	shift
	timeout 20 "$tier" "$@" --records "$tmp/records" >"$tmp/out" \
		2>"$tmp/err" &
	sleep 1.5
	kill -INT "$(pgrep -P $! -x tier)"
	status=0
	wait $! || status=$?
	is "$status" "$want" "tier $*: SIGINT: status $want"
}

begins_soon()
{
	local times

	times=$(for _ in {1..20}; do
		a=$EPOCHREALTIME
		"$tier" --version >/dev/null
		b=$EPOCHREALTIME
		echo $((${b/./} - ${a/./}))
	done | sort -n | sed -n 10p)
	diag "starts in $times us"
	ok "starts in under 10 ms (median of 20)" test "$times" -lt 10000
}

begins_soon
bad_usage
rows
drift
endings
captured
latencies
bounds
interrupted 1 --once latency --size 4k --duration 1h
like "$(<"$tmp/err")" 'interrupted by SIGINT during measure' "says when"
interrupted 0 latency --size 4k --duration 100ms
is "$(records latency 'map(.pass) | .[0] == 1 and .[-1] >= 3')" true \
	"without --once: pass after pass"
done_testing
