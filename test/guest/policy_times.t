#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy is set, and put back, in the time that it may take, and all is as it
# was before; test/matrix/policy.t has the newer kernel.
#
# alone: it holds policies to their times

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/policy.sh
. test/lib/policy.sh

policies 6.12 limits
done_testing
