// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's counters by name, of the machine and by node: what is absent is no
 * zero, and broken lines are left out.
 */
#include "vmstat.h"
#include "tap.h"
#include "tree.h"

#define NODE "/sys/devices/system/node/node"

static void is_value(const struct vmstat *s, int node, const char *name,
		     uint64_t want)
{
	uint64_t v = 77;

	ok(vmstat_get(s, node, name, &v), "%s of %d is there", name, node);
	is_u64(v, want, "%s of %d", name, node);
}

static void is_absent(const struct vmstat *s, int node, const char *name)
{
	uint64_t v = 77;

	ok(!vmstat_get(s, node, name, &v), "%s of %d is absent", name, node);
	is_u64(v, 77, "and no zero is given out");
}

/* Neither in order, nor all lines as they should be. */
static void snapshot(struct vmstat *s)
{
	tree_file("/proc/vmstat", "zzz 1\n"
				  "pgfault 123\n"
				  "node_stats:\n"
				  "\n"
				  "aaa 2\n"
				  " leading 5\n"
				  "words 5 and more\n"
				  "text five\n"
				  "bare\n"
				  "bare_space \n"
				  "huge 99999999999999999999999\n"
				  "largest 18446744073709551615\n"
				  "numa_hit 0\n"
				  "no_newline 9");
	tree_file("/proc/sys/vm/stat_refresh", "0");
	tree_file(NODE "2/vmstat", "numa_hit 20\npgpromote_success 7\n");
	tree_file(NODE "10/vmstat", "numa_hit 100\n");
	tree_directory(NODE "5"); /* without a vmstat: it went away */
	is_i64(vmstat_take(s), 0, "a snapshot");
	is_str(tree_text("/proc/sys/vm/stat_refresh"), "1",
	       "for which the counters were folded");
	ok(s->folded, "as it says");
}

static void reading(const struct vmstat *s)
{
	is_value(s, VMSTAT_TOTAL, "pgfault", 123);
	is_value(s, VMSTAT_TOTAL, "zzz", 1);
	is_value(s, VMSTAT_TOTAL, "aaa", 2);
	is_value(s, VMSTAT_TOTAL, "numa_hit", 0);
	is_value(s, VMSTAT_TOTAL, "largest", UINT64_MAX);
	is_value(s, VMSTAT_TOTAL, "no_newline", 9);
	is_absent(s, VMSTAT_TOTAL, "pgpromote_success");
	is_absent(s, VMSTAT_TOTAL, "words");
	is_absent(s, VMSTAT_TOTAL, "text");
	is_absent(s, VMSTAT_TOTAL, "bare");
	is_absent(s, VMSTAT_TOTAL, "bare_space");
	is_absent(s, VMSTAT_TOTAL, "huge");
	is_absent(s, VMSTAT_TOTAL, "leading");
	is_absent(s, VMSTAT_TOTAL, "node_stats:");
	is_absent(s, VMSTAT_TOTAL, "pgfaul");
	is_absent(s, VMSTAT_TOTAL, "");
	is_value(s, 2, "numa_hit", 20);
	is_value(s, 2, "pgpromote_success", 7);
	is_value(s, 10, "numa_hit", 100);
	is_absent(s, 10, "pgpromote_success");
	is_absent(s, 5, "numa_hit");
	is_absent(s, 0, "numa_hit");
	is_u64(s->nr_files, 3, "files: the total and two nodes");
}

