// SPDX-License-Identifier: GPL-2.0-only
/*
 * proctree.c - the processes that descend from one: found, and ended.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/time.h"
#include "mm/proctree.h"
#include "sysfs.h"

#define POLL_NS (UINT64_C(5) * 1000000)
/* For SIGKILL to take effect; what is stuck in the kernel takes longer. */
#define KILL_NS (UINT64_C(2000) * 1000000)

static pid_t left_out[PROCTREE_MAX_LEFT_OUT];
static int nr_left_out;

void proctree_keep(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void proctree_leave_out(pid_t pid)
{
	if (nr_left_out < PROCTREE_MAX_LEFT_OUT)
		left_out[nr_left_out++] = pid;
}

/* The parent of a process that lives; -1: it does not. */
static int parent_of(int pid)
{
	char stat[512], *p;
	char state;
	int parent;

	if (sysfs_read(stat, sizeof(stat), "/proc/%d/stat", pid) < 0)
		return -1;
	/* The name is anything, in parentheses. */
	p = strrchr(stat, ')');
	if (!p || sscanf(p + 1, " %c %d", &state, &parent) != 2 ||
	    state == 'Z' || state == 'X')
		return -1;
	return parent;
}

static bool has(const int *pids, int n, int pid)
{
	for (int i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

int proctree_list(pid_t pid, int **pids)
{
	int *all, *parents, n = sysfs_ids(&all, "", "/proc"), found = 0, before;

	*pids = NULL;
	if (n <= 0)
		return n;
	parents = xcalloc((size_t)n, sizeof(*parents));
	*pids = xcalloc((size_t)n, sizeof(**pids));
	for (int i = 0; i < n; i++)
		parents[i] = has(left_out, nr_left_out, all[i]) ?
				     -1 :
				     parent_of(all[i]);
	/* A child may have a lower number than its parent. */
	do {
		before = found;
		for (int i = 0; i < n; i++) {
			if (parents[i] != pid && !has(*pids, found, parents[i]))
				continue;
			(*pids)[found++] = all[i];
			parents[i] = -1;
		}
	} while (found > before);
	free(parents);
	free(all);
	return found;
}

/* Sends all descendants a signal (0: none); returns how many there are. */
static unsigned int tell(int signal)
{
	int *pids, n = proctree_list(gettid(), &pids);

	for (int i = 0; i < n && signal; i++)
		kill(pids[i], signal);
	free(pids);
	return n > 0 ? (unsigned int)n : 0;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Returns how many are left. */
static unsigned int wait_for(uint64_t ns, int signal)
{
	uint64_t end = now_ns() + ns;
	unsigned int left;

	for (;;) {
		reap();
		left = tell(signal);
		if (!left || now_ns() >= end)
			return left;
		sleep_ns(POLL_NS);
	}
}

unsigned int proctree_end(uint64_t wait_ns, uint64_t grace_ns)
{
	unsigned int n = wait_for(wait_ns, 0);

	if (n && grace_ns) {
		tell(SIGTERM);
		if (!wait_for(grace_ns, 0))
			return n;
	}
	/* Again and again: one that is ended may just have made another. */
	if (n)
		wait_for(KILL_NS, SIGKILL);
	return n;
}
