/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * show.h - what the machine is and what its counters did: as text and as
 * records. What several verbs show alike stands here.
 */
#ifndef TIER_SHOW_H
#define TIER_SHOW_H

#include "node.h"
#include "region.h"
#include "vmstat.h"

/*
 * What runs, and where: three lines of text (none for what is written to be
 * read by another program), and the record "environment".
 */
void show_header(int argc, char **argv, const struct node_machine *m);
void show_environment(int argc, char **argv, const struct node_machine *m);
/*
 * Records "node", one each; text: a table. regions may be NULL; they say
 * which node is backed by which CXL device.
 */
void show_nodes(const struct node *nodes, int n, const struct region *regions,
		int nr_regions);
/* Records "demotion_target"; text: where each node's pages are demoted to. */
void show_tiers(const struct node *nodes, int n);
/* Record "region"; text: a line. seconds < 0: it was there before. */
void show_region(const struct region *r, double seconds);
/*
 * Record "counters", for the whole run and the timed part of it; text: the
 * table. The snapshots are in the order they were taken.
 */
void show_counters(const struct vmstat *begin, const struct vmstat *timed,
		   const struct vmstat *timed_end, const struct vmstat *end);
/*
 * A member of a record: what was counted from a to b, of all that vmstat_rows[]
 * names, in total and a node each; absent is null. a NULL: since boot.
 */
void show_span(const char *span, const struct vmstat *a,
	       const struct vmstat *b);

#endif
