#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real cells that are the same, in real guests: an experiment of four, five
# runs each, calls none of them different; a fifth, all near, it does.
# timeout: 1800

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=$PWD/build/test/out/identical
rm -rf "$OUT"
mkdir -p "$OUT"

cat >"$OUT/same.exp" <<'END'
title      The same four times, and another one
topology   numa
mem        512M
cxl_mem    512M
latency    cxl=+1us
common     --duration 2 --threads 2
cell       one    gups 64M interleave:0,1
cell       two    gups 64M interleave:0,1
cell       three  gups 64M interleave:0,1
cell       four   gups 64M interleave:0,1
cell       other  gups 64M node0
rank       modelled_updates_per_s
END
status=0
./build.sh experiment "$OUT/same.exp" --repeat 5 >"$OUT/said" 2>&1 </dev/null ||
	status=$?
is "$status" 0 "all cells passed" || diag "$(tail -n 20 "$OUT/said")"
diag "$(grep -A12 'By modelled_updates_per_s' "$OUT/same/report.md")"

# ranks: "CELL FIRST LAST", every rank that the cell may have
ranks()
{
	jq -r '.ranking[] | "\(.cell) \(.first) \(.last)"' \
		"$OUT/same/report.json"
}
is "$(ranks | sort)" "$(printf '%s 2 5\n' four one three two | sed '2a other 1 1')" \
	"the four are told from the other, and not from each other"
done_testing
