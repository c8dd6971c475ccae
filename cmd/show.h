/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * show.h - what the machine is and what its counters did: as text and as
 * records. What several verbs show alike stands here.
 */
#ifndef TIER_CMD_SHOW_H
#define TIER_CMD_SHOW_H

#include <stddef.h>

#include "cxl/region.h"
#include "lib/text.h"
#include "mm/machine.h"
#include "mm/node.h"

/*
 * What runs, and where: three lines of text (none for what is written to be
 * read by another program), and the record "environment".
 */
void show_header(int argc, char **argv, const struct machine *m);
void show_environment(int argc, char **argv, const struct machine *m);
/*
 * Records "node", one each; text: a table, and below it what has no room in
 * it. regions may be NULL; they say what of a node is which CXL device's.
 */
void show_nodes(const struct node *nodes, int n, const struct region *regions,
		int nr_regions);
/* Records "demotion_target"; text: where each node's pages are demoted to. */
void show_tiers(const struct node *nodes, int n);
/* "mem0+mem1"; of more than four "mem0+1+2+3+4". */
void show_devices(struct textbuf *b, const struct region *r);
/* Record "region"; text: a line. seconds < 0: it was there before. */
void show_region(const struct region *r, double seconds);
/* Record "damon_kdamond"; text: two lines. It is the k-th one's context. */
struct kdamond_context;
void show_damon_kdamond(size_t k, const struct kdamond_context *c);

#endif
