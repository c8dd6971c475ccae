// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_config.c - a configuration of DAMON as data, and the table of its fields.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon_config.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "mm/page.h"

#define ROW(type, member, unit_, file_, key_, ...)               \
	{                                                        \
		.file = (file_), .key = (key_), .unit = (unit_), \
		.at = offsetof(struct type, member), __VA_ARGS__ \
	}
#define KIND(type, rows, defaults_)                                    \
	{                                                              \
		.fields = (rows), .nr_fields = ARRAY_SIZE(rows),       \
		.size = sizeof(struct type), .defaults = &(defaults_), \
	}

/* ---------------------------------------------------------------- regions */

static const struct kdamond_region region_defaults;

static const struct kdamond_field region_fields[] = {
#define R(...) ROW(kdamond_region, __VA_ARGS__)
	R(start, KDAMOND_ADDRESS, "start", "start", .flags = KDAMOND_MUST),
	R(end, KDAMOND_ADDRESS, "end", "end", .flags = KDAMOND_MUST),
};

const struct kdamond_kind kdamond_region_kind =
	KIND(kdamond_region, region_fields, region_defaults);

static const struct kdamond_target target_defaults;

static const struct kdamond_field target_fields[] = {
#define T(...) ROW(kdamond_target, __VA_ARGS__)
	T(pid, KDAMOND_NUMBER, "pid_target", "pid", .flags = KDAMOND_SPARSE),
	T(obsolete, KDAMOND_BOOL, "obsolete_target", "obsolete",
	  .needs = "obsolete targets"),
	T(regions, KDAMOND_LIST, "regions", "regions",
	  .of = &kdamond_region_kind, .flags = KDAMOND_MUST),
};

const struct kdamond_kind kdamond_target_kind =
	KIND(kdamond_target, target_fields, target_defaults);

/* ---------------------------------------------------------------- schemes */

#define NODE_GOALS "node_mem_used_bp goals (Linux 6.16 or newer)"
#define MEMCG_GOALS "node_memcg_used_bp goals (Linux 6.19 or newer)"

static const struct kdamond_goal goal_defaults = { .nid = UINT64_MAX };

static const struct kdamond_field goal_fields[] = {
#define G(...) ROW(kdamond_goal, __VA_ARGS__)
	G(metric, KDAMOND_TEXT, "target_metric", "metric", .needs = NODE_GOALS,
	  .flags = KDAMOND_MUST,
	  .words = "user_input some_mem_psi_us node_mem_used_bp "
		   "node_mem_free_bp node_memcg_used_bp node_memcg_free_bp "
		   "active_mem_bp inactive_mem_bp node_eligible_mem_bp "),
	G(nid, KDAMOND_ID, "nid", "nid", .when = "node_", .needs = NODE_GOALS,
	  .flags = KDAMOND_MUST),
	G(path, KDAMOND_PATHNAME, "path", "memcg_path", .when = "node_memcg",
	  .needs = MEMCG_GOALS, .flags = KDAMOND_MUST),
	G(target, KDAMOND_GOAL, "target_value", "target_value",
	  .flags = KDAMOND_MUST),
	G(current, KDAMOND_NUMBER, "current_value", "current_value"),
};

const struct kdamond_kind kdamond_goal_kind =
	KIND(kdamond_goal, goal_fields, goal_defaults);

static const struct kdamond_filter filter_defaults;

