/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * time.h - the clocks, nanoseconds and seconds.
 */
#ifndef TIER_LIB_TIME_H
#define TIER_LIB_TIME_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t now_ns(void);
/* Sleeps for ns, or until a signal comes. */
void sleep_ns(uint64_t ns);
/* The CPU time of the calling thread, nanoseconds. */
uint64_t thread_cpu_ns(void);
/* Since the machine was started, seconds. */
double uptime_s(void);
/* So many nanoseconds as the C library wants them. */
struct timespec timespec_of(uint64_t ns);
/* What getrusage(2) says, seconds. */
double seconds_of(struct timeval t);

#endif
