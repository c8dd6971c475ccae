#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual, the completion, what is installed: each says what the program
# says of itself, all of it and nothing else.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# --- the manual ----------------------------------------------------------------

./build.sh man 2>"$tmp/err" || {
	diag "$(<"$tmp/err")"
	ok "the manual is made" false
	done_testing
}
# Whether other manuals are installed is the machine's affair
is "$(mandoc -T lint build/tier.8 2>&1 |
	grep -v 'referenced manual not found\|outdated mandoc.db')" "" \
	"mandoc: clean"
mandoc -T utf8 build/tier.8 | col -b >"$tmp/page"
is "$(grep -c '@[A-Z]*@' build/tier.8)" 0 "the manual: nothing left out"

# in_section NAME: its text
in_section()
{
	awk -v name="$1" '/^[A-Z]/ { on = $0 == name; next } on' "$tmp/page"
}

"$tier" --help | sed -nE '/^Options/q; s/^  ([a-z]+( [a-z]+)?)  +.*/\1/p' \
	>"$tmp/verbs"
ok "there are verbs" test "$(wc -l <"$tmp/verbs")" -gt 15
is "$(in_section VERBS | sed -nE 's/^   tier ([a-z]+( [a-z]+)?)( .*)?$/\1/p')" \
	"$(<"$tmp/verbs")" "the manual: every verb, and no other"
while read -r verb; do
	# shellcheck disable=SC2086
	"$tier" help $verb | grep -oE -- '^  (-., |    )--[a-z-]+' |
		grep -oE -- '--[a-z-]+'
done <"$tmp/verbs" | sort -u >"$tmp/options"
ok "there are options" test "$(wc -l <"$tmp/options")" -gt 50
is "$(grep -oE -- '^ *(-., )?--[a-z-]+( |$)' "$tmp/page" |
	grep -oE -- '--[a-z-]+' | sort -u)" "$(<"$tmp/options")" \
	"the manual: every option, and no other"
is "$(in_section FINDINGS |
	sed -nE 's/^     ([a-z-]+) \((broken|warning|note)\)$/\1/p')" \
	"$("$tier" check --list | sed -nE 's/^([a-z][a-z-]+) \(.*/\1/p')" \
	"the manual: every finding"
records=$(sed -n '/^\.Sh JSON RECORDS/,/^\.Sh F/p' build/tier.8)
is "$(sed -n 's/^\.It Sy //p' <<<"$records")" \
	"$(cat -- *.c */*.c | perl -0777 -ne \
		'print "$1\n" while /REPORT_RECORD\(\s*\w+,\s*"(\w+)"/g' | sort)" \
	"the manual: every record, and no other"
is "$(awk 'after { print $1 } { after = $0 == ".br" }' <<<"$records")" \
	"$("$tier" records --json | jq -r 'select(.record == "member").member')" \
	"the manual: every member of them"
is "$(in_section "EXIT STATUS" | grep -oE '^     [0-9]' | xargs)" "0 1 2 3" \
	"the manual: the statuses"
is "$(sed -nE 's/^tier check knows ([0-9]+) ways .*/\1/p' README)" \
	"$("$tier" check --list | grep -c '^[a-z]')" \
	"README: how many findings there are"
is "$(expand README HACKING CHANGES | awk 'length > 80')" "" \
	"README, HACKING, CHANGES: 80 columns"
is "$({ ./build.sh help; ./build.sh experiment --help; } |
	awk 'length > 79')" "" "help: 79"
# What DIAGNOSTICS refers to is there
in_section DIAGNOSTICS | grep -E '^	' |
	grep -oE '[a-z]+(-[a-z]+)+' | sort -u >"$tmp/named"
is "$("$tier" check --list | sed -nE 's/^([a-z][a-z-]+) \(.*/\1/p' |
	sort | comm -13 - "$tmp/named")" "" \
	"the manual: diagnostics name findings"

# --- troubleshooting -----------------------------------------------------------

page=doc/troubleshooting.md
# Below each message: what tier check calls it, and what to do
# shellcheck disable=SC2016
sed -nE '/^\* tier check:/,/^\* Do:/p' "$page" | grep -v '^\* Do:' |
	grep -oE '`[a-z]+(-[a-z]+)*`' | tr -d '`' | sort -u >"$tmp/explained"
"$tier" check --list | sed -nE 's/^([a-z][a-z-]+) \(.*/\1/p' | sort \
	>"$tmp/findings"
ok "troubleshooting: names findings" test "$(wc -l <"$tmp/explained")" -gt 30
is "$(comm -13 "$tmp/findings" "$tmp/explained")" "" \
	"troubleshooting: findings that exist"
is "$(awk '/^### / { if (title && !(named && todo)) print title
		title = $0; named = todo = 0 }
	/^\* tier check:/ { named = 1 }
	/^\* Do:/ { todo = 1 }
	END { if (!(named && todo)) print title }' "$page")" "" \
	"troubleshooting: each message has a finding or none, and what to do"
