#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that QEMU starts unpacked finds the machine that one finds which
# unpacks itself: the memory and its zones, the nodes, the CXL windows, the CPU.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=256M
mkdir -p "$OUT"
# Below 1 MiB the two differ in what they call the holes
cat >"$OUT/vmlinux.script" <<'END'
mkdir /found
dmesg | sed 's/^\[[^]]*\] //' >/tmp/log
grep -E 'BIOS-e820: .* usable|SRAT: |Initmem setup node|Hypervisor detected' \
	/tmp/log >/found/memory
grep -E 'x2apic|APIC: ' /tmp/log >/found/apic
awk '/^Node/ { zone = $2 $4 } $1 ~ /^(present|spanned)$/ { print zone, $0 }
	$1 == "start_pfn:" { print zone, $0 }' /proc/zoneinfo >/found/zones
grep -E 'CXL Window|dax|System RAM|PCI Bus 0000' /proc/iomem |
	grep -v '^ *000[0-9a-f]' >/found/windows
cat /sys/devices/system/node/node*/distance /sys/devices/system/node/node*/cpulist \
	>/found/nodes
grep -E '^(flags|model name|apicid)' /proc/cpuinfo >/found/cpu
sha256sum /sys/firmware/acpi/tables/[A-Z]* >/found/tables
cat /proc/cmdline >/found/words
END
for how in pvh bzimage; do
	BOOT=$how boot "vmlinux-$how" --script "$OUT/vmlinux.script" --out /found
	is "$status $verdict" "0 passed" "$how: passed"
	is "$(jq -r .guest.boot "$run/manifest.json")" "$how" "the manifest has it"
done
like "$(<"$OUT/vmlinux-pvh/qemu.cmd")" '-kernel [^ ]*/vmlinux ' "one is unpacked"
like "$(<"$OUT/vmlinux-bzimage/qemu.cmd")" '-kernel [^ ]*/vmlinuz ' \
	"the other unpacks itself"
for file in memory apic zones windows nodes cpu tables words; do
	ok "$file: there is something" test -s "$run/files/found/$file"
	is "$(<"$OUT/vmlinux-pvh/files/found/$file")" \
		"$(<"$OUT/vmlinux-bzimage/files/found/$file")" "$file: the same"
done
done_testing