/* "matching" last, as damo does. */
static const struct kdamond_field filter_fields[] = {
#define F(...) ROW(kdamond_filter, __VA_ARGS__)
#define HUGE "hugepage_size"
	F(type, KDAMOND_TEXT, "type", "filter_type", .flags = KDAMOND_MUST,
	  .words = "anon active memcg young hugepage_size unmapped addr "
		   "target "),
	F(allow, KDAMOND_BOOL, "allow", "allow",
	  .needs = "filters that allow (Linux 6.14 or newer)"),
	F(path, KDAMOND_PATHNAME, "memcg_path", "memcg_path", .when = "memcg",
	  .flags = KDAMOND_MUST),
	F(min, KDAMOND_BYTES, "min", HUGE ".0", .when = HUGE,
	  .needs = "hugepage_size filters (Linux 6.15 or newer)",
	  .flags = KDAMOND_MUST),
	F(max, KDAMOND_BYTES, "max", HUGE ".1", .when = HUGE,
	  .needs = "hugepage_size filters (Linux 6.15 or newer)",
	  .flags = KDAMOND_MUST),
	F(start, KDAMOND_ADDRESS, "addr_start", "address_range.start",
	  .when = "addr", .flags = KDAMOND_MUST),
	F(end, KDAMOND_ADDRESS, "addr_end", "address_range.end", .when = "addr",
	  .flags = KDAMOND_MUST),
	F(target, KDAMOND_NUMBER, "damon_target_idx", "damon_target_idx",
	  .when = "target", .flags = KDAMOND_MUST),
	F(matching, KDAMOND_BOOL, "matching", "matching",
	  .flags = KDAMOND_MUST),
};

const struct kdamond_kind kdamond_filter_kind =
	KIND(kdamond_filter, filter_fields, filter_defaults);

static const struct kdamond_dest dest_defaults;

static const struct kdamond_field dest_fields[] = {
#define D(...) ROW(kdamond_dest, __VA_ARGS__)
	D(id, KDAMOND_NUMBER, "id", "id", .flags = KDAMOND_MUST),
	D(weight, KDAMOND_NUMBER, "weight", "weight", .flags = KDAMOND_MUST),
};

static const struct kdamond_kind dest_kind =
	KIND(kdamond_dest, dest_fields, dest_defaults);

/* What damo takes where its file says nothing: every region, no limit. */
static const struct kdamond_scheme scheme_defaults = {
	.action = "stat",
	.target_nid = UINT64_MAX,
	.sz = { 0, UINT64_MAX },
	.accesses = { 0, KDAMOND_FOREVER },
	.age = { 0, KDAMOND_FOREVER },
	.quota_reset_ms = UINT64_MAX,
	.tuner = "consist",
	.wmark_metric = "none",
};

static const struct kdamond_field scheme_fields[] = {
#define S(...) ROW(kdamond_scheme, __VA_ARGS__)
#define PATTERN(member, unit, file, key)                           \
	S(member.min, unit, "access_pattern/" file "/min",         \
	  "access_pattern." key ".min"),                           \
		S(member.max, unit, "access_pattern/" file "/max", \
		  "access_pattern." key ".max")
	PATTERN(sz, KDAMOND_BYTES, "sz", "sz_bytes"),
	PATTERN(accesses, KDAMOND_ACCESSES, "nr_accesses", "nr_accesses"),
	PATTERN(age, KDAMOND_AGE, "age", "age"),
	S(action, KDAMOND_TEXT, "action", "action",
	  .needs = "migrate_hot and migrate_cold (Linux 6.11 or newer)",
	  .words = "willneed cold pageout hugepage nohugepage collapse "
		   "lru_prio lru_deprio migrate_hot migrate_cold stat "),
	S(dests, KDAMOND_LIST, "dests", "dests", .of = &dest_kind,
	  .flags = KDAMOND_SPARSE,
	  .needs = "several destinations (Linux 6.17 or newer)"),
	S(quota_ms, KDAMOND_MS, "quotas/ms", "quotas.time_ms"),
	S(quota_bytes, KDAMOND_BYTES, "quotas/bytes", "quotas.sz_bytes"),
	S(quota_reset_ms, KDAMOND_MS, "quotas/reset_interval_ms",
	  "quotas.reset_interval_ms"),
	S(weight_sz, KDAMOND_PERMIL, "quotas/weights/sz_permil",
	  "quotas.weights.sz_permil"),
	S(weight_accesses, KDAMOND_PERMIL, "quotas/weights/nr_accesses_permil",
	  "quotas.weights.nr_accesses_permil"),
	S(weight_age, KDAMOND_PERMIL, "quotas/weights/age_permil",
	  "quotas.weights.age_permil"),
	S(fail_num, KDAMOND_NUMBER, "quotas/fail_charge_num",
	  "quotas.fail_charge_num", .needs = "charges of failed tries"),
	S(fail_denom, KDAMOND_NUMBER, "quotas/fail_charge_denom",
	  "quotas.fail_charge_denom", .needs = "charges of failed tries"),
	S(goals, KDAMOND_LIST, "quotas/goals", "quotas.goals",
	  .of = &kdamond_goal_kind, .flags = KDAMOND_SPARSE),
	S(tuner, KDAMOND_TEXT, "quotas/goal_tuner", "quotas.goal_tuner",
	  .needs = "a choice of the goals' tuner",
	  .words = "consist temporal "),
	S(wmark_metric, KDAMOND_TEXT, "watermarks/metric", "watermarks.metric",
	  .words = "none free_mem_rate "),
	S(wmark_us, KDAMOND_US, "watermarks/interval_us",
	  "watermarks.interval_us"),
	S(wmark_high, KDAMOND_PERMIL, "watermarks/high",
	  "watermarks.high_permil"),
	S(wmark_mid, KDAMOND_PERMIL, "watermarks/mid", "watermarks.mid_permil"),
	S(wmark_low, KDAMOND_PERMIL, "watermarks/low", "watermarks.low_permil"),
	S(target_nid, KDAMOND_ID, "target_nid", "target_nid"),
	/* in the order in which the kernel looks at them */
	S(core_filters, KDAMOND_LIST, "core_filters", "filters",
	  .of = &kdamond_filter_kind, .flags = KDAMOND_OUT,
	  .needs = "core_filters (Linux 6.15 or newer)"),
	S(ops_filters, KDAMOND_LIST, "ops_filters", "filters",
	  .of = &kdamond_filter_kind, .flags = KDAMOND_OUT,
	  .needs = "ops_filters (Linux 6.15 or newer)"),
	S(filters, KDAMOND_LIST, "filters", "filters",
	  .of = &kdamond_filter_kind),
	S(apply_us, KDAMOND_US, "apply_interval_us", "apply_interval_us"),
};

