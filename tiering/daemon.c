// SPDX-License-Identifier: GPL-2.0-only
/*
 * daemon.c - somebody's program that moves pages while the work runs.
 *
 * Its keeper is a process of ours: all that the program starts descends from
 * it, and is ended with it, and the work's own waits see nothing of that. It is
 * told by a socket, whose end it takes for ours.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "bench/program.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/cgroup.h"
#include "mm/proctree.h"
#include "tiering/daemon.h"

#define TAIL_BYTES 4096 /* of what it says, the last */
#define TOLD_BYTES 400 /* of that, in a message */
#define LOOK_MS 20 /* for a file, or for descendants to end */
#define NEVER UINT64_MAX

enum command { START = 's', STOP = 'e' };

/* What the keeper answers. */
struct answer {
	int err; /* 0 or -errno, with why */
	struct fail_state why;
	int status; /* as waitpid(2) has it; -1: it had not ended by itself */
	bool killed; /* it took too long to stop */
	double ready_s, ran_s, user_s, system_s;
	uint64_t max_rss_bytes;
};

struct daemon {
	const struct daemon_plan *plan;
	const char *dir;
	pid_t keeper;
	int socket;
	bool started;
	double ready_s;
};

/* ------------------------------------------------------------- the keeper */

static struct keeper {
	const struct daemon_plan *plan;
	int socket, signals, output; /* output: what it says; -1: no more */
	struct program program;
	pid_t pid; /* 0: not started */
	bool ended; /* that process; others that it made may live */
	int status;
	uint64_t began;
	double ready_s;
	struct rusage usage;
	char tail[TAIL_BYTES + 1];
	size_t len;
} keeper;

static void take_output(struct keeper *k)
{
	size_t half = TAIL_BYTES / 2;
	ssize_t n;

	if (k->len > half) {
		memmove(k->tail, k->tail + k->len - half, half);
		k->len = half;
	}
	n = read(k->output, k->tail + k->len, TAIL_BYTES - k->len);
	if (n <= 0 && (n == 0 || errno != EAGAIN)) {
		close(k->output);
		k->output = -1;
	}
	for (ssize_t i = 0; i < n; i++)
		if (!k->tail[k->len + (size_t)i])
			k->tail[k->len + (size_t)i] = '?';
	k->len += n > 0 ? (size_t)n : 0;
	k->tail[k->len] = '\0';
}

static void reap(struct keeper *k)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (pid != k->pid)
			continue;
		k->ended = true;
		k->status = status;
		k->usage = usage;
	}
}

