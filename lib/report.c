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
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/alloc.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"

/* Longer than a busy host stops an emulator for. */
#define STUCK_NS (UINT64_C(8000) * 1000000)
#define POLL_NS (UINT64_C(5) * 1000000)
/* Signals and deadlines are looked for so often meanwhile. */
#define LOOK_NS (UINT64_C(100) * 1000000)
/* The width of a serial console. */
#define COLUMNS 80
/* Of objects and lists in a record. */
#define MAX_DEPTH 8

struct row {
	const struct report_column *columns; /* NULL: the record is no row */
	size_t n;
	char *cell[REPORT_MAX_COLUMNS]; /* NULL: there is nothing: "-" */
};

static struct {
	int sinks[REPORT_MAX_SINKS];
	size_t nr_sinks;
	uint64_t seq;
	int out, err; /* of text; -1: given up */
	struct textbuf text; /* to be written */
	bool (*patience)(uint64_t waited_ns);
	bool quiet;
	bool line_open; /* a progress line waits to be replaced */
	int error;
	struct textbuf line;
	const struct report_record *record;
	struct textbuf path; /* to the member that is written: "times_s.fill" */
	size_t outside[MAX_DEPTH]; /* its length outside of what is open */
	size_t depth;
	struct row row;
} state = { .out = STDOUT_FILENO, .err = STDERR_FILENO };

void report_patience(bool (*may_wait)(uint64_t waited_ns))
{
	state.patience = may_wait;
}

void report_to(int fd)
{
	if (state.nr_sinks < REPORT_MAX_SINKS)
		state.sinks[state.nr_sinks++] = fd;
}

void report_only(int fd)
{
	state.nr_sinks = 0;
	report_to(fd);
}

