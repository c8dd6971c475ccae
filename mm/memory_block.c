// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_block.c - the blocks in which Linux hotplugs memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/error.h"
#include "mm/memory_block.h"
#include "sysfs.h"

#define MEMORY MEMORY_BLOCK_DIR

int memory_block_range(struct memory_blocks *b, uint64_t start, uint64_t size)
{
	char text[32];
	int err;

	*b = (struct memory_blocks){ 0 };
	err = sysfs_read(text, sizeof(text), MEMORY "/block_size_bytes");
	if (err < 0)
		return lacks(-err,
			     "this kernel cannot hotplug memory (no " MEMORY
			     "/block_size_bytes): it needs "
			     "CONFIG_MEMORY_HOTPLUG");
	/* Hexadecimal without 0x. */
	b->size = strtoull(text, NULL, 16);
	if (b->size < MIB)
		return fail(EINVAL, MEMORY "/block_size_bytes: \"%s\"", text);
	/* x86 and arm64 have at most 52 bits of physical address. */
	if (size > UINT64_C(1) << 52 || start > UINT64_C(1) << 52)
		return fail(ERANGE, "a region of %llu bytes at %#llx cannot be",
			    (unsigned long long)size,
			    (unsigned long long)start);
	b->first = (int)((start + b->size - 1) / b->size);
	b->end = (int)((start + size) / b->size);
	if (b->end < b->first)
		b->end = b->first;
	return 0;
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
