// SPDX-License-Identifier: GPL-2.0-only
/*
 * How full a node is by the rules of NUMA balancing and of reclaim, from
 * zoneinfo as kernels print it, odd, split or long.
 */
#include "lib/base.h"
#include "lib/text.h"
#include "mm/zone.h"
#include "tap.h"
#include "tree.h"

#define PAGES_GIB 262144

/* One zone as the kernel prints it, lists of the CPUs and all. */
static void zone(struct textbuf *b, int node, const char *name, int free,
		 int promo, int present, int keep, int unreclaimable)
{
	buf_add(b,
		"Node %d, zone %8s\n"
		"  per-node stats\n"
		"      nr_free_pages 77\n"
		"  pages free     %d\n"
		"        boost    0\n"
		"        min      %d\n"
		"        low      %d\n"
		"        high     %d\n",
		node, name, free, promo - 3, promo - 2, promo - 1);
	buf_add(b,
		"        promo    %d\n"
		"        spanned  99999999\n"
		"        present  %d\n"
		"        managed  1\n"
		"        cma      0\n"
		"        protection: (0, 5, %d, %d)\n"
		"  pagesets\n"
		"    cpu: 0\n"
		"              count:    5\n"
		"              high:     9\n"
		"              high_min: 9\n"
		"  node_unreclaimable:  %d\n",
		promo, present, keep / 2, keep, unreclaimable);
}

static void write_tree(struct textbuf *b)
{
	tree_file("/proc/zoneinfo", b->text);
	buf_free(b);
}

static void several(void)
{
	struct textbuf b = { 0 };
	struct zones z;
	const struct zone_node *n;

	zone(&b, 0, "DMA", 100, 10, 4000, 7, 0);
	zone(&b, 0, "Normal", 400, 50, 6000, 0, 0);
	zone(&b, 0, "Movable", 0, 32, 0, 0, 0);
	zone(&b, 12, "Movable", 20, 50, 1000, 0, 1);
	zone(&b, 12, "Device", 5, 50, 1000, 0, 0);
	write_tree(&b);
	is_i64(zone_take(&z), 0, "a look");
	is_i64(z.nr_nodes, 2, "two nodes");
	n = zone_of(&z, 0);
	is_i64(n->node, 0, "node 0");
	is_u64(n->free, UINT64_C(500) * 4096, "free in all zones");
	is_u64(n->present, UINT64_C(10000) * 4096, "present in all zones");
	is_i64(n->above, 350 * 4096,
	       "above: of the zone that has most, no list of a CPU");
	is_u64(n->spare, (UINT64_C(100) - 9 - 7 + 400 - 49) * 4096,
	       "spare: above high and what is kept, in all zones");
	is_u64(n->enough, GIB, "a small node: 1 GiB is enough");
	ok(!n->unreclaimable, "it can be reclaimed");
	ok(!zone_is_roomy(n), "no room");
	n = zone_of(&z, 12);
	is_i64(n->above, -30 * 4096, "below the watermark");
	is_u64(n->spare, 0, "nothing to spare");
	ok(n->unreclaimable, "unreclaimable, though one of its zones says not");
	ok(!zone_is_roomy(n), "no room, below");
	ok(!zone_of(&z, 1), "no node 1");
}

/* The kernel's rule, at its edges. */
static void rule(void)
{
	static const struct {
		int free, keep, present;
		bool roomy;
		const char *name;
	} rows[] = {
		{ PAGES_GIB + 100, 0, PAGES_GIB * 2, false, "exactly 1 GiB" },
		{ PAGES_GIB + 101, 0, PAGES_GIB * 2, true, "a page more" },
		{ PAGES_GIB + 101, 1, PAGES_GIB * 2, false,
		  "of which a page is kept" },
		{ PAGES_GIB + 101, 0, PAGES_GIB * 32, false,
		  "1 GiB of 32 GiB" },
		{ PAGES_GIB * 2 + 101, 0, PAGES_GIB * 32, true,
		  "2 GiB of 32 GiB" },
	};
	struct zones z;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct textbuf b = { 0 };

		zone(&b, 0, "Normal", rows[i].free, 100, rows[i].present,
		     rows[i].keep, 0);
		write_tree(&b);
		zone_take(&z);
		ok(z.nr_nodes && zone_is_roomy(&z.nodes[0]) == rows[i].roomy,
		   "%s: %s", rows[i].name, rows[i].roomy ? "room" : "no room");
	}
}

/* Two zones of 0.7 GiB each: in none of them is 1 GiB free. */
static void split(void)
{
	struct textbuf b = { 0 };
	struct zones z;

	zone(&b, 0, "DMA32", PAGES_GIB * 7 / 10, 10, PAGES_GIB, 0, 0);
	zone(&b, 0, "Normal", PAGES_GIB * 7 / 10, 10, PAGES_GIB, 0, 0);
	write_tree(&b);
	zone_take(&z);
	ok(!zone_is_roomy(&z.nodes[0]), "the rule is a zone's, not a node's");
	ok(z.nodes[0].free > GIB, "though the node has more");
}

static void odd(void)
{
	struct zones z;

	tree_file("/proc/zoneinfo", "Node 3, zone Normal\n"
				    "  pages free 1000\n"
				    "        min 10\n"
				    "        low 20\n"
				    "        high 30\n"
				    "        present 2000\n"
				    "        protection: (4)\n");
	is_i64(zone_take(&z), 0, "a kernel that does not print promo");
	is_i64(z.nodes[0].above, (1000 - 40 - 4) * 4096,
	       "high + (low - min) is it");
	tree_file("/proc/zoneinfo", "");
	is_i64(zone_take(&z), 0, "an empty file");
	is_i64(z.nr_nodes, 0, "no nodes");
	tree_remove("/proc/zoneinfo");
	z.nr_nodes = 5;
	is_i64(zone_take(&z), -ENOENT, "none");
	is_i64(z.nr_nodes, 0, "no nodes left from before");
}

static void many(void)
{
	struct textbuf b = { 0 };
	struct zones z;

	for (int i = 0; i < NODE_MAX + 6; i++)
		zone(&b, i, "Normal", 10, 5, 100, 0, 0);
	write_tree(&b);
	zone_take(&z);
	is_i64(z.nr_nodes, NODE_MAX, "more nodes than there is room for");
	ok(zone_of(&z, NODE_MAX - 1) && !zone_of(&z, NODE_MAX),
	   "the first ones");
}

int main(void)
{
	tree_begin();
	several();
	rule();
	split();
	odd();
	many();
	return done_testing();
}
