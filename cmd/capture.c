// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture.c - tier capture: what tier reads of this machine, as a directory for
 * --root, so that somebody else can look at it. It copies values and links,
 * writes nothing to the kernel, and leaves out what tells of people.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/verbs.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "sysfs.h"

/* As deep as a CXL device behind two switches lies, and more. */
#define ALL 16

#define NODES "/sys/devices/system/node"
#define MEMORY "/sys/devices/system/memory"
#define CGROUPS "/sys/fs/cgroup"

/* What there is of them; depth 0: a file, or a directory as an empty one. */
static const struct {
	const char *path;
	int depth;
} roots[] = {
	{ "/proc/vmstat", 0 },
	{ "/proc/zoneinfo", 0 },
	{ "/proc/meminfo", 0 },
	{ "/proc/uptime", 0 },
	{ "/proc/iomem", 0 },
	{ "/proc/cpuinfo", 0 },
	{ "/proc/cgroups", 0 },
	{ "/proc/self/status", 0 },
	{ "/proc/self/cgroup", 0 },
	{ "/proc/sys/kernel/osrelease", 0 },
	{ "/proc/sys/kernel/tainted", 0 },
	{ "/proc/sys/kernel/dmesg_restrict", 0 },
	{ "/proc/sys/kernel/numa_balancing", 0 },
	{ "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps", 0 },
	{ "/proc/sys/vm", 1 },
	{ "/sys/class/dmi/id", 0 },
	{ "/sys/devices/virtual/dmi/id/sys_vendor", 0 },
	{ "/sys/devices/virtual/dmi/id/product_name", 0 },
	{ "/sys/devices/virtual/dmi/id/product_version", 0 },
	{ "/sys/devices/system/cpu/cpu0/cache", ALL },
	{ "/sys/bus/pci/drivers/cxl_pci", 0 },
	{ "/sys/bus/platform/drivers/cxl_acpi", 0 },
	{ NODES, ALL },
	{ MEMORY, 2 },
	{ "/sys/devices/virtual/memory_tiering", ALL },
	{ "/sys/kernel/debug/sched/numa_balancing", 1 },
	{ "/sys/kernel/mm/numa", 1 },
	{ "/sys/kernel/mm/lru_gen", 1 },
	{ "/sys/kernel/mm/transparent_hugepage", 1 },
	{ "/sys/kernel/mm/mempolicy", ALL },
	{ "/sys/kernel/mm/damon", ALL },
	{ "/sys/kernel/security/lockdown", 0 },
	{ "/sys/module/damon_stat/parameters/enabled", 0 },
	{ "/sys/module/damon_reclaim/parameters/enabled", 0 },
	{ "/sys/module/damon_lru_sort/parameters/enabled", 0 },
	{ CGROUPS "/memory", 0 },
	{ CGROUPS "/cgroup.controllers", 0 },
	{ CGROUPS "/cgroup.subtree_control", 0 },
	{ "/sys/kernel/tracing/events/migrate/mm_migrate_pages/format", 0 },
	{ "/sys/bus/cxl", 2 },
	{ "/sys/bus/dax", 2 },
};

/* Attributes that act when they are read, are binary, or say nothing here. */
static const char *const left_out[] = {
	"power",
	"firmware",
	"security",
	"config",
	"rom",
	"vpd",
	"CDAT",
	"uevent",
	"remove",
	"rescan",
	"reset",
	"reset_method",
	"bind",
	"unbind",
	"new_id",
	"remove_id",
	"flush",
	"compact",
	"reclaim",
	"trigger_poison_list",
	"msi_irqs",
	"msi_bus",
	"link",
	"pci_bus",
	"phys_device",
	"removable",
	"irq",
	"driver_override",
	"probe",
	"soft_offline_page",
	"hard_offline_page",
	"stat_refresh",
	"drop_caches",
	"compact_memory",
};

struct capture {
	const char *to; /* the directory; an absolute path, or the caller's */
	struct textbuf unread;
	unsigned int files;
	char **homes; /* of devices, that were walked */
	size_t nr_homes;
};

static bool is_left_out(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		if (!strcmp(name, left_out[i]))
			return true;
	return !strncmp(name, "resource", 8) && name[8];
}

/* Makes the directories that lead to to/path. */
static int make_way(const struct capture *c, const char *path)
{
	char *at, *way = xasprintf("%s%s", c->to, path);
	int err = 0;

	for (at = way + strlen(c->to) + 1; !err && (at = strchr(at, '/'));
	     *at++ = '/') {
		*at = '\0';
		if (mkdir(way, 0777) && errno != EEXIST)
			err = fail(errno, "%s: %s", way, strerror(errno));
	}
	free(way);
	return err;
}

/*
 * Of /proc/iomem what is memory, not where the kernel's code lies; of a CPU
 * each one's number, and all of the first one's; of the status of tier itself
 * what it may use.
 */
