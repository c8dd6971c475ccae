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

#include "lib/base.h"
#include "lib/error.h"
#include "mm/page.h"
#include "mm/zone.h"
#include "mm/zoneinfo.h"

#define ENOUGH GIB
#define ENOUGH_PART 16

/* What zoneinfo_read() calls for each zone has to know. */
struct taking {
	struct zones *zones;
	uint64_t page; /* bytes */
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

static void add_zone(void *arg, const struct zoneinfo *z)
{
	const struct taking *t = arg;
	struct zone_node *n = find_or_add(t->zones, z->node);
	uint64_t page = t->page, promo = z->promo;
	int64_t above;

	if (!n)
		return;
	/* Some kernels have the watermark, but do not print it. */
	if (promo == ZONEINFO_NOT_SHOWN)
		promo = z->high + z->low - z->min;
	n->managed += z->managed * page;
	n->unmovable += z->movable ? 0 : z->managed * page;
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

int zone_take(struct zones *zones)
{
	/* its address is kept, nothing of it read */
	/* cppcheck-suppress ctuuninitvar */
	struct taking t = { zones, page_size() };
	int err;

	zones->nr_nodes = 0;
	err = zoneinfo_read(add_zone, &t);
	drop_empty(zones);
	return err;
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
