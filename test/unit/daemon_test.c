// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy's daemon: started, awaited, stopped; what does not get ready, ends
 * too early, does not end; and who is killed before it.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/report.h"
#include "lib/time.h"
#include "tiering/daemon.h"
#include "tap.h"

static char dir[] = "/tmp/daemon_test.XXXXXX";
static char path[64], script[4096];

#define S UINT64_C(1000000000)

/* A script of sh; ready and stop as given. */
static struct daemon_plan plan_of(const char *text, enum daemon_ready ready,
				  const char *what)
{
	snprintf(script, sizeof(script), "%s", text);
	return (struct daemon_plan){ .start = { "/bin/sh", "-c", script },
				     .ready = ready,
				     .ready_text = what,
				     .ready_ns = 20 * S,
				     .stop_signal = SIGTERM,
				     .stop_ns = 20 * S };
}

/* The daemon writes to a file of the directory; what is in it. */
static const char *written(const char *name)
{
	static char text[512];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (f)
		n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (f)
		fclose(f);
	return text;
}

static void good(void)
{
	struct daemon_plan p = plan_of(
		"pwd >pwd; echo \"$TIER_CGROUP\" >group; echo $TIER_PID >pid\n"
		"trap 'echo stopped >end; exit 0' TERM\n"
		"sleep 0.2; echo I am ready.; while :; do sleep 0.05; done",
		DAEMON_SAYS, "am ready");
	struct daemon *d = daemon_new(&p, dir);
	char pid[16];

	is_i64(daemon_start(d, "a/b"), 0, "it is started");
	is_str(written("pwd"), dir, "where its policy is");
	is_str(written("group"), "/sys/fs/cgroup/a/b", "TIER_CGROUP");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	is_str(written("pid"), pid, "TIER_PID");
	is_str(written("end"), "", "it runs");
	is_i64(daemon_stop(d), 0, "it is stopped");
	is_str(written("end"), "stopped", "by SIGTERM, and waited for");
	is_i64(daemon_stop(d), 0, "once");
	is_i64(daemon_start(d, NULL), 0, "and again");
	is_str(written("group"), "", "without a cgroup");
	daemon_free(d);
}

static void never_starts(const char *text, enum daemon_ready ready,
			 const char *what, const char *why)
{
	struct daemon_plan p = plan_of(text, ready, what);
	uint64_t began = now_ns();
	struct daemon *d;

	p.ready_ns = S / 2;
	d = daemon_new(&p, dir);
	ok(daemon_start(d, NULL) < 0, "refused: %s", why);
	like(fail_message(), why, "says why");
	ok(now_ns() - began < 15 * S, "by its deadline");
	is_i64(daemon_stop(d), 0, "nothing is left to stop");
	daemon_free(d);
}

/* Who has written its process into that file has died, and has been waited for. */
static void gone(const char *name)
{
	uint64_t end = now_ns() + 60 * S;
	pid_t pid;

	do {
		sleep_ns(S / 50);
		pid = (pid_t)atoi(written(name));
	} while ((!pid || !kill(pid, 0)) && now_ns() < end);
}

static void dies(void)
{
	struct daemon_plan p =
		plan_of("sleep 0.1; echo oh no >&2; echo $$ >failing; exit 3",
			DAEMON_RUNS, NULL);
	struct daemon *d = daemon_new(&p, dir);

	is_i64(daemon_start(d, NULL), 0, "one that dies is started");
	gone("failing");
	ok(daemon_stop(d) < 0, "it had died");
	like(fail_message(), "ended with status 3 after ", "why");
	like(fail_message(), "before the work had; it said: oh no", "why");
	daemon_free(d);

	p = plan_of("echo $$ >crashing; kill -SEGV $$", DAEMON_RUNS, NULL);
	d = daemon_new(&p, dir);
	is_i64(daemon_start(d, NULL), 0, "one that crashes is started");
	gone("crashing");
	ok(daemon_stop(d) < 0, "it had crashed");
	like(fail_message(), "killed by signal 11", "why");
	daemon_free(d);
}

