// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the nodes are, how far apart, what the platform declares of them, and
 * which machine this is, from trees that are complete, partial, or none.
 */
#include <errno.h>
#include <math.h>

#include "mm/machine.h"
#include "mm/node.h"
#include "lib/base.h"
#include "lib/error.h"
#include "tap.h"
#include "tree.h"

#define NODE "/sys/devices/system/node/node"
#define TIER "/sys/devices/virtual/memory_tiering/memory_tier"

/* A node's meminfo, in kB. */
static void meminfo(int id, int total, int free, int active, int inactive,
		    int dirty, int writeback)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), NODE "%d/meminfo", id);
	snprintf(text, sizeof(text),
		 "Node %d NotMemTotal:    5 kB\n"
		 "Node %d MemTotal:       %d kB\n"
		 "Node %d MemFree:        %d kB\n"
		 "Node %d Active:         99999 kB\n"
		 "Node %d Inactive:       99999 kB\n"
		 "Node %d Active(anon):   99999 kB\n"
		 "Node %d Inactive(anon): 99999 kB\n"
		 "Node %d Active(file):   %d kB\n"
		 "Node %d Inactive(file): %d kB\n"
		 "Node %d Dirty:          %d kB\n"
		 "Node %d Writeback:      %d kB\n"
		 "Node %d WritebackTmp:   77777 kB\n",
		 id, id, total, id, free, id, id, id, id, id, active, id,
		 inactive, id, dirty, id, writeback, id);
	tree_file(path, text);
}

/* DRAM with the CPUs, a CXL node without, one without memory. */
static void make_tree(void)
{
	meminfo(0, 8000, 5000, 300, 200, 40, 10);
	tree_file(NODE "0/cpulist", "0-1\n");
	tree_file(NODE "0/distance", "10 20 30\n");
	meminfo(1, 4000, 3000, 0, 0, 0, 0);
	tree_file(NODE "1/cpulist", "\n");
	tree_file(NODE "1/distance", "20 10 30\n");
	meminfo(2, 0, 0, 0, 0, 0, 0);
	meminfo(12, 100, 10, 0, 0, 500, 0);
	tree_file("/proc/zoneinfo", "Node 0, zone      DMA\n"
				    "  pages free     10\n"
				    "        min      1\n"
				    "        low      2\n"
				    "        high     3\n"
				    "        present  10\n"
				    "  pagesets\n"
				    "    cpu: 0\n"
				    "              count: 5\n"
				    "              high:  9999\n"
				    "Node 0, zone   Normal\n"
				    "        high     7\n"
				    "        high_other 100\n"
				    "Node 1, zone  Movable\n"
				    "        high     20\n"
				    "        present  750\n"
				    "Node 12, zone  Normal\n"
				    "        high     999999\n"
				    "        present  25\n");
	tree_file(TIER "4/nodelist", "0\n");
	tree_file(TIER "22/nodelist", "1,5-6\n");
}

static void nodes(void)
{
	struct node *list;
	int n = node_list(&list);

	is_i64(n, 3, "nodes with memory");
	if (n != 3)
		return;
	is_i64(list[0].id, 0, "node 0");
	is_u64(list[0].total, 8000 * KIB, "its size");
	is_u64(list[0].free, 5000 * KIB, "its free memory");
	is_u64(list[0].available, (5000 + 500 - 50) * KIB - 10 * 4096,
	       "available: free + clean file pages - high watermarks");
	ok(list[0].has_cpus, "has CPUs");
	is_str(list[0].cpus, "0-1", "these");
	is_str(list[0].distance, "10 20 30", "its distances");
	is_i64(list[0].tier, 4, "its tier");
	is_i64(list[1].id, 1, "node 1");
	ok(!list[1].has_cpus, "has no CPUs");
	is_u64(list[1].available, 3000 * KIB - 20 * 4096, "available");
	is_i64(list[1].tier, 22, "its tier");
	is_i64(list[2].id, 12, "node 12, after a gap");
	is_u64(list[2].available, 0, "nothing: never below zero");
	is_i64(list[2].tier, -1, "in no tier");
	ok(node_is_lower(&list[1], &list[0]), "a lower tier");
	ok(node_is_far(&list[1], &list[0]), "is far");
	list[1].tier = 4;
	ok(!node_is_lower(&list[1], &list[0]), "one tier: nothing is lower");
	ok(node_is_far(&list[1], &list[0]), "but far, without CPUs");
	list[1].tier = 22;
	is_str(list[2].cpus, "", "no cpulist: no CPUs");

	ok(node_find(list, n, 12) == &list[2], "found by its number");
	ok(!node_find(list, n, 2), "one without memory is not");
	ok(!node_find(list, 0, 0), "nor anything in no list");
	ok(node_near(list, n) == &list[0], "the near one has CPUs");
	ok(node_near(list + 1, 1) == &list[1], "else it is the first");
	ok(!node_near(list, 0), "of none there is none");
	free(list);
}

