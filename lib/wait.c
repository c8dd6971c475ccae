// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait.c - states that the kernel comes to in its own time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"

static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };

void wait_stop_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(stopping); i++)
		sigaddset(set, stopping[i]);
}

void wait_catch_signals(void (*handler)(int signal))
{
	struct sigaction action = { .sa_handler = handler };

	for (size_t i = 0; i < ARRAY_SIZE(stopping); i++)
		sigaction(stopping[i], &action, NULL);
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
	bool stopped = false;
	sigset_t set;

	sigpending(&set);
	for (size_t i = 0; i < ARRAY_SIZE(stopping); i++)
		stopped |= sigismember(&set, stopping[i]) == 1;
	return stopped;
}

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
