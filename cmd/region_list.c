// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_list.c - tier region list: the CXL regions.
 */
#include <stdlib.h>

#include "cmd/show.h"
#include "cmd/verbs.h"
#include "cxl/region.h"
#include "lib/report.h"

static int work(const struct plan *plan)
{
	struct region *regions;
	int n = region_list(&regions);

	(void)plan;
	for (int i = 0; i < n; i++)
		show_region(&regions[i], -1);
	if (n == 0)
		report_say("no CXL region\n");
	if (n > 0)
		free(regions);
	return n < 0 ? n : 0;
}

const struct verb verb_region_list = {
	.name = "region list",
	.operands = "",
	.summary = "the CXL regions, their devices and nodes",
	.flags = VERB_ROOT,
	.work = work,
};
