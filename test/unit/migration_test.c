// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who moved what, from texts as kernels write them. The histogram's and the
 * format's were copied from Linux 6.12 and 7.3.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tiering/migration.h"
#include "lib/report.h"
#include "mm/undo.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "tap.h"
#include "tree.h"

#define TRACING "/sys/kernel/tracing/"
#define EVENT "events/migrate/mm_migrate_pages"
#define INSTANCE TRACING "instances/tier/"
#define NODE "/sys/devices/system/node/node"

/* ------------------------------------------- what migration.c asks of others */

static struct damon_moved damon;
static int damon_error, mount_error, mkdir_error;
static char made[128], mounted[128];
static bool refreshed, is_ours;

int damon_moved(struct damon_moved *moved, bool refresh)
{
	refreshed = refresh;
	*moved = damon;
	return damon_error;
}

int undo_mkdir(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(made, sizeof(made), fmt, ap);
	va_end(ap);
	return mkdir_error ? fail(-mkdir_error, "no instance") : 0;
}

bool undo_has(const char *path)
{
	return is_ours && !strcmp(path, "/sys/kernel/tracing/instances/tier");
}

int undo_mount(const char *type, const char *target, const char *proof)
{
	snprintf(mounted, sizeof(mounted), "%s %s %s", type, target, proof);
	return mount_error ? lacks(-mount_error, "no tracefs") : 0;
}

/* ---------------------------------------------------------- what is said */

static int records, console, kept;

/* The record written last; those before it are dropped. */
static const char *record(void)
{
	static char text[65536];
	const char *last = text;
	size_t len = 0;
	ssize_t n;

	while ((n = read(records, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		last = p;
	return last;
}

static void look(void)
{
	fflush(stdout);
	dup2(console, 1);
}

static const char *seen(void)
{
	static char text[16384];
	ssize_t n;

	fflush(stdout);
	n = pread(console, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (ftruncate(console, 0) || lseek(console, 0, SEEK_SET))
		text[0] = '?';
	dup2(kept, 1);
	return text;
}

/* ------------------------------------------------------- what is measured */

/* A moment of a made-up machine. */
struct moment {
	struct vmstat counters;
	struct migration moves;
};

static void counters(struct moment *m, const char *total, const char *node0,
		     const char *node1)
{
	tree_file("/proc/vmstat", total);
	tree_file(NODE "0/vmstat", node0);
	tree_file(NODE "1/vmstat", node1);
	vmstat_free(&m->counters);
	if (vmstat_take(&m->counters))
		printf("Bail out! %s\n", fail_message());
}

/* Reasons by numbers, as in the format below. */
static void hist(const char *rows)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "# event histogram\n#\n"
		 "# trigger info: hist:keys=reason:vals=hitcount,succeeded,"
		 "failed:sort=hitcount:size=2048 [active]\n#\n\n%s\n"
		 "Totals:\n    Hits: 16398\n    Entries: 4\n    Dropped: 0\n",
		 rows);
	tree_file(INSTANCE EVENT "/hist", text);
}

static void zones(int free0, int unreclaimable)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "Node 0, zone Normal\n"
		 "  pages free %d\n"
		 "        min 10\n        low 20\n        high 30\n"
		 "        promo 1000\n        present 524288\n"
		 "        protection: (0, 0)\n"
		 "  node_unreclaimable:  %d\n"
		 "Node 1, zone Movable\n"
		 "  pages free 77\n"
		 "        promo 10\n        present 262144\n"
		 "        protection: (0, 0)\n"
		 "  node_unreclaimable:  0\n",
		 free0, unreclaimable);
	tree_file("/proc/zoneinfo", text);
}

static const char format_6_12[] =
	"name: mm_migrate_pages\nID: 683\nformat:\n"
	"\tfield:int reason;\toffset:60;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"nr_succeeded=%lu mode=%s reason=%s\", REC->succeeded, "
	"__print_symbolic(REC->mode, {0, \"MIGRATE_ASYNC\"}, "
	"{1, \"MIGRATE_SYNC_LIGHT\"}, {2, \"MIGRATE_SYNC\"}), "
	"__print_symbolic(REC->reason, {0, \"compaction\"}, "
	"{1, \"memory_failure\"}, {2, \"memory_hotplug\"}, "
	"{3, \"syscall_or_cpuset\"}, {4, \"mempolicy_mbind\"}, "
	"{5, \"numa_misplaced\"}, {6, \"contig_range\"}, "
	"{7, \"longterm_pin\"}, {8, \"demotion\"}, {9, \"damon\"})\n";

static void tracefs(const char *format)
{
	tree_directory(TRACING EVENT);
	tree_file(INSTANCE EVENT "/format", format);
	tree_file(INSTANCE EVENT "/trigger", "");
	tree_file(INSTANCE "buffer_size_kb", "");
	hist("");
}

static void no_tracefs(void)
{
	tree_remove("/sys/kernel/tracing");
	mount_error = mkdir_error = 0;
}

/* ---------------------------------------------------------- the instrument */

static void beginning(void)
{
	struct migration m = { 0 };

	ok(migration_trace_lack(), "nothing was begun: it lacks");
	tracefs(format_6_12);
	is_i64(migration_begin(), 0, "begun");
	ok(!migration_trace_lack(), "nothing lacks");
	is_str(mounted, "tracefs /sys/kernel/tracing events", "the mount");
	is_str(made, "/sys/kernel/tracing/instances/tier", "the instance");
	is_str(tree_text(INSTANCE EVENT "/trigger"),
	       "hist:keys=reason:vals=succeeded,failed", "the trigger");
	is_str(tree_text(INSTANCE "buffer_size_kb"), "4",
	       "no memory for a buffer that is not used");
	is_i64(migration_take(&m, false), 0, "taken");
	ok(m.traced, "traced");
	is_u64(m.nr_reasons, 0, "nothing moved yet");

	no_tracefs();
	tree_directory(TRACING EVENT);
	tree_file(INSTANCE EVENT "/format", format_6_12);
	tree_file(INSTANCE EVENT "/trigger", "");
	is_i64(migration_begin(), 0, "a kernel without histograms: no error");
	like(migration_trace_lack(), "CONFIG_HIST_TRIGGERS", "but it lacks");
	migration_take(&m, false);
	ok(!m.traced, "and is not traced");

	no_tracefs();
	tree_directory(TRACING "events");
	is_i64(migration_begin(), 0, "without the tracepoint: no error");
	like(migration_trace_lack(), "mm_migrate_pages", "but it lacks");
	tracefs(format_6_12);
	mount_error = -EPERM;
	is_i64(migration_begin(), 0, "without tracefs: no error");
	like(migration_trace_lack(), "no tracefs", "but it lacks");
	mount_error = 0;
	mkdir_error = -EACCES;
	is_i64(migration_begin(), 0, "no right to an instance: no error");
	like(migration_trace_lack(), "no instance", "but it lacks");
	no_tracefs();
}