/* Two sockets that number their CPUs in turn: 0,2,4,... and 1,3,5,... */
static void long_texts(void)
{
	char cpus[1024] = "0", distance[1024] = "10";
	struct node *list;
	int n;

	for (int i = 2; i < 128; i += 2)
		snprintf(cpus + strlen(cpus), sizeof(cpus) - strlen(cpus),
			 ",%d", i);
	for (int i = 1; i < 256; i++)
		snprintf(distance + strlen(distance),
			 sizeof(distance) - strlen(distance), " %d", i % 99);
	tree_file(NODE "0/cpulist", cpus);
	tree_file(NODE "0/distance", distance);
	n = node_list(&list);
	is_i64(n, 3, "the same nodes");
	ok(list[0].has_cpus, "64 CPUs in 200 bytes are no lack of them");
	is_str(list[0].cpus, cpus, "all of them");
	is_i64(node_distance(&list[0], &(struct node){ .place = 255 }), 57,
	       "the last of 256 distances");
	ok(!list[1].has_cpus, "node 1 has none");
	free(list);
	tree_remove(NODE "0/cpulist");
	tree_directory(NODE "0/cpulist");
	is_i64(node_list(&list), -EISDIR, "what cannot be read is no \"none\"");
	ok(!list, "and no list");
	tree_remove(NODE "0/cpulist");
	tree_file(NODE "0/cpulist", "0-1\n");
	tree_file(NODE "0/distance", "10 20 30\n");
}

/* 64 and more: a node's number is the kernel's affair, up to its limit. */
static void high_numbers(void)
{
	struct node *list;

	meminfo(64, 100, 10, 0, 0, 0, 0);
	meminfo(NODE_MAX - 1, 100, 10, 0, 0, 0, 0);
	tree_file(TIER "22/nodelist", "1,64,1000-1023\n");
	is_i64(node_list(&list), 5, "nodes 64 and 1023");
	is_i64(list[3].id, 64, "64");
	is_i64(list[3].tier, 22, "in a tier");
	is_i64(list[4].id, 1023, "1023");
	is_i64(list[4].tier, 22, "in a tier");
	free(list);
	tree_remove(NODE "64");
	tree_remove(NODE "1023");
	tree_file(TIER "22/nodelist", "1,5-6\n");
}

#define ACCESS NODE "1/access0/initiators/"

/* Node 2 has no memory, so no place in the list, but one in the rows. */
static void distances(void)
{
	struct node *list;
	int n;

	tree_file(NODE "0/distance", "10 20 30 17\n");
	n = node_list(&list);
	is_i64(n, 3, "three nodes of four");
	is_i64(node_distance(&list[0], &list[0]), 10, "to itself");
	is_i64(node_distance(&list[0], &list[1]), 20, "to node 1");
	is_i64(node_distance(&list[0], &list[2]), 17,
	       "to node 12, behind one without memory");
	is_i64(node_distance(&list[1], &list[2]), -1, "a row too short");
	is_i64(node_distance(&list[2], &list[0]), -1, "no row");
	free(list);
	tree_file(NODE "0/distance", "10 20 30\n");
}

static void is_ns(double got, double want, const char *name)
{
	if (!ok(isnan(want) ? isnan(got) : got == want, "%s", name))
		diag("got %g, want %g", got, want);
}

static void declared(void)
{
	double r = 77, w = 77;

	is_i64(node_latency(1, &r, &w), -ENOENT, "no latency is declared");
	ok(isnan(r) && isnan(w), "and none is given out");
	tree_file(ACCESS "read_latency", "150\n");
	is_i64(node_latency(1, &r, &w), 0, "one of two");
	is_ns(r, 150, "the declared one, ns");
	is_ns(w, NAN, "the other is absent");
	tree_file(ACCESS "write_latency", "250\n");
	tree_file(ACCESS "read_bandwidth", "16384\n");
	is_i64(node_latency(1, &r, &w), 0, "both");
	is_ns(w, 250, "the write latency, ns");
	is_ns(node_declared(1, -1, "read_bandwidth"), 16384, "MB/s");
	is_ns(node_declared(1, -1, "write_bandwidth"), NAN, "not declared");

	is_ns(node_declared(1, 0, "read_latency"), NAN,
	      "node 0 is not linked: they do not hold for it");
	tree_directory(NODE "1/access1/initiators/node0");
	tree_file(NODE "1/access1/initiators/read_latency", "190\n");
	is_ns(node_declared(1, 0, "read_latency"), 190,
	      "the nearest CPU, behind a nearer generic initiator");
	is_ns(node_declared(1, -1, "read_latency"), 190,
	      "also where none is named");
	tree_file(NODE "1/access1/initiators/read_latency", "0\n");
	is_ns(node_declared(1, -1, "read_latency"), 150,
	      "else the nearest of any kind");
	tree_directory(ACCESS "node0");
	is_ns(node_declared(1, 0, "read_latency"), 150, "node 0 is nearest");

	tree_file(ACCESS "read_latency", "0\n");
	tree_file(ACCESS "write_latency", "soon\n");
	is_i64(node_latency(1, &r, &w), -ENOENT, "zero, and no number: none");
	tree_remove(NODE "1/access0");
	tree_remove(NODE "1/access1");
}

