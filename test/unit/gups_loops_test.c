// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the loops update, and how often. That they do what oracle.h says is
 * seen by whole tables; how often the oracle's draws go where, by chi-squared
 * tests.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "bench/gups_loops.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "chi.h"
#include "oracle.h"
#include "tap.h"

#define PAGE 4096
#define PAGES 300
#define WORDS (PAGES * PAGE / 8)
#define DRAWS 1000000

static uint64_t table[WORDS], want[WORDS];

static struct pattern *made(const struct pattern_plan *plan,
			    unsigned int threads)
{
	struct pattern *p =
		pattern_new(plan, PAGES * PAGE, threads, PAGES_4K, 5);

	if (!p) {
		printf("Bail out! %s\n", fail_message());
		exit(1);
	}
	return p;
}

static struct oracle_pattern oracle_of(const struct pattern *p,
				       const struct pattern_epoch *e,
				       unsigned int id)
{
	_Static_assert(sizeof(struct pattern_slot) == 8, "keep, other");
	return (struct oracle_pattern){
		.threads = p->threads,
		.id = id,
		.blocks = p->blocks,
		.block_pages = p->block_pages,
		.hot = p->hot_blocks,
		.rate = e->hot_rate,
		.reads = p->plan->reads,
		.object = p->plan->object,
		.offset = e->offset,
		.order = p->order,
		.slots = (const uint32_t *)p->slots,
	};
}

/* ---------------------------------------------------------- word for word */

static uint64_t different(void)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < WORDS; i++)
		n += table[i] != want[i];
	return n;
}

/*
 * 1 update, a batch less one, one, and one more, and many; then a move, and
 * some more.
 */
static uint64_t wrong_words(const struct pattern *p, unsigned int id,
			    enum gups_loops_kind kind)
{
	static const uint64_t counts[] = { 1, 127, 128, 129, 1000 };
	static uint64_t seed;
	uint64_t start = oracle_start(++seed, id), state = start, wrong = 0;
	struct pattern_epoch e = pattern_first(p);
	uint64_t *factors = checksum_factors(7, WORDS);
	static struct checksum sum[2];
	struct gups_loops_draw s, follow;
	const struct gups_loops *loops =
		gups_loops_of_pattern(p, id, table, &s);

	for (uint64_t i = 0; i < WORDS; i++)
		table[i] = want[i] = i;
	sum[0] = (struct checksum){ .key = 7 };
	sum[1] = (struct checksum){ .key = 7, .factors = factors };
	s.value = start;
	follow = s;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
		uint64_t n = counts[i % ARRAY_SIZE(counts)];
		struct oracle_pattern oracle = oracle_of(p, &e, id);

		gups_loops_set_epoch(&s, &e);
		gups_loops_set_epoch(&follow, &e);
		loops->update[kind](&s, n);
		for (int how = 0; how < 2; how++) {
			struct gups_loops_draw both = follow;

			loops->checksum[how](&sum[how], &both, n);
			if (how)
				follow = both;
			else
				wrong += both.value != s.value;
		}
		state = oracle_draws(&oracle, want, state, n);
		wrong += s.value != state;
		wrong += follow.value != state;
		pattern_move(p, &e);
		e.hot_rate = 20000;
	}
	wrong += different();
	for (int how = 0; how < 2; how++) {
		checksum_table(&sum[how], table, WORDS, 0);
		wrong += !checksum_is_zero(&sum[how]);
	}
	free(factors);
	return wrong;
}

static const struct pattern_plan plans[] = {
	{ .hot_bytes = 40 * PAGE, .hot_rate = 58982 },
	{ .hot_bytes = 40 * PAGE, .hot_rate = 58982, .at = HOT_AT_END },
	{ .hot_bytes = 40 * PAGE, .hot_rate = 58982, .at = HOT_AT_SCATTERED },
	{ .hot_bytes = 40 * PAGE, .hot_rate = 65536 },
	{ .hot_bytes = 280 * PAGE, .hot_rate = 66 },
	{ .hot_bytes = 40 * PAGE, .hot_rate = 58982, .reads = 32768 },
	{ .zipf = 0.99 },
	{ .zipf = 0.99, .at = HOT_AT_START },
	{ .zipf = 2, .at = HOT_AT_END, .reads = 6554 },
	{ .hot_rate = 58982 },
};

