// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a supervisor makes of workers of all kinds. It executes
 * /proc/self/exe, which is this test: given --worker, it is the worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "lib/report.h"
#include "supervise.h"
#include "lib/error.h"
#include "lib/time.h"
#include "tap.h"

#define MS UINT64_C(1000000)
#define MANY 20000

void init_take_console(void)
{
}

/* ------------------------------------------------------------ the worker */

static int records_fd, next_seq;

static void say(const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (write(records_fd, text, (size_t)n) != n)
		_exit(99);
}

static void record(void)
{
	say("{\"record\":\"x\",\"seq\":%d}\n", ++next_seq);
}

static int work(const char *how)
{
	if (!strcmp(how, "well")) {
		record();
		record();
	} else if (!strcmp(how, "many")) {
		for (int i = 0; i < MANY; i++)
			record();
	} else if (!strcmp(how, "crash")) {
		record();
		say("!stage fill\n{\"record\":\"cut sh");
		raise(SIGKILL);
	} else if (!strcmp(how, "partial")) {
		say("{\"record\":\"x\",");
		usleep(50000);
		say("\"seq\":%d}\n{\"rec", ++next_seq);
		usleep(50000);
		say("ord\":\"x\",\"seq\":%d}\n{\"never\":", ++next_seq);
	} else if (!strcmp(how, "lacks")) {
		say("!stage plan\n!error no such node\n");
		return 3;
	} else if (!strcmp(how, "speechless")) {
		return 1;
	} else if (!strcmp(how, "odd notes")) {
		say("!\n!stage\n!unknown x\n!error \n!stage  \n");
		record();
	} else if (!strcmp(how, "hang")) {
		say("!stage update\n");
		for (;;)
			pause();
	} else if (!strcmp(how, "slow")) {
		say("!stage update\n");
		usleep(600000);
		record();
	} else if (!strcmp(how, "deaf")) {
		signal(SIGTERM, SIG_IGN);
		say("!stage update\n");
		for (;;)
			pause();
	} else if (!strcmp(how, "orphan")) {
		/* One that lives on and holds the pipe open. */
		record();
		if (!fork()) {
			close(1); /* or prove would wait for it */
			close(2);
			sleep(30);
			_exit(0);
		}
	} else if (!strcmp(how, "mask")) {
		sigset_t set;

		sigprocmask(SIG_SETMASK, NULL, &set);
		return sigismember(&set, SIGINT) || sigismember(&set, SIGCHLD);
	} else if (!strcmp(how, "descriptors")) {
		/* Standard ones, the pipe, and none of the supervisor's. */
		for (int fd = 3; fd < 64; fd++)
			if (fd != records_fd && fcntl(fd, F_GETFD) >= 0)
				return 1;
	}
	return 0;
}

/* -------------------------------------------------------- the supervisor */

static int sink;
static struct supervised result;

/* Runs a worker of that kind; what it wrote is in the sink. */
static double watch(const char *how, uint64_t deadline_ns)
{
	char *argv[] = { "tier", (char *)how, NULL };
	struct supervise s = { .argc = 2,
			       .argv = argv,
			       .deadline_ns = deadline_ns };
	uint64_t begin = now_ns();

	if (ftruncate(sink, 0) || lseek(sink, 0, SEEK_SET))
		return -1;
	report_set_seq(0);
	fflush(stdout);
	supervise(&s, &result);
	return (double)(now_ns() - begin) / 1e9;
}

