# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tree.sh - a tree of Linux that seems to have been built here: Debian's kernel and
# its modules, where a build leaves them.  Sourced by tests.

# built_tree DIRECTORY [modules]
built_tree()
{
	local to=$1 from

	env -u KERNEL ./build.sh kernel >/dev/null 2>&1 || return
	from=$(dirname "$(readlink build/vmlinuz)")
	mkdir -p "$to/arch/x86/boot" "$to/include/config"
	cp "$from/vmlinuz" "$to/arch/x86/boot/bzImage"
	cp "$from"/boot/config-* "$to/.config"
	basename "$from" >"$to/include/config/kernel.release"
	touch "$to/modules.order"
	[[ ${2:-} ]] || return 0
	cp -r "$from/lib/modules"/*/kernel/{drivers,fs,lib,arch,crypto} "$to"
	find "$to" -name '*.ko.xz' -print0 | xargs -0 -P 2 -n 99 xz -d
	cp "$from/lib/modules"/*/modules.{order,builtin} "$to"
}
