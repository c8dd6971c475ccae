// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon.c - DAMON's sysfs interface: stages a tree in the order the kernel
 * demands, starts it, reads its statistics, stops it.
 *
 * Nothing takes effect before "on". To write an nr_* file makes the
 * directories below it anew, with the kernel's defaults.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon.h"
#include "damon/damon_config.h"
#include "damon/damon_sysfs.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/time.h"
#include "mm/undo.h"
#include "sysfs.h"

#define MODULE "/sys/module/%s/parameters/enabled"
#define NR_KDAMONDS DAMON_KDAMONDS "/nr_kdamonds"
/* Beyond an aggregation interval, for kdamonds that wake late. */
/* Of another program's kdamonds so many are turned off. */
#define REMEMBERED 16
#define COMMIT_NS (UINT64_C(200) * 1000000)
#define POLL_NS (UINT64_C(10) * 1000000)

void damon_free(struct damon_config *config)
{
	kdamond_free(config);
}

uint64_t damon_sample_us(const struct damon_config *config)
{
	uint64_t least = 0, us;

	for (size_t i = 0; i < config->kdamonds.nr; i++) {
		const struct kdamond_context *c = kdamond_context(config, i);

		if (!c || !c->schemes.nr)
			continue;
		us = c->goal_aggrs ? c->goal_min_us : c->sample_us;
		if (!least || us < least)
			least = us;
	}
	return least;
}

bool damon_is_tuned(const struct damon_config *config)
{
	for (size_t i = 0; i < config->kdamonds.nr; i++)
		if (kdamond_context(config, i) &&
		    kdamond_context(config, i)->goal_aggrs)
			return true;
	return false;
}

bool damon_follow(void)
{
	uint64_t nr;
	int err = damon_sysfs_count(&nr);

	for (uint64_t k = 0; k < nr && !err; k++)
		err = sysfs_write("1000",
				  DAMON_KDAMONDS "/%" PRIu64 "/refresh_ms", k);
	return !err;
}

uint64_t damon_sample_now_us(void)
{
	uint64_t least = 0, nr, us;

	if (damon_sysfs_count(&nr))
		return 0;
	for (uint64_t k = 0; k < nr; k++)
		if (damon_sysfs_is_on(k) &&
		    !sysfs_read_u64(&us,
				    DAMON_KDAMONDS
				    "/%" PRIu64
				    "/contexts/0/monitoring_attrs/intervals/"
				    "sample_us",
				    k) &&
		    (!least || us < least))
			least = us;
	return least;
}

struct damon_config *damon_read_tuned(void)
{
	uint64_t nr;

	/* An older kernel knows no such word, and tunes nothing. */
	if (!damon_sysfs_count(&nr))
		for (uint64_t k = 0; k < nr; k++)
			damon_sysfs_command(k, "update_tuned_intervals");
	return damon_read();
}

struct damon_config *damon_read(void)
{
	return damon_sysfs_read();
}

int damon_is_running(void)
{
	uint64_t nr;
	int err = damon_sysfs_count(&nr);

	for (uint64_t k = 0; !err && k < nr && k < KDAMOND_MAX; k++)
		if (damon_sysfs_is_on(k))
			return 1;
	return err;
}

bool damon_stat_has_it(void)
{
	return damon_sysfs_is_enabled(DAMON_STAT);
}

/* --------------------------------------------------------------- checking */

/* By its version alone: should this kernel have what needs that? */
static bool is_new_enough(const char *needs)
{
	unsigned int major = 0, minor = 0; /* not said: all of them */

	sscanf(needs, "%*[^(](Linux %u.%u", &major, &minor);
	return damon_sysfs_is_linux(major, minor);
}

/* What the goals of schemes need; NULL: there are none. */
static const char *goals_needed(const struct damon_config *config)
{
	for (size_t k = 0; k < config->kdamonds.nr; k++) {
		const struct kdamond_context *c = kdamond_context(config, k);

		for (size_t s = 0; s < c->schemes.nr; s++)
			if (kdamond_scheme(c, s)->goals.nr)
				return kdamond_goal_kind.fields[0].needs;
	}
	return NULL;
}

