// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - presets of the tunables, with DAMON where they use it. To add one
 * is to add a row of policy_presets[].
 *
 * A preset writes every row of the table that has a default, also those that
 * it does not name: two runs under two policies differ in the policies, not
 * in what the machine's distribution or its last user had set.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damon/damon.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/node.h"
#include "mm/undo.h"
#include "mm/cgroup.h"
#include "sysfs.h"
#include "tiering/policy.h"
#include "tiering/tunables.h"

#define MIN_FREE "/proc/sys/vm/min_free_kbytes"
#define HMSDK_GROUP "hmsdk"
#define MAX_WANTS (128 + NODE_MAX) /* weights, of each node */

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

const struct policy_preset policy_presets[] = {
	{ "none", DAMON_NONE, NULL, false, "",
	  "nothing moves pages: the reference for the others" },
	{ "numab", DAMON_NONE, NULL, false, NUMAB,
	  "NUMA balancing promotes, reclaim demotes; steady scanning of 1 GiB a second" },
	{ "tpp", DAMON_NONE, NULL, false,
	  "numa_balancing=2 demotion_enabled=true watermark_scale_factor=200",
	  "the same at the kernel's default pace; watermarks 2 % of DRAM apart, kept free to promote to" },
	{ "hmsdk", DAMON_HMSDK, HMSDK_GROUP, false, "demotion_enabled=true",
	  "HMSDK's two DAMON schemes on cgroup hmsdk; the first demotion takes 30 s" },
	{ "hmsdk-fast", DAMON_FAST, HMSDK_GROUP, false, "demotion_enabled=true",
	  "the same with times divided by five, and a tenth of the regions: for small guests, short runs" },
	{ "both", DAMON_HMSDK, HMSDK_GROUP, false, NUMAB,
	  "numab and hmsdk together" },
	{ "damon-goal", DAMON_GOAL, NULL, false, "",
	  "DAMON steered by goals for node 0's free memory (Linux 6.16 or newer)" },
	{ "interleave", DAMON_NONE, NULL, true, "",
	  "nothing moves; gups any, and tier run, allocate by weight: 3 near to 1 far" },
	{ "oracle", DAMON_NONE, NULL, false, "",
	  "the emulator's exact counts move the hottest pages each second: a bound (run --heat)",
	  true },
	{ 0 },
};

struct policy {
	const struct policy_preset *preset; /* NULL: --set alone */
	struct want wants[MAX_WANTS];
	int nr_wants;
	struct node *nodes;
	int nr_nodes;
	struct damon_config *damon;
	char group[192]; /* its name, "": none */
	bool join; /* the calling process will be in it */
	bool checked; /* by policy_check_here(), which need not look twice */
	struct cgroup_making
		*making; /* of the group; NULL: it is made, or none */
};

static const struct policy_preset *find_preset(const char *name)
{
	for (size_t i = 0; policy_presets[i].name; i++)
		if (!strcmp(policy_presets[i].name, name))
			return &policy_presets[i];
	return NULL;
}

static int unknown_preset(const char *name)
{
	struct nearest near;

	nearest_begin(&near, name);
	for (size_t i = 0; policy_presets[i].name; i++)
		nearest_try(&near, policy_presets[i].name);
	return misuse("unknown policy \"%s\"%s%s%s; see tier policy list", name,
		      nearest_found(&near) ? "; did you mean \"" : "",
		      nearest_found(&near) ? nearest_found(&near) : "",
		      nearest_found(&near) ? "\"?" : "");
}

/* ------------------------------------------------------------ KEY=VALUE */

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
	t = tunables_find(text, &node);
	if (!t)
		return tunables_unknown(text);
	err = strlen(value) >= sizeof(p->wants[0].value) ?
		      misuse("%s=%s: too long", text, value) :
		      tunables_check(t, value);
	word = tunables_canonical(t, value);
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
	const struct want *w = find_want(p, tunables_find(key, &node), -1);

	return w ? strtoull(w->value, NULL, 0) : 0;
}

