// SPDX-License-Identifier: GPL-2.0-only
/*
 * findings.c - what can be wrong with a machine.
 *
 * Each row of the table has a function that looks, and nothing it does changes
 * the machine. What a plain user may not read is "unread", never "no".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/pmu.h"
#include "bench/table.h"
#include "cmd/findings.h"
#include "damon/damon.h"
#include "damon/damon_sysfs.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/cgroup.h"
#include "mm/cpu.h"
#include "mm/iomem.h"
#include "mm/limit.h"
#include "mm/memory_block.h"
#include "mm/page.h"
#include "sysfs.h"
#include "tiering/tunables.h"

#define CXL "/sys/bus/cxl/devices"
#define TIERS NODE_TIER_DIR
#define BALANCING TUNABLES_BALANCING
#define PROMOTES 2
#define DEMOTION TUNABLES_DEMOTION
#define SCANNER "/sys/kernel/debug/sched/numa_balancing"
#define AUTO_ONLINE MEMORY_BLOCK_AUTO_ONLINE

/*
 * With less free memory than this, what else runs decides where pages are.
 */
#define LITTLE (64 * MIB)
/* The pages are read until they are in a CPU's cache, if it has one. */
#define PROBE_PAGES 8
#define PROBE_READS 512

__attribute__((format(printf, 2, 3))) static enum findings_answer
yes(char text[static FINDINGS_TEXT], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, FINDINGS_TEXT, fmt, ap);
	va_end(ap);
	return FINDINGS_YES;
}

/* A file could not be read: it is not there, or not for us. */
static bool is_absent(int err)
{
	return err == -ENOENT || err == -ENOTDIR;
}

static enum findings_answer unread(char text[static FINDINGS_TEXT],
				   const char *what, int err)
{
	bool closed = err == -EACCES || err == -EPERM ||
		      (err == -EISDIR && sysfs_is_rerooted()); /* captured so */

	snprintf(text, FINDINGS_TEXT, "%s: %s", what,
		 closed ? sysfs_closed() : strerror(-err));
	return FINDINGS_UNREAD;
}

/* --------------------------------------------------------------- devices */

static int promised_devices(void)
{
	char *names = region_pci_devices();
	int n = 0;

	for (const char *p = names; *p; p++)
		n += *p == '\n';
	free(names);
	return n;
}

static bool in_region(const struct findings_look *l, const char *memdev)
{
	for (int i = 0; i < l->nr_regions; i++)
		for (int k = 0; k < l->regions[i].nr_memdevs; k++)
			if (!strcmp(l->regions[i].memdevs[k], memdev))
				return true;
	return false;
}

static void find_memdevs(struct findings_look *l)
{
	int *ids, n = sysfs_ids(&ids, "mem", CXL);

	if (n <= 0)
		return;
	l->memdevs = xcalloc((size_t)n, sizeof(*l->memdevs));
	l->nr_memdevs = n;
	for (int i = 0; i < n; i++) {
		struct findings_memdev *m = &l->memdevs[i];
		char name[24];

		snprintf(name, sizeof(name), "mem%d", ids[i]);
		m->id = ids[i];
		if (sysfs_read_u64(&m->ram, CXL "/%s/ram/size", name))
			m->ram = 0;
		if (sysfs_read_u64(&m->pmem, CXL "/%s/pmem/size", name))
			m->pmem = 0;
		m->has_endpoint = region_endpoint(name) >= 0;
		m->has_region = in_region(l, name);
	}
	free(ids);
}

/* The first memory device that could have a region and has none; NULL. */
static const struct findings_memdev *free_memdev(const struct findings_look *l)
{
	for (int i = 0; i < l->nr_memdevs; i++)
		if (l->memdevs[i].ram && !l->memdevs[i].has_region)
			return &l->memdevs[i];
	return NULL;
}

static enum findings_answer no_device(struct findings_look *l, char *text)
{
	return l->nr_memdevs || promised_devices() ?
		       FINDINGS_NO :
		       yes(text, "no CXL memory device");
}

static enum findings_answer no_driver(struct findings_look *l, char *text)
{
	int n = promised_devices();

	if (n <= l->nr_memdevs)
		return FINDINGS_NO;
	return yes(text,
		   "%d of %d CXL memory devices on the PCI bus %s no "
		   "driver",
		   n - l->nr_memdevs, n,
		   n - l->nr_memdevs == 1 ? "has" : "have");
}

static enum findings_answer persistent(struct findings_look *l, char *text)
{
	char size[SIZE_TEXT];

	for (int i = 0; i < l->nr_memdevs; i++)
		if (!l->memdevs[i].ram && l->memdevs[i].pmem)
			return yes(text,
				   "mem%d has %s of persistent memory, and no "
				   "volatile memory",
				   l->memdevs[i].id,
				   format_size(size, l->memdevs[i].pmem));
	return FINDINGS_NO;
}

/* Its memory is given out by a fabric manager, a piece at a time. */
static enum findings_answer dynamic(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_memdevs; i++)
		if (!l->memdevs[i].ram && !l->memdevs[i].pmem)
			return yes(text,
				   "mem%d has neither volatile nor persistent "
				   "memory of its own",
				   l->memdevs[i].id);
	return FINDINGS_NO;
}

static enum findings_answer no_endpoint(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_memdevs; i++)
		if (!l->memdevs[i].has_endpoint)
			return yes(text, "mem%d has no endpoint port",
				   l->memdevs[i].id);
	return FINDINGS_NO;
}

static enum findings_answer misaligned(struct findings_look *l, char *text)
{
	char size[SIZE_TEXT];

	for (int i = 0; i < l->nr_memdevs; i++)
		if (l->memdevs[i].ram % REGION_ALIGN)
			return yes(text, "mem%d has %s (%" PRIu64 " bytes)",
				   l->memdevs[i].id,
				   format_size(size, l->memdevs[i].ram),
				   l->memdevs[i].ram);
	return FINDINGS_NO;
}

/* --------------------------------------------------------------- windows */

struct window {
	char name[REGION_NAME]; /* "decoder0.0" */
	uint64_t size, used; /* bytes; used: by regions */
	int total; /* how many windows for volatile memory there are */
};

static void look_at_window(const struct findings_look *l, struct window *best,
			   const char *name)
{
	struct window w = { .total = best->total };
	uint64_t ram;

	snprintf(w.name, sizeof(w.name), "%s", name);
	if (sysfs_read_u64(&ram, CXL "/%s/cap_ram", name) || !ram ||
	    sysfs_read_u64(&w.size, CXL "/%s/size", name))
		return;
	w.total++;
	for (int i = 0; i < l->nr_regions; i++)
		if (!strcmp(l->regions[i].decoder, name))
			w.used += l->regions[i].size;
	if (w.used > w.size)
		w.used = w.size;
	if (!best->total || w.size - w.used > best->size - best->used)
		*best = w;
	best->total = w.total;
}

/* The largest free window for volatile memory. */
static struct window best_window(const struct findings_look *l)
{
	char *names = region_root_decoders(), *rest = names, *name;
	struct window best = { .total = 0 };

