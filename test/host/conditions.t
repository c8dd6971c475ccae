#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of test/conditions/host.txt: what a caller, a machine or a disk may
# have done to tier, a condition each, and how it then ends.  Of each: that
# status, those words, no later than 10 s past its deadline, nothing on the
# terminal that moves it, a reason with each failure, and no process left.
# Several are made at once.  With a REGEX only those whose names it matches.
#
# long: 60
# timeout: 300

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

table=test/conditions/host.txt
only=${1:-}
at_once=4
# A deadline that is none of tier's: what these may take where the host is busy
usual_s=40

tmp=$(mktemp -d)
# Where a plain user finds it, whoever's this directory is
bin=$(mktemp -d /tmp/tier-conditions.XXXXXX)
trap 'rm -rf "$tmp" "$bin"' EXIT
chmod 755 "$bin"
install -m 755 "${TIER:-build/tier}" "$bin/tier"
gcc -O1 -o "$bin/denied" test/host/denied.c || exit 1
gcc -O1 -o "$bin/kill_at" test/kill_at.c || exit 1
test/unpack test/fixtures/policy-6.12.txt "$bin/tree" || exit 1

# What the commands of the table have
project=$PWD
brief="--threads 1 --loop plain --tlb-refresh off --timeline off"
gups="--once gups 1M --duration 50ms $brief"
long="--once gups 1M --duration 60s $brief"
run="run --timeline off"
export bin brief gups long run project
PATH=$bin:$PATH

cat >"$bin/fake" <<'END'
#!/bin/bash
# fake COMMAND...: on a captured tree in the place of this machine's files
cp -a "$bin/tree" tree && mkdir -p tree/run && exec unshare --mount bash -c '
	mount --bind tree/sys /sys && mount --bind tree/proc/sys /proc/sys &&
	mount --bind tree/run /run && exec "$@"' - "$@"
END
cat >"$bin/files" <<'END'
#!/bin/sh
# files COMMAND...: a write replaces what a file holds, as the kernel's
exec kill_at --files 0 /dev/null "$@"
END
cat >"$bin/user" <<'END'
#!/bin/sh
# user COMMAND...: as nobody, in a directory of its own
[ "$(id -u)" != 0 ] || { chmod 777 . && exec setpriv --reuid 65534 \
	--regid 65534 --clear-groups "$@"; }
exec "$@"
END
cat >"$bin/alone" <<'END'
#!/bin/sh
# alone COMMAND...: root of a user namespace, and of nothing else
exec user unshare --user --map-root-user "$@"
END
cat >"$bin/await" <<'END'
#!/bin/bash
# await TEXT FILE: it is in it
for ((i = 0; i < 400; i++)); do
	! grep -qs -- "$1" "$2" || exit 0
	sleep 0.05
done
echo "await: $2 never had $1" >&2
exit 1
END
chmod 755 "$bin"/*

# --- what a section needs --------------------------------------------------------

# shellcheck disable=SC2317
{
can_here() { :; }
can_fake() { ((EUID == 0)) && unshare --mount true 2>/dev/null; }
can_namespaces() { user unshare --user --map-root-user --mount true 2>/dev/null; }
can_terminal() { command -v script >/dev/null; }
can_build() { [[ -x ./build.sh ]]; }
}

# --- the table --------------------------------------------------------------------

names=() sections=() statuses=() words=() commands=()

read_table()
{
	local line section='' name head=' = ([0-9]+) ?(.*)$'

	while IFS= read -r line; do
		case $line in
		'' | '#'*) continue;;
		'== '*) section=${line#== }; continue;;
		$'\t'*)
			commands[-1]+=${line#?}$'\n'
			continue;;
		esac
		[[ $line =~ $head ]] || {
			ok "$table: no condition: $line" false
			continue
		}
		name=${line%"${BASH_REMATCH[0]}"}
		names+=("$name") sections+=("$section") commands+=('')
		statuses+=("${BASH_REMATCH[1]}") words+=("${BASH_REMATCH[2]}")
	done <"$table"
}

# one N: leaves what came of it
one()
{
	local at=$tmp/$1 begin=$EPOCHREALTIME status=0 limit=$usual_s
	local deadline='--deadline ([0-9]+)s' text=${commands[$1]}

	[[ ! $text =~ $deadline ]] || limit=$((BASH_REMATCH[1] + 10))
	mkdir -p "$at/in"
	chmod 755 "$tmp" "$at"
	(
		cd "$at/in" || exit 99
		export MARK=conditions-$$-$1 TMPDIR=$at/in
		exec timeout --kill-after=2 "$limit" bash -c "$text"
	) >"$at/out" 2>"$at/err" </dev/null || status=$?
	echo "$status" >"$at/status"
	echo "$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))" >"$at/took"
	left "conditions-$$-$1" >"$at/left"
}

# left MARK: processes that have it still, when they had a second to end
left()
{
	local i pids

	for ((i = 0; i < 20; i++)); do
		pids=$(alive "$1")
		[[ $pids ]] || return 0
		sleep 0.05
	done
	ps -o args= -p "${pids//$'\n'/,}"
	# shellcheck disable=SC2086
	kill -KILL $pids
}

# alive MARK: the processes that have it in their environment
alive()
{
	local process

	grep -lzs "^MARK=$1$" /proc/[0-9]*/environ | while read -r process; do
		process=${process%/environ}
		grep -qs '^State:.*zombie' "$process/status" ||
			echo "${process#/proc/}"
	done
}

# judge N: what is wrong with it, a line each
judge()
{
	local at=$tmp/$1 status took said

	status=$(<"$at/status") took=$(<"$at/took")
	said=$(tr -d '\0' <"$at/out" && echo && tr -d '\0' <"$at/err")
	((status != 124 && status != 137)) || ((took < usual_s * 1000 &&
		status == statuses[$1])) ||
		echo "did not end by itself in $took ms"
	((status == statuses[$1])) ||
		echo "status $status, not ${statuses[$1]}"
	grep -Eq -e "${words[$1]}" <<<"$said" || echo "no /${words[$1]}/"
	((status == 0)) || [[ $said = *[![:space:]]* ]] || echo "a failure without a word"
	[[ ! $(tr -cd '\001-\010\013\014\016-\037\177' <<<"$said") ]] ||
		echo "control characters"
	[[ ! -s $at/left ]] || echo "left: $(<"$at/left")"
}

read_table
jobs=() skipped=' '
begin=$SECONDS
for n in "${!names[@]}"; do
	[[ ${names[n]} =~ $only ]] || continue
	section=${sections[n]}
	[[ $skipped != *" $section "* ]] || continue
	"can_$section" || {
		skipped+="$section "
		skip "$section" "such conditions cannot be made here"
		continue
	}
	while (($(jobs -rp | wc -l) >= at_once)); do
		wait -n
	done
	one "$n" &
	jobs+=("$n")
done
wait
slowest=0
for n in "${jobs[@]}"; do
	wrong=$(judge "$n")
	is "$wrong" "" "${names[n]} ($(<"$tmp/$n/took") ms)" ||
		diag "$(head -c 1500 "$tmp/$n/out")"$'\n'"$(head -c 1500 \
			"$tmp/$n/err")"
	(($(<"$tmp/$n/took") <= slowest)) || slowest=$(<"$tmp/$n/took")
done
diag "${#jobs[@]} conditions in $((SECONDS - begin)) s; the slowest took \
$slowest ms"
done_testing
