// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_destroy.c - tier region destroy: a region's memory goes offline, then it
 * is deleted.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/verbs.h"
#include "cxl/region.h"
#include "lib/error.h"
#include "lib/report.h"

static int set_yes(struct plan *p, const char *arg)
{
	(void)arg;
	p->region.yes = true;
	return 0;
}

static const struct verb_option options[] = {
	{ "yes", NULL, set_yes,
	  "also when programs use its memory, which is moved", 'y' },
	{ 0 },
};

static int take(struct plan *plan, int n, char **operand)
{
	if (n != 1)
		return misuse(
			"region destroy needs the region's name, or all; see tier region list");
	plan->region.name = operand[0];
	if (!strcmp(operand[0], "all"))
		return 0;
	return option_device("region destroy", operand[0], "region");
}

static int destroy(const struct plan *plan, const char *name)
{
	int err = region_destroy(name, 0, plan->dry_run, plan->region.yes);

	if (!err)
		report_say("region   %s: %s\n", name,
			   plan->dry_run ? "could be destroyed" : "destroyed");
	return err;
}

static int work(const struct plan *plan)
{
	struct region *regions;
	int n, err = 0;

	if (strcmp(plan->region.name, "all") != 0)
		return destroy(plan, plan->region.name);
	n = region_list(&regions);
	if (!n)
		report_say("no CXL region\n");
	/* A window gives its addresses in order, and takes the last one back. */
	for (int i = n; i-- > 0 && !err;)
		err = destroy(plan, regions[i].name);
	free(regions);
	return n < 0 ? n : err;
}

const struct verb verb_region_destroy = {
	.name = "region destroy",
	.operands = "NAME|all",
	.summary = "take a region's memory offline and delete the region",
	.flags = VERB_CHANGES | VERB_DRY_RUN,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
