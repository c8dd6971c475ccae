#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A node whose every access is trapped: found, explained, estimated, refused.
# One guest; test/guest/trapped.guest runs in it, and tries again where other work
# of the host came between an estimate and what it took.
#
# long: 30

cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC2154,SC2016
# shellcheck source=test/lib/trapped.sh
. test/lib/trapped.sh

boot_script trapped test/guest/trapped.guest -- default
diag "$(grep '^# ' "$console")"
estimated uniform
# Nine of ten updates are trapped, and one page of eight
estimated hot

is "$(said refused)" 1 "too slow a run is refused: status 1"
like "$(of refused end .reason)" 'node 1 is trapped.*--force' \
	"with the way to force it"
like "$(of refused end .reason)" 'QEMU before 11.1.*QEMU 11.1 or newer' \
	"the cause, and the cure"

is "$(said latency)" 0 "latency of a trapped node: status 0"
is "$(list latency latency 'map(select(.memory_node == 1))[0] |
	.buffer_bytes >= 4096 and .buffer_bytes < 67108864')" true \
	"its buffer is as large as there was time for"
like "$(<"$console")" 'Node 1: no time for a larger buffer' "and that is said"
is "$(list latency latency 'map(.random_access_per_s) | .[0] > 3 * .[1]')" \
	true "it is slower" || diag "$(list latency latency .)"
done_testing
