#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory pressure in the real kernel: a hog leaves what it was told to leave,
# the kernel may move it or not, and however it ends, nothing of it is left.
# One guest; test/guest/hog.guest runs in it and looks at the kernel's own
# files.
#
# long: 40

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M

# near KIB MIB NAME: within 8 MiB
near()
{
	local off=$(($1 - $2 * 1024))

	diag "$3: $1 KiB free, $off off"
	ok "$3: $2 MiB are free, within 8" [ "${off#-}" -le 8192 ]
}

boot_script hog test/guest/hog.guest

near "$(said free)" 200 "free=200M"
is "$(of leave hog '(.free_at_start_bytes / 1048576 - 200 | fabs) <= 8 and
	.wanted_free_bytes == 209715200 and .bytes > 500000000')" true \
	"the record says so, too"
read -r near far policy <<<"$(said where-leave)"
is "$((near * 1024)) $far" "$(of leave hog .bytes) 0" "all of it is on node 0"
is "$policy" default "not bound any more"
is "$(said score)" 1000 "the OOM killer would choose it"
is "$(said 'status leave') $(said 'status timed')" "0 0" \
	"SIGINT and --duration end it: status 0"
# But for what waits in lists of the CPUs
ok "and the memory is free again" \
	[ "$(($(said before | cut -d' ' -f1) - $(said after)))" -lt 65536 ]
read -r near far <<<"$(said both)"
near "$near" 150 "two at once, node 0"
near "$far" 64 "two at once, node 1"
is "$(said hogs)" 2 "each its own process"
near "$(said thp)" 200 "in huge pages"
is "$(of thp hog .pages)" thp "which it says"
is "$(said 'status both') $(said 'status thp')" "0 0" \
	"SIGINT and SIGHUP end two, too"

is "$(said 'status child')" 1 "a hog that is killed: tier hog fails"
is "$(of child hog_end '"\(.state) \(.killed_by_signal)"')" "killed 9" \
	"the record: by signal 9"
is "$(of child hog_end '.sweeps > 2 and .sweep_s < 1')" true \
	"a warm one was touched again and again" ||
	diag "$(of child hog_end .)"
like "$(of child end .reason)" 'signal 9 ' "and so says the reason"
is "$(said deaf)" 1 "signals for its parent do not end it"
is "$(said 'status term')" 0 "SIGTERM to tier: status 0"
is "$(said 'status oom') $(of oom hog_end .killed_by_signal)" "1 9" \
	"the OOM killer takes the hog"
for name in leave timed both thp child term killed worker oom moved locked; do
	is "$(said "left $name")" 0 "$name: no process is left"
done

read -r near far policy <<<"$(said where-moved)"
diag "pressed: $near KiB near, $far KiB far"
ok "the kernel moves a hog" [ "${far:-0}" -gt 4096 ]
is "$(of moved hog_end '.pages_at_end_part.node1 > 0')" true \
	"the record says where it is"
read -r near far policy <<<"$(said where-locked)"
is "$((near * 1024)) $far" "$(of locked hog .bytes) 0" "but not a locked one"
like "$policy" '^bind' "which stays bound"

like "$(said 'refused node0:4G')" '^3 .*at most [0-9]+M' "more than there is"
like "$(said 'refused node1:free=600M')" '^3 .*cannot be left free' \
	"to leave more than is free"
like "$(said 'refused node7:64M')" '^3 .*nodes with memory: 0-1' "no such node"
like "$(said 'refused node0:free=1M')" '^3 .*watermarks.*or free=' \
	"below the watermarks"
done_testing
