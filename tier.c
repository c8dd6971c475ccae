// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier.c - main(), and what each verb does first and last.
 *
 * One executable, three lives: PID 1 of an emulated guest, a command on any
 * Linux machine, and the subject of tests with --root. getpid() == 1 is asked
 * in main() only; everything between does not know where it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "command.h"
#include "hog.h"
#include "init.h"
#include "latency.h"
#include "node.h"
#include "plan.h"
#include "policy.h"
#include "region.h"
#include "report.h"
#include "residence.h"
#include "run.h"
#include "show.h"
#include "supervise.h"
#include "sysfs.h"
#include "undo.h"
#include "util.h"
#include "watch.h"

/* An emulated full-size run takes 25 minutes; nothing sane takes an hour. */
#define INIT_DEADLINE_NS (UINT64_C(3600) * 1000000000)
/* Probes of CXL devices end within 0.3 s here; a busy machine gets more. */
#define REGION_TIMEOUT_NS (UINT64_C(15) * 1000000000)

/* ---------------------------------------------------------------- regions */

static int create_one(const struct region_plan *p)
{
	struct region_spec spec = { .memdev = p->memdev,
				    .decoder = p->decoder,
				    .size = p->size,
				    .timeout_ns = REGION_TIMEOUT_NS };
	uint64_t begin = now_ns();
	struct region region;
	int err = region_create(&spec, &region);

	if (err && err != -EEXIST)
		return err;
	show_region(&region, err ? -1 : (double)(now_ns() - begin) / 1e9);
	/* One that is there already is used, if it is of any use. */
	if (err && region.online < region.size)
		return err;
	if (err)
		report_say("         %s; it is used as it is\n",
			   fail_message());
	return 0;
}

/* --auto: all memdevs that have no region; a machine without any is fine. */
static int create_unassigned(const struct region_plan *p)
{
	struct region_devices devices;
	int err = region_devices(&devices, REGION_TIMEOUT_NS);

	if (!err && devices.without_ram && !devices.free_memdevs)
		report_say("region   %d CXL device%s without volatile memory: "
			   "no region of RAM for them\n",
			   devices.without_ram,
			   devices.without_ram > 1 ? "s" : "");
	for (int i = 0; !err && i < devices.free_memdevs; i++)
		err = create_one(p);
	return err;
}

static int do_region_create(const struct plan *plan)
{
	return plan->region.unassigned ? create_unassigned(&plan->region) :
					 create_one(&plan->region);
}

static int do_region_list(const struct plan *plan)
{
	struct region *regions;
	int n = region_list(&regions);

	(void)plan;
	for (int i = 0; i < n; i++)
		show_region(&regions[i], -1);
	if (n == 0)
		report_say("no CXL region\n");
	if (n > 0)
		free(regions);
	return n < 0 ? n : 0;
}

static int do_region_destroy(const struct plan *plan)
{
	int err = region_destroy(plan->region.name, 0, plan->dry_run,
				 plan->region.yes);

	if (!err)
		report_say("region   %s: %s\n", plan->region.name,
			   plan->dry_run ? "could be destroyed" : "destroyed");
	return err;
}

/* Without asking the kernel for the present figures, which takes time. */
static void show_damon(void)
{
	int on = damon_is_running();
	struct damon_moved m = { 0 };
	char hot[SIZE_TEXT], cold[SIZE_TEXT];

	if (on > 0)
		damon_moved(&m, false);
	report_begin("damon");
	if (on < 0)
		report_null("running");
	else
		report_bool("running", on);
	report_bool("damon_stat", damon_stat_has_it());
	report_bool("migrates", m.any);
	report_u64("hot_applied_bytes", m.hot_applied);
	report_u64("cold_applied_bytes", m.cold_applied);
	report_end();
	if (on == -ENOENT || on == -ENOTDIR)
		report_say("DAMON    absent: it needs CONFIG_DAMON_SYSFS and "
			   "CONFIG_DAMON_PADDR\n");
	else if (on < 0)
		report_say("DAMON    not to be seen: only root may look\n");
	else if (!on)
		report_say("DAMON    off%s\n",
			   damon_stat_has_it() ?
				   "; DAMON_STAT monitors, moves nothing" :
				   "");
	else
		report_say(
			"DAMON    running; migrated %s hot, %s cold when last asked (tier damon status)\n",
			format_size(hot, m.hot_applied),
			format_size(cold, m.cold_applied));
}

