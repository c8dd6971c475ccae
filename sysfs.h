/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs.h - every read and write of a kernel attribute file (sysfs, procfs,
 * debugfs, cgroupfs), under one root.
 *
 * Paths are absolute and printf-formatted. All functions return -errno on
 * failure and leave the message (path, value, reason) with fail(); a caller
 * that tolerates absence looks at -ENOENT and goes on.
 */
#ifndef TIER_SYSFS_H
#define TIER_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads and writes below dir instead of "/"; links stay inside it. */
int sysfs_set_root(const char *dir);
/* Is the root something else than "/"? Then nothing can be asked of libcxl. */
bool sysfs_is_rerooted(void);
/* Why a file that is there may not be read: root is told nothing of root. */
const char *sysfs_closed(void);

/*
 * Every write is shown to journal (path, value) before it is made; without a
 * value it is a line that says all ("mkdir PATH"). With dry_run it is only
 * shown.
 */
typedef void sysfs_journal_fn(void *arg, const char *path, const char *value);
void sysfs_journal(sysfs_journal_fn *fn, void *arg, bool dry_run);
bool sysfs_is_dry(void);
/* A line for the journal that is no write: (line, NULL). */
void sysfs_say(const char *line);

/*
 * A hint: what is below dir is looked up from there from now on, until another
 * is given or NULL. Of an emulated kernel's time a long path is the most. The
 * directory shall not be replaced by another one meanwhile.
 */
void sysfs_near(const char *dir);

/*
 * A file that is read as it comes, such as the kernel's log: a descriptor that
 * never waits, or -errno.
 */
int sysfs_open(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool sysfs_exists(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/*
 * Reads an attribute of one value into buf, without its trailing newline;
 * returns its length. -EOVERFLOW when it does not fit.
 */
int sysfs_read(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * As sysfs_read(), but of a file that lists its choices ("[always] madvise
 * never") only the chosen one.
 */
int sysfs_read_chosen(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Do the two mean the same to the kernel? 7 and 0x0007; Y, 1 and true.
 */
bool sysfs_same(const char *a, const char *b);
/* Decimal or 0x-hexadecimal. -EINVAL when the file holds something else. */
int sysfs_read_u64(uint64_t *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * A whole file of any length up to 16 MiB, terminated; free() it.
 * NULL on failure, with errno and the message set.
 */
char *sysfs_slurp(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Where a symbolic link points, its last component only ("kmem"). */
int sysfs_link_name(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * One value is one write(2); never creates a file; a short write is an error.
 * For files that are commands, or that do not read back what was written.
 */
int sysfs_write(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Writes, reads back, and fails when the kernel holds something else. */
int sysfs_store(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes or removes a directory: a cgroup, a tracing instance. */
int sysfs_mkdir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int sysfs_rmdir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * The entries of a directory that are prefix followed by a number
 * ("node" -> 0, 1, 12), as numbers in ascending order. Returns how many
 * (*ids to be freed, NULL if none), or -errno.
 */
int sysfs_ids(int **ids, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * All names in a directory, hidden ones left out, each ended by a newline,
 * in no order; free() it. NULL on failure, with errno and the message set.
 */
char *sysfs_names(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
