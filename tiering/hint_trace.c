// SPDX-License-Identifier: GPL-2.0-only
/*
 * hint_trace.c - what NUMA balancing saw: hint faults with their latency.
 */
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/perf_ring.h"
#include "lib/report.h"
#include "mm/page.h"
#include "mm/undo.h"
#include "sysfs.h"
#include "tiering/hint_trace.h"

#define TRACING "/sys/kernel/tracing"
#define PROBES TRACING "/kprobe_events"
#define NAME "tier/hint_fault"
#define EVENT TRACING "/events/" NAME
/* Their order and sizes are those of struct hit. */
#define PROBE                                                \
	"r:" NAME " folio_xchg_last_cpupid folio=$arg1:u64 " \
	"map=@vmemmap_base:u64 now=$arg2:u32 was=$retval:u32"
/* The scan passes there as well, for each page that it closes. */
#define CALLERS                                                     \
	"__probe_ret_ip.function == should_numa_migrate_memory || " \
	"__probe_ret_ip.function == folio_migrate_flags"
/* 72 bytes a sample: 7,000 of them, taken by a quarter of that at a time */
#define TAKEN_BYTES (PERF_RING_BYTES / 4)
#define FOLIO_BYTES 64 /* struct page: the kernel's map of memory has these */
#define POLL_MS 100
#define LEFT UINT32_MAX /* the old folio of a migration */

/* Of the buffer, behind the header: what every event has, and ours */
struct sample {
	uint64_t time;
	uint32_t length;
	uint16_t type;
	uint8_t flags, preempted;
	int32_t pid;
	uint64_t probed, caller, folio, map;
	uint32_t now, was;
} __attribute__((packed));

struct hit {
	uint64_t time;
	uint32_t frame;
	int32_t pid; /* 0: it is done with */
	uint32_t now, was;
};

struct hint_trace {
	struct perf_ring *cpus;
	size_t nr;
	uint32_t mask; /* of the time that a folio has room for, ms */
	pthread_t taker;
	bool takes;
	atomic_bool ends;
	pthread_mutex_t lock; /* of what follows */
	struct hit *hits; /* since the row before */
	size_t nr_hits;
	uint64_t lost;
};

static bool watch_cpu(struct perf_ring *r, uint64_t event, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = event,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.watermark = 1,
		.wakeup_watermark = TAKEN_BYTES,
	};

	if (!perf_ring_open(r, &attr, -1, cpu))
		return false;
	if (!ioctl(r->fd, PERF_EVENT_IOC_SET_FILTER, CALLERS))
		return true;
	perf_ring_close(r);
	return false;
}

/* All of them, or none. */
static bool watch_cpus(struct hint_trace *t, uint64_t event)
{
	int *cpus, n = sysfs_ids(&cpus, "cpu", "/sys/devices/system/cpu");
	bool good = n > 0;

	t->cpus = xcalloc(n > 0 ? (size_t)n : 1, sizeof(*t->cpus));
	for (int i = 0; i < n && good; i++) {
		good = watch_cpu(&t->cpus[t->nr], event, cpus[i]);
		t->nr += good;
	}
	if (n >= 0)
		free(cpus);
	return good;
}

/* A folio keeps that many bits: a process's last eight, and a CPU's number. */
static bool find_mask(struct hint_trace *t)
{
	uint64_t last;

	if (sysfs_read_u64(&last, "/sys/devices/system/cpu/kernel_max"))
		return false;
	t->mask = 256;
	while (t->mask <= UINT32_MAX / 4 && t->mask / 128 <= last + 1)
		t->mask *= 2;
	t->mask--;
	return true;
}

static bool make_probe(uint64_t *event)
{
	/* One that a killed run has left is as good. */
	if (sysfs_exists(EVENT "/id"))
		return !sysfs_read_u64(event, EVENT "/id");
	return !undo_note(UNDO_TRY, "-:" NAME, PROBES) &&
	       !sysfs_write(PROBE, PROBES) &&
	       !sysfs_read_u64(event, EVENT "/id");
}

/* ---------------------------------------------------------------- samples */

static void add_hit(struct hint_trace *t, const struct sample *s)
{
	t->hits = xgrow(t->hits, t->nr_hits, sizeof(*t->hits));
	t->hits[t->nr_hits++] = (struct hit){
		.time = s->time,
		.frame = (uint32_t)((s->folio - s->map) / FOLIO_BYTES),
		.pid = s->pid,
		.now = s->now,
		.was = s->was,
	};
}

