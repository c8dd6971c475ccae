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

/* Those that somebody means by it come first. */
static const struct {
	int number;
	const char *name;
} ending[] = {
	{ SIGTERM, "SIGTERM" },	    { SIGINT, "SIGINT" },
	{ SIGHUP, "SIGHUP" },	    { SIGQUIT, "SIGQUIT" },
	{ SIGUSR1, "SIGUSR1" },	    { SIGUSR2, "SIGUSR2" },
	{ SIGXCPU, "SIGXCPU" },	    { SIGPWR, "SIGPWR" },
	{ SIGPOLL, "SIGPOLL" },	    { SIGPROF, "SIGPROF" },
	{ SIGVTALRM, "SIGVTALRM" }, { SIGSTKFLT, "SIGSTKFLT" },
};

bool wait_is_users(int signum)
{
	return signum == SIGUSR1 || signum == SIGUSR2;
}

static void ring(int signum, siginfo_t *info, void *context);

/* What is done with those here, and what was when we were executed. */
static struct {
	int number;
	struct sigaction here, given;
} own[] = {
	/* Of wait_alarm() */
	{ SIGALRM, { .sa_sigaction = ring, .sa_flags = SA_SIGINFO } },
	{ SIGCHLD, { .sa_handler = SIG_DFL } },
	{ SIGPIPE, { .sa_handler = SIG_IGN } },
	{ SIGXFSZ, { .sa_handler = SIG_IGN } },
};
static sigset_t given_mask;

/* Our own interrupts what waits; anybody else's is to end us. */
static void ring(int signum, siginfo_t *info, void *context)
{
	(void)signum;
	(void)context;
	if (info->si_code <= 0 && own[0].given.sa_handler != SIG_IGN)
		raise(wait_stop_signal());
}

void wait_take_signals(void)
{
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigaction(own[i].number, &own[i].here, &own[i].given);
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

/* The i-th of those that end us, and then the real-time ones; 0: no more. */
static int ending_at(size_t i)
{
	int more = SIGRTMIN - (int)ARRAY_SIZE(ending) + (int)i;

	return i < ARRAY_SIZE(ending) ? ending[i].number :
	       more <= SIGRTMAX	      ? more :
					0;
}

/* One that is ignored is, unless it is blocked: then it would be kept. */
void wait_stop_set(sigset_t *set)
{
	int signum;

	sigemptyset(set);
	for (size_t i = 0; (signum = ending_at(i)); i++)
		if (!is_ignored(signum))
			sigaddset(set, signum);
}

void wait_catch_signals(void (*handler)(int signal))
{
	struct sigaction sa = { .sa_handler = handler };
	int signum;

	for (size_t i = 0; (signum = ending_at(i)); i++)
		if (!is_ignored(signum))
			sigaction(signum, &sa, NULL);
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
	int signum;

	sigpending(&set);
	for (size_t i = 0; (signum = ending_at(i)); i++)
		if (sigismember(&set, signum) == 1)
			return true;
	return false;
}

/* (timer_create() is 2 KB larger.) */
void wait_alarm(uint64_t ns)
{
	struct itimerval when = {
		.it_value = { (time_t)(ns / 1000000000),
			      (long)(ns % 1000000000 / 1000) },
		.it_interval = { 0, 100000 },
	};

	sigaction(SIGALRM, &own[0].here, NULL);
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
