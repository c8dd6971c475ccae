/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_block.h - the blocks in which Linux hotplugs memory.
 */
#ifndef TIER_MM_MEMORY_BLOCK_H
#define TIER_MM_MEMORY_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_BLOCK_DIR "/sys/devices/system/memory"
/* The state that memory gets when it is added: a file of one word. */
#define MEMORY_BLOCK_AUTO_ONLINE MEMORY_BLOCK_DIR "/auto_online_blocks"

#define MEMORY_BLOCK_ZONE 64

/* The blocks that lie wholly in a range: kmem leaves out the others. */
struct memory_blocks {
	uint64_t size; /* of one, bytes */
	int first, end;
};

/*
 * Bytes of each. 0 or -errno with the message; lacks() where the kernel cannot
 * hotplug memory.
 */
int memory_block_size(uint64_t *size);
/* Those of a physical range, bytes; as memory_block_size(). */
int memory_block_range(struct memory_blocks *b, uint64_t start, uint64_t size);

/*
 * The online blocks from first on and below end: of a node, or of all with
 * node -1. Ascending; *ids to be freed. Returns how many, or -errno.
 */
int memory_block_online(int **ids, int node, int first, int end);
bool memory_block_exists(int block);
/* state: "online", "offline" or "going-offline" */
bool memory_block_is(int block, const char *state);
/* The zone of an online block ("Movable", "Normal"); "?" if not readable. */
const char *memory_block_zone(int block, char zone[static MEMORY_BLOCK_ZONE]);
bool memory_block_is_movable(int block);
/* The node that a block belongs to, -1 when it does not say. */
int memory_block_node(int block);
/* The node whose memory is at that physical address, -1: none's. */
int memory_block_node_at(uint64_t address);

/*
 * Writes a block's state ("online_movable", "online_kernel", "online",
 * "offline") and believes only what it reads then: the kernel says EINVAL when
 * the block is in that state already. 0 or -errno with fail().
 */
int memory_block_set(int block, const char *how);

#endif
