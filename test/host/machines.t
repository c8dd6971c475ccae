#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Machines that we do not have: trees made by test/maketree, and what is to be
# said of each.
#
# timeout: 300

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree

# machine NAME: the tree of the description that comes in
machine()
{
	name=$1
	rm -rf "$tree"
	test/maketree - "$tree" || ok "$name: is made" false
}

# run ARGUMENTS...: on the tree; sets status, out and err
run()
{
	status=0
	timeout 20 "$tier" "$@" --root "$tree" --records "$tmp/records" \
		>"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	out=$(<"$tmp/out") err=$(<"$tmp/err")
	[[ $1 = --* ]] ||
		is "$(awk 'length > 79' <<<"$out")" "" "$name: $1: in 80 columns"
}

# records RECORD FILTER: jq over those of that name, as an array
records()
{
	jq -rc -s "map(select(.record == \"$1\")) | $2" "$tmp/records" 2>&1
}

# finds WANT: the findings above a note, in their order
finds()
{
	run check
	is "$(records finding 'map(select(.level != "note") | .finding) |
		join(" ")')" "$1" "$name: check: ${1:-nothing is wrong}" ||
		diag "$out"
}

# node_at ADDRESS: whose memory is there
node_at()
{
	local block=$((0x$(<"$tree/sys/devices/system/memory/block_size_bytes")))

	set -- "$tree"/sys/devices/system/node/node*/memory$(($1 / block))
	set -- "${1%/memory*}"
	echo "${1##*/node}"
}

