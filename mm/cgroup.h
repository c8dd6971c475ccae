/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup.h - a cgroup of version 2 is made, and every step of it logged: the
 * mount, the memory controller, the directory.
 *
 * undo_begin() comes before. All functions: 0 or -errno with the message;
 * lacks() where there is no cgroup2 with a memory controller.
 */
#ifndef TIER_MM_CGROUP_H
#define TIER_MM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#define CGROUP_DIR "/sys/fs/cgroup"
#define CGROUP_CONTROLLERS CGROUP_DIR "/cgroup.controllers"

/*
 * Has cgroup2, where it is mounted, the memory controller? 1, 0, or -errno
 * with the message.
 */
int cgroup_has_memory(void);
/* Has cgroup1 it, as on machines before systemd 247, or that chose so? */
bool cgroup_is_old(void);

/* name: its path below CGROUP_DIR, "hmsdk" or "system.slice/job/hmsdk". */
int cgroup_make(const char *name);

/*
 * A name for a group that the calling process may go into without getting out
 * of the limits that it is under: below its own group where that may have
 * groups below it, else beside it if it sets no limit itself and is no job of
 * systemd's, and so on up to the root. size is of path. -EPERM: there is none.
 */
int cgroup_below_own(char *path, size_t size, const char *name);
/* The calling process's group, "/" at its beginning; "": it is not said. */
void cgroup_own(char *path, size_t size);

/*
 * To make one takes the kernel as long as to be told what DAMON shall do: all
 * that can be refused is refused by cgroup_begin(), the rest is done meanwhile,
 * and known from cgroup_finish(), which frees; NULL is nothing.
 */
struct cgroup_making;
int cgroup_begin(struct cgroup_making **making, const char *name);
int cgroup_finish(struct cgroup_making *making);

/* The calling process goes into it. */
int cgroup_join(const char *name);

#endif
