// SPDX-License-Identifier: GPL-2.0-only
/*
 * What region_sysfs.c, node.c and vmstat.c make of trees that are not as a
 * kernel makes them, under the sanitizers. Creating regions needs a kernel: that
 * is for the guests.
 */
#include <sys/wait.h>

#include "mm/machine.h"
#include "mm/node.h"
#include "cxl/region.h"
#include "cxl/region_internal.h"
#include "lib/base.h"
#include "lib/error.h"
#include "vmstat.h"
#include "tap.h"
#include "tree.h"

static void execute(char *const argv[])
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(child, &status, 0) < 0 || status)
		tree_die(argv[0]);
}

/* The tree of a real guest, kept in /sound. */
static void unpack(void)
{
	char sound[PATH_MAX];

	snprintf(sound, sizeof(sound), "%s", tree_path("/sound"));
	execute((char *[]){ "test/unpack", "test/fixtures/cxl.txt", sound,
			    NULL });
}

/* What was broken is whole again. */
static void restore(void)
{
	char sound[PATH_MAX];

	tree_remove("/sys");
	tree_remove("/proc");
	snprintf(sound, sizeof(sound), "%s", tree_path("/sound/."));
	execute((char *[]){ "cp", "-a", sound, tree_dir, NULL });
}

static void captured(void)
{
	struct region *r;
	int n = region_list(&r);

	is_i64(n, 1, "a region");
	if (n < 1)
		return;
	is_str(r->name, "region0", "its name");
	is_str(r->decoder, "decoder0.0", "its root decoder");
	is_i64(r->nr_memdevs, 1, "its devices");
	is_str(r->memdevs[0], "mem0", "the device");
	is_u64(r->serials[0], 1, "its serial number");
	is_u64(r->start, 0x110000000, "where it is");
	is_u64(r->size, 512 * MIB, "its size");
	is_u64(r->online, 512 * MIB, "what is online");
	is_u64(r->movable, 512 * MIB, "all of it movable");
	is_i64(r->node, 1, "its node");
	ok(r->committed, "committed");
	is_str(r->dax, "dax0.0", "its dax device");
	is_str(r->driver, "kmem", "and the driver of that");
	free(r);
}

/* ----------------------------------------------------------- broken trees */

/* Everything that status reads. In a child: what dies or hangs is seen. */
static bool read_all(void)
{
	struct machine machine;
	struct region *regions;
	struct node *nodes;
	struct vmstat counters;
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		alarm(10);
		if (region_list(&regions) > 0)
			free(regions);
		if (node_list(&nodes) >= 0)
			free(nodes);
		vmstat_take(&counters);
		vmstat_free(&counters);
		machine_read(&machine);
		exit(0);
	}
	if (waitpid(child, &status, 0) < 0)
		tree_die("waitpid");
	return status == 0;
}

static const char *broken_by;

static void put(const char *path)
{
	static const char garbage[] =
		"\0\377\200%s%n%n -1 0x 99999999999999999999\n\n \n: : kB\n"
		"Node 99999999999, zone\nNode -1, zone\n high -5\nMemTotal:";
	static char huge[300000];

	tree_remove(path);
	if (!strcmp(broken_by, "nothing"))
		return;
	if (!strcmp(broken_by, "an empty file"))
		tree_file(path, "");
	else if (!strcmp(broken_by, "garbage"))
		tree_data(path, garbage, sizeof(garbage) - 1);
	else if (!strcmp(broken_by, "a directory"))
		tree_directory(path);
	else if (!strcmp(broken_by, "a looping link"))
		tree_link(path, strrchr(path, '/') + 1);
	else if (!strcmp(broken_by, "a large number"))
		tree_file(path, "0xffffffffffffffff\n");
	else if (!strcmp(broken_by, "another large number"))
		tree_file(path, "9223372036854775807\n");
	else if (!strcmp(broken_by, "2^57"))
		tree_file(path, "144115188075855872\n");
	else if (!strcmp(broken_by, "zero"))
		tree_file(path, "0\n");
	else {
		memset(huge, '9', sizeof(huge));
		tree_data(path, huge, sizeof(huge));
	}
}

static const char *const breaks[] = {
	"nothing",
	"an empty file",
	"garbage",
	"a directory",
	"a looping link",
	"a large number",
	"another large number",
	"2^57",
	"zero",
	"300000 digits",
};

