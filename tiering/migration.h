/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migration.h - who moved what: the pages that were migrated, by mechanism.
 *
 * Two instruments: the kernel's counters (every kernel has them; compaction
 * and system calls have none), and the tracepoint migrate:mm_migrate_pages as
 * a histogram by reason (tracefs, CONFIG_HIST_TRIGGERS), whose sum is
 * pgmigrate_success.
 */
#ifndef TIER_TIERING_MIGRATION_H
#define TIER_TIERING_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"
#include "mm/zone.h"
#include "vmstat.h"

struct textbuf;

#define MIGRATION_REASONS 16
#define MIGRATION_NAME 24

/*
 * Begins to count by tracepoint, in a tracefs instance of its own that is
 * logged with undo.h (after undo_begin()). 0 also when this machine cannot:
 * migration_trace_lack() says why, NULL when it can.
 */
int migration_begin(void);
const char *migration_trace_lack(void);
/*
 * To be called after the last migration_take(): migration_end() begins to
 * remove the instance in a thread, since the kernel waits for several RCU
 * grace periods then, about 0.1 s; migration_wait() waits for it. Without
 * these calls the undo log removes it.
 */
void migration_end(void);
void migration_wait(void);

struct migration_reason {
	char name[MIGRATION_NAME]; /* as the kernel names it: compaction, damon */
	uint64_t succeeded, failed; /* pages */
};

/* All that is known at one moment. */
struct migration {
	bool traced;
	struct migration_reason reasons[MIGRATION_REASONS];
	size_t nr_reasons;
	struct damon_moved damon;
	struct zones zones;
};

/*
 * Reads the zones, then the histogram; read the vmstat right after it, so that
 * both are of one moment. damon: reads DAMON's statistics first (0.1 s a
 * kdamond); without it that member is left as it is. They must be read before
 * DAMON is stopped; what DAMON moves in between only the tracepoint knows. An
 * error is that of DAMON's statistics; all else has been read.
 */
int migration_take(struct migration *m, bool damon);

/* Reads the histogram alone, which takes no lock that allocations need. */
void migration_take_trace(struct migration *m);

/* One span of a run, from a to b. Without moves: counters only. */
struct migration_span {
	const struct vmstat *a, *b;
	const struct migration *migration_a, *migration_b;
};

/*
 * Where the pages went: rows that exclude each other and, with the rest, add
 * up to pgmigrate_success.
 */
enum migration_row {
	MIGRATION_PROMOTED, /* by NUMA balancing, to a higher tier */
	MIGRATION_NUMA_OTHER, /* by NUMA balancing, within a tier, or in mode 1 */
	MIGRATION_KSWAPD, /* demoted by */
	MIGRATION_DIRECT,
	MIGRATION_KHUGEPAGED,
	MIGRATION_PROACTIVE,
	MIGRATION_DEMOTED_MORE, /* traced as demotion, in none of these four */
	MIGRATION_HOT, /* by DAMON's schemes, from their statistics */
	MIGRATION_COLD,
	MIGRATION_DAMON_MORE, /* traced as DAMON's, not in the statistics */
	MIGRATION_COMPACTION,
	MIGRATION_SYSCALLS, /* move_pages, migrate_pages, mbind; cpusets */
	MIGRATION_OTHERS, /* memory that goes offline, long-term pins, ... */
	MIGRATION_REST,
	NR_MOVES_ROWS
};

/* Not known: there is no such counter, and no trace. pages is 0 then. */
struct migration_sum {
	bool known;
	int64_t pages;
};

struct migration_sums {
	bool traced;
	struct migration_sum row[NR_MOVES_ROWS], migrated, failed;
	uint64_t hot_tried, cold_tried; /* bytes */
};

void migration_add_up(struct migration_sums *sums,
		      const struct migration_span *s);
/* Is the rest at most 1 % or 64 pages? */
bool migration_adds_up(const struct migration_sums *sums);
/* A counter's difference, and the trace's of one reason (0: had none). */
struct migration_sum migration_counter(const struct migration_span *s,
				       const char *name);
bool migration_is_traced(const struct migration_span *s);
struct migration_reason migration_by_reason(const struct migration_span *s,
					    const char *name);

/* Which mechanisms were on, so that a zero can be explained. */
struct migration_setting {
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
int migration_setting(struct migration_setting *s);

/*
 * The table for people and the "moves" record: timed and whole span side by
 * side; a line for each zero that has a cause; regime and stalls.
 */
void migration_show(const struct migration_span *timed,
		    const struct migration_span *whole,
		    const struct migration_setting *s);

/*
 * In one sentence, how many pages were moved and by whom; *b is a textbuf that
 * it is added to.
 */
void migration_sentence(struct textbuf *b, const struct migration_sums *sums);
/* The i-th reason to doubt what it says; NULL: there is none left. */
const char *migration_doubt(const struct migration_span *s,
			    const struct migration_sums *sums, int i);

#endif