static void stubborn(void)
{
	struct daemon_plan p = plan_of(
		"trap '' TERM; echo $$ >pid; echo up; while :; do sleep 1; done",
		DAEMON_SAYS, "up");
	struct daemon *d;
	uint64_t began;

	p.stop_ns = S / 2;
	d = daemon_new(&p, dir);
	is_i64(daemon_start(d, NULL), 0, "one that ignores SIGTERM");
	began = now_ns();
	is_i64(daemon_stop(d), 0, "is stopped all the same");
	ok(now_ns() - began < 10 * S, "after its deadline");
	ok(kill((pid_t)atoi(written("pid")), 0) != 0, "it is gone");
	daemon_free(d);
}

/* damo start, damo stop: nothing runs in between. */
static void sets_up(void)
{
	struct daemon_plan p =
		plan_of("echo on >state; echo done", DAEMON_ENDS, NULL);
	struct daemon *d;

	p.stop[0] = p.start[0];
	p.stop[1] = p.start[1];
	p.stop[2] = "echo off >state";
	d = daemon_new(&p, dir);
	is_i64(daemon_start(d, NULL), 0, "a command that sets up");
	is_str(written("state"), "on", "has done so");
	is_i64(daemon_stop(d), 0, "and one that takes back");
	is_str(written("state"), "off", "has done so");
	daemon_free(d);

	p.stop[2] = "echo cannot; exit 5";
	d = daemon_new(&p, dir);
	is_i64(daemon_start(d, NULL), 0, "where that fails");
	ok(daemon_stop(d) < 0, "it is an error");
	like(fail_message(), "ended with status 5; it said: cannot", "why");
	daemon_free(d);
}

/* It leaves its parent, as daemons do, and its file comes later. */
static void background(void)
{
	struct daemon_plan p = plan_of(
		"rm -f there; (sleep 0.3; echo $$ >there; sleep 100) & exit 0",
		DAEMON_FILE, "there");
	struct daemon *d = daemon_new(&p, dir);
	uint64_t began;

	is_i64(daemon_start(d, NULL), 0, "one that goes into the background");
	began = now_ns();
	is_i64(daemon_stop(d), 0, "is found and stopped");
	ok(now_ns() - began < 10 * S, "in time");
	daemon_free(d);
}

/* Who had started it is killed: it is stopped as always. */
static void orphan(void)
{
	struct daemon_plan p = plan_of(
		"rm -f end; trap 'echo stopped >end; exit 0' TERM; echo up\n"
		"while :; do sleep 0.05; done",
		DAEMON_SAYS, "up");
	uint64_t end = now_ns() + 20 * S;
	pid_t child = fork();

	if (!child) {
		struct daemon *d = daemon_new(&p, dir);

		if (daemon_start(d, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(child, NULL, 0);
	while (strcmp(written("end"), "stopped") != 0 && now_ns() < end)
		sleep_ns(S / 50);
	is_str(written("end"), "stopped", "of one who was killed");
}

static void check(const char *program, const char *why)
{
	struct daemon_plan p = { .start = { (char *)(uintptr_t)program } };
	int err = daemon_check(&p, dir);

	is_i64(!err, !why, "%s", program);
	if (why)
		like(fail_message(), why, "says why");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	report_quiet();
	good();
	never_starts(
		"exit 0", DAEMON_SAYS, "ready",
		"ended with status 0 before it was ready; it said nothing");
	never_starts("echo no such device >&2; exit 7", DAEMON_SAYS, "ready",
		     "status 7 before it was ready; it said: no such device");
	never_starts("exit 9", DAEMON_ENDS, NULL, "status 9 before");
	never_starts(
		"sleep 100", DAEMON_SAYS, "ready",
		"was not ready after 500 ms (ready = TIME ...): it did not say ready; it said nothing");
	never_starts("sleep 100", DAEMON_FILE, "/no/such/file",
		     "TIME ...): there is no /no/such/file; it said nothing");
	never_starts("sleep 100", DAEMON_ENDS, NULL,
		     "TIME ...): it did not end; it said nothing");
	dies();
	stubborn();
	sets_up();
	background();
	orphan();
	check("/bin/sh", NULL);
	check("sh", NULL);
	check("./none", "none: No such file");
	check("no-such-program", "not found in PATH");
	snprintf(script, sizeof(script), "rm -rf %s", dir);
	return system(script) || done_testing();
}
