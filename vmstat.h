/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmstat.h - the kernel's counters, whole system and a node each: snapshots
 * and their differences. Read by name; absent is not zero.
 */
#ifndef TIER_VMSTAT_H
#define TIER_VMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/node.h"

/* In place of a node: the whole system (/proc/vmstat). */
#define VMSTAT_TOTAL (-1)

struct vmstat_entry {
	const char *name;
	uint64_t value;
};

struct vmstat_file {
	int node; /* or VMSTAT_TOTAL */
	char *text; /* holds the names */
	struct vmstat_entry *entries; /* sorted by name */
	size_t count;
};

struct vmstat {
	bool folded; /* per-CPU deltas were folded in first */
	struct vmstat_file files[1 + NODE_MAX];
	size_t nr_files;
};

/* Folds the per-CPU deltas into the counters; false: not root, or no SMP. */
bool vmstat_fold(void);
/*
 * Folds, then reads /proc/vmstat and every nodeN/vmstat. 0 or -errno with the
 * message; *s is for vmstat_free() in any case.
 */
int vmstat_take(struct vmstat *s);
/*
 * Without folding: what a CPU has counted since the last second (and 125
 * pages a counter at most) may be missing, of pgpromote_*, pgdemote_* and
 * nr_free_pages; it is in the next reading. See vmstat.c.
 */
int vmstat_read(struct vmstat *s);
void vmstat_free(struct vmstat *s);

/* Is there such a counter? node is a number or VMSTAT_TOTAL. */
bool vmstat_get(const struct vmstat *s, int node, const char *name,
		uint64_t *value);
/*
 * after - before, when both have it. Counters may go back at a hotplug.
 * before may be NULL: since boot.
 */
bool vmstat_delta(const struct vmstat *before, const struct vmstat *after,
		  int node, const char *name, int64_t *delta);

/* The rows of a report, in the order that is customary; NULL ends them. */
struct vmstat_row {
	const char *name;
	bool per_node; /* does nodeN/vmstat have it, too? */
};
extern const struct vmstat_row vmstat_rows[];

#endif
