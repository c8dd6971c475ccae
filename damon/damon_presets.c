// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_presets.c - configurations for tiered memory: HMSDK's, the same with
 * shorter times, and damo's driven by goals.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon.h"
#include "damon/damon_config.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/iomem.h"
#include "mm/node.h"
#include "mm/zone.h"

/* aggr_us / sample_us of HMSDK's styles: an access in every sample */
#define ALL_SAMPLES 20

/* Times are in the unit of their file; [0] is of cold, [1] of hot schemes. */
struct style {
	uint64_t sample_us, aggr_us, update_us, min_regions, max_regions;
	uint64_t cold_age, quota_ms[2], quota_bytes, quota_reset_ms;
	uint64_t sz_min, weights[3], hot_max, apply_us;
	bool goals; /* and what else damo does where HMSDK does not */
};

static const struct style styles[] = {
	/* gen_migpol.py: 100ms 2s 20s, 30s max, 1s|2s 50G 20s 0 0 1% */
	[DAMON_HMSDK] = { .sample_us = 100000,
			  .aggr_us = 2000000,
			  .update_us = 20000000,
			  .min_regions = 100,
			  .max_regions = 10000,
			  .cold_age = 15,
			  .quota_ms = { 1000, 2000 },
			  .quota_bytes = 50 * GIB,
			  .quota_reset_ms = 20000,
			  .sz_min = 4096,
			  .weights = { 0, 0, 10 },
			  .hot_max = ALL_SAMPLES },
	/* A small guest has no memory for 10000 regions, nor 30 s to wait. */
	[DAMON_FAST] = { .sample_us = 20000,
			 .aggr_us = 400000,
			 .update_us = 4000000,
			 .min_regions = 100,
			 .max_regions = 1000,
			 .cold_age = 15,
			 .quota_ms = { 200, 400 },
			 .quota_bytes = 10 * GIB,
			 .quota_reset_ms = 4000,
			 .sz_min = 4096,
			 .weights = { 0, 0, 10 },
			 .hot_max = ALL_SAMPLES },
	/* damo's mem_tier.sh: 4% 3 5ms 10s, every 1s, 200MB a second */
	[DAMON_GOAL] = { .sample_us = 5000,
			 .aggr_us = 100000,
			 .update_us = 1000000,
			 .min_regions = 10,
			 .max_regions = 1000,
			 .quota_bytes = 200 * MIB,
			 .quota_reset_ms = 1000,
			 .weights = { 1, 1, 1 },
			 .hot_max = KDAMOND_FOREVER,
			 .apply_us = 1000000,
			 .goals = true },
};

/*
 * The free share of a node that reclaim strives for anyway when it makes
 * room for promotion, and 2 % more, in basis points: with less, kswapd would
 * demote before DAMON does.
 */
static int free_goal(uint64_t *bp, int node)
{
	struct zone_node n;
	int err = zone_read(&n, node);

	if (err)
		return err;
	if (!n.managed)
		return fail(ENODATA,
			    "/proc/zoneinfo: no managed pages on node %d",
			    node);
	*bp = (n.promo * 10000 + n.managed - 1) / n.managed + 200;
	return *bp < 10000 ?
		       0 :
		       fail(ERANGE, "node %d is smaller than its watermarks",
			    node);
}

/* Free memory on the fast node: for the cold what is free, or full for hot. */
static int add_goal(struct kdamond_scheme *s, const struct damon_move *move)
{
	int node = move->hot ? move->dest : move->src;
	struct kdamond_goal *g = kdamond_add(&s->goals, &kdamond_goal_kind);
	uint64_t bp = 0;
	int err = free_goal(&bp, node);

	snprintf(g->metric, sizeof(g->metric), "node_mem_%s_bp",
		 move->hot ? "used" : "free");
	g->nid = (uint64_t)node;
	/* Both a little beyond, as damo's 0.5 and 99.7 %: pages change places */
	g->target = err ? 0 : move->hot ? 10000 - bp + 20 : bp;
	return err;
}

/*
 * Rejected: what is not in the cgroup; and the pages of a region that are not
 * as it is. HMSDK rejects the old among the hot, damo allows the young.
 */
static void add_filters(struct kdamond_scheme *s, bool hot, bool allow,
			const char *cgroup)
{
	struct kdamond_filter *f;

	if (cgroup) {
		f = kdamond_add(&s->filters, &kdamond_filter_kind);
		strcpy(f->type, "memcg");
		snprintf(f->path, sizeof(f->path), "/%s", cgroup);
	}
	f = kdamond_add(&s->filters, &kdamond_filter_kind);
	strcpy(f->type, "young");
	f->matching = !hot || allow;
	f->allow = hot && allow;
}

static int fill_scheme(struct kdamond_scheme *s, const struct style *style,
		       const struct damon_move *move,
		       const struct damon_plan *plan)
{
	snprintf(s->action, sizeof(s->action), "migrate_%s",
		 move->hot ? "hot" : "cold");
	s->target_nid = (uint64_t)move->dest;
	s->sz.min = style->sz_min;
	s->accesses.min = move->hot;
	s->accesses.max = move->hot ? style->hot_max : 0;
	s->age.min = move->hot ? 0 : style->cold_age;
	s->apply_us = style->apply_us;
	s->quota_ms = style->quota_ms[move->hot];
	s->quota_bytes = style->quota_bytes;
	s->quota_reset_ms = style->quota_reset_ms;
	s->weight_sz = style->weights[0];
	s->weight_accesses = style->weights[1];
	s->weight_age = style->weights[2];
	add_filters(s, move->hot, style->goals,
		    plan->global ? NULL :
		    plan->cgroup ? plan->cgroup :
				   "hmsdk");
	return style->goals ? add_goal(s, move) : 0;
}

