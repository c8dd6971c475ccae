/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * modelled_time.h - how fast the updates would be on a machine with these
 * latencies, by what the emulator's plugin counted exactly; the speed of the
 * emulator, and of its host, is not in it.
 *
 *	busy time of a CPU = instructions x cycles / 3 GHz
 *			     + sum over the nodes of misses x latency
 *
 * of all that the virtual CPU executed: the updates, the kernel's faults and
 * copies, its threads, interrupts, other processes; without what tier left out
 * of it (pmu_leave()). Misses are those of the plugin's cache; they do not
 * overlap, so it is an upper bound of what placement costs. What hits costs no
 * more than its instruction. A thread's rate is its updates / the busy time of
 * its CPU, and the rate is the sum of theirs.
 */
#ifndef TIER_BENCH_MODELLED_TIME_H
#define TIER_BENCH_MODELLED_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/latency_model.h"
#include "bench/pmu.h"

/* Cycles of an instruction, if not said; and how many there are in a ns. */
#define MODELLED_CPI 1.0
#define MODELLED_GHZ 3.0

struct modelled_time;

/*
 * cpus: of each thread the one that it is pinned to; NULL: they may be on any,
 * and the rate is all updates / the mean busy time. NULL without the plugin, or
 * if it does not count all, or models no cache.
 */
struct modelled_time *modelled_time_new(const struct latency_model *latencies,
					double cpi, unsigned int threads,
					const int *cpus);
void modelled_time_free(struct modelled_time *m); /* NULL is fine */

/* A point in time: done, the updates of each thread until now. */
void modelled_time_take(struct modelled_time *m, const uint64_t *done);
/*
 * Updates a second between the last two points, or (whole) since the first one;
 * NAN: there are no two, or m is NULL.
 */
double modelled_time_rate(const struct modelled_time *m, bool whole);
/* Record "modelled" and its text, of the timed part: t[0] to t[1]. */
void modelled_time_show(const struct modelled_time *m,
			const struct pmu_counts t[2]);

#endif
