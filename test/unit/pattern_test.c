// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the hot pages are, how often each page is drawn, how the hot set moves,
 * and what the best placement would serve; patterns that cannot be are refused.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/pattern.h"
#include "bench/prng.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "chi.h"
#include "mm/page.h"
#include "tap.h"

#define PAGE PAGE_BYTES

static struct pattern *made(const struct pattern_plan *plan, uint64_t pages,
			    unsigned int threads, enum page_kind kind)
{
	struct pattern *p = pattern_new(plan, pages * PAGE, threads, kind, 7);

	if (!p) {
		printf("Bail out! %s\n", fail_message());
		exit(1);
	}
	return p;
}

/* --------------------------------------------------- where the ranks are */

/*
 * Every page that is updated belongs to one rank, and is hot when that is.
 * Walks through all of them by brute force; returns how many are wrong.
 */
static uint64_t misplaced(const struct pattern *p,
			  const struct pattern_epoch *e, uint64_t table_pages)
{
	uint64_t n = pattern_pages(p), hot = 0, wrong = 0;
	unsigned int *seen = xcalloc(table_pages, sizeof(*seen));

	for (uint64_t rank = 0; rank < p->blocks; rank++)
		for (uint64_t i = 0; i < p->block_pages; i++) {
			uint64_t page = pattern_page(p, e, rank, i);

			if (page >= n) {
				wrong++;
				continue;
			}
			seen[page]++;
			wrong += pattern_is_hot(p, e, page) !=
				 (rank < p->hot_blocks);
			/* A block is in one piece. */
			wrong += page - i != pattern_page(p, e, rank, 0);
		}
	for (uint64_t page = 0; page < table_pages; page++) {
		wrong += seen[page] != (page < n);
		wrong += page >= n && pattern_is_hot(p, e, page);
		hot += pattern_is_hot(p, e, page);
	}
	wrong += hot != pattern_hot_pages(p);
	free(seen);
	return wrong;
}

static void one_map(const struct pattern_plan *plan, uint64_t pages,
		    unsigned int threads, enum page_kind kind)
{
	static const uint64_t offsets[] = { 0, 1, 2, 100000 };
	struct pattern *p = made(plan, pages, threads, kind);
	uint64_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offsets) + 1; i++) {
		struct pattern_epoch e = { .hot_rate = 1 };

		e.offset = i < ARRAY_SIZE(offsets) ? offsets[i] % p->blocks :
						     p->blocks - 1;
		wrong += misplaced(p, &e, pages);
	}
	is_u64(wrong, 0,
	       "%" PRIu64
	       " pages, %u threads, kind %d, at %d, Zipf %g: all in place",
	       pages, threads, kind, plan->at, plan->zipf);
	ok(pages - pattern_pages(p) < p->block_pages,
	   "and less than a block is left");
	is_u64(p->block_pages % threads, 0, "blocks are in equal parts");
	pattern_free(p);
}

static void maps(void)
{
	static const uint64_t sizes[] = { 64, 100, 1027 };

	for (int at = HOT_AT_DEFAULT; at <= HOT_AT_SCATTERED; at++)
		for (int zipf = 0; zipf < 2; zipf++) {
			struct pattern_plan plan = {
				.hot_bytes = zipf ? 0 : 16 * PAGE,
				.hot_rate = 58982,
				.zipf = zipf ? 0.99 : 0,
				.at = (enum hot_at)at,
			};

			for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
				one_map(&plan, sizes[i], 1, PAGES_4K);
				one_map(&plan, sizes[i], 2, PAGES_4K);
				one_map(&plan, sizes[i], 3, PAGES_4K);
				one_map(&plan, sizes[i], 7, PAGES_4K);
			}
			plan.hot_bytes = zipf ? 0 : 4 * MIB;
			one_map(&plan, 512 * 9, 1, PAGES_THP);
			one_map(&plan, 512 * 9 + 511, 4, PAGES_HUGETLB);
			one_map(&plan, 512 * 3, 512, PAGES_THP);
		}
}

/* ------------------------------------------------------------ the threads */

