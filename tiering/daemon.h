/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daemon.h - somebody's program that moves pages while the work runs: started
 * before, awaited until it is ready, stopped behind.
 *
 * A process of ours keeps it: it waits for it, has what it says, and ends it
 * also when we are killed. It is forked before there is a table, whose pages
 * would be shared with it, and which could not be moved then.
 */
#ifndef TIER_TIERING_DAEMON_H
#define TIER_TIERING_DAEMON_H

#include <stdint.h>

#define DAEMON_WORDS 64

enum daemon_ready {
	DAEMON_RUNS, /* it is executed */
	DAEMON_FILE, /* there is a file */
	DAEMON_SAYS, /* a text is in what it says */
	DAEMON_ENDS, /* it has ended, with status 0: it has set something up */
};

struct daemon_plan {
	char *start[DAEMON_WORDS + 1]; /* its words; none: no daemon */
	enum daemon_ready ready;
	const char *ready_text; /* of FILE and SAYS */
	uint64_t ready_ns; /* it has failed when it takes longer */
	char *stop[DAEMON_WORDS + 1]; /* a command that stops it; none: */
	int stop_signal; /* is sent */
	uint64_t stop_ns; /* SIGKILL then */
};

#define DAEMON_READY_NS (UINT64_C(10) * 1000000000)
#define DAEMON_STOP_NS (UINT64_C(5) * 1000000000)

/* Can its programs be executed? dir: where "./" is. 0, or as program_find(). */
int daemon_check(const struct daemon_plan *plan, const char *dir);

struct daemon;

/* Nothing is started yet. The plan must live longer. NULL with the message. */
struct daemon *daemon_new(const struct daemon_plan *plan, const char *dir);
/*
 * Starts it, and waits until it is ready. group: the cgroup of the work, as
 * cgroup_make() has it, or NULL; it finds it as TIER_CGROUP, and this process
 * as TIER_PID. -errno with the message, and with what it said last: it could
 * not be executed, ended, or was not ready in time; nothing runs then.
 */
int daemon_start(struct daemon *d, const char *group);
/*
 * Stops it. Record "daemon". -errno with the message when it had failed
 * before; that it had ended with status 0 is said.
 */
int daemon_stop(struct daemon *d);
/* Stops it, if it runs. */
void daemon_free(struct daemon *d);

#endif
