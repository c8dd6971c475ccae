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
tier gups 64M node1 --bind >/tmp/busy 2>&1 &
busy=$!
while ! grep -q updating /tmp/busy; do
	sleep 0.2
done
step busy tier region destroy region0
kill -INT $busy
wait $busy
echo "== survived $?"
step unknown tier region destroy region7
step status tier status
echo "== after $(cat $blocks)"
END
chmod +x "$script"

# said NAME: the status of that step
said()
{
	tr -d '\r' <"$run/console.log" | sed -n "s/^== $1 //p" | tail -n 1
}

for kernel in 6.12 7.3; do
	export KERNEL=$kernel
	boot "region-$kernel" --once run /region.sh
done
done_testing
