// SPDX-License-Identifier: GPL-2.0-only
/*
 * placement.c - where the pages are that the updates go to.
 *
 * near share = sum over the strata of W_k q_k, with W_k the stratum's part of
 * the updates and q_k the part of its sample that is near; its standard error
 * is sqrt(sum W_k^2 q_k (1 - q_k) / n_k), 0 for a stratum that was looked at
 * as a whole (stratified sampling; Cochran, Sampling Techniques, chapter 5).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/placement.h"
#include "bench/prng.h"
#include "lib/alloc.h"
#include "mm/page.h"

struct panel_page {
	uint64_t page;
	double weight; /* pages of the table that it stands for */
	int node; /* when it was last told; < 0: not yet */
	bool up, down;
};

struct placement {
	const struct pattern *p;
	const struct table *table;
	bool near[NODE_MAX];
	uint64_t pages, state;
	size_t sample, fresh; /* pages a stratum; of the fresh sample now */
	uint64_t *page; /* of the sample under way */
	int *node;
	struct panel_page *panel;
	size_t nr_panel;
	struct placement_moved moved;
};

static uint64_t next_random(struct placement *t)
{
	return prng_mix(t->state += PRNG_GAMMA);
}

static uint64_t pages_of(const struct placement *t, bool hot)
{
	uint64_t all = hot ? pattern_hot_pages(t->p) : t->pages;

	return hot || !t->p ? all : all - pattern_hot_pages(t->p);
}

/* The i-th page of a stratum, in the order of the ranks. */
static uint64_t page_at(const struct placement *t,
			const struct pattern_epoch *e, bool hot, uint64_t i)
{
	if (!t->p)
		return i;
	return pattern_page(
		t->p, e, (hot ? 0 : t->p->hot_blocks) + i / t->p->block_pages,
		i % t->p->block_pages);
}

/*
 * If a stratum's pages are equally popular, and no more than the sample, all
 * are taken. Zipf's are not equal: they are drawn as often as they are updated.
 * Returns how many were drawn.
 */
static size_t draw_stratum(struct placement *t, const struct pattern_epoch *e,
			   bool hot, bool *whole)
{
	uint64_t n = pages_of(t, hot);

	*whole = n <= t->fresh && !(t->p && t->p->slots);
	if (*whole) {
		for (uint64_t i = 0; i < n; i++)
			t->page[i] = page_at(t, e, hot, i);
		return n;
	}
	for (size_t i = 0; i < t->fresh; i++)
		t->page[i] = t->p ? pattern_draw(t->p, e, hot, next_random(t)) :
				    prng_scale(next_random(t), n);
	return t->fresh;
}

static void count(const struct placement *t, struct placement_part *part,
		  size_t n)
{
	uint64_t near = 0;

	for (size_t i = 0; i < n; i++) {
		int node = t->node[i];

		if (node < 0 || node >= NODE_MAX) {
			part->lost++;
			continue;
		}
		part->sampled++;
		part->node[node]++;
		near += t->near[node];
	}
	part->near = part->sampled ? (double)near / (double)part->sampled : NAN;
}

static int look_at(struct placement *t, const struct pattern_epoch *e, bool hot,
		   struct placement_row *row, double *variance)
{
	struct placement_part *part = hot ? &row->hot : &row->cold;
	double share = t->p ? pattern_hot_share(t->p, e) : 0, q;
	bool whole;
	size_t n;
	int err;

	part->near = NAN;
	part->any = pages_of(t, hot) > 0;
	if (!part->any)
		return 0;
	n = draw_stratum(t, e, hot, &whole);
	err = table_nodes_of(t->table, t->page, t->node, n);
	if (err)
		return err;
	count(t, part, n);
	part->weight = hot ? share : 1 - share;
	q = part->near;
	if (part->weight <= 0)
		return 0;
	row->near_share += part->weight * q;
	if (!whole)
		*variance += part->weight * part->weight * q * (1 - q) /
			     (double)part->sampled;
	for (int i = 0; i < NODE_MAX && part->sampled; i++)
		row->node_share[i] += part->weight * (double)part->node[i] /
				      (double)part->sampled;
	return 0;
}

/* ------------------------------------------------------------------ panel */

