/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base.h - what C itself should have: the length of an array, sizes in
 * powers of 1024, functions that no page of code divides.
 */
#ifndef TIER_LIB_BASE_H
#define TIER_LIB_BASE_H

#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/*
 * For a function with a loop that is timed. An emulator chains blocks of code
 * only within a page of it: a loop that crosses one looks its next block up on
 * every round (10 to 40 ns instead of 5). A function that is no longer than
 * its alignment, a power of two, crosses none.
 */
#define UNCROSSED(bytes) __attribute__((noinline, aligned(bytes)))
#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#endif
