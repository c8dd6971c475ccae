/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - anonymous memory on chosen nodes: map, place, populate, and read
 * back where every page really is.
 */
#ifndef TIER_BENCH_TABLE_H
#define TIER_BENCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/place.h"

enum page_kind { PAGES_4K, PAGES_THP, PAGES_HUGETLB };

struct table {
	char *base; /* aligned to 2 MiB */
	size_t bytes;
	void *map; /* what was mapped: base lies in it */
	size_t map_bytes;
};

/* Where pages are: by node, and those that are nowhere or could not be told. */
struct table_pages {
	uint64_t node[NODE_MAX];
	uint64_t absent; /* not populated, or the zero page */
	uint64_t unknown; /* in transit, or refused */
};

/* Maps without populating. 0 or -errno; bytes is a multiple of 4096. */
int table_map(struct table *t, size_t bytes, enum page_kind kind);
void table_unmap(struct table *t);

/*
 * Sets the memory policy of the table (of nothing else) by mbind(2).
 * PLACE_ANY sets MPOL_DEFAULT, which also gives a bound table back to the
 * kernel's tiering: pages of a bound or preferred range are never promoted,
 * and neither are those of MPOL_LOCAL.
 */
int table_place(const struct table *t, const struct place *place);
/*
 * The policy of this task, which it may have inherited from numactl(8): what
 * holds for memory that has none of its own. PLACE_ANY: the system's. text is
 * left to the caller. 0 or -errno with the message.
 */
int table_inherited(struct place *place);

/*
 * As table_place(), but PLACE_ANY binds to all nodes there are: allocated as
 * without a policy, and not moved by NUMA balancing until the table is placed
 * anew.
 */
int table_hold(const struct table *t, const struct place *place);

/*
 * What the calling thread touches first where the table has no policy is on
 * that node and no other; -1: back to the default. 0 or -errno.
 */
int table_bind_thread(int node);

/* Touches the pages of [offset, offset + bytes), so that they get memory. */
void table_touch(const struct table *t, size_t offset, size_t bytes);

/*
 * Adds to *pages where the pages of [offset, offset + bytes) are, as
 * move_pages(2) tells it without targets. 0 or -errno.
 */
int table_locate(const struct table *t, size_t offset, size_t bytes,
		 struct table_pages *pages);

/*
 * The nodes of n pages of the table, by their numbers; a negative errno for
 * those that are on none. 0 or -errno.
 */
int table_nodes_of(const struct table *t, const uint64_t *pages, int *node,
		   size_t n);

/*
 * As table_locate() of n pages, drawn evenly over the first bytes of a table in the
 * process pid (0: this one; or a child of the same user). Asks, moves nothing.
 */
int table_sample(const struct table *t, int pid, size_t bytes, size_t n,
		 struct table_pages *pages);

/*
 * 0 if the pages are where place wants them, else -EXDEV with a message that
 * says where they are. PLACE_ANY and PLACE_PREFERRED accept every node.
 */
int table_check(const struct place *place, const struct table_pages *pages);

/*
 * The calling process, and what it executes, allocates where place says (not
 * PLACE_ANY); read back. 0 or -errno.
 */
int table_place_process(const struct place *place);

/*
 * The calling process, and what it executes, allocates by the kernel's
 * weighted_interleave weights over all nodes. 0 or -errno.
 */
int table_weigh_process(void);

#endif
