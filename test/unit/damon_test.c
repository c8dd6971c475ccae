// SPDX-License-Identifier: GPL-2.0-only
/*
 * DAMON on trees: what is generated, what would be written and in which
 * order, what is put back, what is said. What a tree cannot do (make
 * directories at a write, refuse) is for the guests.
 */
/* WRAP: undo_note undo_store undo_has sysfs_is_rerooted damon_sysfs_command */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/verbs.h"
#include "damon/damon.h"
#include "damon/damon_config.h"
#include "damon/damon_json.h"
#include "damon/damon_sysfs.h"
#include "damon/heatmap.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/iomem.h"
#include "mm/memory_block.h"
#include "mm/undo.h"
#include "sysfs.h"
#include "tap.h"
#include "tree.h"

#define K "/sys/kernel/mm/damon/admin/kdamonds"
#define NODE "/sys/devices/system/node/node"

static struct textbuf undo_log;
static unsigned int undo_failures;

/* A tree that is as good as the machine; and a kernel that is not asked. */
static bool as_machine, is_deaf;
/* Changes are logged by undo.c, in a directory that it was given. */
static bool undo_really;

/* Below DAMON's directory only what is there. */
static const char *brief(const char *path)
{
	return strncmp(path, K "/", strlen(K) + 1) ? path :
						     path + strlen(K) + 1;
}

/* ------------------------------------------------ what damon.c asks of others */

