// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each row of the table of findings: it is not found on a machine on which
 * all is well, and found on one that differs in what it is about alone.
 */
#include <spawn.h>
#include <sys/wait.h>

#include "cmd/check.h"
#include "cmd/findings.h"
#include "mm/dmesg.h"
#include "lib/report.h"
#include "lib/base.h"
#include "lib/error.h"
#include "cmd/verbs.h"
#include "tap.h"
#include "tree.h"

#define ROOT0 "/sys/devices/platform/ACPI0017:00/root0"
#define REGION0 ROOT0 "/decoder0.0/region0"
#define ZONEINFO "/proc/zoneinfo"
#define KDAMONDS "/sys/kernel/mm/damon/admin/kdamonds"
#define NODES "/sys/devices/system/node"
#define TIERS "/sys/devices/virtual/memory_tiering"
#define THP "/sys/kernel/mm/transparent_hugepage"
#define PCI_DEVICE "/sys/bus/pci/devices/0000:35:00.0"

static bool found[64], missed[64]; /* rows, by their place */

/* By posix_spawn(): to fork what the sanitizers map takes long. */
static void execute(char *const argv[])
{
	pid_t child;
	int status;

	fflush(stdout);
	if (posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) ||
	    waitpid(child, &status, 0) < 0 || status)
		tree_die(argv[0]);
}

static void shell(const char *command)
{
	execute((char *[]){ "sh", "-c", (char *)(uintptr_t)command,
			    (char *)(uintptr_t)tree_dir, NULL });
}

/*
 * A real guest's tree, and what its small kernel had not: NUMA balancing, a
 * cgroup, DAMON. CPUs and firmware as of a server.
 */
static void make_sound(void)
{
	shell("test/unpack test/fixtures/cxl.txt \"$0/sound\"");
	tree_file("/sound/proc/sys/kernel/numa_balancing", "2\n");
	tree_file("/sound/proc/sys/kernel/osrelease", "6.12.107+deb13\n");
	tree_file("/sound/proc/sys/kernel/tainted", "0\n");
	tree_file("/sound/proc/sys/kernel/dmesg_restrict", "0\n");
	tree_file("/sound/proc/self/status",
		  "Name:\tcheck\nMems_allowed_list:\t0-1\nNr:\t1\n");
	tree_file("/sound/proc/cpuinfo",
		  "processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu mmx\n");
	tree_file("/sound/sys/kernel/debug/sched/numa_balancing/scan_size_mb",
		  "256\n");
	tree_file("/sound/sys/kernel/mm/numa/demotion_enabled", "true\n");
	tree_file("/sound/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds",
		  "0\n");
	tree_file("/sound/sys/fs/cgroup/cgroup.controllers", "cpu memory io\n");
	tree_file("/sound/sys/devices/system/memory/auto_online_blocks",
		  "offline\n");
	tree_file("/sound/dev/kmsg",
		  "6,1,1000,-;Linux version 6.12\n"
		  "4,2,300000,-;Speculative Return Stack Overflow: WARNING: "
		  "See https://kernel.org\n SUBSYSTEM=cpu\n"
		  "12,3,900000,-;WARNING: a program says so\n");
}

/* What was broken is whole again. */
static void restore(void)
{
	shell("rm -rf \"$0/sys\" \"$0/proc\" \"$0/dev\"; "
	      "cp -a \"$0/sound/.\" \"$0/\"");
}

/* How row NAME answers; what it says is in text. */
static char text[FINDINGS_TEXT];

/* What devices say, which a tree cannot be asked; poison_test.c reads it. */
static struct poison listed;
static int listed_err;
/* What libcxl would say: it does not look at trees. */
static const char *refused;

#define DAX9 "/sys/bus/dax/devices/dax9.0"

