/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run_with.h - the program of tier run --with: it runs beside the first, in a
 * cgroup of its own, and ends with it.
 */
#ifndef TIER_CMD_RUN_WITH_H
#define TIER_CMD_RUN_WITH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "bench/program.h"
#include "lib/text.h"
#include "tiering/node_usage.h"

#define RUN_WITH_WORDS 32
#define RUN_WITH_LIMITS 4

struct run_with {
	char *text; /* of its words; NULL: there is no such program */
	char *words[RUN_WITH_WORDS + 1]; /* limits, and then the program's */
	int nr_limits;
	struct program program;
	struct node_usage_source source;
	bool quiet; /* standard output is the records' */
	pid_t pid;
	uint64_t began_ns, ended_ns; /* 0: not yet */
	bool stopped; /* it was, with the first one */
	int status; /* as waitpid(2) has it */
	struct rusage usage; /* of it, and what it has waited for */
	uint64_t looks;
	struct node_usage peak, end;
};

/*
 * words: "PROGRAM ARGUMENTS", before which may stand limits of its group, such as
 * memory.high=64M; NULL: none. 0, or -errno with the message. Finds the program;
 * changes nothing.
 */
int run_with_prepare(struct run_with *w, const char *words);
/* Makes its group beside that of the first, which is open, with its limits. */
int run_with_open(struct run_with *w, const struct node_usage_source *first);
int run_with_start(struct run_with *w, bool quiet);
/* A child has been waited for: was it this one? */
bool run_with_take(struct run_with *w, pid_t pid, int status,
		   const struct rusage *usage);
/* Where its pages are; to be called now and then. */
void run_with_look(struct run_with *w);
/* The first one has ended: so does this one, if it has not. */
void run_with_stop(struct run_with *w);
/* Record "with", and text. */
void run_with_show(const struct run_with *w);
void run_with_free(struct run_with *w);

#endif
