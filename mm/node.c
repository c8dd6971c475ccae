// SPDX-License-Identifier: GPL-2.0-only
/*
 * node.c - NUMA nodes, distances and memory tiers, as sysfs shows them.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/node.h"
#include "mm/zone.h"
#include "sysfs.h"

#define TRAPPED_RATIO 10
#define TRAPPED_SECONDS 200e-9

/* "Node 0 MemFree:  123 kB" in bytes; 0 when there is no such line. */
static uint64_t meminfo_value(const char *text, const char *key)
{
	const char *p = text;
	size_t len = strlen(key);

	while ((p = strstr(p, key))) {
		if (p > text && p[-1] == ' ' && p[len] == ':')
			return strtoull(p + len + 1, NULL, 10) * KIB;
		p += len;
	}
	return 0;
}

static void read_memory(struct node *n, const struct zones *zones)
{
	char *text = sysfs_slurp(NODE_DIR "/node%d/meminfo", n->id);
	const struct zone_node *zone = zone_of(zones, n->id);
	uint64_t file, dirty, reserve = zone ? zone->high : 0;

	if (!text)
		return;
	n->total = meminfo_value(text, "MemTotal");
	n->free = meminfo_value(text, "MemFree");
	file = meminfo_value(text, "Active(file)") +
	       meminfo_value(text, "Inactive(file)");
	dirty = meminfo_value(text, "Dirty") + meminfo_value(text, "Writeback");
	n->available = n->free + (file > dirty ? file - dirty : 0);
	n->available -= reserve < n->available ? reserve : n->available;
	free(text);
}

/* The nodes among ids are in that tier. */
static void set_tier(struct node *nodes, int n, const int *ids, int nr_ids,
		     int tier)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < nr_ids; j++)
			if (nodes[i].id == ids[j])
				nodes[i].tier = tier;
}

static void read_tiers(struct node *nodes, int n)
{
	char list[NODE_TEXT];
	int *tiers, ids[64],
		nr = sysfs_ids(&tiers, "memory_tier", NODE_TIER_DIR);

	/* From below: of two that name a node the upper one has it. */
	for (int i = nr; i-- > 0;)
		if (sysfs_read(list, sizeof(list),
			       NODE_TIER_DIR "/memory_tier%d/nodelist",
			       tiers[i]) >= 0)
			set_tier(nodes, n, ids,
				 parse_list(list, ids, ARRAY_SIZE(ids)),
				 tiers[i]);
	if (nr > 0)
		free(tiers);
}

static void read_node(struct node *n, int id, const struct zones *zones)
{
	*n = (struct node){ .id = id, .tier = -1 };
	read_memory(n, zones);
	if (sysfs_read(n->cpus, sizeof(n->cpus), NODE_DIR "/node%d/cpulist",
		       id) < 0)
		n->cpus[0] = '\0';
	n->has_cpus = n->cpus[0];
	if (sysfs_read(n->distance, sizeof(n->distance),
		       NODE_DIR "/node%d/distance", id) < 0)
		n->distance[0] = '\0';
}

int node_list(struct node **nodes)
{
	int *ids, n = sysfs_ids(&ids, "node", NODE_DIR), have = 0;
	struct zones zones;

	*nodes = NULL;
	if (n == -ENOENT)
		return lacks(ENOENT, "%s; the kernel needs CONFIG_NUMA",
			     fail_message());
	if (n < 0)
		return n;
	zone_take(&zones); /* without it nothing is known to be kept free */
	*nodes = xcalloc((size_t)n, sizeof(**nodes));
	for (int i = 0; i < n && ids[i] < NODE_MAX; i++) {
		read_node(&(*nodes)[have], ids[i], &zones);
		(*nodes)[have].place = i;
		if ((*nodes)[have].total)
			have++;
	}
	free(ids);
	read_tiers(*nodes, have);
	return have;
}

uint64_t node_meminfo(int id, const char *key)
{
	char *text = sysfs_slurp(NODE_DIR "/node%d/meminfo", id);
	uint64_t value = text ? meminfo_value(text, key) : 0;

	free(text);
	return value;
}

bool node_has_memory(int id)
{
	return node_meminfo(id, "MemTotal") > 0;
}

const struct node *node_find(const struct node *nodes, int n, int id)
{
	for (int i = 0; i < n; i++)
		if (nodes[i].id == id)
			return &nodes[i];
	return NULL;
}

const struct node *node_near(const struct node *nodes, int n)
{
	for (int i = 0; i < n; i++)
		if (nodes[i].has_cpus)
			return &nodes[i];
	return n > 0 ? nodes : NULL;
}

/* ----------------------------------------------------------------- tiers */

bool node_is_lower(const struct node *node, const struct node *near)
{
	if (node->tier >= 0 && near->tier >= 0)
		return node->tier > near->tier;
	return !node->has_cpus && near->has_cpus;
}

bool node_is_far(const struct node *node, const struct node *near)
{
	if (node->tier >= 0 && near->tier >= 0 && node->tier != near->tier)
		return node->tier > near->tier;
	return !node->has_cpus && near->has_cpus;
}

int node_distance(const struct node *from, const struct node *to)
{
	const char *text = from->distance;
	char *end;
	long d = -1;

	for (int i = 0; i <= to->place; i++) {
		d = strtol(text, &end, 10);
		if (end == text)
			return -1;
		text = end;
	}
	return (int)d;
}

const struct node *node_below(const struct node *nodes, int n,
			      const struct node *from)
{
	const struct node *best = NULL;
	int least = INT_MAX;

	for (int i = 0; i < n; i++) {
		int d = node_distance(from, &nodes[i]);

		/* Not said is as far as the SLIT can say: unreachable. */
		d = d < 0 ? 255 : d;
		if (!node_is_lower(&nodes[i], from))
			continue;
		if (best && nodes[i].tier > best->tier)
			continue;
		if (best && nodes[i].tier == best->tier && d >= least)
			continue;
		best = &nodes[i];
		least = d;
	}
	return best;
}

bool node_is_trapped(double access, double injected, double near)
{
	return access > TRAPPED_SECONDS + injected &&
	       access > TRAPPED_RATIO * near;
}

/* ------------------------------------------------- what is declared of it */

/*
 * Documentation/admin-guide/mm/numaperf.rst, "NUMA Performance": below
 * nodeN/access0/initiators/ latencies are in nanoseconds and apply to the
 * initiators that are linked there. Bandwidths are in MB/s by
 * Documentation/ABI/stable/sysfs-devices-node and by the HMAT, whose numbers
 * the kernel passes on (numaperf.rst says MiB/s of the same numbers). Class 0
 * is of the nearest initiator of any kind, class 1 of the nearest CPU
 * (drivers/acpi/numa/hmat.c). 0 is what the platform left out.
 */
double node_declared(int node, int initiator, const char *attribute)
{
	uint64_t value = 0;

	for (int access = 0; access < 2 && !value; access++) {
		if (initiator >= 0 &&
		    !sysfs_exists(NODE_DIR "/node%d/access%d/initiators/node%d",
				  node, access, initiator))
			continue;
		if (sysfs_read_u64(&value,
				   NODE_DIR "/node%d/access%d/initiators/%s",
				   node, access, attribute))
			value = 0;
		if (initiator < 0)
			break;
	}
	return value ? (double)value : NAN;
}

int node_latency(int node, double *read_ns, double *write_ns)
{
	*read_ns = node_declared(node, -1, "read_latency");
	*write_ns = node_declared(node, -1, "write_latency");
	return isnan(*read_ns) && isnan(*write_ns) ? -ENOENT : 0;
}
