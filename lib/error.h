/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * error.h - the one error message, and the exit status that it means.
 */
#ifndef TIER_LIB_ERROR_H
#define TIER_LIB_ERROR_H

#include <stdbool.h>

/* A step's name, which may be a path, a message, and what is between them. */
#define FAIL_STEP 640
#define FAIL_TEXT 1536

/* The exit status of tier, and the "status" of its end record. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1, /* it failed, or was refused */
	STATUS_USAGE = 2, /* bad arguments: nothing was done */
	STATUS_LACKS = 3, /* the machine lacks something the plan needs */
};

/*
 * Errors: a function returns 0 or -errno. The deepest function that knows the
 * path and the value writes the message here; main() prints it, once.
 * fail() is for "it failed" (exit status 1), lacks() for "this machine lacks
 * it" (3), misuse() for bad arguments (2). All return -errnum; errnum 0 is
 * taken as EIO, so that a failure can never look like success.
 */
int fail(int errnum, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int lacks(int errnum, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int misuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "It failed", with another program's exit status as ours (1 to 255). */
int fail_as(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Puts the name of a step before the message; returns err unchanged. */
int fail_in(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
#ifdef __clang_analyzer__
/* Of ./build.sh lint --deep, which sees one file at a time: never 0. */
static inline int failed(int err)
{
	if (err >= 0)
		__builtin_unreachable();
	return err;
}
#define fail(...) failed(fail(__VA_ARGS__))
#define lacks(...) failed(lacks(__VA_ARGS__))
#define misuse(...) failed(misuse(__VA_ARGS__))
#define fail_as(...) failed(fail_as(__VA_ARGS__))
#endif
const char *fail_message(void);
/* The message and its kind, to be kept while something else may fail. */
struct fail_state {
	char text[FAIL_TEXT];
	enum status status;
};
void fail_save(struct fail_state *f);
void fail_restore(const struct fail_state *f);
enum status fail_status(void);

/* Of several failures, the first one of the highest rank is the one to tell. */
struct worst {
	int err, rank;
	enum status status;
	char text[FAIL_TEXT];
};
/* The failure that was just said, if it is worse than what is kept. */
void worst_keep(struct worst *f, int err, int rank);
/* Says what was kept again; returns its -errno. */
int worst_raise(const struct worst *f);

#endif
