#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What people bring, on the kernels of our own: Debian's redis from its disk, asked
# over the loopback, what is written beside it, and a directory in common; all with
# the loader's and the libraries' pages on node 1.  OWN="own debug" runs those
# alone.  Kernels that are not there yet are built: some minutes each.
# timeout: 7200

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$OUT" "$tmp/common"
cat >"$OUT/own.script" <<'END'
set -e
uname -r
wc -l </proc/modules
# what is written to the disk's places stays in memory
echo kept >/usr/share/ours
grep -c ' /usr overlay ' /proc/mounts
sha256sum </common/numbers
redis-server --bind 127.0.0.1 --port 6379 --save '' --daemonize yes >/dev/null
tries=0
until [ "$(redis-cli ping 2>/dev/null)" = PONG ]; do
	[ $((tries += 1)) -lt 200 ]
	sleep 0.1
done
redis-cli set a "$(cat /usr/share/ours)" >/dev/null
redis-benchmark -q -n 500 -d 1000 -r 1000 -t set >/dev/null
redis-cli get a >/common/answer
redis-cli dbsize >>/common/answer
redis-cli shutdown nosave || true
END

for kernel in ${OWN:-own own-7.3 debug}; do
	KERNEL=$kernel ./build.sh kernel >"build/test/$kernel.txt" 2>&1
	is "$?" 0 "$kernel is built, or was" ||
		diag "$(tail -n 30 "build/test/$kernel.txt")"
	rm -f "$tmp/common"/*
	seq 100000 >"$tmp/common/numbers"
	KERNEL=$kernel boot "own-$kernel" --package redis-server \
		--share "$tmp/common" --script "$OUT/own.script" --preferred 1
	is "$status $verdict" "0 passed" "$kernel: passed"
	said=$(tr -d '\r' <"$run/console.log")
	like "$said" $'(^|\n)[67][0-9.]*[^\n]*-tier(-debug)?\n0\n1\n'"$(sha256sum \
		<"$tmp/common/numbers")" \
		"$kernel: it is that, without modules; an overlay; what is common"
	is "$(sed -n 1p "$tmp/common/answer")" kept "$kernel: redis has it"
	ok "$kernel: and what a client brought" \
		[ "$(sed -n 2p "$tmp/common/answer")" -gt 100 ]
	is "$(record finding 'select(.finding | test("^kernel-b|^kernel-w")) |
		.finding')" "" "$kernel: the kernel has no complaints"
done
done_testing