static enum findings_answer ask_with(const char *name, double slow_ns,
				     bool show)
{
	enum findings_answer answer = FINDINGS_NO;
	struct findings_look l;
	struct region *regions;
	struct node *nodes;
	int nr_regions = region_list_all(&regions), n = node_list(&nodes);

	text[0] = '\0';
	findings_look_begin(&l, nodes, n > 0 ? n : 0, regions,
			    nr_regions > 0 ? nr_regions : 0, false, false);
	l.show_log |= show;
	l.poison = listed;
	l.poison_err = listed_err;
	l.asked_region = refused;
	snprintf(l.region_blocked, sizeof(l.region_blocked), "%s",
		 refused ? refused : "");
	if (slow_ns > 0) {
		l.slow = 1;
		l.slow_ns = slow_ns;
		l.near_ns = 2;
	}
	for (size_t i = 0; findings_rows[i].name; i++) {
		if (strcmp(findings_rows[i].name, name))
			continue;
		answer = findings_rows[i].look(&l, text);
		if (answer == FINDINGS_YES)
			found[i] = true;
		else if (answer == FINDINGS_NO)
			missed[i] = true;
	}
	findings_look_end(&l);
	free(regions);
	free(nodes);
	return answer;
}

static enum findings_answer ask(const char *name)
{
	return ask_with(name, 0, false);
}

/* The tree was changed: the row finds it and says so; then it is whole. */
static void finds(const char *name, const char *part)
{
	enum findings_answer answer = ask(name);

	ok(answer == FINDINGS_YES, "%s is found", name);
	like(text, part, "%s: %s", name, part);
	restore();
}

static void unread_is_said(const char *name)
{
	ok(ask(name) == FINDINGS_UNREAD, "%s cannot be seen: \"%s\"", name,
	   text);
	restore();
}

/* A line of a file of the tree is replaced, by sed. */
static void edit(const char *expression, const char *path)
{
	execute((char *[]){ "sed", "-i", (char *)(uintptr_t)expression,
			    (char *)(uintptr_t)tree_path(path), NULL });
}

static void all_is_well(void)
{
	for (const struct findings_row *r = findings_rows; r->name; r++)
		ok(ask(r->name) == FINDINGS_NO, "%s is not found: \"%s\"",
		   r->name, text);
}

/* ------------------------------------------------------------------ rows */

static void devices(void)
{
	tree_remove("/sys/bus/cxl");
	tree_remove("/sys/bus/pci");
	finds("cxl-no-device", "no CXL memory device");
	tree_file("/sys/bus/pci/devices/0000:99:00.0/class", "0x050210\n");
	finds("cxl-no-driver", "1 of 2 CXL memory devices on the PCI bus has");
	shell("d=$(readlink -f \"$0/sys/bus/cxl/devices/mem0\"); "
	      "echo 0 >\"$d/ram/size\"; mkdir -p \"$d/pmem\"; "
	      "echo 0x20000000 >\"$d/pmem/size\"");
	finds("cxl-persistent", "mem0 has 512 MiB of persistent memory");
	shell("d=$(readlink -f \"$0/sys/bus/cxl/devices/mem0\"); "
	      "echo 0 >\"$d/ram/size\"");
	finds("cxl-dynamic", "mem0 has neither volatile nor");
	shell("rm \"$0\"/sys/bus/cxl/devices/endpoint*");
	finds("cxl-no-endpoint", "mem0 has no endpoint");
	tree_file(ROOT0 "/decoder0.0/cap_ram", "0\n");
	finds("cxl-no-window", "no CXL window");
	shell("d=$(readlink -f \"$0/sys/bus/cxl/devices/mem0\"); "
	      "echo 0x18100000 >\"$d/ram/size\"");
	finds("size-misaligned", "mem0 has 385 MiB");
}

static void without_region(void)
{
	tree_remove("/sys/bus/cxl/devices/region0");
	tree_remove(REGION0);
}

