# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A script for the guest (run --script), and the way back for files (--out): the
# guest writes an archive into a port, which is unpacked here.
#
# Sourced by build.sh.

SCRIPT_MAX=$((1024 * 1024))

# read_script FILE|-: sets script_text of the caller
read_script()
{
	local line

	# A name, not what is open already, as <(...) is
	[[ ! -p $(readlink -f -- "$1") ]] || die 2 "--script $1: is a FIFO, which" \
		"has no end without a writer: give a file, or let that write" \
		"to --script -"
	# - is standard input, which may be a socket
	script_text=$(head -c $((SCRIPT_MAX + 1)) -- "$1" 2>/dev/null |
		tr '\0' '\377' && echo .) || die 2 "--script $1: cannot read it"
	script_text=${script_text%.}
	script_text=${script_text%$'\n'}
	((${#script_text} <= SCRIPT_MAX)) ||
		die 2 "--script $1: more than $SCRIPT_MAX bytes"
	[[ $script_text = *[![:space:]]* ]] || die 2 "--script $1: is empty"
	[[ $script_text != *$'\xff'* ]] || die 2 "--script $1: is no text;" \
		"--add takes programs"
	line=${script_text%%$'\n'*}
	check_line "--script $1" "$line"
	[[ $line != '#!'* ]] || check_interpreter "--script $1" "$line"
}

# script_arguments: arguments of the caller, behind --script options of tier run
script_arguments()
{
	local shell=(sh)

	[[ $script ]] || return 0
	[[ ${arguments[0]:-} != --once ]] || arguments=("${arguments[@]:1}")
	[[ ${arguments[0]:--} = -* ]] || die 2 "--script $script: what follows" \
		"is for tier run, options such as --policy numab, and" \
		"\"${arguments[0]}\" is none"
	[[ $script_text != '#!'* ]] || shell=()
	arguments=(run "${arguments[@]}" "${shell[@]}" /script)
}

# check_fetched: the places that --out names, to fetched of the caller
check_fetched()
{
	local i path

	for i in "${!fetched[@]}"; do
		path=${fetched[i]}
		[[ $path = /* && $path != *$'\n'* ]] || die 2 "--out $path:" \
			"give a place in the guest, such as /results"
		path=$(realpath -sm -- "$path")
		[[ ! $path =~ ^/((dev|proc|sys)(/.*)?)?$ ]] || die 2 \
			"--out ${fetched[i]}: is not a place for files"
		fetched[i]=${path#/}
	done
}

# prepare_script: the guest's script, and what takes files out of it, to placed
prepare_script()
{
	if [[ $script ]]; then
		put "$out/script" "$script_text"
		placed[script]=$out/script
	fi
	((${#fetched[@]})) || return 0
	put "$out/.fetched" "$(printf '%s\n' "${fetched[@]}")"
	placed["etc/tier/end"]=$ROOT/initramfs/take-out
	placed["etc/tier/out"]=$out/.fetched
}

# unpack_fetched: to out/NAME/files; says why not, if not all of it is there
unpack_fetched()
{
	local archive=$out/.files.tar types

	if [[ ! -e $archive ]] || ! types=$(archive_types "$archive"); then
		echo "the files of --out did not arrive whole"
	elif [[ $types = *[!dhl-]* ]]; then
		# The guest sends none
		echo "the files of --out have a device among them"
	elif ! mkdir "$out/files" || ! untar "$out/files" --no-same-owner \
		--no-same-permissions -f "$archive"; then
		echo "the files of --out could not be unpacked:" \
			"$(why_unwritten "$out/files/x")"
	else
		find "$out/files" -perm /6000 -type f -exec chmod a-s {} +
	fi
	rm -f "$archive"
}

# archive_types FILE: of what is in it, a letter each, as ls has them; fails if its
# end is missing, which tar does not mind
archive_types()
{
	(($(tail -c 1024 "$1" | wc -c) == 1024)) &&
		[[ ! $(tail -c 1024 "$1" | tr -d '\0') ]] &&
		tar -tv -f "$1" 2>/dev/null | cut -c 1 | sort -u | tr -d '\n'
}
