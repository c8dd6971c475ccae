// SPDX-License-Identifier: GPL-2.0-only
/*
 * counters.c - what the kernel's counters did: the record and the table.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base.h"
#include "lib/report.h"
#include "mm/node.h"
#include "tiering/counters.h"
#include "vmstat.h"

static void member(const struct vmstat *a, const struct vmstat *b, int node,
		   const char *name)
{
	int64_t delta;

	if (vmstat_delta(a, b, node, name, &delta))
		report_i64(name, delta);
	else
		report_null(name);
}

void counters_record_span(const char *span, const struct vmstat *a,
			  const struct vmstat *b)
{
	report_open(span, '{');
	for (size_t f = 0; f < b->nr_files; f++) {
		int node = b->files[f].node;

		report_open(node == VMSTAT_TOTAL ? "total" : report_node(node),
			    '{');
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

/* What 80 columns hold beside the names: the totals, and nodes. */
#define FIGURES 4

/* The columns of one block of the table: both totals, and n nodes. */
static void text_row(const struct report_column *columns, bool totals,
		     const int *nodes, int n, const struct vmstat *const s[4],
		     const struct vmstat_row *r)
{
	char text[FIGURES][24];
	const char *cells[1 + FIGURES] = { r->name };
	size_t at = 1;

	if (totals) {
		cells[1] = cell(text[0], s[1], s[2], VMSTAT_TOTAL, r->name);
		cells[2] = cell(text[1], s[0], s[3], VMSTAT_TOTAL, r->name);
		at = 3;
	}
	for (int i = 0; i < n; i++, at++)
		cells[at] = !r->per_node ? "" :
					   cell(text[at - 1], s[0], s[3],
						nodes[i], r->name);
	report_row(columns, at, cells);
}

static void text_block(bool totals, const int *nodes, int n,
		       const struct vmstat *const s[4])
{
	struct report_column columns[1 + FIGURES] = { { NULL, "counter", -29 },
						      { NULL, "timed", 10 },
						      { NULL, "whole run",
							10 } };
	char head[FIGURES][16];
	size_t at = totals ? 3 : 1;

	for (int i = 0; i < n; i++, at++) {
		snprintf(head[i], sizeof(head[i]), "node%d", nodes[i]);
		columns[at] = (struct report_column){ NULL, head[i], 10 };
	}
	report_say("\n");
	report_head(columns, at);
	for (const struct vmstat_row *r = vmstat_rows; r->name; r++)
		if (totals || r->per_node)
			text_row(columns, totals, nodes, n, s, r);
	if (totals)
		text_row(columns, totals, nodes, 0, s,
			 &(struct vmstat_row){ "pgalloc_movable", false });
}

/* Of all nodes with memory, folded to as many as there is room for. */
static void text_counters(const struct vmstat *const s[4])
{
	int nodes[NODE_MAX] = { 0 }, n = 0, at = FIGURES - 2;

	for (size_t f = 1; f < s[3]->nr_files; f++)
		if (node_has_memory(s[3]->files[f].node))
			nodes[n++] = s[3]->files[f].node;
	text_block(true, nodes, n < at ? n : at, s);
	for (; at < n; at += FIGURES)
		text_block(false, nodes + at,
			   n - at < FIGURES ? n - at : FIGURES, s);
	report_wrap("  ",
		    "pgalloc_movable: memory that was made online movable "
		    "(as CXL memory is here) counts in it, and in none "
		    "of the pgalloc rows above; with ordinary memory "
		    "alone the rows above hold every page.");
	report_wrap("  ",
		    "Columns: timed is while the updates, or the program, "
		    "ran; whole run is from before the table was mapped, or "
		    "DAMON started; the nodes' columns are of the whole run, "
		    "read a moment later. numa_* rows count allocations, of "
		    "which a huge page is one, and no accesses.");
	if (!s[0]->folded)
		report_wrap("  ",
			    "The counters could not be folded (not root, "
			    "or vm.stat_refresh is absent): they may be a "
			    "second behind.");
}

REPORT_RECORD(
	counters_record, "counters",
	"the kernel's counters over the run, numa_* in allocations",
	"folded b the CPUs' own counts were folded in before\n"
	"timed.total.* i:count of /proc/vmstat, in the timed part\n"
	"timed.node*.* i:count of a node's vmstat\n"
	"whole.total.* i:count from before the table was mapped to the end\n"
	"whole.node*.* i:count of a node's vmstat\n");

void counters_show(const struct vmstat *begin, const struct vmstat *timed,
		   const struct vmstat *timed_end, const struct vmstat *end)
{
	const struct vmstat *const s[4] = { begin, timed, timed_end, end };

	report_begin(&counters_record);
	report_bool("folded", begin->folded && end->folded);
	counters_record_span("timed", timed, timed_end);
	counters_record_span("whole", begin, end);
	report_end();
	text_counters(s);
}