/* The instance goes while the report is written, if we made it. */
static void ending(void)
{
	for (int ours = 0; ours < 2; ours++) {
		tracefs(format_6_12);
		migration_begin();
		tree_remove("/sys/kernel/tracing/instances/tier");
		tree_directory("/sys/kernel/tracing/instances/tier");
		is_ours = ours;
		migration_end();
		migration_wait();
		is_i64(sysfs_exists("/sys/kernel/tracing/instances/tier"),
		       !ours, ours ? "ours is gone" : "another's stays");
		migration_wait();
		no_tracefs();
	}
	migration_begin();
	migration_end();
	ok(migration_trace_lack(), "where nothing was begun nothing ends");
	is_ours = false;
}

static void is_reason(const struct migration *m, const char *name,
		      uint64_t succeeded, uint64_t failed)
{
	for (size_t i = 0; i < m->nr_reasons; i++) {
		if (strcmp(m->reasons[i].name, name))
			continue;
		is_u64(m->reasons[i].succeeded, succeeded, "%s", name);
		is_u64(m->reasons[i].failed, failed, "%s, failed", name);
		return;
	}
	ok(false, "%s is there", name);
}

static void reading(void)
{
	struct migration m = { 0 };

	tracefs(format_6_12);
	migration_begin();
	hist("{ reason:          4 } hitcount:          1  succeeded:"
	     "       4096  failed:          0\n"
	     "{ reason:          0 } hitcount:         12  succeeded:"
	     "        530  failed:          2\n"
	     "{ reason:         12 } hitcount:          1  succeeded:"
	     "          7  failed:          0\n"
	     "{ reason: 99 } hitcount: 1  succeeded: 8  failed: 0\n"
	     "{ reason: damon } hitcount: 3  succeeded: 9  failed: 1\n");
	migration_take(&m, false);
	is_u64(m.nr_reasons, 5, "five reasons");
	is_reason(&m, "mempolicy_mbind", 4096, 0);
	is_reason(&m, "compaction", 530, 2);
	is_reason(&m, "reason_12", 7, 0);
	is_reason(&m, "reason_99", 8, 0);
	is_reason(&m, "damon", 9, 1);
	no_tracefs();

	tracefs("print fmt: \"reason=%s\", __print_symbolic(REC->reason, "
		"{5, \"compaction\"}, {0, \"numa_misplaced\"})\n");
	migration_begin();
	hist("{ reason: 0 } hitcount: 1  succeeded: 8  failed: 0\n"
	     "{ reason: 5 } hitcount: 1  succeeded: 9  failed: 0\n"
	     "{ reason: 4 } hitcount: 1  succeeded: 2  failed: 0\n");
	migration_take(&m, false);
	is_reason(&m, "numa_misplaced", 8, 0);
	is_reason(&m, "compaction", 9, 0);
	is_reason(&m, "reason_4", 2, 0);
	tree_remove(INSTANCE);
	migration_take(&m, false);
	ok(!m.traced && !m.nr_reasons, "the instance was taken away");
	like(migration_trace_lack(), "hist", "which is said");
	no_tracefs();
}

static void more_reasons_than_room(void)
{
	struct textbuf rows = { 0 };
	struct migration m = { 0 };

	tracefs(format_6_12);
	migration_begin();
	for (int i = 0; i < 20; i++)
		buf_add(&rows,
			"{ reason: %d } hitcount: 1  succeeded: 1  failed: 0\n",
			i);
	hist(rows.text);
	buf_free(&rows);
	migration_take(&m, false);
	is_u64(m.nr_reasons, MIGRATION_REASONS,
	       "no more than there is room for");
	no_tracefs();
}

static void of_damon(void)
{
	struct migration m = { 0 };

	damon = (struct damon_moved){ .any = true, .hot_applied = 5 };
	is_i64(migration_take(&m, true), 0, "with DAMON");
	ok(refreshed && m.damon.hot_applied == 5, "its values, fresh ones");
	damon.hot_applied = 6;
	is_i64(migration_take(&m, false), 0, "without");
	is_u64(m.damon.hot_applied, 5, "what was there is left");
	damon_error = -EBUSY;
	zones(123, 0);
	is_i64(migration_take(&m, true), -EBUSY, "its error");
	is_i64(m.zones.nr_nodes, 2, "but the rest is there");
	damon_error = 0;
	damon = (struct damon_moved){ 0 };
}

/* ------------------------------------------------------------ adding up */

#define ZERO_TOTAL                                                  \
	"numa_miss 0\npgpromote_success 0\npgpromote_candidate 0\n" \
	"numa_pages_migrated 0\nnuma_hint_faults 0\n"               \
	"pgdemote_kswapd 0\npgdemote_direct 0\n"                    \
	"pgdemote_khugepaged 0\npgscan_kswapd 0\n"                  \
	"pgscan_direct 0\npgscan_khugepaged 0\n"                    \
	"compact_isolated 0\nthp_collapse_alloc 0\n"                \
	"pgmigrate_success 0\npgmigrate_fail 0\n"

static struct moment a, b;
static struct migration_span span = { &a.counters, &b.counters, &a.moves,
				      &b.moves };
static struct migration_setting setting;