/* Each thread has as many pages of each block as every other one. */
static uint64_t unequal(const struct pattern *p)
{
	unsigned int *count = xcalloc(p->threads, sizeof(*count));
	uint64_t wrong = 0, each = p->block_pages / p->threads;

	for (uint64_t page = 0; page < pattern_pages(p); page++) {
		unsigned int owner = pattern_owner(p, page);

		wrong += owner >= p->threads;
		count[owner % p->threads]++;
		if ((page + 1) % p->block_pages)
			continue;
		for (unsigned int t = 0; t < p->threads; t++) {
			wrong += count[t] != each;
			count[t] = 0;
		}
	}
	free(count);
	return wrong;
}

/*
 * Pages that lie near by turns, so many of so many: the greatest difference of
 * a thread's near part from that of all.
 */
static double locked(const struct pattern *p, uint64_t near, uint64_t of)
{
	double *count = xcalloc(p->threads, sizeof(*count)), worst = 0;
	double each = (double)pattern_pages(p) / p->threads;

	for (uint64_t page = 0; page < pattern_pages(p); page++)
		if (page % of < near)
			count[pattern_owner(p, page)]++;
	for (unsigned int t = 0; t < p->threads; t++)
		worst = fmax(worst,
			     fabs(count[t] / each - (double)near / (double)of));
	free(count);
	return worst;
}

static void dealt(void)
{
	static const unsigned int threads[] = { 1,  2,	3,  4,	5,   7,
						13, 16, 24, 64, 100, 1024 };
	struct pattern_plan plan = { .hot_bytes = 64 * MIB, .hot_rate = 58982 };

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		bool huge = threads[i] & (threads[i] - 1) ? false : i % 2;
		struct pattern *p =
			made(&plan, 400000, threads[i],
			     huge && threads[i] <= 512 ? PAGES_THP : PAGES_4K);
		double worst = 0;

		is_u64(unequal(p), 0, "%u threads: each has its part",
		       threads[i]);
		for (uint64_t of = 2; of <= 40; of++)
			for (uint64_t near = 1; near < of; near += 1 + of / 5)
				worst = fmax(worst, locked(p, near, of));
		/* Dealt by chance: 400 pages a thread are within 0.1 */
		ok(worst < 4 * sqrt(threads[i] / 4e5),
		   "no period of the nodes is a thread's: off by %g", worst);
		pattern_free(p);
	}
}

/* A pattern without hot pages: objects of another size, or reads. */
static void no_hot(void)
{
	struct pattern_plan plan = { .hot_rate = 58982, .object = 64 };
	struct pattern *p = made(&plan, 100, 2, PAGES_4K);
	struct pattern_epoch e = pattern_first(p);

	is_u64(misplaced(p, &e, 100), 0, "no hot set: all in place");
	is_u64(pattern_hot_pages(p), 0, "no page is hot");
	ok(pattern_hot_share(p, &e) == 0, "nor any update");
	pattern_free(p);
}

static void places(void)
{
	struct pattern_plan plan = { .hot_bytes = 10 * PAGE,
				     .hot_rate = 58982,
				     .at = HOT_AT_END };
	struct pattern *p = made(&plan, 100, 1, PAGES_4K), *other;
	struct pattern_epoch e = pattern_first(p);
	unsigned int moved = 0, hot = 0;

	ok(pattern_is_hot(p, &e, 90) && pattern_is_hot(p, &e, 99) &&
		   !pattern_is_hot(p, &e, 89) && !pattern_is_hot(p, &e, 0),
	   "at the end: the last pages");
	pattern_free(p);
	plan.at = HOT_AT_START;
	p = made(&plan, 100, 1, PAGES_4K);
	e = pattern_first(p);
	ok(pattern_is_hot(p, &e, 0) && pattern_is_hot(p, &e, 9) &&
		   !pattern_is_hot(p, &e, 10),
	   "at the start: the first ones");
	pattern_free(p);
	plan.at = HOT_AT_SCATTERED;
	p = pattern_new(&plan, 1000 * PAGE, 1, PAGES_4K, 1);
	other = pattern_new(&plan, 1000 * PAGE, 1, PAGES_4K, 2);
	for (uint64_t rank = 0; rank < 1000; rank++) {
		hot += pattern_page(p, &e, rank, 0) == rank;
		moved += pattern_page(p, &e, rank, 0) !=
			 pattern_page(other, &e, rank, 0);
	}
	ok(hot < 10, "scattered: %u of 1000 lie where they would anyway", hot);
	ok(moved > 980, "and otherwise with another seed (%u)", moved);
	pattern_free(other);
	other = pattern_new(&plan, 1000 * PAGE, 1, PAGES_4K, 1);
	ok(!memcmp(p->order, other->order, 1000 * sizeof(*p->order)),
	   "the same with the same");
	pattern_free(other);
	pattern_free(p);
	pattern_free(NULL);
}

