#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Counting alone.  Each topology with the plugin: the range that counts what a
# node serves is that node's, to the access, also where accesses are trapped;
# no address is typed by hand.  What counting costs.  An older QEMU.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/pmu.sh
. test/lib/pmu.sh

# counted TOPOLOGY NODE RANGE: the updates of the table on that node
counted()
{
	local loads updates

	updates=$(list "node$2" gups '.[0].updates')
	# The touch loop loads each word once more, ahead of its update
	loads=$(list "node$2" gups '.[0] | .updates * (if .loop == "touch"
		then 2 else 1 end)')
	is "$(list "node$2" pmu ".[0].ranges | map(select(.timed.table
		| .loads + .stores > 0) | [.name, .node, .timed.table.loads,
		.timed.table.stores]) | tojson")" \
		"[[\"$3\",$2,$loads,$updates]]" \
		"$1: node $2 is $3, which has its updates and nothing else"
}

# topology NAME RANGES...: of its nodes 0, 1, ...
topology()
{
	local name=$1 node=0

	shift
	TOPOLOGY=$name SMP=1 boot_script "pmu-$name" test/guest/pmu.guest --count \
		-- nodes
	for range; do
		ran "node$node"
		counted "$name" "$node" "$range"
		((++node))
	done
	is "$(grep -c '^== begin' "$console")" $# "$name: so many nodes"
}

topology cxl near cxl
# Two windows
topology cxl2 near cxl0 cxl1
# One window, trapped
topology interleave2 near cxl
# Two devices on one node
topology switch near cxl
topology numa near far
topology numa-flat near far
# Memory above the hole below 4 GiB
MEM=3G topology none near

# --- what it costs -------------------------------------------------------------

# rate NAME OPTIONS...: updates a second of the 512 MiB GUPS on two CPUs
rate()
{
	MEM=1G CXL_MEM=1G SMP=2 boot "pmu-cost-$1" "${@:2}" --once gups 512M \
		node1 --duration 8s
	rate=$(record gups '.updates_per_s | floor')
}

# Twice in turn, the better ones: a host does other things, too
plain=0 counted=0
for i in 1 2; do
	rate "plain$i"
	((rate <= plain)) || plain=$rate
	rate "count$i" --count
	((rate <= counted)) || counted=$rate
done
ok "counting costs at most three times: $plain, $counted updates a second" \
	[ "$counted" -gt 0 -a $((counted * 3)) -ge "$plain" ]

# --- a QEMU with another plugin interface --------------------------------------

export QEMU=10.0
expect=3 boot pmu-old-latency --latency cxl=250ns --once gups 4M node0
is "$status" 3 "QEMU 10.0, --latency: status 3"
like "$(<"$OUT/pmu-old-latency.txt")" 'need QEMU 11.1, and this is 10.0' \
	"it says which version is needed"
SMP=1 boot pmu-old --count=try --once gups 4M node0 --updates 100000
is "$status" 0 "QEMU 10.0, --count=try: the run goes on"
is "$(record gups .verified) $(record pmu .)" "true " "without counts"
like "$(build/qemu-10.0/qemu-system-x86_64 -machine none -display none \
	-plugin build/tier-pmu.so 2>&1)" 'requires API version 7.*version 4' \
	"QEMU 10.0 itself refuses the plugin, by version"
done_testing