# moves POLICY WANT: its schemes as HMSDK's users write them, -d 0 2 -p 2 0, in
# their kdamonds' order
moves()
{
	local k s kdamonds='' got=''

	run --dry-run policy "$1"
	is "$status" 0 "$name: $1: status 0" || diag "$err"
	kdamonds=$(records write 'map(select(.path) | {key: .path[36:],
		value}) | from_entries')
	while read -r s; do
		k=${s%%/*}
		got+=" $(jq -r --arg s "$s" 'if .[$s + "/action"] ==
			"migrate_hot" then "-p" else "-d" end' <<<"$kdamonds")"
		got+=" $(node_at "$(jq -r --arg k "$k" \
			'.[$k + "/contexts/0/targets/0/regions/0/start"]' \
			<<<"$kdamonds")")"
		got+=" $(jq -r --arg s "$s" '.[$s + "/target_nid"]' \
			<<<"$kdamonds")"
	done < <(jq -r 'keys_unsorted[] | select(endswith("/target_nid") and
		contains("/schemes/") and (contains("/goals/") | not)) |
		.[:-11]' <<<"$kdamonds")
	is "${got# }" "$2" "$name: $1: $2"
}

# demotes WANT: "0>2 1>3|0,2" - node, one of these, or else (|) those
demotes()
{
	run status
	is "$(records demotion_target 'map("\(.node)>" +
		(.targets | map(tostring) | join(",")) +
		(if .then == [] then "" else "|" +
			(.then | map(tostring) | join(",")) end)) |
		join(" ")')" "$1" "$name: demotion: $1"
}

# backed WANT: what the nodes' memory is, with + between them
backed()
{
	run status
	is "$(records node 'map(.backing // "none") | join("; ")')" "$1" \
		"$name: memory: $1"
}

# says TREE VERB: but for the first line, which names the tree
says()
{
	# shellcheck disable=SC2086
	(cd "$tree" && "$tier" $2 --root "$1" 2>&1) | sed '/^tier 0/d'
}

# captures: tier capture there leaves a tree of which the same is said
captures()
{
	local verb

	((UID == 0)) || return 0
	cp "$tier" "$tree/tier"
	chroot "$tree" /tier capture /copy >"$tmp/out" 2>&1 ||
		diag "$(<"$tmp/out")"
	for verb in status check; do
		is "$(says copy "$verb")" "$(says . "$verb")" \
			"$name: its capture: $verb"
	done
}

# --- long texts: two sockets that number their CPUs in turn -----------------------

even=$(seq -s, 0 2 127) odd=$(seq -s, 1 2 127)
machine "two sockets, CPUs in turn" <<END
from policy-7.3.txt
node 0 size=961M cpus=$even distance=10,21,14 tier=4
node 1 size=961M cpus=$odd distance=21,10,24 tier=4
node 2 size=961M distance=14,24,10 tier=22
END
run status
is "$status $err" "0 " "$name: status"
is "$(records node '.[0].cpus') $(records node '.[1].cpus')" "$even $odd" \
	"$name: the record has all CPUs"
like "$out" '0-126:2 +10 21 14 +4  DRAM' "$name: the table says it shortly"
finds ""
demotes "0>2 1>2 2>"
moves hmsdk "-d 0 2 -d 1 2 -p 2 0"
run --dry-run policy interleave
is "$(records write 'map(select(.path // "" | test("node[0-9]")) | .value) |
	join(" ")')" "3 3 1" "$name: interleave: both sockets are near"

# No order at all in it: nothing shortens that
any=$(seq 0 299 | awk '{ if ($1 % 7 % 3 != 1) print }' | paste -sd,)
machine "CPUs without order" <<END
node 0 size=8G cpus=$any tier=4
node 1 size=8G tier=22
END
run status
is "$status $(records node '.[0].cpus')" "0 $any" "$name: all of them"
# shellcheck disable=SC1003 # sed's word for a last line that ends
is "$(sed -n '/^CPUs  *of/,/^demotion/{/^demotion/d;s/^CPUs.*://p;t;p}' \
	<<<"$out" | tr -d ' \n' | tr ',' '\n' | sed '$a\' |
	while IFS=- read -r first last; do
		seq "$first" "${last:-$first}"
	done | paste -sd,)" "$any" "$name: below the table are all of them"
rm "$tree/sys/devices/system/node/node0/cpulist"
mkdir "$tree/sys/devices/system/node/node0/cpulist"
run status
is "$status" 1 "$name: CPUs that cannot be read are not none"
like "$err" 'node0/cpulist: Is a directory' "$name: and that is said"

# --- two sockets ------------------------------------------------------------------

machine "two sockets, a card each" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-31 distance=10,21,14,24 tier=4
node 1 size=8G cpus=32-63 distance=21,10,24,14 tier=4
node 2 size=16G distance=14,24,10,26 tier=22
node 3 size=16G distance=24,14,26,10 tier=22
END
demotes "0>2|3 1>3|2 2> 3>"
moves hmsdk "-d 0 2 -d 1 3 -p 2 0 -p 3 1"
moves damon-goal "-d 0 2 -d 1 3 -p 2 0 -p 3 1"
finds ""

machine "two cards, equally near" <<END
node 0 size=8G cpus=0-1 distance=10,20,20 tier=4
node 1 size=4G distance=20,10,20 tier=22
node 2 size=4G distance=20,20,10 tier=22
END
demotes "0>1,2 1> 2>"
like "$out" 'demotion node 0 \(tier 4\) to one of nodes 1-2 \(tier 22\)' \
	"$name: in words"

# Example 1 and 3 of mm/memory-tiers.c
machine "its example 1" <<END
node 0 size=8G cpus=0-1 distance=10,20,30,40 tier=4
node 1 size=8G cpus=2-3 distance=20,10,40,30 tier=4
node 2 size=8G distance=30,40,10,40 tier=22
node 3 size=8G distance=40,30,40,10 tier=22
END
demotes "0>2|3 1>3|2 2> 3>"
machine "its example 3" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 distance=10,20,30 tier=4
node 1 size=2G distance=20,10,40 tier=1 read=60 from=0
node 2 size=8G distance=30,40,10 tier=22 read=300 from=0
END
demotes "0>2 1>0|2 2>"
moves hmsdk "-d 0 2 -p 0 1 -d 1 0 -p 2 0"

# A lower node with CPUs is one farther for the kernel, and it stops there
machine "a lower socket" <<END
node 0 size=8G cpus=0-1 distance=10,20,20,21 tier=4
node 1 size=8G distance=20,10,20,20 tier=22
node 2 size=8G cpus=2-3 distance=20,20,10,20 tier=22
node 3 size=8G distance=21,20,20,10 tier=22
END
demotes "0>1,2|3 1> 2> 3>"

machine "three tiers" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 distance=10,20,30 tier=4
node 1 size=8G distance=20,10,20 tier=22
node 2 size=8G distance=30,20,10 tier=40
END
demotes "0>1|2 1>2 2>"
moves hmsdk "-d 0 1 -d 1 2 -p 1 0 -p 2 0"
finds ""

# --- a faster node without CPUs -----------------------------------------------------

machine "HBM" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 distance=10,20 tier=4 read=200 from=0
node 1 size=2G distance=20,10 tier=1 read=60 from=0
END
demotes "0> 1>0"
unlike "$out" 'none' "$name: there is a lower tier"
moves hmsdk "-d 1 0 -p 0 1"
finds ""

machine "HBM of the same tier" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 distance=10,20 tier=4 read=100 from=0
node 1 size=2G distance=20,10 tier=4 read=90 from=0
END
demotes "0> 1>"
like "$out" 'demotion none' "$name: says so"
run --dry-run policy hmsdk
is "$status" 3 "$name: hmsdk: nothing is farther"
finds "one-tier"

machine "slower memory of the same tier" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 distance=10,20 tier=4 read=100 from=0
node 1 size=2G distance=20,10 tier=4 read=110 from=0
END
moves hmsdk "-d 0 1 -p 1 0"
finds "one-tier"

machine "a plain second node" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-1 tier=4
node 1 size=2G tier=4
END
moves hmsdk "-d 0 1 -p 1 0"
finds "top-tier"

machine "an HMAT of one class" <<END
from policy-7.3.txt
block 1G
node 0 size=8G cpus=0-1 tier=4 read=100 from=0
node 1 size=8G tier=4 read=300 from=0
END
rm -r "$tree"/sys/devices/system/node/node*/access0
moves hmsdk "-d 0 1 -p 1 0"
finds "one-tier"

# GPU memory is near to the GPU: how far it is from the CPUs counts
machine "a generic initiator" <<END
from policy-7.3.txt
block 1G
node 0 size=8G cpus=0-1 tier=4 read=100 from=0
node 1 size=8G tier=4 read=300 from=0
node 2
END
echo 20 >"$tree/sys/devices/system/node/node1/access0/initiators/read_latency"
moves hmsdk "-d 0 1 -p 1 0"

machine "a CXL device declared as faster than DRAM" <<END
from policy-7.3.txt
block 1G
window 0 size=8G
memdev 0 ram=8G
node 0 size=8G cpus=0-1 tier=4
node 1 tier=3
region 0 memdevs=mem0 size=8G node=1
END
demotes "0> 1>0"
finds "cxl-above"
like "$out" 'node 1 \(region0\) is in tier 3, and node 0 in tier 4' "$name: says which"

machine "a node in no tier" <<END
node 0 size=8G cpus=0-3 tier=4
node 1 size=8G
END
demotes "0> 1>"
unlike "$out" 'tier -1' "$name: what is absent is no -1"

# --- nodes with CPUs and no memory, and nodes with neither --------------------------

machine "CPUs without memory" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-3 distance=10,21,20 tier=4
node 1 cpus=4-7 distance=21,10,40
node 2 size=8G distance=20,40,10 tier=22
END
run status
is "$(records node 'map([.node, .total_bytes > 0, .cpus])')" \
	'[[0,true,"0-3"],[1,false,"4-7"],[2,true,""]]' "$name: all are shown"
like "$out" '   1       0 B       0 B  4-7 +21 10 40 +-  none' "$name: as that"
demotes "0>2 2>"
finds "cpus-without-memory"
like "$out" 'node 1: CPUs and no memory' "$name: it is named"

machine "all CPUs on nodes without memory" <<END
from policy-7.3.txt
block 1G
node 0 cpus=0-3
node 1 size=8G tier=22
node 2 size=8G tier=4
END
demotes "1> 2>1"
moves hmsdk "-d 2 1 -p 1 2"

# GH200: two Grace nodes, GPU memory, and the nodes that its instances may get
machine "GH200" <<END
from policy-7.3.txt
block 2G
$(d() { local i=$1; shift; for ((k = 0; k < 36; k++)); do
	((k == i)) && echo 10 || echo $((k < 2 && i < 2 ? 40 : 80)); done |
	paste -sd,; }
echo "node 0 size=480G cpus=0-71 distance=$(d 0) tier=4 read=200 from=0"
echo "node 1 size=480G cpus=72-143 distance=$(d 1) tier=4 read=200 from=1"
for n in 2 10; do
	echo "node $n size=96G distance=$(d $n) tier=3 read=150 from=0-1"
done
for n in {3..9} {11..35}; do
	echo "node $n distance=$(d "$n")"
done)
END
run status
is "$status $err" "0 " "$name: status"
is "$(records node length)" 36 "$name: 36 nodes"
like "$out" 'empty +nodes 3-9,11-35: neither memory nor CPUs' "$name: in a line"
like "$out" 'distance from node 0: 10 to 0, 40 to 1, 80 to 2-35' \
	"$name: distances are said below"
demotes "0> 1> 2>0,1 10>0,1"
finds ""
captures

# --- many nodes ----------------------------------------------------------------------

machine "256 nodes" <<END
from policy-7.3.txt
$(for ((n = 0; n < 256; n++)); do
	echo "node $n size=512M $( ((n < 128)) && echo "cpus=$((8 * n))-$((8 * n + 7)) tier=4" ||
		echo tier=22) distance=$(for ((k = 0; k < 256; k++)); do
		echo $((k == n ? 10 : k % 128 == n % 128 ? 14 : 30))
	done | paste -sd,)"
done)
END
demotes "$(for ((n = 0; n < 128; n++)); do
	echo "$n>$((n + 128))|$(for ((k = 128; k < 256; k++)); do
		((k == n + 128)) || echo $k; done | paste -sd,)"
