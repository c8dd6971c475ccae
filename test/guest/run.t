#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job, in the real emulator on the real kernel: from power-on to a
# verified table on the CXL node, and every other ending of a run.
#
# long: 80

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

oracle=$made/test/replay
export CXL_MEM=512M MEM=1G

# --- on the CXL node ---------------------------------------------------------

boot node1 --ktap --expect 'errors == 0' --once gups 64M node1
is "$status" 0 "gups 64M node1: status 0"
like "$(<"$OUT/node1.txt")" '1\.\.2
ok 1 run node1
# 0 against 0
ok 2 errors == 0' "what was expected, as KTAP"
is "$verdict" passed "the verdict file says so"
# Before and after a run: only what concerns it
is "$(record finding .finding)" "" "a sound guest: nothing is found"
holds region '.memdevs == ["mem0"] and .node == 1 and .driver == "kmem"' \
	"the region of mem0 became node 1, bound to kmem"
holds region ".size_bytes == 536870912 and .online_bytes == .size_bytes" \
	"all of it is online"
holds region '.movable_bytes == .size_bytes' "and movable"
# The bench holds it to one second; a busy machine takes its time
holds region '.created_in_s <= 10' "soon"
is "$(record node 'select(.node == 1) | .cpus')" "" "node 1 has no CPUs"
tiers=$(record node .tier | paste -sd' ')
read -r near far <<<"$tiers"
ok "node 1 is in a lower tier (memory_tier$far) than node 0 ($near)" \
	[ "$far" -gt "$near" ]
holds gups '.pages_at_start == {"node1": 16384, "absent": 0,
	"in_transit": 0}' "every page was on node 1"
holds gups '.errors == 0 and .verified' "0 errors"
holds gups '.updates == 4 * .entries' "4 updates a word"
is "$(record gups .table_digest)" "$("$oracle" 64M 2)" \
	"the table is the one an independent replay makes (2 threads)"
holds counters '.whole.node1.numa_hit >= 16384' \
	"numa_hit of node 1 counts the table's pages"
holds counters '.timed.node1.numa_hit < 100' \
	"and none of the accesses of the timed run"
holds probe '.trapped | not' "the node is not trapped"
holds environment '.emulated' "emulated time is called emulated"
is "$(record pmu .)" "" "without the plugin nothing is counted, nor said of it"
is "$(record stage .stage | paste -sd' ')" \
	"plan probe populate warm-up fill update verify report" \
	"the stages in their order"
jq -es 'map(.seq) == [range(1; length + 1)]' "$run/records.jsonl" >/dev/null
is "$?" 0 "the records are numbered without a gap"
like "$(cat "$run/console.log")" 'Found 0 errors in 8388608 locations \(passed\)' \
	"the console says it in HPCC's words"
is "$(tr -d '\r' <"$run/console.log" | awk 'length > 80' | grep -c .)" 0 \
	"no line of the console is longer than 80 columns"
for file in qemu.cmd manifest.json verdict console.log records.jsonl; do
	ok "$file is kept" [ -s "$run/$file" ]
done
jq -e '.versions | .kernel and .qemu and .tier and .libcxl and .libnuma' \
	"$run/manifest.json" >/dev/null
is "$?" 0 "the manifest names kernel, QEMU, tier and the libraries"

# --- tables, and endings that are failures ------------------------------------

boot_script endings test/guest/endings.guest --add "$(command -v numactl)" \
	-- tables inherited failures
for name in node0 odd interleave against; do
	is "$(said "$name")" 0 "$name: status 0"
done
is "$(of node0 gups .pages_at_start)" '{"node0":16384,"absent":0,"in_transit":0}' \
	"gups 64M node0: every page was there"
is "$(of node0 gups .table_digest)" "$("$oracle" 64M 1)" \
	"the table is HPCC's, bit for bit (1 thread)"
is "$(of odd gups .table_digest)" "$("$oracle" 20M 2 5000001 7)" \
	"the table is the independent one (20 MiB, seed 7)"
is "$(of interleave gups .pages_at_start)" \
	'{"node0":4096,"node1":4096,"absent":0,"in_transit":0}' \
	"interleave:0,1: every other page is on node 1"
is "$(of against compare '.rounds == 3 and .ratio_median > 0')" true \
	"--against: both rates, and the ratio"

# numactl around it: any is the task's own policy
for name in under-{membind,interleave,preferred,run}; do
	is "$(said "$name")" 0 "$name: status 0"
