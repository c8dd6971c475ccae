// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - the tunables of memory tiering as one table, and presets.
 *
 * A preset writes every row of the table that has a default, also those that
 * it does not name: two runs under two policies differ in the policies, not
 * in what the machine's distribution or its last user had set.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damon.h"
#include "node.h"
#include "policy.h"
#include "report.h"
#include "sysfs.h"
#include "undo.h"
#include "util.h"

#define SCHED "/sys/kernel/debug/sched/numa_balancing/"
#define THP "/sys/kernel/mm/transparent_hugepage/"
#define WEIGHTS "/sys/kernel/mm/mempolicy/weighted_interleave/"
#define CGROUPS "/sys/fs/cgroup"
#define MIN_FREE "/proc/sys/vm/min_free_kbytes"
#define HMSDK_GROUP "hmsdk"
#define NEEDS_NB "CONFIG_NUMA_BALANCING"
#define NEEDS_NB_DEBUG                                         \
	"CONFIG_NUMA_BALANCING and debugfs (before 6.13 also " \
	"CONFIG_SCHED_DEBUG), and no kernel lockdown (Secure Boot)"
#define MAX_WANTS 128

/* -------------------------------------------------------------- tunables */

enum kind { NUMBER, TRUTH, CHOICE };

static const struct tunable {
	const char *key, *path;
	enum kind kind;
	uint64_t min, max;
	const char *choices; /* of CHOICE, between blanks */
	const char *unit;
	/* The kernel's own; every preset writes it. NULL: as it is found. */
	const char *def;
	const char *needs, *help;
} tunables[] = {
	{ "numa_balancing", "/proc/sys/kernel/numa_balancing", NUMBER, 0, 3,
	  NULL, "mode", "0", NEEDS_NB,
	  "0 off, 1 between equal nodes, 2 promotes to the upper tier" },
	{ "numa_balancing_promote_rate_limit_MBps",
	  "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps", NUMBER, 0,
	  16777215, NULL, "MB/s", "65536", NEEDS_NB,
	  "promotion's limit while DRAM is short; 0 promotes nothing then" },
	{ "scan_delay_ms", SCHED "scan_delay_ms", NUMBER, 0, UINT_MAX, NULL,
	  "ms", "1000", NEEDS_NB_DEBUG,
	  "how old memory is when first scanned" },
	{ "scan_period_min_ms", SCHED "scan_period_min_ms", NUMBER, 1, 3600000,
	  NULL, "ms", "1000", NEEDS_NB_DEBUG,
	  "about one pass over a task's memory, at its fastest" },
	{ "scan_period_max_ms", SCHED "scan_period_max_ms", NUMBER, 1, 3600000,
	  NULL, "ms", "60000", NEEDS_NB_DEBUG, "and at its slowest" },
	{ "scan_size_mb", SCHED "scan_size_mb", NUMBER, 1, 1048576, NULL, "MB",
	  "256", NEEDS_NB_DEBUG, "scanned at a time" },
	{ "hot_threshold_ms", SCHED "hot_threshold_ms", NUMBER, 0, UINT_MAX,
	  NULL, "ms", "1000", NEEDS_NB_DEBUG,
	  "hot: accessed so soon after the scan" },
	{ "demotion_enabled", "/sys/kernel/mm/numa/demotion_enabled", TRUTH, 0,
	  1, NULL, "", "false", "CONFIG_NUMA_MIGRATION (CONFIG_MIGRATION)",
	  "reclaim moves pages to the lower tier" },
	{ "zone_reclaim_mode", "/proc/sys/vm/zone_reclaim_mode", NUMBER, 0, 7,
	  NULL, "bits", "0", "CONFIG_NUMA",
	  "reclaim before another node is used: 1 on, 2 write, 4 unmap" },
	{ "lru_gen_enabled", "/sys/kernel/mm/lru_gen/enabled", NUMBER, 0, 7,
	  NULL, "bits", NULL, "CONFIG_LRU_GEN",
	  "multi-generational LRU: 1 core, 2 page tables, 4 non-leaf" },
	{ "lru_gen_min_ttl_ms", "/sys/kernel/mm/lru_gen/min_ttl_ms", NUMBER, 0,
	  UINT_MAX, NULL, "ms", NULL, "CONFIG_LRU_GEN",
	  "a working set this young is not reclaimed" },
	{ "swappiness", "/proc/sys/vm/swappiness", NUMBER, 0, 200, NULL, "",
	  NULL, "CONFIG_SWAP", "anonymous against file pages in reclaim" },
	{ "watermark_scale_factor", "/proc/sys/vm/watermark_scale_factor",
	  NUMBER, 1, 3000, NULL, "1/10000", "10", "CONFIG_SYSCTL",
	  "distance of the watermarks: when kswapd wakes, where it stops" },
	{ "thp_enabled", THP "enabled", CHOICE, 0, 0, "always madvise never",
	  "", NULL, "CONFIG_TRANSPARENT_HUGEPAGE", "transparent huge pages" },
	{ "thp_defrag", THP "defrag", CHOICE, 0, 0,
	  "always defer defer+madvise madvise never", "", NULL,
	  "CONFIG_TRANSPARENT_HUGEPAGE", "effort made for a huge page" },
	{ "auto_online_blocks", "/sys/devices/system/memory/auto_online_blocks",
	  CHOICE, 0, 0, "offline online online_kernel online_movable", "", NULL,
	  "CONFIG_MEMORY_HOTPLUG", "what is done with added memory" },
	/* A row a node: the key and the file are followed by its number. */
	{ "weighted_interleave_node", WEIGHTS "node", NUMBER, 1, 255, NULL, "",
	  NULL, "CONFIG_NUMA, Linux 6.9 or newer",
	  "pages in turn for the node of that number" },
};

