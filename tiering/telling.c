// SPDX-License-Identifier: GPL-2.0-only
/*
 * telling.c - what a policy can tell apart.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "damon/damon_config.h"
#include "lib/report.h"
#include "sysfs.h"
#include "tiering/telling.h"

/* The kernel's default of NUMA balancing's hot threshold. */
#define HOT_THRESHOLD_MS 1000
#define HOT_THRESHOLD_FILE \
	"/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms"
/* How far numa_promotion_adjust_threshold() raises it */
#define THRESHOLD_RAISED 2
/* What is mistaken oftener than so is said. */
#define MISTAKEN 0.05
#define TOO_SMALL 1e-18

/*
 * The chance of min to max successes in n tries: terms relative to the
 * likeliest one, to both sides of it until they are nothing.
 */
static double binomial(unsigned int n, double p, unsigned int min,
		       unsigned int max)
{
	unsigned int likely = (unsigned int)(n * p);
	double term = 1, all = 0, in = 0;

	for (unsigned int k = likely; k <= n && term > TOO_SMALL; k++) {
		all += term;
		in += k >= min && k <= max ? term : 0;
		term *= (double)(n - k) / (k + 1) * p / (1 - p);
	}
	term = 1;
	for (unsigned int k = likely; k > 0; k--) {
		term *= (double)k / (n - k + 1) * (1 - p) / p;
		if (!(term > TOO_SMALL))
			break;
		all += term;
		in += k > min && k - 1 <= max ? term : 0;
	}
	return in / all;
}

/*
 * Touched at all within so long: touches are independent of each other. (In
 * long double it is an instruction.)
 */
static double touched(double rate, double seconds)
{
	return (double)-expm1l(-rate * seconds);
}

static double taken(const struct telling *t, double rate)
{
	double once =
		binomial(t->samples, touched(rate, t->seconds), t->min, t->max);
	double all = 1;

	for (unsigned int n = t->age; n; n >>= 1) {
		all *= n & 1 ? once : 1;
		once *= once;
	}
	return all;
}

static unsigned int least(uint64_t a, uint64_t b)
{
	return (unsigned int)(a < b ? a : b);
}

static struct telling of_scheme(const struct kdamond_context *c,
				const struct kdamond_scheme *s, double hot,
				double cold)
{
	uint64_t n = c->sample_us ? c->aggr_us / c->sample_us : 0;
	struct telling t = { .wants_hot = !strcmp(s->action, "migrate_hot"),
			     .damon = true,
			     .samples = least(n, 100000),
			     .seconds = (double)c->sample_us / 1e6 };

	t.min = least(s->accesses.min, UINT32_MAX);
	t.max = least(s->accesses.max, t.samples);
	t.age = least(s->age.min ? s->age.min : 1, UINT32_MAX);
	t.hot[0] = t.hot[1] = taken(&t, hot);
	t.cold[0] = t.cold[1] = taken(&t, cold);
	return t;
}

static size_t by_damon(struct telling *t, size_t max,
		       const struct damon_config *config, double hot,
		       double cold)
{
	size_t n = 0;

	for (size_t i = 0; i < config->kdamonds.nr; i++) {
		const struct kdamond_context *c = kdamond_context(config, i);

		for (size_t k = 0; c && k < c->schemes.nr && n < max; k++) {
			const struct kdamond_scheme *s = kdamond_scheme(c, k);
			bool known = false;

			if (!kdamond_migrates(s))
				continue;
			t[n] = of_scheme(c, s, hot, cold);
			for (size_t j = 0; j < n; j++)
				known |= !memcmp(&t[j], &t[n], sizeof(*t));
			n += !known;
		}
	}
	return n;
}

size_t telling(struct telling *t, size_t max, const struct damon_config *config,
	       double hot, double cold)
{
	uint64_t ms;

	memset(t, 0, max * sizeof(*t));
	if (config)
		return by_damon(t, max, config, hot, cold);
	if (sysfs_read_u64(&ms, HOT_THRESHOLD_FILE))
		ms = HOT_THRESHOLD_MS;
	*t = (struct telling){ .wants_hot = true, .seconds = (double)ms / 1e3 };
	for (int i = 0; i < 2; i++) {
		double within = t->seconds * (i ? THRESHOLD_RAISED : 1);

		t->hot[i] = touched(hot, within);
		t->cold[i] = touched(cold, within);
	}
	return 1;
}

void telling_record(const struct telling *t, size_t n)
{
	report_open("told", '[');
	for (; n--; t++) {
		report_open(NULL, '{');
		report_str("looks_for", t->wants_hot ? "hot" : "cold");
		report_str("by", t->damon ? "DAMON" : "NUMA balancing");
		if (t->damon) {
			report_u64("samples", t->samples);
			report_u64("min", t->min);
			report_u64("max", t->max);
			report_u64("aggregations", t->age);
		}
		report_real("interval_s", t->seconds);
		report_real("hot", t->hot[0]);
		report_real("cold", t->cold[0]);
		report_real("hot_most", t->hot[1]);
		report_real("cold_most", t->cold[1]);
		report_close('}');
	}
	report_close(']');
}

static void say_damon(const struct telling *t)
{
	char range[32] = "", times[32] = "";

	if (t->min < t->max)
		snprintf(range, sizeof(range), "%u to ", t->min);
	if (t->age > 1)
		snprintf(times, sizeof(times), ", %u times in turn", t->age);
	report_wrap("         ",
		    "         DAMON takes for %s what is touched in %s%u of %u "
		    "samples, %.3g ms each%s: %.1f %% of hot pages, %.1f %% of "
		    "cold ones",
		    t->wants_hot ? "hot" : "cold", range, t->max, t->samples,
		    t->seconds * 1e3, times, 100 * t->hot[0], 100 * t->cold[0]);
}

static void say_balancing(const struct telling *t)
{
	report_wrap(
		"         ",
		"         NUMA balancing takes for hot what is touched "
		"within %.3g to %.3g s of its mark, as the kernel adapts: "
		"%.1f to %.1f %% of hot pages, %.1f to %.1f %% of cold ones",
		t->seconds, t->seconds * THRESHOLD_RAISED, 100 * t->hot[0],
		100 * t->hot[1], 100 * t->cold[0], 100 * t->cold[1]);
}

void telling_text(const struct telling *t, size_t n)
{
	bool cold = false, hot = false, never = false;

	for (; n--; t++) {
		if (t->damon)
			say_damon(t);
		else
			say_balancing(t);
		never |= !t->wants_hot && t->cold[0] < MISTAKEN;
		cold |= t->wants_hot && t->cold[1] > MISTAKEN;
		hot |= t->wants_hot ? t->hot[0] < 1 - MISTAKEN :
				      t->hot[0] > MISTAKEN;
	}
	if (cold)
		report_wrap("         ",
			    "         Cold pages look hot, too: take --rate, "
			    "or --hot-rate 99.9%%.");
	if (never)
		report_wrap("         ",
			    "         Cold pages are touched too often to look "
			    "cold.");
	if (hot)
		report_wrap("         ",
			    "         Hot pages look cold, too: take a smaller "
			    "hot set or table, or a policy that looks less "
			    "often.");
}
