/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - a row each second while the updates run: the rate, where the
 * pages are, what moved and by which mechanism, what is free; and what it
 * comes to in the end.
 */
#ifndef TIER_TIMELINE_H
#define TIER_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "gups.h"
#include "hog.h"
#include "moves.h"
#include "node.h"
#include "plan.h"

struct timeline;

struct timeline_setting {
	const struct gups *g;
	const struct pattern *pattern; /* NULL: uniform */
	const struct gups_plan *plan;
	const struct node *nodes;
	int nr_nodes;
	const struct moves_setting *moves;
	const struct hogs *hogs; /* NULL: none */
	unsigned int threads; /* that update */
	double sample_s; /* DAMON's sampling interval; 0: without DAMON */
};

/* The nodes that are of the top tier, by number. */
void timeline_near(bool near[PLAN_MAX_NODES], const struct node *nodes, int n);

struct timeline *timeline_new(const struct timeline_setting *s);
void timeline_free(struct timeline *t); /* NULL is fine */

/* The row of the beginning, before the first update. 0 or -errno. */
int timeline_begin(struct timeline *t);
/* To be called often: a row when it is due. */
int timeline_tick(struct timeline *t, uint64_t done, double seconds);
/* The last row, of what is left of an interval. */
int timeline_end(struct timeline *t, uint64_t done, double seconds);
/* Record "placement" and its text. cpu_s: of the updates. */
void timeline_show(const struct timeline *t, double cpu_s);

#endif
