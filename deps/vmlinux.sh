# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel as QEMU starts it.  A bzImage unpacks itself and moves itself to
# where KASLR wants it: under emulation a fifth of the boot.  With BOOT=pvh it is
# unpacked here, once, and what comes out, an ELF file, is started by its PVH
# note: an entry of 32 bits, which QEMU looks for (CONFIG_PVH; the note is
# XEN_ELFNOTE_PHYS32_ENTRY of include/xen/interface/elfnote.h).  A kernel without
# it is started as it is.
#
# Sourced by build.sh.

# The boot protocol, Documentation/arch/x86/boot.rst: where a bzImage has the number
# of its first sectors, the protocol's version, and the place of what is packed
BOOT_SECTORS=497 BOOT_VERSION=518 BOOT_PAYLOAD=584
# 2.08, the first that says that place
BOOT_VERSION_MIN=520

# Two kernels that call themselves by one version are two: a line in qemu.cmd
# starts the one that it was written for.  Of each version so many are kept.
VMLINUX_KEPT=4

# build_boot_image: sets boot_image to what QEMU is given, of the kernel that
# build_kernel chose.  An empty file says that it has no PVH note, or is packed in a
# way that is not known here.
build_boot_image()
{
	local sum file

	boot_image=$kernel_image
	# shellcheck disable=SC2153
	[[ $BOOT = pvh ]] || return 0
	sum=$(cat "$kernel_image" "$ROOT/deps/vmlinux.sh" | sha256sum)
	file=$B/image/$kernel_version/${sum:0:16}/vmlinux
	if [[ ! -e $file ]]; then
		# Where nothing can be made it is started as it is
		[[ ! $sealed ]] || return 0
		mkdir -p "${file%/*}"
		make_vmlinux "$file"
		forget_vmlinux
	fi
	[[ ! -s $file ]] || boot_image=$file
}

# make_vmlinux FILE: a whole file is moved into place.  That it could not be unpacked
# now, for want of room or of a program, is no reason not to try the next time.
make_vmlinux()
{
	local status=0

	unpack_kernel "$kernel_image" "$1.new" || status=$?
	if ((status == 2)); then
		rm -f "$1.new"
		say "Linux $kernel_version unpacks itself in the guest, slowly"
		return
	elif ((status)) || ! has_pvh "$1.new"; then
		say "Linux $kernel_version unpacks itself in the guest: it is" \
			"packed in a way that is not known, or without CONFIG_PVH"
		: >"$1.new"
	fi
	mv "$1.new" "$1"
}

# The newest are kept; those of this version, in directories of their own
forget_vmlinux()
{
	find "$B/image/$kernel_version" -mindepth 2 -maxdepth 2 -name vmlinux \
		-printf '%T@ %h\n' | sort -rn |
		tail -n "+$((VMLINUX_KEPT + 1))" | cut -d' ' -f2- |
		xargs -rd '\n' rm -rf
}

# number FILE OFFSET BYTES: the unsigned one there, of a little-endian file; 0
# behind its end
number()
{
	local value

	value=$({ od -An "-tu$3" -j "$2" -N "$3" "$1" 2>/dev/null || true; } |
		tr -d ' ')
	echo "${value:-0}"
}

# unpack_kernel IMAGE FILE: 1 if it cannot be, 2 if it could not now.  The last
# word of what is packed is its size unpacked: gzip has it of itself, and Linux
# adds it to the others.
unpack_kernel()
{
	local image=$1 to=$2 sectors at size unpack=() add=0

	(($(number "$image" "$BOOT_VERSION" 2) >= BOOT_VERSION_MIN)) || return
	sectors=$(number "$image" "$BOOT_SECTORS" 1)
	at=$(((sectors + 1) * 512 + $(number "$image" "$BOOT_PAYLOAD" 4)))
	size=$(number "$image" $((BOOT_PAYLOAD + 4)) 4)
	((size > 8 && at + size <= $(stat -c %s "$image"))) || return
	case $(od -An -tx1 -j "$at" -N 4 "$image" | tr -d ' ') in
	28b52ffd) unpack=(zstd -qdc) add=4;;
	fd377a58) unpack=(xz -dc) add=4;;
	1f8b*) unpack=(gzip -dc);;
	# Debian's before 6.12; not every machine has that program
	02214c18) unpack=(lz4 -dc) add=4;;
	*) return 1;;
	esac
	type -P "${unpack[0]}" >/dev/null || {
		say "the kernel is packed by ${unpack[0]}, which this machine" \
			"lacks: apt-get install ${unpack[0]/xz/xz-utils} makes" \
			"it boot quicker"
		return 2
	}
	dd if="$image" iflag=skip_bytes,count_bytes bs=1M skip="$at" \
		count=$((size - add)) status=none |
		"${unpack[@]}" >"$to" || {
		say "$image could not be unpacked by ${unpack[0]}: see above"
		return 2
	}
	(($(stat -c %s "$to") == $(number "$image" $((at + size - 4)) 4)))
}

# has_pvh FILE: is it an ELF file of 64 bits with the note?  Its program headers say
# where notes are (PT_NOTE, 4).
has_pvh()
{
	local file=$1 at each count type size

	[[ $(od -An -tx1 -N 5 "$file" | tr -d ' ') = 7f454c4602 ]] || return
	at=$(number "$file" 32 8)
	each=$(number "$file" 54 2)
	count=$(number "$file" 56 2)
	for ((; count > 0; count--, at += each)); do
		type=$(number "$file" "$at" 4)
		((type == 4)) || continue
		size=$(number "$file" $((at + 32)) 8)
		od -An -v -w4 -tu4 -j "$(number "$file" $((at + 8)) 8)" \
			-N "$size" "$file" | pvh_note && return
	done
	return 1
}

# pvh_note: of words a line: a note has the sizes of its name and of what it says,
# its type (18), the name ("Xen", here as a number) and what it says
pvh_note()
{
	awk '{ word[NR] = $1 }
		END {
			for (i = 1; i + 3 <= NR; i += 3 + name + says) {
				name = int((word[i] + 3) / 4)
				says = int((word[i + 1] + 3) / 4)
				if (word[i] == 4 && word[i + 2] == 18 && \
				    word[i + 3] == 7234904)
					exit 0
			}
			exit 1
		}'
}
