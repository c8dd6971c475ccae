// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - what a policy means on this machine, and how it is set.
 *
 * A policy writes every row of the table that has a default, also those that
 * it does not name: two runs under two policies differ in the policies, not
 * in what the machine's distribution or its last user had set.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damon/damon.h"
#include "damon/damon_config.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/cgroup.h"
#include "mm/node.h"
#include "mm/page.h"
#include "mm/undo.h"
#include "sysfs.h"
#include "tiering/policy.h"
#include "tiering/policy_file.h"
#include "tiering/tunables.h"

#define DEFAULT_GROUP "tier-policy" /* of limits without a name */
#define RESTORED_MAX 512
#define ENDING ".policy"
#define MIN_FREE "/proc/sys/vm/min_free_kbytes"
#define MAX_WANTS (128 + NODE_MAX) /* weights, of each node */

/* A tunable of one node, or of the system (node -1), and what it shall be. */
struct want {
	const struct tunable *t;
	int node;
	char value[24];
	bool named; /* by the policy or by --set, not a default */
};

struct policy {
	struct policy_file *file; /* NULL: --set alone */
	struct want wants[MAX_WANTS];
	int nr_wants;
	struct node *nodes;
	int nr_nodes;
	struct damon_config *damon;
	struct daemon *daemon; /* from policy_apply() on; NULL: it has none */
	char group[192]; /* its name, "": none */
	bool join; /* the calling process will be in it */
	bool checked; /* by policy_check_here(), which need not look twice */
	struct cgroup_making
		*making; /* of the group; NULL: it is made, or none */
};

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

static int add_value(struct policy *p, const struct tunable *t, int node,
		     const char *value)
{
	const char *word = tunables_canonical(t, value);

	return add_want(p, t, node, word ? word : value, true);
}

/* "KEY=VALUE" */
static int add_set(struct policy *p, const char *set)
{
	const struct tunable *t;
	char text[128], *value;
	int node, err;

	if (strlen(set) >= sizeof(text))
		return misuse("--set %.40s...: too long", set);
	snprintf(text, sizeof(text), "%s", set);
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
	return err ? err : add_value(p, t, node, value);
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

/* The policy, then the changes to it, in the order of the table. */
static int resolve(struct policy *p, const struct policy_plan *plan)
{
	int err = 0;

	p->file = plan->name ? policy_file_read(plan->name) : NULL;
	if (plan->name && !p->file)
		return -EINVAL;
	for (const struct tunable *t = tunables_first;
	     p->file && t <= tunables_weight; t++)
		if (t->def)
			add_want(p, t, -1, t->def, false);
	for (int i = 0; p->file && i < p->file->nr_sets && !err; i++)
		err = add_value(p, p->file->sets[i].t, p->file->sets[i].node,
				p->file->sets[i].value);
	for (int i = 0; i < plan->nr_sets && !err; i++)
		err = add_set(p, plan->sets[i]);
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

	policy_file_free(p->file);
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
				  .global = !p->file->group,
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
		p->file->name);
}

static int name_group(struct policy *p)
{
	const char *name = p->file->group;
	int err;

	if (!name && p->file->limited)
		name = DEFAULT_GROUP;
	if (!name)
		return 0;
	snprintf(p->group, sizeof(p->group), "%s", name);
	if (!p->join)
		return 0;
	err = cgroup_below_own(p->group, sizeof(p->group), name);
	return err ? fail_in(err, "policy %s has a cgroup", p->file->name) : 0;
}

/* A filter of a file's names the group; it lies where the group does here. */
static void place_filters(struct kdamond_list *filters, const char *name,
			  const char *group)
{
	for (size_t i = 0; i < filters->nr; i++) {
		struct kdamond_filter *f =
			(struct kdamond_filter *)filters->items + i;

		if (!strcmp(f->type, "memcg") && f->path[0] == '/' &&
		    !strcmp(f->path + 1, name))
			snprintf(f->path, sizeof(f->path), "/%s", group);
	}
}

static void place_groups(struct damon_config *config, const char *name,
			 const char *group)
{
	for (size_t k = 0; k < config->kdamonds.nr; k++) {
		struct kdamond_context *c = kdamond_context(config, k);

		for (size_t i = 0; c && i < c->schemes.nr; i++) {
			struct kdamond_scheme *s = kdamond_scheme(c, i);

			place_filters(&s->filters, name, group);
			place_filters(&s->core_filters, name, group);
			place_filters(&s->ops_filters, name, group);
		}
	}
}