static void fill_context(struct kdamond_context *c, const struct style *style)
{
	c->sample_us = style->sample_us;
	c->aggr_us = style->aggr_us;
	c->update_us = style->update_us;
	c->nr_regions = (struct kdamond_range){ style->min_regions,
						style->max_regions };
	if (!style->goals)
		return;
	c->goal_bp = 400;
	c->goal_aggrs = 3;
	c->goal_min_us = 5000;
	c->goal_max_us = 10000000;
}

/* Of a node between two others there are two: what is cold goes down first. */
static int add_schemes(struct kdamond_context *c, const struct style *style,
		       int src, const struct damon_plan *plan)
{
	int err = 0;

	for (int i = 0; i < 2 * plan->nr_moves && !err; i++) {
		const struct damon_move *m = &plan->moves[i % plan->nr_moves];

		if (m->src == src && m->hot == (i >= plan->nr_moves))
			err = fill_scheme(kdamond_add(&c->schemes,
						      &kdamond_scheme_kind),
					  style, m, plan);
	}
	return err;
}

/* A kdamond for some of the source's ranges. */
static int add_kdamond(struct damon_config *config, const struct style *style,
		       const struct damon_move *move,
		       const struct damon_plan *plan,
		       const struct iomem_range *ranges, int n)
{
	struct kdamond *k = kdamond_add(&config->kdamonds, &kdamond_kind);
	struct kdamond_context *c =
		kdamond_add(&k->contexts, &kdamond_context_kind);
	struct kdamond_target *t =
		kdamond_add(&c->targets, &kdamond_target_kind);
	struct kdamond_region *r;

	for (int i = 0; i < n; i++) {
		r = kdamond_add(&t->regions, &kdamond_region_kind);
		r->start = ranges[i].start;
		r->end = ranges[i].end;
	}
	fill_context(c, style);
	if (config->kdamonds.nr > KDAMOND_MAX)
		return misuse(
			"more than %d kdamonds would be needed: each is a thread; give a larger --size",
			KDAMOND_MAX);
	return add_schemes(c, style, move->src, plan);
}

/*
 * As gen_migpol.py does with -s: a range that is too large becomes several
 * kdamonds, and those that are not are one together, the last.
 */
static int add_split(struct damon_config *config, const struct style *style,
		     const struct damon_move *move,
		     const struct damon_plan *plan, struct iomem_range *ranges,
		     int n)
{
	uint64_t max = plan->region_max & ~(uint64_t)4095;
	int rest = 0, err = 0;

	if (plan->region_max && !max)
		return misuse("--size is less than a page");
	for (int i = 0; i < n && !err; i++) {
		struct iomem_range r = ranges[i];

		if (!max || r.end - r.start <= max) {
			ranges[rest++] = r;
			continue;
		}
		for (; r.start < r.end && !err; r.start += max) {
			struct iomem_range piece = { r.start, r.start + max };

			if (r.end - r.start < max)
				piece.end = r.end;
			err = add_kdamond(config, style, move, plan, &piece, 1);
		}
	}
	return err || !rest ?
		       err :
		       add_kdamond(config, style, move, plan, ranges, rest);
}

static int check_node(int id)
{
	struct textbuf have = { 0 };
	struct node *nodes;
	int n;

	if (node_has_memory(id))
		return 0;
	n = node_list(&nodes);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		buf_add(&have, " %d", nodes[i].id);
	lacks(ENODEV, "node %d: no such node with memory online; there are%s",
	      id, have.text ? have.text : " none");
	buf_free(&have);
	free(nodes);
	return -ENODEV;
}

static int check_moves(const struct damon_plan *plan)
{
	int err = 0;

	for (int i = 0; i < plan->nr_moves && !err; i++) {
		const struct damon_move *m = &plan->moves[i];

		if (m->src == m->dest)
			err = misuse("node %d cannot be both SRC and DEST",
				     m->src);
		for (int j = 0; j < i && !err; j++)
			if (plan->moves[j].src == m->src &&
			    (plan->moves[j].hot == m->hot ||
			     plan->moves[j].dest == m->dest))
				err = misuse(
					"node %d is SRC twice, and not of one move up and one down",
					m->src);
		if (!err && !plan->found)
			err = check_node(m->src);
		if (!err && !plan->found)
			err = check_node(m->dest);
	}
	return err;
}

static int add_move(struct damon_config *config, const struct style *style,
		    const struct damon_move *move,
		    const struct damon_plan *plan)
{
	struct iomem_range *ranges;
	int n = iomem_of_node(&ranges, move->src);
	int err = n < 0 ? n : 0;

	if (n == 0)
		err = lacks(ENODATA,
			    "node %d: no System RAM of /proc/iomem is its",
			    move->src);
	if (!err)
		err = add_split(config, style, move, plan, ranges, n);
	free(ranges);
	return err;
}

/* Then its kdamond has both schemes already. */
static bool is_cold_too(const struct damon_plan *plan,
			const struct damon_move *hot)
{
	for (int i = 0; i < plan->nr_moves; i++)
		if (!plan->moves[i].hot && plan->moves[i].src == hot->src)
			return true;
	return false;
}

struct damon_config *damon_generate(enum damon_style style,
				    const struct damon_plan *plan)
{
	struct damon_config *config = kdamond_new();
	int err = check_moves(plan);

	/* Demotions first, as there. */
	for (int i = 0; i < 2 * plan->nr_moves && !err; i++) {
		const struct damon_move *m = &plan->moves[i % plan->nr_moves];

		if (m->hot == (i >= plan->nr_moves) &&
		    !(m->hot && is_cold_too(plan, m)))
			err = add_move(config, &styles[style], m, plan);
	}
	if (!err)
		return config;
	kdamond_free(config);
	return NULL;
}
