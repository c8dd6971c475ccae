// SPDX-License-Identifier: GPL-2.0-only
/*
 * machine.c - what machine this is, as /proc/cpuinfo and the firmware say.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/text.h"
#include "lib/time.h"
#include "mm/cpu.h"
#include "mm/machine.h"
#include "mm/node.h"
#include "sysfs.h"

/* Is the word among the flags of the first CPU? */
static bool has_flag(const char *cpuinfo, const char *word)
{
	const char *flags = strstr(cpuinfo, "\nflags"), *p;

	p = flags ? strstr(flags, word) : NULL;
	return p && p < flags + 1 + strcspn(flags + 1, "\n");
}

static void read_cpu(struct machine *m)
{
	char *text = sysfs_slurp("/proc/cpuinfo"), *p;

	p = text ? strstr(text, "model name") : NULL;
	p = p ? strstr(p, ": ") : NULL;
	snprintf(m->cpu, sizeof(m->cpu), "%.*s", p ? (int)strcspn(p, "\n") : 0,
		 p ? p : "");
	if (p)
		memmove(m->cpu, m->cpu + 2, strlen(m->cpu + 2) + 1);
	m->hypervisor = text && has_flag(text, " hypervisor");
	free(text);
}

/* The CPUs of its nodes: a tree may have no more of them. */
static int count_cpus(void)
{
	struct node *nodes;
	int n = node_list_all(&nodes), cpus = 0;

	for (int cpu = 0; cpu < CPU_MAX; cpu++)
		for (int i = 0; i < n; i++)
			cpus += list_has(nodes[i].cpus, cpu);
	free(nodes);
	return cpus;
}

static void read_kernel(struct machine *m)
{
	struct utsname u;
	char text[64];

	if (!sysfs_is_rerooted()) {
		if (!uname(&u))
			snprintf(m->kernel, sizeof(m->kernel),
				 "%.30s %.60s %.30s", u.sysname, u.release,
				 u.machine);
		m->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
		m->uptime_s = uptime_s();
		return;
	}
	if (sysfs_read(text, sizeof(text), "/proc/sys/kernel/osrelease") > 0)
		snprintf(m->kernel, sizeof(m->kernel), "Linux %s", text);
	m->cpus = count_cpus();
	if (sysfs_read(text, sizeof(text), "/proc/uptime") <= 0 ||
	    sscanf(text, "%lf", &m->uptime_s) != 1)
		m->uptime_s = NAN;
}

void machine_read(struct machine *m)
{
	char vendor[MACHINE_TEXT / 2] = "", product[MACHINE_TEXT / 2] = "";

	*m = (struct machine){ 0 };
	read_kernel(m);
	read_cpu(m);
	if (sysfs_read(vendor, sizeof(vendor), "/sys/class/dmi/id/sys_vendor") <
	    0)
		vendor[0] = '\0';
	/* QEMU puts its machine type into the version: pc-q35-11.1 */
	if (sysfs_read(product, sizeof(product),
		       "/sys/class/dmi/id/product_version") < 0)
		product[0] = '\0';
	m->qemu = !strcmp(vendor, "QEMU");
	if (!m->qemu && sysfs_read(product, sizeof(product),
				   "/sys/class/dmi/id/product_name") < 0)
		product[0] = '\0';
	snprintf(m->firmware, sizeof(m->firmware), "%s%s%s", vendor,
		 vendor[0] && product[0] ? " " : "", product);
	m->emulated = strstr(m->cpu, "QEMU TCG") != NULL;
	if (m->qemu)
		sscanf(product, "pc-q35-%u.%u", &m->qemu_major, &m->qemu_minor);
}