static int make_damon(struct policy *p)
{
	struct damon_plan d;
	int err;

	if (p->file->config) {
		p->damon = p->file->config;
		p->file->config = NULL;
		if (p->group[0])
			place_groups(p->damon, p->file->group, p->group);
	}
	if (p->damon || !p->file->damon)
		return 0;
	err = plan_damon(p, &d);
	if (err)
		return err;
	p->damon = damon_generate(p->file->damon, &d);
	return p->damon ? 0 : -EINVAL;
}

/* So many pages near for so many far, where nothing else was said. */
static int want_weights(struct policy *p)
{
	const struct node *near = node_near(p->nodes, p->nr_nodes);
	char weight[16];
	int err = 0;

	for (int i = 0; i < p->nr_nodes && !err; i++) {
		const struct node *n = &p->nodes[i];

		snprintf(weight, sizeof(weight), "%u",
			 node_is_far(n, near) ? p->file->far : p->file->near);
		if (!find_want(p, tunables_weight, n->id))
			err = add_want(p, tunables_weight, n->id, weight, true);
	}
	qsort(p->wants, (size_t)p->nr_wants, sizeof(p->wants[0]), by_table);
	return err;
}

/* What of it is more than tunables. */
static int resolve_file(struct policy *p)
{
	int err = name_group(p);

	if (!err && policy_is_weighted(p))
		err = want_weights(p);
	if (!err)
		err = make_damon(p);
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
	if (!err && p->file)
		err = resolve_file(p);
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
	daemon_free(p->daemon);
	fail_restore(&why);
	policy_file_free(p->file);
	if (p->damon)
		damon_free(p->damon);
	if (p->nr_nodes > 0)
		free(p->nodes);
	free(p);
}

bool policy_is_weighted(const struct policy *p)
{
	return p->file && p->file->near;
}

bool policy_is_oracle(const struct policy *p)
{
	return p->file && p->file->by_counts;
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

		if (w->t == tunables_first && !in_debugfs &&
		    strtoull(w->value, NULL, 0) > 1 && !tunables_promotes())
			return lacks(
				ENOTSUP,
				"%s=%s: this kernel's NUMA balancing does not promote; Linux 5.18 or newer does",
				w->t->key, w->value);
		if (!strncmp(w->t->path, TUNABLES_SCHED,
			     strlen(TUNABLES_SCHED)) == in_debugfs &&
		    !sysfs_exists("%s", tunables_path(path, w->t, w->node)))
			err = absent(w);
	}
	return err;
}

/* A captured machine has no programs, and what it lacks is not restored. */
static int check_file(const struct policy_file *f)
{
	int err = f->daemon.start[0] && !sysfs_is_rerooted() ?
			  daemon_check(&f->daemon, f->dir) :
			  0;

	for (int i = 0; i < f->nr_restores && !err; i++) {
		if (!sysfs_exists("%s", f->restores[i]))
			err = lacks(ENOENT, "restores %s: no such file",
				    f->restores[i]);
		else if (sysfs_exists("%s/.", f->restores[i]))
			err = misuse(
				"restores %s: a directory, and a file is meant",
				f->restores[i]);
		if (err)
			fail_in(err, "policy %s: line %d", f->name,
				f->restores_at[i]);
	}
	return err;
}

