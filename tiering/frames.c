// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames.c - in which frames of physical memory a cgroup's pages are.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/report.h"
#include "mm/cgroup.h"
#include "mm/iomem.h"
#include "mm/node.h"
#include "mm/page.h"
#include "sysfs.h"
#include "tiering/frames.h"

#define OWNERS "/proc/kpagecgroup"
#define CHUNK 4096 /* frames a read */

/* Frames side by side are one. */
struct run {
	uint64_t first, n;
};

struct runs {
	struct run *p;
	size_t nr;
};

static void add(struct runs *r, uint64_t frame)
{
	struct run *last = r->nr ? &r->p[r->nr - 1] : NULL;

	if (last && last->first + last->n == frame) {
		last->n++;
		return;
	}
	r->p = xgrow(r->p, r->nr, sizeof(*r->p));
	r->p[r->nr++] = (struct run){ frame, 1 };
}

static int add_range(struct runs *r, int fd, const struct iomem_range *range,
		     uint64_t owner)
{
	static uint64_t owners[CHUNK];
	uint64_t at = range->start / PAGE_BYTES, end = range->end / PAGE_BYTES;

	while (at < end) {
		size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t got = pread(fd, owners, n * sizeof(*owners),
				    (off_t)(at * sizeof(*owners)));

		if (got < (ssize_t)sizeof(*owners))
			return fail(got < 0 ? errno : EIO, "%s: %s", OWNERS,
				    got < 0 ? strerror(errno) :
					      "it ends too early");
		n = (size_t)got / sizeof(*owners);
		for (size_t i = 0; i < n; i++)
			if (owners[i] == owner)
				add(r, at + i);
		at += n;
	}
	return 0;
}

static int add_node(struct runs *r, int fd, int node, uint64_t owner)
{
	struct iomem_range *ranges = NULL;
	int n = iomem_of_node(&ranges, node), err = n < 0 ? n : 0;

	for (int i = 0; i < n && !err; i++)
		err = add_range(r, fd, &ranges[i], owner);
	free(ranges);
	return err;
}

static int find(struct runs *r, uint64_t owner)
{
	int fd = sysfs_open(OWNERS), n, err;
	struct node *nodes;

	if (fd < 0)
		return fd;
	n = node_list(&nodes);
	err = n < 0 ? n : 0;
	for (int i = 0; i < n && !err; i++)
		err = add_node(r, fd, nodes[i].id, owner);
	if (n >= 0)
		free(nodes);
	close(fd);
	return err;
}

REPORT_RECORD(
	frames, "frames",
	"which frames a cgroup's pages are in, at a row of tier run --frames",
	"t_s r as of the row\n"
	"cgroup s whose pages\n"
	"start[] u:address physical, of frames side by side\n"
	"pages[] u:count of 4 KiB there\n");

static void show(const struct runs *r, double t_s, const char *group)
{
	report_begin(&frames);
	report_real("t_s", t_s);
	report_str("cgroup", group);
	report_open("start", '[');
	for (size_t i = 0; i < r->nr; i++)
		report_u64(NULL, r->p[i].first * PAGE_BYTES);
	report_close(']');
	report_open("pages", '[');
	for (size_t i = 0; i < r->nr; i++)
		report_u64(NULL, r->p[i].n);
	report_close(']');
	report_end();
}

int frames_view(double t_s, const char *group)
{
	char *name = xasprintf("/%s", group);
	struct runs r = { 0 };
	struct stat st;
	char *path = xasprintf("%s%s", CGROUP_DIR, name);
	int err = stat(path, &st) ?
			  fail(errno, "%s: %s", path, strerror(errno)) :
			  find(&r, st.st_ino);

	if (!err)
		show(&r, t_s, name);
	free(r.p);
	free(name);
	free(path);
	return err;
}
