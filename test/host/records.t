#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# last: it looks at what the others have left
#
# Every member of every record that a test has seen is described as tier
# records has it, with its type; and of what is described there is none that
# nobody writes.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What no guest's test prints: each of these is a second, or less
record()
{
	"$tier" --records "$tmp/$((++number)).jsonl" "$@" >"$tmp/out" 2>&1
}
record records
record check --list
record policy list
printf 'start = ./x\n' >"$tmp/x.policy"
record policy show "$tmp/x.policy" --file
record --once gups 4M node0 --against any --zipf 0.5 --window 50ms --rounds 2
record --once gups 4M node0 --against any --hot 1M --window 50ms --rounds 2
record gups 4M node4096k
record capture "$tmp/captured"
test/unpack test/fixtures/policy-7.3.txt "$tmp/tree"
record --root "$tmp/tree" --dry-run policy hmsdk --set swappiness=1
record --root "$tmp/tree" status
record --root "$tmp/tree" check
test/maketree - "$tmp/tiers" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 distance=10,20,30 tier=4
node 1 size=8G distance=20,10,20 tier=22
node 2 size=8G distance=30,20,10 tier=40
END
record --root "$tmp/tiers" status

"$tier" records --json >"$tmp/schema"
is "$(jq -r 'select(.record == "member") | select((.meaning == "" and
	(.unit // "") == "") or (.type == "number" and .unit == null)) |
	"\(.of).\(.member)"' "$tmp/schema")" "" \
	"a number has a unit, and what has none a meaning"

mapfile -t files < <(find build/test/out -name records.jsonl -o \
	-name console.log 2>/dev/null)
test/records "$tmp/schema" "$tmp/schema" "$tmp"/*.jsonl "${files[@]}" \
	>"$tmp/held" || true
is "$(grep ^undescribed "$tmp/held")" "" "each member is described"
ok "and there are some" test "$(grep -c . "$tmp/1.jsonl")" -gt 300
if [[ ${WHOLE:-} ]]; then
	is "$(grep ^unwritten "$tmp/held")" "" "each description is of something"
else
	skip "each description is of something" "not all tests were run"
fi

# It can fail
printf '%s\n' '{"record":"end","seq":1,"verdict":7,"other":"x"}' \
	'{"record":"nobody","seq":2}' >"$tmp/wrong"
is "$(test/records "$tmp/schema" "$tmp/wrong" | grep ^undescribed)" \
	"undescribed end.other = 'x'
undescribed end.verdict = 7
undescribed nobody: no such record" "what is not described is found"

done_testing
