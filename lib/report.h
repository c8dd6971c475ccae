/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - results: aligned text for people, JSON Lines for programs.
 *
 * A record is one JSON object on one line, written with one write(2). Every
 * record begins with "record" and "seq"; seq has no gaps. Keys say the unit:
 * sizes are bytes, times seconds, rates per second (updates_per_s,
 * table_bytes, elapsed_s). What is absent is null, never zero.
 *
 * Not thread-safe: one thread reports.
 */
#ifndef TIER_LIB_REPORT_H
#define TIER_LIB_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_MAX_SINKS 2

/*
 * Records go to fd from now on (up to two sinks; none is allowed too). One that
 * is O_NONBLOCK and takes nothing for 8 s is given up: -ETIMEDOUT.
 */
void report_to(int fd);
/* The number of the record written last; the next one is seq + 1. */
void report_set_seq(uint64_t seq);
uint64_t report_seq(void);
/* No text for people: standard output belongs to the records. */
void report_quiet(void);
/* 0, or -errno of the first record or text that could not be written. */
int report_error(void);

/* Passes on a line that is a record already; it counts. */
void report_pass(const char *line, size_t len);
/*
 * A line for whoever reads the sink, outside the records: "!kind text". A
 * worker tells its supervisor so; see supervise.h.
 */
void report_note(const char *kind, const char *text);

/* One record at a time: begin, members in order, end (which writes it). */
void report_begin(const char *record);
void report_str(const char *key, const char *value); /* NULL: null */
void report_u64(const char *key, uint64_t value);
void report_i64(const char *key, int64_t value);
void report_real(const char *key, double value); /* not finite: null */
void report_bool(const char *key, bool value);
void report_null(const char *key);
void report_open(const char *key, char bracket); /* '{' or '[' */
void report_close(char bracket); /* '}' or ']' */
void report_end(void);

/* Text for people, on standard output. */
void report_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Long text, broken at spaces to fit 80 columns, indented after line one. */
void report_wrap(const char *indent, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * A line that the next one replaces on a terminal (in_place), an ordinary
 * line elsewhere. report_say() after it starts on a line of its own.
 */
void report_progress(bool in_place, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A table: cells are text already; numbers are right-aligned. */
struct report_column {
	const char *head;
	int width; /* negative: left-aligned, as in printf */
};
void report_head(const struct report_column *c, size_t n);
void report_row(const struct report_column *c, size_t n,
		const char *const *cells);

/* Messages to standard error, "tier: " before them. */
void report_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
