// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with a published pattern: of PAGES pages, by turns on nodes 0 and 1,
 * page i is stored to once, and loaded from 100000 + 1000 i times by each of two
 * threads, on a CPU each if there are two.  It ends an interval of the emulator's
 * heat before and after, as a guest does by reading its counters.
 *
 *     heat PAGES [huge] [move] [stay]
 *
 * huge: pages of 2 MiB, all of whose parts are loaded from.  move: meanwhile ten
 * pages go to the other node, of huge ones two, 30 times a second, those of one
 * node and then those of the other, and an interval ends with each time; so no
 * frame is two pages' in one interval.  It says when intervals ended, and which
 * frame a page was in by then, where that is another one ("cut NUMBER NANOSECONDS",
 * "frame NUMBER PAGE FRAME"; of a huge page its first).  stay: it has its pages for
 * some seconds before it loads from them, and after that, as long as a slow host
 * takes to look.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../plugin/pmu_page.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define CUTS_MAX 1000
#define TOGETHER 10
#define MOVE_NS (1000000000 / 30)

static struct pmu_page page __attribute__((aligned(PMU_PAGE_BYTES)));

static struct {
	volatile char *base;
	size_t pages, size;
	atomic_int loading;
	int pagemap;
	/* Written to before, so that nothing is allocated in between */
	unsigned long long cut[CUTS_MAX];
	struct {
		unsigned long page, frame; /* frame 0: none */
	} moved[CUTS_MAX][TOGETHER];
	size_t cuts, turn;
} run;

static int end_interval(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	page.word = PMU_ASKED;
	page.version = PMU_PAGE_VERSION;
	page.question = PMU_READ;
	page.end = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	run.cut[run.cuts++] = page.end;
	__asm__ volatile(PMU_ASK_INSN : : "D"(&page) : "memory");
	return page.word == PMU_TOLD ? 0 : 3;
}

static void *load(void *cpu)
{
	bool huge = run.size > 4096;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (size_t i = 0; i < run.pages; i++) {
		const volatile char *p = run.base + i * run.size;

		for (size_t n = 0; n < 100000 + 1000 * i; n++)
			(void)p[huge ? n % 512 * 4096 + n / 512 % 64 * 64 :
				       n % 64 * 64];
	}
	run.loading--;
	return NULL;
}

static unsigned long frame_of(size_t i)
{
	uint64_t entry = 0;

	if (pread(run.pagemap, &entry, 8,
		  (off_t)((uintptr_t)(run.base + i * run.size) / 4096 * 8)) !=
	    8)
		exit(4);
	return entry & ((1ull << 55) - 1);
}

/* Some that are on node from, in turn; where one cannot go, it stays. */
static void move_some(int from)
{
	size_t most = run.size == HUGE_PAGE ? 2 : TOGETHER, n = 0;

	for (size_t looked = 0; looked < run.pages && n < most; looked++) {
		size_t i = run.turn++ % run.pages;
		void *at = (void *)(uintptr_t)(run.base + i * run.size);
		int status, to = !from;

		if (syscall(SYS_move_pages, 0, 1, &at, NULL, &status, 0))
			exit(5);
		if (status != from)
			continue;
		syscall(SYS_move_pages, 0, 1, &at, &to, &status, 2);
		if (status != to)
			continue;
		run.moved[run.cuts][n].page = i;
		run.moved[run.cuts][n++].frame = frame_of(i);
	}
}

static int move_all(void)
{
	struct timespec pause = { 0, MOVE_NS };
	int err = 0;

	for (int from = 0; run.loading && run.cuts < CUTS_MAX - 1 && !err;
	     from = !from) {
		move_some(from);
		err = end_interval();
		nanosleep(&pause, NULL);
	}
	return err;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t thread[2];
	bool moves = false;
	unsigned int stays = 0;
	int err;

	run.pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
	run.size = 4096;
	for (int i = 2; i < argc; i++) {
		moves |= !strcmp(argv[i], "move");
		if (!strcmp(argv[i], "stay"))
			stays = 2;
		if (!strcmp(argv[i], "huge"))
			run.size = HUGE_PAGE;
	}
	run.base = mmap(NULL, run.pages * run.size + HUGE_PAGE,
			PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	run.pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (run.base == MAP_FAILED || run.pagemap < 0)
		return 99;
	run.base += -(uintptr_t)run.base % HUGE_PAGE;
	madvise((void *)(uintptr_t)run.base, run.pages * run.size,
		run.size == HUGE_PAGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	/* By turns on both nodes: MPOL_INTERLEAVE */
	if (syscall(SYS_mbind, run.base, run.pages * run.size, 3,
		    &(unsigned long){ 3 }, 64UL, 0))
		return 97;
	memset(run.cut, 1, sizeof(run.cut));
	memset(run.moved, 0, sizeof(run.moved));
	run.loading = 2;
	err = end_interval();
	for (size_t i = 0; i < run.pages; i++)
		run.base[i * run.size] = 1;
	for (size_t i = 0; i < run.pages; i++)
		printf("frame 0 %zu %lu\n", i, frame_of(i));
	fflush(stdout);
	sleep(stays);
	for (size_t i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, load,
				   (void *)(i % (size_t)cpus)))
			return 98;
	if (moves && !err)
		err = move_all();
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	err |= end_interval();
	sleep(stays);
	for (size_t i = 0; i < run.cuts; i++) {
		printf("cut %zu %llu\n", i, run.cut[i]);
		for (int k = 0; k < TOGETHER && run.moved[i][k].frame; k++)
			printf("frame %zu %lu %lu\n", i, run.moved[i][k].page,
			       run.moved[i][k].frame);
	}
	return err;
}
