// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that may have more CPUs than musl's and glibc's cpu_set_t holds says
 * EINVAL to a set that is shorter than its own. This machine has few: what the
 * kernel does is done here, from kernel/sched/syscalls.c.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "lib/error.h"
#include "mm/cpu.h"
#include "tap.h"

static int kernel_cpus; /* nr_cpu_ids */
static unsigned char kernel_set[CPU_MAX / 8];

static void has(int cpu)
{
	kernel_set[cpu / 8] |= (unsigned char)(1 << cpu % 8);
}

int sched_getaffinity(pid_t pid, size_t len, cpu_set_t *mask)
{
	(void)pid;
	if (len * 8 < (size_t)kernel_cpus) {
		errno = EINVAL;
		return -1;
	}
	memset(mask, 0, len);
	memcpy(mask, kernel_set, (size_t)(kernel_cpus + 7) / 8);
	return 0;
}

int sched_setaffinity(pid_t pid, size_t len, const cpu_set_t *mask)
{
	unsigned char any = 0;

	(void)pid;
	memset(kernel_set, 0, sizeof(kernel_set));
	memcpy(kernel_set, mask,
	       len < sizeof(kernel_set) ? len : sizeof(kernel_set));
	for (int i = 0; i < (kernel_cpus + 7) / 8; i++)
		any |= kernel_set[i];
	if (!any)
		errno = EINVAL;
	return any ? 0 : -1;
}

static void many(int cpus)
{
	static int got[CPU_MAX];
	struct cpu_set two = { .count = 0 };

	kernel_cpus = cpus;
	memset(kernel_set, 0, sizeof(kernel_set));
	has(0);
	has(63);
	has(64);
	has(cpus - 1);
	is_i64(cpu_allowed(got), 4, "%d CPUs: four of them", cpus);
	is_i64(got[1], 63, "the second");
	is_i64(got[2], 64, "the third");
	is_i64(got[3], cpus - 1, "the last");
	is_i64(cpu_pin(cpus - 1), 0, "run on the last");
	is_i64(cpu_allowed(got), 1, "there alone");
	is_i64(got[0], cpus - 1, "there");
	cpu_set_add(&two, 1);
	cpu_set_add(&two, 65);
	cpu_set_add(&two, CPU_MAX); /* no CPU, and no memory behind the set */
	cpu_set_add(&two, -1);
	is_i64(two.count, 2, "two");
	is_i64(cpu_bind(&two), 0, "run on two");
	is_i64(cpu_allowed(got), 2, "on these");
	is_i64(got[1], 65, "the second");
	is_i64(cpu_pin(-1), -EINVAL, "not on one that is not there");
}

int main(void)
{
	many(128);
	many(1024);
	many(1025);
	many(4096);
	many(CPU_MAX);
	return done_testing();
}