	while ((name = strtok_r(rest, "\n", &rest)))
		look_at_window(l, &best, name);
	free(names);
	return best;
}

static enum findings_answer no_window(struct findings_look *l, char *text)
{
	return !l->nr_memdevs || best_window(l).total ?
		       FINDINGS_NO :
		       yes(text, "no CXL window for volatile memory");
}

static enum findings_answer window_full(struct findings_look *l, char *text)
{
	const struct findings_memdev *m = free_memdev(l);
	struct window w = best_window(l);
	char size[SIZE_TEXT];

	if (!m || !w.total || w.size - w.used >= REGION_ALIGN)
		return FINDINGS_NO;
	return yes(text,
		   "the window of %s (%s) is full, and mem%d has no "
		   "region",
		   w.name, format_size(size, w.size), m->id);
}

static enum findings_answer window_small(struct findings_look *l, char *text)
{
	const struct findings_memdev *m = free_memdev(l);
	struct window w = best_window(l);
	char room[SIZE_TEXT], size[SIZE_TEXT];

	if (!m || w.size - w.used < REGION_ALIGN || w.size - w.used >= m->ram)
		return FINDINGS_NO;
	return yes(text, "the window of %s has room for %s, mem%d has %s",
		   w.name, format_size(room, w.size - w.used), m->id,
		   format_size(size, m->ram));
}

/* --------------------------------------------------------------- regions */

/*
 * Why no region can be made of a memdev that is free, as libcxl sees it; ""
 * where one can, or where that cannot be asked.
 */
static const char *blocked(struct findings_look *l,
			   const struct findings_memdev *m)
{
	struct window w = best_window(l);
	char name[16];
	int err;

	if (l->asked_region)
		return l->region_blocked;
	l->asked_region = true;
	snprintf(name, sizeof(name), "mem%d", m->id);
	err = region_could_create(name);
	if (err && err != -EPERM && err != -EINVAL)
		snprintf(l->region_blocked, sizeof(l->region_blocked), "%s",
			 fail_message());
	else if (err && w.size - w.used < m->ram / REGION_ALIGN * REGION_ALIGN)
		snprintf(l->region_blocked, sizeof(l->region_blocked),
			 "no window has room for all of it");
	return l->region_blocked;
}

static enum findings_answer no_region(struct findings_look *l, char *text)
{
	const struct findings_memdev *m = free_memdev(l);
	char size[SIZE_TEXT];

	return m && !blocked(l, m)[0] ? yes(text, "mem%d (%s) has no region",
					    m->id, format_size(size, m->ram)) :
					FINDINGS_NO;
}

static enum findings_answer region_blocked(struct findings_look *l, char *text)
{
	const struct findings_memdev *m = free_memdev(l);

	return m && blocked(l, m)[0] ? yes(text, "mem%d has no region: %s",
					   m->id, blocked(l, m)) :
				       FINDINGS_NO;
}

static enum findings_answer commit_refused(struct findings_look *l, char *text)
{
	bool wants = free_memdev(l) != NULL;

	for (int i = 0; i < l->nr_regions; i++) {
		if (l->regions[i].is_soft)
			continue;
		if (l->regions[i].committed)
			return FINDINGS_NO;
		wants = true;
	}
	if (!wants || !l->machine.hypervisor)
		return FINDINGS_NO;
	return yes(text, "CPUID has the hypervisor bit, and no region is "
			 "committed: most kernels refuse to");
}

static enum findings_answer uncommitted(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_regions; i++)
		if (!l->regions[i].committed)
			return yes(text, "%s is not committed",
				   l->regions[i].name);
	return FINDINGS_NO;
}

static bool is_ram_region(const struct region *r)
{
	char mode[16];

	/* Before Linux 6.3 a region has no mode. */
	return r->committed &&
	       (sysfs_read(mode, sizeof(mode), CXL "/%s/mode", r->name) < 0 ||
		!strcmp(mode, "ram"));
}

static enum findings_answer no_dax(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_regions; i++) {
		const struct region *r = &l->regions[i];

		if (is_ram_region(r) && !r->dax[0] && !r->online && r->start)
			return yes(text, "%s has no dax device", r->name);
	}
	return FINDINGS_NO;
}

static enum findings_answer no_kmem(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_regions; i++) {
		const struct region *r = &l->regions[i];

		if (r->dax[0] && !r->is_soft && strcmp(r->driver, "kmem"))
			return yes(text, "%s (%s) has %s%s", r->dax, r->name,
				   r->driver[0] ? "the driver " : "no driver",
				   r->driver);
	}
	return FINDINGS_NO;
}

/*
 * A plain user cannot read where a region begins, so not what of it is online.
 */
static bool is_hidden(const struct region *r)
{
	return !strcmp(r->driver, "kmem") && r->size && !r->start;
}

static enum findings_answer offline(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_regions; i++) {
		const struct region *r = &l->regions[i];

		if (is_hidden(r))
			return unread(text, r->name, -EACCES);
		if (!strcmp(r->driver, "kmem") && !r->online)
			return yes(text, "no memory of %s is online", r->name);
	}
	return FINDINGS_NO;
}

static enum findings_answer partly(struct findings_look *l, char *text)
{
	char online[SIZE_TEXT], size[SIZE_TEXT];

	for (int i = 0; i < l->nr_regions; i++) {
		const struct region *r = &l->regions[i];

		if (r->online && r->online < r->size)
			return yes(text, "%s of %s of %s are online",
				   format_size(online, r->online),
				   format_size(size, r->size), r->name);
	}
	return FINDINGS_NO;
}

static enum findings_answer in_normal(struct findings_look *l, char *text,
				      bool soft)
{
	char size[SIZE_TEXT];

	for (int i = 0; i < l->nr_regions; i++) {
		const struct region *r = &l->regions[i];

		if (r->is_soft != soft)
			continue;
		if (is_hidden(r))
			return unread(text, r->name, -EACCES);
		if (r->movable < r->online)
			return yes(text,
				   "%s of %s (node %d) are not in "
				   "ZONE_MOVABLE",
				   format_size(size, r->online - r->movable),
				   r->name, r->node);
	}
	return FINDINGS_NO;
}

static enum findings_answer zone_normal(struct findings_look *l, char *text)
{
	return in_normal(l, text, false);
}

static enum findings_answer soft_normal(struct findings_look *l, char *text)
{
	return in_normal(l, text, true);
}

/* A region whose memory is part of a node with CPUs and other memory. */
static const struct region *mixed_region(const struct findings_look *l)
{
	for (int i = 0; i < l->nr_regions; i++) {
		const struct node *n =
			node_find(l->nodes, l->nr_nodes, l->regions[i].node);

		uint64_t own = l->regions[i].start ? l->regions[i].online :
						     l->regions[i].size;

		if (n && n->has_cpus && n->total >= own + LITTLE)
			return &l->regions[i];
	}
	return NULL;
}

static enum findings_answer in_dram(struct findings_look *l, char *text)
{
	const struct region *r = mixed_region(l);

	return r ? yes(text, "the memory of %s is in node %d, which has CPUs",
		       r->name, r->node) :
		   FINDINGS_NO;
}

