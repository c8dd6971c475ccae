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

/* Of which pages a table is; PAGES_THP only asks for them (madvise). */
enum page_kind { PAGES_4K, PAGES_THP, PAGES_HUGETLB };

struct table {
	char *base; /* aligned to 2 MiB */
	size_t bytes;
	void *map; /* what was mapped, map_bytes: base lies in it */
	size_t map_bytes;
};

/* How many pages of 4 KiB are on each node, on none, or on one not known. */
struct table_pages {
	uint64_t node[NODE_MAX];
	uint64_t absent; /* not populated, or the zero page */
	uint64_t unknown; /* in transit, or refused */
};

/*
 * Functions of type int return 0, or -errno with the message.
 */

/* Maps so many bytes, a multiple of PAGE_BYTES, without populating them. */
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
 * holds for memory that has none of its own. PLACE_ANY: the system's, or it may
 * not be asked for (in a container). text is left to the caller. 0 or -errno
 * with the message.
 */
int table_inherited(struct place *place);

/*
 * As table_place(), but PLACE_ANY binds to all nodes there are: allocated as
 * without a policy, and not moved by NUMA balancing until the table is placed
 * anew.
 */
int table_hold(const struct table *t, const struct place *place);

/*
 * Pages that the calling thread touches first are on that node and no other,
 * where the table has no policy of its own; -1: back to the default.
 */
int table_bind_thread(int node);

/*
 * Makes the page tables of [offset, offset + bytes), not empty, of small pages,
 * and gives the pages no memory: an address of each table is read, which maps
 * the page of zeros, or a page that is given back where the kernel gives one (a
 * 6.18 was seen to). Page tables are the kernel's own memory, which movable
 * (CXL) memory cannot hold: after the pages they may find no room on the near
 * node, and end in the OOM killer.
 */
void table_make_tables(const struct table *t, size_t offset, size_t bytes);

/* Touches the pages of [offset, offset + bytes), so that they get memory. */
void table_touch(const struct table *t, size_t offset, size_t bytes);

/*
 * Adds to *pages where the pages of [offset, offset + bytes) are, as
 * move_pages(2) tells it when it is to move none.
 */
int table_locate(const struct table *t, size_t offset, size_t bytes,
		 struct table_pages *pages);

/*
 * The nodes of n pages of the table, given by their numbers in it; a negative
 * errno for a page that is on none.
 */
int table_nodes_of(const struct table *t, const uint64_t *pages, int *node,
		   size_t n);

/*
 * As table_locate(), of n pages that are drawn evenly over the first bytes of a
 * table in the process pid: a child of the same user, or 0, this one.
 */
int table_sample(const struct table *t, int pid, size_t bytes, size_t n,
		 struct table_pages *pages);

/*
 * Moves n pages of the process pid, by their virtual addresses, each to a node,
 * also such as other processes map, too. status: where each is then, or a
 * negative errno. 0, or -errno without a message.
 */
int table_move(int pid, size_t n, void **page, const int *node, int *status);

/*
 * 0 if the pages are where place wants them, else -EXDEV with a message that
 * says where they are. PLACE_ANY and PLACE_PREFERRED accept every node.
 */
int table_check(const struct place *place, const struct table_pages *pages);

/*
 * The calling process, and what it executes, allocates where place says (not
 * PLACE_ANY). The policy is read back.
 */
int table_place_process(const struct place *place);

/*
 * The calling process, and what it executes, allocates by the kernel's
 * weighted_interleave weights over all nodes.
 */
int table_weigh_process(void);

#endif
