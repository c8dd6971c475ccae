/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernlog.h - did the kernel complain? What it logs when it meets a state
 * that it was not written for: warnings, bugs, oopses, tasks that hang.
 */
#ifndef TIER_KERNLOG_H
#define TIER_KERNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kernlog_kind {
	KERNLOG_WARNING, /* WARN(), lockdep, ... */
	KERNLOG_HUNG, /* a task, CPU or RCU grace period that stalls */
	KERNLOG_BUG, /* BUG, Oops, protection fault, panic */
	NR_KERNLOG_KINDS,
};

struct kernlog {
	unsigned int count[NR_KERNLOG_KINDS];
	char first[NR_KERNLOG_KINDS][160]; /* the first line of the kind */
	double first_s[NR_KERNLOG_KINDS]; /* when, since boot */
};

/* Of one line of the log, without its time; -1: no complaint. */
int kernlog_kind(const char *message);

/*
 * The log, to be read from its beginning, or from now on: a descriptor, or
 * -errno with the message (a user may not, on most systems).
 */
int kernlog_open(bool from_now);
/*
 * Adds what was logged since the last call, or since it was opened; what
 * programs wrote there is left out. 0 or -errno.
 */
int kernlog_read(struct kernlog *log, int fd);

/*
 * May anyone read the log (kernel.dmesg_restrict is 0)? If not its lines are
 * not for a report, which others may read.
 */
bool kernlog_is_public(void);

/* The kernel's taint flags; 0 where they cannot be read. */
uint64_t kernlog_taint(void);
#define KERNLOG_TAINT_BUG ((1u << 5) | (1u << 7)) /* bad page, oops */
#define KERNLOG_TAINT_WARNING ((1u << 9) | (1u << 14)) /* WARN, lockup */

#endif
