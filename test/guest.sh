# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - booting guests from tests.  Sourced by test/guest_*.t: each run
# is the user's own command, ./build.sh run, and is judged by its records.

# shellcheck source=test/tap.sh
. test/tap.sh

# Runs of tests go where those of people do not
export OUT=$PWD/build/test/out

# boot NAME ARGUMENTS...: sets status, run (its directory) and verdict.
# Variables of build.sh go before it: MEM=2G boot ...
boot()
{
	local name=$1

	shift
	run=$OUT/$name status=0
	rm -rf "$run"
	mkdir -p "$OUT"
	# A guest that does not end by itself is a failure, not a wait
	TIMEOUT=${TIMEOUT:-300} ./build.sh run --name "$name" "$@" \
		>"$OUT/$name.txt" 2>&1 </dev/null || status=$?
	verdict=$(cat "$run/verdict" 2>/dev/null || echo none)
	((status == ${expect:-0})) || diag "$(tail -n 30 "$OUT/$name.txt")"
}

# record NAME FILTER [RUN]: jq over the records of that name, raw
record()
{
	jq -r --arg name "$1" "select(.record == \$name) | $2" \
		"${3:-$run}/records.jsonl"
}

# holds NAME FILTER CHECK: the filter is true of the record of that name
holds()
{
	local value

	value=$(record "$1" "$2" | tail -n 1)
	is "$value" true "$3"
}