static const struct tunable *const weight_row =
	&tunables[ARRAY_SIZE(tunables) - 1];

/* Other names that a key goes by. */
static const char *const aliases[][2] = {
	{ "promote_rate_limit_MBps", "numa_balancing_promote_rate_limit_MBps" },
	{ "min_ttl_ms", "lru_gen_min_ttl_ms" },
	{ "transparent_hugepage", "thp_enabled" },
	{ "transparent_hugepage_defrag", "thp_defrag" },
};

/* A tunable of one node, or of the system (node -1), and what it shall be. */
struct want {
	const struct tunable *t;
	int node;
	char value[24];
	bool named; /* by the preset or by --set, not a default */
};

/* --------------------------------------------------------------- presets */

/* The customer's own settings: the second experiment of the project. */
#define NUMAB                                                              \
	"numa_balancing=2 demotion_enabled=true zone_reclaim_mode=1 "      \
	"lru_gen_enabled=0x0000 hot_threshold_ms=1000 scan_delay_ms=1000 " \
	"scan_period_min_ms=1000 scan_period_max_ms=1100 scan_size_mb=1024"

static const struct preset {
	const char *name;
	enum damon_style damon;
	const char *group; /* DAMON moves the pages of this cgroup alone */
	bool weighted;
	const char *values; /* what differs from the defaults */
	const char *help;
} presets[] = {
	{ "none", DAMON_NONE, NULL, false, "",
	  "nothing moves pages: the reference for the others" },
	{ "numab", DAMON_NONE, NULL, false, NUMAB,
	  "NUMA balancing promotes, reclaim demotes; steady scanning of 1 GiB a second" },
	{ "tpp", DAMON_NONE, NULL, false,
	  "numa_balancing=2 demotion_enabled=true watermark_scale_factor=200",
	  "the same at the kernel's default pace; 2 % of DRAM kept free to promote to" },
	{ "hmsdk", DAMON_HMSDK, HMSDK_GROUP, false, "demotion_enabled=true",
	  "HMSDK's two DAMON schemes on cgroup hmsdk; the first demotion takes 30 s" },
	{ "hmsdk-fast", DAMON_FAST, HMSDK_GROUP, false, "demotion_enabled=true",
	  "the same with every time divided by five: for small guests, short runs" },
	{ "both", DAMON_HMSDK, HMSDK_GROUP, false, NUMAB,
	  "numab and hmsdk together" },
	{ "damon-goal", DAMON_GOAL, NULL, false, "",
	  "DAMON steered by goals for node 0's free memory (Linux 6.16 or newer)" },
	{ "interleave", DAMON_NONE, NULL, true, "",
	  "nothing moves; gups any, and tier run, allocate by weight: 3 near to 1 far" },
};

struct policy {
	const struct preset *preset; /* NULL: --set alone */
	struct want wants[MAX_WANTS];
	int nr_wants;
	struct node *nodes;
	int nr_nodes;
	struct damon_config *damon;
	bool checked; /* by check_policy(), which need not look twice */
	struct making *making; /* of the group; NULL: it is made, or none */
};

static const struct preset *find_preset(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(presets); i++)
		if (!strcmp(presets[i].name, name))
			return &presets[i];
	return NULL;
}

static int unknown_preset(const char *name)
{
	struct nearest near;

	nearest_begin(&near, name);
	for (size_t i = 0; i < ARRAY_SIZE(presets); i++)
		nearest_try(&near, presets[i].name);
	return misuse("unknown policy \"%s\"%s%s%s; see tier policy list", name,
		      nearest_found(&near) ? "; did you mean \"" : "",
		      nearest_found(&near) ? nearest_found(&near) : "",
		      nearest_found(&near) ? "\"?" : "");
}