/* Every order of 4 blocks is as likely as every other one. */
static void orders(void)
{
	struct pattern_plan plan = { .hot_bytes = PAGE,
				     .hot_rate = 58982,
				     .at = HOT_AT_SCATTERED };
	uint64_t count[256] = { 0 }, packed[24];
	size_t n = 0;

	for (uint64_t seed = 0; seed < 24000; seed++) {
		struct pattern *p =
			pattern_new(&plan, 4 * PAGE, 1, PAGES_4K, seed);

		count[p->order[0] << 6 | p->order[1] << 4 | p->order[2] << 2 |
		      p->order[3]]++;
		pattern_free(p);
	}
	for (size_t i = 0; i < 256; i++)
		if (count[i] && n < 24)
			packed[n++] = count[i];
	is_u64(n, 24, "all orders of four come");
	chi_ok(chi_uniform(packed, n), "equally often");
}

/* ----------------------------------------------------------------- moving */

static void moves(void)
{
	struct pattern_plan plan = { .hot_bytes = 30 * PAGE,
				     .hot_rate = 58982,
				     .move_ns = 1 };
	struct pattern *p = made(&plan, 100, 1, PAGES_4K);
	struct pattern_epoch e = pattern_first(p);
	static const uint64_t offsets[] = { 30, 60, 90, 20, 50 };

	is_u64(e.offset, 0, "the hot set begins at the start");
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		pattern_move(p, &e);
		is_u64(e.offset, offsets[i], "move %zu, by its own size",
		       i + 1);
		is_u64(misplaced(p, &e, 100), 0, "all in place");
	}
	ok(pattern_is_hot(p, &e, 50) && pattern_is_hot(p, &e, 79) &&
		   !pattern_is_hot(p, &e, 80) && !pattern_is_hot(p, &e, 49),
	   "there it is");
	e.offset = 90;
	ok(pattern_is_hot(p, &e, 99) && pattern_is_hot(p, &e, 0) &&
		   pattern_is_hot(p, &e, 19) && !pattern_is_hot(p, &e, 20) &&
		   !pattern_is_hot(p, &e, 89),
	   "also round the end of the table");
	pattern_free(p);

	plan.move_bytes = 99 * PAGE;
	p = made(&plan, 100, 1, PAGES_4K);
	e = pattern_first(p);
	pattern_move(p, &e);
	is_u64(e.offset, 99, "so far as is said");
	pattern_move(p, &e);
	is_u64(e.offset, 98, "and on from there");
	pattern_free(p);

	plan.move_bytes = PAGE;
	p = made(&plan, 100, 3, PAGES_4K);
	is_u64(p->step, 1, "less than a block is a block");
	is_u64(p->blocks, 33, "of three pages");
	pattern_free(p);

	plan.move_bytes = 0;
	plan.at = HOT_AT_END;
	p = made(&plan, 100, 1, PAGES_4K);
	e = pattern_first(p);
	is_u64(e.offset, 70, "it begins at the end");
	pattern_move(p, &e);
	is_u64(e.offset, 0, "the next place is the start");
	pattern_free(p);

	plan.move_bytes = 100 * PAGE;
	ok(!pattern_new(&plan, 100 * PAGE, 1, PAGES_4K, 1),
	   "once round the table is refused");
	like(fail_message(), "--move-by", "by name");
}

