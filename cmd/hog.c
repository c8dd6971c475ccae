// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog.c - tier hog: memory of a node is taken, and held.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>

#include "bench/hog.h"
#include "cmd/verbs.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

/* Until the time is over, or somebody says so; all of them killed: -ECHILD. */
static int hold(struct hogs *hogs, uint64_t duration_ns)
{
	uint64_t begin = now_ns(), gone = 0;
	int have = hog_count(hogs);
	struct hog_state first;

	while (!interrupted && (!duration_ns || gone < duration_ns)) {
		int alive = hog_tick(hogs, (double)gone / 1e9, -1);

		if (!alive && hog_state(hogs, 0, &first))
			return fail(
				ECHILD,
				"the memory is no longer held: signal %d killed what held it (the OOM killer's is 9; dmesg tells)",
				first.killed_by);
		if (alive < have)
			report_warn("a hog was killed; the others go on");
		have = alive;
		sleep_ns(100000000);
		gone = now_ns() - begin;
	}
	return 0;
}

static int work(const struct plan *plan)
{
	char time[SIZE_TEXT];
	struct fail_state why;
	struct hogs *hogs;
	int err;

	if (plan->dry_run)
		return hog_rehearse(&plan->hogs, NULL);
	wait_catch_signals(on_signal);
	err = hog_start(&hogs, &plan->hogs, NULL, &interrupted,
			plan->worker.below_init);
	if (!err)
		hog_show_start(hogs);
	if (err)
		return err;
	report_say("         holding%s%s; interrupt to release\n",
		   plan->hold_ns ? " for " : "",
		   plan->hold_ns ?
			   format_seconds(time, (double)plan->hold_ns / 1e9) :
			   "");
	err = hold(hogs, plan->hold_ns);
	/* Why it ended, whatever its pages say of it now */
	fail_save(&why);
	hog_show_end(hogs, true);
	hog_stop(hogs);
	fail_restore(&why);
	return err;
}

static int take(struct plan *plan, int n, char **operand)
{
	int err = 0;

	if (!n)
		return misuse("hog needs a node and a size, e.g. tier hog "
			      "node0:free=200M");
	for (int i = 0; i < n && !err; i++)
		err = hog_parse(&plan->hogs, operand[i]);
	for (int i = 0; i < plan->hogs.nr && !err; i++)
		if (plan->hogs.hog[i].release_ns ||
		    plan->hogs.hog[i].release_percent)
			err = misuse(
				"release= is of a run's --hog: tier hog ends after --duration TIME");
	return err;
}

static int set_duration(struct plan *p, const char *arg)
{
	return option_duration("--duration", arg, &p->hold_ns);
}

static const struct verb_option options[] = {
	{ "duration", "TIME", set_duration,
	  "hold it so long (until interrupted)" },
	{ 0 },
};

static const char notes[] =
	"  node0:6000M       take 6000 MiB of node 0; several may be named: of\n"
	"                    those on one node each finds what the ones before left\n"
	"  node0:free=200M   take all but 200 MiB of what is free there\n"
	"It is anonymous memory in 4 KiB pages, bound to the node while it is taken,\n"
	"touched once, and left to the kernel then, which may demote it. Words:\n"
	"  warm[=TIME]       touch each page again, once in TIME (1s)\n"
	"  lock              mlocked and kept bound: reclaim and NUMA balancing leave\n"
	"                    it there; DAMON does not\n"
	"  thp               in transparent huge pages\n"
	"  release=TIME|N%   of --hog: given back in the middle of the timed part,\n"
	"                    after TIME or N percent of it\n"
	"What would end in the OOM killer is refused; should it come, it takes the hog.\n";

const struct verb verb_hog = {
	.name = "hog",
	.operands = "NODE:SIZE[,WORD]... | NODE:free=SIZE[,WORD]...",
	.summary = "take memory of a node, and hold it",
	.notes = notes,
	.flags = VERB_DRY_RUN | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
