/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - where memory is to be: a memory policy and its nodes, as the
 * command line says them.
 */
#ifndef TIER_BENCH_PLACE_H
#define TIER_BENCH_PLACE_H

#include "mm/node.h"

/* How the pages of a table are placed. */
enum place_mode {
	PLACE_ANY, /* the system's own placement */
	PLACE_BIND, /* these nodes and no others (node1, 1, 0-1) */
	PLACE_PREFERRED,
	PLACE_INTERLEAVE,
	PLACE_WEIGHTED, /* weighted interleave */
};

struct place {
	enum place_mode mode;
	int nodes[NODE_MAX]; /* ascending, none for PLACE_ANY */
	int nr_nodes;
	const char *text; /* as it was given */
};

/*
 * "any", "node1", "1", "0-1", "preferred:1", "interleave:0,1" and
 * "weighted:0,1". 0 or -EINVAL with misuse(); *place keeps a pointer to text.
 */
int place_parse(struct place *place, const char *text);

#endif
