/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * damon_trace.h - what the kdamonds found in their last round: their
 * tracepoint, damon:damon_aggregated.
 *
 * To list a scheme's regions in sysfs takes the kernel up to two rounds, which
 * are 20 s of HMSDK's; the tracepoint has them at once, and all of them, not
 * only those that a scheme tried.
 *
 * Source: include/trace/events/damon.h, perf_event_open(2).
 */
#ifndef TIER_DAMON_DAMON_TRACE_H
#define TIER_DAMON_DAMON_TRACE_H

#include <stddef.h>

struct heatmap_region;
struct damon_trace;

/*
 * From now on the rounds of the kdamonds that run, over physical memory, are
 * kept, the newest; nothing of it outlives the process. NULL, without a
 * message, where the kernel has no tracepoints or does not let us.
 */
struct damon_trace *damon_trace_open(void);
/* The regions of each kdamond's last whole round, to be freed; it goes on. */
size_t damon_trace_look(struct damon_trace *t, struct heatmap_region **regions);
/* Stops it; the regions of each kdamond's last whole round, to be freed. */
size_t damon_trace_read(struct damon_trace *t, struct heatmap_region **regions);
void damon_trace_close(struct damon_trace *t);

#endif
