// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes, numbers, times and lists are taken whole or refused; what is printed of
 * them reads back; the nearest word; messages and their statuses; buffers.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "tap.h"

static void sizes(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "4k", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "64M", 0, 64 * MIB },
		{ "64m", 0, 64 * MIB },
		{ "64MiB", 0, 64 * MIB },
		{ "64MB", 0, 64 * MIB },
		{ "64mb", 0, 64 * MIB },
		{ "512B", 0, 512 },
		{ "5G", 0, 5 * GIB },
		{ "2T", 0, 2048 * GIB },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "8388607T", 0, 8388607 * (1024 * GIB) },
		{ "8388608T", -ERANGE, 0 },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18014398509481984k", -ERANGE, 0 },
		{ "99999999999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1Q", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "1.5G", 0, 1536 * MIB },
		{ "0.25MiB", 0, 262144 },
		{ "1.1k", -EINVAL, 0 }, /* no whole bytes */
		{ "1.G", -EINVAL, 0 },
		{ ".5G", -EINVAL, 0 },
		{ "1.0000001G", -EINVAL, 0 },
		{ "8388607.999999T", -EINVAL, 0 },
		{ "8388607.5T", 0, 8388607 * (1024 * GIB) + 512 * GIB },
		{ "1e3", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1Mi", -EINVAL, 0 },
		{ "1MiBs", -EINVAL, 0 },
		{ "1iB", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 77;

		is_i64(parse_size(rows[i].text, &bytes), rows[i].err,
		       "size \"%s\"", rows[i].text);
		is_u64(bytes, rows[i].err ? 77 : rows[i].bytes,
		       "size \"%s\": its value", rows[i].text);
	}
}

static void numbers(void)
{
	uint64_t v = 7;

	is_i64(parse_u64("18446744073709551615", &v), 0, "the largest number");
	is_u64(v, UINT64_MAX, "its value");
	is_i64(parse_u64("18446744073709551616", &v), -ERANGE, "one more");
	is_i64(parse_u64("0", &v), 0, "0");
	is_u64(v, 0, "its value");
	is_i64(parse_u64("007", &v), 0, "leading zeros are decimal");
	is_u64(v, 7, "its value");
	for (size_t i = 0; i < 7; i++) {
		static const char *const bad[] = { "",	 "-1", "+1", " 1",
						   "1 ", "1k", "0x1" };

		is_i64(parse_u64(bad[i], &v), -EINVAL, "number \"%s\"", bad[i]);
	}
}

static void durations(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t ns;
	} rows[] = {
		{ "90", 0, UINT64_C(90000000000) },
		{ "90s", 0, UINT64_C(90000000000) },
		{ "250ms", 0, 250000000 },
		{ "10us", 0, 10000 },
		{ "5m", 0, UINT64_C(300000000000) },
		{ "5min", 0, UINT64_C(300000000000) },
		{ "1h", 0, UINT64_C(3600000000000) },
		{ "0", 0, 0 },
		{ "9223372036", 0, UINT64_C(9223372036000000000) },
		{ "9223372037", -ERANGE, 0 },
		{ "2562048h", -ERANGE, 0 },
		{ "99999999999999999999999s", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "1.5h", 0, UINT64_C(5400000000000) },
		{ "0.5", 0, 500000000 },
		{ "0.25ms", 0, 250000 },
		{ "0.000001", 0, 1000 },
		{ "0.999999h", 0, UINT64_C(3599996400000) },
		{ "9223372036.5", -ERANGE, 0 },
		{ "0.0000001s", -EINVAL, 0 },
		{ "1.s", -EINVAL, 0 },
		{ ".5s", -EINVAL, 0 },
		{ "1.5.5s", -EINVAL, 0 },
		{ "1.-5s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1d", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ns = 77;

		is_i64(parse_duration(rows[i].text, &ns), rows[i].err,
		       "time \"%s\"", rows[i].text);
		is_u64(ns, rows[i].err ? 77 : rows[i].ns,
		       "time \"%s\": its value", rows[i].text);
	}
}

static void list(const char *text, int want, const char *numbers)
{
	int ids[8], n = parse_list(text, ids, ARRAY_SIZE(ids));
	char got[128] = "";

	is_i64(n, want, "list \"%s\"", text);
	for (int i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), " %d",
			 ids[i]);
	is_str(got, numbers, "list \"%s\": its numbers", text);
}

/* A server's even CPUs, as its kernel lists them. */
static void long_lists(void)
{
	char text[4096] = "0";

	for (int i = 2; i < 1024; i += 2)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 ",%d", i);
	strcat(text, ",2000-2047");
	ok(list_has(text, 0) && list_has(text, 62) && list_has(text, 1022),
	   "the even ones");
	ok(!list_has(text, 1) && !list_has(text, 1023), "no odd one");
	ok(list_has(text, 2000) && list_has(text, 2047), "a range at its end");
	ok(!list_has(text, 1999) && !list_has(text, 2048), "and no more");
	ok(!list_has("", 0) && !list_has("\n", 0) && !list_has("x", 0),
	   "nothing in nothing");
}

