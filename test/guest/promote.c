// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy of somebody's, for tests: moves to NODE what FILE says is hot. A line
 * of it is "PID ADDRESS BYTES"; it is read again whenever it has come anew, and
 * removed.
 *
 *     promote FILE NODE
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define BATCH 512UL
#define MOVE_ALL 4 /* MPOL_MF_MOVE_ALL */

static unsigned long move(int pid, unsigned long at, unsigned long bytes,
			  int node)
{
	void *pages[BATCH];
	int nodes[BATCH], status[BATCH];
	unsigned long moved = 0;

	for (unsigned long end = at + bytes; at < end;) {
		unsigned long n = 0;

		for (; n < BATCH && at < end; n++, at += PAGE) {
			pages[n] = (void *)at;
			nodes[n] = node;
		}
		if (syscall(SYS_move_pages, pid, n, pages, nodes, status,
			    MOVE_ALL) < 0) {
			perror("move_pages");
			exit(1);
		}
		for (unsigned long i = 0; i < n; i++)
			moved += status[i] == node;
	}
	return moved;
}

int main(int argc, char **argv)
{
	int pid, node = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
	unsigned long at, bytes;
	FILE *f;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready for %s\n", argc > 1 ? argv[1] : "nothing");
	for (;; usleep(10000)) {
		f = argc > 1 ? fopen(argv[1], "r") : NULL;
		if (!f)
			continue;
		while (fscanf(f, "%d %lx %lu", &pid, &at, &bytes) == 3)
			printf("%lu pages\n", move(pid, at, bytes, node));
		fclose(f);
		unlink(argv[1]);
	}
}
