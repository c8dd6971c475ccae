// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_sysfs.c - CXL memory devices and regions as sysfs shows them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cxl/region.h"
#include "cxl/region_internal.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/wait.h"
#include "mm/iomem.h"
#include "mm/memory_block.h"
#include "mm/node.h"
#include "sysfs.h"

#define PCI "/sys/bus/pci/devices"
#define CXL_MEMORY_CLASS 0x050210

/* An attribute that may be absent or not readable: 0 then. */
static uint64_t number_or_0(const char *dir, const char *attribute)
{
	uint64_t v;

	return sysfs_read_u64(&v, "%s/%s", dir, attribute) ? 0 : v;
}

int region_endpoint(const char *memdev)
{
	int *ids, n = sysfs_ids(&ids, "endpoint", CXL), found = -1;
	char uport[REGION_NAME];

	for (int i = 0; i < n && found < 0; i++)
		if (!sysfs_link_name(uport, sizeof(uport),
				     CXL "/endpoint%d/uport", ids[i]) &&
		    !strcmp(uport, memdev))
			found = ids[i];
	free(ids);
	return found;
}

bool region_of_endpoint(int endpoint, char name[static REGION_NAME])
{
	bool found = false;
	char prefix[20];
	int *ids, n;

	snprintf(prefix, sizeof(prefix), "decoder%d.", endpoint);
	n = sysfs_ids(&ids, prefix, CXL);
	for (int i = 0; i < n && !found; i++)
		found = sysfs_read(name, REGION_NAME, CXL "/%s%d/region",
				   prefix, ids[i]) > 0;
	free(ids);
	return found;
}

char *region_root_decoders(void)
{
	int *roots, *ids, n = sysfs_ids(&roots, "root", CXL), m;
	struct textbuf names = { 0 };
	char prefix[20];

	buf_addn(&names, "", 0);
	for (int i = 0; i < n; i++) {
		snprintf(prefix, sizeof(prefix), "decoder%d.", roots[i]);
		m = sysfs_ids(&ids, prefix, CXL);
		for (int j = 0; j < m; j++)
			buf_add(&names, "%s%d\n", prefix, ids[j]);
		free(ids);
	}
	free(roots);
	return names.text;
}

/* The root decoder below which the region is: "decoder0.1". */
static void read_root(struct region *r)
{
	char *names = region_root_decoders(), *rest = names, *name;

	while ((name = strtok_r(rest, "\n", &rest)))
		if (sysfs_exists(CXL "/%s/%s", name, r->name))
			snprintf(r->decoder, sizeof(r->decoder), "%s", name);
	free(names);
}

/* target0 = "decoder5.0", of endpoint5, whose uport is the memdev. */
static void read_targets(struct region *r)
{
	char target[REGION_NAME];
	int endpoint;

	for (int i = 0; i < r->nr_memdevs; i++) {
		if (sysfs_read(target, sizeof(target), CXL "/%s/target%d",
			       r->name, i) <= 0 ||
		    sscanf(target, "decoder%d.", &endpoint) != 1)
			continue;
		if (sysfs_link_name(r->memdevs[i], sizeof(r->memdevs[i]),
				    CXL "/endpoint%d/uport", endpoint))
			continue;
		sysfs_read_u64(&r->serials[i], CXL "/%s/serial", r->memdevs[i]);
	}
}

/* Of the dax device whose name is known */
static void read_dax(struct region *r)
{
	uint64_t node;

	if (sysfs_link_name(r->driver, sizeof(r->driver), DAX "/%s/driver",
			    r->dax))
		r->driver[0] = '\0';
	/* -1 is no number here: then nothing is said. */
	if (!sysfs_read_u64(&node, DAX "/%s/target_node", r->dax) &&
	    node < NODE_MAX)
		r->target = (int)node;
}

void region_read_dax(struct region *r, int id)
{
	char prefix[20];
	uint64_t size;
	int *ids, n;

	snprintf(prefix, sizeof(prefix), "dax%d.", id);
	n = sysfs_ids(&ids, prefix, CXL "/dax_region%d", id);
	/* Where daxctl made a device anew, the first one is left, and empty. */
	for (int i = 0; i < n && strcmp(r->driver, "kmem"); i++) {
		if (i &&
		    (sysfs_read_u64(&size, DAX "/%s%d/size", prefix, ids[i]) ||
		     !size))
			continue;
		snprintf(r->dax, sizeof(r->dax), "%s%d", prefix, ids[i]);
		read_dax(r);
	}
	free(ids);
}