done | xargs) $(seq -f '%g>' 128 255 | xargs)"
is "$(records node '[length, .[200].tier, .[200].node]')" "[256,22,200]" \
	"$name: each is known"
finds ""
run --dry-run policy interleave
is "$(records write 'map(select(.path // "" | test("interleave/node"))) |
	[length, .[255].path[-7:], .[255].value, .[127].value]')" \
	'[256,"node255","1","3"]' "$name: interleave: a weight each"
run vmstat
is "$(records vmstat '.[0] | [(.free_bytes | length),
	.counted.node255.numa_hit]')" '[257,255000]' "$name: vmstat: all"
run --dry-run hog node255:free=100M
is "$status $err" "0 " "$name: a hog on node 255"
for node in 255 256; do
	"$tier" --dry-run run --membind $node --root "$tree" /bin/true \
		>/dev/null 2>"$tmp/err"
	is "$?" $((node == 256 ? 3 : 0)) "$name: a program on node $node"
done
like "$(<"$tmp/err")" 'with memory: 0-255$' "$name: those that there are"

# --- what a CXL device's memory is part of ---------------------------------------------

machine "a region in DRAM's node" <<END
from policy-7.3.txt
window 0 size=4G
memdev 0 ram=2G
node 0 size=8G cpus=0-3 tier=4
region 0 memdevs=mem0 size=2G node=0 zone=Movable
END
backed "8 GiB DRAM + 2 GiB CXL mem0 (region0)"
finds "region-in-dram"
unlike "$out" 'tier region create' "$name: the cure is another"

