#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Four policies of experiments/policies.exp, smaller, twice: on the host as it is,
# and with two things that compute on each of its CPUs beside it.  Time is counted
# in instructions, so that the load is not in it: each record of each cell's
# updates, counters, rows and modelled time is the same, to the last digit, and so
# are the ranks that are made of them.  That the load was there is seen by how
# long it took.
# timeout: 1800
# alone: it loads all CPUs

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=$PWD/build/test/out/ranking
rm -rf "$OUT"
mkdir -p "$OUT"
sed -E 's/--duration 45/--duration 6/; s/--move-hot 15s/--move-hot 3s/
	/^cell +(tpp|both|interleave)/d' experiments/policies.exp >"$OUT/ranking.exp"
hogs=()
trap '((${#hogs[@]} == 0)) || kill "${hogs[@]}"' EXIT

# figures NAME: the records of all cells, without their numbers
figures()
{
	local status=0 begin=$SECONDS

	./build.sh experiment "$OUT/ranking.exp" --scale 1/4 --jobs 1 \
		>"$OUT/$1.txt" 2>&1 </dev/null || status=$?
	is "$status" 0 "$1: all cells passed" || diag "$(tail -n 20 "$OUT/$1.txt")"
	took=$((SECONDS - begin))
	jq -c 'select(.record | IN("gups", "modelled", "counters", "timeline",
		"placement")) | del(.seq)' "$OUT"/ranking/cells/*.1/records.jsonl \
		>"$OUT/$1.records"
}

figures quiet
quiet=$took
is "$(grep -c '"record":"modelled"' "$OUT/quiet.records")" 4 \
	"each of the four has a modelled rate"
for ((i = 2 * $(nproc); i > 0; i--)); do
	(while :; do :; done) &
	hogs+=($!)
done
figures loaded
kill "${hogs[@]}"
hogs=()

diag "$quiet s, and $took s with the load"
ok "the load was felt" [ $((took * 10)) -gt $((quiet * 13)) ]
ok "each record is the same" cmp "$OUT/quiet.records" "$OUT/loaded.records" ||
	diag "$(diff "$OUT/quiet.records" "$OUT/loaded.records" | head -c 2000)"
done_testing
