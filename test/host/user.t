#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier as a plain user: what needs no root works, what does says so; and as a
# set-uid program, which it is not to be.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

((EUID == 0)) || skip_all "to give root up it must be had"
tmp=$(mktemp -d)
# Where a user finds it, whoever's this directory is
bin=$(mktemp -d /tmp/tier-user.XXXXXX)
trap 'rm -rf "$tmp" "$bin"' EXIT
install -m 755 build/tier "$bin/tier"
install -d -m 777 "$bin/home"
chmod 755 "$bin"

# user COMMAND...: as nobody, in a directory of its own; sets status, out, err
user()
{
	status=0
	(cd "$bin/home" && exec timeout 60 setpriv --reuid 65534 \
		--regid 65534 --clear-groups "$@") >"$tmp/out" 2>"$tmp/err" \
		</dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# --- what works ------------------------------------------------------------------

user "$bin/tier" status
is "$status $err" "0 " "status"
like "$out" '0 .*DRAM' "status: the nodes"
like "$out" 'DAMON .*(only root may look|absent)' "status: DAMON is root's"
user "$bin/tier" check
like "$status" '^[01]$' "check"
like "$out" 'unread .*only root may look' "check: what is root's"
user "$bin/tier" vmstat 0.1 2
is "$status $err" "0 " "vmstat"
is "$(wc -l <<<"$out")" 4 "vmstat: its rows"
user "$bin/tier" --once gups 4M --threads 1
is "$status $err" "0 " "gups"
like "$out" 'Found 0 errors' "gups: verified"
like "$out" 'counters could not be folded' "gups: what needs root is said"
user "$bin/tier" --once latency --size 16k --duration 50ms
is "$status $err" "0 " "latency"
user "$bin/tier" run --timeline off id -u
is "$status" 0 "run"
like "$out" $'(^|\n)65534($|\n)' "run: as the user"
user "$bin/tier" policy list
is "$status" 0 "policy list"
user "$bin/tier" policy show
is "$status" 0 "policy show"

# --- what does not, and why --------------------------------------------------------

while read -r words; do
	# shellcheck disable=SC2086
	user "$bin/tier" $words
	ok "$words: refused" test "$status" -ne 0
	like "$err" '(root|not permitted|denied|no CXL|lower tier|lacks|needs)' \
		"$words: says why"
done <<'END'
region create
policy none
policy numab
policy restore
damon start -g -d 0 1
--once gups 4M --policy none
END

# --- nothing left for others ---------------------------------------------------------

user "$bin/tier" status --records "$bin/home/records"
is "$(stat -c %U:%a "$bin/home/records")" nobody:644 "records: the user's own"
install -d -m 700 "$bin/secret"
user "$bin/tier" status --records "$bin/secret/records"
is "$status" 1 "records where the user may not write: refused"
is "$(find /run/tier -type f ! -name lock -perm /077 2>/dev/null)" "" \
	"the logs below /run/tier are root's alone"

# --- set-uid ---------------------------------------------------------------------------

chmod 4755 "$bin/tier"
if ! findmnt -no OPTIONS --target "$bin" | grep -qw nosuid; then
	install -m 4755 "$(command -v id)" "$bin/id"
	user "$bin/id" -u
	is "$out" 0 "set-uid works here at all"
	user "$bin/tier" run --timeline off id -u
	like "$out" $'(^|\n)65534($|\n)' "set-uid: what it runs is the user's"
	user "$bin/tier" status --records "$bin/home/setuid"
	is "$(stat -c %U "$bin/home/setuid")" nobody \
		"set-uid: files are the user's"
	user "$bin/tier" status --records "$bin/secret/records"
	is "$status" 1 "set-uid: root's directories stay closed"
	printf '#!/bin/sh\n%s -u >%s\n' "$(command -v id)" \
		"$bin/home/who" >"$bin/home/id"
	chmod 755 "$bin/home/id"
	user env PATH="$bin/home:$PATH" "$bin/tier" run --timeline off id
	is "$(cat "$bin/home/who")" 65534 "set-uid: PATH leads nowhere as root"
	user "$bin/tier" policy none
	ok "set-uid: changes nothing" test "$status" -ne 0
else
	skip "set-uid" "/tmp is mounted nosuid"
fi

done_testing
