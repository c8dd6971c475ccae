#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier as PID 1 of a container: it is a command there, as anywhere.  It mounts
# nothing, leaves the kernel's console alone, ends by itself with the run's
# status, and by the signals that end a container.  (As PID 1 of a machine it
# is tested in guests.)
#
# long: 30
# timeout: 300

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=${TIER:-$PWD/build/tier}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"

# Each is chosen by its name, below
# shellcheck disable=SC2034
# In a user namespace one is root over everything one's own, and nothing else
user=(unshare --user --map-root-user --mount --pid --net --fork --mount-proc)
privileged=(unshare --mount --pid --fork --mount-proc)
# What docker takes from root by default, of what matters here
# shellcheck disable=SC2034
bounded=("${privileged[@]}" setpriv
	--bounding-set "-sys_boot,-sys_admin,-syslog,-sys_module")

# boot ARGUMENTS...: tier as PID 1 of "${space[@]}"; sets status, out and took
boot()
{
	local begin=$SECONDS

	status=0
	timeout --kill-after=2 30 "${space[@]}" "${before[@]}" "$tier" "$@" \
		>"$tmp/out" 2>&1 </dev/null || status=$?
	took=$((SECONDS - begin))
	out=$(<"$tmp/out")
}

# ends STATUS NAME
ends()
{
	ok "$where: $2: it ends by itself" test "$took" -lt 25
	is "$status" "$1" "$where: $2: status $1" || diag "$out"
}

records()
{
	jq -c -s "$1" "$tmp/records" 2>&1
}

# begin ARGUMENTS...: in the background, until it updates; sets leader and pid
begin()
{
	rm -f "$tmp/records"
	timeout --kill-after=2 40 "${space[@]}" "${before[@]}" "$tier" "$@" \
		--records "$tmp/records" >"$tmp/out" 2>&1 </dev/null &
	leader=$!
	for _ in {1..200}; do
		grep -qs '"stage":"update"\|"record":"vmstat"' "$tmp/records" &&
			break
		sleep 0.05
	done
	pid=$(pgrep -P "$(pgrep -P "$leader")")
}

# --- it does its work, and ends ----------------------------------------------------

a_command()
{
	boot --version
	ends 0 "--version"
	like "$out" '^tier ' "$where: --version: the text comes out"
	boot --help
	ends 0 "--help"
	boot
	ends 2 "no arguments"
	boot --once gups 1Q
	ends 2 "bad usage"
	boot status
	ends 0 "status"
	like "$out" '0 .*DRAM' "$where: status: the text comes out"
	boot --once gups 4M any --tlb-refresh off --records "$tmp/records"
	ends 0 "a run"
	is "$(records '.[-1] | [.record, .verdict, .status]')" \
		'["end","passed",0]' "$where: a run: the verdict"
	like "$out" 'Found 0 errors in 524288 locations \(passed\)' \
		"$where: a run: the text comes out"
	is "$(records 'map(select(.record == "region")) | length')" 0 \
		"$where: a run: no region was asked for"
	boot --once gups 4M node63
	ends 3 "a node that does not exist"
	boot --once gups 1M --fault update:segv --tlb-refresh off --loop plain
	ends 1 "a crash"
	boot --once gups 1M --fault update:hang --deadline 4 --tlb-refresh off \
		--loop plain
	ends 1 "a hang"
	like "$out" 'deadline of 4.0 s passed during update' \
		"$where: a hang: says why"
	boot run --timeline off sh -c 'exit 7'
	ends 7 "a program's status"
	# Their parents end at once; they come to PID 1, which must not take one
	# for the program that it waits for, nor leave them as zombies
	boot run --timeline off sh -c 'for i in 1 2 3 4 5 6 7 8 9; do
			(sleep 0.2 &)
		done
		sleep 1
		grep -l "^State:.*zombie" /proc/[0-9]*/status; exit 0'
	ends 0 "orphans"
	unlike "$out" '/proc/[0-9]+/status' "$where: orphans: no zombie is left"
	boot run --timeline off sh -c '(sleep 300 &); exit 0'
	ends 0 "an orphan that stays"
}

# As of docker stop; each of these is deaf to what PID 1 does not hold
signals()
{
	local what status

	for what in "--once gups 1M --duration 60s --tlb-refresh off" \
		"vmstat 0.1"; do
		# shellcheck disable=SC2086
		begin $what
		kill -TERM "$pid"
		SECONDS=0 status=0
		wait "$leader" || status=$?
		ok "$where: SIGTERM ends $what" test "$SECONDS" -lt 15
	done
}

# A container's own directories, and the machine's console, are left alone
untouched()
{
	local outer=("${space[@]}")

	cat >"$tmp/outer" <<-END
		cut -d" " -f5 /proc/self/mountinfo >$tmp/before
		"\$@"
		status=\$?
		cut -d" " -f5 /proc/self/mountinfo >$tmp/after
		exit \$status
	END
	# tier is PID 1 of a namespace in that one, and shares its mounts
	space+=(sh "$tmp/outer" unshare --pid --fork)
	boot status
	space=("${outer[@]}")
	if [[ $where = bounded ]]; then
		is "$status" 1 "$where: without the right it has no namespaces"
	else
		ok "$where: what is mounted can be read" test -s "$tmp/after"
		is "$(diff "$tmp/before" "$tmp/after")" "" \
			"$where: nothing is mounted"
	fi
	is "$(cat /proc/sys/kernel/printk)" "$printk" \
		"$where: the kernel's console is as it was"
}

# What is executed by a shell that has children is no less PID 1
sidecar()
{
	# shellcheck disable=SC2016
	before=(sh -c 'sleep 300 & exec "$@"' sh)
	boot --once gups 1M --tlb-refresh off
	ends 0 "beside another process"
	boot run --timeline off sh -c 'exit 5'
	ends 5 "beside another process, a program"
	begin --once gups 1M --duration 60s --tlb-refresh off
	kill -TERM "$pid"
	SECONDS=0
	wait "$leader"
	ok "$where: beside another process, SIGTERM" test "$SECONDS" -lt 15
	before=()
}

spaces=0
printk=$(cat /proc/sys/kernel/printk)
for where in user privileged bounded; do
	declare -n chosen=$where
	space=("${chosen[@]}") before=()
	"${space[@]}" true 2>/dev/null || {
		skip "$where" "such namespaces are not allowed here"
		continue
	}
	((++spaces))
	a_command
	signals
	untouched
	sidecar
done
((spaces)) || skip_all "no namespaces are allowed here"

# --- what looks like a machine's --------------------------------------------------

where="without /proc"
if "${privileged[@]}" true 2>/dev/null; then
	space=(unshare --mount --pid --fork sh -c
		'umount -l /proc; exec "$@"' sh)
	boot --version
	ends 0 "--version"
	where="as /init"
	mkdir "$tmp/root"
	# shellcheck disable=SC2016
	space=("${privileged[@]}" sh -c 'mount -t tmpfs none "$1" &&
		cp "$2" "$1/init" && mkdir "$1/proc" "$1/dev" &&
		mount -t proc none "$1/proc" && shift 2 &&
		exec chroot "$0" /init "$@"' "$tmp/root" "$tmp/root")
	boot --version
	ends 0 "--version"
	boot vmstat
	ends 0 "vmstat"
fi

is "$(cat /proc/sys/kernel/printk)" "$printk" "the console is as it was"
is "$(pgrep -af -- "$tier .*--records $tmp" || true)" "" "no process is left"
done_testing