const struct kdamond_kind kdamond_scheme_kind =
	KIND(kdamond_scheme, scheme_fields, scheme_defaults);

/* --------------------------------------------------------------- contexts */

static const struct kdamond_context context_defaults = {
	.ops = "paddr",
	.addr_unit = 1,
	.sample_us = 5000,
	.aggr_us = 100000,
	.update_us = 1000000,
	.nr_regions = { 10, 1000 },
};

static const struct kdamond_field context_fields[] = {
#define C(...) ROW(kdamond_context, __VA_ARGS__)
#define ATTRS "monitoring_attrs/"
#define TUNING "intervals_goal (Linux 6.15 or newer)"
	C(ops, KDAMOND_TEXT, "operations", "ops", .flags = KDAMOND_MUST,
	  .words = "paddr vaddr fvaddr "),
	C(addr_unit, KDAMOND_BYTES, "addr_unit", "addr_unit",
	  .needs = "addr_unit (Linux 6.18 or newer)"),
	C(sample_us, KDAMOND_US, ATTRS "intervals/sample_us",
	  "intervals.sample_us"),
	C(aggr_us, KDAMOND_US, ATTRS "intervals/aggr_us", "intervals.aggr_us"),
	C(update_us, KDAMOND_US, ATTRS "intervals/update_us",
	  "intervals.ops_update_us"),
#define GOAL(member, unit, name)                                \
	C(member, unit, ATTRS "intervals/intervals_goal/" name, \
	  "intervals.intervals_goal." name, .needs = TUNING,    \
	  .flags = KDAMOND_SHOWN)
	GOAL(goal_bp, KDAMOND_BP, "access_bp"),
	GOAL(goal_aggrs, KDAMOND_NUMBER, "aggrs"),
	GOAL(goal_min_us, KDAMOND_US, "min_sample_us"),
	GOAL(goal_max_us, KDAMOND_US, "max_sample_us"),
	C(nr_regions.min, KDAMOND_NUMBER, ATTRS "nr_regions/min",
	  "nr_regions.min"),
	C(nr_regions.max, KDAMOND_NUMBER, ATTRS "nr_regions/max",
	  "nr_regions.max"),
	C(targets, KDAMOND_LIST, "targets", "targets",
	  .of = &kdamond_target_kind, .flags = KDAMOND_MUST),
	C(schemes, KDAMOND_LIST, "schemes", "schemes",
	  .of = &kdamond_scheme_kind),
	C(pause, KDAMOND_BOOL, "pause", "pause", .needs = "pause"),
};

