// SPDX-License-Identifier: GPL-2.0-only
/* The command line: a word a line. */
#include "cmd/verbs.h"
#include "tiering/policy.h"
#include "lib/error.h"
#include "lib/text.h"
#include "fuzz.h"

static const struct verb *const verbs[] = { VERBS(VERBS_POINTER) NULL };

#define MAX_WORDS 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	char *argv[MAX_WORDS + 2] = { text };
	char name[] = "tier";
	struct textbuf help = { 0 };
	struct plan plan;
	int argc = 1, err;

	argv[0] = name;
	while (rest && argc <= MAX_WORDS)
		argv[argc++] = strsep(&rest, "\n");
	err = plan_parse(&plan, verbs, argc, argv);
	if (err) {
		fuzz_refused(err, STATUS_USAGE);
	} else {
		promise(!plan.verb || plan.verb->name[0]);
		promise(plan.hogs.nr <= HOG_MAX);
		promise(plan.policy.nr_sets <= POLICY_MAX_SETS);
		plan_changes(&plan);
		plan_is(&plan, VERB_BENCHMARK);
		plan_help(&help, verbs, plan.verb, plan.help_group);
		promise(help.len);
		err = policy_check(&plan.policy);
		if (err)
			fuzz_refused(err, STATUS_USAGE);
	}
	buf_free(&help);
	free(text);
	return 0;
}