/* From nothing to these counters and these rows of the histogram. */
static void moved(const char *total, const char *rows)
{
	counters(&a, ZERO_TOTAL, "pgpromote_success 0\n",
		 "pgdemote_kswapd 0\n");
	counters(&b, total, "pgpromote_success 0\n", "pgdemote_kswapd 0\n");
	if (!rows) {
		no_tracefs();
		migration_begin();
		migration_take(&a.moves, false);
		migration_take(&b.moves, false);
		return;
	}
	no_tracefs();
	tracefs(format_6_12);
	migration_begin();
	migration_take(&a.moves, false);
	hist(rows);
	migration_take(&b.moves, false);
}

#define UNKNOWN INT64_MIN

static void is_row(const struct migration_sums *s, enum migration_row row,
		   int64_t want, const char *name)
{
	is_i64(s->row[row].known ? s->row[row].pages : UNKNOWN, want, "%s",
	       name);
}

/* All rows and the sum, in their order. */
static void are_rows(const struct migration_sums *s, const int64_t *want,
		     const char *name)
{
	int64_t sum = 0;

	for (enum migration_row r = 0; r < NR_MOVES_ROWS; r++) {
		is_i64(s->row[r].known ? s->row[r].pages : UNKNOWN, want[r],
		       "%s: row %d", name, (int)r);
		sum += s->row[r].pages;
	}
	is_i64(sum, s->migrated.pages, "%s: it is pgmigrate_success", name);
}

static void says(const struct migration_sums *sums, const char *want)
{
	struct textbuf b = { 0 };

	migration_sentence(&b, sums);
	is_str(b.text, want, "in a sentence");
	buf_free(&b);
}

static void only_balancing(void)
{
	static const int64_t want[] = { 16000, 384, 0, 0, 0, UNKNOWN, 0,
					0,     0,   0, 0, 0, 0,	      0 };
	struct migration_sums s;

	moved("pgpromote_success 16000\nnuma_pages_migrated 16384\n"
	      "pgdemote_kswapd 0\npgdemote_direct 0\npgdemote_khugepaged 0\n"
	      "compact_isolated 0\npgmigrate_success 16384\n"
	      "pgmigrate_fail 3\n",
	      "{ reason: 5 } hitcount: 1 succeeded: 16384 failed: 3\n");
	migration_add_up(&s, &span);
	ok(s.traced, "NUMA balancing alone, traced");
	are_rows(&s, want, "NUMA balancing alone");
	is_i64(s.failed.pages, 3, "that failed");
	says(&s,
	     "16384 pages (64 MiB) in the timed part: NUMA balancing, "
	     "promoted 16000; NUMA balancing, other 384; could not be moved 3");
	ok(!migration_doubt(&span, &s, 0), "nothing is doubtful");
	ok(migration_adds_up(&s), "it adds up");
}

static void demotion(void)
{
	static const int64_t want[] = { 0, 0, 17874, 5888, 12, 5129, 0,
					0, 0, 0,     0,	   0,  0,    0 };
	static const int64_t more[] = { 0, 0, 100, 0, 0, UNKNOWN, 900,
					0, 0, 0,   0, 0, 0,	  0 };
	struct migration_sums s;

	tree_file("/proc/vmstat", "");
	counters(&a, ZERO_TOTAL "pgdemote_proactive 0\n", "", "");
	moved(ZERO_TOTAL, "");
	counters(&a, ZERO_TOTAL "pgdemote_proactive 0\n", "", "");
	counters(&b,
		 "pgpromote_success 0\nnuma_pages_migrated 0\n"
		 "pgdemote_kswapd 17874\npgdemote_direct 5888\n"
		 "pgdemote_khugepaged 12\npgdemote_proactive 5129\n"
		 "pgmigrate_success 28903\n",
		 "", "");
	hist("{ reason: 8 } hitcount: 1 succeeded: 28903 failed: 0\n");
	migration_take(&b.moves, false);
	migration_add_up(&s, &span);
	are_rows(&s, want, "demotion");
	ok(!s.failed.known, "a counter that is absent is not zero");

	moved("pgpromote_success 0\nnuma_pages_migrated 0\n"
	      "pgdemote_kswapd 100\npgdemote_direct 0\n"
	      "pgdemote_khugepaged 0\npgmigrate_success 1000\n",
	      "{ reason: 8 } hitcount: 1 succeeded: 1000 failed: 0\n");
	migration_add_up(&s, &span);
	are_rows(&s, more, "demotion that was not counted");
}

static void of_schemes(void)
{
	static const int64_t want[] = { 0,    0,   0,  0, 0, UNKNOWN, 0,
					6128, 200, 24, 0, 0, 0,	      0 };
	struct migration_sums s;

	moved("pgpromote_success 0\nnuma_pages_migrated 0\n"
	      "pgdemote_kswapd 0\npgdemote_direct 0\npgdemote_khugepaged 0\n"
	      "pgmigrate_success 6352\n",
	      "{ reason: 9 } hitcount: 6 succeeded: 6352 failed: 0\n");
	a.moves.damon = (struct damon_moved){ .any = true,
					      .hot_applied = 4096 * 1000,
					      .hot_tried = 4096 * 2000 };
	b.moves.damon = (struct damon_moved){ .any = true,
					      .hot_applied = 4096 * 7128,
					      .hot_tried = 4096 * 9000,
					      .cold_applied = 4096 * 200,
					      .cold_tried = 4096 * 300 };
	migration_add_up(&s, &span);
	are_rows(&s, want, "DAMON");
	is_u64(s.hot_tried, 4096 * 7000, "hot, tried");
	is_u64(s.cold_tried, 4096 * 300, "cold, tried");
	a.moves.damon.hot_applied = 4096 * 9000;
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_HOT, 7128,
	       "schemes that began anew: what they have");
	a.moves.damon = b.moves.damon = (struct damon_moved){ 0 };
}

#define MIXTURE                                            \
	"pgpromote_success 500\nnuma_pages_migrated 510\n" \
	"pgdemote_kswapd 300\npgdemote_direct 20\n"        \
	"pgdemote_khugepaged 0\ncompact_isolated 400\n"    \
	"pgmigrate_success 13600\npgmigrate_fail 9\n"