/* Until something happens, a moment at most. False: our maker is gone. */
static bool pump(struct keeper *k, int ms)
{
	struct pollfd fds[] = { { .fd = k->socket, .events = POLLIN },
				{ .fd = k->signals, .events = POLLIN },
				{ .fd = k->output, .events = POLLIN } };
	struct signalfd_siginfo info;
	char command;

	poll(fds, ARRAY_SIZE(fds), ms);
	while (read(k->signals, &info, sizeof(info)) == sizeof(info))
		;
	if (fds[2].revents)
		take_output(k);
	reap(k);
	return !fds[0].revents ||
	       recv(k->socket, &command, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* It, or what it has left behind: one that goes into the background. */
static bool is_running(const struct keeper *k)
{
	int *pids, n;

	if (!k->pid)
		return false;
	if (!k->ended)
		return true;
	n = proctree_list(gettid(), &pids);
	free(pids);
	return n > 0;
}

/* In the child. */
static int prepare(void *arg)
{
	int out = *(int *)arg, null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		return fail(errno, "its output: %s", strerror(errno));
	return 0;
}

static int execute(struct keeper *k, char *const *argv, pid_t *pid)
{
	int fds[2], err = program_find(&k->program, (char **)argv);

	if (err)
		return err;
	if (pipe(fds))
		return fail(errno, "pipe: %s", strerror(errno));
	for (int i = 0; i < 2; i++)
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*pid = program_start(&k->program, prepare, &fds[1]);
	close(fds[1]);
	if (k->output >= 0)
		close(k->output);
	k->output = fds[0];
	k->len = 0;
	k->tail[0] = '\0';
	return *pid < 0 ? *pid : 0;
}

/* "; it said: ...": the last of it, in one line. */
static const char *told(struct keeper *k, char text[static TOLD_BYTES + 32])
{
	const char *from = k->tail;
	size_t len = k->len;

	while (len && strchr(" \n\t\r", from[len - 1]))
		len--;
	if (len > TOLD_BYTES) {
		from += len - TOLD_BYTES;
		len = TOLD_BYTES;
	}
	snprintf(text, TOLD_BYTES + 32, "%s%.*s",
		 len ? "; it said: " : "; it said nothing", (int)len, from);
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return text;
}

/* "ended with status 3" or "was killed by signal 9 (Killed)" */
static const char *ending(int status, char text[static 64])
{
	if (WIFSIGNALED(status))
		snprintf(text, 64, "was killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, 64, "ended with status %d", WEXITSTATUS(status));
	return text;
}

/* 1: it is; 0: not yet; or -errno: it never will be. */
static int look(struct keeper *k)
{
	const struct daemon_plan *p = k->plan;
	char how[64], said[TOLD_BYTES + 32];
	bool failed = k->ended && k->status;

	if (p->ready == DAEMON_ENDS && k->ended && !failed)
		return 1;
	if (p->ready != DAEMON_ENDS && !is_running(k))
		failed = true;
	if (failed)
		return fail(ECHILD, "%s %s before it was ready%s", p->start[0],
			    ending(k->status, how), told(k, said));
	if (p->ready == DAEMON_FILE)
		return !access(p->ready_text, F_OK);
	if (p->ready == DAEMON_SAYS)
		return strstr(k->tail, p->ready_text) != NULL;
	return p->ready == DAEMON_RUNS;
}

static void end_all(struct keeper *k)
{
	proctree_end(0, 0);
	if (k->output >= 0)
		close(k->output);
	k->output = -1;
	k->pid = 0;
}

/* What was awaited, and did not come. */
static const char *missed(const struct daemon_plan *p)
{
	if (p->ready == DAEMON_FILE)
		return "there is no ";
	return p->ready == DAEMON_SAYS ? "it did not say " : "it did not end";
}

static int await(struct keeper *k)
{
	char time[SIZE_TEXT], said[TOLD_BYTES + 32];
	uint64_t end = k->began + k->plan->ready_ns;
	int is;

	for (;;) {
		is = look(k);
		if (is)
			return is < 0 ? is : 0;
		if (now_ns() >= end)
			return fail(
				ETIMEDOUT,
				"%s was not ready after %s (ready = TIME ...): %s%s%s",
				k->plan->start[0],
				format_seconds(time,
					       (double)k->plan->ready_ns / 1e9),
				missed(k->plan),
				k->plan->ready_text ? k->plan->ready_text : "",
				told(k, said));
		if (!pump(k, LOOK_MS))
			return fail(ECANCELED, "tier was killed");
	}
}

static int start(struct keeper *k)
{
	struct fail_state why;
	int err;

	k->ended = false;
	k->usage = (struct rusage){ 0 };
	k->began = now_ns();
	err = execute(k, k->plan->start, &k->pid);
	if (err) {
		k->pid = 0;
		return err;
	}
	err = await(k);
	k->ready_s = (double)(now_ns() - k->began) / 1e9;
	if (!err)
		return 0;
	fail_save(&why);
	end_all(k);
	fail_restore(&why);
	return err;
}

static void tell_all(int signal)
{
	int *pids, n = proctree_list(gettid(), &pids);

	for (int i = 0; i < n; i++)
		kill(pids[i], signal);
	free(pids);
}

/* A command that stops it: its failure is ours. */
static int run_stop(struct keeper *k, uint64_t end)
{
	char how[64], said[TOLD_BYTES + 32];
	pid_t pid, before = k->pid;
	bool was = k->ended;
	int status = k->status, err = execute(k, k->plan->stop, &pid);
	struct rusage usage = k->usage;

	if (err)
		return err;
	/* Of the two it is the one that is waited for. */
	k->pid = pid;
	k->ended = false;
	while (!k->ended && now_ns() < end)
		pump(k, LOOK_MS);
	err = !k->ended ? fail(ETIMEDOUT, "%s had not ended in time%s",
			       k->plan->stop[0], told(k, said)) :
	      k->status ? fail(ECHILD, "%s %s%s", k->plan->stop[0],
			       ending(k->status, how), told(k, said)) :
			  0;
	k->pid = before;
	k->usage = usage;
	k->status = status;
	k->ended = was || kill(before, 0);
	return err;
}

/* What came of it until now; it should run still, but for what has ended. */
static int judge(struct keeper *k, struct answer *a)
{
	char how[64], said[TOLD_BYTES + 32];

	reap(k);
	a->status = k->ended ? k->status : -1;
	if (k->plan->ready == DAEMON_ENDS || is_running(k) || !k->status)
		return 0;
	return fail(ECHILD, "%s %s after %.1f s, before the work had%s",
		    k->plan->start[0], ending(k->status, how),
		    (double)(now_ns() - k->began) / 1e9, told(k, said));
}

static int stop(struct keeper *k, struct answer *a)
{
	uint64_t end = now_ns() + k->plan->stop_ns;
	struct fail_state why;
	int err;

	if (!k->pid)
		return 0;
	pump(k, 0);
	a->ran_s = (double)(now_ns() - k->began) / 1e9;
	err = judge(k, a);
	fail_save(&why);
	if (k->plan->stop[0] && !err) {
		err = run_stop(k, end);
		fail_save(&why);
	} else if (is_running(k)) {
		tell_all(k->plan->stop_signal);
	}
	while (is_running(k) && now_ns() < end)
		pump(k, LOOK_MS);
	a->killed = is_running(k);
	if (a->killed)
		tell_all(SIGKILL);
	for (end = now_ns() + NS_PER_S; !k->ended && now_ns() < end;)
		pump(k, LOOK_MS);
	a->user_s = seconds_of(k->usage.ru_utime);
	a->system_s = seconds_of(k->usage.ru_stime);
	a->max_rss_bytes = (uint64_t)k->usage.ru_maxrss * KIB;
	end_all(k);
	fail_restore(&why);
	return err;
}

static void serve(struct keeper *k, char *command, ssize_t n)
{
	struct answer a = { .status = -1 };

	command[n] = '\0';
	if (command[1])
		setenv("TIER_CGROUP", command + 1, 1);
	else
		unsetenv("TIER_CGROUP");
	a.err = *command == START ? start(k) : stop(k, &a);
	a.ready_s = k->ready_s;
	if (a.err)
		fail_save(&a.why);
	send(k->socket, &a, sizeof(a), MSG_NOSIGNAL);
}

__attribute__((noreturn)) static void keep(struct keeper *k)
{
	struct answer ignored;
	char command[600];
	ssize_t n;

	while (pump(k, -1)) {
		n = recv(k->socket, command, sizeof(command) - 1, MSG_DONTWAIT);
		if (n > 0)
			serve(k, command, n);
	}
	stop(k, &ignored);
	_exit(0);
}

/* Nothing of ours but the socket; ^C at a terminal is not for it. */
static void become_keeper(struct daemon *d, int socket)
{
	char pid[16];
	sigset_t all;

	snprintf(pid, sizeof(pid), "%d", (int)getppid());
	setenv("TIER_PID", pid, 1);
	setpgid(0, 0);
	proctree_keep();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
		if (fd != socket)
			close(fd);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	keeper = (struct keeper){
		.plan = d->plan,
		.socket = socket,
		.output = -1,
		.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK)
	};
	if (chdir(d->dir ? d->dir : "/"))
		_exit(1);
	keep(&keeper);
}

/* -------------------------------------------------------------- its maker */

int daemon_check(const struct daemon_plan *plan, const char *dir)
{
	static struct program p;
	char *const *commands[] = { plan->start, plan->stop };
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(commands) && !err; i++) {
		const char *name = commands[i][0];
		char *argv[2] = { NULL, NULL };

		if (!name)
			continue;
		argv[0] = *name == '/' || !strchr(name, '/') || !dir ?
				  xstrdup(name) :
				  xasprintf("%s/%s", dir, name);
		err = program_find(&p, argv);
		free(argv[0]);
	}
	return err;
}

struct daemon *daemon_new(const struct daemon_plan *plan, const char *dir)
{
	struct daemon *d = xcalloc(1, sizeof(*d));
	int fds[2];

	d->plan = plan;
	d->dir = dir;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		fail(errno, "no socket: %s", strerror(errno));
		free(d);
		return NULL;
	}
	d->socket = fds[0];
	d->keeper = fork();
	if (d->keeper == 0)
		become_keeper(d, fds[1]);
	close(fds[1]);
	if (d->keeper > 0) {
		proctree_leave_out(d->keeper);
		return d;
	}
	fail(errno, "fork: %s", strerror(errno));
	close(fds[0]);
	free(d);
	return NULL;
}

