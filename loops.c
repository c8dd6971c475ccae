// SPDX-License-Identifier: GPL-2.0-only
/*
 * loops.c - the update loops.
 *
 * Three ways to the index: HPCC's for a power of two and for other sizes, a
 * hot set in one piece with 8-byte objects (what most runs with a pattern
 * are), and any pattern. Each is compiled into the three loops and the one of
 * the verification; the compiler folds the index in.
 */
#include "loops.h"
#include "stream.h"

/* HPCC allows 1024 updates to be looked ahead; 128 fill a core's misses. */
#define BATCH 128

/*
 * An emulator chains blocks of code only within a page of it: a loop that
 * crosses one looks its next block up on every round (10 to 40 ns instead of
 * 5). These functions are shorter than their alignment, so none crosses.
 */
#define UNCROSSED __attribute__((noinline, aligned(256)))
#define UNCROSSED_LONG __attribute__((noinline, aligned(512)))

const char *const loops_names[] = { "plain", "batch", "touch" };

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
	return stream_scale(r, n);
}

/* touch: the values are computed twice, cheaper than to store and load them. */
#define DEFINE_LOOPS(slot)                                                    \
	UNCROSSED static void plain_##slot(struct loops_stream *s,            \
					   uint64_t count)                    \
	{                                                                     \
		uint64_t *t = s->table, n = s->n, r = s->value;               \
                                                                              \
		for (; count; count--) {                                      \
			r = stream_next(r);                                   \
			t[slot(r, n)] ^= r;                                   \
		}                                                             \
		s->value = r;                                                 \
	}                                                                     \
	UNCROSSED static void batch_##slot(struct loops_stream *s,            \
					   uint64_t count)                    \
	{                                                                     \
		uint64_t *t = s->table, n = s->n, r = s->value, value[BATCH]; \
                                                                              \
		for (; count >= BATCH; count -= BATCH) {                      \
			for (int i = 0; i < BATCH; i++) {                     \
				r = stream_next(r);                           \
				value[i] = r;                                 \
				__builtin_prefetch(&t[slot(r, n)], 1);        \
			}                                                     \
			for (int i = 0; i < BATCH; i++)                       \
				t[slot(value[i], n)] ^= value[i];             \
		}                                                             \
		s->value = r;                                                 \
		plain_##slot(s, count);                                       \
	}                                                                     \
	UNCROSSED static void touch_##slot(struct loops_stream *s,            \
					   uint64_t count)                    \
	{                                                                     \
		uint64_t *t = s->table, n = s->n, r = s->value, ahead = r;    \
		volatile uint64_t *look = t;                                  \
                                                                              \
		for (; count >= BATCH; count -= BATCH) {                      \
			for (int i = 0; i < BATCH; i++) {                     \
				ahead = stream_next(ahead);                   \
				(void)look[slot(ahead, n)];                   \
			}                                                     \
			for (int i = 0; i < BATCH; i++) {                     \
				r = stream_next(r);                           \
				t[slot(r, n)] ^= r;                           \
			}                                                     \
		}                                                             \
		s->value = r;                                                 \
		plain_##slot(s, count);                                       \
	}                                                                     \
	UNCROSSED static void sketch_##slot(                                  \
		struct sketch *k, struct loops_stream *s, uint64_t count)     \
	{                                                                     \
		uint64_t n = s->n, first = s->first, r = s->value;            \
                                                                              \
		for (; count; count--) {                                      \
			r = stream_next(r);                                   \
			sketch_add(k, first + slot(r, n), r);                 \
		}                                                             \
		s->value = r;                                                 \
	}
DEFINE_LOOPS(slot_mask)
DEFINE_LOOPS(slot_scale)

/* ----------------------------------------------------- a hot set, 8 bytes */

/* Selector: the upper 16 bits; object: the other 48. */
static inline uint64_t draw_hot(const struct loops_stream *s, uint64_t r)
{
	uint64_t hot = s->hot, n = s->cold, from = hot;

	if (r >> 48 < s->hot_rate) {
		n = hot;
		from = 0;
	}
	return from + stream_scale(r << 16, n);
}

