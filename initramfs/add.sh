# shellcheck shell=bash
#
# What a user adds to the guest: --add FILE[:PATH], a program, a script, any
# file or directory.  A dynamic program brings its loader and its libraries;
# whatever would not start in the guest is refused before it boots.
#
# The files are read, never executed: ldd would run them.
#
# Sourced by build.sh.

# Mounted over by tier, or what the guest starts by
HIDDEN='dev|proc|run|sys|tmp'

# What is added: path in the guest, without the first slash -> file here
declare -A placed=()

# What was: a JSON object of paths and checksums, for the manifest
added_sums='{}'

# check_added: add of the caller to placed, with what those files need
check_added()
{
	local entry file to

	((${#add[@]})) || return 0
	need "${NEED_RUN[@]}"
	for entry in "${add[@]}"; do
		file=$(added_file "$entry")
		[[ $file && -r $file ]] || die 2 "--add $entry: cannot read it"
		to=${entry#"$file"}
		to=$(guest_path "--add $entry" "$file" "${to#:}")
		[[ ! ${placed[$to]:-} ]] || die 2 "--add $entry: /$to is" \
			"${placed[$to]} already"
		check_tree "$entry" "$file"
		placed[$to]=$(realpath -- "$file")
	done
	check_places
	# Only when all is known that was added can something be missing
	for to in "${!placed[@]}"; do
		[[ ! -f ${placed[$to]} ]] || check_file "${placed[$to]}" "$to"
	done
}

# added_file FILE[:PATH]: the FILE, in whose name may be colons, too: the longest
# that there is
added_file()
{
	local file=$1

	until [[ -e $file || $file != *:* ]]; do
		file=${file%:*}
	done
	printf '%s\n' "$file"
}

# check_tree ENTRY FILE: can all of it be copied?  Links are followed, as what
# they lead to is not in the guest.
check_tree()
{
	local entry=$1 file=$2 bad

	[[ -f $file || -d $file ]] ||
		die 2 "--add $entry: is neither a file nor a directory"
	[[ $file != -* ]] || file=./$file
	# A directory that is below itself is a fault to find, which it says
	bad=$(find -L "$file" \( -type l -o ! -readable -o -type d \
		! -executable -o ! -type d ! -type f \) -print -quit 2>&1) ||
		true
	[[ $bad ]] || return 0
	bad=${bad%%$'\n'*}
	if [[ $bad =~ ^"find: ".*(loop|levels of symbolic) ]]; then
		bad=${bad#find: }
		die 2 "--add $entry: a link leads to itself, or to a directory" \
			"that it is in, and so without end (${bad%.}): remove" \
			"it, or add what is needed one by one"
	elif [[ -L $bad && ! -e $bad ]]; then
		die 2 "--add $entry: $bad is a link to $(readlink -- "$bad")," \
			"where there is nothing: remove it, or make what it" \
			"leads to"
	elif [[ -f $bad || -d $bad ]]; then
		die 2 "--add $entry: cannot read $bad"
	fi
	die 2 "--add $entry: $bad is neither a file nor a directory"
}

# check_places: nothing lies below what is a file
check_places()
{
	local to above

	for to in "${!placed[@]}"; do
		above=$to
		while [[ $above = */* ]]; do
			above=${above%/*}
			[[ ! -f ${placed[$above]:-} ]] || die 2 "--add: /$to" \
				"would be below /$above, which is a file"
		done
	done
}

# guest_path WHAT FILE PATH: where it goes
guest_path()
{
	local what=$1 name to=$3

	name=$(basename -- "$(realpath -s -- "$2")")
	[[ $to && $to != */ ]] || to+=$name
	to=$(realpath -sm "/$to")
	to=${to#/}
	# a link to bin in the image
	to=${to/#sbin\//bin/}
	[[ ! $to =~ ^($HIDDEN)(/|$) ]] || die 2 "$what: /$to would" \
		"not be seen: tier mounts over /${to%%/*}"
	case $to in
	'' | init | init/* | bin | bin/busybox/* | bin/tier/* | etc | lib | \
		root | sbin)
		die 2 "$what: /$to is the image's own";;
	esac
	printf '%s\n' "$to"
}

# check_file FILE TO: would it start there?
check_file()
{
	case $(head -c 5 "$1" | od -An -c | tr -d ' \n') in
	177ELF*) check_elf "$1" "$2";;
	'#!'* | '357273277#!') check_script "$1" "$2";;
	esac
}

check_script()
{
	local line

	line=$(head -n 1 "$1" | tr -d '\0')
	check_line "--add $1" "$line"
	check_interpreter "--add $1" "$line"
}

# check_line WHAT LINE: the first of a script, as an editor of Windows leaves it
check_line()
{
	local odd='' cure=''

	[[ $2 != $'\xef\xbb\xbf'* ]] ||
		odd='begins with a byte order mark' cure='1s/^\xef\xbb\xbf//'
	[[ $2 != *$'\r' ]] || {
		odd+="${odd:+ and }ends in CR LF"
		cure+="${cure:+; }s/\\r\$//"
	}
	[[ ! $odd ]] || die 2 "$1: its first line $odd, which no shell takes:" \
		"sed -i '$cure' FILE cures it"
}

# check_interpreter WHAT LINE: a script's first one
check_interpreter()
{
	local interpreter

	read -r interpreter _ <<<"${2#??}" || true
	in_image "$interpreter" || die 2 "$1: its first line wants" \
		"$interpreter, which the image lacks; it has busybox's /bin/sh" \
		"(--add FILE:PATH brings others)"
}

# in_image PATH: is there such a program?
in_image()
{
	local to=${1#/}

	to=${to/#sbin\//bin/}
	[[ $1 = /* ]] || return 1
	[[ ! ${placed[$to]:-} ]] || return 0
	[[ $to =~ ^bin/(sh|busybox|tier)$ ]] && return
	# Known when they have been fetched
	((${#packages[@]} == 0)) || [[ ! $to =~ ^(bin/bash$|usr/) ]] || return 0
	# Their names are only known once it was fetched
	[[ $to = bin/* && $to != bin/*/* ]] || return 1
	lock
	build_busybox
	unlock
	"$B/busybox" --list | grep -xF -- "${to#bin/}" >/dev/null
}

# --- libraries -------------------------------------------------------------

# elf_kind FILE: its class and processor, e.g. "ELF64 Advanced..."
elf_kind()
{
	{ readelf -h "$1" 2>/dev/null || true; } |
		sed -nE 's/^ *(Class|Machine): *//p' | paste -sd' '
}

# check_elf FILE TO: its loader and its libraries are placed, or it is refused
check_elf()
{
	local file=$1 to=$2 kind loader missing=() name

	kind=$(elf_kind "$file")
	[[ $kind = 'ELF64 Advanced Micro Devices X86-64' ]] ||
		die 2 "--add $file: is for ${kind:-an unknown processor}:" \
			"the guest is ELF64 X86-64; build it for that"
	loader=$(readelf -lW "$file" 2>/dev/null |
		sed -n 's/.*Requesting program interpreter: \(.*\)\]$/\1/p')
	[[ ! $loader ]] || place_loader "$loader"
	place_libraries "$file" "$to"
	((${#missing[@]} == 0)) || die 2 "--add $file: this machine lacks" \
		"${missing[*]}, which it needs"
}

# place_loader PATH: to where the kernel looks for it
place_loader()
{
	local to

	to=$(realpath -sm "$1")
	to=${to#/}
	[[ ! ${placed[$to]:-} ]] || return 0
	if [[ -r $1 ]]; then
		placed[$to]=$(realpath "$1")
	else
		missing+=("$1")
	fi
}

# place_libraries FILE TO: those it names, and theirs; adds to missing
place_libraries()
{
	local file=$1 to=$2 name dynamic dirs needed

	dynamic=$(readelf -dW "$file" 2>/dev/null) || return 0
	mapfile -t needed < <(sed -n \
		's/.*(NEEDED).*\[\(.*\)\]$/\1/p' <<<"$dynamic")
	dirs=$(sed -nE 's/.*\((RPATH|RUNPATH)\).*\[(.*)\]$/\2/p' \
		<<<"$dynamic" | tail -n 1)
	for name in "${needed[@]}"; do
		place_library "$name" "$file" "$to" "$dirs"
	done
}

# place_library NAME FILE TO DIRS: what FILE finds as NAME.  A name with a
# slash is a path; else DIRS are asked first, in which $ORIGIN is where FILE
# is; then what the loader asks by itself, of which /lib is there for all.
place_library()
{
	local name=$1 file=$2 to=$3 dir dirs found there

	if [[ $name = */* ]]; then
		found=$(realpath -e "$name" 2>/dev/null) || found=
		bring "$found" "$(realpath -sm "$name")" "$name"
		return
	fi
	IFS=: read -r -a dirs <<<"$4"
	for dir in "${dirs[@]}"; do
		there=$(realpath -sm "$(origin "$dir" "$(dirname "/$to")")")
		[[ ! ${placed[${there#/}/$name]:-} ]] || return 0
		dir=$(origin "$dir" "$(dirname "$file")")
		same_kind "$dir/$name" "$file" || continue
		# Not found there, the loader goes on to /lib
		[[ ! $there =~ ^/($HIDDEN)(/|$) ]] || there=/lib
		bring "$(realpath "$dir/$name")" "$there/$name" "$name"
		return
	done
	for dir in lib usr/lib lib64; do
		[[ ! ${placed[$dir/$name]:-} ]] || return 0
	done
	bring "$(find_library "$name" "$file")" "/lib/$name" "$name"
}

# origin DIR WHERE: a directory of RPATH, for a file that is in WHERE
# shellcheck disable=SC2016
origin()
{
	local word='$ORIGIN' braced='${ORIGIN}' dir

	dir=${1//"$braced"/"$2"}
	printf '%s\n' "${dir//"$word"/"$2"}"
}

# bring FOUND PATH NAME: places it with what it needs; not found: is missing
bring()
{
	local found=$1 to=${2#/}

	if [[ ! $found ]]; then
		[[ " ${missing[*]} " = *" $3 "* ]] || missing+=("$3")
	elif [[ ! ${placed[$to]:-} ]]; then
		placed[$to]=$found
		place_libraries "$found" "$to"
	fi
}

# same_kind LIBRARY FILE: of one class, for one processor?
same_kind()
{
	[[ -f $1 && -r $1 && $(elf_kind "$1") = "$(elf_kind "$2")" ]]
}

# find_library NAME FILE: where this machine has it for such a FILE
find_library()
{
	local path

	while read -r path; do
		same_kind "$path" "$2" || continue
		realpath "$path"
		return
	done < <(ldconfig -p | sed -n "s|^\t\(.*\) (.*) => |\1\t|p" |
		awk -F'\t' -v name="$1" '$1 == name { print $2 }'
		printf '%s\n' {/lib,/usr/lib}{/x86_64-linux-gnu,64,}/"$1")
}

# --- the archive -----------------------------------------------------------

# add_files: placed into the guest, by an archive behind the image's own
add_files()
{
	local root=$out/.add archives=("$initramfs")

	((${#placed[@]} + ${#packages[@]})) || return 0
	((${#packages[@]} == 0)) || archives+=("$packages_archive")
	{
		copy_added "$root" && cat "${archives[@]}" && pack "$root" -3
	} >"$out/initramfs.cpio" || {
		rm -rf "$root" "$out/initramfs.cpio"
		die 3 "the files of --add could not be copied (see above) to" \
			"$out: $(why_unwritten "$out/initramfs.cpio")"
	}
	added_sums=$(sums_of_added "$root") || die 3 "jq could not write checksums"
	rm -rf "$root"
	initramfs=$out/initramfs.cpio
}

# sums_of_added ROOT: a program that was built anew is another one, by the same
# name.  A directory's sum is that of its files' names and sums.
sums_of_added()
{
	local root=$1 to pairs=()

	for to in "${!placed[@]}"; do
		# Of these run is the author
		[[ $to != etc/tier/* || $to = "${POLICY_DIR#/}"/* ]] || continue
		if [[ -d $root/$to ]]; then
			pairs+=("/$to" "$(cd "$root/$to" && find . -type f -print0 |
				sort -z | xargs -0r sha256sum | sum_of -)")
		else
			pairs+=("/$to" "$(sum_of - <"$root/$to")")
		fi
	done
	jq -n '[$ARGS.positional | range(0; length; 2) as $i
		| { (.[$i]): .[$i + 1] }] | add // {}' --args -- "${pairs[@]}"
}

# copy_added ROOT: the modes are the guest's, whatever umask is here
copy_added()
{
	local to root=$1

	rm -rf "$root"
	mkdir -p "$root"
	for to in "${!placed[@]}"; do
		(umask 022 && mkdir -p "$root/$(dirname -- "$to")" &&
			cp -rL "${placed[$to]}" "$root/$to") || return
		[[ ! -f $root/$to ]] || make_executable "$root/$to" || return
	done
}

# Programs and scripts are meant to be executed, whatever they are here
make_executable()
{
	case $(head -c 2 "$1" | od -An -c | tr -d ' \n') in
	177E | '#!') chmod 755 "$1";;
	*) chmod u+rw,go+r "$1";;
	esac
}
