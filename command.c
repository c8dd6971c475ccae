// SPDX-License-Identifier: GPL-2.0-only
/*
 * command.c - "tier run": any program, and what the counters did meanwhile.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "session.h"
#include "table.h"
#include "util.h"

/* What a shell says of a program that it cannot execute, or find. */
#define CANNOT_EXECUTE 126
#define NOT_FOUND 127

static volatile sig_atomic_t child;

static void pass_on(int signal)
{
	if (child > 0)
		kill(child, signal);
}

static void catch_signals(void)
{
	/* SA_RESTART: waitpid() below goes on. */
	struct sigaction action = { .sa_handler = pass_on,
				    .sa_flags = SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void execute(const struct session *s, char **argv)
{
	if (s->policy && policy_is_weighted(s->policy) &&
	    table_weigh_process()) {
		report_warn("%s", fail_message());
		_exit(CANNOT_EXECUTE);
	}
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	report_warn("%s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : CANNOT_EXECUTE);
}

static void record_run(char **argv, int status, double seconds)
{
	report_begin("run");
	report_open("program", '[');
	for (char **arg = argv; *arg; arg++)
		report_str(NULL, *arg);
	report_close(']');
	if (WIFEXITED(status))
		report_i64("exit_status", WEXITSTATUS(status));
	else
		report_null("exit_status");
	if (WIFSIGNALED(status))
		report_i64("signal", WTERMSIG(status));
	else
		report_null("signal");
	report_real("elapsed_s", seconds);
	report_end();
}

static int judge(char **argv, int status)
{
	if (WIFSIGNALED(status))
		return fail_as(128 + WTERMSIG(status),
			       "%s was killed by signal %d (%s)", argv[0],
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return fail_as(WEXITSTATUS(status), "%s ended with status %d",
			       argv[0], WEXITSTATUS(status));
	return 0;
}

/* Starts the program and waits for it; what it returned is in *status. */
static int execute_timed(const struct session *s, char **argv, int *status,
			 double *seconds)
{
	uint64_t begin = now_ns();
	int err = 0;

	catch_signals();
	child = fork();
	if (child == 0)
		execute(s, argv);
	if (child < 0)
		err = fail(errno, "fork: %s", strerror(errno));
	else if (waitpid(child, status, 0) < 0)
		err = fail(errno, "waitpid: %s", strerror(errno));
	child = 0;
	*seconds = (double)(now_ns() - begin) / 1e9;
	return err;
}

static int run_in(struct session *s, char **argv)
{
	char time[SIZE_TEXT];
	double seconds = 0;
	int status = 0, err = session_set(s);

	if (!err)
		err = session_take(s, BEGIN);
	if (!err)
		err = session_start_damon(s);
	if (!err)
		err = session_take(s, TIMED);
	if (!err)
		err = execute_timed(s, argv, &status, &seconds);
	if (!err)
		err = session_stop_damon(s);
	if (!err)
		err = session_take(s, TIMED_END);
	if (!err)
		err = session_take(s, END);
	if (err)
		return err;
	record_run(argv, status, seconds);
	report_say("%s ran for %s\n", argv[0], format_seconds(time, seconds));
	session_show(s);
	return judge(argv, status);
}

int command_run(const struct plan *plan)
{
	struct session s;
	int err = session_prepare(&s, plan);

	if (!err)
		err = plan->dry_run ? session_rehearse(&s) :
				      run_in(&s, plan->run.argv);
	session_free(&s);
	return err;
}
