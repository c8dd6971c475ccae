/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb_flusher.h - flushes the TLB of each CPU in a rhythm, so that an emulator
 * keeps accessed bits honest.
 *
 * The kernel clears accessed bits without a flush. Hardware soon needs the
 * room in its TLB; an emulator does not, walks no page table any more, and
 * sets no bit: to DAMON hot memory then looks idle. One flush within each of
 * DAMON's sampling intervals brings the truth back. It costs a refill of the
 * TLB each time, so it is for runs in which DAMON looks, and no others.
 */
#ifndef TIER_BENCH_TLB_FLUSHER_H
#define TIER_BENCH_TLB_FLUSHER_H

#include <stdint.h>

struct tlb_flusher;

struct tlb_flusher_count {
	uint64_t period_ns; /* as asked for; each is up to a fifth off */
	uint64_t beats; /* of the CPU that had fewest */
	uint64_t longest_ns; /* without a flush of some CPU */
	/*
	 * The share of sampling intervals (of 2.5 periods) in which a CPU had
	 * no flush: what DAMON saw then is not to be relied upon.
	 */
	double blind;
	double cpu_s; /* of all that flush, in none of the others' */
};

/*
 * One process a CPU, which rests at first; no CPUs given: one anywhere. To be
 * called before large memory is mapped, for it is forked from. NULL with the
 * message.
 */
struct tlb_flusher *tlb_flusher_new(uint64_t period_ns, const int *cpus, int n);
void tlb_flusher_free(struct tlb_flusher *h); /* NULL is fine */

/* Beats from here, at once, to there. Any number of times; NULL: nothing. */
void tlb_flusher_begin(struct tlb_flusher *h);
void tlb_flusher_end(struct tlb_flusher *h);

/* Of all that was between begin and end so far; NULL: zeros. */
void tlb_flusher_count(const struct tlb_flusher *h,
		       struct tlb_flusher_count *count);

#endif
