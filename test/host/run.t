#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier run, on this machine: statuses, what cannot be executed, placement,
# where the pages are, and that every ending takes the whole family along.
# timeout: 300
# alone: it takes times

# status, out and err are set by run(); programs get their text unexpanded
# shellcheck disable=SC2016
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Where tier changes something, others of this machine must not be in the way
own_run=(unshare --mount sh -c 'mount -t tmpfs none /run && exec "$@"' sh)
alone=()

# run ARGUMENTS...: tier run; sets status, out and err, leaves $tmp/records
run()
{
	rm -f "$tmp/records"
	status=0
	timeout --kill-after=5 60 "${alone[@]}" "$tier" \
		--records "$tmp/records" run "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# record NAME FILTER
record()
{
	jq -c --arg name "$1" "select(.record == \$name) | $2" "$tmp/records"
}

# refused STATUS REGEX NAME ARGUMENTS...: it ran nothing, and says why
refused()
{
	local want=$1 regex=$2 name=$3

	shift 3
	run "$@"
	is "$status" "$want" "$name: status $want"
	like "$err" "$regex" "$name: says so"
	is "$(record run . 2>/dev/null)" "" "$name: nothing was run"
}

# alive MARK: processes that have it in their environment
alive()
{
	grep -lz "^MARK=$1$" /proc/[0-9]*/environ 2>/dev/null |
		cut -d/ -f3 | while read -r pid; do
		grep -q '^State:.*zombie' "/proc/$pid/status" 2>/dev/null ||
			echo "$pid"
	done
}

# A file of that name and text that may be executed
program()
{
	printf '%b' "$2" >"$tmp/$1"
	chmod 755 "$tmp/$1"
}

statuses()
{
	run true
	is "$status" 0 "a program that succeeds"
	is "$(record run '[.exit_status, .signal, .orphans, .killed]')" \
		'[0,null,0,false]' "its record"
	like "$("$tier" run sh -c 'sleep 60 & exit 7' | tail -n 3)" \
		"^result   sh ended with status 7 after .*
moved .*
doubtful .*it left processes behind" "three lines close the report"
	run sh -c 'exit 7'
	is "$status" 7 "a status is passed on"
	is "$(record end .status)" 7 "and is the end record's"
	run sh -c 'kill -SEGV $$'
	is "$status" 139 "a signal: 128 + its number"
	is "$(record run '[.exit_status, .signal]')" '[null,11]' "its record"
	run sh -c 'cat; echo $MARK >&2'
	is "$status" 0 "input and environment are its own"
}

unexecutable()
{
	local from=$tmp/elf

	refused 127 'nosuch: No such file' "a path that is not there" \
		"$tmp/nosuch"
	refused 127 'nosuch: not found in PATH' "not in PATH" nosuch
	printf 'echo\n' >"$tmp/plain"
	refused 126 'Permission denied; chmod' "not executable" "$tmp/plain"
	refused 126 'a directory' "a directory" "$tmp"
	program empty ''
	refused 126 'empty file.*interpreter line' "an empty file" "$tmp/empty"
	program text 'echo hello\n'
	refused 126 'no interpreter line' "a text" "$tmp/text"
	program script '#!/no/such/sh -e\necho\n'
	refused 126 'wants /no/such/sh, which' "a script without its shell" \
		"$tmp/script"
	program works '#!  /bin/sh -e\nexit 3\n'
	run "$tmp/works"
	is "$status" 3 "a script with its shell"
	echo 'int main(void) { return 4; }' >"$from.c"
	gcc -o "$from" -Wl,--dynamic-linker=/no/ld.so.2 "$from.c"
	refused 126 'needs /no/ld.so.2, which .*--add' \
		"a program without its loader" "$from"
	gcc -o "$from" "$from.c"
	run "$from"
	is "$status" 4 "a program with its loader"
	# e_machine: 183 is an arm64
	printf '\xb7\0' | dd of="$from" bs=1 seek=18 conv=notrunc status=none
	refused 126 'another processor' "another processor's" "$from"
	# The first in PATH that may be executed, as execvp(3) has it
	mkdir "$tmp/a" "$tmp/b"
	touch "$tmp/a/tool"
	cp "$tmp/works" "$tmp/b/tool"
	PATH=$tmp/a:$tmp/b:$PATH run tool
	is "$status" 3 "PATH: the first that may be executed"
	refused 127 'name' "an empty name" ''
	if alone=("${own_run[@]}") && "${alone[@]}" true 2>/dev/null; then
		refused 127 'nosuch' "with a policy" --policy none nosuch
		is "$(record policy .)" "" "the policy was not written"
	fi
	alone=()
}

# placed OPTIONS...: the policy that the program has
placed()
{
	run --timeline off "$@" sh -c \
		'cut -d" " -f2 /proc/self/numa_maps | sort -u; exit 0'
	grep -xE '(bind|interleave|prefer|weighted|default)[ a-z]*:?[0-9,-]*' \
		<<<"$out" | paste -sd' '
}

placement()
{
	local all node cpus

	cpus=$(cat /sys/devices/system/node/node0/cpulist)
	all=$(cat /sys/devices/system/node/has_memory)
	is "$(placed)" default "no placement: none"
	is "$(placed --membind 0)" bind:0 "--membind 0 is in force"
	is "$(placed -m 0)" bind:0 "as numactl's -m"
	is "$(placed --membind all)" "bind:$all" "--membind all"
	like "$(placed --preferred 0)" '^prefer.*:0$' "--preferred 0"
	is "$(placed --interleave all)" "interleave:$all" "--interleave all"
	is "$(placed -i 0)" "interleave:0" "--interleave 0, as -i"
	run --weighted-interleave 0 true
	like "$status" '^[03]$' "--weighted-interleave: done, or lacking"
	run --membind 0 --cpunodebind 0 grep Cpus_allowed_list /proc/self/status
	like "$out" "Cpus_allowed_list:.$cpus" "--cpunodebind: its CPUs"
	is "$(record run '[.placement, .nodes, .cpu_nodes]')" \
		'["membind",[0],[0]]' "the record"
	like "$out" 'does not scan bound memory' "--membind: not promoted"
	refused 3 'node 63 does not exist' "--membind of no node" \
		--membind 63 true
	refused 3 'node 63 does not exist or has no CPUs' \
		"--cpunodebind of no node" --cpunodebind 63 true
	for node in 1024 x 0- 0,,1 -1 '' 1:2; do
		refused 2 'give nodes|cannot be negative' \
			"--interleave '$node'" --interleave "$node" true
	done
	refused 2 'give one node' "--preferred 0,1" --preferred 0,1 true
	refused 2 'give one of' "two placements" --membind 0 -i 0 true
	refused 2 'give one of' "the same twice" -i 0 -i 0 true
	refused 2 '100ms or more' "--timeline 1ms" --timeline 1ms true
	if alone=("${own_run[@]}") && "${alone[@]}" true 2>/dev/null; then
		refused 2 'places the program' "a policy that places, too" \
			--policy interleave --membind 0 true
	fi
	alone=()
	run --membind 0 --dry-run sh -c "touch $tmp/ran"
	is "$status" 0 "--dry-run" && [ ! -e "$tmp/ran" ]
	is "$?" 0 "--dry-run runs nothing"
}

# Is the value of a filter of the run record between the two, in MiB?
between()
{
	record run "$1 / 1048576 | . >= $2 and . <= $3"
}

timeline()
{
	gcc -O1 -o "$tmp/touch" test/guest/touch.c
	run --timeline 200ms --membind 0 "$tmp/touch" 64 1.5 5
	is "$status" 5 "a program of 64 MiB"
	ok "a row each 200 ms, or what looking may take" \
		test "$(record run_timeline .seq | grep -c .)" -ge 1
	# A row may be of when the program has not touched all of it yet.
	is "$(record run_timeline '(.program_bytes.node0 | type) == "number" and
		.free_bytes.node0 > 0 and .t_s > 0 and
		(.promoted_pages | type) == "number"' | sort -u)" true \
		"the rows" || diag "$(record run_timeline .)"
	like "$(record run_timeline .program_bytes.node0 | sort -n |
		tail -n 1)" '^(6[7-9]|7[0-3])[0-9]{6}$' "a row has its 64 MiB" ||
		diag "$(record run_timeline .)"
	is "$(between .end.bytes.node0 64 70)" true "64 MiB at its end" ||
		diag "$(record run .)"
	is "$(between .peak.bytes.node0 64 70)" true "at its peak"
	is "$(between .max_rss_bytes 64 70)" true "and so says wait4"
	is "$(record run '.elapsed_s >= 1.5 and .user_s + .system_s > 0 and
		.sampling_cpu_s > 0')" true "the times"
	is "$(record run '.sampling_share < 0.04')" true \
		"looking takes little" || diag "$(record run .)"
	is "$(awk 'length > 80' "$tmp/out")" "" "it fits 80 columns"
	like "$out" 'time +node0 .*up +down +moved +free0' "the table's head"
	run --timeline 200ms sh -c '"$0" 20 1 & "$0" 30 1; wait' "$tmp/touch"
	is "$(between .peak.bytes.node0 50 64)" true \
		"the whole family counts" || diag "$(record run .)"
	run sleep 0.4
	is "$(record run '.peak.bytes.node0 > 0')" true \
		"one that ends before the first row is seen"
	run --timeline off true
	is "$(record run '[.peak, .end, .pages_by, .sampling_cpu_s]')" \
		'[null,null,null,null]' "--timeline off: nobody looks"
	is "$(record run_timeline .)" "" "and there are no rows"
}

