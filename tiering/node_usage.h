/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * residence.h - which nodes hold the pages of our descendants.
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
 * page that several processes map counts with each.
 */
#ifndef TIER_RESIDENCE_H
#define TIER_RESIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct residence {
	uint64_t node[PLAN_MAX_NODES]; /* bytes */
	uint64_t bytes; /* on all */
};

/* Adds what the text of such a file says. */
void residence_add_maps(struct residence *r, const char *text);
void residence_add_stat(struct residence *r, const char *text);

struct residence_source {
	char group[64]; /* below /sys/fs/cgroup; "": numa_maps */
	bool own; /* the group was made for it, and holds nothing else */
	char why[256]; /* there is no group */
};

/*
 * group: the one whose pages are looked at already, or NULL: one is made, in
 * an undo log of its own. Never fails: then it is numa_maps.
 */
void residence_open(struct residence_source *s, const char *group);
/* The calling process goes into the group, if it was made for it. */
int residence_join(const struct residence_source *s);
/* Where the pages of our descendants are. 0; -errno: of none could be said. */
int residence_look(const struct residence_source *s, struct residence *r);
/*
 * Takes the group away, unless somebody is in it: a run that was killed leaves
 * it behind, and another's is in use.
 */
void residence_close(void);

#endif
