// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlb.c - makes the emulator's TLB grow to the benchmark's working set.
 *
 * A rhythm of flushes is not enough: other activity on a virtual CPU can
 * shrink its TLB between two of them, and each flush costs a refill. So the
 * rate is watched in short windows, and a growth phase is run only when it
 * stays far below the best that was seen.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/tlb.h"
#include "lib/base.h"
#include "lib/error.h"
#include "mm/page.h"

/*
 * More pages than the kernel flushes one by one (tlb_single_page_flush_ceiling
 * is 33): a change of their protection flushes the whole TLB.
 */
#define FLUSH_PAGES 64
#define FLUSH_BYTES (FLUSH_PAGES * PAGE_BYTES)
#define HUGE_BYTES (2 * MIB)
/* QEMU's CPU_TLB_DYN_DEFAULT_BITS is 8; below 2^9 a refill costs nothing. */
#define FIRST_SHIFT 9
#define LAST_SHIFT 20
/* 1 - e^-3 = 95 % of the entries used: above QEMU's 70 % with a margin. */
#define DRAWS_PER_ENTRY 3
/*
 * A sweep uses each entry once; half of the first sweep may come before the
 * flush.
 */
#define SWEEP_PER_ENTRY 1.5
/* Short enough to notice within a second, long enough for a steady rate. */
#define WINDOW_NS (UINT64_C(100) * 1000000)
/*
 * A window is slow if its rate is below this share of the best one; after three
 * slow ones in a row the TLB is made to grow. A TLB of half the size costs two
 * thirds of the rate. A busy host takes half of it now and then, which a flush
 * does not bring back.
 */
#define SLOW_SHARE 0.45
/* The best rate is forgotten within half a minute. */
#define FORGET 0.003
#define SLOW_WINDOWS 3
/* A growth phase that did not help waits this long, doubled each time. */
#define HOLDOFF_NS (UINT64_C(1000) * 1000000)
#define HOLDOFF_MAX_NS (UINT64_C(60) * 1000000000)

int tlb_init(struct tlb *tlb, uint64_t pages)
{
	*tlb = (struct tlb){ .pages = pages, .holdoff_ns = HOLDOFF_NS };
	tlb->buffer = mmap(NULL, FLUSH_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (tlb->buffer == MAP_FAILED) {
		tlb->buffer = NULL;
		return fail(errno, "cannot map 256 KiB: %s", strerror(errno));
	}
	/* It shall have 64 small pages, and not be a part of a huge one. */
	madvise(tlb->buffer, FLUSH_BYTES, MADV_NOHUGEPAGE);
	return 0;
}

/* The first size above the working set, as grow_step() has it. */
static uint64_t entries(const struct tlb *tlb)
{
	unsigned int shift = FIRST_SHIFT;

	while (shift < LAST_SHIFT && (UINT64_C(1) << shift) <= tlb->pages)
		shift++;
	return UINT64_C(1) << shift;
}

/*
 * It maps the huge page of zeros over and over: a fault each 2 MiB, and no
 * memory. The emulator's TLB has an entry for each 4 KiB of it all the same.
 */
int tlb_map_region(struct tlb *tlb)
{
	size_t bytes = entries(tlb) * PAGE_BYTES;
	void *region = mmap(NULL, bytes, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (region == MAP_FAILED)
		return fail(errno, "cannot map %llu MiB to read: %s",
			    (unsigned long long)(bytes / MIB), strerror(errno));
	madvise(region, bytes, MADV_HUGEPAGE);
	for (size_t i = 0; i < bytes; i += HUGE_BYTES)
		(void)*((volatile char *)region + i);
	tlb->region = region;
	return 0;
}

UNCROSSED(128)
void tlb_sweep(const struct tlb *tlb, uint64_t *next, uint64_t n)
{
	uint64_t mask = entries(tlb) - 1, at = *next;

	for (; tlb->region && n; n--)
		(void)*(volatile const char *)(tlb->region +
					       (at++ & mask) * PAGE_BYTES);
	*next = at;
}

void tlb_exit(struct tlb *tlb)
{
	if (tlb->region)
		munmap((void *)tlb->region, entries(tlb) * PAGE_BYTES);
	tlb->region = NULL;
	if (tlb->buffer)
		munmap(tlb->buffer, FLUSH_BYTES);
	tlb->buffer = NULL;
}

/*
 * Taking the right to write from touched pages needs a flush; giving it back
 * leaves no fault behind. MADV_DONTNEED would do too, but costs 64 faults and
 * 64 numa_hit a time, in the very counters that a run reports.
 */
void tlb_flush(struct tlb *tlb)
{
	for (size_t i = 0; i < FLUSH_BYTES; i += PAGE_BYTES)
		*(volatile char *)(tlb->buffer + i) = 1;
	mprotect(tlb->buffer, FLUSH_BYTES, PROT_READ);
	mprotect(tlb->buffer, FLUSH_BYTES, PROT_READ | PROT_WRITE);
	tlb->flushes++;
}

void tlb_restart(struct tlb *tlb)
{
	tlb->window_ns = 0;
	tlb->slow = 0;
	tlb->growing = false;
	tlb->settling = 0;
}

void tlb_grow(struct tlb *tlb)
{
	tlb->growing = true;
	tlb->growths++;
	tlb->shift = FIRST_SHIFT;
	tlb->slow = 0;
}

/* One flush of a growth phase; the last is the one at the table's size. */
static void grow_step(struct tlb *tlb)
{
	tlb_flush(tlb);
	if (tlb->shift >= LAST_SHIFT ||
	    (UINT64_C(1) << tlb->shift) > tlb->pages) {
		tlb->growing = false;
		tlb->window_ns = 0;
		tlb->settling = SLOW_WINDOWS;
	} else {
		tlb->shift++;
	}
}

/* After a growth phase: did it help? If not, the next one waits longer. */
static void settle(struct tlb *tlb, double rate, uint64_t now)
{
	if (--tlb->settling)
		return;
	if (rate > tlb->before * 1.2)
		tlb->holdoff_ns = HOLDOFF_NS;
	else if (tlb->holdoff_ns < HOLDOFF_MAX_NS)
		tlb->holdoff_ns *= 2;
	tlb->not_before_ns = now + tlb->holdoff_ns;
	/* The machine may be slower now than it was at its best. */
	tlb->best = rate > tlb->best / 2 ? tlb->best : tlb->best * 0.8;
}

/* A window has ended: is the rate as it was at its best? */
static void judge_window(struct tlb *tlb, double rate, uint64_t now)
{
	tlb->best += (rate - tlb->best) * FORGET;
	if (rate > tlb->best)
		tlb->best = rate;
	if (tlb->settling) {
		settle(tlb, rate, now);
		return;
	}
	tlb->slow = rate < tlb->best * SLOW_SHARE ? tlb->slow + 1 : 0;
	if (tlb->slow >= SLOW_WINDOWS && now >= tlb->not_before_ns) {
		tlb->before = rate;
		tlb_grow(tlb);
	}
}

bool tlb_step(struct tlb *tlb, uint64_t least, uint64_t now)
{
	uint64_t began = tlb->window_ns;

	if (tlb->growing) {
		double each = tlb->region ? SWEEP_PER_ENTRY : DRAWS_PER_ENTRY;

		if ((double)least < each * (double)(UINT64_C(1) << tlb->shift))
			return false;
		grow_step(tlb);
		return true;
	}
	if (!tlb->on || (began && now - began < WINDOW_NS))
		return false;
	tlb->window_ns = now;
	if (began)
		judge_window(tlb, (double)least / (double)(now - began), now);
	return true;
}
