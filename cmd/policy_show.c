// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_show.c - tier policy show: the tunables as they are, and as a policy wants
 * them.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd/policy_show.h"
#include "cmd/verbs.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "tiering/policy.h"
#include "tiering/policy_file.h"
#include "tiering/tunables.h"

REPORT_RECORD(tunable_record, "tunable", "a tunable of memory tiering",
	      "key s its name here\n"
	      "path s its file\n"
	      "now s what is read; null: absent, or not to be read\n"
	      "default s the kernel's; null: as it is found\n"
	      "wanted s by the policy asked for\n"
	      "unit s of the value\n"
	      "needs s what a kernel must have for it\n"
	      "help s what it does\n");

static const struct report_column columns[] = {
	{ "key", "tunable", -38 },   { "now", "now", 9 },
	{ "default", "default", 8 }, { "wanted", "wanted", 9 },
	{ NULL, "unit", -7 },
};

static void text_meaning(const struct tunable *t)
{
	if (t->kind == TUNABLE_CHOICE)
		report_wrap("      ", "      %s (%s)", t->help, t->choices);
	else if (t->kind == TUNABLE_TRUTH)
		report_wrap("      ", "      %s (true, false)", t->help);
	else
		report_wrap("      ", "      %s (%llu to %llu)", t->help,
			    (unsigned long long)t->min,
			    (unsigned long long)t->max);
}

struct view {
	struct policy *policy; /* whose wishes stand beside; NULL: none's */
	bool brief; /* no explanations */
};

static void show_one(const struct tunable *t, int node, void *arg)
{
	const struct view *view = arg;
	struct policy *p = view->policy;
	const char *wanted = p ? policy_wants(p, t, node) : NULL;
	char key[64], value[24], path[PATH_MAX];
	const char *now = tunables_read(value, t, node);

	report_begin_row(&tunable_record, columns, p ? 5 : 3);
	report_str("key", tunables_key(key, t, node));
	report_str("path", tunables_path(path, t, node));
	report_str("now", now == value ? now : NULL);
	report_str("default", t->def);
	report_str("wanted", wanted);
	report_str("unit", *t->unit ? t->unit : NULL);
	report_str("needs", t->needs);
	report_str("help", t->help);
	report_cell("now", "%s", now);
	report_cell("unit", "%s", t->unit);
	report_end();
	if (view->brief)
		return;
	text_meaning(t);
	if (now != value)
		report_wrap("      ", "      %s: needs %s", now, t->needs);
}

void show_tunables(struct policy *p, bool brief)
{
	struct view view = { p, brief };

	report_head(columns, p ? 5 : 3);
	tunables_walk(show_one, &view);
}

static int take(struct plan *plan, int n, char **operand)
{
	if (n > 1)
		return misuse("policy show takes one name, what is \"%s\"?",
			      operand[1]);
	plan->policy.name = n ? operand[0] : NULL;
	if (plan->policy_file && !n)
		return misuse("--file needs a policy; see tier policy list");
	return 0;
}

REPORT_RECORD(policy_text, "policy_text", "a policy as a file",
	      "policy s as it was asked for\n"
	      "text s what is in the file\n"
	      "files[] s what it names beside itself\n");

static void record_beside(const char *path)
{
	report_str(NULL, path);
}

static int show_file(const char *name)
{
	struct policy_file *f = policy_file_read(name);

	if (!f)
		return -EINVAL;
	report_begin(&policy_text);
	report_str("policy", f->name);
	report_str("text", f->original);
	report_open("files", '[');
	policy_file_beside(f, record_beside);
	report_close(']');
	report_end();
	if (!f->path)
		report_say(
			"# %s, as tier has it. Tunables that are not named get the kernel's defaults.\n",
			f->name);
	report_say("%s", f->original);
	policy_file_free(f);
	return 0;
}

static int set_file(struct plan *plan, const char *arg)
{
	(void)arg;
	plan->policy_file = true;
	return 0;
}

static const struct verb_option options[] = {
	{ "file", NULL, set_file, "print NAME as a file, to make another of" },
	{ 0 },
};

static int work(const struct plan *plan)
{
	struct policy *p;

	if (plan->policy_file)
		return show_file(plan->policy.name);
	p = policy_new(&plan->policy, false);
	/* Without a name, or where the preset cannot work: what is so now. */
	if (!p && plan->policy.name)
		report_warn("%s", fail_message());
	show_tunables(plan->policy.name ? p : NULL, false);
	policy_free(p);
	return 0;
}

const struct verb verb_policy_show = {
	.name = "policy show",
	.operands = "[NAME]",
	.summary = "the tunables: now, default, and what NAME wants",
	.flags = VERB_LOOKS | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