#define MIXTURE_HIST                                            \
	"{ reason: 0 } hitcount: 1 succeeded: 306 failed: 2\n"  \
	"{ reason: 2 } hitcount: 1 succeeded: 100 failed: 0\n"  \
	"{ reason: 7 } hitcount: 1 succeeded: 15 failed: 0\n"   \
	"{ reason: 3 } hitcount: 1 succeeded: 8203 failed: 0\n" \
	"{ reason: 4 } hitcount: 1 succeeded: 4096 failed: 0\n" \
	"{ reason: 5 } hitcount: 1 succeeded: 510 failed: 7\n"  \
	"{ reason: 8 } hitcount: 1 succeeded: 320 failed: 0\n"  \
	"{ reason: 9 } hitcount: 1 succeeded: 50 failed: 0\n"

static void mixture(void)
{
	static const int64_t want[] = { 500, 10, 300, 20,  0,	  UNKNOWN, 0,
					40,  5,	 5,   306, 12299, 115,	   0 };
	static const int64_t untraced[] = { 500,     10,      300,     20,
					    0,	     UNKNOWN, UNKNOWN, 40,
					    5,	     UNKNOWN, UNKNOWN, UNKNOWN,
					    UNKNOWN, 12725 };
	struct migration_sums s;

	moved(MIXTURE, MIXTURE_HIST);
	b.moves.damon = (struct damon_moved){ .any = true,
					      .hot_applied = 4096 * 40,
					      .cold_applied = 4096 * 5 };
	migration_add_up(&s, &span);
	are_rows(&s, want, "a mixture");
	ok(migration_adds_up(&s), "it adds up");

	moved(MIXTURE, NULL);
	migration_add_up(&s, &span);
	ok(!s.traced, "not traced");
	are_rows(&s, untraced, "a mixture, not traced");
	ok(!migration_adds_up(&s), "it does not add up");
	is_str(migration_doubt(&span, &s, 0),
	       "who made some of the moves is not known", "which is doubtful");
	ok(!migration_doubt(&span, &s, 1), "and nothing else");
	span.migration_a = span.migration_b = NULL;
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_HOT, 0, "no moves at all");
	is_row(&s, MIGRATION_REST, 12770, "counters alone");
	span.migration_a = &a.moves;
	span.migration_b = &b.moves;
	b.moves.damon = (struct damon_moved){ 0 };
}

/* Pages moved between the reading of the counters and of the histogram. */
static void not_at_once(void)
{
	static const struct {
		int traced;
		const char *name;
	} rows[] = {
		{ 1000, "at once" },
		{ 1576, "the histogram later" },
		{ 900, "the histogram earlier" },
	};
	struct migration_sums s;
	char hist_row[96];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(hist_row, sizeof(hist_row),
			 "{ reason: 8 } hitcount: 1 succeeded: %d failed: 0\n",
			 rows[i].traced);
		moved("pgdemote_kswapd 1000\npgmigrate_success 1000\n",
		      hist_row);
		migration_add_up(&s, &span);
		is_row(&s, MIGRATION_DEMOTED_MORE, 0, rows[i].name);
		is_row(&s, MIGRATION_REST, 0, rows[i].name);
	}
	/* 100 were not counted, and 50 came later. */
	moved("pgdemote_kswapd 1000\npgmigrate_success 1100\n",
	      "{ reason: 8 } hitcount: 1 succeeded: 1150 failed: 0\n");
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_DEMOTED_MORE, 100, "both: what is not counted");
	is_row(&s, MIGRATION_REST, 0, "and nothing else");
	/* Of the same sign: nothing cancels. */
	moved("pgmigrate_success 200\n",
	      "{ reason: 9 } hitcount: 1 succeeded: 30 failed: 0\n");
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_DAMON_MORE, 30, "DAMON's");
	is_row(&s, MIGRATION_REST, 170, "no less is explained than there is");
	moved("pgmigrate_success 10\n",
	      "{ reason: 9 } hitcount: 1 succeeded: 30 failed: 0\n");
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_DAMON_MORE, 10, "DAMON's, of which 20 came later");
	is_row(&s, MIGRATION_REST, 0, "not explained");
}

/* A span that begins when others have passed. */
static void later(void)
{
	struct migration_reason r;

	no_tracefs();
	tracefs(format_6_12);
	migration_begin();
	hist("{ reason: 5 } hitcount: 1 succeeded: 100 failed: 3\n");
	migration_take(&a.moves, false);
	hist("{ reason: 5 } hitcount: 1 succeeded: 107 failed: 5\n"
	     "{ reason: 0 } hitcount: 1 succeeded: 4 failed: 1\n");
	migration_take(&b.moves, false);
	r = migration_by_reason(&span, "numa_misplaced");
	is_u64(r.succeeded, 7, "what has come since");
	is_u64(r.failed, 2, "and failed since");
	r = migration_by_reason(&span, "compaction");
	is_u64(r.succeeded, 4, "one that had none before");
	r = migration_by_reason(&span, "demotion");
	is_u64(r.succeeded + r.failed, 0, "one that has none");
	no_tracefs();
}

