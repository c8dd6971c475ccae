// SPDX-License-Identifier: GPL-2.0-only
/*
 * node_usage.c - which nodes hold the pages of our descendants.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "mm/cgroup.h"
#include "mm/proctree.h"
#include "mm/undo.h"
#include "sysfs.h"
#include "tiering/node_usage.h"

/* -------------------------------------------------------------- the files */

/* Adds all " N<node>=<number>" up to end; a number is so many bytes. */
static void add_nodes(struct node_usage *r, const char *p, const char *end,
		      uint64_t unit)
{
	unsigned long node;
	uint64_t bytes;
	char *after;

	for (; (p = strstr(p, " N")) && p < end; p += 2) {
		node = strtoul(p + 2, &after, 10);
		if (after == p + 2 || *after != '=' || node >= NODE_MAX)
			continue;
		bytes = strtoull(after + 1, NULL, 10) * unit;
		r->node[node] += bytes;
		r->bytes += bytes;
	}
}

/* The number behind key, which is between p and end; otherwise other. */
static uint64_t value_of(const char *p, const char *end, const char *key,
			 uint64_t other)
{
	p = strstr(p, key);
	return p && p < end ? strtoull(p + strlen(key), NULL, 10) : other;
}

/*
 * A line a mapping; the counts are of pages of the size at its end, and those
 * of transparent huge pages are of small ones, as that size says, too.
 */
void node_usage_add_maps(struct node_usage *r, const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		add_nodes(r, text, end,
			  KIB * value_of(text, end, " kernelpagesize_kB=", 4));
	}
}

/* "anon N0=4096 N1=0" and other lines, in bytes. */
void node_usage_add_stat(struct node_usage *r, const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		if (!strncmp(text, "anon ", 5) ||
		    !strncmp(text, "file_mapped ", 12))
			add_nodes(r, text, end, 1);
	}
}

/* -------------------------------------------------------------- the group */

/* What the second group is called behind the first one's name. */
#define BESIDE "-with"

static int name_of(char *path, size_t size, pid_t leader, const char *which)
{
	char name[32];

	snprintf(name, sizeof(name), NODE_USAGE_LOG "-%d%s", (int)leader,
		 which);
	return cgroup_below_own(path, size, name);
}

void node_usage_close(void)
{
	static const char *const which[] = { "", BESIDE };
	char group[512];
	struct undo_result r;
	int err = undo_restore_shared(NODE_USAGE_LOG, &r);

	if (err < 0)
		report_warn("%s", fail_message());
	/* The others' stay, and so does the log, which has ours, too. */
	for (size_t i = 0; err > 0 && i < ARRAY_SIZE(which); i++)
		if (!name_of(group, sizeof(group), gettid(), which[i]) &&
		    sysfs_exists(CGROUP_DIR "/%s", group))
			sysfs_rmdir(CGROUP_DIR "/%s", group);
}

/*
 * Huge pages of hugetlbfs do not count with a cgroup: it would show too
 * little.
 */
static bool has_huge_pages(void)
{
	uint64_t n;

	return !sysfs_read_u64(&n, "/proc/sys/vm/nr_hugepages") && n;
}

/* begun: the log of groups is ours already. */
static int make_group(char *group, size_t size, const char *which, bool begun)
{
	int err;

	if (geteuid())
		return fail(EPERM, "root makes them");
	err = name_of(group, size, getppid(), which);
	if (!err && !begun)
		err = undo_begin_shared(NODE_USAGE_LOG);
	if (!err)
		err = cgroup_make(group);
	return err ? err :
	       sysfs_exists(CGROUP_DIR "/%s/memory.numa_stat", group) ?
		     0 :
		     lacks(ENOENT, "cgroups have no memory.numa_stat");
}

static void no_group(struct node_usage_source *s)
{
	snprintf(s->why, sizeof(s->why), "%s", fail_message());
	s->group[0] = '\0';
	s->own = false;
}

void node_usage_open(struct node_usage_source *s, const char *group)
{
	*s = (struct node_usage_source){ .own = !group };
	if (group)
		snprintf(s->group, sizeof(s->group), "%s", group);
	if (has_huge_pages()) {
		fail(EINVAL,
		     "vm.nr_hugepages is set, and it would not count those");
		no_group(s);
	} else if (!group &&
		   make_group(s->group, sizeof(s->group), "", false)) {
		no_group(s);
	}
}

int node_usage_open_beside(struct node_usage_source *s,
			   const struct node_usage_source *first)
{
	*s = (struct node_usage_source){ .own = true };
	return make_group(s->group, sizeof(s->group), BESIDE,
			  first->own && first->group[0]);
}

void node_usage_join(struct node_usage_source *s)
{
	if (s->own && cgroup_join(s->group))
		no_group(s);
}

/* ------------------------------------------------------------------- look */

static int look_at_group(const char *group, struct node_usage *r)
{
	char *text = sysfs_slurp(CGROUP_DIR "/%s/memory.numa_stat", group);

	if (!text)
		return -errno;
	node_usage_add_stat(r, text);
	free(text);
	return 0;
}

/* One that has ended meanwhile, or is another user's, has none. */
static bool look_at_process(int pid, struct node_usage *r)
{
	char *text = sysfs_slurp("/proc/%d/numa_maps", pid);

	if (!text)
		return false;
	node_usage_add_maps(r, text);
	free(text);
	return true;
}

/* Adds a number to what tells one state from another (FNV). */
static void mark_add(uint64_t *mark, uint64_t value)
{
	*mark = (*mark ^ value) * UINT64_C(1099511628211);
}

/* Its faults, minor and major, its addresses and how many pages it has. */
static void mark_process(uint64_t *mark, int pid)
{
	char *text = sysfs_slurp("/proc/%d/stat", pid), *field, *rest;

	mark_add(mark, (uint64_t)pid);
	rest = text ? strrchr(text, ')') : NULL;
	for (int i = 2; (field = strsep(&rest, " ")); i++)
		if (i == 10 || i == 12 || i == 23 || i == 24)
			mark_add(mark, strtoull(field, NULL, 10));
	free(text);
}

/* Pages that the kernel has given another place, without a fault. */
static void mark_moves(uint64_t *mark)
{
	char *text = sysfs_slurp("/proc/vmstat");
	const char *end = text ? text + strlen(text) : NULL;

	if (!text)
		return;
	mark_add(mark, value_of(text, end, "\npgmigrate_success ", 0));
	mark_add(mark, value_of(text, end, "\nthp_collapse_alloc ", 0));
	free(text);
}

/* Where nothing has come, gone or moved, all is where it was. */
static int look_at_processes(struct node_usage_source *s, struct node_usage *r)
{
	int *pids, n = proctree_list(gettid(), &pids);
	uint64_t mark = 0;
	bool any = false;

	for (int i = 0; i < n; i++)
		mark_process(&mark, pids[i]);
	mark_moves(&mark);
	if (mark == s->mark) {
		*r = s->seen;
		any = true;
	}
	for (int i = 0; i < n && mark != s->mark; i++)
		any |= look_at_process(pids[i], r);
	free(pids);
	s->mark = mark;
	s->seen = *r;
	return any ? 0 : -ENOENT;
}

int node_usage_look(struct node_usage_source *s, struct node_usage *r)
{
	*r = (struct node_usage){ 0 };
	return s->group[0] ? look_at_group(s->group, r) :
			     look_at_processes(s, r);
}
