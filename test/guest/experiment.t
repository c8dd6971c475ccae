#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A small experiment in real guests: it is stopped in the middle, goes on with
# two guests at once, and a cell that fails does not take the others with it.
#
# long: 60

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export OUT=$PWD/build/test/out/experiments
rm -rf "$OUT"

cat >"$tmp/small.exp" <<'X'
title    A hot set, and a cell that fails
mem      1G
cxl_mem  1G
dram_free 640M
common   --timeline 500ms
cell     none   gups {128M} node1 --hot {32M} --policy none --duration 4
cell     large  gups {4G} node1
cell     numab  gups {128M} node1 --hot {32M} --policy numab --set hot_threshold_ms=4000 --duration 8
X

# asked ARGUMENTS...: sets said and status
asked()
{
	status=0
	said=$(timeout 300 ./build.sh experiment "$tmp/small.exp" --scale 1/2 \
		"$@" 2>&1 </dev/null) || status=$?
}

dir=$OUT/small

# --- what is planned ---------------------------------------------------------

asked --cells
is "$status" 0 "--cells: status 0"
is "$(grep -c ' ./build.sh run --name ' <<<"$said")" 3 "a command a cell"
like "$said" "MEM=512M CXL_MEM=512M .* --name none.1 --once \
--hog node0:free=320M,lock gups 64M node1 --hot 16M" "sizes are scaled"
rm -rf "$OUT"
asked --repeat 2 --cells --kernel 7.3
is "$(grep -c -- '--seed 1' <<<"$said")" 3 "repeats have seeds of their own"
is "$(grep -c 'env KERNEL=7.3 ' <<<"$said")" 6 "and the kernel that was wanted"
asked --scale 1/3 --cells
is "$status" 2 "a scale that makes no region: status 2"
like "$said" 'no multiple of 256M.*take another --scale' "it says so"
asked --scale 999
is "$status" 3 "more memory than there is: status 3"
like "$said" 'a guest has [0-9]+ MiB; this machine has [0-9]+ free: try --scale 1/' \
	"it says how much, and what to try"
sed -i 's/--timeline 500ms/--timeline 5x/' "$tmp/small.exp"
asked
is "$status" 2 "what tier does not know: status 2"
like "$said" 'small.exp:6:17: .*5x' "its line and column"
sed -i 's/--timeline 5x/--timeline 500ms/' "$tmp/small.exp"
rm -rf "$OUT"
asked --dry-run --repeat 2
is "$status" 0 "--dry-run: status 0"
like "$said" '6 runs, about [0-9]+ (s|min)' "it says how long it takes"
ok "and leaves nothing" [ ! -e "$dir" ]

# --- stopped, and gone on with -----------------------------------------------

./build.sh experiment "$tmp/small.exp" --scale 1/2 >"$tmp/said" 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 1200; i++)); do
	[[ ! $(cat "$dir/cells/none.1/verdict" 2>/dev/null) = passed ]] || break
	sleep 0.1
done
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
is "$status" 1 "stopped: status 1"
like "$(<"$tmp/said")" 'interrupted; --resume goes on' "it says how to go on"
is "$(cat "$dir/cells/none.1/verdict")" passed "what was measured is kept"
like "$(<"$dir/report.md")" 'none' "and reported"
first=$(stat -c %Y "$dir/cells/none.1/records.jsonl")
asked --repeat 2 --resume
is "$status" 2 "to go on with other options: status 2"
asked --resume --jobs 2
is "$status" 1 "one cell fails: status 1"
is "$(cat "$dir/cells/numab.1/verdict")" passed "the others do not"
like "$(cat "$dir/cells/large.1/verdict")" '^failed: .*' "the verdict says why"
like "$said" 'FAILED +large.1: failed: ' "the report, too"
is "$(stat -c %Y "$dir/cells/none.1/records.jsonl")" "$first" \
	"what was done was not done again"
like "$said" 'of 3 done' "it says how far it is"
like "$said" 'large.1 begins[^:]* numab.1 begins' "two guests at once"

# --- what it says ------------------------------------------------------------

# value CELL METRIC
value()
{
	awk -F, -v cell="\"$1\"" -v metric="\"$2\"" \
		'$1 == cell && $2 == metric { print $5 }' "$dir/summary.csv"
}

is "$(value none near_end)" 0 "none: the hot set stays on node 1"
ok "numab: it came near ($(value numab near_end) %)" \
	awk -v v="$(value numab near_end)" 'BEGIN { exit !(v > 50) }'
is "$(value none errors) $(value numab errors)" "0 0" "0 errors"
ok "numab promoted" awk -v v="$(value numab promoted_mib)" \
	'BEGIN { exit !(v >= 8) }'
is "$(value large updates_per_s)" "" "no figure of what failed"
is "$(jq -r '.[] | select(.cell == "none") | .gups.errors' \
	"$dir/results.json")" 0 "results.json has the records"
is "$(grep -c '<svg' "$dir/index.html")" 4 "index.html has the pictures"
like "$(<"$dir/index.html")" '&quot;kernel&quot;|"kernel"' "and the manifest"
like "$(<"$dir/report.md")" 'One run a cell, so nothing is ranked' \
	"one run each is not ranked"

done_testing