static void limits(void)
{
	static const struct {
		const char *text;
		bool adds_up;
	} rows[] = {
		{ "pgmigrate_success 64\n", true },
		{ "pgmigrate_success 65\n", false },
		{ "numa_pages_migrated 9900\npgmigrate_success 10000\n", true },
		{ "numa_pages_migrated 9899\npgmigrate_success 10000\n",
		  false },
		{ "numa_pages_migrated 10164\npgmigrate_success 10000\n",
		  false },
		{ "numa_pages_migrated 100\n", false },
	};
	struct migration_sums s;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		moved(rows[i].text, NULL);
		migration_add_up(&s, &span);
		ok(migration_adds_up(&s) == rows[i].adds_up,
		   "the limit, row %zu", i + 1);
	}
	ok(!s.migrated.known && !s.row[MIGRATION_REST].known,
	   "no pgmigrate_success: no sum and no rest");
	moved("compact_isolated 0\npgmigrate_success 5\n", NULL);
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_COMPACTION, 0, "nothing isolated: no compaction");
	moved("compact_isolated 1\npgmigrate_success 5\n", NULL);
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_COMPACTION, UNKNOWN, "something: not known");
	is_row(&s, MIGRATION_PROMOTED, UNKNOWN,
	       "absent counters are not zeros");
	is_row(&s, MIGRATION_NUMA_OTHER, UNKNOWN, "nor what is left of them");
	moved("pgmigrate_success 5\n",
	      "{ reason: 5 } hitcount: 1 succeeded: 5 failed: 0\n");
	migration_add_up(&s, &span);
	is_row(&s, MIGRATION_NUMA_OTHER, 5, "absent, but traced");
	is_row(&s, MIGRATION_REST, 0, "nothing left");
}

/* ------------------------------------------------------------- the report */

static const char *shown(void)
{
	look();
	migration_show(&span, &span, &setting);
	return seen();
}

/* No line is wider than a terminal. */
static bool is_narrow(const char *text)
{
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		if (strcspn(p, "\n") >= 80)
			return false;
	return true;
}

static void golden(void)
{
	setting = (struct migration_setting){ .numa_balancing = 2,
					      .demotion = 1,
					      .lower_tier = true,
					      .damon = true,
					      .nr_nodes = 2 };
	zones(263145, 0);
	moved(MIXTURE, MIXTURE_HIST);
	zones(63145, 0);
	migration_take(&b.moves, false);
	b.moves.damon = (struct damon_moved){ .any = true,
					      .hot_applied = 4096 * 40,
					      .hot_tried = 4096 * 256,
					      .cold_applied = 4096 * 5,
					      .cold_tried = 4096 * 5 };
	is_str(shown(),
	       "\n"
	       "pages moved by                    timed    whole run  "
	       "counted by\n"
	       "NUMA balancing, promoted            500          500  "
	       "pgpromote_success\n"
	       "NUMA balancing, other                10           10  "
	       "numa_pages_migrated, rest\n"
	       "kswapd, demoted                     300          300  "
	       "pgdemote_kswapd\n"
	       "direct reclaim, demoted              20           20  "
	       "pgdemote_direct\n"
	       "khugepaged, demoted                   0            0  "
	       "pgdemote_khugepaged\n"
	       "proactive reclaim, demoted    in direct    in direct  "
	       "pgdemote_proactive\n"
	       "DAMON migrate_hot                    40           40  "
	       "sz_applied\n"
	       "DAMON migrate_cold                    5            5  "
	       "sz_applied\n"
	       "DAMON, not in sz_applied              5            5  "
	       "tracepoint, rest\n"
	       "compaction                          306          306  "
	       "tracepoint\n"
	       "system calls                      12299        12299  "
	       "tracepoint\n"
	       "other reasons                       115          115  "
	       "tracepoint\n"
	       "not explained                         0            0  "
	       "the sum less the above\n"
	       "all pages moved                   13600        13600  "
	       "pgmigrate_success\n"
	       "could not be moved                    9            9  "
	       "pgmigrate_fail\n"
	       "failed   by the tracepoint: compaction 2, numa_misplaced 7\n"
	       "DAMON    migrate_hot tried 1 MiB, moved 160 KiB: what stays is "
	       "free memory,\n"
	       "         rejected by a filter, there already, or finds the "
	       "target full\n"
	       "zeros    khugepaged: nothing to do: scanned no page "
	       "(pgscan_* of that name is\n"
	       "         0; a cgroup at its own limit is not counted there)\n"
	       "regime   free memory of node 0 was 1.00 GiB above the "
	       "promotion watermark when\n"
	       "         the timed part began, 242.8 MiB above it when it "
	       "ended. With more than\n"
	       "         1 GiB above, every page that faults is promoted, "
	       "with less hot\n"
	       "         threshold and rate limit decide: here every page at "
	       "first, then they\n"
	       "         decided.\n"
	       "stalls   none: no node is unreclaimable\n"
	       "Pages of all processes count here, and of the kernel's own "
	       "threads.\n",
	       "the table of a mixture");
}

/* What stands in the record, and nowhere else. */
static void recorded(void)
{
	const char *text = record();

	like(text, "{\"record\":\"moves\",\"seq\":", "the record");
	like(text,
	     "\"traced\":true,\"trace_lack\":null,\"timed\":{"
	     "\"numa_promoted\":500,\"numa_other\":10,"
	     "\"demoted_kswapd\":300,\"demoted_direct\":20,"
	     "\"demoted_khugepaged\":0,\"demoted_proactive\":null,"
	     "\"demoted_uncounted\":0,\"damon_hot\":40,\"damon_cold\":5,"
	     "\"damon_uncounted\":5,\"compaction\":306,\"syscalls\":12299,"
	     "\"others\":115,\"rest\":0,\"migrated\":13600,\"failed\":9,"
	     "\"adds_up\":true,\"damon_hot_tried_bytes\":1048576,"
	     "\"damon_cold_tried_bytes\":20480,\"to_a_node\":365,"
	     "\"strayed_allocations\":null,\"strayed\":false,"
	     "\"promoted_to\":{\"node0\":0},\"demoted_from\":{\"node1\":0},"
	     "\"reasons\":{\"compaction\":{\"succeeded\":306,\"failed\":2},",
	     "the timed span");
	like(text, "}},\"whole\":{\"numa_promoted\":500,", "the whole span");
	like(text,
	     "\"nodes\":[{\"node\":0,\"above_promo_bytes_before\":1073745920,"
	     "\"above_promo_bytes\":254545920,\"enough_bytes\":1073741824,"
	     "\"unconditional_before\":true,\"unconditional\":false,"
	     "\"unreclaimable_before\":false,\"unreclaimable\":false},"
	     "{\"node\":1,",
	     "the nodes");
	like(text,
	     "\"zeros\":[{\"who\":\"khugepaged\",\"cause\":\"idle\",\"why\":",
	     "the zeros");
}

