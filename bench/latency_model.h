/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost.h - what a placement would cost on real memory: a model, and called so.
 *
 *     modelled time per update = sum over the nodes of share x latency
 *
 * A dependent access after the other: on hardware accesses overlap, so it is
 * an upper bound of the difference that placement makes, and no forecast of a
 * rate. Migration costs nothing in it.
 */
#ifndef TIER_COST_H
#define TIER_COST_H

#include <stdbool.h>

#include "node.h"
#include "plan.h"

enum cost_source {
	COST_DEFAULT, /* published figures, see cost.c */
	COST_DECLARED, /* the platform's: access coordinates in sysfs */
	COST_GIVEN, /* --latency */
};

struct cost {
	double ns[PLAN_MAX_NODES]; /* of a read; 0: there is no such node */
	enum cost_source source[PLAN_MAX_NODES];
	bool near[PLAN_MAX_NODES];
};

/* given: by node, 0 where nothing was. near: is it of the top tier? */
void cost_settle(struct cost *c, const double given[PLAN_MAX_NODES],
		 const struct node *nodes, int n,
		 const bool near[PLAN_MAX_NODES]);
/* Nanoseconds an update, with these shares of the updates by node. */
double cost_of(const struct cost *c, const double share[PLAN_MAX_NODES]);
/* The least, or the greatest, latency: all near, all far. */
double cost_bound(const struct cost *c, bool far);
/* Member "modelled" of the open record, and two lines of text. */
void cost_record(const struct cost *c, const double share[PLAN_MAX_NODES]);
void cost_text(const struct cost *c, const double share[PLAN_MAX_NODES]);

#endif