static inline uint64_t turn(uint64_t x, uint64_t by, uint64_t all)
{
	x += by;
	return x >= all ? x - all : x;
}

/*
 * The word of the drawn object: between a thread's parts of two blocks are
 * the other threads', so a part's number times the gap is left out.
 */
#define DRAW_WORD(s, r, word)                                              \
	do {                                                               \
		uint64_t x_ = turn(draw_hot(s, r), (s)->offset, (s)->all); \
                                                                           \
		word = x_ + (x_ >> (s)->shift) * gap + (s)->part;          \
	} while (0)
#define GAP(s) ((s)->block_words - (UINT64_C(1) << (s)->shift))

UNCROSSED_LONG static void plain_hot(struct loops_stream *stream,
				     uint64_t count)
{
	const struct loops_stream s = *stream;
	uint64_t gap = GAP(&s), state = s.value;

	for (; count; count--) {
		uint64_t word, r = stream_mix(state += STREAM_GAMMA);

		DRAW_WORD(&s, r, word);
		s.table[word] ^= r;
	}
	stream->value = state;
}

UNCROSSED_LONG static void batch_hot(struct loops_stream *stream,
				     uint64_t count)
{
	const struct loops_stream s = *stream;
	uint64_t gap = GAP(&s), state = s.value, value[BATCH], word[BATCH];

	for (; count >= BATCH; count -= BATCH) {
		for (int i = 0; i < BATCH; i++) {
			value[i] = stream_mix(state += STREAM_GAMMA);
			DRAW_WORD(&s, value[i], word[i]);
			__builtin_prefetch(&s.table[word[i]], 1);
		}
		for (int i = 0; i < BATCH; i++)
			s.table[word[i]] ^= value[i];
	}
	stream->value = state;
	plain_hot(stream, count);
}

UNCROSSED_LONG static void touch_hot(struct loops_stream *stream,
				     uint64_t count)
{
	const struct loops_stream s = *stream;
	volatile uint64_t *look = s.table;
	uint64_t gap = GAP(&s), state = s.value, value[BATCH], word[BATCH];

	for (; count >= BATCH; count -= BATCH) {
		for (int i = 0; i < BATCH; i++) {
			value[i] = stream_mix(state += STREAM_GAMMA);
			DRAW_WORD(&s, value[i], word[i]);
			(void)look[word[i]];
		}
		for (int i = 0; i < BATCH; i++)
			s.table[word[i]] ^= value[i];
	}
	stream->value = state;
	plain_hot(stream, count);
}

UNCROSSED_LONG static void
sketch_hot(struct sketch *k, struct loops_stream *stream, uint64_t count)
{
	const struct loops_stream s = *stream;
	uint64_t gap = GAP(&s), state = s.value;

	for (; count; count--) {
		uint64_t word, r = stream_mix(state += STREAM_GAMMA);

		DRAW_WORD(&s, r, word);
		sketch_add(k, word, r);
	}
	stream->value = state;
}

/* ------------------------------------------------------------- any pattern */

/* What one draw says: the object's first word, and whether it is written. */
struct drawn {
	uint64_t word;
	uint64_t value; /* 0: read only (a XOR of 0 would do nothing, either) */
};

/*
 * A second number, mixed from the first one, has the bits that the first one
 * has used up: the object within a Zipf block (above), reading (below).
 */
static inline struct drawn draw(const struct loops_stream *s, uint64_t r)
{
	uint64_t more = stream_mix(r), x, block, within;
	struct drawn d = { .value = r };

	if (s->slots) {
		block = stream_scale(r, s->blocks);
		if ((uint32_t)r >= s->slots[block].keep)
			block = s->slots[block].other;
		x = block << s->shift | more >> 1 >> (63 - s->shift);
	} else {
		x = draw_hot(s, r);
	}
	x = turn(x, s->offset, s->all);
	block = x >> s->shift;
	within = x - (block << s->shift);
	if (s->order)
		block = s->order[block];
	d.word = block * s->block_words + s->part + (within << s->object);
	if ((more & (PATTERN_ONE - 1)) < s->reads)
		d.value = 0;
	return d;
}

static inline uint64_t access_object(const struct loops_stream *s,
				     struct drawn d)
{
	uint64_t *object = &s->table[d.word], sum = 0;