/* ------------------------------------------------------------ KEY=VALUE */

/*
 * A key as in the table, by another name, as sysctl(8) spells it
 * (vm.swappiness), or the file itself. Of a node's the number comes last.
 */
static const struct tunable *find_tunable(const char *key, int *node)
{
	size_t len = strlen(weight_row->key);
	uint64_t id;

	*node = -1;
	if (!strncmp(key, "kernel.", 7) || !strncmp(key, "vm.", 3))
		key = strchr(key, '.') + 1;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(key, aliases[i][0]))
			key = aliases[i][1];
	for (const struct tunable *t = tunables; t < weight_row; t++)
		if (!strcmp(key, t->key) || !strcmp(key, t->path))
			return t;
	if (*key == '/' &&
	    !strncmp(key, weight_row->path, strlen(weight_row->path)))
		len = strlen(weight_row->path);
	else if (strncmp(key, weight_row->key, len))
		return NULL;
	if (parse_u64(key + len, &id) || id >= 1024)
		return NULL;
	*node = (int)id;
	return weight_row;
}

static int unknown_key(const char *key)
{
	struct nearest near;

	nearest_begin(&near, key);
	for (const struct tunable *t = tunables; t < weight_row; t++)
		nearest_try(&near, t->key);
	if (nearest_found(&near))
		return misuse("unknown tunable \"%s\"; did you mean \"%s\"?",
			      key, nearest_found(&near));
	return misuse("unknown tunable \"%s\"; see tier policy show", key);
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (; *words; words += strcspn(words, " "), words += *words == ' ')
		if (strcspn(words, " ") == len && !strncmp(words, word, len))
			return true;
	return false;
}

/*
 * Words for a truth, in the one spelling that the kernel reads back; of
 * lru_gen_enabled, which is a mask, all and none of it. NULL: it is none.
 */
static const char *canonical(const struct tunable *t, const char *value)
{
	static const char *const words[][2] = {
		{ "n", "y" }, { "off", "on" }, { "false", "true" }, { "0", "1" }
	};
	bool mask = !strcmp(t->key, "lru_gen_enabled");

	if (t->kind != TRUTH && !mask)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(words) - mask; i++)
		for (int on = 0; on < 2; on++)
			if (!strcasecmp(value, words[i][on]))
				return mask ? (on ? "0x0007" : "0x0000") :
					      (on ? "true" : "false");
	return NULL;
}

/*
 * Is value one of the tunable's? The kernel itself does not look (0 in
 * scan_size_mb divides by zero).
 */
static int check_value(const struct tunable *t, const char *value)
{
	unsigned long long v;
	char *end;

	if (t->kind == CHOICE) {
		if (has_word(t->choices, value) && *value)
			return 0;
		return misuse("%s=%s: give one of %s", t->key, value,
			      t->choices);
	}
	if (canonical(t, value))
		return 0;
	if (t->kind == TRUTH)
		return misuse("%s=%s: give true or false", t->key, value);
	errno = 0;
	v = strtoull(value, &end, 0);
	/* The kernel takes a leading 0 as octal; nobody means that. */
	if (!isdigit((unsigned char)*value) || *end || errno || v < t->min ||
	    v > t->max || (value[0] == '0' && isdigit((unsigned char)value[1])))
		return misuse(
			"%s=%s: give a whole number from %llu to %llu%s%s",
			t->key, value, (unsigned long long)t->min,
			(unsigned long long)t->max, *t->unit ? " " : "",
			t->unit);
	return 0;
}

static struct want *find_want(struct policy *p, const struct tunable *t,
			      int node)
{
	for (int i = 0; i < p->nr_wants; i++)
		if (p->wants[i].t == t && p->wants[i].node == node)
			return &p->wants[i];
	return NULL;
}

static int add_want(struct policy *p, const struct tunable *t, int node,
		    const char *value, bool named)
{
	struct want *w = find_want(p, t, node);

	if (!w && p->nr_wants == MAX_WANTS)
		return misuse("more than %d tunables", MAX_WANTS);
	if (!w)
		w = &p->wants[p->nr_wants++];
	w->t = t;
	w->node = node;
	w->named = named;
	snprintf(w->value, sizeof(w->value), "%s", value);
	return 0;
}