static bool is_kept(const char *path, const char *line, bool *first)
{
	if (!strcmp(path, "/proc/iomem"))
		return !strstr(line, ": Kernel ");
	if (!strcmp(path, "/proc/self/status"))
		return strstr(line, "_allowed") || !strncmp(line, "Name:", 5);
	if (strcmp(path, "/proc/cpuinfo"))
		return true;
	if (!*line)
		*first = false;
	return *first || !*line || !strncmp(line, "processor", 9);
}

static int copy_text(const struct capture *c, const char *path, char *text)
{
	char *name = xasprintf("%s%s", c->to, path), *end;
	FILE *f = fopen(name, "we");
	bool first = true;
	int err = 0;

	for (char *line = text; f && *line; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (end > line && end[-1] == '\n') {
			end[-1] = '\0';
			if (is_kept(path, line, &first))
				fprintf(f, "%s\n", line);
		} else if (is_kept(path, line, &first)) {
			fputs(line, f);
		}
	}
	if (!f || ferror(f) | fclose(f))
		err = fail(errno, "%s: %s", name, strerror(errno));
	free(name);
	return err;
}

/* path and the directories that lead to it. */
static int make_dir(const struct capture *c, const char *path)
{
	char *inside = xasprintf("%s/.", path);
	int err = make_way(c, inside);

	free(inside);
	return err;
}

/*
 * What may not be read is a directory in its place: it is there, as on the
 * machine, and cannot be read.
 */
static int copy_file(struct capture *c, const char *path)
{
	char *text = sysfs_slurp("%s", path);
	int err;

	if (!text) {
		bool closed = errno == EACCES || errno == EPERM;

		buf_add(&c->unread, "%s: %s\n", path, strerror(errno));
		return closed ? make_dir(c, path) : 0;
	}
	err = make_way(c, path);
	if (!err)
		err = copy_text(c, path, text);
	free(text);
	c->files++;
	return err;
}

static int copy_link(const struct capture *c, const char *path)
{
	char target[PATH_MAX], *name = xasprintf("%s%s", c->to, path);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	int err = n < 0 ? 0 : make_way(c, path);

	target[n < 0 ? 0 : n] = '\0';
	if (n > 0 && !err && symlink(target, name) && errno != EEXIST)
		err = fail(errno, "%s: %s", name, strerror(errno));
	free(name);
	return err;
}

/* Calls fn for each entry of a directory that is not left out. */
static int each(struct capture *c, const char *dir, int depth,
		int (*fn)(struct capture *c, const char *path, int depth))
{
	char *names = sysfs_names("%s", dir), *save, *path;
	int err = 0;

	for (char *name = names ? strtok_r(names, "\n", &save) : NULL;
	     name && !err; name = strtok_r(NULL, "\n", &save)) {
		if (is_left_out(name))
			continue;
		path = xasprintf("%s/%s", dir, name);
		err = fn(c, path, depth);
		free(path);
	}
	free(names);
	return err;
}

/* What is there, links as links. What is not there is no error. */
static int walk(struct capture *c, const char *path, int depth)
{
	struct stat st;
	int err;

	if (lstat(path, &st))
		return 0;
	if (S_ISLNK(st.st_mode))
		return copy_link(c, path);
	if (S_ISREG(st.st_mode))
		return st.st_mode & 0444 ? copy_file(c, path) : 0;
	if (!S_ISDIR(st.st_mode))
		return 0;
	err = make_dir(c, path);
	return err || !depth ? err : each(c, path, depth - 1, walk);
}

/*
 * Where a device really lies. Those of CXL's root lie in each other: all of
 * them at once; a memdev without the rest of its PCI device.
 */
static int walk_home(struct capture *c, char *home)
{
	char *cut = strstr(home, "/ACPI0017:00/");

	if (cut)
		cut[strlen("/ACPI0017:00")] = '\0';
	else if ((cut = strstr(home, "/mem")) && strchr(cut + 1, '/'))
		*strchr(cut + 1, '/') = '\0';
	for (size_t i = 0; i < c->nr_homes; i++)
		if (!strncmp(home, c->homes[i], strlen(c->homes[i])) &&
		    strchr("/", home[strlen(c->homes[i])]))
			return 0;
	c->homes = xgrow(c->homes, c->nr_homes, sizeof(*c->homes));
	c->homes[c->nr_homes++] = xstrdup(home);
	return walk(c, home, ALL);
}

/* Of a link in a bus's devices: what it leads to. */
static int walk_target(struct capture *c, const char *link, int depth)
{
	char home[PATH_MAX];

	(void)depth;
	return realpath(link, home) ? walk_home(c, home) : 0;
}

/* Of a PCI device that is CXL memory: what it is, and whose. */
static int walk_pci(struct capture *c, const char *link, int depth)
{
	static const char *const names[] = { "class", "vendor", "device",
					     "numa_node", "driver" };
	char class[16], home[PATH_MAX], *one;
	int err;

	if (sysfs_read(class, sizeof(class), "%s/class", link) <= 0 ||
	    strcmp(class, "0x050210") != 0 || !realpath(link, home))
		return 0;
	err = copy_link(c, link);
	for (size_t i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		one = xasprintf("%s/%s", home, names[i]);
		err = walk(c, one, depth);
		free(one);
	}
	return err;
}

