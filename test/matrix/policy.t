#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All that guest_policy.t looks at, on the newer kernel.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/policy.sh
. test/policy.sh

policies 7.3 moving idle limits blindness goals endings
done_testing
