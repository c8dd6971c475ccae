/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memblock.h - the blocks in which Linux hotplugs memory.
 */
#ifndef TIER_MEMBLOCK_H
#define TIER_MEMBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define MEMBLOCK_DIR "/sys/devices/system/memory"
#define MEMBLOCK_ZONE 64

/* The blocks that lie wholly in a range: kmem leaves out the others. */
struct memblocks {
	uint64_t size; /* of one, bytes */
	int first, end;
};

/* Those of a physical range, bytes; -errno with fail() or lacks(). */
int memblock_range(struct memblocks *b, uint64_t start, uint64_t size);

bool memblock_exists(int block);
/* state: "online", "offline" or "going-offline" */
bool memblock_is(int block, const char *state);
/* The zone of an online block ("Movable", "Normal"); "?" if not readable. */
const char *memblock_zone(int block, char zone[static MEMBLOCK_ZONE]);
bool memblock_is_movable(int block);
/* The node that a block belongs to, -1 when it does not say. */
int memblock_node(int block);

/*
 * Writes a block's state ("online_movable", "online_kernel", "online",
 * "offline") and believes only what it reads then: the kernel says EINVAL when
 * the block is in that state already. 0 or -errno with fail().
 */
int memblock_set(int block, const char *how);

#endif
