// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_trace.c - what the kdamonds found in their last round.
 */
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "damon/damon.h"
#include "damon/damon_sysfs.h"
#include "damon/damon_trace.h"
#include "damon/heatmap.h"
#include "lib/alloc.h"
#include "lib/perf_ring.h"
#include "sysfs.h"

#define EVENT "/sys/kernel/tracing/events/damon/damon_aggregated"
/* A region is 72 bytes of a buffer: seven rounds of DAMON's usual 1000 at most. */

/* Where a record of this kernel has its fields, bytes from its begin. */
enum { NR_REGIONS, START, END, NR_ACCESSES, AGE, NR_FIELDS };
static const char *const field_names[NR_FIELDS] = {
	"nr_regions", "start", "end", "nr_accesses", "age",
};

struct field {
	size_t offset, size;
};

struct watched {
	struct perf_ring ring;
	size_t kdamond;
	uint64_t unit, accesses_max;
	double aggr_s;
};

struct damon_trace {
	struct field fields[NR_FIELDS];
	struct watched *kdamonds;
	size_t nr;
};

/* "	field:unsigned long start;	offset:24;	size:8;	signed:0;" */
static bool find_field(struct field *f, const char *format, const char *name)
{
	char end[32];
	const char *at;

	snprintf(end, sizeof(end), " %s;", name);
	at = strstr(format, end);
	return at &&
	       sscanf(at + strlen(end), " offset:%zu; size:%zu;", &f->offset,
		      &f->size) == 2 &&
	       (f->size == 4 || f->size == 8) && f->offset < 4096;
}

static bool find_fields(struct damon_trace *t)
{
	char *format = sysfs_slurp(EVENT "/format");
	bool found = format;

	for (int i = 0; i < NR_FIELDS && found; i++)
		found = find_field(&t->fields[i], format, field_names[i]);
	free(format);
	return found;
}

/*
 * Written backward, so that the newest is found first and the oldest is
 * overwritten.
 */
static bool watch_thread(struct watched *w, uint64_t event, int pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = event,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.write_backward = 1,
	};

	return perf_ring_open(&w->ring, &attr, pid, -1);
}

static void watch_kdamonds(struct damon_trace *t,
			   const struct damon_config *config, uint64_t event)
{
	t->kdamonds = xcalloc(config->kdamonds.nr, sizeof(*t->kdamonds));
	for (size_t k = 0; k < config->kdamonds.nr; k++) {
		const struct kdamond_context *c = kdamond_context(config, k);
		struct watched *w = &t->kdamonds[t->nr];

		if (!c || strcmp(c->ops, "paddr") != 0 || !damon_sysfs_is_on(k))
			continue;
		w->kdamond = k;
		w->unit = c->addr_unit;
		w->aggr_s = (double)c->aggr_us / 1e6;
		w->accesses_max = c->sample_us ? c->aggr_us / c->sample_us : 1;
		if (watch_thread(w, event, damon_sysfs_pid(k)))
			t->nr++;
	}
}

struct damon_trace *damon_trace_open(void)
{
	struct damon_trace *t = xcalloc(1, sizeof(*t));
	struct damon_config *config = NULL;
	uint64_t event;

	if (!sysfs_is_rerooted() && !sysfs_is_dry() &&
	    !sysfs_read_u64(&event, EVENT "/id") && find_fields(t))
		config = damon_sysfs_read();
	if (config && config->kdamonds.nr)
		watch_kdamonds(t, config, event);
	kdamond_free(config);
	if (t->nr)
		return t;
	damon_trace_close(t);
	return NULL;
}

void damon_trace_close(struct damon_trace *t)
{
	for (size_t i = 0; t && i < t->nr; i++)
		perf_ring_close(&t->kdamonds[i].ring);
	if (t)
		free(t->kdamonds);
	free(t);
}

/* ---------------------------------------------------------------- records */

static uint64_t value_of(const struct field *f, const struct watched *w,
			 uint64_t record)
{
	uint64_t wide = 0;
	uint32_t word;

	if (f->size == sizeof(wide)) {
		perf_ring_copy(&w->ring, &wide, sizeof(wide),
			       record + f->offset);
		return wide;
	}
	perf_ring_copy(&w->ring, &word, sizeof(word), record + f->offset);
	return word;
}

/* One round, while it is read from its end to its begin. */
struct round {
	struct heatmap_region *regions;
	size_t n;
	uint64_t nr_regions; /* as many as it must have */
};

static void add_region(struct round *r, const struct damon_trace *t,
		       const struct watched *w, uint64_t at)
{
	struct heatmap_region *h;

	r->regions = xgrow(r->regions, r->n, sizeof(*h));
	h = &r->regions[r->n++];
	*h = (struct heatmap_region){
		.start = value_of(&t->fields[START], w, at) * w->unit,
		.end = value_of(&t->fields[END], w, at) * w->unit,
		.accesses = value_of(&t->fields[NR_ACCESSES], w, at),
		.accesses_max = w->accesses_max,
		.age_s = (double)value_of(&t->fields[AGE], w, at) * w->aggr_s,
		.kdamond = w->kdamond,
		.scheme = HEATMAP_NO_SCHEME,
	};
	r->nr_regions = value_of(&t->fields[NR_REGIONS], w, at);
}

/*
 * From the newest record back to the first round that is whole. Within a round
 * the addresses fall, this way round.
 */
static bool find_round(struct round *r, const struct damon_trace *t,
		       const struct watched *w)
{
	uint64_t head =
		__atomic_load_n(&w->ring.page->data_head, __ATOMIC_ACQUIRE);
	/* Below zero it counts, from 0: as far as that it was written. */
	uint64_t written = -head < PERF_RING_BYTES ? -head : PERF_RING_BYTES;
	struct perf_event_header header;

	for (uint64_t at = 0; at + sizeof(header) <= written;
	     at += header.size) {
		perf_ring_copy(&w->ring, &header, sizeof(header), head + at);
		if (!header.size || at + header.size > written)
			break;
		if (header.type != PERF_RECORD_SAMPLE)
			continue;
		add_region(r, t, w,
			   head + at + sizeof(header) + sizeof(uint32_t));
		if (r->n > 1 &&
		    r->regions[r->n - 1].start >= r->regions[r->n - 2].start) {
			r->regions[0] = r->regions[r->n - 1];
			r->n = 1;
		}
		if (r->n == r->nr_regions)
			return true;
	}
	return false;
}

static size_t read_rounds(struct damon_trace *t,
			  struct heatmap_region **regions, bool goes_on)
{
	size_t n = 0;

	*regions = NULL;
	for (size_t i = 0; t && i < t->nr; i++) {
		struct watched *w = &t->kdamonds[i];
		struct round r = { 0 };

		ioctl(w->ring.fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
		if (find_round(&r, t, w)) {
			*regions = xrealloc(*regions,
					    (n + r.n) * sizeof(**regions));
			memcpy(*regions + n, r.regions,
			       r.n * sizeof(**regions));
			n += r.n;
		}
		free(r.regions);
		if (goes_on)
			ioctl(w->ring.fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 0);
	}
	return n;
}

size_t damon_trace_look(struct damon_trace *t, struct heatmap_region **regions)
{
	return read_rounds(t, regions, true);
}

size_t damon_trace_read(struct damon_trace *t, struct heatmap_region **regions)
{
	return read_rounds(t, regions, false);
}
