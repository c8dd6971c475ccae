// SPDX-License-Identifier: GPL-2.0-only
/*
 * page.c - how large a page is: of this kernel, or of the tree's.
 */
#include <unistd.h>

#include "lib/base.h"
#include "mm/meminfo.h"
#include "mm/page.h"
#include "mm/zoneinfo.h"
#include "sysfs.h"

/* The first node of which the kernel has pages, and how many. */
struct managed {
	int node;
	uint64_t pages;
};

static void add_zone(void *arg, const struct zoneinfo *z)
{
	struct managed *m = arg;

	if (m->pages && z->node != m->node)
		return;
	m->node = z->node;
	m->pages += z->managed;
}

uint64_t page_size(void)
{
	struct managed m = { 0 };
	uint64_t pages, bytes;

	if (!sysfs_is_rerooted())
		return (uint64_t)sysconf(_SC_PAGESIZE);
	/* A tree does not say it, but both what it has and how many. */
	zoneinfo_read(add_zone, &m);
	pages = m.pages;
	bytes = pages ? meminfo_node(m.node, "MemTotal") : 0;
	for (uint64_t size = PAGE_BYTES; size <= 64 * KIB; size *= 2)
		if (bytes > pages * (size - size / 4) &&
		    bytes < pages * (size + size / 4))
			return size;
	return PAGE_BYTES;
}
