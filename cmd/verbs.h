/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verbs.h - all verbs, in the order in which help lists them.
 *
 * VERBS(X) is X(NAME) for each; "damon start" is damon_start, its object
 * verb_damon_start in cmd/damon_start.c.
 */
#ifndef TIER_CMD_VERBS_H
#define TIER_CMD_VERBS_H

#include "cmd/plan.h"
#include "cmd/verb.h"

#define VERBS(X)          \
	X(gups)           \
	X(region_create)  \
	X(region_list)    \
	X(region_destroy) \
	X(plug)           \
	X(unplug)         \
	X(status)         \
	X(check)          \
	X(capture)        \
	X(policy_list)    \
	X(policy_show)    \
	X(policy_restore) \
	X(policy)         \
	X(damon_start)    \
	X(damon_status)   \
	X(damon_commit)   \
	X(damon_stop)     \
	X(damon_dump)     \
	X(run)            \
	X(hog)            \
	X(vmstat)         \
	X(latency)        \
	X(records)        \
	X(help)

#define VERBS_DECLARE(name) extern const struct verb verb_##name;
VERBS(VERBS_DECLARE)
#undef VERBS_DECLARE

/* For an array of pointers to them: { VERBS(VERBS_POINTER) NULL } */
#define VERBS_POINTER(name) &verb_##name,

#endif