static void take_ring(struct hint_trace *t, const struct perf_ring *r)
{
	struct perf_event_mmap_page *page = r->page;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	struct perf_event_header header;
	uint64_t lost[2]; /* whose, how many */
	struct sample s;

	for (uint64_t at = page->data_tail; at < head; at += header.size) {
		perf_ring_copy(r, &header, sizeof(header), at);
		if (header.type == PERF_RECORD_LOST) {
			perf_ring_copy(r, lost, sizeof(lost),
				       at + sizeof(header));
			t->lost += lost[1];
		}
		if (header.type != PERF_RECORD_SAMPLE)
			continue;
		perf_ring_copy(r, &s, sizeof(s), at + sizeof(header));
		add_hit(t, &s);
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

static void take(struct hint_trace *t)
{
	for (size_t i = 0; i < t->nr; i++)
		take_ring(t, &t->cpus[i]);
}

/* Between rows, whenever a buffer is a quarter full. */
static void *take_often(void *arg)
{
	struct hint_trace *t = arg;
	struct pollfd *fds = xcalloc(t->nr, sizeof(*fds));

	for (size_t i = 0; i < t->nr; i++)
		fds[i] = (struct pollfd){ t->cpus[i].fd, POLLIN, 0 };
	while (!atomic_load(&t->ends)) {
		if (poll(fds, t->nr, POLL_MS) <= 0)
			continue;
		pthread_mutex_lock(&t->lock);
		take(t);
		pthread_mutex_unlock(&t->lock);
	}
	free(fds);
	return NULL;
}

static bool begin_to_take(struct hint_trace *t)
{
	sigset_t all, old;

	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	t->takes = !pthread_create(&t->taker, NULL, take_often, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return t->takes;
}

struct hint_trace *hint_trace_open(void)
{
	struct hint_trace *t = xcalloc(1, sizeof(*t));
	uint64_t event;

	pthread_mutex_init(&t->lock, NULL);
	if (!sysfs_is_rerooted() && !sysfs_is_dry() && sysfs_exists(PROBES) &&
	    find_mask(t) && make_probe(&event) && watch_cpus(t, event) &&
	    begin_to_take(t))
		return t;
	hint_trace_close(t);
	return NULL;
}

void hint_trace_close(struct hint_trace *t)
{
	if (!t)
		return;
	atomic_store(&t->ends, true);
	if (t->takes)
		pthread_join(t->taker, NULL);
	for (size_t i = 0; i < t->nr; i++)
		perf_ring_close(&t->cpus[i]);
	pthread_mutex_destroy(&t->lock);
	free(t->cpus);
	free(t->hits);
	free(t);
}

/* ---------------------------------------------------------------- records */

/* What a row has: a fault, or a page that moved. */
struct seen {
	uint64_t at, to;
	uint32_t latency_ms;
	bool moved;
};

struct row {
	struct seen *seen;
	size_t n;
};

static void add(struct row *r, struct seen s)
{
	r->seen = xgrow(r->seen, r->n, sizeof(s));
	r->seen[r->n++] = s;
}

static uint64_t address_of(const struct hit *h)
{
	return (uint64_t)h->frame * PAGE_BYTES;
}

static int by_time(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* Where it went: the next hit of the process that moves it. */
static struct hit *arrival(const struct hint_trace *t, size_t from)
{
	for (size_t i = from + 1; i < t->nr_hits; i++)
		if (t->hits[i].pid == t->hits[from].pid)
			return &t->hits[i];
	return NULL;
}

static struct seen fault_of(const struct hint_trace *t, const struct hit *h)
{
	return (struct seen){ .at = address_of(h),
			      .latency_ms = (h->now - h->was) & t->mask };
}

static struct seen move_of(const struct hit *from, const struct hit *to)
{
	return (struct seen){ .at = address_of(from),
			      .to = address_of(to),
			      .moved = true };
}

/* All hits but half a move, whose other half is still to come. */
static struct row digest(struct hint_trace *t)
{
	struct row r = { 0 };
	size_t left = 0;

	if (t->nr_hits)
		qsort(t->hits, t->nr_hits, sizeof(*t->hits), by_time);
	for (size_t i = 0; i < t->nr_hits; i++) {
		struct hit h = t->hits[i], *to = NULL;

		if (h.pid && h.now != LEFT)
			add(&r, fault_of(t, &h));
		if (!h.pid || h.now != LEFT)
			continue;
		to = arrival(t, i);
		if (to) {
			add(&r, move_of(&h, to));
			to->pid = 0;
		} else {
			t->hits[left++] = h;
		}
	}
	t->nr_hits = left;
	return r;
}

REPORT_RECORD(
	hint_view, "hint_view",
	"hint faults and moved pages since the row before, in their order: what NUMA balancing saw, in a run with --heat",
	"t_s r as of the row\n"
	"start[] u:address physical, of the page\n"
	"latency_ms[] u:ms from the scan that closed it to the fault; null: it moved\n"
	"to[] u:address where it went; null: it faulted\n"
	"lost u of them, for which there was no room\n");

static void show_latencies(const struct row *r)
{
	report_open("latency_ms", '[');
	for (size_t i = 0; i < r->n; i++)
		if (r->seen[i].moved)
			report_null(NULL);
		else
			report_u64(NULL, r->seen[i].latency_ms);
	report_close(']');
}

static void show_moves(const struct row *r)
{
	report_open("to", '[');
	for (size_t i = 0; i < r->n; i++)
		if (r->seen[i].moved)
			report_u64(NULL, r->seen[i].to);
		else
			report_null(NULL);
	report_close(']');
}

void hint_trace_view(struct hint_trace *t, double t_s)
{
	uint64_t lost;
	struct row r;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	take(t);
	r = digest(t);
	lost = t->lost;
	t->lost = 0;
	pthread_mutex_unlock(&t->lock);
	report_begin(&hint_view);
	report_real("t_s", t_s);
	report_open("start", '[');
	for (size_t i = 0; i < r.n; i++)
		report_u64(NULL, r.seen[i].at);
	report_close(']');
	show_latencies(&r);
	show_moves(&r);
	report_u64("lost", lost);
	report_end();
	free(r.seen);
}