bool __wrap_sysfs_is_rerooted(void);
int __real_damon_sysfs_command(uint64_t k, const char *word);
int __wrap_damon_sysfs_command(uint64_t k, const char *word);
bool __real_undo_has(const char *path);
bool __wrap_undo_has(const char *path);
int __real_undo_note(enum undo_how how, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int __wrap_undo_note(enum undo_how how, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int __real_undo_store(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int __wrap_undo_store(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

bool __wrap_sysfs_is_rerooted(void)
{
	return !as_machine;
}

int __wrap_damon_sysfs_command(uint64_t k, const char *word)
{
	return is_deaf && strcmp(word, "on") ?
		       fail(EBUSY, "deaf") :
		       __real_damon_sysfs_command(k, word);
}

/* undo.c logs nothing for a tree: what is handed to it is kept here. */
static int undone(enum undo_how how, const char *value, const char *path)
{
	static const char *const hows[] = { "store", "write", "try" };

	if (undo_failures)
		return fail(ENOSPC, "no room for the log");
	buf_add(&undo_log, "%s %s %s\n", hows[how], brief(path), value);
	return 0;
}

int __wrap_undo_note(enum undo_how how, const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return undo_really ? __real_undo_note(how, value, "%s", path) :
			     undone(how, value, path);
}

bool __wrap_undo_has(const char *path)
{
	char want[PATH_MAX];

	if (undo_really)
		return __real_undo_has(path);
	snprintf(want, sizeof(want), " %s ", brief(path));
	return undo_log.len && strstr(undo_log.text, want);
}

int __wrap_undo_store(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX], was[64] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (undo_really)
		return __real_undo_store(value, "%s", path);
	sysfs_read(was, sizeof(was), "%s", path);
	undone(UNDO_STORE, was, path);
	return sysfs_store(value, "%s", path);
}

/* -------------------------------------------------------------- the machine */

/* 1 GiB of DRAM with the PC's holes, 512 MiB of CXL memory. */
static void machine(void)
{
	char path[128];

	undo_log.len = 0;
	tree_remove("/sys");
	tree_remove("/proc");
	tree_file("/sys/devices/system/memory/block_size_bytes", "8000000\n");
	for (int i = 0; i < 42; i++) {
		int node = i < 8 ? 0 : i >= 34 && i < 38 ? 1 : -1;

		if (node < 0)
			continue;
		snprintf(path, sizeof(path), NODE "%d/memory%d/state", node, i);
		tree_file(path, "online\n");
		snprintf(path, sizeof(path),
			 "/sys/devices/system/memory/memory%d/node%d/x", i,
			 node);
		tree_file(path, "");
	}
	/* one that is there, but offline */
	tree_file(NODE "1/memory38/state", "offline\n");
	for (int node = 0; node < 2; node++) {
		snprintf(path, sizeof(path), NODE "%d/meminfo", node);
		tree_file(path, node ? "Node 1 MemTotal: 524288 kB\n"
				       "Node 1 MemFree: 524288 kB\n" :
				       "Node 0 MemTotal: 1000000 kB\n"
				       "Node 0 MemFree: 500000 kB\n");
		snprintf(path, sizeof(path), NODE "%d/cpulist", node);
		tree_file(path, node ? "\n" : "0-1\n");
	}
	tree_file("/proc/iomem",
		  "00000000-00000fff : Reserved\n"
		  "00001000-0009fbff : System RAM\n"
		  "0009fc00-0009ffff : Reserved\n"
		  "000f0000-000fffff : Reserved\n"
		  "00100000-3ffdffff : System RAM\n"
		  "  07a00000-089fffff : Kernel code\n"
		  "3ffe0000-3fffffff : Reserved\n"
		  "110000000-137ffffff : CXL Window 0\n"
		  "  110000000-137ffffff : region0\n"
		  "    110000000-137ffffff : dax0.0\n"
		  "      110000000-137ffffff : System RAM (kmem)\n");
	tree_file("/proc/zoneinfo", "Node 0, zone      DMA\n"
				    "  pages free     3840\n"
				    "        boost    0\n"
				    "        min      100\n"
				    "        low      125\n"
				    "        high     150\n"
				    "        promo    175\n"
				    "        spanned  4095\n"
				    "        present  3998\n"
				    "        managed  3840\n"
				    "  pagesets\n"
				    "    cpu: 0\n"
				    "              count:    0\n"
				    "              high:     9999\n"
				    "Node 0, zone    DMA32\n"
				    "  pages free     200000\n"
				    "        min      1000\n"
				    "        low      1250\n"
				    "        high     1500\n"
				    "        promo    1825\n"
				    "        managed  196160\n"
				    "Node 1, zone  Movable\n"
				    "        min      10\n"
				    "        low      20\n"
				    "        high     30\n"
				    "        present  131072\n"
				    "        managed  131072\n");
	tree_file(K "/nr_kdamonds", "0\n");
	tree_file("/proc/sys/kernel/osrelease", "6.12.1-test\n");
}

static struct damon_plan both(void)
{
	return (struct damon_plan){
		.nr_moves = 2, .moves = { { 0, 1, false }, { 1, 0, true } }
	};
}

/* ---------------------------------------------------------------- generate */

static void region_is(const struct damon_config *c, size_t k, size_t i,
		      uint64_t start, uint64_t end)
{
	const struct kdamond_target *t =
		k < c->kdamonds.nr ? kdamond_target(kdamond_context(c, k), 0) :
				     NULL;

	if (!ok(t && i < t->regions.nr, "kdamond %zu has region %zu", k, i))
		return;
	is_u64(kdamond_region(t, i)->start, start, "its start");
	is_u64(kdamond_region(t, i)->end, end, "its end");
}

static void generate(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	if (!ok(c, "HMSDK's two schemes")) {
		diag("%s", fail_message());
		return;
	}
	is_u64(c->kdamonds.nr, 2, "a kdamond each");
	region_is(c, 0, 0, 0x1000, 0x9fc00);
	region_is(c, 0, 1, 0x100000, 0x3ffe0000);
	/* The offline block is left out. */
	region_is(c, 1, 0, 0x110000000, 0x130000000);
	is_u64(damon_sample_us(c), 100000, "the sampling interval");
	damon_free(c);
	/* Demotions come first, whatever the order of the options. */
	plan.moves[0] = (struct damon_move){ 1, 0, true };
	plan.moves[1] = (struct damon_move){ 0, 1, false };
	c = damon_generate(DAMON_FAST, &plan);
	is_str(kdamond_scheme(kdamond_context(c, 0), 0)->action, "migrate_cold",
	       "the demotion is first");
	is_u64(damon_sample_us(c), 20000, "a fifth of the time");
	is_u64(kdamond_scheme(kdamond_context(c, 1), 0)->quota_ms, 400,
	       "and of the quota's");
	damon_free(c);
}

static void goals(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_GOAL, &plan);
	const struct kdamond_scheme *cold, *hot;
	const struct kdamond_goal *g;

	if (!ok(c, "damo's schemes with goals"))
		return;
	cold = kdamond_scheme(kdamond_context(c, 0), 0);
	hot = kdamond_scheme(kdamond_context(c, 1), 0);
	g = cold->goals.items;
	is_str(g->metric, "node_mem_free_bp", "demotion: free memory");
	is_u64(g->nid, 0, "of the node it demotes from");
	/* (175 + 1825) of 200000 pages are 100 basis points */
	is_u64(g->target, 300, "the promotion watermark and 2 %%");
	g = hot->goals.items;
	is_str(g->metric, "node_mem_used_bp", "promotion: used memory");
	is_u64(g->nid, 0, "of the node it promotes to");
	is_u64(g->target, 9720, "the rest, and 0.2 %% more");
	is_u64(kdamond_context(c, 0)->goal_bp, 400, "4 %% accesses");
	is_u64(damon_sample_us(c), 5000, "the shortest interval it may tune");
	damon_free(c);
	/* Without the watermark's line it is high + low - min. */
	plan.nr_moves = 1;
	plan.moves[0] = (struct damon_move){ 1, 0, false };
	c = damon_generate(DAMON_GOAL, &plan);
	g = c ? kdamond_scheme(kdamond_context(c, 0), 0)->goals.items : NULL;
	is_u64(g ? g->target : 0, 4 + 200, "a kernel that does not print it");
	damon_free(c);
}

static void split(void)
{
	struct damon_plan plan = both();
	struct damon_config *c;
	uint64_t sum = 0;

	plan.region_max = 256 * MIB + 1; /* cut to whole pages */
	c = damon_generate(DAMON_HMSDK, &plan);
	if (!ok(c, "-s 256M"))
		return;
	is_u64(c->kdamonds.nr, 4 + 1 + 2, "four parts and the rest, two");
	region_is(c, 0, 0, 0x100000, 0x10100000);
	region_is(c, 3, 0, 0x30100000, 0x3ffe0000);
	region_is(c, 4, 0, 0x1000, 0x9fc00);
	region_is(c, 5, 0, 0x110000000, 0x120000000);
	region_is(c, 6, 0, 0x120000000, 0x130000000);
	for (size_t k = 0; k < c->kdamonds.nr; k++) {
		const struct kdamond_target *t =
			kdamond_target(kdamond_context(c, k), 0);

		for (size_t i = 0; i < t->regions.nr; i++)
			sum += kdamond_region(t, i)->end -
			       kdamond_region(t, i)->start;
	}
	is_u64(sum, 0x9fc00 - 0x1000 + 0x3ffe0000 - 0x100000 + 512 * MIB,
	       "nothing is lost");
	is_i64(kdamond_check(c), 0, "and it is sound");
	damon_free(c);
	plan.region_max = 1 * MIB;
	ok(!damon_generate(DAMON_HMSDK, &plan), "1536 kdamonds are too many");
	like(fail_message(), "more than 256 kdamonds", "says why");
}

static void generate_refused(struct damon_plan plan, enum status status,
			     const char *why)
{
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	ok(!c, "refused: %s", why);
	like(fail_message(), why, "says why");
	is_i64(fail_status(), status, "with that status");
	damon_free(c);
}

static void refusals(void)
{
	struct damon_plan plan = both();

	plan.moves[1] = (struct damon_move){ 1, 1, true };
	generate_refused(plan, STATUS_USAGE, "both SRC and DEST");
	plan.moves[1] = (struct damon_move){ 0, 1, true };
	generate_refused(plan, STATUS_USAGE, "SRC twice");
	plan.moves[1] = (struct damon_move){ 1, 7, true };
	generate_refused(plan, STATUS_LACKS, "node 7");
	like(fail_message(), "there are 0 1", "names those that there are");
	plan = both();
	tree_remove(NODE "1/memory34");
	tree_remove(NODE "1/memory35");
	tree_remove(NODE "1/memory36");
	tree_remove(NODE "1/memory37");
	generate_refused(plan, STATUS_LACKS, "node 1: no System RAM");
	machine();
	tree_file("/proc/iomem", "00000000-00000000 : Reserved\n"
				 "00000000-00000000 : System RAM\n");
	generate_refused(plan, STATUS_FAILED,
			 "shows no addresses: that takes CAP_SYS_ADMIN");
	tree_remove("/proc/iomem");
	generate_refused(plan, STATUS_FAILED, "/proc/iomem");
	machine();
	tree_remove("/sys/devices/system/memory");
	generate_refused(plan, STATUS_LACKS, "CONFIG_MEMORY_HOTPLUG");
	machine();
	tree_file("/sys/devices/system/memory/block_size_bytes", "0\n");
	generate_refused(plan, STATUS_FAILED, "is no size");
	machine();
}

/* Ranges in one page are parted, as the kernel would call them overlapping. */
static void ranges(void)
{
	struct iomem_range *r;
	int n;

	tree_file("/proc/iomem", "00002000-00003bff : System RAM\n"
				 "00001000-00001bff : System RAM\n"
				 "00003c00-00008fff : System RAM\n"
				 "10000000000000000-1 : System RAM\n"
				 "5-3 : System RAM\n"
				 "garbage : System RAM\n"
				 "40000000-4fffffff : System RAM\n"
				 "0-ffffffffffffffff : System RAM\n");
	n = iomem_of_node(&r, 0);
	is_i64(n, 3, "ranges of a node");
	if (n == 3) {
		is_u64(r[0].start, 0x1000, "in order");
		is_u64(r[0].end, 0x1c00, "as they are");
		is_u64(r[1].end, 0x3000, "cut where the next one begins");
		is_u64(r[2].start, 0x3c00, "which keeps the page");
	}
	free(r);
	machine();
	is_i64(memory_block_node_at(0x110000000), 1, "whose memory is where");
	is_i64(memory_block_node_at(0), 0, "the first block");
	is_i64(memory_block_node_at(0x50000000), -1, "nobody's");
}

/* ------------------------------------------------------------------ journal */

/*
 * HMSDK's demotion and promotion, written by hand from what its generator
 * asks of damo, in damo's order; ~ is the same in both kdamonds.
 */
static const char *const golden[] = {
	"/contexts/nr_contexts 1",
	"/contexts/0/operations paddr",
	"/contexts/0/monitoring_attrs/intervals/sample_us 100000",
	"/contexts/0/monitoring_attrs/intervals/aggr_us 2000000",
	"/contexts/0/monitoring_attrs/intervals/update_us 20000000",
	"/contexts/0/monitoring_attrs/nr_regions/min 100",
	"/contexts/0/monitoring_attrs/nr_regions/max 10000",
	"/contexts/0/targets/nr_targets 1",
	"0/contexts/0/targets/0/regions/nr_regions 2",
	"0/contexts/0/targets/0/regions/0/start 4096",
	"0/contexts/0/targets/0/regions/0/end 654336",
	"0/contexts/0/targets/0/regions/1/start 1048576",
	"0/contexts/0/targets/0/regions/1/end 1073610752",
	"1/contexts/0/targets/0/regions/nr_regions 1",
	"1/contexts/0/targets/0/regions/0/start 4563402752",
	"1/contexts/0/targets/0/regions/0/end 5100273664",
	"/contexts/0/schemes/nr_schemes 1",
	"/contexts/0/schemes/0/access_pattern/sz/min 4096",
	"/contexts/0/schemes/0/access_pattern/sz/max 18446744073709551615",
	"0/contexts/0/schemes/0/access_pattern/nr_accesses/min 0",
	"0/contexts/0/schemes/0/access_pattern/nr_accesses/max 0",
	"0/contexts/0/schemes/0/access_pattern/age/min 15",
	"1/contexts/0/schemes/0/access_pattern/nr_accesses/min 1",
	"1/contexts/0/schemes/0/access_pattern/nr_accesses/max 20",
	"1/contexts/0/schemes/0/access_pattern/age/min 0",
	"/contexts/0/schemes/0/access_pattern/age/max 4294967295",
	"0/contexts/0/schemes/0/action migrate_cold",
	"1/contexts/0/schemes/0/action migrate_hot",
	"0/contexts/0/schemes/0/quotas/ms 1000",
	"1/contexts/0/schemes/0/quotas/ms 2000",
	"/contexts/0/schemes/0/quotas/bytes 53687091200",
	"/contexts/0/schemes/0/quotas/reset_interval_ms 20000",
	"/contexts/0/schemes/0/quotas/weights/sz_permil 0",
	"/contexts/0/schemes/0/quotas/weights/nr_accesses_permil 0",
	"/contexts/0/schemes/0/quotas/weights/age_permil 10",
	"/contexts/0/schemes/0/watermarks/metric none",
	"/contexts/0/schemes/0/watermarks/interval_us 0",
	"/contexts/0/schemes/0/watermarks/high 0",
	"/contexts/0/schemes/0/watermarks/mid 0",
	"/contexts/0/schemes/0/watermarks/low 0",
	"0/contexts/0/schemes/0/target_nid 1",
	"1/contexts/0/schemes/0/target_nid 0",
	"/contexts/0/schemes/0/filters/nr_filters 2",
	"/contexts/0/schemes/0/filters/0/type memcg",
	"/contexts/0/schemes/0/filters/0/memcg_path /hmsdk",
	"/contexts/0/schemes/0/filters/0/matching N",
	"/contexts/0/schemes/0/filters/1/type young",
	"0/contexts/0/schemes/0/filters/1/matching Y",
	"1/contexts/0/schemes/0/filters/1/matching N",
	"/contexts/0/schemes/0/apply_interval_us 0",
};

static void golden_text(struct textbuf *b)
{
	buf_add(b, "nr_kdamonds 2\n");
	for (char k = '0'; k < '2'; k++)
		for (size_t i = 0; i < ARRAY_SIZE(golden); i++)
			if (golden[i][0] == '/')
				buf_add(b, "%c%s\n", k, golden[i]);
			else if (golden[i][0] == k)
				buf_add(b, "%s\n", golden[i]);
	buf_add(b, "0/state on\n1/state on\n");
}

static void log_write(void *arg, const char *path, const char *value)
{
	struct textbuf *b = arg;

	buf_add(b, "%s %s\n", brief(path), value);
}

/* The first line in which two texts differ. */
static void is_text(const char *got, const char *want, const char *name)
{
	size_t i = 0;

	if (ok(got && !strcmp(got, want), "%s", name))
		return;
	for (; got && got[i] && got[i] == want[i]; i++)
		;
	while (i && want[i - 1] != '\n')
		i--;
	diag("got  %.*s", got ? (int)strcspn(got + i, "\n") : 0,
	     got ? got + i : "");
	diag("want %.*s", (int)strcspn(want + i, "\n"), want + i);
}

static void dry_run(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);
	struct textbuf journal = { 0 }, want = { 0 };

	sysfs_journal(log_write, &journal, true);
	is_i64(damon_start(c), 0, "a dry run");
	golden_text(&want);
	is_text(journal.text, want.text,
		"writes HMSDK's values in damo's order");
	is_str(tree_text(K "/nr_kdamonds"), "0\n", "and nothing really");
	journal.len = 0;
	/* What is staged goes first, and DAMON_STAT. */
	tree_file(K "/nr_kdamonds", "1\n");
	tree_file(K "/0/state", "off\n");
	tree_file("/sys/module/damon_stat/parameters/enabled", "Y\n");
	is_i64(damon_start(c), 0, "over what somebody staged");
	like(journal.text,
	     "/sys/module/damon_stat/parameters/enabled N\n"
	     "nr_kdamonds 0\nnr_kdamonds 2\n",
	     "DAMON_STAT is disabled, old directories go");
	sysfs_journal(NULL, NULL, false);
	damon_free(c);
	buf_free(&journal);
	buf_free(&want);
	undo_log.len = 0;
	machine();
}

/* From Linux 6.15 on there are other directories for filters, and goals. */
static void newer_kernel(void)
{
	struct damon_plan plan = both();
	struct textbuf journal = { 0 };
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	tree_file("/proc/sys/kernel/osrelease", "7.3.4-test\n");
	sysfs_journal(log_write, &journal, true);
	is_i64(damon_start(c), 0, "a dry run on Linux 7.3");
	like(journal.text,
	     "update_us 20000000\n"
	     "0/contexts/0/monitoring_attrs/intervals/intervals_goal/access_bp 0\n"
	     "0/contexts/0/monitoring_attrs/intervals/intervals_goal/aggrs 0\n"
	     "0/contexts/0/monitoring_attrs/intervals/intervals_goal/"
	     "min_sample_us 0\n"
	     "0/contexts/0/monitoring_attrs/intervals/intervals_goal/"
	     "max_sample_us 0\n",
	     "intervals are not tuned");
	like(journal.text,
	     "target_nid 1\n"
	     "0/contexts/0/schemes/0/ops_filters/nr_filters 2\n"
	     "0/contexts/0/schemes/0/ops_filters/0/type memcg\n",
	     "filters that look at pages are apart");
	ok(!strstr(journal.text, "/filters/") &&
		   !strstr(journal.text, "core_filters"),
	   "and the others' directories are left alone");
	damon_free(c);
	journal.len = 0;
	c = damon_generate(DAMON_GOAL, &plan);
	is_i64(damon_start(c), 0, "goals in a dry run");
	like(journal.text,
	     "quotas/goals/nr_goals 1\n"
	     "0/contexts/0/schemes/0/quotas/goals/0/target_metric "
	     "node_mem_free_bp\n"
	     "0/contexts/0/schemes/0/quotas/goals/0/nid 0\n"
	     "0/contexts/0/schemes/0/quotas/goals/0/target_value 300\n"
	     "0/contexts/0/schemes/0/quotas/goals/0/current_value 0\n",
	     "are listed, with the node");
	like(journal.text,
	     "1/type young\n1/contexts/0/schemes/0/ops_filters/1/"
	     "allow Y\n1/contexts/0/schemes/0/ops_filters/1/"
	     "matching Y\n",
	     "the promotion allows the young");
	sysfs_journal(NULL, NULL, false);
	damon_free(c);
	buf_free(&journal);
	machine();
}

/* What a kernel cannot do is known before anything is written. */
static void check_is(const struct damon_config *c, const char *release,
		     const char *why)
{
	struct textbuf journal = { 0 };

	tree_file("/proc/sys/kernel/osrelease", release);
	for (int dry = 0; dry < 2; dry++) {
		sysfs_journal(log_write, &journal, dry);
		is_i64(damon_check(c), why ? -ENOENT : 0, "a check on %s",
		       release);
		if (why) {
			like(fail_message(), why, "says what it lacks");
			is_i64(fail_status(), STATUS_LACKS, "as lacking it");
		}
		is_u64(journal.len, 0, "and writes nothing");
	}
	is_i64(damon_start(c), why ? -ENOENT : 0, "so does a dry run");
	ok(why ? !journal.len : journal.len, "which %s something",
	   why ? "does not list" : "lists");
	sysfs_journal(NULL, NULL, false);
	buf_free(&journal);
}

static void checks(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_GOAL, &plan);
	struct kdamond_filter *f;
	struct kdamond_goal *g;

	check_is(c, "6.12.1-test",
		 "intervals_goal (Linux 6.15 or newer), nor node_mem_used_bp "
		 "goals (Linux 6.16 or newer)");
	check_is(c, "6.15.0", "not have node_mem_used_bp goals (Linux 6.16");
	check_is(c, "6.16.0", NULL);
	check_is(c, "7.0", NULL);
	check_is(c, "5.99", "intervals_goal");
	/* Of an older kind are those that others feed. */
	for (size_t k = 0; k < c->kdamonds.nr; k++) {
		kdamond_context(c, k)->goal_bp = 0;
		kdamond_context(c, k)->goal_aggrs = 0;
		kdamond_context(c, k)->goal_min_us = 0;
		kdamond_context(c, k)->goal_max_us = 0;
		g = kdamond_scheme(kdamond_context(c, k), 0)->goals.items;
		strcpy(g->metric, "user_input");
		f = kdamond_scheme(kdamond_context(c, k), 0)->filters.items;
		f[f[0].allow ? 0 : 1].allow = 0;
	}
	check_is(c, "6.12.1-test", NULL);
	damon_free(c);
	c = damon_generate(DAMON_HMSDK, &plan);
	check_is(c, "6.12.1-test", NULL);
	kdamond_context(c, 1)->addr_unit = 4096;
	check_is(c, "6.17.9",
		 "1/contexts/0/addr_unit: this kernel does not "
		 "have addr_unit (Linux 6.18 or newer)");
	/* A distribution's kernel may have what its version does not say. */
	tree_file(K "/1/contexts/0/addr_unit", "1\n");
	check_is(c, "6.17.9", NULL);
	damon_free(c);
	machine();
}