/*
 * What of the region is online, where, and in which zone. It asks the blocks
 * that there are: a region may claim more than any machine has.
 */
static void read_blocks(struct region *r)
{
	struct memory_blocks b;
	int *ids, n;

	if (!r->start || memory_block_range(&b, r->start, r->size))
		return;
	n = memory_block_online(&ids, -1, b.first, b.end);
	for (int i = 0; i < n; i++) {
		r->online += b.size;
		if (memory_block_is_movable(ids[i]))
			r->movable += b.size;
		if (r->node < 0)
			r->node = memory_block_node(ids[i]);
	}
	free(ids);
}

void region_read(struct region *r, int id)
{
	char dir[64], mode[16] = "";
	uint64_t ways;
	bool hidden;

	*r = (struct region){ .node = -1, .target = -1 };
	snprintf(r->name, sizeof(r->name), "region%d", id);
	snprintf(dir, sizeof(dir), CXL "/%s", r->name);
	r->size = number_or_0(dir, "size");
	r->start = number_or_0(dir, "resource");
	hidden = !r->start;
	if (r->start == UINT64_MAX) /* no size yet */
		r->start = 0;
	r->granularity = number_or_0(dir, "interleave_granularity");
	r->committed = number_or_0(dir, "commit") == 1;
	ways = number_or_0(dir, "interleave_ways");
	r->nr_memdevs = ways <= REGION_MAX_TARGETS ? (int)ways : 0;
	read_root(r);
	read_targets(r);
	region_read_dax(r, id);
	read_blocks(r);
	/* Where it begins, and so its blocks, only root may see. */
	if (hidden && !strcmp(r->driver, "kmem"))
		r->node = r->target;
	sysfs_read(mode, sizeof(mode), "%s/mode", dir);
	r->is_ram = !strcmp(r->driver, "kmem") ||
		    (!strcmp(mode, "ram") && !r->dax[0] && r->online);
}

/* "dax1.0" of no region; false: it is a region's, or none. */
static bool read_soft(struct region *r, const char *name)
{
	char dir[64];
	int id, part;

	if (sscanf(name, "dax%d.%d", &id, &part) != 2 ||
	    strlen(name) >= sizeof(r->name) ||
	    sysfs_exists(CXL "/dax_region%d/%s", id, name))
		return false;
	*r = (struct region){
		.node = -1, .target = -1, .is_soft = true, .committed = true
	};
	strcpy(r->name, name);
	strcpy(r->dax, name);
	snprintf(dir, sizeof(dir), DAX "/%s", name);
	r->size = number_or_0(dir, "size");
	r->start = number_or_0(dir, "resource");
	read_dax(r);
	read_blocks(r);
	r->is_ram = !strcmp(r->driver, "kmem");
	r->is_pmem = iomem_has(name, "Persistent Memory") > 0;
	if (!r->start && r->is_ram)
		r->node = r->target;
	return r->size;
}

static int by_name(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

int region_list_all(struct region **regions)
{
	char *names = sysfs_names(DAX), *rest = names, *name;
	int n = region_list(regions), first;

	n = n < 0 ? 0 : n;
	first = n;
	while (names && (name = strtok_r(rest, "\n", &rest))) {
		*regions =
			xrealloc(*regions, ((size_t)n + 1) * sizeof(**regions));
		n += read_soft(&(*regions)[n], name);
	}
	if (n > first)
		qsort(*regions + first, (size_t)(n - first), sizeof(**regions),
		      by_name);
	free(names);
	return n;
}

int region_list(struct region **regions)
{
	int *ids, n;

	*regions = NULL;
	n = sysfs_ids(&ids, "region", CXL);
	if (n == -ENOENT)
		return 0;
	if (n <= 0)
		return n;
	*regions = xcalloc((size_t)n, sizeof(**regions));
	for (int i = 0; i < n; i++)
		region_read(&(*regions)[i], ids[i]);
	free(ids);
	return n;
}

/* --- the probes of memdevs ------------------------------------------------ */

char *region_pci_devices(void)
{
	char *names = sysfs_names(PCI), *rest = names, *name;
	struct textbuf found = { 0 };
	uint64_t class;

	buf_addn(&found, "", 0);
	while (names && (name = strtok_r(rest, "\n", &rest)))
		if (!sysfs_read_u64(&class, PCI "/%s/class", name) &&
		    class == CXL_MEMORY_CLASS)
			buf_add(&found, "%s\n", name);
	free(names);
	return found.text;
}

/* No driver, no probe: then there is nothing to wait for. */
static int check_drivers(const char *promised)
{
	static const char *const drivers[][2] = {
		{ "/sys/bus/pci/drivers/cxl_pci", "cxl_pci" },
		{ "/sys/bus/platform/drivers/cxl_acpi", "cxl_acpi" },
		{ "/sys/bus/cxl/drivers/cxl_port", "cxl_port" },
		{ "/sys/bus/cxl/drivers/cxl_mem", "cxl_mem" },
	};
	struct textbuf missing = { 0 };
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!sysfs_exists("%s", drivers[i][0]))
			buf_add(&missing, " %s", drivers[i][1]);
	if (missing.len)
		err = lacks(ENODEV,
			    "PCI device %.*s is CXL memory, but the kernel has "
			    "not loaded its drivers: modprobe%s (or build them "
			    "in: CONFIG_CXL_...)",
			    (int)strcspn(promised, "\n"), promised,
			    missing.text);
	buf_free(&missing);
	return err;
}

