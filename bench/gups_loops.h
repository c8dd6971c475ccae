/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gups_loops.h - the update loops, which are timed; and, for the verification,
 * the same draws without the table.
 */
#ifndef TIER_BENCH_GUPS_LOOPS_H
#define TIER_BENCH_GUPS_LOOPS_H

#include <stdint.h>

#include "bench/checksum.h"
#include "bench/pattern.h"

/*
 * plain  one update after the other, HPCC's own way.
 * batch  prefetches words up to 128 updates ahead, so that many misses are
 *        under way at a time: the fastest on hardware.
 * touch  loads 128 words, then updates them: the fastest in an emulator, which
 *        translates a prefetch to nothing. It has some 50 instructions an
 *        update, between which few misses overlap; a load alone has a third.
 */
enum gups_loops_kind {
	GUPS_LOOPS_PLAIN,
	GUPS_LOOPS_BATCH,
	GUPS_LOOPS_TOUCH,
	NR_GUPS_LOOPS
};

/*
 * Which places of an epoch's order the hot blocks have, or the cold ones: n of
 * them from one on, which is counted from the end of the table, below 0.
 */
struct gups_loops_side {
	uint64_t n, from;
};

/* A draw of a pattern: the object's first word, and what it is XORed with. */
struct gups_loops_drawn {
	uint64_t word;
	uint64_t value; /* 0: it is only read; to XOR 0 would change nothing */
};

struct gups_loops_draw;
/* Draws count times, into an array; the stream goes on behind them. */
typedef void gups_loops_ahead_fn(struct gups_loops_draw *s,
				 struct gups_loops_drawn *drawn,
				 uint64_t count);

/* What a thread draws from, and where it stands. */
struct gups_loops_draw {
	uint64_t value; /* HPCC's r, or splitmix64's state */
	uint64_t sum; /* of what was read, so that no compiler drops a read */

	/* HPCC's: n words at table; the first of them is word "first" of all. */
	uint64_t *table;
	uint64_t n, first;

	/*
	 * A pattern's: table is all of it. The thread has a part of each block,
	 * 2^k objects of 2^object words. A draw has 64 bits: the upper k say
	 * which object of the part it is, left_over (64 - k) are not needed for
	 * that.
	 */
	gups_loops_ahead_fn *ahead;
	const uint32_t *order;
	const struct pattern_slot *slots;
	uint64_t blocks, block_words, hot_blocks, part_mask;
	uint64_t limit; /* a draw below it is of a hot block */
	struct gups_loops_side cold, hot; /* hot: the difference to cold */
	uint32_t turn; /* pattern_turn() of the thread */
	uint32_t reads; /* of PATTERN_ONE */
	unsigned int left_over, object; /* bits */
};

/* Makes count updates. */
typedef void gups_loops_fn(struct gups_loops_draw *s, uint64_t count);
/* Adds to the checksum what count updates would do, without the table. */
typedef void gups_loops_checksum_fn(struct checksum *c,
				    struct gups_loops_draw *s, uint64_t count);

struct gups_loops {
	gups_loops_fn *update[NR_GUPS_LOOPS];
	gups_loops_checksum_fn *checksum[2]; /* mixed, looked up */
};
extern const char *const gups_loops_names[NR_GUPS_LOOPS];

/*
 * Of a slice of the table, so many words, whose first word has the index first:
 * sets it to HPCC's start, T[i] = i; its part of gups_digest(); how many T[i]
 * are not i.
 */
void gups_loops_fill(uint64_t *slice, uint64_t words, uint64_t first);
uint64_t gups_loops_digest(const uint64_t *slice, uint64_t words,
			   uint64_t first);
uint64_t gups_loops_errors(const uint64_t *slice, uint64_t words,
			   uint64_t first);

/* HPCC's loops on a slice of so many words. */
const struct gups_loops *gups_loops_of_slice(uint64_t words);
/*
 * A pattern's, for thread id of those that it was made for, on the table. *s is
 * filled in, but for its value and its epoch, which the caller sets.
 */
const struct gups_loops *gups_loops_of_pattern(const struct pattern *p,
					       unsigned int id, uint64_t *table,
					       struct gups_loops_draw *s);
/* From now on the draws are as in that epoch. */
void gups_loops_set_epoch(struct gups_loops_draw *s,
			  const struct pattern_epoch *e);

#endif
