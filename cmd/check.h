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
