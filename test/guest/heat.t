#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The heat of a program whose pattern is published (test/guest/heat.c), on two
# virtual CPUs, its pages by turns on both nodes: to the access what the pattern
# says, also of pages that are moved 300 times a second and of large ones, and the
# oracle's figures those that follow from it.  Then an oracle's own placement,
# which has to come to what is the best.

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

# The same program with another beside it, in cgroups of their own: the frames that
# it says it has are those of its cgroup, and none of the other's
MEM=512M CXL_MEM=512M boot frames --heat=rows,accesses --add "$tmp/heat:/heat" \
	--once run --frames --timeline 200ms \
	--with 'dd if=/dev/zero of=/dev/null bs=1M' /heat 64 stay
is "$status" 0 "tier run --frames: it ran"
tr -d '\r' <"$run/console.log" | sed -n 's/^frame 0 [0-9]* //p' | sort -n \
	>"$tmp/own"
# had CGROUP: frames that it had at some row
had()
{
	jq -r --arg name "$1" 'select(.record == "frames" and .cgroup == $name) |
		[.start, .pages] | transpose[] | (.[0] / 4096) as $at |
		range($at; $at + .[1])' "$run/records.jsonl" | sort -nu
}
ours=$(record run .cgroup)
other=$(record with .cgroup)
is "$(wc -l <"$tmp/own")" 64 "the program said where its pages are"
is "$(comm -13 <(had "$ours" | sort) <(sort "$tmp/own") | wc -l)" 0 \
	"its cgroup has them"
is "$(comm -12 <(had "$other" | sort) <(sort "$tmp/own") | wc -l)" 0 \
	"that of the program beside it has none"
ok "which has others" [ "$(had "$other" | wc -l)" -ge 64 ]
tr -d '\r' <"$run/console.log" | sed -n 's/^frame 0 //p' >"$tmp/pages"
# accesses CGROUP: how many of the program's pages have any, the least that one of
# them has more than the pattern says, the sum of that, and all accesses
accesses()
{
	./build.sh heat "$run" --all --cgroup "$1" --pages "$tmp/csv" \
		--svg "$tmp/svg" >"$tmp/text"
	python3 - "$tmp/pages" "$tmp/csv" <<-'END'
		import collections, csv, sys
		pages = {int(frame): int(i) for i, frame in
		         map(str.split, open(sys.argv[1]))}
		count = collections.Counter()
		for row in list(csv.reader(open(sys.argv[2])))[1:]:
		    count[int(row[1], 0) // 4096] += int(row[3])
		more = [count[frame] - 2 * (100000 + 1000 * i) - 1
		        for frame, i in pages.items()]
		print(sum(count[frame] > 0 for frame in pages), min(more), sum(more),
		      sum(count.values()))
	END
}
read -r pages _ _ _ < <(accesses "$other")
is "$pages" 0 "that beside it has none of the accesses to them"
read -r pages least more all < <(accesses "$ours")
is "$pages" 64 "its cgroup has some to each"
doubtful=$(sed -n 's/^cgroup .*; \([0-9.]*\) % of its own are .*/\1/p' "$tmp/text")
diag "page by page $least accesses or more, in all $more of $all, beside the" \
	"pattern's; $doubtful % may be another's"
ok "all of the pattern's, page by page" [ "$least" -ge 0 ]
# It is said to two digits
ok "and of others' no more than may be" awk -v more="$more" -v all="$all" \
	-v part="$doubtful" 'BEGIN { exit !(more <= all * (part + 0.006) / 100) }'
like "$(<"$tmp/text")" "cgroup     $ours: [0-9.]+ % of all accesses" "it is said"

# All of a table far, an eighth of it hot, and near less free than the table has
MEM=512M CXL_MEM=256M SMP=2 boot oracle --heat --once gups 128M node1 --hot 8M \
	--hot-at scattered --hot-rate 99% --hog node0:free=96M --duration 12 \
	--policy oracle
is "$status" 0 "policy oracle: it ran"
is "$(jq 'select(.record == "oracle") | .promoted >= 2048 and
	.pages >= 32768 and .failed * 20 < .promoted' "$run/records.jsonl")" true \
	"its record: hot pages were moved" ||
	diag "$(grep '"record":"oracle"' "$run/records.jsonl")"
./build.sh heat "$run" --json "$tmp/json" >"$tmp/text" ||
	diag "$(cat "$tmp/text")"
diag "$(cat "$tmp/json")"
late='.efficiency_late >= 0.95 and .near_share <= 1'
# Of a host too slow for a round in three seconds that cannot be asked
if (($(record oracle .rounds) < 4)); then
	skip "95 % of the best" "it came to $(record oracle .rounds) rounds"
else
	is "$(jq "$late" "$tmp/json")" true \
		"in the second half it serves 95 % of the best that could be"
fi
# Where a call comes to its end early, the kernel does not say what it moved;
# and a page that two processes share has come where it is for both
is "$(jq -s 'map(select(.record == "moves"))[0].whole.syscalls as $moved |
	(map(select(.record == "oracle"))[0] | .promoted + .demoted) as $said |
	$moved >= 0.95 * $said and $moved <= 1.05 * $said' "$run/records.jsonl")" true \
	"who moved what: these, by system calls"
done_testing