/* --------------------------------------------------------------------- start */

static int make_file(void *arg, const char *path, const char *value,
		     const struct kdamond_field *f)
{
	(void)arg;
	(void)value;
	tree_file(path, f->unit == KDAMOND_LIST ? "0\n" : "");
	return 0;
}

/* The directories that a kernel would make, and kdamonds that live. */
static void kernel_for(const struct damon_config *c)
{
	char path[128], text[32];

	damon_sysfs_emit(c, false, make_file, NULL);
	for (size_t k = 0; k < c->kdamonds.nr; k++) {
		snprintf(path, sizeof(path), K "/%zu/state", k);
		tree_file(path, ""); /* "on" over "off" would be "onf" */
		snprintf(path, sizeof(path), K "/%zu/pid", k);
		snprintf(text, sizeof(text), "%zu\n", 70 + k);
		tree_file(path, text);
		snprintf(path, sizeof(path), "/proc/%zu/comm", 70 + k);
		snprintf(text, sizeof(text), "kdamond.%zu\n", k);
		tree_file(path, text);
	}
}

static void really(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan), *back;
	struct textbuf journal = { 0 }, want = { 0 };
	char *ours, *theirs;

	kernel_for(c);
	undo_log.len = 0;
	sysfs_journal(log_write, &journal, false);
	is_i64(damon_is_running(), 0, "nothing runs before");
	if (!is_i64(damon_start(c), 0, "a start"))
		diag("%s", fail_message());
	golden_text(&want);
	is_text(journal.text, want.text, "writes the same as a dry run says");
	is_text(undo_log.text,
		"write nr_kdamonds 0\ntry 1/state off\ntry 0/state off\n",
		"taking back, from its end: off, then the directories");
	is_i64(damon_is_running(), 1, "it runs");
	back = damon_read();
	ours = damo_format(c, false);
	theirs = back ? damo_format(back, false) : NULL;
	is_text(theirs, ours, "what is read from sysfs is what was staged");
	free(ours);
	free(theirs);
	damon_free(back);

	is_i64(damon_start(c), -EBUSY, "a second start is refused");
	like(fail_message(), "kdamond.0 (PID 70) runs", "says who runs");
	like(fail_message(), "tier damon stop", "and what to do");
	is_i64(fail_status(), STATUS_FAILED, "as a failure");

	journal.len = 0;
	is_i64(damon_stop(), 0, "a stop");
	is_text(journal.text, "0/state off\n1/state off\n", "of both");
	is_i64(damon_is_running(), 0, "none runs");
	journal.len = 0;
	is_i64(damon_stop(), 0, "another stop");
	is_u64(journal.len, 0, "writes nothing");
	sysfs_journal(NULL, NULL, false);
	damon_free(c);
	buf_free(&journal);
	buf_free(&want);
	machine();
}