static enum findings_answer locked(struct findings_look *l, char *text)
{
	char target[REGION_NAME];
	uint64_t is_locked;

	for (int i = 0; i < l->nr_regions; i++)
		if (sysfs_read(target, sizeof(target), CXL "/%s/target0",
			       l->regions[i].name) > 0 &&
		    !sysfs_read_u64(&is_locked, CXL "/%s/locked", target) &&
		    is_locked)
			return yes(text, "%s of %s is locked", target,
				   l->regions[i].name);
	return FINDINGS_NO;
}

static enum findings_answer auto_online(struct findings_look *l, char *text)
{
	char policy[32];

	(void)l;
	if (sysfs_read(policy, sizeof(policy), AUTO_ONLINE) < 0 ||
	    (strcmp(policy, "online") && strcmp(policy, "online_kernel")))
		return FINDINGS_NO;
	return yes(text, "auto_online_blocks is %s", policy);
}

static enum findings_answer in_iomem(char *text, const char *name,
				     const char *inside, const char *what)
{
	int found = iomem_has(name, inside);

	if (found > 0)
		return yes(text, "%s", what);
	return found < 0 && !is_absent(found) ?
		       unread(text, "/proc/iomem", found) :
		       FINDINGS_NO;
}

static enum findings_answer soft_reserved(struct findings_look *l, char *text)
{
	bool used = false;

	for (int i = 0; i < l->nr_regions; i++) {
		if (!l->regions[i].is_soft || l->regions[i].is_pmem)
			continue;
		if (!l->regions[i].is_ram)
			return yes(text,
				   "%s is memory that the firmware set "
				   "aside for special use",
				   l->regions[i].name);
		used = true;
	}
	return used ? FINDINGS_NO :
		      in_iomem(text, "Soft Reserved", NULL,
			       "the firmware set memory aside for special use");
}

static enum findings_answer firmware_ram(struct findings_look *l, char *text)
{
	(void)l;
	return in_iomem(text, "System RAM", "CXL Window",
			"CXL memory was System RAM already when Linux began");
}

/* ----------------------------------------------------------------- nodes */

static bool has_lower(const struct findings_look *l)
{
	for (int i = 0; i < l->nr_nodes; i++)
		if (node_below(l->nodes, l->nr_nodes, &l->nodes[i]))
			return true;
	return false;
}

static bool is_declared(const struct node *n)
{
	double read, write;

	return !node_latency(n->id, &read, &write);
}

/* Of the near node's tier only because nothing is known of its latency. */
static bool is_unknown(const struct findings_look *l, const struct node *n)
{
	return !n->has_cpus && n != l->near && n->tier >= 0 &&
	       n->tier == l->near->tier && !is_declared(n);
}

static enum findings_answer one_tier(struct findings_look *l, char *text)
{
	if (has_lower(l) || !l->near || mixed_region(l))
		return FINDINGS_NO;
	for (int i = 0; i < l->nr_nodes; i++)
		if (is_unknown(l, &l->nodes[i]))
			return FINDINGS_NO; /* top_tier() says it */
	return l->nr_nodes == 1 ?
		       yes(text, "there is one node with memory") :
		       yes(text, "all %d nodes with memory are of one tier",
			   l->nr_nodes);
}

static enum findings_answer top_tier(struct findings_look *l, char *text)
{
	for (int i = 0; i < l->nr_nodes; i++) {
		const struct node *n = &l->nodes[i];

		if (is_unknown(l, n))
			return yes(text,
				   "node %d, which has no CPUs, is in "
				   "tier %d, and node %d in tier %d",
				   n->id, n->tier, l->near->id, l->near->tier);
	}
	return FINDINGS_NO;
}

/* Declared as faster than DRAM: of HBM that is so, of a CXL device not. */
static enum findings_answer above(struct findings_look *l, char *text)
{
	for (int i = 0; l->near && i < l->nr_regions; i++) {
		const struct region *r = &l->regions[i];
		const struct node *n =
			node_find(l->nodes, l->nr_nodes, r->node);

		if (n && (!r->is_soft || r->is_pmem) &&
		    node_is_lower(l->near, n))
			return yes(text,
				   "node %d (%s) is in tier %d, and node %d in "
				   "tier %d",
				   n->id, r->name, n->tier, l->near->id,
				   l->near->tier);
	}
	return FINDINGS_NO;
}

/* Not so where memory is given to them later, as to a GPU's nodes. */
static enum findings_answer no_memory(struct findings_look *l, char *text)
{
	struct textbuf list = { 0 };
	int ids[NODE_MAX], nr = 0, n;
	struct node *all;

	(void)l;
	n = node_list_all(&all);
	for (int i = 0; i < n; i++)
		if (!all[i].total && all[i].has_cpus)
			ids[nr++] = all[i].id;
	free(all);
	if (!nr)
		return FINDINGS_NO;
	buf_add_list(&list, ids, nr);
	yes(text, "node%s %.200s: CPUs and no memory", nr > 1 ? "s" : "",
	    list.text);
	buf_free(&list);
	return FINDINGS_YES;
}

static enum findings_answer no_tiers(struct findings_look *l, char *text)
{
	(void)l;
	return sysfs_exists(TIERS) ? FINDINGS_NO :
				     yes(text, "the kernel shows no memory "
					       "tiers");
}

static enum findings_answer little_memory(struct findings_look *l, char *text)
{
	char size[SIZE_TEXT];

	for (int i = 0; i < l->nr_nodes; i++)
		if (l->nodes[i].available < LITTLE)
			return yes(text, "node %d has %s to give",
				   l->nodes[i].id,
				   format_size(size, l->nodes[i].available));
	return FINDINGS_NO;
}

static enum findings_answer not_allowed(struct findings_look *l, char *text)
{
	struct node *nodes;
	int n = node_list(&nodes), kept, found = -1;

	kept = n < 0 ? 0 : node_keep_allowed(nodes, n);
	for (int i = 0; i < l->nr_nodes && found < 0 && kept < n; i++)
		if (!node_find(nodes, kept, l->nodes[i].id))
			found = l->nodes[i].id;
	free(nodes);
	return found < 0 ? FINDINGS_NO :
			   yes(text,
			       "programs started here may not use the "
			       "memory of node %d",
			       found);
}

static enum findings_answer limited(struct findings_look *l, char *text)
{
	char name[LIMIT_NAME], size[SIZE_TEXT];
	uint64_t room = limit_room(name), have = 0;

	for (int i = 0; i < l->nr_nodes; i++)
		have += l->nodes[i].available;
	return room >= have ?
		       FINDINGS_NO :
		       yes(text, "cgroup %s leaves programs started here %s",
			   name, format_size(size, room));
}

static enum findings_answer cpu_limited(struct findings_look *l, char *text)
{
	char name[LIMIT_NAME];
	uint64_t left = limit_cpus(name);
	char *list = limit_list("Cpus");
	int n = 0;

	(void)l;
	for (int i = 0; list && i < CPU_MAX; i++)
		n += list_has(list, i);
	free(list);
	return left >= (uint64_t)n * 1000 ?
		       FINDINGS_NO :
		       yes(text,
			   "cgroup %s gives programs started here the time of "
			   "%.2f CPUs, and they may run on %d",
			   name, (double)left / 1000, n);
}

