# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmu.sh - what guest_pmu.t and matrix_pmu.t share: both run test/pmu/guest in
# a guest of their own, and look at what it printed.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
# shellcheck source=test/guest.sh
. test/guest.sh

export MEM=1G CXL_MEM=512M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Called by ok
# shellcheck disable=SC2317
quietly()
{
	"$@" >/dev/null
}

said()
{
	sed -n "s/^== $1 //p" "$tmp/console" | tail -n 1
}

# of NAME RECORD FILTER: jq over the run's records of that kind, as a list
of()
{
	sed -n "/^== begin $1\$/,/^== end $1\$/p" "$tmp/console" |
		jq -cR 'fromjson?' | jq -rs --arg record "$2" \
		"map(select(.record == \$record)) | $3"
}

# so NAME RECORD FILTER WHAT: it is true
so()
{
	is "$(of "$1" "$2" "$3")" true "$1: $4" ||
		diag "$(of "$1" "$2" '.[] | tostring[:1500]')"
}

console()
{
	tr -d '\r' <"$run/console.log" >"$tmp/console"
	diag "$(grep '^# ' "$tmp/console")"
	is "$(grep '^# ' "$tmp/console" | awk 'length > 82')" "" \
		"$1: the text fits 80 columns"
	is "$status" 0 "$1: the guest"
	is "$(said script)" "done" "$1: its script came to its end"
}

# ran NAMES...: and all words were right
ran()
{
	local name

	for name; do
		is "$(said "$name")" 0 "$name: it ran"
	done
}

# Where little moves, counted and sampled shares differ by little.
# shellcheck disable=SC2016,SC2034
steady='[range(1; length) as $i | .[$i - 1] as $a | .[$i] as $b
	| select(($a.near_share - $b.near_share | fabs) < 0.02)
	| ($b.near_share_counted - ($a.near_share + $b.near_share) / 2 | fabs)
		- 2 * ($a.near_share_error + $b.near_share_error)]
	| length > 0 and max < 0.01'
