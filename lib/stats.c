// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - statistics of measured values.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/stats.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
}

/* Rounding may lead out of it; NAN stays NAN. */
static double in_0_1(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

struct stats_part stats_wilson(double part, double n)
{
	double z = STATS_Z * STATS_Z / n, middle = (part + z / 2) / (1 + z);
	double half = sqrt(z * (part * (1 - part) + z / 4)) / (1 + z);

	if (isnan(middle))
		return (struct stats_part){ NAN, NAN, NAN };
	return (struct stats_part){ in_0_1(part), in_0_1(middle - half),
				    in_0_1(middle + half) };
}

/* hypot() is larger, and of use for numbers that these are not. */
static double both(double a, double b)
{
	return sqrt(a * a + b * b);
}

void stats_add(struct stats_part *sum, double weight, struct stats_part p)
{
	double below = both(sum->part - sum->low, weight * (p.part - p.low));
	double above = both(sum->high - sum->part, weight * (p.high - p.part));

	sum->part += weight * p.part;
	sum->low = sum->part - below;
	sum->high = sum->part + above;
}

/* Is a part x of both ruled out, it being that much too great or small? */
static bool too_great(struct stats_part a, struct stats_part b, double x)
{
	return (1 - x) * a.part - x * b.part +
		       both((1 - x) * (a.high - a.part), x * (b.part - b.low)) <
	       0;
}

struct stats_part stats_of_both(struct stats_part a, struct stats_part b)
{
	struct stats_part p = { a.part / (a.part + b.part), 0, 1 };
	double in = p.part, out = 1;

	if (isnan(p.part))
		return (struct stats_part){ NAN, NAN, NAN };
	for (int i = 0; i < 40; i++) {
		double x = (in + out) / 2;

		*(too_great(a, b, x) ? &out : &in) = x;
	}
	p.high = in;
	for (in = p.part, out = 0; fabs(in - out) > 1e-12;) {
		double x = (in + out) / 2;

		/* What is too small a part of a is too great a one of b. */
		*(too_great(b, a, 1 - x) ? &out : &in) = x;
	}
	p.low = in;
	return p;
}
