/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu.h - the CPUs that a process may use, however many the kernel knows.
 *
 * allowed_list() is of memory, too: the kernel says both in one file.
 */
#ifndef TIER_MM_CPU_H
#define TIER_MM_CPU_H

/* No kernel has more (NR_CPUS); it takes a set that is larger than its own. */
#define CPU_MAX 8192

/* As the kernel takes it; musl's cpu_set_t ends at 1024. */
struct cpu_set {
	unsigned long bits[CPU_MAX / 8 / sizeof(long)];
	int count; /* CPUs in it */
};

void cpu_set_add(struct cpu_set *set, int cpu);

/*
 * The CPUs that the calling thread may use, ascending. Returns how many, or
 * -errno with the message.
 */
int cpu_allowed(int cpus[CPU_MAX]);
/*
 * "Cpus" or "Mems": the list of what this process may use, to be freed; NULL: it
 * is not said, as in a tree that has no processes.
 */
char *allowed_list(const char *what);
/* The calling thread runs on these alone. 0 or -errno, without a message. */
int cpu_bind(const struct cpu_set *set);
int cpu_pin(int cpu);

#endif
