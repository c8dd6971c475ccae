#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The experiments of the customer at an eighth of their size: the shape of
# their tables, not their figures.
# timeout: 2700

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=$PWD/build/test/out/experiments
rm -rf "$OUT"

# asked NAME: sets dir; it ran, and all cells passed
asked()
{
	local status=0

	./build.sh experiment "$1" --scale 1/8 >"$OUT.$1.txt" 2>&1 </dev/null ||
		status=$?
	is "$status" 0 "$1: all cells passed" || diag "$(tail -n 20 "$OUT.$1.txt")"
	dir=$OUT/$1
}

# count CELL COUNTER
count()
{
	awk -F, -v cell="\"$1\"" -v counter="\"$2\"" \
		'$1 == cell && $3 == counter { print $4 }' "$dir/counters.csv"
}

# value CELL METRIC
value()
{
	awk -F, -v cell="\"$1\"" -v metric="\"$2\"" \
		'$1 == cell && $2 == metric { print $5 }' "$dir/summary.csv"
}

mkdir -p "${OUT%/*}"

# --- GUPS under NUMA balancing -------------------------------------------------

asked cxl-gups
for counter in pgpromote_success pgdemote_kswapd pgdemote_direct numa_miss; do
	is "$(count 1G "$counter")" 0 "1G fits: $counter"
done
for cell in 1G-hog 7G; do
	ok "$cell spills: numa_miss $(count $cell numa_miss)" \
		[ "$(count $cell numa_miss)" -gt 0 ]
	is "$(count $cell numa_foreign)" "$(count $cell numa_miss)" \
		"$cell: numa_foreign is the same"
	ok "$cell: kswapd demotes $(count $cell pgdemote_kswapd)" \
		[ "$(count $cell pgdemote_kswapd)" -gt 0 ]
	ok "$cell: NUMA balancing promotes $(count $cell pgpromote_success)" \
		[ "$(count $cell pgpromote_success)" -gt 0 ]
done
for cell in 1G 5G 1G-hog 7G; do
	is "$(value $cell errors)" 0 "$cell: 0 errors"
done
is "$(value 1G near_mean) $(value 5G near_mean)" "100 100" "all of it is near"
ok "7G: nearly all of it ($(value 7G near_mean) %)" \
	awk -v v="$(value 7G near_mean)" 'BEGIN { exit !(v > 80 && v < 100) }'

# --- HMSDK against NUMA balancing ----------------------------------------------

asked hmsdk
# theirs: zeros in the counters of NUMA balancing, whatever DAMON did
for cell in hmsdk hmsdk-tiers; do
	for counter in pgpromote_success numa_pages_migrated; do
		is "$(count $cell "$counter")" 0 "$cell: $counter"
	done
	ok "$cell: DAMON moved pages all the same" \
		awk -v v="$(value $cell migrated_mib)" 'BEGIN { exit !(v > 1) }'
done
# one tier, as they had it, and two
for cell in numab neither neither-tiers; do
	is "$(count $cell pgpromote_success)" 0 "$cell: nothing is promoted"
	is "$(count $cell pgdemote_kswapd)" 0 "$cell: nothing is demoted"
done
ok "numab-tiers: it is, with two tiers" \
	[ "$(count numab-tiers pgpromote_success)" -gt 0 ]
is "$(value neither migrated_mib)" 0 "neither: no page moves"
for cell in hmsdk numab both neither; do
	is "$(value $cell errors) $(value $cell-tiers errors)" "0 0" \
		"$cell: 0 errors"
	ok "$cell: spills to node 1: numa_miss $(count $cell numa_miss)" \
		[ "$(count $cell numa_miss)" -gt 0 ]
done

done_testing
