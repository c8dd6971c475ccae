#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The estimates of larger runs on a trapped node.

cd "$(dirname "$0")/.." || exit 1
# shellcheck disable=SC2154
# shellcheck source=test/trapped.sh
. test/trapped.sh

boot_script trapped-long test/trapped/guest -- long
diag "$(grep '^# ' "$console")"
estimated uniform
estimated hot
estimated moving
done_testing