/* "KEY=VALUE", of len bytes. */
static int add_set(struct policy *p, const char *set, size_t len)
{
	const struct tunable *t;
	char text[128], *value;
	const char *word;
	int node, err;

	if (len >= sizeof(text))
		return misuse("--set %.40s...: too long", set);
	snprintf(text, sizeof(text), "%.*s", (int)len, set);
	value = strchr(text, '=');
	if (!value)
		return misuse("--set %s: KEY=VALUE is meant", text);
	*value++ = '\0';
	t = find_tunable(text, &node);
	if (!t)
		return unknown_key(text);
	err = strlen(value) >= sizeof(p->wants[0].value) ?
		      misuse("%s=%s: too long", text, value) :
		      check_value(t, value);
	word = canonical(t, value);
	return err ? err : add_want(p, t, node, word ? word : value, true);
}

static int by_table(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->node - y->node;
}

static uint64_t wanted(struct policy *p, const char *key)
{
	int node;
	const struct want *w = find_want(p, find_tunable(key, &node), -1);

	return w ? strtoull(w->value, NULL, 0) : 0;
}

/* The preset, then the changes to it, in the order of the table. */
static int resolve(struct policy *p, const struct policy_plan *plan)
{
	int err = 0;

	p->preset = plan->name ? find_preset(plan->name) : NULL;
	if (plan->name && !p->preset)
		return unknown_preset(plan->name);
	for (const struct tunable *t = tunables; p->preset && t <= weight_row;
	     t++)
		if (t->def)
			add_want(p, t, -1, t->def, false);
	for (const char *v = p->preset ? p->preset->values : ""; *v && !err;) {
		size_t len = strcspn(v, " ");

		err = add_set(p, v, len);
		v += len + (v[len] == ' ');
	}
	for (int i = 0; i < plan->nr_sets && !err; i++)
		err = add_set(p, plan->sets[i], strlen(plan->sets[i]));
	qsort(p->wants, (size_t)p->nr_wants, sizeof(p->wants[0]), by_table);
	if (!err && wanted(p, "scan_period_max_ms") &&
	    wanted(p, "scan_period_min_ms") > wanted(p, "scan_period_max_ms"))
		return misuse(
			"scan_period_min_ms is above scan_period_max_ms: %llu and %llu",
			(unsigned long long)wanted(p, "scan_period_min_ms"),
			(unsigned long long)wanted(p, "scan_period_max_ms"));
	return err;
}

int policy_check(const struct policy_plan *plan)
{
	struct policy *p = xcalloc(1, sizeof(*p));
	int err = resolve(p, plan);

	free(p);
	return err;
}

/* ----------------------------------------------------------- this machine */

static const char *path_of(char path[static PATH_MAX], const struct tunable *t,
			   int node)
{
	if (node < 0)
		snprintf(path, PATH_MAX, "%s", t->path);
	else
		snprintf(path, PATH_MAX, "%s%d", t->path, node);
	return path;
}

static const char *key_of(char key[static 64], const struct tunable *t,
			  int node)
{
	if (node < 0)
		snprintf(key, 64, "%s", t->key);
	else
		snprintf(key, 64, "%s%d", t->key, node);
	return key;
}

/*
 * Where DAMON demotes to, which asks for no tiers: on two plain nodes, which are
 * one tier, HMSDK works as well.
 */
static const struct node *beyond(const struct policy *p,
				 const struct node *from)
{
	const struct node *best = node_below(p->nodes, p->nr_nodes, from);

	for (int i = 0; i < p->nr_nodes && (!best || best->tier == from->tier);
	     i++) {
		const struct node *n = &p->nodes[i];

		if (node_is_far(n, from) &&
		    (!best ||
		     node_distance(from, n) < node_distance(from, best)))
			best = n;
	}
	return best;
}

/*
 * Each near node demotes to the far node nearest to it; each far node
 * promotes to the near one. With two nodes: HMSDK's -d 0 1 -p 1 0.
 */
static int plan_damon(const struct policy *p, struct damon_plan *d)
{
	const struct node *near = node_near(p->nodes, p->nr_nodes), *far;

	*d = (struct damon_plan){ .found = true,
				  .global = !p->preset->group,
				  .cgroup = p->preset->group };
	for (int hot = 0; hot < 2; hot++) {
		for (int i = 0; i < p->nr_nodes; i++) {
			const struct node *n = &p->nodes[i];

			if (node_is_far(n, near) != (hot == 1) ||
			    d->nr_moves == PLAN_MAX_NODES)
				continue;
			far = hot ? near : beyond(p, n);
			if (far)
				d->moves[d->nr_moves++] =
					(struct damon_move){ .src = n->id,
							     .dest = far->id,
							     .hot = hot };
		}
	}
	if (d->nr_moves)
		return 0;
	return lacks(
		ENODEV,
		"policy %s moves pages to a node farther away, and this machine has none: no node is in a lower tier or without CPUs (tier region create makes one of a CXL memory device)",
		p->preset->name);
}