static int do_status(const struct plan *plan)
{
	struct region *regions = NULL;
	struct node *nodes;
	int nr_regions = region_list(&regions);
	int n = node_list(&nodes);

	(void)plan;
	if (n < 0) {
		free(regions);
		return n;
	}
	show_nodes(nodes, n, regions, nr_regions > 0 ? nr_regions : 0);
	for (int i = 0; i < nr_regions; i++)
		show_region(&regions[i], -1);
	show_tiers(nodes, n);
	report_say("\n");
	policy_show_now();
	report_say("\n");
	show_damon();
	free(nodes);
	free(regions);
	return 0;
}

static int do_damon_commit(const struct plan *plan)
{
	int err = damon_commit();

	(void)plan;
	if (!err)
		report_say("DAMON goes on with what was committed\n");
	return err;
}

static const struct {
	enum verb verb;
	int (*work)(const struct plan *plan);
} works[] = {
	{ VERB_GUPS, run_gups },
	{ VERB_REGION_CREATE, do_region_create },
	{ VERB_REGION_LIST, do_region_list },
	{ VERB_REGION_DESTROY, do_region_destroy },
	{ VERB_STATUS, do_status },
	{ VERB_POLICY_LIST, policy_do_list },
	{ VERB_POLICY_SHOW, policy_do_show },
	{ VERB_POLICY_RESTORE, policy_do_restore },
	{ VERB_POLICY, policy_do_apply },
	{ VERB_DAMON_START, damon_do_start },
	{ VERB_DAMON_STATUS, damon_do_status },
	{ VERB_DAMON_COMMIT, do_damon_commit },
	{ VERB_DAMON_STOP, damon_do_stop },
	{ VERB_DAMON_DUMP, damon_do_dump },
	{ VERB_RUN, command_run },
	{ VERB_HOG, hog_hold },
	{ VERB_VMSTAT, watch_run },
	{ VERB_LATENCY, latency_run },
	{ VERB_CHECK, check_do },
};

static int work(const struct plan *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(works); i++)
		if (works[i].verb == plan->verb)
			return works[i].work(plan);
	return misuse("%s is not a verb that does work",
		      plan_verb_name(plan->verb));
}

/* ------------------------------------------------------------- the lives */

/* --dry-run: what would be written, in order. */
static void show_write(void *arg, const char *path, const char *value)
{
	(void)arg;
	report_begin("write");
	report_str(value ? "path" : "action", path);
	report_str("value", value);
	report_end();
	if (value)
		report_say("%s <- %s\n", path, value);
	else
		report_say("%s\n", path);
}

/* The worker: its records go to the supervisor, and so does its failure. */
static enum status be_worker(const struct plan *plan)
{
	int err;

	fcntl(plan->worker.records_fd, F_SETFD, FD_CLOEXEC);
	report_to(plan->worker.records_fd);
	report_set_seq(plan->worker.seq);
	if (plan->json)
		report_quiet();
	err = plan->root ? sysfs_set_root(plan->root) : 0;
	if (plan->dry_run)
		sysfs_journal(show_write, NULL, true);
	if (!err)
		err = work(plan);
	if (!err && report_error())
		err = fail(-report_error(), "records or text were lost: %s",
			   strerror(-report_error()));
	if (!err)
		return STATUS_DONE;
	report_note("error", fail_message());
	return fail_status();
}

static int open_sinks(const struct plan *plan, bool init)
{
	int fd = -1;

	if (plan->records) {
		fd = open(plan->records,
			  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
			  0644);
		if (fd < 0)
			return fail(errno, "--records %s: %s", plan->records,
				    strerror(errno));
	} else if (init) {
		fd = init_records_port();
	}
	if (fd >= 0)
		report_to(fd);
	if (plan->json) {
		report_quiet();
		report_to(STDOUT_FILENO);
	}
	return 0;
}

static void refuse(struct supervised *result)
{
	result->status = fail_status();
	snprintf(result->reason, sizeof(result->reason), "%s", fail_message());
}