/* Between the staging and "on"; arg: what it is to return. */
static int staged(void *arg)
{
	int *err = arg;

	is_str(tree_text(K "/1/contexts/0/schemes/0/action"), "migrate_hot",
	       "all is staged");
	is_str(tree_text(K "/0/state"), "", "and nothing is on");
	return *err ? fail(-*err, "not ready") : 0;
}

static void readied(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);
	int err = -EROFS;

	kernel_for(c);
	is_i64(damon_start_when(c, staged, &err), -EROFS,
	       "a start for which something else is not ready");
	is_str(fail_message(), "not ready", "says what");
	is_i64(damon_is_running(), 0, "and starts nothing");
	is_i64(tree_text(K "/nr_kdamonds")[0], '0', "nothing stays staged");
	kernel_for(c);
	err = 0;
	is_i64(damon_start_when(c, staged, &err), 0, "it is ready");
	is_i64(damon_is_running(), 1, "and it runs");
	damon_free(c);
	machine();
}

/* What was staged by another, and not running, is put back in its order. */
static void old_tree(void)
{
	struct textbuf journal = { 0 };
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	tree_file(K "/nr_kdamonds", "1\n");
	tree_file(K "/0/contexts/nr_contexts", "1\n");
	tree_file(K "/0/contexts/0/operations", "vaddr\n");
	tree_file(K "/0/contexts/0/addr_unit", "1\n");
	tree_file(K "/0/contexts/0/monitoring_attrs/intervals/sample_us",
		  "5000\n");
	tree_file(K "/0/contexts/0/monitoring_attrs/intervals/aggr_us",
		  "100000\n");
	tree_file(K "/0/contexts/0/targets/nr_targets", "1\n");
	tree_file(K "/0/contexts/0/targets/0/pid_target", "42\n");
	undo_log.len = 0;
	sysfs_journal(log_write, &journal, false);
	ok(damon_start(c) < 0, "a start fails: a tree makes no directories");
	sysfs_journal(NULL, NULL, false);
	like(undo_log.text,
	     "write 0/contexts/0/targets/0/pid_target 42\n"
	     "write 0/contexts/0/targets/nr_targets 1\n",
	     "its values are kept, the last one first");
	like(undo_log.text,
	     "write 0/contexts/0/operations vaddr\n"
	     "write 0/contexts/nr_contexts 1\n"
	     "write nr_kdamonds 1\n"
	     "write nr_kdamonds 0\n"
	     "try 1/state off\n"
	     "try 0/state off\n",
	     "before them the directories, before these off");
	is_str(journal.text + journal.len - strlen("\nnr_kdamonds 0\n"),
	       "\nnr_kdamonds 0\n",
	       "nothing stays staged; what was is for the caller");
	damon_free(c);
	buf_free(&journal);
	machine();
}

