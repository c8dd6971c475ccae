#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The plugin on the host: what it takes and what it refuses, in QEMU itself,
# on a machine without a CPU; and where build.sh says that the memory is.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

./build.sh plugin 2>"$tmp/built" || diag "$(<"$tmp/built")"
ok "it is built" [ -s build/tier-pmu.so ]
qemu=$(./build.sh qemu 2>&1 | sed -n 's/^ *QEMU [0-9.]*: //p')
ok "there is a QEMU" [ -x "$qemu" ]
is "$(readelf -dW build/tier-pmu.so | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')" \
	libc.so.6 "it needs libc alone, and what QEMU brings"

# Called by ok
# shellcheck disable=SC2317
quietly()
{
	"$@" >/dev/null
}

# load OPTIONS: sets status and said
load()
{
	status=0
	said=$("$qemu" -machine none -nodefaults -display none -monitor stdio \
		-plugin "build/tier-pmu.so${1:+,$1}" 2>&1 <<<quit) || status=$?
	said=$(tr -d '\r\033' <<<"$said" | grep -a '^tier-pmu:' || true)
}

taken()
{
	load "$1"
	is "$status:$said" "0:" "taken: ${1:-nothing}"
}

refused()
{
	load "$1"
	is "$((status != 0))" 1 "refused: $1"
	like "$said" "$2" "it says: $2"
}

far=far=0x140000000-0x180000000
taken ""
taken "$far"
taken "$far,latency=250ns,store-latency=1us,bandwidth=16G"
taken "near=0x0-0x80000000,near=0x100000000-0x140000000,$far,latency=1ns"
taken "$far,scope=user,llc=4M,llc-shared=on"
taken "$far,scope=process,latency=1000us,llc=off"
refused "far" "no such option|OPTION=VALUE"
refused "$far,colour=red" "colour=red: no such option; give scope"
refused "Far=0x0-0x1000" "no such option"
refused "other=0x0-0x1000" "no such option"
refused "averyverylongname=0x0-0x1000" "no such option"
refused "far=0x2000-0x1000" "it ends before it begins"
refused "far=0x1000-0x1000" "it ends before it begins"
refused "far=0x1000-0x1800" "multiples of 4096"
refused "far=0x0-0x8000001000" "at most 0x8000000000"
refused "far=0x0" "no such option"
refused "far=0x0-0x1000x" "no such option"
refused "far=0x0-0xfffffffffffffffff" "no such option"
refused "near=0x0-0x180001000,$far" "overlaps near=0x0-0x180001000"
refused "$far,$far" "overlaps far"
refused "latency=250ns,$far" "of which range"
for bad in 0 0ns 250 abc 10s -5ns 1001us 250nsx; do
	refused "$far,latency=$bad" "latency=$bad: give a time from 1ns"
done
refused "$far,bandwidth=1" "bytes a second from 1M to 1T"
refused "$far,bandwidth=2T" "bytes a second from 1M to 1T"
refused "$far,bandwidth=16X" "bytes a second"
refused "$far,llc=3M" "a power of two from 4k"
refused "$far,llc=2k" "a power of two from 4k"
refused "$far,llc-shared=maybe" "give on or off"
refused "$far,scope=me" "give all, user or process"
refused "$far,record=" "name a file"
taken "$far,heat=$tmp/heat,heat-interval=500ms,heat-grain=2m"
taken "$far,heat=$tmp/heat,heat-interval=rows"
refused "heat=$tmp/heat" "of which memory"
refused "$far,heat=" "name a file"
refused "$far,heat=$tmp/no/heat" "heat: No such file"
for bad in 0s 0ms 5 3601s 3600001ms 1us soon; do
	refused "$far,heat-interval=$bad" "from 1ms to 3600s, or rows"
done
refused "$far,heat-grain=8k" "give 4k or 2m"
taken "$far,heat=$tmp/heat,heat-of=accesses,heat-apart=on"
refused "$far,heat-of=stores" "give misses or accesses"
refused "$far,heat-apart=yes" "give on or off"
many=
for i in {1..15}; do
	many+=,r$i=$(printf '0x%x-0x%x' $((i * 4096)) $((i * 4096 + 4096)))
done
refused "${many#,}" "r15: more than 14 ranges"

