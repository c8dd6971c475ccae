// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait.c - states that the kernel comes to in its own time, and the signals
 * that end a wait.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"

/* ---------------------------------------------------------------- signals */

static const struct {
	int number;
	const char *name;
} ending[] = {
	{ SIGTERM, "SIGTERM" }, { SIGINT, "SIGINT" },	{ SIGHUP, "SIGHUP" },
	{ SIGQUIT, "SIGQUIT" }, { SIGUSR1, "SIGUSR1" }, { SIGUSR2, "SIGUSR2" },
};

bool wait_is_users(int signum)
{
	return signum == SIGUSR1 || signum == SIGUSR2;
}

/* What is done with those here, and what was when we were executed. */
static struct {
	int number;
	void (*handler)(int);
	struct sigaction given;
} own[] = {
	{ SIGCHLD, SIG_DFL },
	{ SIGPIPE, SIG_IGN },
	{ SIGXFSZ, SIG_IGN },
	/* Of wait_alarm() */
	{ SIGALRM, SIG_DFL },
};
static sigset_t given_mask;

void wait_take_signals(void)
{
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		struct sigaction sa = { .sa_handler = own[i].handler };

		sigaction(own[i].number, &sa, &own[i].given);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &given_mask);
}

void wait_return_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigaction(own[i].number, &own[i].given, NULL);
	sigprocmask(SIG_SETMASK, &given_mask, NULL);
}

static bool is_ignored(int signum)
{
	struct sigaction sa;

	return !sigaction(signum, NULL, &sa) && sa.sa_handler == SIG_IGN;
}

/* One that is ignored is, unless it is blocked: then it would be kept. */
void wait_stop_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (!is_ignored(ending[i].number))
			sigaddset(set, ending[i].number);
}

void wait_catch_signals(void (*handler)(int signal))
{
	struct sigaction sa = { .sa_handler = handler };

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (!is_ignored(ending[i].number))
			sigaction(ending[i].number, &sa, NULL);
}

int wait_stop_signal(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (!wait_is_users(ending[i].number) &&
		    !is_ignored(ending[i].number))
			return ending[i].number;
	return SIGKILL;
}

const char *wait_signal_name(int signum)
{
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (ending[i].number == signum)
			return ending[i].name;
	return "a signal";
}

void wait_hold_signals(sigset_t *before)
{
	sigset_t set;

	wait_stop_set(&set);
	sigprocmask(SIG_BLOCK, &set, before);
}

bool wait_for_signal(uint64_t ns)
{
	struct timespec ts = timespec_of(ns);
	sigset_t set;

	wait_stop_set(&set);
	return sigtimedwait(&set, NULL, &ts) > 0;
}

void wait_release_signals(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

bool wait_is_stopped(void)
{
	sigset_t set;

	sigpending(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigismember(&set, ending[i].number) == 1)
			return true;
	return false;
}

static void ring(int signum)
{
	(void)signum;
}

/* (timer_create() is 2 KB larger.) */
void wait_alarm(uint64_t ns)
{
	struct sigaction sa = { .sa_handler = ring };
	struct itimerval when = {
		.it_value = { (time_t)(ns / 1000000000),
			      (long)(ns % 1000000000 / 1000) },
		.it_interval = { 0, 100000 },
	};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
}

/* ----------------------------------------------------------------- states */

int wait_state(const char *what, wait_look *look, void *arg,
	       uint64_t timeout_ns)
{
	uint64_t deadline = now_ns() + timeout_ns;
	char state[WAIT_STATE] = "", waited[SIZE_TEXT];
	int seen;

	for (;;) {
		seen = look(arg, state);
		if (seen)
			return seen < 0 ? seen : 0;
		if (wait_is_stopped())
			return fail(EINTR, "interrupted while waiting for %s",
				    what);
		if (now_ns() >= deadline)
			break;
		sleep_ns(WAIT_POLL_NS);
	}
	format_seconds(waited, (double)timeout_ns / 1e9);
	return fail(ETIMEDOUT, "waited %s for %s: %s", waited, what, state);
}
