/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - the order of a benchmark run, from the plan to the last record.
 */
#ifndef TIER_RUN_H
#define TIER_RUN_H

#include "plan.h"

/*
 * The work of "tier gups": checks the plan against the machine, places,
 * updates, verifies, reports; again and again without --once. 0, or -errno
 * with the message set. SIGINT, SIGTERM and SIGHUP end it early.
 */
int run_gups(const struct plan *plan);

#endif
