/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb_flusher.h - flushes the TLB of each CPU in a rhythm, so that DAMON sees
 * accesses in an emulator.
 *
 * The kernel clears the accessed bit of a page and flushes no TLB for it. On
 * hardware the entry is soon replaced, and the next access sets the bit again.
 * An emulator's TLB is large enough to keep the entry: it walks no page table
 * any more, sets no bit, and hot memory looks idle to DAMON. One flush within
 * each of DAMON's sampling intervals is enough to have the bits set. After each
 * the TLB has to be filled again, so only runs in which DAMON looks have it.
 */
#ifndef TIER_BENCH_TLB_FLUSHER_H
#define TIER_BENCH_TLB_FLUSHER_H

#include <stdint.h>

struct tlb_flusher;

struct tlb_flusher_count {
	uint64_t period_ns; /* as asked for last; each is up to a fifth off */
	uint64_t flushes; /* of the CPU that had the fewest */
	uint64_t longest_ns; /* the longest time that some CPU had none */
	/*
	 * The share of DAMON's sampling intervals (of 2.5 periods each), 0 to
	 * 1, in which some CPU had no flush: what DAMON saw in them cannot be
	 * relied upon.
	 */
	double blind;
	double cpu_s; /* CPU time of the flushes, which nobody else counts */
};

/*
 * The period for a sampling interval of DAMON's, 0 for 0: two and a half
 * flushes in each interval, so that there is one in it also when the jitter
 * puts one outside and another one is late.
 */
uint64_t tlb_flusher_period(uint64_t sample_us);

/*
 * Starts one process for each of the n CPUs, or one that runs anywhere for n 0.
 * They wait for tlb_flusher_begin(). They are forked, so this is to be called
 * before large memory is mapped. NULL on failure, with the message.
 */
struct tlb_flusher *tlb_flusher_new(uint64_t period_ns, const int *cpus, int n);
/* From its next flush on; NULL: nothing. */
void tlb_flusher_set(struct tlb_flusher *f, uint64_t period_ns);
void tlb_flusher_free(struct tlb_flusher *f); /* NULL is fine */

/* They flush between these two, at once; any number of times. NULL: nothing. */
void tlb_flusher_begin(struct tlb_flusher *f);
void tlb_flusher_end(struct tlb_flusher *f);

/* What there was between begin and end, so far; NULL: zeros. */
void tlb_flusher_count(const struct tlb_flusher *f,
		       struct tlb_flusher_count *count);

#endif
