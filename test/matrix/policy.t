#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All that test/guest/policy.t and test/guest/policy_times.t look at, on the
# newer kernel.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/policy.sh
. test/lib/policy.sh

policies 7.3 moving idle limits blindness goals endings
done_testing
