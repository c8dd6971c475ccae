/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - statistics of measured values.
 */
#ifndef TIER_LIB_STATS_H
#define TIER_LIB_STATS_H

#include <stddef.h>

/* Ascending: then the middle is the median, the ends are the range. */
void sort_reals(double *v, size_t n);

#endif
