#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A node whose every access is trapped: found, explained, estimated, refused.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/trapped.sh
. test/trapped.sh

estimated 16M

expect=1 boot trapped-1G --once gups 512M node1 --limit 60s
is "$status" 1 "too slow a run is refused: status 1"
like "$verdict" 'node 1 is trapped.*--force' "with the way to force it"
like "$verdict" 'QEMU 11.1 or newer' "and the cure"

# Making the buffer is bounded by time, too
boot trapped-latency --once latency --size 64M --duration 300ms
is "$status" 0 "latency of a trapped node: status 0"
is "$(record latency 'select(.memory_node == 1) |
	.buffer_bytes >= 4096 and .buffer_bytes < 67108864')" true \
	"its buffer is as large as there was time for"
like "$(cat "$run/console.log")" 'Node 1: no time for a larger buffer' \
	"and that is said"
is "$(record latency .random_access_per_s | jq -s '.[0] > 3 * .[1]')" true \
	"it is slower" || diag "$(record latency .)"
done_testing