/* --- trapped: measured */

/* ns a read of memory that a cache holds, if there is one; 0: not measured. */
static double time_reads(int node)
{
	struct place place = {
		.mode = PLACE_BIND, .nodes = { node }, .nr_nodes = 1, .text = ""
	};
	double best = 0;
	struct table t;

	if (table_map(&t, PROBE_PAGES * PAGE_BYTES, PAGES_4K))
		return 0;
	for (int round = 0; !table_place(&t, &place) && round < 4; round++) {
		uint64_t began = now_ns();
		double ns;

		for (size_t i = 0; i < PROBE_READS; i++)
			*(volatile char *)(t.base + i * 64) =
				(char)(round ? t.base[i * 64] : 0);
		ns = (double)(now_ns() - began) / PROBE_READS;
		if (round && (best <= 0 || ns < best))
			best = ns;
	}
	table_unmap(&t);
	return best;
}

static void measure(struct findings_look *l)
{
	if (!l->measure || l->slow_ns > 0 || !l->near)
		return;
	l->near_ns = time_reads(l->near->id);
	for (int i = 0; i < l->nr_nodes; i++) {
		const struct node *n = &l->nodes[i];
		double ns = n->available < MIB ? 0 : time_reads(n->id);

		if (n == l->near || ns <= l->slow_ns)
			continue;
		l->slow = n->id;
		l->slow_ns = ns;
	}
}

static bool is_trapped(struct findings_look *l)
{
	measure(l);
	/* What is timed is a load and a store. */
	return l->slow >= 0 &&
	       node_is_trapped(l->slow_ns / 1e9, 2 * pmu_latency(l->slow),
			       l->near_ns / 1e9);
}

void findings_trap_cause(const struct machine *m, const struct region *regions,
			 int nr_regions, int node,
			 char text[static FINDINGS_TEXT])
{
	bool old = m->qemu_major && (m->qemu_major < 11 ||
				     (m->qemu_major == 11 && !m->qemu_minor));

	for (int i = 0; i < nr_regions; i++)
		if (regions[i].node == node && regions[i].nr_memdevs > 1) {
			yes(text,
			    "the region is interleaved over %d devices, which QEMU always traps; use one device a region",
			    regions[i].nr_memdevs);
			return;
		}
	if (old)
		yes(text,
		    "QEMU before 11.1 traps all CXL memory (machine type pc-q35-%u.%u); use QEMU 11.1 or newer",
		    m->qemu_major, m->qemu_minor);
	else if (m->qemu)
		yes(text,
		    "QEMU 11.1 maps a device directly unless another window takes it; give each pxb-cxl hdm_for_passthrough=true, and one window");
	else
		yes(text, "the cause is not known on this machine");
}

static enum findings_answer trapped(struct findings_look *l, char *text)
{
	char cause[FINDINGS_TEXT];

	if (!is_trapped(l))
		return FINDINGS_NO;
	findings_trap_cause(&l->machine, l->regions, l->nr_regions, l->slow,
			    cause);
	return yes(
		text,
		"an access to node %d takes %.0f ns, to node %d %.0f: %.200s",
		l->slow, l->slow_ns, l->near->id, l->near_ns, cause);
}

static enum findings_answer kvm_trapped(struct findings_look *l, char *text)
{
	if (!l->machine.qemu || l->machine.emulated || !is_trapped(l))
		return FINDINGS_NO;
	return yes(text, "node %d is trapped, and the CPU is not emulated",
		   l->slow);
}

/* -------------------------------------------------------------- policies */

/* The mode, or -errno. */
static int balancing(void)
{
	uint64_t mode;
	int err = sysfs_read_u64(&mode, BALANCING);

	return err ? err : (int)(mode & 3);
}

static enum findings_answer no_balancing(struct findings_look *l, char *text)
{
	(void)l;
	if (is_absent(balancing()))
		return yes(text, "the kernel has no NUMA balancing");
	return tunables_promotes() ? FINDINGS_NO :
				     yes(text, "the kernel's NUMA balancing "
					       "cannot promote");
}

static enum findings_answer balancing_off(struct findings_look *l, char *text)
{
	return balancing() || !has_lower(l) || !tunables_promotes() ?
		       FINDINGS_NO :
		       yes(text, "kernel.numa_balancing is 0");
}

static enum findings_answer balancing_mode(struct findings_look *l, char *text)
{
	return balancing() == 1 && has_lower(l) && tunables_promotes() ?
		       yes(text, "kernel.numa_balancing is 1") :
		       FINDINGS_NO;
}

/* Read when first asked for: an emulator takes 10 ms for it. */
static const struct zone_node *zone_node(struct findings_look *l, int node)
{
	if (!l->has_zones && zone_take(&l->zones))
		l->zones.nr_nodes = 0;
	l->has_zones = true;
	return zone_of(&l->zones, node);
}

/* What the kernel takes for a task from the task's own nodes has no place. */
static enum findings_answer only_movable(struct findings_look *l, char *text)
{
	struct node *nodes;
	int n = node_list(&nodes),
	    kept = n < 0 ? 0 : node_keep_allowed(nodes, n);
	int first = kept ? nodes[0].id : -1;
	bool all = kept && kept < n;

	for (int i = 0; i < kept && all; i++) {
		const struct zone_node *z = zone_node(l, nodes[i].id);

		all = z && !z->unmovable;
	}
	free(nodes);
	return !all ? FINDINGS_NO :
		      yes(text,
			  "programs started here may use no memory but movable "
			  "one, as of node %d",
			  first);
}

static enum findings_answer unconditional(struct findings_look *l, char *text)
{
	const struct zone_node *z = l->near ? zone_node(l, l->near->id) : NULL;
	char size[SIZE_TEXT];
	int mode = balancing();

	if (!z || mode < 0 || !(mode & PROMOTES) || !zone_is_roomy(z) ||
	    !node_below(l->nodes, l->nr_nodes, l->near))
		return FINDINGS_NO;
	return yes(text,
		   "node %d has more than %s free above its promotion "
		   "watermark",
		   z->node, format_size(size, z->enough));
}

static enum findings_answer no_demotion(struct findings_look *l, char *text)
{
	(void)l;
	return sysfs_exists(DEMOTION) ? FINDINGS_NO :
					yes(text, "the kernel has no "
						  "demotion_enabled");
}

static enum findings_answer demotion_off(struct findings_look *l, char *text)
{
	char value[16];

	if (sysfs_read(value, sizeof(value), DEMOTION) < 0 ||
	    !sysfs_same(value, "false") || !has_lower(l))
		return FINDINGS_NO;
	return yes(text, "demotion_enabled is %s", value);
}

static enum findings_answer stalled(struct findings_look *l, char *text)
{
	for (int i = 0; has_lower(l) && i < l->nr_nodes; i++) {
		const struct zone_node *z = zone_node(l, l->nodes[i].id);

		if (z && z->unreclaimable &&
		    node_below(l->nodes, l->nr_nodes, &l->nodes[i]))
			return yes(text, "kswapd has given up on node %d",
				   z->node);
	}
	return FINDINGS_NO;
}