const struct kdamond_kind kdamond_context_kind =
	KIND(kdamond_context, context_fields, context_defaults);

static const struct kdamond kdamond_defaults;

static const struct kdamond_field kdamond_fields[] = {
	ROW(kdamond, refresh_ms, KDAMOND_MS, "refresh_ms", "refresh_ms",
	    .needs = "refresh_ms (Linux 6.17 or newer)"),
	ROW(kdamond, contexts, KDAMOND_LIST, "contexts", "contexts",
	    .of = &kdamond_context_kind, .flags = KDAMOND_MUST),
};

const struct kdamond_kind kdamond_kind =
	KIND(kdamond, kdamond_fields, kdamond_defaults);

static const struct damon_config root_defaults;

static const struct kdamond_field root_fields[] = {
	ROW(damon_config, kdamonds, KDAMOND_LIST, "kdamonds", "kdamonds",
	    .of = &kdamond_kind, .flags = KDAMOND_MUST),
};

const struct kdamond_kind kdamond_root =
	KIND(damon_config, root_fields, root_defaults);

/* ----------------------------------------------------------------- objects */

struct damon_config *kdamond_new(void)
{
	return xcalloc(1, sizeof(struct damon_config));
}

void *kdamond_add(struct kdamond_list *list, const struct kdamond_kind *of)
{
	void *item;

	list->items = xgrow(list->items, list->nr, of->size);
	item = kdamond_item(list, of, list->nr++);
	return memcpy(item, of->defaults, of->size);
}

static void clear(void *object, const struct kdamond_kind *kind)
{
	for (size_t i = 0; i < kind->nr_fields; i++) {
		const struct kdamond_field *f = &kind->fields[i];
		struct kdamond_list *list = kdamond_list(f, object);

		if (f->unit != KDAMOND_LIST)
			continue;
		for (size_t j = 0; j < list->nr; j++)
			clear(kdamond_item(list, f->of, j), f->of);
		free(list->items);
	}
}

void kdamond_free(struct damon_config *config)
{
	if (config)
		clear(config, &kdamond_root);
	free(config);
}

bool kdamond_has(const struct kdamond_field *f, const void *object)
{
	/* The first field of what has such fields is its type. */
	return !f->when || !strncmp(object, f->when, strlen(f->when));
}

bool kdamond_is_default(const struct kdamond_field *f,
			const struct kdamond_kind *kind, const void *object)
{
	if (f->unit == KDAMOND_LIST)
		return !kdamond_list(f, object)->nr;
	if (f->unit >= KDAMOND_TEXT)
		return !strcmp(kdamond_text(f, object),
			       kdamond_text(f, kind->defaults));
	return *kdamond_u64(f, object) == *kdamond_u64(f, kind->defaults);
}

bool kdamond_migrates(const struct kdamond_scheme *s)
{
	return !strncmp(s->action, "migrate_", 8);
}

/* ---------------------------------------------------------------- checking */

static int check_context(const struct kdamond_context *c)
{
	if (c->sample_us == 0)
		return misuse("intervals.sample_us: 0 would be a busy loop");
	if (c->sample_us > c->aggr_us)
		return misuse("intervals: sample_us %" PRIu64
			      " is more than aggr_us %" PRIu64,
			      c->sample_us, c->aggr_us);
	if (c->goal_aggrs &&
	    (c->goal_min_us > c->goal_max_us || c->sample_us < c->goal_min_us ||
	     c->sample_us > c->goal_max_us))
		return misuse("intervals.intervals_goal: sample_us %" PRIu64
			      " is not from min_sample_us %" PRIu64
			      " to max_sample_us %" PRIu64,
			      c->sample_us, c->goal_min_us, c->goal_max_us);
	if (c->nr_regions.min < 3 || c->nr_regions.min > c->nr_regions.max)
		return misuse("nr_regions: min %" PRIu64 ", max %" PRIu64
			      ": DAMON takes 3 or more, and max not below min",
			      c->nr_regions.min, c->nr_regions.max);
	if (!c->targets.nr || (c->targets.nr > 1 && !strcmp(c->ops, "paddr")))
		return misuse("targets: %zu; physical memory is one target",
			      c->targets.nr);
	return 0;
}

