# shellcheck shell=bash
#
# The emulator and the kernel, from Debian's packages unless the user has
# better ones.
#
# Sourced by build.sh.

# 11.1 is the first QEMU that maps a CXL device's memory as RAM; before, each
# access to it is a trap and a run takes hours.
QEMU_FETCHED=11.1

# --- qemu ------------------------------------------------------------------

# verb qemu: sets qemu_bin and qemu_version
build_qemu()
{
	local found

	if [[ $QEMU =~ ^[0-9]+(\.[0-9]+)+$ ]]; then
		fetch_qemu "$QEMU"
		return
	fi
	found=$(command -v "${QEMU:-qemu-system-x86_64}" || true)
	if [[ $found ]]; then
		found=$(realpath -s "$found")
		qemu_version=$(version_of_qemu "$found")
		if at_least "$qemu_version" "$QEMU_MIN"; then
			qemu_bin=$found
			return
		fi
	fi
	[[ ! $QEMU ]] || die 3 "QEMU=$QEMU: $(what_it_is "$found")," \
		"and $QEMU_MIN or newer is needed: unset QEMU to have it" \
		"fetched (QEMU_MIN lowers the limit)"
	fetch_qemu "$QEMU_FETCHED"
}

what_it_is()
{
	if [[ ! $1 ]]; then
		echo "there is no such program"
	elif [[ ! $qemu_version ]]; then
		echo "that is not a QEMU"
	else
		echo "that is version $qemu_version"
	fi
}

version_of_qemu()
{
	{ "$1" --version 2>/dev/null || true; } |
		sed -nE 's/^QEMU emulator version ([0-9.]+).*/\1/p'
}

# at_least VERSION MINIMUM
at_least()
{
	[[ $1 && $(printf '%s\n' "$2" "$1" | sort -V | head -n1) = "$2" ]]
}

# fetch_qemu VERSION: extract it from Debian's packages
fetch_qemu()
{
	local version=$1 dir=$B/qemu

	[[ $version = "$QEMU_FETCHED" ]] || dir=$B/qemu-$version
	if [[ ! -e $dir/version ]]; then
		may_write "QEMU $version"
		rm -rf "$dir" "$dir.new"
		extract_qemu "$version" "$dir.new"
		install -m 755 "$ROOT/deps/qemu-wrapper" \
			"$dir.new/qemu-system-x86_64"
		mv "$dir.new" "$dir"
		version_of_qemu "$dir/qemu-system-x86_64" >"$dir/version.new"
		[[ -s $dir/version.new ]] ||
			die 1 "the QEMU in $dir does not start"
		mv "$dir/version.new" "$dir/version"
		say "qemu: $dir/qemu-system-x86_64"
	fi
	qemu_bin=$dir/qemu-system-x86_64
	qemu_version=$(<"$dir/version")
	cmp -s "$ROOT/deps/qemu-wrapper" "$qemu_bin" || {
		may_write "QEMU's wrapper"
		install -m 755 "$ROOT/deps/qemu-wrapper" "$qemu_bin.new"
		mv "$qemu_bin.new" "$qemu_bin"
	}
}

