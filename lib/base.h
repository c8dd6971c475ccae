/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base.h - what C itself should have: the length of an array, sizes in
 * powers of 1024.
 */
#ifndef TIER_LIB_BASE_H
#define TIER_LIB_BASE_H

#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/*
 * An emulator chains blocks of code only within a page of it: a loop that
 * crosses one is several times slower. For functions shorter than that.
 */
#define UNCROSSED __attribute__((noinline, aligned(256)))
#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#endif
