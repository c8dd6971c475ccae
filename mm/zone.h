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

#include "mm/node_max.h"

/* A node, as the sum of its zones; all sizes are bytes. */
struct zone_node {
	int node;
	uint64_t free, present;
	/* Of all its zones, also of empty ones: the kernel gives these some. */
	uint64_t managed, high, promo; /* the last two are watermarks */
	uint64_t unmovable; /* of what is managed: not in ZONE_MOVABLE */
	/*
	 * Free memory above the promotion watermark and above what the zone
	 * keeps for allocations that can use no other zone, in the zone that
	 * has most of it; negative: it is below.
	 */
	int64_t above;
	/*
	 * What user memory can take while kswapd sleeps: what is free above
	 * the high watermark and above what the zone keeps, of all zones.
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

/*
 * Reads /proc/zoneinfo once: 0 or -errno with the message, and no nodes. Cheap
 * enough for every second; an emulator takes 10 ms for it.
 */
int zone_take(struct zones *zones);
/* NULL: the node is not there, or has no memory. */
const struct zone_node *zone_of(const struct zones *zones, int node);
/* The same of one node: 0 or -errno with the message. */
int zone_read(struct zone_node *n, int node);
/* Is promotion to the node unconditional: no hot threshold, no rate limit? */
bool zone_is_roomy(const struct zone_node *n);

#endif