# What a row of the table quotes, or the error it names, stands on the page
"$tier" check --list --json | jq -r 'select(.record == "finding_row") |
	.finding as $name | "\(.found_by) \(.means)" |
	[match("\"([^\"]+)\"|\\b(E[A-Z]{3,})\\b"; "g").captures |
		map(.string | strings)[]] | .[] | "\($name)\t\(.)"' \
	>"$tmp/quoted"
ok "the table quotes messages" test "$(wc -l <"$tmp/quoted")" -gt 8
is "$(while IFS=$'\t' read -r name message; do
	# A word of /proc is not what anybody searches for
	[[ $message != "QEMU TCG" && $message != "CXL Window" ]] || continue
	grep -qxF "$name" "$tmp/explained" &&
		tr '\n' ' ' <"$page" | grep -qF "$message" ||
		echo "$name: $message"
done <"$tmp/quoted")" "" "troubleshooting: has each of them"
is "$(comm -23 "$tmp/named" "$tmp/explained")" "" \
	"troubleshooting: what the manual's diagnostics name"
is "$(grep -c 'doc/troubleshooting.md' README)" 1 "README: names the page"

is "$(while read -r verb; do
	# shellcheck disable=SC2086
	[[ $("$tier" $verb --help) = "$("$tier" help $verb)" ]] || echo "$verb"
done <"$tmp/verbs")" "" "tier VERB --help: as tier help VERB"

# --- installing ------------------------------------------------------------------

ok "install" env DESTDIR="$tmp/root" ./build.sh install /usr/local \
	2>"$tmp/err" || diag "$(<"$tmp/err")"
is "$(cd "$tmp/root" && find . -type f -printf '%m %P\n' | sort -k 2)" \
	"755 usr/local/bin/tier
644 usr/local/share/bash-completion/completions/tier
644 usr/local/share/doc/tier/troubleshooting.md
644 usr/local/share/man/man8/tier.8" "install: these files, these modes"
ok "install: the program" cmp "$tier" "$tmp/root/usr/local/bin/tier"
for word in '' relative; do
	status=0
	# shellcheck disable=SC2086
	./build.sh install $word >/dev/null 2>&1 || status=$?
	is "$status" 2 "install '$word': bad usage"
done

# --- the package -----------------------------------------------------------------

# Called by ok
# shellcheck disable=SC2317
quietly()
{
	"$@" >/dev/null 2>"$tmp/err"
}

ok "deb: made, and lintian finds no fault" quietly ./build.sh deb ||
	diag "$(<"$tmp/err")"
deb=$(echo "build/tier_$("$tier" --version | cut -d" " -f2)"_*.deb)
before=$(sha256sum <"$deb")
ok "deb: made again" quietly ./build.sh deb
is "$(sha256sum <"$deb")" "$before" "deb: the same, byte for byte"
ok "deb: unpacks" quietly dpkg-deb -x "$deb" "$tmp/deb"
ok "deb: the program" cmp "$tier" "$tmp/deb/usr/bin/tier"
is "$(zcat "$tmp/deb/usr/share/man/man8/tier.8.gz" | cksum)" \
	"$(cksum <build/tier.8)" "deb: the manual"
is "$(dpkg-deb -f "$deb" Version)" "$("$tier" --version | cut -d' ' -f2)" \
	"deb: the version"
is "$(dpkg-deb -f "$deb" Depends)" "" "deb: depends on nothing"

# --- completion --------------------------------------------------------------------

completion=$tmp/root/usr/local/share/bash-completion/completions/tier
ok "completion: shellcheck" shellcheck -s bash -e SC2034,SC2154 "$completion"

# complete WORDS...: what the last one may become
complete()
{
	# shellcheck disable=SC2016
	bash -c 'source "$1"
		shift
		COMP_WORDS=(tier "$@") COMP_CWORD=$#
		_tier
		printf "%s\n" "${COMPREPLY[@]}"' - "$completion" "$@" | sort
}

is "$(complete '')" "$(sed 's/ .*//' "$tmp/verbs" | sort -u)" \
	"completion: the verbs"
is "$(complete reg)" region "completion: a verb's beginning"
is "$(complete region '' | xargs)" "create destroy list" \
	"completion: second words"
is "$(complete --json --records x damon sta | xargs)" "start status" \
	"completion: behind options and their values"
is "$(complete help dam)" damon "completion: of help"
is "$(complete gups 1G --policy tp)" tpp "completion: policies"
is "$(complete policy hms | xargs)" "hmsdk hmsdk-fast" \
	"completion: policies to be set"
while read -r verb; do
	# shellcheck disable=SC2086
	[[ $(complete $verb --) = "$("$tier" help $verb |
		sed -nE 's/^  (    |-., )(--[a-z-]+)( .*)?$/\2/p' | sort)" ]] ||
		echo "$verb"
done <"$tmp/verbs" >"$tmp/odd"
is "$(<"$tmp/odd")" "" "completion: the options of every verb"
is "$(complete --f)" --force "completion: options before a verb"

done_testing
