// SPDX-License-Identifier: GPL-2.0-only
/* CFLAGS: -O2 -fno-tree-vectorize -fstack-protector-strong */
/*
 * checksum.c - a checksum of a table that XORs can be followed in.
 */
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "bench/checksum.h"
#include "bench/prng.h"
#include "lib/alloc.h"
#include "lib/base.h"

bool checksum_is_possible(void)
{
#ifdef __x86_64__
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_PCLMUL &&
	       c & bit_SSE4_1;
#else
	return false;
#endif
}

uint64_t *checksum_factors(uint64_t key, uint64_t words)
{
	uint64_t rows = words / CHECKSUM_COLUMNS + 1;
	uint64_t *factors = xcalloc(rows, sizeof(*factors));

	for (uint64_t i = 0; i < rows; i++)
		factors[i] = prng_mix(key + i * PRNG_GAMMA);
	return factors;
}

UNCROSSED(256)
static void add_mixed(struct checksum *c, const uint64_t *t, uint64_t words,
		      uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		checksum_add_mixed(c, first + i, t[i] ^ (first + i));
}

static void add_looked_up(struct checksum *c, const uint64_t *t, uint64_t words,
			  uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		checksum_add_looked_up(c, first + i, t[i] ^ (first + i));
}

void checksum_table(struct checksum *c, const uint64_t *t, uint64_t words,
		    uint64_t first)
{
	(c->factors ? add_looked_up : add_mixed)(c, t, words, first);
}

void checksum_merge(struct checksum *into, const struct checksum *from)
{
	for (int i = 0; i < CHECKSUM_COLUMNS; i++)
		for (int half = 0; half < 2; half++)
			into->sum[i][half] ^= from->sum[i][half];
}

bool checksum_is_zero(const struct checksum *c)
{
	uint64_t any = 0;

	for (int i = 0; i < CHECKSUM_COLUMNS; i++)
		any |= c->sum[i][0] | c->sum[i][1];
	return !any;
}
