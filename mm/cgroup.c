// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup.c - a cgroup of version 2 is made, and every step of it logged.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/cgroup.h"
#include "mm/undo.h"
#include "sysfs.h"

/* What is to be done for a group, and what came of it. */
struct cgroup_making {
	const char *name;
	char parent[PATH_MAX]; /* of the group: its directory */
	bool enable, mkdir;
	pthread_t thread;
	int err;
	struct fail_state why;
};

/* "/slice/job" -> "/slice"; "/job" -> "". */
static void to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Where cgroup2 is not mounted, and only would be. */
static int rehearse(const char *name)
{
	int err = sysfs_write("+memory", CGROUP_DIR "/cgroup.subtree_control");

	return err ? err : undo_mkdir(CGROUP_DIR "/%s", name);
}

int cgroup_has_memory(void)
{
	char text[512];
	int err = sysfs_read(text, sizeof(text), CGROUP_CONTROLLERS);

	return err < 0 ? err : has_word(text, "memory");
}

/* Logs what will be changed; all that can be refused is refused here. */
static int prepare(struct cgroup_making *m)
{
	char text[512];
	int err = cgroup_has_memory();

	snprintf(m->parent, sizeof(m->parent), CGROUP_DIR "/%s", m->name);
	to_parent(m->parent);
	if (err < 0)
		return err;
	if (!err)
		return lacks(
			ENOENT,
			"cgroup2 at %s has no memory controller: it needs CONFIG_MEMCG, and no cgroup1 that uses it",
			CGROUP_DIR);
	err = sysfs_read(text, sizeof(text), "%s/cgroup.subtree_control",
			 m->parent);
	m->enable = err >= 0 && !has_word(text, "memory");
	if (m->enable)
		err = undo_note(UNDO_WRITE, "-memory",
				"%s/cgroup.subtree_control", m->parent);
	if (err >= 0)
		err = undo_note_mkdir(CGROUP_DIR "/%s", m->name);
	m->mkdir = err > 0;
	return err < 0 ? err : 0;
}

static void *make(void *arg)
{
	struct cgroup_making *m = arg;

	if (m->enable)
		m->err = sysfs_write("+memory", "%s/cgroup.subtree_control",
				     m->parent);
	if (!m->err && m->mkdir)
		m->err = sysfs_mkdir(CGROUP_DIR "/%s", m->name);
	fail_save(&m->why);
	return NULL;
}

bool cgroup_is_old(void)
{
	return !sysfs_exists(CGROUP_CONTROLLERS) &&
	       sysfs_exists(CGROUP_DIR "/memory");
}

static int mount_it(void)
{
	if (cgroup_is_old())
		return lacks(
			EBUSY, CGROUP_DIR
			"/memory: cgroup1 has the memory controller, and DAMON takes a cgroup2's; boot with systemd.unified_cgroup_hierarchy=1");
	return undo_mount("cgroup2", CGROUP_DIR, "cgroup.controllers");
}

int cgroup_make(const char *name)
{
	struct cgroup_making m = { .name = name };
	int err = mount_it();

	if (err > 0)
		return rehearse(name);
	if (!err)
		err = prepare(&m);
	if (!err)
		make(&m);
	return err ? err : m.err;
}

int cgroup_begin(struct cgroup_making **making, const char *name)
{
	struct cgroup_making *m;
	int err = mount_it();

	*making = NULL;
	if (err)
		return err > 0 ? rehearse(name) : err;
	m = xcalloc(1, sizeof(*m));
	m->name = name;
	err = prepare(m);
	if (!err && !pthread_create(&m->thread, NULL, make, m)) {
		*making = m;
		return 0;
	}
	if (!err) {
		make(m);
		err = m->err;
	}
	free(m);
	return err;
}

int cgroup_finish(struct cgroup_making *m)
{
	int err;

	if (!m)
		return 0;
	pthread_join(m->thread, NULL);
	err = m->err;
	if (err)
		fail_restore(&m->why);
	free(m);
	return err;
}

