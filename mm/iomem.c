// SPDX-License-Identifier: GPL-2.0-only
/*
 * iomem.c - where the memory of a node is in physical memory.
 *
 * /proc/iomem knows what is RAM, without what firmware reserved, but not of
 * which node it is; sysfs knows of which node a memory block is, but not the
 * holes in it. The ranges of a node are what both have in common, as damo
 * computes it.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "mm/iomem.h"
#include "mm/memory_block.h"
#include "mm/page.h"
#include "sysfs.h"

struct list {
	struct iomem_range *ranges;
	int n;
};

static void add(struct list *l, uint64_t start, uint64_t end)
{
	l->ranges = xgrow(l->ranges, (size_t)l->n, sizeof(*l->ranges));
	l->ranges[l->n++] = (struct iomem_range){ start, end };
}

/* The node's online blocks, adjacent ones as one; memoryK is the K-th. */
static int read_blocks(struct list *l, int node)
{
	uint64_t size = 0, start;
	int *ids, n, err = memory_block_size(&size);

	if (err)
		return err;
	n = memory_block_online(&ids, node, 0, INT_MAX);
	for (int i = 0; i < n; i++) {
		start = (uint64_t)ids[i] * size;
		if (start / size != (uint64_t)ids[i] ||
		    start > UINT64_MAX - size)
			continue; /* no such address */
		if (l->n && l->ranges[l->n - 1].end == start)
			l->ranges[l->n - 1].end += size;
		else
			add(l, start, start + size);
	}
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

/* A line of the file: "  100000000-17fffffff : System RAM (kmem)". */
struct iomem_line {
	size_t depth; /* blanks before it: more than the line it lies in has */
	uint64_t start, last; /* addresses; without root both are 0 */
	const char *name;
};

/* The next line that has a range; false: there is none. */
static bool next_line(struct iomem_line *l, char **text)
{
	char *line, *end;

	while ((line = strsep(text, "\n"))) {
		l->depth = strspn(line, " ");
		l->start = strtoull(line, &end, 16);
		if (*end != '-')
			continue;
		l->last = strtoull(end + 1, &end, 16);
		if (strncmp(end, " : ", 3))
			continue;
		l->name = end + 3;
		return true;
	}
	return false;
}

static int read_iomem(struct list *l, const struct list *blocks)
{
	char *text = sysfs_slurp("/proc/iomem"), *rest = text;
	struct iomem_line line;
	int err = 0;

	if (!text)
		return -errno;
	while (!err && next_line(&line, &rest)) {
		if (strncmp(line.name, "System RAM", 10))
			continue;
		if (!line.last)
			err = fail(
				EPERM,
				"/proc/iomem shows no addresses: that takes CAP_SYS_ADMIN, as root has outside of containers");
		else if (line.start <= line.last && line.last < UINT64_MAX)
			cut(l, blocks, line.start, line.last + 1);
	}
	free(text);
	return err;
}

int iomem_has(const char *name, const char *inside)
{
	char *text = sysfs_slurp("/proc/iomem"), *rest = text;
	/* How deep the line is that it shall lie in; SIZE_MAX: we are in none. */
	size_t within = SIZE_MAX;
	struct iomem_line line;
	int found = 0;

	if (!text)
		return -errno;
	while (!found && next_line(&line, &rest)) {
		if (line.depth <= within)
			within = SIZE_MAX;
		if (inside && within == SIZE_MAX &&
		    !strncmp(line.name, inside, strlen(inside)))
			within = line.depth;
		found = !strcmp(line.name, name) &&
			(!inside || line.depth > within);
	}
	free(text);
	return found;
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