# begin ARGUMENTS...: in the background, until the program says "ready"
begin()
{
	rm -f "$tmp/out"
	timeout --kill-after=5 60 "$tier" --records "$tmp/records" run "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null &
	leader=$!
	for _ in {1..200}; do
		grep -qsx ready "$tmp/out" && break
		sleep 0.05
	done
	pid=$(pgrep -P "$leader" -x tier)
	begun=$SECONDS
}

finish()
{
	status=0
	wait "$leader" || status=$?
	took=$((SECONDS - begun))
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# gone MARK NAME: none of them is left, now or very soon
gone()
{
	for _ in {1..40}; do
		[[ $(alive "$1") ]] || break
		sleep 0.05
	done
	is "$(alive "$1")" "" "$2: no process is left"
}

families()
{
	local signal mark=tier-$$ deaf

	MARK=$mark-o run sh -c '(sleep 300 & sleep 300 &) ; exit 0'
	is "$status" 0 "orphans: status 0"
	is "$(record run .orphans)" 2 "orphans: both are counted"
	like "$out" 'left 2 processes behind' "orphans: and said"
	gone "$mark-o" "orphans"
	MARK=$mark-s run setsid -f sleep 300
	is "$(record run .orphans)" 1 "a daemon is one, too"
	gone "$mark-s" "a daemon"
	run sh -c 'seq 3 | cat'
	is "$(record run .orphans)" 0 "a pipeline leaves none"

	for signal in INT TERM HUP; do
		# A shell has what it puts in the background ignore SIGINT
		MARK=$mark-$signal begin env --default-signal=INT sh -c 'trap "echo caught; n=1" '$signal'
			echo ready
			until [ "$n" ]; do sleep 0.05; done
			sleep 0.2; exit 9'
		kill -$signal "$pid"
		finish
		is "$status" 1 "SIG$signal: status 1"
		is "$(grep -cx caught "$tmp/out")" 1 "SIG$signal: passed on, once"
		is "$(record run .exit_status)" 9 "SIG$signal: its own status"
		like "$err" "interrupted by SIG$signal" "SIG$signal: says so"
	done

	deaf='trap "" TERM; (sleep 300; :) & echo ready
		while :; do sleep 300; done'
	MARK=$mark-d begin --deadline 3 sh -c "$deaf"
	finish
	is "$status" 1 "the deadline: status 1"
	like "$err" 'had not ended 5.0 s after SIGTERM: killed' \
		"the deadline: one that is deaf is killed"
	like "$err" 'deadline of 3.0 s passed' "the deadline: says so"
	is "$(record run '[.signal, .killed]')" '[9,true]' \
		"the deadline: there is a report"
	ok "the deadline: within 14 s" test "$took" -le 14
	gone "$mark-d" "the deadline"

	# Whoever counts is killed: the supervisor ends its children's children
	MARK=$mark-k begin sh -c "$deaf"
	kill -KILL "$(pgrep -P "$pid")"
	finish
	is "$status" 1 "the worker killed: status 1"
	gone "$mark-k" "the worker killed"
}

statuses
unexecutable
placement
timeline
families
is "$(ls /run/tier/tier-run.undo 2>/dev/null)" "" "no log is left"
is "$(ls -d /sys/fs/cgroup/tier-run 2>/dev/null)" "" "no cgroup is left"
done_testing
