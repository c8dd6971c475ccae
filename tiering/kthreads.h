/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthreads.h - the CPU time of the kernel's threads that look for pages to move,
 * and move them.
 */
#ifndef TIER_TIERING_KTHREADS_H
#define TIER_TIERING_KTHREADS_H

#include <stddef.h>

/*
 * For each of the names ("kdamond.", "kswapd"), of all threads that are called so
 * and a number: since they were started, seconds; NAN: there are none, or the kernel
 * does not say. In one look at all processes, of which a server has thousands.
 */
void kthreads_cpu_s(const char *const names[], double seconds[], size_t n);

#endif
