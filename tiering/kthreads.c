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

static bool is_named(const char *comm, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(comm, name, len) && comm[len] != '\n' &&
	       comm[len + strspn(comm + len, "0123456789")] == '\n';
}

/*
 * The first of the names that it has; n: none. A program may have such a name,
 * but not without memory of its own. Other threads of the kernel have names of any
 * length.
 */
static size_t which(int pid, const char *const names[], size_t n)
{
	char *comm = sysfs_slurp("/proc/%d/comm", pid), line[8];
	size_t k = 0;

	while (k < n && !(comm && is_named(comm, names[k])))
		k++;
	free(comm);
	return k < n && sysfs_read(line, sizeof(line), "/proc/%d/cmdline",
				   pid) == 0 ?
		       k :
		       n;
}

/* It is asked when a run has ended, whose failure is the one to tell. */
void kthreads_cpu_s(const char *const names[], double seconds[], size_t n)
{
	struct fail_state before;
	char text[96];
	int *pids, nr;

	for (size_t k = 0; k < n; k++)
		seconds[k] = NAN;
	fail_save(&before);
	nr = sysfs_ids(&pids, "", "/proc");
	for (int i = 0; i < nr; i++) {
		size_t k = which(pids[i], names, n);

		if (k == n || sysfs_read(text, sizeof(text),
					 "/proc/%d/schedstat", pids[i]) < 0)
			continue;
		seconds[k] = (isnan(seconds[k]) ? 0 : seconds[k]) +
			     strtod(text, NULL) / 1e9;
	}
	if (nr > 0)
		free(pids);
	fail_restore(&before);
}
