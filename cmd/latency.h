/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency.h - the chain of loads that tier latency measures by.
 */
#ifndef TIER_CMD_LATENCY_H
#define TIER_CMD_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cache line of a buffer; each points at the one to be read after it. */
struct latency_line {
	struct latency_line *next;
	uint64_t unused[7];
};

/*
 * Extends a random cycle through the first have lines, 0 or more, to all of
 * the first want ones, or to as many as there is time for until until_ns (of
 * now_ns()). Returns how many it goes through: at least one. Every cycle is
 * as likely as any other. *seed goes on from call to call.
 */
size_t latency_link(struct latency_line *lines, size_t have, size_t want,
		    uint64_t until_ns, uint64_t *seed);

/*
 * The buffer of a node when none is asked for, bytes: four times the largest
 * cache of CPU 0 (/sys/devices/system/cpu/cpu0/cache), 64 MiB at least; 256
 * MiB when the cache is not known. 16 MiB in an emulator, which has no caches.
 */
uint64_t latency_default_bytes(bool emulated);

#endif
