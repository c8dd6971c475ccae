/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proctree.h - the processes that descend from one: found, and ended.
 *
 * Whoever is a subreaper (prctl(2)) keeps them: a process whose parent ended
 * becomes its child, and not PID 1's, so that none gets away.
 */
#ifndef TIER_MM_PROCTREE_H
#define TIER_MM_PROCTREE_H

#include <stdint.h>
#include <sys/types.h>

/* From now on orphans among our descendants become our children. */
void proctree_keep(void);

#define PROCTREE_MAX_LEFT_OUT 10
/* A child that is not to be listed or ended (a hog); at most so many. */
void proctree_leave_out(pid_t pid);

/*
 * The descendants of pid that live (zombies do not), in no order, *pids to be
 * freed. Returns how many, or -errno with the message.
 */
int proctree_list(pid_t pid, int **pids);

/*
 * Ends all descendants of the calling process: what has not ended by itself
 * within wait_ns gets SIGTERM, and what is left after grace_ns SIGKILL; then
 * all are reaped. grace_ns 0: SIGKILL at once. Returns how many had to be
 * ended; one that cannot be (another user's) is given up after two seconds.
 */
unsigned int proctree_end(uint64_t wait_ns, uint64_t grace_ns);

#endif
