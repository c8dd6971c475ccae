// SPDX-License-Identifier: GPL-2.0-only
/*
 * supervise.c - the work is done by a child, and watched.
 *
 * The child executes this program anew instead of going on after fork: as
 * PID 1 because libnuma reads /sys once, in a constructor, before main() had
 * mounted it; elsewhere so that there is one way, not two. Its records come
 * by a socket, are numbered by it and counted here: so the number in the end
 * record is what was really written, also when the child died. A pipe would be
 * simpler, but its pages count as the task's own: in a cpuset whose memory is
 * all movable (a node of CXL memory alone) every write to one is ENOMEM.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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
#define GRACE_NS (UINT64_C(8) * 1000000000)
/* And once it was killed; what is stuck in the kernel does not. */
#define STUCK_NS (UINT64_C(5) * 1000000000)
/* What is not read then is given up: see report_patience(). */
#define PATIENCE_NS (UINT64_C(8) * 1000000000)
/* Whatever is missed is seen so soon. */
#define LOOK_MS 1000
#define NEVER UINT64_MAX

/* Of the process, which lives longer than the work: how it is to end. */
static struct {
	int signals; /* a descriptor; 0: not yet */
	bool console;
	uint64_t deadline, span_ns; /* span_ns: what it was said to be */
	int asked; /* the signal that asked to end; 0: none */
	bool late; /* it was the deadline */
	uint64_t patient_until; /* with those who do not read */
	struct watch *watch; /* the work, while it runs */
} life = { .deadline = NEVER, .patient_until = NEVER };

struct watch {
	const struct supervise *s;
	struct supervised *result;
	pid_t child;
	int records;
	struct textbuf line; /* of a record, not complete yet */
	char stage[64]; /* the last one begun, before it was asked to end */
	uint64_t kill_at;
	uint64_t oom_kills; /* of the kernel, when it began */
	bool ended, killed, stuck;
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
	char *shell[] = { "sh", s->shell ? "-l" : (char *)s->script, NULL };
	char worker[64];

	/* Whoever supervises is gone: so are we. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_return_signals();
	if (s->shell)
		init_take_console();
	else if (s->script)
		dup2(records, STDOUT_FILENO); /* for its "!error" */
	if (s->shell || s->script) {
		execv("/bin/sh", shell);
		report_warn("/bin/sh: %s", strerror(errno));
		_exit(127);
	}
	snprintf(worker, sizeof(worker), "%" PRIu64 ":%d%s", report_seq(),
		 records, s->console ? ":init" : "");
	execv("/proc/self/exe", child_argv(s, worker));
	/* Without a /proc by the name it was started by */
	execv((const char *)getauxval(AT_EXECFN), child_argv(s, worker));
	report_only(records);
	fail(errno, "/proc/self/exe: %s; is /proc mounted?", strerror(errno));
	report_note("error", fail_message());
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
	if (!strcmp(line, "!stage") && !life.asked && !life.late)
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

static void ask_to_end(int signum, bool late)
{
	bool again = life.asked || life.late;
	struct watch *w = life.watch;
	uint64_t now = now_ns();

	/* Asked twice: it shall not take its time. */
	if (w && !w->ended)
		kill(w->child, again ? SIGKILL : signum);
	if (w && !w->killed)
		w->kill_at = again ? now : now + GRACE_NS;
	life.patient_until = again ? now : now + PATIENCE_NS;
	if (!again)
		life.asked = signum;
	life.late |= !again && late;
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
	/* Somebody else has waited for it: nobody will say how it ended. */
	if (pid < 0 && errno == ECHILD && !w->ended) {
		w->ended = true;
		w->wait_status = STATUS_FAILED << 8;
	}
}

static void take_signal(int signum)
{
	struct watch *w = life.watch;

	if (!w || w->ended || !w->s->passes || !wait_is_users(signum))
		ask_to_end(signum, false);
	else
		kill(w->child, signum);
}

static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (read(life.signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			take_signal((int)info.ssi_signo);
}

/* Work that has ended is not late, whenever that is noticed. */
static void check_clock(void)
{
	struct watch *w = life.watch;
	uint64_t now = now_ns();

	if (w && w->ended)
		return;
	if (now >= life.deadline && !life.late) {
		life.deadline = NEVER;
		ask_to_end(wait_stop_signal(), true);
	}
	if (!w || now < w->kill_at)
		return;
	kill(w->child, SIGKILL);
	w->stuck = w->killed;
	w->killed = true;
	w->kill_at = now + STUCK_NS;
}

/* Also while somebody does not read what we write. */
static bool is_patient(uint64_t waited_ns)
{
	read_signals();
	if (life.watch)
		reap(life.watch);
	check_clock();
	/* A port of an emulator's has nobody who sees to it. */
	return now_ns() < life.patient_until &&
	       (!life.console || waited_ns < PATIENCE_NS);
}

static int poll_timeout(const struct watch *w)
{
	uint64_t next = life.deadline < w->kill_at ? life.deadline : w->kill_at;
	uint64_t now = now_ns(), ms;

	if (w->ended)
		return 0;
	ms = next > now ? (next - now) / 1000000 + 1 : 0;
	return ms > LOOK_MS ? LOOK_MS : (int)ms;
}

/* Until the child has ended and its last record was read. */
static void watch_child(struct watch *w)
{
	while ((!w->ended && !w->stuck) || w->records >= 0) {
		struct pollfd fds[2] = {
			{ .fd = life.signals, .events = POLLIN },
			{ .fd = w->records, .events = POLLIN },
		};
		/* A grandchild may hold it open: do not wait for it. */
		bool ended = w->ended || w->stuck;
		int n = poll(fds, 2, poll_timeout(w));

		if (n > 0 && fds[1].revents)
			read_records(w);
		else if (ended && n <= 0)
			break;
		read_signals();
		reap(w);
		check_clock();
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

	r->interrupted = life.asked && !life.late;
	if (life.late)
		blame(r, "the deadline of %s passed%s%s",
		      format_seconds(time, (double)life.span_ns / 1e9), during,
		      w->stage);
	else if (life.asked && (sig || code || !w->child))
		blame(r, "interrupted by %s%s%s", wait_signal_name(life.asked),
		      during, w->stage);
	else if (sig)
		blame(r, "the work was killed by signal %d (%s)%s%s%s", sig,
		      strsignal(sig), during, w->stage,
		      sig == SIGKILL && oom_kills() != w->oom_kills ?
			      ": the kernel was out of memory" :
			      "");
	else if (code)
		r->status = (enum status)code; /* of "run": its program's */
	if (w->stuck)
		blame(r,
		      "killed, process %d does not end%s%s: it is stuck in "
		      "the kernel",
		      (int)w->child, during, w->stage);
	if (r->status && !r->reason[0])
		blame(r, "the work failed%s%s", during, w->stage);
}

/* --------------------------------------------------------------- others' */

/* Ends as the child does, which is all of tier but this. */
__attribute__((noreturn)) static void stand_for(pid_t child)
{
	const struct timespec look = { LOOK_MS / 1000, 0 };
	siginfo_t info;
	sigset_t set;
	int status;
	pid_t pid;

	wait_stop_set(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == child && WIFSIGNALED(status)) {
				sigprocmask(SIG_UNBLOCK, &set, NULL);
				raise(WTERMSIG(status));
				_exit(128 + WTERMSIG(status));
			} else if (pid == child) {
				_exit(WEXITSTATUS(status));
			}
		/* What a terminal sends, the child has got as well. */
		if (sigtimedwait(&set, &info, &look) > 0 &&
		    info.si_signo != SIGCHLD && info.si_code != SI_KERNEL)
			kill(child, info.si_signo);
	}
}

/*
 * Whoever executed us may have children (a shell's, before its exec), which
 * are ours now, and none of the work's: when that ends all that descends from
 * us, they must not. So tier is in a child then, and this process is theirs.
 */
static int step_aside(void)
{
	pid_t parent = gettid(), child;
	siginfo_t info;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT))
		return 0; /* ECHILD */
	child = fork();
	if (child < 0)
		return fail(errno, "fork: %s", strerror(errno));
	if (child)
		stand_for(child);
	prctl(PR_SET_PDEATHSIG, wait_stop_signal());
	if (getppid() != parent)
		raise(wait_stop_signal());
	return 0;
}

