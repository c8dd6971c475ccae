#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The plugin's latencies in the real emulator: what is injected is what loads
# and updates take longer, to within a tenth; a stream meets its bandwidth; what
# fits the modelled cache pays nothing; and a policy that brings the hot set
# near makes the updates as fast as if it had been near.  Times are compared
# with others of the same guest, so that a busy host does not matter much.

# timeout: 900

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/pmu.sh
. test/lib/pmu.sh

# within PERCENT GOT WANT WHAT
within()
{
	ok "$4: $2, of $3" quietly jq -en "(($2) / ($3) - 1 | fabs) <= $1 / 100"
}

# injected NODE NAMES...: what was found of it, ns: the median of all
injected()
{
	local node=$1 name

	shift
	for name; do
		list "$name" latency "map(select(.memory_node == $node)
			| .injected_ns) | .[]"
	done | jq -s 'sort | .[length / 2 | floor] | round'
}

# --- samples and counts -----------------------------------------------------------

boot_counted strays --count
ran even
strays 200 3.4

# --- the model -----------------------------------------------------------------

# One CPU: then none waits while another has the host's.
SMP=1 boot_counted model --latency near=200ns,cxl=1us,llc=512k --scope process
ran far1 far2 far3 fits against half small
within 10 "$(injected 0 far1 far2 far3)" 200 \
	"a dependent load on node 0 takes ns longer"
within 10 "$(injected 1 far1 far2 far3)" 1000 "and on node 1"
so far1 latency 'all(.floor_ns > 1 and .asked_ns == (if .memory_node == 1
	then 1000 else 200 end))' "the emulator's own floor is said"
so fits latency 'all(.injected_ns | fabs < 20)' \
	"what fits the cache waits for nothing"
so small pmu '.[0].ranges[2].timed | .table.loads >= 4194304 and
	.user_misses.loads + .user_misses.stores < 4194304 / 1000 and
	.asked_s < .table.stores * 1e-9' "nor does a table that fits it"

# GUPS at a near share s: b + s x 200 + (1 - s) x 1000 ns, b being what an
# update takes without, from the windows at s = 1 that were disturbed least.  A
# busy host makes both of a pair of windows longer, by about so much: the ratio
# is what is predicted.
ratio()
{
	list "$1" compare ".[0] | .against_updates_per_s | max
		| (1e9 / . + $2) * . / 1e9 * 1000 | round | . / 1000"
}

for name in against half; do
	more=800
	[[ $name = against ]] || more=400
	within 10 "$(list $name compare '.[0].ratio_median * 1000 | round
		| . / 1000')" "$(ratio $name $more)" \
		"$name: an update takes so many times as long as at s = 1"
done
so against pmu '.[0].ranges[2].timed | .user_misses.loads > 0 and
	(.asked_s / ((.user_misses.loads + .user_misses.stores) * 1e-6) - 1 | fabs)
	< 0.001 and .waited_s / .asked_s > 0.99' \
	"each miss asks for 1 us, and waits it"
so against pmu '.[0].ranges[2].timed | .excess_ns - (.waited_s - .asked_s) * 1e9 /
	(.user_misses.loads + .user_misses.stores) | fabs < 0.01' \
	"what it waited longer is said, a miss"
so against pmu '.[0].ranges | all(.timed.kernel == null)' \
	"scope=process: the kernel is not counted, which is not 0"

# 64 bytes at 64M/s are 954 ns: more than the latency, so it is what counts.
SMP=1 boot_counted cap --latency near=200ns,cxl=500ns/64M,llc=512k \
	--scope process
ran cap1 cap2
so cap1 latency 'map([.memory_node, .asked_ns]) == [[0, 200], [1, 953]]' \
	"what a load is asked to wait has the bandwidth in it"
within 10 "$(list cap1 latency 'map(select(.memory_node == 1)
	| .sequential_max_bytes_per_s)[0] | round')" $((64 << 20)) \
	"a stream has its bandwidth, bytes a second"
so cap1 latency "map(select(.memory_node == 0))[0].sequential_bytes_per_s
	> $((2 * (64 << 20)))" "that of DRAM is its own"

# --- modelled time -------------------------------------------------------------

# At latencies beside which the emulator's own time (1 to 1.8 us an update, on
# a slow host) is little, the rates differ as the counts say, wherever the pages
# are.
SMP=1 boot_counted modelled --latency near=8us,cxl=20us,llc=512k
ran fits node0 interleave:0,1 node1
# by PLACE MEMBER: the rate there, in parts of the rate with all near
by()
{
	jq -n "$(of "$1" gups ".$2") / $(of node0 gups ".$2") * 1000 | round / 1000"
}
for place in interleave:0,1 node1; do
	within 5 "$(by "$place" updates_per_s)" \
		"$(by "$place" modelled_updates_per_s)" \
		"$place: found and modelled, in parts of all near"
done
so node1 modelled '.[0].miss_ns | .near == 8000 and .cxl == 20000' \
	"by the latencies that are injected"
is "$(list interleave:0,1 pmu '.[0].near_share | . > 0.4 and . < 0.6')" true \
	"half of it was near"

# --- what a policy gains -------------------------------------------------------

# rate NAME: updates a second, the median of the rows
rate()
{
	list "$1" timeline '.[1:] | map(.updates_per_s) | sort
		| .[length / 2 | floor] | floor'
}

# best NAME: what it came to: the best row, as a host may be slower meanwhile
best()
{
	list "$1" timeline '.[1:] | map(.updates_per_s) | max | floor'
}

SMP=2 boot_counted pays --latency cxl=+500ns
ran none near numab hmsdk hmsdk-near
near=$(rate near)
none=$(rate none)
ok "none: the rate stays at the far level, at best $(best none) of $near" \
	[ $(($(best none) * 10)) -lt $((near * 6)) ]
so none timeline '.[1:] | all(.near_share_counted < 0.05)' \
	"the hot set stays far"
# With DAMON the guest flushes its TLBs, so that accessed bits are true: that
# costs half of the rate, near or far, so what is compared has it, too.
for name in numab hmsdk; do
	now=$(best "$name")
	[[ $name = numab ]] || near=$(rate hmsdk-near)
	ok "$name: the rate rises to 80 % of all near, $now of $near" \
		[ $((now * 10)) -ge $((near * 8)) ]
	so $name timeline '.[1].near_share_counted < 0.8 and
		.[-1].near_share_counted > 0.9 and .[-1].near_share > 0.9' \
		"the near share rises with it, counted and sampled"
	so $name timeline "$steady" "counted and sampled agree within 1 %"
	ok "and it is above that of the far level" \
		[ $((now * 2)) -gt $((none * 3)) ]
done
# What tier flushes for DAMON's sake is no time that hardware would take.
modelled=$(of hmsdk-near gups .modelled_updates_per_s)
within 2 "${modelled%.*}" "$(of near gups '.modelled_updates_per_s | round')" \
	"all near, with DAMON and the flushes: the modelled rate as without"
so none timeline "$steady" "none: counted and sampled agree, too"
done_testing
