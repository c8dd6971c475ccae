#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run --package in the guest: Debian's redis, on a disk that can only be read,
# serves by both kinds of sockets; scripts of bash and perl run; what is written
# is kept apart; and none of it lies in node 0's memory but what is in use.
#
# long: 50

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# said_of NAME: what the script said behind that name
said_of()
{
	tr -d '\r' <"$run/console.log" | sed -n "s/^== $1 //p"
}

# What may be taken back at any time is not taken. The free pages are not asked:
# a CPU's lists of free pages, up to 20 MiB, are not among them
cat >"$tmp/script" <<'END'
for i in 1 2 3; do
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.3
done
echo "== used $(awk '/ (FilePages|AnonPages|Slab|KernelStack|PageTables):/ {
	kib += $4 } END { print kib }' /sys/devices/system/node/node0/meminfo)"
END
boot package-none --script "$tmp/script" --timeline off
without=$(said_of used)

cat >>"$tmp/script" <<'END'
redis-server --unixsocket /tmp/redis --save '' >/dev/null &
until redis-cli -s /tmp/redis ping >/dev/null 2>&1; do
	sleep 0.1
done
redis-cli -s /tmp/redis set key "by a socket" >/dev/null
echo "== tcp $(redis-cli -h localhost get key)"
echo "== rate $(redis-benchmark -s /tmp/redis -n 1000 -q --csv -t get |
	tail -n 1 | cut -d, -f2)"
redis-cli shutdown nosave
printf '#!/bin/bash\nwords=(a b c); echo "== bash ${#words[@]}"\n' >/tmp/x
chmod 755 /tmp/x && /tmp/x
perl -e 'print "== perl ", 6 * 7, "\n"'
echo "== id $(/usr/bin/redis-cli --version | cut -d' ' -f1) $(whoami)"
echo new >/usr/share/new && rm /usr/bin/redis-check-rdb
echo "== written $(cat /usr/share/new) $(ls /usr/bin/redis-check-rdb 2>&1)"
echo "== added $(cat /usr/share/added) $(ls /etc/tier/begin)"
echo "== disk $(ls /packages/disk/usr/bin/redis-check-rdb)" \
	"$({ : >/packages/disk/x; } 2>&1 | sed 's/.*: //')"
END
echo mine >"$tmp/added"
boot package --package redis-server --add "$tmp/added:/usr/share/" \
	--script "$tmp/script" --timeline off
is "$status $verdict" "0 passed" "a script with redis"
is "$(said_of tcp)" "by a socket" "redis serves, by TCP, too"
like "$(said_of rate)" '^"[0-9.]+"$' "redis-benchmark says its rate"
is "$(said_of bash) $(said_of perl)" "3 42" "bash and perl are there"
is "$(said_of id)" "redis-cli root" "and a root"
is "$(said_of written)" \
	"new ls: /usr/bin/redis-check-rdb: No such file or directory" \
	"files can be written and removed"
is "$(said_of disk)" \
	"/packages/disk/usr/bin/redis-check-rdb Read-only file system" \
	"the disk stays as it is"
is "$(said_of added)" "mine /etc/tier/begin" "what --add brings is seen"
taken=$(($(said_of used) - without))
diag "of node 0 it takes $taken KiB"
ok "less than 8 MiB of node 0 are taken" [ "$taken" -lt 8192 ]
ok "and what is in use is" [ "$taken" -gt 0 ]
is "$(jq -r '.packages | .suite, .asked[0], (.versions | keys | length > 10),
	(.versions["redis-server"] | test("^5:"))' "$run/manifest.json" |
	paste -sd' ')" "trixie redis-server true true" \
	"the manifest has release and versions"
disk=$(sed -n 's/.*-drive .*,file=\(.*\) \\$/\1/p' "$run/qemu.cmd")
is "$(jq -r .packages.sha256 "$run/manifest.json")" \
	"$(sha256sum <"$disk" | cut -d' ' -f1)" "and the disk's checksum"

# The work is not begun
APPEND=module_blacklist=erofs expect=1 boot package-not --package redis-server \
	--script "$tmp/script"
like "$status $verdict" \
	'^1 failed: --package: the kernel does not mount its disk: ' \
	"a kernel that cannot have the disk"
is "$(said_of used)" "" "the script is not run then"
done_testing