/* A kernel that lacks the one often lacks the goals, too: both are named. */
static int lacks_field(const struct kdamond_field *f, const char *where,
		       const struct damon_config *config)
{
	const char *also = goals_needed(config);

	if (also && (also == f->needs || is_new_enough(also)))
		also = NULL;
	return lacks(ENOENT, "%s: this kernel does not have %s%s%s", where,
		     f->needs, also ? ", nor " : "", also ? also : "");
}

/*
 * A text needs what it needs for some of its words only; other files are then
 * written with those.
 */
static int check_field(void *arg, const char *path, const char *value,
		       const struct kdamond_field *f)
{
	(void)value;
	if (!f->needs || f->words || is_new_enough(f->needs) ||
	    sysfs_exists("%s", path))
		return 0;
	return lacks_field(f, path, arg);
}

/* A migration to a node that is not there is silently none. */
static int check_targets(const struct damon_config *config)
{
	for (size_t i = 0; i < config->kdamonds.nr; i++) {
		const struct kdamond_context *c = kdamond_context(config, i);

		for (size_t j = 0; j < c->schemes.nr; j++) {
			const struct kdamond_scheme *s = kdamond_scheme(c, j);

			if (kdamond_migrates(s) && !s->dests.nr &&
			    !sysfs_exists(
				    "/sys/devices/system/node/node%" PRIu64,
				    s->target_nid))
				return lacks(
					ENODEV,
					"kdamonds[%zu].contexts[0].schemes[%zu].target_nid: there is no node %" PRIu64,
					i, j, s->target_nid);
		}
	}
	return 0;
}

/* All that is wrong, whatever the kernel's version. */
static int check(const struct damon_config *config, uint64_t *there)
{
	int err = kdamond_check(config);

	if (!err)
		err = check_targets(config);
	return err ? err : damon_sysfs_count(there);
}

/*
 * Most of DAMON's directories come into being with those above them, and so
 * it is only seen in a tree that is staged what a kernel has. Where there is
 * none, nothing but the kernel's version can be asked.
 */
int damon_check(const struct damon_config *config)
{
	uint64_t there;
	int err = check(config, &there);

	return err ? err :
		     damon_sysfs_emit(config, sysfs_is_dry(), check_field,
				      (void *)(uintptr_t)config);
}

/* ------------------------------------------------------------------ start */

/* DAMON has one user at a time. */
static int check_idle(uint64_t nr)
{
	static const char *const others[] = { "damon_reclaim",
					      "damon_lru_sort" };
	char name[32];
	int pid;

	for (uint64_t k = 0; k < nr; k++) {
		if (!damon_sysfs_is_on(k))
			continue;
		pid = damon_sysfs_pid(k);
		if (sysfs_read(name, sizeof(name), "/proc/%d/comm", pid) < 0)
			strcpy(name, "a kdamond");
		return fail(
			EBUSY,
			"DAMON is in use: %s (PID %d) runs; what started it should stop it, or: tier damon stop",
			name, pid);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (damon_sysfs_is_enabled(others[i]))
			return fail(
				EBUSY,
				"DAMON is in use: %s is enabled, and excludes others; N to " MODULE
				" disables it",
				others[i], others[i]);
	return 0;
}

struct writes {
	struct {
		char *path, *value;
	} * w;
	size_t n;
};

static int remember(void *arg, const char *path, const char *value,
		    const struct kdamond_field *f)
{
	struct writes *all = arg;

	(void)f;
	all->w = xgrow(all->w, all->n, sizeof(*all->w));
	all->w[all->n].path = xstrdup(path);
	all->w[all->n++].value = xstrdup(value);
	return 0;
}

static void forget(struct writes *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->w[i].path);
		free(all->w[i].value);
	}
	free(all->w);
	*all = (struct writes){ 0 };
}

