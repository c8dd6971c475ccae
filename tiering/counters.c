// SPDX-License-Identifier: GPL-2.0-only
/*
 * counters.c - what the kernel's counters did: the record and the table.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base.h"
#include "lib/report.h"
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
	struct report_column columns[3 + TEXT_NODES] = {
		{ NULL, "counter", -29 },
		{ NULL, "timed", 10 },
		{ NULL, "whole run", 10 }
	};
	int n = (int)s[3]->nr_files - 1;

	if (n > TEXT_NODES)
		n = TEXT_NODES;
	for (int i = 0; i < n; i++) {
		snprintf(head[i], sizeof(head[i]), "node%d",
			 s[3]->files[1 + i].node);
		columns[3 + i] = (struct report_column){ NULL, head[i], 10 };
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
