/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run_work.h - what the parts of run.c share, and nobody else.
 */
#ifndef TIER_RUN_WORK_H
#define TIER_RUN_WORK_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "gups.h"
#include "node.h"
#include "plan.h"
#include "pmu.h"
#include "session.h"
#include "table.h"

struct hogs;
struct pattern;
struct region;
struct timeline;

/* Beside the table: stacks, records, page cache, drift while it runs. */
#define RESERVE_BYTES (16 * MIB)

struct run {
	const struct plan *plan;
	const struct gups_plan *gups;
	struct node_machine machine;
	struct node *nodes;
	int nr_nodes;
	struct region *regions;
	int nr_regions;
	int cpus[CPU_SETSIZE];
	int nr_cpus;
	unsigned int threads;
	uint64_t updates;
	bool endless; /* nothing but the duration ends the updates */
	struct gups_probe probes[PLAN_MAX_NODES];
	bool probed[PLAN_MAX_NODES], trapped[PLAN_MAX_NODES];
	double estimate; /* seconds; 0: not trapped, not estimated */
	unsigned int pass;
	struct place place; /* the plan's, or what the policy makes of it */
	struct pattern *pattern; /* NULL: HPCC's uniform updates */
	struct timeline *timeline; /* of the pass under way; NULL: none */
	struct hogs *hogs; /* NULL until they hold their memory */
	struct session session;
	struct pmu_counts pmu[NR_POINTS]; /* of the pass under way */
};

/* Everything that one pass found out. */
struct outcome {
	struct table_pages start, end;
	struct gups_warm_up warm;
	struct gups_verdict verdict;
	uint64_t updates, digest;
	bool stopped;
};

/* --- run_check.c ---------------------------------------------------------- */

/* Each: 0, or -errno with the message set. */
int run_check_nodes(const struct run *run, const struct place *place);
int run_check_latencies(const struct run *run);
int run_check_room(const struct run *run, const struct place *place);
/*
 * Measures every node the table may use against the near one, within a
 * second, and refuses a run that a trapped node would make endless.
 */
int run_probe(struct run *run, const struct place *place);
/* Bytes of the hot pages that are placed on this node apart from the rest. */
uint64_t run_apart_on(const struct run *run, const struct node *n);
/* What gups.c has to know of the run. */
void run_config(const struct run *run, const struct place *place,
		struct gups_config *config);

/* --- run_show.c ----------------------------------------------------------- */

/* Where the table is, when it is populated. */
void run_show_table(const struct run *run, const struct gups *g,
		    const struct place *place, const struct table_pages *pages);
/* How fast it was when the loop was chosen. */
void run_show_warm_up(const struct gups *g, const struct gups_warm_up *w);
/* Members of a record that is begun: the run's plan. */
void run_members_plan(const struct run *run, const struct place *place,
		      const struct gups *g);
/* The rate, the verdict, and what DAMON could see. */
void run_show_result(const struct run *run, struct gups *g,
		     const struct outcome *o);

#endif
