/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * node.h - NUMA nodes, distances and memory tiers, as sysfs shows them.
 */
#ifndef TIER_MM_NODE_H
#define TIER_MM_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/node_max.h"

#define NODE_TIER_DIR "/sys/devices/virtual/memory_tiering"

struct node {
	int id;
	uint64_t total, free; /* bytes */
	/*
	 * What can be allocated without reclaim's last resorts, bytes:
	 * free + clean page cache - the high watermarks of its zones.
	 */
	uint64_t available;
	bool has_cpus;
	const char *cpus; /* "0-3", empty without CPUs; of any length */
	const char *distance; /* "10 20" */
	const unsigned char *slit; /* the same as numbers, nr_slit of them */
	int nr_slit;
	int place; /* its own in the rows of distances, which have all nodes */
	int tier; /* N of memory_tierN, -1: in none */
};

/*
 * The nodes that are online and have memory, ascending; *nodes to be freed,
 * and their texts with it. Returns how many, or -errno with the message. A
 * kernel without NUMA is lacks().
 */
int node_list(struct node **nodes);
/* Also those without memory: of CPUs alone, or of a device's to come. */
int node_list_all(struct node **nodes);
/*
 * A cpuset may keep a process from some (Mems_allowed_list): then what is not
 * its own is taken out of the list. Returns how many are left.
 */
int node_keep_allowed(struct node *nodes, int n);
/*
 * BEFORE"node 7 does not exist or has no memory; nodes with memory: 0-1"AFTER,
 * or that it is not allowed, by lacks(); nodes are those that may be used.
 */
int node_missing(const char *before, int id, const struct node *nodes, int n,
		 const char *after);
/* Is that one of them? */
bool node_has_memory(int id);
/* The node of that number; NULL: it is not among them. */
const struct node *node_find(const struct node *nodes, int n, int id);
/*
 * The first node that has CPUs, else the first of the uppermost tier; NULL:
 * there is none.
 */
const struct node *node_near(const struct node *nodes, int n);

/*
 * Is the node in a lower tier than the near one, so that the kernel demotes to
 * it? Where the kernel shows no tier of either: is it without CPUs, as before
 * Linux 6.1?
 */
bool node_is_lower(const struct node *node, const struct node *near);
/*
 * Is it farther away: in a lower tier or, of one tier and without CPUs, of a
 * longer latency? Where the platform declares none, it is without CPUs.
 */
bool node_is_far(const struct node *node, const struct node *near);
/*
 * Where the kernel demotes from's pages to (mm/memory-tiers.c,
 * establish_demotion_targets()), by index of nodes: first are the nodes that
 * it picks among at random, the nearest ones of the next lower tier; then are
 * all others of lower tiers, for when those are full. Returns how many are
 * first; 0: there is no lower tier.
 */
int node_demotion(const struct node *nodes, int n, const struct node *from,
		  bool first[NODE_MAX], bool then[NODE_MAX]);
/* The first one of them; NULL: there is none. */
const struct node *node_below(const struct node *nodes, int n,
			      const struct node *from);

/* By the SLIT: 10 is local, 255 unreachable; -1: it is not said. */
int node_distance(const struct node *from, const struct node *to);

/*
 * What the platform (HMAT, or CDAT behind a generic port) declares of a node's
 * memory, as rated: latencies in ns, bandwidths in MB/s; NAN: it declares none.
 * attribute is read_latency, write_latency, read_bandwidth or write_bandwidth,
 * of accesses from the node initiator; -1: from the CPUs nearest to it, or where
 * that is not declared from the initiator that is.
 */
double node_declared(int node, int initiator, const char *attribute);
/*
 * The latencies for the nearest CPUs. 0 if at least one is declared (the
 * other may be NAN), else -ENOENT, without a message.
 */
int node_latency(int node, double *read_ns, double *write_ns);

/*
 * Does an emulator trap the accesses to a node, rather than its memory being
 * slow? It does if an access takes ten times as long as one to the near node,
 * and longer than any memory takes: 200 ns, and what is injected on purpose (0
 * where nothing is). All seconds.
 */
bool node_is_trapped(double access, double injected, double near);

/* The nodes that are of the top tier, by number. */
void node_top_tier(bool near[NODE_MAX], const struct node *nodes, int n);

#endif
