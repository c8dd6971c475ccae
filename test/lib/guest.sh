# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - booting guests from tests.  Sourced by test/guest/*.t: each run
# is the user's own command, ./build.sh run, and is judged by its records.

# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

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
	TIMEOUT=${TIMEOUT:-600} ./build.sh run --name "$name" "$@" \
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

# --- scripts in guests -------------------------------------------------------

# Their files' name here is the one they have there
SCRIPTS=(--add test/lib/script.sh)

# boot_script NAME SCRIPT [OPTIONS OF RUN]... [-- WORDS]...: a guest in which
# that script runs, as /guest, with those words.  Sets console: the file of
# what it said, without carriage returns.  Such a script says "== NAME WORDS",
# puts records between "== begin NAME" and "== end NAME", and ends with
# "== script 0".
boot_script()
{
	local name=$1 script=$2 options=()

	shift 2
	while (($#)) && [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	# A row each second would come between what it prints
	boot "$name" "${SCRIPTS[@]}" --add "$script:/guest" "${options[@]}" \
		--once run --timeline off sh /guest "${@:2}"
	console=$run/console.txt
	tr -d '\r' <"$run/console.log" >"$console"
	is "$status $(said script)" "${expect:-0} 0" \
		"$name: the guest's script ran to its end"
	is "$(grep '^== never' "$console")" "" "$name: all came about"
}

# said NAME: what follows that name on the script's last line for it
said()
{
	sed -n "s/^== $1 //p" "$console" | tail -n 1
}

# between NAME: what the script showed under that name
between()
{
	sed -n "/^== begin $1\$/,/^== end $1\$/{/^== /d;p}" "$console"
}

# list NAME RECORD FILTER: jq over all records of that kind, an array
list()
{
	between "$1" | jq -cR 'fromjson?' | jq -rcs --arg record "$2" \
		"map(select(.record == \$record)) | $3"
}

# of NAME RECORD FILTER: jq over the last record of that kind
of()
{
	list "$1" "$2" "if length > 0 then .[-1] | $3 else empty end"
}

# so NAME RECORD FILTER WHAT: it is true of the array of them
so()
{
	is "$(list "$1" "$2" "$3")" true "$1: $4" ||
		diag "$(list "$1" "$2" '.[] | tostring[:1500]')"
}

# --- conditions in guests ------------------------------------------------------

# guest_conditions NAME SCRIPT REGEX [OPTIONS OF RUN]...: those of the table
# test/conditions/NAME.txt whose names the regex matches, made by that script,
# which has them as /conditions.  None may take longer than 10 s past its deadline.
guest_conditions()
{
	local table=test/conditions/$1.txt chosen words n=0 line name want said
	local status seconds wrong head='^([^ #	].*) = ([0-9]+) ?(.*)$'

	chosen=$(mktemp)
	awk -v only="$3" '/^[^\t #].* = [0-9]+/ { on = $0 ~ only } on' "$table" \
		>"$chosen"
	boot_script "$1" "$2" --add "$chosen:/conditions" \
		--add test/lib/conditions.sh "${@:4}"
	while IFS= read -r line; do
		[[ $line =~ $head ]] || continue
		((++n))
		name=${BASH_REMATCH[1]} want=${BASH_REMATCH[2]}
		words=${BASH_REMATCH[3]} wrong=''
		read -r status seconds <<<"$(said "condition $n")"
		said=$(between "$n")
		[[ $status = "$want" ]] || wrong+="status $status, not $want; "
		grep -Eq -e "$words" <<<"$said" || wrong+="no /$words/; "
		((${seconds:-99} < 40)) || wrong+="it took $seconds s; "
		is "$wrong" "" "$name" || diag "$(tail -n 15 <<<"$said")"
	done <"$chosen"
	ok "there are conditions" test "$n" -gt 0
	diag "$n conditions"
	rm -f "$chosen"
}
