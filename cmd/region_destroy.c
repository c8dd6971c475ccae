// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_destroy.c - tier region destroy: a region's memory goes offline, then it
 * is deleted.
 */
#include <stddef.h>

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
			"region destroy needs the region's name; see tier region list");
	plan->region.name = operand[0];
	return option_device("region destroy", operand[0], "region");
}

static int work(const struct plan *plan)
{
	int err = region_destroy(plan->region.name, 0, plan->dry_run,
				 plan->region.yes);

	if (!err)
		report_say("region   %s: %s\n", plan->region.name,
			   plan->dry_run ? "could be destroyed" : "destroyed");
	return err;
}

const struct verb verb_region_destroy = {
	.name = "region destroy",
	.operands = "NAME",
	.summary = "take a region's memory offline and delete the region",
	.flags = VERB_CHANGES | VERB_DRY_RUN,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
