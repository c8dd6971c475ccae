// SPDX-License-Identifier: GPL-2.0-only
/*
 * perf_ring.c - a buffer that the kernel writes an event's samples into.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/perf_ring.h"

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

bool perf_ring_open(struct perf_ring *r, struct perf_event_attr *attr, int pid,
		    int cpu)
{
	/* A place up to which it was read cannot be where it is written over. */
	int rights = attr->write_backward ? PROT_READ : PROT_READ | PROT_WRITE;

	r->fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1,
			     PERF_FLAG_FD_CLOEXEC);
	if (r->fd < 0)
		return false;
	r->page = mmap(NULL, page_bytes() + PERF_RING_BYTES, rights, MAP_SHARED,
		       r->fd, 0);
	if (r->page != MAP_FAILED)
		return true;
	close(r->fd);
	return false;
}

void perf_ring_close(struct perf_ring *r)
{
	munmap(r->page, page_bytes() + PERF_RING_BYTES);
	close(r->fd);
}

void perf_ring_copy(const struct perf_ring *r, void *to, size_t bytes,
		    uint64_t at)
{
	const char *from = (const char *)r->page + page_bytes();
	size_t first = PERF_RING_BYTES - at % PERF_RING_BYTES;

	if (first > bytes)
		first = bytes;
	memcpy(to, from + at % PERF_RING_BYTES, first);
	memcpy((char *)to + first, from, bytes - first);
}
