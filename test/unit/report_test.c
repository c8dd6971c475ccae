// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void golden(void)
{
	report_begin("all");
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
	report_begin("r");
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
	report_begin("e");
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
	report_begin("n");
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
	report_begin("r");
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
	report_begin("long");
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
	static const struct report_column columns[] = { { "name", -8 },
							{ "size", 6 },
							{ "note", -10 } };
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

static void quiet(void)
{
	look();
	report_quiet();
	report_say("x");
	report_wrap("", "x");
	report_progress(true, "x");
	is_str(seen(), "", "nothing for people");
	report_begin("r");
	report_end();
	is_str(line(), "{\"record\":\"r\",\"seq\":44}\n", "but records");
}

static void lost(void)
{
	int full = open("/dev/full", O_WRONLY);

	is_i64(report_error(), 0, "no error so far");
	report_to(full);
	report_begin("r");
	report_end();
	is_i64(report_error(), -ENOSPC, "a full disk is an error");
	is_str(line(), "{\"record\":\"r\",\"seq\":45}\n",
	       "which the other sink does not feel");
	close(full);
	report_begin("r");
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
	report_begin("stuck");
	report_end();
	ok(now_ns() - began > UINT64_C(7000000000), "is waited for");
	ok(now_ns() - began < UINT64_C(20000000000), "but not for ever");
	began = now_ns();
	for (int i = 0; i < 10; i++) {
		report_begin("stuck");
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
	wrapping();
	progress();
	quiet();
	lost();
	stuck(fds[1]);
	return done_testing();
}
