/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - where memory is to be: a memory policy and its nodes, as the
 * command line says them.
 */
#ifndef TIER_BENCH_PLACE_H
#define TIER_BENCH_PLACE_H

#include <stdbool.h>

#include "mm/node.h"

/* How the pages of a table are placed. */
enum place_mode {
	PLACE_ANY, /* the system's own placement */
	PLACE_BIND, /* these nodes and no others (node1, 1, 0-1) */
	PLACE_PREFERRED,
	PLACE_INTERLEAVE,
	PLACE_WEIGHTED, /* weighted interleave */
	/* Not to be asked for here, but they may be inherited: */
	PLACE_PREFERRED_MANY,
	PLACE_LOCAL,
};

struct place {
	enum place_mode mode;
	int nodes[NODE_MAX]; /* ascending, none for PLACE_ANY */
	int nr_nodes;
	bool except; /* all but those: until place_resolve() */
	bool balancing; /* NUMA balancing may move what is bound */
	const char *text; /* as it was given */
	bool inherited; /* it is the task's own policy: numactl(8) set it */
};

/*
 * "any", "node1", "1", "0-1", "preferred:1", "interleave:0,1" and
 * "weighted:0,1"; nodes as place_nodes() has them. 0 or -EINVAL with misuse();
 * *place keeps a pointer to text.
 */
int place_parse(struct place *place, const char *text);

/*
 * numactl's lists: "0", "1,0", "0-1", "all" (no nodes, until place_resolve()),
 * "!0". 0 or -EINVAL without a message.
 */
int place_nodes(struct place *place, const char *list);
/*
 * "all" and "!0" become nodes of have[], and named ones must be among them. 0,
 * or -errno with a message that says of what they have: "memory", "CPUs".
 */
int place_resolve(struct place *place, const int *have, int n,
		  const char *what);

/* numactl's word: membind, preferred, interleave, ...; NULL: of PLACE_ANY. */
const char *place_mode_name(enum place_mode mode);
/*
 * "membind 0,1", as numactl's options have it, of a policy that was inherited;
 * to be freed.
 */
char *place_describe(const struct place *place);
/* Are its pages on its nodes or nowhere? Else others are used when these are full. */
bool place_is_strict(const struct place *place);

#endif
