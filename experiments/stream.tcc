#!/usr/bin/tcc -run
// SPDX-License-Identifier: GPL-2.0-only
/*
 * The four loops of STREAM over three arrays of 16 MiB, all of which lie on CXL
 * memory when they begin; for experiments/stream.exp, where Debian's tcc compiles
 * it in the guest. A variant: one thread, rates are means over seconds, not the
 * best of some passes, since what a policy makes of it takes its time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WORDS (1 << 21)
#define SECONDS 12

static double a[WORDS], b[WORDS], c[WORDS];

static const struct kernel {
	const char *name;
	int arrays;
} kernels[] = { { "Copy", 2 }, { "Scale", 2 }, { "Add", 3 }, { "Triad", 3 } };

static void pass(int kernel)
{
	int i;

	if (kernel == 0) {
		for (i = 0; i < WORDS; i++)
			c[i] = a[i];
	} else if (kernel == 1) {
		for (i = 0; i < WORDS; i++)
			b[i] = 3.0 * c[i];
	} else if (kernel == 2) {
		for (i = 0; i < WORDS; i++)
			c[i] = a[i] + b[i];
	} else {
		for (i = 0; i < WORDS; i++)
			a[i] = b[i] + 3.0 * c[i];
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void measure(const char *phase)
{
	double end = now() + SECONDS, took[4] = { 0 };
	long passes = 0;
	int i;

	printf("%s, %d s\n", phase, SECONDS);
	for (; now() < end; passes++) {
		for (i = 0; i < 4; i++) {
			double begin = now();

			pass(i);
			took[i] += now() - begin;
		}
	}
	for (i = 0; i < 4; i++)
		printf("%s: %.1f MB/s\n", kernels[i].name,
		       passes * kernels[i].arrays * sizeof(a) / took[i] / 1e6);
}

int main(void)
{
	unsigned long near = 1, far = 2;
	int i;

	for (i = 0; i < WORDS; i++) {
		a[i] = 1.0;
		b[i] = 2.0;
		c[i] = 0.0;
	}
	if (syscall(SYS_migrate_pages, 0, 8 * sizeof(near), &near, &far) < 0) {
		perror("migrate_pages");
		return EXIT_FAILURE;
	}
	measure("warm-up");
	measure("measured");
	return EXIT_SUCCESS;
}
