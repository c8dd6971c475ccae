// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - anonymous memory on chosen nodes.
 *
 * The table is bound, never the process: a stack or a code page on a trapped
 * CXL node would make every call a trap.
 */
#include <errno.h>
#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/prng.h"
#include "bench/table.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/page.h"

/* From linux/mempolicy.h; numaif.h has it from numactl 2.0.17 on. */
#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6
#endif

#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif
#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif
/* That, MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES */
#define MODE_FLAGS (7 << 13)

/* The start is aligned for every page size in use, so that runs compare. */
#define ALIGN (2 * MIB)
/* What the last level of the page tables, a page each, maps on x86 */
#define PAGE_TABLE_BYTES (2 * MIB)
/* Pages a call of move_pages: the arrays stay on the stack. */
#define CHUNK 1024

static int advise(const struct table *t, enum page_kind kind)
{
	int advice = kind == PAGES_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

	/*
	 * A kernel without THP says EINVAL: it has no pages but those of 4 KiB.
	 */
	if (kind == PAGES_HUGETLB || !madvise(t->base, t->bytes, advice) ||
	    (errno == EINVAL && kind == PAGES_4K))
		return 0;
	return lacks(
		errno, "madvise(MADV_%sHUGEPAGE): %s%s",
		kind == PAGES_THP ? "" : "NO", strerror(errno),
		errno == EINVAL ?
			"; transparent huge pages need CONFIG_TRANSPARENT_HUGEPAGE" :
			"");
}

int table_map(struct table *t, size_t bytes, enum page_kind kind)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char size[SIZE_TEXT];
	int err;

	*t = (struct table){ .bytes = bytes };
	if (kind == PAGES_HUGETLB) {
		bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
		t->map_bytes = bytes;
		flags = (flags & ~MAP_NORESERVE) | MAP_HUGETLB;
	} else {
		t->map_bytes = bytes + ALIGN;
	}
	t->map = mmap(NULL, t->map_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (t->map == MAP_FAILED) {
		err = errno;
		t->map = NULL;
		if (kind == PAGES_HUGETLB)
			return lacks(
				err,
				"no %s of huge pages: %s; reserve them in /proc/sys/vm/nr_hugepages",
				format_size(size, bytes), strerror(err));
		return fail(err, "cannot map %s: %s", format_size(size, bytes),
			    strerror(err));
	}
	t->base = (char *)(((uintptr_t)t->map + ALIGN - 1) & ~(ALIGN - 1));
	err = advise(t, kind);
	if (err)
		table_unmap(t);
	return err;
}

void table_unmap(struct table *t)
{
	if (t->map)
		munmap(t->map, t->map_bytes);
	*t = (struct table){ 0 };
}

static int kernel_mode(enum place_mode mode)
{
	switch (mode) {
	case PLACE_BIND:
		return MPOL_BIND;
	case PLACE_PREFERRED:
		return MPOL_PREFERRED;
	case PLACE_INTERLEAVE:
		return MPOL_INTERLEAVE;
	case PLACE_WEIGHTED:
		return MPOL_WEIGHTED_INTERLEAVE;
	case PLACE_PREFERRED_MANY:
		return MPOL_PREFERRED_MANY;
	case PLACE_LOCAL:
		return MPOL_LOCAL;
	case PLACE_ANY:
		break;
	}
	return MPOL_DEFAULT;
}

static struct bitmask *mask_of(const struct place *place)
{
	struct bitmask *mask = numa_allocate_nodemask();

	for (int i = 0; i < place->nr_nodes; i++)
		numa_bitmask_setbit(mask, (unsigned int)place->nodes[i]);
	return mask;
}

/* What else than the call itself may be the cause */
static const char *cause(int err)
{
	return err == EPERM || err == ENOSYS ?
		       ": a container's seccomp filter forbids the call (docker: --cap-add SYS_NICE allows mbind and the like, --security-opt seccomp=unconfined all)" :
	       err == EINVAL ?
		       "; has the node memory, and does the cpuset allow it?" :
		       "";
}

/* Frees the mask; NULL: MPOL_DEFAULT. */
static int set_policy(const struct table *t, const struct place *place,
		      int mode, struct bitmask *mask)
{
	int err = 0;

	if (mbind(t->base, t->bytes, mode, mask ? mask->maskp : NULL,
		  mask ? mask->size + 1 : 0, 0))
		err = errno;
	if (mask)
		numa_bitmask_free(mask);
	if (err == EINVAL && mode == MPOL_WEIGHTED_INTERLEAVE)
		return lacks(
			err,
			"mbind %s: this kernel has no weighted interleave (Linux 6.9 brought it)",
			place->text);
	if (err)
		return fail(err, "mbind %s: %s%s", place->text, strerror(err),
			    cause(err));
	return 0;
}

