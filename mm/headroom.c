// SPDX-License-Identifier: GPL-2.0-only
/*
 * headroom.c - memory kept for the kernel while a table fills a machine.
 */
#include <string.h>
#include <sys/mman.h>

#include "mm/headroom.h"

void headroom_hold(struct headroom *h, size_t bytes)
{
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*h = (struct headroom){ 0 };
	if (base == MAP_FAILED)
		return;
	*h = (struct headroom){ base, bytes };
	/* What a child shares would not be free when it is let go. */
	madvise(base, bytes, MADV_DONTFORK);
	memset(base, 1, bytes);
}

void headroom_release(struct headroom *h)
{
	if (h->bytes)
		munmap(h->base, h->bytes);
	*h = (struct headroom){ 0 };
}
