#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tier check says is to be done is not refused when it is done, and what
# it found is gone then: on the usual machine of CXL's developers, two bridges
# with a volatile and a persistent device each, of which one can be used with
# the other alone.
#
# long: 30

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export TOPOLOGY=cxl4 CXL_MEM=512M MEM=1G
boot_script cures test/guest/cures.guest
is "$(said volatile)" 2 "two devices with volatile memory"
like "$(grep '^region' "$console" | head -n 1)" \
	'^region +region[0-9]+: mem[0-9]+\+mem[0-9]+, 1 GiB, node [0-9]+, online' \
	"both are used, together"
for finding in auto-online numa-balancing-off numa-balancing-mode demotion-off \
	thp-always scanner-hidden damon-busy region-missing region-blocked \
	region-offline; do
	like "$(said "cure-$finding")" '^[1-9] 0 0$' \
		"$finding: what is to be done is done, and helps" ||
		diag "$(grep "^# $finding" "$console")"
done
is "$(said both)" 1 "tier region create takes both devices at once"
is "$(said alone)" 1 "one of them alone"
like "$(said pair)" '^1 .*is in region[0-9]+ already, which is of other memdevs' \
	"a region of both is not what is there"
like "$(said size)" '^1 .*which is of another size than was asked for' \
	"nor is a smaller one"
done_testing
