/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * telling.h - what a policy can tell apart: how often it takes a hot page for
 * what it looks for, and a cold one, given how often these are touched.
 *
 * DAMON samples a page of each region, and counts in how many of the samples
 * of an aggregation it had been touched; a scheme takes regions by that count
 * and by how long it stayed so. Samples are taken to be independent, and the
 * pages of a region to be alike, which is the best case: a region of both kinds
 * is taken as a whole.
 *
 * NUMA balancing takes a page that is touched within a threshold after it was
 * marked. The kernel adapts the threshold, to twice its file's value where the
 * pages that it would promote are fewer than its rate limit allows.
 */
#ifndef TIER_TIERING_TELLING_H
#define TIER_TIERING_TELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

struct telling {
	bool wants_hot; /* it looks for hot pages, else for cold ones */
	bool damon;
	/* DAMON: of so many samples, each so long, this many, so often in turn */
	unsigned int samples, min, max, age;
	double seconds; /* a sample; of NUMA balancing the threshold */
	/* Chances that a page is taken; NUMA balancing: at least, at most */
	double hot[2], cold[2];
};

/*
 * By DAMON's schemes that migrate, of which those that are alike are one; or,
 * with config NULL, by NUMA balancing. hot, cold: touches a second of such
 * pages. Returns how many, max at most.
 */
size_t telling(struct telling *t, size_t max, const struct damon_config *config,
	       double hot, double cold);

/* Member "told" of the open record, and the text. */
#define TELLING_MEMBERS                                                            \
	"told[].looks_for s hot or cold: what it takes pages for\n"                \
	"told[].by s DAMON or NUMA balancing\n"                                    \
	"told[].samples|min|max u:samples of DAMON in an aggregation, and taken\n" \
	"told[].aggregations u:times in turn\n"                                    \
	"told[].interval_s r of a sample; NUMA balancing's threshold\n"            \
	"told[].hot|cold r:part_of_1 of such pages that are taken\n"               \
	"told[].hot_most|cold_most r:part_of_1 where the threshold is doubled\n"
void telling_record(const struct telling *t, size_t n);
void telling_text(const struct telling *t, size_t n);

#endif
