#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run --share: a directory of this machine in the guest, with CXL memory and with
# packages beside it, and in a machine whose topology names no memory; what is
# written on one side is there on the other, and nothing is left behind.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=512M CXL_MEM=256M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$OUT"
mkdir "$tmp/a dir" "$tmp/two"
seq 200000 >"$tmp/a dir/numbers"
cat >"$OUT/share.script" <<'END'
set -e
md5sum <"/with space/numbers"
echo from the guest >"/with space/answer"
mkdir /two/new
# Into memory of node 1, too
dd if=/dev/urandom of=/two/new/random bs=1M count=8 2>/dev/null
md5sum </two/new/random
[ ! -e /usr/bin/sqlite3 ] || sqlite3 :memory: 'select 6 * 7'
END

placed=()
for how in cxl none packages; do
	rm -rf "$tmp/a dir/answer" "$tmp/two/new"
	options=() TOPOLOGY=cxl
	[[ $how != none ]] || TOPOLOGY=none
	[[ $how != packages ]] || options=(--package sqlite3)
	[[ $how != cxl ]] || placed=(--preferred 1)
	export TOPOLOGY
	boot "share-$how" --share "$tmp/a dir:/with space" --share "$tmp/two" \
		"${options[@]}" --script "$OUT/share.script" "${placed[@]}"
	placed=()
	is "$status $verdict" "0 passed" "$how: passed"
	said=$(tr -d '\r' <"$run/console.log")
	like "$said" "$(md5sum <"$tmp/a dir/numbers")" "$how: it reads what is here"
	is "$(cat "$tmp/a dir/answer" 2>&1)" "from the guest" \
		"$how: what it writes comes here"
	like "$said" "$(md5sum <"$tmp/two/new/random")" "$how: as it is, all of it"
	is "$(find "$run" -name '.share*')" "" "$how: nothing is left behind"
done
like "$said" $'(^|\n)42(\n|$)' "packages are there, too"
done_testing
