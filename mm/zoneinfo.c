// SPDX-License-Identifier: GPL-2.0-only
/*
 * zoneinfo.c - /proc/zoneinfo, read zone by zone.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "mm/zoneinfo.h"
#include "sysfs.h"

/*
 * "high     3" is a watermark, "high:  9" of a CPU's list is not; "present"
 * and "protection" stand between the two.
 */
static void read_line(struct zoneinfo *z, const char *line)
{
	static const struct {
		const char *key;
		size_t at; /* in a struct zoneinfo */
	} fields[] = {
		{ "pages free ", offsetof(struct zoneinfo, free) },
		{ "min ", offsetof(struct zoneinfo, min) },
		{ "low ", offsetof(struct zoneinfo, low) },
		{ "high ", offsetof(struct zoneinfo, high) },
		{ "promo ", offsetof(struct zoneinfo, promo) },
		{ "present ", offsetof(struct zoneinfo, present) },
		{ "managed ", offsetof(struct zoneinfo, managed) },
		{ "protection: ", offsetof(struct zoneinfo, keep) },
		{ "node_unreclaimable:",
		  offsetof(struct zoneinfo, unreclaimable) },
	};
	const char *last = strrchr(line, ',');

	line += strspn(line, " ");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t len = strlen(fields[i].key);

		if (strncmp(line, fields[i].key, len))
			continue;
		/* "(0, 1930, 2899)": the last is for allocations like ours. */
		line = last ? last + 1 : line + len + (line[len] == '(');
		*(uint64_t *)((char *)z + fields[i].at) =
			strtoull(line, NULL, 10);
		return;
	}
}

int zoneinfo_read(zoneinfo_fn *fn, void *arg)
{
	char *text = sysfs_slurp("/proc/zoneinfo"), *rest = text, *line;
	struct zoneinfo z = { .node = -1 }; /* none yet */
	int node;

	if (!text)
		return -errno;
	while ((line = strtok_r(rest, "\n", &rest))) {
		if (sscanf(line, "Node %d, zone", &node) != 1) {
			read_line(&z, line);
			continue;
		}
		if (z.node >= 0)
			fn(arg, &z);
		z = (struct zoneinfo){ .node = node,
				       .movable = strstr(line, "Movable"),
				       .promo = ZONEINFO_NOT_SHOWN };
	}
	if (z.node >= 0)
		fn(arg, &z);
	free(text);
	return 0;
}
