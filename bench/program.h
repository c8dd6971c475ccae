/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program.h - another's program: found, judged, placed and started.
 */
#ifndef TIER_BENCH_PROGRAM_H
#define TIER_BENCH_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "bench/place.h"
#include "mm/cpu.h"

/* What a shell says of a program that it cannot execute, or find. */
#define PROGRAM_CANNOT 126
#define PROGRAM_NOT_FOUND 127

struct program {
	char **argv; /* the caller's; NULL ends it */
	char path[PATH_MAX]; /* what is executed */
	struct place place; /* with the nodes that "all" means here */
	struct place cpu_nodes; /* none: where the scheduler wants */
	const char *cpu_list; /* of --physcpubind; NULL: not given */
	struct cpu_set cpus; /* of those nodes, or of that list */
};

/*
 * Finds the program as execvp(3) does and looks at it, so that what cannot be
 * executed is known, with the reason, before anything is changed. Its status
 * (fail_as()) is 126 or 127 then.
 */
int program_find(struct program *p, char **argv);
/*
 * Takes the nodes of its memory and its CPUs. 0, or -errno with the message: a
 * node does not exist, or has no memory or no CPUs, or a CPU is not allowed.
 */
int program_place(struct program *p, const struct place *place,
		  const struct place *cpu_nodes, const char *cpu_list);

/*
 * Starts it. prepare (may be NULL) is called in the child, which still shares
 * our memory. Returns its pid once it executes; or -errno with the message, of
 * prepare, of the placement or of execve.
 */
pid_t program_start(const struct program *p, int (*prepare)(void *), void *arg);

#endif