static void phases(void)
{
	struct pattern_plan plan = { .hot_bytes = 10 * PAGE,
				     .hot_rate = 58982,
				     .phases = { { 6554, 1 }, { 65536, 1 } },
				     .nr_phases = 2 };
	struct pattern *p = made(&plan, 100, 1, PAGES_4K);
	struct pattern_epoch e = pattern_first(p);

	is_u64(e.hot_rate, 6554, "the first phase's rate");
	ok(fabs(pattern_hot_share(p, &e) - 0.1) < 1e-4, "is the share");
	pattern_free(p);
	plan.nr_phases = 0;
	p = made(&plan, 100, 1, PAGES_4K);
	e = pattern_first(p);
	is_u64(e.hot_rate, 58982, "without phases: the plan's");
	pattern_free(p);
}

/* ------------------------------------------------------------------- Zipf */

/* What the slots give each rank, exactly; against 1 / (k + 1)^s. */
static void zipf(double s, uint64_t blocks)
{
	struct pattern_plan plan = { .zipf = s };
	struct pattern *p = made(&plan, blocks, 1, PAGES_4K);
	double *share = xcalloc(blocks, sizeof(*share)), sum = 0, worst = 0;
	double below = 0, shares = 0;

	for (uint64_t i = 0; i < blocks; i++) {
		double keep = p->slots[i].keep == UINT32_MAX ?
				      1 :
				      p->slots[i].keep / 4294967296.0;

		share[i] += keep / (double)blocks;
		share[p->slots[i].other] += (1 - keep) / (double)blocks;
		sum += 1 / pow((double)i + 1, s);
	}
	for (uint64_t i = 0; i < blocks; i++) {
		double want = 1 / pow((double)i + 1, s) / sum;

		worst = fmax(worst, fabs(share[i] - want));
		shares = fmax(shares, fabs(p->share[i] - below));
		below += want;
	}
	/* A slot is as exact as its 32 bits; many may give to one rank. */
	ok(worst < 0x1p-31, "Zipf %g, %" PRIu64 " blocks: off by %g at most", s,
	   blocks, worst);
	ok(shares < 1e-9, "and the sums by %g", shares);
	ok(p->share[p->hot_blocks] >= 0.5 || p->hot_blocks == blocks - 1,
	   "the hot ones have half of the updates");
	ok(p->share[p->hot_blocks - 1] < 0.5, "and are no more than needed");
	ok(p->hot_blocks < p->blocks, "and not all");
	free(share);
	pattern_free(p);
}

static void zipfs(void)
{
	static const double exponents[] = { 1e-9, 0.5, 0.99, 1, 1.2, 2, 4 };

	for (size_t i = 0; i < ARRAY_SIZE(exponents); i++) {
		zipf(exponents[i], 2);
		zipf(exponents[i], 1000);
		zipf(exponents[i], 65536);
	}
}

/* ------------------------------------------------------------- best share */

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* The popularity of every page, sorted; the sum of the first ones. */
static void best(const struct pattern_plan *plan, unsigned int threads,
		 const char *name)
{
	struct pattern *p = made(plan, 100, threads, PAGES_4K);
	struct pattern_epoch e = pattern_first(p);
	double weight[100] = { 0 }, all = 0, sum = 0, worst = 0;
	double hot = pattern_hot_share(p, &e);

	for (uint64_t rank = 0; rank < p->blocks; rank++)
		for (uint64_t i = 0; i < p->block_pages; i++) {
			double *w = &weight[pattern_page(p, &e, rank, i)];

			if (plan->zipf > 0)
				*w = pow((double)rank + 1, -plan->zipf);
			else if (rank < p->hot_blocks)
				*w = hot / (double)pattern_hot_pages(p);
			else
				*w = (1 - hot) / (double)(pattern_pages(p) -
							  pattern_hot_pages(p));
			all += *w;
		}
	qsort(weight, 100, sizeof(*weight), descending);
	for (uint64_t n = 0; n <= 100; n++) {
		worst = fmax(worst, fabs(pattern_best_share(p, &e, n) - sum));
		if (n < 100)
			sum += weight[n] / all;
	}
	ok(worst < 1e-9, "%s, %u threads: best share, off by %g", name, threads,
	   worst);
	ok(pattern_best_share(p, &e, 101) == 1, "never above 1");
	pattern_free(p);
}

