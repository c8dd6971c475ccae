/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ranges.h - where the memory of a node is in physical memory.
 */
#ifndef TIER_RANGES_H
#define TIER_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start, end; /* [start, end) */
};

/*
 * The "System RAM" of /proc/iomem that lies in online memory blocks of the
 * node, ascending and apart; *ranges to be freed. Returns how many, or -errno
 * with the message: without root /proc/iomem shows no addresses.
 */
int ranges_of_node(struct range **ranges, int node);
/* The node whose memory is there; -1: none's. */
int ranges_node_at(uint64_t address);

#endif
