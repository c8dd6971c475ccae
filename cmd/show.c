// SPDX-License-Identifier: GPL-2.0-only
/*
 * show.c - what the machine is and what its counters did.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "show.h"
#include "util.h"

void show_header(int argc, char **argv, const struct node_machine *m)
{
	struct textbuf command = { 0 };

	buf_addn(&command, "", 0);
	for (int i = 1; i < argc; i++)
		buf_add(&command, " %s", argv[i]);
	report_wrap("  ", "tier " TIER_VERSION ":%s", command.text);
	if (m->firmware[0] || m->cpu[0])
		report_say("machine  %s%s%s\n", m->firmware,
			   m->firmware[0] && m->cpu[0] ? ", " : "", m->cpu);
	report_say("kernel   %s, up %.1f s\n", m->kernel, uptime_s());
	if (m->emulated)
		report_say("time     emulated: seconds and rates are the "
			   "emulator's, not hardware's\n");
	buf_free(&command);
}

void show_environment(int argc, char **argv, const struct node_machine *m)
{
	report_begin("environment");
	report_str("tier", TIER_VERSION);
	report_open("argv", '[');
	for (int i = 1; i < argc; i++)
		report_str(NULL, argv[i]);
	report_close(']');
	report_str("kernel", m->kernel);
	report_str("machine", m->firmware[0] ? m->firmware : NULL);
	report_str("cpu", m->cpu[0] ? m->cpu : NULL);
	report_i64("cpus", sysconf(_SC_NPROCESSORS_ONLN));
	report_bool("emulated", m->emulated);
	report_real("uptime_s", uptime_s());
	report_end();
}

/* What the memory of a node is: "CXL mem0 (region0)", or "DRAM". */
static void backing(char *text, size_t size, const struct node *n,
		    const struct region *regions, int nr_regions)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < nr_regions; i++) {
		if (regions[i].node != n->id)
			continue;
		for (int j = 0; j < regions[i].nr_memdevs && len < size; j++)
			len += (size_t)snprintf(text + len, size - len, "%s%s",
						len ? "+" : "CXL ",
						regions[i].memdevs[j]);
		if (len < size)
			len += (size_t)snprintf(text + len, size - len, " (%s)",
						regions[i].name);
	}
	if (!len)
		snprintf(text, size, "%s", n->has_cpus ? "DRAM" : "memory");
}

static void record_node(const struct node *n, const char *memory)
{
	report_begin("node");
	report_i64("node", n->id);
	report_u64("total_bytes", n->total);
	report_u64("free_bytes", n->free);
	report_u64("available_bytes", n->available);
	report_str("cpus", n->cpus);
	report_str("distance", n->distance);
	if (n->tier < 0)
		report_null("tier");
	else
		report_i64("tier", n->tier);
	report_str("backing", memory);
	report_end();
}

void show_nodes(const struct node *nodes, int n, const struct region *regions,
		int nr_regions)
{
	static const struct report_column columns[] = {
		{ "node", 4 },	   { "size", 8 },      { "free", 8 },
		{ "CPUs", -8 },	   { "distance", -9 }, { "tier", 4 },
		{ "memory", -24 },
	};
	char id[16], total[SIZE_TEXT], free[SIZE_TEXT], tier[16], memory[128];

	report_head(columns, ARRAY_SIZE(columns));
	for (int i = 0; i < n; i++) {
		const struct node *o = &nodes[i];
		const char *cells[] = {
			id,	     total, free,  o->has_cpus ? o->cpus : "-",
			o->distance, tier,  memory
		};

		backing(memory, sizeof(memory), o, regions, nr_regions);
		snprintf(id, sizeof(id), "%d", o->id);
		snprintf(tier, sizeof(tier), o->tier < 0 ? "-" : "%d", o->tier);
		format_size(total, o->total);
		format_size(free, o->free);
		report_row(columns, ARRAY_SIZE(columns), cells);
		record_node(o, memory);
	}
}

void show_tiers(const struct node *nodes, int n)
{
	const struct node *below;

	for (int i = 0; i < n; i++) {
		below = node_below(nodes, n, &nodes[i]);
		report_begin("demotion_target");
		report_i64("node", nodes[i].id);
		if (below)
			report_i64("target", below->id);
		else
			report_null("target");
		report_end();
		if (below)
			report_say(
				"demotion node %d (tier %d) to node %d (tier %d)\n",
				nodes[i].id, nodes[i].tier, below->id,
				below->tier);
	}
	if (n && !node_below(nodes, n, node_near(nodes, n)))
		report_say("demotion none: there is no lower tier\n");
}

