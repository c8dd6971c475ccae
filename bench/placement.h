/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * placement.h - where the pages are that the updates go to: samples of the table,
 * weighed with what the benchmark itself knows of its pattern and its threads.
 *
 * Two samples. The fresh one is drawn anew each time, from the hot and the
 * cold pages apart (strata). From it come the parts of the pages that are
 * near, and the near share: the part of the updates that nodes of the top tier
 * serve. For that a page weighs what its thread has made meanwhile: threads
 * whose pages are near are faster. The panel is drawn once and looked at each
 * time: what moved, and whether it was hot then. A stratum with few pages is
 * looked at as a whole.
 */
#ifndef TIER_BENCH_PLACEMENT_H
#define TIER_BENCH_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/pattern.h"
#include "bench/table.h"
#include "lib/stats.h"

/*
 * Pages a stratum and sample at an interval of a second: 95 % of the time a
 * part is within 4.3 % of the truth, or nearer, and 2048 questions take 5 to 9
 * ms when emulated.
 */
#define PLACEMENT_SAMPLE 512
/* When that is too much: 1/2, 1/4, ... of it. */
#define PLACEMENT_MAX_THIN 4

struct placement;

/* One stratum. */
struct placement_part {
	bool any; /* there is such a stratum */
	uint64_t sampled; /* pages whose node was told */
	uint64_t lost; /* in transit, or on no node: left out */
	uint64_t node[NODE_MAX];
	struct stats_part near; /* of its pages; NAN when none was told */
	double weight; /* its part of the updates */
};

struct placement_row {
	struct placement_part hot, cold;
	struct stats_part near; /* the near share, of the updates */
	double node_share[NODE_MAX]; /* of the updates, by node */
	/*
	 * The same since the look before: what that saw and what this one saw,
	 * both weighed with the updates between. NAN at the first look.
	 */
	double since[NODE_MAX], near_since;
};

/* Of the panel. */
struct placement_moved {
	uint64_t panel, promoted, demoted, both_ways; /* pages seen, raw */
	/*
	 * Of the pages of the table that were promoted at all those that were
	 * hot then; NAN: none. Seen of the panel's hot, and cold, pages (as
	 * they were at the beginning): promoted_of[] of panel_of[].
	 */
	struct stats_part precision;
	uint64_t promoted_of[2], panel_of[2];
	/*
	 * Of the whole table, as last told; NAN: of no page. (The fresh sample
	 * cannot tell it: of Zipf's pages it takes the popular ones oftener.)
	 */
	double pages_near;
};

/*
 * p NULL: uniform, over all pages, a slice for each thread. near[n]: is node n
 * of the top tier? sample: pages a stratum, see PLACEMENT_SAMPLE. Pattern and
 * table stay the caller's, and are pointed to.
 */
struct placement *placement_new(const struct pattern *p, const struct table *t,
				unsigned int threads, const bool near[NODE_MAX],
				size_t sample, uint64_t seed);
void placement_free(struct placement *t);
/*
 * One look, at the epoch that holds. made: the updates of each thread since
 * the look before; none of all: they are taken to be equally fast. 0 or
 * -errno.
 */
int placement_look(struct placement *t, const struct pattern_epoch *e,
		   const uint64_t *made, struct placement_row *row);
/* From now on 1 / 2^thin of the samples, of the panel in turn. */
void placement_thin(struct placement *t, unsigned int thin);
/* What the panel tells so far. */
void placement_moved(const struct placement *t, struct placement_moved *m);
/*
 * How far the near share as it was counted is from that of the sample, which
 * saw it so, in standard errors of both; over so many updates. NAN: all pages
 * were looked at, or it is not known.
 */
double placement_sigmas(const struct placement_row *row, double counted,
			uint64_t updates);

#endif
