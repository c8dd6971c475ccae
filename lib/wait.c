// SPDX-License-Identifier: GPL-2.0-only
/*
 * await.c - states that the kernel comes to in its own time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "await.h"
#include "util.h"

void await_hold_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, before);
}

void await_release_signals(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

bool await_is_stopped(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGINT) == 1 ||
	       sigismember(&set, SIGTERM) == 1 ||
	       sigismember(&set, SIGHUP) == 1;
}

int await_state(const char *what, await_look *look, void *arg,
		uint64_t timeout_ns)
{
	uint64_t deadline = now_ns() + timeout_ns;
	char state[AWAIT_STATE] = "", waited[SIZE_TEXT];
	int seen;

	for (;;) {
		seen = look(arg, state);
		if (seen)
			return seen < 0 ? seen : 0;
		if (await_is_stopped())
			return fail(EINTR, "interrupted while waiting for %s",
				    what);
		if (now_ns() >= deadline)
			break;
		sleep_ns(AWAIT_POLL_NS);
	}
	format_seconds(waited, (double)timeout_ns / 1e9);
	return fail(ETIMEDOUT, "waited %s for %s: %s", waited, what, state);
}