/* Memdevs without a region get one before libnuma of the work looks. */
static void make_regions(const struct plan *plan)
{
	static char *argv[] = { "tier", "region", "create", "--auto", NULL };
	struct supervise s = { .argc = 4,
			       .argv = argv,
			       .console = true,
			       .deadline_ns = 4 * REGION_TIMEOUT_NS };
	struct supervised result;

	if (plan->verb == VERB_REGION_CREATE || plan->root)
		return;
	supervise(&s, &result);
	/* The work may do without; if not, it says so itself. */
	if (result.status)
		report_warn("no CXL region: %s", result.reason);
}

static uint64_t deadline(const struct plan *plan, bool init)
{
	if (plan->deadline_ns != PLAN_NO_DEADLINE)
		return plan->deadline_ns;
	if (!init || (plan_is_benchmark(plan) && !plan->once))
		return 0;
	return INIT_DEADLINE_NS;
}

static void run_shell(void)
{
	struct supervise s = { .console = true, .shell = true };
	struct supervised ignored;

	report_say(
		"A busybox shell; \"exit\" powers off. tier --help explains.\n");
	/* What the user's last command returned is no verdict on the run. */
	supervise(&s, &ignored);
}

/* Its changes outlive it, if it succeeds. */
static bool is_lasting(const struct plan *plan)
{
	return plan->verb == VERB_POLICY || plan->verb == VERB_DAMON_START;
}

static int clear_leftovers(void)
{
	report_say(
		"an earlier run was killed; what it had changed is put back:\n");
	return policy_restore("run");
}

/*
 * One run at a time changes tunables. What a run that was killed left behind
 * is put back first: it would be taken for the machine's own.
 */
static int claim(const struct plan *plan, bool init, struct supervised *result)
{
	bool changes = plan_changes(plan), real = !plan->dry_run && !plan->root;
	bool left = real && undo_pending("run") && undo_is_free();
	int err = 0;

	if (changes)
		err = undo_lock(true);
	/* As PID 1: what else runs is what it starts, and may be tier. */
	else if (real && !init &&
		 (plan_is_benchmark(plan) || plan->verb == VERB_RUN))
		err = undo_lock(false);
	if (!err && left && changes && plan->verb != VERB_POLICY_RESTORE)
		err = clear_leftovers();
	if (left && !changes)
		report_warn("an earlier run was killed and left changes "
			    "behind: tier policy restore puts them back");
	if (err)
		refuse(result);
	return err;
}

/* However the work ended, by itself, by a signal or a crash. */
static void put_back(const struct plan *plan, const struct undo_state *before,
		     struct supervised *result)
{
	struct undo_result r = { 0 };

	if (plan->verb == VERB_RUN && !plan->dry_run)
		residence_close();
	if (!plan_changes(plan))
		return;
	if (is_lasting(plan) && result->status)
		undo_back_to("policy", before, &r);
	if (r.done)
		report_say("put back %u change%s\n", r.done,
			   r.done == 1 ? "" : "s");
	if (r.failed)
		report_warn("%s; tier policy restore tries again", r.reason);
	if (r.foreign)
		report_warn("another program changed what was set here: %s",
			    r.foreign_first);
	if (!undo_pending("run") || !policy_restore("run"))
		return;
	report_warn("%s", fail_message());
	if (!result->status)
		refuse(result);
}

/* What only looks is done here: it is over in half the time. */
static bool is_look(const struct plan *plan)
{
	static const enum verb looks[] = { VERB_STATUS,	     VERB_POLICY_LIST,
					   VERB_POLICY_SHOW, VERB_DAMON_STATUS,
					   VERB_DAMON_DUMP,  VERB_VMSTAT,
					   VERB_CHECK };

	for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
		if (plan->verb == looks[i])
			return plan->deadline_ns == PLAN_NO_DEADLINE &&
			       (plan->verb != VERB_DAMON_STATUS ||
				!plan->damon.regions);
	return false;
}

static void do_work(const struct supervise *s, const struct plan *plan,
		    struct supervised *result)
{
	struct undo_state before = { 0 };

