#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What QEMU is given of a kernel: it unpacked, if it is packed in a way that is
# known and has the PVH note; else, and without BOOT=pvh, as it is.  Without a
# guest: test/guest/vmlinux.t boots both.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck disable=SC2034
ROOT=$PWD
# shellcheck source=deps/vmlinux.sh
. deps/vmlinux.sh

# bytes NUMBER COUNT: little-endian
bytes()
{
	local value=$1 i

	for ((i = 0; i < $2; i++, value >>= 8)); do
		printf '%b' "\\x$(printf %02x $((value & 255)))"
	done
}

# elf CLASS NOTE_TYPE: a file with a program header that is none, then one of notes,
# of which the first is another's
elf()
{
	printf '\177ELF%b' "\\x0$1"
	head -c 27 /dev/zero
	bytes 64 8				# e_phoff
	head -c 14 /dev/zero
	bytes 56 2				# e_phentsize
	bytes 2 2				# e_phnum
	head -c 6 /dev/zero
	bytes 1 4
	head -c 52 /dev/zero
	bytes 4 4				# PT_NOTE
	bytes 0 4
	bytes 176 8				# p_offset
	head -c 16 /dev/zero
	bytes 52 8				# p_filesz
	head -c 16 /dev/zero
	bytes 6 4
	bytes 2 4
	bytes 18 4
	printf 'Linux\0\0\0ab\0\0'
	bytes 4 4
	bytes 8 4
	bytes "$2" 4
	printf 'Xen\0'
	bytes 16777216 8
	# What is packed is not only this
	seq 9999
}

# image FILE COMMAND...: a bzImage of what standard input has, packed by that
image()
{
	local file=$1

	shift
	cat >"$tmp/plain"
	"$@" <"$tmp/plain" >"$tmp/packed"
	[[ $1 = gzip ]] || bytes "$(stat -c %s "$tmp/plain")" 4 >>"$tmp/packed"
	{
		head -c 497 /dev/zero
		bytes 3 1
		head -c 20 /dev/zero
		bytes 527 2			# 2.15
		head -c 64 /dev/zero
		bytes 100 4
		bytes "$(stat -c %s "$tmp/packed")" 4
		head -c $((4 * 512 + 100 - 592)) /dev/zero
		cat "$tmp/packed"
		seq 9
	} >"$file"
}

for packed in 'zstd -qc' 'xz -c' 'gzip -nc' 'lz4 -lc'; do
	type -P "${packed%% *}" >/dev/null || continue
	# shellcheck disable=SC2086
	elf 2 18 | image "$tmp/image" $packed
	ok "$packed: is unpacked" unpack_kernel "$tmp/image" "$tmp/vmlinux"
	ok "$packed: to what it was" cmp "$tmp/plain" "$tmp/vmlinux"
	ok "$packed: it has the note" has_pvh "$tmp/vmlinux"
done

# A machine without the program
elf 2 18 | image "$tmp/image" gzip -nc
is "$(type() { return 1; }; say() { echo "$@"; }
	unpack_kernel "$tmp/image" "$tmp/vmlinux" || echo "status $?")" \
	"the kernel is packed by gzip, which this machine lacks: apt-get install \
gzip makes it boot quicker"$'\nstatus 2' \
	"without the program that unpacks it"

# none NAME COMMAND...: it fails, and says nothing of its own
none()
{
	local name=$1 status=0 said

	shift
	said=$("$@" 2>&1) || status=$?
	is "$status$said" 1 "$name"
}

elf 2 18 | image "$tmp/image" cat
none "packed in another way" unpack_kernel "$tmp/image" "$tmp/vmlinux"
elf 2 18 | image "$tmp/image" zstd -qc
cp "$tmp/image" "$tmp/whole"
printf 'x' | dd of="$tmp/image" bs=1 seek=2200 conv=notrunc status=none
status=0
text=$(say() { echo "$@"; }; unpack_kernel "$tmp/image" "$tmp/vmlinux" 2>&1) ||
	status=$?
is "$status" 2 "damaged"
like "$text" "/image could not be unpacked by zstd: see above\$" "which is said"
head -c 3000 "$tmp/whole" >"$tmp/image"
none "cut off" unpack_kernel "$tmp/image" "$tmp/vmlinux"
cp "$tmp/whole" "$tmp/image"
bytes 519 2 | dd of="$tmp/image" bs=1 seek=518 conv=notrunc status=none
none "of a protocol that has no place of it" \
	unpack_kernel "$tmp/image" "$tmp/vmlinux"

