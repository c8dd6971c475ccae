# SPDX-License-Identifier: GPL-2.0-only
#
# A run's records to what reports show of it: called with -nR and $cell, the
# cell of the plan, and $verdict.  What a run has no record of is null.

[inputs | (fromjson? // empty) | select(type == "object")] as $records
| def one(name): [$records[] | select(.record == name)] | last;
def sum(f): [f | numbers] | if length == 0 then null else add end;
# A row of tier run as one of gups: a program has no updates, and who moved its
# pages is told apart by direction alone
def row: if .record == "timeline" then . else {t_s, free_bytes,
	near_share: null, updates_per_s: null, hot_set_moved: false,
	pages: {promoted_numab: .promoted_pages,
		demoted_kswapd: .demoted_pages, all: .migrated_pages}} end;
def pages_mib: if . == null then null else . / 256 end;

one("gups") as $gups | one("placement") as $placement | one("moves") as $moves
| one("pmu") as $pmu | one("accessed_bits") as $bits
| $cell + {
	verdict: $verdict,
	gups: $gups,
	counters: (one("counters") | .whole.total?),
	zeros: ($moves.zeros? // []),
	timeline: [$records[]
		| select(.record == "timeline" or .record == "run_timeline")
		| row],
	regions: [$records[] | select(.record == "damon_region")],
	nodes: [$records[] | select(.record == "node")],
	perturbed: [
		($records[] | select(.record == "probe" and .trapped)
			| "node \(.node) is trapped: each access takes the emulator's slow way"),
		($bits | select(. != null and (.blind_share // 0) > 0.05)
			| "DAMON was blind in \(.blind_share * 100 | floor) % of its samples"),
		($moves | select(. != null) | .nodes[]?
			| select(.unreclaimable)
			| "node \(.node) is unreclaimable: demotion from it has stalled"),
		($moves | select(. != null) | .timed
			| ((.damon_hot // 0) + (.damon_cold // 0)) as $moved
			| (.strayed_allocations // 0)
			| select(. > 64 and . > $moved / 10)
			| "DAMON moved \($moved) pages, and \(.) allocations were made on other nodes than the one wanted: its target was full"),
		($moves | select(. != null and .timed.adds_up == false)
			| "who moved what does not add up")
	],
	values: {
		updates_per_s: ($gups.updates_per_s // one("run").updates_per_s?),
		elapsed_s: ($gups.elapsed_s // one("run").elapsed_s?),
		errors: $gups.errors,
		near_mean: $placement.near_share_mean,
		near_end: $placement.near_share_at_end,
		near_counted: $pmu.near_share,
		to_90_s: $placement.hot_near_90_s,
		arrival_s: $placement.arrival_mean_s,
		precision: $placement.precision,
		recall: $placement.recall,
		promoted_mib: (sum($moves.timed | .numa_promoted, .damon_hot)
			| pages_mib),
		demoted_mib: (sum($moves.timed | .demoted_kswapd,
			.demoted_direct, .demoted_khugepaged,
			.demoted_proactive, .damon_cold) | pages_mib),
		migrated_mib: ($moves.timed.migrated | pages_mib),
		modelled_ns: $placement.modelled.ns_per_update,
		waited_s: sum($pmu.ranges[]?.timed.waited_s),
		updates_per_page_and_sample: $bits.touches_hot_page_and_sample
	},
	moves: ($moves.timed | if . == null then null else {
		"NUMA balancing, promoted": .numa_promoted,
		"kswapd, demoted": .demoted_kswapd,
		"direct reclaim, demoted": .demoted_direct,
		"khugepaged, demoted": .demoted_khugepaged,
		"proactive reclaim, demoted": .demoted_proactive,
		"DAMON migrate_hot": .damon_hot,
		"DAMON migrate_cold": .damon_cold,
		"compaction": .compaction,
		"system calls": .syscalls,
		"all pages moved": .migrated
	} end)
}
