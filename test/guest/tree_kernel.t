#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# KERNEL=TREE in the guest: its own modules are loaded; and --gdb: the guest waits
# for a debugger, and goes on when that lets it.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh
# shellcheck source=test/lib/tree.sh
. test/lib/tree.sh

export CXL_MEM=512M MEM=1G
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export KERNEL="$tmp/my linux"
built_tree "$KERNEL" modules || exit 1

# debug SOCKET: as a debugger does: why it stopped is asked, its registers are read,
# and it goes on
debug()
{
	python3 - "$1" <<'END'
import os, socket, sys, time
for _ in range(600):
    if os.path.exists(sys.argv[1]):
        break
    time.sleep(0.1)
gdb = socket.socket(socket.AF_UNIX)
gdb.settimeout(20)
gdb.connect(sys.argv[1])
def ask(text, answer=True):
    gdb.send(b"$%s#%02x" % (text, sum(text) % 256))
    said = b""
    while answer and b"#" not in said:
        said += gdb.recv(4096)
    return said.decode("latin-1")
print("stopped", "T" in ask(b"?"), flush=True)
print("registers", len(ask(b"g")) > 300, flush=True)
ask(b"c", False)
time.sleep(1)
END
}

rm -rf "$OUT/tree"
debug "$OUT/tree/gdb" >"$tmp/gdb" &
boot tree --gdb --once gups 16M node1
wait
is "$status $verdict" "0 passed" "a tree's kernel, with a debugger"
is "$(paste -sd' ' "$tmp/gdb")" "stopped True registers True" \
	"which sees it stopped"
like "$(<"$OUT/tree.txt")" "the guest waits for: gdb vmlinux -ex 'target remote .*/tree/gdb'" \
	"how is said"
holds region '.node == 1' "a region: the tree's modules were loaded"
is "$(jq -r .versions.kernel "$run/manifest.json")" \
	"$(<"$KERNEL/include/config/kernel.release")" "it is the tree's"
done_testing