/* A container's own limit is where the root is, of whose groups nothing is. */
static int walk_root_cgroup(struct capture *c, const char *top)
{
	static const char *const names[] = {
		"memory.max", "memory.current",	       "memory.stat",
		"cpu.max",    "memory.limit_in_bytes", "memory.usage_in_bytes"
	};
	char *one;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		one = xasprintf("%s/%s", top, names[i]);
		err = walk(c, one, 0);
		free(one);
	}
	return err;
}

static int walk_cgroup(struct capture *c, const char *top, const char *group)
{
	char *path = xasprintf("%s%s", top, group);
	int err = walk_root_cgroup(c, top);

	while (!err && strlen(path) > strlen(top) + 1) {
		err = walk(c, path, 1);
		*strrchr(path, '/') = '\0';
	}
	free(path);
	return err;
}

/* The limits of a job, up the path of its cgroup: of version 2, and of 1. */
static int walk_cgroups(struct capture *c)
{
	char *text = sysfs_slurp("/proc/self/cgroup"), *rest = text, *line;
	int err = 0;

	while (text && !err && (line = strtok_r(rest, "\n", &rest))) {
		char *name = strchr(line, ':');
		char *group = name ? strchr(name + 1, ':') : NULL;

		if (!group)
			continue;
		*group++ = '\0';
		if (!name[1])
			err = walk_cgroup(c, CGROUPS, group);
		else if (strstr(name, "memory"))
			err = walk_cgroup(c, CGROUPS "/memory", group);
		else if (strstr(name, "cpu,") || !strcmp(name, ":cpu"))
			err = walk_cgroup(c, CGROUPS "/cpu", group);
	}
	free(text);
	return err;
}

static int note_unread(const struct capture *c)
{
	char *name = xasprintf("%s/unread.txt", c->to);
	FILE *f = fopen(name, "we");
	int err = 0;

	if (!f || fputs(c->unread.text ? c->unread.text : "", f) < 0 ||
	    fclose(f))
		err = fail(errno, "%s: %s", name, strerror(errno));
	free(name);
	return err;
}

REPORT_RECORD(capture_record, "capture", "a machine's description was written",
	      "directory s for --root\n"
	      "files u:files in it\n"
	      "root b by root: users do not see all\n");

static int work(const struct plan *plan)
{
	struct capture c = { .to = plan->capture };
	int err = 0;

	/* Whatever is in a directory that is there would be of two machines. */
	if (mkdir(c.to, 0777))
		return fail(errno, "%s: %s%s", c.to, strerror(errno),
			    errno == EEXIST ? "; name one that is not there" :
					      "");
	for (size_t i = 0; i < ARRAY_SIZE(roots) && !err; i++)
		err = walk(&c, roots[i].path, roots[i].depth);
	err = err ? err : each(&c, "/sys/bus/cxl/devices", 0, walk_target);
	err = err ? err : each(&c, "/sys/bus/dax/devices", 0, walk_target);
	err = err ? err : each(&c, "/sys/bus/pci/devices", 0, walk_pci);
	err = err ? err : walk_cgroups(&c);
	err = err ? err : note_unread(&c);
	if (!err) {
		report_begin(&capture_record);
		report_str("directory", c.to);
		report_u64("files", c.files);
		report_bool("root", !geteuid());
		report_end();
		report_wrap("         ", "capture  %u files in %s%s", c.files,
			    c.to,
			    geteuid() ? "; root would have seen more" : "");
		report_wrap("         ",
			    "         tier --root %s status; tar czf it.tgz %s",
			    c.to, c.to);
	}
	for (size_t i = 0; i < c.nr_homes; i++)
		free(c.homes[i]);
	free(c.homes);
	buf_free(&c.unread);
	return err;
}

static int take(struct plan *plan, int n, char **operand)
{
	plan->capture = n ? operand[0] : "";
	return n == 1 && operand[0][0] ?
		       0 :
		       misuse("capture needs a directory to make, e.g. tier capture my-server");
}

static const char notes[] =
	"What is in it: nodes, memory blocks, tiers, zones, counters, /proc/iomem but\n"
	"for the kernel's own place, the first CPU's words, the names of the machine\n"
	"and its kernel, CXL and DAX devices with their serial numbers, tunables,\n"
	"DAMON's files, the path and limits of tier's cgroup. Not in it: names of\n"
	"hosts, users and programs, the kernel's log and command line, and any memory.\n"
	"Look before you send it: it is text.\n";

const struct verb verb_capture = {
	.name = "capture",
	.operands = "DIR",
	.summary = "write what tier reads of this machine, for --root",
	.notes = notes,
	.flags = 0, /* it takes its time on a large machine */
	.take = take,
	.work = work,
};
