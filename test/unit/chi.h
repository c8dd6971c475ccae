/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chi.h - do counts agree with what was expected of them? Pearson's
 * chi-squared test.
 *
 * With fixed seeds a test gives the same answer every time: it cannot fail by
 * chance one day. A probability below CHI_LEAST is a failure, and so is one as
 * near to 1: counts that agree too well are not random either.
 */
#ifndef TIER_CHI_H
#define TIER_CHI_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define CHI_LEAST 0.001

/*
 * The probability of such a sum or a greater one, by Wilson and Hilferty's
 * transformation (PNAS 17, 1931): good to two digits from 3 degrees on.
 */
static inline double chi_probability(double sum, double freedom)
{
	double v = 2 / (9 * freedom), z;

	if (freedom == 1)
		return erfc(sqrt(sum / 2));
	z = (cbrt(sum / freedom) - (1 - v)) / sqrt(v);

	return erfc(z / sqrt(2)) / 2;
}

/*
 * n counts against their shares, which sum to 1. Cells that expect fewer than
 * 10 are taken together with the next ones; the last ones with each other.
 */
static inline double chi_test(const uint64_t *count, const double *share,
			      size_t n)
{
	double total = 0, sum = 0, want = 0, have = 0;
	size_t cells = 0;

	for (size_t i = 0; i < n; i++)
		total += (double)count[i];
	for (size_t i = 0; i < n; i++) {
		want += total * share[i];
		have += (double)count[i];
		if (want < 10 && i + 1 < n)
			continue;
		if (want > 0)
			sum += (have - want) * (have - want) / want;
		else if (have > 0)
			return 0;
		cells += want > 0;
		want = have = 0;
	}
	return chi_probability(sum, (double)cells - 1);
}

/* Are all n equally likely? */
static inline double chi_uniform(const uint64_t *count, size_t n)
{
	double total = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		total += (double)count[i];
	for (size_t i = 0; i < n; i++) {
		double d = (double)count[i] - total / (double)n;

		sum += d * d / (total / (double)n);
	}
	return chi_probability(sum, (double)n - 1);
}

/* Are row and column independent? count[row * columns + column]. */
static inline double chi_independent(const uint64_t *count, size_t rows,
				     size_t columns)
{
	double total = 0, sum = 0, row[64] = { 0 }, column[1024] = { 0 };

	for (size_t i = 0; i < rows * columns; i++) {
		row[i / columns] += (double)count[i];
		column[i % columns] += (double)count[i];
		total += (double)count[i];
	}
	for (size_t i = 0; i < rows * columns; i++) {
		double want = row[i / columns] * column[i % columns] / total;
		double d = (double)count[i] - want;

		if (want > 0)
			sum += d * d / want;
	}
	return chi_probability(sum, (double)(rows - 1) * (double)(columns - 1));
}

/* Neither too bad nor too good. */
#define chi_ok(p, ...)                                                      \
	do {                                                                \
		double p_ = (p);                                            \
                                                                            \
		if (!ok(p_ > CHI_LEAST && p_ < 1 - CHI_LEAST, __VA_ARGS__)) \
			diag("probability %g", p_);                         \
	} while (0)

#endif
