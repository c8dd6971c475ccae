/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency_model.h - what a placement would cost on memory with latencies: a
 * model, and called so.
 *
 *     modelled time per update = sum over the nodes of share x latency
 *
 * Each access waits for the one before it. On hardware accesses overlap, so
 * the model is an upper bound of the difference that placement makes, and no
 * forecast of a rate. Migration costs nothing in it. The shares are those of a
 * sample; where the emulator's plugin counts, modelled_time.h is the figure.
 */
#ifndef TIER_BENCH_LATENCY_MODEL_H
#define TIER_BENCH_LATENCY_MODEL_H

#include <stdbool.h>

#include "mm/node.h"

enum latency_model_source {
	LATENCY_MODEL_DEFAULT, /* published figures, see latency_model.c */
	LATENCY_MODEL_DECLARED, /* the platform's: access coordinates in sysfs */
	LATENCY_MODEL_INJECTED, /* by the emulator's plugin */
	LATENCY_MODEL_GIVEN, /* --latency */
};

struct latency_model {
	double ns[NODE_MAX]; /* of a read; 0: there is no such node */
	enum latency_model_source source[NODE_MAX];
	bool near[NODE_MAX];
};

/*
 * given: latencies by node, ns, 0 where none was given. nodes: n of them.
 * near[i]: is node i of the top tier?
 */
void latency_model_settle(struct latency_model *c, const double given[NODE_MAX],
			  const struct node *nodes, int n,
			  const bool near[NODE_MAX]);
/* Nanoseconds an update, with these shares of the updates by node. */
double latency_model_of(const struct latency_model *c,
			const double share[NODE_MAX]);
/* The least, or the greatest, latency: all near, all far. */
double latency_model_bound(const struct latency_model *c, bool far);
/* Member "modelled" of the open record, and two lines of text. */
#define LATENCY_MODEL_MEMBERS                                                                  \
	"modelled.ns_per_update r:ns share x latency, over the nodes; by near_share_mean_by\n" \
	"modelled.all_near_ns|all_far_ns r:ns with all pages there\n"                          \
	"modelled.node*.latency_ns r\n"                                                        \
	"modelled.node*.source s given, injected, declared or default\n"
void latency_model_record(const struct latency_model *c,
			  const double share[NODE_MAX]);
/* by: what the shares are, sampled or counted */
void latency_model_text(const struct latency_model *c,
			const double share[NODE_MAX], const char *by);

#endif