void report_nowhere(void)
{
	state.nr_sinks = 0;
	state.quiet = true;
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

void report_say_lost(void)
{
	if (state.error)
		report_warn("records or text could not be written: %s",
			    strerror(-state.error));
}

/*
 * The bytes of the character at s, in UTF-8; 0: it is none, or one that does
 * something to a terminal (C0, DEL, C1), however it came here.
 */
static size_t printable(const char *s)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc2 || c > 0xf4 || (c == 0xc2 && (unsigned char)s[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* RFC 8259, section 7; what is no UTF-8 is U+FFFD. */
static void add_string(const char *s)
{
	size_t n;

	buf_addn(&state.line, "\"", 1);
	for (; *s; s += n ? n : 1) {
		unsigned char c = (unsigned char)*s;

		n = printable(s);
		if (c == '"' || c == '\\')
			buf_add(&state.line, "\\%c", c);
		else if (c == '\n')
			buf_addn(&state.line, "\\n", 2);
		else if (c == '\t')
			buf_addn(&state.line, "\\t", 2);
		else if (n)
			buf_addn(&state.line, s, n);
		else
			buf_add(&state.line, "\\u%04x", c < 0x80 ? c : 0xfffd);
	}
	buf_addn(&state.line, "\"", 1);
}

/* ------------------------------------------------------- descriptions */

/* The linker's names for the section's ends; weak: it may be empty in a test. */
extern const struct report_record __start_tier_records[] __attribute__((weak));
extern const struct report_record __stop_tier_records[] __attribute__((weak));

const struct report_record *report_records(size_t *n)
{
	/* cppcheck-suppress comparePointers ; of one section */
	*n = (size_t)(__stop_tier_records - __start_tier_records);
	return __start_tier_records;
}

/* By the last word of a key: what the rule of report.h says. */
static void unit_of_key(struct report_member *m)
{
	static const char *const units[][2] = {
		{ "_per_s", "1/s" }, { "bytes", "bytes" },
		{ "_ns", "ns" },     { "_us", "us" },
		{ "_s", "s" },	     { "share", "part of 1" },
		{ "_s[]", "s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units) && !m->unit_len; i++) {
		int len = (int)strlen(units[i][0]);

		/* Its own last word, or that of what it is in: "free_bytes.node*" */
		for (int end = m->key_len; end >= len && !m->unit_len; end--)
			if ((end == m->key_len || m->key[end] == '.') &&
			    !memcmp(m->key + end - len, units[i][0],
				    (size_t)len)) {
				m->unit = units[i][1];
				m->unit_len = (int)strlen(m->unit);
			}
	}
}

bool report_next_member(struct report_member *m, const char **at)
{
	const char *p = *at, *type;
	int type_len;

	if (!p || !*p)
		return false;
	*m = (struct report_member){ .key = p, .unit = "" };
	m->key_len = (int)strcspn(p, " ");
	type = p + m->key_len + 1;
	m->type = *type;
	type_len = (int)strcspn(type, " \n");
	m->meaning = type + type_len + (type[type_len] == ' ');
	m->meaning_len = (int)strcspn(m->meaning, "\n");
	if (type[1] == ':') {
		m->unit = type + 2;
		m->unit_len = type_len - 2;
	} else if (*type != 's' && *type != 'b') {
		unit_of_key(m);
	}
	*at = m->meaning + m->meaning_len;
	*at += **at == '\n';
	return true;
}

/* One part of a key, "timed|whole" or "node*", and one of a path. */
static bool part_describes(const char *k, size_t len, const char *p, size_t n)
{
	const char *end = k + len;

	while (k <= end) {
		size_t one = 0;

		while (k + one < end && k[one] != '|')
			one++;
		if (one && k[one - 1] == '*' ?
			    n >= one - 1 && !memcmp(k, p, one - 1) :
			    n == one && !memcmp(k, p, n))
			return true;
		k += one + 1;
	}
	return false;
}

/* into: also a path that is but the beginning of the key. */
static bool describes(const struct report_member *m, const char *path,
		      bool into)
{
	const char *k = m->key, *end = m->key + m->key_len;

	while (k < end && *path) {
		size_t len = strcspn(k, ". "), n = strcspn(path, ".");
		bool list = into && !path[n] && len > 2 && k[len - 1] == ']';

		/* A list that is null as a whole */
		if (!part_describes(k, list ? len - 2 : len, path, n) &&
		    !part_describes(k, len, path, n))
			return false;
		k += len + (k[len] == '.');
		path += n + (path[n] == '.');
	}
	return !*path && (k == end || into);
}

static void check_member(char type)
{
	const char *at = state.record ? state.record->members : NULL;
	const char *path = state.path.text;
	struct report_member m;

	while (report_next_member(&m, &at))
		if ((!type || m.type == type) && describes(&m, path, !type))
			return;
	if (!state.error)
		state.error = -EBADMSG;
}

/* ------------------------------------------------------------- the row */

/* The column that shows the member; or, without one, that has the head. */
static int column_of(const char *key, const char *head)
{
	for (size_t i = 0; state.row.columns && i < state.row.n; i++) {
		const struct report_column *c = &state.row.columns[i];

		if (key && c->key && !strcmp(c->key, key))
			return (int)i;
		if (!key && head && !strcmp(c->head, head))
			return (int)i;
	}
	return -1;
}

static void set_cell(int column, char *text)
{
	free(state.row.cell[column]);
	state.row.cell[column] = text;
}

void report_cell(const char *head, const char *fmt, ...)
{
	int column = column_of(NULL, head);
	struct textbuf text = { 0 };
	va_list ap;

	if (column < 0)
		return;
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	set_cell(column, text.text);
}

static void number_cell(double value)
{
	int column = column_of(state.path.text, NULL);
	const struct report_column *c;
	char size[SIZE_TEXT];
	double per;

	if (column < 0)
		return;
	c = &state.row.columns[column];
	per = c->per > 0 ? (double)c->per : 1;
	set_cell(column, c->decimals == REPORT_SIZE ?
				 xstrdup(format_size(size, (uint64_t)value)) :
			 c->decimals == REPORT_TIME ?
				 xstrdup(format_seconds(size, value)) :
				 xasprintf("%.*f", c->decimals, value / per));
}

/* ---------------------------------------------------------- the record */

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

static void cut_path(size_t len)
{
	state.path.len = len;
	state.path.text[len] = '\0';
}

/* Its path is part of what is open while it is written. type 0: null. */
static size_t enter(const char *key, char type)
{
	size_t len = state.path.len;

	add_key(key);
	if (key)
		buf_add(&state.path, "%s%s", len ? "." : "", key);
	check_member(type);
	return len;
}

void report_begin(const struct report_record *record)
{
	state.line.len = 0;
	state.row.columns = NULL;
	state.record = record;
	state.depth = 0;
	buf_addn(&state.path, "", 0);
	cut_path(0);
	buf_addn(&state.line, "{", 1);
	add_key("record");
	add_string(record->name);
	add_key("seq");
	buf_add(&state.line, "%" PRIu64, ++state.seq);
}

void report_begin_row(const struct report_record *record,
		      const struct report_column *c, size_t n)
{
	report_begin(record);
	state.row.columns = n ? c : NULL;
	state.row.n = n < REPORT_MAX_COLUMNS ? n : REPORT_MAX_COLUMNS;
}

void report_str(const char *key, const char *value)
{
	size_t len;
	int column;

	if (!value) {
		report_null(key);
		return;
	}
	len = enter(key, 's');
	add_string(value);
	column = column_of(state.path.text, NULL);
	if (column >= 0 && *value)
		set_cell(column, xstrdup(value));
	cut_path(len);
}

void report_u64(const char *key, uint64_t value)
{
	size_t len = enter(key, 'u');

	buf_add(&state.line, "%" PRIu64, value);
	number_cell((double)value);
	cut_path(len);
}

void report_i64(const char *key, int64_t value)
{
	size_t len = enter(key, 'i');

	buf_add(&state.line, "%" PRId64, value);
	number_cell((double)value);
	cut_path(len);
}

void report_real(const char *key, double value)
{
	size_t len;

	if (!isfinite(value)) {
		report_null(key);
		return;
	}
	len = enter(key, 'r');
	buf_add(&state.line, "%.9g", value);
	number_cell(value);
	cut_path(len);
}

void report_bool(const char *key, bool value)
{
	size_t len = enter(key, 'b');

	buf_add(&state.line, "%s", value ? "true" : "false");
	cut_path(len);
}

void report_null(const char *key)
{
	size_t len = enter(key, 0);

	buf_addn(&state.line, "null", 4);
	cut_path(len);
}

static void integer_or_null(const char *key, bool is, int value)
{
	if (is)
		report_i64(key, value);
	else
		report_null(key);
}

void report_ending(const int *status)
{
	integer_or_null("exit_status", status && WIFEXITED(*status),
			status ? WEXITSTATUS(*status) : 0);
	integer_or_null("signal", status && WIFSIGNALED(*status),
			status ? WTERMSIG(*status) : 0);
}

void report_open(const char *key, char bracket)
{
	add_key(key);
	if (state.depth < MAX_DEPTH)
		state.outside[state.depth++] = state.path.len;
	if (key)
		buf_add(&state.path, "%s%s", state.path.len ? "." : "", key);
	if (bracket == '[')
		buf_addn(&state.path, "[]", 2);
	buf_addn(&state.line, &bracket, 1);
}

void report_close(char bracket)
{
	if (state.depth)
		cut_path(state.outside[--state.depth]);
	buf_addn(&state.line, &bracket, 1);
}

const char *report_node(int node)
{
	static char key[16];

	snprintf(key, sizeof(key), "node%d", node);
	return key;
}

/*
 * Who does not read (a pager that stands still, a port whose host's disk is
 * full) is waited for, but neither for ever nor against signals and deadlines:
 * whoever supervises says how long, and is asked every tenth of a second.
 */
static bool may_wait(int fd, uint64_t since)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	uint64_t waited = now_ns() - since;

	if (state.patience ? !state.patience(waited) : waited >= STUCK_NS)
		return false;
	/* Nobody at the other end: poll(2) does not wait then. */
	if (poll(&p, 1, LOOK_NS / 1000000) > 0 && !(p.revents & POLLOUT))
		sleep_ns(POLL_NS);
	return true;
}

/* A descriptor that waits cannot be made another: others have it, too. */
static ssize_t write_part(int fd, const char *text, size_t len)
{
	ssize_t n;
	int err;

	if (!state.patience)
		return write(fd, text, len);
	wait_alarm(LOOK_NS);
	n = write(fd, text, len);
	err = errno;
	wait_alarm(0);
	errno = err;
	return n;
}

/*
 * One write for one line, so that lines of two writers on one port do not
 * mix. A pipe or a file may still take less: the rest is written after it,
 * this is no kernel attribute. The first error is kept; a sink that is given
 * up is closed to what follows.
 */
static void write_line(int *sink, const char *text, size_t len)
{
	uint64_t since = now_ns();

	while (len && *sink >= 0) {
		ssize_t n = write_part(*sink, text, len);
		bool full = n < 0 && errno == EAGAIN;

		if (n < 0 && errno == EINTR && !state.patience)
			continue;
		if (full || (n < 0 && errno == EINTR)) {
			if (may_wait(*sink, since))
				continue;
			*sink = -1;
			errno = ETIMEDOUT;
		}
		if (n <= 0) {
			if (!state.error)
				state.error = n ? -errno : -EIO;
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

static void write_sinks(const char *line, size_t len)
{
	for (size_t i = 0; i < state.nr_sinks; i++)
		write_line(&state.sinks[i], line, len);
}

/* Text for people: nothing in it does anything to their terminal. */
static void write_text(int *sink, struct textbuf *text)
{
	char *end = text->text + text->len;
	size_t n;

	for (char *p = text->text; p < end; p += n) {
		n = printable(p);
		if (!n && !(*p && strchr("\n\r\t", *p)))
			*p = '?';
		n = n ? n : 1;
	}
	write_line(sink, text->text, text->len);
	text->len = 0;
}

/* Cells of a line; text is asked for each. */
static void say_cells(const struct report_column *c, size_t n,
		      const char *(*text)(size_t i, const void *arg),
		      const void *arg)
{
	struct textbuf line = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_add(&line, "%s%*s", i ? "  " : "", c[i].width,
			text(i, arg));
	while (line.len && line.text[line.len - 1] == ' ')
		line.text[--line.len] = '\0';
	report_say("%s\n", line.text);
	buf_free(&line);
}

static const char *head_text(size_t i, const void *columns)
{
	return ((const struct report_column *)columns)[i].head;
}

static const char *cell_text(size_t i, const void *cells)
{
	return ((const char *const *)cells)[i];
}

static const char *own_text(size_t i, const void *arg)
{
	(void)arg;
	return state.row.cell[i] ? state.row.cell[i] : "-";
}

void report_head(const struct report_column *c, size_t n)
{
	say_cells(c, n, head_text, c);
}

void report_row(const struct report_column *c, size_t n,
		const char *const *cells)
{
	say_cells(c, n, cell_text, cells);
}

static void say_row(void)
{
	say_cells(state.row.columns, state.row.n, own_text, NULL);
	for (size_t i = 0; i < state.row.n; i++)
		set_cell((int)i, NULL);
	state.row.columns = NULL;
}

void report_end(void)
{
	buf_addn(&state.line, "}\n", 2);
	write_sinks(state.line.text, state.line.len);
	if (state.row.columns)
		say_row();
}

void report_pass(const char *line, size_t len)
{
	state.seq++;
	write_sinks(line, len);
}

void report_note(const char *kind, const char *text)
{
	state.line.len = 0;
	buf_add(&state.line, "!%s ", kind);
	for (; *text; text++)
		buf_addn(&state.line, *text == '\n' ? " " : text, 1);
	buf_addn(&state.line, "\n", 1);
	write_sinks(state.line.text, state.line.len);
}

/* A line that waits to be replaced is ended by what is no progress. */
static void close_line(void)
{
	if (state.line_open)
		buf_addn(&state.text, "\n", 1);
	state.line_open = false;
}

void report_say(const char *fmt, ...)
{
	va_list ap;

	if (state.quiet)
		return;
	close_line();
	va_start(ap, fmt);
	buf_addv(&state.text, fmt, ap);
	va_end(ap);
	write_text(&state.out, &state.text);
}

void report_wrap(const char *indent, const char *fmt, ...)
{
	size_t room = COLUMNS - 1;
	struct textbuf text = { 0 };
	const char *p;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	p = text.text ? text.text : "";
	for (bool first = true; *p; first = false) {
		size_t width = room - (first ? 0 : strlen(indent));
		size_t len = strlen(p);

		if (len > width) {
			len = width;
			while (len && p[len] != ' ')
				len--;
			/* A long list of CPUs, or what has no end */
			for (size_t i = width; !len && i; i--)
				len = p[i - 1] == ',' ? i : 0;
			if (!len)
				len = width;
		}
		report_say("%s%.*s\n", first ? "" : indent, (int)len, p);
		p += len;
		p += strspn(p, " ");
	}
	buf_free(&text);
}

/* Of the terminal: a line that is wider is not replaced by the next one. */
static int terminal_width(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col &&
			       size.ws_col < COLUMNS ?
		       size.ws_col :
		       COLUMNS;
}

void report_progress(bool in_place, const char *fmt, ...)
{
	char text[COLUMNS];
	int width = terminal_width() - 1;
	va_list ap;

	if (state.quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Padded, so that a shorter line hides a longer one. */
	if (in_place)
		buf_add(&state.text, "\r%-*.*s", width, width, text);
	else
		buf_add(&state.text, "%s\n", text);
	state.line_open = in_place;
	write_text(&state.out, &state.text);
}

void report_warn(const char *fmt, ...)
{
	va_list ap;

	close_line();
	buf_add(&state.text, "tier: ");
	va_start(ap, fmt);
	buf_addv(&state.text, fmt, ap);
	va_end(ap);
	buf_addn(&state.text, "\n", 1);
	write_text(&state.err, &state.text);
}
