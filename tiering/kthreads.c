// SPDX-License-Identifier: GPL-2.0-only
/*
 * kthreads.c - the CPU time of the kernel's threads.
 *
 * /proc/PID/schedstat begins with it, in nanoseconds; the ticks of
 * /proc/PID/stat are 10 ms, and miss who sleeps at each tick.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "sysfs.h"
#include "tiering/kthreads.h"

/*
 * A program may have such a name, but not without memory of its own. Other
 * threads of the kernel have names of any length.
 */
static bool is_named(int pid, const char *name)
{
	char *comm = sysfs_slurp("/proc/%d/comm", pid), line[8];
	size_t len = strlen(name);
	bool is = comm && !strncmp(comm, name, len) && comm[len] != '\n' &&
		  comm[len + strspn(comm + len, "0123456789")] == '\n' &&
		  sysfs_read(line, sizeof(line), "/proc/%d/cmdline", pid) == 0;

	free(comm);
	return is;
}

/* It is asked when a run has ended, whose failure is the one to tell. */
double kthreads_cpu_s(const char *name)
{
	struct fail_state before;
	char text[96];
	double sum = NAN;
	int *pids, n;

	fail_save(&before);
	n = sysfs_ids(&pids, "", "/proc");
	for (int i = 0; i < n; i++) {
		if (!is_named(pids[i], name) ||
		    sysfs_read(text, sizeof(text), "/proc/%d/schedstat",
			       pids[i]) < 0)
			continue;
		sum = (isnan(sum) ? 0 : sum) + strtod(text, NULL) / 1e9;
	}
	if (n > 0)
		free(pids);
	fail_restore(&before);
	return sum;
}
