// SPDX-License-Identifier: GPL-2.0-only
/*
 * The columns of tier vmstat: counts and rates fit their widths, and what is
 * absent is a dash.
 */
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "cmd/vmstat_rows.h"
#include "tap.h"
#include "tree.h"

#define NODE "/sys/devices/system/node/node"

static void counts(void)
{
	static const struct {
		int64_t n;
		int width;
		const char *text;
	} rows[] = {
		{ 0, 4, "0" },
		{ 9999, 4, "9999" },
		{ 10000, 4, "10k" },
		{ 10000, 5, "10000" },
		{ 99999, 5, "99999" },
		{ 100000, 5, "100k" },
		{ 999999, 4, "999k" },
		{ 1000000, 4, "1.0M" },
		{ 9999999, 4, "9.9M" },
		{ 10000000, 4, "10M" },
		{ 999999999, 4, "999M" },
		{ 1000000000, 4, "1.0G" },
		{ 178620011, 4, "178M" },
		{ INT64_MAX, 4, "9.2E" },
		{ -7, 4, "-7" },
		{ -12345, 4, "-12k" },
		{ INT64_MIN, 5, "-9.2E" },
	};
	char text[VMSTAT_ROWS_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		is_str(vmstat_rows_count(text, rows[i].n, rows[i].width),
		       rows[i].text, "%" PRId64 " in %d characters", rows[i].n,
		       rows[i].width);
}

/* A reading of n nodes whose counters are times as large. */
static void reading(struct vmstat *s, int n, uint64_t times)
{
	static const char *const names[] = {
		"numa_hit",	     "numa_miss",	"pgpromote_success",
		"pgdemote_kswapd",   "pgdemote_direct", "pgdemote_khugepaged",
		"pgdemote_proactive"
	};
	char text[1024], path[64];

	snprintf(text, sizeof(text),
		 "nr_free_pages 25600000\nnuma_hit %" PRIu64
		 "\nnuma_miss 5\npgpromote_success %" PRIu64
		 "\npgpromote_candidate 2\npgpromote_candidate_nrl 1\n"
		 "numa_hint_faults 4000\nnuma_pte_updates 123456\n"
		 "pgmigrate_success %" PRIu64 "\n",
		 1000 * times, 7 * times, 2000000 * times);
	tree_file("/proc/vmstat", text);
	for (int i = 0; i < n; i++) {
		int len = snprintf(text, sizeof(text), "nr_free_pages %d\n",
				   256 * (i + 1));

		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
					"%s %" PRIu64 "\n", names[k],
					(k + 1) * 10 * times);
		snprintf(path, sizeof(path), NODE "%d/vmstat", i * 3);
		tree_file(path, text);
	}
	is_i64(vmstat_read(s), 0, "a reading");
}

static size_t widest(const char *text)
{
	size_t most = 0, len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		most = len > most ? len : most;
	}
	return most;
}

/* The lines of an interval in which the counters of n nodes doubled. */
static void lines(int n, const char *want)
{
	struct vmstat before, now;
	struct textbuf t = { 0 };

	tree_remove("/sys");
	reading(&before, n, 1);
	reading(&now, n, 2);
	vmstat_rows_head(&t, &now);
	vmstat_rows_add(&t, NULL, &now, 0);
	vmstat_rows_add(&t, &before, &now, 12.34);
	is_str(t.text, want, "%d nodes", n);
	ok(widest(t.text) < 80, "%d nodes: no line of more than 79", n);
	buf_free(&t);
	vmstat_free(&before);
	vmstat_free(&now);
}

static void seconds(void)
{
	struct vmstat s;
	struct textbuf t = { 0 };

	reading(&s, 2, 1);
	vmstat_rows_add(&t, &s, &s, 999.84);
	vmstat_rows_add(&t, &s, &s, 999.97);
	vmstat_rows_add(&t, &s, &s, 86400.5);
	like(t.text, "999.8 ", "tenths of a second");
	like(t.text, "\n 1000 ", "whole ones after a quarter of an hour");
	like(t.text, "\n86400 ", "a day");
	buf_free(&t);
	vmstat_free(&s);
}

int main(void)
{
	tree_begin();
	counts();
	lines(0,
	      " time free  promoted  demoted by     NUMA      allocated migrated\n"
	      "    s   MiB done cand kswd dirc rest hint ptes  all miss   ok fail\n"
	      " boot  100k   14    3    -    -    - 4000 123k 2005    5 4.0M    -\n"
	      " 12.3  100k    7    0    -    -    -    0    0 1000    0 2.0M    -\n");
	lines(1,
	      " time free  promoted  demoted by     NUMA      allocated migrated\n"
	      "    s   MiB done cand kswd dirc rest hint ptes  all miss   ok fail\n"
	      " boot  100k   14    3    -    -    - 4000 123k 2005    5 4.0M    -\n"
	      " 12.3  100k    7    0    -    -    -    0    0 1000    0 2.0M    -\n");
	lines(2,
	      " time free MiB on promoted  demoted by     NUMA      allocated on   migrated\n"
	      "    s     0     3 done cand kswd dirc rest hint ptes    0    3 miss   ok fail\n"
	      " boot     1     2   14    3    -    -    - 4000 123k   60   60    5 4.0M    -\n"
	      " 12.3     1     2    7    0    -    -    -    0    0   30   30    0 2.0M    -\n");
	lines(3,
	      " time node free  promoted  demoted by     NUMA      allocated migrated\n"
	      "    s        MiB done cand kswd dirc rest hint ptes  all miss   ok fail\n"
	      " boot  all  100k   14    3    -    -    - 4000 123k 2005    5 4.0M    -\n"
	      "         0     1   60    -   80  100  260             60   40\n"
	      "         3     2   60    -   80  100  260             60   40\n"
	      "         6     3   60    -   80  100  260             60   40\n"
	      " 12.3  all  100k    7    0    -    -    -    0    0 1000    0 2.0M    -\n"
	      "         0     1   30    -   40   50  130             30   20\n"
	      "         3     2   30    -   40   50  130             30   20\n"
	      "         6     3   30    -   40   50  130             30   20\n");
	seconds();
	return done_testing();
}
