#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The policies of experiments/policies.exp, smaller, twice: on the host as it is,
# and with something that computes on each of its CPUs beside it.  Time is counted
# in instructions, so that the load is not in it: every figure of every cell is the
# same, to the last digit, and with them the ranks.  That the load was there is
# seen by how long it took.
# timeout: 1800
# alone: it loads all CPUs

# awk has variables, too
# shellcheck disable=SC2016

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=$PWD/build/test/out/ranking
rm -rf "$OUT"
mkdir -p "$OUT"
sed 's/--duration 45/--duration 9/; s/--move-hot 15s/--move-hot 3s/' \
	experiments/policies.exp >"$OUT/ranking.exp"
hogs=()
trap '((${#hogs[@]} == 0)) || kill "${hogs[@]}"' EXIT

# figures NAME: of all cells, "CELL.REPEAT METRIC FIGURE", and the ranks
figures()
{
	local status=0 begin=$SECONDS

	./build.sh experiment "$OUT/ranking.exp" --scale 1/4 --repeat 2 --jobs 1 \
		>"$OUT/$1.txt" 2>&1 </dev/null || status=$?
	is "$status" 0 "$1: all cells passed" || diag "$(tail -n 20 "$OUT/$1.txt")"
	took=$((SECONDS - begin))
	jq -c 'select(.record | IN("gups", "modelled", "counters", "timeline")) |
		del(.seq)' "$OUT"/ranking/cells/*/records.jsonl >"$OUT/$1.records"
	awk -F'|' '/^## By/ { on = 1 } /^## / && on++ > 1 { exit }
		on && NF > 6 { print $3, $4, $(NF - 1) }' \
		"$OUT/ranking/report.md" >"$OUT/$1.ranks"
}

figures quiet
quiet=$took
is "$(grep -c '"record":"modelled"' "$OUT/quiet.records")" 16 \
	"of seven cells and the reference, twice, there is a modelled rate"
for ((i = 2 * $(nproc); i > 0; i--)); do
	(while :; do :; done) &
	hogs+=($!)
done
figures loaded
kill "${hogs[@]}"
hogs=()

diag "$quiet s, and $took s with a load; ranks: $(paste -sd';' "$OUT/quiet.ranks")"
ok "the load was felt" [ $((took * 10)) -gt $((quiet * 13)) ]
ok "every record of the updates, of modelled time and of counters is the same" \
	cmp "$OUT/quiet.records" "$OUT/loaded.records" ||
	diag "$(diff "$OUT/quiet.records" "$OUT/loaded.records" | head -c 2000)"
is "$(cat "$OUT/loaded.ranks")" "$(cat "$OUT/quiet.ranks")" "and the ranks"
ok "there are ranks" [ "$(wc -l <"$OUT/quiet.ranks")" -ge 7 ]
done_testing
