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
	return placement_new(p, &table, near, sample, seed);
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
	is_i64(placement_look(t, &e, &row), 0, "a look");
	is_u64(row.hot.sampled, 100, "few hot pages: all of them");
	is_near(row.hot.near, 0.25, 0, "a quarter is near");
	is_u64(row.hot.node[0], 25, "on node 0");
	is_u64(row.hot.node[1], 75, "the rest on node 1");
	is_u64(row.cold.sampled, 512, "of the others a sample");
	is_near(row.cold.near, 0, 0, "none is near");
	is_near(row.hot.weight, 0.9, 1e-4, "weighed with their updates: hot");
	is_near(row.cold.weight, 0.1, 1e-4, "and cold");
	is_near(row.near_share, 0.225, 1e-4, "the near share");
	is_near(row.error, 0, 0, "no error: all, or none");
	is_near(row.node_share[0], 0.225, 1e-4, "by node");
	is_near(row.node_share[0] + row.node_share[1], 1, 1e-9, "all of it");
	spread(p, 1, 1);
	placement_look(t, &e, &row);
	is_near(row.near_share, 1, 1e-9, "all near");
	spread(p, 0, 0);
	placement_look(t, &e, &row);
	is_near(row.near_share, 0, 0, "all far");
	/* Two near nodes. */
	for (int i = 0; i < PAGES; i++)
		nodes[i] = i % 2 ? 3 : 0;
	placement_look(t, &e, &row);
	is_near(row.near_share, 1, 1e-9, "two near nodes");
	ok(row.node_share[0] > 0.3 && row.node_share[3] > 0.3, "told apart");
	placement_free(t);
	pattern_free(p);
}

/*
 * The estimate against the truth, many times: its mean, and that it strays as
 * far as its standard error says.
 */
