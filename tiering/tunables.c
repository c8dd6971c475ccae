// SPDX-License-Identifier: GPL-2.0-only
/*
 * tunables.c - the tunables of memory tiering as one table. To add one is to
 * add a row.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon_sysfs.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/memory_block.h"
#include "sysfs.h"
#include "tiering/tunables.h"

#define NEEDS_NB "CONFIG_NUMA_BALANCING"
#define RATE_LIMIT "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps"
#define NEEDS_NB_DEBUG                                         \
	"CONFIG_NUMA_BALANCING and debugfs (before 6.13 also " \
	"CONFIG_SCHED_DEBUG), and no kernel lockdown (Secure Boot)"

static const struct tunable tunables[] = {
	{ "numa_balancing", TUNABLES_BALANCING, TUNABLE_NUMBER, 0, 3, NULL,
	  "mode", "0", NEEDS_NB,
	  "0 off, 1 between equal nodes, 2 promotes to the upper tier" },
	{ "numa_balancing_promote_rate_limit_MBps", RATE_LIMIT, TUNABLE_NUMBER,
	  0, 16777215, NULL, "MB/s", "65536", "Linux 6.1 or newer, " NEEDS_NB,
	  "promotion's limit while DRAM is short; 0 promotes nothing then" },
	{ "scan_delay_ms", TUNABLES_SCHED "scan_delay_ms", TUNABLE_NUMBER, 0,
	  UINT_MAX, NULL, "ms", "1000", NEEDS_NB_DEBUG,
	  "how old memory is when first scanned" },
	{ "scan_period_min_ms", TUNABLES_SCHED "scan_period_min_ms",
	  TUNABLE_NUMBER, 1, 3600000, NULL, "ms", "1000", NEEDS_NB_DEBUG,
	  "about one pass over a task's memory, at its fastest" },
	{ "scan_period_max_ms", TUNABLES_SCHED "scan_period_max_ms",
	  TUNABLE_NUMBER, 1, 3600000, NULL, "ms", "60000", NEEDS_NB_DEBUG,
	  "and at its slowest" },
	{ "scan_size_mb", TUNABLES_SCHED "scan_size_mb", TUNABLE_NUMBER, 1,
	  1048576, NULL, "MB", "256", NEEDS_NB_DEBUG, "scanned at a time" },
	{ "hot_threshold_ms", TUNABLES_SCHED "hot_threshold_ms", TUNABLE_NUMBER,
	  0, UINT_MAX, NULL, "ms", "1000",
	  "Linux 6.1 or newer, " NEEDS_NB_DEBUG,
	  "hot: accessed so soon after the scan" },
	{ "demotion_enabled", TUNABLES_DEMOTION, TUNABLE_TRUTH, 0, 1, NULL, "",
	  "false",
	  "Linux 5.15 or newer, CONFIG_NUMA_MIGRATION (before 7.3 "
	  "CONFIG_MIGRATION)",
	  "reclaim moves pages to the lower tier" },
	{ "zone_reclaim_mode", "/proc/sys/vm/zone_reclaim_mode", TUNABLE_NUMBER,
	  0, 7, NULL, "bits", "0", "CONFIG_NUMA",
	  "reclaim before another node is used: 1 on, 2 write, 4 unmap" },
	{ "lru_gen_enabled", "/sys/kernel/mm/lru_gen/enabled", TUNABLE_NUMBER,
	  0, 7, NULL, "bits", NULL, "Linux 6.1 or newer, CONFIG_LRU_GEN",
	  "multi-generational LRU: 1 core, 2 page tables, 4 non-leaf" },
	{ "lru_gen_min_ttl_ms", "/sys/kernel/mm/lru_gen/min_ttl_ms",
	  TUNABLE_NUMBER, 0, UINT_MAX, NULL, "ms", NULL,
	  "Linux 6.1 or newer, CONFIG_LRU_GEN",
	  "a working set this young is not reclaimed" },
	{ "swappiness", "/proc/sys/vm/swappiness", TUNABLE_NUMBER, 0, 200, NULL,
	  "", NULL, "CONFIG_SWAP", "anonymous against file pages in reclaim" },
	{ "watermark_scale_factor", "/proc/sys/vm/watermark_scale_factor",
	  TUNABLE_NUMBER, 1, 3000, NULL, "1/10000", "10", "CONFIG_SYSCTL",
	  "distance of the watermarks: when kswapd wakes, where it stops" },
	{ "thp_enabled", TUNABLES_THP "enabled", TUNABLE_CHOICE, 0, 0,
	  "always madvise never", "", NULL, "CONFIG_TRANSPARENT_HUGEPAGE",
	  "transparent huge pages" },
	{ "thp_defrag", TUNABLES_THP "defrag", TUNABLE_CHOICE, 0, 0,
	  "always defer defer+madvise madvise never", "", NULL,
	  "CONFIG_TRANSPARENT_HUGEPAGE", "effort made for a huge page" },
	{ "auto_online_blocks", MEMORY_BLOCK_AUTO_ONLINE, TUNABLE_CHOICE, 0, 0,
	  "offline online online_kernel online_movable", "", NULL,
	  "CONFIG_MEMORY_HOTPLUG", "what is done with added memory" },
	/* A row a node: the key and the file are followed by its number. */
	{ "weighted_interleave_node", TUNABLES_WEIGHTS "node", TUNABLE_NUMBER,
	  1, 255, NULL, "", NULL, "CONFIG_NUMA, Linux 6.9 or newer",
	  "pages in turn for the node of that number" },
};