void show_region(const struct region *r, double seconds)
{
	char size[SIZE_TEXT], node[32] = "no node", took[48] = "";

	report_begin("region");
	report_str("region", r->name);
	report_str("decoder", r->decoder);
	report_open("memdevs", '[');
	for (int i = 0; i < r->nr_memdevs; i++)
		report_str(NULL, r->memdevs[i]);
	report_close(']');
	report_open("serials", '[');
	for (int i = 0; i < r->nr_memdevs; i++)
		report_u64(NULL, r->serials[i]);
	report_close(']');
	report_u64("start", r->start);
	report_u64("size_bytes", r->size);
	report_u64("granularity_bytes", r->granularity);
	report_u64("online_bytes", r->online);
	report_u64("movable_bytes", r->movable);
	if (r->node < 0)
		report_null("node");
	else
		report_i64("node", r->node);
	report_bool("committed", r->committed);
	report_str("dax", r->dax[0] ? r->dax : NULL);
	report_str("driver", r->driver[0] ? r->driver : NULL);
	if (seconds < 0)
		report_null("created_in_s");
	else
		report_real("created_in_s", seconds);
	report_end();

	if (r->node >= 0)
		snprintf(node, sizeof(node), "node %d", r->node);
	if (seconds >= 0)
		snprintf(took, sizeof(took), ", created in %.2f s", seconds);
	report_say("region   %s: %s%s, %s, %s, %s%s\n", r->name,
		   r->nr_memdevs ? r->memdevs[0] : "?",
		   r->nr_memdevs > 1 ? " and others" : "",
		   format_size(size, r->size), node,
		   r->online == 0	   ? "offline" :
		   r->movable == r->online ? "online, movable" :
					     "online",
		   took);
}

/* -------------------------------------------------------------- counters */

static void member(const struct vmstat *a, const struct vmstat *b, int node,
		   const char *name)
{
	int64_t delta;

	if (vmstat_delta(a, b, node, name, &delta))
		report_i64(name, delta);
	else
		report_null(name);
}

void show_span(const char *span, const struct vmstat *a, const struct vmstat *b)
{
	char key[16];

	report_open(span, '{');
	for (size_t f = 0; f < b->nr_files; f++) {
		int node = b->files[f].node;

		snprintf(key, sizeof(key),
			 node == VMSTAT_TOTAL ? "total" : "node%d", node);
		report_open(key, '{');
		for (const struct vmstat_row *r = vmstat_rows; r->name; r++)
			if (node == VMSTAT_TOTAL || r->per_node)
				member(a, b, node, r->name);
		if (node == VMSTAT_TOTAL)
			member(a, b, node, "pgalloc_movable");
		report_close('}');
	}
	report_close('}');
}

static const char *cell(char buf[static 24], const struct vmstat *a,
			const struct vmstat *b, int node, const char *name)
{
	int64_t delta;

	if (vmstat_delta(a, b, node, name, &delta))
		snprintf(buf, 24, "%" PRId64, delta);
	else
		snprintf(buf, 24, "absent");
	return buf;
}

/* As many nodes as 80 columns hold; the records have them all. */
#define TEXT_NODES 2

static void text_row(const struct report_column *columns, int n,
		     const struct vmstat *const s[4],
		     const struct vmstat_row *r)
{
	char text[2 + TEXT_NODES][24];
	const char *cells[3 + TEXT_NODES] = { r->name };

	cells[1] = cell(text[0], s[1], s[2], VMSTAT_TOTAL, r->name);
	cells[2] = cell(text[1], s[0], s[3], VMSTAT_TOTAL, r->name);
	for (int i = 0; i < n; i++)
		cells[3 + i] = !r->per_node ?
				       "" :
				       cell(text[2 + i], s[0], s[3],
					    s[3]->files[1 + i].node, r->name);
	report_row(columns, 3 + (size_t)n, cells);
}

static void text_counters(const struct vmstat *const s[4])
{
	char head[TEXT_NODES][16];
	struct report_column columns[3 + TEXT_NODES] = { { "counter", -29 },
							 { "timed", 10 },
							 { "whole run", 10 } };
	int n = (int)s[3]->nr_files - 1;

	if (n > TEXT_NODES)
		n = TEXT_NODES;
	for (int i = 0; i < n; i++) {
		snprintf(head[i], sizeof(head[i]), "node%d",
			 s[3]->files[1 + i].node);
		columns[3 + i] = (struct report_column){ head[i], 10 };
	}
	report_say("\n");
	report_head(columns, 3 + (size_t)n);
	for (const struct vmstat_row *r = vmstat_rows; r->name; r++)
		text_row(columns, n, s, r);
	text_row(columns, 0, s,
		 &(struct vmstat_row){ "pgalloc_movable", false });
	report_wrap("  ",
		    "pgalloc_movable: memory that was made online movable "
		    "(as CXL memory is here) counts in it, and in none "
		    "of the pgalloc rows above; with ordinary memory "
		    "alone the rows above hold every page.");
	report_wrap("  ",
		    "Columns: timed is the update loop; whole run is from "
		    "before the table was mapped; the nodes' columns are "
		    "of the whole run. numa_* rows count pages allocated, "
		    "not accesses.");
	if (!s[0]->folded)
		report_wrap("  ",
			    "The counters could not be folded (not root, "
			    "or vm.stat_refresh is absent): they may be a "
			    "second behind.");
}

void show_counters(const struct vmstat *begin, const struct vmstat *timed,
		   const struct vmstat *timed_end, const struct vmstat *end)
{
	const struct vmstat *const s[4] = { begin, timed, timed_end, end };

	report_begin("counters");
	report_bool("folded", begin->folded && end->folded);
	show_span("timed", timed, timed_end);
	show_span("whole", begin, end);
	report_end();
	text_counters(s);
}
