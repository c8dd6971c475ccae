# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmu.sh - what test/guest/pmu.t and test/matrix/pmu.t share: both run
# test/guest/pmu.guest in a guest of their own, and look at what it printed.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M

# Called by ok
# shellcheck disable=SC2317
quietly()
{
	"$@" >/dev/null
}

# boot_counted NAME OPTIONS OF RUN...: with test/guest/pmu.guest NAME
boot_counted()
{
	boot_script "pmu-$1" test/guest/pmu.guest "${@:2}" -- "$1"
	diag "$(grep '^# ' "$console")"
	is "$(grep '^# ' "$console" | awk 'length > 82')" "" \
		"$1: the text fits 80 columns"
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
