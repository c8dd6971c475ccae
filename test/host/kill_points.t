#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whenever all of tier is killed with SIGKILL while it changes something, tier
# policy restore takes all of it back: at each system call that changes
# something, of each of these commands, and of restore itself.  On a captured
# tree; test/matrix/kill_points.t does so in a kernel.
#
# long: 60
# timeout: 600

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/fake.sh
. test/lib/fake.sh

tmp=${FAKE:-$(mktemp -d)}
fake_begin test/fixtures/policy-6.12.txt "$tmp"
trap 'rm -rf "$tmp"' EXIT
tier=$PWD/build/tier
points=0

gcc -O1 -o "$tmp/kill_at" test/kill_at.c || exit 1
snapshot >"$tmp/before"

# kill_at N WORDS...: of tier's
kill_at()
{
	local n=$1

	shift
	timeout 60 "$tmp/kill_at" --files "$n" "$tmp/count" "$tier" "$@" \
		>"$tmp/out" 2>&1 </dev/null
}

# restored NAME: is all as it was before?
restored()
{
	kill_at 0 policy restore || {
		bad+="$1: restore: status $?"$'\n'$(<"$tmp/out")$'\n'
	}
	snapshot >"$tmp/after"
	cmp -s "$tmp/before" "$tmp/after" ||
		bad+="$1:"$'\n'$(diff "$tmp/before" "$tmp/after")$'\n'
}

# each WORDS...: killed at each of its changes
each()
{
	local n all bad='' before=${first:-}

	for ((n = 1; ; n++)); do
		# shellcheck disable=SC2086
		[[ ! $before ]] || kill_at 0 $before
		kill_at "$n" "$@"
		# It ended before that one
		(($? == 137)) || break
		restored "killed at change $n"
	done
	all=$((n - 1))
	points=$((points + all))
	restored "to its end"
	is "${bad:0:400}" "" "tier $*${before:+, after tier $before}: killed at each of \
its $all changes, all is put back"
	ok "tier $*: there are enough of them" test "$all" -ge "${least:-20}"
}

for policy in none numab tpp interleave; do
	each policy "$policy"
done
# On files DAMON cannot be started: that is one more way to fail half-way
for policy in hmsdk both; do
	each policy "$policy"
done
least=5 each damon start -g --demote 0 1 --promote 1 0
first="policy numab" each policy tpp
first=
each run --timeline off --policy numab true
each --once gups 1M --tlb-refresh off --timeline off --duration 50ms \
	--policy tpp --set swappiness=10
least=10 first="policy numab --set swappiness=10" each policy restore
least=10 first="policy interleave" each policy restore

diag "$points points in all"
done_testing
