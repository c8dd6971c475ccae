# shellcheck shell=bash
#
# The guest's files: tier as /init, busybox, and the kernel's modules for
# CXL memory.  Made without root, so without device nodes: tier mounts
# devtmpfs itself.  The same input gives the same bits.
#
# Sourced by build.sh.

IMAGE_MAX_BYTES=$((3 * 1024 * 1024))
[[ ! ${COVERAGE:-} ]] || IMAGE_MAX_BYTES=$((IMAGE_MAX_BYTES * 2))

# verb initramfs: sets initramfs (for the kernel build_kernel chose).  Two
# archives in one file, which the kernel unpacks one after the other: the
# large one changes seldom, tier often.
build_initramfs()
{
	local dir size

	need "${NEED_IMAGE[@]}"
	build_tier
	build_kernel
	dir=$B/image/$kernel_version
	initramfs=$dir/initramfs.cpio
	build_base "$dir"
	if newer_than "$initramfs" "$dir/base.cpio" "$B/tier" ||
		[[ ! -e $initramfs ]]; then
		may_write "the initramfs"
		(umask 022 && pack_tier "$dir")
		cat "$dir/base.cpio" "$dir/tier.cpio" >"$initramfs.new"
		size=$(stat -c %s "$initramfs.new")
		((size <= IMAGE_MAX_BYTES)) || die 1 "the initramfs has" \
			"$size bytes, more than $IMAGE_MAX_BYTES"
		mv "$initramfs.new" "$initramfs"
		say "initramfs: $initramfs, $size bytes"
	fi
	link_to "$initramfs" "$B/initramfs.cpio"
}

# build_base DIR: all but tier.  Whole files are moved into place: another
# run may be starting from the old ones.
build_base()
{
	local dir=$1 key root=$1/root

	build_busybox
	key="$kernel_image $kernel_modules $kernel_key $(stat -c %Y "$kernel_image") \
$(cat "$ROOT"/initramfs/{modules,image.sh} "$B/busybox.version" | sha256sum)"
	[[ -e $dir/base.cpio ]] && fresh "base-$kernel_version" "$key" && return
	may_write "the image for Linux $kernel_version"
	unstamp "base-$kernel_version"
	# Its modes are the guest's matter, whatever umask is here
	(umask 022 && make_base)
	stamp "base-$kernel_version" "$key"
}

# make_base: dir and root are the caller's
make_base()
{
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,etc/tier,lib/modules,proc,root,run,sys,tmp}
	ln -s bin "$root/sbin"
	ln -s /init "$root/bin/tier"
	install_busybox "$root/bin"
	[[ ! $kernel_modules ]] || install_modules "$root" "$(wanted_modules)"
	pack "$root" -19 >"$dir/base.cpio.new"
	mv "$dir/base.cpio.new" "$dir/base.cpio"
	rm -rf "$root"
}

build_busybox()
{
	local deb

	[[ -s $B/busybox.version && -e $B/busybox ]] && return
	may_write "the guest's busybox"
	rm -f "$B/busybox.version"
	deb=$(fetch_deb trixie busybox-static)
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -O ./usr/bin/busybox >"$B/busybox.new"
	chmod 755 "$B/busybox.new"
	mv "$B/busybox.new" "$B/busybox"
	put "$B/busybox.version" "$(dpkg-deb -f "$deb" Version)"
}

install_busybox()
{
	local applet

	install -m 755 "$B/busybox" "$1/busybox"
	for applet in $("$B/busybox" --list); do
		[[ -e $1/$applet || -L $1/$applet ]] ||
			ln -s busybox "$1/$applet"
	done
}

wanted_modules()
{
	grep -v -e '^#' -e '^$' "$ROOT/initramfs/modules"
}

# install_modules ROOT NAMES...: what modprobe would load, decompressed because the
# kernel is given the files as they are, and the list of them in the order in
# which modprobe would load them.  The machine's own modprobe.d must not have
# a say.
install_modules()
{
	local root=$1 from=$kernel_modules version=$kernel_version name file to

	[[ -e $from/lib/modules/$version/modules.dep.bin ]] ||
		depmod -b "$from" "$version"
	shift
	# shellcheck disable=SC2068
	for name in $@; do
		modprobe -d "$from" -C /dev/null -S "$version" \
			--show-depends "$name" 2>/dev/null || true
	done | sed -n 's/^insmod //p' | awk '!seen[$0]++' |
		while read -r file; do
			to=/lib/modules/$version/${file##*/lib/modules/"$version"/}
			to=${to%.ko*}.ko
			install_module "$file" "$root$to"
			echo "$to"
		done >"$root/etc/tier/modules"
}

install_module()
{
	local from=$1 to=$2

	mkdir -p "${to%/*}"
	case $from in
	*.xz) xz -dc "$from" >"$to";;
	*.zst) zstd -qdc "$from" >"$to";;
	*.gz) gzip -dc "$from" >"$to";;
	*) cp "$from" "$to";;
	esac
	# A tree's has all that a debugger wants, and takes ten times the room
	[[ ! $kernel_key ]] || strip --strip-debug "$to"
}

pack_tier()
{
	local root=$1/root

	rm -rf "$root"
	mkdir -p "$root"
	install -m 755 "$B/tier" "$root/init"
	pack "$root" -12 >"$1/tier.cpio"
	rm -rf "$root"
}

# pack DIR LEVEL: names sorted, times, owners and inode numbers fixed
pack()
{
	find "$1" -type d -exec chmod 755 {} +
	find "$1" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
	(cd "$1" && find . -mindepth 1 -printf '%P\0' | sort -z |
		cpio -o -0 --quiet -H newc --reproducible -R 0:0 |
		zstd -q -T1 "$2")
}