/* One file after the other, each in all ways, all others being sound. */
static void break_one_by_one(void)
{
#define ACPI "/sys/devices/platform/ACPI0017:00/root0"
#define REGION ACPI "/decoder0.0/region0"
#define NODE "/sys/devices/system/node/node"
#define MEMORY_BLOCKS "/sys/devices/system/memory"
	static const char *const paths[] = {
		REGION "/size",
		REGION "/resource",
		REGION "/interleave_ways",
		REGION "/interleave_granularity",
		REGION "/commit",
		REGION "/mode",
		REGION "/target0",
		REGION "/dax_region0/dax0.0/target_node",
		ACPI "/port1/endpoint2/uport",
		"/sys/bus/dax/devices/dax0.0",
		MEMORY_BLOCKS "/block_size_bytes",
		MEMORY_BLOCKS "/memory34/state",
		MEMORY_BLOCKS "/memory34/valid_zones",
		NODE "0/meminfo",
		NODE "1/meminfo",
		NODE "0/cpulist",
		NODE "1/distance",
		NODE "0/vmstat",
		"/proc/vmstat",
		"/proc/zoneinfo",
		"/proc/cpuinfo",
		"/sys/devices/virtual/memory_tiering/memory_tier4/nodelist",
		"/sys/devices/virtual/dmi/id/sys_vendor",
		"/sys/devices/virtual/dmi/id/product_version",
		/* and whole directories */
		"/sys/bus/cxl/devices",
		"/sys/bus/dax",
		REGION,
		ACPI,
		MEMORY_BLOCKS,
		"/sys/devices/system/node",
		"/proc",
		"/sys/devices/virtual/memory_tiering",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(breaks); j++) {
			broken_by = breaks[j];
			put(paths[i]);
			ok(read_all(), "%s in the place of %s", broken_by,
			   paths[i]);
		}
		restore();
	}
}

static int spoil(const char *path, const struct stat *st, int type,
		 struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F || type == FTW_SL || type == FTW_SLN)
		put(path + strlen(tree_dir));
	return 0;
}

/* All files at once. */
static void break_all(void)
{
	for (size_t j = 0; j < ARRAY_SIZE(breaks); j++) {
		if (!strcmp(breaks[j], "300000 digits"))
			continue; /* gigabytes of files */
		broken_by = breaks[j];
		nftw(tree_path("/sys"), spoil, 16, FTW_PHYS);
		nftw(tree_path("/proc"), spoil, 16, FTW_PHYS);
		ok(read_all(), "%s in the place of every file", broken_by);
		restore();
	}
	tree_remove("/sys");
	tree_remove("/proc");
	ok(read_all(), "an empty tree");
}

/* The kernel's word for a region that has no size yet. */
static void no_address(void)
{
	struct region *r;

	tree_file(REGION "/resource", "0xffffffffffffffff\n");
	if (is_i64(region_list(&r), 1, "a region without an address")) {
		is_u64(r->start, 0, "starts nowhere");
		is_u64(r->online, 0, "nothing of it is online");
		is_i64(r->node, -1, "on no node");
		free(r);
	}
	restore();
}

#define NODE1 "/sys/devices/system/node/node1"
#define HUGE NODE1 "/hugepages/hugepages-2048kB"

static void huge_pages(const char *nr, const char *idle, const char *reserved)
{
	tree_file(HUGE "/nr_hugepages", nr);
	tree_file(HUGE "/free_hugepages", idle);
	tree_file("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages",
		  reserved);
}

static void asks(const char *why, const char *name)
{
	struct region *r;

	region_list(&r);
	ok(region_check_idle(r) == -EBUSY, "asks: %s", name);
	like(fail_message(), why, "%s", name);
	free(r);
}

/* What a region is not destroyed under without being asked to. */
static void idle(void)
{
	struct region *r;

	region_list(&r);
	is_i64(region_check_idle(r), 0, "nothing is in use");
	tree_directory(NODE1 "/hugepages");
	huge_pages("0\n", "0\n", "0\n");
	is_i64(region_check_idle(r), 0, "no huge pages");
	is_i64(region_check_room_elsewhere(r), 0, "there is room");
	free(r);
	huge_pages("40\n", "8\n", "0\n");
	asks("programs have 64 MiB on node 1", "huge pages in use");
	like(fail_message(), "and 16 MiB of idle huge pages", "and others");
	huge_pages("40\n", "40\n", "10\n");
	asks("programs have 20 MiB on node 1", "huge pages that are reserved");
	huge_pages("40\n", "40\n", "0\n");
	asks("80 MiB of idle huge pages would be lost", "a pool that is idle");
	huge_pages("600\n", "0\n", "0\n");
	region_list(&r);
	is_i64(region_check_room_elsewhere(r), -EBUSY, "no room for 1.2 GiB");
	free(r);
	tree_remove(HUGE "/free_hugepages");
	asks("cannot be told", "a pool that cannot be read");
	tree_remove(NODE1 "/hugepages");
	tree_remove(NODE1 "/meminfo");
	asks("cannot be told", "a node that cannot be read");
	restore();
	for (int i = 34; i < 38; i++) {
		char link[80];

		snprintf(link, sizeof(link),
			 "/sys/devices/system/memory/memory%d/node1", i);
		tree_remove(link);
	}
	asks("cannot be told", "memory of no node");
	restore();
}

int main(void)
{
	tree_begin();
	unpack();
	restore();
	captured();
	no_address();
	idle();
	ok(read_all(), "a sound tree");
	break_one_by_one();
	break_all();
	return done_testing();
}
