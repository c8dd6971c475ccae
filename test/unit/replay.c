// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay.c - an oracle for "tier gups": prints the digest that the table must
 * have after the run, as the record's table_digest, found by one thread that
 * walks HPCC's stream step by step.
 *
 *     replay BYTES THREADS [UPDATES] [SEED]
 *
 * Verification undoes any updates, right or wrong; this does not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"

/* A seed is a start so many steps further on (plan.h and the help say so). */
#define SEED_STEPS (UINT64_C(1) << 36)

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	switch (*end) {
	case 'G':
		v <<= 10;
		/* fall through */
	case 'M':
		v <<= 10;
		/* fall through */
	case 'k':
		v <<= 10;
		end++;
	}
	if (*end || end == text) {
		fprintf(stderr, "replay: %s is not a number\n", text);
		exit(2);
	}
	return v;
}

int main(int argc, char **argv)
{
	uint64_t words, threads, updates, seed, *table;

	if (argc < 3 || argc > 5) {
		fputs("usage: replay BYTES THREADS [UPDATES] [SEED]\n", stderr);
		return 2;
	}
	words = number(argv[1]) / 8;
	threads = number(argv[2]);
	updates = argc > 3 ? number(argv[3]) : 4 * words;
	seed = argc > 4 ? number(argv[4]) : 0;
	if (!words || words % (ORACLE_PAGE / 8) || !threads ||
	    threads > words / (ORACLE_PAGE / 8)) {
		fputs("replay: whole pages, and one a thread\n", stderr);
		return 2;
	}
	table = malloc(words * 8);
	if (!table) {
		perror("replay");
		return 1;
	}
	oracle_run(table, words, (unsigned int)threads, updates,
		   oracle_jump(1, seed * SEED_STEPS));
	printf("%016" PRIx64 "\n", oracle_digest(table, words));
	free(table);
	return 0;
}