/* Pass after pass: what was there before the first is all that is kept. */
static void passes(void)
{
	static const char first[] = "write nr_kdamonds 1\nwrite nr_kdamonds 0\n"
				    "try 1/state off\ntry 0/state off\n";
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan), *more;

	kernel_for(c);
	tree_file(K "/nr_kdamonds", "1\n");
	undo_log.len = 0;
	for (int pass = 0; pass < 3; pass++) {
		tree_file(K "/0/state", "");
		tree_file(K "/1/state", "");
		is_i64(damon_start(c), 0, "pass %d", pass);
		damon_stop();
		like(undo_log.text, first, "pass %d: the old tree", pass);
		is_u64(undo_log.len, strlen(first), "pass %d: and no other",
		       pass);
		is_str(tree_text(K "/nr_kdamonds"), "2\n", "ours is there");
	}
	damon_free(c);
	/* More kdamonds than before are to be turned off, too. */
	undo_log.len = 0;
	buf_add(&undo_log, "%s", first);
	plan.region_max = 512 * MIB;
	more = damon_generate(DAMON_HMSDK, &plan);
	kernel_for(more);
	tree_file(K "/nr_kdamonds", "2\n");
	is_i64(damon_start(more), 0, "a start with more of them");
	is_u64(more->kdamonds.nr, 4, "two more");
	is_text(undo_log.text + strlen(first),
		"try 3/state off\ntry 2/state off\n", "only these are new");
	damon_free(more);
	undo_log.len = 0;
	machine();
}