static void machine(void)
{
	struct machine m;

	tree_file("/proc/cpuinfo", "processor\t: 0\n"
				   "model name\t: QEMU TCG CPU version 2.5+\n"
				   "processor\t: 1\nmodel name\t: another\n");
	tree_file("/sys/class/dmi/id/sys_vendor", "QEMU\n");
	tree_file("/sys/class/dmi/id/product_name", "Standard PC\n");
	tree_file("/sys/class/dmi/id/product_version", "pc-q35-11.1\n");
	tree_file("/proc/sys/kernel/osrelease", "6.12.107-amd64\n");
	tree_file("/proc/uptime", "12.50 99.00\n");
	machine_read(&m);
	is_str(m.cpu, "QEMU TCG CPU version 2.5+", "the CPU's name");
	is_str(m.firmware, "QEMU pc-q35-11.1", "the machine's");
	ok(m.emulated && m.qemu, "emulated, by QEMU");
	is_u64(m.qemu_major * 100 + m.qemu_minor, 1101, "11.1");
	is_str(m.kernel, "Linux 6.12.107-amd64", "the tree's kernel");
	is_ns(m.uptime_s, 12.5, "and how long it had been up");
	is_i64(m.cpus, 2, "its CPUs");

	tree_file("/proc/cpuinfo", "model name\t: Intel(R) Xeon(R)\n");
	machine_read(&m);
	ok(!m.emulated && m.qemu, "virtual, not emulated");

	tree_file("/sys/class/dmi/id/sys_vendor", "Some Maker\n");
	tree_file("/sys/class/dmi/id/product_name", "Server 5\n");
	machine_read(&m);
	is_str(m.firmware, "Some Maker Server 5", "hardware");
	ok(!m.qemu, "not QEMU's");
	is_u64(m.qemu_major, 0, "no version");

	tree_remove("/sys/class");
	tree_remove("/proc/cpuinfo");
	machine_read(&m);
	is_str(m.firmware, "", "no DMI: no name");
	is_str(m.cpu, "", "no cpuinfo: no CPU");
	tree_file("/proc/cpuinfo", "model name\n");
	machine_read(&m);
	is_str(m.cpu, "", "a line cut short");
	tree_file("/proc/cpuinfo", "model name: ");
	machine_read(&m);
	is_str(m.cpu, "", "a name cut short");
}

static void partial(void)
{
	struct node *list;
	int n;

	tree_remove("/proc/zoneinfo");
	tree_remove("/sys/devices/virtual");
	tree_remove(NODE "0/cpulist");
	tree_remove(NODE "0/distance");
	n = node_list(&list);
	is_i64(n, 3, "no zones, tiers, CPUs, distances");
	is_u64(list[0].available, (5000 + 450) * KIB, "no watermarks");
	is_i64(list[0].tier, -1, "no tier");
	ok(!list[0].has_cpus && !list[0].distance[0], "and nothing else");
	free(list);

	tree_remove("/sys/devices/system/node");
	is_i64(node_list(&list), -ENOENT, "no nodes");
	like(fail_message(), "the kernel needs CONFIG_NUMA", "why");
	is_i64(fail_status(), STATUS_LACKS, "the machine lacks it");
	ok(!list, "and no list");
	tree_directory("/sys/devices/system/node");
	is_i64(node_list(&list), 0, "an empty directory");
	free(list);
	tree_remove("/sys/devices/system/node");
	tree_file("/sys/devices/system/node", "");
	is_i64(node_list(&list), -ENOTDIR, "a file");
}

int main(void)
{
	tree_begin();
	make_tree();
	nodes();
	long_texts();
	high_numbers();
	distances();
	declared();
	machine();
	partial();
	return done_testing();
}
