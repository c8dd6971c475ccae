// SPDX-License-Identifier: GPL-2.0-only
/*
 * What DAMON and NUMA balancing can tell apart, against draws: samples that see
 * a page touched or not, as often as they would.
 */
#include <math.h>
#include <string.h>

#include "damon/damon_config.h"
#include "tap.h"
#include "tiering/telling.h"
#include "tree.h"

static double draw(void)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (double)(state >> 11) / 9007199254740992.0;
}

static void close_to(double got, double want, double within, const char *name)
{
	if (!ok(fabs(got - want) <= within, "%s", name))
		diag("got %g, want %g", got, want);
}

static struct damon_config *config(uint64_t sample_us, uint64_t aggr_us,
				   const char *action, uint64_t min,
				   uint64_t max, uint64_t age)
{
	struct damon_config *c = kdamond_new();
	struct kdamond *k = kdamond_add(&c->kdamonds, &kdamond_kind);
	struct kdamond_context *x =
		kdamond_add(&k->contexts, &kdamond_context_kind);
	struct kdamond_scheme *s =
		kdamond_add(&x->schemes, &kdamond_scheme_kind);

	x->sample_us = sample_us;
	x->aggr_us = aggr_us;
	strcpy(s->action, action);
	s->accesses = (struct kdamond_range){ min, max };
	s->age = (struct kdamond_range){ age, KDAMOND_FOREVER };
	return c;
}

/* The share of so many aggregations in which that happens. */
static double simulated(double rate, double sample, int samples, int min,
			int max, int age)
{
	int hits = 0, tries = 20000;

	for (int i = 0; i < tries; i++) {
		bool all = true;

		for (int a = 0; a < age && all; a++) {
			int n = 0;

			/* A gap without a touch is exponential. */
			for (int s = 0; s < samples; s++)
				n += -log(1 - draw()) / rate < sample;
			all = n >= min && n <= max;
		}
		hits += all;
	}
	return (double)hits / tries;
}

static void schemes(void)
{
	static const struct {
		const char *action;
		int min, max, age;
		double hot, cold;
	} rows[] = {
		{ "migrate_hot", 1, 20, 0, 1150, 18.2 }, /* of a review */
		{ "migrate_hot", 1, 20, 0, 30, 0.5 },
		{ "migrate_hot", 10, 20, 0, 60, 20 },
		{ "migrate_hot", 3, 7, 0, 10, 5 },
		{ "migrate_cold", 0, 0, 15, 1, 0.02 },
		{ "migrate_cold", 0, 2, 3, 10, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct damon_config *c = config(20000, 400000, rows[i].action,
						(uint64_t)rows[i].min,
						(uint64_t)rows[i].max,
						(uint64_t)rows[i].age);
		int age = rows[i].age ? rows[i].age : 1;
		struct telling t;

		is_u64(telling(&t, 1, c, rows[i].hot, rows[i].cold), 1,
		       "%s, %d to %d", rows[i].action, rows[i].min,
		       rows[i].max);
		is_u64(t.samples, 20, "of 20");
		close_to(t.hot[0],
			 simulated(rows[i].hot, 0.02, 20, rows[i].min,
				   rows[i].max, age),
			 0.012, "hot pages");
		close_to(t.cold[0],
			 simulated(rows[i].cold, 0.02, 20, rows[i].min,
				   rows[i].max, age),
			 0.012, "cold ones");
		damon_free(c);
	}
}

/* A cold page that is touched every second sample looks hot each time. */
static void ends(void)
{
	struct damon_config *c =
		config(20000, 400000, "migrate_hot", 1, KDAMOND_FOREVER, 0);
	struct telling t[4];

	telling(t, 4, c, 1e9, 0);
	ok(t->hot[0] == 1 && t->cold[0] == 0, "always, and never touched");
	telling(t, 4, c, 1000, 0.05 / 0.02);
	close_to(t->cold[0], 1 - exp(-0.05 * 20), 1e-9,
		 "0.05 times a sample: in 20 of them 63 %");
	damon_free(c);
	c = config(5000, 100000000, "migrate_hot", 5000, 20000, 0);
	telling(t, 4, c, 200, 10);
	ok(t->samples == 20000 && t->hot[0] > 0.999 && t->cold[0] < 0.001,
	   "many samples: %g, %g", t->hot[0], t->cold[0]);
	damon_free(c);
	c = config(20000, 400000, "stat", 0, 20, 0);
	is_u64(telling(t, 4, c, 1, 1), 0, "a scheme that migrates nothing");
	damon_free(c);
}

/* The kernel's file, doubled as the kernel does, or its default. */
static void numa_balancing(void)
{
	struct telling t;

	is_u64(telling(&t, 1, NULL, 100, 0.02), 1, "NUMA balancing");
	close_to(t.seconds, 1, 0, "the default");
	tree_file("/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms",
		  "500\n");
	telling(&t, 1, NULL, 100, 0.02);
	close_to(t.seconds, 0.5, 0, "its threshold");
	close_to(t.cold[0], 1 - exp(-0.02 * 0.5), 1e-9, "cold pages, at least");
	close_to(t.cold[1], 1 - exp(-0.02), 1e-9, "and at most");
	close_to(t.hot[0], 1, 1e-9, "hot ones");
}

int main(void)
{
	tree_begin();
	schemes();
	ends();
	numa_balancing();
	return done_testing();
}