/* An answer comes, at the latest, when its deadlines have passed. */
static int ask(struct daemon *d, enum command command, const char *group,
	       struct answer *a)
{
	char text[600];
	ssize_t n;

	snprintf(text, sizeof(text), "%c%s%s", command,
		 group ? CGROUP_DIR "/" : "", group ? group : "");
	*a = (struct answer){ .status = -1 };
	n = send(d->socket, text, strlen(text), MSG_NOSIGNAL);
	while (n > 0 && (n = recv(d->socket, a, sizeof(*a), 0)) < 0 &&
	       errno == EINTR) {
		/* Not ready yet, and not to be waited for: daemon_free() */
		if (command == START)
			return fail(EINTR, "interrupted before %s was ready",
				    d->plan->start[0]);
		n = 1;
	}
	if (n != (ssize_t)sizeof(*a))
		return fail(EPIPE, "what kept %s was killed",
			    d->plan->start[0]);
	if (a->err)
		fail_restore(&a->why);
	return a->err;
}

int daemon_start(struct daemon *d, const char *group)
{
	struct answer a;
	int err = ask(d, START, group, &a);

	d->started = !err;
	if (!err)
		d->ready_s = a.ready_s;
	return err;
}

REPORT_RECORD(daemon_record, "daemon", "the daemon of a policy",
	      "program[] s its command line\n"
	      "ready_s r from its start until it was ready\n"
	      "ran_s r from its start until it was stopped\n"
	      "exit_status i:status of one that ended by itself; else null\n"
	      "signal i:signal that ended it meanwhile\n"
	      "killed b it had not ended in time when it was stopped\n"
	      "user_s r CPU time\n"
	      "system_s r CPU time in the kernel\n"
	      "max_rss_bytes u its largest memory\n");

