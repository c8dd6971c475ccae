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
	uint64_t deadline_ns; /* from now on; 0: none but the run's */
	bool console; /* PID 1: the console is a log, lines are not in place */
	bool passes; /* SIGUSR1 and SIGUSR2 are the work's, and do not end it */
	bool shell; /* run a shell, not tier */
	const char *script; /* run this by a shell, not tier; NULL: none */
};

struct supervised {
	enum status status;
	bool interrupted; /* by a signal */
	char reason[512]; /* empty when it passed */
};

/*
 * From here on signals that end a program are held, and the deadline (from now
 * on; 0: none) counts: both end the work, and the wait for whoever does not
 * read what is written. console: we are PID 1, and the console is a log. When
 * others' children are found to be ours, this returns in another process. 0, or
 * -errno with the message.
 */
int supervise_begin(uint64_t deadline_ns, bool console);

/*
 * Runs argv as a child of this executable, passes its records on (report.c's
 * sinks) and waits for it. Always fills in *result.
 */
void supervise(const struct supervise *s, struct supervised *result);

/* Writes the end record and says the verdict. Returns the exit status. */
int supervise_end(const struct supervised *result);

#endif
