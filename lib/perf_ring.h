/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf_ring.h - a buffer that the kernel writes an event's samples into.
 *
 * Source: perf_event_open(2), MMAP layout.
 */
#ifndef TIER_LIB_PERF_RING_H
#define TIER_LIB_PERF_RING_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERF_RING_BYTES (UINT64_C(512) << 10) /* of samples; a power of 2 */

struct perf_ring {
	int fd;
	struct perf_event_mmap_page *page; /* how far it is; the samples follow */
};

/*
 * The event of a thread on any CPU (cpu -1), or of a CPU's threads (pid -1).
 * With write_backward the newest is first and the oldest is overwritten; else
 * what has no room is lost until data_tail goes on. False: the kernel does not
 * let us, or has no memory.
 */
bool perf_ring_open(struct perf_ring *r, struct perf_event_attr *attr, int pid,
		    int cpu);
void perf_ring_close(struct perf_ring *r);
/* Of what is at a place as data_head counts; over the buffer's end it goes on at
 * its begin. */
void perf_ring_copy(const struct perf_ring *r, void *to, size_t bytes,
		    uint64_t at);

#endif