static int make_damon(struct policy *p)
{
	struct damon_plan d;
	int err = plan_damon(p, &d);

	if (err)
		return err;
	p->damon = damon_generate(p->preset->damon, &d);
	return p->damon ? 0 : -EINVAL;
}

/* Three pages near for one far, where nothing else was said. */
static int want_weights(struct policy *p)
{
	const struct node *near = node_near(p->nodes, p->nr_nodes);
	int err = 0;

	for (int i = 0; i < p->nr_nodes && !err; i++) {
		const struct node *n = &p->nodes[i];

		if (!find_want(p, weight_row, n->id))
			err = add_want(p, weight_row, n->id,
				       node_is_far(n, near) ? "1" : "3", true);
	}
	qsort(p->wants, (size_t)p->nr_wants, sizeof(p->wants[0]), by_table);
	return err;
}

static int wait_for_group(void *arg);

struct policy *policy_new(const struct policy_plan *plan)
{
	struct policy *p = xcalloc(1, sizeof(*p));
	int err = resolve(p, plan);

	if (!err) {
		p->nr_nodes = node_list(&p->nodes);
		err = p->nr_nodes < 0 ? p->nr_nodes : 0;
	}
	if (!err && p->preset && p->preset->weighted)
		err = want_weights(p);
	if (!err && p->preset && p->preset->damon)
		err = make_damon(p);
	if (!err)
		return p;
	policy_free(p);
	return NULL;
}

void policy_free(struct policy *p)
{
	struct fail_state why;

	if (!p)
		return;
	fail_save(&why);
	wait_for_group(p);
	fail_restore(&why);
	if (p->damon)
		damon_free(p->damon);
	if (p->nr_nodes > 0)
		free(p->nodes);
	free(p);
}

bool policy_is_weighted(const struct policy *p)
{
	return p->preset && p->preset->weighted;
}

uint64_t policy_sample_us(const struct policy *p)
{
	return p->damon ? damon_sample_us(p->damon) : 0;
}

/* ----------------------------------------------------------------- apply */

/*
 * What this kernel does not have is in its default state: to want the default
 * is no error then.
 */
static int absent(const struct want *w)
{
	char key[64], path[PATH_MAX];

	if (!w->named || (w->t->def && sysfs_same(w->value, w->t->def)))
		return 0;
	if (w->node >= 0 && sysfs_exists(WEIGHTS "node0"))
		return lacks(ENOENT, "%s=%s: there is no node %d",
			     key_of(key, w->t, w->node), w->value, w->node);
	return lacks(ENOENT, "%s=%s: this kernel has no %s; it needs %s",
		     key_of(key, w->t, w->node), w->value,
		     path_of(path, w->t, w->node), w->t->needs);
}

/*
 * All that would fail is found before the first write; what debugfs holds,
 * when it is mounted.
 */
static int check_presence(const struct policy *p, bool in_debugfs)
{
	char path[PATH_MAX];
	int err = 0;

	for (int i = 0; i < p->nr_wants && !err; i++) {
		const struct want *w = &p->wants[i];

		if (!strncmp(w->t->path, SCHED, strlen(SCHED)) == in_debugfs &&
		    !sysfs_exists("%s", path_of(path, w->t, w->node)))
			err = absent(w);
	}
	return err;
}

/* What can be known before anything is mounted, written or taken back. */
static int check_policy(struct policy *p)
{
	int err = p->checked ? 0 : check_presence(p, false);

	if (!err && !p->checked && p->damon)
		err = damon_check(p->damon);
	p->checked = !err;
	return err;
}

/* From 6.14 on writing a weight ends the automatic ones. */
static int keep_auto(const struct policy *p)
{
	char was[16];

	if (!p->nr_wants || p->wants[p->nr_wants - 1].t != weight_row ||
	    !sysfs_exists(WEIGHTS "auto"))
		return 0;
	if (sysfs_read(was, sizeof(was), WEIGHTS "auto") < 0)
		return 0;
	/* Refused without bandwidths, when there is nothing to put back. */
	return sysfs_same(was, "1") ? undo_note(UNDO_TRY, was, WEIGHTS "auto") :
				      0;
}

/*
 * Transparent huge pages switched on or off make the kernel compute
 * vm.min_free_kbytes anew, which does not go back with them.
 */
static int keep_min_free(const struct policy *p)
{
	char was[24];

	for (int i = 0; i < p->nr_wants; i++) {
		if (strncmp(p->wants[i].t->path, THP, strlen(THP)))
			continue;
		if (sysfs_read(was, sizeof(was), MIN_FREE) < 0)
			return 0;
		return undo_note(UNDO_STORE, was, MIN_FREE);
	}
	return 0;
}

