#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of test/conditions/guest.txt: limits of cgroups, clocks, CPUs and
# mounts that are set by root, a condition each, and how tier then ends.  None
# takes longer than 10 s past its deadline.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G TIMEOUT=1700
table=test/conditions/guest.txt
boot_script conditions test/matrix/conditions.guest \
	--add "$table:/conditions"
n=0
while IFS= read -r line; do
	[[ $line =~ ^([^\ \#].*)\ =\ ([0-9]+)\ ?(.*)$ ]] || continue
	((++n))
	name=${BASH_REMATCH[1]} want=${BASH_REMATCH[2]} words=${BASH_REMATCH[3]}
	read -r status seconds <<<"$(said "condition $n")"
	said=$(between "$n")
	wrong=
	[[ $status = "$want" ]] || wrong+="status $status, not $want; "
	grep -Eq -e "$words" <<<"$said" || wrong+="no /$words/; "
	((${seconds:-99} < 40)) || wrong+="it took $seconds s; "
	is "$wrong" "" "$name" || diag "$(tail -n 15 <<<"$said")"
done <"$table"
diag "$n conditions"
done_testing
