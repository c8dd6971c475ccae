// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is held lies in memory, is not a child's as well, and is free when it
 * is let go; of what cannot be had nothing is held.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base.h"
#include "mm/headroom.h"
#include "tap.h"

#define PAGES 64

/* Of them in memory; -1: there is no such mapping. */
static int present(void *base)
{
	unsigned char in[PAGES];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int n = 0;

	if (mincore(base, PAGES * page, in))
		return -1;
	for (int i = 0; i < PAGES; i++)
		n += in[i] & 1;
	return n;
}

static bool childs(void *base)
{
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(present(base) >= 0);
	return child > 0 && waitpid(child, &status, 0) == child &&
	       WEXITSTATUS(status);
}

int main(void)
{
	struct headroom h = { 0 };
	void *base;

	headroom_release(&h);
	ok(!h.bytes, "none is let go");
	headroom_hold(&h, PAGES * (size_t)sysconf(_SC_PAGESIZE));
	base = h.base;
	is_i64(present(base), PAGES, "every page is in memory");
	ok(!childs(base), "a child that is forked has none of it");
	headroom_release(&h);
	is_i64(present(base), -1, "let go, it is nobody's");
	ok(!h.bytes, "and known to be");
	headroom_hold(&h, SIZE_MAX / 2);
	ok(!h.bytes, "more than there is: nothing is held");
	headroom_release(&h);
	return done_testing();
}
