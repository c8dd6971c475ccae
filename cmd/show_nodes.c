// SPDX-License-Identifier: GPL-2.0-only
/*
 * show_nodes.c - the NUMA nodes, what their memory is, and where the kernel
 * demotes their pages to.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/show.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/cpu.h"
#include "sysfs.h"
#include "tiering/tunables.h"

/* A part of a node that is smaller is what the kernel keeps of a larger one. */
#define PART (64 * MIB)

REPORT_RECORD(node_record, "node", "a NUMA node",
	      "node i:node its number\n"
	      "total_bytes u of memory\n"
	      "free_bytes u free now\n"
	      "available_bytes u free and clean page cache, less watermarks\n"
	      "cpus s its CPUs, as a kernel list\n"
	      "distance s to each node, 10: itself (SLIT)\n"
	      "tier i:tier N of memory_tierN; lower is faster\n"
	      "backing s what its memory is; null: it has none\n");

/* CPUs, distances and memory are at least as wide, the others just so. */
static const struct report_column node_columns[] = {
	{ "node", "node", 4 },
	{ "total_bytes", "size", 8, REPORT_SIZE },
	{ "free_bytes", "free", 8, REPORT_SIZE },
	{ NULL, "CPUs", -8 },
	{ "distance", "distance", -9 },
	{ "tier", "tier", 4 },
	{ NULL, "memory", -24 },
};
enum { CPUS = 3, DISTANCE, TIER, MEMORY, COLUMNS };
/* What 80 columns leave to these three */
#define ROOM 43
#define LONG_CPUS 20

/* ------------------------------------------------------------ the texts */

/* A part of a node's memory; sizes are said where there is more than one. */
static void add_part(struct textbuf *b, uint64_t bytes, bool sized,
		     const struct region *r, const char *plain)
{
	char size[SIZE_TEXT];

	buf_add(b, "%s%s%s", b->len ? " + " : "",
		sized ? format_size(size, bytes) : "", sized ? " " : "");
	if (!r) {
		buf_add(b, "%s", plain);
		return;
	}
	if (r->nr_memdevs)
		buf_add(b, "CXL ");
	show_devices(b, r);
	buf_add(b, "%s (%s)",
		r->is_pmem ? "persistent" :
		r->is_soft ? "soft-reserved" :
			     "",
		r->name);
}

/* Of the node; where that is hidden, all that it can be. */
static uint64_t bytes_in(const struct region *r, const struct node *n)
{
	return r->node != n->id ? 0 : r->start ? r->online : r->size;
}

/*
 * By what there is, not by CPUs: "CXL mem0 (region0)", and in the node of
 * other memory "62 GiB DRAM + 2 GiB CXL mem0 (region0)".
 */
static void add_backing(struct textbuf *b, const struct node *n,
			const struct region *regions, int nr)
{
	uint64_t rest = n->total;
	bool sized;

	for (int i = 0; i < nr; i++) {
		uint64_t part = bytes_in(&regions[i], n);

		rest -= part < rest ? part : rest;
	}
	sized = rest >= PART && rest < n->total;
	if (rest >= PART || rest == n->total)
		add_part(b, rest, sized, NULL, n->has_cpus ? "DRAM" : "memory");
	for (int i = 0; i < nr; i++)
		if (bytes_in(&regions[i], n))
			add_part(b, bytes_in(&regions[i], n), sized,
				 &regions[i], "");
}

/* "0-31", and "0-126:2" of a socket that has every other CPU. */
static void add_cpus(struct textbuf *b, const struct node *n)
{
	int *cpus = xcalloc(CPU_MAX, sizeof(*cpus));
	int nr = parse_list(n->cpus, cpus, CPU_MAX);

	if (nr >= 0)
		buf_add_list(b, cpus, nr);
	else
		buf_add(b, "%s", n->cpus);
	free(cpus);
}

