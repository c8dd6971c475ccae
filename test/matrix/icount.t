#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Time counted in instructions: two runs with one seed are one run, and that
# on a host with other things to do.
# timeout: 1500

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=$PWD/build/test/out/icount MEM=512M CXL_MEM=512M
rm -rf "$OUT"
mkdir -p "$OUT"

for i in 1 2; do
	status=0
	./build.sh run --name "run$i" --icount --count --once gups 64M node1 --hot 8M \
		--duration 6 --policy numab --timeline 500ms \
		>"$OUT/run$i.txt" 2>&1 </dev/null || status=$?
	is "$status" 0 "run $i passed" || diag "$(tail -n 5 "$OUT/run$i.txt")"
done

# rows RUN FILTER: of the timeline, a line a row
rows()
{
	jq -r "select(.record == \"timeline\") | $2" "$OUT/$1/records.jsonl"
}

is "$(rows run2 .near_share)" "$(rows run1 .near_share)" \
	"row by row the same near share: $(rows run1 '.near_share * 100 | floor' |
		tr '\n' ' ')"
ok "of which some is neither 0 nor 1: it moved" \
	[ "$(rows run1 .near_share | sort -u | wc -l)" -ge 2 ]
is "$(jq -c 'select(.record == "moves") | .whole.numa_promoted' \
	"$OUT/run2/records.jsonl")" \
	"$(jq -c 'select(.record == "moves") | .whole.numa_promoted' \
		"$OUT/run1/records.jsonl")" "the same pages promoted"
is "$(rows run2 .updates_per_s)" "$(rows run1 .updates_per_s)" \
	"every row has the same rate: $(rows run1 .updates_per_s | tail -n 1)"
ok "by counts, too" [ "$(rows run1 '.modelled_updates_per_s | values' | wc -l)" \
	-ge 10 ]
is "$(rows run2 .modelled_updates_per_s)" "$(rows run1 .modelled_updates_per_s)" \
	"and the same modelled one: $(rows run1 .modelled_updates_per_s | tail -n 1)"
is "$(cat "$OUT/run2/records.jsonl")" "$(cat "$OUT/run1/records.jsonl")" \
	"all records are the same"

# What a policy costs the guest, the first after the boot: without the time in
# which the emulator translates the kernel's code for the first time
status=0
./build.sh run --name both --icount --once gups 64M node1 --updates 1x \
	--policy both >"$OUT/both.txt" 2>&1 </dev/null || status=$?
is "$status" 0 "a run under both passed" || diag "$(tail -n 5 "$OUT/both.txt")"
for record in policy restore; do
	seconds=$(jq -r "select(.record == \"$record\") | .elapsed_s" \
		"$OUT/both/records.jsonl")
	ok "$record: $seconds s, of 0.05 at most" \
		awk -v s="${seconds:-1}" 'BEGIN { exit !(s < 0.05) }'
done

done_testing
