/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - the tunables of memory tiering as one table, and presets of
 * them, with DAMON where they use it.
 */
#ifndef TIER_POLICY_H
#define TIER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon.h"
#include "plan.h"

struct policy; /* a preset with its changes, resolved for this machine */

/*
 * Is the policy known, and every KEY=VALUE in its range? Nothing is asked of
 * the machine. 0, or -EINVAL with misuse().
 */
int policy_check(const struct policy_plan *plan);

/*
 * Finds out what the preset means on this machine: which nodes are near and
 * far, which tunables there are. NULL on failure, with the message: lacks()
 * names what the kernel does not have.
 */
struct policy *policy_new(const struct policy_plan *plan);
void policy_free(struct policy *p);

/*
 * Writes the tunables, each read back; makes the cgroup. undo_begin() comes
 * before. join: the calling process goes into the cgroup, before it allocates
 * what shall be moved.
 */
int policy_apply(struct policy *p, bool join);
/* Starts DAMON, where the policy uses it. */
int policy_start(struct policy *p);

/* Does it use DAMON? Its sampling interval in microseconds, else 0. */
uint64_t policy_sample_us(const struct policy *p);
/* The table's pages are to be interleaved by weight over all nodes. */
bool policy_is_weighted(const struct policy *p);

/* Record "policy": what was set, in how long; sample_s is DAMON's, or 0. */
void policy_record(const struct policy_plan *plan, double seconds,
		   double sample_s);
/* The cgroup that policy_apply() joins; NULL: none. */
const char *policy_group(const struct policy *p);

/* Mounts cgroup2, enables its memory controller, makes the group. */
int policy_cgroup(const char *name);

/*
 * Puts back what a log holds, and says so; nothing when it is empty. 0, or the
 * first failure.
 */
int policy_restore(const char *log);

/* Every tunable as it is now: a record and a row of text each. */
void policy_show_now(void);
/* All in one record, "tunables"; null is what cannot be read. */
void policy_record_now(void);

/* The verbs. */
int policy_do_list(const struct plan *plan);
int policy_do_show(const struct plan *plan);
int policy_do_apply(const struct plan *plan);
int policy_do_restore(const struct plan *plan);

#endif
