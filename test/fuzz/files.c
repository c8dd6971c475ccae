// SPDX-License-Identifier: GPL-2.0-only
/*
 * The readers of the kernel's files: the first byte says which file of a
 * captured machine the rest of the input takes the place of; or that something
 * else is there, or nothing.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/findings.h"
#include "mm/memory_block.h"
#include "tiering/migration.h"
#include "mm/iomem.h"
#include "cxl/region.h"
#include "damon/damon.h"
#include "damon/damon_sysfs.h"
#include "mm/cgroup.h"
#include "mm/limit.h"
#include "mm/meminfo.h"
#include "tiering/node_usage.h"
#include "sysfs.h"
#include "vmstat.h"
#include "mm/zone.h"
#include "tree.h"
#include "lib/base.h"
#include "fuzz.h"

#define NODE "/sys/devices/system/node/node0"
#define MEMORY_34 "/sys/devices/system/memory/memory34"
#define REGION "/sys/devices/platform/ACPI0017:00/root0/decoder0.0/region0"
#define KDAMONDS "/sys/kernel/mm/damon/admin/kdamonds"
#define CONTEXT KDAMONDS "/0/contexts/0"
#define TIERS "/sys/devices/virtual/memory_tiering"

static void counters(void)
{
	struct vmstat s;
	uint64_t value;
	int64_t delta;

	if (vmstat_read(&s))
		return;
	for (const struct vmstat_row *r = vmstat_rows; r->name; r++) {
		vmstat_get(&s, 0, r->name, &value);
		vmstat_delta(NULL, &s, VMSTAT_TOTAL, r->name, &delta);
	}
	vmstat_free(&s);
}

static void nodes(void)
{
	struct node *list;
	int n = node_list(&list);

	for (int i = 0; i < n; i++) {
		node_below(list, n, &list[i]);
		for (int k = 0; k < n; k++)
			node_distance(&list[i], &list[k]);
	}
	free(list);
}

static void zones(void)
{
	struct zones z;

	if (zone_take(&z))
		return;
	promise(z.nr_nodes >= 0 && z.nr_nodes <= NODE_MAX);
	for (int i = 0; i < z.nr_nodes; i++)
		zone_is_roomy(&z.nodes[i]);
	nodes();
}

static void memory(void)
{
	struct iomem_range *r;
	int n = iomem_of_node(&r, 0);

	for (int i = 0; i < n; i++)
		promise(r[i].start < r[i].end &&
			(!i || r[i].start >= r[i - 1].end));
	free(r);
	memory_block_node_at(UINT64_C(0x110000000));
}

static void regions(void)
{
	struct region *r;
	int n = region_list(&r);

	for (int i = 0; i < n; i++)
		promise(r[i].nr_memdevs <= REGION_MAX_TARGETS &&
			r[i].movable <= r[i].online);
	free(r);
}

static void machine(void)
{
	struct machine m;

	machine_read(&m);
}

/* All that "tier check" asks. */
static void findings(void)
{
	char text[FINDINGS_TEXT];
	struct findings_look l;
	struct region *r;
	struct node *list;
	int nr = region_list(&r), n = node_list(&list);

	findings_look_begin(&l, list, n > 0 ? n : 0, r, nr > 0 ? nr : 0, false,
			    false);
	for (const struct findings_row *row = findings_rows; row->name; row++)
		if (row->look(&l, text) != FINDINGS_NO)
			promise(memchr(text, 0, sizeof(text)) && text[0]);
	findings_look_end(&l);
	free(r);
	free(list);
}

static void node_usages(void)
{
	struct node_usage r = { 0 };
	char *text = sysfs_slurp("/proc/self/numa_maps");

	if (!text)
		return;
	node_usage_add_maps(&r, text);
	node_usage_add_stat(&r, text);
	free(text);
}

static void limits(void)
{
	char name[LIMIT_NAME], own[64];
	uint64_t room = limit_room(name);

	promise(memchr(name, 0, sizeof(name)));
	promise(room == UINT64_MAX || name[0]);
	cgroup_own(own, sizeof(own));
	promise(memchr(own, 0, sizeof(own)));
	cgroup_has_memory();
	meminfo_all("MemTotal");
}

static void kdamonds(void)
{
	struct damon_config *config = damon_sysfs_read();

	if (config)
		damon_sample_us(config);
	damon_free(config);
	damon_is_running();
	damon_stat_has_it();
}

static void log_lines(void)
{
	struct dmesg log = { 0 };
	int fd = dmesg_open(false);

	if (fd < 0)
		return;
	dmesg_read(&log, fd);
	for (int k = 0; k < NR_DMESG_KINDS; k++)
		promise(!!log.count[k] == !!log.first[k][0]);
	close(fd);
}

