// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows and what they come to, on a machine made up: a tree in the place of
 * /proc, a map that says where the pages are, and a benchmark of which only
 * the numbers of its moves are known.
 */
/* WRAP: table_nodes_of thread_cpu_ns */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cmd/gups_timeline.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "tap.h"
#include "tree.h"

#define PAGE UINT64_C(4096)
#define PAGES 10000
#define HOT 100

static int map[PAGES]; /* node of each page; negative: none */
static struct table table = { .bytes = PAGES * PAGE };
/* Of the benchmark. */
static struct pattern_epoch now_epoch;
static unsigned int now_moves;
static uint64_t now_done, now_done_by[2];
/* CPU time that a row takes, whose clock is read before and after it. */
static uint64_t row_cpu_ns;

int __wrap_table_nodes_of(const struct table *t, const uint64_t *pages,
			  int *node, size_t n);
uint64_t __wrap_thread_cpu_ns(void);

int __wrap_table_nodes_of(const struct table *t, const uint64_t *pages,
			  int *node, size_t n)
{
	(void)t;
	for (size_t i = 0; i < n; i++)
		node[i] = map[pages[i]];
	return 0;
}

uint64_t __wrap_thread_cpu_ns(void)
{
	static uint64_t ns;

	return ns += row_cpu_ns;
}

/* gups.c, which is not linked: all that is asked of it. */
struct pattern_epoch gups_epoch(const struct gups *g)
{
	(void)g;
	return now_epoch;
}

unsigned int gups_moves(const struct gups *g)
{
	(void)g;
	return now_moves;
}

uint64_t gups_done(const struct gups *g)
{
	(void)g;
	return now_done;
}

uint64_t gups_done_by(const struct gups *g, unsigned int thread)
{
	(void)g;
	return now_done_by[thread];
}

const struct table *gups_table(const struct gups *g)
{
	(void)g;
	return &table;
}

/* --------------------------------------------------- text and records */

static int console, kept, records;

/* What was said since the timeline began. */
static char said[20000];

static void listen(void)
{
	fflush(stdout);
	dup2(console, 1);
}

static void heard(void)
{
	size_t len = strlen(said);
	ssize_t n;

	fflush(stdout);
	n = pread(console, said + len, sizeof(said) - 1 - len, 0);
	said[len + (size_t)(n > 0 ? n : 0)] = '\0';
	if (ftruncate(console, 0) || lseek(console, 0, SEEK_SET))
		said[0] = '?';
	dup2(kept, 1);
}

static void tick(struct gups_timeline *t, uint64_t done, double seconds)
{
	listen();
	if (gups_timeline_tick(t, done, seconds))
		printf("Bail out! %s\n", fail_message());
	heard();
}

static void end(struct gups_timeline *t, uint64_t done, double seconds)
{
	listen();
	if (gups_timeline_end(t, done, seconds))
		printf("Bail out! %s\n", fail_message());
	heard();
}