/* What somebody staged and did not start, or stopped, to be put back. */
static int remember_old(struct writes *old, uint64_t nr)
{
	struct damon_config *config = nr ? damon_read() : NULL;

	if (nr && !config)
		return -EIO;
	if (nr)
		damon_sysfs_emit(config, false, remember, old);
	kdamond_free(config);
	return 0;
}

/*
 * The log is executed from its end: first all is turned off, then the
 * directories go, then the old ones are made and filled in their order. When
 * it has a tree already, that was there before all that we staged since.
 */
static int note_undo(const struct writes *old, size_t nr)
{
	bool known = undo_has(NR_KDAMONDS);
	char path[128];
	int err = 0;

	for (size_t i = old->n; i > 0 && !err; i--)
		err = undo_note(UNDO_WRITE, old->w[i - 1].value, "%s",
				old->w[i - 1].path);
	if (!err && !known)
		err = undo_note(UNDO_WRITE, "0", NR_KDAMONDS);
	/*
	 * They are turned off in the order in which they were turned on: each
	 * ends with a sampling interval, and those that began together do so
	 * together.
	 */
	for (size_t k = nr; k-- > 0 && !err;) {
		snprintf(path, sizeof(path), DAMON_KDAMONDS "/%zu/state", k);
		if (!undo_has(path))
			err = undo_note(UNDO_TRY, "off", "%s", path);
	}
	return err;
}

static int stage_one(void *arg, const char *path, const char *value,
		     const struct kdamond_field *f)
{
	int err = damon_sysfs_write(path, value, true);

	if (err == -ENOENT && f->needs)
		return lacks_field(f, fail_message(), arg);
	if (err == -EINVAL && f->words)
		return lacks(EINVAL, "%s; this kernel does not know it%s%s",
			     fail_message(), f->needs ? ": it needs " : "",
			     f->needs ? f->needs : "");
	return err;
}

/* Fresh directories: whatever the table leaves out is the kernel's default. */
static int stage(const struct damon_config *config, uint64_t there)
{
	int err = there ? damon_sysfs_write(NR_KDAMONDS, "0", true) : 0;

	return err ? err :
		     damon_sysfs_emit(config, true, stage_one,
				      (void *)(uintptr_t)config);
}

/* ENOMEM is what the kernel says to a filter that it cannot build. */
static int explain_filters(const struct kdamond_context *c)
{
	for (size_t i = 0; i < c->schemes.nr; i++) {
		const struct kdamond_scheme *s = kdamond_scheme(c, i);
		const struct kdamond_filter *f = s->filters.items;

		for (size_t j = 0; j < s->filters.nr; j++) {
			if (strcmp(f[j].type, "memcg") != 0)
				continue;
			if (!sysfs_exists("/sys/fs/cgroup%s", f[j].path))
				return fail(
					ENOMEM,
					"the cgroup of a filter does not exist: /sys/fs/cgroup%s; mkdir makes it",
					f[j].path);
			if (!sysfs_exists("/sys/fs/cgroup%s/memory.current",
					  f[j].path))
				return fail(
					ENOMEM,
					"the cgroup of a filter has no memory controller: +memory to cgroup.subtree_control of the group above /sys/fs/cgroup%s",
					f[j].path);
		}
	}
	return fail(
		ENOMEM,
		"%s; the kernel could not build a scheme: a filter's cgroup, a goal's cgroup, or memory",
		fail_message());
}