	for (uint64_t i = 0; i >> s->object == 0; i++) {
		if (d.value)
			object[i] ^= d.value;
		else
			sum += object[i];
	}
	return sum;
}

UNCROSSED_LONG static void plain_any(struct loops_stream *stream,
				     uint64_t count)
{
	const struct loops_stream s = *stream;
	uint64_t state = s.value, sum = 0;

	for (; count; count--)
		sum += access_object(
			&s, draw(&s, stream_mix(state += STREAM_GAMMA)));
	stream->value = state;
	stream->sum += sum;
}

UNCROSSED_LONG static void batch_any(struct loops_stream *stream,
				     uint64_t count)
{
	const struct loops_stream s = *stream;
	uint64_t state = s.value, sum = 0;
	struct drawn drawn[BATCH];

	for (; count >= BATCH; count -= BATCH) {
		for (int i = 0; i < BATCH; i++) {
			drawn[i] = draw(&s, stream_mix(state += STREAM_GAMMA));
			__builtin_prefetch(&s.table[drawn[i].word], 1);
		}
		for (int i = 0; i < BATCH; i++)
			sum += access_object(&s, drawn[i]);
	}
	stream->value = state;
	stream->sum += sum;
	plain_any(stream, count);
}

UNCROSSED_LONG static void touch_any(struct loops_stream *stream,
				     uint64_t count)
{
	const struct loops_stream s = *stream;
	volatile uint64_t *look = s.table;
	uint64_t state = s.value, sum = 0;
	struct drawn drawn[BATCH];

	for (; count >= BATCH; count -= BATCH) {
		for (int i = 0; i < BATCH; i++) {
			drawn[i] = draw(&s, stream_mix(state += STREAM_GAMMA));
			(void)look[drawn[i].word];
		}
		for (int i = 0; i < BATCH; i++)
			sum += access_object(&s, drawn[i]);
	}
	stream->value = state;
	stream->sum += sum;
	plain_any(stream, count);
}

UNCROSSED_LONG static void
sketch_any(struct sketch *k, struct loops_stream *stream, uint64_t count)
{
	const struct loops_stream s = *stream;
	uint64_t state = s.value;

	for (; count; count--) {
		struct drawn d = draw(&s, stream_mix(state += STREAM_GAMMA));

		for (uint64_t i = 0; d.value && i >> s.object == 0; i++)
			sketch_add(k, d.word + i, d.value);
	}
	stream->value = state;
}

/* ----------------------------------------------------------------- choice */

#define LOOPS(name)                                                         \
	{                                                                   \
		{ plain_##name, batch_##name, touch_##name }, sketch_##name \
	}
static const struct loops mask_loops = LOOPS(slot_mask);
static const struct loops scale_loops = LOOPS(slot_scale);
static const struct loops hot_loops = LOOPS(hot);
static const struct loops any_loops = LOOPS(any);

const struct loops *loops_of_slice(uint64_t words)
{
	return words & (words - 1) ? &scale_loops : &mask_loops;
}

void loops_set_epoch(struct loops_stream *s, const struct pattern_epoch *e)
{
	s->offset = e->offset << s->shift;
	s->hot_rate = s->hot ? e->hot_rate : 0;
}

const struct loops *loops_of_pattern(const struct pattern *p, unsigned int id,
				     uint64_t *table, struct loops_stream *s)
{
	const struct pattern_plan *plan = p->plan;
	uint64_t words =
		p->block_pages / p->threads * (PATTERN_PAGE / sizeof(uint64_t));

	*s = (struct loops_stream){
		.table = table,
		.order = p->order,
		.slots = p->slots,
		.blocks = p->blocks,
		.block_words = words * p->threads,
		.part = words * id,
		.reads = plan->reads,
		.object = (unsigned int)__builtin_ctzll(plan->object) - 3,
	};
	s->shift = (unsigned int)__builtin_ctzll(words) - s->object;
	s->hot = p->hot_blocks << s->shift;
	s->all = p->blocks << s->shift;
	s->cold = s->all - s->hot;
	return p->order || p->slots || s->object || s->reads ? &any_loops :
							       &hot_loops;
}