/* The kernel rounds a region to whole pages, outwards, then compares. */
static int check_regions(const struct kdamond_target *t, bool physical)
{
	uint64_t page = page_size() - 1, last = 0;

	if (physical && !t->regions.nr)
		return misuse("regions: none, so no memory would be watched");
	if (!physical && !t->pid)
		return misuse("pid: none; vaddr watches a process");
	for (size_t i = 0; i < t->regions.nr; i++) {
		const struct kdamond_region *r = kdamond_region(t, i);

		if (r->start >= r->end)
			return misuse("regions[%zu]: start %" PRIu64
				      " is not below end %" PRIu64,
				      i, r->start, r->end);
		if (i && (r->start & ~page) < last)
			return misuse(
				"regions[%zu]: start %" PRIu64
				" lies in a page of the region before: they must ascend and not overlap",
				i, r->start);
		last = r->end > UINT64_MAX - page ? UINT64_MAX :
						    (r->end + page) & ~page;
	}
	return 0;
}

static int check_pattern(const char *name, const struct kdamond_range *r)
{
	if (r->min <= r->max)
		return 0;
	return misuse("access_pattern.%s: min %" PRIu64
		      " is more than max %" PRIu64 ": no region would match",
		      name, r->min, r->max);
}

static int check_filters(const struct kdamond_scheme *s)
{
	const struct kdamond_filter *f = s->filters.items;

	for (size_t i = 0; i < s->filters.nr; i++) {
		if (f[i].start > f[i].end || f[i].min > f[i].max)
			return misuse("filters[%zu]: begins after its end", i);
		if (!strcmp(f[i].type, "memcg") && f[i].path[0] != '/')
			return misuse(
				"filters[%zu].memcg_path: \"%s\" must begin with / (it is taken from the top of cgroup2)",
				i, f[i].path);
	}
	return 0;
}

static int check_scheme(const struct kdamond_scheme *s)
{
	const struct kdamond_goal *goals = s->goals.items;
	int err;

	if (kdamond_migrates(s) && s->target_nid > INT32_MAX && !s->dests.nr)
		return misuse("%s needs a target_nid", s->action);
	for (size_t i = 0; i < s->goals.nr; i++)
		if (!goals[i].target)
			return misuse(
				"quotas.goals[%zu].target_value: 0, and DAMON would leave the goal out",
				i);
	err = check_pattern("sz_bytes", &s->sz);
	if (!err)
		err = check_pattern("nr_accesses", &s->accesses);
	if (!err)
		err = check_pattern("age", &s->age);
	return err ? err : check_filters(s);
}

static int check_all(const struct kdamond_context *c)
{
	int err = check_context(c);

	for (size_t i = 0; !err && i < c->targets.nr; i++) {
		err = check_regions(kdamond_target(c, i),
				    !strcmp(c->ops, "paddr"));
		if (err)
			fail_in(err, "targets[%zu]", i);
	}
	for (size_t i = 0; !err && i < c->schemes.nr; i++) {
		err = check_scheme(kdamond_scheme(c, i));
		if (err)
			fail_in(err, "schemes[%zu]", i);
	}
	return err;
}

int kdamond_check(const struct damon_config *config)
{
	size_t n = config->kdamonds.nr;
	int err = 0;

	if (!n || n > KDAMOND_MAX)
		return misuse("kdamonds: %zu, give 1 to %d", n, KDAMOND_MAX);
	for (size_t i = 0; !err && i < n; i++) {
		if (kdamond_at(config, i)->contexts.nr != 1)
			return misuse(
				"kdamonds[%zu].contexts: %zu, and a kdamond has one",
				i, kdamond_at(config, i)->contexts.nr);
		err = check_all(kdamond_context(config, i));
		if (err)
			fail_in(err, "kdamonds[%zu].contexts[0]", i);
	}
	return err;
}