static const char *sunk(void)
{
	static char text[4096];
	ssize_t n = pread(sink, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

#define X(n) "{\"record\":\"x\",\"seq\":" #n "}\n"

static void good(void)
{
	watch("well", 0);
	is_i64(result.status, STATUS_DONE, "a good one passed");
	is_str(result.reason, "", "for no reason");
	is_str(sunk(), X(1) X(2), "its records are passed on");
	is_u64(report_seq(), 2, "and counted");
	is_i64(supervise_end(&result), 0, "its end");
	is_str(sunk(),
	       X(1) X(2) "{\"record\":\"end\",\"seq\":3,"
			 "\"verdict\":\"passed\",\"status\":0,"
			 "\"reason\":null,\"records\":3}\n",
	       "counts itself");

	watch("many", 0);
	is_i64(result.status, STATUS_DONE, "one that writes a lot");
	is_u64(report_seq(), MANY, "all of it is counted");
	watch("partial", 0);
	is_str(sunk(), X(1) X(2), "lines that come in parts");
	watch("odd notes", 0);
	is_i64(result.status, STATUS_DONE, "notes that say nothing");
	is_str(sunk(), X(1), "are not passed on");
	watch("mask", 0);
	is_i64(result.status, 0, "no signal is blocked for the worker");
	watch("descriptors", 0);
	is_i64(result.status, 0, "and no descriptor is left to it");
	ok(watch("orphan", 0) < 20, "a grandchild is not waited for");
	is_i64(result.status, STATUS_DONE, "and does no harm");
}

static void bad(void)
{
	watch("crash", 0);
	is_i64(result.status, STATUS_FAILED, "a crash");
	like(result.reason, "killed by signal 9", "why");
	like(result.reason, "during fill", "and when");
	is_str(sunk(), X(1), "a record cut short is dropped");
	is_i64(supervise_end(&result), 1, "its end");
	like(sunk(), "\"verdict\":\"failed\",\"status\":1", "says so");
	like(sunk(), "\"records\":2}", "and counts right");

	watch("lacks", 0);
	is_i64(result.status, STATUS_LACKS, "a status is passed on");
	is_str(result.reason, "no such node", "with the reason");
	watch("speechless", 0);
	is_i64(result.status, STATUS_FAILED, "without a reason");
	like(result.reason, "failed", "there is one all the same");
}

static void late(void)
{
	double seconds = watch("hang", 300 * MS);

	is_i64(result.status, STATUS_FAILED, "a hang");
	is_str(result.reason, "the deadline of 300 ms passed during update",
	       "why");
	ok(seconds >= 0.3 && seconds < 5, "it is ended in time (%.1f s)",
	   seconds);
	ok(!result.interrupted, "that is no interruption");
	seconds = watch("deaf", 300 * MS);
	is_i64(result.status, STATUS_FAILED, "a hang that ignores SIGTERM");
	ok(seconds >= 5 && seconds < 14, "is killed later (%.1f s)", seconds);
}

/* A signal to the supervisor, from a child of its own. */
static void interrupted(void)
{
	pid_t other = fork();

	if (!other) {
		usleep(300000);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	watch("hang", 30000 * MS);
	ok(result.interrupted, "SIGTERM");
	is_i64(result.status, STATUS_FAILED, "failed");
	like(result.reason, "interrupted by SIGTERM during update", "why");
	waitpid(other, NULL, WNOHANG);
}

/* The signal comes after 0.2 s, from a child; then, if it is one, another. */
static pid_t send_later(int signum, int then)
{
	pid_t other = fork();

	if (other)
		return other;
	usleep(200000);
	kill(getppid(), signum);
	usleep(1500000);
	if (then)
		kill(getppid(), then);
	_exit(0);
}

/* What whoever started us had ignored stays so. */
static void ignored(void)
{
	pid_t other;

	signal(SIGHUP, SIG_IGN);
	other = send_later(SIGHUP, 0);
	watch("slow", 0);
	is_i64(result.status, STATUS_DONE, "SIGHUP, ignored: it goes on");
	waitpid(other, NULL, 0);
	signal(SIGHUP, SIG_DFL);
	signal(SIGCHLD, SIG_IGN);
	ok(watch("well", 0) < 5, "SIGCHLD, ignored: its end is noticed");
	is_i64(result.status, STATUS_FAILED,
	       "but not how it ended, which is no success");
	signal(SIGCHLD, SIG_DFL);
}

/* Stopped itself, it finds work that has ended in time. */
static void stopped(void)
{
	pid_t other = send_later(SIGSTOP, SIGCONT);

	watch("slow", 1000 * MS);
	is_i64(result.status, STATUS_DONE,
	       "work that ended in time is not late (%s)", result.reason);
	waitpid(other, NULL, 0);
}

/* Who does not read suspends neither deadlines nor signals. */
static void unread(void)
{
	static const char full[4096];
	double seconds;
	pid_t other;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) || fcntl(fds[1], F_SETFL, O_NONBLOCK))
		return;
	while (write(fds[1], full, sizeof(full)) > 0)
		;
	fcntl(fds[1], F_SETFL, 0);
	report_to(fds[1]);
	other = send_later(SIGTERM, SIGTERM);
	seconds = watch("well", 0);
	ok(seconds > 0.1 && seconds < 5,
	   "a sink that is not read: until it is asked to end, twice (%.1f s)",
	   seconds);
	is_i64(report_error(), -ETIMEDOUT, "that is an error");
	waitpid(other, NULL, 0);
	seconds = watch("slow", 100 * MS);
	ok(seconds < 5, "it is given up for good (%.1f s)", seconds);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--worker") &&
	    sscanf(argv[2], "%d:%d", &next_seq, &records_fd) == 2)
		return work(argv[3]);
	/* What this test inherited is no matter of the supervisor. */
	for (int fd = 3; fd < 64; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	sink = memfd_create("records", MFD_CLOEXEC);
	if (sink < 0)
		return 1;
	report_to(sink);
	good();
	bad();
	late();
	interrupted();
	ignored();
	stopped();
	unread();
	return done_testing();
}