/* Has the memdev an endpoint with decoders? */
static bool memdev_is_ready(int id, char state[static WAIT_STATE])
{
	char memdev[REGION_NAME], driver[REGION_NAME];
	int endpoint;

	snprintf(memdev, sizeof(memdev), "mem%d", id);
	endpoint = region_endpoint(memdev);
	/* Decoder 0 is the first to appear, and the first to be used. */
	if (endpoint >= 0 && sysfs_exists(CXL "/decoder%d.0", endpoint))
		return true;
	if (sysfs_link_name(driver, sizeof(driver), CXL "/%s/driver", memdev))
		snprintf(state, WAIT_STATE,
			 "%s has no driver (is its port below a CXL host "
			 "bridge? dmesg may tell)",
			 memdev);
	else
		snprintf(state, WAIT_STATE, "%s has no endpoint with decoders",
			 memdev);
	return false;
}

/* Has each promised device its memdev, and each memdev its endpoint? */
static int look_for_memdevs(void *arg, char state[static WAIT_STATE])
{
	const char *p = arg;
	bool ready = true;
	int *ids, n, len;

	for (; *p; p += len + 1) {
		len = (int)strcspn(p, "\n");
		n = sysfs_ids(&ids, "mem", PCI "/%.*s", len, p);
		free(ids);
		if (n > 0)
			continue;
		snprintf(state, WAIT_STATE,
			 "PCI device %.*s has no memdev (dmesg may tell why)",
			 len, p);
		return 0;
	}
	n = sysfs_ids(&ids, "mem", CXL);
	for (int i = 0; i < n && ready; i++)
		ready = memdev_is_ready(ids[i], state);
	free(ids);
	return ready;
}

int region_await_memdevs(uint64_t timeout_ns)
{
	char *promised = region_pci_devices(), state[WAIT_STATE];
	int err = 0;

	if (*promised && !sysfs_is_rerooted() &&
	    !look_for_memdevs(promised, state)) {
		err = check_drivers(promised);
		/* Ports are probed from a work queue that can be drained. */
		if (!err && !geteuid() && sysfs_exists("/sys/bus/cxl/flush"))
			err = sysfs_write("1", "/sys/bus/cxl/flush");
		if (!err)
			err = wait_state("the CXL memory devices to be probed",
					 look_for_memdevs, promised,
					 timeout_ns);
	}
	free(promised);
	return err;
}

int region_devices(struct region_devices *devices, uint64_t timeout_ns)
{
	char memdev[REGION_NAME], region[REGION_NAME];
	int *ids, endpoint, err;
	uint64_t ram;

	*devices = (struct region_devices){ 0 };
	err = region_await_memdevs(timeout_ns ? timeout_ns : REGION_WAIT_NS);
	if (err)
		return err;
	devices->memdevs = sysfs_ids(&ids, "mem", CXL);
	if (devices->memdevs < 0) /* no CXL bus */
		devices->memdevs = 0;
	for (int i = 0; i < devices->memdevs; i++) {
		snprintf(memdev, sizeof(memdev), "mem%d", ids[i]);
		endpoint = region_endpoint(memdev);
		if (sysfs_read_u64(&ram, CXL "/%s/ram/size", memdev) || !ram)
			devices->without_ram++;
		else if (endpoint < 0 || !region_of_endpoint(endpoint, region))
			devices->free_memdevs++;
	}
	free(ids);
	return 0;
}
