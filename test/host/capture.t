#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier capture: what status and check say of this machine they say of its
# capture; nothing of people is in it, and a directory that is there is left
# as it is.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Under a name of its own, where that may be set
host=$(uname -n)
own=()
((UID)) || own=(unshare --uts sh -c 'hostname a-secret-name; exec "$@"' sh)
((UID)) || host=a-secret-name
"${own[@]}" "$tier" capture --json "$tmp/it" >"$tmp/records"
is $? 0 "captured"
files=$(jq -r 'select(.record == "capture") | .files' "$tmp/records")
ok "files, and there are some" test "$files" -gt 100
is "$(find "$tmp/it" -type f | grep -vc '/unread.txt$')" "$files" \
	"as many as it says"

# of ARGUMENTS...: without the lines that are of a moment, or name the tree. Its
# name is short: the first line, which has it, would go over two.
of()
{
	(cd "$tmp" && "$tier" "$@") 2>/dev/null | grep -vE '^(tier|kernel|tree) ' |
		sed -E 's/only root may look/it may not be read/
			s/[0-9.]+ [KMGT]iB/SIZE/g; s/ +/ /g'
}
is "$(of --root it status)" "$(of status)" "its status is this machine's"
ok "and says something" test "$(of status | wc -l)" -gt 10
for verb in "policy show numab" "region list" "check"; do
	# shellcheck disable=SC2086
	is "$(of --root it $verb)" "$(of $verb)" "so is $verb"
done
ok "a policy can be rehearsed on it" cmp <("$tier" --root "$tmp/it" \
	--dry-run policy numab 2>&1) <("$tier" --dry-run policy numab 2>&1)

# Text, and nobody's name in it
is "$(find "$tmp/it" -type f -exec grep -lP '\x00' {} +)" "" "all is text"
is "$(grep -rwlF "$host" "$tmp/it")" "" "no host's name"
is "$(find "$tmp/it" -name cmdline -o -name environ -o -name kmsg -o \
	-name hostname)" "" "no command line, no log"
is "$(grep -c 'Kernel code' "$tmp/it/proc/iomem")" 0 "not where the kernel lies"
is "$(find "$tmp/it" -name 'unread.txt' | wc -l)" 1 "what was not read is listed"

mkdir "$tmp/there"
touch "$tmp/there/mine"
"$tier" capture "$tmp/there" 2>"$tmp/err"
is $? 1 "a directory that is there: refused"
like "$(<"$tmp/err")" 'name one that is not there' "it says what to do"
is "$(ls -A "$tmp/there")" mine "and is as it was"
"$tier" capture 2>"$tmp/err"
is $? 2 "no directory: bad usage"
"$tier" --root "$tmp/it" capture "$tmp/again" 2>"$tmp/err"
is $? 2 "a capture of a capture: refused"
ok "nothing was made" test ! -e "$tmp/again"

# Where debugfs is there, which lockdown closes to root as well; and where it
# is not
if ((!UID)) && [[ ! ${debugfs:-} ]]; then
	# shellcheck disable=SC2016 # for that shell to expand
	debugfs=toggled unshare --mount sh -c '
		umount /sys/kernel/debug 2>/dev/null ||
			mount -t debugfs debugfs /sys/kernel/debug
		exec bash "$0"' "$PWD/test/host/capture.t" >"$tmp/again" 2>&1
	is $? 0 "and so with debugfs, or without"
	grep -A9 '^not ok' "$tmp/again" | sed 's/^/# /'
fi
done_testing
