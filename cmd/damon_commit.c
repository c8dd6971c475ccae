// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_commit.c - tier damon commit: what was written to DAMON's files is made so.
 */
#include <stddef.h>

#include "cmd/verbs.h"
#include "damon/damon.h"
#include "lib/report.h"

static int work(const struct plan *plan)
{
	int err = damon_commit();

	(void)plan;
	if (!err)
		report_say("DAMON goes on with what was committed\n");
	return err;
}

const struct verb verb_damon_commit = {
	.name = "damon commit",
	.operands = "",
	.summary = "make what was written to DAMON's files so",
	.flags = VERB_CHANGES,
	.work = work,
};