/* The preset, then the changes to it, in the order of the table. */
static int resolve(struct policy *p, const struct policy_plan *plan)
{
	int err = 0;

	p->preset = plan->name ? find_preset(plan->name) : NULL;
	if (plan->name && !p->preset)
		return unknown_preset(plan->name);
	for (const struct tunable *t = tunables_first;
	     p->preset && t <= tunables_weight; t++)
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

/*
 * Where DAMON demotes to. It does not need tiers: on two plain nodes, which
 * are of one tier, HMSDK works as well.
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
 * Where DAMON promotes to: of the nodes that from is far from the nearest one
 * with CPUs, whose programs its pages are; without such the nearest.
 */
static const struct node *above(const struct policy *p, const struct node *from)
{
	const struct node *best = NULL;

	for (int i = 0; i < p->nr_nodes; i++) {
		const struct node *n = &p->nodes[i];

		if (node_is_far(from, n) &&
		    (!best || n->has_cpus > best->has_cpus ||
		     (n->has_cpus == best->has_cpus &&
		      node_distance(from, n) < node_distance(from, best))))
			best = n;
	}
	return best;
}

/*
 * Each node demotes to the nearest node of the next lower tier, and promotes
 * to the nearest one above. With two nodes: HMSDK's -d 0 1 -p 1 0.
 */
static int plan_damon(const struct policy *p, struct damon_plan *d)
{
	*d = (struct damon_plan){ .found = true,
				  .global = !p->preset->group,
				  .cgroup = p->group };
	for (int hot = 0; hot < 2; hot++) {
		for (int i = 0; i < p->nr_nodes; i++) {
			const struct node *n = &p->nodes[i];
			const struct node *to = hot ? above(p, n) :
						      beyond(p, n);

			if (to && d->nr_moves < DAMON_MOVES)
				d->moves[d->nr_moves++] = (struct damon_move){
					.src = n->id, .dest = to->id, .hot = hot
				};
		}
	}
	if (d->nr_moves)
		return 0;
	return lacks(
		ENODEV,
		"policy %s moves pages to a node farther away, and this machine has none: no node is in a lower tier, or farther and without CPUs (tier region create makes one of a CXL memory device)",
		p->preset->name);
}

static int name_group(struct policy *p)
{
	const char *name = p->preset->group;
	int err;

	if (!name)
		return 0;
	snprintf(p->group, sizeof(p->group), "%s", name);
	if (!p->join)
		return 0;
	err = cgroup_below_own(p->group, sizeof(p->group), name);
	return err ? fail_in(err, "policy %s has a cgroup", p->preset->name) :
		     0;
}

static int make_damon(struct policy *p)
{
	struct damon_plan d;
	int err = plan_damon(p, &d);

	if (!err)
		err = name_group(p);
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

		if (!find_want(p, tunables_weight, n->id))
			err = add_want(p, tunables_weight, n->id,
				       node_is_far(n, near) ? "1" : "3", true);
	}
	qsort(p->wants, (size_t)p->nr_wants, sizeof(p->wants[0]), by_table);
	return err;
}

struct policy *policy_new(const struct policy_plan *plan, bool join)
{
	struct policy *p = xcalloc(1, sizeof(*p));
	int err = resolve(p, plan);

	p->join = join;
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
	cgroup_finish(p->making);
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

bool policy_is_oracle(const struct policy *p)
{
	return p->preset && p->preset->oracle;
}

bool policy_is_tuned(const struct policy *p)
{
	return p->damon && damon_is_tuned(p->damon);
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
	if (w->node >= 0 && sysfs_exists(TUNABLES_WEIGHTS "node0"))
		return lacks(ENOENT, "%s=%s: there is no node %d",
			     tunables_key(key, w->t, w->node), w->value,
			     w->node);
	return lacks(ENOENT, "%s=%s: this kernel has no %s; it needs %s",
		     tunables_key(key, w->t, w->node), w->value,
		     tunables_path(path, w->t, w->node), w->t->needs);
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

		if (!strncmp(w->t->path, TUNABLES_SCHED,
			     strlen(TUNABLES_SCHED)) == in_debugfs &&
		    !sysfs_exists("%s", tunables_path(path, w->t, w->node)))
			err = absent(w);
	}
	return err;
}

