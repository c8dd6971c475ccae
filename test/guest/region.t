#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Regions by hand: create, list, destroy, create again, and what must be
# refused.  test/matrix/region.t does it on the newer kernel.
#
# long: 40

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/region.sh
. test/lib/region.sh

regions 6.12
done_testing
