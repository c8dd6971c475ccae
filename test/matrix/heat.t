#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The heat of a program whose pattern is published, on one virtual CPU and on two,
# of pages of 4 KiB and of 2 MiB, which stay and which are moved 300 times a second.

# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh
# shellcheck source=test/lib/heat.sh
. test/lib/heat.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for cpus in 1 2; do
	SMP=$cpus boot_heat "heat-$cpus"
	patterns
done
done_testing
