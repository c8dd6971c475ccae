// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmstat.c - tier vmstat: the kernel's tiering counters, a row an interval.
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

#include "cmd/show.h"
#include "cmd/verbs.h"
#include "cmd/vmstat_rows.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/page.h"
#include "sysfs.h"
#include "tiering/counters.h"
#include "vmstat.h"

/* Lines between two heads: one is always seen on a terminal of 24 lines. */
#define HEAD_LINES 20
/* Reading the counters takes a millisecond or two in an emulator. */
#define MIN_INTERVAL_NS (UINT64_C(10) * 1000000)

struct rows {
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

REPORT_RECORD(vmstat_record, "vmstat", "a row of tier vmstat",
	      "row u:number from 1\n"
	      "since_boot b counted since boot: the first row\n"
	      "uptime_s r when it was read\n"
	      "elapsed_s r since the row before\n"
	      "free_bytes.total u on all nodes\n"
	      "free_bytes.node* u on one\n"
	      "counted.total.* i:count of /proc/vmstat since the row before\n"
	      "counted.node*.* i:count of a node's vmstat\n"
	      "pgpromote_candidate_nrl i:pages candidates below the rate limit\n"
	      "pgdemote_proactive i:pages demoted by proactive reclaim\n");

/* uptime: NAN: it is not known */
static void record(const struct rows *w, const struct vmstat *before,
		   const struct vmstat *now, double uptime, double elapsed)
{
	uint64_t pages;

	report_begin(&vmstat_record);
	report_u64("row", w->rows);
	report_bool("since_boot", !before);
	report_real("uptime_s", uptime);
	report_real("elapsed_s", elapsed);
	report_open("free_bytes", '{');
	for (size_t i = 0; i < now->nr_files; i++) {
		int node = now->files[i].node;

		const char *key = i ? report_node(node) : "total";

		if (vmstat_get(now, node, "nr_free_pages", &pages))
			report_u64(key, pages * page_size());
		else
			report_null(key);
	}
	report_close('}');
	counters_record_span("counted", before, now);
	member(VMSTAT_ROWS_NRL, before, now);
	member(VMSTAT_ROWS_PROACTIVE, before, now);
	report_end();
}

static void print(struct rows *w, const struct vmstat *before,
		  const struct vmstat *now, double seconds)
{
	struct textbuf text = { 0 };

	/* A node that came or went changes the columns. */
	if (!w->lines || w->lines > HEAD_LINES ||
	    (before && before->nr_files != now->nr_files)) {
		vmstat_rows_head(&text, now);
		w->lines = 1;
	}
	vmstat_rows_add(&text, before, now, seconds);
	w->lines += vmstat_rows_are_tall(now) ? (unsigned int)now->nr_files : 1;
	report_say("%s", text.text);
	buf_free(&text);
}

static int add_row(struct rows *w)
{
	const struct vmstat *before = w->last.nr_files ? &w->last : NULL;
	struct vmstat now;
	/* A captured tree does not say how long its machine was up. */
	double uptime = sysfs_is_rerooted() ? NAN : uptime_s();
	uint64_t at = now_ns();
	int err = vmstat_read(&now);

	if (err)
		return err;
	w->rows++;
	if (!before)
		w->begin_ns = at;
	record(w, before, &now, uptime,
	       before ? (double)(at - w->last_ns) / 1e9 : uptime);
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
static bool wait_for(const struct rows *w, uint64_t interval)
{
	uint64_t now = now_ns();
	uint64_t next =
		w->begin_ns + ((now - w->begin_ns) / interval + 1) * interval;

	for (; now < next; now = now_ns())
		if (wait_for_signal(next - now))
			return true;
	return false;
}

static int work(const struct plan *plan)
{
	uint64_t interval = plan->vmstat.interval_ns,
		 count = plan->vmstat.count;
	struct rows w = { 0 };
	int err;

	/* A captured tree stays as it is. */
	if (!interval || (!count && sysfs_is_rerooted()))
		count = 1;
	wait_hold_signals(NULL);
	do {
		err = add_row(&w);
		/* Nobody reads any more; who prints the verdict says so. */
		if (report_error())
			break;
	} while (!err && w.rows != count && !wait_for(&w, interval));
	vmstat_free(&w.last);
	return err;
}

static int take(struct plan *plan, int n, char **operand)
{
	struct vmstat_plan *w = &plan->vmstat;

	if (n > 2)
		return misuse(
			"vmstat takes an interval and a count, what is \"%s\"?",
			operand[2]);
	if (n > 0 && (parse_duration(operand[0], &w->interval_ns) ||
		      w->interval_ns < MIN_INTERVAL_NS))
		return option_bad(
			"vmstat", operand[0],
			"give an interval of 10ms or more, e.g. 1 or 0.5s");
	return n > 1 ? option_positive("vmstat's count", operand[1], UINT64_MAX,
				       &w->count) :
		       0;
}

static const char notes[] =
	"INTERVAL  seconds between two rows (1, 0.5s, 500ms); without it one row\n"
	"COUNT     rows in all; without it until it is interrupted (Ctrl-C)\n"
	"\n"
	"As in vmstat(8) the first row is since boot. A number is what was counted\n"
	"in the row's own interval, not a rate: rows add up to the run's total.\n"
	"Pages, but for free memory (MiB), hint (faults) and ptes:\n"
	"  promoted   pgpromote_success; candidates that NUMA balancing looked at\n"
	"  demoted by kswapd, direct reclaim, and the rest (khugepaged, proactive)\n"
	"  NUMA       numa_hint_faults, numa_pte_updates\n"
	"  allocated  numa_hit + numa_miss of a node; miss: it was wanted elsewhere\n"
	"  migrated   pgmigrate_success, pgmigrate_fail, whoever asked for it\n"
	"Promoted, demoted and free lag by up to a second (125 pages a CPU). With\n"
	"more than two nodes each has a line. Records: every counter of a report.\n";

const struct verb verb_vmstat = {
	.name = "vmstat",
	.operands = "[INTERVAL [COUNT]]",
	.summary = "the kernel's tiering counters, a row an interval",
	.notes = notes,
	.flags = VERB_LOOKS | VERB_ROOT,
	.take = take,
	.work = work,
};