/* The next record, to be deleted; NULL: there is none. */
static cJSON *record(void)
{
	static char line[20000];
	ssize_t n = read(records, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	return n > 0 ? cJSON_Parse(line) : NULL;
}

static void no_records(void)
{
	char line[4096];

	while (read(records, line, sizeof(line)) > 0)
		;
}

/* The rows that are new; *newest: the last of them, to be deleted, or NULL. */
static int new_rows(cJSON **newest)
{
	cJSON *r;
	int n = 0;

	*newest = NULL;
	while ((r = record())) {
		const cJSON *kind = cJSON_GetObjectItem(r, "record");

		n += cJSON_IsString(kind) &&
		     !strcmp(kind->valuestring, "timeline");
		cJSON_Delete(*newest);
		*newest = r;
	}
	return n;
}

static void rows_are(int want, const char *name)
{
	cJSON *newest;

	is_i64(new_rows(&newest), want, "%s", name);
	cJSON_Delete(newest);
}

/* A member by its path, "a.b"; NAN: null, or not there. */
static double number(const cJSON *r, const char *path)
{
	char word[64];

	for (; r && *path; path += strspn(path, ".")) {
		size_t n = strcspn(path, ".");

		snprintf(word, sizeof(word), "%.*s", (int)n, path);
		r = cJSON_GetObjectItem(r, word);
		path += n;
	}
	return cJSON_IsNumber(r) ? r->valuedouble : NAN;
}

static bool close_to(double got, double want, double within, const char *name)
{
	bool good = isnan(want) ? isnan(got) : fabs(got - want) <= within;

	if (!ok(good, "%s", name))
		diag("got %g, want %g", got, want);
	return good;
}

#define IS(got, want, name) close_to(got, want, 1e-9, name)

static bool fits(const char *said)
{
	for (const char *p = said; *p; p += strcspn(p, "\n") + 1) {
		if (strcspn(p, "\n") >= 80)
			return false;
		if (!p[strcspn(p, "\n")])
			break;
	}
	return true;
}

/* ------------------------------------------------------------ the machine */

static struct node nodes[] = {
	{ .id = 0, .has_cpus = true, .tier = 4, .total = 1 },
	{ .id = 1, .tier = 22, .total = 1 },
};
static struct session session = { .setting = { .near = 0, .nr_nodes = 2 } };
static struct gups_plan plan;
static struct pattern *pattern;
static const char *zoneinfo; /* instead of the machine's */

static void machine(int promoted, int demoted, uint64_t free0, uint64_t free1)
{
	char all[512];

	snprintf(all, sizeof(all),
		 "pgpromote_success %d\npgdemote_kswapd %d\n"
		 "pgdemote_direct 0\npgdemote_khugepaged 0\n"
		 "pgdemote_proactive 0\nnuma_pages_migrated %d\n"
		 "pgmigrate_success %d\npgmigrate_fail 0\n",
		 promoted, demoted, promoted, promoted + demoted);
	tree_file("/proc/vmstat", all);
	snprintf(all, sizeof(all),
		 "Node 0, zone   Normal\n  pages free     %llu\n"
		 "        min      1\n        low      2\n"
		 "        high     3\n        promo    4\n"
		 "        present  262144\n"
		 "Node 1, zone  Movable\n  pages free     %llu\n"
		 "        high     3\n        present  262144\n",
		 (unsigned long long)free0 / PAGE,
		 (unsigned long long)free1 / PAGE);
	tree_file("/proc/zoneinfo", all);
	for (int node = 0; node < 2; node++) {
		snprintf(all, sizeof(all), "nr_free_pages %llu\n",
			 (unsigned long long)(node ? free1 : free0) / PAGE);
		tree_file(node ? "/sys/devices/system/node/node1/vmstat" :
				 "/sys/devices/system/node/node0/vmstat",
			  all);
	}
}

/* So much of the hot pages, and of the others, is near. */
static void put(double hot, double cold)
{
	int n[2] = { 0 };

	for (uint64_t page = 0; page < PAGES; page++) {
		bool is = pattern && pattern_is_hot(pattern, &now_epoch, page);
		double part = is ? hot : cold;
		int i = n[is]++;

		if (part < 0)
			map[page] = -2;
		else /* evenly: as many of any piece */
			map[page] = floor((i + 1) * part + 1e-9) >
						    floor(i * part + 1e-9) ?
					    0 :
					    1;
	}
}

static struct gups_timeline *begun(bool with_pattern, double hot, double cold)
{
	struct gups_timeline_setting s = { .plan = &plan,
					   .nodes = nodes,
					   .nr_nodes = 2,
					   .session = &session,
					   .threads = 2 };
	struct gups_timeline *t;

	plan = (struct gups_plan){ .bytes = PAGES * PAGE,
				   .timeline_ns = 1000000000 };
	plan.pattern = (struct pattern_plan){ .hot_bytes = HOT * PAGE,
					      .hot_rate = 58982,
					      .object = 8 };
	pattern = with_pattern ? pattern_new(&plan.pattern, plan.bytes, 1,
					     PAGES_4K, 0) :
				 NULL;
	s.pattern = pattern;
	now_epoch = (struct pattern_epoch){ 0 };
	if (pattern)
		now_epoch = pattern_first(pattern);
	now_moves = 0;
	now_done = 0;
	machine(0, 0, GIB / 2, GIB);
	if (zoneinfo)
		tree_file("/proc/zoneinfo", zoneinfo);
	put(hot, cold);
	no_records();
	said[0] = '\0';
	t = gups_timeline_new(&s);
	listen();
	if (gups_timeline_begin(t))
		printf("Bail out! %s\n", fail_message());
	heard();
	return t;
}

static void gone(struct gups_timeline *t)
{
	gups_timeline_free(t);
	pattern_free(pattern);
	pattern = NULL;
}

struct moment {
	double seconds, hot;
	uint64_t done; /* 0: 1000 a second */
	unsigned int moves;
};

static void pass(struct gups_timeline *t, const struct moment *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		now_moves = m[i].moves;
		put(m[i].hot, 0);
		now_done = m[i].done ? m[i].done :
				       (uint64_t)(1000 * m[i].seconds);
		tick(t, now_done, m[i].seconds);
	}
}

