/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plan.h - argv to one complete, validated, immutable struct plan.
 *
 * Pure: no I/O, and nothing of the machine is asked. What only the machine
 * can tell (does node 7 exist?) is checked before anything is changed, but
 * not here.
 */
#ifndef TIER_PLAN_H
#define TIER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

#define PLAN_MAX_NODES 64
#define PLAN_MAX_SETS 32
#define PLAN_MAX_HOGS 8

enum verb {
	VERB_NONE, /* no verb was given */
	VERB_GUPS,
	VERB_REGION_CREATE,
	VERB_REGION_LIST,
	VERB_REGION_DESTROY,
	VERB_STATUS,
	VERB_POLICY_LIST,
	VERB_POLICY_SHOW,
	VERB_POLICY_RESTORE,
	VERB_POLICY, /* NAME: apply it */
	VERB_DAMON_START,
	VERB_DAMON_STATUS,
	VERB_DAMON_COMMIT,
	VERB_DAMON_STOP,
	VERB_DAMON_DUMP,
	VERB_RUN,
	VERB_HOG,
	VERB_VMSTAT,
	VERB_LATENCY,
	VERB_CHECK,
	VERB_HELP,
	NR_VERBS,
};

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
	int nodes[PLAN_MAX_NODES]; /* ascending, none for PLACE_ANY */
	int nr_nodes;
	const char *text; /* as it was given */
};

enum page_kind { PAGES_4K, PAGES_THP, PAGES_HUGETLB };
enum refresh_mode { REFRESH_AUTO, REFRESH_ON, REFRESH_OFF };
enum verify_mode { VERIFY_SUM, VERIFY_REPLAY };

/* Where --fault strikes: it exists so that tests can see every ending. */
enum fault_kind { FAULT_NONE, FAULT_SIGNAL, FAULT_HANG, FAULT_CORRUPT };

struct fault {
	enum fault_kind kind;
	const char *stage;
	int signal;
};

/* Where the hot pages are in the table. */
enum hot_at {
	HOT_AT_DEFAULT, /* a hot set: at the start; Zipf: scattered */
	HOT_AT_START,
	HOT_AT_END,
	HOT_AT_SCATTERED,
};

#define PLAN_MAX_PHASES 8

/* Which pages are updated how often; rates are parts of 65536. */
struct pattern_plan {
	uint64_t hot_bytes; /* 0: no hot set */
	uint32_t hot_rate; /* the hot set's share of the updates */
	double zipf; /* exponent; 0: not Zipf */
	enum hot_at at;
	uint64_t object; /* bytes that an update changes: 8 to 4096 */
	uint32_t reads; /* the share of objects that are only read */
	/* The hot set moves after a time, or a share of the updates; by so much */
	uint64_t move_ns;
	uint32_t move_share;
	uint64_t move_bytes; /* 0: its own size */
	struct phase {
		uint32_t hot_rate;
		uint64_t ns;
	} phases[PLAN_MAX_PHASES]; /* one after the other, again and again */
	int nr_phases;
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
	double latency_ns[PLAN_MAX_NODES]; /* for the modelled cost; 0: ask */
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
	uint64_t window_ns;
	uint64_t rounds;
	uint64_t limit_ns; /* longest run on a trapped node without --force */
};

struct region_plan {
	const char *name; /* of destroy */
	const char *memdev, *decoder; /* NULL: find them */
	uint64_t size; /* 0: all of the memdev */
	bool yes; /* of destroy: programs' memory may be moved */
	bool unassigned; /* --auto: memdevs without a region, none is fine */
};

struct run_plan {
	char **argv; /* of the program, NULL ends it; into plan_parse()'s argv */
	/* Of the process; a mode without nodes: "all", those of the machine. */
	struct place place;
	struct place cpu_nodes; /* --cpunodebind; text NULL: not given */
	uint64_t timeline_ns; /* between rows; 0: --timeline off */
};

struct watch_plan {
	uint64_t interval_ns; /* 0: one row */
	uint64_t count; /* rows; 0: until it is interrupted */
};