elf 2 17 >"$tmp/vmlinux"
none "without the note" has_pvh "$tmp/vmlinux"
elf 1 18 >"$tmp/vmlinux"
none "of 32 bits" has_pvh "$tmp/vmlinux"
seq 9999 >"$tmp/vmlinux"
none "no ELF file" has_pvh "$tmp/vmlinux"
: >"$tmp/vmlinux"
none "nothing" has_pvh "$tmp/vmlinux"

# --- as runs have it ---------------------------------------------------------

# given [VARIABLE=VALUE]...: what QEMU would be
given()
{
	env "$@" ./build.sh qemu-line none --once gups 1M 2>"$tmp/said" </dev/null |
		sed -nE "s/^\t-kernel '?(.*[^'])'? .*/\1/p"
}

like "$(given BOOT=pvh)" '/build/image/6\.12[^/]*/[0-9a-f]{16}/vmlinux$' "Debian's: unpacked"
like "$(given)" '/build/kernel/6\.12[^/]*/vmlinuz$' \
	"without BOOT=pvh: as it is"
status=0
text=$(BOOT=none ./build.sh qemu-line 2>&1 </dev/null) || status=$?
is "$status" 2 "BOOT=none: refused"
like "$text" 'BOOT=none: pvh or bzimage' "it says what there is"

# --- as it is kept -------------------------------------------------------------

# Those of build.sh
# shellcheck source=/dev/null
. <(sed -nE '/^(fresh|stamp|unstamp|try_put|put)\(\)$/,/^}$/p' build.sh)
# shellcheck disable=SC2034,SC2317
say()
{
	echo "$*"
}
# shellcheck disable=SC2034
B=$tmp/build BOOT=pvh sealed='' kernel_version=9.9 kernel_image=$tmp/image

elf 2 18 | image "$tmp/image" zstd -qc
first=$(build_boot_image; echo "$boot_image")
like "$first" "^$B/image/9.9/[0-9a-f]{16}/vmlinux\$" "somebody's: unpacked"
ok "the whole of it" cmp "$tmp/plain" "$first"
touch -d @0 "$first"
is "$(build_boot_image; stat -c %Y "$boot_image")" 0 "and once"
cp "$tmp/plain" "$tmp/first"
# Another that calls itself by the same version
{ elf 2 18; echo other; } | image "$tmp/other" gzip -nc
other=$(kernel_image=$tmp/other; build_boot_image; echo "$boot_image")
ok "another of that version: is another" cmp "$tmp/plain" "$other"
ok "and the first is what it was" cmp "$tmp/first" "$first"
# A decompressor that fails for once, as of a full disk
{ elf 2 18; echo third; } | image "$tmp/third" gzip -nc
# shellcheck disable=SC2317
is "$(kernel_image=$tmp/third; gzip() { return 1; }; build_boot_image |
	tail -n 1; build_boot_image >/dev/null; echo "$boot_image")" \
	"Linux 9.9 unpacks itself in the guest, slowly
$tmp/third" "what could not be unpacked: as it is"
like "$(kernel_image=$tmp/third; build_boot_image; echo "$boot_image")" \
	"^$B/image/9.9/.*/vmlinux\$" "and the next time it is tried again"
for i in 1 2 3 4; do
	{ elf 2 18; echo "$i"; } | image "$tmp/more" gzip -nc
	(kernel_image=$tmp/more; build_boot_image)
done
is "$(find "$B/image/9.9" -name vmlinux | wc -l)" 4 "so many are kept"
is "$(BOOT=bzimage; build_boot_image; echo "$boot_image")" "$tmp/image" \
	"BOOT=bzimage"
elf 2 17 | image "$tmp/image" zstd -qc
is "$(sealed=$B; build_boot_image; echo "$boot_image")" "$tmp/image" \
	"changed, where nothing can be made: as it is"
is "$(build_boot_image; echo "$boot_image")" "Linux 9.9 unpacks itself in the \
guest: it is packed in a way that is not known, or without CONFIG_PVH
$tmp/image" "without the note: as it is, which is said"
is "$(build_boot_image; echo "$boot_image")" "$tmp/image" "once"
seq 9999 >"$tmp/image"
like "$(build_boot_image; echo "$boot_image")" \
	"packed in a way that is not known.*"$'\n'"$tmp/image\$" "what is none of these"
done_testing