const struct tunable *const tunables_weight =
	&tunables[ARRAY_SIZE(tunables) - 1];

const struct tunable *const tunables_first = tunables;

bool tunables_promotes(void)
{
	char release[64];

	return damon_sysfs_is_linux(5, 18) || sysfs_exists(RATE_LIMIT) ||
	       sysfs_read(release, sizeof(release),
			  "/proc/sys/kernel/osrelease") < 0;
}

/* Other names that a key goes by. */
static const char *const aliases[][2] = {
	{ "promote_rate_limit_MBps", "numa_balancing_promote_rate_limit_MBps" },
	{ "min_ttl_ms", "lru_gen_min_ttl_ms" },
	{ "transparent_hugepage", "thp_enabled" },
	{ "transparent_hugepage_defrag", "thp_defrag" },
};

/* ------------------------------------------------------------ KEY=VALUE */

/*
 * A key as in the table, by another name, as sysctl(8) spells it
 * (vm.swappiness), or the file itself. Of a node's the number comes last.
 */
const struct tunable *tunables_find(const char *key, int *node)
{
	size_t len = strlen(tunables_weight->key);
	uint64_t id;

	*node = -1;
	if (!strncmp(key, "kernel.", 7) || !strncmp(key, "vm.", 3))
		key = strchr(key, '.') + 1;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(key, aliases[i][0]))
			key = aliases[i][1];
	for (const struct tunable *t = tunables; t < tunables_weight; t++)
		if (!strcmp(key, t->key) || !strcmp(key, t->path))
			return t;
	if (*key == '/' &&
	    !strncmp(key, tunables_weight->path, strlen(tunables_weight->path)))
		len = strlen(tunables_weight->path);
	else if (strncmp(key, tunables_weight->key, len))
		return NULL;
	if (parse_u64(key + len, &id) || id >= 1024)
		return NULL;
	*node = (int)id;
	return tunables_weight;
}

int tunables_unknown(const char *key)
{
	struct nearest near;

	nearest_begin(&near, key);
	for (const struct tunable *t = tunables; t < tunables_weight; t++)
		nearest_try(&near, t->key);
	if (nearest_found(&near))
		return misuse("unknown tunable \"%s\"; did you mean \"%s\"?",
			      key, nearest_found(&near));
	return misuse("unknown tunable \"%s\"; see tier policy show", key);
}

