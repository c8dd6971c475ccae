#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The estimates of larger runs on a trapped node.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC2154
# shellcheck source=test/lib/trapped.sh
. test/lib/trapped.sh

boot_script trapped-long test/guest/trapped.guest -- long
diag "$(grep '^# ' "$console")"
estimated uniform
estimated hot
estimated moving
done_testing