static void errors(struct pattern *p, int hot, int cold, double want,
		   const char *name)
{
	struct pattern_epoch e = { 0 };
	double sum = 0, squares = 0, said = 0;
	struct placement *t = looking(p, 128, 5);
	struct placement_row row;
	int n = 2000;

	if (p)
		e = pattern_first(p);
	spread(p, hot, cold);
	for (int i = 0; i < n; i++) {
		placement_look(t, &e, &row);
		sum += row.near_share;
		squares += (row.near_share - want) * (row.near_share - want);
		said += row.error;
	}
	diag("%s: %g +- %g, it strays %g", name, sum / n, said / n,
	     sqrt(squares / n));
	is_near(sum / n, want, 4 * said / n / sqrt(n), name);
	is_near(sqrt(squares / n) / (said / n), 1, 0.07,
		"it strays as far as it says");
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

	errors(NULL, 0, 4, 0.25, "uniform, a quarter near");
	errors(p, 2, 5, hot / 2 + (1 - hot) / 5, "a hot set, a half near");
	pattern_free(p);
	p = hot_set(100, HOT_AT_SCATTERED);
	errors(p, 4, 2, hot / 4 + (1 - hot) / 2, "few hot pages");
	pattern_free(p);
	p = pattern_new(&zipf, PAGES * PAGE, 1, PAGES_4K, 3);
	spread(p, 3, 2);
	errors(p, 3, 2, zipf_share(p), "Zipf");
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
	placement_look(t, &e, &row);
	is_u64(row.hot.lost, 51, "pages that are nowhere are counted");
	is_u64(row.hot.sampled, 49, "and left out");
	is_near(row.hot.near, 1, 0, "the others are near");
	is_near(row.near_share, 0.9, 1e-4, "the near share is theirs");
	for (int i = 0; i < 100; i++)
		nodes[i] = GONE;
	placement_look(t, &e, &row);
	is_near(row.hot.near, NAN, 0, "all lost: it is not known");
	is_near(row.near_share, NAN, 0, "nor is the near share");
	is_u64(row.cold.sampled, 512, "the other stratum is");
	e.hot_rate = 0;
	placement_look(t, &e, &row);
	is_near(row.near_share, 0, 0, "a stratum without updates matters not");
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
		placement_look(t, &e, &row);
		ok(!row.hot.any && row.cold.any, "one stratum");
		is_near(row.hot.near, NAN, 0, "nothing is hot");
		is_near(row.cold.weight, 1, 0, "it has all updates");
		placement_moved(t, &m);
		is_u64(m.panel, 512, "a panel of it alone");
		is_near(m.precision, NAN, 0, "nothing was promoted");
		spread(NULL, 0, 1);
		placement_look(t, &e, &row);
		placement_moved(t, &m);
		is_u64(m.promoted, 512, "all were promoted");
		is_near(m.precision, NAN, 0, "of which none could be hot");
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
	struct placement *t = placement_new(NULL, &table, near, 512, 1);
	struct pattern_epoch e = { 0 };
	struct placement_moved m;
	struct placement_row row;

	spread(NULL, 0, 2);
	placement_look(t, &e, &row);
	is_u64(row.cold.sampled, 100, "a small table: all of it");
	is_near(row.near_share, 0.5, 0, "exactly");
	is_near(row.error, 0, 0, "without an error");
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
	placement_look(t, &e, &row);
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
		placement_look(t, &e, &row);
		placement_moved(t, &m);
		is_near(m.pages_promoted - before.pages_promoted,
			(hot ? 1000 : 9000) / 512.0, 1e-6,
			"a page's weight: its part of the stratum");
	}
	spread(p, 0, 0);
	placement_look(t, &e, &row);
	placement_moved(t, &before);
	spread(p, 1, 1);
	placement_look(t, &e, &row);
	placement_moved(t, &m);
	is_near(m.hot_promoted - before.hot_promoted, 1000, 1e-6,
		"all of them stand for the hot set");
	is_near(m.pages_promoted - before.pages_promoted, 10000, 1e-6,
		"and for the rest");
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
	placement_look(t, &e, &row);
	placement_moved(t, &m);
	ok(!m.promoted && !m.demoted && !m.both_ways, "nothing moved yet");
	is_near(m.precision, NAN, 0, "so nothing is precise");
	is_near(m.pages_near, 0, 0, "nothing is near");
	/* The hot set comes near, and every ninth of the others. */
	spread(p, 1, 9);
	placement_look(t, &e, &row);
	placement_moved(t, &m);
	is_near(m.pages_promoted, 2000, 150, "2000 pages, scaled up");
	is_near(m.hot_promoted, 1000, 1e-6, "of them the hot set");
	is_near(m.precision, 0.5, 0.04, "precision: half");
	is_near(m.pages_near, m.pages_promoted, 1e-6, "they are near now");
	is_u64(m.demoted, 0, "none went the other way");
	is_u64(m.both_ways, 0, "nor both ways");
	/* All go back, and then come again: each counts once. */
	spread(p, 0, 0);
	for (int i = 0; i < 3; i++) {
		placement_look(t, &e, &row);
		spread(p, i % 2 ? 0 : 1, 0);
	}
	placement_moved(t, &m);
	is_near(m.pages_demoted, 3000, 150, "2000 demoted, 1000 once more");
	is_near((double)m.both_ways, (double)m.demoted - 512, 0.1,
		"seen both ways: each page once");
	/* The other stratum's own weights. */
	is_near(m.pages_promoted, 3000, 150, "promoted, twice the hot set");
	is_near(m.precision, 2 / 3.0, 0.04, "which is the more precise");
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
	placement_look(t, &e, &row);
	for (int i = 0; i < 100; i++)
		nodes[i] = -16;
	placement_look(t, &e, &row);
	placement_moved(t, &m);
	is_u64(m.promoted + m.demoted, 0, "in transit: not moved yet");
	spread(p, 1, 0);
	placement_look(t, &e, &row);
	placement_moved(t, &m);
	is_u64(m.promoted, 100, "arrived");
	/* Within a tier: from node 0 to node 3, which is near, too. */
	for (int i = 0; i < PAGES; i++)
		nodes[i] = nodes[i] ? 2 : 3;
	placement_look(t, &e, &row);
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
	placement_look(t, &e, &row);
	pattern_move(p, &e);
	for (int i = 0; i < 2000; i++)
		nodes[i] = i < 500 || i >= 1000 ? 0 : 1;
	placement_look(t, &e, &row);
	placement_moved(t, &m);
	is_near(row.hot.near, 1, 0, "the new hot set is near");
	is_near(m.pages_promoted, 1500, 100, "1500 pages came near");
	is_near(m.precision, 2 / 3.0, 0.04, "of which 1000 are hot now");
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
	t = placement_new(p, &table, near, 512, 0);
	is_i64(placement_look(t, &e, &row), 0, "a table that has no pages yet");
	is_u64(row.hot.lost, 100, "all are lost");
	is_u64(row.cold.lost, 512, "of both kinds");
	is_near(row.near_share, NAN, 0, "nothing is known");
	table_touch(&table, 0, table.bytes);
	is_i64(placement_look(t, &e, &row), 0, "with pages");
	is_u64(row.hot.lost + row.cold.lost, 0, "none is lost");
	is_near(row.near_share, 1, 1e-9, "all on node 0, which is near");
	is_near(row.node_share[0], 1, 1e-9, "by node");
	placement_free(t);
	t = placement_new(p, &table, (const bool[NODE_MAX]){ false }, 512, 0);
	placement_look(t, &e, &row);
	is_near(row.near_share, 0, 0, "when it is not: none");
	is_near(row.node_share[0], 1, 1e-9, "on node 0 they are");
	placement_free(t);
	pattern_free(p);
	table_unmap(&table);
}

int main(void)
{
	whole();
	all_errors();
	lost();
	one_stratum();
	small();
	panels();
	moved();
	transit();
	after_a_move();
	real();
	placement_free(NULL);
	return done_testing();
}
