#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs/watch.py: an emulator that stands still is noticed, by what it says of
# itself, and ended with the cause.  With the real one, without a guest in it, and
# with a script where the real one cannot be brought to a state.
#
# All cases at once, each in a directory of its own, and looked at in the end:
# they wait for nearly all of their time.
#
# timeout: 300

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d /tmp/tier-watch.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
qemu=$(./build.sh qemu 2>&1 | sed -n 's/^ *QEMU [0-9.]*: //p')

# watch NAME SILENCE COMMAND...: begins a case, in its directory
watch()
{
	local dir=$tmp/$1 begun=$EPOCHREALTIME

	shift
	mkdir -p "$dir"
	{
		timeout 100 python3 -ISB initramfs/watch.py "$dir/log" 60 "$@" \
			3>"$dir/end" >"$dir/out" 2>"$dir/err" </dev/null
		awk "BEGIN { print int($EPOCHREALTIME - $begun + 0.5) }" \
			>"$dir/took"
	} &
}

# ended NAME: sets status, cause and took (s) of that case
ended()
{
	IFS=$'\x1f' read -r status cause _ <"$tmp/$1/end"
	took=$(<"$tmp/$1/took")
	is "$(<"$tmp/$1/err")" "" "$1: the watcher has no fault of its own"
	is "$(pgrep -f "$tmp/$1/q.sock")" "" "$1: no emulator is left behind"
}

# says NAME CAUSE: and nothing else
says()
{
	ended "$1"
	is "$cause" "$2" "$1: the cause"
}

# within NAME SECONDS: and some for a busy host; without its verdict it were 60
within()
{
	ok "$1: within $2 s, or 12 more ($took s)" [ "$took" -le $(($2 + 12)) ]
}

# --- a script that speaks QMP -------------------------------------------------

# speaker NAME SCRIPT: a case with an emulator that answers query-status with what
# state() says
speaker()
{
	mkdir "$tmp/$1"
	cat >"$tmp/$1/speaker" <<END
import json, re, socket, sys, time
fd = int(re.search(r"id=tier-watch,fd=(\\d+)", " ".join(sys.argv)).group(1))
qmp = socket.socket(fileno=fd)
begun = time.monotonic()
def say(**what):
    qmp.send(json.dumps(what).encode() + b"\\n")
def event(name):
    say(event=name, timestamp={})
print("begins", flush=True)
say(QMP={"version": {}, "capabilities": []})
def state():
    return "running"
$2
text = b""
while True:
    data = qmp.recv(4096)
    if not data:
        sys.exit(9)
    *lines, text = (text + data).split(b"\\n")
    for line in lines:
        command = json.loads(line)["execute"]
        if command == "query-status":
            say(**{"return": {"status": state(), "running": True}})
        else:
            say(**{"return": {}})
END
	watch "$1" 60 python3 "$tmp/$1/speaker"
}

speaker ends 'def state():
    return "running" if time.monotonic() < begun + 5 else sys.exit(3)'
speaker internal 'def state():
    return "internal-error"
print("KVM internal error. Suberror: 1\nemulation failure", file=sys.stderr)'
speaker panicked 'event("GUEST_PANICKED")'
for name in io-error watchdog guest-panicked; do
	speaker "$name" "def state():
    return '$name'
event('STOP')"
done
speaker resumes 'def state():
    return "paused" if time.monotonic() < begun + 8 else "running" \
        if time.monotonic() < begun + 20 else sys.exit(0)'
speaker mute 'print("KVM internal error. Suberror: 3", file=sys.stderr)
time.sleep(99)'
speaker off 'def state():
    event("SHUTDOWN")
    time.sleep(99)'
speaker nonsense 'qmp.send(b"{\x00 not JSON }\n[1]\n{\"return\":7}\n\n")
print(end="", flush=True)
def state():
    return sys.exit(0) if time.monotonic() > begun + 3 else {"a": []}'
# A kernel that says a word and no more; one whose init has begun, and one without
# records may be as silent
for name in kernel init plain; do
	records=file,id=records,path=$tmp/$name/records
	[[ $name != plain ]] || records=null,id=records
	mkdir "$tmp/$name"
	: >"$tmp/$name/records"
	# shellcheck disable=SC2016
	watch $name 3 sh -c 'echo a word; [ "$0" != init ] || echo {} >"$2"
		exec sleep 15' \
		$name "$records" "$tmp/$name/records"
done
# shellcheck disable=SC2016
watch child 60 sh -c 'echo begins; (sleep 77 & echo $! >"$0/pid"); exit 4' \
	"$tmp/child"
