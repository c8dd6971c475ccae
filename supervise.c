// SPDX-License-Identifier: GPL-2.0-only
/*
 * supervise.c - the work is done by a child, and watched.
 *
 * The child executes this program anew instead of going on after fork: as
 * PID 1 because libnuma reads /sys once, in a constructor, before main() had
 * mounted it; elsewhere so that there is one way, not two. Its records come
 * by a pipe, are numbered by it and counted here: so the number in the end
 * record is what was really written, also when the child died.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/proctree.h"
#include "supervise.h"
#include "sysfs.h"

/* What a child may take to end by itself once it was asked to. */
#define GRACE_NS (UINT64_C(10) * 1000000000)
#define NEVER UINT64_MAX

struct watch {
	const struct supervise *s;
	struct supervised *result;
	pid_t child;
	int records, signals;
	struct textbuf line; /* of a record, not complete yet */
	char stage[64]; /* the last one begun, before it was asked to end */
	uint64_t deadline, kill_at;
	uint64_t oom_kills; /* of the kernel, when it began */
	int asked; /* the signal that asked it to end, 0: none */
	bool late; /* it was the deadline */
	bool ended;
	int wait_status;
};

/* ---------------------------------------------------------------- child */

static char **child_argv(const struct supervise *s, const char *worker)
{
	char **argv = xcalloc((size_t)s->argc + 3, sizeof(*argv));
	int n = 0;

	argv[n++] = s->argc ? s->argv[0] : xstrdup("tier");
	argv[n++] = xstrdup("--worker");
	argv[n++] = xstrdup(worker);
	for (int i = 1; i < s->argc; i++)
		argv[n++] = s->argv[i];
	return argv;
}