static void tables(void)
{
	static const uint64_t objects[] = { 8, 16, 64, 1024, 4096 };
	static const unsigned int threads[] = { 1, 2, 3, 7 };
	unsigned int runs = 0;
	uint64_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		for (size_t o = 0; o < ARRAY_SIZE(objects); o++)
			for (size_t t = 0; t < ARRAY_SIZE(threads); t++) {
				struct pattern_plan plan = plans[i];
				unsigned int n = threads[t];
				struct pattern *p;
				int kind = (int)(runs++ % NR_GUPS_LOOPS);

				plan.object = objects[o];
				p = made(&plan, n);
				if (wrong_words(p, n / 2,
						(enum gups_loops_kind)kind) &&
				    !wrong++)
					diag("plan %zu, object %" PRIu64
					     ", %u threads, %s",
					     i, objects[o], n,
					     gups_loops_names[kind]);
				pattern_free(p);
			}
	ok(runs == 200, "%u tables", runs);
	is_u64(wrong, 0, "as the oracle's, and so are their sums");
}

/* Each loop with the two ways to the index, from the same start. */
static void loops(void)
{
	for (size_t i = 0; i < 3; i++)
		for (int kind = 0; kind < NR_GUPS_LOOPS; kind++) {
			struct pattern_plan plan = plans[i];
			struct pattern *p;

			plan.object = 8;
			p = made(&plan, 2);
			for (unsigned int id = 0; id < 2; id++)
				is_u64(wrong_words(p, id,
						   (enum gups_loops_kind)kind),
				       0, "%s, plan %zu, thread %u",
				       gups_loops_names[kind], i, id);
			pattern_free(p);
		}
}

/* Huge pages are shared by the threads: each has a part of every page. */
static void huge(void)
{
	struct pattern_plan plan = { .hot_bytes = 2 * MIB,
				     .hot_rate = 58982,
				     .object = 64 };
	struct pattern *p = pattern_new(&plan, 8 * MIB, 4, PAGES_THP, 5);
	uint64_t *big = xcalloc(MIB, 8), wrong = 0, all = 0;

	for (unsigned int id = 0; id < 4; id++) {
		struct pattern_epoch e = pattern_first(p);
		struct gups_loops_draw s;
		const struct gups_loops *l =
			gups_loops_of_pattern(p, id, big, &s);
		struct oracle_pattern o = oracle_of(p, &e, id);
		uint64_t state = 9;

		s.value = 9;
		gups_loops_set_epoch(&s, &e);
		l->update[GUPS_LOOPS_BATCH](&s, 10000);
		for (int i = 0; i < 10000; i++)
			wrong += pattern_owner(
					 p, oracle_draw(&o, oracle_next(&state))
						    .page) != id;
		oracle_draws(&o, big, 9, 10000);
	}
	for (uint64_t i = 0; i < MIB; i++)
		all |= big[i];
	is_u64(wrong, 0, "huge pages: each thread in its quarter of them");
	is_u64(all, 0, "and the loops as the oracle, which undoes them");
	free(big);
	pattern_free(p);
}

/* ------------------------------------------------------------ frequencies */

/* What a million draws came to. */
struct counts {
	uint64_t hot[2]; /* cold, hot */
	uint64_t rank[PAGES]; /* blocks */
	uint64_t page[PAGES], word[512]; /* hot pages; words within pages */
	uint64_t cold_page[PAGES];
	uint64_t object[512]; /* of a thread's in a block */
	uint64_t hot_low[2 * 16]; /* hot or cold x low bits of the object */
	uint64_t hot_mid[2 * 12]; /* x twelfth of its part of the ranks */
	uint64_t read_hot[4]; /* read x hot */
	uint64_t read_low[2 * 16]; /* read x low bits of the object */
	uint64_t follow[16 * 16]; /* low bits x those of the next draw */
};

typedef uint64_t generator(uint64_t *state);