static const struct {
	const char *path;
	void (*read)(void);
	const char *sound; /* what no capture has */
} files[] = {
	{ "/proc/vmstat", counters },
	{ NODE "/vmstat", counters },
	{ "/proc/zoneinfo", zones },
	{ "/proc/iomem", memory },
	{ NODE "/meminfo", nodes },
	{ NODE "/distance", nodes },
	{ NODE "/cpulist", nodes },
	{ TIERS "/memory_tier4/nodelist", nodes },
	{ "/proc/cpuinfo", machine },
	{ "/dev/kmsg", log_lines },
	{ "/proc/self/numa_maps", node_usages },
	{ MEMORY_34 "/state", memory },
	{ MEMORY_34 "/valid_zones", regions },
	{ "/sys/devices/system/memory/block_size_bytes", regions },
	{ REGION "/size", regions },
	{ REGION "/resource", regions },
	{ REGION "/interleave_ways", regions },
	{ REGION "/target0", regions },
	{ "/proc/self/status", findings },
	{ "/proc/cgroups", findings },
	{ "/proc/sys/kernel/osrelease", findings },
	{ "/proc/sys/kernel/tainted", findings },
	{ "/proc/sys/kernel/numa_balancing", findings },
	{ KDAMONDS "/nr_kdamonds", findings, "1\n" },
	{ "/proc/self/cgroup", limits, "0::/job\n" },
	{ "/sys/fs/cgroup/job/memory.max", limits, "100000000\n" },
	{ "/sys/fs/cgroup/job/memory.current", limits, "5000\n" },
	{ "/sys/fs/cgroup/job/memory.stat", limits,
	  "anon 4096\nfile 4096\ninactive_file 4096\n" },
	{ "/sys/fs/cgroup/cgroup.controllers", limits, "cpuset memory\n" },
	{ "/proc/self/mountinfo", limits },
	{ "/proc/meminfo", limits },
	{ KDAMONDS "/nr_kdamonds", kdamonds, "1\n" },
	{ KDAMONDS "/0/state", kdamonds, "on\n" },
	{ KDAMONDS "/0/pid", kdamonds, "5\n" },
	{ KDAMONDS "/0/contexts/nr_contexts", kdamonds, "1\n" },
	{ CONTEXT "/operations", kdamonds, "paddr\n" },
	{ CONTEXT "/monitoring_attrs/intervals/sample_us", kdamonds, "5000\n" },
	{ CONTEXT "/targets/nr_targets", kdamonds, "1\n" },
	{ CONTEXT "/targets/0/regions/nr_regions", kdamonds, "1\n" },
	{ CONTEXT "/schemes/nr_schemes", kdamonds, "1\n" },
	{ CONTEXT "/schemes/0/action", kdamonds, "migrate_hot\n" },
	{ CONTEXT "/schemes/0/quotas/goals/nr_goals", kdamonds, "1\n" },
	{ CONTEXT "/schemes/0/core_filters/nr_filters", kdamonds, "0\n" },
	{ CONTEXT "/schemes/0/filters/nr_filters", kdamonds, "1\n" },
	{ "/sys/module/damon_stat/parameters/enabled", kdamonds },
};

/* First bytes from here on: see put_other(). */
#define OTHERS 0xf0

static char *sound[ARRAY_SIZE(files)]; /* NULL: there is none */

static void put(const char *path, const void *data, size_t size)
{
	int fd = open(tree_path(path), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		tree_die(path);
	close(fd);
}

/* What is no file: a directory, a FIFO, a link to itself, nothing. */
static void put_other(const char *path, unsigned int kind)
{
	const char *full = tree_path(path);

	unlink(full);
	if ((kind == 0 && mkdir(full, 0755)) ||
	    (kind == 1 && mkfifo(full, 0644)) ||
	    (kind == 2 && symlink(full, full)))
		tree_die(full);
}

/* As it was, so that an input does the same again. */
static void put_back(size_t i)
{
	const char *full = tree_path(files[i].path);

	if (unlink(full))
		rmdir(full);
	if (sound[i])
		put(files[i].path, sound[i], strlen(sound[i]));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char command[PATH_MAX];

	(void)argc;
	(void)argv;
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	tree_begin();
	snprintf(command, sizeof(command),
		 "test/unpack test/fixtures/cxl.txt %s/sound && "
		 "cp -a %s/sound/. %s/",
		 tree_dir, tree_dir, tree_dir);
	if (system(command))
		tree_die(command);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_parents(files[i].path);
		sound[i] = files[i].sound ?
				   strdup(files[i].sound) :
				   sysfs_slurp("/sound%s", files[i].path);
		if (files[i].sound)
			put(files[i].path, sound[i], strlen(sound[i]));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t i;

	if (!size || (data[0] >= OTHERS && size < 2))
		return 0;
	if (data[0] >= OTHERS) {
		i = data[1] % ARRAY_SIZE(files);
		put_other(files[i].path, (unsigned int)(data[0] - OTHERS) % 4);
	} else {
		i = data[0] % ARRAY_SIZE(files);
		put(files[i].path, data + 1, size - 1);
	}
	files[i].read();
	put_back(i);
	return 0;
}
