/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - "tier vmstat": the kernel's tiering counters, a row an interval.
 */
#ifndef TIER_WATCH_H
#define TIER_WATCH_H

#include "plan.h"
#include "vmstat.h"

/*
 * The work of "tier vmstat": rows until the plan's count, or until SIGINT,
 * SIGTERM or SIGHUP, which is no failure. 0 or -errno.
 */
int watch_run(const struct plan *plan);

/*
 * The two lines of heads above the counters of s, and the line, or with more
 * than two nodes the lines, of what was counted between two readings; before
 * NULL: since boot, and seconds says nothing. Added to *t, each line ended.
 */
void watch_head(struct textbuf *t, const struct vmstat *s);
void watch_row(struct textbuf *t, const struct vmstat *before,
	       const struct vmstat *now, double seconds);

#define WATCH_TEXT 24
/*
 * A count in width characters, four at least, cut off and not rounded: 9999,
 * 10k, 1.2M. Returns buf.
 */
const char *watch_count(char buf[static WATCH_TEXT], int64_t n, int width);

#endif
