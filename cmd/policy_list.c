// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_list.c - tier policy list: the policies there are.
 */
#include <errno.h>
#include <stddef.h>

#include "cmd/verbs.h"
#include "lib/report.h"
#include "lib/text.h"
#include "tiering/policy_file.h"

REPORT_RECORD(preset_record, "preset", "a policy that there is",
	      "policy s its name\n"
	      "help s what it is for\n"
	      "values s KEY=VALUE other than the defaults\n"
	      "damon b it uses DAMON\n");

static void record(const struct policy_file *f)
{
	struct textbuf values = { 0 };
	char key[TUNABLES_KEY];

	buf_add(&values, "%s", "");
	for (int i = 0; i < f->nr_sets; i++)
		buf_add(&values, "%s%s=%s", i ? " " : "",
			tunables_key(key, f->sets[i].t, f->sets[i].node),
			f->sets[i].value);
	report_begin(&preset_record);
	report_str("policy", f->name);
	report_str("help", f->about);
	report_str("values", values.text);
	report_bool("damon", f->damon != DAMON_NONE);
	report_end();
	buf_free(&values);
}

static int work(const struct plan *plan)
{
	(void)plan;
	for (const struct policy_preset *s = policy_presets; s->name; s++) {
		struct policy_file *f = policy_file_read(s->name);

		if (!f)
			return -EINVAL;
		record(f);
		report_wrap("             ", "%-12s %s", f->name, f->about);
		policy_file_free(f);
	}
	report_say(
		"\ntier --dry-run policy NAME shows every write it makes; tier policy show NAME\n"
		"--file prints it as a file, to make another one of: NAME may be a file's path.\n");
	return 0;
}

const struct verb verb_policy_list = {
	.name = "policy list",
	.operands = "",
	.summary = "the policies, and what each is for",
	.flags = VERB_LOOKS | VERB_ROOT,
	.work = work,
};
