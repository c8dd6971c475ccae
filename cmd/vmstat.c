// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - the kernel's tiering counters, a row an interval.
 *
 * It runs beside a benchmark, so it must not disturb one: unlike a report it
 * does not fold the per-CPU counters. A write to /proc/sys/vm/stat_refresh
 * (mm/vmstat.c, vmstat_refresh()) runs work on every CPU, idle and isolated
 * ones too, waits for those that a real-time task holds, and ages the per-CPU
 * lists of other nodes' pages: it changes what is watched. The kernel folds
 * by itself, every second (vm.stat_interval). Until then up to 125 pages a
 * CPU of pgpromote_*, pgdemote_* and free memory are not seen; they are in
 * the next row. The others are exact in each reading, and none is lost.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "report.h"
#include "show.h"
#include "sysfs.h"
#include "watch.h"

/* Lines between two heads: one is always seen on a terminal of 24 lines. */
#define HEAD_LINES 20
/* As many nodes as one line of 80 columns holds. */
#define LINE_NODES 2
#define PAGE_BYTES 4096

/* In no row of a report; newer kernels have them. */
#define NRL "pgpromote_candidate_nrl"
#define PROACTIVE "pgdemote_proactive"

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
	{ NULL, "cand", 4, EACH, { "pgpromote_candidate", NRL } },
	{ "demoted by", "kswd", 4, EACH, { "pgdemote_kswapd" } },
	{ NULL, "dirc", 4, EACH, { "pgdemote_direct" } },
	{ NULL, "rest", 4, EACH, { "pgdemote_khugepaged", PROACTIVE } },
	{ "NUMA", "hint", 4, TOTAL, { "numa_hint_faults" } },
	{ NULL, "ptes", 4, TOTAL, { "numa_pte_updates" } },
	{ "allocated on", "all", 4, SPREAD, { "numa_hit", "numa_miss" } },
	{ NULL, "miss", 4, EACH, { "numa_miss" } },
	{ "migrated", "ok", 4, TOTAL, { "pgmigrate_success" } },
	{ NULL, "fail", 4, TOTAL, { "pgmigrate_fail" } },
};

/* ------------------------------------------------------------------ text */

const char *watch_count(char buf[static WATCH_TEXT], int64_t n, int width)
{
	static const char units[] = "kMGTPE";
	const char *sign = n < 0 ? "-" : "", *unit = units;
	uint64_t v = n < 0 ? -(uint64_t)n : (uint64_t)n;

	if (snprintf(buf, WATCH_TEXT, "%s%" PRIu64, sign, v) <= width)
		return buf;
	for (; v >= 1000000; v /= 1000)
		unit++;
	if (v < 10000 && unit > units)
		snprintf(buf, WATCH_TEXT, "%s%" PRIu64 ".%" PRIu64 "%c", sign,
			 v / 1000, v / 100 % 10, *unit);
	else
		snprintf(buf, WATCH_TEXT, "%s%" PRIu64 "%c", sign, v / 1000,
			 *unit);
	return buf;
}

static const char *cell(char buf[static WATCH_TEXT], const struct column *c,
			const struct vmstat *before, const struct vmstat *now,
			int node)
{
	int64_t sum = 0, delta;
	bool any = false;
	uint64_t pages;

	if (!c->names[0]) {
		any = vmstat_get(now, node, "nr_free_pages", &pages);
		sum = any ? (int64_t)(pages / (MIB / PAGE_BYTES)) : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(c->names) && c->names[i]; i++) {
		if (!vmstat_delta(before, now, node, c->names[i], &delta))
			continue;
		any = true;
		sum += delta;
	}
	return any ? watch_count(buf, sum, c->width) : "-";
}

/* How many columns it is; nodes are behind the total in a reading's files. */
static size_t nr_columns(const struct column *c, const struct vmstat *s)
{
	return c->scope == SPREAD && s->nr_files - 1 == LINE_NODES ?
		       LINE_NODES :
		       1;
}

/* Is there a line for each node, and a column that says which? */
static bool is_tall(const struct vmstat *s)
{
	return s->nr_files - 1 > LINE_NODES;
}