/* ------------------------------------------------------------ interface */

static int hold_signals(void)
{
	sigset_t set;

	wait_stop_set(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	life.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (life.signals > 0)
		return 0;
	life.signals = 0;
	return fail(errno, "signalfd: %s", strerror(errno));
}

int supervise_begin(uint64_t deadline_ns, bool console)
{
	int err = life.signals ? 0 : hold_signals();

	if (!err && !console)
		err = step_aside();
	if (err)
		return err;
	life.console = console;
	if (deadline_ns)
		life.deadline = now_ns() + deadline_ns;
	life.span_ns = deadline_ns;
	report_patience(is_patient);
	return 0;
}

static void run(struct watch *w)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) && pipe(fds)) {
		blame(w->result, "no socket and no pipe: %s", strerror(errno));
		return;
	}
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	w->records = fds[0];
	proctree_keep();
	w->child = fork();
	if (w->child == 0)
		become_child(w->s, fds[1]);
	close(fds[1]);
	if (w->child < 0) {
		close(fds[0]);
		blame(w->result, "fork: %s", strerror(errno));
		return;
	}
	life.watch = w;
	watch_child(w);
	life.watch = NULL;
	/* What a program's tier leaves when it is killed, too. */
	proctree_end(0, 0);
	judge(w);
}

void supervise(const struct supervise *s, struct supervised *result)
{
	struct watch w = { .s = s, .result = result, .kill_at = NEVER };
	uint64_t deadline = life.deadline, span = life.span_ns;
	bool own = s->deadline_ns && now_ns() + s->deadline_ns < deadline;

	*result = (struct supervised){ 0 };
	w.oom_kills = oom_kills();
	if (!life.signals && supervise_begin(0, s->console)) {
		blame(result, "%s", fail_message());
		return;
	}
	if (own) {
		life.deadline = now_ns() + s->deadline_ns;
		life.span_ns = s->deadline_ns;
	}
	if (s->shell)
		life.deadline = NEVER;
	/* It may be over before it began: somebody did not read what we said. */
	check_clock();
	if (life.asked)
		judge(&w);
	else
		run(&w);
	if (own) {
		life.deadline = deadline;
		life.span_ns = span;
	}
	life.asked = 0;
	life.late = false;
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
	report_say_lost();
	return report_error() && !status ? STATUS_FAILED : status;
}
