# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# heat.sh - the program with a published pattern, test/guest/heat.c: its counts.
# Sourced by test/guest/heat.t and test/matrix/heat.t.

# tmp is the test's, run is set by boot()
# shellcheck disable=SC2154

# boot_heat NAME: the guest in which it runs
boot_heat()
{
	gcc -O1 -static -pthread -o "$tmp/heat" test/guest/heat.c
	MEM=512M CXL_MEM=512M boot_script "$1" test/guest/heat.guest \
		--heat=rows,accesses,apart --add "$tmp/heat:/heat"
}

# pattern NAME: what heat.pages.py says of that run of it, to $tmp/NAME
pattern()
{
	is "$(said "$1")" 0 "$1: the program ran, and the plugin answered it"
	between "$1" | python3 -ISB test/guest/heat.pages.py "$run/heat" \
		>"$tmp/$1" || true
	diag "$1: $(xargs <"$tmp/$1")"
	is "$(word "$1" wrong)" 0 \
		"$1: each page's loads and its one store, to the access"
}

# word NAME KEY [NUMBER]
word()
{
	awk -v key="$2" -v n="${3:-1}" '$1 == key { print $(n + 1) }' "$tmp/$1"
}

# pattern_moved NAME: pages moved all the while, each of which is two frames in an
# interval: so the best is too low, by no more than what they had in one of them
pattern_moved()
{
	local pages frames bound

	pattern "$1"
	ok "$1: pages were moved meanwhile" [ "$(word "$1" moves)" -ge 4 ]
	pages=$(word "$1" interval 1) frames=$(word "$1" interval 2)
	bound=$(word "$1" bound)
	ok "$1: the best of the intervals, by frames almost as by pages" awk \
		"BEGIN { d = $pages - $frames; exit !(d > -0.01 &&
			d < $bound + 0.01) }"
}

patterns()
{
	pattern still
	pattern huge
	is "$(word still pages 2) $(word huge pages 2)" "1 512" \
		"of both sizes"
	is "$(word still moves) $(word huge moves)" "0 0" "which stayed"
	is "$(word still second 1) $(word huge second 1)" \
		"$(word still second 2) $(word huge second 2)" \
		"then the best by frames is that by pages"
	pattern_moved moved
	pattern_moved huge-moved
}
