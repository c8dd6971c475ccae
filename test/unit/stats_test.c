// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intervals against published ones, and against many draws of a known truth.
 */
#include <math.h>
#include <stdint.h>

#include "lib/stats.h"
#include "tap.h"

static double draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (double)(*state >> 11) / 9007199254740992.0;
}

static unsigned int successes(unsigned int n, double p, uint64_t *state)
{
	unsigned int k = 0;

	for (unsigned int i = 0; i < n; i++)
		k += draw(state) < p;
	return k;
}

static void close_to(double got, double want, double within, const char *name)
{
	if (!ok(fabs(got - want) <= within, "%s", name))
		diag("got %g, want %g", got, want);
}

/* Newcombe: Two-sided confidence intervals for the single proportion,
 * Statistics in Medicine 17 (1998), table I, method 3. */
static void published(void)
{
	static const struct {
		double k, n, low, high;
	} rows[] = {
		{ 81, 263, 0.2553, 0.3662 },
		{ 15, 148, 0.0624, 0.1605 },
		{ 0, 20, 0, 0.1611 },
		{ 1, 29, 0.0061, 0.1718 },
	};
	struct stats_part p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p = stats_wilson(rows[i].k / rows[i].n, rows[i].n);
		close_to(p.low, rows[i].low, 5e-5, "Wilson's lower bound");
		close_to(p.high, rows[i].high, 5e-5, "and the upper one");
		p = stats_wilson(1 - rows[i].k / rows[i].n, rows[i].n);
		close_to(p.high, 1 - rows[i].low, 5e-5, "the same upside down");
	}
	p = stats_wilson(0.3, INFINITY);
	ok(p.low == 0.3 && p.high == 0.3, "all were looked at: it is so");
	p = stats_wilson(0, INFINITY);
	ok(p.low == 0 && p.high == 0, "also if none is");
	p = stats_wilson(NAN, 0);
	ok(isnan(p.part) && isnan(p.low) && isnan(p.high),
	   "none was looked at: it is not known");
}

/* a x p + b x q, of which each was found in so many. */
static void sums(double p, unsigned int n, double q, unsigned int m)
{
	const int draws = 20000;
	uint64_t state = n + m;
	int inside = 0;

	for (int i = 0; i < draws; i++) {
		struct stats_part sum = { 0 };

		stats_add(&sum, 0.7,
			  stats_wilson(successes(n, p, &state) / (double)n, n));
		stats_add(&sum, 0.3,
			  stats_wilson(successes(m, q, &state) / (double)m, m));
		inside += sum.low <= 0.7 * p + 0.3 * q &&
			  sum.high >= 0.7 * p + 0.3 * q;
	}
	ok(inside > 0.94 * draws && inside < 0.99 * draws,
	   "0.7 x %g + 0.3 x %g: the interval has it in %.1f %%", p, q,
	   100.0 * inside / draws);
}

/* 1000 p of 1000 p + 9000 q */
static void parts(double p, unsigned int n, double q, unsigned int m)
{
	double want = 1000 * p / (1000 * p + 9000 * q);
	const int draws = 20000;
	uint64_t state = n + m;
	int inside = 0;

	for (int i = 0; i < draws; i++) {
		struct stats_part a = { 0 }, b = { 0 }, part;

		stats_add(&a, 1000,
			  stats_wilson(successes(n, p, &state) / (double)n, n));
		stats_add(&b, 9000,
			  stats_wilson(successes(m, q, &state) / (double)m, m));
		part = stats_of_both(a, b);
		inside += part.low <= want && part.high >= want;
	}
	ok(inside > 0.94 * draws, "%g of both: the interval has it in %.1f %%",
	   want, 100.0 * inside / draws);
}

static void ends(void)
{
	struct stats_part none = { 0, 0, 5 }, some = { 10, 8, 12 }, p;

	p = stats_of_both(none, some);
	ok(p.part == 0 && p.low < 1e-9 && p.high > 0.25 && p.high < 0.4,
	   "none was seen: up to %g", p.high);
	p = stats_of_both(some, none);
	ok(p.part == 1 && p.high > 1 - 1e-9 && p.low > 0.6 && p.low < 0.75,
	   "nothing else was seen: from %g", p.low);
	p = stats_of_both((struct stats_part){ 0 }, (struct stats_part){ 0 });
	ok(isnan(p.part) && isnan(p.low), "neither was: not known");
}

int main(void)
{
	published();
	sums(0.5, 512, 0.5, 512);
	sums(0.01, 512, 0.2, 100);
	sums(0.98, 64, 0.02, 64);
	sums(0.999, 512, 0.5, 64);
	parts(0.5, 512, 0.05, 512);
	parts(0.95, 512, 0.005, 512);
	parts(0.01, 256, 0.5, 256);
	ends();
	return done_testing();
}
