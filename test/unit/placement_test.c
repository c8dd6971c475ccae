// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arithmetic of the samples, on a machine that has one node: a map of our
 * own says where the pages are. What the kernel says is tested last.
 */
/* WRAP: table_nodes_of */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/placement.h"
#include "lib/alloc.h"
#include "tap.h"

#define PAGE UINT64_C(4096)
#define PAGES 10000
#define GONE (-2) /* ENOENT */

static const int *map; /* node of each page; NULL: ask the kernel */
static unsigned long map_pages;
/* The pages that were asked for last, and how many. */
static uint64_t last_pages[PAGES];
static size_t nr_last;

int __real_table_nodes_of(const struct table *t, const uint64_t *pages,
			  int *node, size_t n);
int __wrap_table_nodes_of(const struct table *t, const uint64_t *pages,
			  int *node, size_t n);

int __wrap_table_nodes_of(const struct table *t, const uint64_t *pages,
			  int *node, size_t n)
{
	if (!map)
		return __real_table_nodes_of(t, pages, node, n);
	for (size_t i = 0; i < n; i++)
		node[i] = pages[i] < map_pages ? map[pages[i]] : GONE;
	nr_last = n;
	memcpy(last_pages, pages, n * sizeof(*pages));
	return 0;
}

static int nodes[PAGES];
static const uint64_t equal[8]; /* no updates: threads are equally fast */
static const bool near[NODE_MAX] = { true, false, false, true };

static bool is_near(double got, double want, double within, const char *name)
{
	bool good = isnan(want) ? isnan(got) : fabs(got - want) <= within;

	if (!ok(good, "%s", name))
		diag("got %g, want %g", got, want);
	return good;
}

static struct placement *looking(const struct pattern *p, size_t sample,
				 uint64_t seed)
{
	static const struct table table = { .bytes = PAGES * PAGE };

	map = nodes;
	map_pages = PAGES;
	return placement_new(p, &table, p ? p->threads : 1, near, sample, seed);
}

static struct pattern *hot_set(uint64_t pages, enum hot_at at)
{
	static struct pattern_plan plan;

	plan = (struct pattern_plan){ .hot_bytes = pages * PAGE,
				      .hot_rate = 58982,
				      .at = at,
				      .object = 8 };
	return pattern_new(&plan, PAGES * PAGE, 1, PAGES_4K, 3);
}

/* Every k-th page on the near node, k given for the hot and the cold ones. */
static void spread(const struct pattern *p, int hot, int cold)
{
	struct pattern_epoch e = { 0 };
	int n[2] = { 0 };

	if (p)
		e = pattern_first(p);
	for (uint64_t page = 0; page < PAGES; page++) {
		bool is_hot = p && pattern_is_hot(p, &e, page);
		int k = is_hot ? hot : cold;

		nodes[page] = k && n[is_hot]++ % k == 0 ? 0 : 1;
	}
}

/* ------------------------------------------------------------ near share */

static void whole(void)
{
	struct pattern *p = hot_set(100, HOT_AT_SCATTERED);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 1);
	struct placement_row row;

	spread(p, 4, 0);
	is_i64(placement_look(t, &e, equal, &row), 0, "a look");
	is_u64(row.hot.sampled, 100, "few hot pages: all of them");
	is_near(row.hot.near.part, 0.25, 0, "a quarter is near");
	is_u64(row.hot.node[0], 25, "on node 0");
	is_u64(row.hot.node[1], 75, "the rest on node 1");
	is_u64(row.cold.sampled, 512, "of the others a sample");
	is_near(row.cold.near.part, 0, 0, "none is near");
	is_near(row.hot.weight, 0.9, 1e-4, "weighed with their updates: hot");
	is_near(row.cold.weight, 0.1, 1e-4, "and cold");
	is_near(row.near.part, 0.225, 1e-4, "the near share");
	is_near(row.near.low, row.near.part, 0, "none of the cold ones is far");
	/* Of 9900, none of 512: 3 / 512, and a tenth of the updates. */
	is_near(row.near.high - row.near.part, 0.1 * 3.84 / 515.84, 1e-4,
		"but some may be near: the interval says so");
	is_near(row.node_share[0], 0.225, 1e-4, "by node");
	is_near(row.node_share[0] + row.node_share[1], 1, 1e-9, "all of it");
	spread(p, 1, 1);
	placement_look(t, &e, equal, &row);
	is_near(row.near.part, 1, 1e-9, "all near");
	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	is_near(row.near.part, 0, 0, "all far");
	/* Two near nodes. */
	for (int i = 0; i < PAGES; i++)
		nodes[i] = i % 2 ? 3 : 0;
	placement_look(t, &e, equal, &row);
	is_near(row.near.part, 1, 1e-9, "two near nodes");
	ok(row.node_share[0] > 0.3 && row.node_share[3] > 0.3, "told apart");
	placement_free(t);
	pattern_free(p);
}

