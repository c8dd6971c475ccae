/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait.h - states that the kernel comes to in its own time.
 *
 * Nothing sleeps for a fixed time: the probes of PCI devices, endpoints, dax
 * devices and (from 7.x) kmem are asynchronous, so states are polled.
 */
#ifndef TIER_LIB_WAIT_H
#define TIER_LIB_WAIT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define WAIT_STATE 256
#define WAIT_POLL_NS UINT64_C(10000000)

/* The signals that end a program, and no others: SIGINT, SIGTERM, SIGHUP. */
void wait_stop_set(sigset_t *set);
/*
 * From now on each of them calls the handler, and interrupts what sleeps;
 * SIG_IGN: they do nothing.
 */
void wait_catch_signals(void (*handler)(int signal));

/*
 * Ctrl-C must not leave half of a thing behind: they are held between these
 * two; waits look for them, and end.
 */
void wait_hold_signals(sigset_t *before); /* before may be NULL */
void wait_release_signals(const sigset_t *before);
/* Has one come meanwhile? */
bool wait_is_stopped(void);
/* Takes one that is held, or comes within ns; false: none did. */
bool wait_for_signal(uint64_t ns);

/*
 * Looks once: 1 when it is so, 0 when not yet (state then says what is), or
 * -errno when it never will be.
 */
typedef int wait_look(void *arg, char state[static WAIT_STATE]);

/*
 * Polls look(arg) until it is so: 0. -ETIMEDOUT after timeout_ns, -EINTR when
 * a held signal came, or what look returned; with fail(). what is its name in
 * messages.
 */
int wait_state(const char *what, wait_look *look, void *arg,
	       uint64_t timeout_ns);

#endif
