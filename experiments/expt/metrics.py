# SPDX-License-Identifier: GPL-2.0-only
"""What a run is measured by: a row a metric.

A value is taken from the records of the run, by the first member that is there
of those named ("record.member").  better says whether more or less of it is,
or nothing: then no cell is better by it, and none is ranked.  An experiment may
have some of its own, from what its programs print.
"""
import collections

from .common import Refused, nearest

Metric = collections.namedtuple("Metric", "key name unit scale better members")

METRICS = [Metric(*row) for row in (
    ("modelled_updates_per_s", "updates, modelled time", "M/s", 1e-6, "more",
     "gups.modelled_updates_per_s modelled.updates_per_s"),
    ("updates_per_s", "updates", "M/s", 1e-6, "more", "gups.updates_per_s"),
    ("elapsed_s", "took", "s", 1, "less", "gups.elapsed_s run.elapsed_s"),
    ("user_s", "CPU time, user", "s", 1, "less", "run.user_s"),
    ("system_s", "CPU time, system", "s", 1, "less", "run.system_s"),
    ("max_rss_mib", "memory, most", "MiB", 1, "less", ""),
    ("ratio", "rate of the other table by this one's", "", 1, "",
     "compare.ratio_median"),
    ("errors", "errors", "words", 1, "less", "gups.errors compare.errors"),
    ("near_mean", "near share, mean", "%", 100, "more",
     "placement.near_share_mean"),
    ("near_end", "near share, at the end", "%", 100, "more",
     "placement.near_share_at_end"),
    ("near_counted", "near share, counted", "%", 100, "more",
     "pmu.near_share"),
    ("to_90_s", "hot set 90 % near after", "s", 1, "less", ""),
    ("arrival_s", "near again after a move", "s", 1, "less", ""),
    ("precision", "precision", "%", 100, "more", "placement.precision"),
    ("recall", "recall", "%", 100, "more", "placement.recall"),
    ("efficiency", "efficiency of the placement", "", 1, "more",
     "placement.efficiency"),
    ("heat_efficiency", "near misses, of the best possible", "%", 100, "more",
     "heat.efficiency"),
    ("heat_late", "the same in the second half of the time", "%", 100, "more",
     "heat.efficiency_late"),
    ("heat_near", "near share of all misses", "%", 100, "more",
     "heat.near_share"),
    ("damon_precision", "DAMON's hottest pages that are", "%", 100, "more",
     "heat.damon.precision"),
    ("damon_caught", "misses that its hottest pages have, of the most", "%",
     100, "more", "heat.damon.caught"),
    ("damon_correlation", "rank correlation of DAMON's view", "", 1, "more",
     "heat.damon.correlation"),
    ("hint_precision", "pages that hint faults call hottest that are", "%", 100,
     "more", "heat.hint_faults.precision"),
    ("hint_caught", "misses that these have, of the most", "%", 100, "more",
     "heat.hint_faults.caught"),
    ("hint_correlation", "rank correlation of hint faults' view", "", 1, "more",
     "heat.hint_faults.correlation"),
    ("placement_precision", "near pages that are hottest", "%", 100, "more",
     "heat.placement.precision"),
    ("placement_caught", "misses that the near pages have, of the most", "%",
     100, "more", "heat.placement.caught"),
    ("damon_delay", "intervals until DAMON knows a moved hot set", "", 1,
     "less", "heat.damon.delay_intervals"),
    ("hint_delay", "intervals until hint faults know a moved hot set", "", 1,
     "less", "heat.hint_faults.delay_intervals"),
    ("placement_delay", "intervals until a moved hot set is near", "", 1,
     "less", "heat.placement.delay_intervals"),
    ("kdamond_cpu_s", "CPU time of DAMON", "s", 1, "less",
     "bookkeeping.kdamond_cpu_s"),
    ("kswapd_cpu_s", "CPU time of kswapd", "s", 1, "less",
     "bookkeeping.kswapd_cpu_s"),
    ("promoted_mib", "promoted, at least", "MiB", 1, "", ""),
    ("demoted_mib", "demoted", "MiB", 1, "", ""),
    ("migrated_mib", "all migrations", "MiB", 1, "", ""),
    ("modelled_ns", "modelled", "ns an update", 1, "less",
     "placement.modelled.ns_per_update"),
    ("waited_s", "time injected", "s", 1, "less", ""),
    ("updates_per_page_and_sample", "updates a hot page and DAMON sample",
     "", 1, "", "accessed_bits.touches_hot_page_and_sample"),
)]
BY_KEY = {metric.key: metric for metric in METRICS}
OURS = frozenset(BY_KEY)

# What a user feels comes first; --rate fixes the rates, so that the place of
# the pages is what is left
MAIN = "modelled_updates_per_s updates_per_s elapsed_s near_mean"
MAIN_AT_A_RATE = "near_mean updates_per_s elapsed_s"

COUNTERS = """
numa_hit numa_miss numa_foreign numa_interleave numa_local numa_other
pgpromote_success pgpromote_candidate
pgdemote_kswapd pgdemote_direct pgdemote_khugepaged
pgalloc_dma pgalloc_dma32 pgalloc_normal pgfault pgmajfault
kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly
numa_pte_updates numa_huge_pte_updates numa_hint_faults numa_hint_faults_local
numa_pages_migrated pgmigrate_success pgmigrate_fail""".split()

# Rows of "pages moved by": all that add up to the last one
MOVES = {
    "numa_promoted": "NUMA balancing, promoted",
    "numa_other": "NUMA balancing, other",
    "demoted_kswapd": "kswapd, demoted",
    "demoted_direct": "direct reclaim, demoted",
    "demoted_khugepaged": "khugepaged, demoted",
    "demoted_proactive": "proactive reclaim, demoted",
    "demoted_uncounted": "reclaim, in no counter",
    "damon_hot": "DAMON migrate_hot",
    "damon_cold": "DAMON migrate_cold",
    "damon_uncounted": "DAMON, in no counter",
    "compaction": "compaction",
    "syscalls": "system calls",
    "others": "other reasons",
    "rest": "not explained",
    "migrated": "all pages moved",
}
# Those of which a zero is news
MAIN_MOVES = [MOVES[key] for key in (
    "numa_promoted", "demoted_kswapd", "demoted_direct", "damon_hot",
    "damon_cold", "migrated")]


def add(said):
    """An experiment's own: figures that its programs print (parse.take_metric).
    One of a name that there is takes its place."""
    for one in said:
        metric = Metric(one["name"], one["name"].replace("_", " "), one["unit"],
                        1, one["better"], "")
        if metric.key in BY_KEY:
            METRICS.remove(BY_KEY[metric.key])
        METRICS.append(metric)
        BY_KEY[metric.key] = metric


def check(words):
    """Metrics to rank by, the one preferred first; Refused if there is one
    that is none, or by which nothing is better."""
    for word in words.split():
        if word not in BY_KEY:
            raise Refused(2, f"no metric '{word}'{nearest(word, BY_KEY)}")
        if not BY_KEY[word].better:
            raise Refused(2, f"{word}: neither more nor less of it is better")
    return words


def main(wanted, rated, known):
    """The metric to rank by: the first of those wanted, or of what is usual,
    that is known of all cells; else of any.  None: nothing is known."""
    order = (wanted or (MAIN_AT_A_RATE if rated else MAIN)).split()
    for key in order:
        if key not in BY_KEY:
            raise Refused(1, f"rank: there is no metric {key}")
    for test in (all, any):
        for key in order:
            if known and test(key in keys for keys in known):
                return BY_KEY[key]
    return BY_KEY[order[0]] if wanted else None