/* A full target: DAMON's pages were allocated where they came from. */
static void astray(void)
{
	struct damon_moved before = b.moves.damon;

	moved("numa_miss 200\npgmigrate_success 300\n", NULL);
	b.moves.damon = (struct damon_moved){ .any = true,
					      .hot_applied = 4096 * 300,
					      .hot_tried = 4096 * 300 };
	like(shown(),
	     "strayed  of the 300 pages that DAMON or reclaim moved some did",
	     "it says so");
	like(shown(), "200 allocations", "how many at most, in allocations");
	like(record(),
	     "\"to_a_node\":300,\"strayed_allocations\":200,\"strayed\":true,",
	     "the record, too");
	moved("numa_miss 900\npgmigrate_success 300\n", NULL);
	b.moves.damon.any = true;
	b.moves.damon.hot_applied = 4096 * 300;
	like(shown(), "300 allocations", "at most all");
	moved("numa_miss 30\npgmigrate_success 300\n", NULL);
	b.moves.damon.any = true;
	b.moves.damon.hot_applied = 4096 * 300;
	ok(!strstr(shown(), "strayed"), "a tenth may be others' new pages");
	like(record(), "\"strayed_allocations\":30,\"strayed\":false,",
	     "the record, too");
	b.moves.damon.hot_applied = 0;
	moved("numa_miss 900\npgdemote_kswapd 400\npgmigrate_success 400\n",
	      NULL);
	like(shown(), "strayed  of the 400 pages", "reclaim's stray, too");
	b.moves.damon = before;
}

/* The timed part is not the whole run. */
static void two_spans(void)
{
	struct moment mid = { 0 };
	struct migration_span timed = span;
	const char *text;

	moved("pgpromote_success 500\n", NULL);
	counters(&mid, "pgpromote_success 400\n", "", "");
	timed.a = &mid.counters;
	look();
	migration_show(&timed, &span, &setting);
	like(seen(), "NUMA balancing, promoted            100          500  ",
	     "timed and whole");
	text = record();
	like(text, "\"timed\":{\"numa_promoted\":100,", "timed");
	like(text, "\"whole\":{\"numa_promoted\":500,", "whole");
	vmstat_free(&mid.counters);
}

static void not_traced(void)
{
	const char *text;

	moved(MIXTURE, NULL);
	text = shown();
	like(text,
	     "compaction                            ?            ?  "
	     "no counter of its own\n"
	     "system calls                          ?            ?  "
	     "no counter of its own\n"
	     "the rest (all with \"?\")           12725        12725  "
	     "the sum less the above\n",
	     "not traced: what is not known, and the rest");
	like(text,
	     "traced   no: the kernel has no tracepoint "
	     "migrate:mm_migrate_pages",
	     "and why");
	ok(is_narrow(text), "in 80 columns");
	text = record();
	like(text,
	     "\"traced\":false,\"trace_lack\":\"the kernel has no "
	     "tracepoint migrate:mm_migrate_pages\"",
	     "recorded");
	like(text,
	     "\"compaction\":null,\"syscalls\":null,\"others\":null,"
	     "\"rest\":12725",
	     "null is what is not known");
	like(text, "\"adds_up\":false", "it does not add up");
	like(text, "\"reasons\":null", "no reasons");
	moved(ZERO_TOTAL, NULL);
	like(shown(),
	     "compaction                            0            0  "
	     "compact_isolated is 0\n",
	     "a compaction that did nothing");
	record();
	b.moves.damon = (struct damon_moved){ 0 };
	moved("pgmigrate_success 1000\n",
	      "{ reason: 0 } hitcount: 1 succeeded: 900 failed: 0\n");
	like(shown(), "sum      it misses pgmigrate_success by 100 pages",
	     "traced, but it does not add up");
	record();
}

/* --------------------------------------------------------------- the zeros */

/* What is said of who, NULL: nothing. cause is the record's word for it. */
static void is_zero(const char *who, const char *cause, const char *why,
		    const char *name)
{
	const char *text = shown(), *line = record();
	char want[128];

	if (why)
		like(text, why, "%s", name);
	ok(is_narrow(text), "%s: in 80 columns", name);
	snprintf(want, sizeof(want), "{\"who\":\"%s\",\"cause\":\"%s\"", who,
		 cause ? cause : "");
	if (cause)
		like(line, want, "%s: recorded", name);
	want[strlen("{\"who\":\"") + strlen(who) + 1] = '\0';
	if (!cause)
		ok(!strstr(line, want), "%s: nothing is said", name);
}

/* One that moved nothing, on a machine where everything is on. */
static void everything_on(void)
{
	setting = (struct migration_setting){ .numa_balancing = 2,
					      .demotion = 1,
					      .lower_tier = true,
					      .damon = true,
					      .nr_nodes = 2 };
	zones(1000, 0);
	b.moves.damon = (struct damon_moved){ .any = true };
}

static void zeros_of_balancing(void)
{
	static const char who[] = "NUMA balancing";

	everything_on();
	moved(ZERO_TOTAL, "");
	is_zero(who, "idle", "NUMA balancing: nothing to do", "no faults");
	setting.bound = true;
	is_zero(who, "bound", "the table: it is bound", "bound");
	setting.lower_tier = false;
	is_zero(who, "one_tier", "could not promote: no node", "one tier");
	setting.numa_balancing = 1;
	is_zero(who, "mode", "kernel.numa_balancing is 1", "mode 1");
	setting.numa_balancing = 0;
	is_zero(who, "off", "off (kernel.numa_balancing is 0)", "off");
	setting.numa_balancing = -1;
	is_zero(who, "absent", "CONFIG_NUMA_BALANCING", "absent");
	everything_on();
	moved("pgpromote_success 0\nnuma_hint_faults 7\n"
	      "pgpromote_candidate 0\n",
	      "");
	is_zero(who, "cold", "7 hint faults, but no page", "none hot");
	moved("pgpromote_success 0\nnuma_hint_faults 7\n"
	      "pgpromote_candidate 3\n",
	      "");
	is_zero(who, "limited", "3 candidates, none promoted", "limited");
	moved("pgpromote_success 5\npgpromote_candidate 5\n", "");
	is_zero(who, NULL, NULL, "promoted");
	is_zero("pgpromote_candidate", NULL, NULL, "all were candidates");
	moved("pgpromote_success 5\npgpromote_candidate 2\n", "");
	is_zero("pgpromote_candidate", "unconditional",
		"at least 3 of 5 pages were promoted",
		"not all were candidates");
}

