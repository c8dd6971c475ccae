/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmstat_rows.h - the rows of tier vmstat.
 */
#ifndef TIER_CMD_VMSTAT_ROWS_H
#define TIER_CMD_VMSTAT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/text.h"
#include "vmstat.h"

/* In no row of a report; newer kernels have them. */
#define VMSTAT_ROWS_NRL "pgpromote_candidate_nrl"
#define VMSTAT_ROWS_PROACTIVE "pgdemote_proactive"

/*
 * The two lines of heads above the counters of s, and the line, or with more
 * than two nodes the lines, of what was counted between two readings; before
 * NULL: since boot, and seconds says nothing. Added to *t, each line ended.
 */
void vmstat_rows_head(struct textbuf *t, const struct vmstat *s);
void vmstat_rows_add(struct textbuf *t, const struct vmstat *before,
		     const struct vmstat *now, double seconds);

/* Is there a line for each node, and a column that says which? */
bool vmstat_rows_are_tall(const struct vmstat *s);

#define VMSTAT_ROWS_TEXT 24
/*
 * A count in width characters, four at least, cut off and not rounded: 9999,
 * 10k, 1.2M. Returns buf.
 */
const char *vmstat_rows_count(char buf[static VMSTAT_ROWS_TEXT], int64_t n,
			      int width);

#endif
