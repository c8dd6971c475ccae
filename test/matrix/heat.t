#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The heat of a program whose pattern is published, on one virtual CPU and on two,
# of pages of 4 KiB and of 2 MiB, which stay and which are moved 300 times a second;
# and what is its own where another runs beside it.

# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh
# shellcheck source=test/lib/heat.sh
. test/lib/heat.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for cpus in 1 2; do
	SMP=$cpus boot_heat "heat-$cpus"
	patterns
done

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
done_testing
