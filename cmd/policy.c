// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - tier policy NAME: the tunables are set, and DAMON is started
 * where NAME uses it.
 */
#include <errno.h>

#include "cmd/policy_restore.h"
#include "cmd/verbs.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/cgroup.h"
#include "mm/undo.h"
#include "sysfs.h"
#include "tiering/policy.h"

static void say_applied(const struct policy *p, const struct policy_plan *plan,
			double seconds)
{
	const char *group = policy_group(p);
	char time[SIZE_TEXT];

	policy_record(plan, seconds, (double)policy_sample_us(p) / 1e6);
	report_say(
		"policy   %s set in %s; tier policy restore puts back what was\n",
		plan->name, format_seconds(time, seconds));
	if (policy_is_weighted(p))
		report_say(
			"weights  are for programs that ask for them (numactl --weighted-interleave=all)\n");
	if (group)
		report_say(
			"cgroup   %s/%s: %s its processes alone:\n"
			"         echo PID > %s/%s/cgroup.procs, before PID allocates\n",
			CGROUP_DIR, group,
			policy_sample_us(p) ? "DAMON moves the pages of" :
					      "its limits are of",
			CGROUP_DIR, group);
}

static const struct verb_option options[] = {
	{ "set", "KEY=VALUE", option_set,
	  "and change a tunable of it; see tier policy show" },
	{ 0 },
};

static int take(struct plan *plan, int n, char **operand)
{
	if (n != 1)
		return misuse(
			"policy needs a name or a file (or list, show, restore); see tier policy list");
	plan->policy.name = operand[0];
	return 0;
}

/*
 * All that can be refused is refused before the policy in force is taken back:
 * one at a time, so that what was before the first one is kept.
 */
static int work(const struct plan *plan)
{
	uint64_t began = now_ns();
	struct policy *p = policy_new(&plan->policy, false);
	int err = p ? policy_check_here(p) : -EINVAL;

	if (!err && policy_has_daemon(p))
		err = misuse(
			"policy %s has a daemon, which lives while something runs: tier run --policy, or gups --policy",
			plan->policy.name);
	if (!err && policy_is_oracle(p))
		err = misuse(
			"policy %s moves the pages of what runs, while it runs: tier run --policy, or gups --policy",
			plan->policy.name);
	if (!err && !sysfs_is_dry())
		err = restore_log("policy");
	if (!err)
		err = undo_begin("policy");
	if (!err)
		err = policy_apply(p);
	if (!err)
		err = policy_start(p, NULL);
	/* What failed half-way is taken back by the supervisor. */
	if (!err && !sysfs_is_dry())
		say_applied(p, &plan->policy, (double)(now_ns() - began) / 1e9);
	policy_free(p);
	return err;
}

const struct verb verb_policy = {
	.name = "policy",
	.operands = "NAME",
	.summary = "set the tunables, and start DAMON where NAME uses it",
	.flags = VERB_CHANGES | VERB_LASTING | VERB_DRY_RUN | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