machine "two regions on a node" <<END
from policy-7.3.txt
block 1G
window 0 size=8G
memdev 0 ram=2G
memdev 1 ram=2G
memdev 2 ram=4G
node 0 size=8G cpus=0-3 tier=4
node 1 tier=22
region 0 memdevs=mem0,mem1 size=4G node=1
region 1 memdevs=mem2 size=4G node=1
END
captures
backed "DRAM; CXL mem0+mem1 (region0) + CXL mem2 (region1)"
like "$out" 'memory +of node 1: CXL mem0\+mem1 \(region0\) \+ CXL mem2' \
	"$name: what has no room is below"
like "$out" 'region0: mem0\+mem1, 4 GiB, node 1, online, movable' \
	"$name: a region's devices are all named"
finds ""

machine "a region of sixteen devices" <<END
from policy-7.3.txt
window 0 size=32G
$(for ((i = 0; i < 16; i++)); do echo "memdev $i ram=2G"; done)
block 2G
node 0 size=8G cpus=0-3 tier=4
node 1 tier=22
region 0 memdevs=$(seq -s, -f mem%g 0 15) size=32G node=1
END
run status
like "$out" 'region0: mem0\+1\+2\+.*\+14\+15, 32 GiB' "$name: is named in a line"
is "$(records region '.[0].memdevs | [length, .[15]]')" '[16,"mem15"]' \
	"$name: and whole in its record"