/* Each page of a stratum has the same chance, and is drawn once at most. */
static void choose_panel(struct placement *t, bool hot)
{
	struct pattern_epoch e = { 0 };
	uint64_t n = pages_of(t, hot);
	size_t some = n < t->sample ? n : t->sample;

	if (t->p)
		e = pattern_first(t->p);
	for (size_t i = 0; i < some; i++) {
		/*
		 * One is drawn from each of so many equal parts, so none is
		 * drawn twice.
		 */
		uint64_t from = n * i / some, to = n * (i + 1) / some;
		uint64_t at = from + prng_scale(next_random(t), to - from);

		t->panel[t->nr_panel++] =
			(struct panel_page){ .page = page_at(t, &e, hot, at),
					     .weight = (double)n / (double)some,
					     .node = -1 };
	}
}

static void follow(struct placement *t, struct panel_page *page, int node,
		   const struct pattern_epoch *e)
{
	struct placement_moved *m = &t->moved;
	bool was_near;

	if (node < 0 || node >= NODE_MAX)
		return;
	was_near = page->node >= 0 && t->near[page->node];
	if (page->node >= 0 && was_near != t->near[node]) {
		bool both = page->up && page->down;

		page->up |= !was_near;
		page->down |= was_near;
		m->both_ways += !both && page->up && page->down;
		if (was_near) {
			m->demoted++;
			m->pages_demoted += page->weight;
		} else {
			m->promoted++;
			m->pages_promoted += page->weight;
			if (t->p && pattern_is_hot(t->p, e, page->page))
				m->hot_promoted += page->weight;
		}
	}
	page->node = node;
}

static int look_at_panel(struct placement *t, const struct pattern_epoch *e)
{
	int err;

	for (size_t i = 0; i < t->nr_panel; i++)
		t->page[i] = t->panel[i].page;
	err = table_nodes_of(t->table, t->page, t->node, t->nr_panel);
	for (size_t i = 0; i < t->nr_panel && !err; i++)
		follow(t, &t->panel[i], t->node[i], e);
	return err;
}

void placement_moved(const struct placement *t, struct placement_moved *m)
{
	double near = 0, told = 0;

	*m = t->moved;
	m->panel = t->nr_panel;
	m->precision = NAN;
	if (t->p && pattern_hot_pages(t->p) && m->pages_promoted > 0)
		m->precision = m->hot_promoted / m->pages_promoted;
	for (size_t i = 0; i < t->nr_panel; i++) {
		const struct panel_page *page = &t->panel[i];

		if (page->node < 0)
			continue;
		told += page->weight;
		near += t->near[page->node] ? page->weight : 0;
	}
	m->pages_near = near / told * (double)t->pages;
}

/* ------------------------------------------------------------------ whole */

int placement_look(struct placement *t, const struct pattern_epoch *e,
		   struct placement_row *row)
{
	double variance = 0;
	int err = 0;

	memset(row, 0, sizeof(*row));
	row->hot.near = NAN;
	if (t->p)
		err = look_at(t, e, true, row, &variance);
	if (!err)
		err = look_at(t, e, false, row, &variance);
	row->error = sqrt(variance);
	return err ? err : look_at_panel(t, e);
}

void placement_thin(struct placement *t, bool thin)
{
	t->fresh = thin ? t->sample / 8 : t->sample;
}

struct placement *placement_new(const struct pattern *p,
				const struct table *table,
				const bool near[NODE_MAX], size_t sample,
				uint64_t seed)
{
	struct placement *t = xcalloc(1, sizeof(*t));

	t->p = p;
	t->table = table;
	memcpy(t->near, near, sizeof(t->near));
	t->pages = p ? pattern_pages(p) : table->bytes / PAGE_BYTES;
	t->sample = t->fresh = sample;
	t->state = prng_start(seed, PRNG_SAMPLE);
	t->page = xcalloc(2 * sample, sizeof(*t->page));
	t->node = xcalloc(2 * sample, sizeof(*t->node));
	t->panel = xcalloc(2 * sample, sizeof(*t->panel));
	if (p)
		choose_panel(t, true);
	choose_panel(t, false);
	return t;
}

void placement_free(struct placement *t)
{
	if (!t)
		return;
	free(t->page);
	free(t->node);
	free(t->panel);
	free(t);
}
