// SPDX-License-Identifier: GPL-2.0-only
/*
 * A record is one whole JSON object on one line, of described members alone, and
 * its row the same figures; text is broken, quiet or in place as asked; and what
 * could not be written is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/report.h"
#include "lib/time.h"
#include "tap.h"

static int records; /* the end of a pipe that report.c writes to */
static int console, kept; /* what standard output is while it is looked at */

/* A pipe of packets: what one read gives was one write. */
static const char *line(void)
{
	static char text[70000];
	ssize_t n = read(records, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? text : NULL;
}

REPORT_RECORD(all, "all", "of every type",
	      "text s a text\n"
	      "nothing s null\n"
	      "u u:one\n"
	      "i i:one of whole numbers\n"
	      "half|tiny|large r numbers\n"
	      "yes b\nno b\n"
	      "null r\n"
	      "part.* r:part_of_1 by name\n"
	      "size_bytes u of a row\n"
	      "took_s r of it\n"
	      "node.free_bytes.node* u of it\n");
REPORT_RECORD(r, "r", "", "nan|inf|ninf r\n");
REPORT_RECORD(e, "e", "", "key* s with blanks\n");
REPORT_RECORD(nested, "n", "",
	      "list[] u\nlist[].a s\ndeep.er[] u\ndeep.after i\n"
	      "ends_with s\nnext u\n");
REPORT_RECORD(longest, "long", "", "value s\n");
REPORT_RECORD(stuck_record, "stuck", "", "");

static void golden(void)
{
	report_begin(&all);
	report_str("text", "plain");
	report_str("nothing", NULL);
	report_u64("u", UINT64_MAX);
	report_i64("i", INT64_MIN);
	report_real("half", 0.5);
	report_real("tiny", 1.25e-9);
	report_real("large", 536870912.0);
	report_bool("yes", true);
	report_bool("no", false);
	report_null("null");
	report_end();
	is_str(line(),
	       "{\"record\":\"all\",\"seq\":1,\"text\":\"plain\","
	       "\"nothing\":null,\"u\":18446744073709551615,"
	       "\"i\":-9223372036854775808,\"half\":0.5,\"tiny\":1.25e-09,"
	       "\"large\":536870912,\"yes\":true,\"no\":false,"
	       "\"null\":null}\n",
	       "a record of every kind, in one write");
	is_u64(report_seq(), 1, "its number");
	ok(!line() && errno == EAGAIN, "and nothing else");
}

static void not_finite(void)
{
	report_begin(&r);
	report_real("nan", NAN);
	report_real("inf", INFINITY);
	report_real("ninf", -INFINITY);
	report_end();
	is_str(line(),
	       "{\"record\":\"r\",\"seq\":2,\"nan\":null,\"inf\":null,"
	       "\"ninf\":null}\n",
	       "JSON has no nan and no infinity");
}

static void escapes(void)
{
	report_begin(&e);
	report_str("key \"x\"", "q\" b\\ n\n t\t r\r e\033 d\177 \303\244 /");
	report_end();
	is_str(line(),
	       "{\"record\":\"e\",\"seq\":3,\"key \\\"x\\\"\":"
	       "\"q\\\" b\\\\ n\\n t\\t r\\u000d e\\u001b d\\u007f "
	       "\303\244 /\"}\n",
	       "RFC 8259's escapes");
}

static void nesting(void)
{
	report_begin(&nested);
	report_open("list", '[');
	report_u64(NULL, 1);
	report_u64(NULL, 2);
	report_open(NULL, '{');
	report_str("a", "b");
	report_close('}');
	report_close(']');
	report_open("empty", '{');
	report_close('}');
	report_open("none", '[');
	report_close(']');
	report_open("deep", '{');
	report_open("er", '[');
	report_null(NULL);
	report_close(']');
	report_i64("after", -1);
	report_close('}');
	report_str("ends_with", "{");
	report_u64("next", 1);
	report_end();
	is_str(line(),
	       "{\"record\":\"n\",\"seq\":4,\"list\":[1,2,{\"a\":\"b\"}],"
	       "\"empty\":{},\"none\":[],\"deep\":{\"er\":[null],"
	       "\"after\":-1},\"ends_with\":\"{\",\"next\":1}\n",
	       "commas where they belong");
}

static void passing_on(void)
{
	static const char text[] = "{\"record\":\"x\",\"seq\":5}\n";

	report_pass(text, sizeof(text) - 1);
	is_str(line(), text, "a line that is a record is passed on");
	is_u64(report_seq(), 5, "and counts");
	report_note("stage", "fill\nand more");
	is_str(line(), "!stage fill and more\n", "a note is one line");
	is_u64(report_seq(), 5, "and does not count");
	report_set_seq(41);
	report_begin(&r);
	report_end();
	is_str(line(), "{\"record\":\"r\",\"seq\":42}\n",
	       "numbers go on from where they are said to be");
}

/* Longer than a pipe takes at once: the rest follows. */
static void long_records(void)
{
	char *value = malloc(60001);
	size_t got = 0, n;
	const char *part;

	if (!value)
		return;
	memset(value, 'x', 60000);
	value[60000] = '\0';
	report_begin(&longest);
	report_str("value", value);
	report_end();
	while ((part = line())) {
		n = strlen(part);
		got += n;
		if (part[n - 1] == '\n')
			break;
	}
	is_u64(got, 60000 + strlen("{'record':'long','seq':43,'value':''}\n"),
	       "a long record is whole");
	free(value);
}

/* ------------------------------------------------------------------ text */

static void look(void)
{
	fflush(stdout);
	dup2(console, 1);
}

/* What was said since look(). */
static const char *seen(void)
{
	static char text[8192];
	ssize_t n;

	fflush(stdout);
	n = pread(console, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (ftruncate(console, 0) || lseek(console, 0, SEEK_SET))
		text[0] = '?';
	dup2(kept, 1);
	return text;
}

static void tables(void)
{
	static const struct report_column columns[] = { { NULL, "name", -8 },
							{ NULL, "size", 6 },
							{ NULL, "note", -10 } };
	static const char *const row[] = { "a", "12", "x" };
	static const char *const bare[] = { "longer than 8", "1234567", "" };

	look();
	report_head(columns, 3);
	report_row(columns, 3, row);
	report_row(columns, 3, bare);
	is_str(seen(),
	       "name        size  note\n"
	       "a             12  x\n"
	       "longer than 8  1234567\n",
	       "a table: aligned, no blanks at the ends, nothing cut");
}

/* One description and one call a figure: the record and the row. */
static void rows(void)
{
	static const struct report_column columns[] = {
		{ "text", "what", -8 },
		{ "size_bytes", "size", 8, REPORT_SIZE },
		{ "half", "%", 5, 1, 0.01F },
		{ "took_s", "took", 6, REPORT_TIME },
		{ "part.b", "b", 5, 2 },
		{ NULL, "own", 4 },
		{ "u", "u", 3 },
	};

	look();
	report_head(columns, ARRAY_SIZE(columns));
	report_begin_row(&all, columns, ARRAY_SIZE(columns));
	report_str("text", "x");
	report_u64("size_bytes", 1536);
	report_real("half", 0.125);
	report_real("took_s", 0.25);
	report_open("part", '{');
	report_real("a", 1);
	report_real("b", 2.126);
	report_close('}');
	report_cell("own", "%d!", 7);
	report_end();
	is_str(seen(),
	       "what          size      %    took      b   own    u\n"
	       "x         1.50 KiB   12.5  250 ms   2.13    7!    -\n",
	       "a row: sizes, parts, times, what is nested, what is not there");
	like(line(),
	     "\"text\":\"x\",\"size_bytes\":1536,\"half\":0.125,"
	     "\"took_s\":0.25,\"part\":{\"a\":1,\"b\":2.126}}",
	     "and its record");
	look();
	report_begin(&all);
	report_str("text", "y");
	report_end();
	is_str(seen(), "", "the next record is no row");
	line();
}

/* In a child: the first error is kept. */
static int error_of(const char *key, char type)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		report_begin(&all);
		if (type == 's')
			report_str(key, "");
		else if (type == 'u')
			report_u64(key, 1);
		else if (type == 'r')
			report_real(key, 1);
		else
			report_null(key);
		_exit(report_error() == -EBADMSG ? 2 : report_error() ? 3 : 0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void described(void)
{
	struct report_member m;
	const char *at = all.members;
	size_t n;
	int found = 0;

	is_i64(error_of("text", 's'), 0, "what is described is written");
	is_i64(error_of("other", 's'), 2, "what is not is an error");
	is_i64(error_of("text", 'u'), 2, "so is another type");
	is_i64(error_of("tiny", 'r'), 0, "one of several");
	is_i64(error_of("ti", 'r'), 2, "the whole of its name");
	is_i64(error_of("tinyy", 'r'), 2, "and no more");
	is_i64(error_of("part", 'n'), 0, "an object may be null");
	is_i64(error_of("par", 'n'), 2, "not a part of its name");
	for (const struct report_record *d = report_records(&n); n--; d++)
		found += d == &all || d == &r || d == &stuck_record;
	is_i64(found, 3, "all descriptions are listed");
	ok(report_next_member(&m, &at), "a member");
	is_u64((size_t)m.key_len, 4, "its key");
	while (strncmp(m.key, "u u", 3) != 0)
		report_next_member(&m, &at);
	ok(m.unit_len == 3 && !strncmp(m.unit, "one", 3), "its unit");
	while (strncmp(m.key, "size", 4) != 0)
		report_next_member(&m, &at);
	ok(m.unit_len == 5 && !strncmp(m.unit, "bytes", 5), "the key's unit");
	report_next_member(&m, &at);
	ok(m.unit_len == 1 && *m.unit == 's', "seconds");
	report_next_member(&m, &at);
	ok(m.unit_len == 5, "that of the object it is in");
	ok(!report_next_member(&m, &at), "the last one");
}

static void wrapping(void)
{
	const char *text;
	bool narrow = true;

	look();
	report_wrap("   ", "%s",
		    "one two three four five six seven eight nine ten eleven "
		    "twelve thirteen fourteen fifteen sixteen seventeen");
	is_str(seen(),
	       "one two three four five six seven eight nine ten eleven twelve "
	       "thirteen\n"
	       "   fourteen fifteen sixteen seventeen\n",
	       "long text is broken at a space");
	look();
	report_wrap("  ", "%0200d %0100d", 0, 0);
	text = seen();
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		narrow &= strcspn(p, "\n") < 80;
	ok(narrow, "also where it has none");
	look();
	report_wrap("  ", "short");
	is_str(seen(), "short\n", "short text is as it was");
}

static void progress(void)
{
	const char *text;

	look();
	report_progress(false, "at %d", 1);
	report_progress(false, "at %d", 2);
	report_say("done\n");
	is_str(seen(), "at 1\nat 2\ndone\n", "in a log: lines");
	look();
	report_progress(true, "at %d", 1);
	report_progress(true, "at %d", 2);
	report_say("done\n");
	text = seen();
	ok(text[0] == '\r' && text[80] == '\r',
	   "in place: each at the line's start, 79 wide");
	like(text + 80, "\rat 2 ", "the second replaces the first");
	is_str(text + 160, "\ndone\n", "and text begins a line of its own");
}

/* Text from elsewhere does nothing to the terminal it comes to. */
static void controls(void)
{
	look();
	report_say("a\tb\033]52;c;eA==\007c\177d %s\n", "\302\233m \303\244");
	report_say("\233 \303 \342\202\254 \342\202x\n");
	report_progress(false, "\033[2J");
	is_str(seen(),
	       "a\tb?]52;c;eA==?c?d ??m \303\244\n"
	       "? ? \342\202\254 ??x\n?[2J\n",
	       "control characters, and what is no UTF-8, are a question mark");
}

/* A terminal of so many columns, of which a line of progress takes one less. */
static void narrow(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 30 };
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), other = -1;
	char text[256] = "";
	size_t len = 0;

	if (terminal >= 0 && !grantpt(terminal) && !unlockpt(terminal))
		other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	if (other < 0) {
		skip("a narrow terminal", "there are no terminals here");
		return;
	}
	ioctl(other, TIOCSWINSZ, &size);
	fflush(stdout);
	dup2(other, 1);
	report_progress(true, "%s", "0123456789 0123456789 0123456789 x");
	report_say("%s", "");
	dup2(kept, 1);
	/* It comes by the kernel's own worker, in as many parts as that likes. */
	for (struct pollfd p = { .fd = terminal, .events = POLLIN };
	     !strchr(text, '\n') && poll(&p, 1, 10000) == 1;) {
		ssize_t n = read(terminal, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	is_str(text, "\r0123456789 0123456789 0123456\r\n",
	       "a narrow terminal: in one line of it");
	close(other);
	close(terminal);
}

static void quiet(void)
{
	look();
	report_quiet();
	report_say("x");
	report_wrap("", "x");
	report_progress(true, "x");
	is_str(seen(), "", "nothing for people");
	report_begin(&r);
	report_end();
	is_str(line(), "{\"record\":\"r\",\"seq\":44}\n", "but records");
}

/* Each way of saying something. */
static void text_lost(void)
{
	int full = open("/dev/full", O_WRONLY), status = -1;
	static const char *const ways[] = { "say", "progress", "warn" };

	for (size_t i = 0; i < 3; i++) {
		pid_t child = fork();

		if (child == 0) {
			dup2(full, 1);
			dup2(full, 2);
			if (i == 0)
				report_say("x\n");
			else if (i == 1)
				report_progress(true, "x");
			else
				report_warn("x");
			_exit(report_error() != -ENOSPC);
		}
		waitpid(child, &status, 0);
		is_i64(status, 0, "a full disk behind it: %s", ways[i]);
	}
	close(full);
}

static void lost(void)
{
	int full = open("/dev/full", O_WRONLY);

	is_i64(report_error(), 0, "no error so far");
	report_to(full);
	report_begin(&r);
	report_end();
	is_i64(report_error(), -ENOSPC, "a full disk is an error");
	is_str(line(), "{\"record\":\"r\",\"seq\":45}\n",
	       "which the other sink does not feel");
	close(full);
	report_begin(&r);
	report_end();
	is_i64(report_error(), -ENOSPC, "the first error is kept");
	line();
}

/* A reader that does not read is waited for once, and not for ever. */
static void stuck(int sink)
{
	static const char full[4096];
	uint64_t began = now_ns();

	while (write(sink, full, sizeof(full)) > 0)
		;
	report_begin(&stuck_record);
	report_end();
	ok(now_ns() - began > UINT64_C(7000000000), "is waited for");
	ok(now_ns() - began < UINT64_C(20000000000), "but not for ever");
	began = now_ns();
	for (int i = 0; i < 10; i++) {
		report_begin(&stuck_record);
		report_end();
	}
	ok(now_ns() - began < UINT64_C(5000000000), "and once only");
}

int main(void)
{
	int fds[2];

	if (pipe2(fds, O_DIRECT | O_NONBLOCK) ||
	    (console = memfd_create("", 0)) < 0)
		return 1;
	/* Room for the long record, so that no write has to wait. */
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	kept = dup(1);
	records = fds[0];
	report_to(fds[1]);
	golden();
	not_finite();
	escapes();
	nesting();
	passing_on();
	long_records();
	tables();
	rows();
	report_set_seq(report_seq() - 2); /* the numbers below */
	described();
	wrapping();
	progress();
	controls();
	narrow();
	text_lost();
	quiet();
	lost();
	stuck(fds[1]);
	return done_testing();
}
