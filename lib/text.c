// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - numbers from text and text from numbers, strings that grow,
 * the nearest word.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/text.h"

int parse_u64(const char *text, uint64_t *value)
{
	unsigned long long v;
	char *end;

	/* strtoull takes "-1", "+1" and " 1"; a count is none of these. */
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*value = v;
	return 0;
}

/* Splits "64MiB" into 64 and "MiB"; the number is whole and not signed. */
static int split_number(const char *text, uint64_t *value, const char **suffix)
{
	size_t digits = strspn(text, "0123456789");
	char number[24];

	if (!digits)
		return -EINVAL;
	if (digits >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, digits);
	number[digits] = '\0';
	*suffix = text + digits;
	return parse_u64(number, value);
}

/* So many of an hour's do not overflow 64 bits. */
#define FRACTION_DIGITS 6

/* As split_number(); behind a point *part / *parts is added. */
static int split_decimal(const char *text, uint64_t *value, uint64_t *part,
			 uint64_t *parts, const char **suffix)
{
	const char *point;
	int err = split_number(text, value, suffix);

	*part = 0;
	*parts = 1;
	if (err || **suffix != '.')
		return err;
	point = *suffix + 1;
	err = split_number(point, part, suffix);
	if (!err && *suffix - point > FRACTION_DIGITS)
		err = -EINVAL;
	for (; !err && point < *suffix; point++)
		*parts *= 10;
	return err;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	const char *suffix, *unit;
	unsigned int shift = 0;
	uint64_t v, part, parts;
	int err = split_decimal(text, &v, &part, &parts, &suffix);

	if (err)
		return err;
	if (*suffix) {
		unit = strchr(units, tolower((unsigned char)*suffix));
		if (unit) {
			shift = 10 * (unsigned int)(unit - units + 1);
			suffix++;
			if (!strcmp(suffix, "iB") || !strcmp(suffix, "ib"))
				suffix += 2;
		}
		if (*suffix == 'B' || *suffix == 'b')
			suffix++;
		if (*suffix)
			return -EINVAL;
	}
	if ((part << shift) % parts)
		return -EINVAL;
	if (v > (UINT64_C(1) << 63 >> shift) - 1)
		return -ERANGE;
	*bytes = (v << shift) + (part << shift) / parts;
	return 0;
}

int parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{ "", 1000000000 },	{ "s", 1000000000 },
		{ "ms", 1000000 },	{ "us", 1000 },
		{ "m", 60000000000 },	{ "min", 60000000000 },
		{ "h", 3600000000000 },
	};
	const char *suffix;
	uint64_t v, part, parts;
	int err = split_decimal(text, &v, &part, &parts, &suffix);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(suffix, units[i].suffix))
			continue;
		if (v > INT64_MAX / units[i].ns - (part > 0))
			return -ERANGE;
		*ns = v * units[i].ns + part * units[i].ns / parts;
		return 0;
	}
	return -EINVAL;
}

int parse_list(const char *text, int *ids, int max)
{
	int n = 0;

	while (*text) {
		char *end;
		long first, last;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		errno = 0;
		first = last = strtol(text, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtol(end + 1, &end, 10);
		if (errno || first > last || last > INT_MAX / 2)
			return -EINVAL;
		if (last - first >= max - n)
			return -E2BIG;
		while (first <= last)
			ids[n++] = (int)first++;
		if (*end == ',' && end[1])
			end++;
		else if (*end)
			return -EINVAL;
		text = end;
	}
	return n;
}

bool list_has(const char *list, int id)
{
	while (isdigit((unsigned char)*list)) {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (id >= first && id <= last)
			return true;
		list = end + (*end == ',');
	}
	return false;
}

const char *format_size(char buf[static SIZE_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "B",   "KiB", "MiB",
					     "GiB", "TiB", "PiB" };
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 1024 && u + 1 < ARRAY_SIZE(units)) {
		v /= 1024;
		u++;
	}
	/* Whole numbers without a fraction; others with three digits. */
	if (v == (double)(uint64_t)v)
		snprintf(buf, SIZE_TEXT, "%.0f %s", v, units[u]);
	else
		snprintf(buf, SIZE_TEXT, "%.*f %s", v < 10 ? 2 : 1, v,
			 units[u]);
	return buf;
}

