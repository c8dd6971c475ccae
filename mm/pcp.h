/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcp.h - each CPU's lists of free pages (per-cpu pages).
 *
 * A CPU fills its lists after one look at the watermarks, since Linux 6.7 by
 * up to 2048 pages, and what it frees goes there first. What lies there is free,
 * and yet no help to the kernel: an allocation below the watermark takes nothing
 * of it before it calls the out-of-memory killer (mm/page_alloc.c, rmqueue_bulk()
 * and __alloc_pages_direct_reclaim()). Of 1 GiB that a table had filled, zone
 * DMA32 had 42.1 MiB free, 1.2 less than its watermark min, and 29.6 MiB lay on
 * the lists of two CPUs, when a ring buffer of 516 KiB called it.
 */
#ifndef TIER_MM_PCP_H
#define TIER_MM_PCP_H

struct pcp {
	char was[16]; /* vm.percpu_pagelist_high_fraction; "": not changed */
};

/*
 * Makes the lists of all CPUs as short as the kernel lets them be: of a zone
 * four batches (zone_highsize()), 1 MiB each with 4 KiB pages, and less of a
 * zone below 1 GiB; a CPU's is so with the next pages that it frees. For who
 * changes the machine's settings: under undo_begin(). Without the file (before
 * Linux 5.14, when lists were short), or the right to write it, nothing is
 * changed.
 */
void pcp_shorten(struct pcp *p);
/* As they were; what is to leave the lists is freed before. */
void pcp_restore(struct pcp *p);

#endif