static void regions_and_windows(void)
{
	without_region();
	finds("region-missing", "mem0 (512 MiB) has no region");
	without_region();
	refused = "no window for it";
	finds("region-blocked", "mem0 has no region: no window for it");
	without_region();
	ok(ask("region-missing") == FINDINGS_NO, "the same, not twice");
	refused = NULL;
	without_region();
	tree_file(ROOT0 "/decoder0.0/size", "0x10000000\n");
	finds("window-small", "room for 256 MiB, mem0 has 512 MiB");
	without_region();
	tree_file(ROOT0 "/decoder0.0/size", "0\n");
	finds("window-full", "is full, and mem0 has no region");
	without_region();
	tree_file("/proc/cpuinfo",
		  "processor\t: 0\nflags\t: fpu hypervisor mmx\n");
	finds("commit-refused", "hypervisor bit");
	tree_file("/proc/cpuinfo",
		  "processor\t: 0\nflags\t: fpu hypervisor mmx\n");
	ok(ask("commit-refused") == FINDINGS_NO,
	   "a committed region: it was not refused");
	without_region();
	tree_file("/proc/cpuinfo",
		  "processor\t: 0\nflags\t: fpu\nbugs\t: hypervisor\n");
	ok(ask("commit-refused") == FINDINGS_NO, "no flag of that name");
	restore();
	tree_file(REGION0 "/commit", "0\n");
	finds("region-uncommitted", "region0 is not committed");
	shell("find \"$0/sys\" -name 'dax0.0' -exec rm -rf {} +; "
	      "for f in \"$0\"/sys/devices/system/memory/memory*/state; do "
	      "echo offline >$f; done");
	finds("region-no-dax", "region0 has no dax device");
	shell("d=$(readlink -f \"$0/sys/bus/dax/devices/dax0.0\"); "
	      "ln -sfn ../device_dax \"$d/driver\"");
	finds("dax-no-kmem", "dax0.0 (region0) has the driver device_dax");
}

static void memory(void)
{
	shell("for f in \"$0\"/sys/devices/system/memory/memory*/state; do "
	      "echo offline >$f; done");
	finds("region-offline", "no memory of region0 is online");
	shell("echo offline >\"$0/sys/devices/system/memory/memory34/state\"");
	finds("region-partly", "384 MiB of 512 MiB of region0");
	shell("echo Normal >"
	      "\"$0/sys/devices/system/memory/memory34/valid_zones\"");
	finds("zone-normal", "128 MiB of region0 (node 1)");
	/* As to a user: the file is root's. */
	tree_remove(REGION0 "/resource");
	unread_is_said("region-offline");
	tree_remove(REGION0 "/resource");
	unread_is_said("zone-normal");
	tree_file(DAX9 "/size", "268435456\n");
	tree_file(DAX9 "/target_node", "1\n");
	tree_file(DAX9 "/resource", "0x110000000\n");
	tree_link(DAX9 "/driver", "../../drivers/kmem");
	shell("echo Normal >"
	      "\"$0/sys/devices/system/memory/memory34/valid_zones\"");
	finds("soft-zone-normal", "128 MiB of dax9.0 (node 1)");
	tree_file(NODES "/node1/cpulist", "2-3\n");
	ok(ask("region-in-dram") == FINDINGS_NO, "CPUs with CXL memory alone");
	edit("s/MemTotal: .*/MemTotal: 999999 kB/", NODES "/node1/meminfo");
	finds("region-in-dram", "region0 is in node 1, which has CPUs");
	shell("d=$(cat \"$0/sys/bus/cxl/devices/region0/target0\"); "
	      "echo 1 >\"$0/sys/bus/cxl/devices/$d/locked\"");
	finds("region-locked", "of region0 is locked");
	tree_file("/sys/devices/system/memory/auto_online_blocks", "online\n");
	finds("auto-online", "auto_online_blocks is online");
	tree_file("/proc/iomem", "00000000-0fffffff : System RAM\n"
				 "10000000-1fffffff : Soft Reserved\n");
	finds("soft-reserved", "set memory aside");
	tree_file(DAX9 "/size", "268435456\n");
	finds("soft-reserved", "dax9.0 is memory that");
	tree_file("/proc/iomem", "10000000-2fffffff : CXL Window 0\n"
				 "  10000000-1fffffff : System RAM\n");
	finds("firmware-ram", "System RAM already");
	tree_file("/proc/iomem", "10000000-2fffffff : CXL Window 0\n"
				 "  10000000-1fffffff : region0\n"
				 "    10000000-1fffffff : System RAM (kmem)\n"
				 "30000000-3fffffff : System RAM\n");
	ok(ask("firmware-ram") == FINDINGS_NO, "kmem's, and beside a window");
	restore();
}

