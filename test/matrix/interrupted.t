#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh killed in the middle of what takes long, with all that it had started:
# the next one has all as it was.  In a copy of the project, below an odd name.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/copy.sh
. test/lib/copy.sh

copy "$odd"
cd "$odd" || exit 1
does 0 "the image" ./build.sh initramfs

# killed VERB FILE: build.sh, with all that it had started, when the file is there
killed()
{
	local pid

	perl -e 'setpgrp; exec @ARGV' ./build.sh "$1" >/dev/null 2>&1 </dev/null &
	pid=$!
	until [[ -e $2 ]] || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.02
	done
	ok "$1 is at it" kill -KILL -- "-$pid"
	wait "$pid" 2>/dev/null
}

# restored VERB NAME: as if nothing had been
restored()
{
	cp -p "$here/deps/libs.sh" deps
	cp -p "$here/initramfs/modules" initramfs
	does 0 "$2: the old state is whole" ./build.sh "$1"
	unlike "$text" 'static libraries' "$2: the libraries need not be made again"
	ok "$2: the program" cmp build/tier "$here/build/tier"
	ok "$2: the image" cmp build/initramfs.cpio "$here/build/initramfs.cpio"
}

for moment in src/musl deps.new/musl.version src/obj deps.new/lib/libcxl.a; do
	echo "# $moment" >>deps/libs.sh
	rm -rf build/deps.new build/src
	killed tier "build/$moment"
	restored initramfs "killed at $moment"
done
image=build/image/$(basename "$(dirname "$(readlink build/initramfs.cpio)")")
for moment in root/bin base.cpio.new; do
	grep -v cxl_pci "$here/initramfs/modules" >initramfs/modules
	killed initramfs "$image/$moment"
	restored initramfs "killed at $moment"
done
echo cxl_nothing >>initramfs/modules
does 0 "another image" ./build.sh initramfs
restored initramfs "back again"

done_testing
