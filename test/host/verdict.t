#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The endings of ./build.sh run: whatever happens to the emulator, to the disk,
# to whoever reads the output or to the clock, there is a verdict, it names the
# cause, and the status is what is documented.  The emulator is a script that
# writes records and does as FAKE says; what real ones do is watch.t's.
#
# timeout: 300

# FAKE is for another shell
# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export OUT=$tmp/out QEMU=$tmp/qemu FAKE='' TIMEOUT=60
run=$OUT/r

cat >"$QEMU" <<'END'
#!/bin/bash
[[ $* != --version ]] || { echo "QEMU emulator version 11.1.3"; exit; }
for word; do
	[[ $word != file,id=records,path=* ]] || records=${word#*path=}
	[[ $word != socket,id=tier-watch,fd=* ]] || qmp=${word##*=}
done
records=${records//,,/,}
end()
{
	echo '{"record":"end","seq":2,"records":2,"status":'"$1"'
		,"verdict":"'"$2"'","reason":"'"${3:-}"'"}' |
		tr -d '\n\t' >>"$records"
	echo >>"$records"
}
# until NAME: it is there
until_there()
{
	until [[ -e $1 ]]; do
		sleep 0.05
	done
}
echo '{"record":"environment","seq":1}' >"$records"
eval "${FIRST-echo begins}"
eval "$FAKE"
echo ends
end 0 passed
END
chmod 755 "$QEMU"
./build.sh initramfs >/dev/null 2>&1 || exit 1

# run FAKE [ARGUMENTS]...: to its end; sets status, verdict and text
run()
{
	status=0
	FAKE=$1 timeout --kill-after=5 100 ./build.sh run --name r "${@:2}" \
		>"$tmp/text" 2>"$tmp/said" </dev/null || status=$?
	look
}

# later NAME FAKE [WORDS]...: a run of that name that takes its time, beside the
# others; it is looked at in the end
later()
{
	local status=0

	{
		FAKE=$2 timeout --kill-after=5 100 "${@:3}" ./build.sh run \
			--name "$1" >"$tmp/$1.text" 2>"$tmp/$1.said" \
			</dev/null || status=$?
		echo "$status" >"$tmp/$1.status"
	} &
}

# came NAME: of a run that was begun by later
came()
{
	status=$(<"$tmp/$1.status") verdict=$(<"$OUT/$1/verdict")
	text=$(cat "$tmp/$1.text" "$tmp/$1.said")
}

look()
{
	verdict=$(cat "$run/verdict" 2>/dev/null)
	text=$(cat "$tmp/text" "$tmp/said")
}

# ends STATUS VERDICT NAME: so it ended, and no shell complains
ends()
{
	is "$status $verdict" "$1 $2" "$3" || diag "$text"
	unlike "$text" ': line [0-9]+: ' "$3: not in a shell's words"
}

# begin FAKE [WRAPPER]...: in a group of its own, until it says something
begin()
{
	rm -rf "$run"
	FAKE=$1 perl -e 'setpgrp; exec @ARGV' env "${@:2}" ./build.sh run --name r \
		>"$tmp/text" 2>"$tmp/said" </dev/null &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		grep -qs begins "$run/console.log" && break
		sleep 0.05
	done
	emulator=$(pgrep -f "path=$run/records.jsonl" | tail -n 1)
}

finish()
{
	local begun=$EPOCHREALTIME

	status=0
	wait "$pid" || status=$?
	took=$(awk "BEGIN { print int($EPOCHREALTIME - $begun) }")
	look
}

# gone PID: within two seconds (called by ok)
# shellcheck disable=SC2317
gone()
{
	local i

	for ((i = 0; i < 40; i++)); do
		[[ $(ps -o stat= -p "$1") =~ ^[^Z] ]] || return 0
		sleep 0.05
	done
	return 1
}

# --- what takes its time ---------------------------------------------------------

# Nobody reads until it is over, which shall not wait for that
later still 'seq 60000' bash -c '"$@" | {
		for ((i = 0; i < 300; i++)); do
			! grep -qsv "did not run" "$OUT/still/verdict" || break
			sleep 0.2
		done
		cat
	}
	exit ${PIPESTATUS[0]}' -
later endless 'sleep 99' env TIMEOUT=2s
later on 'end 0 passed; sleep 99' env TIMEOUT=3
later silent 'while :; do :; done' env FIRST= SILENCE=4
later idle 'sleep 99' env FIRST=
later quiet 'sleep 6' env SILENCE=2
slow=$(jobs -p)

# --- the guest's word, and the emulator's ---------------------------------------

run ''
ends 0 passed "all is well"
is "$(tr '\n' ' ' <"$run/console.log")" "begins ends " "console.log has all"
like "$(<"$tmp/said")" "passed \(.*/out/r\)" "the verdict is said, and where it is"
is "$(tail -n 2 "$tmp/text" | tr '\n' ' ')" "begins ends " "so has the output"
run 'end 3 failed "no such thing"; exit'
ends 3 "failed: no such thing" "the guest's own status"
run 'end 0 failed ""; exit'
ends 1 "failed: status 0" "failed, with status 0: is a failure"
run 'exit'
ends 1 "failed: the guest ended without an end record" "no end record"
run 'echo "{\"QMP\": {}}" >&$qmp; rm "$records"; exit'
like "$status $verdict" '^1 failed: no record came' "no record"
QEMU_ARGS=-version run 'rm "$records"; exit'
like "$status $verdict" '^1 failed: .* made no machine: .*.QEMU_ARGS=-version.$' \
	"no machine, as asked for"
QEMU_ARGS='-d help' run 'exit 1'
ends 1 "failed: the emulator ended with status 1 (QEMU_ARGS=-d help)" \
	"of an end without a word the words for QEMU are said"
run 'echo "qemu: no such disk" >&2; exit 5'
ends 1 "failed: the emulator ended with status 5: qemu: no such disk" \
	"the emulator fails: in its own words"
run 'kill -SEGV $$'
ends 1 "failed: the emulator was ended by signal 11" "the emulator crashes"
run 'echo "Kernel panic - not syncing: no"; exit'
ends 1 "failed: the guest's kernel: Kernel panic - not syncing: no" "a panic"
run 'echo "tier: no CXL region: region0: commit: refused"
	end 3 failed "node 1 does not exist or has no memory; nodes with memory: 0"
	exit'
ends 3 "failed: node 1 does not exist or has no memory: no CXL region: \
region0: commit: refused" "a node that is missing: the cause is named"
run 'echo not JSON >>"$records"'
like "$status $verdict" '^1 failed: record 2 is missing' "a broken record"

# --- without --once; bad usage ---------------------------------------------------

run '' gups 1M
like "$(<"$run/qemu.cmd")" ' -- --once gups 1M' "run gets --once"
run '' --once gups 1M
like "$(<"$run/qemu.cmd")" ' -- --once gups 1M' "but not twice"
run '' run echo -n -e
like "$(<"$run/qemu.cmd")" ' -- --once run echo -n -e.[[:space:]]' "words that echo takes" ||
	diag "$(<"$run/qemu.cmd")"
run '' --json
like "$status $text" '^2 .*has no verb' "no verb: bad usage, not a shell"
run '' damon
like "$status $text" '^2 .*has no verb' "a group of verbs is none"
TIMEOUT=1.5m run '' gups 1M
like "$status $text" '^2 .*TIMEOUT=1.5m: not a time such as 90, 90s' "no such time"
run '' gups 1M --nosuch
like "$status $text" '^2 .*--nosuch' "what tier does not take is said before it boots"

# --- who reads -------------------------------------------------------------------

rm -rf "$run"
FAKE='seq 20000; sleep 1' ./build.sh run --name r 2>/dev/null </dev/null |
	head -n 1 >/dev/null
is "${PIPESTATUS[0]}" 0 "the reader leaves: status 0"
is "$(wc -l <"$run/console.log")" 20002 "and console.log is whole"
./build.sh run --name r 2>/dev/null </dev/null | true
is "${PIPESTATUS[0]} $(cat "$run/verdict")" "0 passed" "one that reads nothing"
./build.sh run --name r 2>&1 </dev/null | head -n 1 >/dev/null
is "${PIPESTATUS[0]} $(cat "$run/verdict")" "0 passed" "one of both streams"
./build.sh run --name r >&- 2>/dev/null </dev/null
is "$? $(cat "$run/verdict")" "0 passed" "standard output closed"
./build.sh run --name r >/dev/null 2>&- <&-
is "$? $(cat "$run/verdict")" "0 passed" "the others closed"
./build.sh run --name r >/dev/full 2>/dev/null </dev/null
is "$? $(cat "$run/verdict")" \
	"1 failed: standard output: No space left on device" "/dev/full"

# --- the disk ---------------------------------------------------------------------

if ((EUID == 0)) && unshare --mount true 2>/dev/null; then
	mkdir "$tmp/small"
	for room in 0 9000; do
		status=0
		# shellcheck disable=SC2034
		text=$(OUT=$tmp/small FAKE="head -c 99M /dev/zero >$tmp/small/x
			truncate -s -$room $tmp/small/x; seq 9999" unshare --mount sh -c '
			mount -t tmpfs -o size=17M none "$OUT" || exit
			./build.sh run --name r; status=$?
			cp "$OUT/r/verdict" "$OUT/../verdict"; ls "$OUT/r"
			exit $status' 2>&1 </dev/null) || status=$?
		verdict=$(cat "$tmp/verdict")
		ends 1 "failed: console.log is not whole: No space left on device" \
			"the disk is full but for $room bytes"
	done
	run '' && cp "$run/verdict" "$tmp/verdict"
	text=$(OUT=$tmp/small unshare --mount sh -c '
		mount -t tmpfs -o size=99k none "$OUT" && ./build.sh run' 2>&1)
	is "$?" 3 "no room to begin with: status 3"
	like "$text" 'small: only [0-9]+ KiB free' "so it says"
else
	skip "the disk is full" "only root can mount"
fi

# --- signals ----------------------------------------------------------------------

wait_for="until_there $tmp/go"
for signal in HUP INT TERM QUIT; do
	# What is ignored cannot be set to its default by a shell
	rm -f "$tmp/go"
	begin "$wait_for" --ignore-signal=$signal
	kill -$signal -- "-$pid"
	sleep 0.5
	touch "$tmp/go"
	finish
	ends 0 passed "SIG$signal to the group, ignored: goes on"
	rm -f "$tmp/go"
	begin "$wait_for" --default-signal=$signal
	kill -$signal -- "-$pid"
	finish
	ends 1 "failed: interrupted" "SIG$signal to the group: interrupted"
	ok "SIG$signal: the emulator has ended" gone "$emulator"
done
begin "trap '' TERM; $wait_for" --default-signal=TERM
kill -TERM "$pid"
finish
ends 1 "failed: interrupted" "an emulator that is deaf"
ok "is killed after ten seconds ($took s)" [ "$took" -ge 8 -a "$took" -le 20 ]
ok "and is gone" gone "$emulator"
begin "$wait_for"
kill -KILL "$pid"
ok "build.sh killed: so is the emulator" gone "$emulator"
begin "$wait_for"
kill -KILL "$(pgrep -f "watch.py $run/console.log")"
finish
like "$status $verdict" '^1 failed: what watches the emulator ended with status 137' \
	"the watcher killed"
ok "the watcher killed: so is the emulator" gone "$emulator"

begin "$wait_for" --default-signal=TSTP
kill -TSTP -- "-$pid"
for ((i = 0; i < 60; i++)); do
	[[ $(ps -o stat= -p "$pid","$emulator" | tr -d '\n') != *[SR]* ]] && break
	sleep 0.05
done
like "$(ps -o stat= -p "$pid","$emulator" | tr '\n' ' ')" '^T.*T' \
	"Ctrl-Z stops the emulator, too"
touch "$tmp/go"
kill -CONT -- "-$pid"
finish
ends 0 passed "and both go on"
rm -f "$tmp/go"

begin "$wait_for; sleep 0.5" --ignore-signal=CHLD
touch "$tmp/go"
finish
ends 0 passed "SIGCHLD is ignored by who calls"
rm -f "$tmp/go"

# --- an experiment ------------------------------------------------------------------

cat >"$tmp/two.exp" <<'END'
title two
mem 512M
cxl_mem 256M
cell a gups 1M node1
cell b gups 1M node0
END
for signal in INT TERM; do
	rm -rf "$OUT"/two*
	FAKE='sleep 99' perl -e 'setpgrp; exec @ARGV' env \
		--default-signal=$signal ./build.sh experiment "$tmp/two.exp" \
		>"$tmp/text" 2>&1 </dev/null &
	pid=$!
	run=$OUT/two/cells/a.1
	for ((i = 0; i < 200; i++)); do
		grep -qs begins "$run/console.log" && break
		sleep 0.05
	done
	emulator=$(pgrep -f "path=$(realpath "$run")/records.jsonl" | tail -n 1)
	kill -$signal -- "-$pid"
	finish
	ends 1 "failed: interrupted" "an experiment, SIG$signal: the cell says so"
	like "$text" 'interrupted; --resume goes on' "so does the experiment"
	ok "its emulator has ended" gone "$emulator"
	run=$OUT/r
done

# --- time -------------------------------------------------------------------------

# shellcheck disable=SC2086
wait $slow
came still
is "$status $verdict" "1 failed: whoever reads standard output stood still" \
	"a reader that stands still is not waited for"
is "$(wc -l <"$OUT/still/console.log")" 60002 "and console.log is whole"
came endless
ends 1 "failed: not done after TIMEOUT=2 s" "a guest that does not end"
came on
ends 0 passed "one that has said its verdict, and does not power off"
came silent
like "$status $verdict" '^1 failed: the guest has said nothing for SILENCE=4 s' \
	"one that says nothing"
came idle
like "$status $verdict" '^1 failed: the guest has said nothing, and has not used' \
	"one that does nothing, either"
came quiet
ends 0 passed "one that has said something may be silent"

# A clock that somebody sets: to an hour later, when there is a file
cat >"$tmp/clock.c" <<END
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long step(void) { return access("$tmp/step", F_OK) ? 0 : 3600; }
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int err = syscall(SYS_gettimeofday, tv, tz);
	tv->tv_sec += step();
	return err;
}
time_t time(time_t *at)
{
	struct timeval tv;
	gettimeofday(&tv, NULL);
	if (at)
		*at = tv.tv_sec;
	return tv.tv_sec;
}
int clock_gettime(clockid_t id, struct timespec *at)
{
	int err = syscall(SYS_clock_gettime, id, at);
	if (id == CLOCK_REALTIME)
		at->tv_sec += step();
	return err;
}
END
gcc -shared -fPIC -o "$tmp/clock.so" "$tmp/clock.c"
LD_PRELOAD=$tmp/clock.so run "touch $tmp/step"
ends 0 passed "the clock is set while it runs"
LD_PRELOAD=$tmp/clock.so run "rm $tmp/step"
ends 0 passed "and set back"

# --- whose files they are ------------------------------------------------------------

rm -rf "$OUT"
(umask 077 && run '')
is "$(find "$OUT" -perm /077 ! -type l)" "" "umask 077: nobody else reads a run"
rm -rf "$OUT"
(umask 027 && run '')
is "$(stat -c %a "$OUT" "$run" "$run/console.log" | paste -sd' ')" \
	"750 750 640" "umask 027"

begin "$wait_for"
text=$(./build.sh run --name r 2>&1)
is "$?" 1 "two of one name: status 1"
like "$text" 'a run named r is under way' "the second is refused"
touch "$tmp/go"
finish
ends 0 passed "and the first goes on"

for kind in "touch" "ln -s nowhere"; do
	rm -rf "$OUT/r"
	$kind "$OUT/r"
	text=$(./build.sh run --name r 2>&1)
	is "$? $text" "1 build.sh: --name r: $OUT/r is no directory: take another \
name, or remove it" "what is there by that name is said ($kind)"
	ok "and stays" [ -L "$OUT/r" -o -f "$OUT/r" ]
	rm "$OUT/r"
done

# A directory of somebody's, in which a run would remove what is called as its own
for what in script files/mine plan.json; do
	rm -rf "$OUT/r"
	mkdir -p "$(dirname "$OUT/r/$what")"
	echo precious >"$OUT/r/$what"
	run ''
	is "$status $(<"$OUT/r/$what")" "1 precious" "somebody's $what stays"
	like "$text" "r is not of a run, and what is in it would be lost" \
		"$what: it is said"
done
rm -rf "$OUT/r" "$OUT/latest"
mkdir -p "$OUT/latest"
run ''
is "$status $(ls "$OUT")" "1 latest" "latest is a directory: nothing is made"
like "$text" 'latest is no link.*rename it' "it is said"
rmdir "$OUT/latest"
mkdir "$OUT/r"
run ''
ends 0 passed "an empty directory is as good as none"

done_testing
