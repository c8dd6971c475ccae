#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The shipped program on trees in the place of / (--root): a real guest's, as
# test/capture printed it, and broken ones.  region_test.c breaks more, under
# the sanitizers.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sound=$tmp/sound tree=$tmp/tree
cxl=sys/devices/platform/ACPI0017:00/root0

# run ARGUMENTS...: on the tree; sets status, out, err and records
run()
{
	status=0
	timeout 20 "$tier" "$@" --root "$tree" --records "$tmp/records" \
		>"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

records()
{
	jq -c "select(.record == \"$1\") | $2" "$tmp/records" 2>&1
}

fresh()
{
	rm -rf "$tree"
	cp -a "$sound" "$tree"
}

# survives NAME: what takes --root answers or says why it cannot
survives()
{
	local verb

	for verb in status "region list" check vmstat "policy show" \
		"policy list" "damon status" "damon dump" \
		"--dry-run policy numab" "--dry-run damon start -g -d 0 1" \
		"--dry-run hog node0:free=100M"; do
		# shellcheck disable=SC2086
		run $verb
		like "$status" '^[013]$' "$1: $verb ends"
		is "$(jq -s -c 'map(.seq) == [range(1; length + 1)] and
			.[-1].record == "end" and
			(.[-1].reason | type != "string" or
				(contains("signal") or
				contains("status") | not))' \
			"$tmp/records" 2>&1)" true \
			"$1: $verb says so, and did not crash"
		((status == 0)) ||
			like "$err" '^tier: .' "$1: $verb says why"
	done
}

# --- fixture and unpacking ------------------------------------------------------

test/unpack test/fixtures/cxl.txt "$sound"
is "$(cat "$sound/$cxl/decoder0.0/region0/size")" 0x20000000 \
	"unpack: a file"
is "$(readlink "$sound/sys/bus/cxl/devices/mem0" | sed 's,.*/,,')" mem0 \
	"unpack: a link"
ok "unpack: an empty file" test -f "$sound/$cxl/decoder0.0/region0/uuid" \
	-a ! -s "$sound/$cxl/decoder0.0/region0/uuid"
printf 'f ../../../../%s/out\n|x\n' "$tmp" >"$tmp/evil"
test/unpack "$tmp/evil" "$tmp/evil.d" 2>/dev/null
is "$?" 1 "unpack: nothing outside the tree"
# What capture prints of a machine is what unpack makes of it
sh test/capture >"$tmp/here.txt" 2>"$tmp/here.err"
is "$?" 0 "capture: runs here"
is "$(cat "$tmp/here.err")" "" "capture: no message"
is "$(tail -n 1 "$tmp/here.txt")" "# end of capture" "capture: to its end"
test/unpack "$tmp/here.txt" "$tmp/here"
is "$(cat "$tmp/here/sys/devices/system/node/node0/distance")" \
	"$(cat /sys/devices/system/node/node0/distance)" \
	"capture and unpack: as it was"
is "$(cd "$tmp/here" && find . -name 'node[0-9]*' -path '*/node/*' |
	head -n 1 | xargs -r basename)" node0 "capture and unpack: nodes"

# --- a real guest's tree ---------------------------------------------------------

fresh
run status
is "$status" 0 "status: status 0"
is "$err" "" "status: no message"
is "$(sed -n '/^node/,/^$/p' <<<"$out" | tr -s ' ')" "$(tr -s ' ' <<'END'
node      size      free  CPUs      distance   tier  memory
   0  966.5 MiB  911.2 MiB  0-1       10 20         4  DRAM
   1   512 MiB   512 MiB  -         20 10        22  CXL mem0 (region0)
region   region0: mem0, 512 MiB, node 1, online, movable
demotion node 0 (tier 4) to node 1 (tier 22)
END
)" "status: the nodes, the region, where demotion goes"
like "$out" 'numa_balancing +absent +0' "status: what is absent is not zero"
like "$out" 'DAMON +absent' "status: DAMON"
is "$(awk 'length > 79' <<<"$out")" "" "status: fits in 80 columns"
like "$out" 'machine  QEMU pc-q35-11.1, QEMU TCG CPU' "status: the machine"
is "$(records environment '[.machine, .emulated]')" \
	'["QEMU pc-q35-11.1",true]' "status: the machine's record"
is "$(records node 'del(.seq, .free_bytes, .available_bytes)' | head -n 1)" \
	"$(records node 'select(.node == 0) | del(.seq, .free_bytes,
		.available_bytes)')" "status: node 0 first"
is "$(records node 'select(.node == 1) |
	[.total_bytes, .cpus, .distance, .tier, .backing]')" \
	'[536870912,"","20 10",22,"CXL mem0 (region0)"]' "status: node 1"
