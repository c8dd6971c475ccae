/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iomem.h - where the memory of a node is in physical memory.
 */
#ifndef TIER_MM_IOMEM_H
#define TIER_MM_IOMEM_H

#include <stddef.h>
#include <stdint.h>

struct iomem_range {
	uint64_t start, end; /* [start, end) */
};

/*
 * The "System RAM" of /proc/iomem that lies in online memory blocks of the
 * node, ascending and apart; *ranges to be freed. Returns how many, or -errno
 * with the message: without root /proc/iomem shows no addresses.
 */
int iomem_of_node(struct iomem_range **ranges, int node);
/*
 * Is there a line of that name in /proc/iomem, and (if inside is not NULL) in
 * one whose name begins so? 1, 0, or -errno with the message. The names are
 * for everybody, the addresses are not.
 */
int iomem_has(const char *name, const char *inside);

#endif
