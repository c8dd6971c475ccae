// SPDX-License-Identifier: GPL-2.0-only
/* CFLAGS: -O2 -fno-tree-vectorize -falign-loops=16 -fstack-protector-strong */
/*
 * gups_loops.c - the update loops.
 *
 * Three ways to the index: HPCC's for a power of two and for other sizes, a
 * hot set in one piece with 8-byte objects (what most runs with a pattern
 * are), and any pattern. Each is compiled into the three loops and the two
 * of the verification; the compiler folds the index in.
 */
#include "bench/gups_loops.h"
#include "bench/prng.h"
#include "lib/base.h"
#include "mm/page.h"

/*
 * HPCC allows to look 1024 updates ahead. 64 are as many misses as a core has
 * under way. A draw of HPCC's is so cheap that it is made twice: that is a
 * tenth faster than a batch, in whose second half no miss is under way.
 */
#define AHEAD 64
#define BATCH 128

const char *const gups_loops_names[] = { "plain", "batch", "touch" };

/* ------------------------------------------------------------------- HPCC */

static inline uint64_t slot_mask(uint64_t r, uint64_t n)
{
	return r & (n - 1);
}

/*
 * Sizes that are no power of two: each of the n words owns floor(2^64 / n) or
 * one more of the 2^64 values of r, so no word is preferred by more than
 * n / 2^64 (2^-34 for an 8 GiB table), which no run can see; "r mod n" has the
 * same bound and costs a division. The stream's values are shifts of each
 * other in their high bits as in their low ones, so the sequence of indices is
 * as HPCC's: each about twice the one before.
 */
static inline uint64_t slot_scale(uint64_t r, uint64_t n)
{
	return prng_scale(r, n);
}

/* The values are computed twice, which is cheaper than to store them. */
#define DEFINE_LOOPS(slot)                                                  \
	UNCROSSED(128)                                                      \
	static void plain_##slot(struct gups_loops_draw *s, uint64_t count) \
	{                                                                   \
		uint64_t *t = s->table, n = s->n, r = s->value;             \
                                                                            \
		for (; count; count--) {                                    \
			r = prng_next(r);                                   \
			t[slot(r, n)] ^= r;                                 \
		}                                                           \
		s->value = r;                                               \
	}                                                                   \
	UNCROSSED(256)                                                      \
	static void batch_##slot(struct gups_loops_draw *s, uint64_t count) \
	{                                                                   \
		uint64_t *t = s->table, n = s->n, r = s->value, ahead = r;  \
                                                                            \
		for (int i = 0; i < AHEAD; i++) {                           \
			ahead = prng_next(ahead);                           \
			__builtin_prefetch(&t[slot(ahead, n)], 1);          \
		}                                                           \
		for (; count; count--) {                                    \
			ahead = prng_next(ahead);                           \
			__builtin_prefetch(&t[slot(ahead, n)], 1);          \
			r = prng_next(r);                                   \
			t[slot(r, n)] ^= r;                                 \
		}                                                           \
		s->value = r;                                               \
	}                                                                   \
	UNCROSSED(256)                                                      \
	static void touch_##slot(struct gups_loops_draw *s, uint64_t count) \
	{                                                                   \
		uint64_t *t = s->table, n = s->n, r = s->value, ahead = r;  \
		volatile uint64_t *look = t;                                \
                                                                            \
		for (; count >= BATCH; count -= BATCH) {                    \
			for (int i = 0; i < BATCH; i++) {                   \
				ahead = prng_next(ahead);                   \
				(void)look[slot(ahead, n)];                 \
			}                                                   \
			for (int i = 0; i < BATCH; i++) {                   \
				r = prng_next(r);                           \
				t[slot(r, n)] ^= r;                         \
			}                                                   \
		}                                                           \
		s->value = r;                                               \
		plain_##slot(s, count);                                     \
	}
DEFINE_LOOPS(slot_mask)
DEFINE_LOOPS(slot_scale)

#define DEFINE_CHECKSUM(how, slot)                                          \
	UNCROSSED(256)                                                      \
	static void how##_##slot(struct checksum *k,                        \
				 struct gups_loops_draw *s, uint64_t count) \
	{                                                                   \
		uint64_t n = s->n, first = s->first, r = s->value;          \
                                                                            \
		for (; count; count--) {                                    \
			r = prng_next(r);                                   \
			checksum_add_##how(k, first + slot(r, n), r);       \
		}                                                           \
		s->value = r;                                               \
	}
