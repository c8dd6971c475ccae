#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier as PID 1, in namespaces of its own: no emulator is needed to see that
# every ending ends the machine.  A power-off ends the namespace by a signal,
# so the verdict is read from the records, as it is from a guest's.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"

# In a user namespace one is root over everything one's own, and nothing else
space=(unshare --user --map-root-user --mount --pid --net --fork)
"${space[@]}" true 2>/dev/null ||
	skip_all "user namespaces are not allowed here"

# A directory of this machine that PID 1's mounts leave alone.  It mounts a
# tmpfs over /tmp, so the records are an open descriptor, not a path there.
# boot ARGUMENTS...: sets status, out, and the records' file
boot()
{
	: >"$tmp/records"
	status=0 begin=$SECONDS
	timeout --kill-after=5 60 "${space[@]}" "$tier" \
		--records /proc/self/fd/7 "$@" 7>>"$tmp/records" \
		>"$tmp/out" 2>&1 </dev/null || status=$?
	took=$((SECONDS - begin))
	out=$(<"$tmp/out")
}

records()
{
	jq -c -s "$1" "$tmp/records" 2>&1
}

# ends VERDICT STATUS NAME: it ended by itself, and the records say how
ends()
{
	ok "$3: ended by itself" test "$took" -lt 50
	is "$(records '(map(.seq) == [range(1; length + 1)]) and
		.[0].record == "environment" and .[-1].records == length')" \
		true "$3: records are whole"
	is "$(records '.[-1] | [.record, .verdict, .status]')" \
		"[\"end\",\"$1\",$2]" "$3: $1, status $2"
}

# --- it does its work ----------------------------------------------------------

boot --once gups 16M any
ends passed 0 "a run"
is "$(records 'map(select(.record == "gups"))[0] | .verified')" true \
	"a run: verified"
like "$out" 'Found 0 errors in 2097152 locations \(passed\)' \
	"a run: the text comes out"
boot status
ends passed 0 "status"
boot region list
ends passed 0 "region list"

# --- and ends, whatever happens -------------------------------------------------

boot --once gups 1Q
is "$(records length)" 0 "a bad argument: the file is not written"
like "$out" 'tier: size 1Q: give a whole number' "a bad argument: says why"
ok "a bad argument: ended by itself" test "$took" -lt 50
boot --once gups 16M node63
ends failed 3 "a node that does not exist"
for kind in segv kill; do
	boot --once gups 1M --fault "update:$kind"
	ends failed 1 "a crash by SIG$kind"
	like "$(records '.[-1].reason')" 'during update' \
		"a crash by SIG$kind: says when"
done
boot --once gups 1M --fault update:hang --deadline 2
ends failed 1 "a hang"
like "$(records '.[-1].reason')" 'deadline of 2.0 s passed during update' \
	"a hang: says why"
ok "a hang: ended in time" test "$took" -lt 15
# Without --once there is a shell at the end, which has no input here
boot gups 1M --duration 1 --deadline 3
ends failed 1 "repeated, with a deadline"
ok "repeated, with a deadline: ended in time" test "$took" -lt 20

# --- modules that do not load ----------------------------------------------------

# An /etc with a list of them: one is not there, one is none
cat >"$tmp/listed" <<END
#!/bin/sh
mount -t tmpfs none /etc && mkdir /etc/tier || exit 1
printf '%s\\n' /nonexistent.ko /proc/self/exe >/etc/tier/modules
exec "$tier" "\$@"
END
chmod 755 "$tmp/listed"
tier=$tmp/listed boot status
ends passed 0 "modules that do not load"
like "$out" '/nonexistent\.ko: No such file' \
	"modules that do not load: says which is not there"
like "$out" '/proc/self/exe: [A-Z]' \
	"modules that do not load: goes on to the next"

# --- orphans come to PID 1 -------------------------------------------------------

# Their parents end at once; it is told of each, and must not take one for
# the program that it waits for, nor leave them as zombies
boot run sh -c 'for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.2 &); done
	sleep 1
	grep -l "^State:.*zombie" /proc/[0-9]*/status; exit 0'
ends passed 0 "orphans"
unlike "$out" '/proc/[0-9]+/status' "orphans: no zombie is left"
is "$(records 'map(select(.record == "run"))[0] |
	.exit_status == 0 and .elapsed_s >= 1')" true \
	"orphans: the program was waited for"
# One that outlives the program ends with the machine
boot run sh -c '(sleep 300 &); exit 0'
ends passed 0 "an orphan that stays"
ok "an orphan that stays: is not waited for" test "$took" -lt 20

# --- nothing is left -------------------------------------------------------------

is "$(pgrep -af -- "$tier .*/proc/self/fd/7" || true)" "" \
	"no process is left"

done_testing
