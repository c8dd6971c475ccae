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
#include "mm/cpu.h"
#include "mm/meminfo.h"
#include "mm/node.h"
#include "mm/zone.h"
#include "sysfs.h"

#define TRAPPED_RATIO 10
#define TRAPPED_SECONDS 200e-9

/* What cannot be read is none of "no memory": -errno. */
static int read_memory(struct node *n, const struct zones *zones)
{
	char *text = sysfs_slurp(NODE_DIR "/node%d/meminfo", n->id);
	const struct zone_node *zone = zone_of(zones, n->id);
	uint64_t file, dirty, reserve = zone ? zone->high : 0;

	if (!text)
		return errno == ENOENT ? 0 : -errno;
	if (!strstr(text, "MemTotal:")) {
		free(text);
		return fail(EBADMSG, NODE_DIR "/node%d/meminfo: no MemTotal",
			    n->id);
	}
	n->total = meminfo_line(text, "MemTotal");
	n->free = meminfo_line(text, "MemFree");
	file = meminfo_line(text, "Active(file)") +
	       meminfo_line(text, "Inactive(file)");
	dirty = meminfo_line(text, "Dirty") + meminfo_line(text, "Writeback");
	n->available = n->free + (file > dirty ? file - dirty : 0);
	n->available -= reserve < n->available ? reserve : n->available;
	free(text);
	return 0;
}

static void read_tiers(struct node *nodes, int n)
{
	int *tiers, nr = sysfs_ids(&tiers, "memory_tier", NODE_TIER_DIR);

	/*
	 * From below, so that of two tiers naming a node the upper one has it.
	 */
	for (int i = nr; i-- > 0;) {
		char *list = sysfs_slurp(
			NODE_TIER_DIR "/memory_tier%d/nodelist", tiers[i]);

		for (int k = 0; list && k < n; k++)
			if (list_has(list, nodes[k].id))
				nodes[k].tier = tiers[i];
		free(list);
	}
	if (nr > 0)
		free(tiers);
}

/*
 * A line of the node's, of any length, behind those of the others; a file
 * that is not there is an empty one. 0 or -errno.
 */
static int read_line(struct textbuf *lines, int id, const char *file)
{
	char *text = sysfs_slurp(NODE_DIR "/node%d/%s", id, file);

	if (!text && errno != ENOENT)
		return -errno;
	if (text)
		buf_addn(lines, text, strcspn(text, "\n"));
	buf_addn(lines, "", 1);
	free(text);
	return 0;
}

/* "10 20" as numbers; returns how many. They are a byte each in the SLIT. */
static int read_slit(unsigned char *slit, const char *text)
{
	char *end;
	int n = 0;

	for (;; text = end) {
		unsigned long d = strtoul(text, &end, 10);

		if (end == text)
			return n;
		slit[n++] = (unsigned char)(d < 255 ? d : 255);
	}
}

/*
 * The lines, and the distances as numbers, which are shorter than as text,
 * move in behind the nodes, so that all is freed at once.
 */
static struct node *add_lines(struct node *nodes, int n,
			      const struct textbuf *lines)
{
	size_t size = (size_t)n * sizeof(*nodes);
	unsigned char *slit;
	char *at;

	nodes = xrealloc(nodes, size + 2 * lines->len + 1);
	at = (char *)nodes + size;
	slit = (unsigned char *)at + lines->len + 1;
	memcpy(at, lines->text ? lines->text : "", lines->len + 1);
	for (int i = 0; i < n; i++) {
		nodes[i].cpus = at;
		nodes[i].has_cpus = *at;
		at += strlen(at) + 1;
		nodes[i].distance = at;
		nodes[i].slit = slit;
		nodes[i].nr_slit = read_slit(slit, at);
		slit += nodes[i].nr_slit;
		at += strlen(at) + 1;
	}
	return nodes;
}

static int read_nodes(struct node **nodes, const int *ids, int n, bool all)
{
	struct textbuf lines = { 0 };
	struct zones zones;
	int have = 0, err = 0;

	zone_take(&zones); /* without it nothing is known to be kept free */
	*nodes = xcalloc((size_t)n, sizeof(**nodes));
	for (int i = 0; i < n && ids[i] < NODE_MAX && !err; i++) {
		struct node *o = &(*nodes)[have];

		*o = (struct node){ .id = ids[i], .place = i, .tier = -1 };
		err = read_memory(o, &zones);
		if (!err && !o->total && !all)
			continue;
		if (!err)
			err = read_line(&lines, o->id, "cpulist");
		if (!err)
			err = read_line(&lines, o->id, "distance");
		have++;
	}
	if (!err)
		*nodes = add_lines(*nodes, have, &lines);
	buf_free(&lines);
	return err ? err : have;
}

static int list(struct node **nodes, bool all)
{
	int *ids, n = sysfs_ids(&ids, "node", NODE_DIR);

	*nodes = NULL;
	if (n == -ENOENT)
		return lacks(ENOENT, "%s; %s", fail_message(),
			     sysfs_exists("/sys/devices") ?
				     "the kernel needs CONFIG_NUMA" :
				     "is /sys mounted?");
	if (n < 0)
		return n;
	n = read_nodes(nodes, ids, n, all);
	free(ids);
	if (n < 0) {
		free(*nodes);
		*nodes = NULL;
		return n;
	}
	read_tiers(*nodes, n);
	return n;
}

int node_list(struct node **nodes)
{
	return list(nodes, false);
}