DEFINE_CHECKSUM(mixed, slot_mask)
DEFINE_CHECKSUM(mixed, slot_scale)
DEFINE_CHECKSUM(looked_up, slot_mask)
DEFINE_CHECKSUM(looked_up, slot_scale)

/* ------------------------------------------------- a pattern's next object */

/*
 * A draw: the block's place, and which part of it (of 2^64) was drawn.
 *
 * Whether a draw is hot, or a slot is kept, no branch predictor guesses; and a
 * branch ends a block of code in an emulator. So all choices are made by
 * arithmetic, or by conditional moves where gcc sees that it may.
 */
struct spot {
	uint64_t block, within;
};

#define INLINE static inline __attribute__((always_inline))

/* A place that is counted from the table's end, below 0, as one from 0 on. */
INLINE uint64_t turned(uint64_t place, uint64_t blocks)
{
	uint64_t turned = place + blocks;

	return (int64_t)place < 0 ? turned : place;
}

/*
 * The upper 16 bits select hot or cold; the other 48 the block, and what is in
 * it.
 */
INLINE struct spot draw_hot(const struct gups_loops_draw *s, uint64_t r)
{
	uint64_t is_hot = -(uint64_t)(r < s->limit);
	uint64_t n = s->cold.n + (is_hot & s->hot.n);
	uint64_t from = s->cold.from + (is_hot & s->hot.from), block, within;

	block = prng_split(r << 16, n, &within);
	return (struct spot){ turned(block + from, s->blocks), within };
}

INLINE struct spot draw_scattered(const struct gups_loops_draw *s, uint64_t r)
{
	struct spot spot = draw_hot(s, r);

	spot.block = s->order[spot.block];
	return spot;
}

/*
 * A slot's two halves are loaded as one, so that both are there. A second
 * number, mixed from the first one, has fresh bits for the object.
 */
INLINE struct spot draw_rank(const struct gups_loops_draw *s, uint64_t r,
			     uint64_t more)
{
	uint64_t rank = prng_scale(r, s->blocks);
	struct pattern_slot slot = s->slots[rank];
	uint64_t other = -(uint64_t)((uint32_t)r >= slot.keep);

	rank += other & (slot.other - rank);
	return (struct spot){ turned(rank + s->cold.from, s->blocks), more };
}

INLINE struct spot draw_zipf(const struct gups_loops_draw *s, uint64_t r)
{
	struct spot spot = draw_rank(s, r, prng_mix(r));

	spot.block = s->order[spot.block];
	return spot;
}

/*
 * Where in a block this thread's part begins, in words (PATTERN_TURN). Its words
 * are a power of two, so a mask rounds to it.
 */
INLINE uint64_t part_of(const struct gups_loops_draw *s, uint64_t block)
{
	uint32_t turn = (uint32_t)block * PATTERN_TURN & PATTERN_TURNS;

	return (uint64_t)(turn + s->turn) * s->block_words >> 32 & s->part_mask;
}

/* -------------------------------------- 8 bytes each, and all are written */

INLINE uint64_t word_of(const struct gups_loops_draw *s, struct spot spot)
{
	return spot.block * s->block_words + part_of(s, spot.block) +
	       (spot.within >> s->left_over);
}

