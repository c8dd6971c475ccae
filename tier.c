// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier.c - main(), the verbs, and the order of a run.
 *
 * One executable, three lives: PID 1 of an emulated guest, a command on any
 * Linux machine, and the subject of tests with --root. getpid() == 1 is asked
 * in main() only, and whether it is the machine's PID 1 or a container's, where
 * tier is a command; everything between does not know where it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check.h"
#include "cmd/plan.h"
#include "cmd/policy_restore.h"
#include "cmd/show.h"
#include "cmd/verbs.h"
#include "init.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/machine.h"
#include "mm/undo.h"
#include "supervise.h"
#include "sysfs.h"
#include "tiering/policy.h"

/* An emulated full-size run takes 25 minutes; nothing sane takes an hour. */
#define INIT_DEADLINE_NS (UINT64_C(3600) * 1000000000)
/* To make CXL regions as PID 1 takes 0.3 s; a busy machine gets more. */
#define REGIONS_DEADLINE_NS (UINT64_C(60) * 1000000000)
/* A gigabyte takes a busy emulator less to write. */
#define SCRIPT_DEADLINE_NS (UINT64_C(600) * 1000000000)
/* For a FIFO's reader to come. */
#define READER_NS (UINT64_C(8) * 1000000000)
#define POLL_NS (UINT64_C(10) * 1000000)

static const struct verb *const verbs[] = { VERBS(VERBS_POINTER) NULL };

/* ------------------------------------------------------------- the lives */

REPORT_RECORD(write_record, "write", "of --dry-run: a write that would be made",
	      "path s the kernel's file\n"
	      "action s what would be done besides writes, e.g. mounting\n"
	      "value s what would be written; null: it is an action\n");

/* --dry-run: what would be written, in order. */
static void show_write(void *arg, const char *path, const char *value)
{
	(void)arg;
	report_begin(&write_record);
	report_str(value ? "path" : "action", path);
	report_str("value", value);
	report_end();
	if (value)
		report_say("%s <- %s\n", path, value);
	else
		report_say("%s\n", path);
}

/* While somebody does not read what we say: until a signal that is held. */
static bool goes_on(uint64_t waited_ns)
{
	(void)waited_ns;
	return !wait_is_stopped();
}

/* The worker: its records go to the supervisor, and so does its failure. */
static enum status be_worker(const struct plan *plan)
{
	int err;

	fcntl(plan->worker.records_fd, F_SETFD, FD_CLOEXEC);
	report_to(plan->worker.records_fd);
	report_set_seq(plan->worker.seq);
	report_patience(goes_on);
	if (plan->json)
		report_quiet();
	err = plan->root ? sysfs_set_root(plan->root) : 0;
	if (plan->dry_run)
		sysfs_journal(show_write, NULL, true);
	if (!err)
		err = plan->verb->work(plan);
	if (!err && report_error())
		err = fail(-report_error(), "records or text were lost: %s",
			   strerror(-report_error()));
	if (!err)
		return STATUS_DONE;
	report_note("error", fail_message());
	return fail_status();
}

/* ------------------------------------------------------------ the records */

static int records_lost(const char *name, int err)
{
	return fail(err, "--records %s: %s", name,
		    err == EWOULDBLOCK ? "another run of tier writes to it" :
		    err == ENXIO       ? "nobody reads it" :
					 strerror(err));
}

/*
 * Standard output or error, if that file is theirs, too: from one descriptor what
 * is written follows what was, from two it would be written over it. -1: neither.
 */