/*
 * The estimate against the truth, many times: its mean, that it strays as far
 * as its standard error says, and that the interval has the truth in 95 %.
 */
static void errors(struct pattern *p, int hot, int cold, double want,
		   const uint64_t *made, const char *name)
{
	struct pattern_epoch e = { 0 };
	double sum = 0, squares = 0, sigmas = 0;
	struct placement *t = looking(p, 128, 5);
	struct placement_row row;
	int n = 4000, inside = 0;

	if (p)
		e = pattern_first(p);
	if (hot >= 0)
		spread(p, hot, cold);
	for (int i = 0; i < n; i++) {
		double z;

		placement_look(t, &e, made, &row);
		z = placement_sigmas(&row, want, UINT64_C(1) << 40);
		sum += row.near.part;
		squares += z * z;
		sigmas += z;
		inside += row.near.low <= want && want <= row.near.high;
	}
	diag("%s: %g, off by %g of its standard errors, %.2f in the mean; the interval has it in %.1f %%",
	     name, sum / n, sqrt(squares / n), sigmas / n, 100.0 * inside / n);
	is_near(sum / n, want, 0.003, name);
	is_near(sqrt(squares / n), 1, 0.06, "it strays as far as it says");
	/* Of few that are near more stray to the one side, fewer far to the other. */
	ok(fabs(sigmas / n) < 0.25, "to both sides");
	is_near((double)inside / n, 0.95, 0.015, "the interval has the truth");
	placement_free(t);
}

/* Zipf's shares of every page, by the definition. */
static double zipf_share(const struct pattern *p)
{
	struct pattern_epoch e = pattern_first(p);
	double sum = 0, part = 0;

	for (uint64_t rank = 0; rank < p->blocks; rank++) {
		double w = pow((double)rank + 1, -p->plan->zipf);

		sum += w;
		part += nodes[pattern_page(p, &e, rank, 0)] ? 0 : w;
	}
	return part / sum;
}

static void all_errors(void)
{
	struct pattern_plan zipf = { .zipf = 0.99, .object = 8 };
	struct pattern *p = hot_set(1000, HOT_AT_SCATTERED);
	double hot = 58982 / 65536.0;

	errors(NULL, 0, 4, 0.25, equal, "uniform, a quarter near");
	errors(NULL, 0, 50, 0.02, equal, "uniform, a fiftieth near");
	errors(p, 2, 5, hot / 2 + (1 - hot) / 5, equal,
	       "a hot set, a half near");
	pattern_free(p);
	p = hot_set(100, HOT_AT_SCATTERED);
	errors(p, 4, 2, hot / 4 + (1 - hot) / 2, equal, "few hot pages");
	pattern_free(p);
	p = pattern_new(&zipf, PAGES * PAGE, 1, PAGES_4K, 3);
	spread(p, 3, 2);
	errors(p, -1, 0, zipf_share(p), equal, "Zipf");
	pattern_free(p);
}

/* ----------------------------------------------------------------- threads */

/* The near part of each thread's pages, of the hot ones or the others. */
static void put_by_owner(const struct pattern *p, const double *hot,
			 const double *cold)
{
	struct pattern_epoch e = pattern_first(p);
	double sum[2][8] = { { 0 } };

	for (uint64_t page = 0; page < PAGES; page++) {
		bool is_hot = pattern_is_hot(p, &e, page);
		unsigned int owner =
			page < pattern_pages(p) ? pattern_owner(p, page) : 0;
		double *s = &sum[is_hot][owner];

		*s += is_hot ? hot[owner] : cold[owner];
		nodes[page] = *s >= 0.9999 ? 0 : 1;
		*s -= nodes[page] ? 0 : 1;
	}
}

