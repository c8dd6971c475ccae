#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier in steps of Slurm's that are confined to their memory and CPUs
# (ConstrainRAMSpace, ConstrainCores), for real: Debian's daemons, in a guest that
# has cgroup2.  test/matrix/slurm.t has what a machine can show whose cgroups Slurm
# cannot have.  The conditions are those of test/conditions/slurm_limits.txt; with a
# REGEX only those whose names it matches.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=2G TIMEOUT=1700
guest_conditions slurm_limits test/matrix/slurm_limits.guest "${1:-}" \
	--package slurmctld --package slurmd --package slurm-client --package munge
diag "$(said slurm)"
done_testing