static void count_draws(struct counts *c, const struct pattern *p,
			generator *next, uint64_t start)
{
	struct pattern_epoch e = pattern_first(p);
	struct oracle_pattern o = oracle_of(p, &e, 0);
	uint64_t state = start, before = 0;

	*c = (struct counts){ .hot = { 0 } };
	for (int i = 0; i < DRAWS; i++) {
		struct oracle_draw d = oracle_draw(&o, next(&state));
		uint64_t part = d.hot ? p->hot_blocks :
					p->blocks - p->hot_blocks;
		uint64_t from = d.hot ? 0 : p->hot_blocks;

		c->hot[d.hot]++;
		c->rank[d.rank]++;
		c->page[d.page] += d.hot;
		c->cold_page[d.page] += !d.hot;
		c->word[d.word % 512]++;
		c->object[d.object]++;
		c->hot_low[d.hot * 16 + d.object % 16]++;
		c->hot_mid[d.hot * 12 + (d.rank - from) * 12 / part]++;
		c->read_hot[d.read * 2 + d.hot]++;
		c->read_low[d.read * 16 + d.object % 16]++;
		c->follow[before * 16 + d.object % 16]++;
		before = d.object % 16;
	}
}

static double share_of(uint64_t count, double share)
{
	uint64_t two[2] = { count, DRAWS - count };

	return chi_test(two, (const double[]){ share, 1 - share }, 2);
}

static void hot_sets(void)
{
	static const uint32_t rates[] = { 655, 32768, 58982, 65470 };
	struct counts c;

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct pattern_plan plan = { .hot_bytes = 60 * PAGE,
					     .hot_rate = rates[i],
					     .reads = 16384,
					     .object = 8 };
		struct pattern *p = made(&plan, 1);

		count_draws(&c, p, oracle_next, oracle_start(i, 0));
		chi_ok(share_of(c.hot[1], rates[i] / 65536.0),
		       "rate %g %%: the hot set's share", rates[i] / 655.36);
		chi_ok(chi_uniform(c.page, 60), "its pages alike");
		chi_ok(chi_uniform(c.cold_page + 60, PAGES - 60),
		       "the others alike");
		is_u64(c.page[60] + c.cold_page[59], 0, "and apart");
		chi_ok(chi_uniform(c.word, 512), "the words of a page alike");
		chi_ok(chi_independent(c.hot_low, 2, 16),
		       "hot or not has no say in the low bits of the index");
		chi_ok(chi_independent(c.hot_mid, 2, 12),
		       "nor in the high ones");
		chi_ok(chi_independent(c.read_hot, 2, 2),
		       "reading has none in hot or not");
		chi_ok(chi_independent(c.read_low, 2, 16), "nor in the index");
		chi_ok(share_of(c.read_hot[2] + c.read_hot[3], 0.25),
		       "a quarter is only read");
		chi_ok(chi_independent(c.follow, 16, 16),
		       "an index says nothing of the next one");
		pattern_free(p);
	}
}

static void zipfs(void)
{
	static const double exponents[] = { 0.5, 0.99, 1.2, 2 };
	double share[PAGES];
	struct counts c;

	for (size_t i = 0; i < ARRAY_SIZE(exponents); i++) {
		struct pattern_plan plan = { .zipf = exponents[i],
					     .reads = 32768,
					     .object = 8 };
		struct pattern *p = made(&plan, 1);
		double sum = 0;

		for (uint64_t k = 0; k < PAGES; k++)
			sum += share[k] = pow((double)k + 1, -exponents[i]);
		for (uint64_t k = 0; k < PAGES; k++)
			share[k] /= sum;
		count_draws(&c, p, oracle_next, oracle_start(i, 3));
		chi_ok(chi_test(c.rank, share, PAGES),
		       "Zipf %g: rank k as often as 1 / (k + 1)^s",
		       exponents[i]);
		chi_ok(chi_uniform(c.object, 512),
		       "the words of its pages alike");
		chi_ok(chi_independent(c.hot_low, 2, 16),
		       "in hot pages as in the others");
		chi_ok(chi_independent(c.read_hot, 2, 2),
		       "half is only read, of either");
		chi_ok(chi_independent(c.read_low, 2, 16),
		       "wherever it is in the page");
		chi_ok(share_of(c.read_hot[2] + c.read_hot[3], 0.5), "half");
		chi_ok(chi_independent(c.follow, 16, 16),
		       "an index says nothing of the next one");
		pattern_free(p);
	}
}