/* Threads that are not equally fast: a page weighs what its thread makes. */
static void threads(void)
{
	static const uint64_t fast[] = { 900, 100 };
	struct pattern_plan plan = { .hot_bytes = 1000 * PAGE,
				     .hot_rate = 58982,
				     .at = HOT_AT_SCATTERED,
				     .object = 8 };
	struct pattern *p = pattern_new(&plan, PAGES * PAGE, 2, PAGES_4K, 3);
	struct pattern_epoch e = pattern_first(p);
	double hot = 58982 / 65536.0, want;
	struct placement *t = looking(p, 512, 3);
	struct placement_row row;

	put_by_owner(p, (double[]){ 1, 0 }, (double[]){ 1, 0 });
	placement_look(t, &e, fast, &row);
	is_near(row.near.part, 0.9, 1e-9, "the fast one's pages are near");
	is_near(row.node_share[0], 0.9, 1e-9, "by node");
	is_near(row.hot.near.part, 0.5, 0.08, "of the pages half are");
	is_near(row.since[0], NAN, 0, "nothing was before the first look");
	/* What was seen before weighs by what was made since, too. */
	put_by_owner(p, (double[]){ 0, 0 }, (double[]){ 0, 0 });
	placement_look(t, &e, (const uint64_t[]){ 1, 3 }, &row);
	is_near(row.near.part, 0, 0, "now none is near");
	is_near(row.near_since, 0.125, 1e-9, "meanwhile half of a quarter was");
	is_near(row.since[0], 0.125, 1e-9, "by node");
	is_near(row.since[1], 0.875, 1e-9, "and node");
	placement_free(t);
	put_by_owner(p, (double[]){ 0.6, 0.3 }, (double[]){ 0.2, 0.5 });
	want = hot * (0.9 * 0.6 + 0.1 * 0.3) +
	       (1 - hot) * (0.9 * 0.2 + 0.1 * 0.5);
	errors(p, -1, 0, want, fast, "two threads, one nine times as fast");
	want = hot * 0.45 + (1 - hot) * 0.35;
	errors(p, -1, 0, want, equal, "the same, equally fast");
	pattern_free(p);
}

/* HPCC's threads have slices, which are not dealt. */
static void slices(void)
{
	static const struct table table = { .bytes = 1000 * PAGE };
	static const uint64_t made[] = { 700, 200, 100 };
	struct placement *t = placement_new(NULL, &table, 3, near, 5000, 1);
	struct pattern_epoch e = { 0 };
	struct placement_row row;

	for (int i = 0; i < 1000; i++)
		nodes[i] = i < 333 ? 0 : 1;
	placement_look(t, &e, made, &row);
	is_near(row.near.part, 0.7, 1e-9, "the first slice is near");
	for (int i = 0; i < 1000; i++)
		nodes[i] = i >= 666 ? 0 : 1;
	placement_look(t, &e, made, &row);
	is_near(row.near.part, 0.1, 1e-9, "the last one");
	is_near(row.cold.near.part, 0.334, 1e-9, "a third of the pages");
	/* A thread whose pages are all in transit is as the others are. */
	for (int i = 0; i < 1000; i++)
		nodes[i] = i < 333 ? GONE : i < 666 ? 0 : 1;
	placement_look(t, &e, made, &row);
	is_near(row.near.part, 2 / 3.0, 1e-9, "of a thread nothing is told");
	ok(row.near.low < 0.66 && row.near.high > 0.67,
	   "not all was told: it is not exact");
	placement_free(t);
}

/* What is told of Zipf's pages is of pages: the popular ones count once. */
static void zipf_pages(void)
{
	struct pattern_plan plan = { .zipf = 0.99, .object = 8 };
	struct pattern *p = pattern_new(&plan, PAGES * PAGE, 1, PAGES_4K, 3);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 3);
	uint64_t hot = pattern_hot_pages(p);
	struct placement_row row;

	for (uint64_t rank = 0; rank < PAGES; rank++)
		nodes[pattern_page(p, &e, rank, 0)] = rank < hot / 10 ? 0 : 1;
	placement_look(t, &e, equal, &row);
	is_near(row.hot.near.part, (double)(hot / 10) / (double)hot, 0,
		"a tenth of the hot pages is near");
	ok(row.near.part > 0.25, "with most of the hot updates: %g",
	   row.near.part);
	is_u64(row.cold.near.part > 0, 0, "none of the others");
	placement_free(t);
	pattern_free(p);
}

