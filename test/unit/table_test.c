// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table is mapped, populated, bound and located as placed, and what is not
 * where it was placed is found.
 */
#include <errno.h>
#include <numaif.h>
#include <stdlib.h>
#include <string.h>

#include "bench/table.h"
#include "lib/base.h"
#include "lib/error.h"
#include "page_tables.h"
#include "tap.h"

static struct place placed(enum place_mode mode, int node, const char *text)
{
	return (struct place){
		.mode = mode, .nodes = { node }, .nr_nodes = 1, .text = text
	};
}

static uint64_t sum(const struct table_pages *p)
{
	uint64_t n = p->absent + p->unknown;

	for (int i = 0; i < NODE_MAX; i++)
		n += p->node[i];
	return n;
}

/* The policy in force at an address of the table. */
static int policy_of(const struct table *t, size_t at)
{
	int mode = -1;

	if (get_mempolicy(&mode, NULL, 0, t->base + at, MPOL_F_ADDR))
		return -errno;
	return mode;
}

static void mapping(void)
{
	static const size_t sizes[] = { 4096, 28 * KIB, 2 * MIB, 5 * MIB };
	struct table t;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		is_i64(table_map(&t, sizes[i], PAGES_4K), 0, "map %zu bytes",
		       sizes[i]);
		is_u64((uintptr_t)t.base % (2 * MIB), 0, "aligned to 2 MiB");
		is_u64(t.bytes, sizes[i], "its size");
		t.base[sizes[i] - 1] = 1;
		table_unmap(&t);
		ok(!t.base && !t.bytes, "unmapped");
		table_unmap(&t);
	}
	is_i64(table_map(&t, SIZE_MAX / 4 * 4096 / 4096, PAGES_4K), -ENOMEM,
	       "more than there are addresses");
	like(fail_message(), "cannot map", "why");
	table_unmap(&t);
}

/* Populating gives pages where the place says, to the range asked for. */
static void populating(void)
{
	struct place node0 = placed(PLACE_BIND, 0, "node0");
	struct place any = { .mode = PLACE_ANY, .text = "any" };
	struct table_pages pages = { 0 };
	struct table t;

	/* 1100 pages: more than one call of move_pages takes. */
	if (!is_i64(table_map(&t, 1100 * 4096, PAGES_4K), 0, "map"))
		return;
	is_i64(table_place(&t, &node0), 0, "bind to node 0");
	is_i64(policy_of(&t, 0), MPOL_BIND, "the policy is");
	is_i64(policy_of(&t, t.bytes - 4096), MPOL_BIND, "to the last page");
	is_i64(table_locate(&t, 0, t.bytes, &pages), 0, "locate");
	is_u64(pages.absent, 1100, "no page yet");
	is_i64(table_check(&node0, &pages), -EXDEV, "that is not all there");
	table_touch(&t, 10 * 4096, 500 * 4096);
	pages = (struct table_pages){ 0 };
	is_i64(table_locate(&t, 0, t.bytes, &pages), 0, "locate");
	is_u64(pages.node[0], 500, "the pages touched are on node 0");
	is_u64(pages.absent, 600, "the others are not");
	table_touch(&t, 0, t.bytes);
	pages = (struct table_pages){ 0 };
	is_i64(table_locate(&t, 0, t.bytes, &pages), 0, "locate");
	is_u64(pages.node[0], 1100, "all are there");
	is_u64(sum(&pages), 1100, "and no others");
	is_i64(table_check(&node0, &pages), 0, "as it shall be");
	is_i64(table_locate(&t, 4096, 8192, &pages), 0, "locate a part");
	is_u64(pages.node[0], 1102, "is added");
	is_i64(table_place(&t, &any), 0, "given back");
	is_i64(policy_of(&t, 0), MPOL_DEFAULT,
	       "to the default policy, not to MPOL_LOCAL");
	table_unmap(&t);
}

