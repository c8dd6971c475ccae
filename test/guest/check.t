#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier check in a guest whose kernel refuses the region, and logs a warning
# about it: the findings name the cause.  test/guest/run.t has a sound one.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=768M CXL_MEM=256M

# expect is boot's: the status that is not worth a word
# shellcheck disable=SC2034
CPU=max,-erms,-fsrm,-la57 expect=1 boot refused check
is "$status" 1 "hypervisor bit: status 1"
is "$verdict" "failed: tiering does not work here: region-missing, one-tier" \
	"hypervisor bit: the verdict names what is broken"
is "$(record finding 'select(.level == "broken" or .level == "warning") |
	.finding' | sort -u | xargs)" \
	"commit-refused kernel-warning one-tier region-missing" \
	"hypervisor bit: what is wrong, and why"
like "$(record finding 'select(.finding == "commit-refused") | .do')" \
	'-cpu max,-hypervisor' "hypervisor bit: what cures it"
like "$(record finding 'select(.finding == "kernel-warning") | .seen')" \
	'^1 warning in its log, at [0-9.]+ s: WARNING: .*cxl' \
	"the kernel's warning is shown to PID 1"
is "$(record end .status)" 1 "hypervisor bit: the end record"
is "$(awk 'length > 80' "$run/console.log" | grep -v '^\[\|^tier: ')" "" \
	"the console: in 80 columns"

done_testing
