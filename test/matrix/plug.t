#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# CXL memory that comes and goes while a benchmark runs: devices are plugged into
# QEMU and unplugged, regions are made and destroyed, and no update is lost.
#
# timeout: 1800

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M TOPOLOGY=cxl-plug

# events: of the run, a line each
events()
{
	record event '"\(.at_s) \(.what) \(.state)"'
}

# sees WHAT FILTER CHECK: it is true of the event of that name
sees()
{
	is "$(record event "select(.what == \"$1\") | $2" | tail -n 1)" true "$3" ||
		diag "$(record event .)"
}

boot plug --at 2s 'plug cxl1' --at 30s 'unplug cxl0' --at 50s 'plug cxl0' \
	--at 70s 'unplug cxl1' \
	gups 128M node1 --hot 32M --duration 100s --rate 1M --policy numab
is "$status $verdict" "0 passed" "devices come and go: the run passes"
is "$(events)" "2 plug cxl1 done
30 unplug cxl0 done
50 plug cxl0 done
70 unplug cxl1 done" "all four are done, in their order"
holds gups '.verified and .errors == 0' "no update is lost"
sees 'plug cxl1' '(.before | has("node2") | not) and .after.node2 > 4e8' \
	"cxl1 becomes node 2"
sees 'unplug cxl0' '.before.node1 > 4e8 and (.after | has("node1") | not)' \
	"node 1 goes with cxl0"
# On a quick machine NUMA balancing has left nothing there by then
near=$(record timeline 'select(.t_s < 30) | .near_share' | tail -n 1)
sees 'unplug cxl0' ".migrated_pages > 0 or ${near:-0} > 0.999" \
	"what it held is moved (near before: ${near:-?})"
sees 'plug cxl0' '(.before | has("node1") | not) and .after.node1 > 4e8' \
	"cxl0 comes again, as node 1"
sees 'unplug cxl1' '(.after | has("node2") | not)' "node 2 goes with cxl1"
ok "the timeline marks the rows" test "$(record timeline \
	'select(.event) | .t_s' | grep -c .)" -ge 4
like "$(tr -d '\r' <"$run/console.log" | tr -s '\n ' ' ')" \
	'event at 30 s: unplug cxl0: done at [0-9.]+ s, in [0-9.]+ m?s; node 1 has gone with 512 MiB; [0-9]+ pages were moved meanwhile' \
	"the report says what became of them"
is "$(record finding 'select(.finding | test("kernel-warning|kernel-bug")) |
	.finding')" "" "the kernel has no complaints"

# --- a program's memory --------------------------------------------------------

cat >"$OUT/plug.script" <<'END'
dd if=/dev/urandom of=/tmp/x bs=1M count=64 2>/dev/null
before=$(md5sum </tmp/x)
tries=0
while [ -e /sys/devices/system/node/node1 ] && [ $((tries += 1)) -lt 200 ]; do
	sleep 0.5
done
echo "tries $tries"
[ "$before" = "$(md5sum </tmp/x)" ]
END
boot program --at 3s 'unplug cxl0' --script "$OUT/plug.script" --preferred 1
is "$status $verdict" "0 passed" "beside a program: what it had there is as it was"
is "$(events)" "3 unplug cxl0 done" "its node goes"
sees 'unplug cxl0' '.migrated_pages > 10000' "with its pages moved"

# --- what cannot be -------------------------------------------------------------

expect=1 boot twice --at 1s 'plug cxl0' --at 2s 'unplug cxl1' \
	gups 16M node0 --duration 6s
like "$verdict" "^failed: --at 1 'plug cxl0': plug cxl0: cxl0 is there already" \
	"one that is there: the run fails, by its name"
is "$(events)" "1 plug cxl0 failed
2 unplug cxl1 failed" "both events have failed"
sees 'unplug cxl1' '.reason | test("unplug cxl1: it is not plugged")' \
	"one that is not there is not taken out"
holds gups '.verified' "the run itself is reported"
sed 's/^-plug .*bus=rp1/-plug cxl-type3,bus=rp0/' \
	initramfs/topologies/cxl-plug >"$OUT/taken.topology"
TOPOLOGY=$OUT/taken.topology expect=1 boot taken --at 1s 'plug cxl1' \
	gups 16M node0 --duration 4s
like "$verdict" "plug cxl1: its port rp0 is taken by cxl0" "a port that is taken"
# A device that the topology lacks is refused before it boots (test/host/script.t)
done_testing
