// SPDX-License-Identifier: GPL-2.0-only
/*
 * Presets and tunables by name and range; what applying one writes, what it
 * writes where a file is missing or keeps its value, and what it says then.
 */
#include <unistd.h>

#include "tiering/policy.h"
#include "mm/undo.h"
#include "lib/base.h"
#include "lib/error.h"
#include "cmd/policy_restore.h"
#include "tap.h"
#include "tree.h"

#define SCHED "/sys/kernel/debug/sched/numa_balancing/"
#define NODES "/sys/devices/system/node/"

static char dir[PATH_MAX];

/* ----------------------------------------------------------------- values */

static void check(const char *name, const char *set, const char *why)
{
	struct policy_plan plan = { .name = name,
				    .sets = { set },
				    .nr_sets = set != NULL };
	int err = policy_check(&plan);

	is_i64(err, why ? -EINVAL : 0, "%s %s", name ? name : "no policy",
	       set ? set : "");
	if (!why)
		return;
	like(fail_message(), why, "why");
	is_u64(fail_status(), STATUS_USAGE, "it is bad usage");
}

static void names(void)
{
	static const char *const all[] = {
		"none", "numab",      "tpp",	    "hmsdk", "hmsdk-fast",
		"both", "damon-goal", "interleave", "oracle"
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		check(all[i], NULL, NULL);
	check("", NULL, "unknown policy \"\"");
	check("hmdsk", NULL, "did you mean \"hmsdk\"?");
	check("zebra", NULL, "see tier policy list");
	check(NULL, NULL, NULL);
	check(NULL, "numa_balancing=2", NULL);
}

static void keys(void)
{
	check("none", "scan_size_mb=512", NULL);
	check("none", "kernel.numa_balancing=1", NULL);
	check("none", "vm.swappiness=100", NULL);
	check("none", "/proc/sys/vm/swappiness=100", NULL);
	check("none", "promote_rate_limit_MBps=100", NULL);
	check("none", "weighted_interleave_node0=3", NULL);
	check("none", "weighted_interleave_node1023=3", NULL);
	check("none", "/sys/kernel/mm/mempolicy/weighted_interleave/node7=3",
	      NULL);
	check("none", "weighted_interleave_node=3", "unknown tunable");
	check("none", "weighted_interleave_node1024=3", "unknown tunable");
	check("none", "weighted_interleave_node-1=3", "unknown tunable");
	check("none", "weighted_interleave_nodex=3", "unknown tunable");
	check("none", "swapiness=100", "did you mean \"swappiness\"?");
	check("none", "qwertyuiop=1", "see tier policy show");
	check("none", "vm.=1", "unknown tunable");
	check("none", "/etc/passwd=1", "unknown tunable");
}

static void ranges(void)
{
	/* The customer's own spellings */
	check("none", "lru_gen_enabled=0x0000", NULL);
	check("none", "demotion_enabled=true", NULL);
	check("none", "demotion_enabled=1", NULL);
	check("none", "demotion_enabled=N", NULL);
	/* The kernel looks at the first letter alone: it would take false */
	check("none", "demotion_enabled=0x1", "give true or false");
	check("none", "demotion_enabled=01", "give true or false");
	check("none", "lru_gen_enabled=on", NULL);
	check("none", "lru_gen_enabled=1", NULL);
	check("none", "lru_gen_enabled=y", NULL);
	check("none", "lru_gen_enabled=0x7", NULL);
	check("none", "lru_gen_enabled=8", "from 0 to 7");
	/* 0 divides by zero in the kernel. */
	check("none", "scan_size_mb=0", "from 1 to 1048576 MB");
	check("none", "scan_size_mb=0x0", "from 1 to");
	check("none", "scan_size_mb=00", "from 1 to");
	check("none", "scan_size_mb=-1", "from 1 to");
	check("none", "scan_size_mb= 1", "from 1 to");
	check("none", "scan_size_mb=1 ", "from 1 to");
	check("none", "scan_size_mb=", "from 1 to");
	check("none", "scan_size_mb=1M", "from 1 to");
	check("none", "scan_size_mb=99999999999999999999", "from 1 to");
	check("none", "scan_size_mb=999999999999999999999999", "too long");
	/* 4 would mean "enabled, but neither". */
	check("none", "numa_balancing=4", "from 0 to 3");
	check("none", "numa_balancing=3", NULL);
	check("none", "swappiness=200", NULL);
	check("none", "swappiness=201", "from 0 to 200");
	/* The kernel would take it as octal. */
	check("none", "swappiness=010", "from 0 to 200");
	check("none", "watermark_scale_factor=0", "from 1 to 3000");
	check("none", "watermark_scale_factor=3001", "from 1 to 3000");
	check("none", "numa_balancing_promote_rate_limit_MBps=16777216",
	      "from 0 to 16777215");
	check("none", "zone_reclaim_mode=8", "from 0 to 7");
	check("none", "weighted_interleave_node0=0", "from 1 to 255");
	check("none", "weighted_interleave_node0=256", "from 1 to 255");
	check("none", "demotion_enabled=2", "give true or false");
	check("none", "demotion_enabled=", "give true or false");
	check("none", "thp_enabled=always", NULL);
	check("none", "thp_enabled=alway", "give one of always madvise never");
	check("none", "thp_enabled=", "give one of");
	check("none", "thp_enabled=always madvise", "give one of");
	check("none", "thp_defrag=defer+madvise", NULL);
	check("none", "auto_online_blocks=online_movable", NULL);
	check("none", "scan_period_max_ms=999", "is above");
	check("none", "scan_period_min_ms=60001", "is above");
	check("none", "scan_period_min_ms=60000", NULL);
	check("numab", "scan_period_min_ms=1101", "1101 and 1100");
}

/* ------------------------------------------------------------------ apply */

/* Values of the defaults' lengths: a file of a tree is not cut by a write. */
static const char *const files[][3] = {
	{ "/proc/sys/kernel/numa_balancing", "2", "0" },
	{ "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps", "12345",
	  "65536" },
	{ SCHED "scan_delay_ms", "2000", "1000" },
	{ SCHED "scan_period_min_ms", "2001", "1000" },
	{ SCHED "scan_period_max_ms", "50000", "60000" },
	{ SCHED "scan_size_mb", "512", "256" },
	{ SCHED "hot_threshold_ms", "2002", "1000" },
	{ "/proc/sys/vm/zone_reclaim_mode", "1", "0" },
	{ "/proc/sys/vm/watermark_scale_factor", "20", "10" },
};

static void one_node(int node, const char *cpus, const char *distance)
{
	char path[256], text[256];

	snprintf(path, sizeof(path), NODES "node%d/meminfo", node);
	snprintf(text, sizeof(text),
		 "Node %d MemTotal: 1048576 kB\nNode %d MemFree: 1000000 kB\n",
		 node, node);
	tree_file(path, text);
	snprintf(path, sizeof(path), NODES "node%d/cpulist", node);
	tree_file(path, cpus);
	snprintf(path, sizeof(path), NODES "node%d/distance", node);
	tree_file(path, distance);
}

static void machine(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		tree_file(files[i][0], files[i][1]);
	tree_file(NODES "online", "0-1\n");
	tree_file(NODES "has_memory", "0-1\n");
	one_node(0, "0-1\n", "10 20\n");
	one_node(1, "\n", "20 10\n");
}

static void holds(int column, const char *when)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		is_str(tree_text(files[i][0]), files[i][column], "%s: %s", when,
		       strrchr(files[i][0], '/') + 1);
}

