// SPDX-License-Identifier: GPL-2.0-only
/*
 * pcp.c - each CPU's lists of free pages (per-cpu pages).
 */
#include "lib/error.h"
#include "mm/pcp.h"
#include "mm/undo.h"
#include "sysfs.h"

#define FRACTION "/proc/sys/vm/percpu_pagelist_high_fraction"
/* Of a zone's pages the lists have one in so many; but four batches each. */
#define SHORTEST "1000000000"

void pcp_shorten(struct pcp *p)
{
	struct fail_state before;

	fail_save(&before);
	if (sysfs_read(p->was, sizeof(p->was), FRACTION) < 0 ||
	    undo_store(SHORTEST, FRACTION))
		p->was[0] = 0;
	fail_restore(&before);
}

void pcp_restore(struct pcp *p)
{
	struct fail_state before;

	fail_save(&before);
	if (p->was[0])
		undo_store(p->was, FRACTION);
	p->was[0] = 0;
	fail_restore(&before);
}