/* A kernel that counts them has the number; candidates may fail. */
static void not_rate_limited(void)
{
	static const struct {
		const char *nrl, *why;
	} rows[] = {
		{ "4", "pgpromote_candidate: 4 of 5 pages were promoted" },
		{ "9", "pgpromote_candidate: 5 of 5 pages were promoted" },
		{ "0", NULL },
	};
	char total[128];

	everything_on();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		counters(&a,
			 "pgpromote_success 0\npgpromote_candidate 0\n"
			 "pgpromote_candidate_nrl 0\n",
			 "", "");
		snprintf(total, sizeof(total),
			 "pgpromote_success 5\npgpromote_candidate 4\n"
			 "pgpromote_candidate_nrl %s\n",
			 rows[i].nrl);
		counters(&b, total, "", "");
		is_zero("pgpromote_candidate",
			rows[i].why ? "unconditional" : NULL, rows[i].why,
			rows[i].nrl);
	}
	counters(&a, ZERO_TOTAL "pgpromote_candidate_nrl 0\n", "", "");
	counters(&b,
		 "pgpromote_success 0\nnuma_hint_faults 7\n"
		 "pgpromote_candidate 1\npgpromote_candidate_nrl 2\n",
		 "", "");
	is_zero("NUMA balancing", "limited", "3 candidates, none promoted",
		"candidates of both kinds");
}

/*
 * In the regime in which every page that faults is promoted, none is not "not
 * hot enough".
 */
static void failed_promotions(void)
{
	everything_on();
	zones(1000000, 0);
	migration_take(&b.moves, false);
	moved("numa_hint_faults 77\n", NULL);
	is_zero("NUMA balancing", "failed", "77 hint faults, after which every",
		"roomy: they could not be moved");
	zones(1000, 0);
	migration_take(&b.moves, false);
	is_zero("NUMA balancing", "cold", "77 hint faults, but no page",
		"with less free: not hot enough");
}

static void zeros_of_reclaim(void)
{
	everything_on();
	moved(ZERO_TOTAL, "");
	is_zero("kswapd, direct reclaim, khugepaged", "idle",
		"khugepaged: nothing to do: scanned", "no pressure");
	setting.lower_tier = false;
	is_zero("reclaim", "one_tier", "could not demote: no node", "one tier");
	setting.demotion = 0;
	is_zero("reclaim", "off", "demotion is off", "off");
	setting.demotion = -1;
	is_zero("reclaim", "absent", "this kernel does not demote", "absent");
	is_zero("kswapd", NULL, NULL, "one line for all");
	everything_on();
	moved("pgdemote_kswapd 0\npgdemote_direct 8\npgdemote_khugepaged 0\n"
	      "pgscan_kswapd 50\npgscan_direct 9\npgscan_khugepaged 0\n",
	      "");
	is_zero("kswapd", "none_found", "50 pages scanned, none demoted",
		"kswapd in vain");
	is_zero("khugepaged", "idle", "khugepaged: nothing to do",
		"khugepaged idle");
	is_zero("direct reclaim", NULL, NULL, "one that demoted");
	zones(1000, 1);
	moved(ZERO_TOTAL, "");
	is_zero("kswapd", "stalled",
		"stalled  node 0 was unreclaimable all "
		"the time",
		"a stall");
	is_zero("direct reclaim, khugepaged", "idle", NULL,
		"the others are idle");
	zones(1000, 0);
	migration_take(&a.moves, false);
	is_zero("kswapd", "stalled", "unreclaimable in the end", "in the end");
	migration_take(&b.moves, false);
	is_zero("kswapd", NULL, "stalls   none", "no stall");
	zones(1000, 1);
	migration_take(&a.moves, false);
	is_zero("kswapd", "stalled", "unreclaimable at first", "at first");
	everything_on();
	moved("thp_collapse_alloc 12\n", "");
	is_zero("khugepaged", "no_migration",
		"its 12 tries to collapse pages into huge", "collapses");
}

static void zeros_of_damon(void)
{
	everything_on();
	moved(ZERO_TOTAL, "");
	b.moves.damon = (struct damon_moved){ .any = true };
	is_zero("DAMON", "idle", "no region had a scheme's pattern", "idle");
	b.moves.damon.cold_tried = 4096;
	is_zero("DAMON", "none_moved",
		"migrate_cold tried 4 KiB, moved 0 B: what", "none moved");
	b.moves.damon.any = false;
	is_zero("DAMON", "no_scheme", "no scheme has the action", "no scheme");
	setting.damon = false;
	is_zero("DAMON", "off", "DAMON: no scheme was running", "off");
	b.moves.damon = (struct damon_moved){ .any = true,
					      .cold_tried = 4096,
					      .cold_applied = 4096 };
	setting.damon = true;
	is_zero("DAMON", NULL, NULL, "one that moved");
	ok(!strstr(shown(), "tried"), "all that was tried was moved");
	record();
	b.moves.damon = (struct damon_moved){ 0 };
}

/* The kernel was not asked in the end: said, however little was tried. */
static void stale(void)
{
	static const char note[] = "of an earlier time";

	everything_on();
	moved(ZERO_TOTAL, "");
	b.moves.damon = (struct damon_moved){ .any = true,
					      .stale = true,
					      .cold_tried = 4096,
					      .cold_applied = 4096 };
	like(shown(), "DAMON    sz_applied is of an earlier time",
	     "DAMON that was not asked");
	like(record(), "\"damon_stale\":true", "is recorded");
	b.moves.damon.stale = false;
	a.moves.damon.stale = true;
	ok(!strstr(shown(), note), "only what it was in the end counts");
	like(record(), "\"damon_stale\":false", "recorded, too");
	b.moves.damon = (struct damon_moved){ .stale = true };
	ok(!strstr(shown(), note), "no scheme has no numbers");
	record();
	a.moves.damon = b.moves.damon = (struct damon_moved){ 0 };
}

