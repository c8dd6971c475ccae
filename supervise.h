/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * supervise.h - the work is done by a child: its crash becomes a report, its
 * hang meets a deadline, and whoever started it says the verdict, last.
 */
#ifndef TIER_SUPERVISE_H
#define TIER_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct supervise {
	int argc; /* of the work, argv[0] is passed on as it is */
	char **argv;
	uint64_t deadline_ns; /* from now on; 0: none */
	bool console; /* PID 1: the console is a log, lines are not in place */
	bool shell; /* run a shell, not tier */
};

struct supervised {
	enum status status;
	bool interrupted; /* by SIGINT, SIGTERM or SIGHUP */
	char reason[512]; /* empty when it passed */
};

/*
 * Runs argv as a child of this executable, passes its records on (report.c's
 * sinks) and waits for it. Always fills in *result.
 */
void supervise(const struct supervise *s, struct supervised *result);

/* Writes the end record and says the verdict. Returns the exit status. */
int supervise_end(const struct supervised *result);

#endif
