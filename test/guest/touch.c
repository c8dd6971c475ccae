// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for tests of "tier run": touches MIB of anonymous memory, sleeps,
 * ends with STATUS. It knows nothing of nodes. With HOT in its environment it
 * says there what it has touched, for promote.c.
 *
 *     touch MIB SECONDS [STATUS [huge]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void say_hot(const void *p, size_t bytes)
{
	const char *name = getenv("HOT");
	char fresh[256];
	FILE *f;

	if (!name)
		return;
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	f = fopen(fresh, "w");
	if (!f)
		exit(98);
	fprintf(f, "%d %lx %zu\n", (int)getpid(), (unsigned long)p, bytes);
	fclose(f);
	rename(fresh, name);
}

int main(int argc, char **argv)
{
	size_t bytes = (argc > 2 ? strtoul(argv[1], NULL, 10) : 64) << 20;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (argc > 4 ? MAP_HUGETLB : 0);
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		return 99;
	}
	memset(p, 1, bytes);
	say_hot(p, bytes);
	printf("touched\n");
	fflush(stdout);
	usleep((useconds_t)(1e6 * (argc > 2 ? strtod(argv[2], NULL) : 3)));
	return argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
}
