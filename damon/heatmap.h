/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heat.h - what DAMON sees, for people: regions with their access rates, and
 * a map of the nodes' memory.
 */
#ifndef TIER_HEAT_H
#define TIER_HEAT_H

#include <stddef.h>
#include <stdint.h>

#define HEAT_NO_SCHEME SIZE_MAX

struct heat_region {
	uint64_t start, end; /* physical, [start, end) */
	uint64_t accesses, accesses_max; /* samples of an aggregation */
	double age_s;
	size_t kdamond;
	size_t scheme; /* HEAT_NO_SCHEME: of all that DAMON watches */
};

/* Records of all, as they are sorted. */
void heat_records(const struct heat_region *regions, size_t n);
/* Records of all, text of the hottest. Sorts them. */
void heat_regions(struct heat_region *regions, size_t n);
/* A line a node, a digit for an equal part of its memory. */
void heat_map(const struct heat_region *regions, size_t n);

#endif