static void start_fails(const char *name, int errnum, enum status status,
			const char *why)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	is_i64(damon_start(c), errnum, "%s", name);
	like(fail_message(), why, "%s: says why", name);
	is_i64(fail_status(), status, "%s: with that status", name);
	damon_free(c);
}

static void failures(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);
	struct textbuf journal = { 0 };

	tree_remove("/sys/kernel/mm/damon");
	start_fails("no DAMON", -ENOENT, STATUS_LACKS, "CONFIG_DAMON_SYSFS");
	is_i64(damon_is_running(), -ENOENT, "nor can it run");
	is_i64(damon_check(c), -ENOENT, "which a check finds");
	is_i64(fail_status(), STATUS_LACKS, "as something that lacks");
	ok(!damon_read(), "nor is there anything to read");
	machine();
	tree_file("/sys/module/damon_reclaim/parameters/enabled", "Y\n");
	start_fails("damon_reclaim runs", -EBUSY, STATUS_FAILED,
		    "damon_reclaim is enabled");
	tree_file("/sys/module/damon_reclaim/parameters/enabled", "N\n");
	tree_file("/sys/module/damon_lru_sort/parameters/enabled", "Y\n");
	start_fails("damon_lru_sort runs", -EBUSY, STATUS_FAILED,
		    "damon_lru_sort is enabled");
	machine();

	/* A kdamond that dies at once: all is as it was. */
	kernel_for(c);
	tree_remove("/proc/71");
	sysfs_journal(log_write, &journal, false);
	start_fails("a kdamond that does not live", -EIO, STATUS_FAILED,
		    K "/1: \"on\" was taken, but its kdamond does not run");
	like(journal.text,
	     "1/state on\n0/state off\n1/state off\n"
	     "nr_kdamonds 0\n",
	     "the others are turned off, and the directories go");
	sysfs_journal(NULL, NULL, false);
	machine();
	kernel_for(c);
	tree_remove("/proc/71");
	is_deaf = true;
	start_fails("another, and no way back", -EIO, STATUS_FAILED,
		    "its kdamond does not run");
	is_deaf = false;
	machine();

	/* A write that fails in the middle */
	kernel_for(c);
	tree_remove(K "/0/contexts/0/schemes/0/quotas/weights/age_permil");
	start_fails("a file that is not there", -ENOENT, STATUS_FAILED,
		    "quotas/weights/age_permil <- 10: No such file");
	is_str(tree_text(K "/nr_kdamonds"), "0\n", "nothing stays staged");
	machine();
	kernel_for(c);
	tree_remove(K "/1/contexts/0/schemes/0/action");
	start_fails("a kernel without migrations", -ENOENT, STATUS_LACKS,
		    "this kernel does not have migrate_hot");
	machine();
	kernel_for(c);
	undo_failures = 1;
	buf_free(&journal);
	sysfs_journal(log_write, &journal, false);
	start_fails("no room for the log", -ENOSPC, STATUS_FAILED, "no room");
	is_u64(journal.len, 0, "then nothing is written");
	sysfs_journal(NULL, NULL, false);
	undo_failures = 0;
	buf_free(&journal);
	damon_free(c);
	machine();
}