static struct policy *made(const char *name, const char *set)
{
	struct policy_plan plan = { .name = name,
				    .sets = { set },
				    .nr_sets = set != NULL };
	struct policy *p = policy_new(&plan, false);

	ok(p, "%s %s on this machine", name, set ? set : "");
	return p;
}

static void applied(void)
{
	struct undo_result r;
	struct policy *p;

	machine();
	p = made("none", NULL);
	is_i64(undo_begin("run"), 0, "begin");
	is_i64(policy_apply(p), 0, "apply");
	policy_free(p);
	holds(2, "set");
	is_i64(undo_restore("run", &r), 0, "restore");
	is_u64(r.done, ARRAY_SIZE(files), "every write");
	holds(1, "put back");
}

/* demotion_enabled is not in this tree. */
static void absent(void)
{
	struct policy *p;

	machine();
	undo_begin("run");
	p = made("none", "demotion_enabled=false");
	is_i64(policy_apply(p), 0, "what is absent is off");
	policy_free(p);
	restore_log("run");
	p = made("none", "demotion_enabled=true");
	is_i64(policy_apply(p), -ENOENT, "and cannot be on");
	like(fail_message(), "demotion_enabled=true: this kernel has no /sys/",
	     "which");
	like(fail_message(), "CONFIG_NUMA_MIGRATION", "and what has it");
	is_u64(fail_status(), STATUS_LACKS, "the machine lacks it");
	policy_free(p);
	holds(1, "nothing was written");
}