/* The record "placement", after the others. */
static cJSON *placement(struct gups_timeline *t)
{
	cJSON *r, *last = NULL;

	listen();
	gups_timeline_show(t, 1);
	heard();
	while ((r = record())) {
		cJSON_Delete(last);
		last = r;
	}
	return last;
}

/* -------------------------------------------------------------- time to 90 % */

static void arrivals(void)
{
	static const struct {
		const char *name, *text;
		struct moment m[12];
		double first, arrivals, mean;
	} rows[] = {
		{ "near from 3 s on",
		  "90 % near from 3.0 s on",
		  { { 1, 0, 0, 0 },
		    { 2, 0.89, 0, 0 },
		    { 3, 0.9, 0, 0 },
		    { 4, 1, 0, 0 },
		    { 5, 1, 0, 0 },
		    { 6, 1, 0, 0 },
		    { 7, 0, 0, 0 } },
		  3,
		  0,
		  NAN },
		{ "2 s are not 3",
		  "90 % near from 5.0 s on",
		  { { 1, 1, 0, 0 },
		    { 2, 1, 0, 0 },
		    { 3, 1, 0, 0 },
		    { 4, 0.8, 0, 0 },
		    { 5, 1, 0, 0 },
		    { 6, 1, 0, 0 },
		    { 7, 1, 0, 0 },
		    { 8, 1, 0, 0 } },
		  5,
		  0,
		  NAN },
		{ "never",
		  "never 90 % near for 3 s",
		  { { 1, 1, 0, 0 },
		    { 2, 0.5, 0, 0 },
		    { 3, 1, 0, 0 },
		    { 4, 0, 0, 0 } },
		  NAN,
		  0,
		  NAN },
		{ "too late",
		  "90 % near from 3.0 s to the end, shorter than 3 s",
		  { { 1, 0, 0, 0 },
		    { 2, 0, 0, 0 },
		    { 3, 1, 0, 0 },
		    { 4, 1, 0, 0 },
		    { 5, 1, 0, 0 } },
		  NAN,
		  0,
		  NAN },
		{ "after two moves",
		  "moved 2 times, near again 2 times, after 2.5 s",
		  { { 1, 1, 0, 0 },
		    { 2, 0, 0, 1 }, /* moved: far */
		    { 3, 0.5, 0, 1 },
		    { 4, 1, 0, 1 }, /* 2 s later */
		    { 5, 1, 0, 1 },
		    { 6, 1, 0, 1 },
		    { 7, 1, 0, 1 },
		    { 8, 0, 0, 2 },
		    { 10, 0, 0, 2 },
		    { 11, 1, 0, 2 }, /* 3 s later */
		    { 13, 1, 0, 2 },
		    { 14, 1, 0, 2 } },
		  NAN,
		  2,
		  2.5 },
		{ "moved before it arrived",
		  "never 90 % near for 3 s before it moved",
		  { { 1, 1, 0, 0 },
		    { 2, 1, 0, 0 },
		    { 3, 1, 0, 1 }, /* near already: at once */
		    { 4, 1, 0, 1 },
		    { 5, 1, 0, 1 },
		    { 6, 1, 0, 1 } },
		  NAN,
		  1,
		  0 },
		{ "arrived, and moved",
		  "moved 1 time, near again 0 times",
		  { { 1, 1, 0, 0 },
		    { 2, 1, 0, 0 },
		    { 4, 1, 0, 0 },
		    { 5, 0, 0, 1 } },
		  1,
		  0,
		  NAN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gups_timeline *t = begun(true, 0, 0);
		size_t n = 0;
		cJSON *r;

		while (n < 12 && rows[i].m[n].seconds > 0)
			n++;
		pass(t, rows[i].m, n);
		r = placement(t);
		IS(number(r, "hot_near_90_s"), rows[i].first, rows[i].name);
		IS(number(r, "arrivals_after_move"), rows[i].arrivals,
		   "arrivals after moves");
		IS(number(r, "arrival_mean_s"), rows[i].mean, "their mean");
		IS(number(r, "hot_set_moves"), rows[i].m[n - 1].moves, "moves");
		like(said, rows[i].text, "in words");
		if (!ok(fits(said) && !strstr(said, "nan"), "which fit"))
			diag("%s", said);
		cJSON_Delete(r);
		gone(t);
	}
}

/* More moves than rows are counted all the same. */
static void fast_moves(void)
{
	static const struct moment m[] = { { 1, 0, 0, 5 }, { 2, 0, 0, 12 } };
	struct gups_timeline *t = begun(true, 0, 0);
	cJSON *r;

	pass(t, m, 2);
	r = placement(t);
	IS(number(r, "hot_set_moves"), 12, "12 moves within two rows");
	cJSON_Delete(r);
	gone(t);
}

/* ------------------------------------------------------------------- means */

static void means(void)
{
	/* near share: 0, then 0.45, then 0.9, of hot pages alone */
	static const struct moment m[] = { { 1, 0.5, 1000, 0 },
					   { 2, 1, 10000, 0 },
					   { 3, 1, 11000, 0 } };
	double hot = 58982 / 65536.0, want;
	struct gups_timeline *t = begun(true, 0, 0);
	cJSON *r;

	pass(t, m, 3);
	r = placement(t);
	want = hot * (1000 * 0.25 + 9000 * 0.75 + 1000 * 1) / 11000;
	close_to(number(r, "near_share_mean"), want, 1e-6,
		 "the mean is over the updates");
	IS(number(r, "near_share_at_start"), 0, "at the start");
	close_to(number(r, "near_share_at_end"), hot, 1e-6, "at the end");
	IS(number(r, "recall"), 1, "recall");
	IS(number(r, "precision"), 1, "precision");
	close_to(number(r, "efficiency"), 1, 1e-3,
		 "the best pages are near: efficiency 1");
	close_to(number(r, "hot_updates_per_page_s"), hot * 11000 / 3 / HOT,
		 1e-3, "updates of a hot page");
	close_to(number(r, "cold_updates_per_page_s"),
		 (1 - hot) * 11000 / 3 / (PAGES - HOT), 1e-6, "of a cold one");
	close_to(number(r, "modelled.ns_per_update"),
		 want * 100 + (1 - want) * 250, 1e-3,
		 "the model has the mean shares");
	cJSON_Delete(r);
	gone(t);
}

/* As by chance: of each kind as many; and worse than that. */
static void efficiencies(void)
{
	static const struct {
		double hot, cold, want, within;
	} rows[] = {
		{ 0.5, 0.5, 0, 0.15 }, { 1, 0, 1, 0.01 }, { 0, 0.5, -1, 0.2 },
		{ 0, 0, NAN, 0 },      { 1, 1, NAN, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct gups_timeline *t =
			begun(true, rows[i].hot, rows[i].cold);
		char name[64];
		cJSON *r;

		tick(t, 1000, 1);
		r = placement(t);
		snprintf(name, sizeof(name), "efficiency, hot %g, cold %g",
			 rows[i].hot, rows[i].cold);
		close_to(number(r, "efficiency"), rows[i].want, rows[i].within,
			 name);
		cJSON_Delete(r);
		gone(t);
	}
}

/* Of Zipf's pages the sample takes the popular ones oftener. */
static void zipf_efficiency(void)
{
	struct gups_timeline_setting s = { .plan = &plan,
					   .nodes = nodes,
					   .nr_nodes = 2,
					   .session = &session,
					   .threads = 2 };
	struct gups_timeline *t = begun(true, 0, 0);
	cJSON *r;

	gone(t);
	plan.pattern = (struct pattern_plan){ .zipf = 0.99, .object = 8 };
	s.pattern = pattern =
		pattern_new(&plan.pattern, plan.bytes, 1, PAGES_4K, 0);
	now_epoch = pattern_first(pattern);
	/* The 1000 pages with the most updates are near: the best there is. */
	for (uint64_t rank = 0; rank < PAGES; rank++)
		map[pattern_page(pattern, &now_epoch, rank, 0)] = rank >= 1000;
	t = gups_timeline_new(&s);
	listen();
	gups_timeline_begin(t);
	heard();
	tick(t, 1000, 1);
	r = placement(t);
	close_to(number(r, "efficiency"), 1, 0.08, "Zipf, the best placement");
	cJSON_Delete(r);
	gone(t);
}

/* ------------------------------------------------------------ which rows */

static void run_timeline_due(void)
{
	struct gups_timeline *t = begun(true, 0, 0);
	cJSON *r;

	IS(new_rows(&r), 1, "the row of the beginning");
	IS(number(r, "t_s"), 0, "at 0 s");
	IS(number(r, "updates_per_s"), NAN, "has no rate yet");
	ok(cJSON_IsNull(cJSON_GetObjectItem(r, "pages")), "nor what moved");
	cJSON_Delete(r);
	tick(t, 500, 0.5);
	rows_are(0, "after half a second: none");
	tick(t, 1020, 1.02);
	IS(new_rows(&r), 1, "after one: a row");
	close_to(number(r, "updates_per_s"), 1000, 1e-6, "with the rate");
	cJSON_Delete(r);
	tick(t, 4700, 4.7);
	rows_are(1, "late: one row, the others are not made up");
	tick(t, 4900, 4.9);
	rows_are(0, "the next is due at 5 s");
	tick(t, 5000, 5);
	rows_are(1, "and comes");
	end(t, 5200, 5.2);
	rows_are(0, "less than a quarter is left: no row");
	end(t, 5300, 5.3);
	rows_are(1, "more than that: the last one");
	gone(t);

	t = begun(true, 0, 0);
	end(t, 10, 0.1);
	rows_are(2, "a run of 0.1 s has an end, too");
	r = placement(t);
	IS(number(r, "near_share_at_end"), 0, "and a result");
	cJSON_Delete(r);
	gone(t);

	t = begun(true, 0, 0);
	plan.timeline_ns = 1;
	tick(t, 100, 10);
	tick(t, 100000, 1000000);
	rows_are(3, "the shortest interval does not take for ever");
	tick(t, 100000, 999999);
	rows_are(0, "and goes on from there");
	tick(t, 100001, 1000001);
	rows_are(1, "with the next row");
	gone(t);
}

/* Rows that would take too much of the CPU time look at fewer pages. */
static void thinned(void)
{
	struct gups_timeline *t = begun(true, 0, 0);
	cJSON *r;

	row_cpu_ns = 100000000; /* of 2 threads: 2 % are 0.04 s each second */
	tick(t, 1000, 1);
	row_cpu_ns = 0;
	no_records();
	tick(t, 2000, 2);
	IS(new_rows(&r), 1, "2.5 % of the time: a row all the same");
	IS(number(r, "cold.sampled"), 256, "of half of the pages");
	cJSON_Delete(r);
	tick(t, 3000, 3);
	IS(new_rows(&r), 1, "less than 2 %: another one");
	IS(number(r, "cold.sampled"), 512, "of all");
	cJSON_Delete(r);
	r = placement(t);
	IS(number(r, "rows_thinned"), 1, "one had fewer pages");
	IS(number(r, "sampling_cpu_s"), 0.1, "what it took");
	like(said, "1 rows with fewer", "in words");
	cJSON_Delete(r);
	gone(t);
}

/* -------------------------------------------------------- text and records */

/* Everything at its widest. */
static void wide(void)
{
	struct gups_timeline *t;
	const char *row;
	cJSON *r;

	session.sample_s = 0.1;
	session.setting.numa_balancing = 2;
	nodes[1].tier = 4; /* all near: 100.0 */
	t = begun(true, 1, 1);
	machine(0, 0, 500 * GIB, 500 * GIB);
	no_records();
	tick(t, 1000, 1);
	now_moves = 1;
	machine(99999, 99999, 500 * GIB, 500 * GIB);
	tick(t, UINT64_C(170000000) * 3599, 3600);
	for (const char *const *head =
		     (const char *const[]){ "time", "M/s", "near%", "+-", "hot",
					    "cold", "promo", "demot", "DAMON",
					    "free0", "free1", NULL };
	     *head; head++)
		like(said, *head, "column %s", *head);
	row = strstr(said, "3600.0*u");
	ok(row, "moved, and roomy");
	like(row, "170.0", "170 M/s");
	like(row, "100.0", "all near");
	like(row, "99999", "pages");
	like(row, "512000", "free");
	if (!ok(fits(said), "all columns fit into 80"))
		diag("%s", said);
	while ((r = record())) {
		ok(cJSON_IsObject(r), "a record");
		cJSON_Delete(r);
	}
	nodes[1].tier = 22;
	session.sample_s = 0;
	session.setting.numa_balancing = 0;
	gone(t);
}

static void a_row(void)
{
	struct gups_timeline *t = begun(true, 0, 0);
	cJSON *r;

	no_records();
	put(0.5, 0);
	machine(50, 7, GIB / 2, GIB / 4);
	tick(t, 2000000, 1);
	r = record();
	like(said,
	     "\n   1.0     2.00   45.0  0.1    50     0      50       7    512    256\n",
	     "the row");
	ok(fits(said), "fits");
	close_to(number(r, "near_share"), 0.45, 1e-3, "its near share");
	IS(number(r, "hot.near"), 0.5, "of the hot set");
	IS(number(r, "hot.sampled"), 100, "all of it");
	IS(number(r, "hot.lost"), 0, "none lost");
	IS(number(r, "hot.near_low"), 0.5, "so it is exact");
	close_to(number(r, "cold.near_high"), 0.0075, 1e-4,
		 "none of 512 others: some may be");
	close_to(number(r, "near_share_high"), 0.45 + 0.1 * 0.0075, 1e-4,
		 "an interval");
	close_to(number(r, "near_share_error"), 0.1 * 0.0075 / 4, 1e-4,
		 "and a standard error");
	IS(number(r, "cold.near"), 0, "of the rest");
	IS(number(r, "pages.promoted_numab"), 50, "promoted");
	IS(number(r, "pages.demoted_kswapd"), 7, "demoted");
	IS(number(r, "pages.all"), 57, "in all");
	IS(number(r, "pages.moved_damon"), NAN, "not traced: not known");
	IS(number(r, "free_bytes.node0"), (double)(GIB / 2), "free");
	close_to(number(r, "updates_by_node.node0"), 0.45, 1e-3, "by node");
	close_to(number(r, "updates_by_node.node1"), 0.55, 1e-3, "and node");
	ok(cJSON_IsFalse(cJSON_GetObjectItem(r, "hot_set_moved")), "no move");
	cJSON_Delete(r);
	gone(t);
}

/* "u" is said of NUMA balancing: not when it is off. */
static void unconditional(void)
{
	for (int mode = 0; mode < 4; mode++) {
		struct gups_timeline *t;
		const cJSON *u;
		cJSON *r;

		session.setting.numa_balancing = mode;
		t = begun(true, 0, 0);
		machine(0, 0, 500 * GIB, 500 * GIB);
		no_records();
		tick(t, 1000, 1);
		r = record();
		u = cJSON_GetObjectItem(r, "promotion_unconditional");
		ok(cJSON_IsTrue(u) == (mode >= 2), "mode %d: roomy, u: %d",
		   mode, cJSON_IsTrue(u));
		ok(!strstr(said, "u: so much") == (mode < 2), "in words");
		cJSON_Delete(r);
		gone(t);
	}
	session.setting.numa_balancing = 0;
}

/* Two threads, of which one has the near pages, and makes most updates. */
static void unequal(void)
{
	struct gups_timeline *t = begun(false, 0, 0);
	cJSON *r;

	for (int page = 0; page < PAGES; page++)
		map[page] = page < PAGES / 2 ? 0 : 1;
	now_done_by[0] = now_done_by[1] = 0;
	tick(t, 0, 1);
	now_done_by[0] = 8000;
	now_done_by[1] = 2000;
	no_records();
	tick(t, 10000, 2);
	r = record();
	close_to(number(r, "near_share"), 0.8, 1e-9, "weighed by the threads");
	close_to(number(r, "updates_by_node.node1"), 0.2, 1e-9, "by node");
	close_to(number(r, "table.near"), 0.5, 0.1, "half of the pages");
	cJSON_Delete(r);
	now_done_by[1] = 12000;
	tick(t, 20000, 3);
	r = placement(t);
	close_to(number(r, "near_share_mean"), 0.4, 1e-9, "in the mean");
	close_to(number(r, "modelled.ns_per_update"), 0.4 * 100 + 0.6 * 250,
		 1e-6, "the model has it, too");
	cJSON_Delete(r);
	now_done_by[0] = now_done_by[1] = 0;
	gone(t);
}

/* The near node's number need not be 0, nor the other's 1. */
static void other_nodes(void)
{
	struct gups_timeline *t;

	zoneinfo = "Node 2, zone Normal\n"
		   "  pages free 256\n  present 512\n"
		   "Node 5, zone Movable\n"
		   "  pages free 512\n  present 512\n";
	t = begun(true, 0, 0);
	tick(t, 1000, 1);
	like(said, "free2  free5", "nodes by their numbers");
	gone(t);
	zoneinfo = NULL;
}

/* All pages of the hot set in transit: nothing is known, nothing is zero. */
static void lost(void)
{
	struct gups_timeline *t = begun(true, 1, 0);
	double hot = 58982 / 65536.0;
	cJSON *r;

	tick(t, 1000, 1);
	put(-1, 0);
	tick(t, 2000, 2);
	no_records();
	put(1, 0);
	tick(t, 3000, 3);
	tick(t, 4000, 4);
	put(-1, -1);
	tick(t, 5000, 5);
	r = placement(t);
	close_to(number(r, "near_share_mean"), hot, 1e-6,
		 "the mean is of what is known");
	close_to(number(r, "near_share_at_end"), hot, 1e-6,
		 "the end is the last that is known");
	ok(number(r, "lost") > 600, "they are counted");
	ok(!strstr(said, "nan"), "no nan is printed");
	ok(fits(said), "and all fits");
	cJSON_Delete(r);
	gone(t);
}

/* Uniform: neither hot nor cold, and nothing that would be about them. */
static void uniform(void)
{
	struct gups_timeline *t = begun(false, 0, 0.25);
	cJSON *r = record();

	ok(!cJSON_GetObjectItem(r, "hot"), "uniform: nothing is hot");
	IS(number(r, "table.sampled"), 512, "a sample of the table");
	cJSON_Delete(r);
	put(0, 0.75);
	tick(t, 1000, 1);
	r = placement(t);
	close_to(number(r, "near_share_at_end"), 0.75, 0.1, "near share");
	IS(number(r, "precision"), NAN, "no precision");
	IS(number(r, "recall"), NAN, "no recall");
	IS(number(r, "efficiency"), NAN, "no efficiency");
	ok(!strstr(said, "hot") && !strstr(said, "nan"), "nor in the text");
	if (!ok(fits(said), "which fits"))
		diag("%s", said);
	cJSON_Delete(r);
	gone(t);
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
	arrivals();
	fast_moves();
	means();
	efficiencies();
	zipf_efficiency();
	run_timeline_due();
	thinned();
	wide();
	a_row();
	unconditional();
	unequal();
	other_nodes();
	lost();
	uniform();
	gups_timeline_free(NULL);
	return done_testing();
}