static void tiers(void)
{
	tree_remove(NODES "/node1");
	finds("one-tier", "there is one node");
	tree_remove(TIERS "/memory_tier22");
	tree_file(TIERS "/memory_tier4/nodelist", "0-1\n");
	ok(ask("one-tier") == FINDINGS_NO,
	   "a node without CPUs: the other row");
	finds("top-tier", "node 1, which has no CPUs, is in tier 4");
	tree_file(TIERS "/memory_tier3/nodelist", "1\n");
	finds("cxl-above", "node 1 (region0) is in tier 3");
	tree_remove(TIERS "/memory_tier3");
	tree_file(NODES "/node1/cpulist", "2-3\n");
	tree_remove(TIERS "/memory_tier22");
	tree_file(TIERS "/memory_tier4/nodelist", "0-1\n");
	finds("one-tier", "all 2 nodes with memory are of one tier");
	tree_remove(TIERS);
	finds("no-tiers", "no memory tiers");
	tree_file(NODES "/node255/meminfo", "Node 255 MemTotal: 0 kB\n");
	ok(ask("cpus-without-memory") == FINDINGS_NO, "nor CPUs: a device's");
	tree_file(NODES "/node255/cpulist", "7\n");
	finds("cpus-without-memory", "node 255");
	edit("s/MemFree: .*/MemFree: 20000 kB/", NODES "/node0/meminfo");
	finds("little-memory", "node 0 has");
	tree_file("/proc/self/status", "Mems:\t1\nMems_allowed_list:\t0,2-9\n");
	finds("node-not-allowed", "memory of node 1");
	ok(ask("only-movable-allowed") == FINDINGS_NO, "node 0 has other");
	tree_file("/proc/self/status", "Mems:\t1\nMems_allowed_list:\t1\n");
	finds("only-movable-allowed", "as of node 1");
	tree_file("/proc/self/cgroup", "0::/job\n");
	tree_file("/sys/fs/cgroup/job/memory.max", "104857600\n");
	tree_file("/sys/fs/cgroup/job/memory.current", "0\n");
	finds("memory-limited",
	      "cgroup /job leaves programs started here 100 MiB");
	tree_file("/proc/self/cgroup", "0::/job\n");
	tree_file("/sys/fs/cgroup/job/cpu.max", "150000 100000\n");
	tree_file("/proc/self/status", "Cpus:\t3\nCpus_allowed_list:\t5\n");
	ok(ask("cpu-limited") == FINDINGS_NO, "one CPU is all it may use");
	tree_file("/proc/self/status", "Cpus:\t3\nCpus_allowed_list:\t0,5\n");
	finds("cpu-limited",
	      "cgroup /job gives programs started here the time of 1.50 CPUs, "
	      "and they may run on 2");
}

static void trapped(void)
{
	ok(ask_with("trapped", 1500, false) == FINDINGS_YES,
	   "trapped is found");
	like(text, "node 1 takes 1500 ns, to node 0 2:", "it says how slow");
	ok(ask_with("trapped", 150, false) == FINDINGS_NO, "150 ns is memory");
	ok(ask_with("kvm-trapped", 1500, false) == FINDINGS_YES,
	   "kvm-trapped is found: QEMU, a CPU that is not emulated");
	tree_file("/proc/cpuinfo", "model name\t: QEMU TCG CPU version 2.5+\n");
	ok(ask_with("kvm-trapped", 1500, false) == FINDINGS_NO, "not with TCG");
	finds("accessed-bits", "TCG");
}

