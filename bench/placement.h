/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * placement.h - where the pages are that the updates go to: samples of the
 * table, weighed with what the benchmark itself knows of its pattern.
 *
 * Two samples. The fresh one is drawn anew each time, from the hot and the
 * cold pages apart (strata), as the updates are drawn; from it comes the near
 * share, the part of the updates that nodes of the top tier serve. The panel
 * is drawn once and looked at each time: what moved, and whether it was hot
 * then. A stratum with few pages is looked at as a whole.
 */
#ifndef TIER_BENCH_PLACEMENT_H
#define TIER_BENCH_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/pattern.h"
#include "bench/table.h"

/*
 * Pages a stratum and sample at an interval of a second: the standard error is
 * at most 2.2 %, and 2048 questions take 5 to 9 ms when emulated.
 */
#define PLACEMENT_SAMPLE 512

struct placement;

/* One stratum. */
struct placement_part {
	bool any; /* there is such a stratum */
	uint64_t sampled; /* pages whose node was told */
	uint64_t lost; /* in transit, or on no node: left out */
	uint64_t node[NODE_MAX];
	double near; /* part of sampled; NAN when that is 0 */
	double weight; /* its part of the updates */
};

struct placement_row {
	struct placement_part hot, cold;
	double near_share; /* of the updates, NAN: not known */
	double error; /* its standard error */
	double node_share[NODE_MAX]; /* of the updates, by node */
};

/* Of the panel, scaled up to the table. */
struct placement_moved {
	uint64_t panel, promoted, demoted, both_ways; /* pages seen, raw */
	double pages_promoted, hot_promoted, pages_demoted; /* scaled up */
	double precision; /* hot_promoted / pages_promoted; NAN: none */
	/*
	 * Of the whole table, as last told; NAN: of no page. (The fresh sample
	 * cannot tell it: of Zipf's pages it takes the popular ones oftener.)
	 */
	double pages_near;
};

/*
 * p NULL: uniform, over all pages. near[n]: is node n of the top tier?
 * sample: pages a stratum, see PLACEMENT_SAMPLE. Pattern and table stay the
 * caller's, and are pointed to.
 */
struct placement *placement_new(const struct pattern *p, const struct table *t,
				const bool near[NODE_MAX], size_t sample,
				uint64_t seed);
void placement_free(struct placement *t);
/* One look, in the epoch that holds. 0 or -errno with the message. */
int placement_look(struct placement *t, const struct pattern_epoch *e,
		   struct placement_row *row);
/* From now on an eighth of the fresh sample; or all of it again. */
void placement_thin(struct placement *t, bool thin);
/* What the panel tells so far. */
void placement_moved(const struct placement *t, struct placement_moved *m);

#endif
