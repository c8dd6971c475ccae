// SPDX-License-Identifier: GPL-2.0-only
/* CFLAGS: -O2 -fno-tree-vectorize -fstack-protector-strong */
/*
 * checksum.c - a checksum of a table that XORs can be followed in.
 */
#include "bench/checksum.h"
#include "lib/base.h"

UNCROSSED(128)
void checksum_table(struct checksum *s, const uint64_t *t, uint64_t words,
		    uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		checksum_add(s, first + i, t[i] ^ (first + i));
}

void checksum_merge(struct checksum *into, const struct checksum *from)
{
	for (int i = 0; i < CHECKSUM_BUCKETS; i++)
		into->bucket[i] ^= from->bucket[i];
}

bool checksum_is_zero(const struct checksum *s)
{
	uint64_t any = 0;

	for (int i = 0; i < CHECKSUM_BUCKETS; i++)
		any |= s->bucket[i];
	return !any;
}
