/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dmesg.h - did the kernel complain? What it logs when it meets a state
 * that it was not written for: warnings, bugs, oopses, tasks that hang.
 */
#ifndef TIER_MM_DMESG_H
#define TIER_MM_DMESG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dmesg_kind {
	DMESG_WARNING, /* WARN(), lockdep, ... */
	DMESG_HUNG, /* a task, CPU or RCU grace period that stalls */
	DMESG_BUG, /* BUG, Oops, protection fault, panic */
	NR_DMESG_KINDS,
};

struct dmesg {
	unsigned int count[NR_DMESG_KINDS];
	char first[NR_DMESG_KINDS][160]; /* the first line of the kind */
	double first_s[NR_DMESG_KINDS]; /* when, since boot */
};

/* Of one line of the log, without its time; -1: no complaint. */
int dmesg_kind(const char *message);

/*
 * The log, to be read from its beginning, or from now on: a descriptor, or
 * -errno with the message (a user may not, on most systems).
 */
int dmesg_open(bool from_now);
/*
 * Adds what was logged since the last call, or since it was opened; what
 * programs wrote there is left out. 0 or -errno.
 */
int dmesg_read(struct dmesg *log, int fd);

/*
 * May anyone read the log (kernel.dmesg_restrict is 0)? If not its lines are
 * not for a report, which others may read.
 */
bool dmesg_is_public(void);

/* The kernel's taint flags; 0 where they cannot be read. */
uint64_t dmesg_taint(void);
#define DMESG_TAINT_BUG ((1u << 5) | (1u << 7)) /* bad page, oops */
#define DMESG_TAINT_WARNING ((1u << 9) | (1u << 14)) /* WARN, lockup */

#endif
