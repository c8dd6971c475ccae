/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * await.h - states that the kernel comes to in its own time.
 *
 * Nothing sleeps for a fixed time: the probes of PCI devices, endpoints, dax
 * devices and (from 7.x) kmem are asynchronous, so states are polled.
 */
#ifndef TIER_AWAIT_H
#define TIER_AWAIT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define AWAIT_STATE 256
#define AWAIT_POLL_NS UINT64_C(10000000)

/*
 * Ctrl-C must not leave half of a thing behind: the signals that end a program
 * (SIGINT, SIGTERM, SIGHUP) wait between these two; waits look for them, and
 * end.
 */
void await_hold_signals(sigset_t *before);
void await_release_signals(const sigset_t *before);
/* Has one come meanwhile? */
bool await_is_stopped(void);

/*
 * Looks once: 1 when it is so, 0 when not yet (state then says what is), or
 * -errno when it never will be.
 */
typedef int await_look(void *arg, char state[static AWAIT_STATE]);

/*
 * Polls look(arg) until it is so: 0. -ETIMEDOUT after timeout_ns, -EINTR when
 * a held signal came, or what look returned; with fail(). what is its name in
 * messages.
 */
int await_state(const char *what, await_look *look, void *arg,
		uint64_t timeout_ns);

#endif
