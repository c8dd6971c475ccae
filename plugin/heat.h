/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heat.h - how often user code missed in each page of physical memory, or
 * accessed it, interval by interval: a stream that experiments/heat reads.
 *
 * The stream, version 2: a line of JSON, then intervals until the end.
 *
 *	{"heat":2,"grain":4096,"of":"misses","counts":["all"],"vcpus":2,
 *	 "cache_bytes":2097152,"interval_ns":1000000000,"scope":"all",
 *	 "ranges":[{"name":"near","start":0,"end":1073741824},...]}\n
 *
 *	interval:  'I'  by  guest_ns  host_ns  outside  pages  page...
 *	page:      number - that of the page before - 1  count...
 *
 * All but 'I' are unsigned LEB128: seven bits a byte, the least significant
 * first, the highest bit set but in the last one. by: 0 the host's clock, 1 a
 * guest read its counters, 2 QEMU ended: a stream without it was cut short.
 * guest_ns: CLOCK_MONOTONIC of the guest, at readings, else 0; host_ns: since
 * QEMU began. outside: counts in pages behind the last range. A page's number is
 * its address / grain; they ascend; of the first one the number itself is there.
 * count: since the interval before, of all virtual CPUs; one of "all", or two,
 * of "loads" and "stores", as the head's counts say. of: "misses" of the
 * modelled cache or all "accesses". Ranges are by address, one a part.
 *
 * Memory: 4 bytes a page and virtual CPU and once more, twice that where loads
 * and stores are apart, up to the end of the last range: 1 MiB, or 2, a GiB of
 * it. What is never touched takes none of the host's. A guest that asks of pages
 * (pmu_page.h) adds 4 bytes a page that it asks of.
 */
#ifndef TIER_PLUGIN_HEAT_H
#define TIER_PLUGIN_HEAT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "options.h"

enum heat_by { HEAT_CLOCK, HEAT_READING, HEAT_END };

/* Of a virtual CPU, which alone adds to them */
struct heat_counts {
	_Atomic uint32_t *pages; /* NULL: none are counted */
	uint64_t nr;
	_Atomic uint64_t outside;
};

/* How the numbers of options lead to a count */
struct heat_shape {
	unsigned int shift; /* of a page of 4 KiB to one of the grain */
	unsigned int apart; /* 1: each has two, of loads and of stores; else 0 */
};

/* A miss, or an access, in the page of 4 KiB with that number */
static inline void heat_add(struct heat_counts *h, struct heat_shape s,
			    uint64_t page, enum pmu_kind kind)
{
	uint64_t at = page >> s.shift;
	_Atomic uint32_t *c = &h->pages[at << s.apart | (kind & s.apart)];

	if (at < h->nr)
		atomic_store_explicit(
			c, atomic_load_explicit(c, memory_order_relaxed) + 1,
			memory_order_relaxed);
	else
		atomic_store_explicit(
			&h->outside,
			atomic_load_explicit(&h->outside,
					     memory_order_relaxed) +
				1,
			memory_order_relaxed);
}

/*
 * Opens the file and gives each of nr virtual CPUs its counts, which are
 * heat's. False with a message. It is to be closed once.
 */
bool heat_open(const struct options *o, struct heat_counts **counts,
	       unsigned int nr);
/* The interval ends here; without a file nothing. guest_ns: of a reading */
void heat_cut(enum heat_by by, uint64_t guest_ns);
/*
 * Each frame's place gets what came in its page since it was asked of last, 0
 * behind the last range. False: without a file.
 */
bool heat_ask(uint64_t *frames, size_t n);
void heat_close(void);

#endif
