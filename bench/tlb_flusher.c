// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlb_flusher.c - flushes the TLB of each CPU in a rhythm.
 *
 * A switch to another address space flushes the TLB, in an emulator all of it
 * (QEMU does so at each write to CR3, whatever PCIDs there are). So each CPU
 * has a process of its own that does nothing but wake and sleep again. A change
 * of protection in the benchmark's address space flushes, too, but all CPUs
 * have to answer it: on a busy host, whose virtual CPUs stand still for
 * milliseconds, that took half of the time, and came late.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/pmu.h"
#include "bench/prng.h"
#include "bench/tlb_flusher.h"
#include "bench/worker_pool.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/cpu.h"

/* Flushes in each of DAMON's sampling intervals: see tlb_flusher_period(). */
#define SAMPLE_PERIODS 2.5
/* ns of a period for each us of a sampling interval: 2.5 periods in it. */
#define PERIOD_NS_PER_US 400
/* More often leaves the emulator time for little but refills. */
#define PERIOD_MIN_NS (UINT64_C(1) * 1000000)
/* Up to 1/5 to either side, so that no rhythm of DAMON's is met by it. */
#define JITTER 5

/* What a process writes and its parent reads, on a cache line of its own. */
struct cpu_flushes {
	_Alignas(64) _Atomic uint64_t last_ns; /* the last flush, or the begin */
	_Atomic uint64_t flushes, longest_ns, blind_ns, cpu_ns;
};

/* What the parent and all processes share. */
struct shared {
	_Atomic uint32_t running; /* are they to flush? A futex */
	_Atomic uint64_t period_ns;
	struct cpu_flushes per_cpu[];
};

struct tlb_flusher {
	struct shared *shared;
	size_t bytes; /* of *shared */
	pid_t *pids;
	int nr, started;
	uint64_t total_ns, begin_ns;
};

/*
 * The process calls it at each flush; in the end its parent, which may be a
 * moment late.
 */
static void note_gap(const struct shared *shared, struct cpu_flushes *p,
		     uint64_t now)
{
	double sample = (double)shared->period_ns * SAMPLE_PERIODS;
	uint64_t last = p->last_ns, gap = now - last;

	if (now < last)
		return;
	p->last_ns = now;
	if (gap > p->longest_ns)
		p->longest_ns = gap;
	if ((double)gap > sample)
		p->blind_ns += gap - (uint64_t)sample;
}

/* ------------------------------------------------------------ the process */

