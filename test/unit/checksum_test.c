// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ways to one sum: a table that was updated leaves nothing, and any changed
 * bit, any update that went astray, and any two pages that changed places do.
 */
#include <stdlib.h>

#include "bench/checksum.h"
#include "bench/prng.h"
#include "tap.h"

#define WORDS 5000
#define FIRST 777

static uint64_t table[WORDS];
static struct checksum sum;

static bool looked_up;

/* For indices of 27 bits; the factors hold until it is called again. */
static void begin(struct checksum *c, uint64_t key)
{
	static uint64_t *factors;

	free(factors);
	factors = looked_up ? checksum_factors(key, UINT64_C(1) << 27) : NULL;
	*c = (struct checksum){ .key = key, .factors = factors };
}

static void add(struct checksum *c, uint64_t index, uint64_t value)
{
	(looked_up ? checksum_add_looked_up : checksum_add_mixed)(c, index,
								  value);
}

/* A generator that shares nothing with the one of gups.c. */
static uint64_t draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state ^ *state >> 29;
}

/* As a run does it: T[i] = i, then updates, each followed in the checksum. */
static void updated(void)
{
	uint64_t state = 1;

	begin(&sum, 5);
	for (uint64_t i = 0; i < WORDS; i++)
		table[i] = FIRST + i;
	for (int n = 0; n < 40000; n++) {
		uint64_t value = draw(&state), i = draw(&state) % WORDS;

		table[i] ^= value;
		add(&sum, FIRST + i, value);
	}
}

static bool agrees(void)
{
	static struct checksum s;

	s = (struct checksum){ .key = sum.key, .factors = sum.factors };
	checksum_table(&s, table, WORDS, FIRST);
	checksum_merge(&s, &sum);
	return checksum_is_zero(&s);
}

static void every_bit(void)
{
	unsigned int missed = 0;

	for (uint64_t i = 0; i < WORDS; i += 97) {
		for (int bit = 0; bit < 64; bit++) {
			table[i] ^= UINT64_C(1) << bit;
			missed += agrees();
			table[i] ^= UINT64_C(1) << bit;
		}
	}
	is_u64(missed, 0, "any bit of any word");
	ok(agrees(), "and nothing else was changed");
}

/* An update that went to another word, and one that was lost. */
static void strayed(void)
{
	unsigned int missed = 0, tried = 0;
	uint64_t state = 2;

	for (int n = 0; n < 2000; n++) {
		uint64_t value = draw(&state), i = draw(&state) % WORDS,
			 j = draw(&state) % WORDS;

		if (i == j)
			continue;
		table[i] ^= value;
		table[j] ^= value;
		missed += agrees();
		tried++;
		table[i] ^= value;
		table[j] ^= value;
	}
	ok(tried > 1900 && !missed, "%u of %u strayed updates missed", missed,
	   tried);
	table[5] ^= 12345;
	ok(!agrees(), "a lost one");
	table[5] ^= 12345;
}

/* Two pages change places; one comes back empty. */
static void pages(void)
{
	uint64_t keep;

	for (int i = 0; i < 512; i++) {
		keep = table[i];
		table[i] = table[1024 + i];
		table[1024 + i] = keep;
	}
	ok(!agrees(), "two pages that changed places");
	for (int i = 0; i < 512; i++) {
		keep = table[i];
		table[i] = table[1024 + i];
		table[1024 + i] = keep;
	}
	memset(table, 0, 4096);
	ok(!agrees(), "a page of zeros");
}

/* ------------------------------------------------------- constructed tables */

/*
 * Differences from the right table are all that counts: tables that are wrong
 * in a way that a weaker sum does not see, of each 5000, a key each 50.
 */
struct wrong {
	uint64_t index, difference;
};

static unsigned int missed(size_t n,
			   void construct(struct wrong *w, uint64_t *state))
{
	static struct checksum s;
	unsigned int passed = 0;
	uint64_t state = 9;

	for (int try = 0; try < 5000; try++) {
		struct wrong w[512] = { { 0 } };

		if (try % 50 == 0)
			begin(&s, draw(&state));
		memset(s.sum, 0, sizeof(s.sum));
		construct(w, &state);
		for (size_t i = 0; i < n; i++)
			add(&s, w[i].index, w[i].difference);
		passed += checksum_is_zero(&s);
	}
	return passed;
}

/* Words of a column: another row's words in their places */
static void column(struct wrong *w, uint64_t *state)
{
	uint64_t i = draw(state) >> 37, j;

	do
		j = i % CHECKSUM_COLUMNS +
		    (draw(state) >> 49) * CHECKSUM_COLUMNS;
	while (j == i);
	w[0].index = i;
	w[1].index = j;
	w[0].difference = w[1].difference = draw(state);
}

/* Of a sum of 1024 buckets, in which each index has one and a rotation. */
static uint64_t cell(uint64_t index)
{
	return index * UINT64_C(0x9e3779b97f4a7c15) >> 48;
}

static void same_cell(struct wrong *w, uint64_t *state)
{
	w[0].index = draw(state) >> 37;
	do
		w[1].index = draw(state) >> 37;
	while (cell(w[1].index) != cell(w[0].index) ||
	       w[1].index == w[0].index);
}

