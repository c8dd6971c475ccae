/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - "tier run": any program, and what the counters did meanwhile.
 */
#ifndef TIER_COMMAND_H
#define TIER_COMMAND_H

#include "plan.h"

/*
 * Runs the program of the plan, passes SIGINT, SIGTERM and SIGHUP on to it,
 * and reports the counters over its run. 0, or -errno with the message; a
 * program that failed is one, and its status becomes ours.
 */
int command_run(const struct plan *plan);

#endif
