#!/usr/bin/tcc -run
// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses by a file in the format of DAMON's masim: regions, and phases in which
 * each is accessed at random or by a stride, with a probability. All regions lie
 * on CXL memory when the first phase begins. For experiments/masim.exp, where
 * Debian's tcc compiles it in the guest; masim itself is no package of Debian.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX 32 /* regions, and patterns of a phase */
#define BATCH 256 /* accesses of one pattern before another is chosen */

static struct region {
	char name[64];
	size_t bytes, at;
	volatile char *memory;
} regions[MAX];

static struct pattern {
	struct region *region;
	int random;
	size_t stride;
	unsigned int weight;
	char mode[3];
} patterns[MAX];

static const char *path;
static int nr_line, nr_regions;
static double all_done, all_ms;
static volatile char sink; /* tcc leaves out what nobody takes */

static void wrong(const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", path, nr_line, what);
	exit(EXIT_FAILURE);
}

/* The next line that is no comment, without its end; NULL: there is none. */
static char *next(FILE *file)
{
	static char line[256];

	do {
		if (!fgets(line, sizeof(line), file))
			return NULL;
		nr_line++;
	} while (*line == '#');
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static struct region *find(const char *name)
{
	int i;

	for (i = 0; i < nr_regions; i++)
		if (strcmp(regions[i].name, name) == 0)
			return &regions[i];
	wrong("no region of that name");
	return NULL;
}

static void read_regions(FILE *file)
{
	char *line;

	while ((line = next(file)) && *line) {
		struct region *r = &regions[nr_regions++];

		if (nr_regions == MAX)
			wrong("too many regions");
		if (sscanf(line, "%63[^,], %zu", r->name, &r->bytes) != 2 ||
		    r->bytes == 0)
			wrong("give NAME, BYTES, none");
		r->memory = malloc(r->bytes);
		if (!r->memory)
			wrong("there is not so much memory");
		memset((void *)r->memory, 1, r->bytes);
	}
}

/* Of a phase, whose name has been read; returns how long it takes. */
static long read_phase(FILE *file, int *nr)
{
	char *line = next(file), name[64];
	long ms = line ? atol(line) : 0;

	if (ms <= 0)
		wrong("give the milliseconds that the phase takes");
	for (*nr = 0; (line = next(file)) && *line; ++*nr) {
		struct pattern *p = &patterns[*nr];

		if (*nr == MAX)
			wrong("too many lines in a phase");
		strcpy(p->mode, "wo");
		if (sscanf(line, "%63[^,], %d, %zu, %u, %2s", name, &p->random,
			   &p->stride, &p->weight, p->mode) < 4)
			wrong("give REGION, RANDOM, STRIDE, WEIGHT, ro|wo|rw");
		p->region = find(name);
	}
	return ms;
}

static unsigned long long random64(void)
{
	static unsigned long long x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static struct pattern *choose(int nr, unsigned int total)
{
	unsigned int left = random64() % total;
	int i;

	for (i = 0; i < nr - 1 && left >= patterns[i].weight; i++)
		left -= patterns[i].weight;
	return &patterns[i];
}

static void access_by(const struct pattern *p)
{
	struct region *r = p->region;
	int i, reads = p->mode[0] == 'r', writes = strchr(p->mode, 'w') != NULL;

	for (i = 0; i < BATCH; i++) {
		r->at = (p->random ? random64() : r->at + p->stride) % r->bytes;
		if (reads)
			sink = r->memory[r->at];
		if (writes)
			r->memory[r->at] = i;
	}
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

/* Adds to the accesses that were made, and to the time that they took. */
static void run_phase(const char *name, long ms, int nr)
{
	double begin = now_ms(), done = 0, took;
	unsigned int total = 0;
	int i;

	for (i = 0; i < nr; i++)
		total += patterns[i].weight;
	if (total == 0)
		wrong("a phase without accesses");
	do {
		for (i = 0; i < 64; i++, done += BATCH)
			access_by(choose(nr, total));
		took = now_ms() - begin;
	} while (took < ms);
	printf("%s: %.1f accesses/msec, %.0f msecs run\n", name, done / took,
	       took);
	fflush(stdout);
	all_done += done;
	all_ms += took;
}

int main(int argc, char **argv)
{
	unsigned long near = 1, far = 2;
	FILE *file;
	char *line;

	path = argc > 1 ? argv[1] : "/masim.cfg";
	file = fopen(path, "r");
	if (!file) {
		perror(path);
		return EXIT_FAILURE;
	}
	read_regions(file);
	if (syscall(SYS_migrate_pages, 0, 8 * sizeof(near), &near, &far) < 0)
		perror("migrate_pages");
	while ((line = next(file))) {
		char name[64];
		int nr;
		long ms;

		if (!*line)
			continue;
		snprintf(name, sizeof(name), "%s", line);
		ms = read_phase(file, &nr);
		run_phase(name, ms, nr);
	}
	if (all_ms == 0)
		wrong("there is no phase");
	printf("all phases: %.1f accesses/msec\n", all_done / all_ms);
	return EXIT_SUCCESS;
}