	if (claim(plan, s->console, result))
		return;
	if (is_look(plan) && !s->console) {
		if (work(plan))
			refuse(result);
		return;
	}
	if (plan_changes(plan)) {
		/* They are for the work; what was changed is put back. */
		signals_hold();
		undo_look("policy", &before);
	}
	supervise(s, result);
	put_back(plan, &before, result);
}

/* Results of a moment, or of a run, say where they are from. */
static bool has_header(const struct plan *plan)
{
	return plan->verb == VERB_GUPS || plan->verb == VERB_RUN ||
	       plan->verb == VERB_STATUS || plan->verb == VERB_REGION_CREATE ||
	       plan->verb == VERB_LATENCY ||
	       (plan->verb == VERB_CHECK && !plan->check.list);
}

/* Found out once: it takes reading, and does not change. */
static struct node_machine machine;

static void lead(const struct plan *plan, int argc, char **argv, bool init,
		 struct supervised *result)
{
	struct supervise s = { .argc = argc,
			       .argv = argv,
			       .console = init,
			       .deadline_ns = deadline(plan, init) };

	if (plan->root && sysfs_set_root(plan->root)) {
		refuse(result);
		return;
	}
	if (!init || plan->root) /* as PID 1: settle_in() has asked */
		node_machine(&machine);
	if (!init && has_header(plan))
		show_header(argc, argv, &machine);
	show_environment(argc, argv, &machine);
	if (init)
		make_regions(plan);
	if (plan->verb && !is_look(plan) && !plan->root)
		check_log_begin();
	if (plan->verb)
		do_work(&s, plan, result);
	check_log_end(init);
	/* Interrupted at the console without --once: look around by hand. */
	if (init && (!plan->verb || (plan_is_benchmark(plan) && !plan->once)))
		run_shell();
}

static int help(enum verb verb)
{
	struct textbuf text = { 0 };

	plan_help(&text, verb);
	report_say("%s", text.text);
	buf_free(&text);
	return STATUS_DONE;
}

/* Everything that writes records: supervised, and with an end record. */
static int be_supervisor(int parsed, const struct plan *plan, int argc,
			 char **argv, bool init)
{
	/* Bad arguments change nothing: not even --records FILE is made. */
	static const struct plan none;
	struct supervised result = { 0 };

	if (open_sinks(parsed ? &none : plan, init) || parsed)
		refuse(&result);
	if (!result.status)
		lead(plan, argc, argv, init, &result);
	return supervise_end(&result);
}

/*
 * Who waits at the console sees at once that it has begun; the modules take
 * as long as the rest of the way to the first table.
 */
static void settle_in(int argc, char **argv, bool json)
{
	struct fail_state bad_usage;

	fail_save(&bad_usage);
	node_machine(&machine);
	if (!json)
		show_header(argc, argv, &machine);
	init_modules();
	fail_restore(&bad_usage);
}

/*
 * Whoever makes this set-uid gives root away ("tier run", --records): it goes
 * back to whom it was started by, before it looks at anything.
 */
static bool drop_privileges(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (uid == geteuid() && gid == getegid())
		return true;
	return !setresgid(gid, gid, gid) && !setresuid(uid, uid, uid);
}

int main(int argc, char **argv)
{
	bool init = getpid() == 1;
	struct plan plan;
	int err, status;

	if (!drop_privileges())
		return STATUS_FAILED;
	if (init) {
		init_begin();
		check_log_begin();
	}
	/* A reader that goes away is an error of a write, not our death. */
	signal(SIGPIPE, SIG_IGN);
	err = plan_parse(&plan, argc, argv);
	if (init)
		settle_in(argc, argv, !err && plan.json);
	if (!err && plan.version) {
		report_say("tier " TIER_VERSION "\n");
		status = STATUS_DONE;
	} else if (!err && plan.help) {
		status = help(plan.verb);
	} else if (!err && plan.worker.is_worker) {
		status = be_worker(&plan);
	} else if (!err && !plan.verb && !init) {
		help(VERB_NONE);
		status = STATUS_USAGE;
	} else {
		if (!err)
			err = policy_check(&plan.policy);
		status = be_supervisor(err, &plan, argc, argv, init);
	}
	if (init)
		init_end();
	return report_error() && !status ? STATUS_FAILED : status;
}
