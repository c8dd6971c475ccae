// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_status.c - tier damon status: what DAMON's schemes did, and what it sees.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/show.h"
#include "cmd/verbs.h"
#include "damon/damon.h"
#include "damon/damon_config.h"
#include "damon/damon_sysfs.h"
#include "damon/heatmap.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/iomem.h"
#include "sysfs.h"
/*
 * tier damon status answers within half a second, whatever DAMON does. These
 * are the shares of asking for statistics, of having regions listed (if a
 * scheme's round is that short), and of reading the regions.
 */
#define STATS_NS (UINT64_C(150) * 1000000)
#define LIST_NS (UINT64_C(100) * 1000000)
/* With --regions. */
#define ANEW_NS (UINT64_C(30) * 1000000000)
#define READ_NS (UINT64_C(150) * 1000000)

enum { NR_TRIED, SZ_TRIED, NR_APPLIED, SZ_APPLIED, QT_EXCEEDS, NR_STATS };

REPORT_RECORD(damon_scheme, "damon_scheme", "a scheme, and what it did",
	      "kdamond u:number its kdamond\n"
	      "scheme u:number its number there\n"
	      "action s migrate_hot, migrate_cold, stat, ...\n"
	      "target_node u:node that it migrates to\n"
	      "tried_regions u:regions nr_tried\n"
	      "tried_bytes u sz_tried\n"
	      "applied_regions u:regions nr_applied\n"
	      "applied_bytes u sz_applied\n"
	      "quota_exceeds u:times qt_exceeds: its quota was used up\n");

static void record_scheme(size_t k, size_t i, const struct kdamond_scheme *s,
			  const uint64_t *stats)
{
	static const char *const keys[NR_STATS] = {
		"tried_regions", "tried_bytes",	  "applied_regions",
		"applied_bytes", "quota_exceeds",
	};

	report_begin(&damon_scheme);
	report_u64("kdamond", k);
	report_u64("scheme", i);
	report_str("action", s->action);
	if (s->target_nid == UINT64_MAX)
		report_null("target_node");
	else
		report_u64("target_node", s->target_nid);
	for (int j = 0; j < NR_STATS; j++)
		report_u64(keys[j], stats[j]);
	report_end();
}

static void show_scheme(size_t k, size_t i, const struct kdamond_scheme *s)
{
	static const char *const names[NR_STATS] = {
		"nr_tried",   "sz_tried",   "nr_applied",
		"sz_applied", "qt_exceeds",
	};
	char to[32] = "", tried[SIZE_TEXT], applied[SIZE_TEXT];
	uint64_t stats[NR_STATS] = { 0 };

	for (int j = 0; j < NR_STATS; j++)
		damon_sysfs_stat(&stats[j], k, i, names[j]);
	record_scheme(k, i, s, stats);
	if (kdamond_migrates(s))
		snprintf(to, sizeof(to), " to node %" PRIu64, s->target_nid);
	report_wrap("         ",
		    "scheme   %s%s: tried %s (%" PRIu64 "x), %s %s (%" PRIu64
		    "x); quota exceeded %" PRIu64 "x",
		    s->action, to, format_size(tried, stats[SZ_TRIED]),
		    stats[NR_TRIED],
		    kdamond_migrates(s) ? "moved" : "applied to",
		    format_size(applied, stats[SZ_APPLIED]), stats[NR_APPLIED],
		    stats[QT_EXCEEDS]);
	if (kdamond_migrates(s) && stats[SZ_TRIED] &&
	    stats[SZ_APPLIED] < stats[SZ_TRIED] / 2)
		report_wrap("         ",
			    "         most did not move: left out by a filter, "
			    "not movable, or node %" PRIu64 " is full",
			    s->target_nid);
}

struct seen {
	struct heatmap_region *regions;
	size_t n;
	bool cut; /* there was no time to read the others */
};

static bool read_region(struct heatmap_region *r, const char *dir)
{
	uint64_t age = 0;

	if (sysfs_read_u64(&r->start, "%s/start", dir) ||
	    sysfs_read_u64(&r->end, "%s/end", dir) ||
	    sysfs_read_u64(&r->accesses, "%s/nr_accesses", dir) ||
	    sysfs_read_u64(&age, "%s/age", dir))
		return false;
	r->age_s = (double)age;
	return r->start < r->end;
}

