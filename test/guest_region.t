#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Regions by hand, on both kernels: create, list, destroy, create again, and
# what must be refused.  One guest a kernel; a script in it runs tier.

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/guest.sh
. test/guest.sh

export CXL_MEM=1G MEM=2G

# Says "NAME STATUS" behind each command's own output
script=$OUT/region.sh
mkdir -p "$OUT"
cat >"$script" <<'END'
#!/bin/sh
step()
{
	name=$1
	shift
	"$@"
	echo "== $name $?"
}
blocks=/sys/devices/system/memory/auto_online_blocks
echo "== before $(cat $blocks)"
step list tier region list
step again tier region create
step wrong tier region create -m mem9
step odd tier region create -s 100M
step dry tier region destroy region0 --dry-run
step destroy tier region destroy region0
step gone tier region list
step node1 tier --once gups 16M node1
step decoder tier region create -d decoder9.0
step small tier region create -s 256M
step use tier --once gups 16M node1
tier --once gups 64M node1 --duration 20 >/tmp/busy 2>&1 &
busy=$!
tries=0
while ! grep -q '^loop' /tmp/busy && [ $((tries += 1)) -lt 300 ]; do
	sleep 0.1
done
step busy tier region destroy region0
step empty tier region list
wait $busy
echo "== survived $?"
grep Found /tmp/busy
step unknown tier region destroy region7
step status tier status
echo "== after $(cat $blocks)"
END
chmod +x "$script"

# said NAME: the status of that step
# shellcheck disable=SC2317,SC2154
said()
{
	tr -d '\r' <"$run/console.log" | sed -n "s/^== $1 //p" | tail -n 1
}

for kernel in 6.12 7.3; do
	export KERNEL=$kernel
	boot "region-$kernel" --add "$script" --once run --timeline off /region.sh
	is "$status" 0 "$kernel: the guest's script ran to its end"
	is "$(said list) $(said again)" "0 0" \
		"$kernel: a region that is there is listed, and used by create"
	is "$(said wrong) $(said odd) $(said decoder)" "3 2 3" \
		"$kernel: no such memdev, no such size, no such decoder"
	is "$(said dry) $(said destroy) $(said gone)" "0 0 0" \
		"$kernel: destroyed"
	is "$(said node1)" 3 "$kernel: and node 1 is gone"
	is "$(said small) $(said use)" "0 0" \
		"$kernel: created again, smaller, and usable"
	is "$(said busy)" 0 "$kernel: memory in use is moved away"
	is "$(said survived)" 0 "$kernel: under a benchmark, that verifies"
	like "$(cat "$run/console.log")" 'Found 0 errors in 8388608' \
		"$kernel: with 0 errors"
	is "$(said unknown)" 1 "$kernel: a region that is not there"
	is "$(said before) $(said after)" "online online" \
		"$kernel: auto_online_blocks is as it was"
done
done_testing
