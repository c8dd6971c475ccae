// SPDX-License-Identifier: GPL-2.0-only
/*
 * status.c - tier status: nodes, tiers, CXL, tunables and DAMON as they are.
 */
#include <errno.h>
#include <stdlib.h>

#include "cmd/policy_show.h"
#include "cmd/show.h"
#include "cmd/verbs.h"
#include "cxl/region.h"
#include "damon/damon.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/meminfo.h"
#include "mm/node.h"
#include "sysfs.h"

REPORT_RECORD(damon_record, "damon", "is DAMON in use?",
	      "running b a kdamond runs; null: not to be seen\n"
	      "damon_stat b by the kernel's own DAMON_STAT\n"
	      "migrates b a scheme of it migrates pages\n"
	      "hot_applied_bytes u migrated by migrate_hot when last asked\n"
	      "cold_applied_bytes u by migrate_cold\n");

/* Without asking the kernel for the present figures, which takes time. */
static void show_damon(void)
{
	int on = damon_is_running();
	struct damon_moved m = { 0 };
	char hot[SIZE_TEXT], cold[SIZE_TEXT];

	if (on > 0)
		damon_moved(&m, false);
	report_begin(&damon_record);
	if (on < 0)
		report_null("running");
	else
		report_bool("running", on);
	report_bool("damon_stat", damon_stat_has_it());
	report_bool("migrates", m.any);
	report_u64("hot_applied_bytes", m.hot_applied);
	report_u64("cold_applied_bytes", m.cold_applied);
	report_end();
	if (on == -ENOENT || on == -ENOTDIR)
		report_say("DAMON    absent: it needs CONFIG_DAMON_SYSFS and "
			   "CONFIG_DAMON_PADDR\n");
	else if (on < 0)
		report_say("DAMON    not to be seen: %s\n", sysfs_closed());
	else if (!on)
		report_say("DAMON    off%s\n",
			   damon_stat_has_it() ?
				   "; DAMON_STAT monitors, moves nothing" :
				   "");
	else
		report_say(
			"DAMON    running; migrated %s hot, %s cold when last asked (tier damon status)\n",
			format_size(hot, m.hot_applied),
			format_size(cold, m.cold_applied));
}

REPORT_RECORD(memory_record, "memory", "the machine's memory as a whole",
	      "total_bytes u MemTotal of /proc/meminfo\n"
	      "nodes_total_bytes u what its nodes say\n"
	      "free_bytes u MemFree of /proc/meminfo\n"
	      "nodes_free_bytes u what its nodes say\n");

/*
 * Where a hypervisor gives memory as it is asked for, /proc/meminfo counts
 * what may come, and the nodes what is there.
 */
static void show_memory(const struct node *nodes, int n)
{
	char total[SIZE_TEXT], free_size[SIZE_TEXT], nodes_total[SIZE_TEXT],
		nodes_free[SIZE_TEXT];
	uint64_t all = meminfo_all("MemTotal"), idle = meminfo_all("MemFree");
	uint64_t sum = 0, sum_free = 0;

	for (int i = 0; i < n; i++) {
		sum += nodes[i].total;
		sum_free += nodes[i].free;
	}
	if (!all) /* an incomplete tree */
		return;
	report_begin(&memory_record);
	report_u64("total_bytes", all);
	report_u64("nodes_total_bytes", sum);
	report_u64("free_bytes", idle);
	report_u64("nodes_free_bytes", sum_free);
	report_end();
	/* They are not read at one time. */
	if (all > sum + sum / 16 || all < sum - sum / 16)
		report_wrap(
			"         ",
			"memory   /proc/meminfo has %s (%s free), the "
			"nodes have %s (%s free): sizes here are the nodes'",
			format_size(total, all), format_size(free_size, idle),
			format_size(nodes_total, sum),
			format_size(nodes_free, sum_free));
}

static int work(const struct plan *plan)
{
	struct region *regions = NULL;
	struct node *nodes;
	int nr_regions = region_list_all(&regions);
	int n = node_list_all(&nodes);

	(void)plan;
	if (n < 0) {
		free(regions);
		return n;
	}
	show_nodes(nodes, n, regions, nr_regions > 0 ? nr_regions : 0);
	show_memory(nodes, n);
	for (int i = 0; i < nr_regions; i++)
		show_region(&regions[i], -1);
	show_tiers(nodes, n);
	report_say("\n");
	show_tunables(NULL, true);
	report_say("\n");
	show_damon();
	free(nodes);
	free(regions);
	return 0;
}

const struct verb verb_status = {
	.name = "status",
	.operands = "",
	.summary = "nodes, tiers, CXL, tunables and DAMON: what is so now",
	.flags = VERB_LOOKS | VERB_HEADER | VERB_ROOT,
	.work = work,
};
