// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller, driven with made-up clocks and rates: what an emulator
 * would show it. Whether a flush helps is for the guests to find out.
 */
#include "bench/tlb.h"
#include "bench/tlb_flusher.h"
#include "page_tables.h"
#include "tap.h"

#define MS UINT64_C(1000000)
#define PAGES 65536 /* 256 MiB */

struct world {
	struct tlb tlb;
	uint64_t done, now;
};

static void begin(struct world *w, bool on)
{
	*w = (struct world){ .now = 1000 * MS };
	ok(!tlb_init(&w->tlb, PAGES), "made");
	w->tlb.on = on;
}

/* A growth phase, all threads having used their TLBs between two steps. */
static unsigned int grow_to_the_end(struct world *w)
{
	unsigned int steps = 0;

	while (w->tlb.growing && steps < 100) {
		w->now += MS;
		tlb_step(&w->tlb, UINT64_MAX, w->now);
		steps++;
	}
	return steps;
}

/* ms milliseconds at so many updates each, a step each. */
static void run(struct world *w, unsigned int ms, uint64_t rate)
{
	for (unsigned int i = 0; i < ms; i++) {
		w->now += MS;
		w->done += rate;
		if (tlb_step(&w->tlb, w->done, w->now))
			w->done = 0;
		if (w->tlb.growing)
			grow_to_the_end(w);
	}
}

static void flushing(void)
{
	struct world w;

	begin(&w, true);
	for (int i = 0; i < 3; i++)
		tlb_flush(&w.tlb);
	is_u64(w.tlb.flushes, 3, "flushes are counted");
	w.tlb.buffer[63 * 4096] = 5;
	is_i64(w.tlb.buffer[63 * 4096], 5, "the buffer can be written after");
	tlb_exit(&w.tlb);
	ok(!w.tlb.buffer, "and is gone in the end");
	tlb_exit(&w.tlb);
}

static void growth(void)
{
	struct world w;
	unsigned int shift = 9;

	begin(&w, false);
	tlb_grow(&w.tlb);
	ok(w.tlb.growing, "a growth phase, also when off: the warm-up's");
	is_u64(w.tlb.growths, 1, "is counted");
	tlb_step(&w.tlb, 3 * 512 - 1, w.now);
	is_u64(w.tlb.flushes, 0, "no flush before 3 x 512 updates of all");
	tlb_step(&w.tlb, 3 * 512, w.now);
	is_u64(w.tlb.flushes, 1, "then one");
	tlb_step(&w.tlb, 3 * 512, w.now);
	is_u64(w.tlb.flushes, 1, "the next after twice as many");
	tlb_step(&w.tlb, 3 * 1024, w.now);
	is_u64(w.tlb.flushes, 2, "as said");
	grow_to_the_end(&w);
	while ((UINT64_C(1) << shift) <= PAGES)
		shift++;
	is_u64(w.tlb.flushes, shift - 9 + 1,
	       "up to the first size above the table's pages");
	ok(!w.tlb.growing, "and ends");
	tlb_exit(&w.tlb);

	begin(&w, false);
	w.tlb.pages = UINT64_C(1) << 40;
	tlb_grow(&w.tlb);
	is_u64(grow_to_the_end(&w), 20 - 9 + 1, "but not above 2^20 entries");
	tlb_exit(&w.tlb);
}

static void off(void)
{
	struct world w;

	begin(&w, false);
	run(&w, 1000, 20000);
	run(&w, 5000, 10);
	is_u64(w.tlb.flushes, 0, "off: never a flush, however slow");
	is_u64(w.tlb.growths, 0, "nor a growth phase");
	tlb_exit(&w.tlb);
}

