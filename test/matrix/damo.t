#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Against Debian's own damo, as in test/guest/damo.t, on the older kernel.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/damo.sh
. test/lib/damo.sh

against_damo 6.12
done_testing