record=${tmp//,/,,}/pmu,,1.json
load "$far,latency=250ns,bandwidth=16G,record=$record"
record=${record//,,/,}
is "$(jq -r '.ranges | map(.name) | join(" ")' "$record")" "other far" \
	"the record: its ranges"
is "$(jq -r '.ranges[1] | "\(.load_latency_ns) \(.bandwidth_bytes_per_s)"' \
	"$record")" "250 17179869184" "what they have"
is "$(jq .cache_bytes "$record")" 2097152 "with a latency there is a cache"
ok "a wait of 250 ns is right within 10 %: $(jq .error_ns "$record") ns" \
	quietly jq -e '.error_ns | fabs < 25' "$record"

# --- build.sh ----------------------------------------------------------------

# line TOPOLOGY OPTIONS...: sets status and said: the plugin's options, or the
# message
line()
{
	status=0
	said=$(MEM=${MEM:-3G} CXL_MEM=${CXL_MEM:-512M} ./build.sh \
		qemu-line "$@" 2>&1) || status=$?
	if ((status)); then
		said=$(grep '^build.sh: ' <<<"$said")
	else
		said=$(sed -n 's/.*tier-pmu\.so,\(.*\),record=.*/\1/p' \
			<<<"$said")
	fi
}

line cxl
is "$said" "" "without --count no plugin"
near=near=0x0-0x80000000,near=0x100000000-0x140000000
line cxl --count
is "$said" "$near,cxl=0x150000000-0x170000000,scope=all" "cxl: one window"
line cxl2 --count --scope user
is "$said" "$near,cxl0=0x150000000-0x170000000,cxl1=0x170000000-0x190000000,\
scope=user" "cxl2: two windows"
line interleave2 --count
is "$said" "$near,cxl=0x150000000-0x190000000,scope=all" \
	"interleave2: one window of both"
line numa --count
is "$said" "$near,far=0x140000000-0x160000000,scope=all" "numa: node 1"
MEM=1G line numa --latency near=100ns,far=+150ns
is "$said" "near=0x0-0x40000000,latency=100ns,far=0x40000000-0x60000000,\
latency=250ns,scope=all" "so much more than near"
MEM=2G CXL_MEM=1G line numa --count
is "$said" "near=0x0-0x80000000,far=0x100000000-0x140000000,scope=all" \
	"a node on the far side of the hole"
MEM=48G CXL_MEM=2G line cxl --latency cxl=250ns/16G,llc=4M
is "$said" "near=0x0-0x80000000,near=0x100000000-0xc80000000,\
cxl=0xc90000000-0xd10000000,latency=250ns,bandwidth=16G,llc=4M,scope=all" \
	"a large machine, a bandwidth, a cache"
line cxl2 --latency cxl1=300ns
like "$said" "cxl0=[^,]*,cxl1=[^,]*,latency=300ns" "one of two devices"
line cxl --heat
is "$said" "$near,cxl=0x150000000-0x170000000,scope=all,heat-interval=1s" \
	"--heat: a second"
line cxl --heat=250ms,2m --latency llc=off
is "$said" "$near,cxl=0x150000000-0x170000000,llc=off,scope=all,\
heat-interval=250ms,heat-grain=2m" "an interval, the pages' size"
line cxl --icount --heat
is "$said" "$near,cxl=0x150000000-0x170000000,scope=all,heat-interval=rows" \
	"with --icount: when the guest reads its counters"
line none --count
is "$said" "$near,scope=all" "no CXL memory"

# wrong ARGUMENTS... WHAT
wrong()
{
	line "${@:1:$# - 1}"
	is "$status" 2 "bad usage: ${*:1:$# - 1}"
	like "$said" "${*: -1}" "it says: ${*: -1}"
}

for bad in 0ns abc 10s 250 1001us; do
	wrong cxl --latency "cxl=$bad" "give a time|more than 1000us"
done
wrong cxl --latency "" "give e.g. cxl=\+250ns"
wrong cxl --latency cold=1ns "none of near="
wrong cxl --latency cxl=1ns,cxl=2ns "said twice"
wrong cxl --latency near=+1ns "more than what"
wrong cxl --latency cxl=250ns/fast "bytes a"
wrong cxl --latency llc=much "give a power of two"
wrong none --latency cxl=250ns "has no cxl, but near"
line cxl --heat=rows,accesses,apart
is "$said" "$near,cxl=0x150000000-0x170000000,scope=all,heat-interval=rows,\
heat-of=accesses,heat-apart=on" "all accesses, loads and stores apart"
for bad in 5 0s soon 1s,8k ,4k "1s,apart,"; do
	wrong cxl "--heat=$bad" "give a time"
done
wrong cxl --scope user "of what --count"
wrong cxl --count --scope me "all, user or process"
ACCEL=kvm line cxl --count
ok "KVM: refused" [ "$status" -ne 0 ]

# A QEMU with another plugin interface
printf '#!/bin/sh\necho QEMU emulator version 10.0.2\n' >"$tmp/qemu"
chmod +x "$tmp/qemu"
export QEMU=$tmp/qemu QEMU_MIN=10.0
line cxl --latency cxl=250ns
is "$status" 3 "QEMU 10.0: lacks it"
like "$said" "need QEMU 11.1, and this is 10.0.2" "it says what is needed"
line cxl --count
is "$status" 3 "--count, too"
line cxl --count=try
is "$status:$said" "0:" "--count=try goes on without"
line cxl --count=try --latency cxl=250ns
is "$status" 3 "but not with a latency"

done_testing
