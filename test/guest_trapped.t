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
done_testing
