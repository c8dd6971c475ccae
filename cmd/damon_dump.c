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

static int set_yaml(struct plan *p, const char *arg)
{
	(void)arg;
	p->damon.yaml = true;
	return 0;
}

static const struct verb_option options[] = {
	{ "yaml", NULL, set_yaml, "in YAML, as HMSDK's files" },
	{ 0 },
};

static int work(const struct plan *plan)
{
	struct damon_config *config = damon_read();
	char *text;

	if (!config)
		return -EIO;
	text = damo_format(config, plan->damon.yaml);
	kdamond_free(config);
	if (!text)
		return fail(ENOMEM, "DAMON's configuration is too large");
	report_say(plan->damon.yaml ? "%s" : "%s\n", text);
	free(text);
	return 0;
}

const struct verb verb_damon_dump = {
	.name = "damon dump",
	.operands = "",
	.summary = "print DAMON's configuration as damo has it",
	.flags = VERB_LOOKS | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.work = work,
};
