/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle.h - what a table must hold, by HPCC's definition and nothing of
 * gups.c: a step of the stream is the branch that HPCC writes, its parts
 * follow each other because they are walked through one after the other.
 */
#ifndef TIER_ORACLE_H
#define TIER_ORACLE_H

#include <stdint.h>

#define ORACLE_PAGE 4096u
/* The stream comes back to 1 after so many steps (HPCC's PERIOD). */
#define ORACLE_PERIOD UINT64_C(1317624576693539401)

static inline uint64_t oracle_step(uint64_t r)
{
	return (int64_t)r < 0 ? (r << 1) ^ 7 : r << 1;
}

/*
 * Steps too many to walk, for seeds: a step is linear over GF(2), so it is a
 * 64 x 64 matrix, and its powers are products of matrices. column[i] is what
 * becomes of bit i.
 */
struct oracle_matrix {
	uint64_t column[64];
};

static inline uint64_t oracle_apply(const struct oracle_matrix *m, uint64_t v)
{
	uint64_t sum = 0;

	for (int i = 0; i < 64; i++)
		if (v >> i & 1)
			sum ^= m->column[i];
	return sum;
}

static inline uint64_t oracle_jump(uint64_t r, uint64_t steps)
{
	struct oracle_matrix power, square;

	for (int i = 0; i < 64; i++)
		power.column[i] = oracle_step(UINT64_C(1) << i);
	for (; steps; steps >>= 1) {
		if (steps & 1)
			r = oracle_apply(&power, r);
		for (int i = 0; i < 64; i++)
			square.column[i] =
				oracle_apply(&power, power.column[i]);
		power = square;
	}
	return r;
}

/* Updates of n words, from the value before the first; returns the last. */
static inline uint64_t oracle_update(uint64_t *words, uint64_t n, uint64_t r,
				     uint64_t updates)
{
	for (uint64_t u = 0; u < updates; u++) {
		r = oracle_step(r);
		if ((n & (n - 1)) == 0)
			words[r & (n - 1)] ^= r;
		else
			words[((unsigned __int128)r * n) >> 64] ^= r;
	}
	return r;
}

/* The words of slice t of so many: whole pages. */
static inline uint64_t oracle_slice(uint64_t words, unsigned int threads,
				    unsigned int t, uint64_t *n)
{
	uint64_t pages = words / (ORACLE_PAGE / 8);
	uint64_t first = pages * t / threads, end = pages * (t + 1) / threads;

	*n = (end - first) * (ORACLE_PAGE / 8);
	return first * (ORACLE_PAGE / 8);
}

/* The whole run: thread t takes the t-th part of the stream from r on. */
static inline void oracle_run(uint64_t *table, uint64_t words,
			      unsigned int threads, uint64_t updates,
			      uint64_t r)
{
	for (uint64_t i = 0; i < words; i++)
		table[i] = i;
	for (unsigned int t = 0; t < threads; t++) {
		uint64_t n, first = oracle_slice(words, threads, t, &n);

		r = oracle_update(table + first, n, r,
				  updates / threads + (t < updates % threads));
	}
}

static inline uint64_t oracle_digest(const uint64_t *table, uint64_t words)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < words; i++)
		sum += table[i] * (2 * i + 1);
	return sum;
}

#endif