watch odd 60 sh -c 'printf "no newline \033[31m\377" >&2; exit 1'

# --- the real one --------------------------------------------------------------

# machine NAME SILENCE [OPTIONS]...: a case with an emulator
machine()
{
	watch "$1" "$2" "$qemu" -nodefaults -no-user-config -display none \
		-monitor none -no-reboot -m 64M -serial stdio \
		-machine "q35,accel=tcg" \
		-qmp "unix:$tmp/$1/q.sock,server=on,wait=off" "${@:3}"
}

# up NAME: it has said that it is, which takes a moment when many begin
up()
{
	until [[ -S $tmp/$1/q.sock && $(pgrep -f "^[^ ]*ld-linux.* \
unix:$tmp/$1/q.sock") ]]; do
		sleep 0.1
	done
	sleep 2
}

# told NAME COMMANDS...: of QMP, when it is up
told()
{
	python3 - "$tmp/$1/q.sock" "${@:2}" <<'END'
import json, socket, sys
qmp = socket.socket(socket.AF_UNIX)
qmp.connect(sys.argv[1])
for command in ["qmp_capabilities"] + sys.argv[2:]:
    qmp.send(json.dumps({"execute": command}).encode())
qmp.settimeout(1)
try:
    while qmp.recv(4096):
        pass
except OSError:
    pass
END
}

machine nothing 60
machine silent 5
machine stop 60
(up stop && told stop stop) &
machine stop-cont 60
(up stop-cont && told stop-cont stop && sleep 4 &&
	told stop-cont cont quit) &
# Longer than one may stand still that nobody looks at
machine debugged 60 -S
(up debugged && sleep 18 && told debugged quit) &
machine quit 60 -no-shutdown
(up quit && told quit system_wakeup inject-nmi quit) &
for signal in STOP KILL TERM; do
	machine "$signal" 60
	(up "$signal" && kill -$signal "$(pgrep -f \
		"^[^ ]*ld-linux.* unix:$tmp/$signal/q.sock" | tail -n 1)") &
done
machine refused 60 -machine nosuch
machine version 60 -version -chardev "file,id=records,path=$tmp/version/records"
wait

# --- how they ended --------------------------------------------------------------

ended ends
is "$status $cause" "3 the emulator ended with status 3" "an end of its own"
is "$(<"$tmp/ends/log") $(<"$tmp/ends/out")" "begins begins" \
	"what it said is in both"
says internal "the machine was stopped by an internal error: KVM internal error. \
Suberror: 1"
within internal 9
ended panicked
like "$cause" 'panicked' "GUEST_PANICKED"
within panicked 9
for name in io-error watchdog guest-panicked; do
	ended "$name"
	like "$cause" '^the machine was stopped.* ' "$name"
	within "$name" 9
done
ended resumes
is "$status$cause" 0 "paused for 8 s, then going on"
ended mute
like "$cause" '^KVM internal error. Suberror: 3' "it says so, and does not answer"
within mute 15
says off ""
within off 20
ended nonsense
is "$status$cause" 0 "an answer that is none"
ended child
is "$status" 4 "its status"
unlike "$(ps -o stat= -p "$(<"$tmp/child/pid")")" '^[^Z]' \
	"what it had started ends with it"
says odd "the emulator ended with status 1: no newline ?[31m?"

ended nothing
like "$cause" '^the guest has said nothing, and has not used the CPU for 15 s' \
	"a machine with nothing to boot"
within nothing 40
ended silent
like "$cause" '^the guest has said nothing for SILENCE=5 s' "or when it is said"
says stop "the machine was paused, and did not go on for 10 s"
says kernel "the guest's kernel has not come to init, and has said nothing for \
6 s: try again"
within kernel 12
for name in init plain; do
	ended "$name"
	is "$status$cause" 0 "$name: as silent as it likes"
done
ended stop-cont
is "$status$cause" 0 "stop, cont, quit"
ended debugged
is "$status$cause" 0 "one that waits for a debugger"
ended quit
is "$status$cause" 0 "quit, with -no-shutdown"
says STOP "the emulator was stopped by a signal, and did not go on for 10 s"
for signal in KILL TERM; do
	says "$signal" "the emulator was ended by signal $(kill -l $signal)"
done
ended refused
like "$status $cause" '^1 the emulator ended with status 1: .*unsupported machine' \
	"what it refuses is said in its words"
ended version
like "$status $cause" '^0 the emulator made no machine: it printed' "-version"

done_testing
