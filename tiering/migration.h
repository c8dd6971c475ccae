/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * moves.h - who moved what: the pages that were migrated, by mechanism.
 *
 * Two instruments: the kernel's counters (every kernel has them; compaction
 * and system calls have none), and the tracepoint migrate:mm_migrate_pages as
 * a histogram by reason (tracefs, CONFIG_HIST_TRIGGERS), whose sum is
 * pgmigrate_success.
 */
#ifndef TIER_MOVES_H
#define TIER_MOVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon.h"
#include "vmstat.h"
#include "zone.h"

#define MOVES_REASONS 16
#define MOVES_NAME 24

/*
 * Begins to count by tracepoint, in a tracefs instance of its own that is
 * logged with undo.h (after undo_begin()). 0 also when this machine cannot:
 * moves_trace_lack() says why, NULL when it can.
 */
int moves_begin(void);
const char *moves_trace_lack(void);
/*
 * After the last moves_take(): removes the instance meanwhile, for the kernel
 * waits several grace periods of RCU then, a tenth of a second; and waits for
 * that. Without them taking back does it.
 */
void moves_end(void);
void moves_wait(void);

struct moves_reason {
	char name[MOVES_NAME]; /* as the kernel names it: compaction, damon */
	uint64_t succeeded, failed; /* pages */
};

/* All that is known at one moment. */
struct moves {
	bool traced;
	struct moves_reason reasons[MOVES_REASONS];
	size_t nr_reasons;
	struct damon_moved damon;
	struct zones zones;
};

/*
 * The zones, then the histogram: take the vmstat next to it, so that they are
 * of one moment. With damon its statistics, first (0.1 s a kdamond), without
 * it the damon member is left as it is: the statistics have to be read before
 * DAMON is stopped, for they stand still then. What it moves between the two
 * only the tracepoint knows. An error is DAMON's; the rest is there.
 */
int moves_take(struct moves *m, bool damon);

/* The histogram alone: it takes no lock that allocations want. */
void moves_take_trace(struct moves *m);

/* One span of a run, from a to b. Without moves: counters only. */
struct moves_span {
	const struct vmstat *a, *b;
	const struct moves *moves_a, *moves_b;
};

/*
 * Where the pages went: rows that exclude each other and, with the rest, add
 * up to pgmigrate_success.
 */
enum moves_row {
	MOVES_PROMOTED, /* by NUMA balancing, to a higher tier */
	MOVES_NUMA_OTHER, /* by NUMA balancing, within a tier, or in mode 1 */
	MOVES_KSWAPD, /* demoted by */
	MOVES_DIRECT,
	MOVES_KHUGEPAGED,
	MOVES_PROACTIVE,
	MOVES_DEMOTED_MORE, /* traced as demotion, in none of these four */
	MOVES_HOT, /* by DAMON's schemes, from their statistics */
	MOVES_COLD,
	MOVES_DAMON_MORE, /* traced as DAMON's, not in the statistics */
	MOVES_COMPACTION,
	MOVES_SYSCALLS, /* move_pages, migrate_pages, mbind; cpusets */
	MOVES_OTHERS, /* memory that goes offline, long-term pins, ... */
	MOVES_REST,
	NR_MOVES_ROWS
};

/* Not known: there is no such counter, and no trace. pages is 0 then. */
struct moves_sum {
	bool known;
	int64_t pages;
};

struct moves_sums {
	bool traced;
	struct moves_sum row[NR_MOVES_ROWS], migrated, failed;
	uint64_t hot_tried, cold_tried; /* bytes */
};

void moves_add_up(struct moves_sums *sums, const struct moves_span *s);
/* Is the rest at most 1 % or 64 pages? */
bool moves_adds_up(const struct moves_sums *sums);
/* A counter's difference, and the trace's of one reason (0: had none). */
struct moves_sum moves_counter(const struct moves_span *s, const char *name);
bool moves_is_traced(const struct moves_span *s);
struct moves_reason moves_by_reason(const struct moves_span *s,
				    const char *name);

/* Which mechanisms were on, so that a zero can be explained. */
struct moves_setting {
	int numa_balancing; /* the mode's bits; -1: absent */
	int demotion; /* 0, 1; -1: absent */
	bool lower_tier; /* is there a tier below the near node's? */
	int near; /* the near node */
	int nr_nodes; /* with memory */
	/* The caller's: */
	bool damon; /* schemes were running */
	bool bound; /* the table is bound: --bind */
};
/* Reads all but the caller's members, as they are now: before undoing. */
int moves_setting(struct moves_setting *s);

/*
 * The table for people and the "moves" record: timed and whole span side by
 * side; a line for each zero that has a cause; regime and stalls.
 */
void moves_show(const struct moves_span *timed, const struct moves_span *whole,
		const struct moves_setting *s);

#endif