void watch_head(struct textbuf *t, const struct vmstat *s)
{
	const struct column *end = columns + ARRAY_SIZE(columns), *c, *d;
	char node[16];

	buf_add(t, "%5s%s", "time", is_tall(s) ? " node" : "");
	for (c = columns; c < end; c = d) {
		int width = -1;

		for (d = c; d < end && (d == c || !d->group); d++)
			width += (int)nr_columns(d, s) * (d->width + 1);
		buf_add(t, " %-*.*s", width, width, c->group);
	}
	while (t->text[t->len - 1] == ' ')
		t->len--;
	buf_add(t, "\n%5s%s", "s", is_tall(s) ? "     " : "");
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
	char text[WATCH_TEXT];

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

void watch_row(struct textbuf *t, const struct vmstat *before,
	       const struct vmstat *now, double seconds)
{
	char time[16] = "boot";

	if (before)
		snprintf(time, sizeof(time), "%.*f", seconds < 999.9, seconds);
	buf_add(t, "%5s%s", time, is_tall(now) ? "  all" : "");
	add_cells(t, before, now, VMSTAT_TOTAL);
	for (size_t i = 1; is_tall(now) && i < now->nr_files; i++) {
		buf_add(t, "%5s %4d", "", now->files[i].node);
		add_cells(t, before, now, now->files[i].node);
	}
}

/* ------------------------------------------------------------------ rows */

struct watch {
	uint64_t begin_ns, last_ns; /* of the first and of the last reading */
	struct vmstat last; /* without files: there was none */
	uint64_t rows;
	unsigned int lines; /* since the head; 0: there is none yet */
};

static void member(const char *name, const struct vmstat *before,
		   const struct vmstat *now)
{
	int64_t delta;

	if (vmstat_delta(before, now, VMSTAT_TOTAL, name, &delta))
		report_i64(name, delta);
	else
		report_null(name);
}

static void record(const struct watch *w, const struct vmstat *before,
		   const struct vmstat *now, double elapsed)
{
	uint64_t pages;
	char key[16];

	report_begin("vmstat");
	report_u64("row", w->rows);
	report_bool("since_boot", !before);
	/* A captured tree does not say how long its machine was up. */
	report_real("uptime_s", sysfs_is_rerooted() ? NAN : uptime_s());
	report_real("elapsed_s", elapsed);
	report_open("free_bytes", '{');
	for (size_t i = 0; i < now->nr_files; i++) {
		int node = now->files[i].node;

		snprintf(key, sizeof(key), i ? "node%d" : "total", node);
		if (vmstat_get(now, node, "nr_free_pages", &pages))
			report_u64(key, pages * PAGE_BYTES);
		else
			report_null(key);
	}
	report_close('}');
	show_span("counted", before, now);
	member(NRL, before, now);
	member(PROACTIVE, before, now);
	report_end();
}

static void print(struct watch *w, const struct vmstat *before,
		  const struct vmstat *now, double seconds)
{
	struct textbuf text = { 0 };

	/* A node that came or went changes the columns. */
	if (!w->lines || w->lines > HEAD_LINES ||
	    (before && before->nr_files != now->nr_files)) {
		watch_head(&text, now);
		w->lines = 1;
	}
	watch_row(&text, before, now, seconds);
	w->lines += is_tall(now) ? (unsigned int)now->nr_files : 1;
	report_say("%s", text.text);
	buf_free(&text);
}

static int add_row(struct watch *w)
{
	const struct vmstat *before = w->last.nr_files ? &w->last : NULL;
	struct vmstat now;
	uint64_t at = now_ns();
	int err = vmstat_read(&now);

	if (err)
		return err;
	w->rows++;
	if (!before)
		w->begin_ns = at;
	record(w, before, &now,
	       before		   ? (double)(at - w->last_ns) / 1e9 :
	       sysfs_is_rerooted() ? NAN :
				     uptime_s());
	print(w, before, &now, (double)(at - w->begin_ns) / 1e9);
	vmstat_free(&w->last);
	w->last = now;
	w->last_ns = at;
	return 0;
}

/*
 * Waits for the next point of time that is a whole number of intervals from
 * the beginning: what a row takes, or comes late, delays none of the others,
 * and one that was missed is left out. True: a signal came.
 */
static bool wait_for(const struct watch *w, uint64_t interval)
{
	uint64_t now = now_ns();
	uint64_t next =
		w->begin_ns + ((now - w->begin_ns) / interval + 1) * interval;

	for (; now < next; now = now_ns())
		if (signals_came(next - now))
			return true;
	return false;
}

int watch_run(const struct plan *plan)
{
	uint64_t interval = plan->watch.interval_ns, count = plan->watch.count;
	struct watch w = { 0 };
	int err;

	/* A captured tree stays as it is. */
	if (!interval || (!count && sysfs_is_rerooted()))
		count = 1;
	signals_hold();
	do {
		err = add_row(&w);
		/* Nobody reads any more; who prints the verdict says so. */
		if (report_error())
			break;
	} while (!err && w.rows != count && !wait_for(&w, interval));
	vmstat_free(&w.last);
	return err;
}
