#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The fuzz targets, from the kept corpus, for a bounded number of executions:
# what has crashed once shall not again, and what is new is tried a little.
# Where they were compiled before, this takes 20 s.
#
# long: 30
# timeout: 400

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

fuzz=build/test/fuzz
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

COVERAGE="" make -s -j2 fuzz >"$tmp/make" 2>&1 || diag "$(<"$tmp/make")"

# TARGET EXECUTIONS LONGEST-INPUT
while read -r target runs length; do
	test/fuzz/pack --back "test/fuzz/corpus/$target.txt" "$tmp/$target"
	status=0
	# Leaks are looked for at the end alone: it would take most of the time
	"$fuzz/$target" -runs="$runs" -seed=1 -max_len="$length" -timeout=10 \
		-rss_limit_mb=1024 -artifact_prefix="$tmp/$target." \
		-detect_leaks=0 -close_fd_mask=3 "$tmp/$target" \
		>"$tmp/said" 2>&1 || status=$?
	is "$status" 0 "$target: no crash, no broken promise" || {
		diag "$(grep -v '^#' "$tmp/said" | head -n 40)"
		for input in "$tmp/$target."*; do
			[[ ! -f $input ]] || diag "$(od -A d -c "$input" | head -n 20)"
		done
	}
	done=$(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$tmp/said")
	ok "$target: $runs executions" test "${done:-0}" -ge "$runs"
done <<'END'
args 10000 400
words 30000 100
json 6000 4000
policy 6000 2000
files 3000 4000
yaml 10000 1000
undo 3000 1000
END

# Each target finds an error that is there: its own promises are kept by abort()
is "$(grep -L 'promise(' -- test/fuzz/*.c)" "" "every target has promises"
is "$(for file in test/fuzz/*.c; do
	name=$(basename "$file" .c)
	[[ -s test/fuzz/corpus/$name.txt ]] || echo "$name"
done)" "" "every target has a corpus"
test/fuzz/pack "$tmp/words" >"$tmp/again"
mkdir "$tmp/back"
test/fuzz/pack --back "$tmp/again" "$tmp/back"
is "$(cd "$tmp/back" && cksum -- * | cut -d' ' -f1,2 | sort -u)" \
	"$(cd "$tmp/words" && cksum -- * | cut -d' ' -f1,2 | sort -u)" \
	"a corpus packed and unpacked is the same"

done_testing
