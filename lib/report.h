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
/* The same, and no longer to others. */
void report_only(int fd);
/* Neither records nor text, of a process that another one speaks for. */
void report_nowhere(void);
/*
 * Of who has deadlines and signals to look after: while a sink, of records or
 * of text, takes nothing, this is called every tenth of a second, with how long
 * it has been so. False: the sink is given up, -ETIMEDOUT. NULL: no more. It
 * takes SIGALRM (wait_alarm()).
 */
void report_patience(bool (*may_wait)(uint64_t waited_ns));
/* The number of the record written last; the next one is seq + 1. */
void report_set_seq(uint64_t seq);
uint64_t report_seq(void);
/* No text for people: standard output belongs to the records. */
void report_quiet(void);
/* 0, or -errno of the first record or text that could not be written. */
int report_error(void);
/* Says so, if there is one. */
void report_say_lost(void);

/* Passes on a line that is a record already; it counts. */
void report_pass(const char *line, size_t len);
/*
 * A line for whoever reads the sink, outside the records: "!kind text". A
 * worker tells its supervisor so; see supervise.h.
 */
void report_note(const char *kind, const char *text);

/*
 * What a record is and what its members mean: the writer takes no member that
 * is not described, "tier records" prints the descriptions, and the manual has
 * them. A line a member:
 *
 *     "KEY TYPE[:UNIT] MEANING\n"
 *
 * KEY is the way to it, "times_s.fill", of a list "serials[]"; a part that the
 * machine names is given by its beginning, "pages.node*", and one of several by
 * all of them, "timed|whole.rest". TYPE is s (text),
 * u (whole, not negative), i (whole), r (number) or b (true or false); any may
 * be null where it is absent. UNIT is that of the key's last word, if not said:
 * _s, _ns, _bytes, _per_s; "share" is a part of 1.
 */
struct report_record {
	const char *name, *meaning, *members;
};

/* All that are linked in can be listed, so they lie in one section. */
#define REPORT_RECORD(variable, ...)                          \
	static const struct report_record variable            \
		__attribute__((section("tier_records"), used, \
			       aligned(sizeof(void *)))) = { __VA_ARGS__ }
/* *n of them, in no order. */
const struct report_record *report_records(size_t *n);

/* A member as it is described; the texts are in the description. */
struct report_member {
	const char *key, *meaning, *unit;
	int key_len, meaning_len, unit_len;
	char type;
};
/* The first member at *at, which is moved behind it; false: there is none. */
bool report_next_member(struct report_member *m, const char **at);

/*
 * One record at a time: begin, members in order, end (which writes it). A
 * member that is not described, or of another type, is -EBADMSG of
 * report_error().
 */
void report_begin(const struct report_record *record);
void report_str(const char *key, const char *value); /* NULL: null */
void report_u64(const char *key, uint64_t value);
void report_i64(const char *key, int64_t value);
void report_real(const char *key, double value); /* not finite: null */
void report_bool(const char *key, bool value);
void report_null(const char *key);
/*
 * Members exit_status and signal, of waitpid(2)'s status; what it is not is null,
 * and NULL (it has not ended) is neither.
 */
void report_ending(const int *status);
void report_open(const char *key, char bracket); /* '{' or '[' */
void report_close(char bracket); /* '}' or ']' */
void report_end(void);
/* The key of a node's member, "node3", until the next call. */
const char *report_node(int node);

/*
 * Text for people, on standard output. What would do something to a terminal
 * (control characters but for newline, return and tab) is '?' there.
 */
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

/*
 * A table: numbers are right-aligned. A column shows the member of that key:
 * then one description and one call a figure make the record and the row, as
 * lsmem(1) does it. Of numbers: value / per (0: 1) with so many decimals.
 */
enum { REPORT_SIZE = -1, REPORT_TIME = -2 }; /* instead of decimals */
struct report_column {
	const char *key; /* NULL: report_cell() says it */
	const char *head;
	signed char width; /* negative: left-aligned, as in printf */
	signed char decimals; /* or REPORT_SIZE, of bytes; REPORT_TIME, of s */
	float per;
};
#define REPORT_MAX_COLUMNS 24
void report_head(const struct report_column *c, size_t n);
/*
 * report_begin() of a record whose columns are a row of the table, which
 * report_end() says. What is null, or empty, is "-".
 */
void report_begin_row(const struct report_record *record,
		      const struct report_column *c, size_t n);
/* The text of a column, by its head; what a member's would be is replaced. */
void report_cell(const char *head, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A row of text alone. */
void report_row(const struct report_column *c, size_t n,
		const char *const *cells);

/* Messages to standard error, "tier: " before them. */
void report_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
