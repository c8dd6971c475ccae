#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A good guest of a job: memory limits of cgroups, CPUs of an affinity, nodes
# of a cpuset (by trees; test/guest/machines.t has a real one), and a seccomp
# filter as docker has it.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
group=
trap '[[ ! $group ]] || rmdir "$group"; rm -rf "$tmp"' EXIT

# run COMMAND...: sets status, out and err
run()
{
	status=0
	timeout 60 "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# refused REGEX COMMAND...: with those words, and before anything is done
refused()
{
	local why=$1

	shift
	run "$@"
	like "$status" '^[13]$' "${*##*/}: refused"
	like "$err" "$why" "${*##*/}: why"
	unlike "$out" 'populated|probe|would take' "${*##*/}: first of all"
}

# --- seccomp -------------------------------------------------------------------

gcc -o "$tmp/denied" test/host/denied.c
for what in "--once gups 4M any" "--once gups 4M node0" \
	"--once latency --size 1M --duration 20ms" \
	"hog node0:8M --duration 1s" "run --membind 0 /bin/true"; do
	# shellcheck disable=SC2086
	run "$tmp/denied" "$tier" $what
	is "$status" 1 "no mbind: tier $what: status 1"
	like "$err" "Operation not permitted: a container's seccomp filter.*\
docker: --cap-add SYS_NICE" "no mbind: tier $what: says whose doing it is"
	is "$(wc -l <<<"$err")" 1 "no mbind: tier $what: in one line"
done
run "$tmp/denied" "$tier" run /bin/true
is "$status" 0 "no mbind: tier run without a placement does not need it"

# --- CPUs ----------------------------------------------------------------------

if taskset -c 0 true 2>/dev/null; then
	run taskset -c 0 "$tier" --once gups 4M any --json
	is "$(jq -r 'select(.record == "gups") | .threads' <<<"$out")" 1 \
		"one CPU allowed: one thread"
fi

# --- a cgroup's memory -----------------------------------------------------------

# limited: makes a group of 100 MiB below our own, of whatever version there is
limited()
{
	local own

	((EUID == 0)) || return 1
	own=$(sed -n 's/^[0-9]*:\([^:]*,\)*memory\(,[^:]*\)*://p' \
		/proc/self/cgroup)
	if [[ $own ]]; then
		own=/sys/fs/cgroup/memory$own/tier-test
		mkdir "$own" 2>/dev/null || return 1
		group=$own
		echo 100M >"$own/memory.limit_in_bytes"
		return
	fi
	own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/tier-test
	mkdir "$own" 2>/dev/null || return 1
	group=$own
	# Not so where other processes are beside it
	[[ -e $own/memory.max ]] && echo 100M >"$own/memory.max"
}

# inside COMMAND...: in that group
inside()
{
	# shellcheck disable=SC2016,SC2317 # it is exported
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$@"
}
export -f inside
export group

if limited 2>/dev/null; then
	in=(bash -c 'inside "$@"' -)
	refused 'the table needs .* and the memory limit of cgroup .*tier-test leaves 9[0-9]' \
		"${in[@]}" "$tier" --once gups 200M any
	refused 'the memory limit of cgroup .*tier-test' \
		"${in[@]}" "$tier" --dry-run gups 200M any
	refused 'the hog needs 200 MiB, .*tier-test' \
		"${in[@]}" "$tier" --dry-run hog node0:200M
	refused 'the hog needs 200 MiB, .*tier-test' \
		"${in[@]}" "$tier" hog node0:200M --duration 1
	refused 'a buffer on each node needs .*tier-test' \
		"${in[@]}" "$tier" --once latency --size 200M
	run "${in[@]}" "$tier" --once gups 48M any --duration 1 --json
	is "$status $(jq -r 'select(.record == "gups") | .verified' <<<"$out")" \
		"0 true" "what fits under the limit runs"
	run "${in[@]}" "$tier" check --json
	is "$(jq -r 'select(.finding == "memory-limited") | .level' <<<"$out")" \
		warning "check: the limit has a finding"
else
	skip "a cgroup's memory limit" "this needs root and a memory controller"
fi
done_testing
