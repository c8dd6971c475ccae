/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gups_timeline.h - a row each second while the updates run: the rate, where the
 * pages are, what moved and by which mechanism, what is free; and what it
 * comes to in the end.
 */
#ifndef TIER_CMD_GUPS_TIMELINE_H
#define TIER_CMD_GUPS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/hog.h"
#include "cmd/plan.h"
#include "gups.h"
#include "lib/stats.h"
#include "mm/node.h"
#include "tiering/session.h"

struct gups_timeline;

struct gups_timeline_setting {
	const struct gups *g;
	const struct pattern *pattern; /* NULL: uniform */
	const struct gups_plan *plan;
	const struct node *nodes;
	int nr_nodes;
	const struct session *session;
	const struct hogs *hogs; /* NULL: none */
	bool events; /* there are some of --at */
	unsigned int threads; /* that update */
	struct modelled_time *modelled; /* NULL: nothing counts */
};

struct gups_timeline *gups_timeline_new(const struct gups_timeline_setting *s);
void gups_timeline_free(struct gups_timeline *t); /* NULL is fine */

/* The row of the beginning, before the first update. 0 or -errno. */
int gups_timeline_begin(struct gups_timeline *t);
/* To be called often: a row when it is due. */
int gups_timeline_tick(struct gups_timeline *t, uint64_t done, double seconds);
/*
 * Something of --at has begun or ended: the next row is marked, and these are the
 * nodes from now on, which are not copied.
 */
void gups_timeline_event(struct gups_timeline *t, const struct node *nodes,
			 int nr_nodes);
/* The last row, of what is left of an interval. */
int gups_timeline_end(struct gups_timeline *t, uint64_t done, double seconds);
/*
 * The part of the updates that the top tier served: at the end by the sample,
 * and in the mean. False: there were none since the first row.
 */
bool gups_timeline_served(const struct gups_timeline *t, struct stats_part *end,
			  double *mean);
/* Record "placement" and its text. cpu_s: of the updates. */
void gups_timeline_show(const struct gups_timeline *t, double cpu_s);

#endif