static enum findings_answer no_scanner(struct findings_look *l, char *text)
{
	char value[32];
	int err;

	(void)l;
	if (is_absent(balancing()))
		return FINDINGS_NO;
	err = sysfs_read(value, sizeof(value), SCANNER "/scan_size_mb");
	if (is_absent(err))
		return yes(text, SCANNER " is not there");
	/* What lockdown refuses it refuses to root as well. */
	return err < 0 ? unread(text, SCANNER, err) : FINDINGS_NO;
}

static enum findings_answer lockdown(struct findings_look *l, char *text)
{
	char how[32];

	(void)l;
	if (sysfs_read_chosen(how, sizeof(how),
			      "/sys/kernel/security/lockdown") < 0 ||
	    !strcmp(how, "none"))
		return FINDINGS_NO;
	return yes(text, "the kernel is locked down (%s)", how);
}

static enum findings_answer no_damon(struct findings_look *l, char *text)
{
	char *names;

	(void)l;
	if (!sysfs_exists("/sys/kernel/mm"))
		return yes(text, "there is no /sys/kernel/mm");
	names = sysfs_names("/sys/kernel/mm/damon");
	if (names && strstr(names, "admin\n")) {
		free(names);
		return FINDINGS_NO;
	}
	free(names);
	return yes(text, "the kernel has no DAMON, or not its sysfs interface");
}

static enum findings_answer no_paddr(struct findings_look *l, char *text)
{
	char *ops =
		sysfs_slurp(DAMON_KDAMONDS "/0/contexts/0/avail_operations");
	bool lacks_it = ops && !strstr(ops, "paddr");

	(void)l;
	free(ops);
	return lacks_it ? yes(text, "DAMON has no operations for physical "
				    "memory") :
			  FINDINGS_NO;
}

static enum findings_answer old_damon(struct findings_look *l, char *text)
{
	char release[64];

	(void)l;
	if (!sysfs_exists(DAMON_ADMIN) || damon_sysfs_is_linux(6, 11) ||
	    sysfs_read(release, sizeof(release), "/proc/sys/kernel/osrelease") <
		    0)
		return FINDINGS_NO;
	return yes(text, "Linux %.40s is older than 6.11", release);
}

static enum findings_answer damon_stat(struct findings_look *l, char *text)
{
	(void)l;
	return damon_stat_has_it() ? yes(text, "DAMON_STAT is enabled") :
				     FINDINGS_NO;
}

static enum findings_answer damon_busy(struct findings_look *l, char *text)
{
	static const char *const others[] = { "damon_reclaim",
					      "damon_lru_sort" };
	int on;

	(void)l;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (damon_sysfs_is_enabled(others[i]))
			return yes(text, "%s is enabled", others[i]);
	on = damon_is_running();
	if (on > 0)
		return yes(text, "DAMON runs");
	return on < 0 && !is_absent(on) ? unread(text, DAMON_KDAMONDS, on) :
					  FINDINGS_NO;
}

/* "memory 0 123 1": its line in /proc/cgroups says whether it is enabled. */
static bool has_memcg(void)
{
	char *text = sysfs_slurp("/proc/cgroups");
	char *line = text ? strstr(text, "\nmemory") : NULL;
	unsigned int on = 0;

	if (line)
		sscanf(line + 1, "%*s %*u %*u %u", &on);
	free(text);
	return on;
}

static enum findings_answer no_memcg(struct findings_look *l, char *text)
{
	int has = cgroup_has_memory();

	(void)l;
	if (has >= 0)
		return has ? FINDINGS_NO :
			     yes(text, "cgroup2 has no memory controller");
	if (cgroup_is_old())
		return yes(text, "the memory controller is cgroup1's");
	return has_memcg() ? FINDINGS_NO :
			     yes(text, "the kernel has no memory cgroups");
}

static enum findings_answer thp(struct findings_look *l, char *text)
{
	char how[32];

	(void)l;
	if (sysfs_read_chosen(how, sizeof(how),
			      "/sys/kernel/mm/transparent_hugepage/enabled") <
		    0 ||
	    strcmp(how, "always"))
		return FINDINGS_NO;
	return yes(text, "transparent huge pages are given to all (always)");
}

static enum findings_answer blind(struct findings_look *l, char *text)
{
	return l->machine.emulated ? yes(text, "the CPU is emulated (TCG)") :
				     FINDINGS_NO;
}

/* ------------------------------------------------------------ the kernel */

void findings_complaints(const struct dmesg *log, enum dmesg_kind first,
			 enum dmesg_kind last, bool show,
			 char text[static FINDINGS_TEXT])
{
	static const char *const names[NR_DMESG_KINDS] = {
		[DMESG_WARNING] = "warning",
		[DMESG_HUNG] = "stall",
		[DMESG_BUG] = "bug",
	};
	size_t len = 0;

	text[0] = '\0';
	for (int k = (int)first; k <= (int)last; k++) {
		unsigned int n = log->count[k];

		if (n && len < FINDINGS_TEXT)
			len += (size_t)snprintf(text + len, FINDINGS_TEXT - len,
						"%s%u %s%s", len ? ", " : "", n,
						names[k], n == 1 ? "" : "s");
	}
	for (int k = (int)last; k >= (int)first && len < FINDINGS_TEXT; k--)
		if (log->count[k]) {
			snprintf(text + len, FINDINGS_TEXT - len,
				 " in its log, at %.1f s%s%s", log->first_s[k],
				 show ? ": " : "", show ? log->first[k] : "");
			return;
		}
}

static enum findings_answer complained(struct findings_look *l, char *text,
				       enum dmesg_kind first,
				       enum dmesg_kind last, uint64_t flags)
{
	unsigned int n = 0;

	for (int k = (int)first; k <= (int)last; k++)
		n += l->log.count[k];
	if (n) {
		findings_complaints(&l->log, first, last, l->show_log, text);
		return FINDINGS_YES;
	}
	/*
	 * The log may have lost the message, or may not be readable: the taint
	 * flags stay.
	 */
	if (l->taint & flags)
		return yes(text, "kernel.tainted is %" PRIu64, l->taint);
	return l->log_err && !is_absent(l->log_err) ?
		       unread(text, "the kernel's log", l->log_err) :
		       FINDINGS_NO;
}

static enum findings_answer kernel_bug(struct findings_look *l, char *text)
{
	return complained(l, text, DMESG_BUG, DMESG_BUG, DMESG_TAINT_BUG);
}

static enum findings_answer kernel_warning(struct findings_look *l, char *text)
{
	return complained(l, text, DMESG_WARNING, DMESG_HUNG,
			  DMESG_TAINT_WARNING);
}

static enum findings_answer poisoned(struct findings_look *l, char *text)
{
	const struct poison *p = &l->poison;

