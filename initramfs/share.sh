# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Directories that the guest and this machine have in common (run --share): by
# virtiofs, of which the other end is Debian's virtiofsd, a process for each, with no
# more rights than ours.  It reads and writes the guest's memory, which therefore
# lies in files without a name (memfd).
#
# Sourced by build.sh.

# With the emulator, which they wait for
SHARE_START_TENTHS=100

# check_shares: share of the caller, to share_dirs and share_places
check_shares()
{
	local entry dir to

	share_dirs=() share_places=()
	for entry in "${share[@]}"; do
		dir=$(added_file "$entry")
		[[ -d $dir && -r $dir && -x $dir ]] || die 2 "--share $entry: there" \
			"is no directory ${dir:-$entry} that we may read; give" \
			"DIR, or DIR:/PLACE in the guest"
		[[ $entry != *$'\n'* ]] || die 2 "--share: a name with a line break"
		to=${entry#"$dir"}
		[[ $to != */ ]] || to=${to%/}
		to=/$(guest_path "--share $entry" "$dir" "${to#:}")
		[[ ! ${placed[${to#/}]:-} && " ${share_places[*]} " != *" $to "* ]] ||
			die 2 "--share $entry: $to is another's already"
		((${#packages[@]} == 0)) ||
			[[ ! $to =~ ^/(usr(/(bin|lib(/x86_64-linux-gnu)?|lib64|sbin|share))?|var)$ ]] ||
			die 2 "--share $entry: what --package brings to $to would" \
				"not be seen below"
		check_covered "$entry" "$to"
		share_dirs+=("$(realpath -- "$dir")")
		share_places+=("$to")
	done
	((${#share[@]} == 0)) || [[ ! $ICOUNT ]] || die 2 "--share with --icount:" \
		"virtiofsd answers in the host's time, and no run would repeat"
}

# check_covered ENTRY PLACE: what lies where a directory is mounted is not seen
check_covered()
{
	local to

	for to in "${!placed[@]}"; do
		[[ /$to != "$2"/* ]] || die 2 "--share $1: /$to, which is added," \
			"would not be seen below"
	done
	for to in "${share_places[@]}"; do
		[[ $to != "$2"/* ]] || die 2 "--share $1: $to, which is shared" \
			"before it, would not be seen below: name $2 first"
	done
}

# build_virtiofsd: fetched with all its libraries, as QEMU is, if that can use it;
# sets virtiofsd_dir
build_virtiofsd()
{
	local dir=$B/virtiofsd plan name deb

	"$qemu_bin" -device help 2>/dev/null | grep '"vhost-user-fs-pci"' \
		>/dev/null || die 3 "--share: $qemu_bin has no" \
		"vhost-user-fs-pci: unset QEMU to have one fetched that has"
	virtiofsd_dir=$dir
	[[ ! -e $dir/version ]] || return 0
	may_write virtiofsd
	rm -rf "$dir" "$dir.new"
	apt_update trixie
	say "fetching virtiofsd"
	priv_apt trixie get -y install --download-only virtiofsd >/dev/null ||
		die 3 "cannot fetch virtiofsd of Debian trixie: see above"
	plan=$(priv_apt trixie get -s install virtiofsd)
	mkdir -p "$dir.new"
	while read -r name deb; do
		deb=$B/cache/debs/${name}_${deb//:/%3a}_
		dpkg-deb --fsys-tarfile "$deb"*.deb | untar "$dir.new" \
			--exclude=./usr/share/{doc,man,locale} \
			--no-same-owner --keep-directory-symlink
	done < <(sed -nE 's/^Inst (\S+) \((\S+) .*/\1 \2/p' <<<"$plan")
	mv "$dir.new" "$dir"
	put "$dir/version" "$(sed -nE 's/^Inst virtiofsd \((\S+) .*/\1/p' \
		<<<"$plan")"
}

# prepare_shares: what the guest needs for it, to placed
prepare_shares()
{
	local i

	((${#share_dirs[@]})) || return 0
	((${#out} + 9 < 108)) || die 2 "--share: the socket $out/.share0 would" \
		"have a longer name than sockets may have: OUT=DIRECTORY names" \
		"another"
	for i in "${!share_dirs[@]}"; do
		printf 'share%d %s\n' "$i" "${share_places[i]}"
	done >"$out/.shares"
	placed["etc/tier/begin"]=$ROOT/initramfs/mount-shares
	placed["etc/tier/shares"]=$out/.shares
	((${#packages[@]} == 0)) ||
		placed["etc/tier/packages"]=$ROOT/initramfs/mount-packages
}

# share_memory WORDS...: the topology's words, with memory that can be shared
share_memory()
{
	local word found=''

	for word; do
		[[ $word != memory-backend-* ]] || found=1
		printf '%s\n' "${word/#memory-backend-ram,/memory-backend-memfd,share=on,}"
	done
	[[ $found ]] || printf '%s\n' -object \
		"memory-backend-memfd,share=on,id=dram,size=$MEM" \
		-machine memory-backend=dram
}

# share_arguments: adds to qemu
share_arguments()
{
	local i

	for i in "${!share_dirs[@]}"; do
		qemu+=(-chardev "socket,id=share$i,path=${out:+${out//,/,,}/}.share$i"
			-device "vhost-user-fs-pci,bus=pcie.0,chardev=share$i,tag=share$i")
	done
}

# start_shares: fails, with cause, if one does not start.  No substitutions: see
# catch_signals.
start_shares()
{
	local i tries lib

	share_pids=()
	((${#share_dirs[@]})) || return 0
	lib=$virtiofsd_dir/usr/lib/x86_64-linux-gnu
	for i in "${!share_dirs[@]}"; do
		rm -f "$out/.share$i" "$out/.share$i.pid"
		# The loader would take a name with a colon for two
		setpriv --pdeathsig TERM "$lib/ld-linux-x86-64.so.2" \
			--library-path /proc/self/fd/5 \
			"$virtiofsd_dir/usr/libexec/virtiofsd" \
			--socket-path "$out/.share$i" \
			--shared-dir "${share_dirs[i]}" --sandbox none \
			5<"$lib" </dev/null >"$out/.share$i.log" 2>&1 &
		share_pids+=($!)
	done
	for i in "${!share_dirs[@]}"; do
		tries=0
		until [[ -S $out/.share$i ]]; do
			if ((++tries > SHARE_START_TENTHS)) ||
				! kill -0 "${share_pids[i]}" 2>/dev/null; then
				cause="--share ${share_dirs[i]}: virtiofsd did not start"
				cat "$out/.share$i.log" >&2
				return 1
			fi
			sleep 0.1
		done
	done
}

stop_shares()
{
	local pid

	for pid in "${share_pids[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -f "$out"/.share*
}
