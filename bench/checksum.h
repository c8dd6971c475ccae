/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checksum.h - a checksum of a table that can be computed in two ways: from the
 * table, and from the updates alone.
 *
 * Each word's difference from its start is rotated, and XORed into one of
 * 1024 buckets; bucket and rotation depend on the word's index. Rotation and
 * XOR are linear over XOR, so the checksum of the table after the run is the
 * XOR of what each single update adds. That is computed from the random stream
 * without the table: no cache or TLB misses, a tenth of the time of a replay.
 *
 * It detects: one wrong word always; several that are wrong independently of
 * each other, but for 1 in 2^64 cases; an update that went to another word,
 * but for 1 in 65536 cases (two pages that changed places are 512 of them). A
 * replay does not notice the last if it goes to the same wrong word.
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

/* Adds so many words at t; the first has the index first, and started as it. */
void checksum_table(struct checksum *s, const uint64_t *t, uint64_t words,
		    uint64_t first);
/* Adds one checksum to another. */
void checksum_merge(struct checksum *into, const struct checksum *from);
/* Equal ones added into one cancel each other out: it is zero then. */
bool checksum_is_zero(const struct checksum *s);

#endif