static void record(const struct daemon *d, const struct answer *a)
{
	bool ended = a->status >= 0;

	report_begin(&daemon_record);
	report_open("program", '[');
	for (char *const *word = d->plan->start; *word; word++)
		report_str(NULL, *word);
	report_close(']');
	report_real("ready_s", d->ready_s);
	report_real("ran_s", a->ran_s);
	report_ending(ended ? &a->status : NULL);
	report_bool("killed", a->killed);
	report_real("user_s", a->user_s);
	report_real("system_s", a->system_s);
	report_u64("max_rss_bytes", a->max_rss_bytes);
	report_end();
}

int daemon_stop(struct daemon *d)
{
	char time[SIZE_TEXT], cpu[SIZE_TEXT];
	struct answer a;
	int err;

	if (!d->started)
		return 0;
	d->started = false;
	err = ask(d, STOP, NULL, &a);
	if (err == -EPIPE)
		return err;
	record(d, &a);
	report_say("daemon   %s, ready after %s, took %s of CPU time%s\n",
		   d->plan->start[0], format_seconds(time, d->ready_s),
		   format_seconds(cpu, a.user_s + a.system_s),
		   a.killed ? "; it had to be killed" : "");
	if (!err && !a.status && d->plan->ready != DAEMON_ENDS)
		report_warn("%s had ended by itself before the work did",
			    d->plan->start[0]);
	return err;
}

void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	/* At the socket's end it stops what runs, within its deadline. */
	close(d->socket);
	while (waitpid(d->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	free(d);
}