static void become_child(const struct supervise *s, int records)
{
	static char *shell[] = { "sh", "-l", NULL };
	char worker[64];
	sigset_t none;

	/* Whoever supervises is gone: so are we. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->shell) {
		init_take_console();
		signal(SIGPIPE, SIG_DFL);
		execv("/bin/sh", shell);
		report_warn("/bin/sh: %s", strerror(errno));
		_exit(127);
	}
	snprintf(worker, sizeof(worker), "%" PRIu64 ":%d%s", report_seq(),
		 records, s->console ? ":plain" : "");
	execv("/proc/self/exe", child_argv(s, worker));
	report_warn("/proc/self/exe: %s", strerror(errno));
	_exit(127);
}

/* -------------------------------------------------------------- records */

/*
 * A line that begins with '!' is no record but meant for us: the stage that
 * begins (a crash names the last one), or why the work fails.
 */
static void take_note(struct watch *w, char *line, size_t len)
{
	char *text = strchr(line, ' ');

	line[len - 1] = '\0';
	if (!text)
		return;
	*text++ = '\0';
	if (!strcmp(line, "!stage") && !w->asked)
		snprintf(w->stage, sizeof(w->stage), "%s", text);
	else if (!strcmp(line, "!error"))
		snprintf(w->result->reason, sizeof(w->result->reason), "%s",
			 text);
}

/* Passes complete lines on; a line cut short by a crash is dropped. */
static void take_records(struct watch *w, const char *data, size_t n)
{
	while (n) {
		const char *end = memchr(data, '\n', n);
		size_t len = end ? (size_t)(end - data) + 1 : n;

		buf_addn(&w->line, data, len);
		data += len;
		n -= len;
		if (!end)
			return;
		if (w->line.text[0] == '!')
			take_note(w, w->line.text, w->line.len);
		else
			report_pass(w->line.text, w->line.len);
		w->line.len = 0;
	}
}

static void read_records(struct watch *w)
{
	char data[16384];
	ssize_t n = read(w->records, data, sizeof(data));

	if (n > 0) {
		take_records(w, data, (size_t)n);
	} else if (n == 0 || errno != EINTR) {
		close(w->records);
		w->records = -1;
	}
}

/* -------------------------------------------------------------- endings */

static void ask_to_end(struct watch *w, int signal)
{
	/* Asked twice: it shall not take its time. */
	kill(w->child, w->asked ? SIGKILL : signal);
	if (!w->asked)
		w->asked = signal;
	w->kill_at = now_ns() + GRACE_NS;
}

static void reap(struct watch *w)
{
	int status;
	pid_t pid;

	/* As PID 1 orphans of all kinds come here, too. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != w->child)
			continue;
		w->ended = true;
		w->wait_status = status;
	}
}

static void read_signal(struct watch *w)
{
	struct signalfd_siginfo info;

	if (read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap(w);
	else
		ask_to_end(w, (int)info.ssi_signo);
}

static void check_clock(struct watch *w)
{
	uint64_t now = now_ns();

	if (now >= w->deadline) {
		w->late = true;
		w->deadline = NEVER;
		ask_to_end(w, SIGTERM);
	}
	if (now >= w->kill_at) {
		w->kill_at = NEVER;
		kill(w->child, SIGKILL);
	}
}

static int poll_timeout(const struct watch *w)
{
	uint64_t next = w->deadline < w->kill_at ? w->deadline : w->kill_at;
	uint64_t now = now_ns(), ms;

	if (next == NEVER)
		return -1;
	ms = next > now ? (next - now) / 1000000 + 1 : 0;
	return ms > 60000 ? 60000 : (int)ms;
}

/* Until the child has ended and its last record was read. */
static void watch_child(struct watch *w)
{
	while (!w->ended || w->records >= 0) {
		struct pollfd fds[2] = {
			{ .fd = w->signals, .events = POLLIN },
			{ .fd = w->records, .events = POLLIN },
		};
		/* A grandchild may hold the pipe open: do not wait for it. */
		int timeout = w->ended ? 0 : poll_timeout(w);
		int n = poll(fds, 2, timeout);

		if (n > 0 && fds[1].revents)
			read_records(w);
		else if (w->ended && n <= 0)
			break;
		if (n > 0 && fds[0].revents)
			read_signal(w);
		check_clock(w);
	}
	if (w->records >= 0)
		close(w->records);
	buf_free(&w->line);
}

/* ---------------------------------------------------------------- judge */

/* How often this kernel killed for want of memory; 0 where it does not say. */
static uint64_t oom_kills(void)
{
	static const char key[] = "\noom_kill ";
	char *text = sysfs_slurp("/proc/vmstat");
	const char *at = text ? strstr(text, key) : NULL;
	uint64_t n = at ? strtoull(at + strlen(key), NULL, 10) : 0;

	free(text);
	return n;
}

#define blame(r, ...)                                                    \
	do {                                                             \
		snprintf((r)->reason, sizeof((r)->reason), __VA_ARGS__); \
		(r)->status = (r)->status ? (r)->status : STATUS_FAILED; \
	} while (0)

static void judge(struct watch *w)
{
	struct supervised *r = w->result;
	const char *during = w->stage[0] ? " during " : "";
	char time[SIZE_TEXT];
	int sig = WIFSIGNALED(w->wait_status) ? WTERMSIG(w->wait_status) : 0;
	int code = WIFEXITED(w->wait_status) ? WEXITSTATUS(w->wait_status) : 0;

	r->interrupted = w->asked && !w->late;
	if (w->late)
		blame(r, "the deadline of %s passed%s%s",
		      format_seconds(time, (double)w->s->deadline_ns / 1e9),
		      during, w->stage);
	else if (w->asked && (sig || code))
		blame(r, "interrupted by SIG%s%s%s",
		      w->asked == SIGINT  ? "INT" :
		      w->asked == SIGTERM ? "TERM" :
					    "HUP",
		      during, w->stage);
	else if (sig)
		blame(r, "the work was killed by signal %d (%s)%s%s%s", sig,
		      strsignal(sig), during, w->stage,
		      sig == SIGKILL && oom_kills() != w->oom_kills ?
			      ": the kernel was out of memory" :
			      "");
	else if (code)
		r->status = (enum status)code; /* of "run": its program's */
	if (r->status && !r->reason[0])
		blame(r, "the work failed%s%s", during, w->stage);
}

/* ------------------------------------------------------------ interface */

static int open_signals(sigset_t *old)
{
	sigset_t set;

	wait_stop_set(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

void supervise(const struct supervise *s, struct supervised *result)
{
	struct watch w = {
		.s = s, .result = result, .deadline = NEVER, .kill_at = NEVER
	};
	sigset_t old;
	int fds[2];

	*result = (struct supervised){ 0 };
	w.oom_kills = oom_kills();
	if (pipe(fds)) {
		blame(result, "pipe: %s", strerror(errno));
		return;
	}
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	if (s->deadline_ns)
		w.deadline = now_ns() + s->deadline_ns;
	proctree_keep();
	w.signals = open_signals(&old);
	w.records = fds[0];
	fflush(stdout);
	w.child = fork();
	if (w.child == 0)
		become_child(s, fds[1]);
	close(fds[1]);
	if (w.child > 0) {
		watch_child(&w);
		/* What a program's tier leaves when it is killed, too. */
		proctree_end(0, 0);
		judge(&w);
	} else {
		close(fds[0]);
		blame(result, "fork: %s", strerror(errno));
	}
	if (w.signals >= 0)
		close(w.signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

REPORT_RECORD(end_record, "end", "the last one: the verdict",
	      "verdict s passed or failed\n"
	      "status u:status the exit status: 0 to 3, or a program's\n"
	      "reason s why it failed\n"
	      "records u:records how many there are, this one included\n");

int supervise_end(const struct supervised *r)
{
	bool passed = r->status == STATUS_DONE;
	enum status status = r->status;

	report_begin(&end_record);
	report_str("verdict", passed ? "passed" : "failed");
	report_u64("status", status);
	report_str("reason", passed ? NULL : r->reason);
	report_u64("records", report_seq());
	report_end();
	if (!passed)
		report_warn("%s%s", status == STATUS_USAGE ? "" : "failed: ",
			    r->reason);
	if (report_error()) {
		report_warn("records or text could not be written: %s",
			    strerror(-report_error()));
		if (!status)
			status = STATUS_FAILED;
	}
	return status;
}
