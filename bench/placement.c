// SPDX-License-Identifier: GPL-2.0-only
/*
 * placement.c - where the pages are that the updates go to.
 *
 * near share = sum over the strata of W_k s_k, with W_k the stratum's part of
 * the updates, and s_k = sum over the threads of u_t q_kt: u_t is what the
 * thread made of the updates, q_kt the part of its sampled pages that is near
 * (stratified sampling; Cochran, Sampling Techniques, chapter 5). Threads that
 * are not equally fast make the sample worth less: 1 / sum(u_t^2 / n_kt) pages
 * (Kish's effective number). Where all pages were looked at but those in
 * transit, the rest counts as a sample of a finite population.
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
	bool hot; /* when it was chosen */
	int node; /* when it was last told; < 0: not yet */
	bool up, down;
	bool hot_up; /* it was hot when it was promoted last */
};

/* What a look saw of a stratum: pages drawn as they are updated. */
struct seen {
	size_t n;
	bool whole; /* all pages of the stratum, once each */
	double weight;
	unsigned int *owner;
	int *node;
};

struct placement {
	const struct pattern *p;
	const struct table *table;
	bool near[NODE_MAX];
	unsigned int threads;
	uint64_t pages, state;
	size_t sample, fresh; /* pages a stratum; of the fresh sample now */
	unsigned int thin, turn; /* of the panel: which part is next */
	uint64_t *page; /* of the sample under way */
	int *node;
	struct seen seen[2][2]; /* before and now; cold and hot */
	bool looked;
	double *part; /* of the updates, by thread */
	struct {
		uint64_t pages, near;
	} * told; /* by thread */
	struct panel_page *panel;
	size_t nr_panel, panel_of[2]; /* cold, hot */
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

/* The thread that updates the page; without a pattern it has a slice. */
static unsigned int owner_of(const struct placement *t, uint64_t page)
{
	if (t->p)
		return pattern_owner(t->p, page);
	return (unsigned int)(((page + 1) * t->threads - 1) / t->pages);
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

/* Pages that are no more than the sample are all taken. Returns how many. */
static size_t draw_pages(struct placement *t, const struct pattern_epoch *e,
			 bool hot)
{
	uint64_t n = pages_of(t, hot);
	bool whole = n <= t->fresh;
	size_t some = whole ? n : t->fresh;

	for (size_t i = 0; i < some; i++)
		t->page[i] = page_at(t, e, hot,
				     whole ? i : prng_scale(next_random(t), n));
	return some;
}

/* Zipf's pages are not equal: drawn as often as they are updated. */
static void draw_updates(struct placement *t, const struct pattern_epoch *e,
			 bool hot)
{
	for (size_t i = 0; i < t->fresh; i++)
		t->page[i] = pattern_draw(t->p, e, hot, next_random(t));
}

static bool is_node(int node)
{
	return node >= 0 && node < NODE_MAX;
}

/* What n pages are worth if they are told of all, and none of them twice. */
static double worth_of(double n, double told, double all)
{
	return told < all ? n * (all - 1) / (all - told) : INFINITY;
}

static void count(const struct placement *t, struct placement_part *part,
		  size_t n, uint64_t all)
{
	uint64_t near = 0;
	double told;

	for (size_t i = 0; i < n; i++) {
		int node = t->node[i];

		if (!is_node(node)) {
			part->lost++;
			continue;
		}
		part->sampled++;
		part->node[node]++;
		near += t->near[node];
	}
	told = (double)part->sampled;
	part->near = stats_wilson((double)near / told,
				  n < all ? told :
					    worth_of(told, told, (double)all));
}

static void keep(const struct placement *t, struct seen *seen, size_t n,
		 bool whole)
{
	seen->n = n;
	seen->whole = whole;
	for (size_t i = 0; i < n; i++) {
		seen->owner[i] = owner_of(t, t->page[i]);
		seen->node[i] = t->node[i];
	}
}

static int look_at(struct placement *t, const struct pattern_epoch *e, bool hot,
		   struct placement_row *row)
{
	struct placement_part *part = hot ? &row->hot : &row->cold;
	double share = t->p ? pattern_hot_share(t->p, e) : 0;
	struct seen *seen = &t->seen[1][hot];
	uint64_t all = pages_of(t, hot);
	size_t n;
	int err;

	part->any = all > 0;
	part->near.part = part->near.low = part->near.high = NAN;
	seen->n = 0;
	seen->weight = part->weight = !all ? 0 : hot ? share : 1 - share;
	if (!all)
		return 0;
	n = draw_pages(t, e, hot);
	err = table_nodes_of(t->table, t->page, t->node, n);
	if (err)
		return err;
	count(t, part, n, all);
	keep(t, seen, n, n == all);
	if (!t->p || !t->p->slots)
		return 0;
	draw_updates(t, e, hot);
	err = table_nodes_of(t->table, t->page, t->node, t->fresh);
	keep(t, seen, t->fresh, false);
	return err;
}

/* ----------------------------------------------------------------- weighing */

static void set_parts(struct placement *t, const uint64_t *made)
{
	double sum = 0;

	for (unsigned int i = 0; i < t->threads; i++)
		sum += (double)made[i];
	for (unsigned int i = 0; i < t->threads; i++)
		t->part[i] = sum > 0 ? (double)made[i] / sum : 1.0 / t->threads;
}

/*
 * Adds the stratum's shares by node. A thread of which no page was told is
 * taken to be as the others are.
 */
static void weigh(struct placement *t, const struct seen *seen, double *shares,
		  struct stats_part *near)
{
	double known = 0, worth = 0, n = 0, sum = 0;

	if (seen->weight <= 0)
		return;
	memset(t->told, 0, t->threads * sizeof(*t->told));
	for (size_t i = 0; i < seen->n; i++)
		if (is_node(seen->node[i])) {
			t->told[seen->owner[i]].pages++;
			t->told[seen->owner[i]].near += t->near[seen->node[i]];
		}
	for (unsigned int i = 0; i < t->threads; i++) {
		double pages = (double)t->told[i].pages;

		if (!t->told[i].pages)
			continue;
		n += pages;
		known += t->part[i];
		worth += t->part[i] * t->part[i] / pages;
		sum += t->part[i] * ((double)t->told[i].near / pages);
	}
	for (size_t i = 0; i < seen->n; i++)
		if (is_node(seen->node[i]))
			shares[seen->node[i]] +=
				seen->weight * t->part[seen->owner[i]] /
				(double)t->told[seen->owner[i]].pages / known;
	worth = known * known / worth;
	if (seen->whole)
		worth = worth_of(worth, n, (double)seen->n);
	stats_add(near, seen->weight, stats_wilson(sum / known, worth));
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
	t->panel_of[hot] = some;
	for (size_t i = 0; i < some; i++) {
		/*
		 * One is drawn from each of so many equal parts, so none is
		 * drawn twice.
		 */
		uint64_t from = n * i / some, to = n * (i + 1) / some;
		uint64_t at = from + prng_scale(next_random(t), to - from);

		t->panel[t->nr_panel++] = (struct panel_page){
			.page = page_at(t, &e, hot, at), .hot = hot, .node = -1
		};
	}
}

static void follow(struct placement *t, struct panel_page *page, int node,
		   const struct pattern_epoch *e)
{
	struct placement_moved *m = &t->moved;
	bool was_near, both = page->up && page->down;

	if (!is_node(node))
		return;
	was_near = page->node >= 0 && t->near[page->node];
	if (page->node >= 0 && was_near != t->near[node]) {
		m->demoted += was_near;
		m->promoted += !was_near;
		page->down |= was_near;
		page->up |= !was_near;
		m->both_ways += !both && page->up && page->down;
		if (!was_near)
			page->hot_up = t->p &&
				       pattern_is_hot(t->p, e, page->page);
	}
	page->node = node;
}

/* When it is thinned, of 2^thin pages one each time. */
static int look_at_panel(struct placement *t, const struct pattern_epoch *e)
{
	size_t step = (size_t)1 << t->thin, n = 0;
	size_t first = t->turn++ % step;
	int err;

	for (size_t i = first; i < t->nr_panel; i += step)
		t->page[n++] = t->panel[i].page;
	err = table_nodes_of(t->table, t->page, t->node, n);
	for (size_t i = 0; i < n && !err; i++)
		follow(t, &t->panel[first + i * step], t->node[i], e);
	return err;
}

/* Pages that were promoted when they were hot, or when they were not. */
static struct stats_part promoted(const struct placement *t, bool when_hot)
{
	struct stats_part sum = { 0 };

	for (int hot = 0; hot < 2; hot++) {
		double some = (double)t->panel_of[hot], n = 0, all;

		if (!t->panel_of[hot])
			continue;
		all = (double)pages_of(t, hot);
		for (size_t i = 0; i < t->nr_panel; i++)
			n += t->panel[i].hot == hot && t->panel[i].up &&
			     t->panel[i].hot_up == when_hot;
		stats_add(&sum, all,
			  stats_wilson(n / some, worth_of(some, some, all)));
	}
	return sum;
}

void placement_moved(const struct placement *t, struct placement_moved *m)
{
	double near[2] = { 0 }, told[2] = { 0 };

	*m = t->moved;
	m->panel = t->nr_panel;
	m->precision = stats_wilson(NAN, 0);
	if (t->p && pattern_hot_pages(t->p))
		m->precision =
			stats_of_both(promoted(t, true), promoted(t, false));
	for (size_t i = 0; i < t->nr_panel; i++) {
		const struct panel_page *page = &t->panel[i];

		m->promoted_of[page->hot] += page->up;
		told[page->hot] += page->node >= 0;
		near[page->hot] += page->node >= 0 && t->near[page->node];
	}
	for (int hot = 0; hot < 2; hot++) {
		m->panel_of[hot] = t->panel_of[hot];
		if (t->panel_of[hot])
			m->pages_near += near[hot] / told[hot] *
					 (double)pages_of(t, hot);
	}
}

/* ------------------------------------------------------------------ whole */

static void sum_up(struct placement *t, const uint64_t *made,
		   struct placement_row *row)
{
	struct stats_part before = { 0 };

	set_parts(t, made);
	for (int hot = 0; hot < 2; hot++) {
		weigh(t, &t->seen[0][hot], row->since, &before);
		weigh(t, &t->seen[1][hot], row->node_share, &row->near);
	}
	for (int i = 0; i < NODE_MAX; i++)
		row->since[i] =
			t->looked ? (row->since[i] + row->node_share[i]) / 2 :
				    NAN;
	row->near_since = t->looked ? (before.part + row->near.part) / 2 : NAN;
	t->looked = true;
}

int placement_look(struct placement *t, const struct pattern_epoch *e,
		   const uint64_t *made, struct placement_row *row)
{
	int err = 0;

	for (int hot = 0; hot < 2; hot++) {
		struct seen before = t->seen[0][hot];

		t->seen[0][hot] = t->seen[1][hot];
		t->seen[1][hot] = before;
	}
	memset(row, 0, sizeof(*row));
	row->hot.near = stats_wilson(NAN, 0);
	if (t->p)
		err = look_at(t, e, true, row);
	if (!err)
		err = look_at(t, e, false, row);
	if (!err)
		sum_up(t, made, row);
	return err ? err : look_at_panel(t, e);
}

double placement_sigmas(const struct placement_row *row, double counted,
			uint64_t updates)
{
	const struct stats_part *near = &row->near;
	double side = counted < near->part ? near->part - near->low :
					     near->high - near->part;

	if (!(side > 0))
		return NAN;
	return (near->part - counted) /
	       sqrt(side * side / STATS_Z / STATS_Z +
		    counted * (1 - counted) / (double)updates);
}

void placement_thin(struct placement *t, unsigned int thin)
{
	t->thin = thin < PLACEMENT_MAX_THIN ? thin : PLACEMENT_MAX_THIN;
	t->fresh = t->sample >> t->thin;
}

struct placement *placement_new(const struct pattern *p,
				const struct table *table, unsigned int threads,
				const bool near[NODE_MAX], size_t sample,
				uint64_t seed)
{
	struct placement *t = xcalloc(1, sizeof(*t));

	t->p = p;
	t->table = table;
	t->threads = threads;
	memcpy(t->near, near, sizeof(t->near));
	t->pages = p ? pattern_pages(p) : table->bytes / PAGE_BYTES;
	t->sample = t->fresh = sample;
	t->state = prng_start(seed, PRNG_SAMPLE);
	t->page = xcalloc(2 * sample, sizeof(*t->page));
	t->node = xcalloc(2 * sample, sizeof(*t->node));
	t->panel = xcalloc(2 * sample, sizeof(*t->panel));
	t->part = xcalloc(threads, sizeof(*t->part));
	t->told = xcalloc(threads, sizeof(*t->told));
	for (int i = 0; i < 4; i++) {
		struct seen *seen = &t->seen[i / 2][i % 2];

		seen->owner = xcalloc(sample, sizeof(*seen->owner));
		seen->node = xcalloc(sample, sizeof(*seen->node));
	}
	if (p)
		choose_panel(t, true);
	choose_panel(t, false);
	return t;
}

void placement_free(struct placement *t)
{
	if (!t)
		return;
	for (int i = 0; i < 4; i++) {
		free(t->seen[i / 2][i % 2].owner);
		free(t->seen[i / 2][i % 2].node);
	}
	free(t->page);
	free(t->node);
	free(t->panel);
	free(t->part);
	free(t->told);
	free(t);
}
