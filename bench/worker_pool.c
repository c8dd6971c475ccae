// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker_pool.c - threads that work side by side, a phase at a time.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/worker_pool.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/time.h"
#include "mm/cpu.h"

#define TICK_NS 100000000
/* musl's default of 128 KiB would do; this is said, not left to chance. */
#define STACK_BYTES (256 * KIB)

struct pool_thread {
	struct worker_pool *pool;
	unsigned int i;
	pthread_t thread;
	/* Of the last phase. */
	uint64_t begin_ns, end_ns, cpu_ns;
	int err;
	char message[256];
};

struct worker_pool {
	const int *cpus; /* NULL: nobody is pinned */
	pthread_mutex_t lock; /* of the next members */
	pthread_cond_t changed;
	uint64_t phase; /* counts them: the next one begins when it changes */
	unsigned int running; /* threads that are in the phase */
	bool leave; /* the threads shall end */
	worker_pool_work *work;
	void *arg;

	unsigned int nr; /* threads that were started */
	struct pool_thread threads[];
};

/* ----------------------------------------------------------- in a thread */

/* Waits for the phase after *phase; false: there is none any more. */
static bool next_phase(struct worker_pool *p, uint64_t *phase)
{
	bool more;

	pthread_mutex_lock(&p->lock);
	while (p->phase == *phase && !p->leave)
		pthread_cond_wait(&p->changed, &p->lock);
	*phase = p->phase;
	more = !p->leave;
	pthread_mutex_unlock(&p->lock);
	return more;
}

static void end_phase(struct worker_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->running--;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static void *thread_main(void *arg)
{
	struct pool_thread *t = arg;
	struct worker_pool *p = t->pool;
	uint64_t cpu, phase = 0;

	/*
	 * A thread that moves to another virtual CPU meets a TLB that never
	 * grew; on hardware, cold caches.
	 */
	if (p->cpus)
		cpu_pin(p->cpus[t->i]);
	while (next_phase(p, &phase)) {
		t->begin_ns = now_ns();
		cpu = thread_cpu_ns();
		t->err = p->work(p->arg, t->i);
		t->end_ns = now_ns();
		t->cpu_ns = thread_cpu_ns() - cpu;
		if (t->err)
			snprintf(t->message, sizeof(t->message), "%s",
				 fail_message());
		end_phase(p);
	}
	return NULL;
}

/* ---------------------------------------------------------- the one outside */

static int start(struct worker_pool *p, unsigned int n)
{
	pthread_attr_t attr;
	int err = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (p->nr < n && !err) {
		struct pool_thread *t = &p->threads[p->nr];

		t->pool = p;
		t->i = p->nr;
		err = pthread_create(&t->thread, &attr, thread_main, t);
		p->nr += !err;
	}
	pthread_attr_destroy(&attr);
	return err ? fail(err, "cannot start thread %u of %u: %s", p->nr + 1, n,
			  strerror(err)) :
		     0;
}

struct worker_pool *worker_pool_new(unsigned int n, const int *cpus)
{
	struct worker_pool *p =
		xcalloc(1, sizeof(*p) + n * sizeof(p->threads[0]));
	pthread_condattr_t attr;

	p->cpus = cpus;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!start(p, n))
		return p;
	worker_pool_free(p);
	return NULL;
}

void worker_pool_free(struct worker_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->leave = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned int i = 0; i < p->nr; i++)
		pthread_join(p->threads[i].thread, NULL);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static void wait_for_all(struct worker_pool *p, worker_pool_tick *tick,
			 void *arg)
{
	uint64_t begin = now_ns();

	pthread_mutex_lock(&p->lock);
	while (p->running) {
		struct timespec ts = timespec_of(now_ns() + TICK_NS);

		if (!tick) {
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		pthread_cond_timedwait(&p->changed, &p->lock, &ts);
		pthread_mutex_unlock(&p->lock);
		tick(arg, (double)(now_ns() - begin) / 1e9);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
}

int worker_pool_run(struct worker_pool *p, worker_pool_work *work, void *arg,
		    struct worker_pool_time *time, worker_pool_tick *tick,
		    void *tick_arg)
{
	uint64_t begin = UINT64_MAX, end = 0, cpu = 0;
	int err = 0;

	pthread_mutex_lock(&p->lock);
	p->work = work;
	p->arg = arg;
	p->running = p->nr;
	p->phase++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	wait_for_all(p, tick, tick_arg);
	for (unsigned int i = 0; i < p->nr; i++) {
		const struct pool_thread *t = &p->threads[i];

		if (t->err && !err)
			err = fail(-t->err, "%s", t->message);
		if (t->begin_ns < begin)
			begin = t->begin_ns;
		if (t->end_ns > end)
			end = t->end_ns;
		cpu += t->cpu_ns;
	}
	if (time)
		*time = (struct worker_pool_time){ (double)(end - begin) / 1e9,
						   (double)cpu / 1e9 };
	return err;
}
