#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whenever all of tier is killed with SIGKILL while it changes something in a
# real kernel, tier policy restore takes all of it back, and test/snapshot,
# which knows nothing of tier, finds no difference: policies with DAMON, its
# start, a benchmark and a program under a policy, a run's cgroup, a region's
# memory that comes online, and restore itself; what is left of a region is
# destroyed, and then that too is as it was.  Of the longer ones each fifth
# point, or each with KILL_STEP=1, for minutes.  (On the host every one of the
# policies.)

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=256M MEM=1G TIMEOUT=1200
mkdir -p build/test
build/deps/bin/musl-cc -static -O1 -o build/test/kill_at test/kill_at.c ||
	exit 1
boot_script kill_points test/matrix/kill_points.guest --add test/snapshot \
	--add build/test/kill_at -- "${KILL_STEP:-5}" policies runs regions

points=0
while read -r name least; do
	read -r tried bad all <<<"$(said "killed-$name")"
	is "$bad" 0 "$name: killed at $tried of ${all:-0} points: all is put back" ||
		diag "$(grep "^# $name" -A 5 "$console" | head -n 20)"
	ok "$name: there are enough of them" test "${tried:-0}" -ge "$least"
	points=$((points + ${tried:-0}))
done <<'END'
policy 20
damon 15
restore-none 0
restore 3
run 20
group 5
gups 20
region 20
END
is "$(said created)" "0 " "then a region is created"
like "$(said list)" 'region0: .*online, movable' "which is as it should be"
diag "$points points in all"
done_testing
