/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * damon_sysfs.h - DAMON's directories in sysfs.
 */
#ifndef TIER_DAMON_DAMON_SYSFS_H
#define TIER_DAMON_DAMON_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon_config.h"

#define DAMON_ADMIN "/sys/kernel/mm/damon/admin"
#define DAMON_KDAMONDS DAMON_ADMIN "/kdamonds"
#define DAMON_STAT "damon_stat"

/*
 * Gives every file of the configuration with its value to emit, parents
 * first; 0, or what emit returned. to_stage: what damo writes on this kernel,
 * in the directories it writes it to; else the configuration as it is.
 */
typedef int damon_sysfs_emit_fn(void *arg, const char *path, const char *value,
				const struct kdamond_field *f);
int damon_sysfs_emit(const struct damon_config *config, bool to_stage,
		     damon_sysfs_emit_fn *emit, void *arg);
/* Is the kernel that version, or newer? */
bool damon_sysfs_is_linux(unsigned int major, unsigned int minor);
/* What is there now; NULL with the message. */
struct damon_config *damon_sysfs_read(void);

/* How many kdamonds there are, running or not. Without DAMON: lacks(). */
int damon_sysfs_count(uint64_t *nr);
bool damon_sysfs_is_on(uint64_t k);
/* The thread of a kdamond; 0: it has none. */
int damon_sysfs_pid(uint64_t k);
/*
 * Each waits while DAMON is busy with another access, up to a second.
 * compare: the value is read back.
 */
int damon_sysfs_write(const char *path, const char *value, bool compare);
int damon_sysfs_command(uint64_t k, const char *word);
int damon_sysfs_stat(uint64_t *value, uint64_t k, size_t scheme,
		     const char *name);

/* A module that uses DAMON by itself: is it there, and enabled? */
bool damon_sysfs_is_enabled(const char *module);

#endif
