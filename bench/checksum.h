/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checksum.h - a checksum of a table that XORs can be followed in: two ways to
 * the same value, one through the table, one through the updates alone.
 *
 * Each word's difference from its start is rotated, and XORed into one of
 * 1024 buckets; bucket and rotation depend on the word's index. Both are
 * linear over XOR, so the sketch of the table after the run is the XOR of
 * what every single update adds, which is computed from the random stream
 * without touching the table: no cache or TLB misses, a tenth of the time
 * that a replay takes.
 *
 * What it sees: any one wrong word for certain; any number of words that are
 * wrong independently of each other but for 1 in 2^64 cases; an update that
 * went to another word but for 1 in 65536 cases each (page-sized mix-ups are
 * 512 of them). A replay undoes the latter if it goes astray the same way.
 */
#ifndef TIER_BENCH_CHECKSUM_H
#define TIER_BENCH_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#define CHECKSUM_BUCKETS 1024

struct checksum {
	uint64_t bucket[CHECKSUM_BUCKETS];
};

/* Adds value at the index: what one update does, or one word holds. */
static inline void checksum_add(struct checksum *s, uint64_t index,
				uint64_t value)
{
	/* 2^64 / golden ratio: neighbours come far apart (Knuth 6.4). */
	uint64_t hash = index * UINT64_C(0x9e3779b97f4a7c15);
	unsigned int by = (unsigned int)(hash >> 48) & 63;

	s->bucket[hash >> 54] ^= value << by | value >> (-by & 63);
}

/* words at t, of which the first has the index first and started as that. */
void checksum_table(struct checksum *s, const uint64_t *t, uint64_t words,
		    uint64_t first);
void checksum_merge(struct checksum *into, const struct checksum *from);
/* Two that are equal cancel each other out, added into one. */
bool checksum_is_zero(const struct checksum *s);

#endif