int table_place(const struct table *t, const struct place *place)
{
	int mode = kernel_mode(place->mode);

	return set_policy(t, place, mode,
			  mode == MPOL_DEFAULT || mode == MPOL_LOCAL ?
				  NULL :
				  mask_of(place));
}

int table_hold(const struct table *t, const struct place *place)
{
	if (place->mode != PLACE_ANY)
		return table_place(t, place);
	return set_policy(t, place, MPOL_BIND, numa_get_mems_allowed());
}

int table_inherited(struct place *place)
{
	static const enum place_mode modes[] = {
		PLACE_BIND,	PLACE_PREFERRED,      PLACE_INTERLEAVE,
		PLACE_WEIGHTED, PLACE_PREFERRED_MANY, PLACE_LOCAL,
	};
	struct bitmask *mask = numa_allocate_nodemask();
	int mode = MPOL_DEFAULT, err = 0;

	*place = (struct place){ .mode = PLACE_ANY, .inherited = true };
	/* A container's filter may forbid to ask: then it is not known. */
	if (get_mempolicy(&mode, mask->maskp, mask->size + 1, NULL, 0) &&
	    errno != EPERM && errno != ENOSYS)
		err = fail(errno, "get_mempolicy: %s", strerror(errno));
	place->balancing = mode & MPOL_F_NUMA_BALANCING;
	mode &= ~MODE_FLAGS;
	for (size_t i = 0; !err && i < ARRAY_SIZE(modes); i++)
		if (kernel_mode(modes[i]) == mode)
			place->mode = modes[i];
	for (int i = 0; i < NODE_MAX && place->mode != PLACE_ANY; i++)
		if (numa_bitmask_isbitset(mask, (unsigned int)i))
			place->nodes[place->nr_nodes++] = i;
	numa_bitmask_free(mask);
	return err;
}

int table_bind_thread(int node)
{
	struct bitmask *mask = numa_allocate_nodemask();
	int err = 0;

	if (node >= 0)
		numa_bitmask_setbit(mask, (unsigned int)node);
	if (set_mempolicy(node < 0 ? MPOL_DEFAULT : MPOL_BIND,
			  node < 0 ? NULL : mask->maskp,
			  node < 0 ? 0 : mask->size + 1))
		err = errno;
	numa_bitmask_free(mask);
	return err ? fail(err, "set_mempolicy node %d: %s%s", node,
			  strerror(err), cause(err)) :
		     0;
}

void table_touch(const struct table *t, size_t offset, size_t bytes)
{
	volatile char *p = t->base + offset;

	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		p[i] = 0;
}

static void count(struct table_pages *pages, const int *status, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (status[i] >= 0 && status[i] < NODE_MAX)
			pages->node[status[i]]++;
		else if (status[i] == -ENOENT || status[i] == -EFAULT)
			pages->absent++;
		else
			pages->unknown++;
	}
}

int table_locate(const struct table *t, size_t offset, size_t bytes,
		 struct table_pages *pages)
{
	char *p = t->base + offset, *end = p + bytes;
	void *page[CHUNK];
	int status[CHUNK];

	while (p < end) {
		size_t n = 0;

		for (; n < CHUNK && p < end; p += PAGE_BYTES)
			page[n++] = p;
		if (numa_move_pages(0, n, page, NULL, status, 0) < 0)
			return fail(errno, "move_pages: %s%s", strerror(errno),
				    cause(errno));
		count(pages, status, n);
	}
	return 0;
}

/* The table of that address; one that is given back keeps it. */
static void make_table(const volatile char *p, bool give_back)
{
	(void)*p;
	if (give_back)
		madvise((void *)((uintptr_t)p & ~(uintptr_t)(PAGE_BYTES - 1)),
			PAGE_BYTES, MADV_DONTNEED);
}

void table_make_tables(const struct table *t, size_t offset, size_t bytes)
{
	const volatile char *p = t->base + offset;
	struct table_pages first = { .absent = 0 };
	bool give_back;

	/* Has what is only read a page of its own, not the kernel's of zeros? */
	make_table(p, false);
	give_back = !table_locate(t, offset, 1, &first) && !first.absent &&
		    !first.unknown;
	for (size_t i = 0; i < bytes; i += PAGE_TABLE_BYTES)
		make_table(p + i, give_back);
	make_table(p + bytes - 1, give_back);
}

