/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verb.h - what a verb is: its name, words, options and help, and its work.
 *
 * A verb is a file of cmd/ with its name ("damon start" is damon_start.c), in
 * it one object of this type, and a line of verbs.h.
 */
#ifndef TIER_CMD_VERB_H
#define TIER_CMD_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

/* Checks arg, and sets what of the plan it is for; 0 or -EINVAL, misuse(). */
typedef int verb_setter(struct plan *plan, const char *arg);

struct verb_option {
	const char *name; /* NULL ends a group of options */
	const char *metavar; /* NULL: takes no argument; two words: two */
	verb_setter *set;
	const char *help; /* NULL: not for people */
	char letter; /* 0: none; may be another option's of another verb */
	/* Of the group that is every verb's: only of those with the flag, or */
	unsigned short only, never; /* of those without it; 0: of all */
};

enum verb_flag {
	VERB_BENCHMARK = 1 << 0, /* repeats without --once */
	VERB_WORKLOAD = 1 << 1, /* may run under a policy, and beside hogs */
	VERB_CHANGES = 1 << 2, /* tunables or DAMON: one at a time */
	VERB_LASTING = 1 << 3, /* its changes outlive it, if it succeeds */
	VERB_RESTORES = 1 << 4, /* takes changes back */
	VERB_LOOKS = 1 << 5, /* only looks, at once: no process of its own */
	VERB_HEADER = 1 << 6, /* says of which machine its results are */
	VERB_PROGRAM = 1 << 7, /* from its first word on all is a program's */
	VERB_REGIONS = 1 << 8, /* as PID 1: it makes CXL regions itself */
	VERB_DRY_RUN = 1 << 9, /* takes --dry-run */
	VERB_ROOT = 1 << 10, /* takes --root; with VERB_DRY_RUN only both */
	VERB_NO_RECORDS = 1 << 11, /* writes text alone */
};

struct verb {
	const char *name; /* one or two words */
	const char *operands; /* as help shows them; "": none */
	const char *summary, *notes; /* notes NULL: none */
	unsigned int flags;
	const struct verb_option *const *options; /* groups; NULL ends them */
	void (*defaults)(struct plan *plan); /* before its options; or NULL */
	/* Its words, after its options. NULL: it takes none. 0 or misuse(). */
	int (*take)(struct plan *plan, int n, char **operand);
	/* 0 or -errno, with the message. NULL: plan_help() is its work. */
	int (*work)(const struct plan *plan);
	/* By the supervisor, however the work ended; or NULL. */
	void (*clean_up)(void);
};

/* --- for the verbs' tables: groups that several share ---------------------- */

extern const struct verb_option options_common[]; /* of every verb */
extern const struct verb_option options_policy[]; /* --policy, --set, --hog */

/* --- for setters: each 0, or -EINVAL with misuse() ------------------------- */

/* "OPTION ARG: WANT", as misuse(). */
int option_bad(const char *option, const char *arg, const char *want);
/* A whole number from 1 to max. */
int option_positive(const char *option, const char *arg, uint64_t max,
		    uint64_t *value);
/* A time above 0, nanoseconds. */
int option_duration(const char *option, const char *arg, uint64_t *ns);
/* A time of a tenth of a second or more, nanoseconds; "off": 0. */
int option_timeline(const char *arg, uint64_t *ns);
/* One word of a few: its place among them, or -EINVAL. */
int option_choice(const char *option, const char *arg, const char *const *words,
		  size_t n);
/* "90%" or "0.9", from least to most, in parts of 65536. */
int option_part(const char *option, const char *arg, double least, double most,
		uint32_t *value);
/* Bytes, at least so many. */
int option_size(const char *option, const char *arg, uint64_t least,
		uint64_t *bytes);
/* "1" or "node1", below NODE_MAX. */
int option_node(const char *option, const char *arg, int *node);
/* PREFIX and a number: "region0". */
int option_device(const char *option, const char *arg, const char *prefix);
/* Does it begin as a decimal number, which strtod() alone does not ask? */
bool option_is_number(const char *arg);
/* "KEY=VALUE" of --set. */
int option_set(struct plan *plan, const char *arg);

#endif
