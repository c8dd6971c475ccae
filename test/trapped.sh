# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# trapped.sh - runs on a node that the emulator traps (QEMU before 11.1).

# shellcheck source=test/guest.sh
. test/guest.sh

export QEMU=10.0 QEMU_MIN=10.0 MEM=2G CXL_MEM=1G

# estimated SIZE: the estimate is within a factor 2 of what the run took
estimated()
{
	local ratio

	# One thread: two take turns at the emulator's lock, as the host likes
	boot "trapped-$1" --once gups "$1" node1 --threads 1
	is "$status" 0 "gups $1 on a trapped node: verified"
	holds probe .trapped "the node is found to be trapped"
	like "$(cat "$run/console.log")" 'QEMU before 11.1' "and the cause is named"
	ratio=$(record gups '.estimate_s / (.times_s |
		.populate + .fill + .update + .digest + .verify)')
	diag "estimate / time: $ratio"
	ok "gups $1: the estimate is within a factor 2 ($ratio)" \
		awk -v r="$ratio" 'BEGIN { exit !(r >= 0.5 && r <= 2) }'
}