const char *format_seconds(char buf[static SIZE_TEXT], double s)
{
	uint64_t whole = s > 0 ? (uint64_t)(s + 0.5) : 0;

	if (s < 1)
		snprintf(buf, SIZE_TEXT, "%.0f ms", s * 1e3);
	else if (s < 10)
		snprintf(buf, SIZE_TEXT, "%.1f s", s);
	else if (whole < 120)
		snprintf(buf, SIZE_TEXT, "%u s", (unsigned int)whole);
	else if (whole < 7200)
		snprintf(buf, SIZE_TEXT, "%u min", (unsigned int)(whole / 60));
	else
		snprintf(buf, SIZE_TEXT, "%llu h %02u min",
			 (unsigned long long)(whole / 3600),
			 (unsigned int)(whole / 60 % 60));
	return buf;
}

int split_words(char *text, char **words, int max)
{
	char *save, *word = strtok_r(text, " \t\n", &save);
	int n = 0;

	for (; word && n < max; word = strtok_r(NULL, " \t\n", &save))
		words[n++] = word;
	words[n] = NULL;
	return word ? -E2BIG : n;
}

bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (; *words; words += strcspn(words, " "), words += *words == ' ')
		if (strcspn(words, " ") == len && !strncmp(words, word, len))
			return true;
	return false;
}

static size_t edit_distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b), left, above, best;

	if (n >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		left = row[0]++;
		for (size_t j = 0; j < n; j++) {
			above = row[j + 1];
			best = left + (a[i] != b[j]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j + 1] = best;
			left = above;
		}
	}
	return row[n];
}

void nearest_begin(struct nearest *n, const char *word)
{
	n->word = word;
	n->best = NULL;
	n->distance = strlen(word) / 3 + 1;
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t d = edit_distance(n->word, candidate);

	/* "promo" means "promote": a beginning counts as near. */
	if (strlen(n->word) >= 3 &&
	    !strncmp(n->word, candidate, strlen(n->word)))
		d = 1;
	if (d < n->distance || (d == n->distance && !n->best)) {
		n->distance = d;
		n->best = candidate;
	}
}

const char *nearest_found(const struct nearest *n)
{
	return n->best;
}

static void buf_room(struct textbuf *b, size_t more)
{
	if (b->len + more + 1 <= b->size)
		return;
	b->size = (b->len + more + 1) * 2;
	b->text = xrealloc(b->text, b->size);
}

void buf_addn(struct textbuf *b, const char *s, size_t n)
{
	buf_room(b, n);
	memcpy(b->text + b->len, s, n);
	b->len += n;
	b->text[b->len] = '\0';
}

void buf_addv(struct textbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	buf_room(b, (size_t)n);
	vsnprintf(b->text + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_add(struct textbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_add_list(struct textbuf *b, const int *ids, int n)
{
	for (int i = 0, next; i < n; i = next) {
		int step = i + 1 < n ? ids[i + 1] - ids[i] : 0;

		for (next = i + 1; next < n; next++)
			if (ids[next] - ids[next - 1] != step)
				break;
		if (step > 1 && next - i < 4) /* so few are a chance */
			next = i + 1;
		buf_add(b, i ? ",%d" : "%d", ids[i]);
		if (next - i > 1)
			buf_add(b, "-%d", ids[next - 1]);
		if (next - i > 1 && step > 1)
			buf_add(b, ":%d", step);
	}
}

void buf_free(struct textbuf *b)
{
	free(b->text);
	*b = (struct textbuf){ 0 };
}
