// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - memdev to region to online NUMA node, and back, through libcxl.
 *
 * libcxl makes the changes, and is the only one to name them; whether they
 * happened is read from sysfs after each call, because libcxl remembers what
 * it wrote rather than what the kernel holds, takes a short write for success,
 * and says "failed to enable" for every reason.
 *
 * Nothing sleeps for a fixed time: the probes of PCI devices, endpoints, dax
 * devices and (from 7.x) kmem are asynchronous, so states are polled.
 */
#include <cxl/libcxl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "node.h"
#include "region.h"
#include "sysfs.h"
#include "util.h"

#define CXL "/sys/bus/cxl/devices"
#define PCI "/sys/bus/pci/devices"
#define DAX "/sys/bus/dax/devices"
#define DAX_DRIVER "/sys/bus/cxl/drivers/cxl_dax_region"
#define KMEM_DRIVER "/sys/bus/dax/drivers/kmem"
#define MEMORY "/sys/devices/system/memory"
#define AUTO_ONLINE MEMORY "/auto_online_blocks"

#define POLL_NS UINT64_C(10000000)
#define DEFAULT_TIMEOUT_NS UINT64_C(10000000000)
/* A memory block in use, under emulation: 17 MB/s were seen. */
#define OFFLINE_TIMEOUT_NS UINT64_C(60000000000)
/* Undoing is worth more patience than was asked for. */
#define UNDO_TIMEOUT_NS UINT64_C(10000000000)
#define STATE_TEXT 256
#define DEVICE_TEXT 96

/* --- waiting -------------------------------------------------------------- */

/*
 * Ctrl-C must not leave half a region or another online policy behind: the
 * signals that end a program wait while one is made or taken apart; waits
 * look for them, and end.
 */
static void hold_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, before);
}

static void release_signals(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

static bool asked_to_stop(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGINT) == 1 ||
	       sigismember(&set, SIGTERM) == 1 ||
	       sigismember(&set, SIGHUP) == 1;
}

/*
 * Looks once: 1 when it is so, 0 when not yet (state then says what is), or
 * -errno when it never will be.
 */
typedef int look_fn(void *arg, char state[static STATE_TEXT]);

static int wait_for(const char *what, look_fn *look, void *arg,
		    uint64_t timeout_ns)
{
	uint64_t deadline = now_ns() + timeout_ns;
	char state[STATE_TEXT] = "", waited[SIZE_TEXT];
	int seen;

	for (;;) {
		seen = look(arg, state);
		if (seen)
			return seen < 0 ? seen : 0;
		if (asked_to_stop())
			return fail(EINTR, "interrupted while waiting for %s",
				    what);
		if (now_ns() >= deadline)
			break;
		sleep_ns(POLL_NS);
	}
	format_seconds(waited, (double)timeout_ns / 1e9);
	return fail(ETIMEDOUT, "waited %s for %s: %s", waited, what, state);
}

/* --- a failure that is kept while other things fail ----------------------- */

struct failure {
	int err, rank;
	enum status status;
	char text[1024];
};

/* Of several failures, the first one of the highest rank is the one to tell. */
static void failure_keep(struct failure *f, int err, int rank)
{
	if (f->err && rank <= f->rank)
		return;
	f->err = err;
	f->rank = rank;
	f->status = fail_status();
	snprintf(f->text, sizeof(f->text), "%s", fail_message());
}

static int failure_raise(const struct failure *f)
{
	if (f->status == STATUS_LACKS)
		return lacks(-f->err, "%s", f->text);
	if (f->status == STATUS_USAGE)
		return misuse("%s", f->text);
	return fail(-f->err, "%s", f->text);
}

/* --- memory blocks -------------------------------------------------------- */

/* The blocks that lie wholly in a range: kmem leaves out the others. */
struct blocks {
	uint64_t size;
	int first, end;
};

static int blocks_of(struct blocks *b, uint64_t start, uint64_t size)
{
	char text[32];
	int err;

	*b = (struct blocks){ 0 };
	err = sysfs_read(text, sizeof(text), MEMORY "/block_size_bytes");
	if (err < 0)
		return lacks(-err,
			     "this kernel cannot hotplug memory (no " MEMORY
			     "/block_size_bytes): it needs "
			     "CONFIG_MEMORY_HOTPLUG");
	/* Hexadecimal without 0x. */
	b->size = strtoull(text, NULL, 16);
	if (b->size < MIB)
		return fail(EINVAL, MEMORY "/block_size_bytes: \"%s\"", text);
	/* x86 and arm64 have at most 52 bits of physical address. */
	if (size > UINT64_C(1) << 52 || start > UINT64_C(1) << 52)
		return fail(ERANGE, "a region of %llu bytes at %#llx cannot be",
			    (unsigned long long)size,
			    (unsigned long long)start);
	b->first = (int)((start + b->size - 1) / b->size);
	b->end = (int)((start + size) / b->size);
	if (b->end < b->first)
		b->end = b->first;
	return 0;
}

static bool block_exists(int block)
{
	return sysfs_exists(MEMORY "/memory%d", block);
}

static bool block_is(int block, const char *state)
{
	char text[32];

	return sysfs_read(text, sizeof(text), MEMORY "/memory%d/state", block) >
		       0 &&
	       !strcmp(text, state);
}

/* The zone of an online block ("Movable", "Normal"); "?" if not readable. */
static const char *block_zone(int block, char zone[static 64])
{
	if (sysfs_read(zone, 64, MEMORY "/memory%d/valid_zones", block) <= 0)
		strcpy(zone, "?");
	zone[strcspn(zone, " ")] = '\0';
	return zone;
}

static bool block_is_movable(int block)
{
	char zone[64];

	return !strcmp(block_zone(block, zone), "Movable");
}

/* A line of a node's meminfo ("MemTotal:"), in bytes; 0 if not there. */
static uint64_t node_has(int node, const char *what)
{
	char *text =
		sysfs_slurp("/sys/devices/system/node/node%d/meminfo", node);
	char *line = text ? strstr(text, what) : NULL;
	uint64_t kib = line ? strtoull(line + strlen(what), NULL, 10) : 0;

	free(text);
	return kib * KIB;
}

/* The node that a block belongs to, -1 when it does not say. */
static int block_node(int block)
{
	int *ids, node = -1;

	if (sysfs_ids(&ids, "node", MEMORY "/memory%d", block) > 0)
		node = ids[0];
	free(ids);
	return node;
}

/*
 * Writes a block's state and believes only what it reads then: the kernel
 * says EINVAL when the block is in that state already.
 */
static int block_set(int block, const char *how)
{
	const char *state = strcmp(how, "offline") ? "online" : "offline";
	int err = sysfs_write(how, MEMORY "/memory%d/state", block);

	if (block_is(block, state))
		return 0;
	return err ? err :
		     fail(EIO, MEMORY "/memory%d/state <- %s: it is not %s",
			  block, how, state);
}

/* --- regions, read from sysfs --------------------------------------------- */

/* An attribute that may be absent or not readable: 0 then. */
static uint64_t number_or_0(const char *dir, const char *attribute)
{
	uint64_t v;

	return sysfs_read_u64(&v, "%s/%s", dir, attribute) ? 0 : v;
}

/* The id of the endpoint port of a memdev, -1 when it has none yet. */
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

/* Which region has capacity of the memdev behind this endpoint? */
static bool region_on(int endpoint, char name[static REGION_NAME])
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

