// SPDX-License-Identifier: GPL-2.0-only
/*
 * heat.c - how often user code missed in each page, or accessed it, interval by
 * interval.
 *
 * The counts only grow. An interval's are the difference to a copy, so that a
 * count that is made while they are read is in this interval or in the next,
 * and in none twice.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "heat.h"

#define SECOND_NS INT64_C(1000000000)

static struct {
	FILE *file;
	const char *name;
	struct heat_counts *counts;
	unsigned int vcpus;
	uint64_t nr; /* pages */
	unsigned int apart; /* loads and stores: see heat.h */
	uint32_t *before;
	uint32_t *asked; /* sums when the guest asked; NULL: it did not */
	unsigned int shift; /* of a frame to a page */
	uint64_t outside;
	uint64_t interval_ns, begin_ns, last_ns, reading_ns;
	pthread_mutex_t lock;
	pthread_cond_t ending;
	pthread_t thread;
	bool ends;
} heat = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)(ts.tv_sec * SECOND_NS + ts.tv_nsec);
}

/* ------------------------------------------------------------- the stream */

static void put(uint64_t n)
{
	for (; n > 127; n >>= 7)
		putc_unlocked((int)(n & 127) | 128, heat.file);
	putc_unlocked((int)n, heat.file);
}

/* of a count: a page has one, or two */
static uint32_t sum_of(uint64_t at)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < heat.vcpus; i++)
		sum += atomic_load_explicit(&heat.counts[i].pages[at],
					    memory_order_relaxed);
	return sum;
}

static uint64_t outside(void)
{
	uint64_t sum = 0, new;

	for (unsigned int i = 0; i < heat.vcpus; i++)
		sum += atomic_load_explicit(&heat.counts[i].outside,
					    memory_order_relaxed);
	new = sum - heat.outside;
	heat.outside = sum;
	return new;
}

static uint64_t nr_counts(void)
{
	return heat.nr << heat.apart;
}

/* Did anything come in that page? */
static bool is_new(const uint32_t *list, uint64_t page)
{
	return list[page << heat.apart] | list[page << heat.apart | heat.apart];
}

/* What is new of each page, into its place of list; how many have some. */
static uint64_t take(uint32_t *list)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < nr_counts(); i++) {
		uint32_t sum = sum_of(i);

		list[i] = sum - heat.before[i];
		if (list[i])
			heat.before[i] = sum;
	}
	for (uint64_t i = 0; i < heat.nr; i++)
		n += is_new(list, i);
	return n;
}

static void write_interval(enum heat_by by, uint64_t guest_ns)
{
	uint32_t *list = calloc(nr_counts(), sizeof(*list));
	uint64_t next = 0, n, at = now();

	if (!list) {
		fprintf(stderr, "tier-pmu: out of memory\n");
		abort();
	}
	n = take(list);
	putc_unlocked('I', heat.file);
	put(by);
	put(guest_ns);
	put(at - heat.begin_ns);
	put(outside());
	put(n);
	for (uint64_t i = 0; n && i < heat.nr; i++) {
		if (!is_new(list, i))
			continue;
		put(i - next);
		for (unsigned int k = 0; k <= heat.apart; k++)
			put(list[i << heat.apart | k]);
		next = i + 1;
		n--;
	}
	free(list);
	heat.last_ns = at;
}

void heat_cut(enum heat_by by, uint64_t guest_ns)
{
	if (!heat.file)
		return;
	pthread_mutex_lock(&heat.lock);
	write_interval(by, guest_ns);
	if (by == HEAT_READING)
		heat.reading_ns = heat.last_ns;
	pthread_mutex_unlock(&heat.lock);
}

