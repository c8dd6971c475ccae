// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmstat_rows.c - the rows of tier vmstat: its columns as one table.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/vmstat_rows.h"
#include "lib/base.h"
#include "lib/text.h"
#include "mm/page.h"
#include "vmstat.h"

/* As many nodes as one line of 80 columns holds. */
#define LINE_NODES 2

/*
 * Counted in total alone; also of each node; and of which one line shows the
 * nodes instead of the total, if it holds them.
 */
enum scope { TOTAL, EACH, SPREAD };

static const struct column {
	const char *group; /* above this and the next ones without a group */
	const char *head;
	int width;
	enum scope scope;
	const char *names[2]; /* added up; none: free memory */
} columns[] = {
	{ "free MiB on", "MiB", 5, SPREAD, { NULL } },
	{ "promoted", "done", 4, EACH, { "pgpromote_success" } },
	{ NULL, "cand", 4, EACH, { "pgpromote_candidate", VMSTAT_ROWS_NRL } },
	{ "demoted by", "kswd", 4, EACH, { "pgdemote_kswapd" } },
	{ NULL, "dirc", 4, EACH, { "pgdemote_direct" } },
	{ NULL,
	  "rest",
	  4,
	  EACH,
	  { "pgdemote_khugepaged", VMSTAT_ROWS_PROACTIVE } },
	{ "NUMA", "hint", 4, TOTAL, { "numa_hint_faults" } },
	{ NULL, "ptes", 4, TOTAL, { "numa_pte_updates" } },
	{ "allocated on", "all", 4, SPREAD, { "numa_hit", "numa_miss" } },
	{ NULL, "miss", 4, EACH, { "numa_miss" } },
	{ "migrated", "ok", 4, TOTAL, { "pgmigrate_success" } },
	{ NULL, "fail", 4, TOTAL, { "pgmigrate_fail" } },
};

/* ------------------------------------------------------------------ text */

const char *vmstat_rows_count(char buf[static VMSTAT_ROWS_TEXT], int64_t n,
			      int width)
{
	static const char units[] = "kMGTPE";
	const char *sign = n < 0 ? "-" : "", *unit = units;
	uint64_t v = n < 0 ? -(uint64_t)n : (uint64_t)n;

	if (snprintf(buf, VMSTAT_ROWS_TEXT, "%s%" PRIu64, sign, v) <= width)
		return buf;
	for (; v >= 1000000; v /= 1000)
		unit++;
	if (v < 10000 && unit > units)
		snprintf(buf, VMSTAT_ROWS_TEXT, "%s%" PRIu64 ".%" PRIu64 "%c",
			 sign, v / 1000, v / 100 % 10, *unit);
	else
		snprintf(buf, VMSTAT_ROWS_TEXT, "%s%" PRIu64 "%c", sign,
			 v / 1000, *unit);
	return buf;
}

static const char *cell(char buf[static VMSTAT_ROWS_TEXT],
			const struct column *c, const struct vmstat *before,
			const struct vmstat *now, int node)
{
	int64_t sum = 0, delta;
	bool any = false;
	uint64_t pages;

	if (!c->names[0]) {
		any = vmstat_get(now, node, "nr_free_pages", &pages);
		sum = any ? (int64_t)(pages / (MIB / page_size())) : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(c->names) && c->names[i]; i++) {
		if (!vmstat_delta(before, now, node, c->names[i], &delta))
			continue;
		any = true;
		sum += delta;
	}
	return any ? vmstat_rows_count(buf, sum, c->width) : "-";
}

/* How many columns it is; nodes are behind the total in a reading's files. */
static size_t nr_columns(const struct column *c, const struct vmstat *s)
{
	return c->scope == SPREAD && s->nr_files - 1 == LINE_NODES ?
		       LINE_NODES :
		       1;
}

bool vmstat_rows_are_tall(const struct vmstat *s)
{
	return s->nr_files - 1 > LINE_NODES;
}

void vmstat_rows_head(struct textbuf *t, const struct vmstat *s)
{
	const struct column *end = columns + ARRAY_SIZE(columns), *c, *d;
	char node[16];

	buf_add(t, "%5s%s", "time", vmstat_rows_are_tall(s) ? " node" : "");
	for (c = columns; c < end; c = d) {
		int width = -1;

		for (d = c; d < end && (d == c || !d->group); d++)
			width += (int)nr_columns(d, s) * (d->width + 1);
		buf_add(t, " %-*.*s", width, width, c->group);
	}
	while (t->text[t->len - 1] == ' ')
		t->len--;
	buf_add(t, "\n%5s%s", "s", vmstat_rows_are_tall(s) ? "     " : "");
	for (c = columns; c < end; c++) {
		if (nr_columns(c, s) == 1) {
			buf_add(t, " %*s", c->width, c->head);
			continue;
		}
		for (size_t i = 1; i < s->nr_files; i++) {
			snprintf(node, sizeof(node), "%d", s->files[i].node);
			buf_add(t, " %*s", c->width, node);
		}
	}
	buf_addn(t, "\n", 1);
}

static void add_cells(struct textbuf *t, const struct vmstat *before,
		      const struct vmstat *now, int node)
{
	const struct column *end = columns + ARRAY_SIZE(columns);
	char text[VMSTAT_ROWS_TEXT];

	for (const struct column *c = columns; c < end; c++) {
		size_t n = nr_columns(c, now);

		for (size_t i = 1; i <= n; i++) {
			int of = n > 1 ? now->files[i].node : node;

			buf_add(t, " %*s", c->width,
				of == VMSTAT_TOTAL || c->scope != TOTAL ?
					cell(text, c, before, now, of) :
					"");
		}
	}
	while (t->text[t->len - 1] == ' ')
		t->len--;
	buf_addn(t, "\n", 1);
}

void vmstat_rows_add(struct textbuf *t, const struct vmstat *before,
		     const struct vmstat *now, double seconds)
{
	char time[16] = "boot";

	if (before)
		snprintf(time, sizeof(time), "%.*f", seconds < 999.9, seconds);
	buf_add(t, "%5s%s", time, vmstat_rows_are_tall(now) ? "  all" : "");
	add_cells(t, before, now, VMSTAT_TOTAL);
	for (size_t i = 1; vmstat_rows_are_tall(now) && i < now->nr_files;
	     i++) {
		buf_add(t, "%5s %4d", "", now->files[i].node);
		add_cells(t, before, now, now->files[i].node);
	}
}
