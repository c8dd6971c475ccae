/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counters.h - what the kernel's counters did between two readings.
 */
#ifndef TIER_TIERING_COUNTERS_H
#define TIER_TIERING_COUNTERS_H

struct vmstat;

/*
 * Record "counters", for the whole run and the timed part of it; text: the
 * table. The snapshots are in the order they were taken.
 */
void counters_show(const struct vmstat *begin, const struct vmstat *timed,
		   const struct vmstat *timed_end, const struct vmstat *end);
/*
 * A member of a record: what was counted from a to b, of all that vmstat_rows[]
 * names, in total and a node each; absent is null. a NULL: since boot.
 */
void counters_record_span(const char *span, const struct vmstat *a,
			  const struct vmstat *b);

#endif
