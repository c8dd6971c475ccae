// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - statistics of measured values.
 */
#include <stdlib.h>

#include "lib/stats.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void sort_reals(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
}