struct latency_plan {
	uint64_t bytes; /* of a node's buffer; 0: as suits the machine */
	uint64_t duration_ns; /* of a cell's measurements, all together */
};

struct check_plan {
	bool list; /* the table of findings, not this machine's */
};

/* A policy by its name, and changes to it: "KEY=VALUE" each. */
struct policy_plan {
	const char *name; /* NULL: none */
	const char *sets[PLAN_MAX_SETS];
	int nr_sets;
};

/* One --demote or --promote of "damon start". */
struct damon_move {
	int src, dest;
	bool hot; /* --promote: migrate_hot; else migrate_cold */
};

struct damon_plan {
	const char *file; /* damo's JSON; "-": standard input; NULL: none */
	struct damon_move moves[PLAN_MAX_NODES];
	int nr_moves;
	bool found; /* the nodes: they were asked for, and are there */
	bool global; /* -g: no memcg filter */
	const char *cgroup; /* of the memcg filter; NULL: "hmsdk" */
	uint64_t region_max; /* -s: larger regions are split; 0: none is */
	bool regions; /* of status: list them anew, however long it takes */
};

/* Is it other than HPCC's uniform updates of 8 bytes? */
bool plan_has_pattern(const struct gups_plan *plan);
/* Memory of a node that a process takes and holds (hog.h). */
struct hog_plan {
	int node;
	uint64_t bytes; /* to be taken; 0: all but leave */
	uint64_t leave; /* to be left free on the node; 0: bytes says it */
	uint64_t warm_ns; /* each page is touched once in that time; 0: never */
	bool lock; /* mlocked and bound: only DAMON moves it */
	enum page_kind pages; /* PAGES_4K or PAGES_THP */
	uint64_t release_ns; /* after that much of the timed part; 0: */
	unsigned int release_percent; /* or that part of it; both 0: never */
};

/* At most one a node. */
struct hog_plans {
	struct hog_plan hog[PLAN_MAX_HOGS];
	int nr;
};

/* What the supervisor tells the process that does the work (--worker). */
struct worker_plan {
	bool is_worker;
	uint64_t seq; /* number of the last record written before */
	int records_fd;
	bool plain; /* no lines in place: the console is a log */
};

struct plan {
	enum verb verb;
	bool help; /* --help: of the verb, or of tier */
	bool version;
	bool once, json, force, dry_run;
	const char *records, *root;
	uint64_t deadline_ns; /* PLAN_NO_DEADLINE: not given */
	struct fault fault;
	struct worker_plan worker;
	struct policy_plan policy; /* of a benchmark, or of VERB_POLICY */
	struct hog_plans hogs; /* of a workload, or of VERB_HOG */
	union {
		struct gups_plan gups;
		struct region_plan region;
		struct damon_plan damon;
		struct run_plan run;
		uint64_t hold_ns; /* of VERB_HOG; 0: until interrupted */
		struct watch_plan watch;
		struct latency_plan latency;
		struct check_plan check;
	};
};

#define PLAN_NO_DEADLINE UINT64_MAX

/*
 * 0, or -EINVAL with misuse(). The plan keeps pointers into argv. argv is
 * not permuted.
 */
int plan_parse(struct plan *plan, int argc, char **argv);

/* The help of a verb, or of tier (VERB_NONE), from the same tables. */
void plan_help(struct textbuf *text, enum verb verb);
const char *plan_verb_name(enum verb verb);
/* Is it a benchmark: does --once concern it, is it done by a worker? */
bool plan_is_benchmark(const struct plan *plan);
/* Does it change tunables or DAMON? Then only one may run at a time. */
bool plan_changes(const struct plan *plan);

/* "node1", "0-1", "interleave:0,1", ... 0 or -EINVAL with misuse(). */
int plan_parse_place(struct place *place, const char *text);
/*
 * "node0:6000M", "0:free=200M,warm=2s,lock,release=50%": adds a hog. 0 or
 * -EINVAL with misuse(), also when the node has one already.
 */
int plan_parse_hog(struct hog_plans *hogs, const char *text);

#endif
