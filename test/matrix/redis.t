#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# README's second example: redis, of Debian's package, under three policies with
# injected latency, of which one is the file that README has.  Each has its figure;
# without a policy nothing is moved, and with one the kernel moves pages.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

mkdir -p "$OUT"
sed -n '/^    cat >mine\.policy <<END$/,/^    END$/{//d;s/^    //p}' README \
	>"$OUT/mine.policy"
is "$(wc -l <"$OUT/mine.policy")" 5 "README has a policy of five lines"

for policy in none numab "$OUT/mine.policy"; do
	file=$policy policy=$(basename "$policy" .policy)
	boot "redis-$policy" --package redis-server --package numactl \
		--latency cxl=+250ns --script doc/redis.sh --out /results \
		--policy "$file"
	is "$status $verdict" "0 passed" "$policy: passed"
	rate=$(awk -F'"' '/^"get/ { print $4 }' "$run/files/results/measured.csv")
	ok "$policy: $rate reads a second" \
		awk -v rate="$rate" 'BEGIN { exit !(rate > 100) }'
	read -r near far <"$run/files/results/measured.pages"
	ok "$policy: the cold ones stay on node 1 ($far)" [ "${far:-0}" -gt 40000 ]
	if [[ $policy = none ]]; then
		ok "none: and so do the hot ones ($near)" [ "$near" -lt 1000 ]
	else
		# 5000 values of a page
		ok "$policy: the hot ones have come ($near)" \
			[ "$near" -gt 4000 ]
	fi
done
done_testing
