#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The pages doc/my-*.md: their commands are run as they stand, but for where the
# results go.  PAGES="my-policy" runs that one alone.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=build/test/out/pages
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rm -rf "$OUT"
mkdir -p "$OUT"

# commands PAGE: what is indented in it
commands()
{
	sed -nE 's/^    //p' "doc/$1.md" | sed -E "s,(^|[^-[:alnum:]])out(/| ),\\1$OUT\\2,g"
}

# follow PAGE
follow()
{
	local status=0

	commands "$1" >"$tmp/$1"
	ok "$1: there are commands" [ "$(wc -l <"$tmp/$1")" -gt 5 ]
	bash -eu "$tmp/$1" >"$tmp/$1.txt" 2>&1 </dev/null || status=$?
	is "$status" 0 "$1: all of them" || diag "$(tail -n 40 "$tmp/$1.txt")"
}

for page in doc/my-*.md; do
	page=$(basename "$page" .md)
	[[ " ${PAGES:-$page} " = *" $page "* ]] || continue
	follow "$page"
	like "$(<"$OUT/latest/verdict")" '^passed' "$page: its last run"
	[[ $page != my-policy ]] ||
		like "$(cat "$OUT"/mine/report.md)" 'slow' "$page: compared"
	[[ $page != my-program ]] ||
		like "$(cat "$OUT"/reads/report.md)" 'ns a read' "$page: compared"
done
done_testing
