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
guest_conditions guest test/matrix/conditions.guest ""
done_testing