static void placing(void)
{
	static const struct {
		enum place_mode mode;
		int policy;
	} modes[] = {
		{ PLACE_PREFERRED, MPOL_PREFERRED },
		{ PLACE_INTERLEAVE, MPOL_INTERLEAVE },
	};
	struct place weighted = placed(PLACE_WEIGHTED, 0, "weighted:0");
	struct place far = placed(PLACE_BIND, 999, "999");
	struct table_pages pages = { 0 };
	struct place place;
	struct table t;
	int err;

	if (!is_i64(table_map(&t, 64 * KIB, PAGES_4K), 0, "map"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		place = placed(modes[i].mode, 0, "it");
		is_i64(table_place(&t, &place), 0, "place");
		is_i64(policy_of(&t, 0), modes[i].policy, "the policy is");
	}
	err = table_place(&t, &weighted);
	if (err)
		skip("weighted interleave", "this kernel has none");
	else
		is_i64(policy_of(&t, 0), 6, "weighted interleave");
	if (err)
		is_i64(fail_status(), STATUS_LACKS, "as it says");
	is_i64(table_place(&t, &far), -EINVAL, "a node that is not there");
	is_str(fail_message(),
	       "mbind 999: Invalid argument; has the node memory, and does the cpuset allow it?",
	       "why");
	table_touch(&t, 0, t.bytes);
	table_locate(&t, 0, t.bytes, &pages);
	is_u64(pages.node[0], 16, "an interleaved table has its pages");
	table_unmap(&t);
}

static void kinds(void)
{
	struct table t;
	int err = table_map(&t, 4 * MIB, PAGES_THP);

	if (err)
		is_i64(fail_status(), STATUS_LACKS, "no THP: is lacking");
	else
		table_touch(&t, 0, t.bytes);
	ok(err || t.base[4 * MIB - 1] == 0, "THP, if there are any");
	table_unmap(&t);
	/* A sixteenth of an exabyte: no machine reserved that. */
	err = table_map(&t, (size_t)1 << 45, PAGES_HUGETLB);
	ok(err < 0, "huge pages that nobody reserved");
	is_i64(fail_status(), STATUS_LACKS, "are lacking");
	like(fail_message(), "/proc/sys/vm/nr_hugepages",
	     "and how to get them");
	ok(!t.map, "nothing is mapped");
}

static void checking(void)
{
	struct place two = { .mode = PLACE_BIND,
			     .nodes = { 1, 3 },
			     .nr_nodes = 2,
			     .text = "1,3" };
	struct place some = placed(PLACE_PREFERRED, 1, "preferred:1");
	struct place even = placed(PLACE_INTERLEAVE, 0, "interleave:0");
	struct place any = { .mode = PLACE_ANY, .text = "any" };
	struct table_pages p = { 0 };

	p.node[1] = 5;
	p.node[3] = 6;
	is_i64(table_check(&two, &p), 0, "pages on the nodes wanted");
	p.node[0] = 2;
	is_i64(table_check(&two, &p), -EXDEV, "two pages elsewhere");
	is_str(fail_message(),
	       "2 pages are not on 1,3, where the table was placed: now node0 "
	       "2 node1 5 node3 6, nowhere 0, in transit 0",
	       "why");
	is_i64(fail_status(), STATUS_FAILED, "it failed");
	is_i64(table_check(&even, &p), -EXDEV, "interleaved: the same");
	is_i64(table_check(&any, &p), 0, "any node will do");
	is_i64(table_check(&some, &p), 0, "so it will if one is preferred");
	p.node[0] = 0;
	p.unknown = 1;
	is_i64(table_check(&two, &p), -EXDEV, "one in transit is astray");
	p.unknown = 0;
	p.absent = 1;
	is_i64(table_check(&two, &p), -EXDEV, "so is one that is nowhere");
	like(fail_message(), "nowhere 1", "why");
}

/* Of this machine's node 0, in a child: the policy is the task's. */
static void inheriting(void)
{
	static const struct {
		int mode;
		enum place_mode want;
		const char *text;
	} rows[] = {
		{ MPOL_DEFAULT, PLACE_ANY, NULL },
		{ MPOL_BIND, PLACE_BIND, "membind 0" },
		{ MPOL_PREFERRED, PLACE_PREFERRED, "preferred 0" },
		{ MPOL_INTERLEAVE, PLACE_INTERLEAVE, "interleave 0" },
		{ 4, PLACE_LOCAL, "localalloc" }, /* MPOL_LOCAL */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long node0 = 1;
		bool none = rows[i].mode == MPOL_DEFAULT ||
			    rows[i].want == PLACE_LOCAL;
		struct place p;
		char *text;

		if (set_mempolicy(rows[i].mode, none ? NULL : &node0,
				  none ? 0 : 64)) {
			skip("a policy is read", strerror(errno));
			continue;
		}
		is_i64(table_inherited(&p), 0, "policy %d is read",
		       rows[i].mode);
		is_i64(p.mode, rows[i].want, "and known");
		ok(p.inherited, "as the task's");
		if (!rows[i].text)
			continue;
		text = place_describe(&p);
		is_str(text, rows[i].text, "in numactl's words");
		free(text);
	}
	set_mempolicy(MPOL_DEFAULT, NULL, 0);
}

/* The page tables come first, without pages; then the pages need none. */
static void page_tables_first(void)
{
	struct table_pages pages = { 0 };
	size_t bytes = 64 * MIB + 28 * KIB;
	long before = page_tables(), made, touched;
	struct table t;

	is_i64(table_map(&t, bytes, PAGES_4K), 0, "mapped");
	table_make_tables(&t, 0, 63 * MIB);
	table_make_tables(&t, 63 * MIB, bytes - 63 * MIB);
	made = page_tables();
	is_i64(table_locate(&t, 0, bytes, &pages), 0, "located");
	is_u64(pages.absent, bytes / 4096, "no page has memory");
	table_touch(&t, 0, bytes);
	touched = page_tables();
	if (before < 0) {
		skip("page tables", "this kernel does not say what they take");
	} else {
		/* The first and the last may serve a neighbour, too. */
		ok(made - before >= 31 * 4, "%ld KiB of 33 tables",
		   made - before);
		ok(touched - made <= 8, "the pages add %ld KiB to them",
		   touched - made);
	}
	table_unmap(&t);
}

int main(void)
{
	mapping();
	page_tables_first();
	populating();
	placing();
	kinds();
	checking();
	inheriting();
	return done_testing();
}