static void best_shares(void)
{
	struct pattern_plan hot = { .hot_bytes = 20 * PAGE, .hot_rate = 58982 };
	struct pattern_plan cold = { .hot_bytes = 20 * PAGE, .hot_rate = 655 };
	struct pattern_plan none = { .hot_bytes = 20 * PAGE,
				     .nr_phases = 1,
				     .phases = { { 0, 1 } } };
	struct pattern_plan zipf = { .zipf = 0.99 }, uniform = { .object = 64 };

	for (unsigned int threads = 1; threads <= 7; threads += 2) {
		best(&hot, threads, "a hot set");
		best(&cold, threads, "a hot set with few updates");
		best(&none, threads, "a hot set without any");
		best(&zipf, threads, "Zipf");
		best(&uniform, threads, "uniform");
	}
}

/* ---------------------------------------------------------------- drawing */

/* Pages as the samples draw them: from the hot ones or the others alone. */
static void draws(const struct pattern_plan *plan, const char *name)
{
	struct pattern *p = made(plan, 200, 2, PAGES_4K);
	struct pattern_epoch e = pattern_first(p);
	uint64_t count[2][200] = { { 0 } }, wrong = 0, state = 3;
	double share[2][200] = { { 0 } }, sum[2] = { 0 };

	pattern_move(p, &e);
	for (int i = 0; i < 200000; i++) {
		bool hot = i & 1;
		uint64_t page =
			pattern_draw(p, &e, hot, prng_mix(state += PRNG_GAMMA));

		wrong += page >= pattern_pages(p) ||
			 pattern_is_hot(p, &e, page) != hot;
		count[hot][page % 200]++;
	}
	is_u64(wrong, 0, "%s: a page of the kind that was asked for", name);
	for (uint64_t rank = 0; rank < p->blocks; rank++)
		for (uint64_t i = 0; i < p->block_pages; i++) {
			bool hot = rank < p->hot_blocks;
			double w = plan->zipf > 0 ?
					   pow((double)rank + 1, -plan->zipf) :
					   1;

			share[hot][pattern_page(p, &e, rank, i)] = w;
			sum[hot] += w;
		}
	for (int hot = 0; hot < 2; hot++) {
		for (int i = 0; i < 200; i++)
			share[hot][i] /= sum[hot];
		chi_ok(chi_test(count[hot], share[hot], 200),
		       "%s: %s pages as often as they are updated", name,
		       hot ? "hot" : "cold");
	}
	pattern_free(p);
}

static void all_draws(void)
{
	struct pattern_plan hot = { .hot_bytes = 40 * PAGE,
				    .hot_rate = 58982,
				    .at = HOT_AT_SCATTERED };
	struct pattern_plan zipf = { .zipf = 0.99 };
	struct pattern_plan steep = { .zipf = 3, .at = HOT_AT_END };

	draws(&hot, "a hot set");
	draws(&zipf, "Zipf 0.99");
	draws(&steep, "Zipf 3");
}

/* --------------------------------------------------------------- refusals */

static void refused(struct pattern_plan plan, uint64_t pages,
		    unsigned int threads, enum page_kind kind, const char *why)
{
	struct pattern *p = pattern_new(&plan, pages * PAGE, threads, kind, 0);

	ok(!p, "%" PRIu64 " pages, %u threads: refused", pages, threads);
	like(fail_message(), why, "why");
	is_i64(fail_status(), STATUS_USAGE, "bad usage");
	pattern_free(p);
}