/* Pages in transit are left out and counted; a stratum may lose them all. */
static void lost(void)
{
	struct pattern *p = hot_set(100, HOT_AT_START);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 1);
	struct placement_row row;

	spread(p, 1, 0);
	for (int i = 0; i < 50; i++)
		nodes[i] = i % 2 ? -16 : GONE;
	nodes[50] = NODE_MAX; /* a node that is none of ours */
	placement_look(t, &e, equal, &row);
	is_u64(row.hot.lost, 51, "pages that are nowhere are counted");
	is_u64(row.hot.sampled, 49, "and left out");
	is_near(row.hot.near.part, 1, 0, "the others are near");
	is_near(row.near.part, 0.9, 1e-4, "the near share is theirs");
	for (int i = 0; i < 100; i++)
		nodes[i] = GONE;
	placement_look(t, &e, equal, &row);
	is_near(row.hot.near.part, NAN, 0, "all lost: it is not known");
	is_near(row.near.part, NAN, 0, "nor is the near share");
	is_u64(row.cold.sampled, 512, "the other stratum is");
	e.hot_rate = 0;
	placement_look(t, &e, equal, &row);
	is_near(row.near.part, 0, 0, "a stratum without updates matters not");
	placement_free(t);
	pattern_free(p);
}

/* No pattern, and one without a hot set: one stratum. */
static void one_stratum(void)
{
	struct pattern_plan plan = { .object = 64, .hot_rate = 58982 };
	struct pattern *p = pattern_new(&plan, PAGES * PAGE, 3, PAGES_4K, 0);
	struct pattern_epoch e = { 0 };
	struct placement_moved m;
	struct placement_row row;

	for (int with = 0; with < 2; with++) {
		struct placement *t = looking(with ? p : NULL, 512, 1);

		spread(NULL, 0, 0);
		placement_look(t, &e, equal, &row);
		ok(!row.hot.any && row.cold.any, "one stratum");
		is_near(row.hot.near.part, NAN, 0, "nothing is hot");
		is_near(row.cold.weight, 1, 0, "it has all updates");
		placement_moved(t, &m);
		is_u64(m.panel, 512, "a panel of it alone");
		is_near(m.precision.part, NAN, 0, "nothing was promoted");
		is_u64(m.promoted_of[0], 0, "no page");
		spread(NULL, 0, 1);
		placement_look(t, &e, equal, &row);
		placement_moved(t, &m);
		is_u64(m.promoted, 512, "all were promoted");
		is_near(m.precision.part, NAN, 0, "of which none could be hot");
		is_near(m.pages_near, PAGES - (with ? 1 : 0), 1e-6,
			"and are near");
		placement_free(t);
	}
	pattern_free(p);
}

/* A table smaller than the sample is looked at as a whole. */
static void small(void)
{
	struct table table = { .bytes = 100 * PAGE };
	struct placement *t = placement_new(NULL, &table, 1, near, 512, 1);
	struct pattern_epoch e = { 0 };
	struct placement_moved m;
	struct placement_row row;

	spread(NULL, 0, 2);
	placement_look(t, &e, equal, &row);
	is_u64(row.cold.sampled, 100, "a small table: all of it");
	is_near(row.near.part, 0.5, 0, "exactly");
	is_near(row.near.high - row.near.low, 0, 0, "without an error");
	placement_moved(t, &m);
	is_u64(m.panel, 100, "and followed");
	is_near(m.pages_near, 50, 1e-9, "page by page");
	placement_free(t);
}

/* ------------------------------------------------------------------ panel */

/*
 * No page twice, each stratum's pages with the same weight, summing to it. The
 * panel is what a look asks for last; its weights are seen when it moves.
 */
