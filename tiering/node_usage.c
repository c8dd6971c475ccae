// SPDX-License-Identifier: GPL-2.0-only
/*
 * residence.c - which nodes hold the pages of our descendants.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "family.h"
#include "policy.h"
#include "report.h"
#include "residence.h"
#include "sysfs.h"
#include "undo.h"
#include "util.h"

#define CGROUPS "/sys/fs/cgroup"
/* The group's name, and that of its undo log. */
#define OWN "tier-run"

/* -------------------------------------------------------------- the files */

/* Adds all " N<node>=<number>" up to end; a number is so many bytes. */
static void add_nodes(struct residence *r, const char *p, const char *end,
		      uint64_t unit)
{
	unsigned long node;
	uint64_t bytes;
	char *after;

	for (; (p = strstr(p, " N")) && p < end; p += 2) {
		node = strtoul(p + 2, &after, 10);
		if (after == p + 2 || *after != '=' || node >= PLAN_MAX_NODES)
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
void residence_add_maps(struct residence *r, const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		add_nodes(r, text, end,
			  KIB * value_of(text, end, " kernelpagesize_kB=", 4));
	}
}

/* "anon N0=4096 N1=0" and other lines, in bytes. */
void residence_add_stat(struct residence *r, const char *text)
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

static bool in_use(void)
{
	char events[128];

	return sysfs_read(events, sizeof(events),
			  CGROUPS "/" OWN "/cgroup.events") > 0 &&
	       strstr(events, "populated 1");
}

void residence_close(void)
{
	struct undo_result r;

	if (!in_use() && undo_restore(OWN, &r))
		report_warn("%s", fail_message());
}

/* Their pages do not count with a group, so it would say too little. */
static bool has_huge_pages(void)
{
	uint64_t n;

	return !sysfs_read_u64(&n, "/proc/sys/vm/nr_hugepages") && n;
}

static int make_group(void)
{
	int err;

	if (geteuid())
		return fail(EPERM, "root makes them");
	if (in_use())
		return fail(EBUSY, "another tier run is in its cgroup");
	residence_close();
	err = undo_begin(OWN);
	if (err)
		return err;
	err = policy_cgroup(OWN);
	return err ? err :
	       sysfs_exists(CGROUPS "/" OWN "/memory.numa_stat") ?
		     0 :
		     lacks(ENOENT, "cgroups have no memory.numa_stat");
}

static int find_group(const char *group)
{
	if (has_huge_pages())
		return fail(
			EINVAL,
			"vm.nr_hugepages is set, and it would not count those");
	return group ? 0 : make_group();
}

void residence_open(struct residence_source *s, const char *group)
{
	*s = (struct residence_source){ 0 };
	if (find_group(group)) {
		snprintf(s->why, sizeof(s->why), "%s", fail_message());
		residence_close();
		return;
	}
	s->own = !group;
	snprintf(s->group, sizeof(s->group), "%s", group ? group : OWN);
}

int residence_join(const struct residence_source *s)
{
	/* "0" is whoever writes. */
	return s->own ? sysfs_write("0", CGROUPS "/%s/cgroup.procs", s->group) :
			0;
}

/* ------------------------------------------------------------------- look */

static int look_at_group(const char *group, struct residence *r)
{
	char *text = sysfs_slurp(CGROUPS "/%s/memory.numa_stat", group);

	if (!text)
		return -errno;
	residence_add_stat(r, text);
	free(text);
	return 0;
}

/* One that has ended meanwhile, or is another user's, has none. */
static bool look_at_process(int pid, struct residence *r)
{
	char *text = sysfs_slurp("/proc/%d/numa_maps", pid);

	if (!text)
		return false;
	residence_add_maps(r, text);
	free(text);
	return true;
}

int residence_look(const struct residence_source *s, struct residence *r)
{
	bool any = false;
	int *pids, n;

	*r = (struct residence){ 0 };
	if (s->group[0])
		return look_at_group(s->group, r);
	n = family_list(gettid(), &pids);
	for (int i = 0; i < n; i++)
		any |= look_at_process(pids[i], r);
	free(pids);
	return any ? 0 : -ENOENT;
}
