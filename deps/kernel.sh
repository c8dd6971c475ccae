# shellcheck shell=bash
#
# Kernels of our own, from Debian's source packages and the options in
# deps/kernel*.config: "own" is small, boots quickly and takes regions under the
# hypervisor bit; "debug" is the same one watching itself.
#
# Sourced by build.sh.

KERNEL_CONFIG=$ROOT/deps/kernel

# own_kernel FLAVOUR[-SERIES]: built if need be; sets what build_kernel does
own_kernel()
{
	local flavour=${1%%-*} series=6.12 dir source options key

	[[ $1 != *-* ]] || series=${1#*-}
	[[ -e $KERNEL_CONFIG-$series.config ]] ||
		die 2 "KERNEL=$1: there are options for" \
			"$(kernel_series), not for $series"
	dir=$B/kernel/$flavour-$series source=$B/kernel/source-$series
	mapfile -t options < <(kernel_options "$flavour" "$series")
	kernel_source "$series"
	key="$(<"$source.version") $(gcc -dumpfullversion 2>/dev/null || true) \
$(cat "${options[@]}" "$ROOT/deps/kernel.sh" | sha256sum)"
	if [[ ! -e $dir/vmlinuz ]] || ! fresh "kernel-$flavour-$series" "$key"
	then
		need "${NEED_OWN_KERNEL[@]}"
		make_kernel
		stamp "kernel-$flavour-$series" "$key"
	fi
	kernel_image=$dir/vmlinuz kernel_modules=
	kernel_version=$(version_of_kernel "$kernel_image")
}

kernel_series()
{
	local series

	series=$(cd "$ROOT/deps" && echo kernel-[0-9]*.config)
	series=${series//.config/}
	series=${series//kernel-/}
	echo "${series// / and }"
}

# kernel_options FLAVOUR SERIES: the files of options that make it up
kernel_options()
{
	printf '%s\n' "$KERNEL_CONFIG"{,"-$2"}.config
	[[ $1 != debug ]] || echo "$KERNEL_CONFIG-debug.config"
}

# kernel_source SERIES: unpacked.  The newest of trixie and its backports;
# which one that was is kept, and newer ones come only after clean --all, as
# with Debian's own kernels.
kernel_source()
{
	local series=$1 to=$B/kernel/source-$1 deb name

	[[ ! -e $to.version ]] || return 0
	need "${NEED_KERNEL[@]}"
	deb=$(fetch_deb trixie "linux-source-$series")
	name=linux-source-$series
	say "unpacking $name"
	rm -rf "$to"
	mkdir -p "$to"
	# Half the files are other machines', or documents; what describes
	# the options (Kconfig) is wanted of all.
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -O "./usr/src/$name.tar.xz" |
		tar -x -J -C "$to" --strip-components=1 --no-same-owner \
			--exclude="$name/arch/[!x]*/*.[chS]" \
			--exclude="$name/drivers/gpu/drm/amd/*.[ch]" \
			--exclude="$name/tools/testing/*" \
			--exclude="$name/tools/perf/*" \
			--exclude='*.dts' --exclude='*.dtsi' --exclude='*.rst'
	dpkg-deb -f "$deb" Version >"$to.version"
}

# make_kernel: in dir from source with options, of the caller
make_kernel()
{
	local began=$SECONDS

	say "building Linux $series ($flavour) from $(<"$source.version"):" \
		"some minutes"
	mkdir -p "$dir/obj"
	cat "${options[@]}" >"$dir/options"
	# So that a failed build leaves no old one behind that seems right
	rm -f "$dir"/{vmlinuz,config}
	kbuild KCONFIG_ALLCONFIG="$dir/options" allnoconfig
	check_options "$dir/obj/.config" "${options[@]}"
	kbuild bzImage
	cp "$dir/obj/.config" "$dir/config"
	cp "$dir/obj/arch/x86/boot/bzImage" "$dir/vmlinuz"
	say "kernel: $dir/vmlinuz, $((SECONDS - began)) s"
}

# kbuild ARGUMENTS...: make, of which only its own variables are let in.
# Neither who built it nor where and when is in the kernel's banner.
kbuild()
{
	local suffix=-tier status=0

	[[ $flavour = own ]] || suffix+=-$flavour
	env -i PATH="$PATH" LC_ALL=C LOCALVERSION="$suffix" \
		KBUILD_BUILD_USER=tier KBUILD_BUILD_HOST=debian \
		KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_TIMESTAMP="$(date -u -r "$source/Makefile")" \
		make -s -C "$source" O="$dir/obj" ARCH=x86_64 \
		-j"$(nproc)" "$@" >"$dir/log" 2>&1 9>&- || status=$?
	((status == 0)) || {
		tail -n 30 "$dir/log" >&2
		die 1 "Linux $series ($flavour) cannot be built: see above," \
			"and $dir/log"
	}
}

# lost_options CONFIG OPTIONS...: the lines of the files of options that are
# not in that .config.  An option that is off has no line when nothing asks
# for it: that is as well.
lost_options()
{
	local config=$1 line name

	shift
	cat "$@" | grep -E '^(CONFIG_|# CONFIG_[A-Z0-9_]+ is not set$)' |
		{ grep -vxFf "$config" || true; } |
		while read -r line; do
			name=${line#\# }
			name=${name%%[ =]*}
			[[ $line = '#'* ]] && ! grep -q "^$name=" "$config" ||
				echo "$line"
		done
}

check_options()
{
	local lost

	lost=$(lost_options "$@")
	[[ ! $lost ]] || die 1 "the kernel's configuration lost options" \
		"that deps/kernel*.config ask for, because another that they need" \
		"is missing, or they have other names now:"$'\n'"$lost"
}
