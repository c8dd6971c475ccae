#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The shipped program as a command on this machine: what it refuses, what it
# writes, and how it ends.
#
# timeout: 300

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A warm-up of 0.1 s instead of 0.7, where it is not what is looked at
quick=(--tlb-refresh off --loop plain)

# run ARGUMENTS...: sets status, out and err.  Nothing here may take long.
run()
{
	status=0
	timeout 60 "$tier" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null ||
		status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# refused STATUS REGEX ARGUMENTS...
refused()
{
	local want=$1 why=$2

	shift 2
	rm -f "$tmp/records"
	run --records "$tmp/records" "$@"
	is "$status" "$want" "tier $*: status $want"
	like "$err" "^tier: .*$why" "tier $*: says why"
	is "$out" "" "tier $*: nothing on standard output"
	[[ $want != 2 ]] ||
		ok "tier $*: no file is made" test ! -e "$tmp/records"
}

# jq of the records: all at once as an array
records()
{
	jq -c -s "$1" "$tmp/records"
}

# sound FILE NAME: valid, without gaps, first environment, last end
sound()
{
	is "$(jq -c -s '
		(map(.seq) == [range(1; length + 1)]) and
		.[0].record == "environment" and
		.[-1].record == "end" and .[-1].records == length and
		(map(select(.record == "end")) | length) == 1 and
		(.[-1].verdict == "passed") == (.[-1].status == 0) and
		(.[-1].reason == null) == (.[-1].status == 0)' "$1" 2>&1)" \
		true "$2: records are whole"
	is "$(wc -l <"$1")" "$(grep -c '^{"record":"[a-z_]*","seq":[0-9]*,.*}$' \
		"$1")" "$2: an object a line, record and seq first"
}

# --- bad usage ---------------------------------------------------------------

bad_usage()
{
	local size

	for size in 0 1Q 1.5 1.1k 999999999T 18446744073709551616 1 5000 ''; do
		refused 2 "size" --once gups "$size"
	done
	# 999T is a size; no machine has it
	run --once gups 999T
	is "$status" 3 "gups 999T: status 3"
	like "$err" 'does not fit' "gups 999T: says why"
	refused 2 'negative' --once gups -1
	refused 2 'size -1' --once gups -- -1
	refused 2 'needs the table' --once gups
	refused 2 'node nod1' --once gups 16M nod1
	refused 2 'node 5-1' --once gups 16M 5-1
	refused 2 'threads 0' --once gups 16M --threads 0
	refused 2 'threads 2x' --once gups 16M -t 2x
	refused 2 'did you mean --threads' --once gups 16M --thraeds 2
	refused 2 'did you mean --deadline' --once gups 16M --daedline 2
	refused 2 'did you mean "gups"' gusp 16M
	refused 2 'did you mean "region create"' region craete
	refused 2 'needs an argument' --once gups 16M --threads
	refused 2 'takes no --threads' status --threads 2
	refused 2 'from 1 to 1048576' --once gups 16M -u 0x
	refused 2 'give one of' --once gups 16M --pages 2M
	refused 2 'region0' region destroy ../../etc
	refused 2 'hot 16 MiB: no part of a table of 16 MiB' \
		--once gups 16M --hot 16M
	refused 2 'hot-rate 101%: give a part such as 90%' \
		--once gups 16M --hot 1M --hot-rate 101%
	for size in 0 -1 nan inf 1e9 steep; do
		refused 2 "zipf $size: give an exponent above 0" \
			--once gups 16M --zipf "$size"
	done
	refused 2 'duration 0: give a time' --once gups 16M --duration 0
	refused 2 'object 12: give 8, 16, 32' --once gups 16M --object 12
	refused 2 'reads 100%: give a part' --once gups 16M --reads 100%
	refused 2 'move-hot 0s: give a time' \
		--once gups 16M --hot 1M --move-hot 0s
	refused 2 'phases 90%: give hot rates and times' \
		--once gups 16M --hot 1M --phases 90%
	refused 2 'rate 0: give updates a second' --once gups 16M --rate 0
	refused 2 'latency node0=fast: give e.g. node0=100ns' \
		--once gups 16M --latency node0=fast
	refused 2 'hot and --zipf exclude' --once gups 16M --hot 1M --zipf 1
	run
	is "$status" 2 "no arguments: status 2"
	like "$out$err" 'usage: tier' "no arguments: usage"
	run --help
	is "$status" 0 "--help: status 0"
	like "$out" 'gups .*region create .*status ' "--help: the verbs"
	run help gups
	like "$out" '--threads N' "help gups: its options"
	run --version
	like "$out" '^tier [0-9.]+$' "--version"
}

# --- what the machine lacks ---------------------------------------------------

lacking()
{
	local free

	run --once gups 16M node63 --json
	cp "$tmp/out" "$tmp/records"
	is "$status" 3 "a node that does not exist: status 3"
	like "$err" 'node 63 does not exist.*nodes with memory: 0' \
		"a node that does not exist: says which do"
	sound "$tmp/records" "a node that does not exist"
	is "$(records '.[-1] | [.verdict, .status]')" '["failed",3]' \
		"a node that does not exist: so the end record"

	free=$(awk '/MemTotal/ { printf "%dk", $2 }' /proc/meminfo)
	run --once gups "$free" node0
	is "$status" 3 "more than the node has: status 3"
	like "$err" 'does not fit: .* needs .* and [0-9.]+ [MG]iB on node0' \
		"more than the node has: says how much is free"
	unlike "$out" 'populated' "more than the node has: not populated"
	run --once gups "$free"
	is "$status" 3 "more than all nodes have: status 3"
	like "$err" '[0-9.]+ [MGT]iB on all nodes' \
		"more than all nodes have: says how much is free"
	run --once gups 16M interleave:0,63
	is "$status" 3 "interleaved with no node: status 3"
	run --once gups 16M --latency node63=5
	is "$status" 3 "a latency of no node: status 3"
	like "$err" 'latency node63: it does not exist' \
		"a latency of no node: says so"
	run --once gups 16M --hot 1M --hot-node 63
	is "$status" 3 "the hot set on no node: status 3"
	run --once gups 16M --cpu-node 63
	is "$status" 3 "the CPUs of no node: status 3"
	# What depends on the threads is known later: nothing is mapped yet
	run --once gups 64k --hot 8k -t 8
	is "$status" 2 "a hot set of no block: status 2"
	like "$err" 'hot set of 8 KiB .*1 to 1 blocks of 32 KiB' \
		"a hot set of no block: says what there is"
	unlike "$out" 'populated' "a hot set of no block: not populated"
	run --once gups 16M --hot 4M --pages thp -t 3
	is "$status" 2 "three threads on huge pages: status 2"
	run status --root "$tmp/none"
	is "$status" 1 "--root of no directory: status 1"
	like "$err" '--root .*none: No such file' "--root of no directory"
}

# --- a run -------------------------------------------------------------------

a_run()
{
	run --once gups 16M --threads 2 --records "$tmp/records"
	is "$status" 0 "a run: status 0"
	is "$err" "" "a run: no message"
	sound "$tmp/records" "a run"
	is "$(records 'map(select(.record == "stage").stage)')" \
		'["plan","probe","populate","warm-up","fill","update","verify","report"]' \
		"a run: its stages"
	is "$(records 'map(select(.record == "gups")) | length')" 1 \
		"a run: one result"
	is "$(records 'map(select(.record == "gups"))[0] |
		[.table_bytes, .entries, .updates, .threads, .errors, .verified,
		.pages_at_start.node0 == 4096, .updates_per_s > 0,
		(.elapsed_s * .updates_per_s / .updates - 1 | fabs) < 0.001]')" \
		'[16777216,2097152,8388608,2,0,true,true,true,true]' \
		"a run: the result"
	is "$(records 'map(select(.record == "counters"))[0].whole.total |
		keys_unsorted | length')" 26 "a run: the customer's rows, and one"
	is "$(records 'map(select(.record == "counters"))[0].whole.node0 |
		has("numa_hit") and (has("pgfault") | not)')" true \
		"a run: per node what is counted per node"
	is "$(records 'map(select(.record == "counters"))[0] |
		.whole.total.pgfault - .timed.total.pgfault >= 4096')" \
		true "a run: populating is not in the timed part"
	like "$out" 'Main table size   = 2 slices of 2\^20 = 2097152 words' \
		"a run: HPCC's lines, of two tables"
	like "$out" "passes about once in 2\^64.*Not HPCC's table: each thread" \
		"a run: what was checked, and what not"
	like "$out" 'Found 0 errors in 2097152 locations \(passed\)\.' \
		"a run: verified"
	is "$(awk 'length > 79' <<<"$out")" "" "a run: fits in 80 columns"
	unlike "$out" $'[\033\r]' "a run: no control characters in a log"

	run --json --once gups 1M -t 1 "${quick[@]}"
	cp "$tmp/out" "$tmp/records"
	sound "$tmp/records" "--json"
	run --once --duration 1 gups 1M --json "${quick[@]}"
	cp "$tmp/out" "$tmp/records"
	is "$(records 'map(select(.record == "gups"))[0] |
		.verified and .elapsed_s >= 1 and .elapsed_s < 3')" true \
		"--duration"
	run --once gups 1M node0 --against interleave:0 --window 100ms \
		--rounds 4 --json "${quick[@]}"
	cp "$tmp/out" "$tmp/records"
	sound "$tmp/records" "--against"
	is "$(records 'map(select(.record == "compare"))[0] |
		[.rounds, (.updates_per_s | length), .ratio_min <= .ratio_median,
		.ratio_median <= .ratio_max, .errors]')" \
		'[4,4,true,true,0]' "--against: the comparison"
	run --once --threads 1 --loop batch gups 1M
	like "$out" 'Main table size   = 2\^17 = 131072 words' "one table"
	like "$out" "The table is HPCC's, bit for bit" "of one thread: HPCC's"
	run --once --loop batch --threads 1 gups 1M --seed 1 --json
	cp "$tmp/out" "$tmp/records"
	is "$(records 'map(select(.record == "gups"))[0] |
		[.loop, .loop_by, .loop_rates.plain, .hpcc_table]')" \
		'["batch","option",null,false]' \
		"--loop: not measured; --seed: not HPCC's table"
	# A busy machine takes longer for as many moves
	for duration in 1s 5s 25s; do
		run --once gups 1M any --hot 64K --move-hot 100us --json \
			--duration "$duration" "${quick[@]}"
		cp "$tmp/out" "$tmp/records"
		[[ $(records 'map(select(.record == "gups"))[0].hot_set_moves') \
			!= 4095 ]] || break
	done
	is "$(records 'map(select(.record == "gups"))[0] |
		[.hot_set_moves, .hot_set_stays, .verified]')" \
		'[4095,true,true]' "a hot set that ran out of moves: said"
	refused 2 '--loop fast: ' --once gups 1M --loop fast
	run status --json
	cp "$tmp/out" "$tmp/records"
	sound "$tmp/records" "status"
	run region list --json
	cp "$tmp/out" "$tmp/records"
	sound "$tmp/records" "region list"
}

# --- patterns ----------------------------------------------------------------

patterns()
{
	local options first

	for options in "--hot 1M" "--hot 1M --hot-at end --object 64" \
		"--hot 1M --hot-at scattered --reads 50%" "--zipf 0.99" \
		"--hot 1M --move-hot 10%" "--zipf 1.2 --move-hot 1% -t 1" \
		"--hot 1M --phases 90%:10ms,10%:10ms --move-hot 15ms" \
		"--hot 1M --hot-node 0 --hot-near 50% --rate 100M"; do
		# shellcheck disable=SC2086
		run --once gups 8M -t 3 "${quick[@]}" $options --timeline 100ms \
			--records "$tmp/records"
		is "$status" 0 "$options: status 0"
		sound "$tmp/records" "$options"
		is "$(awk 'length > 79' <<<"$out")" "" \
			"$options: fits in 80 columns"
		unlike "$out" 'nan|inf( |$)' "$options: says nothing unknown"
		is "$(records 'map(select(.record == "gups"))[0] |
			[.verified, .errors, (.pattern | length >= 6)]')" \
			'[true,0,true]' "$options: verified"
		is "$(records '(map(select(.record == "timeline")) | length >= 2)
			and (map(select(.record == "placement"))[0] |
			.near_share_mean == 1)')" true \
			"$options: one node, where all pages are near"
		first=$(records 'map(select(.record == "gups"))[0].table_digest')
		[[ $options != *phases* ]] || continue
		# shellcheck disable=SC2086
		run --once gups 8M -t 3 "${quick[@]}" $options --verify replay \
			--records "$tmp/records"
		is "$(records 'map(select(.record == "gups"))[0].table_digest')" \
			"$first" "$options: the same table again"
	done
}

# --- other programs, and the table word for word ------------------------------

a_program()
{
	run run --records "$tmp/records" sh -c 'echo out; exit 0' --json
	is "$status" 0 "run: status 0"
	like "$out" $'\nout\n' "run: the program's output"
	sound "$tmp/records" "run"
	is "$(records 'map(select(.record == "run"))[0] |
		[.program, .exit_status, .signal]')" \
		'[["sh","-c","echo out; exit 0","--json"],0,null]' \
		"run: the program"
	is "$(records 'map(select(.record == "counters")) | length')" 1 \
		"run: the counters"
	run run --records "$tmp/records" sh -c 'exit 7'
	ended 7 'ended with status 7' "run: a program that fails"
	# shellcheck disable=SC2016
	run run --records "$tmp/records" sh -c 'kill -9 $$'
	ended 137 'signal 9' "run: a program that is killed"
	run run --records "$tmp/records" "$tmp/none"
	ended 127 'none: No such file' "run: no such program"
}

digests()
{
	local row size threads rest

	for row in "64M 1" "64M 2" "5M 1" "5M 2" "28k 1" "28k 2" "4k 1" \
		"100k 3 77777" "1M 2 1000000 5" "12M 2 1 16777215"; do
		read -r size threads rest <<<"$row"
		run --once gups "$size" -t "$threads" --json "${quick[@]}" \
			${rest:+--updates "${rest% *}"} \
			${rest:+--seed "$([[ $rest = *' '* ]] &&
				echo "${rest#* }" || echo 0)"}
		# shellcheck disable=SC2086
		is "$(jq -r 'select(.record == "gups").table_digest' \
			"$tmp/out")" "$("$made/test/replay" \
			"$size" "$threads" $rest)" "digest of $row: as a serial replay's"
	done
}

# --- records that cannot be written -------------------------------------------

lost_records()
{
	run --once gups 1M --records "$tmp/no/such/directory"
	is "$status" 1 "--records in no directory: status 1"
	like "$err" '--records .*: No such file' "--records in no directory"
	unlike "$out" populated "--records in no directory: nothing is done"
	run --once gups 1M --records "$tmp"
	is "$status" 1 "--records to a directory: status 1"
	like "$err" 'Is a directory' "--records to a directory"
	run --once gups 1M --records /dev/full "${quick[@]}"
	is "$status" 1 "--records to a full disk: status 1"
	like "$err" 'No space left' "--records to a full disk"
	status=0
	timeout 60 "$tier" --once gups 1M --json "${quick[@]}" >/dev/full 2>"$tmp/err" ||
		status=$?
	is "$status" 1 "--json to a full disk: status 1"
	like "$(<"$tmp/err")" 'No space left' "--json to a full disk"
	status=0
	timeout 60 "$tier" --once gups 1M --json "${quick[@]}" 2>"$tmp/err" | head -n1 \
		>/dev/null || status=$?
	status=${PIPESTATUS[0]}
	is "$status" 1 "--json to a reader that leaves: status 1, no signal"
	status=0
	timeout 60 "$tier" status >/dev/full 2>"$tmp/err" || status=$?
	is "$status" 1 "text to a full disk: status 1"
}

# --- every ending -------------------------------------------------------------

# ended STATUS REASON NAME: the end record says so
ended()
{
	is "$status" "$1" "$3: status $1"
	sound "$tmp/records" "$3"
	is "$(records '.[-1] | [.verdict, .status]')" "[\"failed\",$1]" \
		"$3: failed"
	like "$(records '.[-1].reason')" "$2" "$3: says why"
	like "$err" "$2" "$3: says why on standard error"
}

crashes()
{
	local stage name number row

	for stage in plan probe populate warm-up fill update verify report; do
		run --once gups 1M --fault "$stage:segv" "${quick[@]}" \
			--records "$tmp/records"
		ended 1 "signal 11.*during $stage" "a crash in $stage"
	done
	for row in kill:9 abrt:6 bus:7; do
		name=${row%:*} number=${row#*:}
		run --once gups 1M --fault "update:$name" "${quick[@]}" \
			--records "$tmp/records"
		ended 1 "signal $number.*during update" "SIG$name in update"
	done
	run --once gups 1M --fault verify:corrupt "${quick[@]}" \
		--records "$tmp/records"
	ended 1 'found 1 wrong words' "a corrupt word"
	is "$(records 'map(select(.record == "gups"))[0] |
		[.errors, .verified]')" '[1,false]' "a corrupt word: the result"
	like "$out" 'Found 1 errors in 131072 locations \(failed\)' \
		"a corrupt word: HPCC's line"
}

hangs()
{
	local begin=$SECONDS

	# A busy machine takes its time until it updates
	run --once gups 1M --fault update:hang --deadline 6 "${quick[@]}" \
		--records "$tmp/records"
	ended 1 'deadline of 6.0 s passed during update' "a hang"
	ok "a hang: ended within 20 s" test $((SECONDS - begin)) -lt 20
	begin=$SECONDS
	run --once gups 1M --duration 1h --deadline 2 --records "$tmp/records"
	ended 1 'deadline of 2.0 s passed during (probe|warm-up|fill|update)' \
		"too long a run"
	ok "too long a run: ended within 15 s" \
		test $((SECONDS - begin)) -lt 15
}

# begin ARGUMENTS...: runs in the background, until it updates
begin()
{
	rm -f "$tmp/records"
	timeout 60 "$tier" "$@" --records "$tmp/records" >"$tmp/out" \
		2>"$tmp/err" &
	leader=$!
	for _ in {1..200}; do
		grep -qs "\"stage\":\"${at:-update}\"" "$tmp/records" && break
		sleep 0.05
	done
	# timeout's child
	pid=$(pgrep -P "$leader" -x tier)
}

finish()
{
	status=0
	wait "$leader" || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

interruptions()
{
	local signal worker at

	for signal in INT TERM HUP; do
		begin --once gups 1M --duration 1h "${quick[@]}"
		kill "-$signal" "$pid"
		finish
		ended 1 'interrupted' "SIG$signal"
	done
	# The process that works, alone
	begin --once gups 1M --duration 1h "${quick[@]}"
	worker=$(pgrep -P "$pid")
	kill -KILL "$worker"
	finish
	ended 1 'signal 9' "the worker killed"
	# The process that watches, alone: nobody is left
	begin --once gups 1M --duration 1h "${quick[@]}"
	worker=$(pgrep -P "$pid")
	kill -KILL "$pid"
	finish
	for _ in {1..50}; do
		kill -0 "$worker" 2>/dev/null || break
		sleep 0.1
	done
	kill -0 "$worker" 2>/dev/null
	is "$?" 1 "the supervisor killed: the worker ends, too"

	for at in update warm-up; do
		begin gups 1M --duration 1
		kill -INT "$pid"
		finish
		is "$status" 0 "without --once, SIGINT in $at: status 0"
		sound "$tmp/records" "without --once, SIGINT in $at"
		is "$(records '.[-1].verdict')" '"passed"' \
			"without --once, SIGINT in $at: passed"
	done
	at=update
	begin gups 1M --duration 200ms --tlb-refresh off
	for _ in {1..200}; do
		(($(grep -cs '"record":"gups"' "$tmp/records") >= 2)) && break
		sleep 0.1
	done
	kill -INT "$pid"
	finish
	is "$status" 0 "without --once: until SIGINT, status 0"
	is "$(records 'map(select(.record == "gups").pass) |
		length >= 2 and .[:2] == [1, 2]')" true \
		"without --once: pass after pass"
	sound "$tmp/records" "without --once"
}

# --- the file ----------------------------------------------------------------

the_file()
{
	unlike "$(readelf -lWd "$tier")" 'INTERP|NEEDED' "static"
	ok "at most 496 KiB" test "$(stat -c %s "$tier")" -le 507904
}

no_strays()
{
	local left

	# Only those of this test: they know its directory
	left=$(pgrep -af -- "--records $tmp" || true)
	is "$left" "" "no process is left"
}

bad_usage
lacking
a_run
patterns
a_program
digests
lost_records
crashes
hangs
interruptions
the_file
no_strays
done_testing
