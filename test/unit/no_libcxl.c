// SPDX-License-Identifier: GPL-2.0-only
/*
 * no_libcxl.c - stands in for cxl/region.c and cxl/region_choose.c, which need
 * libcxl: the tables of verbs point at what calls them. No unit test may make a
 * region; the guests' tests use the real one.
 */
#include <errno.h>
#include <stdlib.h>

#include "cxl/region.h"

int region_create(const struct region_spec *spec, struct region *region)
{
	(void)spec;
	(void)region;
	abort();
}

int region_destroy(const char *name, uint64_t timeout_ns, bool check, bool yes)
{
	(void)name;
	(void)timeout_ns;
	(void)check;
	(void)yes;
	abort();
}

/* What the real one answers to whoever looks at a tree. */
int region_could_create(const char *memdev)
{
	(void)memdev;
	return -EINVAL;
}
