/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.h - what surrounds any workload: the policy that is in force while
 * it runs, and the counts before and after.
 *
 * The order of calls: session_prepare, session_set, then session_take at each
 * of the points, with session_start_damon before and session_stop_damon after
 * the timed part (which start and stop the policy's daemon, too); session_show, session_free. Who restores is the supervisor.
 */
#ifndef TIER_TIERING_SESSION_H
#define TIER_TIERING_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "damon/damon.h"
#include "mm/headroom.h"
#include "mm/pcp.h"
#include "tiering/migration.h"
#include "tiering/oracle.h"
#include "tiering/policy.h"
#include "vmstat.h"

/* The moments between which a report counts. */
enum session_point { BEGIN, TIMED, TIMED_END, END, NR_POINTS };

struct session {
	const struct policy_plan *plan;
	struct policy *policy; /* NULL: the machine as it is */
	double sample_s; /* DAMON's sampling interval now; 0: without DAMON */
	double sample_first_s; /* when it was started */
	bool tuned; /* the kernel changes it while it runs */
	bool followed; /* and says so: session_follow() */
	uint64_t follow_ns; /* when that is due */
	struct damon_config
		*looks; /* DAMON's configuration at the end; or NULL */
	bool once; /* no pass follows the first */
	bool guest; /* DAMON was running already: it is left alone */
	bool daemons; /* DAMON that the policy's daemon has started */
	struct headroom room; /* session_hold_room() */
	struct pcp pcp; /* and this */
	bool logged; /* the latter, in a log of its own */
	const char *group; /* the work's own cgroup, by the caller; or NULL */
	struct migration_setting setting;
	struct vmstat counters[NR_POINTS];
	struct migration moves[NR_POINTS];
	struct oracle *oracle; /* NULL: the policy is another */
	struct damon_trace *trace; /* NULL: no DAMON, or it cannot be traced */
	struct hint_trace *hints; /* NULL: nobody looks at them, or can */
	bool viewed; /* there is something to judge DAMON by: session_view() */
	struct heatmap_region *seen; /* in DAMON's last round before its end */
	size_t nr_seen;
	bool damon_died; /* by itself, before it was stopped */
	uint64_t cpu_ns; /* what all this took of the CPU */
	double kdamond_s, kswapd_s; /* these threads' in the timed part */
};

/* Finds out what the policy means here; nothing is written. 0 or -errno. */
/* once: no pass follows the first. */
int session_prepare(struct session *s, const struct policy_plan *plan,
		    bool once);
/* --dry-run: every write that the policy would make. */
int session_rehearse(struct session *s);
/*
 * Writes the policy; the calling process, and what it starts, goes into its
 * cgroup. Record "policy".
 */
int session_set(struct session *s);
int session_take(struct session *s, enum session_point point);
/*
 * What session_start_damon() allocates in the kernel, at most about: 0 without a
 * policy, known for good after session_set().
 */
uint64_t session_room_bytes(const struct session *s);
/*
 * To be called before a table is populated that may lie anywhere: as much is
 * held, and, with a policy or where the machine is the run's own (ours), little
 * of what is free lies on CPUs' lists. Let go by session_start_damon(), or by
 * session_release_room().
 */
void session_hold_room(struct session *s, bool ours);
void session_release_room(struct session *s);
int session_start_damon(struct session *s);
int session_stop_damon(struct session *s);
/*
 * To be called often: has DAMON's sampling interval changed? Then sample_s is
 * the new one.
 */
bool session_follow(struct session *s);
/*
 * With each row of a run whose accesses the emulator counts by page: what DAMON
 * and NUMA balancing see, as records. Nothing otherwise.
 */
void session_view(const struct session *s, double t_s);
/*
 * Writes the records "counters" and "moves" with their tables, and
 * "bookkeeping": the CPU time of the functions above, and its share of that of
 * the process and its children. What the kernel's own threads do for them is
 * not in it.
 */
void session_show(const struct session *s);
/* The timed part, for migration.h. It points into s. */
struct migration_span session_timed(const struct session *s);
/* The counts of a pass; the policy stays. */
void session_forget(struct session *s);
void session_free(struct session *s);

#endif
