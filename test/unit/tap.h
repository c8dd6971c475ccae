/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tap.h - a test says what it found in TAP, the Test Anything Protocol: a
 * line "ok N - name" or "not ok N - name" a check, and the plan "1..N" last,
 * so that a test that dies half way is seen to have died.
 */
#ifndef TIER_TAP_H
#define TIER_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_checks, tap_failures;

__attribute__((format(printf, 1, 2))) static inline void diag(const char *fmt,
							      ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static inline bool tap_result(bool good, const char *file, int line,
			      const char *fmt, va_list ap)
{
	printf("%sok %u - ", good ? "" : "not ", ++tap_checks);
	vprintf(fmt, ap);
	putchar('\n');
	if (!good) {
		tap_failures++;
		diag("at %s:%d", file, line);
	}
	fflush(stdout);
	return good;
}

#define TAP_CHECK(name, ...)                \
	__attribute__((format(printf, name, \
			      (name) + 1))) static inline bool __VA_ARGS__

TAP_CHECK(4,
	  tap_ok(const char *file, int line, bool good, const char *fmt, ...))
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(good, file, line, fmt, ap);
	va_end(ap);
	return good;
}

TAP_CHECK(5, tap_u64(const char *file, int line, uint64_t got, uint64_t want,
		     const char *fmt, ...))
{
	va_list ap;

	va_start(ap, fmt);
	if (!tap_result(got == want, file, line, fmt, ap))
		diag("got %" PRIu64 " (0x%" PRIx64 "), want %" PRIu64
		     " (0x%" PRIx64 ")",
		     got, got, want, want);
	va_end(ap);
	return got == want;
}

TAP_CHECK(5, tap_i64(const char *file, int line, int64_t got, int64_t want,
		     const char *fmt, ...))
{
	va_list ap;

	va_start(ap, fmt);
	if (!tap_result(got == want, file, line, fmt, ap))
		diag("got %" PRId64 ", want %" PRId64, got, want);
	va_end(ap);
	return got == want;
}

TAP_CHECK(5, tap_str(const char *file, int line, const char *got,
		     const char *want, const char *fmt, ...))
{
	bool good = got && want ? !strcmp(got, want) : got == want;
	va_list ap;

	va_start(ap, fmt);
	if (!tap_result(good, file, line, fmt, ap))
		diag("got \"%s\", want \"%s\"", got ? got : "(null)",
		     want ? want : "(null)");
	va_end(ap);
	return good;
}

TAP_CHECK(5, tap_like(const char *file, int line, const char *got,
		      const char *part, const char *fmt, ...))
{
	bool good = got && strstr(got, part);
	va_list ap;

	va_start(ap, fmt);
	if (!tap_result(good, file, line, fmt, ap))
		diag("\"%s\" is not in \"%s\"", part, got ? got : "(null)");
	va_end(ap);
	return good;
}

/* The arguments behind the values are the check's name, as of printf. */
#define ok(good, ...) tap_ok(__FILE__, __LINE__, good, __VA_ARGS__)
#define is_u64(got, want, ...) \
	tap_u64(__FILE__, __LINE__, got, want, __VA_ARGS__)
#define is_i64(got, want, ...) \
	tap_i64(__FILE__, __LINE__, got, want, __VA_ARGS__)
#define is_str(got, want, ...) \
	tap_str(__FILE__, __LINE__, got, want, __VA_ARGS__)
/* Is part somewhere in got? */
#define like(got, part, ...) \
	tap_like(__FILE__, __LINE__, got, part, __VA_ARGS__)

static inline void skip(const char *name, const char *reason)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_checks, name, reason);
	fflush(stdout);
}

/* For the end of main(): return done_testing(); */
static inline int done_testing(void)
{
	printf("1..%u\n", tap_checks);
	return tap_failures || !tap_checks;
}

#endif
