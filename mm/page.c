// SPDX-License-Identifier: GPL-2.0-only
/*
 * page.c - how large a page is: of this kernel, or of the tree's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "mm/meminfo.h"
#include "mm/page.h"
#include "sysfs.h"

/* Pages that the kernel has of the first node that has some. */
static uint64_t managed_pages(int *node)
{
	char *text = sysfs_slurp("/proc/zoneinfo"), *rest = text, *line;
	uint64_t sum = 0, pages;
	int at;

	while (text && (line = strtok_r(rest, "\n", &rest))) {
		if (sscanf(line, "Node %d, zone", &at) == 1) {
			if (sum && at != *node)
				break;
			*node = at;
		} else if (sscanf(line, " managed %" SCNu64, &pages) == 1) {
			sum += pages;
		}
	}
	free(text);
	return sum;
}

uint64_t page_size(void)
{
	uint64_t pages, bytes;
	int node = -1;

	if (!sysfs_is_rerooted())
		return (uint64_t)sysconf(_SC_PAGESIZE);
	/* A tree does not say it, but both what it has and how many. */
	pages = managed_pages(&node);
	bytes = pages ? meminfo_node(node, "MemTotal") : 0;
	for (uint64_t size = PAGE_BYTES; size <= 64 * KIB; size *= 2)
		if (bytes > pages * (size - size / 4) &&
		    bytes < pages * (size + size / 4))
			return size;
	return PAGE_BYTES;
}
