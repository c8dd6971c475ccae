/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait.h - states that the kernel comes to in its own time, and the signals
 * that end a wait.
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

/*
 * Signals are given to a program by whoever executes it: some are ignored
 * (nohup), some blocked. For ourselves we need SIGCHLD, do without SIGPIPE and
 * SIGXFSZ (a write fails then), take SIGALRM, and block none: main() begins with
 * the first.
 * In a child, before another program is executed, all is as it was given.
 */
void wait_take_signals(void);
void wait_return_signals(void);

/*
 * The signals that end a program, SIGTERM and the like, real-time ones too, but
 * for those of a fault of its own, and for those that are ignored here, as nohup
 * has it: they stay so. Of SIGALRM see wait_alarm().
 */
void wait_stop_set(sigset_t *set);
/* SIGUSR1 or SIGUSR2, which mean what a program says, as Slurm's --signal? */
bool wait_is_users(int signum);
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
/* One that a child is asked to end by; SIGKILL if it ignores them all. */
int wait_stop_signal(void);
/* "SIGTERM"; of another signal "a signal". */
const char *wait_signal_name(int signum);
/* Has one come meanwhile? */
bool wait_is_stopped(void);
/* Takes one that is held, or comes within ns; false: none did. */
bool wait_for_signal(uint64_t ns);

/*
 * A system call that may wait for ever is interrupted after ns, and again and
 * again in case the first came too early, until this is called with 0. By
 * SIGALRM, of all of the process; from somebody else that is wait_stop_signal().
 */
void wait_alarm(uint64_t ns);

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