static void policies(void)
{
	tree_remove("/proc/sys/kernel/numa_balancing");
	ok(ask("scanner-hidden") == FINDINGS_NO, "without it no scanner");
	finds("numa-balancing-absent", "no NUMA balancing");
	tree_file("/proc/sys/kernel/numa_balancing", "0\n");
	finds("numa-balancing-off", "numa_balancing is 0");
	tree_file("/proc/sys/kernel/numa_balancing", "1\n");
	finds("numa-balancing-mode", "numa_balancing is 1");
	edit("s/pages free .*/pages free 9000000/", ZONEINFO);
	finds("promotion-unconditional", "node 0 has more than 1 GiB");
	edit("s/pages free .*/pages free 9000000/", ZONEINFO);
	tree_file("/proc/sys/kernel/numa_balancing", "1\n");
	ok(ask("promotion-unconditional") == FINDINGS_NO, "in mode 2 only");
	restore();
	tree_remove("/sys/kernel/mm/numa");
	finds("demotion-absent", "no demotion_enabled");
	tree_file("/sys/kernel/mm/numa/demotion_enabled", "false\n");
	finds("demotion-off", "demotion_enabled is false");
	edit("s/node_unreclaimable: .*/node_unreclaimable:  1/", ZONEINFO);
	finds("demotion-stalled", "given up on node 0");
	tree_remove("/sys/kernel/debug/sched");
	finds("scanner-hidden", "numa_balancing is not there");
	tree_file("/sys/kernel/security/lockdown",
		  "none [integrity] confidentiality\n");
	finds("lockdown", "integrity");
	tree_file("/sys/kernel/security/lockdown",
		  "[none] integrity confidentiality\n");
	ok(ask("lockdown") == FINDINGS_NO, "not locked down");
	tree_file(THP "/enabled", "[always] madvise never\n");
	finds("thp-always", "always");
	tree_file("/sys/fs/cgroup/cgroup.controllers", "cpu io\n");
	finds("memcg-absent", "no memory controller");
	tree_remove("/sys/fs/cgroup");
	tree_file("/proc/cgroups", "#name\nmemory\t0\t1\t0\n");
	finds("memcg-absent", "no memory cgroups");
	tree_remove("/sys/fs/cgroup");
	tree_file("/proc/cgroups", "#name\nmemory\t0\t1\t1\n");
	ok(ask("memcg-absent") == FINDINGS_NO, "cgroup2 is not mounted yet");
	restore();
}

static void damon(void)
{
	tree_remove("/sys/kernel/mm/damon");
	finds("damon-absent", "no DAMON");
	tree_file(KDAMONDS "/0/contexts/0/avail_operations", "vaddr\nfvaddr\n");
	finds("damon-no-paddr", "physical");
	tree_file("/proc/sys/kernel/osrelease", "6.10.3\n");
	finds("damon-old", "Linux 6.10.3");
	tree_file("/sys/module/damon_stat/parameters/enabled", "Y\n");
	finds("damon-stat", "DAMON_STAT");
	tree_file("/sys/module/damon_lru_sort/parameters/enabled", "Y\n");
	finds("damon-busy", "damon_lru_sort is enabled");
	tree_file(KDAMONDS "/nr_kdamonds", "1\n");
	tree_file(KDAMONDS "/0/state", "on\n");
	finds("damon-busy", "DAMON runs");
}

static void kernel(void)
{
	tree_file("/dev/kmsg",
		  "4,9,2500000,-;WARNING: CPU: 1 PID: 7 at mm/x.c:1\n"
		  "3,10,3000000,-;INFO: task gups:12 blocked for more than 120 "
		  "seconds.\n");
	finds("kernel-warning",
	      "1 warning, 1 stall in its log, at 3.0 s: INFO: task gups:12");
	tree_file("/proc/sys/kernel/dmesg_restrict", "1\n");
	tree_file("/dev/kmsg", "1,9,2500000,-;BUG: KASAN: secret\n");
	ok(ask("kernel-bug") == FINDINGS_YES, "kernel-bug is found");
	is_str(text, "1 bug in its log, at 2.5 s",
	       "the line is not shown where users may not read it");
	ok(ask_with("kernel-bug", 0, true) == FINDINGS_YES &&
		   strstr(text, "KASAN"),
	   "but to PID 1");
	restore();
	tree_file("/proc/sys/kernel/tainted", "512\n");
	finds("kernel-warning", "kernel.tainted is 512");
	tree_file("/proc/sys/kernel/tainted", "4224\n");
	finds("kernel-bug", "kernel.tainted is 4224");
	tree_remove("/dev/kmsg");
	tree_directory("/dev/kmsg");
	unread_is_said("kernel-bug");
	tree_remove("/dev/kmsg");
	ok(ask("kernel-bug") == FINDINGS_NO, "no log, no flags: nothing known");
	restore();
}

