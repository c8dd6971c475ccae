#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier hog on this machine: it holds what it says, the kernel's own files say
# so, too, and nothing of it outlives it.  Small: others use the machine.
#
# alone: it looks at what is free on this machine

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pid=0

# run ARGUMENTS...: sets status, out and err
run()
{
	status=0
	timeout 60 "$tier" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null ||
		status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# refused STATUS REGEX SPEC...
refused()
{
	local want=$1 why=$2

	shift 2
	run hog --duration 1s "$@"
	is "$status" "$want" "hog $*: status $want"
	like "$err" "^tier: .*$why" "hog $*: says why"
	is "$out" "" "hog $*: nothing was taken"
}

# start ARGUMENTS...: until it holds; sets pid and hog
start()
{
	local i

	rm -f "$tmp/records"
	# In the background a shell has SIGINT ignored, and so would tier
	env --default-signal=INT "$tier" hog --records "$tmp/records" "$@" \
		>"$tmp/out" 2>"$tmp/err" \
		</dev/null &
	pid=$!
	for ((i = 0; i < 300; i++)); do
		# Text and records come by ways of their own
		! grep -q holding "$tmp/out" ||
			! grep -q '"record":"hog"' "$tmp/records" || break
		sleep 0.1
	done
	hog=$(jq 'select(.record == "hog") | .pid' "$tmp/records" | head -n 1)
	[[ $hog ]] || diag "$(cat "$tmp/out" "$tmp/err")"
}

# ended: it does; sets status
ended()
{
	status=0
	wait "$pid" || status=$?
}

# gone PIDS...: within three seconds, zombies aside
# shellcheck disable=SC2317
gone()
{
	local i alive pids

	pids=$(IFS=, && echo "$*")
	for ((i = 0; i < 30; i++)); do
		alive=$(ps -o stat= -p "$pids" | grep -cv '^Z')
		((alive)) || break
		sleep 0.1
	done
	((!alive))
}

# kib KEY: of the hog's status
kib()
{
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$hog/status"
}

record()
{
	jq -r "select(.record == \"$1\") | $2" "$tmp/records"
}

# tree: the processes below tier
tree()
{
	local worker

	worker=$(pgrep -P "$pid")
	echo "$pid $worker $(pgrep -P "$worker" | paste -sd' ')"
}

bad_input()
{
	local spec

	for spec in node0:0 node0:64 node0:-5M node0:free=-1M node0:5Q \
		node0:1.1G node0:free=0 node0: node0:free= node0:1048577; do
		refused 2 'give a size' "$spec"
	done
	for spec in 64M node0 :64M nod0:64M node-1:64M nodex:64M; do
		refused 2 'give NODE:SIZE' "$spec"
	done
	for spec in node0:64M,cool 'node0:64M,' node0:64M,warm=0 node0:64M,warm= \
		node0:64M,lock=1; do
		refused 2 'what is' "$spec"
	done
	refused 2 '1% to 99%' node0:64M,release=100%
	refused 2 'of a run' node0:64M,release=1s
	refused 3 ': 1200 MiB are too much: 1024 MiB are free' node0:free=1G 0:1200M
	refused 2 'needs a node'
	refused 3 'too much.*at most [0-9]+M, or free=[0-9]+M' node0:100T
	refused 3 'too much.*watermarks' node0:free=1M
	refused 3 'cannot be left free' node0:free=100T
	refused 3 'node 77.*nodes with memory: 0' node77:64M
	run run --hog node0:64M,release=50% true
	is "$status" 2 "run --hog release=50%: status 2"
	run policy list --hog node0:64M
	is "$status" 2 "policy list --hog: status 2"
	# What may be said is taken
	run hog --dry-run 0:64M,warm=2s,lock,thp
	is "$status" 0 "all the words: status 0"
	like "$out" 'would take 64 MiB of node 0' "--dry-run: what it would take"
	run hog node0:4M --duration 100ms --json
	is "$(jq -r .record <<<"$out" | paste -sd' ')" \
		"environment hog hog_end end" "--json: these records"
}

holding()
{
	local all

	start node0:64M
	all=$(tree)
	is "$(sed -n '1s/, [0-9]* MiB free there//p' "$tmp/out")" \
		"hog      64 MiB on node 0; cold, the kernel may move it" \
		"it says what it holds"
	is "$(sed 1d "$tmp/out")" "         holding; interrupt to release" \
		"and how to end it"
	ok "it holds it" [ "$(kib RssAnon)" -ge 65536 -a \
		"$(kib RssAnon)" -le 67584 ]
	is "$(kib VmLck)" 0 "not locked"
	is "$(</proc/"$hog"/oom_score_adj)" 1000 "the OOM killer's first choice"
	ok "nothing else is open" [ -z "$(ls "/proc/$hog/fd")" ]
	if [[ -e /proc/$hog/numa_maps ]]; then
		like "$(grep 'anon=16384' "/proc/$hog/numa_maps")" \
			' default .*N0=16384' "on node 0, bound to none"
	fi
	kill -KILL "$pid"
	ended
	# shellcheck disable=SC2086
	ok "tier is killed: all of it is gone" gone $all
}

endings()
{
	local signal all

	for signal in INT TERM HUP; do
		start node0:4M
		all=$(tree)
		kill -"$signal" "$pid"
		ended
		is "$status $(cat "$tmp/err")" "0 " "SIG$signal: status 0"
		is "$(wc -l <"$tmp/out")" 2 "SIG$signal: nothing is repeated"
		# shellcheck disable=SC2086
		ok "SIG$signal: all of it is gone" gone $all
	done
	is "$(record hog_end .state)" alive "the record: alive to the end"
	# As at a terminal: all at once
	start node0:4M
	# shellcheck disable=SC2046
	kill -INT $(tree)
	ended
	is "$status $(record hog_end .state)" "0 alive" "SIGINT to all: the same"
	start node0:4M
	kill -KILL "$hog"
	ended
	is "$status" 1 "the hog is killed: status 1"
	like "$(<"$tmp/err")" 'signal 9 ' "and why"
	is "$(record hog_end '"\(.state) \(.killed_by_signal)"')" "killed 9" \
		"the record says so"
}

kinds()
{
	start node0:4M,warm=50ms,thp --duration 1s
	ended
	is "$status" 0 "warm: --duration ends it"
	is "$(record hog_end '.sweeps > 10 and .sweeps < 30')" true \
		"touched every 50 ms" || diag "$(record hog_end .)"
	is "$(record hog '"\(.warm_s) \(.pages)"')" "0.05 thp" "so its record"
	start node0:4M,lock
	is "$(kib VmLck)" 4096 "lock: all of it"
	like "$(<"$tmp/out")" 'cold, mlocked and bound' "which it says"
	kill "$pid"
	ended
	((EUID == 0)) || return 0
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$tier" hog node0:4M --duration 100ms >"$tmp/out" 2>&1 ||
		status=$?
	is "$status" 0 "it needs no root" || diag "$(<"$tmp/out")"
	status=0
	(
		ulimit -l 1024
		exec setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$tier" hog node0:4M,lock --duration 100ms
	) >"$tmp/out" 2>"$tmp/err" || status=$?
	is "$status" 3 "a lock beyond the limit: status 3"
	like "$(<"$tmp/err")" 'RLIMIT_MEMLOCK.*ulimit -l' "says which limit"
}

[[ -e /sys/devices/system/node/node0 ]] || skip_all "no NUMA nodes here"
bad_input
holding
endings
kinds
done_testing
