/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_tables.h - what the page tables of this process take.
 */
#ifndef TIER_TEST_PAGE_TABLES_H
#define TIER_TEST_PAGE_TABLES_H

#include <stdio.h>

/* In KiB; -1: the kernel does not say. */
static inline long page_tables(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmPTE: %ld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

#endif
