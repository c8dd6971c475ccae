# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's packages in the guest (run --package NAME): each with all that it
# depends on, extracted without root, on a disk that can only be read.  So nothing
# of them lies in the guest's memory but what is in use.  They are extracted, not
# installed: no script of theirs is executed.
#
# Which versions these are is kept: newer ones come only after clean --all.
#
# Sourced by build.sh.

# The release they are of, whatever the kernel is
PACKAGES_SUITE=trixie
# What no package says that it needs, since every Debian has it
PACKAGES_ESSENTIAL=(bash perl-base)
# The kernel's modules for it, with all that they need
PACKAGES_MODULES=(virtio_blk erofs overlay)

# check_packages: the names in packages of the caller
check_packages()
{
	local name

	for name in "${packages[@]}"; do
		[[ $name != *=* ]] || die 2 "--package $name: a name alone:" \
			"versions are those of Debian $PACKAGES_SUITE"
		[[ $name =~ ^[a-z0-9][a-z0-9+.-]+$ ]] || die 2 "--package" \
			"$name: not a name of a package of Debian"
	done
}

# build_packages: the disk of them, and what the guest needs for it; sets
# packages_disk and packages_archive, and leaves packages.json beside the disk
build_packages()
{
	local asked dir

	mapfile -t asked < <(printf '%s\n' "${packages[@]}" | sort -u)
	dir=$B/packages/$(sha256sum <<<"${asked[*]}" | cut -c 1-16)
	packages_disk=$dir/disk
	[[ -e $packages_disk ]] || make_packages
	packages_archive=$B/image/$kernel_version/packages.cpio
	newer_than "$packages_archive" "$ROOT"/initramfs/packages.sh \
		"$ROOT/initramfs/mount-packages" "${initramfs%/*}/base.cpio" ||
		[[ ! -e $packages_archive ]] || return 0
	may_write "the guest's modules for packages"
	(umask 022 && make_packages_archive "${packages_archive%/*}/packages")
}

# make_packages: asked and dir are the caller's
make_packages()
{
	local all=("${asked[@]}" "${PACKAGES_ESSENTIAL[@]}") plan name
	local suite=$PACKAGES_SUITE

	need "${NEED_PACKAGES[@]}"
	may_write "the disk of ${asked[*]}"
	apt_update "$suite"
	for name in "${asked[@]}"; do
		[[ $(deb_version "$suite" "$name") ]] || die 2 "--package" \
			"$name: Debian $suite has no such package;" \
			"$(like_package "$name")"
	done
	say "fetching ${asked[*]} of Debian $suite, and what they need"
	plan=$(priv_apt "$suite" get -s install "${all[@]}" 2>&1) ||
		die 3 "Debian $suite cannot have ${asked[*]}:"$'\n'"$plan"
	priv_apt "$suite" get -y install --download-only "${all[@]}" \
		>/dev/null || die 3 "cannot fetch ${asked[*]}: see above"
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	sed -nE 's/^Inst (\S+) \((\S+) .*/\1 \2/p' <<<"$plan" >"$dir.new/list"
	(umask 022 && extract_packages "$dir.new/root" <"$dir.new/list")
	mkfs.erofs --quiet --all-root -T "${SOURCE_DATE_EPOCH:-0}" \
		-U 00000000-0000-0000-0000-000000000000 "$dir.new/disk" \
		"$dir.new/root" >"$dir.new/log" 2>&1 || die 1 "the disk of" \
		"${asked[*]} cannot be made:"$'\n'"$(tail "$dir.new/log")"
	jq -Rn --arg suite "$suite" --arg sum "$(sum_of "$dir.new/disk")" \
		--args '{ suite: $suite, sha256: $sum,
		asked: $ARGS.positional, versions: ([inputs | split(" ") |
		{ (.[0]): .[1] }] | add) }' "${asked[@]}" \
		<"$dir.new/list" >"$dir.new/packages.json"
	rm -rf "$dir" "$dir.new/root"
	mv "$dir.new" "$dir"
	say "$(jq -r '.versions | length' "$dir/packages.json") packages:" \
		"$packages_disk, $(($(stat -c %s "$packages_disk") >> 20)) MiB"
}

# like_package NAME: "there are ...", of those that provide it, or begin so
like_package()
{
	local near

	near=$(priv_apt "$PACKAGES_SUITE" cache showpkg "$1" 2>/dev/null |
		awk -v name="$1" '$1 == "Package:" { of = $2; provides = 0 }
			provides && of == name { print $1 }
			/^Reverse Provides/ { provides = 1 }' | sort -u |
		sed -n '1,6p' | paste -sd' ')
	[[ ! $near ]] || {
		echo "it is what others provide: $near"
		return
	}
	near=$(priv_apt "$PACKAGES_SUITE" cache pkgnames "${1:0:5}" | sort |
		sed -n '1,6p' | paste -sd' ')
	near=${near:+there are $near}
	echo "${near:-apt-cache search finds names}"
}

# extract_packages ROOT: those of the list, "NAME VERSION" a line.  What the
# packages put into /bin and its like belongs to /usr, as base-files has it.
extract_packages()
{
	local root=$1 name version deb dir

	for dir in bin sbin lib lib64; do
		mkdir -p "$root/usr/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
	while read -r name version; do
		# apt writes an epoch's colon as %3a
		for deb in "$B/cache/debs/${name}_${version//:/%3a}"_*.deb; do
			dpkg-deb --fsys-tarfile "$deb" | untar "$root" \
				--no-same-owner --keep-directory-symlink \
				--exclude=./usr/share/{doc,man,info,locale,lintian}
		done
	done
	mkdir -p "$root/etc"
	# Their scripts would have made these
	[[ -e $root/etc/passwd ]] || printf '%s\n' \
		root:x:0:0:root:/root:/bin/sh \
		nobody:x:65534:65534:nobody:/:/bin/false >"$root/etc/passwd"
	[[ -e $root/etc/group ]] || printf '%s\n' root:x:0: nogroup:x:65534: \
		>"$root/etc/group"
	[[ -e $root/etc/hosts ]] ||
		echo 127.0.0.1 localhost >"$root/etc/hosts"
	chmod -R u+rwX "$root"
}

# make_packages_archive ROOT
make_packages_archive()
{
	local root=$1

	rm -rf "$root"
	mkdir -p "$root/etc/tier"
	[[ ! $kernel_modules ]] || install_modules "$root" \
		"$(wanted_modules)" "${PACKAGES_MODULES[*]}"
	cp "$ROOT/initramfs/mount-packages" "$root/etc/tier/begin"
	pack "$root" -12 >"$packages_archive.new"
	mv "$packages_archive.new" "$packages_archive"
	rm -rf "$root"
}