int node_list_all(struct node **nodes)
{
	return list(nodes, true);
}

int node_keep_allowed(struct node *nodes, int n)
{
	char *list = allowed_list("Mems");
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (!list || list_has(list, nodes[i].id))
			nodes[kept++] = nodes[i];
	free(list);
	return kept;
}

int node_missing(const char *before, int id, const struct node *nodes, int n,
		 const char *after)
{
	char *list = allowed_list("Mems");
	bool forbidden = list && !list_has(list, id) && node_has_memory(id);
	struct textbuf have = { 0 };
	int ids[NODE_MAX] = { 0 }, err;

	for (int i = 0; i < n; i++)
		ids[i] = nodes[i].id;
	buf_add_list(&have, ids, n);
	err = lacks(
		ENODEV, "%snode %d %s; nodes with memory%s: %s%s", before, id,
		forbidden ?
			"is not allowed to this process (its cpuset; Mems_allowed_list of /proc/self/status)" :
			"does not exist or has no memory",
		forbidden ? " that are" : "", n ? have.text : "none", after);
	buf_free(&have);
	free(list);
	return err;
}

bool node_has_memory(int id)
{
	return meminfo_node(id, "MemTotal") > 0;
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
	const struct node *best = n > 0 ? nodes : NULL;

	for (int i = 0; i < n; i++)
		if (nodes[i].has_cpus)
			return &nodes[i];
	/* All CPUs are on nodes without memory. */
	for (int i = 1; i < n; i++)
		if (nodes[i].tier >= 0 && nodes[i].tier < best->tier)
			best = &nodes[i];
	return best;
}

/* ----------------------------------------------------------------- tiers */

bool node_is_lower(const struct node *node, const struct node *near)
{
	if (node->tier >= 0 || near->tier >= 0)
		return near->tier >= 0 && node->tier > near->tier;
	return !node->has_cpus && near->has_cpus;
}

bool node_is_far(const struct node *node, const struct node *near)
{
	double ns, near_ns, unused;

	if (node->tier >= 0 && near->tier >= 0 && node->tier != near->tier)
		return node->tier > near->tier;
	if (node->has_cpus || !near->has_cpus)
		return false;
	/* One tier may be of two latencies, the nearer one without CPUs. */
	node_latency(node->id, &ns, &unused);
	node_latency(near->id, &near_ns, &unused);
	return !(ns <= near_ns);
}

int node_distance(const struct node *from, const struct node *to)
{
	return to->place < from->nr_slit ? from->slit[to->place] : -1;
}

/* Not said is as far as the SLIT can say: unreachable. */
static int far_as(const struct node *from, const struct node *to)
{
	int d = node_distance(from, to);

	return d < 0 ? 255 : d;
}

/*
 * What find_next_best_node() of mm/page_alloc.c calls the nearest: of equally
 * near ones those behind it and without CPUs. What it adds for nodes that
 * others chose at boot decides between equals, and is left out.
 */
static int nearness(const struct node *from, const struct node *to)
{
	return far_as(from, to) + (to->id < from->id) + to->has_cpus;
}

int node_demotion(const struct node *nodes, int n, const struct node *from,
		  bool first[NODE_MAX], bool then[NODE_MAX])
{
	int tier = INT_MAX, nr = 0, distance = 0;

	for (int i = 0; i < n; i++) {
		first[i] = false;
		then[i] = from->total && nodes[i].total &&
			  node_is_lower(&nodes[i], from);
		if (then[i] && nodes[i].tier < tier)
			tier = nodes[i].tier;
	}
	for (;; nr++) {
		int best = -1;

		for (int i = 0; i < n; i++)
			if (then[i] && nodes[i].tier == tier &&
			    (best < 0 || nearness(from, &nodes[i]) <
						 nearness(from, &nodes[best])))
				best = i;
		/* It ends at the first one that is farther, or nearer. */
		if (best < 0 || (nr && far_as(from, &nodes[best]) != distance))
			return nr;
		distance = far_as(from, &nodes[best]);
		first[best] = true;
		then[best] = false;
	}
}

const struct node *node_below(const struct node *nodes, int n,
			      const struct node *from)
{
	bool first[NODE_MAX], then[NODE_MAX];

	if (node_demotion(nodes, n, from, first, then))
		for (int i = 0; i < n; i++)
			if (first[i])
				return &nodes[i];
	return NULL;
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

	for (int i = 0; i < 2 && !value; i++) {
		int access = initiator < 0 ? 1 - i : i;

		if (initiator >= 0 &&
		    !sysfs_exists(NODE_DIR "/node%d/access%d/initiators/node%d",
				  node, access, initiator))
			continue;
		if (sysfs_read_u64(&value,
				   NODE_DIR "/node%d/access%d/initiators/%s",
				   node, access, attribute))
			value = 0;
	}
	return value ? (double)value : NAN;
}

int node_latency(int node, double *read_ns, double *write_ns)
{
	*read_ns = node_declared(node, -1, "read_latency");
	*write_ns = node_declared(node, -1, "write_latency");
	return isnan(*read_ns) && isnan(*write_ns) ? -ENOENT : 0;
}

void node_top_tier(bool near[NODE_MAX], const struct node *nodes, int n)
{
	const struct node *first = node_near(nodes, n);

	for (int i = 0; i < NODE_MAX; i++)
		near[i] = false;
	for (int i = 0; i < n; i++)
		near[nodes[i].id] = !node_is_far(&nodes[i], first);
}
