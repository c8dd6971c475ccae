// SPDX-License-Identifier: GPL-2.0-only
/*
 * iomem.c - where the memory of a node is in physical memory.
 *
 * /proc/iomem knows what is RAM and leaves out what firmware reserved, but
 * not whose it is; sysfs knows which node a memory block is of, but not the
 * holes in it. As damo does, the one is cut with the other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "mm/iomem.h"
#include "mm/page.h"
#include "sysfs.h"

#define BLOCKS "/sys/devices/system/memory"
#define NODES "/sys/devices/system/node"

struct list {
	struct iomem_range *ranges;
	int n;
};

static void add(struct list *l, uint64_t start, uint64_t end)
{
	l->ranges = xgrow(l->ranges, (size_t)l->n, sizeof(*l->ranges));
	l->ranges[l->n++] = (struct iomem_range){ start, end };
}

/* The files of memory blocks are hexadecimal, without 0x. */
static int block_size(uint64_t *size)
{
	char text[32], *end;
	int err = sysfs_read(text, sizeof(text), BLOCKS "/block_size_bytes");

	if (err == -ENOENT)
		return lacks(ENOENT,
			     "%s; the kernel needs CONFIG_MEMORY_HOTPLUG",
			     fail_message());
	if (err < 0)
		return err;
	*size = strtoull(text, &end, 16);
	if (*end || !*size || *size > UINT64_C(1) << 40)
		return fail(EINVAL,
			    BLOCKS "/block_size_bytes: \"%s\" is no size",
			    text);
	return 0;
}

/* The node's online blocks, adjacent ones as one; memoryK is the K-th. */
static int read_blocks(struct list *l, int node)
{
	char state[32], dir[64];
	uint64_t size = 0, start;
	int *ids, n, err = block_size(&size);

	if (err)
		return err;
	n = sysfs_ids(&ids, "memory", NODES "/node%d", node);
	snprintf(dir, sizeof(dir), NODES "/node%d", node);
	sysfs_near(dir);
	for (int i = 0; i < n; i++) {
		if (sysfs_read(state, sizeof(state), "%s/memory%d/state", dir,
			       ids[i]) < 0 ||
		    strcmp(state, "online") != 0)
			continue;
		start = (uint64_t)ids[i] * size;
		if (start / size != (uint64_t)ids[i] ||
		    start > UINT64_MAX - size)
			continue; /* no such address */
		if (l->n && l->ranges[l->n - 1].end == start)
			l->ranges[l->n - 1].end += size;
		else
			add(l, start, start + size);
	}
	sysfs_near(NULL);
	if (n > 0)
		free(ids);
	return n < 0 ? n : 0;
}

static void cut(struct list *l, const struct list *blocks, uint64_t start,
		uint64_t end)
{
	for (int i = 0; i < blocks->n; i++) {
		const struct iomem_range *b = &blocks->ranges[i];
		uint64_t from = start > b->start ? start : b->start;
		uint64_t to = end < b->end ? end : b->end;

		if (from < to)
			add(l, from, to);
	}
}

/* Lines such as "  100000000-17fffffff : System RAM (kmem)", end included. */
static int read_iomem(struct list *l, const struct list *blocks)
{
	char *text = sysfs_slurp("/proc/iomem"), *line, *next;
	uint64_t start, end;
	int name, err = 0;

	if (!text)
		return -errno;
	for (line = text; line && !err; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		name = 0;
		if (!strstr(line, " : System RAM")) /* sscanf() is slow */
			continue;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " : %n", &start, &end,
			   &name) < 2 ||
		    !name || strncmp(line + name, "System RAM", 10) != 0)
			continue;
		if (!end)
			err = fail(
				EPERM,
				"/proc/iomem shows no addresses: not root (it takes CAP_SYS_ADMIN)");
		else if (start <= end && end < UINT64_MAX)
			cut(l, blocks, start, end + 1);
	}
	free(text);
	return err;
}

static int by_start(const void *a, const void *b)
{
	const struct iomem_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * DAMON rounds a range to pages, outwards, and refuses ranges that then
 * overlap: where two share a page, it is the second one's.
 */
static void part(struct list *l)
{
	uint64_t page = page_size() - 1;
	int kept = 0;

	qsort(l->ranges, (size_t)l->n, sizeof(*l->ranges), by_start);
	for (int i = 0; i < l->n; i++) {
		struct iomem_range r = l->ranges[i];

		if (i + 1 < l->n &&
		    ((r.end + page) & ~page) > (l->ranges[i + 1].start & ~page))
			r.end = l->ranges[i + 1].start & ~page;
		if (r.start < r.end)
			l->ranges[kept++] = r;
	}
	l->n = kept;
}

int iomem_node_at(uint64_t address)
{
	int *ids, n, node = -1;
	uint64_t size;

	if (block_size(&size))
		return -1;
	n = sysfs_ids(&ids, "node", NODES);
	for (int i = 0; i < n && node < 0; i++)
		if (sysfs_exists(NODES "/node%d/memory%" PRIu64, ids[i],
				 address / size))
			node = ids[i];
	if (n > 0)
		free(ids);
	return node;
}

int iomem_of_node(struct iomem_range **ranges, int node)
{
	struct list blocks = { 0 }, l = { 0 };
	int err = read_blocks(&blocks, node);

	if (!err && blocks.n)
		err = read_iomem(&l, &blocks);
	free(blocks.ranges);
	if (err) {
		free(l.ranges);
		l = (struct list){ 0 };
	} else if (l.n) {
		part(&l);
	}
	*ranges = l.ranges;
	return err ? err : l.n;
}
