/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time.h - the clocks, nanoseconds and seconds.
 */
#ifndef TIER_LIB_TIME_H
#define TIER_LIB_TIME_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds, and in seconds. */
uint64_t now_ns(void);
void sleep_ns(uint64_t ns);
/* The CPU time of the calling thread, nanoseconds. */
uint64_t thread_cpu_ns(void);
/* Since the machine was started, seconds. */
double uptime_s(void);

#endif
