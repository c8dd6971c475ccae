#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The heat of a program whose pattern is published (test/guest/heat.c), on two
# virtual CPUs, its pages by turns on both nodes: to the access what the pattern
# says, also of pages that are moved 300 times a second and of large ones, and the
# oracle's figures those that follow from it.  Then an oracle's own placement,
# which has to come to what is the best.
#
# long: 90

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh
# shellcheck source=test/lib/heat.sh
. test/lib/heat.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pages=64

boot_heat heat
patterns
so damon damon_view 'map(select(.start | length > 1)) | length >= 2 and
	all((.start | length) == (.size_bytes | length) and
		(.start | length) == (.access_rate | length) and
		(.access_rate | all(. >= 0 and . <= 1)))' \
	"what DAMON sees, a record a row, side by side"
hints='map(select(.start | length > 0)) | length >= 1 and
	all((.start | length) == (.latency_ms | length) and
		(.start | length) == (.to | length) and .lost == 0 and
		(.start | all(. % 4096 == 0)) and
		([.latency_ms, .to] | transpose | all(
			(.[0] == null) != (.[1] == null))) and
		(.latency_ms | all(. == null or . < 60000)))'
so hints hint_view "$hints" "each hint fault, with its latency, or a move"
# As the kernel counts them; what comes behind the last row is in no record
seen=$(list hints hint_view 'map(.latency_ms | map(select(.)) | length) | add')
moved=$(list hints hint_view 'map(.to | map(select(.)) | length) | add')
faults=$(of hints counters .timed.total.numa_hint_faults)
moves=$(of hints counters .timed.total.pgmigrate_success)
diag "seen $seen of $faults hint faults, $moved of $moves moves"
ok "which are those that the kernel counts" [ "$seen" -gt 0 -a "$seen" -le \
	$((faults + 64)) -a $((seen * 10)) -ge $((faults * 9)) ]
ok "and so are the moves" [ "$moved" -gt 0 -a "$moved" -le $((moves + 64)) -a \
	$((moved * 10)) -ge $((moves * 9)) ]
so hints closing '.[-1].doubts | any(startswith("a probe (--heat) took time"))' \
	"what that costs is said to be doubtful"
so damon closing '.[-1].doubts | all(startswith("a probe") | not)' \
	"and where none was, nothing"
so damon bookkeeping 'all(.kdamond_cpu_s > 0 and .kswapd_cpu_s >= 0)' \
	"and what that took it"
is "$(record pmu '[.ranges[].timed | .table == null and .user.loads >= 0] |
	all and length > 1')" true "tier run has the plugin's counts, of no table"

# All of the run: a row is the time between two readings of the counters
./build.sh heat "$run" --all --dram 64k --csv "$tmp/csv" --pages "$tmp/pages" \
	>"$tmp/text" || diag "$(cat "$tmp/text")"
t=$(word still row)
of_row()
{
	awk -F, -v t="$t" -v key="$1" 'NR == 1 { for (i = 1; i <= NF; i++)
		if ($i == key) at = i } $1 == t { print $at }' "$tmp/csv"
}
# counts FIRST STEP: of pages FIRST, FIRST + STEP, ..., one a line
counts()
{
	local i

	for ((i = $1; i < pages; i += $2)); do
		echo $((2 * (100000 + 1000 * i)))
	done
}
awk -F, -v t="$t" '$1 == t && $4 > 100000 { print $4 }' "$tmp/pages" |
	sort -n >"$tmp/got"
is "$(cat "$tmp/got")" "$(counts 0 1)" "each page's loads, to the access"
is "$(awk -F, -v t="$t" '$1 == t && $4 > 100000 { print $5 }' \
	"$tmp/pages" | sort | uniq -c | xargs)" "$pages 1" "and its one store"
is "$(awk -F, -v t="$t" '$1 == t && !$3 && $4 > 100000 { print $4 }' \
	"$tmp/pages" | sort -n | wc -l)" $((pages / 2)) "half of them far"

# By hand: the best are the last 16 pages; what is far is all of the pattern
best=$(counts $((pages - 16)) 1 | awk '{ s += $1 + 1 } END { print s }')
is "$(of_row best)" "$best" "the oracle: the 16 hottest pages"
far=$(awk -F, -v t="$t" '$1 == t && !$3 { s += $4 + $5 } END { print s }' \
	"$tmp/pages")
is "$(($(of_row accesses) - $(of_row near)))" "$far" \
	"served: all but what is far"
even=$(counts 0 2 | awk '{ s += $1 + 1 } END { print s }')
odd=$(counts 1 2 | awk '{ s += $1 + 1 } END { print s }')
diag "far $far; the pattern's: $even or $odd"
((far >= odd)) || odd=$even
ok "which is every second page of the pattern, and little else" \
	[ $((far - odd)) -ge 0 -a $(((far - odd) * 1000)) -lt "$odd" ]
is "$(of_row regret)" "$(($(of_row best) - $(of_row near)))" "the regret"
# Of 64 pages with 200001 to 326001 accesses, and little else
all=$(of_row accesses)
for part in 50 80; do
	n=$(counts 0 1 | sort -rn | awk -v want="$((all * part))" \
		'{ s += 100 * ($1 + 1); n++ } s >= want { print n; exit }')
	is "$(of_row "pages_$part")" "$n" "$part % of them are in so many pages"
done
ok "a picture" grep -q '</svg>' "$run/heat.svg"

# All of a table far, an eighth of it hot, and near less free than the table has
# A slow host has no time for a round in three seconds: then three times as long
for seconds in 12 36; do
	MEM=512M CXL_MEM=256M SMP=2 boot oracle --heat --once gups 128M node1 \
		--hot 8M --hot-at scattered --hot-rate 99% \
		--hog node0:free=96M --duration "$seconds" --policy oracle
	is "$status" 0 "policy oracle: it ran"
	(($(record oracle .rounds) < 4)) || break
done
is "$(jq 'select(.record == "oracle") | .promoted >= 2048 and
	.pages >= 32768 and .failed * 20 < .promoted' "$run/records.jsonl")" true \
	"its record: hot pages were moved" ||
	diag "$(grep '"record":"oracle"' "$run/records.jsonl")"
./build.sh heat "$run" --json "$tmp/json" >"$tmp/text" ||
	diag "$(cat "$tmp/text")"
diag "$(cat "$tmp/json")"
# Of the same time, and of the same misses: those of pages and those in no page
is "$(awk '$1 == "misses" { pages = $2 } $1 == "counters" { sums = $2 }
	END { d = pages - sums; print (pages > 0 && sums > 0 &&
		d * 1000 <= sums && -d * 1000 <= sums) }' "$tmp/text")" 1 \
	"the pages' misses are the counters', to one in a thousand"
is "$(jq '.efficiency_late >= 0.95 and .near_share <= 1' "$tmp/json")" true \
	"in the second half it serves 95 % of the best that could be"
# Where a call comes to its end early, the kernel does not say what it moved;
# and a page that two processes share has come where it is for both
is "$(jq -s 'map(select(.record == "moves"))[0].whole.syscalls as $moved |
	(map(select(.record == "oracle"))[0] | .promoted + .demoted) as $said |
	$moved >= 0.95 * $said and $moved <= 1.05 * $said' "$run/records.jsonl")" true \
	"who moved what: these, by system calls"
done_testing
