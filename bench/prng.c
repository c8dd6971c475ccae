// SPDX-License-Identifier: GPL-2.0-only
/*
 * prng.c - HPCC's stream from any place on (HPC Challenge, RandomAccess,
 * hpccinnovation.org): r = (r << 1) ^ (r < 0 ? 7 : 0), from 1.
 */
#include "bench/prng.h"

/* Product of two polynomials over GF(2), modulo x^64 + x^2 + x + 1. */
static uint64_t multiply(uint64_t a, uint64_t b)
{
	uint64_t product = 0;

	for (int bit = 63; bit >= 0; bit--) {
		product = prng_next(product);
		if (b >> bit & 1)
			product ^= a;
	}
	return product;
}

/*
 * A step of the stream multiplies by x modulo that polynomial (its low terms
 * are the 7), so the value after n steps from 1 is x^n: square and multiply.
 */
uint64_t prng_at(uint64_t n)
{
	uint64_t power = 2, value = 1;

	for (; n; n >>= 1) {
		if (n & 1)
			value = multiply(value, power);
		power = multiply(power, power);
	}
	return value;
}