static void deltas(const struct vmstat *before)
{
	struct vmstat after;
	int64_t d = 77;

	tree_remove("/proc/sys/vm/stat_refresh");
	tree_file("/proc/vmstat", "pgfault 200\nzzz 0\nnew 5\nlargest 1\n");
	tree_file(NODE "2/vmstat", "numa_hit 25\n");
	is_i64(vmstat_take(&after), 0, "another snapshot");
	ok(!after.folded, "not folded: the file is missing");
	ok(vmstat_delta(before, &after, VMSTAT_TOTAL, "pgfault", &d) && d == 77,
	   "200 - 123");
	ok(vmstat_delta(before, &after, VMSTAT_TOTAL, "zzz", &d) && d == -1,
	   "one that goes back");
	ok(vmstat_delta(before, &after, 2, "numa_hit", &d) && d == 5,
	   "of a node");
	ok(vmstat_delta(before, &after, VMSTAT_TOTAL, "largest", &d) && d == 2,
	   "one that wrapped");
	d = 77;
	ok(!vmstat_delta(before, &after, VMSTAT_TOTAL, "new", &d),
	   "absent before");
	ok(!vmstat_delta(before, &after, VMSTAT_TOTAL, "aaa", &d),
	   "absent after");
	ok(!vmstat_delta(before, &after, 10, "pgpromote_success", &d),
	   "absent in both");
	is_i64(d, 77, "and no number is given out");
	ok(vmstat_delta(NULL, &after, VMSTAT_TOTAL, "new", &d) && d == 5,
	   "since boot");
	d = 77;
	ok(!vmstat_delta(NULL, &after, VMSTAT_TOTAL, "aaa", &d) && d == 77,
	   "since boot, absent");
	vmstat_free(&after);

	tree_file("/proc/sys/vm/stat_refresh", "0");
	is_i64(vmstat_read(&after), 0, "a reading");
	ok(!after.folded, "is not folded");
	is_str(tree_text("/proc/sys/vm/stat_refresh"), "0",
	       "and writes nothing");
	vmstat_free(&after);
	tree_remove("/proc/sys/vm/stat_refresh");
}

/* The customer's table, issue's part 5: its rows in its order. */
static void rows(void)
{
	static const char *const names[] = {
		"numa_hit",
		"numa_miss",
		"numa_foreign",
		"numa_interleave",
		"numa_local",
		"numa_other",
		"pgpromote_success",
		"pgpromote_candidate",
		"pgdemote_kswapd",
		"pgdemote_direct",
		"pgdemote_khugepaged",
		"pgalloc_dma",
		"pgalloc_dma32",
		"pgalloc_normal",
		"pgfault",
		"pgmajfault",
		"kswapd_low_wmark_hit_quickly",
		"kswapd_high_wmark_hit_quickly",
		"numa_pte_updates",
		"numa_huge_pte_updates",
		"numa_hint_faults",
		"numa_hint_faults_local",
		"numa_pages_migrated",
		"pgmigrate_success",
		"pgmigrate_fail",
		NULL,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		is_str(vmstat_rows[i].name, names[i], "row %zu", i + 1);
}

static void broken(void)
{
	struct vmstat s;

	tree_file("/proc/vmstat", "");
	is_i64(vmstat_take(&s), 0, "an empty file");
	is_absent(&s, VMSTAT_TOTAL, "pgfault");
	vmstat_free(&s);
	tree_data("/proc/vmstat", "a 1\n\0b 2\nc 3\n", 13);
	is_i64(vmstat_take(&s), 0, "a NUL in it");
	is_value(&s, VMSTAT_TOTAL, "a", 1);
	vmstat_free(&s);
	tree_remove("/sys");
	is_i64(vmstat_take(&s), 0, "no nodes");
	is_u64(s.nr_files, 1, "the total alone");
	vmstat_free(&s);
	for (int i = 60; i <= NODE_MAX; i += 4) {
		char path[64];

		snprintf(path, sizeof(path), NODE "%d/vmstat", i);
		tree_file(path, "numa_hit 1\n");
	}
	is_i64(vmstat_take(&s), 0, "more nodes than there is room for");
	/* By its number: tables of nodes end at NODE_MAX, whatever their count. */
	is_value(&s, 64, "numa_hit", 1);
	is_value(&s, NODE_MAX - 4, "numa_hit", 1);
	is_absent(&s, NODE_MAX, "numa_hit");
	vmstat_free(&s);
	tree_remove("/proc/vmstat");
	is_i64(vmstat_take(&s), -ENOENT, "no /proc/vmstat");
	vmstat_free(&s);
}

int main(void)
{
	struct vmstat s;

	tree_begin();
	snapshot(&s);
	reading(&s);
	deltas(&s);
	vmstat_free(&s);
	is_absent(&s, VMSTAT_TOTAL, "pgfault");
	rows();
	broken();
	return done_testing();
}