static void lists(void)
{
	long_lists();
	list("", 0, "");
	list("0", 1, " 0");
	list("0-3,8", 5, " 0 1 2 3 8");
	list("8,0", 2, " 8 0");
	list("0-7", 8, " 0 1 2 3 4 5 6 7");
	list("0-8", -E2BIG, "");
	list("0-6,1-2", -E2BIG, "");
	list("0-2000000000", -EINVAL, "");
	list("0-1000000000", -E2BIG, "");
	list("99999999999999999999", -EINVAL, "");
	list("3-1", -EINVAL, "");
	list("1,", -EINVAL, "");
	list(",1", -EINVAL, "");
	list("1,,2", -EINVAL, "");
	list("1-", -EINVAL, "");
	list("-1", -EINVAL, "");
	list("a", -EINVAL, "");
	list("1 2", -EINVAL, "");
}

static void formats(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1 KiB" },
		{ 1536, "1.50 KiB" },
		{ GIB, "1 GiB" },
		{ 15 * GIB / 10, "1.50 GiB" },
		{ 2913 * MIB, "2.84 GiB" },
		{ UINT64_MAX, "16384 PiB" },
	};
	static const struct {
		double seconds;
		const char *text;
	} times[] = {
		{ -1, "-1000 ms" },	{ 0, "0 ms" },
		{ 0.0123, "12 ms" },	{ 1, "1.0 s" },
		{ 42, "42 s" },		{ 119.4, "119 s" },
		{ 120, "2 min" },	{ 5025, "83 min" },
		{ 7200, "2 h 00 min" }, { 7265, "2 h 01 min" },
	};
	char buf[SIZE_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		is_str(format_size(buf, sizes[i].bytes), sizes[i].text,
		       "%" PRIu64 " bytes", sizes[i].bytes);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		is_str(format_seconds(buf, times[i].seconds), times[i].text,
		       "%g seconds", times[i].seconds);
}

static const char *near(const char *word)
{
	static const char *const words[] = { "status", "gups", "region list",
					     "region create" };
	struct nearest n;

	nearest_begin(&n, word);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		nearest_try(&n, words[i]);
	return nearest_found(&n);
}

static void nearests(void)
{
	char endless[200];

	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	is_str(near("gups"), "gups", "the word itself");
	is_str(near("gpus"), "gups", "two letters swapped");
	is_str(near("stats"), "status", "a letter left out");
	is_str(near("statuss"), "status", "a letter too many");
	is_str(near("region crate"), "region create", "two words");
	is_str(near("sta"), "status", "a beginning");
	is_str(near("benchmark"), NULL, "nothing is near");
	is_str(near(""), NULL, "an empty word");
	is_str(near(endless), NULL, "a very long word");
}

static void failures(void)
{
	char endless[3000];

	is_str(fail_message(), "no reason was given", "no failure yet");
	is_i64(fail(ENOENT, "%s: %d", "/x", 5), -ENOENT, "fail() is -errno");
	is_str(fail_message(), "/x: 5", "its message");
	is_i64(fail_status(), STATUS_FAILED, "its status");
	is_i64(fail(0, "x"), -EIO, "no errno cannot look like success");
	is_i64(fail(-ENOENT, "x"), -EIO, "nor can a negative one");
	is_i64(lacks(ENODEV, "no node"), -ENODEV, "lacks() is -errno");
	is_i64(fail_status(), STATUS_LACKS, "its status");
	is_i64(misuse("bad"), -EINVAL, "misuse() is -EINVAL");
	is_i64(fail_status(), STATUS_USAGE, "its status");
	is_i64(fail_in(-ENODEV, "step %d", 1), -ENODEV,
	       "fail_in() returns what it was given");
	is_str(fail_message(), "step 1: bad", "and puts the step before");
	is_i64(fail_status(), STATUS_USAGE, "and keeps the status");
	fail(ENOENT, "/x: missing");
	lacks(ENOENT, "%s; it needs %s", fail_message(), "CONFIG_X");
	is_str(fail_message(), "/x: missing; it needs CONFIG_X",
	       "a message made of the one before");
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	endless[500] = '\0';
	misuse("empty");
	fail_in(-EINVAL, "%s", endless);
	ok(!strcmp(fail_message() + 500, ": empty"), "a long path is whole");
	endless[500] = 'x';
	fail(EIO, "%s", endless);
	ok(strlen(fail_message()) < FAIL_TEXT, "a long message is cut");
	fail_in(-EIO, "step");
	ok(!strncmp(fail_message(), "step: xxx", 9), "but keeps its step");
	for (int i = 0; i < 20; i++)
		fail_in(-EIO, "%s", endless);
	ok(strlen(fail_message()) < FAIL_TEXT, "however many steps there are");
}

static void buffers(void)
{
	struct textbuf b = { 0 };
	char *s;

	for (int i = 0; i < 1000; i++)
		buf_add(&b, "%d,", i);
	is_u64(b.len, strlen(b.text), "a text knows its length");
	ok(!strncmp(b.text + b.len - 8, "998,999,", 8), "and its end");
	buf_addn(&b, "abc", 2);
	is_str(b.text + b.len - 3, ",ab", "bytes are added as they are");
	buf_free(&b);
	ok(!b.text && !b.len, "a freed text is empty");
	s = xasprintf("%s-%d", "x", 5);
	is_str(s, "x-5", "xasprintf()");
	free(s);
	free(xcalloc(0, 0));
	free(xrealloc(NULL, 0));
}

static void clocks(void)
{
	uint64_t begin = now_ns(), took;

	sleep_ns(20000000);
	took = now_ns() - begin;
	ok(took >= 20000000, "sleeping takes its time");
}

int main(void)
{
	sizes();
	numbers();
	durations();
	lists();
	formats();
	nearests();
	failures();
	buffers();
	clocks();
	return done_testing();
}
