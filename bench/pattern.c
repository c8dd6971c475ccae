// SPDX-License-Identifier: GPL-2.0-only
/*
 * pattern.c - which pages are updated how often.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/pattern.h"
#include "bench/prng.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/page.h"

#define HUGE_PAGES (2 * MIB / PAGE_BYTES)

/* ------------------------------------------------------------------ order */

/* Shuffled (Fisher and Yates), the same way in all runs with a seed. */
static void scatter(struct pattern *p)
{
	uint64_t state = prng_start(p->seed, PRNG_ORDER);

	p->order = xcalloc(p->blocks, sizeof(*p->order));
	p->rank = xcalloc(p->blocks, sizeof(*p->rank));
	for (uint64_t i = 0; i < p->blocks; i++)
		p->order[i] = (uint32_t)i;
	for (uint64_t i = p->blocks - 1; i; i--) {
		uint64_t k = prng_scale(prng_mix(state += PRNG_GAMMA), i + 1);
		uint32_t swapped = p->order[i];

		p->order[i] = p->order[k];
		p->order[k] = swapped;
	}
	for (uint64_t i = 0; i < p->blocks; i++)
		p->rank[p->order[i]] = (uint32_t)i;
}

/* ------------------------------------------------------------------- Zipf */

/*
 * Rank k (from 0) has a share proportional to 1 / (k + 1)^s. share[i] is that
 * of the ranks below i. Returns it as numbers whose mean is 1. (exp2l() and
 * log2l() are instructions; pow() brings 8 KB of tables.)
 */
static double *weigh(struct pattern *p)
{
	double *weight = xcalloc(p->blocks, sizeof(*weight)), sum = 0;

	for (uint64_t i = 0; i < p->blocks; i++)
		sum += weight[i] = (double)exp2l(-(long double)p->plan->zipf *
						 log2l((long double)(i + 1)));
	for (uint64_t i = 0; i < p->blocks; i++) {
		p->share[i + 1] = p->share[i] + weight[i] / sum;
		weight[i] *= (double)p->blocks / sum;
	}
	return weight;
}

/*
 * Vose: A Linear Algorithm for Generating Random Numbers with a Given
 * Distribution, IEEE Trans. Software Eng. 17 (1991): each slot is filled up to
 * the mean by one other rank. A draw is a look at one slot, in integers.
 */
static void fill_slots(struct pattern *p, double *weight)
{
	uint32_t *list = xcalloc(p->blocks, sizeof(*list));
	uint64_t small = 0, large = p->blocks; /* stacks from both ends */

	for (uint64_t i = 0; i < p->blocks; i++) {
		p->slots[i].keep = UINT32_MAX;
		p->slots[i].other = (uint32_t)i;
		if (weight[i] < 1)
			list[small++] = (uint32_t)i;
		else
			list[--large] = (uint32_t)i;
	}
	while (small && large < p->blocks) {
		uint32_t less = list[--small], more = list[large];

		p->slots[less].keep = (uint32_t)(weight[less] * 4294967296.0);
		p->slots[less].other = more;
		weight[more] -= 1 - weight[less];
		if (weight[more] < 1) {
			large++;
			list[small++] = more;
		}
	}
	free(list);
}

static void make_zipf(struct pattern *p)
{
	double *weight;

	p->share = xcalloc(p->blocks + 1, sizeof(*p->share));
	p->slots = xcalloc(p->blocks, sizeof(*p->slots));
	weight = weigh(p);
	fill_slots(p, weight);
	free(weight);
	while (p->hot_blocks < p->blocks - 1 && p->share[p->hot_blocks] < 0.5)
		p->hot_blocks++;
}

/* ----------------------------------------------------------------- making */

/* Each thread has its own pages of a block, as many as every other one. */
static int divide(struct pattern *p, uint64_t pages, enum page_kind kind)
{
	unsigned int threads = p->threads;

	p->block_pages = threads;
	if (kind != PAGES_4K) {
		if (threads > HUGE_PAGES || (threads & (threads - 1)))
			return misuse(
				"--threads %u: a pattern on huge pages takes 1, 2, 4, ... 512 threads, which share each page",
				threads);
		p->block_pages = HUGE_PAGES;
	}
	p->blocks = pages / p->block_pages;
	if (p->blocks > UINT32_MAX)
		return misuse("a pattern has at most 2^32 blocks of %llu pages",
			      (unsigned long long)p->block_pages);
	return 0;
}