static void swapped(struct wrong *w, uint64_t *state)
{
	same_cell(w, state);
	w[0].difference = w[1].difference = draw(state);
}

static void same_bit(struct wrong *w, uint64_t *state)
{
	same_cell(w, state);
	w[0].difference = w[1].difference = UINT64_C(1) << draw(state) % 64;
}

/* Two updates of HPCC's stream, one after the other: r and r << 1. */
static void lost_pair(struct wrong *w, uint64_t *state)
{
	uint64_t r = draw(state) >> 1;

	w[0] = (struct wrong){ r & 0x7ffffff, r };
	w[1] = (struct wrong){ r << 1 & 0x7ffffff, r << 1 };
}

/* Four words at the corners of a rectangle: what XORs of hashes do not see. */
static void rectangle(struct wrong *w, uint64_t *state)
{
	uint64_t i = draw(state) >> 40, j = draw(state) >> 40;
	uint64_t by = UINT64_C(1) << draw(state) % 27, v = draw(state);

	w[0] = (struct wrong){ i, v };
	w[1] = (struct wrong){ i + by, v };
	w[2] = (struct wrong){ j, v };
	w[3] = (struct wrong){ j + by, v };
}

/* Values that a rotation does not change, in 512 words in a row. */
static void stuck(struct wrong *w, uint64_t *state)
{
	uint64_t at = draw(state) >> 40;

	for (int i = 0; i < 512; i++)
		w[i] = (struct wrong){ at + (uint64_t)i, UINT64_MAX };
}

static void page_by_page(struct wrong *w, uint64_t *state)
{
	uint64_t at = draw(state) >> 49 << 9;
	uint64_t to = at ^ (1 + draw(state) % 32767) << 9;

	for (uint64_t i = 0; i < 256; i++) {
		w[i] = (struct wrong){ at + i, draw(state) };
		w[256 + i] = (struct wrong){ to + i, w[i].difference };
	}
}

static void constructed(void)
{
	is_u64(missed(2, swapped), 0, "two words of one cell, swapped");
	is_u64(missed(2, column), 0, "two words of a column, swapped");
	is_u64(missed(2, same_bit), 0, "the same bit of two words of a cell");
	is_u64(missed(2, lost_pair), 0, "two updates in a row, lost");
	is_u64(missed(4, rectangle), 0, "four words at equal distances");
	is_u64(missed(512, stuck), 0, "a page whose bits are all turned over");
	is_u64(missed(512, page_by_page), 0, "half a page, swapped");
}

/*
 * The odds, where they can be seen: of the 128 bits of a sum only as many are
 * looked at. A wrong table passes as often as by chance, a key each.
 */
static void odds(void)
{
	static struct checksum s;
	unsigned int passed = 0;
	uint64_t state = 3;

	for (int try = 0; try < 1 << 18; try++) {
		uint64_t key = draw(&state), v = draw(&state) | 1;
		uint64_t *factors = looked_up ? checksum_factors(key, 65536) :
						NULL;

		s.key = key;
		s.factors = factors;
		s.sum[0][0] = 0;
		for (uint64_t row = 0; row < 16; row += 5)
			add(&s, row * CHECKSUM_COLUMNS, v);
		passed += !(s.sum[0][0] & 0x3ff);
		free(factors);
	}
	ok(passed > 180 && passed < 332, "10 bits: %u of 2^18, 256 by chance",
	   passed);
}

/* The product against the definition, bit by bit, in its sum. */
static void product(void)
{
	static struct checksum s;
	uint64_t state = 4, wrong = 0;

	for (int try = 0; try < 500; try++) {
		uint64_t key = draw(&state), index = draw(&state) >> 37;
		uint64_t v = draw(&state);
		uint64_t at = looked_up ? index / CHECKSUM_COLUMNS : index;
		uint64_t factor = prng_mix(key + at * PRNG_GAMMA);
		uint64_t *sum;
		unsigned __int128 p = 0;

		begin(&s, key);
		sum = s.sum[looked_up ? index % CHECKSUM_COLUMNS : 0];
		add(&s, index, v);
		for (int bit = 0; bit < 64; bit++)
			p ^= v >> bit & 1 ? (unsigned __int128)factor << bit :
					    0;
		wrong += sum[0] != (uint64_t)p || sum[1] != (uint64_t)(p >> 64);
		sum[0] = sum[1] = 0;
		wrong += !checksum_is_zero(&s);
	}
	is_u64(wrong, 0, "a product without carries");
}

static void sums(void)
{
	static struct checksum nothing;

	begin(&nothing, 1);
	ok(checksum_is_zero(&nothing), "%s: nothing is zero",
	   looked_up ? "factors looked up" : "factors mixed");
	add(&nothing, 3, 1);
	ok(!checksum_is_zero(&nothing), "something is not");
	add(&nothing, 3, 1);
	ok(checksum_is_zero(&nothing), "twice the same cancels out");
	product();
	updated();
	ok(agrees(), "the table and its updates agree");
	every_bit();
	strayed();
	pages();
	constructed();
	odds();
}

int main(void)
{
	if (!checksum_is_possible()) {
		skip("the checksum", "this CPU does not multiply so");
		return done_testing();
	}
	sums();
	looked_up = true;
	sums();
	return done_testing();
}
