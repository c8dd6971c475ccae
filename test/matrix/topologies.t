#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The machines beside those that other tests boot: their nodes, CPUs and tiers are
# what their files say, and a table on each node that is not trapped is verified.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=512M CXL_MEM=512M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/script" <<'END'
for node in /sys/devices/system/node/node[0-9]*; do
	id=${node##*node}
	tier --once gups 4M "$id" --records /tmp/r --updates 100000 \
		--tlb-refresh off >/tmp/text 2>&1
	echo "== node$id $? $(sed -n 's/.*"reason":"\([^"]*\).*/\1/p' /tmp/r)"
	echo "== trapped$id $(grep -o '"trapped":true' /tmp/r | head -n 1)"
	echo "== cpus$id $(cat "$node/cpulist")"
done
for tier in /sys/devices/virtual/memory_tiering/memory_tier*; do
	echo "== tier ${tier##*tier} $(cat "$tier/nodelist")"
done
END

# machine NAME: boots it with the script; said_of NAME: what that said
machine()
{
	TOPOLOGY=$1 boot "topology-$1" --script "$tmp/script" --timeline off
	is "$status $verdict" "0 passed" "$1: boots and runs" ||
		diag "$(tail -n 20 "$run/console.log")"
	is "$(record finding 'select(.finding | test("kernel-warning|kernel-bug"))
		| .finding')" "" "$1: the kernel has no complaints"
}

said_of()
{
	tr -d '\r' <"$run/console.log" | sed -n "s/^== $1 //p" | paste -sd'|'
}

machine sockets2
is "$(said_of cpus0) $(said_of cpus1)$(said_of cpus2)" "0 1" "a CPU on each"
is "$(said_of node0)$(said_of node1)$(said_of node2)$(said_of node3)" \
	"0 0 0 0 " "tables on both sockets, and on both devices"
is "$(said_of trapped2)$(said_of trapped3)" "" "neither is trapped"
machine tiers3
is "$(said_of node0)$(said_of node1)$(said_of node2)" "0 0 0 " "tables on all"
is "$(said_of tier | tr '|' '\n' | sort -n | awk '{ print $2 }' | paste -sd' ')" \
	"0 1 2" "three tiers, in this order" || diag "$(said_of tier)"
machine hbm
is "$(said_of node0)$(said_of node1)" "0 0 " "tables on both"
is "$(said_of tier | tr '|' '\n' | sort -n | awk '{ print $2 }' | paste -sd' ')" \
	"1 0" "node 1 is in the higher tier"
machine sizes
is "$(record region '[.size_bytes, .node] | tojson' | sort -u | paste -sd' ')" \
	"[268435456,1] [536870912,2]" "256 and 512 MiB"
is "$(said_of node1)$(said_of node2)$(said_of trapped1)$(said_of trapped2)" \
	"0 0 " "a table on each; neither is trapped"
machine cxl2
is "$(said_of node1)$(said_of node2)$(said_of trapped1)$(said_of trapped2)" \
	"0 0 " "a table on each; neither is trapped"
machine cpus-apart
is "$(said_of cpus0) $(said_of cpus1)" "0 1" "a CPU on each"
is "$(said_of node0)" "0 " "a table on the first"
like "$(said_of node1)" '^3 .*node 1.*no memory' "the other has none"
done_testing
