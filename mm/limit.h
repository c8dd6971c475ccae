/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limit.h - how much memory, and of CPUs, the cgroups of this process leave it.
 *
 * What goes beyond its memory is not slow: the kernel kills, or the allocation
 * fails. What goes beyond its CPUs waits.
 */
#ifndef TIER_MM_LIMIT_H
#define TIER_MM_LIMIT_H

#include <stdint.h>

#define LIMIT_NAME 128

/* The group that memory of this process counts with; "": of none is known. */
void limit_group(char name[static LIMIT_NAME]);
/*
 * Bytes that are left, with page cache that can be dropped, of the group up
 * the path that has least (version 1 and 2), and its name; UINT64_MAX and an
 * empty name: there is no limit, or no cgroup is mounted.
 */
uint64_t limit_room(char name[static LIMIT_NAME]);
/*
 * The same of CPUs' time (cpu.max, cpu.cfs_quota_us): thousandths of a CPU, by the
 * group that has least.
 */
uint64_t limit_cpus(char name[static LIMIT_NAME]);

/*
 * Does so much fit? 0, or -ENOMEM by lacks(), which names the group; what is
 * it for: "a table of 1 GiB".
 */
int limit_check(uint64_t bytes, const char *what);

#endif