static int standard_of(const struct stat *file)
{
	struct stat st;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (!fstat(fd, &st) && st.st_dev == file->st_dev &&
		    st.st_ino == file->st_ino &&
		    (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
			return fd;
	return -1;
}

/*
 * The file of --records, open and ours alone, but not yet emptied: what is in
 * it stays until the run is allowed. A FIFO is waited for, not for ever. Who else
 * empties it meanwhile, as what rotates logs does, leaves no hole in it.
 */
static int open_records(const char *name)
{
	uint64_t end = now_ns() + READER_NS;
	struct stat st;
	int fd, out;

	for (;;) {
		fd = open(name,
			  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY |
				  O_NONBLOCK,
			  0666);
		if (fd >= 0 || errno != ENXIO || stat(name, &st) ||
		    !S_ISFIFO(st.st_mode) || now_ns() >= end)
			break;
		sleep_ns(POLL_NS);
		if (wait_is_stopped())
			break;
	}
	if (fd < 0)
		return records_lost(name, errno);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return fd;
	out = standard_of(&st);
	if (out < 0 && (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK))
		return fd;
	close(fd);
	return out < 0 ? records_lost(name, EWOULDBLOCK) :
			 fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* A run that is refused leaves another's records as they are. */
static int begin_records(const char *name, int fd, bool refused)
{
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && standard_of(&st) < 0) {
		if (refused && st.st_size)
			return 0;
		if (ftruncate(fd, 0))
			return records_lost(name, errno);
	}
	report_to(fd);
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
			       .deadline_ns = REGIONS_DEADLINE_NS };
	struct supervised result;

	if (plan_is(plan, VERB_REGIONS) || plan->root)
		return;
	supervise(&s, &result);
	/* The work may do without; if not, it says so itself. */
	if (result.status)
		report_warn("no CXL region: %s", result.reason);
	if (undo_pending("run"))
		restore_log("run");
}

static uint64_t deadline(const struct plan *plan, bool init)
{
	if (plan->deadline_ns != PLAN_NO_DEADLINE)
		return plan->deadline_ns;
	if (!init || (plan_is(plan, VERB_BENCHMARK) && !plan->once))
		return 0;
	return INIT_DEADLINE_NS;
}

/*
 * What the image has to be done before and after the work, such as taking files
 * out. What goes wrong there is the run's failure, if nothing was before.
 */
static void run_script(const char *script, struct supervised *result)
{
	struct supervise s = { .console = true,
			       .script = script,
			       .deadline_ns = SCRIPT_DEADLINE_NS };
	struct supervised done;

	if (!sysfs_exists("%s", script))
		return;
	supervise(&s, &done);
	if (done.status && !result->status)
		*result = done;
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

/* One run at a time changes tunables, and none while another measures. */
static int claim(const struct plan *plan, bool init)
{
	if (plan_is(plan, VERB_RESTORES))
		return undo_lock(UNDO_LOCK_RESTORE);
	if (plan_changes(plan))
		return undo_lock(UNDO_LOCK_CHANGE);
	/* As PID 1: what else runs is what it starts, and may be tier. */
	if (plan->dry_run || plan->root || init ||
	    !plan_is(plan, VERB_BENCHMARK | VERB_WORKLOAD))
		return 0;
	return undo_lock(UNDO_LOCK_MEASURE);
}

/*
 * What a run that was killed left behind is put back first: it would be taken
 * for the machine's own.
 */
static int clear_leftovers(const struct plan *plan)
{
	if (plan->dry_run || plan->root || plan_is(plan, VERB_RESTORES) ||
	    !undo_pending("run"))
		return 0;
	if (plan_changes(plan)) {
		report_say(
			"an earlier run was killed; what it had changed is put back:\n");
		return restore_log("run");
	}
	if (undo_is_free())
		report_warn("an earlier run was killed and left changes "
			    "behind: tier policy restore puts them back");
	return 0;
}

/* However the work ended, by itself, by a signal or a crash. */
static void put_back(const struct plan *plan, const struct undo_state *before,
		     bool ours, struct supervised *result)
{
	struct undo_result r = { 0 };

	if (plan->verb->clean_up && !plan->dry_run)
		plan->verb->clean_up();
	/* Where the machine is its own a run changes a little by itself. */
	if (!plan_changes(plan) && !ours)
		return;
	if (plan_is(plan, VERB_LASTING) && result->status)
		undo_back_to("policy", before, &r);
	if (r.done)
		report_say("put back %u change%s\n", r.done,
			   r.done == 1 ? "" : "s");
	if (r.failed)
		report_warn("%s; tier policy restore tries again", r.reason);
	if (r.foreign)
		report_warn("another program changed what was set here: %s",
			    r.foreign_first);
	if (!undo_pending("run") || !restore_log("run"))
		return;
	report_warn("%s", fail_message());
	if (!result->status)
		refuse(result);
}

/* What only looks is done here: it is over in half the time. */
static bool is_look(const struct plan *plan)
{
	return plan_is(plan, VERB_LOOKS) && !plan->takes_time &&
	       plan->deadline_ns == PLAN_NO_DEADLINE;
}

static void do_work(const struct supervise *s, const struct plan *plan,
		    bool here, struct supervised *result)
{
	struct undo_state before = { 0 };
	int err = clear_leftovers(plan);

	if (!err && here)
		err = plan->verb->work(plan);
	if (err)
		refuse(result);
	if (err || here)
		return;
	if (plan_changes(plan))
		undo_look("policy", &before);
	supervise(s, result);
	put_back(plan, &before, s->console && !plan->root, result);
}

/* Found out once: it takes reading, and does not change. */
static struct machine machine;

static void lead(const struct plan *plan, int argc, char **argv, bool init,
		 bool here, struct supervised *result)
{
	struct supervise s = { .argc = argc,
			       .argv = argv,
			       .console = init,
			       .passes = plan_is(plan, VERB_PROGRAM) };

	if (!init || plan->root) /* as PID 1: settle_in() has asked */
		machine_read(&machine);
	if (!init && plan_is(plan, VERB_HEADER) && !plan->no_header)
		show_header(argc, argv, &machine);
	show_environment(argc, argv, &machine);
	if (init) {
		run_script("/etc/tier/begin", result);
		make_regions(plan);
	}
	if (plan->verb && !is_look(plan) && !plan->root)
		check_log_begin();
	if (plan->verb && !result->status)
		do_work(&s, plan, here, result);
	check_log_end(init);
	/* Interrupted at the console without --once: look around by hand. */
	if (init &&
	    (!plan->verb || (plan_is(plan, VERB_BENCHMARK) && !plan->once)))
		run_shell();
	if (init)
		run_script("/etc/tier/end", result);
}

static int help(const struct verb *verb, const char *group)
{
	struct textbuf text = { 0 };

	plan_help(&text, verbs, verb, group);
	report_say("%s", text.text);
	buf_free(&text);
	report_say_lost();
	return STATUS_DONE;
}

/* All that can be refused before anything is said. */
static int prepare(const struct plan *plan, bool init, bool here)
{
	int fd = -1, err = 0, refused;

	if (here)
		report_patience(goes_on);
	else
		err = supervise_begin(deadline(plan, init), init);
	if (!err && plan->root)
		err = sysfs_set_root(plan->root);
	if (!err && plan->records)
		fd = open_records(plan->records);
	else if (init)
		fd = init_records_port();
	if (plan->json) {
		report_quiet();
		report_to(STDOUT_FILENO);
	}
	if (err || (plan->records && fd < 0))
		return err ? err : fd;
	refused = claim(plan, init);
	if (fd >= 0)
		err = begin_records(plan->records, fd, refused);
	return refused ? refused : err;
}

/* Everything that writes records: supervised, and with an end record. */
static int be_supervisor(int parsed, const struct plan *plan, int argc,
			 char **argv, bool init, bool pid1)
{
	/* Bad arguments change nothing: not even --records FILE is made. */
	static struct plan none; /* const, it would lie in the file */
	struct supervised result = { 0 };
	/* A PID 1 is deaf to signals that it does not hold. */
	bool here = parsed || (is_look(plan) && !pid1);

	if (parsed)
		refuse(&result);
	if (prepare(parsed ? &none : plan, init, here) && !parsed)
		refuse(&result);
	if (!result.status)
		lead(plan, argc, argv, init, here, &result);
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
	machine_read(&machine);
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
	/* There are no threads yet that libc would have to do it for, too. */
	return !syscall(SYS_setresgid, gid, gid, gid) &&
	       !syscall(SYS_setresuid, uid, uid, uid);
}

/* What is opened next would be written to as if it were one of these. */
static void open_standard(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			open("/", O_RDONLY | O_DIRECTORY);
}

/* On less the kernel would end us without a word, in the middle of something. */
#define STACK_MIN (256 * KIB)

static int check_stack(void)
{
	struct rlimit stack;

	return getrlimit(RLIMIT_STACK, &stack) || stack.rlim_cur >= STACK_MIN ?
		       0 :
		       fail(ENOMEM,
			    "a stack of %ju KiB is too small: ulimit -s 256, or more",
			    (uintmax_t)stack.rlim_cur / KIB);
}

int main(int argc, char **argv)
{
	bool pid1 = getpid() == 1, init = pid1 && init_is_ours();
	struct plan plan;
	int err, status;

	if (!drop_privileges())
		return STATUS_FAILED;
	wait_take_signals();
	if (init) {
		init_begin();
		argc = init_own_words(argc, argv);
		check_log_begin();
	}
	open_standard();
	err = plan_parse(&plan, verbs, argc, argv);
	if (!err)
		err = check_stack();
	if (init)
		settle_in(argc, argv, !err && plan.json);
	if (!err && plan.version) {
		report_say("tier " TIER_VERSION "\n");
		report_say_lost();
		status = STATUS_DONE;
	} else if (!err && plan.help) {
		status = help(plan.verb, plan.help_group);
	} else if (!err && plan.worker.is_worker) {
		status = be_worker(&plan);
	} else if (!err && !plan.verb && !init) {
		help(NULL, NULL);
		status = STATUS_USAGE;
	} else {
		if (!err)
			err = policy_check(&plan.policy);
		status = be_supervisor(err, &plan, argc, argv, init, pid1);
	}
	if (report_error() && !status)
		status = STATUS_FAILED;
	return init ? init_end(status) : status;
}
