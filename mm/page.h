/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.h - how large a page is.
 */
#ifndef TIER_MM_PAGE_H
#define TIER_MM_PAGE_H

#include <stdint.h>

/*
 * The pages in which the benchmark divides, touches and locates its memory,
 * bytes: the smallest that Linux has anywhere.
 */
#define PAGE_BYTES 4096

/*
 * The pages in which the kernel counts, bytes: the running one, or with --root
 * the tree's.
 */
uint64_t page_size(void);

#endif