# MemFree, no file pages, the Movable zone's high watermark of 3110 pages
is "$(records node 'select(.node == 1) | .free_bytes - .available_bytes')" \
	$((3110 * 4096)) "status: what is available of node 1"
is "$(records region 'del(.seq)')" "$(jq -c . <<'END'
{"record":"region","region":"region0","decoder":"decoder0.0",
"memdevs":["mem0"],"serials":[1],"start":4563402752,"size_bytes":536870912,
"granularity_bytes":256,"online_bytes":536870912,"movable_bytes":536870912,
"node":1,"committed":true,"dax":"dax0.0","driver":"kmem","created_in_s":null}
END
)" "status: the region's record"
run region list
is "$status" 0 "region list: status 0"
like "$out" 'region0: mem0, 512 MiB, node 1, online, movable' "region list"

# --- parts of it -------------------------------------------------------------------

for block in "$tree"/sys/devices/system/memory/memory3[4-5]; do
	echo offline >"$block/state"
done
run status
is "$(records region '[.size_bytes, .online_bytes, .node]')" \
	'[536870912,268435456,1]' "two blocks offline: half is online"
rm -rf "$tree/sys/bus/cxl" "$tree/sys/bus/dax"
run status
is "$status" 0 "no CXL: status 0"
is "$(records region .region)" "" "no CXL: no region"
is "$(records node 'select(.node == 1) | .backing')" '"memory"' \
	"no CXL: node 1 is memory, no more is known"
run region list
is "$status" 0 "no CXL: region list: status 0"
like "$out" 'no CXL region' "no CXL: region list says so"
rm -rf "$tree/sys/devices/system/node"
run status
is "$status" 3 "no NUMA: status 3"
like "$err" 'node: No such file or directory; the kernel needs CONFIG_NUMA' \
	"no NUMA: says what is lacking"

# --- broken trees -------------------------------------------------------------------

rm -rf "$tree"
mkdir "$tree"
survives "an empty tree"
run status
is "$status" 3 "an empty tree: status: 3"
fresh
find "$tree" -type f -exec truncate -s 0 {} +
survives "empty files"
fresh
find "$tree" -type f | while read -r file; do
	head -c 3000 "$tier" >"$file"
done
survives "binary garbage"
fresh
# As large as a file here may be, and sparse
for file in proc/vmstat proc/zoneinfo proc/cpuinfo \
	sys/devices/system/node/node0/{meminfo,cpulist} \
	"$cxl/decoder0.0/region0/size"; do
	truncate -s 1T "$tree/$file"
done
survives "huge files"
fresh
find "$tree" -type f | while read -r file; do
	rm "$file"
	mkdir "$file"
done
survives "directories in the place of files"
fresh
find "$tree" -type f | while read -r file; do
	ln -sf "${file##*/}" "$file"
done
survives "looping links"
fresh
find "$tree" -type f | while read -r file; do
	rm "$file"
	mkfifo "$file"
done
survives "pipes that nobody writes to"
fresh
find "$tree" -type l -exec ln -sfn /nonexistent {} \;
survives "links that lead nowhere"
fresh
rm -rf "$tree/sys/devices/system/node/node0"
ln -s . "$tree/sys/devices/system/node/node0"
ln -s .. "$tree/sys/devices/system/node/node2"
ln -s ../../../.. "$tree/sys/bus/cxl/devices/endpoint9"
survives "directories that lead back to where they are"
fresh
for i in {2..300} 4294967297 99999999999999999999; do
	mkdir "$tree/sys/devices/system/node/node$i"
	echo "Node $i MemTotal: 4 kB" \
		>"$tree/sys/devices/system/node/node$i/meminfo"
done
for i in {1..300}; do
	ln -s mem0 "$tree/sys/bus/cxl/devices/mem$i"
	ln -s region0 "$tree/sys/bus/cxl/devices/region$i"
done
survives "more nodes, devices and regions than there can be"
rm -rf "$tree"
for what in nothing "a file"; do
	run status
	is "$status" 1 "--root of $what: status 1"
	like "$err" '^tier: failed: --root .*: (No such file|Not a dir)' \
		"--root of $what: says so"
	touch "$tree"
done
rm "$tree"
fresh
rm -rf "$tree/sys/devices/system/node"
ln -s /sys/devices/system/node "$tree/sys/devices/system/node"
run status
is "$status" 1 "a link to itself, seen from inside: status 1"
unlike "$out" 'DRAM' "a link to this machine's nodes is not followed"

# --- nothing outside is touched -------------------------------------------------------

fresh
find "$tree" -type f -exec md5sum {} + | sort >"$tmp/before"
run status
run region list
find "$tree" -type f -exec md5sum {} + | sort >"$tmp/after"
ok "nothing in the tree was changed" cmp "$tmp/before" "$tmp/after"
run region create
is "$status" 2 "region create takes no --root"
run gups 1M
is "$status" 2 "gups takes no --root"

done_testing
