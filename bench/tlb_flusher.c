// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlb_flusher.c - flushes the TLB of each CPU in a rhythm.
 *
 * A switch to another address space is a flush, under emulation of the whole
 * TLB (QEMU does so at each write to CR3, whatever PCIDs there are). So it is
 * done by a process of its own on each CPU, which does nothing but wake and
 * sleep again. A change of protection in the benchmark's address space does
 * it, too, but all CPUs have to answer it: on a busy host, whose virtual CPUs
 * stand still for milliseconds, it took half of the time, and came late.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/tlb_flusher.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/time.h"
#include "mm/cpu.h"

/* A sampling interval of DAMON's, in periods: see tlb_heartbeat_ns(). */
#define SAMPLE_PERIODS 2.5
/* Up to 1/5 to either side, so that no rhythm of DAMON's is met by it. */
#define JITTER 5

/* What a process writes and its parent reads, on a cache line of its own. */
struct pulse {
	_Alignas(64) _Atomic uint64_t last_ns; /* flush, or the begin */
	_Atomic uint64_t beats, longest_ns, blind_ns, cpu_ns;
};

/* Shared by all. */
struct ward {
	_Atomic uint32_t beating; /* a futex */
	uint64_t period_ns;
	struct pulse pulses[];
};

struct tlb_flusher {
	struct ward *ward;
	size_t bytes; /* of *ward */
	pid_t *pids;
	int nr, started;
	uint64_t total_ns, begin_ns;
};

/* By the process, and in the end by its parent, which may be a moment late. */
static void note_gap(const struct ward *ward, struct pulse *p, uint64_t now)
{
	double sample = (double)ward->period_ns * SAMPLE_PERIODS;
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

/* Marsaglia's xorshift64: cheap, and the same in every run. */
static uint64_t next_random(uint64_t *r)
{
	*r ^= *r << 13;
	*r ^= *r >> 7;
	*r ^= *r << 17;
	return *r;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000),
			       (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* From tlb_flusher_begin() to tlb_flusher_end(). To run at all is the beat. */
static void beat_on(struct ward *ward, struct pulse *p, uint64_t *random)
{
	uint64_t spread = ward->period_ns / JITTER, next = now_ns();

	while (ward->beating) {
		uint64_t now = now_ns();

		note_gap(ward, p, now);
		p->beats++;
		p->cpu_ns = cpu_ns();
		/* One that is late is not made up for. */
		if (next < now)
			next = now;
		next += ward->period_ns - spread +
			next_random(random) % (2 * spread + 1);
		sleep_until(next);
	}
}

__attribute__((noreturn)) static void process(struct ward *ward, int i)
{
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)i;

	/* It holds nothing open, and ends with its parent, however that ends. */
	syscall(SYS_close_range, 0, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Ctrl-C is for the parent, which then ends the beating itself. */
	signal(SIGINT, SIG_IGN);
	for (;;) {
		syscall(SYS_futex, &ward->beating, FUTEX_WAIT, 0, NULL, NULL,
			0);
		beat_on(ward, &ward->pulses[i], &random);
	}
}

/* ------------------------------------------------------------- the parent */

static int start(struct tlb_flusher *h, int i, const int *cpus, int n)
{
	h->pids[i] = fork();
	if (h->pids[i] < 0)
		return fail(errno, "cannot start what flushes TLBs: %s",
			    strerror(errno));
	if (!h->pids[i]) {
		if (i < n)
			cpu_pin(cpus[i]);
		process(h->ward, i);
	}
	h->started++;
	return 0;
}

static int map_ward(struct tlb_flusher *h, uint64_t period_ns)
{
	h->bytes = sizeof(*h->ward) + (size_t)h->nr * sizeof(struct pulse);
	h->ward = mmap(NULL, h->bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h->ward == MAP_FAILED) {
		h->ward = NULL;
		return fail(errno, "cannot map %zu bytes: %s", h->bytes,
			    strerror(errno));
	}
	h->ward->period_ns = period_ns;
	return 0;
}

struct tlb_flusher *tlb_flusher_new(uint64_t period_ns, const int *cpus, int n)
{
	struct tlb_flusher *h = xcalloc(1, sizeof(*h));
	int err;

	h->nr = n ? n : 1;
	h->pids = xcalloc((size_t)h->nr, sizeof(*h->pids));
	err = map_ward(h, period_ns);
	for (int i = 0; i < h->nr && !err; i++)
		err = start(h, i, cpus, n);
	if (!err)
		return h;
	tlb_flusher_free(h);
	return NULL;
}

void tlb_flusher_free(struct tlb_flusher *h)
{
	if (!h)
		return;
	for (int i = 0; i < h->started; i++) {
		kill(h->pids[i], SIGKILL);
		waitpid(h->pids[i], NULL, 0);
	}
	if (h->ward)
		munmap(h->ward, h->bytes);
	free(h->pids);
	free(h);
}

void tlb_flusher_begin(struct tlb_flusher *h)
{
	if (!h)
		return;
	h->begin_ns = now_ns();
	for (int i = 0; i < h->nr; i++)
		h->ward->pulses[i].last_ns = h->begin_ns;
	h->ward->beating = 1;
	syscall(SYS_futex, &h->ward->beating, FUTEX_WAKE, h->nr, NULL, NULL, 0);
}

void tlb_flusher_end(struct tlb_flusher *h)
{
	uint64_t now;

	if (!h)
		return;
	h->ward->beating = 0;
	now = now_ns();
	for (int i = 0; i < h->nr; i++)
		note_gap(h->ward, &h->ward->pulses[i], now);
	h->total_ns += now - h->begin_ns;
}

void tlb_flusher_count(const struct tlb_flusher *h,
		       struct tlb_flusher_count *count)
{
	uint64_t blind = 0;

	*count = (struct tlb_flusher_count){ 0 };
	if (!h)
		return;
	count->period_ns = h->ward->period_ns;
	count->beats = UINT64_MAX;
	for (int i = 0; i < h->nr; i++) {
		const struct pulse *p = &h->ward->pulses[i];

		if (p->beats < count->beats)
			count->beats = p->beats;
		if (p->longest_ns > count->longest_ns)
			count->longest_ns = p->longest_ns;
		blind += p->blind_ns;
		count->cpu_s += (double)p->cpu_ns / 1e9;
	}
	if (h->total_ns)
		count->blind = (double)blind / (double)h->total_ns / h->nr;
}