#define DEFINE_DRAWS(kind)                                                   \
	UNCROSSED(512)                                                       \
	static void plain_##kind(struct gups_loops_draw *stream,             \
				 uint64_t count)                             \
	{                                                                    \
		const struct gups_loops_draw s = *stream;                    \
		uint64_t state = s.value;                                    \
                                                                             \
		for (; count; count--) {                                     \
			uint64_t r = prng_mix(state += PRNG_GAMMA);          \
                                                                             \
			s.table[word_of(&s, draw_##kind(&s, r))] ^= r;       \
		}                                                            \
		stream->value = state;                                       \
	}                                                                    \
	UNCROSSED(512)                                                       \
	static void ahead_##kind(struct gups_loops_draw *stream,             \
				 struct gups_loops_drawn *d, uint64_t count) \
	{                                                                    \
		const struct gups_loops_draw s = *stream;                    \
		uint64_t state = s.value;                                    \
                                                                             \
		for (; count; count--, d++) {                                \
			uint64_t r = prng_mix(state += PRNG_GAMMA);          \
                                                                             \
			d->word = word_of(&s, draw_##kind(&s, r));           \
			d->value = r;                                        \
		}                                                            \
		stream->value = state;                                       \
	}
DEFINE_DRAWS(hot)
DEFINE_DRAWS(scattered)
DEFINE_DRAWS(zipf)

/* Draws a batch, which is kept. Returns how many of the count it has. */
INLINE uint64_t draw_batch(struct gups_loops_draw *s,
			   struct gups_loops_drawn *drawn, uint64_t count)
{
	uint64_t n = count < BATCH ? count : BATCH;

	s->ahead(s, drawn, n);
	return n;
}

/* Drawn first, updated then: so many misses are under way at a time. */
#define DEFINE_BATCHES(kind, ALIGNED, UPDATE)                              \
	ALIGNED static void batch_##kind(struct gups_loops_draw *s,        \
					 uint64_t count)                   \
	{                                                                  \
		struct gups_loops_drawn d[BATCH];                          \
		uint64_t *t = s->table, n;                                 \
                                                                           \
		for (; count; count -= n) {                                \
			n = draw_batch(s, d, count);                       \
			for (uint64_t i = 0; i < n; i++)                   \
				__builtin_prefetch(&t[d[i].word], 1);      \
			for (uint64_t i = 0; i < n; i++)                   \
				UPDATE(s, t, d[i]);                        \
		}                                                          \
	}                                                                  \
	ALIGNED static void touch_##kind(struct gups_loops_draw *s,        \
					 uint64_t count)                   \
	{                                                                  \
		struct gups_loops_drawn d[BATCH];                          \
		uint64_t *t = s->table, n;                                 \
                                                                           \
		for (; count; count -= n) {                                \
			n = draw_batch(s, d, count);                       \
			for (uint64_t i = 0; i < n; i++)                   \
				(void)*(volatile uint64_t *)&t[d[i].word]; \
			for (uint64_t i = 0; i < n; i++)                   \
				UPDATE(s, t, d[i]);                        \
		}                                                          \
	}

#define UPDATE_WORD(s, t, d) ((t)[(d).word] ^= (d).value)
DEFINE_BATCHES(word, UNCROSSED(256), UPDATE_WORD)

/* ------------------------------------------------------------- any pattern */

/*
 * The upper bits of the second number choose the object in a Zipf block, the
 * lower ones whether it is only read.
 */
INLINE struct gups_loops_drawn draw(const struct gups_loops_draw *s, uint64_t r)
{
	uint64_t more = prng_mix(r);
	struct gups_loops_drawn d = { .value = r };
	struct spot spot;

	spot = s->slots ? draw_rank(s, r, more) : draw_hot(s, r);
	if (s->order)
		spot.block = s->order[spot.block];
	/* In two steps, as a shift by all 64 bits is undefined. */
	d.word = spot.block * s->block_words + part_of(s, spot.block) +
		 (spot.within >> 1 >> (s->left_over - 1) << s->object);
	if ((more & (PATTERN_ONE - 1)) < s->reads)
		d.value = 0;
	return d;
}

INLINE void access_object(struct gups_loops_draw *s, uint64_t *t,
			  struct gups_loops_drawn d)
{
	uint64_t *object = &t[d.word], words = UINT64_C(1) << s->object;
	uint64_t sum = 0;

	if (d.value) {
		for (uint64_t i = 0; i < words; i++)
			object[i] ^= d.value;
		return;
	}
	for (uint64_t i = 0; i < words; i++)
		sum += object[i];
	s->sum += sum;
}

UNCROSSED(512)
__attribute__((optimize("Os"))) static void
ahead_any(struct gups_loops_draw *s, struct gups_loops_drawn *d, uint64_t count)
{
	for (; count; count--, d++)
		*d = draw(s, prng_mix(s->value += PRNG_GAMMA));
}

UNCROSSED(256)
static void plain_any(struct gups_loops_draw *s, uint64_t count)
{
	struct gups_loops_drawn d = { 0 };

	for (; count; count--) {
		ahead_any(s, &d, 1);
		access_object(s, s->table, d);
	}
}
DEFINE_BATCHES(any, UNCROSSED(512), access_object)