/* Objects and threads: each thread's pages and objects alike. */
static void parts(void)
{
	struct pattern_plan plan = { .hot_bytes = 60 * PAGE,
				     .hot_rate = 58982,
				     .at = HOT_AT_SCATTERED,
				     .object = 64 };
	struct pattern *p = made(&plan, 3);
	struct counts c;

	count_draws(&c, p, oracle_next, oracle_start(1, 2));
	chi_ok(chi_uniform(c.rank, p->hot_blocks), "blocks of three: hot");
	chi_ok(chi_uniform(c.rank + p->hot_blocks, p->blocks - p->hot_blocks),
	       "and cold");
	chi_ok(chi_uniform(c.object, 64), "objects of 64 bytes");
	is_u64(c.object[64], 0, "of which a page has 64");
	pattern_free(p);
}

/* The streams of two threads, side by side. */
static void threads(void)
{
	uint64_t a = oracle_start(0, 0), b = oracle_start(0, 1);
	uint64_t low[16 * 16] = { 0 }, high[16 * 16] = { 0 }, same = 0;

	for (int i = 0; i < DRAWS; i++) {
		uint64_t x = oracle_next(&a), y = oracle_next(&b);

		low[x % 16 * 16 + y % 16]++;
		high[(x >> 60) * 16 + (y >> 60)]++;
		same += x == y;
	}
	chi_ok(chi_independent(low, 16, 16), "two threads: low bits");
	chi_ok(chi_independent(high, 16, 16), "high bits");
	is_u64(same, 0, "no value at the same time");
}

/* ------------------------------------------- can these tests tell at all? */

/* HPCC's stream, whose values are shifts of each other. */
static uint64_t shifted(uint64_t *state)
{
	return *state = oracle_step(*state);
}

/* In 1 of 64 values the selector's highest bit is the index's, too. */
static uint64_t linked(uint64_t *state)
{
	uint64_t r = oracle_next(state);

	return r & 63 ? r : r << 1 >> 1 | (r << 16 & UINT64_C(1) << 63);
}

/* 1 of 16 goes to the first half of where it might go. */
static uint64_t skewed(uint64_t *state)
{
	uint64_t r = oracle_next(state);

	return r & 15 ? r : (r & UINT64_C(0xffff) << 48) | r << 16 >> 17;
}

static void tell(void)
{
	struct pattern_plan plan = { .hot_bytes = 60 * PAGE,
				     .hot_rate = 32768,
				     .reads = 16384,
				     .object = 8 };
	struct pattern *p = made(&plan, 1);
	struct counts c;

	count_draws(&c, p, shifted, 0x123456789abcdef);
	ok(chi_independent(c.follow, 16, 16) < CHI_LEAST,
	   "HPCC's stream is found to follow itself");
	count_draws(&c, p, linked, 1);
	ok(chi_independent(c.hot_mid, 2, 12) < CHI_LEAST &&
		   share_of(c.hot[1], 0.5) > CHI_LEAST,
	   "a selector that is linked to the index is found");
	count_draws(&c, p, skewed, 1);
	ok(chi_independent(c.hot_mid, 2, 12) > CHI_LEAST &&
		   chi_uniform(c.page, 60) < CHI_LEAST,
	   "pages that are drawn askew are found");
	plan.hot_rate += 200; /* 0.3 % */
	count_draws(&c, p, oracle_next, 1);
	ok(share_of(c.hot[1], 0.5) < CHI_LEAST, "so is a rate 0.3 %% off");
	pattern_free(p);
}

/* The instrument against tables of the distribution. */
static void instrument(void)
{
	static const struct {
		double sum, freedom, p;
	} rows[] = {
		{ 10.83, 1, 0.001 },   { 3.841, 1, 0.05 },
		{ 16.27, 3, 0.001 },   { 18.31, 10, 0.05 },
		{ 9.342, 10, 0.5 },    { 124.3, 100, 0.05 },
		{ 149.4, 100, 0.001 }, { 61.92, 100, 0.999 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double p = chi_probability(rows[i].sum, rows[i].freedom);

		ok(fabs(p - rows[i].p) < 0.15 * fmin(rows[i].p, 1 - rows[i].p),
		   "chi-squared %g with %g degrees: %g", rows[i].sum,
		   rows[i].freedom, p);
	}
}

int main(void)
{
	instrument();
	tables();
	loops();
	huge();
	hot_sets();
	zipfs();
	parts();
	threads();
	tell();
	return done_testing();
}
