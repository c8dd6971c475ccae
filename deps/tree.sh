# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody's kernel, as a tree that was built: KERNEL=/path/to/linux.  Its bzImage
# and its modules are taken from where they lie, and its configuration is held
# against deps/kernel.config.
#
# Sourced by build.sh.

# Without these there is no guest that could say what it lacks
TREE_BOOTS="64BIT ACPI BINFMT_ELF BLK_DEV_INITRD DEVTMPFS NUMA PCI PROC_FS
	RD_ZSTD SERIAL_8250_CONSOLE SYSFS TMPFS TTY VIRTIO_CONSOLE VIRTIO_PCI"

# tree_kernel TREE: sets kernel_version, kernel_image, kernel_modules and
# kernel_key, which changes when one of the tree's modules does
tree_kernel()
{
	local tree stage

	tree=$(realpath -- "$1")
	kernel_image=$tree/arch/x86/boot/bzImage
	[[ -e $tree/Kconfig || -e $tree/include/config/kernel.release ]] ||
		die 2 "KERNEL=$1: is not a tree of Linux: it has no Kconfig;" \
			"give the directory in which make builds one, or a bzImage"
	[[ -r $kernel_image && -r $tree/.config ]] || die 3 "KERNEL=$1: is not" \
		"built (make -C $1 -j$(nproc) bzImage modules); what is to be" \
		"configured: ./build.sh kernel --config $1"
	kernel_image=$(realpath -- "$kernel_image")
	kernel_version=$(version_of_kernel "$kernel_image")
	check_tree_options "$tree/.config"
	kernel_modules=''
	grep -q '=m$' "$tree/.config" || return 0
	kernel_key=$(find "$tree" -name '*.ko' -printf '%T@ %p\n' | sort |
		sha256sum | cut -c 1-16)
	[[ -e $tree/modules.order ]] || die 3 "KERNEL=$1: its modules are not" \
		"built: make -C $1 modules"
	stage=$B/kernel/tree-$(sha256sum <<<"$tree" | cut -c 1-16)
	kernel_modules=$stage
	! fresh "${stage##*/}" "$kernel_version $kernel_key" || return 0
	may_write "the list of the modules of $tree"
	unstamp "${stage##*/}"
	stage_modules "$tree" "$stage/lib/modules/$kernel_version"
	depmod -b "$stage" "$kernel_version" || die 1 "depmod fails for $tree"
	stamp "${stage##*/}" "$kernel_version $kernel_key"
}

# stage_modules TREE DIRECTORY: as if they were installed, by links
stage_modules()
{
	local tree=$1 to=$2 file

	rm -rf "${to%/lib/modules/*}"
	mkdir -p "$to/kernel"
	for file in modules.builtin modules.builtin.modinfo modules.order; do
		[[ ! -e $tree/$file ]] || cp "$tree/$file" "$to"
	done
	find "$tree" -name '*.ko' -printf '%P\n' | while read -r file; do
		mkdir -p "$to/kernel/$(dirname -- "$file")"
		ln -s "$tree/$file" "$to/kernel/$file"
	done
}

# tree_lacks CONFIG [NAMES...]: which of deps/kernel.config, or of these, it has
# neither built in nor as a module
tree_lacks()
{
	local config=$1

	shift
	if (($#)); then
		printf '%s\n' "$@"
	else
		sed -nE 's/^CONFIG_([A-Z0-9_]+)=.*/\1/p' "$KERNEL_CONFIG.config"
	fi | { grep -vxF -f <(sed -nE 's/^CONFIG_([A-Z0-9_]+)=[^n].*/\1/p' \
		"$config") || true; } | paste -sd' '
}

check_tree_options()
{
	local lacks

	# shellcheck disable=SC2086
	lacks=$(tree_lacks "$1" $TREE_BOOTS)
	[[ ! $lacks ]] || die 3 "KERNEL=$KERNEL cannot boot here: its" \
		"configuration lacks $lacks (./build.sh kernel --config $KERNEL)"
	lacks=$(tree_lacks "$1")
	[[ ! $lacks ]] || say "KERNEL=$KERNEL: of what tier can use, its" \
		"configuration lacks $lacks"
}

# verb kernel --config TREE: TREE/tier.config, to be merged into its .config
tree_config()
{
	local tree=$1 known lacks=''

	[[ -e $tree/Kconfig ]] || die 2 "kernel --config $tree: is not the source" \
		"of Linux"
	known=$(find "$tree" -name 'Kconfig*' ! -path '*/scripts/*' -exec sed -nE \
		's/^[[:space:]]*(menu)?config ([A-Z0-9_]+)$/\2/p' {} + | sort -u)
	put "$tree/tier.config" "$(while IFS= read -r line; do
		name=${line#\# }
		name=${name#CONFIG_}
		name=${name%%[ =]*}
		[[ $line != *CONFIG_* ]] || grep -qxF -- "$name" <<<"$known" ||
			line="# this Linux has no CONFIG_$name"
		printf '%s\n' "$line"
	done <"$KERNEL_CONFIG.config")"
	printf 'merge it, and build:\n\n\tcd %s\n\t%s\n\t%s\n\t%s\n' \
		"$(shell_word "$tree")" \
		"scripts/kconfig/merge_config.sh -m .config tier.config" \
		"make olddefconfig" "make -j$(nproc) bzImage modules"
	# Of those that it has
	[[ ! -r $tree/.config ]] || lacks=$(tree_lacks "$tree/.config" |
		tr ' ' '\n' | grep -xF -- "$known" | paste -sd' ') || true
	[[ ! $lacks ]] || printf '\n.config lacks %s\n' "$lacks"
}
