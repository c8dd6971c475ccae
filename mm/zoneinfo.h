/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zoneinfo.h - /proc/zoneinfo, read zone by zone. mm/zone.h has what it means
 * for the nodes.
 */
#ifndef TIER_MM_ZONEINFO_H
#define TIER_MM_ZONEINFO_H

#include <stdbool.h>
#include <stdint.h>

#define ZONEINFO_NOT_SHOWN UINT64_MAX

/* One zone; pages, as the kernel that wrote it counts them. */
struct zoneinfo {
	int node;
	bool movable; /* for what can be moved: not for the kernel, nor pipes */
	uint64_t free, present, managed;
	uint64_t min, low, high, promo; /* watermarks; promo may be not shown */
	uint64_t keep; /* for allocations that can use no other zone */
	uint64_t unreclaimable; /* no pages: not 0 if kswapd has given up */
};

typedef void zoneinfo_fn(void *arg, const struct zoneinfo *z);
/* Calls fn for each zone, in the file's order. 0 or -errno with the message. */
int zoneinfo_read(zoneinfo_fn *fn, void *arg);

#endif
