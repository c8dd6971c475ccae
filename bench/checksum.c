// SPDX-License-Identifier: GPL-2.0-only
/*
 * sketch.c - a checksum of a table that XORs can be followed in.
 */
#include "sketch.h"

/* As the loops of loops.c: an emulator wants a loop within one page of code. */
__attribute__((noinline, aligned(256))) void sketch_table(struct sketch *s,
							  const uint64_t *t,
							  uint64_t words,
							  uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		sketch_add(s, first + i, t[i] ^ (first + i));
}

void sketch_merge(struct sketch *into, const struct sketch *from)
{
	for (int i = 0; i < SKETCH_BUCKETS; i++)
		into->bucket[i] ^= from->bucket[i];
}

bool sketch_is_zero(const struct sketch *s)
{
	uint64_t any = 0;

	for (int i = 0; i < SKETCH_BUCKETS; i++)
		any |= s->bucket[i];
	return !any;
}