/* ------------------------------------------------------ regimes and nodes */

static void regimes(void)
{
	static const struct {
		int first, last;
		const char *text;
	} rows[] = {
		{ 264000, 263145, ": here every page.\n" },
		{ 263144, 263144, "decide: here they decided.\n" },
		{ 263145, 263144, "every page at first, then" },
		{ 263144, 263145, "they decided at first, then" },
	};

	everything_on();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		zones(rows[i].first, 0);
		moved(ZERO_TOTAL, "");
		zones(rows[i].last, 0);
		migration_take(&b.moves, false);
		like(shown(), rows[i].text, "regime %zu", i + 1);
		record();
	}
	zones(488, 0);
	moved(ZERO_TOTAL, "");
	like(shown(), "node 0 was 2 MiB below the promotion watermark",
	     "below the watermark");
	ok(!strstr(shown(), "of node 1 was"), "the near node's alone");
	setting.near = 1;
	like(shown(), "of node 1 was 268 KiB above", "which is another here");
	record();
	setting.numa_balancing = 1;
	like(shown(), "promoted by it\nstalls",
	     "in mode 1 the rule decides nothing");
	record();
	setting.numa_balancing = -1;
	like(shown(), "promoted by it\nstalls", "nor without balancing");
	record();
	tree_remove("/proc/zoneinfo");
	migration_take(&a.moves, false);
	migration_take(&b.moves, false);
	ok(!strstr(shown(), "regime "), "not known: nothing is said");
	ok(!strstr(shown(), "stalls "), "of stalls neither");
	like(record(), "\"nodes\":[]", "and no nodes are recorded");
}

static void more_nodes(void)
{
	const char *text;

	everything_on();
	tree_file(NODE "2/vmstat", "pgpromote_success 0\npgdemote_kswapd 0\n"
				   "pgdemote_direct 0\n");
	moved(ZERO_TOTAL, "");
	tree_file(NODE "2/vmstat", "pgpromote_success 6\npgdemote_kswapd 2\n"
				   "pgdemote_direct 3\n");
	counters(&b, ZERO_TOTAL, "pgpromote_success 4\n",
		 "pgdemote_kswapd 9\n");
	ok(!strstr(shown(), "promoted to"), "two nodes: it is plain");
	record();
	setting.nr_nodes = 3;
	text = shown();
	like(text, "promoted to node 0: 4, node 2: 6\n", "promoted, to where");
	like(text, "demoted from node 1: 9, node 2: 5\n",
	     "demoted, from where");
	like(record(),
	     "\"promoted_to\":{\"node0\":4,\"node2\":6},"
	     "\"demoted_from\":{\"node1\":9,\"node2\":5}",
	     "recorded");
	tree_remove(NODE "2");
}

/* -------------------------------------------------------------- the setting */

static void make_nodes(bool tiers)
{
	tree_file(NODE "0/meminfo", "Node 0 MemTotal: 8000 kB\n");
	tree_file(NODE "0/cpulist", "0-1\n");
	tree_file(NODE "1/meminfo", "Node 1 MemTotal: 8000 kB\n");
	tree_file(NODE "1/cpulist", "\n");
	tree_file(NODE "2/meminfo", "Node 2 MemTotal: 8000 kB\n");
	tree_file(NODE "2/cpulist", "2\n");
	if (!tiers)
		return;
	tree_file("/sys/devices/virtual/memory_tiering/memory_tier4/nodelist",
		  "0,2\n");
	tree_file("/sys/devices/virtual/memory_tiering/memory_tier22/nodelist",
		  "1\n");
}

static void settings(void)
{
	struct migration_setting s = { .damon = true, .bound = true };

	make_nodes(true);
	tree_file("/proc/sys/kernel/numa_balancing", "3\n");
	tree_file("/sys/kernel/mm/numa/demotion_enabled", "true\n");
	is_i64(migration_setting(&s), 0, "the setting");
	is_i64(s.numa_balancing, 3, "NUMA balancing's mode");
	is_i64(s.demotion, 1, "demotion");
	is_i64(s.near, 0, "the near node");
	is_i64(s.nr_nodes, 3, "nodes");
	ok(s.lower_tier, "there is a lower tier");
	ok(s.damon && s.bound, "the caller's members are left");
	tree_file("/sys/devices/virtual/memory_tiering/memory_tier4/nodelist",
		  "0-2\n");
	tree_remove("/sys/devices/virtual/memory_tiering/memory_tier22");
	tree_file("/sys/kernel/mm/numa/demotion_enabled", "false\n");
	migration_setting(&s);
	ok(!s.lower_tier, "one tier");
	is_i64(s.demotion, 0, "no demotion");
	tree_remove("/proc/sys/kernel/numa_balancing");
	tree_remove("/sys/kernel/mm/numa");
	migration_setting(&s);
	is_i64(s.numa_balancing, -1, "no such kernel");
	is_i64(s.demotion, -1, "neither");
}

int main(void)
{
	int fds[2];

	if (pipe2(fds, O_DIRECT | O_NONBLOCK) ||
	    (console = memfd_create("", 0)) < 0)
		return 1;
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	kept = dup(1);
	records = fds[0];
	report_to(fds[1]);
	tree_begin();
	beginning();
	ending();
	reading();
	more_reasons_than_room();
	of_damon();
	only_balancing();
	demotion();
	of_schemes();
	mixture();
	not_at_once();
	later();
	limits();
	golden();
	recorded();
	two_spans();
	astray();
	not_traced();
	zeros_of_balancing();
	not_rate_limited();
	failed_promotions();
	zeros_of_reclaim();
	zeros_of_damon();
	stale();
	regimes();
	more_nodes();
	settings();
	vmstat_free(&a.counters);
	vmstat_free(&b.counters);
	return done_testing();
}
