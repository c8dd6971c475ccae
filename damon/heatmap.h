/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heatmap.h - what DAMON sees, for people: regions with their access rates, and
 * a map of the nodes' memory.
 */
#ifndef TIER_DAMON_HEATMAP_H
#define TIER_DAMON_HEATMAP_H

#include <stddef.h>
#include <stdint.h>

#define HEATMAP_NO_SCHEME SIZE_MAX

struct heatmap_region {
	uint64_t start, end; /* physical, [start, end) */
	uint64_t accesses, accesses_max; /* samples of an aggregation */
	double age_s;
	size_t kdamond;
	size_t scheme; /* HEATMAP_NO_SCHEME: of all that DAMON watches */
};

/* Records of all, as they are sorted. */
void heatmap_records(const struct heatmap_region *regions, size_t n);
/* One record of all, where rows are beside it: since their begin. */
void heatmap_view(double t_s, const struct heatmap_region *regions, size_t n);
/* Records of all, text of the hottest. Sorts them. */
void heatmap_regions(struct heatmap_region *regions, size_t n);
/* A line a node, a digit for an equal part of its memory. */
void heatmap_map(const struct heatmap_region *regions, size_t n);

#endif
