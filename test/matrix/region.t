#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Regions by hand, as in test/guest/region.t, on the newer kernel.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/region.sh
. test/lib/region.sh

regions 7.3
done_testing
