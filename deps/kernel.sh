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
	[[ $B != *[[:space:]:]* ]] || die 3 "KERNEL=$1: Linux cannot be built" \
		"below a directory with a space or a colon in its name, as" \
		"$B has: move the project, or take Debian's kernel (KERNEL=$series)"
	dir=$B/kernel/$flavour-$series source=$B/kernel/source-$series
	mapfile -t options < <(kernel_options "$flavour" "$series")
	kernel_source "$series"
	key="$(<"$source.version") $(gcc -dumpfullversion 2>/dev/null || true) \
$(cat "${options[@]}" "$ROOT/deps/kernel.sh" | sha256sum)"
	if [[ ! -e $dir/vmlinuz ]] || ! fresh "kernel-$flavour-$series" "$key"
	then
		need "${NEED_OWN_KERNEL[@]}"
		may_write "Linux $series ($flavour)"
		unstamp "kernel-$flavour-$series"
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

	[[ ! -s $to.version ]] || return 0
	need "${NEED_KERNEL[@]}"
	may_write "the source of Linux $series"
	deb=$(fetch_deb trixie "linux-source-$series")
	name=linux-source-$series
	say "unpacking $name"
	rm -rf "$to"
	mkdir -p "$to"
	# Half the files are other machines', or documents; what describes
	# the options (Kconfig) is wanted of all.
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -O "./usr/src/$name.tar.xz" |
		untar "$to" -J --strip-components=1 --no-same-owner \
			--exclude="$name/arch/[!x]*/*.[chS]" \
			--exclude="$name/drivers/gpu/drm/amd/*.[ch]" \
			--exclude="$name/tools/testing/*" \
			--exclude="$name/tools/perf/*" \
			--exclude='*.dts' --exclude='*.dtsi' --exclude='*.rst'
	put "$to.version" "$(dpkg-deb -f "$deb" Version)"
}

# make_kernel: in dir from source with options, of the caller
make_kernel()
{
	local began=$SECONDS

	say "building Linux $series ($flavour) from $(<"$source.version"):" \
		"some minutes"
	# One that was killed may have left files that seem to be done
	[[ ! -e $dir/under-way ]] || rm -rf "$dir/obj"
	mkdir -p "$dir/obj"
	touch "$dir/under-way"
	cat "${options[@]}" >"$dir/options"
	# So that a failed build leaves no old one behind that seems right
	rm -f "$dir"/{vmlinuz,config}
	kbuild KCONFIG_ALLCONFIG="$dir/options" allnoconfig
	check_options "$dir/obj/.config" "${options[@]}"
	kbuild bzImage
	cp "$dir/obj/.config" "$dir/config"
	cp "$dir/obj/arch/x86/boot/bzImage" "$dir/vmlinuz.new"
	mv "$dir/vmlinuz.new" "$dir/vmlinuz"
	rm -f "$dir/under-way"
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
		-j"$(nproc)" "$@" >"$dir/log" 2>&1 || status=$?
	((status == 0)) || {
		# make has ended, and removed what is half done
		((status > 128)) || rm -f "$dir/under-way"
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
		"is missing, or they have other names now (a source that was" \
		"fetched once is kept until clean --all):"$'\n'"$lost"
}