/*
 * Words for a truth, in the one spelling that the kernel reads back; of
 * lru_gen_enabled, which is a mask, all and none of it. NULL: it is none.
 */
const char *tunables_canonical(const struct tunable *t, const char *value)
{
	static const char *const words[][2] = {
		{ "n", "y" }, { "off", "on" }, { "false", "true" }, { "0", "1" }
	};
	bool mask = !strcmp(t->key, "lru_gen_enabled");

	if (t->kind != TUNABLE_TRUTH && !mask)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(words) - mask; i++)
		for (int on = 0; on < 2; on++)
			if (!strcasecmp(value, words[i][on]))
				return mask ? (on ? "0x0007" : "0x0000") :
					      (on ? "true" : "false");
	return NULL;
}

/*
 * Is value one of the tunable's? The kernel itself does not look (0 in
 * scan_size_mb divides by zero).
 */
int tunables_check(const struct tunable *t, const char *value)
{
	unsigned long long v;
	char *end;

	if (t->kind == TUNABLE_CHOICE) {
		if (has_word(t->choices, value) && *value)
			return 0;
		return misuse("%s=%s: give one of %s", t->key, value,
			      t->choices);
	}
	if (tunables_canonical(t, value))
		return 0;
	if (t->kind == TUNABLE_TRUTH)
		return misuse("%s=%s: give true or false", t->key, value);
	errno = 0;
	v = strtoull(value, &end, 0);
	/* The kernel takes a leading 0 as octal; nobody means that. */
	if (!isdigit((unsigned char)*value) || *end || errno || v < t->min ||
	    v > t->max || (value[0] == '0' && isdigit((unsigned char)value[1])))
		return misuse(
			"%s=%s: give a whole number from %llu to %llu%s%s",
			t->key, value, (unsigned long long)t->min,
			(unsigned long long)t->max, *t->unit ? " " : "",
			t->unit);
	return 0;
}

/* ----------------------------------------------------------- this machine */

const char *tunables_path(char path[static PATH_MAX], const struct tunable *t,
			  int node)
{
	if (node < 0)
		snprintf(path, PATH_MAX, "%s", t->path);
	else
		snprintf(path, PATH_MAX, "%s%d", t->path, node);
	return path;
}

const char *tunables_key(char key[static 64], const struct tunable *t, int node)
{
	if (node < 0)
		snprintf(key, 64, "%s", t->key);
	else
		snprintf(key, 64, "%s%d", t->key, node);
	return key;
}

/* What it is now; "absent", or "hidden" where it may not be looked at. */
const char *tunables_read(char value[static 24], const struct tunable *t,
			  int node)
{
	char path[PATH_MAX];
	int n = sysfs_read_chosen(value, 24, "%s",
				  tunables_path(path, t, node));

	if (n == -ENOENT || n == -ENOTDIR)
		return "absent";
	return n < 0 ? "hidden" : value;
}

/* Every tunable, and the weight of every node there is. */
void tunables_walk(tunables_fn *row, void *arg)
{
	int *ids, n;

	for (const struct tunable *t = tunables; t < tunables_weight; t++)
		row(t, -1, arg);
	n = sysfs_ids(&ids, "node", TUNABLES_WEIGHTS);
	for (int i = 0; i < n; i++)
		row(tunables_weight, ids[i], arg);
	free(ids);
}

static void record_one(const struct tunable *t, int node, void *arg)
{
	char key[64], value[24];
	const char *now = tunables_read(value, t, node);

	(void)arg;
	report_str(tunables_key(key, t, node), now == value ? now : NULL);
}

REPORT_RECORD(tunables_now, "tunables", "all tunables under the policy",
	      "* s what KEY reads; null: absent, or not to be read\n");

void tunables_record(void)
{
	report_begin(&tunables_now);
	tunables_walk(record_one, NULL);
	report_end();
}
