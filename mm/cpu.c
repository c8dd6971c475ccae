// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpu.c - the CPUs that a process may use, however many the kernel knows.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "mm/cpu.h"
#include "sysfs.h"

#define BITS (8 * (int)sizeof(long))

void cpu_set_add(struct cpu_set *set, int cpu)
{
	if (cpu < 0 || cpu >= CPU_MAX)
		return;
	set->bits[cpu / BITS] |= 1UL << cpu % BITS;
	set->count++;
}

int cpu_allowed(int cpus[CPU_MAX])
{
	struct cpu_set set = { .count = 0 };
	int n = 0;

	if (sched_getaffinity(0, sizeof(set.bits), (cpu_set_t *)set.bits))
		return fail(errno, "sched_getaffinity: %s", strerror(errno));
	for (int i = 0; i < CPU_MAX; i++)
		if (set.bits[i / BITS] & 1UL << i % BITS)
			cpus[n++] = i;
	return n;
}

char *allowed_list(const char *what)
{
	char *text = sysfs_slurp("/proc/self/status"), *list, key[32];

	snprintf(key, sizeof(key), "\n%s_allowed_list:\t", what);
	list = text ? strstr(text, key) : NULL;
	if (list)
		memmove(text, list + strlen(key),
			strlen(list + strlen(key)) + 1);
	else
		free(text);
	return list ? text : NULL;
}

int cpu_bind(const struct cpu_set *set)
{
	return sched_setaffinity(0, sizeof(set->bits),
				 (const cpu_set_t *)set->bits) ?
		       -errno :
		       0;
}

int cpu_pin(int cpu)
{
	struct cpu_set set = { .count = 0 };

	cpu_set_add(&set, cpu);
	return cpu_bind(&set);
}
