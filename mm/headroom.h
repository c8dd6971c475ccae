/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * headroom.h - memory kept for the kernel while a table fills a machine.
 *
 * A table that may lie anywhere fills the near node to its low watermark and
 * goes on where there is room. The kernel cannot: what it allocates for itself
 * is not movable, so that a node of movable memory alone, as CXL memory is
 * onlined, is none for it. The next buffer or thread would call the
 * out-of-memory killer, which takes the table, while the far node is half
 * empty. So some of it is held until the table is there, and let go then. That
 * much is free for the kernel only if it does not lie on a CPU's lists: pcp.h.
 */
#ifndef TIER_MM_HEADROOM_H
#define TIER_MM_HEADROOM_H

#include <stddef.h>

struct headroom {
	void *base;
	size_t bytes; /* 0: none is held */
};

/*
 * By the caller's memory policy, so on the node of its CPU unless that is full
 * or forbidden. A child that is forked has no part in it. What is touched is as
 * any other memory: the caller has seen that there is so much more than the
 * table takes, by its limits, too. Where it cannot be mapped, or bytes is 0,
 * nothing is held: no error, for the run may well do without.
 */
void headroom_hold(struct headroom *h, size_t bytes);
/* May be called when none is held. */
void headroom_release(struct headroom *h);

#endif
