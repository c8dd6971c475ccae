# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# trapped.sh - runs on a node that the emulator traps (QEMU before 11.1), in
# which test/guest/trapped.guest runs.

# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export QEMU=10.0 QEMU_MIN=10.0 MEM=1G CXL_MEM=1G

# estimated NAME: the estimate is within a factor 2 of what the run took
estimated()
{
	local ratio

	ratio=$(said "ratio-$1")
	is "$(said "$1")" 0 "$1: a run on a trapped node: verified"
	is "$(of "$1" probe .trapped)" true "$1: the node is found to be trapped"
	ok "$1: the estimate is within a factor 2 ($ratio)" \
		awk -v r="$ratio" 'BEGIN { exit !(r >= 0.5 && r <= 2) }'
}
