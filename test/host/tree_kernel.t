#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# KERNEL=TREE: what is no tree, is not built, or cannot boot, is refused and says
# what to do; kernel --config writes the options that a tree has.  Without a guest:
# test/guest/tree_kernel.t boots one.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/tree.sh
. test/lib/tree.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree="$tmp/my 'linux\""
built_tree "$tree" || exit 1

# kernel STATUS NAME [ARGUMENTS]...: of that tree; sets text
kernel()
{
	local status=0

	text=$(KERNEL=${kernel:-$tree} timeout 100 ./build.sh kernel \
		"${@:3}" 2>&1 </dev/null) || status=$?
	is "$status" "$1" "$2: status $1" || diag "$text"
	unlike "$text" ': line [0-9]+: ' "$2: not in a shell's words"
}

kernel 0 "a tree that was built"
like "$text" "Linux 6\.12.*: .*/arch/x86/boot/bzImage" "its image is taken"
like "$text" 'lacks .*CXL_REGION_INVALIDATION_TEST' "what it lacks is named"
unlike "$text" 'lacks .*(DAMON_SYSFS|CXL_PCI|NUMA_BALANCING)' \
	"what it has is not, be it a module"

sed -i 's/^CONFIG_BLK_DEV_INITRD=y/# CONFIG_BLK_DEV_INITRD is not set/
	s/^CONFIG_VIRTIO_CONSOLE=.*//' "$tree/.config"
kernel 3 "one that cannot boot"
like "$text" 'cannot boot here: .* lacks BLK_DEV_INITRD VIRTIO_CONSOLE .*--config' \
	"what it lacks, and what to do"
rm "$tree/arch/x86/boot/bzImage"
kernel 3 "one that is not built"
like "$text" 'is not built \(make -C .*bzImage modules.*--config' "what to do"
echo text >"$tree/arch/x86/boot/bzImage"
kernel 3 "an image that is none"
like "$text" 'not a Linux bzImage' "is called so"
kernel=$tmp kernel 2 "a directory"
like "$text" 'is not a tree of Linux.*Kconfig; give' "that is none"
kernel=$tmp/none kernel 3 "one that is not there"
like "$text" 'nothing of that name; give a bzImage, a tree' "says what to give"
MODULES=/tmp kernel 2 "with MODULES"

# image VERSION [OFFSET]: what a bzImage says of itself, and no more
image()
{
	perl -e '$_ = "\0" x 4096; substr($_, 514, 4) = "HdrS";
		substr($_, 526, 2) = pack "v", $ARGV[1] || 512;
		substr($_, 1024, length $ARGV[0]) = $ARGV[0]; print' "$@" >"$tmp/image"
}

mkfifo "$tmp/fifo"
kernel=$tmp/fifo kernel 3 "a FIFO, which nobody waits for"
like "$text" 'fifo: is no file' "is named"
echo text >"$tmp/text"
kernel=$tmp/text kernel 3 "a text"
# Another test may hold build/'s lock
is "${text##*$'\n'}" "build.sh: $tmp/text is not a Linux bzImage for x86" \
	"is called none, in our words"
image '../../../evil (x)'
kernel=$tmp/image kernel 3 "a version that is a way out of build/"
image '' 65535
kernel=$tmp/image kernel 3 "a version behind the end"
image '6.1.0-mine (me) #1'
kernel=$tmp/image kernel 0 "a version"
like "$text" "Linux 6\.1\.0-mine: " "is read"
MODULES=$tmp/no/such kernel=$tmp/image kernel 3 "modules that are nowhere"
like "$text" 'MODULES=.*there is no lib/modules/6.1.0-mine' "are named"

kernel 2 "--config of what is no source" --config "$tmp"
like "$text" 'is not the source of Linux' "is refused"
printf 'config %s\n\tbool "x"\n' NUMA CXL_BUS BLK_DEV_INITRD \
	>"$tree/Kconfig"
mkdir "$tree/mm"
printf '\tmenuconfig DAMON\n' >"$tree/mm/Kconfig"
kernel 2 "--config without one" --config=
kernel 0 "--config" --config="$tree"
is "$(grep -E '^CONFIG|is not set' "$tree/tier.config" | sort | paste -sd' ')" \
	"CONFIG_BLK_DEV_INITRD=y CONFIG_CXL_BUS=y CONFIG_DAMON=y CONFIG_NUMA=y" \
	"the options that it knows"
ok "the others are named" grep -qx '# this Linux has no CONFIG_CXL_REGION' \
	"$tree/tier.config"
like "$text" 'merge_config.sh -m .config tier.config.*lacks .*BLK_DEV_INITRD' \
	"what to do with them, and what is missing"
unlike "$text" 'lacks .*(CXL_REGION|VIRTIO_CONSOLE)' "not what it cannot have"
done_testing