/* Zeros, which take memory only where they are written to */
static void *zeros(uint64_t count)
{
	void *p = mmap(NULL, count * sizeof(uint32_t), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint32_t new_since_asked(uint64_t page)
{
	uint32_t sum = 0, new;

	if (page >= heat.nr)
		return 0;
	for (unsigned int k = 0; k <= heat.apart; k++)
		sum += sum_of(page << heat.apart | k);
	new = sum - heat.asked[page];
	heat.asked[page] = sum;
	return new;
}

bool heat_ask(uint64_t *frames, size_t n)
{
	if (!heat.file)
		return false;
	pthread_mutex_lock(&heat.lock);
	heat.asked = heat.asked ? heat.asked : zeros(heat.nr);
	for (size_t i = 0; heat.asked && i < n; i++)
		frames[i] = new_since_asked(frames[i] >> heat.shift);
	pthread_mutex_unlock(&heat.lock);
	return heat.asked;
}

/* ------------------------------------------------------------------ clock */

/*
 * A guest that reads its counters once an interval ends intervals itself: the
 * clock waits for it half an interval more.
 */
static uint64_t due(void)
{
	uint64_t wait = heat.interval_ns;

	if (heat.reading_ns && now() - heat.reading_ns < 2 * wait)
		wait += wait / 2;
	return heat.last_ns + wait;
}

static void *by_clock(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&heat.lock);
	while (!heat.ends) {
		uint64_t until = due();
		struct timespec ts = { (time_t)(until / (uint64_t)SECOND_NS),
				       (long)(until % (uint64_t)SECOND_NS) };

		if (now() >= until)
			write_interval(HEAT_CLOCK, 0);
		else
			pthread_cond_timedwait(&heat.ending, &heat.lock, &ts);
	}
	pthread_mutex_unlock(&heat.lock);
	return NULL;
}

/* QEMU's signals are for its own threads. */
static bool start_clock(void)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	bool started;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&heat.ending, &attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started = !pthread_create(&heat.thread, NULL, by_clock, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

static void stop_clock(void)
{
	pthread_mutex_lock(&heat.lock);
	heat.ends = true;
	pthread_cond_signal(&heat.ending);
	pthread_mutex_unlock(&heat.lock);
	pthread_join(heat.thread, NULL);
}

/* ------------------------------------------------------------ begin and end */

static void write_head(const struct options *o)
{
	static const char *const scopes[] = { "all", "user", "process" };

	fprintf(heat.file,
		"{\"heat\":2,\"grain\":%llu,\"of\":\"%s\",\"counts\":[%s],"
		"\"vcpus\":%u,\"cache_bytes\":%llu,\"interval_ns\":%llu,"
		"\"scope\":\"%s\",\"ranges\":[",
		1ull << o->heat_shift, o->heat_accesses ? "accesses" : "misses",
		heat.apart ? "\"loads\",\"stores\"" : "\"all\"", heat.vcpus,
		(unsigned long long)o->llc_bytes,
		(unsigned long long)o->heat_ns, scopes[o->scope]);
	for (unsigned int i = 0; i < o->nr_parts; i++)
		fprintf(heat.file,
			"%s{\"name\":\"%s\",\"start\":%llu,\"end\":%llu}",
			i ? "," : "", o->ranges[o->parts[i].range].name,
			(unsigned long long)o->parts[i].start,
			(unsigned long long)o->parts[i].end);
	fprintf(heat.file, "]}\n");
}

bool heat_open(const struct options *o, struct heat_counts **counts,
	       unsigned int nr)
{
	bool good;

	heat.counts = calloc(nr, sizeof(*heat.counts));
	heat.vcpus = nr;
	heat.nr = (o->parts[o->nr_parts - 1].end - 1) >> o->heat_shift;
	heat.nr++;
	heat.apart = o->heat_apart;
	heat.shift = o->heat_shift - 12;
	heat.before = zeros(nr_counts());
	good = heat.counts && heat.before;
	for (unsigned int i = 0; i < nr && good; i++) {
		heat.counts[i].nr = heat.nr;
		heat.counts[i].pages = zeros(nr_counts());
		good = heat.counts[i].pages;
	}
	if (!good) {
		fprintf(stderr, "tier-pmu: out of memory for heat\n");
		return false;
	}
	heat.name = o->heat;
	heat.file = fopen(o->heat, "w");
	if (!heat.file) {
		fprintf(stderr, "tier-pmu: heat=%s: %s\n", o->heat,
			strerror(errno));
		return false;
	}
	heat.interval_ns = o->heat_ns;
	heat.begin_ns = heat.last_ns = now();
	write_head(o);
	*counts = heat.counts;
	return !heat.interval_ns || start_clock();
}

void heat_close(void)
{
	if (!heat.file)
		return;
	if (heat.interval_ns)
		stop_clock();
	write_interval(HEAT_END, 0);
	if (ferror(heat.file) | fclose(heat.file))
		fprintf(stderr, "tier-pmu: heat=%s: %s\n", heat.name,
			strerror(errno));
	heat.file = NULL;
	for (unsigned int i = 0; i < heat.vcpus; i++)
		munmap((void *)heat.counts[i].pages,
		       nr_counts() * sizeof(uint32_t));
	munmap(heat.before, nr_counts() * sizeof(uint32_t));
	if (heat.asked)
		munmap(heat.asked, heat.nr * sizeof(uint32_t));
	free(heat.counts);
	memset(&heat, 0, sizeof(heat));
	pthread_mutex_init(&heat.lock, NULL);
}
