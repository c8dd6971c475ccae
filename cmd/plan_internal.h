/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plan_work.h - what the parts of plan.c share, and nobody else.
 */
#ifndef TIER_PLAN_WORK_H
#define TIER_PLAN_WORK_H

#include <limits.h>
#include <stddef.h>

#include "plan.h"

/* As many as there may be. */
#define PLAN_MAX_OPTIONS 128
#define PLAN_ON(verb) (1u << (verb))
#define PLAN_EVERY UINT_MAX
#define PLAN_BENCHMARKS PLAN_ON(VERB_GUPS)
#define PLAN_WORKLOADS (PLAN_BENCHMARKS | PLAN_ON(VERB_RUN))
#define PLAN_HOGGING (PLAN_WORKLOADS | PLAN_ON(VERB_HOG))
#define PLAN_RECORDING (PLAN_EVERY & ~PLAN_ON(VERB_HELP))
#define PLAN_CHANGING (PLAN_ON(VERB_POLICY) | PLAN_ON(VERB_DAMON_START))

/* Checks arg, and sets what of the plan it is for; 0 or -EINVAL, misuse(). */
typedef int plan_setter(struct plan *plan, const char *arg);

struct plan_option {
	const char *name;
	char letter; /* 0: none */
	const char *metavar; /* NULL: takes no argument; two words: two */
	unsigned int verbs; /* PLAN_ON() of each that takes it */
	plan_setter *set;
	const char *help; /* NULL: not for people */
};

/* "OPTION ARG: WANT", as misuse(). */
int plan_bad(const char *option, const char *arg, const char *want);
/* A whole number from 1 to max. */
int plan_positive(const char *option, const char *arg, uint64_t max,
		  uint64_t *value);
/* PREFIX and a number: "region0". */
int plan_device_name(const char *option, const char *arg, const char *prefix);

extern const struct plan_option plan_options[];
extern const size_t plan_nr_options;

#endif
