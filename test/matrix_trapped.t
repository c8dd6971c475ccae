#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The estimate of a larger run on a trapped node.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/trapped.sh
. test/trapped.sh

estimated 64M
done_testing
