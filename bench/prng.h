/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prng.h - the random numbers: HPCC's stream, splitmix64, xorshift64.
 *
 * HPCC's is the definition of uniform GUPS. Its values are shifts of each
 * other, so a bit that selects (hot or cold?) would be a bit of the next
 * index: patterns take splitmix64, a counter and a mixing function whose
 * output bits are independent of each other.
 */
#ifndef TIER_BENCH_PRNG_H
#define TIER_BENCH_PRNG_H

#include <stdint.h>

/* HPCC: the value after n steps from 1, and the next one. */
uint64_t prng_at(uint64_t n);
static inline uint64_t prng_next(uint64_t r)
{
	return (r << 1) ^ ((uint64_t)((int64_t)r >> 63) & 7);
}

/*
 * Marsaglia's xorshift64, of a state that is not 0: it is cheap, for what does
 * not ask for more.
 */
static inline uint64_t prng_xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/*
 * splitmix64: a state grows by gamma, a value is the state mixed (Steele, Lea,
 * Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
 */
#define PRNG_GAMMA UINT64_C(0x9e3779b97f4a7c15)
static inline uint64_t prng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/*
 * Where the n-th stream of a seed begins. Threads have 0, 1, ...; what else
 * draws counts down from -1, so that none draws what a thread draws.
 */
enum { PRNG_ORDER = -1, PRNG_SAMPLE = -2 };
static inline uint64_t prng_start(uint64_t seed, int64_t n)
{
	return prng_mix(prng_mix(seed) + (uint64_t)n);
}

/* A part below n of the range that r is of: floor(r * n / 2^64). */
static inline uint64_t prng_scale(uint64_t r, uint64_t n)
{
	return (uint64_t)((unsigned __int128)r * n >> 64);
}

/*
 * The same, and what is left of the product: a part of that part, of 2^64.
 * gcc puts the halves of its 128-bit numbers on the stack, in every update.
 */
static inline uint64_t prng_split(uint64_t r, uint64_t n, uint64_t *rest)
{
	uint64_t high;

#ifdef __x86_64__
	__asm__("mul %3" : "=d"(high), "=a"(*rest) : "1"(r), "r"(n) : "cc");
#else
	high = prng_scale(r, n);
	*rest = r * n;
#endif
	return high;
}

#endif
