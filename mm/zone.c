// SPDX-License-Identifier: GPL-2.0-only
/*
 * zone.c - how full the nodes are, as the kernel's own decisions see it.
 *
 * NUMA balancing asks of a node, before it promotes to it, whether any one of
 * its zones has more free than its promotion watermark and 1 GiB (or 1/16 of
 * the node, if that is more): pgdat_free_space_enough(), kernel/sched/fair.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "mm/zone.h"
#include "sysfs.h"

#define PAGE UINT64_C(4096)
#define ENOUGH GIB
#define ENOUGH_PART 16

/* One zone's part of the file. */
struct zone {
	int node;
	uint64_t free, min, low, high, promo, present, keep;
	bool has_promo, unreclaimable;
};

/* "(0, 1930, 2899, 2899)": the last one is for allocations like ours. */
static uint64_t last_number(const char *text)
{
	const char *p = strrchr(text, ',');

	return strtoull(p ? p + 1 : text + strcspn(text, "0123456789"), NULL,
			10);
}

/* Some kernels have the watermark, but do not print it. */
static uint64_t promo_of(const struct zone *z)
{
	return z->has_promo ? z->promo : z->high + z->low - z->min;
}

static struct zone_node *node_for(struct zones *zones, int node)
{
	struct zone_node *n = &zones->nodes[zones->nr_nodes];

	for (int i = 0; i < zones->nr_nodes; i++)
		if (zones->nodes[i].node == node)
			return &zones->nodes[i];
	if (zones->nr_nodes == NODE_MAX)
		return NULL;
	*n = (struct zone_node){ .node = node, .above = INT64_MIN };
	zones->nr_nodes++;
	return n;
}

/* A zone is whole: the next one begins, or the file ends. */
static void add_zone(struct zones *zones, const struct zone *z)
{
	struct zone_node *n = z->present ? node_for(zones, z->node) : NULL;
	int64_t above;

	if (!n)
		return;
	above = (int64_t)(z->free - promo_of(z) - z->keep) * (int64_t)PAGE;
	if (above > n->above)
		n->above = above;
	if (z->free > z->high + z->keep)
		n->spare += (z->free - z->high - z->keep) * PAGE;
	n->free += z->free * PAGE;
	n->present += z->present * PAGE;
	n->unreclaimable |= z->unreclaimable;
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
	const struct {
		const char *key;
		uint64_t *value;
	} fields[] = {
		{ "pages free ", &z->free }, { "min ", &z->min },
		{ "low ", &z->low },	     { "high ", &z->high },
		{ "promo ", &z->promo },     { "present ", &z->present },
	};

	line += strspn(line, " ");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strncmp(line, fields[i].key, strlen(fields[i].key)))
			*fields[i].value = strtoull(
				line + strlen(fields[i].key), NULL, 10);
	if (!strncmp(line, "promo ", 6))
		z->has_promo = true;
	if (!strncmp(line, "protection: ", 12))
		z->keep = last_number(line);
	if (!strncmp(line, "node_unreclaimable:", 19))
		z->unreclaimable = strtoull(line + 19, NULL, 10) > 0;
}

int zone_take(struct zones *zones)
{
	char *text = sysfs_slurp("/proc/zoneinfo"), *line, *save;
	struct zone z = { .present = 0 };
	int node;

	zones->nr_nodes = 0;
	if (!text)
		return -errno;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "Node %d, zone", &node) == 1) {
			add_zone(zones, &z);
			z = (struct zone){ .node = node };
		} else {
			read_line(&z, line);
		}
	}
	add_zone(zones, &z);
	free(text);
	return 0;
}

const struct zone_node *zone_of(const struct zones *zones, int node)
{
	for (int i = 0; i < zones->nr_nodes; i++)
		if (zones->nodes[i].node == node)
			return &zones->nodes[i];
	return NULL;
}

bool zone_is_roomy(const struct zone_node *n)
{
	return n->above > 0 && (uint64_t)n->above > n->enough;
}