static void panels(void)
{
	struct pattern *p = hot_set(1000, HOT_AT_SCATTERED);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 9);
	uint64_t of_kind[2] = { 0 }, twice = 0, one[2] = { 0 };
	bool *seen = xcalloc(PAGES, 1);
	struct placement_moved m, before;
	struct placement_row row;

	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	for (size_t i = 0; i < nr_last; i++) {
		uint64_t page = last_pages[i];
		bool is_hot = pattern_is_hot(p, &e, page);

		twice += seen[page];
		seen[page] = true;
		one[is_hot] = page;
		of_kind[is_hot]++;
	}
	placement_moved(t, &m);
	is_u64(m.panel, 1024, "two strata of 512");
	is_u64(nr_last, 1024, "each page is asked for");
	is_u64(of_kind[1], 512, "half of it hot");
	is_u64(twice, 0, "no page twice");
	for (int hot = 0; hot < 2; hot++) {
		before = m;
		nodes[one[hot]] = 0;
		placement_look(t, &e, equal, &row);
		placement_moved(t, &m);
		is_u64(m.promoted_of[hot] - before.promoted_of[hot], 1,
		       "a page of a stratum is promoted");
		is_u64(m.promoted_of[!hot] - before.promoted_of[!hot], 0,
		       "none of the other");
		is_u64(m.panel_of[hot], 512, "of so many");
	}
	/* A cold page stands for 9000 / 512, a hot one for 1000 / 512. */
	is_near(m.precision.part, 0.1, 1e-6, "weighed by their strata");
	free(seen);
	placement_free(t);
	pattern_free(p);
}

static void moved(void)
{
	struct pattern *p = hot_set(1000, HOT_AT_SCATTERED);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 9);
	struct placement_moved m;
	struct placement_row row;

	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	ok(!m.promoted && !m.demoted && !m.both_ways, "nothing moved yet");
	is_near(m.precision.part, NAN, 0, "so nothing is precise");
	is_near(m.pages_near, 0, 0, "nothing is near");
	/* The hot set comes near, and every ninth of the others. */
	spread(p, 1, 9);
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_u64(m.promoted_of[1], 512, "all hot pages that are followed");
	is_near((double)m.promoted_of[0], 512 / 9.0, 15, "and some others");
	is_near(m.precision.part, 0.5, 0.06, "precision: half");
	ok(m.precision.low < 0.5 && m.precision.low > 0.4 &&
		   m.precision.high > 0.5 && m.precision.high < 0.6,
	   "between %g and %g", m.precision.low, m.precision.high);
	is_near(m.pages_near, 2000, 300, "they are near now");
	is_u64(m.demoted, 0, "none went the other way");
	is_u64(m.both_ways, 0, "nor both ways");
	/* All go back, and then come again: each counts once. */
	spread(p, 0, 0);
	for (int i = 0; i < 3; i++) {
		placement_look(t, &e, equal, &row);
		spread(p, i % 2 ? 0 : 1, 0);
	}
	placement_moved(t, &m);
	is_near((double)m.both_ways, (double)m.demoted - 512, 0.1,
		"seen both ways: each page once");
	is_u64(m.promoted_of[1], 512, "promoted twice is promoted");
	is_near(m.precision.part, 0.5, 0.06, "pages, not promotions");
	placement_free(t);
	/* The hot set alone. */
	t = looking(p, 512, 9);
	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	spread(p, 1, 0);
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_near(m.precision.part, 1, 0, "none but hot pages were seen");
	is_near(m.precision.high, 1, 0, "so it may be all");
	/* Of the 8488 cold ones that were not seen 0.7 % may be */
	is_near(m.precision.low, 1000 / (1000 + 0.0070 * 9000), 0.005,
		"or less");
	placement_free(t);
	pattern_free(p);
}

/* 1000 panels, each with another seed: how often the interval has the truth. */
static void precise(void)
{
	struct pattern *p = hot_set(1000, HOT_AT_SCATTERED);
	struct pattern_epoch e = pattern_first(p);
	int n = 1000, inside = 0;
	struct placement_moved m;
	struct placement_row row;

	for (int i = 0; i < n; i++) {
		struct placement *t = looking(p, 256, (uint64_t)i);

		spread(p, 0, 0);
		placement_look(t, &e, equal, &row);
		spread(p, 2, 30); /* 500 hot ones and 300 others */
		placement_look(t, &e, equal, &row);
		placement_moved(t, &m);
		inside += m.precision.low <= 0.625 && m.precision.high >= 0.625;
		placement_free(t);
	}
	is_near((double)inside / n, 0.95, 0.02, "precision: the interval");
	pattern_free(p);
}

