# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# copy.sh - a copy of the project, below a directory with odd characters in its
# name, which is built there.  Sourced by tests, behind tap.sh.

# What the tests look at
# shellcheck disable=SC2034
here=$PWD
tmp=$(mktemp -d)
chmod 755 "$tmp"
trap 'cd / && rm -rf "$tmp"' EXIT
# shellcheck disable=SC2034
odd="$tmp/a 'b\" c&d|e;f:g,h\$(i)\`j\`*[k]?\\n#%s{~!"$'\xe9\t='

# copy DIRECTORY: the project, and what it has fetched
copy()
{
	./build.sh initramfs >/dev/null 2>&1 &&
		./build.sh qemu >/dev/null 2>&1 || exit 1
	mkdir -p "$1/build"
	tar -c --exclude=./build --exclude=./out --exclude=./.git . |
		(cd "$1" && exec tar -x)
	cp -r build/{apt,cache,kernel,qemu,busybox,busybox.version} "$1/build"
	rm -rf "$1"/build/kernel/{source,own,debug}*
}

# does STATUS NAME [VARIABLE=VALUE]... COMMAND...: so it ends
does()
{
	local want=$1 name=$2 status=0

	shift 2
	# Not by env, to which an equals sign in a directory is a variable's
	text=$(while [[ $1 =~ ^[A-Z_]+= ]]; do
		export "${1?}"
		shift
	done
	"$@" 2>&1 </dev/null) || status=$?
	is "$status" "$want" "$name: status $want" || diag "$(tail -n 20 <<<"$text")"
	unlike "$text" ': line [0-9]+: ' "$name: not in a shell's words"
}