/* The root decoder below which the region is: "decoder0.1". */
static void read_root(struct region *r)
{
	int *roots, *ids, n, m;
	char prefix[20];

	n = sysfs_ids(&roots, "root", CXL);
	for (int i = 0; i < n; i++) {
		snprintf(prefix, sizeof(prefix), "decoder%d.", roots[i]);
		m = sysfs_ids(&ids, prefix, CXL);
		for (int j = 0; j < m; j++)
			if (sysfs_exists(CXL "/%s%d/%s", prefix, ids[j],
					 r->name))
				snprintf(r->decoder, sizeof(r->decoder), "%s%d",
					 prefix, ids[j]);
		free(ids);
	}
	free(roots);
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

/* The region's dax device, and the driver that has it. */
static void read_dax(struct region *r, int id)
{
	char prefix[20];
	int *ids;

	snprintf(prefix, sizeof(prefix), "dax%d.", id);
	if (sysfs_ids(&ids, prefix, CXL "/dax_region%d", id) > 0) {
		snprintf(r->dax, sizeof(r->dax), "%s%d", prefix, ids[0]);
		if (sysfs_link_name(r->driver, sizeof(r->driver),
				    DAX "/%s/driver", r->dax))
			r->driver[0] = '\0';
	}
	free(ids);
}

/*
 * What of the region is online, where, and in which zone. Asks the blocks
 * that there are: a region may claim more than any machine has.
 */
static void read_blocks(struct region *r)
{
	struct blocks b;
	int *ids, n;

	if (!r->start || blocks_of(&b, r->start, r->size))
		return;
	n = sysfs_ids(&ids, "memory", MEMORY);
	for (int i = 0; i < n; i++) {
		if (ids[i] < b.first || ids[i] >= b.end ||
		    !block_is(ids[i], "online"))
			continue;
		r->online += b.size;
		if (block_is_movable(ids[i]))
			r->movable += b.size;
		if (r->node < 0)
			r->node = block_node(ids[i]);
	}
	free(ids);
}

static void read_region(struct region *r, int id)
{
	char dir[64], mode[16] = "";
	uint64_t ways;

	*r = (struct region){ .node = -1 };
	snprintf(r->name, sizeof(r->name), "region%d", id);
	snprintf(dir, sizeof(dir), CXL "/%s", r->name);
	r->size = number_or_0(dir, "size");
	r->start = number_or_0(dir, "resource");
	if (r->start == UINT64_MAX) /* no size yet */
		r->start = 0;
	r->granularity = number_or_0(dir, "interleave_granularity");
	r->committed = number_or_0(dir, "commit") == 1;
	ways = number_or_0(dir, "interleave_ways");
	r->nr_memdevs = ways <= REGION_MAX_TARGETS ? (int)ways : 0;
	read_root(r);
	read_targets(r);
	read_dax(r, id);
	read_blocks(r);
	sysfs_read(mode, sizeof(mode), "%s/mode", dir);
	r->is_ram = !strcmp(r->driver, "kmem") ||
		    (!strcmp(mode, "ram") && !r->dax[0] && r->online);
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
		read_region(&(*regions)[i], ids[i]);
	free(ids);
	return n;
}

/* --- the probes of memdevs ------------------------------------------------ */

/* PCI devices of the class "CXL memory device", a line each. */
static char *promised_devices(void)
{
	char *names = sysfs_names(PCI), *rest = names, *name;
	struct textbuf found = { 0 };
	uint64_t class;

	buf_addn(&found, "", 0);
	while (names && (name = strtok_r(rest, "\n", &rest)))
		if (!sysfs_read_u64(&class, PCI "/%s/class", name) &&
		    class == 0x050210)
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
static bool memdev_is_ready(int id, char state[static STATE_TEXT])
{
	char memdev[REGION_NAME], driver[REGION_NAME];
	int endpoint;

	snprintf(memdev, sizeof(memdev), "mem%d", id);
	endpoint = region_endpoint(memdev);
	/* Decoder 0 is the first to appear, and the first to be used. */
	if (endpoint >= 0 && sysfs_exists(CXL "/decoder%d.0", endpoint))
		return true;
	if (sysfs_link_name(driver, sizeof(driver), CXL "/%s/driver", memdev))
		snprintf(state, STATE_TEXT,
			 "%s has no driver (is its port below a CXL host "
			 "bridge? dmesg may tell)",
			 memdev);
	else
		snprintf(state, STATE_TEXT, "%s has no endpoint with decoders",
			 memdev);
	return false;
}

/* Has each promised device its memdev, and each memdev its endpoint? */
static int look_for_memdevs(void *arg, char state[static STATE_TEXT])
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
		snprintf(state, STATE_TEXT,
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

static int await_memdevs(uint64_t timeout_ns)
{
	char *promised = promised_devices(), state[STATE_TEXT];
	int err = 0;

	if (*promised && !sysfs_is_rerooted() &&
	    !look_for_memdevs(promised, state)) {
		err = check_drivers(promised);
		/* Ports are probed from a work queue that can be drained. */
		if (!err && !geteuid() && sysfs_exists("/sys/bus/cxl/flush"))
			err = sysfs_write("1", "/sys/bus/cxl/flush");
		if (!err)
			err = wait_for("the CXL memory devices to be probed",
				       look_for_memdevs, promised, timeout_ns);
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
	err = await_memdevs(timeout_ns ? timeout_ns : DEFAULT_TIMEOUT_NS);
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
		else if (endpoint < 0 || !region_on(endpoint, region))
			devices->free_memdevs++;
	}
	free(ids);
	return 0;
}

/* --- libcxl --------------------------------------------------------------- */

/* A region in the making, or being taken apart. */
struct work {
	const struct region_spec *spec;
	uint64_t timeout_ns;
	struct cxl_ctx *cxl;
	char said[256]; /* what libcxl logged last */
	struct cxl_decoder *root;
	struct cxl_region *region;
	char name[REGION_NAME]; /* its name */
	int id; /* the number in it */
	int ways;
	uint64_t size;
	struct cxl_memdev *memdevs[REGION_MAX_TARGETS];
	struct cxl_decoder *ends[REGION_MAX_TARGETS]; /* endpoint decoders */
};

static void hear(struct cxl_ctx *cxl, int priority, const char *file, int line,
		 const char *fn, const char *format, va_list ap)
{
	struct work *w = cxl_get_userdata(cxl);

	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	vsnprintf(w->said, sizeof(w->said), format, ap);
	w->said[strcspn(w->said, "\n")] = '\0';
}

static int open_library(struct work *w)
{
	int err;

	if (sysfs_is_rerooted())
		return fail(EINVAL, "--root: libcxl knows the real /sys only");
	if (geteuid())
		return fail(EPERM, "CXL regions are changed by root only: run "
				   "this with sudo");
	err = cxl_new(&w->cxl);
	if (err)
		return fail(-err, "libcxl does not start: %s", strerror(-err));
	cxl_set_userdata(w->cxl, w);
	cxl_set_log_fn(w->cxl, hear);
	cxl_set_log_priority(w->cxl, LOG_ERR);
	return 0;
}

static void close_library(struct work *w)
{
	cxl_unref(w->cxl);
	w->cxl = NULL;
}

static bool under_hypervisor(void)
{
	struct node_machine m;

	node_machine(&m);
	return m.hypervisor;
}

/* What an error of a step means, where the kernel's word alone says little. */
static const struct {
	const char *step;
	int errnum;
	const char *why;
} reasons[] = {
	{ "interleave_ways", EINVAL,
	  "the number of memdevs does not fit the window's interleave" },
	{ "size", ERANGE,
	  "no room for it in the window; tier region list shows who has it" },
	{ "size", EINVAL, "not a multiple of 256 MiB for each memdev" },
	{ "mode", ENXIO, "the device has no volatile capacity" },
	{ "dpa_size", ENOSPC, "other decoders hold the device's capacity" },
	{ "dpa_size", EBUSY, "decoders must be used in order" },
	{ "target", ENXIO,
	  "a port on the way has no decoder to spare (QEMU, with a switch "
	  "below the only root port: pxb-cxl,hdm_for_passthrough=true), or the "
	  "device is not under this position's host bridge" },
	{ "target", EBUSY,
	  "the position or the device is taken, or a port has a region at a "
	  "higher address already (create the lower one first)" },
	{ "commit", EBUSY, "an earlier decoder of a port is not committed" },
	{ "commit", ENXIO,
	  "the kernel could not synchronise CPU caches, or a target is "
	  "missing; dmesg tells which" },
	{ "delete_region", ENODEV, "it is not under this decoder" },
};

static const char *reason_of(const char *step, int errnum)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (!strcmp(reasons[i].step, step) &&
		    reasons[i].errnum == errnum)
			return reasons[i].why;
	return NULL;
}

/* Turns what a call to libcxl returned into a message that tells the step. */
static int stepped(struct work *w, const char *step, int rc)
{
	char said[sizeof(w->said) + 16] = "";
	const char *why;

	if (w->said[0])
		snprintf(said, sizeof(said), "; libcxl: %s", w->said);
	w->said[0] = '\0';
	if (!rc)
		return 0;
	rc = abs(rc);
	why = reason_of(step, rc);
	return fail(rc, "%s: %s: %s%s%s%s%s", w->name, step,
		    why ? why : strerror(rc), why ? " (" : "",
		    why ? strerror(rc) : "", why ? ")" : "", said);
}

/* Does sysfs hold what libcxl says it wrote? */
static int shows(uint64_t value, const char *device, const char *attribute)
{
	uint64_t seen;
	int err = sysfs_read_u64(&seen, CXL "/%s/%s", device, attribute);

	if (!err && seen != value)
		err = fail(EIO,
			   CXL "/%s/%s: libcxl wrote 0x%" PRIx64
			       ", the kernel holds 0x%" PRIx64,
			   device, attribute, value, seen);
	return err;
}

static int shows_text(const char *text, const char *device,
		      const char *attribute)
{
	char seen[64];
	int err =
		sysfs_read(seen, sizeof(seen), CXL "/%s/%s", device, attribute);

	if (err < 0)
		return err;
	if (strcmp(seen, text))
		return fail(EIO,
			    CXL "/%s/%s: libcxl wrote \"%s\", the kernel "
				"holds \"%s\"",
			    device, attribute, text, seen);
	return 0;
}

/* --- choosing memdevs and a root decoder ---------------------------------- */

/* "mem0 (serial 0x1, 0000:35:00.0)": mem0 may be another one next time. */
static const char *device_text(char buf[static DEVICE_TEXT],
			       struct cxl_memdev *memdev)
{
	const char *host = cxl_memdev_get_host(memdev);

	snprintf(buf, DEVICE_TEXT, "%s (serial 0x%llx, %.48s)",
		 cxl_memdev_get_devname(memdev), cxl_memdev_get_serial(memdev),
		 host ? host : "?");
	return buf;
}

/* Is the memdev called so: by name, PCI address or serial? */
static bool memdev_is(struct cxl_memdev *memdev, const char *name)
{
	const char *host = cxl_memdev_get_host(memdev);
	unsigned long long serial;
	char *end;

	if (!strcmp(name, cxl_memdev_get_devname(memdev)) ||
	    (host && !strcmp(name, host)))
		return true;
	serial = strtoull(name, &end, 0);
	return end != name && !*end && serial == cxl_memdev_get_serial(memdev);
}

/* In the order of serials, then of addresses: memN is not the same twice. */
static int by_serial(const void *a, const void *b)
{
	struct cxl_memdev *x = *(struct cxl_memdev *const *)a;
	struct cxl_memdev *y = *(struct cxl_memdev *const *)b;
	unsigned long long s = cxl_memdev_get_serial(x);
	unsigned long long t = cxl_memdev_get_serial(y);

	if (s != t)
		return s < t ? -1 : 1;
	return strcmp(cxl_memdev_get_host(x), cxl_memdev_get_host(y));
}

/* All memdevs that libcxl knows, sorted, to be freed. */
static size_t all_memdevs(struct work *w, struct cxl_memdev ***memdevs)
{
	struct cxl_memdev *memdev;
	size_t n = 0;

	*memdevs = NULL;
	cxl_memdev_foreach(w->cxl, memdev) {
		*memdevs = xrealloc(*memdevs, (n + 1) * sizeof(**memdevs));
		(*memdevs)[n++] = memdev;
	}
	if (n)
		qsort(*memdevs, n, sizeof(**memdevs), by_serial);
	return n;
}

/* Something to make a region of, as the kernel sees it? */
static int check_devices(void)
{
	int *ids, n = sysfs_ids(&ids, "mem", CXL);

	free(ids);
	if (n > 0)
		return 0;
	if (n == -ENOENT)
		return lacks(ENODEV, "no CXL on this machine: no PCI device of "
				     "class 0502, and no CXL bus in the kernel "
				     "(CONFIG_CXL_BUS)");
	return lacks(ENODEV, "no CXL memory device on this machine (QEMU: "
			     "-machine q35,cxl=on with -device pxb-cxl, cxl-rp "
			     "and cxl-type3,volatile-memdev=...)");
}

/* How much a failure to use a device says to someone who named none. */
enum { RANK_UNREACHED = 1, RANK_NO_RAM, RANK_TAKEN, RANK_OTHER };

/*
 * Has a region already? Then that one is told, and the error is -EEXIST: it
 * is what was asked for, unless another decoder was.
 */
static int check_untaken(struct work *w, struct cxl_memdev *memdev,
			 struct region *out)
{
	char region[REGION_NAME], text[DEVICE_TEXT];
	int endpoint = region_endpoint(cxl_memdev_get_devname(memdev)), id;

	if (endpoint < 0)
		return fail(ENXIO,
			    "%s has no endpoint: is there a root port "
			    "below a CXL host bridge?",
			    device_text(text, memdev));
	if (!region_on(endpoint, region))
		return 0;
	if (sscanf(region, "region%d", &id) == 1)
		read_region(out, id);
	if (w->spec->decoder && strcmp(w->spec->decoder, out->decoder))
		return fail(EBUSY, "%s is in %s already, under %s",
			    device_text(text, memdev), region, out->decoder);
	return fail(EEXIST, "%s is in %s already%s", device_text(text, memdev),
		    region,
		    !out->committed ? ", which is not committed" :
		    !out->online    ? ", whose memory is not online" :
				      "");
}

/* The first decoder of the endpoint that decodes nothing yet. */
static struct cxl_decoder *free_decoder(struct cxl_memdev *memdev)
{
	struct cxl_endpoint *endpoint = cxl_memdev_get_endpoint(memdev);
	struct cxl_decoder *decoder;

	if (!endpoint)
		return NULL;
	cxl_decoder_foreach(cxl_endpoint_get_port(endpoint), decoder)
		if (!cxl_decoder_get_size(decoder))
			return decoder;
	return NULL;
}

static int check_memdev(struct work *w, int i, struct region *out, int *rank)
{
	struct cxl_memdev *memdev = w->memdevs[i];
	char text[DEVICE_TEXT];
	int err;

	*rank = RANK_NO_RAM;
	if (!cxl_memdev_get_ram_size(memdev))
		return lacks(ENXIO,
			     "%s has no volatile capacity%s: use QEMU "
			     "8.1 or newer with cxl-type3,"
			     "volatile-memdev=...",
			     device_text(text, memdev),
			     cxl_memdev_get_pmem_size(memdev) ?
				     ", only persistent" :
				     "");
	*rank = RANK_TAKEN;
	err = check_untaken(w, memdev, out);
	if (err == -EBUSY)
		*rank = RANK_UNREACHED;
	if (err == -EBUSY || err == -EEXIST)
		return err;
	*rank = RANK_OTHER;
	if (err)
		return err;
	w->ends[i] = free_decoder(memdev);
	if (!w->ends[i])
		return fail(EBUSY, "%s has no free decoder",
			    device_text(text, memdev));
	return 0;
}

/* The size of the region: as given, or what all of the memdevs can give. */
static int choose_size(struct work *w)
{
	char has[SIZE_TEXT], want[SIZE_TEXT], text[DEVICE_TEXT];
	struct cxl_memdev *least = w->memdevs[0];
	uint64_t each, ways = (uint64_t)w->ways;

	for (int i = 1; i < w->ways; i++)
		if (cxl_memdev_get_ram_size(w->memdevs[i]) <
		    cxl_memdev_get_ram_size(least))
			least = w->memdevs[i];
	each = cxl_memdev_get_ram_size(least) / REGION_ALIGN * REGION_ALIGN;
	format_size(has, cxl_memdev_get_ram_size(least));
	if (!each)
		return lacks(ENOSPC,
			     "%s has %s: a region takes multiples of "
			     "256 MiB",
			     device_text(text, least), has);
	w->size = w->spec->size ? w->spec->size : each * ways;
	if (w->size > each * ways)
		return lacks(ENOSPC,
			     "%s has %s of volatile memory, a region of "
			     "%s needs more",
			     device_text(text, least), has,
			     format_size(want, w->size));
	if (w->size % (REGION_ALIGN * ways))
		return misuse("a region of %d memdevs is a multiple of %d MiB",
			      w->ways, w->ways * 256);
	return 0;
}

/*
 * Below a root decoder that interleaves over host bridges, target i of the
 * region must be under host bridge i.
 */
static int order_memdevs(struct work *w, struct cxl_decoder *root)
{
	int bridges = (int)cxl_decoder_get_interleave_ways(root), j;
	struct cxl_memdev *memdev;
	struct cxl_target *t;

	for (int i = 0; i < w->ways && bridges > 1; i++) {
		for (j = i; j < w->ways; j++) {
			t = cxl_decoder_get_target_by_memdev(root,
							     w->memdevs[j]);
			if (t && cxl_target_get_position(t) == i % bridges)
				break;
		}
		if (j == w->ways)
			return lacks(ENXIO,
				     "%s: no memdev under its host bridge %d",
				     cxl_decoder_get_devname(root), i);
		memdev = w->memdevs[i];
		w->memdevs[i] = w->memdevs[j];
		w->memdevs[j] = memdev;
	}
	for (int i = 0; i < w->ways; i++)
		w->ends[i] = free_decoder(w->memdevs[i]);
	return 0;
}

/* How near a root decoder came to being usable: the nearest is told. */
enum { ROOT_UNREACHED = 1, ROOT_NOT_RAM, ROOT_WAYS, ROOT_TOO_SMALL };

static int check_room(struct work *w, struct cxl_decoder *root)
{
	const char *name = cxl_decoder_get_devname(root);
	uint64_t room = cxl_decoder_get_max_available_extent(root);
	uint64_t whole = cxl_decoder_get_size(root);
	char want[SIZE_TEXT], have[SIZE_TEXT], all[SIZE_TEXT];

	if (w->size <= room)
		return 0;
	room = room / (REGION_ALIGN * (uint64_t)w->ways) *
	       (REGION_ALIGN * (uint64_t)w->ways);
	return lacks(ERANGE,
		     "the window of %s (%s, %s of it free) is too small for a "
		     "region of %s: give a size of at most %s, or make the "
		     "window larger (QEMU: cxl-fmw.0.size=...)",
		     name, format_size(all, whole), format_size(have, room),
		     format_size(want, w->size), have);
}

static int check_root(struct work *w, struct cxl_decoder *root, int *rank)
{
	const char *name = cxl_decoder_get_devname(root);
	unsigned int bridges = cxl_decoder_get_interleave_ways(root);
	char text[DEVICE_TEXT];

	*rank = ROOT_UNREACHED;
	for (int i = 0; i < w->ways; i++)
		if (!cxl_decoder_get_target_by_memdev(root, w->memdevs[i]))
			return lacks(ENXIO, "root decoder %s does not reach %s",
				     name, device_text(text, w->memdevs[i]));
	*rank = ROOT_NOT_RAM;
	if (!cxl_decoder_is_volatile_capable(root))
		return lacks(ENXIO,
			     "root decoder %s is not for volatile memory "
			     "(cap_ram is 0)",
			     name);
	*rank = ROOT_WAYS;
	if (!bridges || (unsigned int)w->ways % bridges)
		return lacks(
			ENXIO,
			"root decoder %s interleaves over %u host bridges: "
			"its regions need a memdev under each (name them: "
			"mem0,mem1)",
			name, bridges);
	*rank = ROOT_TOO_SMALL;
	return check_room(w, root);
}

/* No root decoder could be looked at: there is none, or none of that name. */
static int no_root(struct work *w, const struct textbuf *names)
{
	if (names->len)
		return lacks(ENODEV, "there is no root decoder %s (there is%s)",
			     w->spec->decoder, names->text);
	return lacks(ENODEV, "the firmware describes no CXL window (no root "
			     "decoder; QEMU: -machine cxl-fmw.0.targets.0=...,"
			     "cxl-fmw.0.size=...)");
}

/* The first root decoder, or the named one, that can take the region. */
static int choose_root(struct work *w, int *memdev_rank)
{
	struct failure nearest = { 0 };
	struct textbuf names = { 0 };
	struct cxl_decoder *root;
	struct cxl_bus *bus;
	int err, rank;

	cxl_bus_foreach(w->cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), root) {
			const char *name = cxl_decoder_get_devname(root);

			buf_add(&names, " %s", name);
			if (w->root || (w->spec->decoder &&
					strcmp(name, w->spec->decoder)))
				continue;
			err = check_root(w, root, &rank);
			if (err)
				failure_keep(&nearest, err, rank);
			else
				w->root = root;
		}
	if (nearest.rank == ROOT_UNREACHED)
		*memdev_rank = RANK_UNREACHED;
	if (w->root)
		err = order_memdevs(w, w->root);
	else
		err = nearest.err ? failure_raise(&nearest) :
				    no_root(w, &names);
	buf_free(&names);
	return err;
}

/* Can a region be made of w->memdevs? */
static int check_choice(struct work *w, struct region *out, int *rank)
{
	int err;

	w->root = NULL;
	for (int i = 0; i < w->ways; i++) {
		err = check_memdev(w, i, out, rank);
		if (err)
			return err;
	}
	err = choose_size(w);
	return err ? err : choose_root(w, rank);
}

static int choose_named(struct work *w, struct cxl_memdev **all, size_t n,
			struct region *out)
{
	char *names = xstrdup(w->spec->memdev), *rest = names, *name;
	int err = 0, rank;
	size_t i;

	while (!err && (name = strtok_r(rest, ",", &rest))) {
		for (i = 0; i < n && !memdev_is(all[i], name); i++)
			;
		if (i == n)
			err = lacks(ENODEV,
				    "there is no CXL memdev %s (there "
				    "is %s%s)",
				    name, cxl_memdev_get_devname(all[0]),
				    n > 1 ? ", ..." : "");
		else if (w->ways == REGION_MAX_TARGETS)
			err = misuse("a region has at most %d memdevs",
				     REGION_MAX_TARGETS);
		else
			w->memdevs[w->ways++] = all[i];
	}
	if (!err && !w->ways)
		err = misuse("no memdev is named");
	free(names);
	return err ? err : check_choice(w, out, &rank);
}

static int choose_any(struct work *w, struct cxl_memdev **all, size_t n,
		      struct region *out)
{
	struct region existing = { .node = -1 };
	struct failure worst = { 0 };
	int err, rank;

	w->ways = 1;
	for (size_t i = 0; i < n; i++) {
		w->memdevs[0] = all[i];
		err = check_choice(w, &existing, &rank);
		if (!err)
			return 0;
		if (err == -EEXIST && worst.rank < RANK_TAKEN)
			*out = existing;
		failure_keep(&worst, err, rank);
	}
	return failure_raise(&worst);
}

static int choose(struct work *w, struct region *out)
{
	struct cxl_memdev **all;
	size_t n = all_memdevs(w, &all);
	int err;

	if (!n) /* it wants /dev/cxl/memN too, and gives up without */
		err = lacks(ENODEV,
			    "libcxl does not see the kernel's CXL "
			    "memdevs: is devtmpfs mounted on /dev? "
			    "(libcxl: %s)",
			    w->said[0] ? w->said : "nothing");
	else if (w->spec->memdev)
		err = choose_named(w, all, n, out);
	else
		err = choose_any(w, all, n, out);
	free(all);
	return err;
}

/* --- making a region ------------------------------------------------------ */

static int create_empty(struct work *w)
{
	int err = 0;

	snprintf(w->name, sizeof(w->name), "a region under %s",
		 cxl_decoder_get_devname(w->root));
	/* Its id is read, then written: EBUSY when someone was faster. */
	for (int tries = 0; tries < 3 && !w->region; tries++) {
		errno = 0;
		w->region = cxl_decoder_create_ram_region(w->root);
		err = errno ? errno : EIO;
		if (err != EBUSY)
			break;
	}
	if (!w->region)
		return stepped(w, "create_ram_region", err);
	snprintf(w->name, sizeof(w->name), "%s",
		 cxl_region_get_devname(w->region));
	w->id = cxl_region_get_id(w->region);
	return shows_text("ram", w->name, "mode");
}

/* The address that the kernel chose lies in the window, or nothing is right. */
static int check_resource(struct work *w)
{
	uint64_t first = cxl_decoder_get_resource(w->root);
	uint64_t size = cxl_decoder_get_size(w->root), start;
	int err = sysfs_read_u64(&start, CXL "/%s/resource", w->name);

	if (err)
		return err;
	if (start < first || start - first + w->size > size)
		return fail(EIO,
			    "%s is at 0x%" PRIx64 ", outside the window of "
			    "%s",
			    w->name, start, cxl_decoder_get_devname(w->root));
	return 0;
}

static int give_shape(struct work *w)
{
	unsigned int granularity =
		cxl_decoder_get_interleave_granularity(w->root);
	unsigned int ways = (unsigned int)w->ways;
	int err;

	err = stepped(w, "interleave_granularity",
		      cxl_region_set_interleave_granularity(w->region,
							    granularity));
	if (!err)
		err = shows(granularity, w->name, "interleave_granularity");
	if (!err)
		err = stepped(w, "interleave_ways",
			      cxl_region_set_interleave_ways(w->region, ways));
	if (!err)
		err = shows(ways, w->name, "interleave_ways");
	if (!err)
		err = stepped(w, "size",
			      cxl_region_set_size(w->region, w->size));
	if (!err)
		err = shows(w->size, w->name, "size");
	return err ? err : check_resource(w);
}

/* Reserves the capacity of memdev i, in its first free decoder. */
static int take_capacity(struct work *w, int i)
{
	const char *name = cxl_decoder_get_devname(w->ends[i]);
	uint64_t each = w->size / (uint64_t)w->ways;
	int err = 0;

	/* Somebody's failed attempt may have left a reservation behind. */
	if (cxl_decoder_get_dpa_size(w->ends[i]))
		err = stepped(w, "dpa_size",
			      cxl_decoder_set_dpa_size(w->ends[i], 0));
	if (!err && cxl_decoder_get_mode(w->ends[i]) != CXL_DECODER_MODE_RAM)
		err = stepped(w, "mode",
			      cxl_decoder_set_mode(w->ends[i],
						   CXL_DECODER_MODE_RAM));
	if (!err)
		err = shows_text("ram", name, "mode");
	if (!err)
		err = stepped(w, "dpa_size",
			      cxl_decoder_set_dpa_size(w->ends[i], each));
	return err ? err : shows(each, name, "dpa_size");
}

static int attach(struct work *w, int i)
{
	const char *name = cxl_decoder_get_devname(w->ends[i]);
	char target[24], text[DEVICE_TEXT];
	int err = take_capacity(w, i);

	if (!err)
		err = stepped(w, "target",
			      cxl_region_set_target(w->region, i, w->ends[i]));
	snprintf(target, sizeof(target), "target%d", i);
	if (!err)
		err = shows_text(name, w->name, target);
	if (err)
		err = fail_in(err, "%s", device_text(text, w->memdevs[i]));
	return err;
}

static int commit(struct work *w)
{
	int err = cxl_region_decode_commit(w->region);

	if (err == -ENXIO && under_hypervisor())
		return lacks(
			ENXIO,
			"%s: commit: %s: the kernel refuses to synchronise "
			"CPU caches under a hypervisor: start QEMU with "
			"-cpu max,-hypervisor, or build the kernel with "
			"CONFIG_CXL_REGION_INVALIDATION_TEST=y",
			w->name, strerror(ENXIO));
	err = stepped(w, "commit", err);
	if (!err)
		err = shows(1, w->name, "commit");
	for (int i = 0; i < w->ways && !err; i++)
		err = shows(w->size, cxl_decoder_get_devname(w->ends[i]),
			    "size");
	return err;
}

static int enable(struct work *w)
{
	char driver[REGION_NAME];
	int err;

	err = stepped(w, "enable", cxl_region_enable(w->region));
	if (!err)
		err = sysfs_link_name(driver, sizeof(driver), CXL "/%s/driver",
				      w->name);
	return err;
}

/* --- from a region to memory of a node ------------------------------------ */

/* The wait for the memory: what is asked of it, and what has arrived. */
struct arrival {
	int id; /* of the region */
	const char *zone; /* what to write to blocks that are offline */
	struct region r;
	struct blocks blocks;
};

/* The dax device of the region, bound to kmem: 1, 0 or -errno. */
static int look_for_kmem(struct arrival *a, char state[static STATE_TEXT])
{
	struct region *r = &a->r;
	bool missing;

	read_dax(r, a->id);
	if (!r->dax[0]) {
		missing = !sysfs_exists(DAX_DRIVER);
		snprintf(state, STATE_TEXT, "%s has no dax device%s", r->name,
			 missing ? ": module dax_cxl is not loaded "
				   "(CONFIG_DEV_DAX_CXL)" :
				   " yet");
		return 0;
	}
	if (!strcmp(r->driver, "kmem"))
		return 1;
	if (r->driver[0])
		return fail(EBUSY,
			    "%s is bound to %s, not to kmem: make it "
			    "system RAM with daxctl reconfigure-device, "
			    "or load kmem before",
			    r->dax, r->driver);
	missing = !sysfs_exists(KMEM_DRIVER);
	snprintf(state, STATE_TEXT, "%s has no driver: %s", r->dax,
		 missing ? "module kmem is not loaded (CONFIG_DEV_DAX_KMEM)" :
			   "kmem is loaded; dmesg may tell why it refused");
	return 0;
}

/*
 * Are all blocks there and online? Brings online what is not. The write waits
 * for the hotplug lock, that is, until kmem has finished adding memory and
 * applied auto_online_blocks: after it the policy can be put back. (Bound to
 * kmem means little: the link is there before its probe has begun.)
 */
static int look_for_blocks(struct arrival *a, char state[static STATE_TEXT])
{
	int there = 0, online = 0, err = 0;
	char reason[160] = "";

	for (int i = a->blocks.first; i < a->blocks.end; i++) {
		if (!block_exists(i))
			continue;
		there++;
		if (!block_is(i, "online"))
			err = block_set(i, a->zone);
		if (err)
			snprintf(reason, sizeof(reason), "; %.150s",
				 fail_message());
		else
			online++;
		err = 0;
	}
	snprintf(state, STATE_TEXT,
		 "of %d memory blocks %d are there and %d online%s",
		 a->blocks.end - a->blocks.first, there, online, reason);
	return online == a->blocks.end - a->blocks.first;
}

static int look_for_memory(void *arg, char state[static STATE_TEXT])
{
	struct arrival *a = arg;
	char size[SIZE_TEXT], block[SIZE_TEXT];
	int seen = look_for_kmem(a, state);

	if (seen <= 0)
		return seen;
	seen = blocks_of(&a->blocks, a->r.start, a->r.size);
	if (seen)
		return seen;
	if (a->blocks.end == a->blocks.first)
		return lacks(ENOSPC,
			     "%s (%s at 0x%" PRIx64 ") holds no whole memory "
			     "block: this kernel's are %s",
			     a->r.name, format_size(size, a->r.size),
			     a->r.start, format_size(block, a->blocks.size));
	return look_for_blocks(a, state);
}

/* Has the node the memory? 1/32 is left for page structs kept in it. */
static int look_for_node(void *arg, char state[static STATE_TEXT])
{
	struct arrival *a = arg;
	uint64_t target, total;
	char size[SIZE_TEXT];

	read_region(&a->r, a->id);
	if (a->r.node < 0) {
		snprintf(state, STATE_TEXT, "its blocks name no node");
		return 0;
	}
	if (!sysfs_read_u64(&target, DAX "/%s/target_node", a->r.dax) &&
	    target != (uint64_t)a->r.node)
		return fail(EIO,
			    "%s: its memory is on node %d, %s says node "
			    "%" PRIu64,
			    a->r.name, a->r.node, a->r.dax, target);
	total = node_has(a->r.node, "MemTotal:");
	snprintf(state, STATE_TEXT, "node %d has %s", a->r.node,
		 format_size(size, total));
	return total >= a->r.online - a->r.online / 32;
}

/* Has everything that enabling the region set off come to its end? */
static bool probes_settled(int id)
{
	char name[48], prefix[20];
	int *ids, n;

	if (!sysfs_exists(CXL "/dax_region%d", id) || !sysfs_exists(DAX_DRIVER))
		return true;
	snprintf(prefix, sizeof(prefix), "dax%d.", id);
	n = sysfs_ids(&ids, prefix, CXL "/dax_region%d", id);
	for (int i = 0; i < n; i++) {
		/* Waits for the probe (then: EBUSY), or makes it. */
		snprintf(name, sizeof(name), "%s%d", prefix, ids[i]);
		sysfs_write(name, KMEM_DRIVER "/bind");
	}
	free(ids);
	return n > 0;
}

/*
 * A failure may come while the probes that add the memory are under way: what
 * they add after the policy was put back would come into ZONE_NORMAL, and
 * what they add while the region is taken apart would be lost until reboot.
 * So let it come first, whoever wants to end the program.
 */
static void settle_probes(struct work *w)
{
	uint64_t deadline = now_ns() + UNDO_TIMEOUT_NS;

	while (!probes_settled(w->id) && now_ns() < deadline)
		sleep_ns(POLL_NS);
}

/*
 * Binds the region, with auto_online_blocks set so that kmem's memory comes
 * into ZONE_MOVABLE: in ZONE_NORMAL, where most distributions would put it,
 * kernel pages settle, and it can never be taken away again. The policy is
 * put back as soon as it has been applied, whatever happens.
 */
static int bring_online(struct work *w, struct arrival *a)
{
	struct failure first = { 0 };
	char policy[32], what[64];
	int err = sysfs_read(policy, sizeof(policy), AUTO_ONLINE);
	bool change;

	if (err < 0)
		return lacks(-err, "no " AUTO_ONLINE ": this kernel cannot "
				   "hotplug memory (CONFIG_MEMORY_HOTPLUG)");
	a->id = w->id;
	read_region(&a->r, a->id);
	a->zone = !w->spec->keep_zone	     ? "online_movable" :
		  !strcmp(policy, "offline") ? "online" :
					       policy;
	change = !w->spec->keep_zone && strcmp(policy, a->zone);
	err = change ? sysfs_store(a->zone, AUTO_ONLINE) : 0;
	if (!err)
		err = enable(w);
	snprintf(what, sizeof(what), "the memory of %s", w->name);
	if (!err)
		err = wait_for(what, look_for_memory, a, w->timeout_ns);
	if (err) {
		failure_keep(&first, err, 1);
		if (!sysfs_exists(DAX_DRIVER) || !sysfs_exists(KMEM_DRIVER))
			first.status = STATUS_LACKS;
		settle_probes(w);
	}
	if (change && (err = sysfs_store(policy, AUTO_ONLINE)))
		failure_keep(&first, err, 0);
	if (first.err)
		return failure_raise(&first);
	return wait_for(what, look_for_node, a, w->timeout_ns);
}

/* --- taking memory away --------------------------------------------------- */

static void ring(int signum)
{
	(void)signum;
}

/*
 * Taking a block offline tries for ever to move a page that is in use by
 * hardware, or has no room elsewhere, until a signal comes. This sends one
 * after timeout_ns, and again and again, in case the first came too early,
 * until it is called with 0. (timer_create() is 2 KB larger.)
 */
static void alarm_set(uint64_t timeout_ns)
{
	struct sigaction sa = { .sa_handler = ring };
	struct itimerval when = {
		.it_value = { (time_t)(timeout_ns / 1000000000),
			      (long)(timeout_ns % 1000000000 / 1000) },
		.it_interval = { 0, 100000 },
	};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
}

/* How hard to try to take memory offline. */
struct effort {
	uint64_t timeout_ns; /* for each block */
	bool stoppable; /* by SIGINT, SIGTERM, SIGHUP */
};

/* Why a block stays online, and what helps. */
static int block_stays(const char *region, int block, int err,
		       const struct effort *effort)
{
	char zone[64], waited[SIZE_TEXT];

	format_seconds(waited, (double)effort->timeout_ns / 1e9);
	block_zone(block, zone);
	if (effort->stoppable && asked_to_stop())
		return fail(EINTR, "%s: interrupted, its memory stays online",
			    region);
	if (strcmp(zone, "Movable"))
		return fail(
			EBUSY,
			"%s: memory%d stays online (%s): it is in zone %s, "
			"where the kernel keeps pages that cannot be moved. "
			"Only a reboot frees it; make a region with "
			"auto_online_blocks at online_movable, as tier "
			"does",
			region, block, strerror(-err), zone);
	return fail(EBUSY,
		    "%s: memory%d stays online (%s, tried for %s): moving its "
		    "pages takes longer, or other nodes have no room for them, "
		    "or a device has pinned them. End the programs that use it",
		    region, block, err == -EINTR ? "no end" : strerror(-err),
		    waited);
}

/* A transient reference to a page gives EBUSY or EAGAIN: tried until time. */
static int block_offline(const char *region, int block,
			 const struct effort *effort)
{
	uint64_t deadline = now_ns() + effort->timeout_ns;
	int err;

	if (effort->stoppable && asked_to_stop())
		return block_stays(region, block, -EINTR, effort);
	alarm_set(effort->timeout_ns);
	for (;;) {
		err = block_set(block, "offline");
		if (!err || !block_is_movable(block) ||
		    (err != -EBUSY && err != -EAGAIN) ||
		    (effort->stoppable && asked_to_stop()) ||
		    now_ns() >= deadline)
			break;
		sleep_ns(POLL_NS);
	}
	alarm_set(0);
	return err ? block_stays(region, block, err, effort) : 0;
}

/*
 * What programs have of the region's node, as far as it cannot stay there.
 * Page cache can be dropped, and does not count.
 */
static uint64_t bytes_in_use(const struct region *r)
{
	uint64_t used =
		node_has(r->node, " AnonPages:") + node_has(r->node, " Shmem:");
	uint64_t stays = node_has(r->node, "MemTotal:");

	stays -= stays < r->online ? stays : r->online;
	return used - (used < stays ? used : stays);
}

/*
 * That must fit elsewhere: the kernel would fill the other nodes to the brim,
 * and then kill whoever wants memory next.
 */
static int check_room_elsewhere(const struct region *r)
{
	uint64_t used = bytes_in_use(r), room = 0;
	char want[SIZE_TEXT], have[SIZE_TEXT];
	struct node *nodes = NULL;
	int n;

	n = node_list(&nodes);
	for (int i = 0; i < n; i++)
		if (nodes[i].id != r->node)
			room += nodes[i].available;
	free(nodes);
	if (n <= 0 || used <= room) /* not known, or enough */
		return 0;
	return fail(EBUSY,
		    "%s: node %d has %s in use, and the other nodes have room "
		    "for %s of it: end the programs that use it (tmpfs counts "
		    "too)",
		    r->name, r->node, format_size(want, used),
		    format_size(have, room));
}

/*
 * All blocks of the region go offline, or those that went come back, each to
 * the zone it was in.
 */
static int take_offline(const struct region *r, const struct effort *effort)
{
	struct failure why = { 0 };
	struct blocks b;
	bool *movable, *gone;
	int err = blocks_of(&b, r->start, r->size);

	if (err)
		return err;
	gone = xcalloc((size_t)(b.end - b.first) + 1, 2 * sizeof(*gone));
	movable = gone + (b.end - b.first) + 1;
	for (int i = b.first; i < b.end && !err; i++) {
		if (!block_exists(i) || block_is(i, "offline"))
			continue;
		movable[i - b.first] = block_is_movable(i);
		err = block_offline(r->name, i, effort);
		gone[i - b.first] = !err;
	}
	if (err)
		failure_keep(&why, err, 1);
	for (int i = b.first; i < b.end && why.err; i++)
		if (gone[i - b.first] &&
		    block_set(i, movable[i - b.first] ? "online_movable" :
							"online_kernel"))
			snprintf(why.text + strlen(why.text),
				 sizeof(why.text) - strlen(why.text),
				 "; memory%d could not be brought back", i);
	free(gone);
	return why.err ? failure_raise(&why) : 0;
}

/* Nothing of the region's memory is known to the kernel any more. */
static int check_blocks_gone(const struct region *r)
{
	struct blocks b;
	int err = blocks_of(&b, r->start, r->size);

	for (int i = b.first; i < b.end && !err; i++)
		if (block_exists(i))
			err = fail(EBUSY,
				   "%s: memory%d is still there without kmem: "
				   "it was brought online meanwhile, and is "
				   "lost until reboot; the region stays",
				   r->name, i);
	return err;
}

/* Unbinds kmem from all dax devices of the region: the memory goes. */
static int release_dax(const struct region *r, int id)
{
	char prefix[20], device[48], driver[REGION_NAME];
	int *ids, err = 0, n;

	snprintf(prefix, sizeof(prefix), "dax%d.", id);
	n = sysfs_ids(&ids, prefix, CXL "/dax_region%d", id);
	for (int i = 0; i < n && !err; i++) {
		snprintf(device, sizeof(device), "%s%d", prefix, ids[i]);
		if (sysfs_link_name(driver, sizeof(driver), DAX "/%s/driver",
				    device) ||
		    strcmp(driver, "kmem"))
			continue;
		err = sysfs_write(device, KMEM_DRIVER "/unbind");
	}
	free(ids);
	return err ? err : check_blocks_gone(r);
}

/* --- taking a region apart ------------------------------------------------ */

/* The region's driver goes, and with it the dax region. */
static int disable(struct work *w)
{
	int err;

	if (!cxl_region_is_enabled(w->region))
		return 0;
	err = stepped(w, "disable", cxl_region_disable(w->region));
	if (!err && sysfs_exists(CXL "/dax_region%d", w->id))
		err = fail(EBUSY,
			   "%s: disabled, but dax_region%d is still "
			   "there",
			   w->name, w->id);
	return err;
}

/*
 * Only what is committed is reset: under a hypervisor even a reset without
 * effect makes the kernel print a warning with a backtrace.
 */
static int reset(struct work *w)
{
	uint64_t committed;
	int err = sysfs_read_u64(&committed, CXL "/%s/commit", w->name);

	if (err || !committed)
		return err;
	err = stepped(w, "reset", cxl_region_decode_reset(w->region));
	return err ? err : shows(0, w->name, "commit");
}

/* Gives the capacity behind an endpoint decoder back. */
static int give_back(struct work *w, struct cxl_decoder *end)
{
	const char *name = cxl_decoder_get_devname(end);
	uint64_t held;
	int err = sysfs_read_u64(&held, CXL "/%s/dpa_size", name);

	if (err || !held)
		return err;
	err = stepped(w, "dpa_size", cxl_decoder_set_dpa_size(end, 0));
	return err ? err : shows(0, name, "dpa_size");
}

static int detach(struct work *w, int i)
{
	char target[24], seen[REGION_NAME];
	struct cxl_decoder *end;
	int err;

	snprintf(target, sizeof(target), "target%d", i);
	err = sysfs_read(seen, sizeof(seen), CXL "/%s/%s", w->name, target);
	if (err <= 0) /* no ways yet, or nothing attached */
		return 0;
	end = cxl_region_get_target_decoder(w->region, i);
	if (!end)
		return stepped(w, target, ENODEV);
	err = stepped(w, target, cxl_region_clear_target(w->region, i));
	if (!err)
		err = shows_text("", w->name, target);
	return err ? err : give_back(w, end);
}

/*
 * Takes apart what there is of the region, in the reverse order of making it.
 * Its memory is offline.
 */
static int take_apart(struct work *w)
{
	struct region r;
	int err;

	read_region(&r, w->id);
	if (r.online)
		return fail(EBUSY, "%s: memory is online", w->name);
	err = release_dax(&r, w->id);
	if (!err)
		err = disable(w);
	if (!err)
		err = check_blocks_gone(&r);
	if (!err)
		err = reset(w);
	for (int i = 0; i < r.nr_memdevs && !err; i++)
		err = detach(w, i);
	if (!err)
		err = stepped(w, "delete_region", cxl_region_delete(w->region));
	if (!err && sysfs_exists(CXL "/%s", w->name))
		err = fail(EBUSY, "%s: deleted, but still there", w->name);
	if (!err)
		w->region = NULL;
	return err;
}

/* A creation failed: the machine shall be as it was. */
static int undo(struct work *w, int err)
{
	const struct effort effort = { UNDO_TIMEOUT_NS, false };
	struct failure why = { 0 };
	struct region r;

	failure_keep(&why, err, 1);
	read_region(&r, w->id);
	err = r.online ? take_offline(&r, &effort) : 0;
	if (!err)
		err = take_apart(w);
	for (int i = 0; i < w->ways && !err; i++)
		if (w->ends[i])
			err = give_back(w, w->ends[i]);
	if (err)
		snprintf(why.text + strlen(why.text),
			 sizeof(why.text) - strlen(why.text),
			 "; and %s is left behind: %s", w->name,
			 fail_message());
	return failure_raise(&why);
}

/* --- the verbs ------------------------------------------------------------ */

/* Is what sysfs shows at the end what was asked for? */
static int check_result(struct work *w, const struct region *r)
{
	const char *name;

	if (r->size != w->size || r->nr_memdevs != w->ways || !r->committed ||
	    strcmp(r->decoder, cxl_decoder_get_devname(w->root)))
		return fail(EIO,
			    "%s: asked for %" PRIu64 " bytes of %d memdevs "
			    "under %s, there are %" PRIu64 " of %d under "
			    "%s",
			    r->name, w->size, w->ways,
			    cxl_decoder_get_devname(w->root), r->size,
			    r->nr_memdevs, r->decoder);
	for (int i = 0; i < w->ways; i++) {
		name = cxl_memdev_get_devname(w->memdevs[i]);
		if (strcmp(r->memdevs[i], name))
			return fail(EIO, "%s: its memdev %d is %s, not %s",
				    r->name, i, r->memdevs[i], name);
	}
	return 0;
}

static int make(struct work *w, struct region *out)
{
	struct arrival a = { 0 };
	int err = create_empty(w);

	if (!w->region)
		return err;
	if (!err)
		err = give_shape(w);
	for (int i = 0; i < w->ways && !err; i++)
		err = attach(w, i);
	if (!err)
		err = commit(w);
	if (!err)
		err = bring_online(w, &a);
	if (!err)
		err = check_result(w, &a.r);
	if (err)
		return undo(w, err);
	*out = a.r;
	return 0;
}

int region_create(const struct region_spec *spec, struct region *out)
{
	struct work w = { .spec = spec, .timeout_ns = spec->timeout_ns };
	sigset_t before;
	int err;

	*out = (struct region){ .node = -1 };
	if (!w.timeout_ns)
		w.timeout_ns = DEFAULT_TIMEOUT_NS;
	if (spec->size % REGION_ALIGN)
		return misuse("the size of a CXL region is a multiple of 256 "
			      "MiB, %" PRIu64 " bytes are not",
			      spec->size);
	err = await_memdevs(w.timeout_ns);
	/* Another device may be broken; the named one is checked later. */
	if (err == -ETIMEDOUT && spec->memdev)
		err = 0;
	if (!err)
		err = check_devices();
	if (!err)
		err = open_library(&w);
	if (err)
		return err;
	err = choose(&w, out);
	if (!err) {
		hold_signals(&before);
		err = make(&w, out);
		release_signals(&before);
	}
	close_library(&w);
	return err;
}

/* "region12" -> 12, if there is such a region. */
static int find_region(const char *name)
{
	uint64_t id;

	if (strncmp(name, "region", 6) || parse_u64(name + 6, &id) ||
	    id > INT32_MAX)
		return misuse("\"%s\" is not the name of a region (region0)",
			      name);
	if (!sysfs_exists(CXL "/region%d", (int)id))
		return fail(ENOENT,
			    "there is no %s (tier region list shows "
			    "those there are)",
			    name);
	return (int)id;
}

/* What can be known to fail before anything is done. */
static int check_destroyable(const struct region *r)
{
	char mode[16] = "", target[REGION_NAME];
	uint64_t locked;

	sysfs_read(mode, sizeof(mode), CXL "/%s/mode", r->name);
	if (strcmp(mode, "ram"))
		return fail(EINVAL, "%s is no region of RAM (mode %s)", r->name,
			    mode[0] ? mode : "unknown");
	for (int i = 0; i < r->nr_memdevs; i++)
		if (sysfs_read(target, sizeof(target), CXL "/%s/target%d",
			       r->name, i) > 0 &&
		    !sysfs_read_u64(&locked, CXL "/%s/locked", target) &&
		    locked)
			return fail(EPERM, "%s: the firmware has locked %s",
				    r->name, target);
	if (r->online && !r->dax[0])
		return fail(EBUSY,
			    "%s: the firmware gave its memory to the "
			    "kernel at boot; it cannot be taken away",
			    r->name);
	return r->node < 0 ? 0 : check_room_elsewhere(r);
}

static struct cxl_region *find_in_library(struct work *w)
{
	struct cxl_decoder *root;
	struct cxl_region *region;
	struct cxl_bus *bus;

	cxl_bus_foreach(w->cxl, bus)
		cxl_decoder_foreach(cxl_bus_get_port(bus), root)
			cxl_region_foreach(root, region)
				if (cxl_region_get_id(region) == w->id)
					return region;
	return NULL;
}

static int destroy(struct work *w, const struct region *r)
{
	const struct effort effort = { w->timeout_ns, true };
	sigset_t before;
	int err;

	w->region = find_in_library(w);
	if (!w->region)
		return fail(EIO, "libcxl does not see %s (libcxl: %s)", w->name,
			    w->said[0] ? w->said : "nothing");
	hold_signals(&before);
	err = r->size ? take_offline(r, &effort) : 0;
	if (!err)
		err = take_apart(w);
	release_signals(&before);
	return err;
}

/* What programs have there is moved, slowly: not without being asked to. */
static int check_agreed(const struct region *r, bool yes)
{
	uint64_t used = r->node < 0 || yes ? 0 : bytes_in_use(r);
	char size[SIZE_TEXT];

	if (!used)
		return 0;
	return fail(
		EBUSY,
		"%s: programs have %s on node %d, which would be moved to other nodes; --yes does so",
		r->name, format_size(size, used), r->node);
}

int region_destroy(const char *name, uint64_t timeout_ns, bool dry_run,
		   bool yes)
{
	struct work w = { .timeout_ns = timeout_ns };
	struct region r;
	int err;

	if (!timeout_ns)
		w.timeout_ns = OFFLINE_TIMEOUT_NS;
	w.id = find_region(name);
	if (w.id < 0)
		return w.id;
	read_region(&r, w.id);
	snprintf(w.name, sizeof(w.name), "%s", r.name);
	err = check_destroyable(&r);
	if (!err)
		err = check_agreed(&r, yes);
	if (err || dry_run)
		return err;
	err = open_library(&w);
	if (err)
		return err;
	err = destroy(&w, &r);
	close_library(&w);
	return err;
}