# With all its libraries: this machine's may be too old for it
extract_qemu()
{
	local version=$1 dir=$2 full seabios=seabios packages plan name deb

	apt_update trixie
	# A source may be there before it is built
	full=$(priv_apt trixie cache madison qemu-system-x86 |
		awk '$NF == "Packages" { print $3 }' | sort -V |
		grep -E "^([0-9]+:)?${version//./\\.}[.+~-]" | tail -n1) ||
		die 3 "Debian's trixie and trixie-backports have no QEMU" \
			"$version: name your own with QEMU=PATH"
	[[ $full != *~bpo* ]] || seabios=seabios/trixie-backports
	packages=(qemu-system-{x86,common,data}"=$full" "$seabios" ipxe-qemu)
	say "fetching QEMU $full"
	priv_apt trixie get -y install --download-only "${packages[@]}" \
		>/dev/null || die 3 "cannot fetch QEMU $full"
	plan=$(priv_apt trixie get -s install "${packages[@]}")
	mkdir -p "$dir"
	# "Inst name (version suite [arch])": an epoch's colon is %3a in names
	while read -r name deb; do
		deb=$B/cache/debs/${name}_${deb//:/%3a}_
		dpkg-deb --fsys-tarfile "$deb"*.deb | untar "$dir" \
			--exclude=./usr/share/{doc,man,locale,icons} \
			--no-same-owner
	done < <(sed -nE 's/^Inst (\S+) \((\S+) .*/\1 \2/p' <<<"$plan")
}

# --- kernel ----------------------------------------------------------------

# verb kernel: sets kernel_version, kernel_image and kernel_modules (the
# directory that holds lib/modules, "" without modules); of a tree kernel_key, too
build_kernel()
{
	kernel_key=''
	if [[ -d $KERNEL ]]; then
		[[ ! $MODULES ]] || die 2 "MODULES: those of the tree" \
			"KERNEL=$KERNEL are taken"
		tree_kernel "$KERNEL"
	elif [[ $KERNEL = */* || -e $KERNEL ]]; then
		given_kernel
	else
		[[ ! $MODULES ]] || die 2 "MODULES=DIR needs KERNEL=PATH"
		if [[ $KERNEL =~ ^(own|debug)(-[0-9.]+)?$ ]]; then
			own_kernel "$KERNEL"
		else
			debian_kernel "$KERNEL"
		fi
	fi
	link_to "$kernel_image" "$B/vmlinuz"
}

given_kernel()
{
	[[ -e $KERNEL ]] || die 3 "KERNEL=$KERNEL: there is nothing of that" \
		"name; give a bzImage, a tree that was built, or a version (7.3)"
	# One that waits for a writer would have all others wait for us
	[[ -f $KERNEL && -r $KERNEL ]] || die 3 "KERNEL=$KERNEL: is no file that" \
		"we can read"
	kernel_image=$(realpath "$KERNEL")
	kernel_version=$(version_of_kernel "$kernel_image")
	kernel_modules=
	[[ $MODULES ]] || return 0
	# MODULES is what INSTALL_MOD_PATH was, or the directory in it
	kernel_modules=$(realpath -m "${MODULES%%/lib/modules/"$kernel_version"*}")
	[[ -d $kernel_modules/lib/modules/$kernel_version ]] ||
		die 3 "MODULES=$MODULES: there is no" \
			"lib/modules/$kernel_version"
}

# The boot protocol has the offset of the version string at 0x20e.  It becomes the
# name of a directory.
version_of_kernel()
{
	local offset version=''

	if [[ $(od -An -c -j514 -N4 "$1" 2>/dev/null | tr -d ' ') = HdrS ]]; then
		offset=$(number "$1" 526 2)
		version=$({ tail -c "+$((offset + 513))" "$1" || true; } |
			head -c 128 | tr '\0' '\n' | sed -n '1s/ .*//p')
	fi
	[[ $version =~ ^[0-9][A-Za-z0-9._+~-]*$ ]] ||
		die 3 "$1 is not a Linux bzImage for x86"
	printf '%s\n' "$version"
}

# Where Debian's kernels are looked for: 6.12 and newer, 6.1, 5.10
KERNEL_SUITES=(trixie bookworm bullseye)

# debian_kernel PREFIX: the newest cloud kernel whose version starts so, of the
# first of these releases (or trixie's backports) that has one.  Which one that was
# is kept: newer ones come only after clean.  A mirror may lack the older ones, and
# an archive of those the newest.
debian_kernel()
{
	local prefix=$1 note=$B/kernel/$1.version suite unasked=()

	[[ $prefix =~ ^[0-9]+\.[0-9]+([.+~-][A-Za-z0-9]+)*$ ]] ||
		die 2 "KERNEL=$prefix: neither a version (6.12, 7.3), own or" \
			"debug (own-7.3) nor a file"
	if [[ ! -s $note ]]; then
		need "${NEED_KERNEL[@]}"
		may_write "the kernel $prefix"
		for suite in "${KERNEL_SUITES[@]}"; do
			(apt_update "$suite") || {
				unasked+=("$suite")
				continue
			}
			kernel_version=$(newest_kernel "$suite" "$prefix")
			[[ ! $kernel_version ]] || break
		done
		[[ $kernel_version ]] || no_kernel "$prefix" "${unasked[@]}"
		extract_kernel "$suite" "$kernel_version"
		put "$note" "$kernel_version"
		say "kernel: $B/kernel/$kernel_version"
	fi
	kernel_version=$(<"$note")
	kernel_modules=$B/kernel/$kernel_version
	kernel_image=$kernel_modules/vmlinuz
}

# no_kernel PREFIX UNASKED...: the releases that the mirror would not tell of
no_kernel()
{
	(($# == 1)) || die 3 "no cloud kernel $1 in what $(mirror) has; ${*:2}" \
		"could not be asked: MIRROR=URL names another mirror"
	die 3 "Debian's ${KERNEL_SUITES[*]} have no cloud kernel $1: name your" \
		"own with KERNEL=PATH MODULES=DIR"
}

# Up to 7.1 all is in linux-image; then linux-binary has the image,
# linux-modules the modules and linux-base the lists of what is built in.
#
# newest_kernel SUITE PREFIX: "" if there is none
newest_kernel()
{
	local suite=$1 prefix=${2//./[.]} version

	prefix=${prefix//+/[+]}
	priv_apt "$suite" cache pkgnames linux- |
		sed -nE 's/^linux-(image|binary)-([0-9].*-cloud-amd64)$/\2/p' |
		{ grep -E "^$prefix([.+~-]|\$)" || true; } | sort -rVu |
		while read -r version; do
			if [[ $(kernel_packages "$suite" "$version") ]]; then
				echo "$version"
				break
			fi
		done
}

# kernel_packages SUITE VERSION: pkgnames also lists names that are only
# mentioned: ask for a candidate
kernel_packages()
{
	local name found=

	for name in linux-{base,binary,modules}-"$2"; do
		[[ $(deb_version "$1" "$name") ]] || continue
		echo "$name"
		found=1
	done
	[[ ! $found && $(deb_version "$1" "linux-image-$2") ]] || return 0
	echo "linux-image-$2"
}

# extract_kernel SUITE VERSION
extract_kernel()
{
	local suite=$1 version=$2 dir=$B/kernel/$2 name deb

	rm -rf "$dir" "$dir.new"
	mkdir -p "$dir.new"
	for name in $(kernel_packages "$suite" "$version"); do
		deb=$(fetch_deb "$suite" "$name")
		dpkg-deb --fsys-tarfile "$deb" | untar "$dir.new" \
			--exclude=./usr/share --no-same-owner
		dpkg-deb -f "$deb" Version >"$dir.new/debian.version"
	done
	# in /boot, or since the split among the modules
	find "$dir.new" -name 'vmlinuz*' -exec mv {} "$dir.new/vmlinuz" \;
	[[ -e $dir.new/vmlinuz ]] || die 1 "the package of $version has no vmlinuz"
	# /lib or /usr/lib, as the package has it
	if [[ -d $dir.new/usr/lib/modules ]]; then
		mkdir -p "$dir.new/lib"
		mv "$dir.new/usr/lib/modules" "$dir.new/lib/"
	fi
	depmod -b "$dir.new" "$version"
	mv "$dir.new" "$dir"
}
