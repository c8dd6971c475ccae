/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - numbers from text and text from numbers, strings that grow,
 * the nearest word.
 */
#ifndef TIER_LIB_TEXT_H
#define TIER_LIB_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * "64M", "1.5G" -> bytes. Suffixes k, M, G, T (powers of 1024, either case, "iB"
 * and "B" allowed after them); a bare number is bytes. -EINVAL when it is not a
 * number with such a suffix (up to six decimals, of whole bytes), -ERANGE beyond
 * 2^63 - 1. No message.
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
/* Is the number in a kernel list, of whatever length? */
bool list_has(const char *list, int id);

#define SIZE_TEXT 32
/* 1073741824 -> "1 GiB", 1610612736 -> "1.50 GiB". Returns buf. */
const char *format_size(char buf[static SIZE_TEXT], uint64_t bytes);
/* 42 -> "42 s", 5025 -> "83 min", 0.0123 -> "12 ms". Returns buf. */
const char *format_seconds(char buf[static SIZE_TEXT], double seconds);

/*
 * Cuts text at blanks, into max words at most, NULL behind them; how many there
 * are, or -E2BIG. No message.
 */
int split_words(char *text, char **words, int max);

/* Is the word among those in words, which blanks part? */
bool has_word(const char *words, const char *word);

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

/* A string that grows; text stays terminated. Zero it to begin with. */
struct textbuf {
	char *text;
	size_t len, size;
};
void buf_add(struct textbuf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_addv(struct textbuf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void buf_addn(struct textbuf *b, const char *s, size_t n);
/* Ascending numbers as a list, "0-3,8"; 0, 2, 4, 6 as "0-6:2" (taskset's). */
void buf_add_list(struct textbuf *b, const int *ids, int n);
void buf_free(struct textbuf *b);

#endif
