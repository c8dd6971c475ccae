// SPDX-License-Identifier: GPL-2.0-only
/*
 * zone.c - how full the nodes are, as the kernel's own decisions see it.
 *
 * NUMA balancing asks of a node, before it promotes to it, whether any one of
 * its zones has more free than its promotion watermark and 1 GiB (or 1/16 of
 * the node, if that is more): pgdat_free_space_enough(), kernel/sched/fair.c.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/error.h"
#include "mm/page.h"
#include "mm/zone.h"
#include "sysfs.h"

#define ENOUGH GIB
#define ENOUGH_PART 16
#define NOT_SHOWN UINT64_MAX

/* One zone's part of the file, pages. */
struct zone {
	int node; /* -1: no zone yet */
	uint64_t free, min, low, high, promo, present, managed;
	uint64_t keep; /* for allocations that can use no other zone */
	uint64_t unreclaimable;
};

static struct zone_node *find(const struct zones *zones, int node)
{
	for (int i = 0; i < zones->nr_nodes; i++)
		if (zones->nodes[i].node == node)
			return (struct zone_node *)&zones->nodes[i];
	return NULL;
}

/*
 * Drops the last node if none of its zones has memory: the next one begins, or
 * the file ends.
 */
static void drop_empty(struct zones *zones)
{
	if (zones->nr_nodes && !zones->nodes[zones->nr_nodes - 1].present)
		zones->nr_nodes--;
}

static struct zone_node *find_or_add(struct zones *zones, int node)
{
	struct zone_node *n = find(zones, node);

	if (n)
		return n;
	drop_empty(zones);
	if (zones->nr_nodes == NODE_MAX)
		return NULL;
	n = &zones->nodes[zones->nr_nodes++];
	*n = (struct zone_node){ .node = node, .above = INT64_MIN };
	return n;
}

/* Adds a zone to its node: the next one begins, or the file ends. */
static void add_zone(struct zones *zones, const struct zone *z, uint64_t page)
{
	struct zone_node *n = z->node < 0 ? NULL : find_or_add(zones, z->node);
	uint64_t promo = z->promo;
	int64_t above;

	if (!n)
		return;
	/* Some kernels have the watermark, but do not print it. */
	if (promo == NOT_SHOWN)
		promo = z->high + z->low - z->min;
	n->managed += z->managed * page;
	n->high += z->high * page;
	n->promo += promo * page;
	if (!z->present)
		return;
	above = (int64_t)(z->free - promo - z->keep) * (int64_t)page;
	if (above > n->above)
		n->above = above;
	if (z->free > z->high + z->keep)
		n->spare += (z->free - z->high - z->keep) * page;
	n->free += z->free * page;
	n->present += z->present * page;
	n->unreclaimable |= z->unreclaimable > 0;
	n->enough = n->present / ENOUGH_PART;
	if (n->enough < ENOUGH)
		n->enough = ENOUGH;
}

/*
 * "high     3" is a watermark, "high:  9" of a CPU's list is not; "present"
 * and "protection" stand between the two.
 */
static void read_line(struct zone *z, const char *line)
{
	static const struct {
		const char *key;
		size_t at; /* in a struct zone */
	} fields[] = {
		{ "pages free ", offsetof(struct zone, free) },
		{ "min ", offsetof(struct zone, min) },
		{ "low ", offsetof(struct zone, low) },
		{ "high ", offsetof(struct zone, high) },
		{ "promo ", offsetof(struct zone, promo) },
		{ "present ", offsetof(struct zone, present) },
		{ "managed ", offsetof(struct zone, managed) },
		{ "protection: ", offsetof(struct zone, keep) },
		{ "node_unreclaimable:", offsetof(struct zone, unreclaimable) },
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

int zone_take(struct zones *zones)
{
	char *text = sysfs_slurp("/proc/zoneinfo"), *line, *save;
	struct zone z = { .node = -1 };
	uint64_t page = page_size();
	int node;

	zones->nr_nodes = 0;
	if (!text)
		return -errno;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "Node %d, zone", &node) == 1) {
			add_zone(zones, &z, page);
			z = (struct zone){ .node = node, .promo = NOT_SHOWN };
		} else {
			read_line(&z, line);
		}
	}
	add_zone(zones, &z, page);
	drop_empty(zones);
	free(text);
	return 0;
}

const struct zone_node *zone_of(const struct zones *zones, int node)
{
	return find(zones, node);
}

int zone_read(struct zone_node *n, int node)
{
	const struct zone_node *found;
	struct zones zones;
	int err = zone_take(&zones);

	if (err)
		return err;
	found = zone_of(&zones, node);
	if (!found)
		return fail(ENODEV, "/proc/zoneinfo: node %d has no memory",
			    node);
	*n = *found;
	return 0;
}

bool zone_is_roomy(const struct zone_node *n)
{
	return n->above > 0 && (uint64_t)n->above > n->enough;
}
