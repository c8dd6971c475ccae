/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthreads.h - the CPU time of the kernel's threads that look for pages to move,
 * and move them.
 */
#ifndef TIER_TIERING_KTHREADS_H
#define TIER_TIERING_KTHREADS_H

/*
 * Of all whose name is that and a number ("kdamond.", "kswapd"), since they were
 * started, seconds; NAN: there are none, or the kernel does not say.
 */
double kthreads_cpu_s(const char *name);

#endif
