#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who may change what at the same time: two runs of tier that change something
# exclude each other, one that is measured is left alone, and no user can keep
# root from changing something or from putting it back.  On a captured tree in
# the place of /sys and /proc/sys.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/fake.sh
. test/lib/fake.sh

tmp=${FAKE:-$(mktemp -d)}
fake_begin test/fixtures/policy-6.12.txt "$tmp"
# Where a user finds it
bin=$(mktemp -d /tmp/tier-locks.XXXXXX)
strays=()
trap 'kill "${strays[@]}" 2>/dev/null; rm -rf "$tmp" "$bin"' EXIT
install -m 755 "${TIER:-build/tier}" "$bin/tier"
chmod 755 "$bin"
tier=$bin/tier
gcc -O1 -o "$bin/kill_at" test/kill_at.c || exit 1

quick=(--tlb-refresh off --timeline off --loop plain)
user=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# run WORDS...: tier, on files in the place of the kernel's
run()
{
	status=0
	timeout 60 "$bin/kill_at" --files 0 "$tmp/count" "$tier" "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# hold COMMAND...: in the background, until it is killed; sets pid
hold()
{
	"$@" </dev/null >/dev/null 2>&1 &
	pid=$!
	strays+=("$pid")
	sleep 0.3
}

# measure COMMAND...: that runs tier; returns when it updates its table
measure()
{
	rm -f "$tmp/records"
	: >"$tmp/records"
	chmod 666 "$tmp/records"
	hold "$@" --once gups 1M --duration 60s "${quick[@]}" \
		--records "$tmp/records"
	for _ in {1..200}; do
		grep -qs '"stage":"update"' "$tmp/records" && break
		sleep 0.05
	done
}

end()
{
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# --- users -------------------------------------------------------------------------

chmod 711 "$tmp"
run policy tpp
is "$status" 0 "root sets a policy" || diag "$err"
is "$(stat -c %a /run/tier/lock)" 600 "the lock is root's alone"
"${user[@]}" flock -n /run/tier/lock true 2>/dev/null
ok "a user cannot take it" test $? -ne 0
for file in /run/tier/lock /run/tier; do
	hold "${user[@]}" flock -o -x "$file" sleep 60
	run policy restore
	is "$status" 0 "a user holds $file: root puts back all the same" ||
		diag "$err"
	run policy tpp
	is "$status" 0 "a user holds $file: root sets a policy"
	run --once gups 1M --duration 50ms "${quick[@]}"
	is "$status" 0 "a user holds $file: root measures"
	end
done
# An earlier version made it so that all could
chmod 644 /run/tier/lock
hold "${user[@]}" flock -o -s /run/tier/lock sleep 60
holder=$(pgrep -P "$pid" || echo "$pid")
run policy restore
is "$status" 0 "an earlier version's lock: root puts back all the same"
like "$err" "under way \(pid ($pid|$holder), " "and is told who is in the way"
is "$(stat -c %a /run/tier/lock)" 600 "then it is root's alone"
end
measure "${user[@]}" "$tier"
run policy tpp
is "$status" 0 "while a user measures root sets a policy"
like "$err" "a user's run of tier is under way \(pid [0-9]+, tier\)" \
	"and is told"
run policy restore
is "$status" 0 "and puts it back"
end

# --- root --------------------------------------------------------------------------

refused()
{
	local words=$1 who=$2

	# shellcheck disable=SC2086
	run $words
	is "$status" 1 "while $who, tier $words is refused"
	like "$err" "another run of tier is under way \(pid [0-9]+, tier\)" \
		"and told who is in the way"
}

measure "$tier"
for words in "policy tpp" "region create" "region destroy region0 --yes" \
	"damon commit" "damon stop" "damon start -g --demote 0 1" \
	"--once gups 1M --policy none" "run --policy none true"; do
	refused "$words" "root measures"
done
run --once gups 1M --duration 50ms "${quick[@]}"
is "$status" 0 "two may measure at once"
run run true
is "$status" 0 "and run programs"
run --dry-run policy tpp
is "$status" 0 "a rehearsal disturbs nobody"
end

rm -f "$tmp/records"
hold "$bin/kill_at" --files 0 "$tmp/count2" "$tier" --once gups 1M \
	--duration 60s "${quick[@]}" --policy tpp --records "$tmp/records"
for _ in {1..200}; do
	grep -qs '"stage":"update"' "$tmp/records" && break
	sleep 0.05
done
refused "policy none" "a run has a policy"
refused "--once gups 1M" "a run has a policy"
"${user[@]}" "$tier" --once gups 1M >"$tmp/out" 2>"$tmp/err"
is "$?" 1 "while a run has a policy, a user does not measure"
like "$(<"$tmp/err")" "another run of tier is under way \(pid [0-9]+, tier\)" \
	"and is told who is in the way, too"
run policy restore
is "$status" 0 "while a run has a policy, all can be put back"
like "$err" 'another run of tier is under way \(pid [0-9]+, tier\): what it' \
	"and it is said whose it was"
is "$(cat /proc/sys/vm/watermark_scale_factor)" 10 "it is put back"
end

# --- logs --------------------------------------------------------------------------

# On a disk a new file gets the number of one that was removed.
cp -a /proc/sys/vm/swappiness "$tmp/was"
was=$(cat /proc/sys/vm/swappiness)
run policy none --set swappiness=70
is "$status $(cat /proc/sys/vm/swappiness)" "0 70" "a policy is set"
rm /sys/kernel/mm/transparent_hugepage/enabled
mkdir /sys/kernel/mm/transparent_hugepage/enabled
run policy none --set swappiness=80 --set thp_enabled=always
is "$status" 1 "another one fails half-way" || diag "$out"
is "$(cat /proc/sys/vm/swappiness)" "$was" "all of it is taken back"
rmdir /sys/kernel/mm/transparent_hugepage/enabled
is "$(find /run/tier -type f ! -name lock)" "" "no log is left"

# From before a reboot, where /run is on a disk
mkdir -p /proc/sys/kernel/random
cat /proc/self/mountinfo >/dev/null
echo 00000000-1111-4222-8333-444444444444 >/proc/sys/kernel/random/boot_id
run policy none --set swappiness=70
echo 99999999-1111-4222-8333-444444444444 >/proc/sys/kernel/random/boot_id
echo 42 >/proc/sys/vm/swappiness
run policy restore
is "$status" 0 "a log from before a reboot"
like "$out" 'nothing to restore' "is nothing to restore"
is "$(cat /proc/sys/vm/swappiness)" 42 "what came after the reboot stays"
is "$(find /run/tier -type f ! -name lock)" "" "the log is removed"
done_testing