/* "10 to 0, 21 to 1, 14 to 2-3" */
static void add_distances(struct textbuf *b, const struct node *nodes, int n,
			  const struct node *from)
{
	int ids[NODE_MAX], nr;

	for (int d = 0; d < 256; d++) {
		nr = 0;
		for (int i = 0; i < n; i++)
			if (node_distance(from, &nodes[i]) == d)
				ids[nr++] = nodes[i].id;
		if (nr)
			buf_add(b, "%s%d to ", b->len ? ", " : "", d);
		buf_add_list(b, ids, nr);
	}
}

/* ------------------------------------------------------------- the table */

struct node_row {
	const struct node *node;
	struct textbuf cpus, memory;
	bool cpus_below, memory_below;
};

/* At least as wide as it is; returns how wide. */
static size_t widen(struct report_column *c, size_t len)
{
	if (len <= (size_t)-c->width)
		return (size_t)-c->width;
	if (len < ROOM)
		c->width = (signed char)-(int)len;
	return len;
}

/*
 * Which columns there is room for, and how wide they are. What has none is
 * said below the table: distances as a whole, long lists. Returns how many
 * columns there are.
 */
static size_t lay_out(struct report_column *c, struct node_row *rows, int n)
{
	size_t memory = 0, cpus = 0, distance = 0, left;

	for (int i = 0; i < n; i++) {
		size_t len = rows[i].cpus.len;

		rows[i].cpus_below = len > LONG_CPUS;
		if (!rows[i].cpus_below && len > cpus)
			cpus = len;
		len = strlen(rows[i].node->distance);
		distance = len > distance ? len : distance;
		memory = rows[i].memory.len > memory ? rows[i].memory.len :
						       memory;
	}
	memcpy(c, node_columns, sizeof(node_columns));
	if (widen(&c[CPUS], cpus) + widen(&c[DISTANCE], distance) + memory <=
	    ROOM)
		return COLUMNS;
	c[DISTANCE] = c[TIER];
	c[TIER] = c[MEMORY];
	left = ROOM + 2 - (size_t)-c[CPUS].width;
	for (int i = 0; i < n; i++)
		rows[i].memory_below = rows[i].memory.len > left;
	return COLUMNS - 1;
}

static void show_row(const struct report_column *c, size_t n,
		     const struct node_row *row)
{
	const struct node *o = row->node;

	if (o->total || o->has_cpus)
		report_begin_row(&node_record, c, n);
	else
		report_begin(&node_record);
	report_i64("node", o->id);
	report_u64("total_bytes", o->total);
	report_u64("free_bytes", o->free);
	report_u64("available_bytes", o->available);
	report_str("cpus", o->cpus);
	if (row->cpus_below)
		report_cell("CPUs", "(below)");
	else if (row->cpus.len)
		report_cell("CPUs", "%s", row->cpus.text);
	report_str("distance", o->distance);
	if (o->tier < 0)
		report_null("tier");
	else
		report_i64("tier", o->tier);
	report_str("backing", row->memory.text);
	report_cell("memory", "%s",
		    row->memory_below ? "(below)" :
		    row->memory.text  ? row->memory.text :
					"none");
	report_end();
}

static void show_below(const struct node *nodes, int n,
		       const struct node_row *row, bool distances)
{
	struct textbuf text = { 0 };

	if (row->cpus_below)
		report_wrap("         ", "CPUs     of node %d: %s",
			    row->node->id, row->cpus.text);
	if (row->memory_below)
		report_wrap("         ", "memory   of node %d: %s",
			    row->node->id, row->memory.text);
	if (!distances)
		return;
	add_distances(&text, nodes, n, row->node);
	report_wrap("         ", "distance from node %d: %s", row->node->id,
		    text.text ? text.text : "not said");
	buf_free(&text);
}

/* A GPU's or a device's, whose memory is not online; dozens on some machines. */
static void show_empty(const struct node *nodes, int n)
{
	struct textbuf text = { 0 };
	int ids[NODE_MAX], nr = 0;

	for (int i = 0; i < n; i++)
		if (!nodes[i].total && !nodes[i].has_cpus)
			ids[nr++] = nodes[i].id;
	if (!nr)
		return;
	buf_add_list(&text, ids, nr);
	report_wrap("         ", "empty    node%s %s: neither memory nor CPUs",
		    nr > 1 ? "s" : "", text.text);
	buf_free(&text);
}