static int set_hot(struct pattern *p)
{
	uint64_t block = p->block_pages * PAGE_BYTES;
	uint64_t hot = p->plan->hot_bytes;
	char size[SIZE_TEXT];

	p->hot_blocks = (hot + block / 2) / block;
	if (hot && (!p->hot_blocks || p->hot_blocks >= p->blocks))
		return misuse(
			"--hot: a hot set of %s is no part of the table: 1 to %llu blocks of %llu KiB, which %u threads share",
			format_size(size, hot),
			(unsigned long long)p->blocks - 1,
			(unsigned long long)(block / KIB), p->threads);
	return 0;
}

static int set_step(struct pattern *p)
{
	uint64_t block = p->block_pages * PAGE_BYTES;

	p->step = p->plan->move_bytes ?
			  (p->plan->move_bytes + block / 2) / block :
			  p->hot_blocks;
	if (!p->step)
		p->step = 1;
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): there is a hot one */
	if (p->step % p->blocks == 0)
		return misuse("--move-by: once round the table is no move");
	p->step %= p->blocks;
	return 0;
}

static int make(struct pattern *p, uint64_t bytes, enum page_kind kind)
{
	enum hot_at at = p->plan->at;
	int err = divide(p, bytes / PAGE_BYTES, kind);

	if (!err && p->blocks < 2)
		err = misuse(
			"a table of %llu pages is too small for a pattern and %u threads",
			(unsigned long long)(bytes / PAGE_BYTES), p->threads);
	if (!err)
		err = set_hot(p);
	if (err)
		return err;
	if (p->plan->zipf > 0)
		make_zipf(p);
	err = set_step(p);
	if (err)
		return err;
	/* The popular pages of a Zipf trace do not lie side by side. */
	if (at == HOT_AT_SCATTERED ||
	    (at == HOT_AT_DEFAULT && p->plan->zipf > 0))
		scatter(p);
	return 0;
}

struct pattern *pattern_new(const struct pattern_plan *plan, uint64_t bytes,
			    unsigned int threads, enum page_kind pages,
			    uint64_t seed)
{
	struct pattern *p = xcalloc(1, sizeof(*p));

	p->plan = plan;
	p->threads = threads;
	p->seed = seed;
	if (!make(p, bytes, pages))
		return p;
	pattern_free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	free(p->order);
	free(p->rank);
	free(p->slots);
	free(p->share);
	free(p);
}

/* ----------------------------------------------------------------- epochs */

struct pattern_epoch pattern_first(const struct pattern *p)
{
	struct pattern_epoch e = { .hot_rate = p->plan->hot_rate };

	if (p->plan->at == HOT_AT_END)
		e.offset = p->blocks - p->hot_blocks;
	if (p->plan->nr_phases)
		e.hot_rate = p->plan->phases[0].hot_rate;
	return e;
}

void pattern_move(const struct pattern *p, struct pattern_epoch *e)
{
	e->offset = (e->offset + p->step) % p->blocks;
}

/* ------------------------------------------------------------------ asking */

uint64_t pattern_pages(const struct pattern *p)
{
	return p->blocks * p->block_pages;
}

uint64_t pattern_hot_pages(const struct pattern *p)
{
	return p->hot_blocks * p->block_pages;
}

uint64_t pattern_page(const struct pattern *p, const struct pattern_epoch *e,
		      uint64_t rank, uint64_t i)
{
	uint64_t place = rank + e->offset;

	if (place >= p->blocks)
		place -= p->blocks;
	if (p->order)
		place = p->order[place];
	return place * p->block_pages + i;
}

unsigned int pattern_owner(const struct pattern *p, uint64_t page)
{
	uint64_t part = page % p->block_pages / (p->block_pages / p->threads);
	uint32_t turn = (uint32_t)(page / p->block_pages) * PATTERN_TURN &
			PATTERN_TURNS;

	turn = (uint32_t)((uint64_t)turn * p->threads >> 32);
	return (unsigned int)(part + p->threads - turn) % p->threads;
}

bool pattern_is_hot(const struct pattern *p, const struct pattern_epoch *e,
		    uint64_t page)
{
	uint64_t place = page / p->block_pages;

	if (place >= p->blocks)
		return false;
	if (p->rank)
		place = p->rank[place];
	place += place < e->offset ? p->blocks : 0;
	return place - e->offset < p->hot_blocks;
}