static void sleep_until(uint64_t ns)
{
	struct timespec ts = timespec_of(ns);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/*
 * From tlb_flusher_begin() to tlb_flusher_end(). It is flush enough that the
 * process runs: it has an address space of its own. What it executes is left
 * out of modelled time: hardware would need no flushes.
 */
static void flush_in_rhythm(struct shared *shared, struct cpu_flushes *p,
			    uint64_t *random)
{
	static struct pmu_page page __attribute__((aligned(PMU_PAGE_BYTES)));
	uint64_t spread = shared->period_ns / JITTER, next = now_ns();

	while (shared->running) {
		uint64_t now;

		pmu_leave(&page, PMU_LEAVE_ALL);
		now = now_ns();
		note_gap(shared, p, now);
		p->flushes++;
		p->cpu_ns = thread_cpu_ns();
		/* A flush that is late is not made up for. */
		if (next < now)
			next = now;
		next += shared->period_ns - spread +
			prng_xorshift(random) % (2 * spread + 1);
		/* What the kernel does next may be another's work. */
		pmu_leave(&page, PMU_LEAVE_END);
		sleep_until(next);
	}
}

__attribute__((noreturn)) static void process(struct shared *shared, int i)
{
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)i;

	/*
	 * The process holds nothing open, and ends with its parent, however
	 * that ends.
	 */
	syscall(SYS_close_range, 0, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_catch_signals(SIG_IGN);
	for (;;) {
		syscall(SYS_futex, &shared->running, FUTEX_WAIT, 0, NULL, NULL,
			0);
		flush_in_rhythm(shared, &shared->per_cpu[i], &random);
	}
}

/* ------------------------------------------------------------- the parent */

static int start(struct tlb_flusher *f, int i, const int *cpus, int n)
{
	f->pids[i] = fork();
	if (f->pids[i] < 0)
		return fail(errno, "cannot start what flushes TLBs: %s",
			    strerror(errno));
	if (!f->pids[i]) {
		if (i < n)
			cpu_pin(cpus[i]);
		process(f->shared, i);
	}
	f->started++;
	return 0;
}

static int map_shared(struct tlb_flusher *f, uint64_t period_ns)
{
	f->bytes =
		sizeof(*f->shared) + (size_t)f->nr * sizeof(struct cpu_flushes);
	f->shared = shared_map(f->bytes);
	if (!f->shared)
		return fail(errno, "cannot map %zu bytes: %s", f->bytes,
			    strerror(errno));
	f->shared->period_ns = period_ns;
	return 0;
}

uint64_t tlb_flusher_period(uint64_t sample_us)
{
	uint64_t ns = sample_us * PERIOD_NS_PER_US;

	return ns && ns < PERIOD_MIN_NS ? PERIOD_MIN_NS : ns;
}

struct tlb_flusher *tlb_flusher_new(uint64_t period_ns, const int *cpus, int n)
{
	struct tlb_flusher *f = xcalloc(1, sizeof(*f));
	int err;

	f->nr = n ? n : 1;
	f->pids = xcalloc((size_t)f->nr, sizeof(*f->pids));
	err = map_shared(f, period_ns);
	for (int i = 0; i < f->nr && !err; i++)
		err = start(f, i, cpus, n);
	if (!err)
		return f;
	tlb_flusher_free(f);
	return NULL;
}

void tlb_flusher_set(struct tlb_flusher *f, uint64_t period_ns)
{
	if (f)
		f->shared->period_ns = period_ns;
}

void tlb_flusher_free(struct tlb_flusher *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->started; i++) {
		kill(f->pids[i], SIGKILL);
		waitpid(f->pids[i], NULL, 0);
	}
	shared_unmap(f->shared, f->bytes);
	free(f->pids);
	free(f);
}

void tlb_flusher_begin(struct tlb_flusher *f)
{
	if (!f)
		return;
	f->begin_ns = now_ns();
	for (int i = 0; i < f->nr; i++)
		f->shared->per_cpu[i].last_ns = f->begin_ns;
	f->shared->running = 1;
	syscall(SYS_futex, &f->shared->running, FUTEX_WAKE, f->nr, NULL, NULL,
		0);
}

void tlb_flusher_end(struct tlb_flusher *f)
{
	uint64_t now;

	if (!f)
		return;
	f->shared->running = 0;
	now = now_ns();
	for (int i = 0; i < f->nr; i++)
		note_gap(f->shared, &f->shared->per_cpu[i], now);
	f->total_ns += now - f->begin_ns;
}

void tlb_flusher_count(const struct tlb_flusher *f,
		       struct tlb_flusher_count *count)
{
	uint64_t blind = 0;

	*count = (struct tlb_flusher_count){ 0 };
	if (!f)
		return;
	count->period_ns = f->shared->period_ns;
	count->flushes = UINT64_MAX;
	for (int i = 0; i < f->nr; i++) {
		const struct cpu_flushes *p = &f->shared->per_cpu[i];

		if (p->flushes < count->flushes)
			count->flushes = p->flushes;
		if (p->longest_ns > count->longest_ns)
			count->longest_ns = p->longest_ns;
		blind += p->blind_ns;
		count->cpu_s += (double)p->cpu_ns / 1e9;
	}
	if (f->total_ns)
		count->blind = (double)blind / (double)f->total_ns / f->nr;
}