static void poison(void)
{
	listed = (struct poison){
		.entries = 2, .bytes = 128, .memdev = "mem1", .dpa = 0x2000
	};
	finds("poison", "2 ranges, 128 bytes; the first at 0x2000 of mem1");
	listed = (struct poison){ 0 };
	listed_err = -EACCES;
	unread_is_said("poison");
	listed_err = 0;
}

static void table(void)
{
	for (size_t i = 0; findings_rows[i].name; i++) {
		const struct findings_row *r = &findings_rows[i];

		ok(found[i] && missed[i], "%s: found and not found", r->name);
		ok(r->seen[0] && r->todo[0] && !strchr(r->means, '\n') &&
			   r->means[strlen(r->means) - 1] == '.' &&
			   r->todo[strlen(r->todo) - 1] != '.',
		   "%s: explained, in one sentence or more", r->name);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(r->name, findings_rows[k].name))
				ok(false, "%s: twice", r->name);
	}
}

/* ------------------------------------------------------------------- log */

static void lines(void)
{
	static const struct {
		const char *line;
		int kind;
	} cases[] = {
		{ "WARNING: CPU: 0 PID: 1 at drivers/cxl/core/region.c:229",
		  DMESG_WARNING },
		{ "WARNING: possible circular locking dependency detected",
		  DMESG_WARNING },
		{ "watchdog: BUG: soft lockup - CPU#1 stuck for 22s!",
		  DMESG_HUNG },
		{ "rcu: INFO: rcu_preempt self-detected stall on CPU",
		  DMESG_HUNG },
		{ "INFO: task x:1 blocked for more than 120 seconds.",
		  DMESG_HUNG },
		{ "INFO: task x:1 is well", -1 },
		{ "BUG: kernel NULL pointer dereference, address: 8",
		  DMESG_BUG },
		{ "BUG: Bad page state in process gups", DMESG_BUG },
		{ "kernel BUG at mm/migrate.c:1!", DMESG_BUG },
		{ "Oops: Oops: 0002 [#1] SMP", DMESG_BUG },
		{ "general protection fault, probably for ...", DMESG_BUG },
		{ "cxl region0: Failed to synchronize CPU cache state", -1 },
		{ "Spectre V2 : WARNING: Unprivileged eBPF is enabled", -1 },
		{ "", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_i64(dmesg_kind(cases[i].line), cases[i].kind, "\"%s\"",
		       cases[i].line);
}

/* The log of a tree may be anything. */
static void odd_logs(void)
{
	struct dmesg log = { 0 };
	static char junk[40000];
	int fd;

	memset(junk, 'x', sizeof(junk));
	tree_data("/dev/kmsg", junk, sizeof(junk));
	fd = dmesg_open(false);
	is_i64(dmesg_read(&log, fd), 0, "a line without an end");
	close(fd);
	memset(junk, 0, sizeof(junk));
	memcpy(junk + 30000, "\n4,1,1,-;WARNING: x\n", 20);
	tree_data("/dev/kmsg", junk, sizeof(junk));
	fd = dmesg_open(false);
	is_i64(dmesg_read(&log, fd), 0, "zeros");
	close(fd);
	is_u64(log.count[DMESG_BUG], 0, "no bugs in it");
	tree_file("/dev/kmsg", "4,1,1,-;WARNING: \33[2Jx\n"
			       "nothing\n,,,;WARNING: y\n4;WARNING: no end");
	log = (struct dmesg){ 0 };
	fd = dmesg_open(false);
	dmesg_read(&log, fd);
	is_u64(log.count[DMESG_WARNING], 1, "one whole line");
	is_str(log.first[DMESG_WARNING], "WARNING: ?[2Jx",
	       "what a terminal would obey is not shown");
	tree_file("/dev/kmsg", "4,1,1,-;WARNING: before\n");
	close(fd);
	log = (struct dmesg){ 0 };
	fd = dmesg_open(true);
	is_i64(dmesg_read(&log, fd), 0, "from now on");
	is_u64(log.count[DMESG_WARNING], 0, "nothing of before");
	shell("echo '4,2,7,-;WARNING: since' >>\"$0/dev/kmsg\"");
	dmesg_read(&log, fd);
	is_u64(log.count[DMESG_WARNING], 1, "what came since");
	close(fd);
	restore();
}

/* ---------------------------------------------- the verb, around a run */

/* What was recorded since the last call. */
static const char *recorded(void)
{
	static char records[1 << 16];
	static size_t seen;
	FILE *f = fopen(tree_path("/records"), "r");
	size_t n = 0;

	if (f && !fseek(f, (long)seen, SEEK_SET))
		n = fread(records, 1, sizeof(records) - 1, f);
	if (f)
		fclose(f);
	records[n] = '\0';
	seen += n;
	return records;
}

static void verb(void)
{
	struct plan plan = { .verb = &verb_check, .root = tree_dir };

	is_i64(verb_check.work(&plan), 0, "a sound machine: status 0");
	like(recorded(), "\"broken\":0,\"warnings\":0,\"notes\":0,\"unread\":0",
	     "nothing is found");
	without_region();
	tree_file("/proc/sys/kernel/numa_balancing", "0\n");
	tree_remove("/dev/kmsg");
	tree_directory("/dev/kmsg");
	ok(verb_check.work(&plan) < 0, "a broken one fails");
	like(fail_message(), "does not work here: region-missing",
	     "it says why");
	like(recorded(), "\"broken\":1,\"warnings\":0,\"notes\":1,\"unread\":2",
	     "all are counted");
	plan.list_findings = true;
	is_i64(verb_check.work(&plan), 0, "--list: status 0");
	like(recorded(), "\"finding\":\"kernel-warning\"", "to its last row");
	restore();
}

static void around(void)
{
	struct plan plan = { .verb = &verb_run };
	const char *said;

	check_before(&plan, NULL, 0, NULL, 0);
	is_str(recorded(), "", "before a run on a sound machine: nothing");
	shell("echo Normal >"
	      "\"$0/sys/devices/system/memory/memory34/valid_zones\"");
	tree_file("/proc/sys/kernel/numa_balancing", "0\n");
	edit("s/node_unreclaimable: .*/node_unreclaimable:  1/", ZONEINFO);
	check_before(&plan, NULL, 0, NULL, 0);
	said = recorded();
	like(said, "zone-normal", "a warning that concerns it is said");
	like(said, "demotion-stalled", "and what is broken");
	ok(strstr(said, "demotion-stalled") < strstr(said, "zone-normal"),
	   "the worst first");
	ok(!strstr(said, "numa-balancing-off"), "but no notes");
	plan.worker.below_init = true;
	check_before(&plan, NULL, 0, NULL, 0);
	is_str(recorded(), "", "as PID 1 not what cannot be so yet");
	restore();

	check_log_begin();
	check_log_end(false);
	is_str(recorded(), "", "the kernel was silent");
	check_log_begin();
	shell("echo '4,20,7000000,-;WARNING: at mm/y.c' >>\"$0/dev/kmsg\"");
	check_log_end(false);
	like(recorded(),
	     "\"1 warning in its log, at 7.0 s: WARNING: at mm/y.c\"",
	     "the kernel complained: said");
	check_log_end(false);
	is_str(recorded(), "", "once");
	restore();
}

int main(void)
{
	/* The tree is made anew for each row: on a disk that takes a minute. */
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	tree_begin();
	make_sound();
	restore();
	all_is_well();
	devices();
	regions_and_windows();
	memory();
	tiers();
	trapped();
	policies();
	damon();
	kernel();
	poison();
	table();
	lines();
	odd_logs();
	report_quiet();
	report_to(open(tree_path("/records"), O_WRONLY | O_CREAT | O_APPEND,
		       0600));
	verb();
	around();
	return done_testing();
}
