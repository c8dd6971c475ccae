/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check.h - what of tier check is said around a run.
 */
#ifndef TIER_CMD_CHECK_H
#define TIER_CMD_CHECK_H

#include <stdbool.h>

#include "cmd/plan.h"
#include "cxl/region.h"
#include "mm/node.h"

/*
 * To be called before a run: shows the findings that are worse than a note and
 * that the run does not show itself. nodes NULL: it reads nodes and regions,
 * except as PID 1.
 */
void check_before(const struct plan *plan, const struct node *nodes,
		  int nr_nodes, const struct region *regions, int nr_regions);

/*
 * From now on the kernel's log is watched for complaints. A second call does
 * nothing.
 */
void check_log_begin(void);
/*
 * Shows the complaints that the log has got since then. show: with their
 * lines, also where the log is not public; as PID 1 there are no other users.
 */
void check_log_end(bool show);

#endif
