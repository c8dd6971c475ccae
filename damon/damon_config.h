/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * damon_config.h - a configuration of DAMON as data: kdamonds, their contexts,
 * targets and schemes; and one table of what each consists of, by which
 * damon.c stages and reads sysfs, and damon_json.c reads and writes JSON.
 *
 * Source: Documentation/admin-guide/mm/damon/usage.rst.
 */
#ifndef TIER_DAMON_DAMON_CONFIG_H
#define TIER_DAMON_DAMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KDAMOND_MAX 256 /* each is a thread of the kernel */
#define KDAMOND_WORD 32
#define KDAMOND_PATH 256
/* nr_accesses and age are unsigned int in the kernel, though sysfs takes more */
#define KDAMOND_FOREVER UINT32_MAX

struct kdamond_list {
	void *items;
	size_t nr;
};

/* Numbers are uint64_t, of whatever width; -1 is UINT64_MAX. */
struct kdamond_region {
	uint64_t start, end; /* [start, end) */
};

struct kdamond_target {
	uint64_t pid; /* 0: physical memory */
	uint64_t obsolete;
	struct kdamond_list regions;
};

struct kdamond_goal {
	char metric[KDAMOND_WORD];
	uint64_t target, current, nid;
	char path[KDAMOND_PATH];
};

struct kdamond_filter {
	char type[KDAMOND_WORD];
	uint64_t matching, allow;
	uint64_t start, end; /* addr */
	uint64_t min, max; /* hugepage_size */
	uint64_t target; /* target */
	char path[KDAMOND_PATH]; /* memcg */
};

struct kdamond_dest {
	uint64_t id, weight;
};

struct kdamond_range {
	uint64_t min, max;
};

struct kdamond_scheme {
	char action[KDAMOND_WORD];
	uint64_t target_nid;
	struct kdamond_range sz, accesses, age; /* samples, aggregations */
	uint64_t apply_us;
	uint64_t quota_ms, quota_bytes, quota_reset_ms;
	uint64_t weight_sz, weight_accesses, weight_age;
	uint64_t fail_num, fail_denom;
	char tuner[KDAMOND_WORD];
	char wmark_metric[KDAMOND_WORD];
	uint64_t wmark_us, wmark_high, wmark_mid, wmark_low;
	struct kdamond_list goals, dests;
	/* Newer kernels have three lists, and damo 2.7 writes the first two. */
	struct kdamond_list core_filters, ops_filters, filters;
};

struct kdamond_context {
	char ops[KDAMOND_WORD];
	uint64_t addr_unit, pause;
	uint64_t sample_us, aggr_us, update_us;
	uint64_t goal_bp, goal_aggrs, goal_min_us, goal_max_us;
	struct kdamond_range nr_regions;
	struct kdamond_list targets, schemes;
};

struct kdamond {
	uint64_t refresh_ms;
	struct kdamond_list contexts; /* the kernel takes one */
};

struct damon_config {
	struct kdamond_list kdamonds;
};

/* What a field holds; in sysfs all numbers are plain. */
enum kdamond_unit {
	KDAMOND_NUMBER,
	KDAMOND_ID, /* of a node; -1: none, and not written */
	KDAMOND_BOOL,
	KDAMOND_BYTES,
	KDAMOND_ADDRESS,
	KDAMOND_US,
	KDAMOND_MS,
	KDAMOND_PERMIL,
	KDAMOND_BP,
	KDAMOND_ACCESSES, /* samples; in damo's format percent, too */
	KDAMOND_AGE, /* aggregation intervals; a time, too */
	KDAMOND_GOAL, /* basis points, microseconds or a number */
	KDAMOND_TEXT, /* uint64_t end here */
	KDAMOND_PATHNAME,
	KDAMOND_LIST,
};

enum kdamond_flag {
	KDAMOND_MUST = 1, /* damo's format has no default for it */
	KDAMOND_SPARSE = 2, /* not written when it is the default */
	KDAMOND_OUT = 4, /* only written to JSON, not read */
	KDAMOND_SHOWN = 8, /* damo writes it wherever there is such a file */
};

struct kdamond_field {
	const char *file; /* below the object's directory; of a list: it */
	const char *key; /* in damo's object; a.b is b of its member a */
	const char *when; /* only if the object's first field begins so */
	/*
	 * What has it, for a message: not all kernels do, so it is not
	 * written either when it is the default.
	 */
	const char *needs;
	const char *words; /* what a text may be, each with a space after */
	const struct kdamond_kind *of; /* what a list is of */
	uint16_t at;
	uint8_t unit, flags;
};

struct kdamond_kind {
	const struct kdamond_field *fields; /* in the order of writing */
	size_t nr_fields, size;
	const void *defaults;
};

/* Of struct damon_config, and of what is in its lists. */
extern const struct kdamond_kind kdamond_root, kdamond_kind,
	kdamond_context_kind, kdamond_target_kind, kdamond_region_kind,
	kdamond_scheme_kind, kdamond_goal_kind, kdamond_filter_kind;

struct damon_config *kdamond_new(void);
void kdamond_free(struct damon_config *config);
/* Appends one with the defaults; what it returned before may have moved. */
void *kdamond_add(struct kdamond_list *list, const struct kdamond_kind *of);

static inline uint64_t *kdamond_u64(const struct kdamond_field *f,
				    const void *object)
{
	return (uint64_t *)((char *)(uintptr_t)object + f->at);
}

static inline char *kdamond_text(const struct kdamond_field *f,
				 const void *object)
{
	return (char *)(uintptr_t)object + f->at;
}

static inline struct kdamond_list *kdamond_list(const struct kdamond_field *f,
						const void *object)
{
	return (struct kdamond_list *)((char *)(uintptr_t)object + f->at);
}

static inline void *kdamond_item(const struct kdamond_list *list,
				 const struct kdamond_kind *of, size_t i)
{
	return (char *)list->items + i * of->size;
}

/* Has an object of this type the field at all? */
bool kdamond_has(const struct kdamond_field *f, const void *object);
/* Does it hold what the kernel has without a write? */
bool kdamond_is_default(const struct kdamond_field *f,
			const struct kdamond_kind *kind, const void *object);

static inline struct kdamond *kdamond_at(const struct damon_config *c, size_t i)
{
	return (struct kdamond *)c->kdamonds.items + i;
}

/* The context of kdamond i; NULL when it has none. */
static inline struct kdamond_context *
kdamond_context(const struct damon_config *c, size_t i)
{
	return kdamond_at(c, i)->contexts.items;
}

static inline struct kdamond_scheme *
kdamond_scheme(const struct kdamond_context *c, size_t i)
{
	return (struct kdamond_scheme *)c->schemes.items + i;
}

static inline struct kdamond_target *
kdamond_target(const struct kdamond_context *c, size_t i)
{
	return (struct kdamond_target *)c->targets.items + i;
}

static inline struct kdamond_region *
kdamond_region(const struct kdamond_target *t, size_t i)
{
	return (struct kdamond_region *)t->regions.items + i;
}

/* migrate_hot or migrate_cold? */
bool kdamond_migrates(const struct kdamond_scheme *s);

/*
 * What the kernel refuses at "on" with no more than an errno, or takes and
 * does nothing with. 0 or -EINVAL with misuse(), which names the place.
 */
int kdamond_check(const struct damon_config *config);

#endif
