#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which devices QEMU 11.1 maps directly, and which it traps, as README and
# doc/troubleshooting.md have it: machines with several windows and bridges, and
# what tier measures there.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=384M CXL_MEM=256M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/script" <<'END'
for node in /sys/devices/system/node/node[1-9]*; do
	tier --once gups 2M "${node##*node}" --updates 20000 --force \
		--tlb-refresh off --records /tmp/r >/tmp/text 2>&1
	sed -n 's/.*"trapped":\([a-z]*\).*/== trapped \1/p' /tmp/r | tail -n 1
done
tier check >/tmp/text
grep -A 9 '^warning  trapped' /tmp/text
true
END

# device PORT: a device behind it, the next of its kind
device()
{
	echo "-object memory-backend-ram,id=cxl-mem$devices,size=256M"
	echo "-device cxl-type3,bus=$1,volatile-memdev=cxl-mem$devices,sn=$((++devices))"
}

# ports BRIDGE PORTS: "d" with a device, "e" with none
ports()
{
	local i

	for ((i = 0; i < ${#2}; i++)); do
		echo "-device cxl-rp,bus=cxl.$1,id=rp$1$i,port=$i,slot=$((++slots))"
		[[ ${2:i:1} != d ]] || device "rp$1$i"
	done
}

# switch BRIDGE: one device behind it
switch()
{
	echo "-device cxl-rp,bus=cxl.$1,id=rp$1,port=0,slot=$((++slots))"
	echo "-device cxl-upstream,bus=rp$1,id=us$1"
	echo "-device cxl-downstream,bus=us$1,id=ds$1,port=0,slot=$((++slots))"
	device "ds$1"
}

# topology "WINDOWS" BRIDGE...: a window is its bridges, 0+1; a bridge its ports,
# or "switch", behind "hdm:" with decoders although it has one port
topology()
{
	local windows=$1 machine='-machine cxl=on' window target bridge
	local fmw=0 i hdm devices=0 slots=0 bridges=0

	for window in $windows; do
		i=0
		for target in ${window//+/ }; do
			machine+=",cxl-fmw.$fmw.targets.$((i++))=cxl.$target"
		done
		machine+=",cxl-fmw.$((fmw++)).size=512M"
	done
	echo "$machine"
	echo "-object memory-backend-ram,id=dram,size=@MEM@"
	echo "-numa node,nodeid=0,cpus=0-@LAST_CPU@,memdev=dram"
	for bridge in "${@:2}"; do
		hdm=
		[[ $bridge != hdm:* ]] || hdm=,hdm_for_passthrough=true
		echo "-device pxb-cxl,bus=pcie.0,bus_nr=$((12 + bridges * 24)),id=cxl.$bridges$hdm"
		case ${bridge#hdm:} in
		switch) switch "$bridges" ;;
		*) ports "$bridges" "${bridge#hdm:}" ;;
		esac
		((++bridges))
	done
}

# machine NODES "WINDOWS" BRIDGE...: those nodes, in the order of the windows,
# are direct or trapped; or so many of each, as "1 of 2", which no order tells
machine()
{
	local nodes=$1 found name=windows-$((++machines))

	shift
	topology "$@" >"$tmp/machine"
	TOPOLOGY=$tmp/machine boot "$name" --script "$tmp/script" --timeline off
	console=$run/console.txt
	tr -d '\r' <"$run/console.log" >"$console"
	is "$status $verdict" "0 passed" "windows $*: boots and runs" ||
		diag "$(tail -n 20 "$console")"
	found=$(sed -n 's/^== trapped //p' "$console" |
		sed 's/true/trapped/; s/false/direct/' | paste -sd' ')
	[[ $nodes != *of* ]] ||
		found="$(grep -o direct <<<"$found" | grep -c .) of $(wc -w <<<"$found")"
	is "$found" "$nodes" "windows $*: which are direct"
	[[ $found = *trapped* ]] || return 0
	like "$(paste -sd' ' "$console" | tr -s ' ')" \
		'warning trapped: .*hdm_for_passthrough=true, and one window' \
		"tier check says what helps"
}

# One window
machine direct "0" d
machine direct "0" dd
# Windows to bridges of one root port with a device: one is direct, and not
# always the last
machine "1 of 2" "0 1" d d
machine "1 of 5" "0 1 2 3 4" d d d d d
# A port without a device takes nothing, and a window that interleaves neither
machine direct "0 1" d e
machine direct "0 0+1" d e
# Such a bridge takes the devices of those that have decoders, in any order
machine "direct trapped" "0 1" d hdm:d
machine "trapped direct" "0 1" hdm:d d
machine "trapped direct" "0 1" switch d
# With decoders all are direct
machine "direct direct direct" "0 1 2" hdm:d hdm:d hdm:d
machine "direct direct" "0 1" dd de
machine "direct direct" "0 1" hdm:switch hdm:switch
# Of two windows to one bridge one takes the other's devices
machine trapped "0 0" hdm:d
done_testing
