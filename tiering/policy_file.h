/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy_file.h - a policy as a text, built in or a file: tunables, DAMON, a
 * cgroup with its limits, weights, a placement, a daemon, what is put back.
 *
 * A line is "KEY = VALUE", or empty, or a comment with # at its beginning; the
 * keys are those of "tier policy show" and the words of policy_file_words.
 */
#ifndef TIER_TIERING_POLICY_FILE_H
#define TIER_TIERING_POLICY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"
#include "tiering/daemon.h"
#include "tiering/tunables.h"

#define POLICY_FILE_SETS 64
#define POLICY_FILE_RESTORES 32

/* Of a cgroup, as the kernel names them; UNSET: left as it is. */
#define POLICY_FILE_LIMITS 4
#define POLICY_FILE_UNSET (UINT64_MAX - 1)
#define POLICY_FILE_NO_LIMIT UINT64_MAX /* "max" */
extern const char *const policy_file_limits[POLICY_FILE_LIMITS];

struct policy_preset {
	const char *name; /* NULL ends them */
	const char *text;
};

extern const struct policy_preset policy_presets[];

/* All pointers are into a copy of the text, and end with it. */
struct policy_file {
	char *name; /* of a file its last part, without ".policy" */
	char *path; /* absolute; NULL: it is built in */
	char *dir; /* where that is; its daemon runs there */
	const char *about; /* "": it does not say */
	struct {
		const struct tunable *t;
		int node; /* -1: of the system */
		const char *value; /* as it was written */
	} sets[POLICY_FILE_SETS];
	int nr_sets;
	enum damon_style damon; /* made for the machine; or */
	struct damon_config *config; /* as it stands in the text; or NULL */
	const char *config_file; /* it was read from there; or NULL */
	const char *group; /* the workload's cgroup, its name; NULL: none */
	uint64_t limits[POLICY_FILE_LIMITS]; /* bytes */
	bool limited; /* is any of them set? */
	unsigned int near, far; /* pages in turn, by weight; 0: it has none */
	bool by_counts; /* the emulator's place its pages: oracle.h */
	struct daemon_plan daemon;
	const char *restores[POLICY_FILE_RESTORES];
	int restores_at[POLICY_FILE_RESTORES]; /* lines */
	int nr_restores;
	bool restores_damon;
	char *text, *original; /* cut into words; and as it was */
};

/*
 * name: of a preset; or of a file, which has a slash, or ends in ".policy".
 * Nothing is asked of the machine. NULL with the message: misuse() with the
 * file, line and column of a mistake, or fail() when it cannot be read.
 */
struct policy_file *policy_file_read(const char *name);
/* The same of a text, which can name no file of DAMON's. */
struct policy_file *policy_file_parse(const char *name, const char *text);
void policy_file_free(struct policy_file *f);

/* Is that the name of a file, not of a preset? */
bool policy_file_is(const char *name);

/*
 * Calls each for every file beside the policy that it names: DAMON's, and
 * the words of its commands that begin with "./".
 */
void policy_file_beside(const struct policy_file *f,
			void (*each)(const char *path));

#endif
