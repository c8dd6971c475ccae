#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Policies in the real kernels: hot pages go up, cold ones down, the
# mechanism that moved them is named, and however a run ends, the machine is
# as it was before it: test/snapshot, which knows nothing of tier, says so.
# Of the newer kernel the goals, which only that one has; test/matrix/policy.t
# has the rest.
#
# long: 100

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/policy.sh
. test/lib/policy.sh

policies 6.12 moving idle blindness goals endings
policies 7.3 goals
done_testing
