/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check.h - "tier check", and what of it is said around a run.
 */
#ifndef TIER_CHECK_H
#define TIER_CHECK_H

#include <stdbool.h>

#include "node.h"
#include "plan.h"
#include "region.h"

/*
 * The verb: a record and a line for each finding, worst first. A failure when
 * one of them is broken. With plan->check.list: the table itself.
 */
int check_do(const struct plan *plan);

/*
 * Before a run: what is worse than a note, and is not said by the run itself.
 * Without nodes (NULL) it looks for them and the regions, but as PID 1.
 */
void check_before(const struct plan *plan, const struct node *nodes,
		  int nr_nodes, const struct region *regions, int nr_regions);

/* What the kernel logs from here on is looked for complaints; once. */
void check_log_begin(void);
/*
 * Says what was found, if anything. show: the lines, too, as PID 1, whose
 * guest has no other users.
 */
void check_log_end(bool show);

#endif