static int explain_write(int err, const struct want *w)
{
	if (err == -EPERM)
		return fail_in(
			err,
			"%s: the kernel is locked down (Secure Boot), or we are not root",
			w->t->key);
	if (err == -EACCES)
		return fail_in(err, "%s: this needs root", w->t->key);
	return err;
}

/* Does a dry run only say that it would mount what the file is in? */
static bool rehearsed_debugfs(const struct want *w)
{
	return sysfs_is_dry() && !strncmp(w->t->path, SCHED, strlen(SCHED)) &&
	       !sysfs_exists("/sys/kernel/debug/sched") &&
	       sysfs_exists("/proc/sys/kernel/numa_balancing");
}

static int write_one(const struct want *w)
{
	char path[PATH_MAX];
	int err;

	path_of(path, w->t, w->node);
	if (sysfs_is_dry() && !sysfs_exists("%s", path) &&
	    !rehearsed_debugfs(w))
		return 0;
	err = undo_store(w->value, "%s", path);
	if (err == -ENOENT) /* what may be absent: check_presence() looked */
		return 0;
	/* Without lockdown's leave a default cannot even be looked at. */
	if (err == -EPERM && !w->named) {
		report_warn("%s is left as it is: %s", w->t->key,
			    fail_message());
		return 0;
	}
	return explain_write(err, w);
}

/* Where cgroup2 is not mounted, and only would be. */
static int rehearse_group(const char *name)
{
	int err = sysfs_write("+memory", CGROUPS "/cgroup.subtree_control");

	return err ? err : undo_mkdir(CGROUPS "/%s", name);
}

/* What is to be done for a group, and what came of it. */
struct making {
	const char *name;
	bool enable, mkdir;
	pthread_t thread;
	int err;
	struct fail_state why;
};

/* All that can be refused, mounted and logged before. */
static int prepare_group(struct making *m)
{
	char text[512];
	int err = sysfs_read(text, sizeof(text), CGROUPS "/cgroup.controllers");

	if (err < 0)
		return err;
	if (!has_word(text, "memory"))
		return lacks(
			ENOENT,
			"cgroup2 at %s has no memory controller: it needs CONFIG_MEMCG, and no cgroup1 that uses it",
			CGROUPS);
	err = sysfs_read(text, sizeof(text), CGROUPS "/cgroup.subtree_control");
	m->enable = err >= 0 && !has_word(text, "memory");
	if (m->enable)
		err = undo_note(UNDO_WRITE, "-memory",
				CGROUPS "/cgroup.subtree_control");
	if (err >= 0)
		err = undo_note_mkdir(CGROUPS "/%s", m->name);
	m->mkdir = err > 0;
	return err < 0 ? err : 0;
}

static void *make_group(void *arg)
{
	struct making *m = arg;

	if (m->enable)
		m->err = sysfs_write("+memory",
				     CGROUPS "/cgroup.subtree_control");
	if (!m->err && m->mkdir)
		m->err = sysfs_mkdir(CGROUPS "/%s", m->name);
	fail_save(&m->why);
	return NULL;
}

int policy_cgroup(const char *name)
{
	struct making m = { .name = name };
	int err = undo_mount("cgroup2", CGROUPS, "cgroup.controllers");

	if (err > 0)
		return rehearse_group(name);
	if (!err)
		err = prepare_group(&m);
	if (!err)
		make_group(&m);
	return err ? err : m.err;
}

/*
 * To make a group takes the kernel as long as to be told what DAMON shall do,
 * so it is made meanwhile: DAMON looks for it when it is turned on.
 */
static int begin_group(struct policy *p)
{
	struct making *m;
	int err;

	/* What is shown is shown in order. */
	if (sysfs_is_dry() || !p->damon)
		return policy_cgroup(p->preset->group);
	err = undo_mount("cgroup2", CGROUPS, "cgroup.controllers");
	if (err)
		return err > 0 ? rehearse_group(p->preset->group) : err;
	m = xcalloc(1, sizeof(*m));
	m->name = p->preset->group;
	err = prepare_group(m);
	if (!err && !pthread_create(&m->thread, NULL, make_group, m)) {
		p->making = m;
		return 0;
	}
	if (!err) {
		make_group(m);
		err = m->err;
	}
	free(m);
	return err;
}

/* Is it made? 0, also where there was none to make; arg: the policy. */
static int wait_for_group(void *arg)
{
	struct policy *p = arg;
	struct making *m = p->making;
	int err;

	if (!m)
		return 0;
	pthread_join(m->thread, NULL);
	p->making = NULL;
	err = m->err;
	if (err)
		fail_restore(&m->why);
	free(m);
	return err;
}