void show_nodes(const struct node *nodes, int n, const struct region *regions,
		int nr_regions)
{
	struct node_row *rows = xcalloc((size_t)n, sizeof(*rows));
	struct report_column columns[COLUMNS];
	size_t nr;

	for (int i = 0; i < n; i++) {
		rows[i].node = &nodes[i];
		add_cpus(&rows[i].cpus, &nodes[i]);
		if (nodes[i].total)
			add_backing(&rows[i].memory, &nodes[i], regions,
				    nr_regions);
	}
	nr = lay_out(columns, rows, n);
	report_head(columns, nr);
	for (int i = 0; i < n; i++)
		show_row(columns, nr, &rows[i]);
	show_empty(nodes, n);
	for (int i = 0; i < n; i++) {
		if (nodes[i].total || nodes[i].has_cpus)
			show_below(nodes, n, &rows[i], nr < COLUMNS);
		buf_free(&rows[i].cpus);
		buf_free(&rows[i].memory);
	}
	free(rows);
}

/* ------------------------------------------------------------- the tiers */

REPORT_RECORD(demotion_target, "demotion_target",
	      "where the kernel demotes a node's pages to",
	      "node i:node the node\n"
	      "targets[] i:node it picks among these, which are equally near\n"
	      "then[] i:node for when those are full: all of lower tiers\n");

/* Those of nodes that are chosen, by their numbers. Returns how many. */
static int member_nodes(const char *key, const struct node *nodes, int n,
			const bool *chosen, int *ids)
{
	int nr = 0;

	report_open(key, '[');
	for (int i = 0; i < n; i++)
		if (chosen[i]) {
			report_i64(NULL, nodes[i].id);
			ids[nr++] = nodes[i].id;
		}
	report_close(']');
	return nr;
}

/* " to node 1", " to one of nodes 1-2" */
static void add_nodes(struct textbuf *b, const char *before, const int *ids,
		      int nr)
{
	buf_add(b, nr > 1 ? "%sone of nodes " : "%snode ", before);
	buf_add_list(b, ids, nr);
}

static bool show_tier(const struct node *nodes, int n, const struct node *from)
{
	int first[NODE_MAX], then[NODE_MAX], nr, more;
	bool is_first[NODE_MAX], is_then[NODE_MAX];
	struct textbuf text = { 0 };

	node_demotion(nodes, n, from, is_first, is_then);
	report_begin(&demotion_target);
	report_i64("node", from->id);
	nr = member_nodes("targets", nodes, n, is_first, first);
	more = member_nodes("then", nodes, n, is_then, then);
	report_end();
	if (!nr)
		return false;
	buf_add(&text, "demotion node %d", from->id);
	if (from->tier >= 0)
		buf_add(&text, " (tier %d)", from->tier);
	add_nodes(&text, " to ", first, nr);
	if (from->tier >= 0)
		buf_add(&text, " (tier %d)",
			node_find(nodes, n, first[0])->tier);
	if (more)
		add_nodes(&text, ", or else ", then, more);
	report_wrap("         ", "%s", text.text);
	buf_free(&text);
	return true;
}

void show_tiers(const struct node *nodes, int n)
{
	bool any = false, shown = false;

	for (int i = 0; i < n; i++) {
		if (nodes[i].total)
			any |= show_tier(nodes, n, &nodes[i]);
		shown |= nodes[i].tier >= 0;
	}
	if (!any)
		report_say("demotion none: there is no lower tier\n");
	else if (!shown)
		report_say("         by their CPUs: the kernel shows no memory "
			   "tiers (Linux 6.1 does)\n");
	if (any && sysfs_exists("/sys/kernel/mm") &&
	    !sysfs_exists(TUNABLES_DEMOTION))
		report_say(
			"         if it did: this kernel demotes nothing (no "
			"demotion_enabled)\n");
}
