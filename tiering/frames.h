/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames.h - in which frames of physical memory a cgroup's pages are: what
 * counts by frame can then be told apart by cgroup.
 *
 * /proc/kpagecgroup names for each frame the cgroup that its page counts with,
 * by the inode of its directory: the group that touched it first, also of a
 * file's page, and not a group below it. It takes the kernel some 100
 * instructions a frame, of all memory.
 *
 * Source: Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef TIER_TIERING_FRAMES_H
#define TIER_TIERING_FRAMES_H

/*
 * Record "frames": those of the group (a path below /sys/fs/cgroup) now. 0, or
 * -errno with the message: without root, or CONFIG_PROC_PAGE_MONITOR.
 */
int frames_view(double t_s, const char *group);

#endif
