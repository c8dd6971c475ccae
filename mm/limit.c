// SPDX-License-Identifier: GPL-2.0-only
/*
 * limit.c - how much memory, and of CPUs, the cgroups of this process leave it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/cgroup.h"
#include "mm/limit.h"
#include "sysfs.h"

#define NR_VERSIONS 2

struct version;
typedef uint64_t left_fn(const struct version *v, const char *group);
static left_fn room_of, cpus_of;

/* Where its memory, its time is accounted, by version; the files of the two. */
static const struct version {
	const char *controller, *dir;
	left_fn *left; /* UINT64_MAX: that group has no limit */
	const char *most, *now, *prefix;
} memory_versions[] = {
	{ "memory", CGROUP_DIR "/memory", room_of, "memory.limit_in_bytes",
	  "memory.usage_in_bytes", "\ntotal_" },
	{ "", CGROUP_DIR, room_of, "memory.max", "memory.current", "\n" },
}, cpu_versions[] = {
	{ "cpu", CGROUP_DIR "/cpu", cpus_of, "cpu.cfs_quota_us",
	  "cpu.cfs_period_us", "" },
	{ "", CGROUP_DIR, cpus_of, "cpu.max", NULL, "" },
};
_Static_assert(ARRAY_SIZE(memory_versions) == NR_VERSIONS &&
		       ARRAY_SIZE(cpu_versions) == NR_VERSIONS,
	       "of both there are as many");

/* A line of memory.stat; what a group's children have is in it. */
static uint64_t stat_of(const char *text, const struct version *v,
			const char *key)
{
	char line[48];
	const char *p;

	snprintf(line, sizeof(line), "%s%s ", v->prefix, key);
	p = strstr(text, line);
	return p ? strtoull(p + strlen(line), NULL, 10) : 0;
}

/* Page cache that nobody waits for; the first line, anon, is none of it. */
static uint64_t clean_cache(const struct version *v, const char *group)
{
	char *text = sysfs_slurp("%s%s/memory.stat", v->dir, group);
	uint64_t file = 0, dirty = 0;

	if (text) {
		file = stat_of(text, v, "inactive_file") +
		       stat_of(text, v, "active_file");
		dirty = stat_of(text, v, "file_dirty") +
			stat_of(text, v, "file_writeback") +
			stat_of(text, v, "dirty") +
			stat_of(text, v, "writeback");
	}
	free(text);
	return file > dirty ? file - dirty : 0;
}

/* "max" of version 2 is no number, and so is what is not there. */
static uint64_t room_of(const struct version *v, const char *group)
{
	uint64_t most, now, cache;

	if (sysfs_read_u64(&most, "%s%s/%s", v->dir, group, v->most) ||
	    sysfs_read_u64(&now, "%s%s/%s", v->dir, group, v->now) ||
	    most > INT64_MAX / 2)
		return UINT64_MAX;
	cache = clean_cache(v, group);
	now -= cache < now ? cache : now;
	return now < most ? most - now : 0;
}

/* "20000 100000", microseconds; -1 and "max" are no number. */
static uint64_t cpus_of(const struct version *v, const char *group)
{
	char text[64], *end;
	uint64_t quota, period;

	if (sysfs_read(text, sizeof(text), "%s%s/%s", v->dir, group, v->most) <
	    0)
		return UINT64_MAX;
	quota = strtoull(text, &end, 10);
	period = strtoull(end, NULL, 10);
	if (end == text || text[0] == '-' ||
	    (v->now &&
	     sysfs_read_u64(&period, "%s%s/%s", v->dir, group, v->now)))
		return UINT64_MAX;
	return period ? quota * 1000 / period : UINT64_MAX;
}

/* Of "4:cpuset,memory:/job" or, of version 2, "0::/job" the path. */
static char *group_in(char *line, const char *controller)
{
	size_t len = strlen(controller);
	char *name = strchr(line, ':'),
	     *path = name ? strchr(name + 1, ':') : NULL;

	while (path && name < path) {
		if (strcspn(++name, ",:") == len &&
		    !strncmp(name, controller, len))
			return path + 1;
		name += strcspn(name, ",:");
	}
	return NULL;
}

/*
 * From the group itself up to the root of what is mounted. A container may not
 * have the upper ones, or have its own where the root would be: then those that
 * are there count.
 */
static void walk(const struct version *v, char *group, uint64_t *least,
		 char name[static LIMIT_NAME])
{
	char *end = group + strlen(group);

	for (;;) {
		uint64_t room;

		while (end > group && end[-1] == '/')
			*--end = '\0';
		room = v->left(v, group);
		if (room < *least) {
			*least = room;
			snprintf(name, LIMIT_NAME, "%s", *group ? group : "/");
		}
		if (end == group)
			return;
		while (end > group && *end != '/')
			end--;
		*end = '\0';
	}
}

void limit_group(char name[static LIMIT_NAME])
{
	char *text = sysfs_slurp("/proc/self/cgroup"), *rest = text, *line;

	name[0] = '\0';
	while (text && (line = strtok_r(rest, "\n", &rest)))
		for (size_t i = 0; i < NR_VERSIONS; i++) {
			char *group =
				group_in(line, memory_versions[i].controller);

			/* Where version 1 has it version 2 does not. */
			if (group && (!i || !name[0]))
				snprintf(name, LIMIT_NAME, "%s", group);
		}
	free(text);
}

static uint64_t least_of(const struct version versions[NR_VERSIONS],
			 char name[static LIMIT_NAME])
{
	char *text = sysfs_slurp("/proc/self/cgroup"), *rest = text, *line;
	uint64_t least = UINT64_MAX;

	name[0] = '\0';
	while (text && (line = strtok_r(rest, "\n", &rest)))
		for (size_t i = 0; i < NR_VERSIONS; i++) {
			const struct version *v = &versions[i];
			char *group = group_in(line, v->controller);

			if (group)
				walk(v, group, &least, name);
		}
	free(text);
	return least;
}

uint64_t limit_room(char name[static LIMIT_NAME])
{
	return least_of(memory_versions, name);
}

uint64_t limit_cpus(char name[static LIMIT_NAME])
{
	return least_of(cpu_versions, name);
}

int limit_check(uint64_t bytes, const char *what)
{
	char name[LIMIT_NAME], want[SIZE_TEXT], have[SIZE_TEXT];
	uint64_t room = limit_room(name);

	if (bytes <= room)
		return 0;
	return lacks(
		ENOMEM,
		"%s needs %s, and the memory limit of cgroup %s leaves %s: what goes beyond is killed",
		what, format_size(want, bytes), name, format_size(have, room));
}