static int explain_on(int err, const struct kdamond_context *c, size_t k)
{
	char ops[128] = "";

	switch (err) {
	case -ENOMEM:
		return explain_filters(c);
	case -EBUSY:
		return fail(
			EBUSY,
			"%s; something else in the kernel uses DAMON: " DAMON_STAT
			", damon_reclaim, damon_lru_sort or a sample module",
			fail_message());
	case -EINVAL:
		if (sysfs_read(ops, sizeof(ops),
			       DAMON_KDAMONDS
			       "/%zu/contexts/0/avail_operations",
			       k) >= 0 &&
		    !strstr(ops, c->ops))
			return lacks(
				EINVAL,
				"this kernel's DAMON has no %s: it needs CONFIG_DAMON_%s",
				c->ops,
				strcmp(c->ops, "paddr") ? "VADDR" : "PADDR");
		return fail(
			EINVAL,
			"%s; the kernel refuses a value: intervals, numbers of regions, or ranges",
			fail_message());
	default:
		return err;
	}
}

static int turn_on(const struct damon_config *config, size_t k)
{
	int pid, err = damon_sysfs_command(k, "on");

	if (err)
		return explain_on(err, kdamond_context(config, k), k);
	if (sysfs_is_dry())
		return 0;
	pid = damon_sysfs_pid(k);
	if (damon_sysfs_is_on(k) && pid && sysfs_exists("/proc/%d", pid))
		return 0;
	return fail(
		EIO,
		DAMON_KDAMONDS
		"/%zu: \"on\" was taken, but its kdamond does not run; the kernel's log may say why",
		k);
}

/* Half of it is not to run. What was there before is in the log. */
static void abandon(void)
{
	struct fail_state why;

	fail_save(&why);
	damon_stop();
	damon_sysfs_write(NR_KDAMONDS, "0", false);
	fail_restore(&why);
}

/* Debian's kernel starts it at boot, and it excludes all others. */
static int displace_stat(void)
{
	if (!damon_stat_has_it())
		return 0;
	if (!sysfs_is_dry())
		report_say("damon    " DAMON_STAT
			   " is disabled: it excludes other users of DAMON\n");
	return undo_store("N", MODULE, DAMON_STAT);
}

static int start(const struct damon_config *config, uint64_t there,
		 const struct writes *old, int (*ready)(void *arg), void *arg)
{
	size_t n = config->kdamonds.nr;
	int err = displace_stat();

	if (!err)
		err = note_undo(old, n);
	if (err)
		return err;
	err = stage(config, there);
	if (!err && ready)
		err = ready(arg);
	for (size_t k = 0; k < n && !err; k++)
		err = turn_on(config, k);
	if (err && !sysfs_is_dry())
		abandon();
	return err;
}

int damon_start(const struct damon_config *config)
{
	return damon_start_when(config, NULL, NULL);
}

int damon_start_when(const struct damon_config *config, int (*ready)(void *arg),
		     void *arg)
{
	struct writes old = { 0 };
	uint64_t there;
	int err = check(config, &there);

	/* Really, to stage it shows what the kernel has. */
	if (!err && sysfs_is_dry())
		err = damon_check(config);
	if (!err)
		err = check_idle(there);
	if (!err && !undo_has(NR_KDAMONDS))
		err = remember_old(&old, there);
	if (!err)
		err = start(config, there, &old, ready, arg);
	forget(&old);
	return err;
}

int damon_remember(void)
{
	struct writes old = { 0 };
	uint64_t there;
	int err = damon_sysfs_count(&there);

	if (!err)
		err = check_idle(there);
	if (!err && !undo_has(NR_KDAMONDS))
		err = remember_old(&old, there);
	if (!err)
		err = note_undo(&old, REMEMBERED);
	forget(&old);
	return err;
}

/* Does kdamond k live through the next aggregation, which takes the commit? */
static int outlive(uint64_t k)
{
	uint64_t us = 0, deadline;

	sysfs_read_u64(&us,
		       DAMON_KDAMONDS
		       "/%" PRIu64
		       "/contexts/0/monitoring_attrs/intervals/aggr_us",
		       k);
	deadline = now_ns() + (us < 5000000 ? us : 5000000) * 1000 + COMMIT_NS;
	while (now_ns() < deadline) {
		if (!damon_sysfs_is_on(k))
			return fail(
				EINVAL,
				DAMON_KDAMONDS
				"/%" PRIu64
				": the kernel refused what was committed, and its kdamond ended",
				k);
		sleep_ns(POLL_NS);
	}
	return 0;
}

