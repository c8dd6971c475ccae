// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_block.c - the blocks in which Linux hotplugs memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/error.h"
#include "mm/memory_block.h"
#include "mm/node.h"
#include "sysfs.h"

#define MEMORY MEMORY_BLOCK_DIR

/* x86's are 128 MiB to 2 GiB; what is far from that was misread. */
#define BLOCK_MIN MIB
#define BLOCK_MAX (UINT64_C(1) << 40)
/* x86 and arm64 have at most 52 bits of physical address. */
#define ADDRESS_MAX (UINT64_C(1) << 52)

int memory_block_size(uint64_t *size)
{
	char text[32], *end;
	int err = sysfs_read(text, sizeof(text), MEMORY "/block_size_bytes");

	if (err == -ENOENT)
		return lacks(ENOENT,
			     "this kernel cannot hotplug memory (no " MEMORY
			     "/block_size_bytes): it needs "
			     "CONFIG_MEMORY_HOTPLUG");
	if (err < 0)
		return err;
	/* Hexadecimal without 0x. */
	*size = strtoull(text, &end, 16);
	if (*end || *size < BLOCK_MIN || *size > BLOCK_MAX)
		return fail(EINVAL,
			    MEMORY "/block_size_bytes: \"%s\" is no size",
			    text);
	return 0;
}

int memory_block_range(struct memory_blocks *b, uint64_t start, uint64_t size)
{
	int err;

	*b = (struct memory_blocks){ 0 };
	err = memory_block_size(&b->size);
	if (err)
		return err;
	if (size > ADDRESS_MAX || start > ADDRESS_MAX)
		return fail(ERANGE, "a region of %llu bytes at %#llx cannot be",
			    (unsigned long long)size,
			    (unsigned long long)start);
	b->first = (int)((start + b->size - 1) / b->size);
	b->end = (int)((start + size) / b->size);
	if (b->end < b->first)
		b->end = b->first;
	return 0;
}

int memory_block_online(int **ids, int node, int first, int end)
{
	char dir[64] = MEMORY, state[32];
	int n, kept = 0;

	if (node >= 0)
		snprintf(dir, sizeof(dir), NODE_DIR "/node%d", node);
	n = sysfs_ids(ids, "memory", "%s", dir);
	sysfs_near(dir);
	for (int i = 0; i < n; i++) {
		int id = (*ids)[i];

		if (id >= first && id < end &&
		    sysfs_read(state, sizeof(state), "%s/memory%d/state", dir,
			       id) > 0 &&
		    !strcmp(state, "online"))
			(*ids)[kept++] = id;
	}
	sysfs_near(NULL);
	return n < 0 ? n : kept;
}

bool memory_block_exists(int block)
{
	return sysfs_exists(MEMORY "/memory%d", block);
}

bool memory_block_is(int block, const char *state)
{
	char text[32];

	return sysfs_read(text, sizeof(text), MEMORY "/memory%d/state", block) >
		       0 &&
	       !strcmp(text, state);
}

const char *memory_block_zone(int block, char zone[static MEMORY_BLOCK_ZONE])
{
	if (sysfs_read(zone, MEMORY_BLOCK_ZONE, MEMORY "/memory%d/valid_zones",
		       block) <= 0)
		strcpy(zone, "?");
	zone[strcspn(zone, " ")] = '\0';
	return zone;
}

bool memory_block_is_movable(int block)
{
	char zone[64];

	return !strcmp(memory_block_zone(block, zone), "Movable");
}

int memory_block_node(int block)
{
	int *ids, node = -1;

	if (sysfs_ids(&ids, "node", MEMORY "/memory%d", block) > 0)
		node = ids[0];
	free(ids);
	return node;
}

int memory_block_node_at(uint64_t address)
{
	uint64_t size;

	return address > ADDRESS_MAX || memory_block_size(&size) ?
		       -1 :
		       memory_block_node((int)(address / size));
}

int memory_block_set(int block, const char *how)
{
	const char *state = strcmp(how, "offline") ? "online" : "offline";
	int err = sysfs_write(how, MEMORY "/memory%d/state", block);

	if (memory_block_is(block, state))
		return 0;
	return err ? err :
		     fail(EIO, MEMORY "/memory%d/state <- %s: it is not %s",
			  block, how, state);
}
