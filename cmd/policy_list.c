// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_list.c - tier policy list: the policies there are.
 */
#include <stddef.h>

#include "cmd/verbs.h"
#include "lib/report.h"
#include "tiering/policy.h"

REPORT_RECORD(preset_record, "preset", "a policy that there is",
	      "policy s its name\n"
	      "help s what it is for\n"
	      "values s KEY=VALUE other than the defaults\n"
	      "damon b it uses DAMON\n");

static int work(const struct plan *plan)
{
	(void)plan;
	for (const struct policy_preset *s = policy_presets; s->name; s++) {
		report_begin(&preset_record);
		report_str("policy", s->name);
		report_str("help", s->help);
		report_str("values", s->values);
		report_bool("damon", s->damon != DAMON_NONE);
		report_end();
		report_wrap("             ", "%-12s %s", s->name, s->help);
	}
	report_say(
		"\ntier --dry-run policy NAME shows every write it makes.\n");
	return 0;
}

const struct verb verb_policy_list = {
	.name = "policy list",
	.operands = "",
	.summary = "the policies, and what each is for",
	.flags = VERB_LOOKS | VERB_ROOT,
	.work = work,
};