/* What can be known before anything is mounted, written or taken back. */
int policy_check_here(struct policy *p)
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

	if (!p->nr_wants || p->wants[p->nr_wants - 1].t != tunables_weight ||
	    !sysfs_exists(TUNABLES_WEIGHTS "auto"))
		return 0;
	if (sysfs_read(was, sizeof(was), TUNABLES_WEIGHTS "auto") < 0)
		return 0;
	/* Refused without bandwidths, when there is nothing to put back. */
	return sysfs_same(was, "1") ?
		       undo_note(UNDO_TRY, was, TUNABLES_WEIGHTS "auto") :
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
		if (strncmp(p->wants[i].t->path, TUNABLES_THP,
			    strlen(TUNABLES_THP)))
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
	return sysfs_is_dry() &&
	       !strncmp(w->t->path, TUNABLES_SCHED, strlen(TUNABLES_SCHED)) &&
	       !sysfs_exists("/sys/kernel/debug/sched") &&
	       sysfs_exists(TUNABLES_BALANCING);
}

static int write_one(const struct want *w)
{
	char path[PATH_MAX];
	int err;

	tunables_path(path, w->t, w->node);
	if (sysfs_is_dry() && !sysfs_exists("%s", path) &&
	    !rehearsed_debugfs(w))
		return 0;
	err = undo_store(w->value, "%s", path);
	if (err == -ENOENT) /* what may be absent: check_presence() looked */
		return 0;
	/* Under lockdown a file of debugfs cannot even be read. */
	if (err == -EPERM && !w->named) {
		report_warn("%s is left as it is: %s", w->t->key,
			    fail_message());
		return 0;
	}
	return explain_write(err, w);
}

static int make_group(struct policy *p)
{
	/* What is shown is shown in order. */
	if (sysfs_is_dry() || !p->damon)
		return cgroup_make(p->group);
	return cgroup_begin(&p->making, p->group);
}

/* DAMON looks for the group when it is turned on. arg: the policy. */
static int wait_for_group(void *arg)
{
	struct policy *p = arg;
	struct cgroup_making *making = p->making;

	p->making = NULL;
	return cgroup_finish(making);
}

/* The scanner's tunables are in debugfs, which servers may not mount. */
static int mount_debugfs(void)
{
	/* Not there and wanted: check_presence() says so. */
	return undo_mount("debugfs", "/sys/kernel/debug", "sched");
}

int policy_apply(struct policy *p)
{
	int err = 0;

	/*
	 * A dry run may find DAMON running by a policy that would be taken
	 * back first.
	 */
	if (p->preset && !sysfs_is_dry() && damon_is_running() > 0)
		return fail(
			EBUSY,
			"DAMON is running already, and policy %s says what DAMON does: stop it first (tier damon stop, tier policy restore, or damo stop)",
			p->preset->name);
	err = policy_check_here(p);
	/* Where the mount is only rehearsed, there is nothing to look at. */
	if (!err && mount_debugfs() <= 0)
		err = check_presence(p, true);
	if (!err)
		err = keep_auto(p);
	if (!err)
		err = keep_min_free(p);
	for (int i = 0; i < p->nr_wants && !err; i++)
		err = write_one(&p->wants[i]);
	if (err || !p->group[0])
		return err;
	if (!p->join)
		return make_group(p);
	err = cgroup_make(p->group);
	return err ? err : cgroup_join(p->group);
}

const char *policy_wants(const struct policy *p, const struct tunable *t,
			 int node)
{
	for (int i = 0; i < p->nr_wants; i++)
		if (p->wants[i].t == t && p->wants[i].node == node)
			return p->wants[i].value;
	return NULL;
}

const char *policy_group(const struct policy *p)
{
	return p->group[0] ? p->group : NULL;
}

int policy_start(struct policy *p)
{
	return p->damon ? damon_start_when(p->damon, wait_for_group, p) : 0;
}

REPORT_RECORD(policy_set, "policy", "what was set, and how long it took",
	      "policy s its name; null: --set alone\n"
	      "set[] s KEY=VALUE of --set\n"
	      "elapsed_s r to write and start it\n"
	      "damon_sample_s r DAMON's sampling interval; null: no DAMON\n");

void policy_record(const struct policy_plan *plan, double seconds,
		   double sample_s)
{
	report_begin(&policy_set);
	report_str("policy", plan->name);
	report_open("set", '[');
	for (int i = 0; i < plan->nr_sets; i++)
		report_str(NULL, plan->sets[i]);
	report_close(']');
	report_real("elapsed_s", seconds);
	report_real("damon_sample_s", sample_s > 0 ? sample_s : NAN);
	report_end();
}
