#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier in the scopes and services of systemd, for real: Debian's own, in a guest
# that has cgroup2.  It stays in its scope with its program, sees the limits of
# memory and CPUs and refuses what is beyond them, and ends as systemd wants it.
# The conditions are those of test/conditions/systemd.txt; with a REGEX only those
# whose names it matches.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G TIMEOUT=1700
guest_conditions systemd test/matrix/systemd.guest "${1:-}" \
	--package systemd --package util-linux --package mount
diag "$(said systemd)"
done_testing
