#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier check as a command: on this machine, as root and not, and on captured
# trees; what is said around a run.  Each row by itself: check_test.c.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree

# run ARGUMENTS...: sets status, out and err
run()
{
	status=0
	timeout 60 "$tier" "$@" --records "$tmp/records" >"$tmp/out" \
		2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# records NAME FILTER: jq over all records of that name, as an array
records()
{
	jq -c -s "map(select(.record == \"$1\")) | $2" "$tmp/records" 2>&1
}

# levels: the levels of the findings, in their order, each once
levels()
{
	# shellcheck disable=SC2016
	records finding 'map(.level) | . as $l | reduce range(length) as $i
		([]; if $i > 0 and $l[$i] == $l[$i - 1] then .
		else . + [$l[$i]] end) | join(" ")' | tr -d '"'
}

here()
{
	local begin=$EPOCHREALTIME

	run check
	ok "this machine: in less than 2 s" \
		awk "BEGIN { exit !($EPOCHREALTIME - $begin < 2) }"
	is "$(records end '.[0].status')" "$status" "the status is recorded"
	is "$(jq -n "$(records check '.[0].broken') > 0")" \
		"$( ((status == 1)) && echo true || echo false)" \
		"status 1 if something is broken, else 0"
	is "$(records finding 'map(select(.level == "broken")) | length')" \
		"$(records check '.[0].broken')" "a record each"
	like " $(levels) " '^ (broken )?(warning )?(note )?(unread )?$' \
		"worst first"
	is "$(awk 'length > 79' <<<"$out")" "" "in 80 columns"
	is "$(grep -c '^\(broken\|warning\|note\|unread\) ' <<<"$out")" \
		"$(records finding length)" "a line each"
	is "$(records finding 'all(.seen != "" and .means != "" and .do != "")')" \
		true "each says what was seen, what it means, what to do"
	if [[ $(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' |
		wc -l) = 1 ]]; then
		like "$err" 'tiering does not work here: .*one-tier' \
			"one node: said"
	fi
	run check extra
	is "$status" 2 "takes no words"
}

without_root()
{
	if ((EUID)) || ! setpriv --reuid 65534 --clear-groups true; then
		skip "without root" "this needs root, to give it up"
		return
	fi
	cp "$tier" "$tmp/tier"
	chmod 755 "$tmp"
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/tier" check \
		--json >"$tmp/records" 2>"$tmp/err" || status=$?
	like "$status" '^[01]$' "without root: ends"
	is "$(records check 'length')" 1 "without root: to the end"
	is "$(records finding 'map(select(.level == "unread")) |
		all(.seen | contains("only root"))')" true \
		"what could not be read is said to be root's"
	is "$(records check '.[0].unread')" \
		"$(records finding 'map(select(.level == "unread")) | length')" \
		"and counted"
}

table()
{
	run check --list
	is "$status $err" "0 " "--list: status 0"
	is "$(grep -c '^[a-z]' <<<"$out")" "$(records finding_row length)" \
		"--list: every row"
	is "$(records finding_row 'all(.found_by != "" and .means != "" and
		.do != "" and (.level | IN("broken", "warning", "note")))')" \
		true "--list: whole"
	is "$(records finding_row 'map(.finding) | unique | length')" \
		"$(records finding_row length)" "--list: names once"
	is "$(awk 'length > 79' <<<"$out")" "" "--list: in 80 columns"
}

captured()
{
	test/unpack test/fixtures/cxl.txt "$tree"
	run check --root "$tree"
	is "$status $err" "0 " "a guest's tree: nothing is broken"
	is "$(records finding 'map(select(.level == "warning") | .finding)')" \
		'["numa-balancing-absent","demotion-absent","damon-absent","memcg-absent"]' \
		"what its kernel lacks"
	is "$(records node length)" 2 "its nodes"
	echo "0-1" >"$tree/sys/devices/virtual/memory_tiering/memory_tier4/nodelist"
	run check --root "$tree"
	is "$status" 1 "one tier: status 1"
	like "$err" 'tiering does not work here: top-tier$' "one tier: why"
	is "$(levels)" "broken warning note" "the broken one comes first"
	rm -rf "$tree/sys/devices/system/node"
	run check --root "$tree"
	is "$status" 3 "no NUMA: status 3"
}

around_a_run()
{
	run --once gups 1M --threads 1
	is "$status" 0 "a run: status 0"
	is "$(records finding 'map(select(.level == "note")) | length')" 0 \
		"before a run: no notes"
	run check
	if [[ $(records finding 'any(.finding == "one-tier")') = true ]]; then
		run --once gups 1M --threads 1
		is "$(records finding 'any(.finding == "one-tier")')" false \
			"a machine of one node: not said each time"
	fi
}

here
without_root
table
captured
around_a_run
done_testing