int table_nodes_of(const struct table *t, const uint64_t *pages, int *node,
		   size_t n)
{
	void *page[CHUNK];

	for (size_t from = 0; from < n; from += CHUNK) {
		size_t some = n - from < CHUNK ? n - from : CHUNK;

		for (size_t i = 0; i < some; i++)
			page[i] = t->base + pages[from + i] * PAGE_BYTES;
		if (numa_move_pages(0, some, page, NULL, node + from, 0) < 0)
			return fail(errno, "move_pages: %s%s", strerror(errno),
				    cause(errno));
	}
	return 0;
}

/*
 * One page of each n-th part, anywhere in it, so that no regular pattern in the
 * table is missed or met.
 */
int table_sample(const struct table *t, int pid, size_t bytes, size_t n,
		 struct table_pages *pages)
{
	uint64_t r = now_ns() | 1, total = bytes / PAGE_BYTES;
	void *page[CHUNK];
	int status[CHUNK];
	size_t k = 0;

	if (n > total)
		n = total;
	for (size_t i = 0; i < n; i++) {
		page[k++] = t->base + (i * total + prng_xorshift(&r) % total) /
					      n * PAGE_BYTES;
		if (k < CHUNK && i + 1 < n)
			continue;
		if (numa_move_pages(pid, k, page, NULL, status, 0) < 0)
			return fail(errno, "move_pages: %s%s", strerror(errno),
				    cause(errno));
		count(pages, status, k);
		k = 0;
	}
	return 0;
}

int table_move(int pid, size_t n, void **page, const int *node, int *status)
{
	/* What it did not move it counts: status says which. */
	return numa_move_pages(pid, n, page, node, status, MPOL_MF_MOVE_ALL) <
			       0 ?
		       -errno :
		       0;
}

static bool wanted(const struct place *place, int node)
{
	for (int i = 0; i < place->nr_nodes; i++)
		if (place->nodes[i] == node)
			return true;
	return false;
}

int table_check(const struct place *place, const struct table_pages *pages)
{
	struct textbuf where = { 0 };
	uint64_t astray = pages->absent + pages->unknown;
	int err = 0;

	if (!place_is_strict(place))
		return 0;
	for (int i = 0; i < NODE_MAX; i++) {
		if (!pages->node[i])
			continue;
		buf_add(&where, " node%d %" PRIu64, i, pages->node[i]);
		if (!wanted(place, i))
			astray += pages->node[i];
	}
	if (astray)
		err = fail(
			EXDEV,
			"%" PRIu64
			" pages are not on %s, where the table was placed: now%s, nowhere %" PRIu64
			", in transit %" PRIu64,
			astray, place->text, where.text ? where.text : "",
			pages->absent, pages->unknown);
	buf_free(&where);
	return err;
}

/* Sets the policy, and reads it back. */
static int set_process(int mode, const struct bitmask *nodes, const char *text)
{
	struct bitmask *now = numa_allocate_nodemask();
	int has = -1, err = 0;

	if (syscall(SYS_set_mempolicy, mode, nodes->maskp, nodes->size + 1))
		err = errno;
	if (err == EINVAL && mode == MPOL_WEIGHTED_INTERLEAVE)
		err = lacks(
			err,
			"set_mempolicy %s: this kernel has no weighted interleave (Linux 6.9 brought it)",
			text);
	else if (err == EINVAL && (mode & MPOL_F_NUMA_BALANCING))
		err = lacks(
			err,
			"set_mempolicy %s: this kernel does not balance what is so placed (bound memory from Linux 5.12 on)",
			text);
	else if (err)
		err = fail(err, "set_mempolicy %s: %s%s", text, strerror(err),
			   cause(err));
	else if (syscall(SYS_get_mempolicy, &has, now->maskp, now->size + 1,
			 NULL, 0) ||
		 (has != mode &&
		  /* Before 5.14 one is the other, with no node. */
		  !(mode == MPOL_LOCAL && has == MPOL_PREFERRED)) ||
		 !numa_bitmask_equal(now, nodes))
		err = fail(
			EXDEV,
			"set_mempolicy %s: the kernel has another policy (mode %d); does a cpuset forbid a node?",
			text, has);
	numa_bitmask_free(now);
	return err;
}

int table_place_process(const struct place *place)
{
	struct bitmask *nodes = mask_of(place);
	int mode = kernel_mode(place->mode) |
		   (place->balancing ? MPOL_F_NUMA_BALANCING : 0);
	int err = set_process(mode, nodes, place->text);

	numa_bitmask_free(nodes);
	return err;
}

int table_weigh_process(void)
{
	struct bitmask *nodes = numa_get_mems_allowed();
	int err = set_process(MPOL_WEIGHTED_INTERLEAVE, nodes, "weighted:all");

	numa_free_nodemask(nodes);
	return err;
}