static void refusals(void)
{
	struct pattern_plan hot = { .hot_bytes = 10 * PAGE, .hot_rate = 1 };
	struct pattern_plan zipf = { .zipf = 1 };

	refused(hot, 10, 1, PAGES_4K, "--hot: a hot set of 40 KiB");
	refused(hot, 9, 1, PAGES_4K, "no part of the table");
	refused(hot, 100, 30, PAGES_4K,
		"1 to 2 blocks of 120 KiB, which 30 threads");
	/* Half a block is one, less is none: of 30 pages 14 are less. */
	hot.hot_bytes = 14 * PAGE;
	refused(hot, 90, 30, PAGES_4K, "--hot: a hot set of 56 KiB");
	hot.hot_bytes = 15 * PAGE;
	pattern_free(made(&hot, 90, 30, PAGES_4K));
	/* 3 blocks of 30: 75 pages are rounded up to all of them. */
	hot.hot_bytes = 75 * PAGE;
	refused(hot, 90, 30, PAGES_4K, "no part of the table");
	refused(zipf, 1, 1, PAGES_4K, "too small for a pattern");
	refused(zipf, 3, 2, PAGES_4K, "3 pages is too small");
	refused(zipf, 1, 2, PAGES_4K, "and 2 threads");
	refused(zipf, 511, 1, PAGES_THP, "too small for a pattern");
	refused(zipf, 1023, 1, PAGES_HUGETLB, "too small for a pattern");
	refused(zipf, 2048, 3, PAGES_THP, "--threads 3: a pattern on huge");
	refused(zipf, 2048, 1024, PAGES_THP, "--threads 1024: a pattern");
	refused(zipf, UINT64_C(1) << 33, 1, PAGES_4K, "at most 2^32 blocks");
	hot.hot_bytes = UINT64_C(1) << 62;
	refused(hot, 1024, 1, PAGES_4K, "no part of the table");
}

static void describe_as(const struct pattern_plan *plan, unsigned int threads,
			const char *want)
{
	struct pattern *p = made(plan, 1000, threads, PAGES_4K);
	struct textbuf t = { 0 };

	pattern_describe(p, &t);
	is_str(t.text, want, "in words");
	buf_free(&t);
	pattern_free(p);
}

static void descriptions(void)
{
	struct pattern_plan plan = { .hot_bytes = 256 * PAGE,
				     .hot_rate = 58982,
				     .object = 8 };

	describe_as(&plan, 1,
		    "90 % of the updates go to a hot set of 1 MiB, at "
		    "the start");
	plan.at = HOT_AT_END;
	plan.reads = 32768;
	describe_as(&plan, 1,
		    "90 % of the updates go to a hot set of 1 MiB, at "
		    "the end; 50 % are only read");
	plan.at = HOT_AT_SCATTERED;
	plan.reads = 0;
	plan.phases[0].hot_rate = 65536;
	plan.phases[1].hot_rate = 6554;
	plan.nr_phases = 2;
	describe_as(&plan, 1,
		    "100 %, then 10 % of the updates go to a hot set "
		    "of 1 MiB, scattered");
	plan = (struct pattern_plan){ .zipf = 2, .object = 64 };
	describe_as(&plan, 1,
		    "Zipf, exponent 2, over 1000 pages; 60.8 % of the "
		    "updates go to 4 KiB of them, scattered; objects "
		    "of 64 bytes");
	plan.at = HOT_AT_START;
	plan.object = 8;
	describe_as(&plan, 1,
		    "Zipf, exponent 2, over 1000 pages; 60.8 % of the "
		    "updates go to 4 KiB of them, at the start");
	describe_as(&plan, 2,
		    "Zipf, exponent 2, over 500 blocks of 2 pages; "
		    "60.9 % of the updates go to 8 KiB of them, at "
		    "the start");
	plan = (struct pattern_plan){ .object = 4096 };
	describe_as(&plan, 1, "uniform; objects of 4096 bytes");
}

int main(void)
{
	maps();
	dealt();
	no_hot();
	places();
	orders();
	moves();
	phases();
	zipfs();
	best_shares();
	all_draws();
	refusals();
	descriptions();
	return done_testing();
}
