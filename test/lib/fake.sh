# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fake.sh - a captured tree in the place of this machine's /sys and /proc/sys:
# what tier writes there is written to plain files.  Sourced by test/host/*.t,
# which begin with fake_begin.

# fake_begin FIXTURE DIRECTORY: goes on in a mount namespace, with the tree in
# DIRECTORY, which is made, and a /run of its own in DIRECTORY/run; returns
# where that was done, else skips all
fake_begin()
{
	[[ ! ${FAKE:-} ]] || return 0
	((EUID == 0)) || skip_all "to mount something needs root"
	unshare --mount true 2>/dev/null ||
		skip_all "no mount namespaces are allowed here"
	test/unpack "$1" "$2" || exit 1
	mkdir -p "$2/run"
	# shellcheck disable=SC2016
	FAKE=$2 exec unshare --mount bash -c '
		mount --bind "$FAKE/sys" /sys &&
		mount --bind "$FAKE/proc/sys" /proc/sys &&
		mount --bind "$FAKE/run" /run && exec "$@"' - \
		bash "$0"
}

# snapshot: what a policy may change, without what only a kernel makes of a
# write: the other choices, the controllers that are on
snapshot()
{
	sh test/snapshot | sed -E 's/^([^ ]*:).*\[([^]]*)\].*/\1\2/
		/^(mount|thread) |subtree_control:/d'
}
