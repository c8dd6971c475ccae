/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * node_usage.h - which nodes hold the pages of our descendants.
 *
 * Two sources, and either is asked from outside of the processes:
 *
 * A cgroup's memory.numa_stat: counters, a millisecond whatever the size.
 * Anonymous memory and mapped files, of which a page counts with the group
 * that touched it first (not those of the image, which were there before);
 * huge pages of hugetlbfs do not count. Counters are up to 128 pages a CPU
 * late. Needs root and cgroup2.
 *
 * /proc/PID/numa_maps of each process: walks its page tables, holding the lock
 * that its page faults need, so the time it takes grows with the memory. A
 * page that several processes map counts with each. They are not walked where
 * no process has had a fault or another size, and the kernel has moved no page,
 * since they were.
 */
#ifndef TIER_TIERING_NODE_USAGE_H
#define TIER_TIERING_NODE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/node.h"

/* The undo log of the groups that are made for it, which is shared. */
#define NODE_USAGE_LOG "tier-run"

struct node_usage {
	uint64_t node[NODE_MAX]; /* bytes */
	uint64_t bytes; /* on all */
};

/* Adds what the text of such a file says. */
void node_usage_add_maps(struct node_usage *r, const char *text);
void node_usage_add_stat(struct node_usage *r, const char *text);

struct node_usage_source {
	char group[512]; /* below /sys/fs/cgroup; "": numa_maps */
	bool own; /* the group was made for it, and holds nothing else */
	char why[512]; /* there is no group */
	uint64_t mark; /* of the state in which page tables were walked */
	struct node_usage seen; /* then */
};

/*
 * group: the one whose pages are looked at already, or NULL: one is made, named
 * after the calling process's parent, where it is under all limits that hold
 * now. Never fails: then it is numa_maps.
 */
void node_usage_open(struct node_usage_source *s, const char *group);
/*
 * A second group beside that of first, which was opened, for another program. 0 or
 * -errno with the message.
 */
int node_usage_open_beside(struct node_usage_source *s,
			   const struct node_usage_source *first);
/*
 * The calling process goes into the group, if it was made for it. If that
 * fails, it is numa_maps from then on.
 */
void node_usage_join(struct node_usage_source *s);
/* Where the pages of our descendants are. 0; -errno: of none could be said. */
int node_usage_look(struct node_usage_source *s, struct node_usage *r);
/*
 * By the parent of who called node_usage_open(), which has ended: the groups of
 * that name are taken away. What groups need is taken back with the last one's.
 */
void node_usage_close(void);

#endif