finds ""

machine "a device that no window has room for" <<END
from policy-7.3.txt
window 0 size=1G
memdev 0 ram=2G
node 0 size=8G cpus=0-3 tier=4
node 1 size=4G tier=22
END
finds "region-blocked window-small"
unlike "$out" 'tier region create \(root\)' "$name: what would be refused is no cure"
echo 0 >"$tree/sys/bus/cxl/devices/decoder0.0/cap_ram"
finds "cxl-no-window region-blocked"

machine "soft-reserved cards" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-3 tier=4
node 1 tier=22
node 2
dax 0.0 size=4G node=1 zone=Normal
dax 1.0 size=4G node=2 driver=device_dax
END
backed "DRAM; soft-reserved (dax0.0); none"
finds "soft-zone-normal"
like "$out" '4 GiB of dax0.0 \(node 1\) are not in ZONE_MOVABLE' "$name: says which"
is "$(records finding 'map(select(.finding == "soft-reserved") | .seen)')" \
	'["dax1.0 is memory that the firmware set aside for special use"]' \
	"$name: the other one is a device"
run status
like "$out" 'empty +node 2: neither' "$name: whose node is empty"
like "$out" 'dax +dax1.0: soft-reserved, 4 GiB, no node, offline' "$name: is shown"
sed -i 's/Normal/Movable/' "$tree"/sys/devices/system/memory/*/valid_zones
finds ""

machine "persistent memory as RAM" <<END
from policy-7.3.txt
block 2G
node 0 size=64G cpus=0-55 distance=10,21,17,28 tier=4
node 1 size=64G cpus=56-111 distance=21,10,28,17 tier=4
node 2 distance=17,28,10,28 tier=22
node 3 distance=28,17,28,10 tier=22
dax 0.0 size=128G node=2 zone=Movable pmem
dax 1.0 size=128G node=3 zone=Movable pmem
dax 2.0 size=4G node=3 driver=device_dax pmem
END
backed "DRAM; DRAM; persistent (dax0.0); persistent (dax1.0)"
is "$(records region 'map(.region) | join(" ")')" "dax0.0 dax1.0 dax2.0" \
	"$name: in their order"
like "$out" 'dax +dax0.0: persistent, 128 GiB, node 2, online, movable' "$name: is shown"
demotes "0>2|3 1>3|2 2> 3>"
finds ""
unlike "$out" 'soft-reserved|special use' "$name: a storage device is none"
captures

machine "a dax device that was made anew" <<END
from policy-7.3.txt
window 0 size=4G
memdev 0 ram=2G
node 0 size=8G cpus=0-3 tier=4
node 1 tier=22
region 0 memdevs=mem0 size=2G node=1 seed
END
is "$("$tier" region list --root "$tree" --json | jq -r 'select(.record ==
	"region") | .dax, .driver' | xargs)" "dax0.1 kmem" "$name: it is that one"
finds ""

machine "dynamic capacity alone" <<END
from policy-7.3.txt
window 0 size=4G
memdev 0 ram=0 pmem=0
node 0 size=8G cpus=0-3 tier=4
node 1 size=8G tier=22
END
finds "cxl-dynamic"

# --- kernels ---------------------------------------------------------------------------

machine "Linux 5.15" <<END
kernel 5.15.0-91-generic
node 0 size=8G cpus=0-3 distance=10,20,17
node 1 size=8G cpus=4-7 distance=20,10,28
node 2 size=8G distance=17,28,10
END
demotes "0>2 1>2 2>"
like "$out" 'demotion node 0 to node 2.*demotion node 1 to node 2' "$name: to where"
like "$out" 'by their CPUs: the kernel shows no memory' "$name: and how it is known"
unlike "$out" 'tier -1' "$name: what is absent is no -1"
is "$(records node 'map(.tier)')" '[null,null,null]' "$name: nor in records"
like "$out" 'kernel   Linux 5.15.0-91-generic' "$name: its kernel"
unlike "$out" "$(uname -r)" "$name: not this one"
like "$out" 'tree +what is said is said of it' "$name: it is said"
is "$(records environment '.[0] | [.kernel, .cpus, .uptime_s, .tree]')" \
	'["Linux 5.15.0-91-generic",8,null,true]' "$name: its environment"

# What its NUMA balancing and its reclaim cannot do is not to be switched on
machine "Linux 5.10" <<END
kernel 5.10.0-28-amd64
node 0 size=8G cpus=0-3
node 1 size=8G
file /proc/sys/kernel/numa_balancing 1
file /sys/kernel/mm/transparent_hugepage/enabled always [madvise] never
END
run check
is "$(records finding 'map(.finding) | map(select(startswith("numa-") or
	startswith("demotion-"))) | join(" ")')" \
	"numa-balancing-absent demotion-absent" "$name: what it lacks"
like "$out" "NUMA balancing cannot promote" "$name: and why"
run status
like "$out" 'this kernel demotes nothing' "$name: demotion would be, if there were any"
run --dry-run policy tpp --set demotion_enabled=false
is "$status" 3 "$name: a dry run refuses what the run would be refused"
like "$err" 'numa_balancing=2: this kernel.*Linux 5.18' "$name: says why"
rm -r "$tree/sys/kernel/mm"
run status
unlike "$out" 'demotes nothing' "$name: what a tree does not have is not said"
echo 65536 >"$tree/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps"
run check
like "$out" 'numa-balancing-mode' "$name: a vendor's, which can"

machine "memory cgroups of version 1" <<END
from policy-7.3.txt
block 1G
node 0 size=8G cpus=0-3 tier=4
node 1 size=4G tier=22
remove /sys/fs/cgroup
file /sys/fs/cgroup/unified/cgroup.controllers \n
file /proc/self/cgroup 5:memory:/job\n0::/user.slice\n
file /sys/fs/cgroup/memory/job/memory.limit_in_bytes 104857600
file /sys/fs/cgroup/memory/job/memory.usage_in_bytes 4096
END
finds "memory-limited memcg-absent"
like "$out" "memory controller is cgroup1's.*systemd.unified_cgroup_hierarchy=1" \
	"$name: and what helps" || diag "$out"
run --dry-run policy hmsdk
is "$status" 3 "$name: hmsdk: refused"
like "$err" 'cgroup1 has the memory controller' "$name: says why"
run --dry-run policy numab
is "$status" 0 "$name: others need none"
captures

machine "a container with a limit" <<END
from policy-7.3.txt
block 1G
node 0 size=8G cpus=0-3 tier=4
node 1 size=4G tier=22
file /proc/self/cgroup 0::/
file /sys/fs/cgroup/memory.max 104857600
file /sys/fs/cgroup/memory.current 4096
END
finds "memory-limited"
captures

machine "pages of 64 KiB" <<END
page 64K
block 512M
node 0 size=64G cpus=0-3 free=8G tier=4
node 1 size=64G tier=22
END
run status
# The watermark of the one zone: 3/2 of a 1024th
is "$(records node '.[0].free_bytes - .[0].available_bytes')" $((96 << 20)) \
	"$name: watermarks"
run vmstat
is "$(records vmstat '.[0].free_bytes.node0')" $((8 << 30)) "$name: free memory"
run --dry-run hog node0:free=1G
like "$out" 'take 7168 MiB of node 0' "$name: a hog" || diag "$err"

# --- what a job may use -----------------------------------------------------------------

machine "a cpuset" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-3 tier=4
node 1 size=4G tier=22
file /proc/self/status Name:\ttier\nMems_allowed_list:\t1\n
END
# forbidden STATUS REGEX ARGUMENTS...
forbidden()
{
	local want=$1 why=$2

	shift 2
	"$tier" --dry-run "$@" >/dev/null 2>"$tmp/err"
	is "$?" "$want" "$name: $*: status $want" || diag "$(<"$tmp/err")"
	like "$(<"$tmp/err")" "$why" "$name: $*: why"
}
on="--root $tree"
# shellcheck disable=SC2086
{
not='node 0 is not allowed to this process .*Mems_allowed_list.*are: 1'
forbidden 3 "$not" gups 64M node0 $on
forbidden 0 '' gups 64M any $on
forbidden 0 '' gups 64M node1 $on
forbidden 3 '3.* GiB on all nodes can be' gups 6G any $on
forbidden 3 "hog on $not" hog node0:64M $on
forbidden 0 '' hog node1:64M $on
forbidden 3 "$not" run --membind 0 $on /bin/true
forbidden 0 '' run --membind 1 $on /bin/true
forbidden 3 'node 2 does not exist or has no memory; nodes with memory: 1' \
	run --membind 2 $on /bin/true
}
finds "node-not-allowed"
demotes "0>1 1>"

machine "a cpuset of CXL memory alone" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-3 tier=4
node 1 size=4G tier=22 zone=Movable
file /proc/self/status Name:\ttier\nMems_allowed_list:\t1\n
END
finds "node-not-allowed only-movable-allowed"

machine "a job of 100 MiB" <<END
from policy-7.3.txt
node 0 size=8G cpus=0-3 tier=4
node 1 size=4G tier=22
file /proc/self/cgroup 0::/slurm/job1/step0
file /sys/fs/cgroup/slurm/job1/step0/memory.max max
file /sys/fs/cgroup/slurm/job1/step0/memory.current 4194304
file /sys/fs/cgroup/slurm/job1/memory.max 104857600
file /sys/fs/cgroup/slurm/job1/memory.current 4194304
file /sys/fs/cgroup/slurm/job1/memory.stat anon 4194304
END
# shellcheck disable=SC2086
{
forbidden 3 'limit of cgroup /slurm/job1 leaves 96 MiB' gups 200M any $on
forbidden 3 'limit of cgroup /slurm/job1 leaves 96 MiB' hog node1:97M $on
forbidden 3 'the table with its hogs .*cgroup /slurm/job1' gups 64M any \
	--hog node0:20M --hog node1:20M $on
forbidden 0 '' gups 64M any $on
}
finds "memory-limited"

# --- a dry run refuses what the run would ------------------------------------------------

machine "some server" <<END
from policy-7.3.txt
block 2G
node 0 size=64G cpus=0-31 distance=10,21,14 tier=4
node 1 cpus=32-63 distance=21,10,24
node 2 size=64G distance=14,24,10 tier=22
END
# shellcheck disable=SC2086
{
forbidden 3 'node 7 does not exist or has no memory; nodes with memory: 0,2' \
	gups 1G node7 $on
forbidden 3 'does not fit' gups 1T node2 $on
forbidden 3 'node 1 does not exist or has no memory' gups 1G node1 $on
forbidden 3 'no CPU that tier may use' gups 1G --cpu-node 2 $on
forbidden 0 '' gups 1G --cpu-node 1 $on
forbidden 3 '--latency node5' gups 1G --latency node5=100ns $on
forbidden 0 '' gups 1G node2 --policy hmsdk --hog node0:1G $on
forbidden 3 'hog on node 2' gups 50G node2 --hog node2:20G $on
}

machine "memory that comes as it is asked for" <<END
node 0 size=6G cpus=0-1
file /proc/meminfo MemTotal:       24684084 kB\nMemFree:        22849048 kB\n
END
run status
like "$out" '/proc/meminfo has 23.5 GiB \(21.8 GiB free\), the nodes have 6 GiB' \
	"$name: both are said"
is "$(records memory '.[0] | [.total_bytes, .nodes_total_bytes]')" \
	'[25276502016,6442450944]' "$name: and recorded"

done_testing
