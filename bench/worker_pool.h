/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker_pool.h - threads that work side by side, a phase at a time.
 *
 * The threads stay for the life of the pool: a thread that ends has its stack
 * unmapped, which flushes the TLBs of all the others.
 */
#ifndef TIER_BENCH_WORKER_POOL_H
#define TIER_BENCH_WORKER_POOL_H

#include <stdint.h>

struct worker_pool;

/* What thread i of 0, 1, ... does in a phase: 0, or -errno with the message. */
typedef int worker_pool_work(void *arg, unsigned int i);
/* Called about every 100 ms, by the thread that waits for a phase to end. */
typedef void worker_pool_tick(void *arg, double seconds);

/* What a phase took. */
struct worker_pool_time {
	double wall_s; /* from the first thread's begin to the last one's end */
	double cpu_s; /* of all threads */
};

/*
 * n threads, which wait. cpus: the CPU that each is pinned to; NULL: none is.
 * NULL on failure, with the message.
 */
struct worker_pool *worker_pool_new(unsigned int n, const int *cpus);
/* The threads have ended when this returns; NULL is fine. */
void worker_pool_free(struct worker_pool *pool);

/*
 * One phase: every thread calls work(arg, i), all at once; returns when all
 * are done. 0, or the error of the first thread that failed. time and tick may
 * be NULL.
 */
int worker_pool_run(struct worker_pool *pool, worker_pool_work *work, void *arg,
		    struct worker_pool_time *time, worker_pool_tick *tick,
		    void *tick_arg);

#endif
