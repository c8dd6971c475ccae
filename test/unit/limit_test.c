// SPDX-License-Identifier: GPL-2.0-only
/*
 * What memory.max and its like of version 1 leave, of the group up the path
 * that leaves least; page cache that can be dropped counts as left.
 */
#include <errno.h>

#include "lib/base.h"
#include "lib/error.h"
#include "mm/limit.h"
#include "tap.h"
#include "tree.h"

#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup"

static void is_room(uint64_t want, const char *group, const char *what)
{
	char name[LIMIT_NAME];

	is_u64(limit_room(name), want, "%s", what);
	is_str(name, group, "%s: of this group", what);
}

static void v2(const char *group, const char *most, const char *now,
	       const char *stat)
{
	char path[128];

	snprintf(path, sizeof(path), V2 "%s/memory.max", group);
	tree_file(path, most);
	snprintf(path, sizeof(path), V2 "%s/memory.current", group);
	tree_file(path, now);
	snprintf(path, sizeof(path), V2 "%s/memory.stat", group);
	tree_file(path, stat);
}

static void unified(void)
{
	is_room(UINT64_MAX, "", "no cgroups");
	tree_file("/proc/self/cgroup", "0::/slurm/job_7/step_0\n");
	is_room(UINT64_MAX, "", "none is mounted");
	v2("/slurm/job_7/step_0", "max\n", "5000\n", "");
	v2("/slurm/job_7", "1000000\n", "400000\n",
	   "anon 100000\nfile 999999\ninactive_anon 7\nactive_anon 8\n"
	   "inactive_file 50000\nactive_file 20000\nfile_dirty 5000\n"
	   "file_writeback 1000\nshmem 1\n");
	v2("/slurm", "max\n", "700000\n", "");
	is_room(1000000 - 400000 + 70000 - 6000, "/slurm/job_7",
		"the limit of the job, whose step has none");
	v2("/slurm", "720000\n", "700000\n", "");
	is_room(20000, "/slurm", "the least one up the path");
	v2("/slurm/job_7/step_0", "4000\n", "5000\n", "");
	is_room(0, "/slurm/job_7/step_0", "beyond it already");
	is_i64(limit_check(1, "a byte"), -ENOMEM, "then nothing fits");
	is_i64(fail_status(), STATUS_LACKS, "the machine lacks it");
	like(fail_message(),
	     "a byte needs 1 B, and the memory limit of cgroup "
	     "/slurm/job_7/step_0 leaves 0 B",
	     "in words");
	v2("/slurm/job_7/step_0", "9000\n", "5000\n", "");
	is_i64(limit_check(4000, "so much"), 0, "what is left fits");
	is_i64(limit_check(4001, "so much"), -ENOMEM, "no byte more");
	tree_file("/proc/self/cgroup", "0::/\n");
	is_room(UINT64_MAX, "", "the root has no limit");
	v2("", "12345\n", "45\n", "");
	is_room(12300, "/", "a container's own root has");
	tree_remove("/sys");
}

static void are_cpus(uint64_t want, const char *group, const char *what)
{
	char name[LIMIT_NAME];

	is_u64(limit_cpus(name), want, "%s", what);
	is_str(name, group, "%s: of this group", what);
}

static void cpus(void)
{
	tree_file("/proc/self/cgroup", "0::/job/step\n");
	are_cpus(UINT64_MAX, "", "no cpu.max");
	tree_file(V2 "/job/step/cpu.max", "max 100000\n");
	are_cpus(UINT64_MAX, "", "max is no limit");
	tree_file(V2 "/job/step/cpu.max", "20000 100000\n");
	are_cpus(200, "/job/step", "a fifth of a CPU");
	tree_file(V2 "/job/cpu.max", "5000 50000\n");
	are_cpus(100, "/job", "the least one up the path");
	tree_remove("/sys");
	tree_file("/proc/self/cgroup", "4:cpu,cpuacct:/job\n3:cpuset:/x\n");
	tree_file(V2 "/cpu/job/cpu.cfs_quota_us", "-1\n");
	tree_file(V2 "/cpu/job/cpu.cfs_period_us", "100000\n");
	are_cpus(UINT64_MAX, "", "-1 is no limit");
	tree_file(V2 "/cpu/job/cpu.cfs_quota_us", "250000\n");
	are_cpus(2500, "/job", "of version 1");
	tree_remove("/sys");
}

static void first_version(void)
{
	tree_file("/proc/self/cgroup", "9:name=systemd:/x\n"
				       "4:cpuset,memory:/docker/abc\n"
				       "3:cpu:/y\n0::/z\n");
	is_room(UINT64_MAX, "", "of version 1 none is mounted");
	tree_file(V1 "/docker/abc/memory.limit_in_bytes",
		  "9223372036854771712\n");
	tree_file(V1 "/docker/abc/memory.usage_in_bytes", "4096\n");
	is_room(UINT64_MAX, "", "so much is no limit");
	tree_file(V1 "/docker/abc/memory.limit_in_bytes", "104857600\n");
	tree_file(V1 "/docker/abc/memory.usage_in_bytes", "4857600\n");
	tree_file(V1 "/docker/abc/memory.stat",
		  "cache 9\ninactive_file 1\ntotal_inactive_file 3000000\n"
		  "total_active_file 1000000\ntotal_dirty 1000\n"
		  "total_writeback 500\n");
	is_room(100000000 + 4000000 - 1500, "/docker/abc", "version 1");
	/* In a container: of the path, what is mounted is the end. */
	tree_remove(V1 "/docker");
	tree_file(V1 "/memory.limit_in_bytes", "2000\n");
	tree_file(V1 "/memory.usage_in_bytes", "500\n");
	is_room(1500, "/", "the container's root");
	tree_file("/proc/self/cgroup", "garbage\n::::\n:memory\n4:memory:\n");
	is_room(1500, "/", "garbage beside it");
}

int main(void)
{
	tree_begin();
	unified();
	cpus();
	first_version();
	return done_testing();
}
