// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - a hot set as HeMem's GUPS has it, for test/bench: written from its
 * description, none of its code is here. Each thread has a buffer of its own,
 * and one random number says whether an update is hot and which word it is
 * for, so the two depend on each other; nothing is verified. Prints GUP a second
 * of CPU time.
 *
 *     hemem BYTES HOT-BYTES SECONDS [thp]        one thread; powers of two
 *
 * It is spared what is slow in it: no division, no call for a random number.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define CHUNK 1000000
/* 90 % of 2^16 */
#define HOT_RATE 58982

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t random_next(uint64_t r)
{
	return (r << 1) ^ ((uint64_t)((int64_t)r >> 63) & 7);
}

static uint64_t update(uint64_t *t, uint64_t words, uint64_t hot, uint64_t r)
{
	for (int i = 0; i < CHUNK; i++) {
		uint64_t at;

		r = random_next(r);
		at = r & (words - 1);
		if ((r & 0xffff) < HOT_RATE)
			at = r & (hot - 1);
		t[at] ^= r;
	}
	return r;
}

int main(int argc, char **argv)
{
	uint64_t bytes, hot, done = 0, r = 1, *t;
	double seconds, begin, took;

	if (argc < 4)
		return 2;
	bytes = strtoull(argv[1], NULL, 0);
	hot = strtoull(argv[2], NULL, 0);
	seconds = strtod(argv[3], NULL);
	t = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return 1;
	madvise(t, bytes, argc > 4 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(t, 0, bytes);
	begin = now();
	do {
		r = update(t, bytes / 8, hot / 8, r);
		done += CHUNK;
		took = now() - begin;
	} while (took < seconds);
	printf("%.9f\n", (double)done / took / 1e9);
	return (int)(t[r & (bytes / 8 - 1)] & 0 & r);
}