double pattern_hot_share(const struct pattern *p, const struct pattern_epoch *e)
{
	if (p->share)
		return p->share[p->hot_blocks];
	return p->hot_blocks ? (double)e->hot_rate / PATTERN_ONE : 0;
}

double pattern_best_share(const struct pattern *p,
			  const struct pattern_epoch *e, uint64_t pages)
{
	double all = (double)pattern_pages(p);
	double hot = (double)pattern_hot_pages(p), cold = all - hot;
	double r = pattern_hot_share(p, e), n = (double)pages;
	uint64_t whole = pages / p->block_pages;

	if (n >= all)
		return 1;
	if (p->share) /* a block's pages are equal */
		return p->share[whole] +
		       (p->share[whole + 1] - p->share[whole]) *
			       (double)(pages % p->block_pages) /
			       (double)p->block_pages;
	if (!p->hot_blocks)
		return n / all;
	/* A "hot" set may be the less popular part: the best come first. */
	if (r / hot < (1 - r) / cold) {
		double swapped = hot;

		hot = cold;
		cold = swapped;
		r = 1 - r;
	}
	return n <= hot ? r * n / hot : r + (1 - r) * (n - hot) / cold;
}

/* The alias method, until the rank is of the kind that is wanted. */
static uint64_t draw_rank_of_zipf(const struct pattern *p, bool hot,
				  uint64_t *random)
{
	for (;;) {
		uint64_t r = prng_mix(*random += PRNG_GAMMA);
		uint64_t i = prng_scale(r, p->blocks);

		if ((uint32_t)r >= p->slots[i].keep)
			i = p->slots[i].other;
		if ((i < p->hot_blocks) == hot)
			return i;
	}
}

uint64_t pattern_draw(const struct pattern *p, const struct pattern_epoch *e,
		      bool hot, uint64_t random)
{
	uint64_t first = hot ? 0 : p->hot_blocks;
	uint64_t n = hot ? p->hot_blocks : p->blocks - p->hot_blocks, rank;

	if (p->slots)
		rank = draw_rank_of_zipf(p, hot, &random);
	else
		rank = first + prng_scale(prng_mix(random += PRNG_GAMMA), n);
	return pattern_page(p, e, rank,
			    prng_scale(prng_mix(random + PRNG_GAMMA),
				       p->block_pages));
}

/* Phases have rates of their own: "90 %, then 10 %". */
static void add_rates(struct textbuf *t, const struct pattern_plan *plan)
{
	if (!plan->nr_phases)
		buf_add(t, "%.4g %%", 100.0 * plan->hot_rate / PATTERN_ONE);
	for (int i = 0; i < plan->nr_phases; i++)
		buf_add(t, "%s%.4g %%", i ? ", then " : "",
			100.0 * plan->phases[i].hot_rate / PATTERN_ONE);
}

void pattern_describe(const struct pattern *p, struct textbuf *t)
{
	static const char *const places[] = {
		[HOT_AT_DEFAULT] = "at the start",
		[HOT_AT_START] = "at the start",
		[HOT_AT_END] = "at the end",
		[HOT_AT_SCATTERED] = "scattered",
	};
	const struct pattern_plan *plan = p->plan;
	const char *place = places[p->order ? HOT_AT_SCATTERED : plan->at];
	char hot[SIZE_TEXT];

	format_size(hot, pattern_hot_pages(p) * PAGE_BYTES);
	if (p->slots) {
		buf_add(t, "Zipf, exponent %g, over %llu ", plan->zipf,
			(unsigned long long)p->blocks);
		/* Its threads have equal parts of a block. */
		if (p->block_pages > 1)
			buf_add(t, "blocks of %llu ",
				(unsigned long long)p->block_pages);
		buf_add(t, "pages; %.3g %% of the updates go to %s of them, %s",
			100 * p->share[p->hot_blocks], hot, place);
	} else if (p->hot_blocks) {
		add_rates(t, plan);
		buf_add(t, " of the updates go to a hot set of %s, %s", hot,
			place);
	} else {
		buf_add(t, "uniform");
	}
	if (plan->object > 8)
		buf_add(t, "; objects of %llu bytes",
			(unsigned long long)plan->object);
	if (plan->reads)
		buf_add(t, "; %.3g %% are only read",
			100.0 * plan->reads / PATTERN_ONE);
}

bool pattern_is_uniform(const struct pattern_plan *plan)
{
	return !plan->hot_bytes && !(plan->zipf > 0) && plan->object <= 8 &&
	       !plan->reads;
}
