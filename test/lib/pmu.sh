# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pmu.sh - what pmu.t (test/guest, test/matrix) and pmu_latency.t share: they
# run test/guest/pmu.guest in guests of their own, and look at what it printed.

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

# strays ROWS ERRORS: of pages that lie on the nodes by turns (even), and threads that
# a host does not treat alike: 1024 hot pages of each, so that a thread's half is one
# within 1.6 %, and a row that one of them made alone may be off by some of that.
# Each row's sample strays from the count as its standard error says, as far as so
# many rows can tell: by that many of the errors that the mean, the root mean square
# and the part within two of them have themselves.
strays()
{
	local sigmas

	so even timeline '[.[] | .near_share_counted | values | . - 0.5 | fabs]
		| length > 0 and max < 0.04' \
		"by turns: near is half of what is counted, row by row"
	sigmas=$(list even timeline 'map(.near_share_sigmas | values) | {
		n: length, mean: (add / length),
		rms: (map(. * .) | add / length | sqrt),
		within: ((map(select(fabs <= 2)) | length) / length) }')
	diag "sample less count, in standard errors: $sigmas"
	ok "$1 rows in which nothing moved" quietly jq -e ".n >= $1" <<<"$sigmas"
	ok "the sample strays to both sides alike" quietly jq -e \
		"(.mean | fabs) < $2 / (.n | sqrt)" <<<"$sigmas"
	ok "as far as noise does" quietly jq -e \
		"(.rms - 1 | fabs) < $2 / (2 * .n | sqrt)" <<<"$sigmas"
	ok "95 % of it within two standard errors" quietly jq -e \
		".within > 0.954 - $2 * 0.21 / (.n | sqrt)" <<<"$sigmas"
}