/* A file of damo's may name a node that is not there. */
static void absent_target(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	kdamond_scheme(kdamond_context(c, 1), 0)->target_nid = 5;
	is_i64(damon_start(c), -ENODEV, "a target node that is not there");
	like(fail_message(), "kdamonds[1].contexts[0].schemes[0].target_nid",
	     "is named by its place");
	damon_free(c);
}

/* --------------------------------------------------------------- statistics */

static void stat_file(int k, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), K "/%d/contexts/0/schemes/0/stats/%s", k,
		 name);
	tree_file(path, value);
}

static void region_file(int k, int i, const char *name, uint64_t value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path),
		 K "/%d/contexts/0/schemes/0/tried_regions/%d/%s", k, i, name);
	snprintf(text, sizeof(text), "%" PRIu64 "\n", value);
	tree_file(path, text);
}

static void tried(int k, int i, uint64_t start, uint64_t end, uint64_t accesses,
		  uint64_t age)
{
	region_file(k, i, "start", start);
	region_file(k, i, "end", end);
	region_file(k, i, "nr_accesses", accesses);
	region_file(k, i, "age", age);
}

/* HMSDK's two schemes after some time. */
static void running(void)
{
	struct damon_plan plan = both();
	struct damon_config *c = damon_generate(DAMON_HMSDK, &plan);

	kernel_for(c);
	damon_start(c);
	damon_free(c);
	for (int k = 0; k < 2; k++) {
		stat_file(k, "nr_tried", k ? "3\n" : "7\n");
		stat_file(k, "sz_tried", k ? "3000\n" : "104857600\n");
		stat_file(k, "nr_applied", k ? "2\n" : "1\n");
		stat_file(k, "sz_applied", k ? "2000\n" : "4096\n");
		stat_file(k, "qt_exceeds", k ? "1\n" : "4\n");
	}
	tried(0, 0, 0x100000, 0x20000000, 0, 20);
	tried(1, 0, 0x110000000, 0x112000000, 20, 1);
	tried(1, 1, 0x112000000, 0x114000000, 1, 3);
	tried(1, 2, 0x114000000, 0x113000000, 1, 3); /* nonsense */
}

static void moved(void)
{
	struct damon_moved m;

	is_i64(damon_moved(&m, false), 0, "statistics before anything");
	ok(!m.any, "there is no scheme");
	ok(!damon_stat_has_it(), "nor DAMON_STAT");
	tree_file("/sys/module/damon_stat/parameters/enabled", "Y\n");
	ok(damon_stat_has_it(), "which may have it");
	running();
	is_i64(damon_moved(&m, true), 0, "statistics");
	ok(m.any, "there are schemes");
	ok(m.stale, "of a tree, which cannot be asked");
	as_machine = true;
	is_i64(damon_moved(&m, false), 0, "statistics without a question");
	ok(m.stale, "are of before");
	is_deaf = true;
	is_i64(damon_moved(&m, true), 0, "of a kernel that does not answer");
	ok(m.stale, "too");
	is_deaf = false;
	is_i64(damon_moved(&m, true), 0, "of one that does");
	ok(!m.stale, "are present ones");
	like(tree_text(K "/1/state"), "update_schemes_stats", "by its word");
	as_machine = false;
	is_u64(m.cold_tried, 104857600, "cold tried");
	is_u64(m.cold_applied, 4096, "cold applied");
	is_u64(m.hot_tried, 3000, "hot tried");
	is_u64(m.hot_applied, 2000, "hot applied");
	is_u64(m.quota_exceeds, 5, "of all schemes");
	tree_remove(K "/1/contexts/0/schemes/0/stats/sz_applied");
	ok(damon_moved(&m, false) < 0, "a file that is not there");
	machine();
	tree_remove(K);
	is_i64(damon_moved(&m, false), -ENOENT, "no DAMON");
	machine();
}

static struct textbuf said;

/* What a verb prints is in said, its records in /records. */
static int capture(int (*verb)(const struct plan *plan))
{
	static const struct plan plan;
	int was, fd, err;

	fflush(stdout);
	was = dup(STDOUT_FILENO);
	tree_file("/said", "");
	fd = open(tree_path("/said"), O_RDWR);
	dup2(fd, STDOUT_FILENO);
	err = verb(&plan);
	fflush(stdout);
	dup2(was, STDOUT_FILENO);
	close(was);
	close(fd);
	said.len = 0;
	buf_add(&said, "%s", tree_text("/said"));
	return err;
}

static void width(void)
{
	size_t widest = 0, len;

	for (const char *p = said.text; *p; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		if (len > widest)
			widest = len;
	}
	ok(widest < 80, "in 79 columns (%zu)", widest);
}