	if (p->entries)
		return yes(text,
			   "%u range%s, %" PRIu64
			   " bytes; the first at 0x%" PRIx64 " of %s (%s)",
			   p->entries, p->entries == 1 ? "" : "s", p->bytes,
			   p->dpa, p->memdev, p->source);
	return l->poison_err ? unread(text, "the devices' lists of poison",
				      l->poison_err) :
			       FINDINGS_NO;
}

/* --------------------------------------------------------------- the table */

const struct findings_row findings_rows[] = {
	{ "cxl-no-device", FINDINGS_NOTE, FINDINGS_ASKED, no_device,
	  "no device of the PCI class 0502, no mem* on the CXL bus",
	  "There is no CXL memory to make a tier of.",
	  "QEMU: -machine q35,cxl=on with -device pxb-cxl, cxl-rp and cxl-type3,volatile-memdev=...; a server: enable CXL in its firmware" },
	{ "cxl-no-driver", FINDINGS_BROKEN, FINDINGS_ASKED, no_driver,
	  "more PCI devices of class 050210 than mem* on the CXL bus",
	  "The kernel does not use the device.",
	  "modprobe -a cxl_acpi cxl_pci cxl_mem; a kernel with CONFIG_CXL_ACPI, CXL_PCI, CXL_MEM; dmesg says why a probe failed" },
	{ "cxl-persistent", FINDINGS_WARNING, FINDINGS_ASKED, persistent,
	  "ram/size of a mem* is 0, pmem/size is not",
	  "Regions of RAM need volatile memory.",
	  "QEMU 8.1 or newer, with cxl-type3,volatile-memdev=... instead of persistent-memdev; a real device may be partitioned: cxl set-partition" },
	{ "cxl-dynamic", FINDINGS_WARNING, FINDINGS_ASKED, dynamic,
	  "ram/size and pmem/size of a mem* are 0",
	  "A device of dynamic capacity alone (DCD) has no memory until a fabric manager adds some, and a kernel that can take it.",
	  "QEMU: volatile-memdev=... beside volatile-dc-memdev=...; a server: have capacity added, on a kernel with support for DCD" },
	{ "cxl-no-endpoint", FINDINGS_BROKEN, FINDINGS_ASKED, no_endpoint,
	  "no endpoint* whose uport is the mem*",
	  "The kernel does not know the way from a host bridge to the device.",
	  "QEMU: put the cxl-type3 below a cxl-rp, that below a pxb-cxl; modprobe -a cxl_acpi cxl_port; a link that is not up shows in lspci -vv" },
	{ "cxl-no-window", FINDINGS_BROKEN, FINDINGS_ASKED, no_window,
	  "no root decoder with cap_ram 1",
	  "The firmware gives CXL memory no addresses.",
	  "QEMU: -machine cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=4G; a server: its firmware's settings of CXL" },
	{ "window-full", FINDINGS_WARNING, FINDINGS_ASKED, window_full,
	  "the regions of the root decoder take its size, and a mem* has none",
	  "A region for the device is refused (ERANGE, \"Numerical result out of range\").",
	  "destroy a region (tier region list), or make the window larger (QEMU: cxl-fmw.N.size)" },
	{ "window-small", FINDINGS_WARNING, FINDINGS_ASKED, window_small,
	  "the root decoder's size less its regions is below ram/size",
	  "A region of the whole device is refused (ERANGE).",
	  "tier region create --size SIZE, or a larger window (QEMU: cxl-fmw.N.size)" },
	{ "size-misaligned", FINDINGS_NOTE, FINDINGS_ASKED, misaligned,
	  "ram/size of a mem* is no multiple of 256 MiB",
	  "A region takes multiples of 256 MiB: the rest is not used.",
	  "QEMU: give the memory backend a multiple of 256M" },
	{ "region-missing", FINDINGS_BROKEN, FINDINGS_ASKED, no_region,
	  "no region* has the mem* among its targets",
	  "The device's memory is not used.", "tier region create (root)" },
	{ "region-blocked", FINDINGS_BROKEN, FINDINGS_ASKED, region_blocked,
	  "no region* has the mem* among its targets, and libcxl finds none that could be made (asked as root)",
	  "The device's memory is not used, and tier region create would be refused.",
	  "what it says; tier region list shows the regions that there are" },
	{ "commit-refused", FINDINGS_WARNING, FINDINGS_ASKED, commit_refused,
	  "the flag hypervisor in /proc/cpuinfo, no committed region",
	  "Linux refuses to commit a region in a virtual machine: \"Failed to synchronize CPU cache state\", ENXIO.",
	  "QEMU: -cpu max,-hypervisor; or a kernel with CONFIG_CXL_REGION_INVALIDATION_TEST" },
	{ "region-uncommitted", FINDINGS_BROKEN, FINDINGS_ASKED, uncommitted,
	  "commit of a region* is 0", "The region has no memory.",
	  "dmesg says why; tier region destroy NAME, tier region create" },
	{ "region-no-dax", FINDINGS_BROKEN, FINDINGS_ASKED, no_dax,
	  "a committed region of RAM has no dax* and no memory online",
	  "The region is no memory yet.",
	  "modprobe dax_cxl (CONFIG_DEV_DAX_CXL)" },
	{ "dax-no-kmem", FINDINGS_BROKEN, FINDINGS_ASKED, no_kmem,
	  "the driver of a region's dax* is not kmem",
	  "Its memory is a device, not a NUMA node.",
	  "modprobe kmem (CONFIG_DEV_DAX_KMEM); daxctl reconfigure-device --mode=system-ram NAME" },
	{ "region-offline", FINDINGS_BROKEN, FINDINGS_ASKED, offline,
	  "no memory block of a region with the driver kmem is online",
	  "The memory is there, and nothing may use it.",
	  "echo online_movable > /sys/devices/system/memory/memoryN/state for its blocks (tier region list), or daxctl online-memory" },
	{ "region-partly", FINDINGS_WARNING, FINDINGS_ASKED, partly,
	  "some memory blocks of a region are online, others not",
	  "A part of the memory is not used.",
	  "as region-offline; a region that is not aligned to memory blocks loses its ends" },
	{ "zone-normal", FINDINGS_WARNING, FINDINGS_ALWAYS, zone_normal,
	  "valid_zones of a region's online blocks is not Movable",
	  "The kernel puts its own data there, which is never moved: the memory is slow for it, and cannot be taken offline.",
	  "echo offline > " AUTO_ONLINE
	  " before the region is made (tier region create does), then online_movable; of a region that the firmware made: boot with movable_node" },
	{ "soft-zone-normal", FINDINGS_WARNING, FINDINGS_ALWAYS, soft_normal,
	  "valid_zones of the online blocks of a dax device without a region is not Movable",
	  "The kernel puts its own data there, which is never moved, and keeps the memory from being taken offline.",
	  "boot with memhp_default_state=online_movable; or daxctl offline-memory, then daxctl online-memory (movable), while nothing is there" },
	{ "region-in-dram", FINDINGS_BROKEN, FINDINGS_ALWAYS, in_dram,
	  "online blocks of a region are of a node with CPUs",
	  "The kernel does not know the two kinds of memory apart: no page is promoted or demoted.",
	  "boot without numa=off; a firmware with an SRAT (QEMU: -numa node,memdev=..., for the DRAM)" },
	{ "region-locked", FINDINGS_NOTE, FINDINGS_ASKED, locked,
	  "locked of the endpoint decoder that is a region's target0 is 1",
	  "The firmware made the region (autodiscovered): it is used as it is, and cannot be taken apart.",
	  "nothing; or let the firmware leave CXL memory to the system" },
	{ "auto-online", FINDINGS_NOTE, FINDINGS_ASKED, auto_online,
	  "auto_online_blocks is online or online_kernel",
	  "CXL memory that others than tier add goes to ZONE_NORMAL.",
	  "echo online_movable > " AUTO_ONLINE },
	{ "soft-reserved", FINDINGS_NOTE, FINDINGS_ASKED, soft_reserved,
	  "\"Soft Reserved\" in /proc/iomem",
	  "It is no memory of a node until it is a dax device with the driver kmem.",
	  "daxctl list; or boot with efi=nosoftreserve, which makes it System RAM" },
	{ "firmware-ram", FINDINGS_NOTE, FINDINGS_ASKED, firmware_ram,
	  "\"System RAM\" in a \"CXL Window\" of /proc/iomem",
	  "The firmware made the region: it cannot be taken apart, and may be in ZONE_NORMAL.",
	  "use it as it is, or let the firmware leave CXL memory to the system" },
	{ "one-tier", FINDINGS_BROKEN, FINDINGS_ASKED, one_tier,
	  "no node in a lower memory_tier (or, before Linux 6.1, without CPUs)",
	  "There is nowhere to demote to: no page is promoted or demoted.",
	  "what else is said here of CXL memory; without any there is one tier; where the HMAT or CDAT of a slower node calls it as fast as DRAM, x86 boots with numa=nohmat" },
	{ "cxl-above", FINDINGS_WARNING, FINDINGS_ALWAYS, above,
	  "the memory_tier of a region's node is above the near node's",
	  "Pages are promoted to it, and demoted from it to DRAM.",
	  "a firmware whose HMAT and devices whose CDAT say what they are (tier latency shows it); x86 boots without them with numa=nohmat" },
	{ "top-tier", FINDINGS_BROKEN, FINDINGS_ALWAYS, top_tier,
	  "a node without CPUs in the memory_tier of the near node, and no access0/initiators/read_latency of it",
	  "Nothing is demoted to it or promoted from it.",
	  "QEMU: -machine hmat=on with -numa hmat-lb latencies for the node, or a CXL device instead; a server: an HMAT from its firmware" },
	{ "no-tiers", FINDINGS_WARNING, FINDINGS_ASKED, no_tiers, "no " TIERS,
	  "It is not known which node is demoted to which.",
	  "Linux 6.1 or newer with CONFIG_NUMA and CONFIG_MIGRATION" },
	{ "trapped", FINDINGS_WARNING, FINDINGS_ASKED, trapped,
	  "an access takes over 200 ns and ten times that of the near node (measured)",
	  "The emulator handles each access by itself: 100 times slower, and not the kernel's doing.",
	  "QEMU 11.1 or newer, one device in the last fixed window, no interleaving" },
	{ "kvm-trapped", FINDINGS_BROKEN, FINDINGS_ASKED, kvm_trapped,
	  "trapped, on QEMU without TCG",
	  "KVM emulates each access, and not all instructions: illegal instructions, \"Bad swap file entry\".",
	  "accel=tcg, or cure what traps" },
	{ "cpus-without-memory", FINDINGS_WARNING, FINDINGS_ASKED, no_memory,
	  "nodes with CPUs, whose MemTotal is 0",
	  "What runs there has no near memory: all it touches is another node's.",
	  "bind programs to other CPUs (tier run --cpunodebind, gups --cpu-node), or see why its memory is not there (a DIMM, the firmware, mem=)" },
	{ "little-memory", FINDINGS_WARNING, FINDINGS_ASKED, little_memory,
	  "free memory and clean page cache of a node less its watermarks: below 64 MiB",
	  "Where pages go is decided by what is free, and a run may be refused.",
	  "end what takes the memory, or a larger machine" },
	{ "node-not-allowed", FINDINGS_WARNING, FINDINGS_COMMAND, not_allowed,
	  "Mems_allowed_list in /proc/self/status",
	  "A cpuset keeps programs from that memory; demotion may use it all the same.",
	  "add the node to cpuset.mems of the cgroup" },
	{ "only-movable-allowed", FINDINGS_WARNING, FINDINGS_COMMAND,
	  only_movable,
	  "Mems_allowed_list in /proc/self/status, and no zone but Movable of those nodes in /proc/zoneinfo",
	  "Pipes, and what else the kernel takes from a task's own nodes, fail with \"Out of memory\".",
	  "add a node of DRAM to cpuset.mems of the cgroup, and bind the program's memory instead (tier run --membind, numactl --membind)" },
	{ "memory-limited", FINDINGS_WARNING, FINDINGS_ASKED, limited,
	  "memory.max less memory.current (limit_in_bytes, usage_in_bytes), less than the nodes have, up the path of /proc/self/cgroup",
	  "The kernel kills what takes more, however much the nodes have free.",
	  "a larger limit, or a smaller table (gups, latency and hog are refused what does not fit)" },
	{ "cpu-limited", FINDINGS_WARNING, FINDINGS_ASKED, cpu_limited,
	  "cpu.max (cpu.cfs_quota_us) less than the CPUs of Cpus_allowed_list, up the path of /proc/self/cgroup",
	  "Its threads are stopped for a part of each period: rates are the limit's, and tails are long.",
	  "a larger limit (systemd: CPUQuota=), or no more threads than it has CPUs" },
	{ "numa-balancing-absent", FINDINGS_WARNING, FINDINGS_ASKED,
	  no_balancing,
	  "no " BALANCING
	  ", or a kernel before 5.18 without a promotion rate limit",
	  "Nothing is promoted but by DAMON.",
	  "a kernel with CONFIG_NUMA_BALANCING, 5.18 or newer" },
	{ "numa-balancing-off", FINDINGS_NOTE, FINDINGS_ASKED, balancing_off,
	  BALANCING " is 0",
	  "Nothing is promoted. A machine that boots with one node leaves it at 0, whatever its default.",
	  "a policy (--policy numab), or sysctl kernel.numa_balancing=2" },
	{ "numa-balancing-mode", FINDINGS_WARNING, FINDINGS_ASKED,
	  balancing_mode, BALANCING " is 1, and there is a lower tier",
	  "Pages move between nodes of one tier, and are not promoted.",
	  "a policy, or sysctl kernel.numa_balancing=2" },
	{ "promotion-unconditional", FINDINGS_NOTE, FINDINGS_ASKED,
	  unconditional,
	  "/proc/zoneinfo: a zone of the near node has the promotion watermark and 1 GiB, or 1/16 of the node, free",
	  "Every page that faults is promoted: no hot threshold, no rate limit.",
	  "fill the near node (--hog node0:free=200M)" },
	{ "demotion-absent", FINDINGS_WARNING, FINDINGS_ASKED, no_demotion,
	  "no " DEMOTION, "Reclaim does not demote.",
	  "Linux 5.15 or newer with CONFIG_NUMA_MIGRATION (before 7.3 CONFIG_MIGRATION)" },
	{ "demotion-off", FINDINGS_NOTE, FINDINGS_ASKED, demotion_off,
	  DEMOTION " is false, and there is a lower tier",
	  "Reclaim swaps or drops instead of demoting.",
	  "a policy, or echo true > " DEMOTION },
	{ "demotion-stalled", FINDINGS_BROKEN, FINDINGS_COMMAND, stalled,
	  "node_unreclaimable in /proc/zoneinfo",
	  "kswapd has failed 16 times, and demotes no more until somebody frees memory.",
	  "free memory of the lower tier; from Linux 6.18 on write false and true to demotion_enabled" },
	{ "scanner-hidden", FINDINGS_NOTE, FINDINGS_ASKED, no_scanner,
	  "no " SCANNER,
	  "The pace of NUMA balancing's scanner cannot be seen or set.",
	  "mount -t debugfs debugfs /sys/kernel/debug (policies do); before 6.13 CONFIG_SCHED_DEBUG" },
	{ "lockdown", FINDINGS_WARNING, FINDINGS_ASKED, lockdown,
	  "/sys/kernel/security/lockdown is not none",
	  "debugfs is closed, to root as well: the scanner keeps its pace.",
	  "turn Secure Boot off, or do without those tunables" },
	{ "damon-absent", FINDINGS_WARNING, FINDINGS_ASKED, no_damon,
	  "no " DAMON_ADMIN,
	  "The policies hmsdk, hmsdk-fast, both and damon-goal are refused.",
	  "a kernel with CONFIG_DAMON_SYSFS and CONFIG_DAMON_PADDR" },
	{ "damon-no-paddr", FINDINGS_WARNING, FINDINGS_ASKED, no_paddr,
	  "avail_operations of a staged context has no paddr",
	  "DAMON cannot watch or migrate physical memory.",
	  "a kernel with CONFIG_DAMON_PADDR" },
	{ "damon-old", FINDINGS_WARNING, FINDINGS_ASKED, old_damon,
	  "/proc/sys/kernel/osrelease is below 6.11",
	  "DAMON has no migrate_hot and migrate_cold.", "Linux 6.11 or newer" },
	{ "damon-stat", FINDINGS_NOTE, FINDINGS_ASKED, damon_stat,
	  "/sys/module/damon_stat/parameters/enabled is Y",
	  "It keeps others from DAMON (EBUSY). tier moves it out of the way, and puts it back.",
	  "for other programs: echo N > /sys/module/damon_stat/parameters/enabled" },
	{ "damon-busy", FINDINGS_WARNING, FINDINGS_ASKED, damon_busy,
	  "a kdamond is on, or damon_reclaim or damon_lru_sort is enabled",
	  "DAMON has one user at a time: policies that use it are refused (EBUSY).",
	  "tier damon stop, damo stop, or N to the module's parameter enabled" },
	{ "memcg-absent", FINDINGS_WARNING, FINDINGS_ASKED, no_memcg,
	  "no memory in " CGROUP_CONTROLLERS " or /proc/cgroups",
	  "DAMON cannot be kept to a cgroup: the hmsdk policies are refused.",
	  "a kernel with CONFIG_MEMCG, without cgroup_disable=memory; cgroup2 instead of cgroup1 (systemd.unified_cgroup_hierarchy=1)" },
	{ "thp-always", FINDINGS_NOTE, FINDINGS_ASKED, thp,
	  "always in /sys/kernel/mm/transparent_hugepage/enabled",
	  "Memory is hot or cold, and moves, by 2 MiB; gups takes 4 KiB pages all the same (--pages).",
	  "for other programs: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" },
	{ "accessed-bits", FINDINGS_NOTE, FINDINGS_ASKED, blind,
	  "\"QEMU TCG\" in /proc/cpuinfo",
	  "Accessed bits are set on TLB misses alone: hot memory looks idle to DAMON and to reclaim. gups flushes TLBs while DAMON runs; other programs are seen wrongly.",
	  "KVM or hardware for results about DAMON and other programs" },
	{ "poison", FINDINGS_WARNING, FINDINGS_ASKED, poisoned,
	  "trace events cxl_poison, after a 1 was written to trigger_poison_list of each mem*",
	  "The device holds memory that it calls bad. On a server its loads end programs; QEMU's do not see it on the direct path, and read what was there.",
	  "free the range: offline its memory block; injected poison goes by clear_poison in debugfs (cxl/memN)" },
	{ "kernel-bug", FINDINGS_BROKEN, FINDINGS_ALWAYS, kernel_bug,
	  "BUG, Oops, a fault or a panic in the log, or kernel.tainted has 32 or 128",
	  "The kernel is in a state that it was not made for: no result can be relied on.",
	  "reboot; dmesg has the whole, and tells whom to report it to" },
	{ "kernel-warning", FINDINGS_WARNING, FINDINGS_ALWAYS, kernel_warning,
	  "WARNING, a hung task or a stall in the log, or kernel.tainted has 512 or 16384",
	  "The kernel met what it did not expect: results may be off.",
	  "dmesg has the whole; a guest on a busy host stalls by itself" },
	{ .name = NULL },
};

