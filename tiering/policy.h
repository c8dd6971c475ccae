/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - a policy on this machine: tunables, DAMON, a cgroup, a daemon.
 */
#ifndef TIER_TIERING_POLICY_H
#define TIER_TIERING_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tiering/tunables.h"

#define POLICY_MAX_SETS 32

/* A policy by its name, or its file's, and changes to it: "KEY=VALUE" each. */
struct policy_plan {
	const char *name; /* NULL: none; see policy_file.h */
	const char *sets[POLICY_MAX_SETS];
	int nr_sets;
};

struct policy; /* with its changes, resolved for this machine */

/*
 * Is the policy known, or its file without a mistake, and every KEY=VALUE in its
 * range? Nothing is asked of the machine. 0, or -EINVAL with misuse().
 */
int policy_check(const struct policy_plan *plan);

/*
 * Finds out what the policy means on this machine: which nodes are near and
 * far, which tunables there are. join: the calling process will go into its
 * cgroup, which is then one under the limits that hold now. NULL on failure,
 * with the message: lacks() names what the kernel does not have.
 */
struct policy *policy_new(const struct policy_plan *plan, bool join);
void policy_free(struct policy *p);

/*
 * Is there on this machine what the policy needs, as far as it can be known
 * before anything is mounted, written or taken back? 0, or lacks().
 */
int policy_check_here(struct policy *p);

/*
 * Writes the tunables, each read back; makes the cgroup with its limits.
 * undo_begin() comes before. The calling process goes into the cgroup, if it
 * shall join, before it allocates what is to be moved, and before it has
 * threads.
 */
int policy_apply(struct policy *p);
/*
 * Starts DAMON, where the policy uses it, and its daemon. group: the work's
 * cgroup where it has one of its own; NULL: the policy's, if that has one.
 */
int policy_start(struct policy *p, const char *group);
/* Stops the daemon; -errno when it had failed. DAMON is the caller's. */
int policy_stop(struct policy *p);

/* Does it have a daemon? Then DAMON may run that it started. */
bool policy_has_daemon(const struct policy *p);
/* Does it use DAMON? Its sampling interval in microseconds, else 0. */
uint64_t policy_sample_us(const struct policy *p);
bool policy_is_tuned(const struct policy *p); /* by the kernel */
/* The table's pages are to be interleaved by weight over all nodes. */
bool policy_is_weighted(const struct policy *p);

/* Its placement follows the emulator's counts: the caller's, by oracle.h. */
bool policy_is_oracle(const struct policy *p);

/* What it makes of a tunable; NULL: it leaves that as it is. */
const char *policy_wants(const struct policy *p, const struct tunable *t,
			 int node);

/* Record "policy": what was set, in how long; sample_s is DAMON's, or 0. */
void policy_record(const struct policy_plan *plan, double seconds,
		   double sample_s);
/* The policy's cgroup, as cgroup_make() has it; NULL: none. */
const char *policy_group(const struct policy *p);

#endif