/* The scanner's tunables are in debugfs, which servers may not mount. */
static int mount_debugfs(void)
{
	/* Not there and wanted: check_presence() says so. */
	return undo_mount("debugfs", "/sys/kernel/debug", "sched");
}

int policy_apply(struct policy *p, bool join)
{
	int err = 0;

	/* A rehearsal comes before what would be taken back first. */
	if (p->preset && !sysfs_is_dry() && damon_is_running() > 0)
		return fail(
			EBUSY,
			"DAMON is running already, and policy %s says what DAMON does: stop it first (tier damon stop, tier policy restore, or damo stop)",
			p->preset->name);
	err = check_policy(p);
	/* Where the mount is only rehearsed, there is nothing to look at. */
	if (!err && mount_debugfs() <= 0)
		err = check_presence(p, true);
	if (!err)
		err = keep_auto(p);
	if (!err)
		err = keep_min_free(p);
	for (int i = 0; i < p->nr_wants && !err; i++)
		err = write_one(&p->wants[i]);
	if (err || !p->preset || !p->preset->group)
		return err;
	if (!join)
		return begin_group(p);
	err = policy_cgroup(p->preset->group);
	if (err)
		return err;
	/* "0" is whoever writes. */
	return sysfs_write("0", CGROUPS "/%s/cgroup.procs", p->preset->group);
}

const char *policy_group(const struct policy *p)
{
	return p->preset ? p->preset->group : NULL;
}

int policy_start(struct policy *p)
{
	return p->damon ? damon_start_when(p->damon, wait_for_group, p) : 0;
}

/* ------------------------------------------------------------------ show */

/* What it is now; "absent", or "hidden" where it may not be looked at. */
static const char *read_now(char value[static 24], const struct tunable *t,
			    int node)
{
	char path[PATH_MAX];
	int n = sysfs_read_chosen(value, 24, "%s", path_of(path, t, node));

	if (n == -ENOENT || n == -ENOTDIR)
		return "absent";
	return n < 0 ? "hidden" : value;
}

static const struct report_column columns[] = {
	{ "tunable", -38 }, { "now", 9 },   { "default", 8 },
	{ "wanted", 9 },    { "unit", -7 },
};

static void text_meaning(const struct tunable *t)
{
	if (t->kind == CHOICE)
		report_wrap("      ", "      %s (%s)", t->help, t->choices);
	else if (t->kind == TRUTH)
		report_wrap("      ", "      %s (true, false)", t->help);
	else
		report_wrap("      ", "      %s (%llu to %llu)", t->help,
			    (unsigned long long)t->min,
			    (unsigned long long)t->max);
}

struct view {
	struct policy *policy; /* whose wishes stand beside; NULL: none's */
	bool brief; /* no explanations */
};

static void show_one(const struct tunable *t, int node, void *arg)
{
	const struct view *view = arg;
	struct policy *p = view->policy;
	const struct want *w = p ? find_want(p, t, node) : NULL;
	char key[64], value[24], path[PATH_MAX];
	const char *now = read_now(value, t, node);
	const char *cells[] = { key_of(key, t, node), now,
				t->def ? t->def : "-", w ? w->value : "-",
				t->unit };

	report_begin("tunable");
	report_str("key", key);
	report_str("path", path_of(path, t, node));
	report_str("now", now == value ? now : NULL);
	report_str("default", t->def);
	report_str("wanted", w ? w->value : NULL);
	report_str("unit", *t->unit ? t->unit : NULL);
	report_str("needs", t->needs);
	report_str("help", t->help);
	report_end();
	report_row(columns, p ? 5 : 3, cells);
	if (view->brief)
		return;
	text_meaning(t);
	if (now != value)
		report_wrap("      ", "      %s: needs %s", now, t->needs);
}

typedef void row_fn(const struct tunable *t, int node, void *arg);

/* Every tunable, and the weight of every node there is. */
static void walk(row_fn *row, void *arg)
{
	int *ids, n;

	for (const struct tunable *t = tunables; t < weight_row; t++)
		row(t, -1, arg);
	n = sysfs_ids(&ids, "node", WEIGHTS);
	for (int i = 0; i < n; i++)
		row(weight_row, ids[i], arg);
	free(ids);
}

static void show_all(struct policy *p, bool brief)
{
	struct view view = { p, brief };

	report_head(columns, p ? 5 : 3);
	walk(show_one, &view);
}

static void record_one(const struct tunable *t, int node, void *arg)
{
	char key[64], value[24];
	const char *now = read_now(value, t, node);

	(void)arg;
	report_str(key_of(key, t, node), now == value ? now : NULL);
}

void policy_record_now(void)
{
	report_begin("tunables");
	walk(record_one, NULL);
	report_end();
}

