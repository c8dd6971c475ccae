// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with a published pattern: of PAGES pages, shared by two processes
 * on a CPU each, page i is stored to once, and loaded from 100000 + 1000 i times
 * by either.  It ends an interval of the emulator's heat before and after it,
 * as a guest does by reading its counters.
 *
 *     heat PAGES
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../plugin/pmu_page.h"

static struct pmu_page page __attribute__((aligned(PMU_PAGE_BYTES)));

static int end_interval(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	page.word = PMU_ASKED;
	page.version = PMU_PAGE_VERSION;
	page.question = PMU_READ;
	page.end = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	__asm__ volatile(PMU_ASK_INSN : : "D"(&page) : "memory");
	return page.word == PMU_TOLD ? 0 : 3;
}

static void load(const volatile char *p, size_t pages, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (size_t i = 0; i < pages; i++)
		for (size_t n = 0; n < 100000 + 1000 * i; n++)
			(void)p[i * 4096 + n % 64 * 64];
}

int main(int argc, char **argv)
{
	size_t pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
	volatile char *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t child;

	if (p == MAP_FAILED)
		return 99;
	if (end_interval())
		return 3;
	for (size_t i = 0; i < pages; i++)
		p[i * 4096] = 1;
	child = fork();
	load(p, pages, !child);
	if (!child)
		_exit(0);
	waitpid(child, &status, 0);
	return end_interval() | status;
}
