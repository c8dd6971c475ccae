/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loops.h - the update loops: what is timed, and the same draws without the
 * table, for the verification.
 */
#ifndef TIER_LOOPS_H
#define TIER_LOOPS_H

#include <stdint.h>

#include "pattern.h"
#include "sketch.h"

/*
 * plain  one update after the other, HPCC's own way.
 * batch  prefetches 128 words, then updates them: many misses at a time,
 *        what hardware likes.
 * touch  loads 128 words, then updates them. An emulator translates a
 *        prefetch to nothing, and some 50 instructions an update let few
 *        misses overlap; a load alone is a third of that.
 */
enum loops_kind { LOOPS_PLAIN, LOOPS_BATCH, LOOPS_TOUCH, NR_LOOPS };

/* What a thread draws from, and where it stands. */
struct loops_stream {
	uint64_t value; /* HPCC's r, or splitmix64's state */
	uint64_t sum; /* of what was only read: it shall not be left out */

	/* HPCC's: n words at table, of which the first has index first. */
	uint64_t *table;
	uint64_t n, first;

	/*
	 * A pattern's: table is the whole one. A thread's objects, counted
	 * through all blocks in the order of their ranks; it has 2^shift in
	 * a block, of 2^object words each, from word part of the block on.
	 */
	const uint32_t *order;
	const struct pattern_slot *slots;
	uint64_t blocks, block_words, part;
	uint64_t hot, cold, all; /* objects */
	uint64_t offset; /* objects: where rank 0 lies */
	uint32_t hot_rate, reads; /* of PATTERN_ONE */
	unsigned int shift, object;
};

/* Makes count updates. */
typedef void loops_fn(struct loops_stream *s, uint64_t count);
/* Adds to the sketch what count updates would do. */
typedef void loops_sketch_fn(struct sketch *k, struct loops_stream *s,
			     uint64_t count);

struct loops {
	loops_fn *update[NR_LOOPS];
	loops_sketch_fn *sketch;
};
extern const char *const loops_names[NR_LOOPS];

/* HPCC's loops on a slice of so many words. */
const struct loops *loops_of_slice(uint64_t words);
/* A pattern's, for thread id; the stream is made ready but for its value. */
const struct loops *loops_of_pattern(const struct pattern *p, unsigned int id,
				     uint64_t *table, struct loops_stream *s);
void loops_set_epoch(struct loops_stream *s, const struct pattern_epoch *e);

#endif
