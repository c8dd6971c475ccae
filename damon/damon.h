/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * damon.h - DAMON's sysfs interface: a configuration as a whole, staged in
 * the order the kernel demands, started, watched, stopped, put back.
 *
 * Source: Documentation/admin-guide/mm/damon/usage.rst; HMSDK's
 * gen_migpol.py for damon_generate().
 */
#ifndef TIER_DAMON_DAMON_H
#define TIER_DAMON_DAMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/node.h"

struct damon_config; /* kdamonds, contexts, targets, schemes */

/* Which parameters damon_generate() gives the schemes. */
enum damon_style {
	DAMON_NONE, /* of a policy that does without */
	DAMON_HMSDK, /* exactly HMSDK's */
	DAMON_FAST, /* the same shape, every time divided by five */
	DAMON_GOAL, /* damo's goal-driven tiering */
};

/* One --demote or --promote of "damon start". */
struct damon_move {
	int src, dest;
	bool hot; /* --promote: migrate_hot; else migrate_cold */
};

/* Up and down, of every node */
#define DAMON_MOVES (2 * NODE_MAX)

struct damon_plan {
	const char *output; /* where to it is written, not started; NULL */
	bool yaml; /* of dump */
	const char *file; /* damo's; "-": standard input; NULL: none */
	struct damon_move moves[DAMON_MOVES];
	int nr_moves;
	bool found; /* the nodes: they were asked for, and are there */
	bool global; /* -g: no memcg filter */
	const char *cgroup; /* of the memcg filter; NULL: "hmsdk" */
	uint64_t region_max; /* -s: larger regions are split; 0: none is */
	bool regions; /* of status: list them anew, however long it takes */
};

/*
 * One kdamond for each source node (more with region_max), over its "System
 * RAM", with a scheme for each of its moves. NULL with the message: DEST = SRC,
 * a SRC demoted or promoted twice, a node without regions.
 */
struct damon_config *damon_generate(enum damon_style style,
				    const struct damon_plan *plan);
void damon_free(struct damon_config *config);

/*
 * Can this kernel's DAMON do that, as far as it can be known without a write?
 * lacks() when there is no DAMON (CONFIG_DAMON_SYSFS), when a target node is
 * not there, or when it needs a newer kernel.
 */
int damon_check(const struct damon_config *config);
/*
 * Moves DAMON_STAT out of the way, stages, writes "on", checks that the
 * kdamonds live. What was staged before is logged with undo.h first, unless
 * the log has such already. After a failure nothing runs and nothing is
 * staged: to put back what was is for the caller, by the log. With sysfs.c's
 * dry run the writes are shown only, after damon_check(). -EBUSY when DAMON is
 * in use by another.
 */
int damon_start(const struct damon_config *config);
/*
 * The same, and ready(arg) is called between the staging and "on"; when it
 * fails, so does the start.
 */
int damon_start_when(const struct damon_config *config, int (*ready)(void *arg),
		     void *arg);
/*
 * Logs what is staged, with undo.h, and that all kdamonds are turned off: for
 * another program that will start DAMON. -EBUSY as damon_start().
 */
int damon_remember(void);
/*
 * Tells the running kdamonds what was changed in sysfs since, and that they
 * live after it: Linux 6.12 says yes to everything, and ends what it cannot
 * do. Waits for an aggregation interval.
 */
int damon_commit(void);
/* Off, all of them; leaves the directories for their statistics. */
int damon_stop(void);
/*
 * The shortest sampling interval, microseconds; 0: no DAMON scheme. Where the
 * kernel tunes the intervals, the shortest that it may come to.
 */
uint64_t damon_sample_us(const struct damon_config *config);
/* Does the kernel tune the intervals ("intervals_goal")? */
bool damon_is_tuned(const struct damon_config *config);
/*
 * Makes the kernel keep the files of the intervals as it tunes them, each
 * second. Linux 6.17; false: an older one does so only when it is asked.
 */
bool damon_follow(void);
/* By the files, of the kdamonds that run; 0: none does. */
uint64_t damon_sample_now_us(void);
/*
 * Asks for the intervals as they are, which takes up to one of them, and reads
 * all. NULL with the message.
 */
struct damon_config *damon_read_tuned(void);

/* What the schemes of all kdamonds did since they were started, bytes. */
struct damon_moved {
	bool any; /* there is a migrate_hot or migrate_cold scheme */
	bool stale; /* the kernel was not asked, or not for all: of before */
	uint64_t hot_tried, hot_applied, cold_tried, cold_applied;
	uint64_t quota_exceeds;
};
/*
 * Asks the kernel for present statistics, for so long (Linux 6.12 takes 0.1 s
 * a kdamond). False: not of all kdamonds, the rest is of an earlier time.
 */
bool damon_refresh(uint64_t ns);
/* refresh: as damon_refresh(), of all. */
int damon_moved(struct damon_moved *moved, bool refresh);

/* What is in sysfs now; NULL with the message. */
struct damon_config *damon_read(void);
/* 1, 0; or -errno: it cannot be seen (-EACCES), or is absent (-ENOENT). */
int damon_is_running(void);
/* Has DAMON_STAT it, which is the kernel's own user of it? */
bool damon_stat_has_it(void);

#endif