int cgroup_join(const char *name)
{
	/* "0" stands for the process that writes. */
	return sysfs_write("0", CGROUP_DIR "/%s/cgroup.procs", name);
}

/* ------------------------------------------------------------ staying inside */

void cgroup_own(char *path, size_t size)
{
	char *text = sysfs_slurp("/proc/self/cgroup");
	const char *own = text ? strstr(text, "0::") : NULL;

	snprintf(path, size, "%.*s", own ? (int)strcspn(own + 3, "\n") : 0,
		 own ? own + 3 : "");
	free(text);
}

/* Of a group that sets no limit, and no share, of anything. */
static bool is_default(const char *value)
{
	static const char *const defaults[] = {
		"", "max", "max 100000", "0", "0.00", "100", "default 100"
	};

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!strcmp(value, defaults[i]))
			return true;
	return false;
}

static bool is_setting(const char *file)
{
	static const char *const ends[] = { ".max",  ".high",	".low",
					    ".min",  ".weight", ".idle",
					    ".cpus", ".mems",	".group" };
	const char *end = strrchr(file, '.');

	for (size_t i = 0; end && i < ARRAY_SIZE(ends); i++)
		if (!strcmp(end, ends[i]))
			return true;
	return false;
}

/*
 * A job of systemd's, which ends, freezes and counts what is in its group, limits
 * or none. Below user.slice they are logins, terminals, and who has no other.
 */
static bool is_unit(const char *group)
{
	const char *end = strrchr(group, '.');

	return end && strncmp(group, "/user.slice/", 12) != 0 &&
	       (!strcmp(end, ".scope") || !strcmp(end, ".service"));
}

/* What keeps a process in the group: a setting's file; NULL: nothing. To be freed. */
static char *setting(const char *group)
{
	char *files, *found = NULL, *file, *save, value[128];

	if (is_unit(group))
		return xstrdup("a unit of systemd's");
	files = sysfs_names(CGROUP_DIR "%s", group);
	for (file = files ? strtok_r(files, "\n", &save) : NULL; file && !found;
	     file = strtok_r(NULL, "\n", &save))
		if (is_setting(file) &&
		    (sysfs_read(value, sizeof(value), CGROUP_DIR "%s/%s", group,
				file) < 0 ||
		     !is_default(value)))
			found = xstrdup(file);
	free(files);
	return found;
}

/* The root has none of the files that limit a group. */
static bool is_root(const char *group)
{
	return !sysfs_exists(CGROUP_DIR "%s/cgroup.type", group);
}

/* The kernel lets no group but the root have both processes and groups below. */
static bool may_have_below(const char *group)
{
	char words[512];

	return is_root(group) ||
	       (sysfs_read(words, sizeof(words),
			   CGROUP_DIR "%s/cgroup.subtree_control",
			   group) >= 0 &&
		has_word(words, "memory"));
}

int cgroup_below_own(char *path, size_t size, const char *name)
{
	char own[PATH_MAX], group[PATH_MAX], *what;
	int err;

	cgroup_own(own, sizeof(own));
	snprintf(group, sizeof(group), "%s", strcmp(own, "/") ? own : "");
	while (!may_have_below(group)) {
		what = setting(group);
		if (!what && group[0] && strncmp(group, "/..", 3)) {
			to_parent(group);
			continue;
		}
		err = fail(
			EPERM,
			"it is in cgroup %s, and a group for it that is under the same limits (%s) cannot be made: the kernel wants none below one that has processes",
			own, what ? what : "of a container");
		free(what);
		return err;
	}
	err = snprintf(path, size, "%s%s%s", group[0] ? group + 1 : "",
		       group[0] ? "/" : "", name);
	return (size_t)err < size ? 0 : fail(ENAMETOOLONG, "cgroup %s", own);
}
