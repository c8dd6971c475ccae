/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle.h - what a table must hold, by HPCC's definition and that of the
 * patterns, and nothing of gups.c or gups_loops.c: a step of the stream is the
 * branch that HPCC writes, its parts follow each other because they are walked
 * through one after the other.
 */
#ifndef TIER_ORACLE_H
#define TIER_ORACLE_H

#include <stdbool.h>
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

/* ----------------------------------------------------------------- patterns */

/*
 * What a pattern updates, by the text of prng.h, pattern.h and gups_loops.c, in
 * the plainest way: page by page, with no number that was worked out before.
 */

/* Vigna's splitmix64.c, public domain: the state first, the value after it. */
static inline uint64_t oracle_mix(uint64_t z)
{
	z ^= z >> 30;
	z *= UINT64_C(0xbf58476d1ce4e5b9);
	z ^= z >> 27;
	z *= UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return z;
}

static inline uint64_t oracle_next(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return oracle_mix(*state);
}

/* The n-th stream of a seed. */
static inline uint64_t oracle_start(uint64_t seed, unsigned int n)
{
	return oracle_mix(oracle_mix(seed) + n);
}

struct oracle_pattern {
	unsigned int threads, id; /* whose draws */
	uint64_t blocks, block_pages, hot; /* hot: blocks */
	uint32_t rate, reads; /* of 65536 */
	uint64_t object; /* bytes */
	uint64_t offset; /* blocks */
	const uint32_t *order; /* NULL: the ranks lie as they are */
	const uint32_t *slots; /* keep, other of every rank; NULL: not Zipf */
};

struct oracle_draw {
	uint64_t rank, object; /* of the block, and of the thread's in it */
	uint64_t page, word; /* of the table: the object's first */
	uint64_t value;
	bool hot, read;
};

/* floor(r n / 2^bits), where r has that many: each of n has as many of them. */
static inline uint64_t oracle_part(uint64_t r, unsigned int bits, uint64_t n)
{
	return (uint64_t)((unsigned __int128)r * n >> bits);
}

/*
 * Which part of the block at this place the thread has: all are turned by so
 * many as the golden ratio says, to 12 bits.
 */
static inline uint64_t oracle_part_of(const struct oracle_pattern *p,
				      uint64_t place)
{
	uint64_t fraction =
		place * UINT64_C(0x9e3779b9) % (UINT64_C(1) << 32) / (1 << 20);

	return (fraction * p->threads / 4096 + p->id) % p->threads;
}

static inline struct oracle_draw oracle_draw(const struct oracle_pattern *p,
					     uint64_t r)
{
	/* A thread's pages of a block lie together, as many for each. */
	uint64_t bytes = p->block_pages / p->threads * ORACLE_PAGE;
	uint64_t each = bytes / p->object, more = oracle_mix(r), place;
	struct oracle_draw d = { .value = r };

	if (p->slots) {
		d.rank = oracle_part(r, 64, p->blocks);
		if ((r & UINT32_MAX) >= p->slots[2 * d.rank])
			d.rank = p->slots[2 * d.rank + 1];
		d.object = oracle_part(more, 64, each);
		d.hot = d.rank < p->hot;
	} else {
		uint64_t n, x = r & ((UINT64_C(1) << 48) - 1);

		d.hot = p->hot && (r >> 48) < p->rate;
		n = d.hot ? p->hot : p->blocks - p->hot;
		x = oracle_part(x, 48, n * each);
		d.rank = x / each + (d.hot ? 0 : p->hot);
		d.object = x % each;
	}
	d.read = (more & 65535) < p->reads;
	place = (d.rank + p->offset) % p->blocks;
	if (p->order)
		place = p->order[place];
	d.word = (place * p->block_pages * ORACLE_PAGE +
		  oracle_part_of(p, place) * bytes + d.object * p->object) /
		 8;
	d.page = d.word * 8 / ORACLE_PAGE;
	return d;
}

/* So many updates of one thread; returns the state after them. */
static inline uint64_t oracle_draws(const struct oracle_pattern *p,
				    uint64_t *table, uint64_t state,
				    uint64_t updates)
{
	for (; updates; updates--) {
		struct oracle_draw d = oracle_draw(p, oracle_next(&state));

		for (uint64_t i = 0; !d.read && i < p->object / 8; i++)
			table[d.word + i] ^= d.value;
	}
	return state;
}

#endif
