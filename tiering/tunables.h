/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tunables.h - the tunables of memory tiering: what there are, what they take,
 * what they are now.
 */
#ifndef TIER_TIERING_TUNABLES_H
#define TIER_TIERING_TUNABLES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Where those are that share a directory. */
#define TUNABLES_BALANCING "/proc/sys/kernel/numa_balancing"
#define TUNABLES_DEMOTION "/sys/kernel/mm/numa/demotion_enabled"
#define TUNABLES_SCHED "/sys/kernel/debug/sched/numa_balancing/"
#define TUNABLES_THP "/sys/kernel/mm/transparent_hugepage/"
#define TUNABLES_WEIGHTS "/sys/kernel/mm/mempolicy/weighted_interleave/"

enum tunable_kind { TUNABLE_NUMBER, TUNABLE_TRUTH, TUNABLE_CHOICE };

struct tunable {
	const char *key, *path;
	enum tunable_kind kind;
	uint64_t min, max;
	const char *choices; /* of CHOICE, between blanks */
	const char *unit;
	/* The kernel's own; every preset writes it. NULL: as it is found. */
	const char *def;
	const char *needs, *help;
};

/*
 * Can the kernel's NUMA balancing promote (mode 2)? From Linux 5.18 on, and
 * where a vendor brought it to an older one.
 */
bool tunables_promotes(void);

/* The first, and the last: the only one that is of a node, a row for all. */
extern const struct tunable *const tunables_first, *const tunables_weight;

#define TUNABLES_KEY 64
#define TUNABLES_VALUE 24

/*
 * A key as in the table, by another name, as sysctl(8) spells it
 * (vm.swappiness), or the file itself. *node: of a node's, whose number comes
 * last; -1: of all others. NULL: there is none.
 */
const struct tunable *tunables_find(const char *key, int *node);
/* There is none of that name: misuse(), with the nearest. */
int tunables_unknown(const char *key);
/* Is it a value of the tunable? 0 or -EINVAL with misuse(). */
int tunables_check(const struct tunable *t, const char *value);
/*
 * Words for a truth, in the one spelling that the kernel reads back; of
 * lru_gen_enabled, which is a mask, all and none of it. NULL: it is none.
 */
const char *tunables_canonical(const struct tunable *t, const char *value);

/* Its file, and its key, with the node's number; each returns its buffer. */
const char *tunables_path(char path[static PATH_MAX], const struct tunable *t,
			  int node);
const char *tunables_key(char key[static TUNABLES_KEY], const struct tunable *t,
			 int node);
/*
 * What it is now: value; or "absent", or "hidden" where it may not be looked at.
 */
const char *tunables_read(char value[static TUNABLES_VALUE],
			  const struct tunable *t, int node);

/* Calls row for every tunable, and for the weight of every node there is. */
typedef void tunables_fn(const struct tunable *t, int node, void *arg);
void tunables_walk(tunables_fn *row, void *arg);

/* Record "tunables", all in one; null is what cannot be read. */
void tunables_record(void);

#endif
