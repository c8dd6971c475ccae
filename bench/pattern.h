/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pattern.h - which pages of the table are updated how often: uniform, a hot
 * set, Zipf; where the hot pages are, and where they move to.
 *
 * The table is divided into blocks, each of which belongs in equal parts to
 * all threads: so the hot set is one, over the whole table, and yet no two
 * threads touch one word. The blocks have ranks: rank 0 is the most popular
 * (of a hot set, ranks below its size are equal). Where a rank lies in the
 * table follows from the order (identity, or scattered) and the offset, by
 * which a moving hot set is turned round the table.
 *
 * Pure: nothing of the machine is asked. What is left of the table when it
 * is divided into blocks (less than a block) is populated, but not updated.
 */
#ifndef TIER_BENCH_PATTERN_H
#define TIER_BENCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/table.h"
#include "lib/text.h"

/* Where the hot pages are in the table. */
enum hot_at {
	HOT_AT_DEFAULT, /* a hot set: at the start; Zipf: scattered */
	HOT_AT_START,
	HOT_AT_END,
	HOT_AT_SCATTERED,
};

#define PATTERN_MAX_PHASES 8

/* Which pages are updated how often; rates are parts of 65536. */
struct pattern_plan {
	uint64_t hot_bytes; /* 0: no hot set */
	uint32_t hot_rate; /* the hot set's share of the updates */
	double zipf; /* exponent; 0: not Zipf */
	enum hot_at at;
	uint64_t object; /* bytes that an update changes: 8 to 4096 */
	uint32_t reads; /* the share of objects that are only read */
	/*
	 * The hot set moves each time that so many ns have passed, or so large
	 * a share of the updates was made; both 0: never.
	 */
	uint64_t move_ns;
	uint32_t move_share;
	uint64_t move_bytes; /* by so much; 0: by its own size */
	struct phase {
		uint32_t hot_rate;
		uint64_t ns;
	} phases[PATTERN_MAX_PHASES]; /* one after the other, again and again */
	int nr_phases;
};

/* Selectors have 16 bits: a hot rate is a multiple of 1/65536. */
#define PATTERN_ONE 65536

/* Walker's alias method: a slot is kept, or stands for the other rank. */
struct pattern_slot {
	uint32_t keep; /* kept if 32 random bits are below; all ones: always */
	uint32_t other;
};

/* Is it HPCC's: updates of 8 bytes, all equally likely? */
bool pattern_is_uniform(const struct pattern_plan *plan);

struct pattern {
	const struct pattern_plan *plan;
	uint64_t seed;
	unsigned int threads;
	uint64_t blocks, block_pages; /* how many; pages of each */
	uint64_t hot_blocks; /* Zipf: the top ranks with half of the updates */
	uint64_t step; /* of a move, blocks */
	uint32_t *order; /* place of a rank; NULL: its own */
	uint32_t *rank; /* rank of a place; NULL likewise */
	struct pattern_slot *slots; /* Zipf only */
	double *share; /* Zipf only: of the updates, of ranks below i */
};

/* What holds from a move to the next one. */
struct pattern_epoch {
	uint64_t offset; /* in blocks */
	uint32_t hot_rate; /* of PATTERN_ONE; Zipf: without meaning */
};

/*
 * Of a table of so many bytes; the plan stays the caller's, and is pointed to.
 * NULL with misuse(): the hot set is larger than the table, or there are more
 * threads than the pattern can be divided among.
 */
struct pattern *pattern_new(const struct pattern_plan *plan, uint64_t bytes,
			    unsigned int threads, enum page_kind pages,
			    uint64_t seed);
void pattern_free(struct pattern *p);

/* The epoch that a run begins in; and what a move makes of an epoch. */
struct pattern_epoch pattern_first(const struct pattern *p);
void pattern_move(const struct pattern *p, struct pattern_epoch *e);

/* Pages that are updated at all, and of them the hot ones. */
uint64_t pattern_pages(const struct pattern *p);
uint64_t pattern_hot_pages(const struct pattern *p);
/* The number, in the table, of the i-th page of the block with that rank. */
uint64_t pattern_page(const struct pattern *p, const struct pattern_epoch *e,
		      uint64_t rank, uint64_t i);
/*
 * Each block has as many parts as there are threads, and which of them a
 * thread has is turned from block to block: were it not, pages that lie on the
 * nodes by turns would be dealt to the threads with them, a node for each.
 *
 * By how much is the block's number times 2^32 / golden ratio, of 2^32: no
 * small number of blocks brings it back (Weyl; Knuth 6.4). Its upper 12 bits
 * are taken, so that no two of 1024 threads meet by rounding.
 */
#define PATTERN_TURN UINT32_C(0x9e3779b9)
#define PATTERN_TURNS UINT32_C(0xfff00000)
#define PATTERN_MAX_THREADS 1024

/* What a thread adds to the turn: id / threads of 2^32, rounded up. */
static inline uint32_t pattern_turn(const struct pattern *p, unsigned int id)
{
	return (uint32_t)(((uint64_t)UINT32_MAX / p->threads + 1) * id);
}
/* The thread that updates the page, one of those that are updated at all. */
unsigned int pattern_owner(const struct pattern *p, uint64_t page);
bool pattern_is_hot(const struct pattern *p, const struct pattern_epoch *e,
		    uint64_t page);
/* The hot pages' share of the updates, 0 to 1. */
double pattern_hot_share(const struct pattern *p,
			 const struct pattern_epoch *e);
/* The largest share of the updates that so many pages can have. */
double pattern_best_share(const struct pattern *p,
			  const struct pattern_epoch *e, uint64_t pages);
/*
 * A page drawn as the updates draw theirs, from the hot or the cold ranks;
 * random: 64 bits from which further ones are made.
 */
uint64_t pattern_draw(const struct pattern *p, const struct pattern_epoch *e,
		      bool hot, uint64_t random);
/* "90 % of the updates go to a hot set of 64 MiB, at the start" */
void pattern_describe(const struct pattern *p, struct textbuf *t);

#endif
