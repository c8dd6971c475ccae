/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * at.h - what --at does to the machine while a workload runs: regions that come
 * and go, devices that are plugged and unplugged.
 *
 * It is done by a process of its own, one thing after the other, so that nobody
 * waits for it; what came of it is said, and is the record "event".
 */
#ifndef TIER_CMD_AT_H
#define TIER_CMD_AT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/plan.h"
#include "cmd/verb.h"

extern const struct verb_option at_options[];

struct at;

/*
 * To be called before the workload has its memory, and before this process is put
 * into a cgroup: starts the process. A device that is not there is refused now.
 * *at is NULL without events. 0 or -errno with the message.
 */
int at_start(struct at **at, const struct at_plans *plans);
/* Its process; 0: there is none. */
pid_t at_pid(const struct at *at);
/*
 * To be called often: begins what is due, and says what has ended. seconds: since
 * the workload began. True: something has begun or ended since the last call, so
 * that nodes may have come or gone.
 */
bool at_tick(struct at *at, double seconds);
/* When the next one is due, seconds; INFINITY: nothing is left, or it is busy. */
double at_next(const struct at *at);
bool at_is_busy(const struct at *at);
/* Each once more, in a line. */
void at_show(const struct at *at);
/*
 * When all is over: 0 if all that was asked for was done, or -errno of the first
 * that was not, with the message: it failed, or the run had ended before.
 */
int at_judge(const struct at *at);
/* Ends the process; NULL is fine. */
void at_end(struct at *at);

#endif