done
is "$(of under-membind gups '[.place, .inherited, .pages_at_end.node1, .verified]')" \
	'["membind 1",true,4096,true]' \
	"numactl --membind 1 tier gups any: all on node 1, verified"
is "$(of under-interleave gups '[.place, .pages_at_start.node0,
	.pages_at_start.node1]')" '["interleave 0,1",2048,2048]' \
	"--interleave 0,1: every other page"
is "$(of under-preferred gups '[.place, .pages_at_start.node1]')" \
	'["preferred 1",4096]' "--preferred 1: on node 1, which has room"
is "$(of under-run run '[.placement, .inherited, .nodes]')" \
	'["membind",true,[1]]' "tier run names what its program inherits"

is "$(said absent)" 3 "a node that is not there: status 3"
like "$(of absent end .reason)" 'node 7 does not exist' "the reason says which"
is "$(said large)" 3 "a table larger than the node: status 3"
like "$(of large end .reason)" 'can be allocated' "and how much there is"
is "$(said killed)" 0 "no OOM kill"
is "$(said hang)" 1 "a hang meets the deadline"
like "$(of hang end .reason)" 'deadline of 8.0 s passed during update' \
	"and is called so"
is "$(said wrong)" 1 "a corrupted word is found"
is "$(of wrong gups '.errors == 1 and (.verified | not)')" true "exactly one"

# --- failures of PID 1 ----------------------------------------------------------

expect=1 boot crash --once gups 1M node1 --fault update:segv
is "$status" 1 "a crash of the work: status 1"
like "$verdict" 'signal 11.*during update' "its signal and where it was"
holds end '.status == 1 and .verdict == "failed"' "the end record says so"

# --- machines that lack something --------------------------------------------

TOPOLOGY=none boot_script nocxl test/guest/endings.guest -- nodes
is "$(said near)" 0 "without a CXL device node 0 still works"
is "$(said far)" 3 "and node 1 is status 3"

CPU=max boot hypervisor --once gups 1M node0
is "$status" 0 "a guest that knows its hypervisor: node 0 works"
like "$(cat "$OUT/hypervisor.txt")" 'CONFIG_CXL_REGION_INVALIDATION_TEST' \
	"the region is refused, with the kernel option"
like "$(cat "$OUT/hypervisor.txt")" 'max,-hypervisor' "and the flag that cures it"

# begin NAME: a run in the background, until it updates; sets pid and emulator
begin()
{
	run=$OUT/$1
	rm -rf "$run"
	./build.sh run --name "$1" --once gups 16M node1 --duration 300 \
		>"$OUT/$1.txt" 2>&1 </dev/null &
	pid=$!
	for ((i = 0; i < 1800; i++)); do
		grep -qs '"stage":"update"' "$run/records.jsonl" && break
		sleep 0.1
	done
	emulator=$(pgrep -f "path=$run/records.jsonl" | tail -n 1)
}

# --- a signal while it begins --------------------------------------------------

# bash dies of a trap at the wrong moment; a reader may wait for ever for a
# writer that was ended before it wrote
run=$OUT/early
for at in 0 0.05 0.1 0.2 0.3 0.4 0.6 1; do
	rm -rf "$run"
	timeout --kill-after=5 30 ./build.sh run --name early \
		--once gups 16M node1 >"$run.txt" 2>&1 </dev/null &
	pid=$!
	until [[ -s $run/verdict ]] || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.01
	done
	sleep "$at"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	is "$status $(cat "$run/verdict")" "1 failed: interrupted" \
		"SIGTERM $at s behind its begin: the verdict says so" ||
		diag "$(tail -n 5 "$run.txt")"
done

# --- the emulator killed, or build.sh ---------------------------------------------

begin killed
kill -KILL "$emulator"
wait "$pid"
is "$?" 1 "the emulator killed: status 1"
like "$(cat "$run/verdict")" '^failed: ' "the verdict is failed"

begin orphan
kill -KILL "$pid"
wait "$pid"
for ((i = 0; i < 100; i++)); do
	kill -0 "$emulator" 2>/dev/null || break
	sleep 0.1
done
ok "build.sh killed: there was an emulator" [ "$emulator" ]
ok "and it does not outlive build.sh" \
	[ -z "$(ps -o stat= -p "$emulator" | grep -v '^Z')" ]

done_testing
