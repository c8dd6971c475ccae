// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - results: aligned text for people, JSON Lines for programs.
 *
 * The only file that prints to standard output.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"

/* Longer than a busy host stops an emulator for. */
#define STUCK_NS (UINT64_C(8000) * 1000000)
#define POLL_NS (UINT64_C(5) * 1000000)
/* The width of a serial console. */
#define COLUMNS 80

static struct {
	int sinks[REPORT_MAX_SINKS];
	size_t nr_sinks;
	uint64_t seq;
	bool quiet;
	bool line_open; /* a progress line waits to be replaced */
	int error;
	struct textbuf line;
} state;

void report_to(int fd)
{
	if (state.nr_sinks < REPORT_MAX_SINKS)
		state.sinks[state.nr_sinks++] = fd;
}

void report_set_seq(uint64_t seq)
{
	state.seq = seq;
}

uint64_t report_seq(void)
{
	return state.seq;
}

void report_quiet(void)
{
	state.quiet = true;
}

int report_error(void)
{
	return state.error;
}

/* RFC 8259, section 7. Bytes above 0x7f are passed on as they are. */
static void add_string(const char *s)
{
	buf_addn(&state.line, "\"", 1);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_add(&state.line, "\\%c", c);
		else if (c == '\n')
			buf_addn(&state.line, "\\n", 2);
		else if (c == '\t')
			buf_addn(&state.line, "\\t", 2);
		else if (c < 0x20 || c == 0x7f)
			buf_add(&state.line, "\\u%04x", c);
		else
			buf_addn(&state.line, s, 1);
	}
	buf_addn(&state.line, "\"", 1);
}

/* A comma when needed, and the key; members of an array have none. */
static void add_key(const char *key)
{
	char last = state.line.len ? state.line.text[state.line.len - 1] : '{';

	if (last != '{' && last != '[')
		buf_addn(&state.line, ",", 1);
	if (key) {
		add_string(key);
		buf_addn(&state.line, ":", 1);
	}
}

void report_begin(const char *record)
{
	state.line.len = 0;
	buf_addn(&state.line, "{", 1);
	report_str("record", record);
	report_u64("seq", ++state.seq);
}

void report_str(const char *key, const char *value)
{
	add_key(key);
	if (value)
		add_string(value);
	else
		buf_addn(&state.line, "null", 4);
}

void report_u64(const char *key, uint64_t value)
{
	add_key(key);
	buf_add(&state.line, "%" PRIu64, value);
}

void report_i64(const char *key, int64_t value)
{
	add_key(key);
	buf_add(&state.line, "%" PRId64, value);
}

void report_real(const char *key, double value)
{
	if (!isfinite(value)) {
		report_null(key);
		return;
	}
	add_key(key);
	buf_add(&state.line, "%.9g", value);
}

void report_bool(const char *key, bool value)
{
	add_key(key);
	buf_add(&state.line, "%s", value ? "true" : "false");
}

void report_null(const char *key)
{
	add_key(key);
	buf_addn(&state.line, "null", 4);
}

void report_open(const char *key, char bracket)
{
	add_key(key);
	buf_addn(&state.line, &bracket, 1);
}

void report_close(char bracket)
{
	buf_addn(&state.line, &bracket, 1);
}

/*
 * A port whose host does not read (a full disk is behind it) would keep us for
 * ever, and the run's deadline with it. Until the time given it may take
 * something again.
 */
static bool is_stuck(int fd, uint64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	uint64_t now = now_ns();

	if (now >= until)
		return true;
	/* Nobody at the other end: poll(2) does not wait then. */
	if (poll(&p, 1, (int)((until - now) / 1000000) + 1) > 0 &&
	    !(p.revents & POLLOUT))
		sleep_ns(POLL_NS);
	return false;
}

static void drop_sink(int fd)
{
	for (size_t i = 0; i < state.nr_sinks; i++)
		if (state.sinks[i] == fd)
			state.sinks[i] = -1;
}

/*
 * One write for one line, so that lines of two writers on one port do not
 * mix. A pipe or a file may still take less: the rest is written after it,
 * this is no kernel attribute. The first error is kept.
 */
static void write_line(int fd, const char *text, size_t len)
{
	uint64_t until = now_ns() + STUCK_NS;

	while (len && fd >= 0) {
		ssize_t n = write(fd, text, len);
		bool full = n < 0 && errno == EAGAIN;

		if (n < 0 && errno == EINTR)
			continue;
		if (full && !is_stuck(fd, until))
			continue;
		if (full)
			drop_sink(fd); /* not again for each record */
		if (n <= 0) {
			if (!state.error)
				state.error = full ? -ETIMEDOUT :
					      n	   ? -errno :
						     -EIO;
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

void report_end(void)
{
	buf_addn(&state.line, "}\n", 2);
	for (size_t i = 0; i < state.nr_sinks; i++)
		write_line(state.sinks[i], state.line.text, state.line.len);
}

void report_pass(const char *line, size_t len)
{
	state.seq++;
	for (size_t i = 0; i < state.nr_sinks; i++)
		write_line(state.sinks[i], line, len);
}

void report_note(const char *kind, const char *text)
{
	state.line.len = 0;
	buf_add(&state.line, "!%s ", kind);
	for (; *text; text++)
		buf_addn(&state.line, *text == '\n' ? " " : text, 1);
	buf_addn(&state.line, "\n", 1);
	for (size_t i = 0; i < state.nr_sinks; i++)
		write_line(state.sinks[i], state.line.text, state.line.len);
}

/* A full disk behind standard output is a failure, too. */
static void flush_text(void)
{
	if (fflush(stdout) && !state.error)
		state.error = -errno;
}

static void close_line(void)
{
	if (state.line_open)
		putchar('\n');
	state.line_open = false;
}

void report_say(const char *fmt, ...)
{
	va_list ap;

	if (state.quiet)
		return;
	close_line();
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	flush_text();
}

void report_wrap(const char *indent, const char *fmt, ...)
{
	char text[2048], *p = text;
	size_t room = COLUMNS - 1;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (bool first = true; *p; first = false) {
		size_t width = room - (first ? 0 : strlen(indent));
		size_t len = strlen(p);

		if (len > width) {
			len = width;
			while (len && p[len] != ' ')
				len--;
			if (!len)
				len = width;
		}
		report_say("%s%.*s\n", first ? "" : indent, (int)len, p);
		p += len;
		p += strspn(p, " ");
	}
}

void report_progress(bool in_place, const char *fmt, ...)
{
	char text[COLUMNS];
	va_list ap;

	if (state.quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (in_place) {
		/* Padded, so that a shorter line hides a longer one. */
		printf("\r%-*s", COLUMNS - 1, text);
		state.line_open = true;
	} else {
		printf("%s\n", text);
	}
	flush_text();
}

void report_head(const struct report_column *c, size_t n)
{
	const char *heads[16];

	for (size_t i = 0; i < n && i < ARRAY_SIZE(heads); i++)
		heads[i] = c[i].head;
	report_row(c, n, heads);
}

void report_row(const struct report_column *c, size_t n,
		const char *const *cells)
{
	struct textbuf line = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_add(&line, "%s%*s", i ? "  " : "", c[i].width, cells[i]);
	while (line.len && line.text[line.len - 1] == ' ')
		line.text[--line.len] = '\0';
	report_say("%s\n", line.text);
	buf_free(&line);
}

void report_warn(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	if (state.line_open)
		fputc('\n', stderr);
	state.line_open = false;
	fputs("tier: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