/* The regions that a scheme tried when the kernel last listed them. */
static void read_regions(struct seen *seen, size_t k, size_t s,
			 const struct kdamond_context *c, uint64_t deadline)
{
	char dir[160];
	int *ids, n;

	n = sysfs_ids(&ids, "",
		      DAMON_KDAMONDS
		      "/%zu/contexts/0/schemes/%zu/tried_regions",
		      k, s);
	for (int i = 0; i < n && !seen->cut; i++) {
		struct heatmap_region r = { .kdamond = k, .scheme = s };

		snprintf(dir, sizeof(dir),
			 DAMON_KDAMONDS
			 "/%zu/contexts/0/schemes/%zu/tried_regions/%d",
			 k, s, ids[i]);
		if (!read_region(&r, dir))
			continue;
		r.start *= c->addr_unit;
		r.end *= c->addr_unit;
		r.age_s *= (double)c->aggr_us / 1e6;
		r.accesses_max = c->sample_us ? c->aggr_us / c->sample_us : 1;
		seen->regions = xgrow(seen->regions, seen->n, sizeof(r));
		seen->regions[seen->n++] = r;
		seen->cut = now_ns() >= deadline;
	}
	if (n > 0)
		free(ids);
}

/* The kernel needs up to two rounds of a scheme to list its regions. */
static uint64_t round_us(const struct kdamond_context *c)
{
	uint64_t us = c->aggr_us;

	for (size_t i = 0; i < c->schemes.nr; i++)
		if (kdamond_scheme(c, i)->apply_us > us)
			us = kdamond_scheme(c, i)->apply_us;
	return us;
}

static bool is_physical(const struct kdamond_context *c)
{
	return c && !strcmp(c->ops, "paddr");
}

/*
 * Has the kernel list the regions where a round is shorter than within, then
 * reads what is listed, for read_ns at most.
 */
static void see(struct seen *seen, const struct damon_config *config,
		uint64_t within, uint64_t read_ns)
{
	uint64_t deadline = now_ns() + within;
	const struct kdamond_context *c;

	for (size_t k = 0; k < config->kdamonds.nr; k++) {
		c = kdamond_context(config, k);
		if (is_physical(c) && round_us(c) * 1000 <= within &&
		    now_ns() < deadline && !sysfs_is_dry() &&
		    !sysfs_is_rerooted() && damon_sysfs_is_on(k))
			damon_sysfs_command(k, "update_schemes_tried_regions");
	}
	deadline = now_ns() + read_ns;
	for (size_t k = 0; k < config->kdamonds.nr; k++) {
		c = kdamond_context(config, k);
		for (size_t s = 0; is_physical(c) && s < c->schemes.nr; s++)
			read_regions(seen, k, s, c, deadline);
	}
}

static void show_seen(struct seen *seen, uint64_t nr, bool anew)
{
	if (!seen->n && nr)
		report_wrap(
			"         ", "regions  %s",
			anew ? "none: no scheme tried any in its last round" :
			       "not listed: tier damon status --regions asks the kernel for those that the schemes try; it takes up to two rounds of a scheme");
	if (!seen->n)
		return;
	heatmap_regions(seen->regions, seen->n);
	if (seen->cut)
		report_say("         and others, left out here for the time "
			   "it takes\n");
	heatmap_map(seen->regions, seen->n);
	free(seen->regions);
}

static int show_all(uint64_t nr, bool anew)
{
	struct damon_config *config;
	struct seen seen = { 0 };
	bool fresh = damon_refresh(STATS_NS);

	config = damon_read();
	if (!config)
		return -EIO;
	for (size_t k = 0; k < config->kdamonds.nr; k++) {
		const struct kdamond_context *c = kdamond_context(config, k);

		if (!c)
			continue;
		show_damon_kdamond(k, c);
		for (size_t s = 0; s < c->schemes.nr; s++)
			show_scheme(k, s, kdamond_scheme(c, s));
	}
	if (!fresh)
		report_say("         these are numbers of an earlier time: the "
			   "kernel was not asked for all\n");
	see(&seen, config, anew ? ANEW_NS : LIST_NS, anew ? ANEW_NS : READ_NS);
	show_seen(&seen, nr, anew);
	kdamond_free(config);
	return 0;
}

static int work(const struct plan *plan)
{
	static const char *const modules[] = { DAMON_STAT, "damon_reclaim",
					       "damon_lru_sort" };
	uint64_t nr;
	int err = damon_sysfs_count(&nr);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (damon_sysfs_is_enabled(modules[i]))
			report_say("damon    %s is enabled: nobody else can "
				   "use DAMON\n",
				   modules[i]);
	if (!nr)
		report_say(
			"damon    no kdamond; tier damon start makes some\n");
	return show_all(nr, plan->damon.regions);
}

static int set_regions(struct plan *p, const char *arg)
{
	(void)arg;
	p->damon.regions = true;
	p->takes_time = true;
	return 0;
}

static const struct verb_option options[] = {
	{ "regions", NULL, set_regions,
	  "list what the schemes try now (takes two rounds)" },
	{ 0 },
};

const struct verb verb_damon_status = {
	.name = "damon status",
	.operands = "",
	.summary = "what DAMON's schemes did, and what it sees",
	.flags = VERB_LOOKS | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.work = work,
};
