/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zone.h - how full the nodes are, as the kernel's own decisions see it:
 * /proc/zoneinfo against the promotion watermark.
 */
#ifndef TIER_MM_ZONE_H
#define TIER_MM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/node.h"

struct zone_node {
	int node;
	uint64_t free, present; /* bytes, of all its zones */
	/*
	 * Free memory above the promotion watermark (and above what the zone
	 * keeps for allocations that could go to none other), in the zone
	 * that has most of it; negative: below.
	 */
	int64_t above;
	/*
	 * What user memory can take while kswapd sleeps: free above the high
	 * watermark and what a zone keeps, in all zones that have such.
	 */
	uint64_t spare;
	/* With more than that the kernel promotes every page that faults. */
	uint64_t enough;
	bool unreclaimable; /* kswapd has given up on the node */
};

struct zones {
	struct zone_node nodes[NODE_MAX];
	int nr_nodes; /* with memory; 0: not known */
};

/* One look at /proc/zoneinfo: 0 or -errno. Cheap enough for every second. */
int zone_take(struct zones *zones);
/* NULL: not there. */
const struct zone_node *zone_of(const struct zones *zones, int node);
/* Is promotion to the node unconditional: no hot threshold, no rate limit? */
bool zone_is_roomy(const struct zone_node *n);

#endif
