// SPDX-License-Identifier: GPL-2.0-only
/*
 * heatmap.c - what DAMON sees, for people: regions with their access rates, and
 * a map of the nodes' memory.
 *
 * As in damo's heat maps a digit is how often memory was accessed, 0 to 9;
 * here 9 is every sample, so that two maps can be compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/heatmap.h"
#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/iomem.h"
#include "mm/node.h"

#define TEXT_REGIONS 16
#define COLUMNS 64 /* "node 12  " and these are below 80 */

static double rate(const struct heatmap_region *r)
{
	if (!r->accesses_max || r->accesses >= r->accesses_max)
		return r->accesses ? 1 : 0;
	return (double)r->accesses / (double)r->accesses_max;
}

/* The hottest first, then the largest. */
static int by_rate(const void *a, const void *b)
{
	const struct heatmap_region *x = a, *y = b;
	uint64_t m = x->end - x->start, n = y->end - y->start;

	if (rate(x) != rate(y))
		return rate(x) < rate(y) ? 1 : -1;
	return (m < n) - (m > n);
}

REPORT_RECORD(damon_region, "damon_region", "a region as DAMON saw it",
	      "kdamond u:number that monitors it\n"
	      "scheme u:number that tried it; null: of no scheme\n"
	      "start u:address physical address\n"
	      "size_bytes u of it\n"
	      "access_rate r:part_of_1 of the samples that saw an access\n"
	      "age_s r since when it has been so\n");

static const struct report_column columns[] = {
	{ NULL, "region at", 14 },   { "size_bytes", "size", 9, REPORT_SIZE },
	{ NULL, "accessed", 9 },     { "age_s", "since", 8, REPORT_TIME },
	{ "kdamond", "kdamond", 7 }, { "scheme", "scheme", 6 },
};

static void show_row(const struct heatmap_region *r, bool text)
{
	report_begin_row(&damon_region, columns,
			 text ? ARRAY_SIZE(columns) : 0);
	report_u64("kdamond", r->kdamond);
	if (r->scheme == HEATMAP_NO_SCHEME)
		report_null("scheme");
	else
		report_u64("scheme", r->scheme);
	report_u64("start", r->start);
	report_u64("size_bytes", r->end - r->start);
	report_real("access_rate", rate(r));
	report_real("age_s", r->age_s);
	report_cell("region at", "0x%" PRIx64, r->start);
	report_cell("accessed", "%.0f %%", 100 * rate(r));
	report_end();
}

void heatmap_records(const struct heatmap_region *regions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		show_row(&regions[i], false);
}

REPORT_RECORD(
	damon_view, "damon_view",
	"what DAMON saw in its last round before a row, in a run with --heat",
	"t_s r as of the row\n"
	"start[] u:address physical, of each region\n"
	"size_bytes[] u of each\n"
	"access_rate[] r:part_of_1 of the samples that saw an access\n");

void heatmap_view(double t_s, const struct heatmap_region *regions, size_t n)
{
	report_begin(&damon_view);
	report_real("t_s", t_s);
	report_open("start", '[');
	for (size_t i = 0; i < n; i++)
		report_u64(NULL, regions[i].start);
	report_close(']');
	report_open("size_bytes", '[');
	for (size_t i = 0; i < n; i++)
		report_u64(NULL, regions[i].end - regions[i].start);
	report_close(']');
	report_open("access_rate", '[');
	for (size_t i = 0; i < n; i++)
		report_real(NULL, rate(&regions[i]));
	report_close(']');
	report_end();
}

void heatmap_regions(struct heatmap_region *regions, size_t n)
{
	qsort(regions, n, sizeof(*regions), by_rate);
	report_say("\n");
	report_head(columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < n; i++)
		show_row(&regions[i], i < TEXT_REGIONS);
	if (n > TEXT_REGIONS)
		report_say("%zu more, colder or smaller: --json lists them\n",
			   n - TEXT_REGIONS);
}

static char digit(const struct heatmap_region *r)
{
	return r->accesses ? (char)('1' + (int)(8 * rate(r))) : '0';
}

/*
 * One region into a row: the node's ranges are side by side in it, the
 * columns are equal parts, and each shows the hottest of what it holds.
 */
static void draw(char *row, uint64_t column, const struct iomem_range *ranges,
		 int n, const struct heatmap_region *r)
{
	uint64_t before = 0;

	for (int i = 0; i < n; i++) {
		uint64_t from = r->start, to = r->end;

		if (from < ranges[i].start)
			from = ranges[i].start;
		if (to > ranges[i].end)
			to = ranges[i].end;
		for (uint64_t c = from < to ?
					  (before + from - ranges[i].start) /
						  column :
					  COLUMNS;
		     c < COLUMNS &&
		     c <= (before + to - 1 - ranges[i].start) / column;
		     c++)
			if (row[c] < digit(r))
				row[c] = digit(r);
		before += ranges[i].end - ranges[i].start;
	}
}

static void map_node(int node, const struct heatmap_region *regions, size_t n)
{
	char row[COLUMNS + 1], size[SIZE_TEXT];
	struct iomem_range *ranges;
	int nr = iomem_of_node(&ranges, node);
	uint64_t total = 0, column;

	for (int i = 0; i < nr; i++)
		total += ranges[i].end - ranges[i].start;
	if (total) {
		column = (total + COLUMNS - 1) / COLUMNS;
		memset(row, '.', COLUMNS);
		row[(total + column - 1) / column] = '\0';
		for (size_t i = 0; i < n; i++)
			draw(row, column, ranges, nr, &regions[i]);
		report_say("node %-2d  %s\n", node, row);
		report_say("         0x%" PRIx64 " to 0x%" PRIx64
			   ", a column is %s\n",
			   ranges[0].start, ranges[nr - 1].end,
			   format_size(size, column));
	}
	free(ranges);
}

void heatmap_map(const struct heatmap_region *regions, size_t n)
{
	struct node *nodes;
	int nr = node_list(&nodes);

	report_say("\n");
	for (int i = 0; i < nr; i++)
		map_node(nodes[i].id, regions, n);
	report_say("         9 accessed in every sample .. 1 in few, 0 in "
		   "none; . not listed\n");
	free(nodes);
}
