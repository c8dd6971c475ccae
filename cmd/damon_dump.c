// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_dump.c - tier damon dump: DAMON's configuration as damo has it.
 */
#include <errno.h>
#include <stdlib.h>

#include "cmd/verbs.h"
#include "damon/damon.h"
#include "damon/damon_config.h"
#include "damon/damon_json.h"
#include "lib/error.h"
#include "lib/report.h"

static int work(const struct plan *plan)
{
	struct damon_config *config = damon_read();
	char *text;

	(void)plan;
	if (!config)
		return -EIO;
	text = damo_format(config);
	kdamond_free(config);
	if (!text)
		return fail(ENOMEM, "DAMON's configuration is too large");
	report_say("%s\n", text);
	free(text);
	return 0;
}

const struct verb verb_damon_dump = {
	.name = "damon dump",
	.operands = "",
	.summary = "print DAMON's configuration in damo's format (JSON)",
	.flags = VERB_LOOKS | VERB_ROOT,
	.work = work,
};
