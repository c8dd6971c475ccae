// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup.c - a cgroup of version 2 is made, and every step of it logged.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/cgroup.h"
#include "mm/undo.h"
#include "sysfs.h"

/* What is to be done for a group, and what came of it. */
struct cgroup_making {
	const char *name;
	bool enable, mkdir;
	pthread_t thread;
	int err;
	struct fail_state why;
};

/* In a dry run cgroup2 may not be mounted: then nothing of it can be read. */
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

	if (err < 0)
		return err;
	if (!err)
		return lacks(
			ENOENT,
			"cgroup2 at %s has no memory controller: it needs CONFIG_MEMCG, and no cgroup1 that uses it",
			CGROUP_DIR);
	err = sysfs_read(text, sizeof(text),
			 CGROUP_DIR "/cgroup.subtree_control");
	m->enable = err >= 0 && !has_word(text, "memory");
	if (m->enable)
		err = undo_note(UNDO_WRITE, "-memory",
				CGROUP_DIR "/cgroup.subtree_control");
	if (err >= 0)
		err = undo_note_mkdir(CGROUP_DIR "/%s", m->name);
	m->mkdir = err > 0;
	return err < 0 ? err : 0;
}

static void *make(void *arg)
{
	struct cgroup_making *m = arg;

	if (m->enable)
		m->err = sysfs_write("+memory",
				     CGROUP_DIR "/cgroup.subtree_control");
	if (!m->err && m->mkdir)
		m->err = sysfs_mkdir(CGROUP_DIR "/%s", m->name);
	fail_save(&m->why);
	return NULL;
}

static int mount_it(void)
{
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
