# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# policy.sh - what test/guest/policy.t, test/guest/policy_times.t and
# test/matrix/policy.t share: test/guest/policy.guest runs in a guest, and what
# it printed is looked at, part by part.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

# Small, so that node 0 can be filled
export MEM=512M CXL_MEM=512M

# differences NAME: what is not as it was
differences()
{
	awk -v name="$1" '/^== / { in_it = $2 == "same" && $3 == name }
		in_it && /^# [-+]/' "$console"
}

# untouched NAME WHAT
untouched()
{
	is "$(said "same $1") $(differences "$1")" "0 " \
		"$kernel: $2: all is as it was before"
}

# The rows that name a mechanism
named='.numa_promoted, .numa_other, .demoted_kswapd, .demoted_direct,
	.demoted_khugepaged, .demoted_proactive, .damon_hot, .damon_cold,
	.compaction, .syscalls'

# sums NAME: what they leave of pgmigrate_success is 1 % or 64 pages at most
sums()
{
	local counted

	counted=$(of "$1" counters .whole.total.pgmigrate_success)
	is "$(of "$1" moves ".whole | .migrated == $counted and
		(.migrated - ([$named] | add) | fabs) <=
			([64, .migrated / 100] | max)")" true \
		"$kernel: $1: the mechanisms add up to pgmigrate_success" ||
		diag "$(of "$1" moves .whole)"
}

