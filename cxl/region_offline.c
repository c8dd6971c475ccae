// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_offline.c - the memory of a region is taken from the kernel.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cxl/region.h"
#include "cxl/region_internal.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/memory_block.h"
#include "mm/meminfo.h"
#include "mm/node.h"
#include "sysfs.h"

/* Why a block stays online, and what helps. */
static int block_stays(const char *region, int block, int err,
		       const struct region_effort *effort)
{
	char zone[64], waited[SIZE_TEXT];

	format_seconds(waited, (double)effort->timeout_ns / 1e9);
	memory_block_zone(block, zone);
	if (effort->stoppable && wait_is_stopped())
		return fail(EINTR, "%s: interrupted, its memory stays online",
			    region);
	if (strcmp(zone, "Movable"))
		return fail(
			EBUSY,
			"%s: memory%d stays online (%s): it is in zone %s, "
			"where the kernel keeps pages that cannot be moved. "
			"Only a reboot frees it; make a region with "
			"auto_online_blocks at online_movable, as tier "
			"does",
			region, block, strerror(-err), zone);
	return fail(EBUSY,
		    "%s: memory%d stays online (%s, tried for %s): moving its "
		    "pages takes longer, or other nodes have no room for them, "
		    "or a device has pinned them. End the programs that use it",
		    region, block, err == -EINTR ? "no end" : strerror(-err),
		    waited);
}

/*
 * A transient reference to a page gives EBUSY or EAGAIN: tried until time. A
 * page that is in use by hardware, or has no room elsewhere, the kernel tries
 * to move for ever, until a signal comes.
 */
static int block_offline(const char *region, int block,
			 const struct region_effort *effort)
{
	uint64_t deadline = now_ns() + effort->timeout_ns;
	int err;

	if (effort->stoppable && wait_is_stopped())
		return block_stays(region, block, -EINTR, effort);
	wait_alarm(effort->timeout_ns);
	for (;;) {
		err = memory_block_set(block, "offline");
		if (!err || !memory_block_is_movable(block) ||
		    (err != -EBUSY && err != -EAGAIN) ||
		    (effort->stoppable && wait_is_stopped()) ||
		    now_ns() >= deadline)
			break;
		sleep_ns(WAIT_POLL_NS);
	}
	wait_alarm(0);
	return err ? block_stays(region, block, err, effort) : 0;
}

/*
 * Huge pages of one size, in none of meminfo's other lines: bytes of the pool,
 * and of that in use. Which of the reserved ones are this node's is not said.
 */
static int add_huge(const char *name, int node, uint64_t *pool, uint64_t *used)
{
	uint64_t nr, idle, reserved, size;

	if (sscanf(name, "hugepages-%" SCNu64 "kB", &size) != 1)
		return -EINVAL;
	if (sysfs_read_u64(&nr, NODE_DIR "/node%d/hugepages/%s/nr_hugepages",
			   node, name) ||
	    sysfs_read_u64(&idle,
			   NODE_DIR "/node%d/hugepages/%s/free_hugepages", node,
			   name))
		return -EIO;
	if (sysfs_read_u64(&reserved,
			   "/sys/kernel/mm/hugepages/%s/resv_hugepages", name))
		reserved = 0;
	idle -= reserved < idle ? reserved : idle;
	*pool += nr * size * KIB;
	*used += (nr - (idle < nr ? idle : nr)) * size * KIB;
	return 0;
}

/*
 * What programs have of the region's node, as far as it cannot stay there,
 * and what would go with its pools of huge pages, idle or not; bytes. -errno:
 * it cannot be told.
 */
static int in_use(const struct region *r, uint64_t *used, uint64_t *pools)
{
	uint64_t stays = meminfo_node(r->node, "MemTotal"), pool = 0, huge = 0;
	char *names = sysfs_names(NODE_DIR "/node%d/hugepages", r->node);
	int err = !stays ? -EIO : names ? 0 : errno == ENOENT ? 0 : -errno;

	for (char *rest = names, *name;
	     names && !err && (name = strtok_r(rest, "\n", &rest));)
		err = add_huge(name, r->node, &pool, &huge);
	free(names);
	*used = huge + meminfo_node(r->node, "AnonPages") +
		meminfo_node(r->node, "Shmem");
	stays -= stays < r->online ? stays : r->online;
	*used -= *used < stays ? *used : stays;
	*pools = pool - huge;
	return err;
}

int region_check_idle(const struct region *r)
{
	uint64_t used = 0, pools = 0;
	char size[SIZE_TEXT], pool[SIZE_TEXT];

	if (!r->online)
		return 0;
	if (r->node < 0 || in_use(r, &used, &pools))
		return fail(
			EBUSY,
			"%s: it cannot be told what programs have of its memory (node %d), which would be moved to other nodes; --yes does so",
			r->name, r->node);
	if (!used && !pools)
		return 0;
	return fail(
		EBUSY,
		"%s: programs have %s on node %d, which would be moved to other nodes, and %s of idle huge pages would be lost; --yes does so",
		r->name, format_size(size, used), r->node,
		format_size(pool, pools));
}

int region_check_room_elsewhere(const struct region *r)
{
	uint64_t used, pools, room = 0;
	char want[SIZE_TEXT], have[SIZE_TEXT];
	struct node *nodes = NULL;
	int n;

	if (in_use(r, &used, &pools))
		return 0; /* region_check_idle() says so */
	n = node_list(&nodes);
	for (int i = 0; i < n; i++)
		if (nodes[i].id != r->node)
			room += nodes[i].available;
	free(nodes);
	if (n <= 0 || used <= room) /* not known, or enough */
		return 0;
	return fail(EBUSY,
		    "%s: node %d has %s in use, and the other nodes have room "
		    "for %s of it: end the programs that use it (tmpfs counts "
		    "too)",
		    r->name, r->node, format_size(want, used),
		    format_size(have, room));
}

int region_take_offline(const struct region *r,
			const struct region_effort *effort)
{
	struct worst why = { 0 };
	struct memory_blocks b;
	bool *movable, *gone;
	int err = memory_block_range(&b, r->start, r->size);

	if (err)
		return err;
	gone = xcalloc((size_t)(b.end - b.first) + 1, 2 * sizeof(*gone));
	movable = gone + (b.end - b.first) + 1;
	for (int i = b.first; i < b.end && !err; i++) {
		if (!memory_block_exists(i) || memory_block_is(i, "offline"))
			continue;
		movable[i - b.first] = memory_block_is_movable(i);
		err = block_offline(r->name, i, effort);
		gone[i - b.first] = !err;
	}
	if (err)
		worst_keep(&why, err, 1);
	for (int i = b.first; i < b.end && why.err; i++)
		if (gone[i - b.first] &&
		    memory_block_set(i, movable[i - b.first] ?
						"online_movable" :
						"online_kernel"))
			snprintf(why.text + strlen(why.text),
				 sizeof(why.text) - strlen(why.text),
				 "; memory%d could not be brought back", i);
	free(gone);
	return why.err ? worst_raise(&why) : 0;
}

int region_check_blocks_gone(const struct region *r)
{
	struct memory_blocks b;
	int err = memory_block_range(&b, r->start, r->size);

	for (int i = b.first; i < b.end && !err; i++)
		if (memory_block_exists(i))
			err = fail(EBUSY,
				   "%s: memory%d is still there without kmem: "
				   "it was brought online meanwhile, and is "
				   "lost until reboot; the region stays",
				   r->name, i);
	return err;
}
