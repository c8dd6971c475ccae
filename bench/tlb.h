/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb.h - makes the emulator's TLB grow to the benchmark's working set.
 *
 * QEMU's TCG keeps a direct-mapped TLB for each virtual CPU, which it resizes
 * only when the guest flushes it: it doubles when more than 70 % of it was used
 * since the last flush, up to 2^20 entries, and shrinks when a window of
 * 100 ms saw less than 30 % used. A benchmark that runs alone never flushes,
 * so every random access walks the page table.
 *
 * A growth phase flushes after three times as many updates as the TLB is
 * supposed to have entries (so that 95 % of it is used), then doubles the
 * supposition, until the working set fits. Uniform updates use all entries.
 * Those of a pattern leave most of them alone (90 % go to a hot set; each of
 * two threads has every second page). So the threads also read a region of
 * addresses without memory: that uses the entries one after the other, and
 * reads no page of the table that no update reads.
 *
 * On hardware a flush has no such effect: the warm-up measures whether it
 * helps, and drops it if it does not.
 */
#ifndef TIER_BENCH_TLB_H
#define TIER_BENCH_TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tlb {
	bool on; /* watch the rate and refresh when it falls */
	char *buffer; /* 64 pages whose protection is changed */
	uint64_t pages; /* working set of one thread, in 4 KiB pages */
	const char *region; /* as many pages or more, without memory; or NULL */
	uint64_t flushes; /* made so far */
	uint64_t growths; /* growth phases begun */

	/* The controller: private. */
	bool growing;
	unsigned int shift; /* supposed size: 2^shift entries */
	uint64_t window_ns; /* when it began, 0: not yet */
	double best, before;
	unsigned int slow, settling;
	uint64_t not_before_ns, holdoff_ns;
};

/* pages: of one thread's share. 0 or -errno with the message. */
int tlb_init(struct tlb *tlb, uint64_t pages);
void tlb_exit(struct tlb *tlb);

/*
 * For a pattern: tlb_sweep() reads from then on. Its page tables, the kernel's
 * own memory, are made at once. 0 or -errno, with the message.
 */
int tlb_map_region(struct tlb *tlb);
/* Reads the next n pages of the region, if there is one, at *next. */
void tlb_sweep(const struct tlb *tlb, uint64_t *next, uint64_t n);

/* Flushes the TLB of every CPU that runs this process. */
void tlb_flush(struct tlb *tlb);

/* Begins a growth phase, at once. */
void tlb_grow(struct tlb *tlb);
/* Begins to watch the rate anew; a growth phase under way is over. */
void tlb_restart(struct tlb *tlb);

/*
 * To be called often, by the leading thread: least is the number of updates
 * that the slowest busy thread has made since the last mark, now is the time,
 * ns. Flushes when the growth phase or the rate asks for it. As it goes by the
 * slowest thread, one TLB that shrank is noticed, however many others did not.
 * True: this is the next mark.
 */
bool tlb_step(struct tlb *tlb, uint64_t least, uint64_t now);

#endif