/* What can be known before anything is mounted, written or taken back. */
int policy_check_here(struct policy *p)
{
	int err = p->checked ? 0 : check_presence(p, false);

	if (!err && !p->checked && p->damon)
		err = damon_check(p->damon);
	if (!err && !p->checked && p->file)
		err = check_file(p->file);
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
		return fail_in(err, "%s: %s", w->t->key,
			       geteuid() ? "this needs root" :
					   "root of a container may not");
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

/* Below debugfs, too: it is mounted by then. */
static int keep_restored(const struct policy *p)
{
	char was[RESTORED_MAX];
	int err = 0;

	if (!p->file || sysfs_is_dry())
		return 0;
	for (int i = 0; i < p->file->nr_restores && err >= 0; i++) {
		const char *path = p->file->restores[i];

		err = sysfs_read_chosen(was, sizeof(was), "%s", path);
		if (err >= 0)
			err = undo_note(UNDO_STORE, was, "%s", path);
	}
	if (err >= 0 && p->file->restores_damon)
		err = damon_remember();
	return err < 0 ? err : 0;
}

static int limit_group(const struct policy *p)
{
	char text[24];
	int err = 0;

	for (int i = 0; i < POLICY_FILE_LIMITS && !err; i++) {
		uint64_t bytes = p->file->limits[i];

		if (bytes == POLICY_FILE_UNSET)
			continue;
		/* The kernel counts whole pages, and would read back less. */
		snprintf(text, sizeof(text), "%" PRIu64,
			 bytes - bytes % page_size());
		if (bytes == POLICY_FILE_NO_LIMIT)
			strcpy(text, "max");
		err = undo_store(text, CGROUP_DIR "/%s/%s", p->group,
				 policy_file_limits[i]);
	}
	return err;
}

static int set_group(struct policy *p)
{
	int err;

	if (!p->group[0])
		return 0;
	if (!p->join && !p->file->limited)
		return make_group(p);
	err = cgroup_make(p->group);
	if (!err)
		err = limit_group(p);
	return err || !p->join ? err : cgroup_join(p->group);
}

/* Before the table, and outside the policy's cgroup. */
static int prepare_daemon(struct policy *p)
{
	if (!p->file || !p->file->daemon.start[0] || sysfs_is_dry())
		return 0;
	p->daemon = daemon_new(&p->file->daemon, p->file->dir);
	return p->daemon ? 0 : -EIO;
}

int policy_apply(struct policy *p)
{
	int err = 0;

	/*
	 * A dry run may find DAMON running by a policy that would be taken
	 * back first.
	 */
	if (p->file && !sysfs_is_dry() && damon_is_running() > 0)
		return fail(
			EBUSY,
			"DAMON is running already, and policy %s says what DAMON does: stop it first (tier damon stop, tier policy restore, or damo stop)",
			p->file->name);
	err = policy_check_here(p);
	/* Where the mount is only rehearsed, there is nothing to look at. */
	if (!err && mount_debugfs() <= 0)
		err = check_presence(p, true);
	if (!err)
		err = keep_auto(p);
	if (!err)
		err = keep_min_free(p);
	if (!err)
		err = keep_restored(p);
	for (int i = 0; i < p->nr_wants && !err; i++)
		err = write_one(&p->wants[i]);
	if (!err)
		err = prepare_daemon(p);
	return err ? err : set_group(p);
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

/* What a dry run says of the daemon. */
static void rehearse_daemon(const struct policy_file *f)
{
	struct textbuf b = { 0 };

	buf_add(&b, "start");
	for (char *const *word = f->daemon.start; *word; word++)
		buf_add(&b, " %s", *word);
	sysfs_say(b.text);
	buf_free(&b);
}

int policy_start(struct policy *p, const char *group)
{
	int err = p->damon ? damon_start_when(p->damon, wait_for_group, p) : 0;

	if (err || !policy_has_daemon(p))
		return err;
	if (sysfs_is_dry()) {
		rehearse_daemon(p->file);
		return 0;
	}
	err = daemon_start(p->daemon, p->group[0] ? p->group : group);
	return err ? fail_in(err, "policy %s", p->file->name) : 0;
}

int policy_stop(struct policy *p)
{
	int err = p->daemon ? daemon_stop(p->daemon) : 0;

	return err ? fail_in(err, "policy %s", p->file->name) : 0;
}

bool policy_has_daemon(const struct policy *p)
{
	return p->file && p->file->daemon.start[0];
}

REPORT_RECORD(
	policy_set, "policy", "what was set, and how long it took",
	"policy s its name, of a file without its .policy; null: --set alone\n"
	"file s where it was read from; null: it is built in\n"
	"set[] s KEY=VALUE of --set\n"
	"elapsed_s r to write and start it\n"
	"damon_sample_s r DAMON's sampling interval; null: no DAMON\n");

void policy_record(const struct policy_plan *plan, double seconds,
		   double sample_s)
{
	const char *name = plan->name,
		   *slash = name ? strrchr(name, '/') : NULL;
	char base[NAME_MAX + 1];

	snprintf(base, sizeof(base), "%s",
		 slash ? slash + 1 :
		 name  ? name :
			 "");
	if (name && policy_file_is(name) && strlen(base) > strlen(ENDING) &&
	    !strcmp(base + strlen(base) - strlen(ENDING), ENDING))
		base[strlen(base) - strlen(ENDING)] = '\0';
	report_begin(&policy_set);
	report_str("policy", name ? base : NULL);
	report_str("file", name && policy_file_is(name) ? name : NULL);
	report_open("set", '[');
	for (int i = 0; i < plan->nr_sets; i++)
		report_str(NULL, plan->sets[i]);
	report_close(']');
	report_real("elapsed_s", seconds);
	report_real("damon_sample_s", sample_s > 0 ? sample_s : NAN);
	report_end();
}
