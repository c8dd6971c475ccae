// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_restore.c - tier policy restore: everything is put back as it was.
 */
#include <string.h>

#include "cmd/policy_restore.h"
#include "cmd/verbs.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/undo.h"
#include "tiering/node_usage.h"

REPORT_RECORD(restore_record, "restore", "what was put back",
	      "log s run, policy, or tier-run: cgroups of tier run\n"
	      "done u:changes taken back\n"
	      "failed u:changes that could not be\n"
	      "reason s of the first failure\n"
	      "foreign u:changes that another program had made meanwhile\n"
	      "foreign_first s the first of those\n"
	      "elapsed_s r it took\n"
	      "cpu_s r CPU time of it\n");

static void say_restored(const char *log, const struct undo_result *r,
			 double seconds, double cpu)
{
	char time[SIZE_TEXT];

	report_begin(&restore_record);
	report_str("log", log);
	report_u64("done", r->done);
	report_u64("failed", r->failed);
	report_str("reason", r->reason[0] ? r->reason : NULL);
	report_u64("foreign", r->foreign);
	report_str("foreign_first", r->foreign ? r->foreign_first : NULL);
	report_real("elapsed_s", seconds);
	report_real("cpu_s", cpu);
	report_end();
	report_say("restored %u change%s in %s%s\n", r->done,
		   r->done == 1 ? "" : "s", format_seconds(time, seconds),
		   r->failed ? ", others failed" : "");
	if (r->foreign)
		report_warn(
			"another program changed %u of what was set here: %s",
			r->foreign, r->foreign_first);
}

static int restore(const char *log,
		   int (*take_back)(const char *log, struct undo_result *r))
{
	uint64_t began = now_ns(), cpu = thread_cpu_ns();
	bool any = undo_pending(log);
	struct undo_result r;
	int err = take_back(log, &r); /* one that is empty is removed */

	if (!any)
		return 0;
	if (err > 0) {
		report_say(
			"a tier run is under way: its cgroup stays until it ends\n");
		return 0;
	}
	say_restored(log, &r, (double)(now_ns() - began) / 1e9,
		     (double)(thread_cpu_ns() - cpu) / 1e9);
	return err ? fail_in(err,
			     "not all was put back (tier policy restore tries again)") :
		     0;
}

int restore_log(const char *log)
{
	return restore(log, undo_restore);
}

static int work(const struct plan *plan)
{
	static const char *const logs[] = { "run", "policy", NODE_USAGE_LOG };
	struct worst worst = { 0 };
	bool any = false;

	(void)plan;
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		bool shared = !strcmp(logs[i], NODE_USAGE_LOG);
		int err;

		any |= undo_pending(logs[i]);
		err = restore(logs[i],
			      shared ? undo_restore_shared : undo_restore);
		if (err)
			worst_keep(&worst, err, 0);
	}
	if (!any)
		report_say("nothing to restore: tier has changed nothing\n");
	return worst.err ? worst_raise(&worst) : 0;
}

const struct verb verb_policy_restore = {
	.name = "policy restore",
	.operands = "",
	.summary = "put everything back as it was before",
	.flags = VERB_CHANGES | VERB_RESTORES,
	.work = work,
};
