// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ways to one sum: a table that was updated leaves nothing, and any changed
 * bit, any update that went astray, and any two pages that changed places do.
 */
#include "bench/checksum.h"
#include "tap.h"

#define WORDS 5000
#define FIRST 777

static uint64_t table[WORDS];
static struct checksum sum;

/* A generator that shares nothing with the one of gups.c. */
static uint64_t draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state ^ *state >> 29;
}

/* As a run does it: T[i] = i, then updates, each added to the sum. */
static void updated(void)
{
	uint64_t state = 1;

	sum = (struct checksum){ { 0 } };
	for (uint64_t i = 0; i < WORDS; i++)
		table[i] = FIRST + i;
	for (int n = 0; n < 40000; n++) {
		uint64_t value = draw(&state), i = draw(&state) % WORDS;

		table[i] ^= value;
		checksum_add(&sum, FIRST + i, value);
	}
}

static bool agrees(void)
{
	struct checksum s = sum;

	checksum_table(&s, table, WORDS, FIRST);
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
	ok(tried > 1900 && missed <= 2, "%u of %u strayed updates missed",
	   missed, tried);
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

int main(void)
{
	struct checksum nothing = { { 0 } };

	ok(checksum_is_zero(&nothing), "nothing is zero");
	checksum_add(&nothing, 3, 1);
	ok(!checksum_is_zero(&nothing), "something is not");
	checksum_add(&nothing, 3, 1);
	ok(checksum_is_zero(&nothing), "twice the same cancels out");
	updated();
	ok(agrees(), "the table and its updates agree");
	every_bit();
	strayed();
	pages();
	return done_testing();
}
