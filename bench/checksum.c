// SPDX-License-Identifier: GPL-2.0-only
/* CFLAGS: -O2 -fno-tree-vectorize -fstack-protector-strong */
/*
 * checksum.c - a checksum of a table that XORs can be followed in.
 */
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "bench/checksum.h"
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

UNCROSSED(256)
void checksum_table(struct checksum *c, const uint64_t *t, uint64_t words,
		    uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		checksum_add(c, first + i, t[i] ^ (first + i));
}

void checksum_merge(struct checksum *into, const struct checksum *from)
{
	for (int i = 0; i < 2; i++)
		into->sum[i] ^= from->sum[i];
}

bool checksum_is_zero(const struct checksum *c)
{
	return !(c->sum[0] | c->sum[1]);
}