/* Thinned, the panel is looked at in turn: all of it in 2^thin looks. */
static void thinned(void)
{
	struct pattern *p = hot_set(1000, HOT_AT_SCATTERED);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 9);
	struct placement_moved m;
	struct placement_row row;

	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	spread(p, 1, 0);
	placement_thin(t, 3);
	placement_look(t, &e, equal, &row);
	is_u64(nr_last, 128, "an eighth of the panel");
	is_u64(row.hot.sampled, 64, "of the fresh sample");
	placement_moved(t, &m);
	is_u64(m.promoted, 64, "and of the panel");
	for (int i = 0; i < 7; i++)
		placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_u64(m.promoted, 512, "all of it after eight looks");
	ok(row.near.high - row.near.low > 0.01, "the interval is wider");
	placement_thin(t, 99);
	placement_look(t, &e, equal, &row);
	is_u64(row.hot.sampled, 32, "a sixteenth is the least");
	placement_free(t);
	pattern_free(p);
}

/* A page in transit is where it was, until it is told. */
static void transit(void)
{
	struct pattern *p = hot_set(100, HOT_AT_START);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 512, 9);
	struct placement_moved m;
	struct placement_row row;

	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	for (int i = 0; i < 100; i++)
		nodes[i] = -16;
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_u64(m.promoted + m.demoted, 0, "in transit: not moved yet");
	spread(p, 1, 0);
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_u64(m.promoted, 100, "arrived");
	/* Within a tier: from node 0 to node 3, which is near, too. */
	for (int i = 0; i < PAGES; i++)
		nodes[i] = nodes[i] ? 2 : 3;
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_u64(m.promoted, 100, "another node of the tier is no promotion");
	is_u64(m.demoted, 0, "nor a demotion");
	placement_free(t);
	pattern_free(p);
}

/* What is hot is hot where the hot set is when the page moves. */
static void after_a_move(void)
{
	struct pattern *p = hot_set(1000, HOT_AT_START);
	struct pattern_epoch e = pattern_first(p);
	struct placement *t = looking(p, 2000, 9);
	struct placement_moved m;
	struct placement_row row;

	spread(p, 0, 0);
	placement_look(t, &e, equal, &row);
	pattern_move(p, &e);
	for (int i = 0; i < 2000; i++)
		nodes[i] = i < 500 || i >= 1000 ? 0 : 1;
	placement_look(t, &e, equal, &row);
	placement_moved(t, &m);
	is_near(row.hot.near.part, 1, 0, "the new hot set is near");
	is_u64(m.promoted, m.promoted_of[0] + m.promoted_of[1],
	       "pages came near");
	is_near(m.precision.part, 2 / 3.0, 0.04,
		"1500, of which 1000 are hot now");
	placement_free(t);
	pattern_free(p);
}

/* ------------------------------------------------------------- the kernel */

static void real(void)
{
	struct table table;
	struct pattern_epoch e;
	struct pattern *p;
	struct placement_row row;
	struct placement *t;

	if (table_map(&table, 2048 * PAGE, PAGES_4K))
		return;
	p = pattern_new(&(struct pattern_plan){ .hot_bytes = 100 * PAGE,
						.hot_rate = 58982 },
			table.bytes, 1, PAGES_4K, 0);
	e = pattern_first(p);
	map = NULL;
	t = placement_new(p, &table, 1, near, 512, 0);
	is_i64(placement_look(t, &e, equal, &row), 0,
	       "a table that has no pages yet");
	is_u64(row.hot.lost, 100, "all are lost");
	is_u64(row.cold.lost, 512, "of both kinds");
	is_near(row.near.part, NAN, 0, "nothing is known");
	table_touch(&table, 0, table.bytes);
	is_i64(placement_look(t, &e, equal, &row), 0, "with pages");
	is_u64(row.hot.lost + row.cold.lost, 0, "none is lost");
	is_near(row.near.part, 1, 1e-9, "all on node 0, which is near");
	is_near(row.node_share[0], 1, 1e-9, "by node");
	placement_free(t);
	t = placement_new(p, &table, 1, (const bool[NODE_MAX]){ false }, 512,
			  0);
	placement_look(t, &e, equal, &row);
	is_near(row.near.part, 0, 0, "when it is not: none");
	is_near(row.node_share[0], 1, 1e-9, "on node 0 they are");
	placement_free(t);
	pattern_free(p);
	table_unmap(&table);
}

int main(void)
{
	whole();
	all_errors();
	threads();
	slices();
	zipf_pages();
	lost();
	one_stratum();
	small();
	panels();
	moved();
	precise();
	thinned();
	transit();
	after_a_move();
	real();
	placement_free(NULL);
	return done_testing();
}
