/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run_timeline.h - a program's pages while it runs: a row an interval, the most
 * there were, and the last that was seen.
 */
#ifndef TIER_CMD_RUN_TIMELINE_H
#define TIER_CMD_RUN_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tiering/node_usage.h"
#include "vmstat.h"

struct run_timeline {
	struct node_usage_source source;
	uint64_t every_ns; /* between rows; 0: no rows, and nobody looks */
	bool stretched; /* rows were left out: looking costs too much */
	pid_t pid; /* of the program */
	uint64_t begin, next; /* of now_ns() */
	uint64_t looks; /* how often was looked */
	size_t rows;
	double cpu_s; /* that looking took */
	double peak_s, end_s; /* when those were seen, since begin */
	struct vmstat before; /* of the row before */
	struct node_usage peak, end;
};

/*
 * Finds a source for the pages of our descendants; group as of
 * node_usage_open(). Text and nothing else; every 0: does nothing, then or
 * later.
 */
void run_timeline_open(struct run_timeline *t, uint64_t every_ns,
		       const char *group);
/* Just before the program starts, and just after. */
void run_timeline_begin(struct run_timeline *t);
void run_timeline_started(struct run_timeline *t, pid_t pid);
/*
 * Looks if it is time, and when a row is due says it and writes the record
 * "timeline". Returns when it wants to be called next (of now_ns()), or
 * UINT64_MAX.
 */
uint64_t run_timeline_tick(struct run_timeline *t);
/* Text: pages at the peak and at the end, and what looking took. */
void run_timeline_show(const struct run_timeline *t, double elapsed_s);
/* Members of a record: the same. */
#define RUN_TIMELINE_MEMBERS                                         \
	"peak|end.t_s r when they were seen\n"                       \
	"peak|end.bytes.node* u of its pages: most, and last seen\n" \
	"pages_by s cgroup or numa_maps; null: nobody looked\n"      \
	"sampling_cpu_s r that looking took\n"                       \
	"sampling_share r of the run\n"                              \
	"stretched b rows were left out: looking took too long\n"
void run_timeline_record(const struct run_timeline *t, double elapsed_s);
void run_timeline_close(struct run_timeline *t);

#endif
