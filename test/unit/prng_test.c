// SPDX-License-Identifier: GPL-2.0-only
/*
 * The streams are HPCC's and splitmix64's, by an oracle that shares no code with
 * them: each value, each jump, and that no two threads' streams are the same.
 */
#include "bench/prng.h"
#include "lib/base.h"
#include "oracle.h"
#include "tap.h"

static void hpcc(void)
{
	static const uint64_t far[] = {
		UINT64_C(1) << 20, UINT64_C(1) << 36, (UINT64_C(1) << 60) - 1,
		123456789012345,   ORACLE_PERIOD - 1, UINT64_C(16777215) << 36,
	};
	uint64_t r = 1, wrong = 0, next = 0;

	for (uint64_t n = 0; n < 20000; n++) {
		wrong += prng_at(n) != r;
		next += prng_next(r) != oracle_step(r);
		r = oracle_step(r);
	}
	is_u64(wrong, 0, "the value after n steps, n to 20000");
	is_u64(next, 0, "and each next one");
	is_u64(prng_at(0), 1, "it starts at 1");
	is_u64(prng_at(64), 7, "HPCC's polynomial");
	is_u64(prng_at(ORACLE_PERIOD), 1, "HPCC's period");
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		is_u64(prng_at(far[i]), oracle_jump(1, far[i]),
		       "after %" PRIu64 " steps", far[i]);
}

/* What splitmix64.c prints for its customary seed; the oracle must, too. */
static void splitmix(void)
{
	static const uint64_t published[] = {
		UINT64_C(6457827717110365317),	UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423),	UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	uint64_t state = 1234567, oracle = 1234567, wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		is_u64(prng_mix(state += PRNG_GAMMA), published[i],
		       "splitmix64 of 1234567, value %zu", i);
		is_u64(oracle_next(&oracle), published[i], "the oracle's");
	}
	for (int i = 0; i < 100000; i++)
		wrong += prng_mix(state += PRNG_GAMMA) != oracle_next(&oracle);
	is_u64(wrong, 0, "100000 more");
}

static void scale(void)
{
	static const uint64_t sizes[] = {
		1, 2, 3, 512, 65537, 1000000007, UINT64_C(1) << 33, UINT64_MAX
	};
	uint64_t state = 5, wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t n = sizes[i];

		is_u64(prng_scale(0, n), 0, "the first of %" PRIu64, n);
		is_u64(prng_scale(UINT64_MAX, n), n - 1, "the last");
		for (int k = 0; k < 1000; k++) {
			uint64_t r = oracle_next(&state);

			wrong += prng_scale(r, n) != oracle_part(r, 64, n);
		}
	}
	is_u64(wrong, 0, "and between");
	is_u64(prng_scale(UINT64_C(1) << 63, 10), 5, "half of ten");
}

/* The inverse of an odd number modulo 2^64, by Newton's iteration. */
static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd;

	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

/* Steps from the one start to the other, forwards or backwards. */
static uint64_t apart(uint64_t a, uint64_t b)
{
	uint64_t steps = (b - a) * inverse(PRNG_GAMMA);

	return steps < -steps ? steps : -steps;
}

/*
 * All streams of a seed are one cycle of 2^64 states: how far are the threads
 * apart on it, and the streams of the order and the samples from them?
 */
static void streams(void)
{
	static const uint64_t seeds[] = { 0, 1, 2, 3, 42, 16777215 };
	uint64_t least = UINT64_MAX;

	is_u64(inverse(PRNG_GAMMA) * PRNG_GAMMA, 1, "the test's inverse");
	is_u64(apart(PRNG_GAMMA * 5, PRNG_GAMMA * 2), 3, "and its steps");
	for (size_t s = 0; s < ARRAY_SIZE(seeds); s++) {
		for (int a = PRNG_SAMPLE; a < 64; a++)
			for (int b = a + 1; b < 64; b++) {
				uint64_t n = apart(prng_start(seeds[s], a),
						   prng_start(seeds[s], b));

				least = n < least ? n : least;
			}
		for (unsigned int i = 0; i < 3; i++)
			is_u64(prng_start(seeds[s], i),
			       oracle_start(seeds[s], i),
			       "seed %" PRIu64 ", stream %u", seeds[s], i);
	}
	/* A thread that makes 100 million a second for ten hours: 2^42. */
	ok(least > UINT64_C(1) << 42,
	   "no stream runs into another (nearest: %" PRIu64 " values)", least);
	ok(prng_start(0, 1) != prng_start(1, 0) &&
		   prng_start(0, 0) != prng_start(1, 0),
	   "seeds differ");
}

int main(void)
{
	hpcc();
	splitmix();
	scale();
	streams();
	return done_testing();
}
