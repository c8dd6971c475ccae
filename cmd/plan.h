/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plan.h - argv to one complete, validated, immutable struct plan.
 *
 * Pure: no I/O, and nothing of the machine is asked. What only the machine
 * can tell (does node 7 exist?) is checked before anything is changed, but
 * not here.
 */
#ifndef TIER_CMD_PLAN_H
#define TIER_CMD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/hog.h"
#include "bench/pattern.h"
#include "bench/place.h"
#include "bench/table.h"
#include "damon/damon.h"
#include "gups.h"
#include "lib/text.h"
#include "mm/node.h"
#include "tiering/policy.h"

struct verb;

/* Where --fault strikes: it exists so that tests can see every ending. */
enum fault_kind { FAULT_NONE, FAULT_SIGNAL, FAULT_HANG, FAULT_CORRUPT };

struct fault {
	enum fault_kind kind;
	const char *stage;
	int signal;
};

struct gups_plan {
	uint64_t bytes;
	struct pattern_plan pattern;
	int hot_node; /* where the hot pages are placed first; -1: as the rest */
	uint32_t hot_near; /* this part of them on the near node, of 65536 */
	int cpu_node; /* whose CPUs the threads take; -1: those allowed */
	uint64_t rate; /* updates a second at most; 0: no limit */
	uint64_t timeline_ns; /* between rows; 0: no timeline */
	bool timeline_given;
	double latency_ns[NODE_MAX]; /* for the modelled cost; 0: ask */
	struct place place;
	unsigned int threads; /* 0: the CPUs allowed */
	/* With both, what comes first; with neither 4 x the table's words. */
	uint64_t updates;
	uint32_t updates_times; /* or so often the table's words */
	uint64_t duration_ns;
	uint64_t seed;
	enum page_kind pages;
	enum refresh_mode refresh;
	enum verify_mode verify;
	bool hold; /* --bind: keep the table bound during the run */
	bool dishonest; /* --honest off: leave accessed bits to the emulator */
	bool compare; /* --against was given */
	struct place against;
	double cpi; /* cycles of an instruction, of modelled time */
	unsigned int loop; /* enum gups_loops_kind + 1; 0: the fastest */
	uint64_t window_ns;
	uint64_t rounds;
	uint64_t limit_ns; /* longest run on a trapped node without --force */
};

struct region_plan {
	const char *name; /* of destroy */
	const char *memdev, *decoder; /* NULL: find them */
	char memdevs[256]; /* what memdev points to, if there are operands */
	uint64_t size; /* 0: all of the memdev */
	uint64_t granularity; /* bytes; 0: the window's */
	uint64_t ways; /* how many memdevs are meant; 0: as many as named */
	bool yes; /* of destroy: programs' memory may be moved */
	bool unassigned; /* --auto: memdevs without a region, none is fine */
};

struct run_plan {
	char **argv; /* of the program, NULL ends it; into plan_parse()'s argv */
	/* Of the process; a mode without nodes: "all", those of the machine. */
	struct place place;
	struct place cpu_nodes; /* --cpunodebind; text NULL: not given */
	const char *cpus; /* --physcpubind; NULL: not given */
	bool balancing; /* --balancing */
	uint64_t timeline_ns; /* between rows; 0: --timeline off */
	const char *with; /* another program beside it; NULL: none */
	bool frames; /* each row has those of its cgroup: frames.h */
};

struct vmstat_plan {
	uint64_t interval_ns; /* 0: one row */
	uint64_t count; /* rows; 0: until it is interrupted */
};

struct latency_plan {
	uint64_t bytes; /* of a node's buffer; 0: as suits the machine */
	uint64_t duration_ns; /* of a cell's measurements, all together */
};

/* What --at is to do, and when. */
#define AT_MAX 8
#define AT_WORDS 200
struct at_plan {
	uint64_t ns; /* since the timed part, or the program, began */
	char words[AT_WORDS];
};

struct at_plans {
	int nr;
	struct at_plan event[AT_MAX]; /* by time */
};

/* What the supervisor tells the process that does the work (--worker). */
struct worker_plan {
	bool is_worker;
	uint64_t seq; /* number of the last record written before */
	int records_fd;
	bool below_init; /* its console is a log, and the machine is ours */
};

struct plan {
	const struct verb *verb; /* NULL: none was given */
	bool help; /* --help: of the verb, or of tier */
	const char *help_group; /* of "damon", "region"; NULL: of a verb or all */
	bool version;
	bool once, json, force, dry_run;
	bool no_header; /* what is printed is of no machine and no moment */
	bool takes_time; /* longer than a look: it is supervised */
	const char *records, *root;
	uint64_t deadline_ns; /* PLAN_NO_DEADLINE: not given */
	struct fault fault;
	struct worker_plan worker;
	struct policy_plan policy; /* of a workload, or of "policy" */
	struct hog_plans hogs; /* of a workload, or of "hog" */
	struct at_plans at; /* of a workload */
	/* One of these, by the verb */
	union {
		struct gups_plan gups;
		struct region_plan region;
		struct damon_plan damon;
		struct run_plan run;
		struct vmstat_plan vmstat;
		struct latency_plan latency;
		uint64_t hold_ns; /* of "hog"; 0: until interrupted */
		const char *capture; /* the directory that it makes */
		const char *device; /* of plug and unplug */
		bool policy_file; /* of "policy show": as a file */
		bool list_findings; /* of "check": the table, not this machine's */
	};
};

#define PLAN_NO_DEADLINE UINT64_MAX

/*
 * verbs: all there are, NULL ends them. 0, or -EINVAL with misuse(). The plan
 * keeps pointers into argv. argv is not permuted.
 */
int plan_parse(struct plan *plan, const struct verb *const *verbs, int argc,
	       char **argv);

/*
 * The help of a verb, or of tier (NULL), or of those whose first word is group,
 * from the verbs' own tables.
 */
void plan_help(struct textbuf *text, const struct verb *const *verbs,
	       const struct verb *verb, const char *group);
/* Has the verb that flag (verb.h)? Without a verb: no. */
bool plan_is(const struct plan *plan, unsigned int flag);
/* Does it change tunables or DAMON? Then only one may run at a time. */
bool plan_changes(const struct plan *plan);

#endif