void policy_show_now(void)
{
	show_all(NULL, true);
}

/* ----------------------------------------------------------------- verbs */

int policy_do_list(const struct plan *plan)
{
	(void)plan;
	for (size_t i = 0; i < ARRAY_SIZE(presets); i++) {
		const struct preset *s = &presets[i];

		report_begin("policy");
		report_str("policy", s->name);
		report_str("help", s->help);
		report_str("values", s->values);
		report_bool("damon", s->damon != DAMON_NONE);
		report_end();
		report_wrap("             ", "%-12s %s", s->name, s->help);
	}
	report_say(
		"\ntier --dry-run policy NAME shows every write it makes.\n");
	return 0;
}

int policy_do_show(const struct plan *plan)
{
	struct policy *p = policy_new(&plan->policy);

	/* Without a name, or where the preset cannot work: what is so now. */
	if (!p && plan->policy.name)
		report_warn("%s", fail_message());
	show_all(plan->policy.name ? p : NULL, false);
	policy_free(p);
	return 0;
}

static void say_restored(const char *log, const struct undo_result *r,
			 double seconds, double cpu)
{
	char time[SIZE_TEXT];

	report_begin("restore");
	report_str("log", log);
	report_u64("done", r->done);
	report_u64("failed", r->failed);
	report_str("reason", r->reason[0] ? r->reason : NULL);
	report_u64("foreign", r->foreign);
	report_str("foreign_first", r->foreign ? r->foreign_first : NULL);
	report_real("elapsed_s", seconds);
	report_real("cpu_s", cpu);
	report_end();
	report_say("restored %u change%s in %s%s\n", r->done,
		   r->done == 1 ? "" : "s", format_seconds(time, seconds),
		   r->failed ? ", others failed" : "");
	if (r->foreign)
		report_warn(
			"another program changed %u of what was set here: %s",
			r->foreign, r->foreign_first);
}

int policy_restore(const char *log)
{
	struct undo_result r;
	uint64_t began = now_ns(), cpu = thread_cpu_ns();
	int err;

	if (!undo_pending(log))
		return 0;
	err = undo_restore(log, &r);
	say_restored(log, &r, (double)(now_ns() - began) / 1e9,
		     (double)(thread_cpu_ns() - cpu) / 1e9);
	return err ? fail_in(err,
			     "not all was put back (tier policy restore tries again)") :
		     0;
}

int policy_do_restore(const struct plan *plan)
{
	bool any = undo_pending("run") || undo_pending("policy");
	int err = policy_restore("run"), also;

	(void)plan;
	also = policy_restore("policy");
	if (!any)
		report_say("nothing to restore: tier has changed nothing\n");
	return err ? err : also;
}

void policy_record(const struct policy_plan *plan, double seconds,
		   double sample_s)
{
	report_begin("policy");
	report_str("policy", plan->name);
	report_open("set", '[');
	for (int i = 0; i < plan->nr_sets; i++)
		report_str(NULL, plan->sets[i]);
	report_close(']');
	report_real("elapsed_s", seconds);
	report_real("damon_sample_s", sample_s > 0 ? sample_s : NAN);
	report_end();
}

static void say_applied(const struct policy *p, const struct policy_plan *plan,
			double seconds)
{
	const struct preset *s = p->preset;
	char time[SIZE_TEXT];

	policy_record(plan, seconds, (double)policy_sample_us(p) / 1e6);
	report_say(
		"policy   %s set in %s; tier policy restore puts back what was\n",
		s->name, format_seconds(time, seconds));
	if (s->weighted)
		report_say(
			"weights  are for programs that ask for them (numactl --weighted-interleave=all)\n");
	if (s->group)
		report_say(
			"cgroup   %s/%s: DAMON moves the pages of its processes alone:\n"
			"         echo PID > %s/%s/cgroup.procs, before PID allocates\n",
			CGROUPS, s->group, CGROUPS, s->group);
}

/*
 * All that can be refused is refused before the policy in force is taken back:
 * one at a time, so that what was before the first one is kept.
 */
int policy_do_apply(const struct plan *plan)
{
	uint64_t began = now_ns();
	struct policy *p = policy_new(&plan->policy);
	int err = p ? check_policy(p) : -EINVAL;

	if (!err && !sysfs_is_dry())
		err = policy_restore("policy");
	if (!err)
		err = undo_begin("policy");
	if (!err)
		err = policy_apply(p, false);
	if (!err)
		err = policy_start(p);
	/* What failed half-way is taken back by the supervisor. */
	if (!err && !sysfs_is_dry())
		say_applied(p, &plan->policy, (double)(now_ns() - began) / 1e9);
	policy_free(p);
	return err;
}
