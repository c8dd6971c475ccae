/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gups_loops.h - the update loops: what is timed, and the same draws without the
 * table, for the verification.
 */
#ifndef TIER_BENCH_GUPS_LOOPS_H
#define TIER_BENCH_GUPS_LOOPS_H

#include <stdint.h>

#include "bench/checksum.h"
#include "bench/pattern.h"

/*
 * plain  one update after the other, HPCC's own way.
 * batch  prefetches words up to 128 updates ahead: many misses at a time,
 *        what hardware likes.
 * touch  loads 128 words, then updates them. An emulator translates a
 *        prefetch to nothing, and some 50 instructions an update let few
 *        misses overlap; a load alone is a third of that.
 */
enum gups_loops_kind {
	GUPS_LOOPS_PLAIN,
	GUPS_LOOPS_BATCH,
	GUPS_LOOPS_TOUCH,
	NR_GUPS_LOOPS
};

/* Blocks to draw from: n of them, and the first one's place less all blocks. */
struct gups_loops_side {
	uint64_t n, from;
};

/* A draw of a pattern: the object's first word, and what it is XORed with. */
struct gups_loops_drawn {
	uint64_t word;
	uint64_t value; /* 0: read only (a XOR of 0 would do nothing, either) */
};

struct gups_loops_draw;
/* Draws so many, and goes on in the stream. */
typedef void gups_loops_ahead_fn(struct gups_loops_draw *s,
				 struct gups_loops_drawn *drawn,
				 uint64_t count);

/* What a thread draws from, and where it stands. */
struct gups_loops_draw {
	uint64_t value; /* HPCC's r, or splitmix64's state */
	uint64_t sum; /* of what was only read: it shall not be left out */

	/* HPCC's: n words at table, of which the first has index first. */
	uint64_t *table;
	uint64_t n, first;

	/*
	 * A pattern's: table is where the thread's part of block 0 begins. It
	 * has 2^shift objects of 2^object words in each block; 64 - shift bits
	 * of a draw are left over when the one within the block is known.
	 */
	gups_loops_ahead_fn *ahead;
	const uint32_t *order;
	const struct pattern_slot *slots;
	uint64_t blocks, block_words, hot_blocks;
	uint64_t offset; /* blocks: where rank 0 lies */
	uint64_t limit; /* draws below are from the hot side */
	struct gups_loops_side cold, hot; /* hot: what is to be added to cold */
	uint32_t reads; /* of PATTERN_ONE */
	unsigned int left_over, object; /* bits */
};

/* Makes count updates. */
typedef void gups_loops_fn(struct gups_loops_draw *s, uint64_t count);
/* Adds to the sketch what count updates would do. */
typedef void gups_loops_sketch_fn(struct checksum *k, struct gups_loops_draw *s,
				  uint64_t count);

struct gups_loops {
	gups_loops_fn *update[NR_GUPS_LOOPS];
	gups_loops_sketch_fn *sketch;
};
extern const char *const gups_loops_names[NR_GUPS_LOOPS];

/*
 * Of a slice of the table, words long, whose first word is the table's first-th:
 * T[i] = i; the sum of T[i] (2 i + 1), modulo 2^64; how many T[i] are not i.
 */
void gups_loops_fill(uint64_t *slice, uint64_t words, uint64_t first);
uint64_t gups_loops_digest(const uint64_t *slice, uint64_t words,
			   uint64_t first);
uint64_t gups_loops_errors(const uint64_t *slice, uint64_t words,
			   uint64_t first);

/* HPCC's loops on a slice of so many words. */
const struct gups_loops *gups_loops_of_slice(uint64_t words);
/* A pattern's, for thread id; the stream is made ready but for its value. */
const struct gups_loops *gups_loops_of_pattern(const struct pattern *p,
					       unsigned int id, uint64_t *table,
					       struct gups_loops_draw *s);
void gups_loops_set_epoch(struct gups_loops_draw *s,
			  const struct pattern_epoch *e);

#endif
