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
#include "show.h"
#include "util.h"
#include "vmstat.h"

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

static void execute(char **argv)
{
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

int command_run(const struct plan *plan)
{
	struct vmstat before, after = { 0 };
	uint64_t begin = now_ns();
	char time[SIZE_TEXT];
	double seconds;
	int status = 0, err = vmstat_take(&before);

	if (err)
		return err;
	catch_signals();
	child = fork();
	if (child == 0)
		execute(plan->run.argv);
	if (child < 0)
		err = fail(errno, "fork: %s", strerror(errno));
	else if (waitpid(child, &status, 0) < 0)
		err = fail(errno, "waitpid: %s", strerror(errno));
	child = 0;
	seconds = (double)(now_ns() - begin) / 1e9;
	if (!err)
		err = vmstat_take(&after);
	if (!err) {
		record_run(plan->run.argv, status, seconds);
		report_say("%s ran for %s\n", plan->run.argv[0],
			   format_seconds(time, seconds));
		show_counters(&before, &before, &after, &after);
		err = judge(plan->run.argv, status);
	}
	vmstat_free(&before);
	vmstat_free(&after);
	return err;
}