/* What the kernel reads back is what is written. */
static void canonical(void)
{
	struct policy *p;

	machine();
	tree_file("/sys/kernel/mm/numa/demotion_enabled", "false");
	tree_file("/sys/kernel/mm/lru_gen/enabled", "0x0003");
	undo_begin("run");
	p = made(NULL, "lru_gen_enabled=y");
	is_i64(policy_apply(p), 0, "all of the multi-gen LRU");
	is_str(tree_text("/sys/kernel/mm/lru_gen/enabled"), "0x0007",
	       "as the kernel spells it");
	policy_free(p);
	restore_log("run");
	is_str(tree_text("/sys/kernel/mm/lru_gen/enabled"), "0x0003",
	       "and back");
	tree_file("/sys/kernel/mm/numa/demotion_enabled", "true ");
	undo_begin("run");
	p = made(NULL, "demotion_enabled=N");
	policy_apply(p);
	is_str(tree_text("/sys/kernel/mm/numa/demotion_enabled"), "false",
	       "a truth in one spelling");
	policy_free(p);
	undo_restore("run", &(struct undo_result){ 0 });
	tree_remove("/sys/kernel/mm/numa");
	tree_remove("/sys/kernel/mm/lru_gen");
}

/* A write that does not take, in the middle. */
static void stuck(void)
{
	struct undo_result r;
	struct policy *p;

	machine();
	tree_file(SCHED "scan_size_mb", "5120");
	undo_begin("run");
	p = made("none", NULL);
	is_i64(policy_apply(p), -EIO, "the kernel holds another value");
	like(fail_message(), "scan_size_mb <- 256: reads back as \"2560\"",
	     "which");
	policy_free(p);
	tree_file(SCHED "scan_size_mb", "512");
	/* The tree's own fault: the kernel would take the old value. */
	is_i64(undo_restore("run", &r), 0, "restore");
	tree_file(SCHED "scan_size_mb", "512");
	holds(1, "as it was");
}

static void one_tier(void)
{
	struct policy_plan plan = { .name = "hmsdk" };

	machine();
	tree_remove(NODES "node1");
	tree_file(NODES "online", "0\n");
	tree_file(NODES "has_memory", "0\n");
	ok(!policy_new(&plan, false), "one node: nowhere to move pages to");
	like(fail_message(), "no node is in a lower tier, or", "why");
	is_u64(fail_status(), STATUS_LACKS, "the machine lacks it");
}

int main(void)
{
	tree_begin();
	tree_directory("/run");
	snprintf(dir, sizeof(dir), "%s", tree_path("/run"));
	undo_set_dir(dir);
	names();
	keys();
	ranges();
	applied();
	canonical();
	absent();
	stuck();
	one_tier();
	return done_testing();
}
