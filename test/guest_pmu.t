#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The plugin in the real emulator: it counts to the access, also what two
# CPUs do at once; what is injected is what the updates take longer; a policy
# that brings the hot set near makes them faster in fact; counted and sampled
# shares agree.  Without it there is nothing of it.  test/pmu/guest runs in the
# guest.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=test/guest.sh
. test/guest.sh

export MEM=1G CXL_MEM=512M
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Called by ok
# shellcheck disable=SC2317
quietly()
{
	"$@" >/dev/null
}

said()
{
	sed -n "s/^== $1 //p" "$tmp/console" | tail -n 1
}

# of NAME RECORD FILTER: jq over the run's records of that kind, as a list
of()
{
	sed -n "/^== begin $1\$/,/^== end $1\$/p" "$tmp/console" |
		jq -cR 'fromjson?' | jq -rs --arg record "$2" \
		"map(select(.record == \$record)) | $3"
}

# so NAME RECORD FILTER WHAT: it is true
so()
{
	is "$(of "$1" "$2" "$3")" true "$1: $4" ||
		diag "$(of "$1" "$2" '.[] | tostring[:1500]')"
}

console()
{
	tr -d '\r' <"$run/console.log" >"$tmp/console"
	diag "$(grep '^# ' "$tmp/console")"
	is "$(grep '^# ' "$tmp/console" | awk 'length > 82')" "" \
		"$1: the text fits 80 columns"
	is "$status" 0 "$1: the guest"
	is "$(said script)" "done" "$1: its script came to its end"
}

# ran NAMES...: and all words were right
ran()
{
	local name

	for name; do
		is "$(said "$name")" 0 "$name: it ran"
	done
}

# --- counts ------------------------------------------------------------------

boot pmu-count --count --add test/pmu/guest --once run sh /guest count
console count
ran far near moving
plugin=$(<"$run/qemu.cmd")
window=$(said window)
like "$plugin" "cxl=0x0*${window%-*}-0x" "the kernel's window begins there"
[[ $plugin =~ cxl=0x([0-9a-f]+)-0x([0-9a-f]+) ]]
is "$((16#${BASH_REMATCH[2]} - 1))" "$((16#${window#*-}))" \
	"and ends where it was said to"

# The touch loop loads each word once more, ahead of its update.
for name in far near; do
	node=0
	[[ $name = near ]] || node=1
	loads=$(of $name gups '.[0] | .updates * (if .loop == "touch" then 2
		else 1 end)')
	n=$(of $name gups '.[0].updates')
	is "$(of $name pmu ".[0].ranges | map(select(.node == $node))[0]
		| .timed.table | \"\\(.loads) \\(.stores)\"")" "$loads $n" \
		 "$name: the updates' accesses, to the access"
	so $name pmu ".[0].ranges | map(select(.node != $node)
		| .timed.table | .loads + .stores) | add == 0" "and no others"
	so $name pmu ".[0].near_share == $((1 - node))" "the near share"
done
so far pmu '.[0].ranges | map(select(.node == 1))[0] | .whole.table.stores
	> .timed.table.stores' "the whole run has the filling, too"
so moving timeline 'length >= 3 and .[0].near_share_counted == null' \
	"rows; nothing is counted before the first"
so moving timeline '.[1:] | all(.near_share_counted >= 0)' \
	"then the near share is counted"
# Its last row may be a long one, that began when the hot set was far.
so moving timeline '.[-1] | .near_share > 0.9 and .near_share_counted > 0.5' \
	"the hot set came near"
so moving timeline '.[1].near_share_counted < 0.9' "and was not there"
# Rows in which little moved; the sample's error is 0 where every page of the
# hot set, and every other one, is on one side.  The variables are jq's.
# shellcheck disable=SC2016
steady='[range(1; length) as $i | .[$i - 1] as $a | .[$i] as $b
	| select(($a.near_share - $b.near_share | fabs) < 0.02)
	| ($b.near_share_counted - ($a.near_share + $b.near_share) / 2 | fabs)
		- 2 * ($a.near_share_error + $b.near_share_error)]
	| length > 0 and max < 0.01'
so moving timeline "$steady" \
	"counted and sampled agree, within 1 % and their error"
is "$(jq -r '.ranges | map(.name) | join(" ")' "$run/pmu.json")" \
	"other near cxl" "the totals: pmu.json"
is "$(jq '.ranges[2] | .by_vcpu | length' "$run/pmu.json")" 2 \
	"of two CPUs"
ok "they are the sums of both" quietly jq -e '.ranges | all((.user.loads +
	.kernel.loads) == (.by_vcpu | map(.loads) | add))' "$run/pmu.json"

# --- latencies ---------------------------------------------------------------

# One CPU: then none waits while another has the host's.
SMP=1 boot pmu-latency --latency cxl=+1us --scope process \
	--add test/pmu/guest --once run sh /guest latency
console latency
ran against far none numab
# Nearly every update misses: the cache has 2 MiB, the table 64.  A host that
# has other things to do makes all times longer, the waits as well, by about
# so much.  On a quiet one it was 1031; half of it, or twice, is wrong anywhere.
load=$(of against pmu '.[0].ranges[2].timed | .waited_s / .asked_s')
longer=$(of against compare '.[0] | (1 / (.against_updates_per_s | sort
	| .[length / 2 | floor]) - 1 / (.updates_per_s | sort
	| .[length / 2 | floor])) * 1e9')
longer=$(jq -n "$longer / $load | floor")
ok "an update on node 1 takes $longer ns longer (load: $load), of 1000 ns" \
	[ "$longer" -ge 650 -a "$longer" -le 1500 ]
so far pmu '.[0].ranges[2].timed | .misses.loads / .table.stores
	| . > 0.9 and . <= 1.01' "nearly each update misses the cache once"
so far pmu '.[0].ranges[2].timed | .misses.stores / .table.stores < 0.05' \
	"its store finds the line"
so far pmu '.[0].ranges[2].timed | (.asked_s / ((.misses.loads +
	.misses.stores) * 1e-6) - 1 | fabs) < 0.001' "each miss asks for 1 us"
so far pmu '.[0].ranges[2].timed | .waited_s / .asked_s > 0.99' \
	"and waits no less"
so far pmu '.[0].ranges | all(.timed.kernel == null)' \
	"scope=process: the kernel is not counted, which is not 0"
so far pmu '.[0].ranges[1].timed.asked_s == 0' "DRAM asks for nothing"
rate='.[-1].updates_per_s'
none=$(of none timeline "$rate | floor")
numab=$(of numab timeline "$rate | floor")
ok "numab makes the updates faster in fact: $none, $numab a second" \
	[ $((numab * 2)) -gt $((none * 3)) ]
so none timeline "$steady" "counted and sampled agree here, too"
so none timeline '.[1:] | all(.near_share_counted < 0.15)' \
	"without a policy the hot set stays far"
so numab timeline '.[-1].near_share_counted > 0.9' "with one it comes near"

# --- without -------------------------------------------------------------------

SMP=1 boot pmu-without --once gups 4M node1 --updates 100000
is "$status" 0 "a guest without the plugin"
is "$(record pmu .)" "" "it counts nothing, and says nothing of it"
is "$(record gups .verified)" true "and is none the worse for the question"
done_testing