const char *findings_level_name(enum findings_level level)
{
	return level == FINDINGS_BROKEN	 ? "broken" :
	       level == FINDINGS_WARNING ? "warning" :
					   "note";
}

/* Asking is a command to the device: not of a tree that is a copy. */
static void read_poison(struct findings_look *l)
{
	if (sysfs_is_rerooted())
		return;
	for (int i = 0; i < l->nr_memdevs; i++) {
		int id = l->memdevs[i].id, err;

		if (!sysfs_exists(CXL "/mem%d/trigger_poison_list", id))
			continue;
		err = poison_read(&l->poison, id);
		l->poison_err = l->poison_err ? l->poison_err : err;
	}
}

static void read_log(struct findings_look *l)
{
	int fd = dmesg_open(false);

	l->log_err = fd < 0 ? fd : dmesg_read(&l->log, fd);
	l->show_log = dmesg_is_public();
	if (fd >= 0)
		close(fd);
}

void findings_look_begin(struct findings_look *l, const struct node *nodes,
			 int nr_nodes, const struct region *regions,
			 int nr_regions, bool brief, bool measure)
{
	*l = (struct findings_look){ .nodes = nodes,
				     .nr_nodes = nr_nodes,
				     .near = node_near(nodes, nr_nodes),
				     .regions = regions,
				     .nr_regions = nr_regions,
				     .measure = measure,
				     .slow = -1 };
	l->taint = dmesg_taint();
	/* Hundreds of lines, which take an emulator 10 ms. */
	if (!brief || (l->taint & (DMESG_TAINT_BUG | DMESG_TAINT_WARNING)))
		read_log(l);
	if (brief)
		return;
	machine_read(&l->machine);
	find_memdevs(l);
	read_poison(l);
}

void findings_look_end(struct findings_look *l)
{
	free(l->memdevs);
	l->memdevs = NULL;
}
