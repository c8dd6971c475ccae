/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * undo.h - changes of the machine that can be taken back.
 *
 * Before each change, how to take it back is written to a log below
 * /run/tier; taking back executes the log from its end, so in the reverse
 * order of the changes, whoever survived: the supervisor of a run that ended,
 * was interrupted or crashed, or "tier policy restore" when all were killed.
 * The logs: "run" is of what ends with its run (a benchmark's policy, how memory
 * comes online while a region is made), "policy" of the commands whose changes
 * outlive them ("tier policy NAME", "tier damon start"); "tier-run", which
 * several may have at once, of the cgroups of tier run.
 *
 * With sysfs.c's dry run, or under --root, no log is written and nothing is
 * mounted; the changes go to sysfs.c's journal.
 */
#ifndef TIER_MM_UNDO_H
#define TIER_MM_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where the logs and the lock are kept, "/run/tier" if not said: for tests,
 * which then have a log under --root, too.
 */
void undo_set_dir(const char *dir);

/*
 * Held until the process ends: by one who changes something, alone, or by all
 * who merely measure. -EBUSY, with a message that names the holder, when it is
 * taken. Taking back is always possible: who has the lock is named in a
 * warning. So is, to who changes something, another user that measures: he
 * holds up nobody. Without the right to make the directory one measures
 * without a lock; the others fail.
 */
enum undo_lock { UNDO_LOCK_MEASURE, UNDO_LOCK_CHANGE, UNDO_LOCK_RESTORE };
int undo_lock(enum undo_lock how);

/*
 * Changes from here on are logged in "run" or "policy". A log that is there
 * already is continued: what is in it was there before everything.
 */
int undo_begin(const char *log);
/*
 * The same of a log that several processes may have at once, each until it
 * ends: the last one's changes are all taken back by undo_restore_shared().
 */
int undo_begin_shared(const char *log);

/* Has the log a line for that file or directory? */
bool undo_has(const char *path);

/*
 * The file's present value is logged (once: what was logged first was there
 * before), then value is written and read back.
 */
int undo_store(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* As undo_store(), but the file held was (as it is to be written). */
int undo_store_was(const char *was, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Logs only: a write to be made when taking back. */
enum undo_how {
	UNDO_STORE, /* written and compared with what reads back */
	UNDO_WRITE, /* written; an error is one */
	UNDO_TRY, /* written; it may be refused */
};
int undo_note(enum undo_how how, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Logs only: a directory to be made. 1; 0: it is there; or -errno. */
int undo_note_mkdir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Makes a directory (a cgroup, an instance); exists already: nothing. */
int undo_mkdir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/*
 * Mounts type at target unless proof (a file in it) is there already. lacks()
 * when the kernel does not know the type, or something else is mounted there:
 * to mount over it would hide it. In a dry run a line of the journal; then 1,
 * for what is below target cannot be looked at.
 */
int undo_mount(const char *type, const char *target, const char *proof);

/*
 * Is the log still there at the end of what was done under it? Else -ESTALE, with
 * the message, and all is put back, as whoever removed the log may not have done.
 */
int undo_whole(void);

/* What came of taking back. */
struct undo_result {
	unsigned int done, failed;
	char reason[256]; /* of the first failure */
	/*
	 * Files that no longer held what was written to them last: another
	 * program changed them. They were put back like the others.
	 */
	unsigned int foreign;
	char foreign_first[512]; /* the first: path, what was, what is */
};
/* Is there something in the log? One from before a reboot is removed. */
bool undo_pending(const char *log);
/* Has nobody the lock, so that what is in a log was left behind? */
bool undo_is_free(void);
/*
 * What a log has, and back to that, when another process has continued it and
 * failed or was killed: what was changed since is taken back. The message of
 * what failed stays.
 */
struct undo_state {
	uint64_t id; /* of the log; 0: there was none */
	size_t lines;
};
void undo_look(const char *log, struct undo_state *s);
void undo_back_to(const char *log, const struct undo_state *then,
		  struct undo_result *result);
/*
 * Takes everything back, also what comes after a failure; the log is removed
 * when all was taken back, else it keeps the lines that failed. A file that is
 * gone (a node that went away) has nothing to put back. 0, or the first
 * failure's -errno, with its message.
 */
int undo_restore(const char *log, struct undo_result *result);
/* All that is in it stays so, and is another's from now on. */
void undo_keep(const char *log);
/* Of one that is shared: 1, and nothing is done, while somebody has it. */
int undo_restore_shared(const char *log, struct undo_result *result);

#endif
