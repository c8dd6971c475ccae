/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - statistics of measured values.
 */
#ifndef TIER_LIB_STATS_H
#define TIER_LIB_STATS_H

#include <stddef.h>

/* Ascending: then the middle is the median, the ends are the range. */
void stats_sort(double *v, size_t n);

/* A normal distribution has 95 % within so many standard deviations. */
#define STATS_Z 1.959964

/* A part as it was found, and between what it is, by 95 %. */
struct stats_part {
	double part, low, high; /* NAN: not known */
};
/*
 * Of n that were looked at; n may be a fraction (an effective number), or
 * INFINITY: all of them. Wilson's interval, which is right at 0 and 1, too.
 */
struct stats_part stats_wilson(double part, double n);
/*
 * *sum += weight x p: intervals add up by their squares, each side for itself
 * (MOVER: Zou and Donner, Statistics in Medicine 27, 2008).
 */
void stats_add(struct stats_part *sum, double weight, struct stats_part p);
/* a / (a + b), by the same: where (1 - x) a = x b is not ruled out. */
struct stats_part stats_of_both(struct stats_part a, struct stats_part b);

#endif
