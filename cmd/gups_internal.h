/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gups_internal.h - what the parts of gups.c share, and nobody else.
 */
#ifndef TIER_CMD_GUPS_INTERNAL_H
#define TIER_CMD_GUPS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/pmu.h"
#include "bench/table.h"
#include "cmd/plan.h"
#include "cmd/verb.h"
#include "gups.h"
#include "lib/base.h"
#include "mm/cpu.h"
#include "mm/machine.h"
#include "mm/node.h"
#include "tiering/session.h"

struct at;
struct hogs;
struct pattern;
struct region;
struct gups_timeline;
struct modelled_time;

/* Beside the table: stacks, records, page cache, drift while it runs. */
#define RESERVE_BYTES (16 * MIB)

/* --- the command line: gups_options.c --------------------------------------- */

extern const struct verb_option gups_options[];
void gups_defaults(struct plan *plan);
int gups_take(struct plan *plan, int n, char **operand);

/* Members of several records: those of gups_report_plan(). */
#define GUPS_PLAN_MEMBERS                                                 \
	"table_bytes u of the table\n"                                    \
	"entries u:words of 8 bytes\n"                                    \
	"place s where its pages were placed\n"                           \
	"inherited b as the task's own policy, which numactl set\n"       \
	"bound b and held there\n"                                        \
	"threads u:threads that update it\n"                              \
	"pinned b each to a CPU\n"                                        \
	"pages s 4k, thp or hugetlb\n"                                    \
	"seed u:number of --seed\n"                                       \
	"loop s the update loop: plain, batch or touch\n"                 \
	"loop_by s chosen by measuring, or option\n"                      \
	"pattern.kind s uniform, hot set or zipf; pattern null: HPCC's\n" \
	"pattern.hot_bytes u of the hot set\n"                            \
	"pattern.hot_rate r:part_of_1 of the updates that go to it\n"     \
	"pattern.hot_at s start, end or scattered\n"                      \
	"pattern.zipf r:exponent of Zipf's law; null: it is another\n"    \
	"pattern.object_bytes u that an update changes\n"                 \
	"pattern.reads r:part_of_1 of the objects that are only read\n"

/* --- a run ------------------------------------------------------------------ */

struct gups_run {
	const struct plan *plan;
	const struct gups_plan *gups;
	struct machine machine;
	struct node *nodes;
	int nr_nodes; /* those that are allowed */
	int near; /* the node with memory that the CPUs are nearest to */
	struct region *regions;
	int nr_regions;
	int cpus[CPU_MAX];
	int nr_cpus;
	unsigned int threads;
	uint64_t updates;
	bool endless; /* nothing but the duration ends the updates */
	struct gups_probe probes[NODE_MAX];
	bool probed[NODE_MAX], trapped[NODE_MAX];
	double estimate; /* seconds; 0: not trapped, not estimated */
	unsigned int pass;
	struct place place; /* the plan's, or what the policy makes of it */
	struct place against; /* of the other table of --against */
	char *inherited; /* its text, if it is the task's own */
	struct pattern *pattern; /* NULL: HPCC's uniform updates */
	struct gups_timeline *timeline; /* of the pass under way; NULL: none */
	struct hogs *hogs; /* NULL until they hold their memory */
	struct at *at; /* NULL: nothing is to be done meanwhile */
	struct session session;
	struct pmu_counts pmu[NR_POINTS]; /* of the pass under way */
	struct modelled_time *modelled; /* of that; NULL: nothing counts */
};

/* Everything that one pass found out. */
struct gups_outcome {
	struct table_pages start, end;
	struct gups_warm_up warm;
	struct gups_verdict verdict;
	uint64_t updates, digest;
	bool stopped;
};

/* --- gups_check.c ---------------------------------------------------------- */

/* The node run->near, as it is now. */
const struct node *gups_near(const struct gups_run *run);
/* Each: 0, or -errno with the message set. */
int gups_check_nodes(const struct gups_run *run, const struct place *place);
int gups_check_latencies(const struct gups_run *run);
int gups_check_room(const struct gups_run *run, const struct place *place);
/*
 * Measures every node the table may use against the near one, within a
 * second, and refuses a run that a trapped node would make endless.
 */
int gups_check_probe(struct gups_run *run, const struct place *place);
/* Bytes of the hot pages that are placed on this node apart from the rest. */
uint64_t gups_check_apart(const struct gups_run *run, const struct node *n);
/* Between flushes of the TLBs, ns, by DAMON's sampling interval; 0: none. */
uint64_t gups_flusher_period(const struct gups_run *run);
/* What gups.c has to know of the run. */
void gups_run_config(const struct gups_run *run, const struct place *place,
		     struct gups_config *config);

/* --- gups_report.c ----------------------------------------------------------- */

/* Where the table is, when it is populated. */
void gups_report_table(const struct gups_run *run, const struct gups *g,
		       const struct place *place,
		       const struct table_pages *pages);
/* How fast it was when the loop was chosen. */
void gups_report_warm_up(const struct gups *g, const struct gups_warm_up *w);
/* Members of a record that is begun: the run's plan. */
void gups_report_plan(const struct gups_run *run, const struct place *place,
		      const struct gups *g);
/* The rate, the verdict, and what DAMON could see. */
void gups_report_result(const struct gups_run *run, struct gups *g,
			const struct gups_outcome *o);

#endif