/* Of all patterns. What is only read adds nothing. */
#define DEFINE_CHECKSUM_DRAWN(how)                                             \
	UNCROSSED(512)                                                         \
	static void how##_drawn(struct checksum *k, struct gups_loops_draw *s, \
				uint64_t count)                                \
	{                                                                      \
		struct gups_loops_drawn d[BATCH];                              \
		uint64_t n;                                                    \
                                                                               \
		for (; count; count -= n) {                                    \
			n = draw_batch(s, d, count);                           \
			for (uint64_t i = 0; i < n; i++)                       \
				for (uint64_t at = 0;                          \
				     d[i].value && at >> s->object == 0; at++) \
					checksum_add_##how(                    \
						k, s->first + d[i].word + at,  \
						d[i].value);                   \
		}                                                              \
	}
DEFINE_CHECKSUM_DRAWN(mixed)
DEFINE_CHECKSUM_DRAWN(looked_up)

/* ----------------------------------------------------------------- choice */

#define LOOPS(name, batches, checksum)                              \
	{                                                           \
		{ plain_##name, batch_##batches, touch_##batches }, \
			{ mixed_##checksum, looked_up_##checksum }, \
	}
static const struct gups_loops mask_loops =
	LOOPS(slot_mask, slot_mask, slot_mask);
static const struct gups_loops scale_loops =
	LOOPS(slot_scale, slot_scale, slot_scale);
static const struct gups_loops hot_loops = LOOPS(hot, word, drawn);
static const struct gups_loops scattered_loops = LOOPS(scattered, word, drawn);
static const struct gups_loops zipf_loops = LOOPS(zipf, word, drawn);
static const struct gups_loops any_loops = LOOPS(any, any, drawn);

const struct gups_loops *gups_loops_of_slice(uint64_t words)
{
	return words & (words - 1) ? &scale_loops : &mask_loops;
}

/*
 * An epoch says which places the hot and the cold ranks have. The hot side is
 * kept as the difference to the cold one.
 */
void gups_loops_set_epoch(struct gups_loops_draw *s,
			  const struct pattern_epoch *e)
{
	uint64_t n = s->hot_blocks, from = e->offset - s->blocks;
	struct gups_loops_side hot = { n, from };
	struct gups_loops_side cold = { s->blocks - n, from + n };

	if ((int64_t)cold.from >= 0)
		cold.from -= s->blocks;
	/* If all draws are of one side both sides are that one. */
	if (!n || !e->hot_rate)
		hot = cold;
	else if (e->hot_rate == PATTERN_ONE)
		cold = hot;
	s->limit = (uint64_t)e->hot_rate << 48;
	s->cold = cold;
	s->hot.n = hot.n - cold.n;
	s->hot.from = hot.from - cold.from;
}

const struct gups_loops *gups_loops_of_pattern(const struct pattern *p,
					       unsigned int id, uint64_t *table,
					       struct gups_loops_draw *s)
{
	const struct pattern_plan *plan = p->plan;
	uint64_t words =
		p->block_pages / p->threads * (PAGE_BYTES / sizeof(uint64_t));
	unsigned int object = (unsigned int)__builtin_ctzll(plan->object) - 3;

	*s = (struct gups_loops_draw){
		.table = table,
		.turn = pattern_turn(p, id),
		.part_mask = -words,
		.order = p->order,
		.slots = p->slots,
		.blocks = p->blocks,
		.block_words = words * p->threads,
		.hot_blocks = p->slots ? 0 : p->hot_blocks,
		.reads = plan->reads,
		.object = object,
		.left_over =
			64 - ((unsigned int)__builtin_ctzll(words) - object),
	};
	if (object || s->reads || (p->slots && !p->order)) {
		s->ahead = ahead_any;
		return &any_loops;
	}
	if (p->slots) {
		s->ahead = ahead_zipf;
		return &zipf_loops;
	}
	s->ahead = p->order ? ahead_scattered : ahead_hot;
	return p->order ? &scattered_loops : &hot_loops;
}

UNCROSSED(128)
void gups_loops_fill(uint64_t *slice, uint64_t words, uint64_t first)
{
	for (uint64_t i = 0; i < words; i++)
		slice[i] = first + i;
}

UNCROSSED(128)
uint64_t gups_loops_digest(const uint64_t *slice, uint64_t words,
			   uint64_t first)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < words; i++)
		sum += slice[i] * (2 * (first + i) + 1);
	return sum;
}

UNCROSSED(128)
uint64_t gups_loops_errors(const uint64_t *slice, uint64_t words,
			   uint64_t first)
{
	uint64_t errors = 0;

	for (uint64_t i = 0; i < words; i++)
		errors += slice[i] != first + i;
	return errors;
}
