#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The loops that are timed do not cross a 4 KiB page of code, which costs an
# emulator a search on every round: each function is no larger than its
# alignment, and that divides a page.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

./build.sh tier 2>/dev/null || exit 1
loops=0
# Those that are compiled for speed say so in a line
mapfile -t objects < <(grep -l '^/\* CFLAGS: ' -- *.c */*.c | sed 's/\.c$//')
for object in "${objects[@]}"; do
	while read -r name size align; do
		((++loops))
		ok "$name: $((16#$size)) bytes, aligned to $align" \
			[ "$((16#$size))" -le "$align" ]
		ok "$name: within a page" [ "$((4096 % align))" -eq 0 ]
	done < <(readelf -SW "$made/obj/$object.o" |
		sed 's/^ *\[ *[0-9]*\]//' |
		awk '$1 ~ /^\.text\./ && $NF >= 64 { print $1, $5, $NF }')
done
is "$(readelf -SW "$made/obj/bench/gups_loops.o" | awk '
	/ \.text\.(plain|batch|touch|ahead|checksum)_/ && $NF < 64')" "" \
	"every loop is aligned"
ok "there are some" [ "$loops" -ge 20 ]

like "$(test/instructions "$made/obj/bench/gups_loops.o")" \
	'slot_mask +plain +[0-9]' "they can be counted"

done_testing