int damon_commit(void)
{
	unsigned int running = 0;
	uint64_t nr;
	int err = damon_sysfs_count(&nr);

	for (uint64_t k = 0; k < nr && !err; k++) {
		if (!damon_sysfs_is_on(k))
			continue;
		running++;
		err = damon_sysfs_command(k, "commit");
		if (!err && !sysfs_is_dry())
			err = outlive(k);
	}
	if (!err && !running)
		err = fail(ESRCH, "DAMON is not running: nothing to commit to");
	return err;
}

int damon_stop(void)
{
	uint64_t nr;
	int err = damon_sysfs_count(&nr), first = 0;

	if (err)
		return err;
	for (uint64_t k = 0; k < nr; k++) {
		if (!damon_sysfs_is_on(k))
			continue;
		err = damon_sysfs_command(k, "off");
		if (err && !damon_sysfs_is_on(k))
			err = 0; /* it ended by itself in between */
		if (err && !first)
			first = err;
	}
	return first;
}

/* -------------------------------------------------------------- statistics */

static int add_moved(struct damon_moved *m, size_t k, size_t s, bool hot)
{
	uint64_t tried = 0, applied = 0, exceeds = 0;
	int err = damon_sysfs_stat(&tried, k, s, "sz_tried");

	if (!err)
		err = damon_sysfs_stat(&applied, k, s, "sz_applied");
	if (!err)
		err = damon_sysfs_stat(&exceeds, k, s, "qt_exceeds");
	m->any = true;
	*(hot ? &m->hot_tried : &m->cold_tried) += tried;
	*(hot ? &m->hot_applied : &m->cold_applied) += applied;
	m->quota_exceeds += exceeds;
	return err;
}

bool damon_refresh(uint64_t ns)
{
	uint64_t deadline = now_ns() + ns, nr;
	bool all = true;

	if (sysfs_is_dry() || sysfs_is_rerooted() || damon_sysfs_count(&nr))
		return false;
	for (uint64_t k = 0; k < nr; k++)
		if (damon_sysfs_is_on(k) &&
		    (now_ns() >= deadline ||
		     damon_sysfs_command(k, "update_schemes_stats")))
			all = false;
	return all;
}

/* moved NULL: only counts the schemes that migrate. Returns how many, or -errno. */
static int each_migrating(uint64_t nr, struct damon_moved *moved)
{
	char action[KDAMOND_WORD];
	int err = 0, found = 0, *ids, n;

	for (size_t k = 0; k < nr && !err; k++) {
		n = sysfs_ids(&ids, "",
			      DAMON_KDAMONDS "/%zu/contexts/0/schemes", k);
		for (int s = 0; s < n && !err; s++) {
			if (sysfs_read(action, sizeof(action),
				       DAMON_KDAMONDS
				       "/%zu/contexts/0/schemes/%d/action",
				       k, s) < 0 ||
			    strncmp(action, "migrate_", 8) != 0)
				continue;
			found++;
			if (moved)
				err = add_moved(moved, k, (size_t)s,
						!strcmp(action, "migrate_hot"));
		}
		if (n > 0)
			free(ids);
	}
	return err ? err : found;
}

/* DAMON that migrates nothing is not asked: it answers when it samples. */
int damon_moved(struct damon_moved *moved, bool refresh)
{
	uint64_t nr;
	int err;

	*moved = (struct damon_moved){ 0 };
	err = damon_sysfs_count(&nr);
	if (err)
		return err;
	if (each_migrating(nr, NULL) <= 0)
		return 0;
	moved->stale = !refresh || !damon_refresh(UINT64_MAX / 2);
	err = each_migrating(nr, moved);
	return err < 0 ? err : 0;
}
