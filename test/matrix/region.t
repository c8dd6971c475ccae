#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Regions by hand, as in guest_region.t, on the newer kernel.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/region.sh
. test/region.sh

regions 7.3
done_testing
