/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hog_internal.h - what the parts of hog.c share, and nobody else.
 */
#ifndef TIER_BENCH_HOG_INTERNAL_H
#define TIER_BENCH_HOG_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/hog.h"
#include "bench/table.h"
#include "lib/error.h"
#include "mm/zone.h"

/* How far a hog is, and how far it may go. */
enum hog_stage {
	HOG_FORKED,
	HOG_READY, /* it waits for HOG_TAKE */
	HOG_COARSE, /* it has all but its last step, and waits for HOG_FINISH */
	HOG_HELD, /* it has all */
	HOG_FAILED,
};
enum hog_order { HOG_WAIT, HOG_TAKE, HOG_FINISH };

/* The page that a hog and its parent share. */
struct hog_share {
	_Atomic enum hog_stage stage; /* the hog writes it */
	_Atomic enum hog_order order; /* the parent writes it */
	_Atomic uint64_t taken; /* bytes */
	_Atomic uint64_t touched; /* by a warm one so far, pages */
	struct table table;
	struct fail_state why; /* of HOG_FAILED */
	int err;
};

struct hog {
	struct hog_plan plan;
	struct hog_share *share;
	pid_t pid;
	bool reaped;
	uint64_t began_ns, held_ns;
	struct hog_state state;
};

/* --- hog_process.c --------------------------------------------------------- */

/* What the hog is to take of a node as that is now, bytes. */
uint64_t hog_wanted(const struct hog_plan *p, const struct zone_node *n);
/* Is the hog, in its process, until that is killed. */
__attribute__((noreturn)) void hog_process(struct hog *h);

/* --- hog.c ----------------------------------------------------------------- */

/* What is free on the node, bytes; UINT64_MAX: not known. */
uint64_t hog_free_on(int node);

#endif
