/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * init.h - being PID 1: mounts, console, kernel modules, power off.
 */
#ifndef TIER_INIT_H
#define TIER_INIT_H

#include <stddef.h>

/* Mounts what a run needs, sees to descriptors 0 to 2. */
void init_begin(void);
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

/* Drains the console and powers off; does not return. */
void init_end(void) __attribute__((noreturn));

#endif
