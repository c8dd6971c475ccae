/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * util.h - what every file needs: the one error message, sizes, durations,
 * the clock.
 */
#ifndef TIER_UTIL_H
#define TIER_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/*
 * An emulator chains blocks of code only within a page of it: a loop that
 * crosses one is several times slower. For functions shorter than that.
 */
#define UNCROSSED __attribute__((noinline, aligned(256)))
#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

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
	char text[1024];
	enum status status;
};
void fail_save(struct fail_state *f);
void fail_restore(const struct fail_state *f);
enum status fail_status(void);

/* Of several failures, the first one of the highest rank is the one to tell. */
struct worst {
	int err, rank;
	enum status status;
	char text[1024];
};
/* The failure that was just said, if it is worse than what is kept. */
void worst_keep(struct worst *f, int err, int rank);
/* Says what was kept again; returns its -errno. */
int worst_raise(const struct worst *f);

/*
 * "64M" -> bytes. Suffixes k, M, G, T (powers of 1024, either case, "iB" and
 * "B" allowed after them); a bare number is bytes. -EINVAL when it is not a
 * whole number with such a suffix, -ERANGE beyond 2^63 - 1. No message.
 */
int parse_size(const char *text, uint64_t *bytes);
/* A whole number, decimal, nothing after it. -EINVAL or -ERANGE. No message. */
int parse_u64(const char *text, uint64_t *value);
/*
 * "90s", "5m", "1h", "250ms", "0.5s" (up to six decimals); bare numbers are
 * seconds. Into nanoseconds. -EINVAL or -ERANGE. No message.
 */
int parse_duration(const char *text, uint64_t *ns);

/*
 * A kernel list such as "0-3,8" into its numbers; returns how many, -EINVAL,
 * or -E2BIG when they are more than max. No message.
 */
int parse_list(const char *text, int *ids, int max);

#define SIZE_TEXT 32
/* 1073741824 -> "1 GiB", 1610612736 -> "1.50 GiB". Returns buf. */
const char *format_size(char buf[static SIZE_TEXT], uint64_t bytes);
/* 42 -> "42 s", 5025 -> "83 min", 0.0123 -> "12 ms". Returns buf. */
const char *format_seconds(char buf[static SIZE_TEXT], double seconds);

/* CLOCK_MONOTONIC in nanoseconds, and in seconds. */
uint64_t now_ns(void);
void sleep_ns(uint64_t ns);
/* The CPU time of the calling thread, nanoseconds. */
uint64_t thread_cpu_ns(void);
/*
 * SIGINT, SIGTERM and SIGHUP wait from now on, until signals_came() asks for
 * them: for ns at most; true: there was one, and it is taken.
 */
void signals_hold(void);
bool signals_came(uint64_t ns);
/* Ascending: then the middle is the median, the ends are the range. */
void sort_reals(double *v, size_t n);
/* Since the machine was started, seconds. */
double uptime_s(void);

/*
 * The candidate nearest to word, or NULL when none is near (an edit distance
 * above a third of the word). For "did you mean".
 */
struct nearest {
	const char *word, *best;
	size_t distance;
};
void nearest_begin(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);
const char *nearest_found(const struct nearest *n);

/* The path that a printf-like function was given, into an array. */
#define format_path(path, fmt)                          \
	do {                                            \
		va_list ap;                             \
		va_start(ap, fmt);                      \
		vsnprintf(path, sizeof(path), fmt, ap); \
		va_end(ap);                             \
	} while (0)

/* malloc and friends that end the program when memory is out. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A string that grows; text stays terminated. Zero it to begin with. */
struct textbuf {
	char *text;
	size_t len, size;
};
void buf_add(struct textbuf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_addn(struct textbuf *b, const char *s, size_t n);
void buf_free(struct textbuf *b);

#endif
