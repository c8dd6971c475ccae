/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * init.h - being PID 1: mounts, console, kernel modules, power off.
 */
#ifndef TIER_INIT_H
#define TIER_INIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Of PID 1: is it the machine's? That of a container (of any PID namespace but
 * the first) mounts nothing, loads nothing, creates no regions, and ends as any
 * program does. Asks /proc, which is mounted for it where it is not there.
 */
bool init_is_ours(void);
/* Mounts what a run needs, sees to descriptors 0 to 2. */
void init_begin(void);
/*
 * The kernel hands on what it does not know of its own words, too, those before
 * " -- " ("nokaslr" is its loader's): takes them out of argv, and returns argc.
 */
int init_own_words(int argc, char **argv);
/* Loads the kernel modules that the image lists. */
void init_modules(void);

/*
 * Opens the port that takes the records out of the guest: the virtio-serial
 * port named "tier", else the second serial port. -1: there is neither.
 */
int init_records_port(void);

/*
 * Makes the console the controlling terminal of a session of our own, so that
 * ^C reaches it. PID 1 has it for the work's sake: were it the work's, the
 * kernel would drop what is not printed yet when the work ends. A shell takes
 * it for itself.
 */
void init_take_console(void);

/* Drains the console and powers off; the status, where that is refused. */
int init_end(int status);

#endif
