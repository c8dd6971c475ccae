/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checksum.h - a checksum of a table that can be computed in two ways: from the
 * table, and from the updates alone.
 *
 * Each word's difference from its start is multiplied, without carries, by a
 * number that follows from a key and the word's index, and added, without
 * carries, to a sum. Both are linear over XOR, so that what the table has after
 * the run is the sum of what every single update adds, which is computed from
 * the random stream without touching the table: no cache or TLB misses, a tenth
 * of the time that a replay takes.
 *
 * An emulator has the numbers mixed from the index of the word, each its own, and
 * one sum: memory costs it more than arithmetic. Hardware looks them up, which
 * takes half the time: 4096 words in a row have one number, and each of them a
 * sum of its own.
 *
 * What it misses: with numbers drawn at random, independently, a wrong table,
 * whatever is wrong with it, has the right sums in 1 of 2^64 draws: take a word
 * that is wrong, and fix all numbers but its own; then one value at most of that
 * one cancels the others of its sum (multilinear hashing; Carter and Wegman
 * 1979). Here they are splitmix64's, mixed from a key that is drawn when the
 * updates are done: nothing that becomes of the table depends on it.
 */
#ifndef TIER_BENCH_CHECKSUM_H
#define TIER_BENCH_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/prng.h"

/* What the second level of a CPU's cache has room for */
#define CHECKSUM_COLUMNS 4096

struct checksum {
	uint64_t key;
	const uint64_t *factors; /* of all rows; NULL: they are mixed */
	_Alignas(16) uint64_t sum[CHECKSUM_COLUMNS][2]; /* low, high */
};

/* Can this machine multiply without carries? (x86: PCLMULQDQ) */
bool checksum_is_possible(void);

/* Those of a table of so many words, by the key; the caller frees them. */
uint64_t *checksum_factors(uint64_t key, uint64_t words);

/*
 * Adds value at the index: what one update does, or one word holds. The product
 * is added by halves: an emulator keeps vectors in memory, and to load both
 * halves at once when they have just been stored apart stalls the host.
 */
static inline void checksum_add_mixed(struct checksum *c, uint64_t index,
				      uint64_t value)
{
#ifdef __x86_64__
	uint64_t low = prng_mix(c->key + index * PRNG_GAMMA), high;

	__asm__("movq %0, %%xmm0\n\t"
		"movq %2, %%xmm1\n\t"
		"pclmulqdq $0, %%xmm1, %%xmm0\n\t"
		"movq %%xmm0, %0\n\t"
		"pextrq $1, %%xmm0, %1"
		: "+r"(low), "=r"(high)
		: "r"(value)
		: "xmm0", "xmm1");
	c->sum[0][0] ^= low;
	c->sum[0][1] ^= high;
#else
	(void)c, (void)index, (void)value;
#endif
}

/* The same by the factors, for a checksum that has them. */
static inline void checksum_add_looked_up(struct checksum *c, uint64_t index,
					  uint64_t value)
{
#ifdef __x86_64__
	uint64_t(*sum)[2] = &c->sum[index % CHECKSUM_COLUMNS];

	__asm__("movq %1, %%xmm0\n\t"
		"movq %2, %%xmm1\n\t"
		"pclmulqdq $0, %%xmm1, %%xmm0\n\t"
		"pxor %0, %%xmm0\n\t"
		"movdqa %%xmm0, %0"
		: "+m"(*sum)
		: "m"(c->factors[index / CHECKSUM_COLUMNS]), "r"(value)
		: "xmm0", "xmm1");
#else
	(void)c, (void)index, (void)value;
#endif
}

/* Adds so many words at t; the first has the index first, and started as it. */
void checksum_table(struct checksum *c, const uint64_t *t, uint64_t words,
		    uint64_t first);
/* Adds one checksum to another, of the same key, that also has factors or not. */
void checksum_merge(struct checksum *into, const struct checksum *from);
/* Equal ones added into one cancel each other out: it is zero then. */
bool checksum_is_zero(const struct checksum *c);

#endif