# on NAME NODE: the share of the table's pages there at the end, percent
on()
{
	of "$1" gups "(.pages_at_end // {}) as \$p |
		100 * (\$p.node$2 // 0) / ([\$p[]] | add) | floor"
}

moving()
{
	local name hottest

	for name in none numab hmsdk-fast tpp thp interleave; do
		is "$(said $name)" 0 "$kernel: a run under $name"
		is "$(of $name gups .verified)" true "$kernel: $name: 0 errors"
		[[ $name = interleave ]] ||
			untouched $name "after a run under $name"
	done
	is "$(said oracle)" 3 "$kernel: oracle without the plugin: lacks it"
	untouched oracle "after a refused oracle"
	# Without bandwidths the kernel takes no "true" there: only it had that
	is "$(differences interleave | grep -v weighted_interleave/auto:)" "" \
		"$kernel: after a run under interleave: all but auto is as before"
	is "$(on none 1)" 100 "$kernel: none: hot pages stay on node 1"
	is "$(of none moves '.whole.migrated < 64')" true \
		"$kernel: none: nothing moved"
	ok "$kernel: numab: they are promoted" [ "$(on numab 0)" -ge 90 ]
	is "$(of numab moves '.whole | .numa_promoted >= 11000
		and .damon_hot == 0 and .damon_cold == 0')" true \
		"$kernel: numab: by NUMA balancing" ||
		diag "$(of numab moves .whole)"
	ok "$kernel: hmsdk-fast: they are promoted" [ "$(on hmsdk-fast 0)" -ge 80 ]
	is "$(of hmsdk-fast moves '.whole | .damon_hot >= 9800
		and .numa_promoted == 0')" true \
		"$kernel: hmsdk-fast: by DAMON" ||
		diag "$(of hmsdk-fast moves .whole)"
	hottest=$(list hmsdk-fast damon_region \
		'map(.access_rate) | max // 0')
	ok "$kernel: hmsdk-fast: its last round is shown, the hottest region $hottest" \
		awk -v v="${hottest:-0}" 'BEGIN { exit !(v > 0.5) }'
	is "$(of tpp counters '.whole.total.pgdemote_kswapd > 1000')" true \
		"$kernel: tpp: pages are demoted when node 0 fills" ||
		diag "$(of tpp counters .whole.total)"
	is "$(of tpp moves '.whole.demoted_kswapd > 1000')" true \
		"$kernel: tpp: by kswapd"
	for name in none numab hmsdk-fast tpp; do
		sums $name
	done
	ok "$kernel: interleave: three of four pages are near" \
		[ "$(on interleave 0)" -eq 75 ]
	for name in none numab hmsdk-fast tpp; do
		# Once only: with a slack of ten
		within "$(of $name restore .elapsed_s)" 0.25 \
			"restored at the end of a run under $name"
		within "$(of $name bookkeeping .cpu_s)" 0.6 \
			"bookkeeping of a run under $name"
		is "$(of $name bookkeeping '.cpu_s > 0 and
			(.cpu_s / .run_cpu_s / .share_of_run - 1 | fabs) < 1e-6')" \
			true "$kernel: $name: its share of the run"
	done
}

idle()
{
	local near far

	is "$(said apply)" 0 "$kernel: tier policy hmsdk-fast"
	read -r near far <<<"$(said idle-hmsdk)"
	diag "$kernel: idle in the group: $near pages near, $far far"
	ok "$kernel: idle pages of the group are demoted" \
		[ "${far:-0}" -ge 500 ]
	read -r near far <<<"$(said idle-)"
	diag "$kernel: idle outside: $near pages near, $far far"
	ok "$kernel: those of others are not" \
		[ "${near:-0}" -ge 4096 -a "${far:-9}" -lt 100 ]
	within "$(least damon-status 3)" 0.5 "tier damon status, the least of three"
	is "$(grep -c '^== long' "$console")" 0 \
		"$kernel: tier damon status fits in 80 columns"
	is "$(said status)" 0 "$kernel: tier status"
	is "$(said restore)" 0 "$kernel: tier policy restore"
	untouched idle "after tier policy restore"
}

# What DAMON saw accessed while the table was updated, in bytes
saw()
{
	of "$1" moves .timed.damon_hot_tried_bytes
}

blindness()
{
	local name

	for name in blind seeing; do
		is "$(said start-$name) $(said $name)" "0 0" \
			"$kernel: a run while DAMON looks: $name"
	done
	is "$(of blind accessed_bits '"\(.heartbeats) \(.blind_share)"')" "0 1" \
		"$kernel: --honest off: no flushes, and it says so"
	is "$(of seeing accessed_bits '.heartbeats > 20 and
		.blind_share < 0.9')" true "$kernel: else it flushes" ||
		diag "$(of seeing accessed_bits .)"
	diag "$kernel: DAMON saw $(saw blind) and $(saw seeing) bytes accessed"
	ok "$kernel: an emulator blinds DAMON, the flushes let it see" \
		[ "$(saw seeing)" -gt $((2 * $(saw blind))) ]
	untouched blind "after DAMON by a file"
}

endings()
{
	local name what

	while read -r name what; do
		is "$(said "$name")" 1 "$kernel: $what: status 1"
		untouched "$name" "after $what"
	done <<-'END'
		segv a crash of the benchmark
		corrupt a run that failed
		killed the worker killed
		busy an error in the middle of the policy
		INT SIGINT
		TERM SIGTERM
		HUP SIGHUP
	END
	like "$(of busy end .reason)" 'DAMON|damon' \
		"$kernel: an error in the middle says what it was"
	like "$(said group)" '^1 .*mkdir .*/hmsdk: Read-only' \
		"$kernel: a group that cannot be made: status 1, and why"
	untouched group "after it"
	is "$(said second) $(said third)" "1 1" "$kernel: two at once: refused"
	like "$(<"$console")" 'another run of tier is under way' \
		"$kernel: with the reason"
	is "$(said 'same unrestored')" 1 \
		"$kernel: all killed: what was set is still set"
	is "$(said restored)" 0 "$kernel: then tier policy restore"
	untouched restored "after tier policy restore"
	is "$(said after-lost)" 0 "$kernel: a run after one that was killed"
	untouched after-lost "after it"
}

# least NAME TIMES: of the seconds on the script's lines for it.  What else the
# host does makes all of them longer, and none shorter.
least()
{
	sed -n "s/^== $1 0 //p" "$console" | sort -g | awk -v n="$2" \
		'NR == 1 { v = $1 } END { print NR == n ? v : 99 }'
}

# How much slower than a quiet machine's this guest is: the script takes the
# time of the same work again and again, which is 0.13 s there
slowness()
{
	sed -n 's/^== yardstick 0 //p' "$console" | sort -g | awk '
		{ v[NR] = $1 / 0.13 }
		END { m = v[int((NR + 1) / 2)]; print(m > 1 ? m : 1) }'
}

# within SECONDS LIMIT WHAT: with a slack of two, for other work on the host
within()
{
	diag "$kernel: $3: $1 s"
	ok "$kernel: $3 within twice $2 s (times $slow, so busy is the host)" \
		awk "BEGIN { exit !($1 <= 2 * $2 * $slow) }"
}

# An idle guest of two CPUs: 50 ms for a policy, for its end, for a status;
# 1 % of the CPU time of the README's run, which has 60 s of it
limits()
{
	local name

	for name in none numab tpp hmsdk hmsdk-fast both damon-goal; do
		[[ $name != damon-goal || $kernel = 7.3 ]] || continue
		within "$(least "set-$name" 5)" 0.05 "policy $name, the least of five"
		within "$(least "put-back-$name" 5)" 0.05 \
			"restored after $name, the least of five"
	done
	untouched limits "after all of them"
	within "$(least four-status 5)" 0.05 "tier status, the least of five"
}

goals()
{
	local want=0

	[[ $kernel = 7.3 ]] || want=3
	is "$(said goals)" $want "$kernel: tier policy damon-goal: status $want"
	((!want)) || like "$(sed -n '/^== goals/{n;p}' "$console")" \
		'node_mem_(free|used)_bp|6\.1[67]|goal' \
		"$kernel: says what the kernel lacks"
	untouched goals "after it"
	((!want)) || return 0
	# The kernel tunes the interval, from 5 ms up: flushes are of what it is
	is "$(of tuned accessed_bits '[.damon_tuned, .damon_sample_first_s,
		.damon_sample_s > 0.005, .damon_sample_s <= 0.32,
		(.heartbeat_s / .damon_sample_s * 1000 | round),
		.heartbeats < 12 / 0.002 * 0.8]')" \
		'[true,0.005,true,true,400,true]' \
		"$kernel: flushes follow the interval that the kernel tunes" ||
		diag "$(of tuned accessed_bits .)"
	is "$(of tuned accessed_bits '.touches_hot_page_and_sample /
		.touches_cold_page_and_sample | . > 60 and . < 66')" true \
		"$kernel: a hot page is touched 63 times as often as another one"
}

# policies KERNEL PARTS...: in one guest
policies()
{
	local begin=$SECONDS part

	kernel=$1
	shift
	mkdir -p build/test
	build/deps/bin/musl-cc -static -O1 -o build/test/default_int \
		test/default_int.c
	KERNEL=$kernel boot_script "policy-$kernel-$1" test/guest/policy.guest \
		--add test/snapshot --add build/test/default_int -- "$@"
	slow=$(slowness)
	for part; do
		"$part"
	done
	diag "$kernel: $((SECONDS - begin)) s, $slow times as busy as quiet"
}