static void steady(void)
{
	struct world w;

	begin(&w, true);
	run(&w, 10000, 20000);
	is_u64(w.tlb.flushes, 0, "a steady rate: none");
	for (int i = 0; i < 50; i++) {
		run(&w, 200, 20000);
		run(&w, 100, 16000);
	}
	is_u64(w.tlb.flushes, 0, "a wavering one: none");
	run(&w, 2000, 16000);
	is_u64(w.tlb.flushes, 0, "one that fell by a fifth: none");
	for (int i = 0; i < 20; i++) {
		run(&w, 800, 20000);
		run(&w, 100, 1000);
	}
	is_u64(w.tlb.flushes, 0, "a hiccup of a window now and then: none");
	tlb_exit(&w.tlb);
}

static void slow(void)
{
	struct world w;

	begin(&w, true);
	run(&w, 2000, 20000);
	run(&w, 200, 2000);
	is_u64(w.tlb.growths, 0, "two slow windows: not yet");
	run(&w, 300, 2000);
	is_u64(w.tlb.growths, 1, "slow: it grows");
	ok(w.tlb.flushes > 5, "by flushes");
	run(&w, 3000, 20000);
	is_u64(w.tlb.growths, 1, "it helped: quiet");
	run(&w, 1000, 2000);
	is_u64(w.tlb.growths, 2, "slow again: it grows again, soon");
	tlb_exit(&w.tlb);
}

/* A machine that became slower for good must not be flushed for ever. */
static void useless(void)
{
	uint64_t early, late;
	struct world w;

	begin(&w, true);
	run(&w, 2000, 20000);
	run(&w, 10000, 8000);
	early = w.tlb.growths;
	ok(early >= 1, "tried at first (%" PRIu64 ")", early);
	run(&w, 110000, 8000);
	late = w.tlb.growths - early;
	ok(late <= 5, "ever more seldom: %" PRIu64 " in 110 s after it", late);
	run(&w, 120000, 8000);
	ok(w.tlb.growths - early - late <= 2, "%" PRIu64 " in the next 120 s",
	   w.tlb.growths - early - late);
	tlb_exit(&w.tlb);
}

static void restarting(void)
{
	struct world w;

	begin(&w, true);
	run(&w, 2000, 20000);
	/* The update loop pauses: what happens meanwhile is no slow window. */
	w.now += 5000 * MS;
	tlb_restart(&w.tlb);
	run(&w, 50, 20000);
	is_u64(w.tlb.growths, 0, "a pause between two calls is not slow");
	w.done = 0; /* every call marks anew */
	tlb_restart(&w.tlb);
	run(&w, 2000, 20000);
	is_u64(w.tlb.growths, 0, "nor is a count that begins again");
	tlb_grow(&w.tlb);
	tlb_restart(&w.tlb);
	ok(!w.tlb.growing, "a growth phase ends with its call");
	tlb_exit(&w.tlb);
}

/* Its page tables are there before the table has pages: a sweep needs none. */
static void region(void)
{
	uint64_t next = 0;
	long mapped, swept;
	struct world w;

	begin(&w, true);
	is_i64(tlb_map_region(&w.tlb), 0, "a region to read");
	mapped = page_tables();
	tlb_sweep(&w.tlb, &next, 2 * PAGES);
	swept = page_tables();
	if (mapped < 0)
		skip("its page tables", "this kernel does not say");
	else
		ok(swept - mapped <= 8, "a sweep adds %ld KiB of page tables",
		   swept - mapped);
	tlb_exit(&w.tlb);
}

static void periods(void)
{
	is_u64(tlb_flusher_period(100000), 40 * MS, "100 ms of HMSDK's");
	is_u64(tlb_flusher_period(20000), 8 * MS, "20 ms");
	is_u64(tlb_flusher_period(5000), 2 * MS, "5 ms, DAMON's default");
	is_u64(tlb_flusher_period(2500), 1 * MS, "2.5 ms");
	is_u64(tlb_flusher_period(2000), 1 * MS, "no more often than that");
	is_u64(tlb_flusher_period(0), 0, "none: none");
}

int main(void)
{
	periods();
	region();
	flushing();
	growth();
	off();
	steady();
	slow();
	useless();
	restarting();
	return done_testing();
}