static void status(void)
{
	int records;

	is_i64(capture(verb_damon_status.work), 0, "status without kdamonds");
	like(said.text, "no kdamond", "says so");
	running();
	tree_file("/records", "");
	records = open(tree_path("/records"), O_RDWR);
	report_to(records);
	is_i64(capture(verb_damon_status.work), 0, "status");
	like(said.text,
	     "kdamond  0: on, PID 70, paddr: 1023.5 MiB in 2 ranges "
	     "of node 0\n",
	     "a kdamond");
	like(said.text,
	     "scheme   migrate_cold to node 1: tried 100 MiB (7x), "
	     "moved 4 KiB (1x);",
	     "a scheme");
	like(said.text, "most did not move", "and that it did little");
	like(said.text, "   0x110000000     32 MiB      100 %",
	     "the hottest region");
	like(said.text,
	     "node 0   0000000000000000000000000000000"
	     "0.......................",
	     "the map: cold, and not looked at");
	like(said.text, "\nnode 1   99991111....", "hot, and half cold");
	like(said.text, "0x110000000 to 0x130000000, a column is 8 MiB",
	     "its legend");
	width();
	like(tree_text("/records"),
	     "{\"record\":\"damon_kdamond\",\"seq\":1,\"kdamond\":0,"
	     "\"on\":true,\"pid\":70,",
	     "its record");
	like(tree_text("/records"),
	     "\"action\":\"migrate_hot\",\"target_node\":0,"
	     "\"tried_regions\":3,\"tried_bytes\":3000,"
	     "\"applied_regions\":2,\"applied_bytes\":2000,"
	     "\"quota_exceeds\":1}",
	     "a scheme's");
	like(tree_text("/records"),
	     "{\"record\":\"damon_region\",\"seq\":5,\"kdamond\":1,"
	     "\"scheme\":0,\"start\":4563402752,\"size_bytes\":33554432,"
	     "\"access_rate\":1,\"age_s\":2}",
	     "a region's");
	is_i64(capture(verb_damon_dump.work), 0, "dump");
	like(said.text, "\"kdamonds\"", "is JSON");
	is_i64(capture(verb_damon_stop.work), 0, "stop");
	like(said.text,
	     "migrate_cold: tried 100 MiB, moved 4 KiB, of an earlier time",
	     "says what was moved");
	is_i64(capture(verb_damon_stop.work), 0, "another stop");
	like(said.text, "no kdamond runs", "says so");
	tree_remove(K);
	is_i64(capture(verb_damon_status.work), -ENOENT,
	       "status without DAMON");
	is_i64(fail_status(), STATUS_LACKS, "is lacking it");
	machine();
	close(records);
}

/* Of a start that fails the supervisor takes back what was made for it. */
static void rolled_back(void)
{
	struct plan plan = { .damon = both() };
	struct undo_state before;
	struct undo_result r;
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", tree_path("/run"));
	undo_set_dir(dir);
	undo_really = true;
	undo_look("policy", &before);
	tree_file("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	tree_file("/sys/fs/cgroup/cgroup.subtree_control", "\n");
	tree_file("/sys/module/damon_lru_sort/parameters/enabled", "Y\n");
	is_i64(verb_damon_start.work(&plan), -EBUSY, "a start that fails");
	undo_back_to("policy", &before, &r);
	like(fail_message(), "damon_lru_sort is enabled", "says why");
	like(tree_text("/sys/fs/cgroup/cgroup.subtree_control"), "-memory",
	     "the controller is given back");
	ok(!sysfs_exists("/sys/fs/cgroup/hmsdk"), "its cgroup is gone");
	ok(!undo_pending("policy"), "and nothing is left to take back");
	undo_really = false;
	undo_set_dir("/run/tier");
	machine();
}

/* ------------------------------------------------------------- broken trees */

static const char *const garbage[] = {
	"",
	"\n",
	"x\n",
	"-1\n",
	"18446744073709551616\n",
	"1 2\n",
	"999999999999\n",
	"3\n",
	"\xff\xfe\n",
};

/* In a child: what dies or hangs is seen. */
static bool survives(void)
{
	struct damon_moved m;
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		alarm(20);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		damon_moved(&m, true);
		damon_free(damon_read());
		damon_is_running();
		verb_damon_status.work(&(struct plan){ 0 });
		exit(0);
	}
	return waitpid(child, &status, 0) == child && !status;
}

static void broken(void)
{
	static const char *const files[] = {
		K "/nr_kdamonds",
		K "/0/state",
		K "/0/pid",
		K "/0/contexts/nr_contexts",
		K "/0/contexts/0/operations",
		K "/0/contexts/0/monitoring_attrs/intervals/sample_us",
		K "/0/contexts/0/monitoring_attrs/intervals/aggr_us",
		K "/0/contexts/0/targets/nr_targets",
		K "/0/contexts/0/targets/0/regions/0/start",
		K "/0/contexts/0/targets/0/regions/0/end",
		K "/0/contexts/0/schemes/nr_schemes",
		K "/0/contexts/0/schemes/0/target_nid",
		K "/0/contexts/0/schemes/0/filters/0/type",
		K "/0/contexts/0/schemes/0/filters/0/memcg_path",
		K "/0/contexts/0/schemes/0/stats/sz_tried",
		K "/0/contexts/0/schemes/0/tried_regions/0/start",
		K "/0/contexts/0/schemes/0/tried_regions/0/end",
		K "/0/contexts/0/schemes/0/tried_regions/0/nr_accesses",
		"/proc/iomem",
		"/sys/devices/system/memory/block_size_bytes",
	};
	char was[8192];

	running();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(was, sizeof(was), "%s", tree_text(files[i]));
		for (size_t j = 0; j < ARRAY_SIZE(garbage); j++) {
			tree_file(files[i], garbage[j]);
			if (!survives())
				ok(false, "\"%s\" in %s", garbage[j], files[i]);
		}
		tree_remove(files[i]);
		ok(survives(), "garbage in, and no %s", files[i]);
		tree_file(files[i], was);
	}
	machine();
}

int main(void)
{
	tree_begin();
	machine();
	generate();
	goals();
	split();
	refusals();
	ranges();
	dry_run();
	newer_kernel();
	checks();
	really();
	readied();
	old_tree();
	passes();
	failures();
	absent_target();
	moved();
	status();
	rolled_back();
	broken();
	buf_free(&undo_log);
	buf_free(&said);
	return done_testing();
}
