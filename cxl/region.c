// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - memdev to region to online NUMA node, and back, through libcxl.
 *
 * libcxl makes the changes, and is the only one to name them; whether they
 * happened is read from sysfs after each call, because libcxl remembers what
 * it wrote rather than what the kernel holds, takes a short write for success,
 * and says "failed to enable" for every reason.
 */
#include <cxl/libcxl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cxl/region.h"
#include "cxl/region_internal.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/memory_block.h"
#include "mm/machine.h"
#include "mm/meminfo.h"
#include "mm/node.h"
#include "mm/undo.h"
#include "sysfs.h"

#define DAX_DRIVER "/sys/bus/cxl/drivers/cxl_dax_region"
#define KMEM_DRIVER "/sys/bus/dax/drivers/kmem"
#define AUTO_ONLINE MEMORY_BLOCK_AUTO_ONLINE

/* A memory block in use, under emulation: 17 MB/s were seen. */
#define OFFLINE_TIMEOUT_NS UINT64_C(60000000000)
/* Undoing is worth more patience than was asked for. */
#define UNDO_TIMEOUT_NS UINT64_C(10000000000)

/* --- libcxl --------------------------------------------------------------- */

static void hear(struct cxl_ctx *cxl, int priority, const char *file, int line,
		 const char *fn, const char *format, va_list ap)
{
	struct region_work *w = cxl_get_userdata(cxl);

	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	vsnprintf(w->said, sizeof(w->said), format, ap);
	w->said[strcspn(w->said, "\n")] = '\0';
}

static int open_library(struct region_work *w)
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

static void close_library(struct region_work *w)
{
	cxl_unref(w->cxl);
	w->cxl = NULL;
}

static bool under_hypervisor(void)
{
	struct machine m;

	machine_read(&m);
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
static int stepped(struct region_work *w, const char *step, int rc)
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

/* Of a call that was to set the region's attribute to the value: both. */
static int stepped_to(struct region_work *w, const char *attribute, int rc,
		      uint64_t value)
{
	int err = stepped(w, attribute, rc);

	return err ? err : shows(value, w->name, attribute);
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

/* --- making a region ------------------------------------------------------ */

static int create_empty(struct region_work *w)
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
static int check_resource(struct region_work *w)
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

static int give_shape(struct region_work *w)
{
	unsigned int granularity =
		w->spec->granularity ?
			(unsigned int)w->spec->granularity :
			cxl_decoder_get_interleave_granularity(w->root);
	unsigned int ways = (unsigned int)w->ways;
	int err;

	err = stepped_to(w, "interleave_granularity",
			 cxl_region_set_interleave_granularity(w->region,
							       granularity),
			 granularity);
	if (err)
		return err;
	err = stepped_to(w, "interleave_ways",
			 cxl_region_set_interleave_ways(w->region, ways), ways);
	if (err)
		return err;
	err = stepped_to(w, "size", cxl_region_set_size(w->region, w->size),
			 w->size);
	return err ? err : check_resource(w);
}

/* Reserves the capacity of memdev i, in its first free decoder. */
static int take_capacity(struct region_work *w, int i)
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
		err = undo_note(UNDO_TRY, "0", CXL "/%s/dpa_size", name);
	if (!err)
		err = stepped(w, "dpa_size",
			      cxl_decoder_set_dpa_size(w->ends[i], each));
	return err ? err : shows(each, name, "dpa_size");
}

static int attach(struct region_work *w, int i)
{
	const char *name = cxl_decoder_get_devname(w->ends[i]);
	char target[24], text[DEVICE_TEXT];
	int err = take_capacity(w, i);

	if (err)
		goto out;
	err = stepped(w, "target",
		      cxl_region_set_target(w->region, i, w->ends[i]));
	if (err)
		goto out;
	snprintf(target, sizeof(target), "target%d", i);
	err = shows_text(name, w->name, target);
out:
	return err ? fail_in(err, "%s",
			     region_device_text(text, w->memdevs[i])) :
		     0;
}

static int commit(struct region_work *w)
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
	err = stepped_to(w, "commit", err, 1);
	for (int i = 0; i < w->ways && !err; i++)
		err = shows(w->size, cxl_decoder_get_devname(w->ends[i]),
			    "size");
	return err;
}

static int enable(struct region_work *w)
{
	char driver[REGION_NAME];
	int err;

	err = stepped(w, "enable", cxl_region_enable(w->region));
	return err ? err :
		     sysfs_link_name(driver, sizeof(driver), CXL "/%s/driver",
				     w->name);
}

/* --- from a region to memory of a node ------------------------------------ */

/* The wait for the memory: what is asked of it, and what has arrived. */
struct arrival {
	int id; /* of the region */
	char zone[32]; /* what to write to blocks that are offline */
	struct region r;
	struct memory_blocks blocks;
};

/* The dax device of the region, bound to kmem: 1, 0 or -errno. */
static int look_for_kmem(struct arrival *a, char state[static WAIT_STATE])
{
	struct region *r = &a->r;
	bool missing;

	region_read_dax(r, a->id);
	if (!r->dax[0]) {
		missing = !sysfs_exists(DAX_DRIVER);
		snprintf(state, WAIT_STATE, "%s has no dax device%s", r->name,
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
	snprintf(state, WAIT_STATE, "%s has no driver: %s", r->dax,
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
static int look_for_blocks(struct arrival *a, char state[static WAIT_STATE])
{
	int there = 0, online = 0, err = 0;
	char reason[160] = "";

	for (int i = a->blocks.first; i < a->blocks.end; i++) {
		if (!memory_block_exists(i))
			continue;
		there++;
		if (!memory_block_is(i, "online"))
			err = memory_block_set(i, a->zone);
		if (err)
			snprintf(reason, sizeof(reason), "; %.150s",
				 fail_message());
		else
			online++;
		err = 0;
	}
	snprintf(state, WAIT_STATE,
		 "of %d memory blocks %d are there and %d online%s",
		 a->blocks.end - a->blocks.first, there, online, reason);
	return online == a->blocks.end - a->blocks.first;
}

static int look_for_memory(void *arg, char state[static WAIT_STATE])
{
	struct arrival *a = arg;
	char size[SIZE_TEXT], block[SIZE_TEXT];
	int seen = look_for_kmem(a, state);

	if (seen <= 0)
		return seen;
	seen = memory_block_range(&a->blocks, a->r.start, a->r.size);
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
static int look_for_node(void *arg, char state[static WAIT_STATE])
{
	struct arrival *a = arg;
	uint64_t target, total;
	char size[SIZE_TEXT];

	region_read(&a->r, a->id);
	if (a->r.node < 0) {
		snprintf(state, WAIT_STATE, "its blocks name no node");
		return 0;
	}
	if (!sysfs_read_u64(&target, DAX "/%s/target_node", a->r.dax) &&
	    target != (uint64_t)a->r.node)
		return fail(EIO,
			    "%s: its memory is on node %d, %s says node "
			    "%" PRIu64,
			    a->r.name, a->r.node, a->r.dax, target);
	total = meminfo_node(a->r.node, "MemTotal");
	snprintf(state, WAIT_STATE, "node %d has %s", a->r.node,
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
 * It may fail while the probes that add the memory are still under way. What
 * they add after the policy was put back would come into ZONE_NORMAL, and what
 * they add while the region is taken apart would be lost until reboot. So this
 * waits until they are done, also when the program is to end.
 */
static void settle_probes(struct region_work *w)
{
	uint64_t deadline = now_ns() + UNDO_TIMEOUT_NS;

	while (!probes_settled(w->id) && now_ns() < deadline)
		sleep_ns(WAIT_POLL_NS);
}

/*
 * Binds the region, with auto_online_blocks set so that kmem's memory comes
 * into ZONE_MOVABLE: in ZONE_NORMAL, where most distributions would put it,
 * kernel pages settle, and it can never be taken away again. The policy is
 * put back as soon as it has been applied, whatever happens; when all of us is
 * killed, by whoever takes the log back.
 */
static int bring_online(struct region_work *w, struct arrival *a)
{
	struct worst first = { 0 };
	struct undo_result restored;
	char policy[32], what[64];
	int err = sysfs_read(policy, sizeof(policy), AUTO_ONLINE);
	bool change;

	if (err < 0)
		return lacks(-err, "no " AUTO_ONLINE ": this kernel cannot "
				   "hotplug memory (CONFIG_MEMORY_HOTPLUG)");
	a->id = w->id;
	region_read(&a->r, a->id);
	snprintf(a->zone, sizeof(a->zone), "%s",
		 !w->spec->keep_zone	    ? "online_movable" :
		 !strcmp(policy, "offline") ? "online" :
					      policy);
	change = !w->spec->keep_zone && strcmp(policy, a->zone);
	err = change ? undo_begin("run") : 0;
	if (!err && change)
		err = undo_store(a->zone, AUTO_ONLINE);
	if (!err)
		err = enable(w);
	snprintf(what, sizeof(what), "the memory of %s", w->name);
	if (!err)
		err = wait_state(what, look_for_memory, a, w->timeout_ns);
	if (err) {
		worst_keep(&first, err, 1);
		if (!sysfs_exists(DAX_DRIVER) || !sysfs_exists(KMEM_DRIVER))
			first.status = STATUS_LACKS;
		settle_probes(w);
	}
	if (change && (err = undo_restore("run", &restored)))
		worst_keep(&first, err, 0);
	if (first.err)
		return worst_raise(&first);
	return wait_state(what, look_for_node, a, w->timeout_ns);
}

/* --- taking a region apart ------------------------------------------------ */

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
	return err ? err : region_check_blocks_gone(r);
}

/* The region's driver goes, and with it the dax region. */
static int disable(struct region_work *w)
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
static int reset(struct region_work *w)
{
	uint64_t committed;
	int err = sysfs_read_u64(&committed, CXL "/%s/commit", w->name);

	if (err || !committed)
		return err;
	err = stepped(w, "reset", cxl_region_decode_reset(w->region));
	return err ? err : shows(0, w->name, "commit");
}

/* Gives the capacity behind an endpoint decoder back. */
static int give_back(struct region_work *w, struct cxl_decoder *end)
{
	const char *name = cxl_decoder_get_devname(end);
	uint64_t held;
	int err = sysfs_read_u64(&held, CXL "/%s/dpa_size", name);

	if (err || !held)
		return err;
	err = stepped(w, "dpa_size", cxl_decoder_set_dpa_size(end, 0));
	return err ? err : shows(0, name, "dpa_size");
}

static int detach(struct region_work *w, int i)
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
static int take_apart(struct region_work *w)
{
	struct region r;
	int err;

	region_read(&r, w->id);
	if (r.online)
		return fail(EBUSY, "%s: memory is online", w->name);
	err = release_dax(&r, w->id);
	if (err)
		return err;
	err = disable(w);
	if (err)
		return err;
	err = region_check_blocks_gone(&r);
	if (err)
		return err;
	err = reset(w);
	for (int i = 0; i < r.nr_memdevs && !err; i++)
		err = detach(w, i);
	if (err)
		return err;
	err = stepped(w, "delete_region", cxl_region_delete(w->region));
	if (err)
		return err;
	if (sysfs_exists(CXL "/%s", w->name))
		return fail(EBUSY, "%s: deleted, but still there", w->name);
	w->region = NULL;
	return 0;
}

/* A creation failed: the machine shall be as it was. */
static int undo(struct region_work *w, int err)
{
	const struct region_effort effort = { UNDO_TIMEOUT_NS, false };
	struct worst why = { 0 };
	struct region r;

	worst_keep(&why, err, 1);
	region_read(&r, w->id);
	err = r.online ? region_take_offline(&r, &effort) : 0;
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
	return worst_raise(&why);
}

/* --- the verbs ------------------------------------------------------------ */

/* Is what sysfs shows at the end what was asked for? */
static int check_result(struct region_work *w, const struct region *r)
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

/*
 * A reservation that no region has, as yet, is in the log: who destroys the
 * region that was left of us would not find it.
 */
static int attach_all(struct region_work *w)
{
	int err = undo_begin("run");

	for (int i = 0; i < w->ways && !err; i++)
		err = attach(w, i);
	if (!err)
		undo_keep("run");
	return err;
}

static int make(struct region_work *w, struct region *out)
{
	const struct undo_state none = { 0 };
	struct undo_result restored;
	struct arrival a = { 0 };
	int err = create_empty(w);

	if (err)
		goto failed;
	err = give_shape(w);
	if (!err)
		err = attach_all(w);
	if (err)
		goto failed;
	err = commit(w);
	if (err)
		goto failed;
	err = bring_online(w, &a);
	if (err)
		goto failed;
	err = check_result(w, &a.r);
	if (err)
		goto failed;
	*out = a.r;
	return 0;

failed:
	if (w->region)
		err = undo(w, err);
	undo_back_to("run", &none, &restored);
	return err;
}

/* Is there something to make a region of, as the kernel sees it? */
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

int region_create(const struct region_spec *spec, struct region *out)
{
	struct region_work w = { .spec = spec, .timeout_ns = spec->timeout_ns };
	sigset_t before;
	int err;

	*out = (struct region){ .node = -1 };
	if (!w.timeout_ns)
		w.timeout_ns = REGION_WAIT_NS;
	if (spec->size % REGION_ALIGN)
		return misuse("the size of a CXL region is a multiple of 256 "
			      "MiB, %" PRIu64 " bytes are not",
			      spec->size);
	err = region_await_memdevs(w.timeout_ns);
	/* Another device may be broken; the named one is checked later. */
	if (err == -ETIMEDOUT && spec->memdev)
		err = 0;
	if (!err)
		err = check_devices();
	if (!err)
		err = open_library(&w);
	if (err)
		return err;
	err = region_choose(&w, out);
	if (!err) {
		wait_hold_signals(&before);
		err = make(&w, out);
		wait_release_signals(&before);
	}
	close_library(&w);
	return err;
}

int region_could_create(const char *memdev)
{
	const struct region_spec any = { 0 }, named = { .memdev = memdev };
	struct region_work w = { .spec = &any };
	struct region out;
	int err = open_library(&w);

	if (err)
		return err;
	if (region_choose(&w, &out)) {
		w.spec = &named;
		w.ways = 0;
		err = region_choose(&w, &out);
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
	return r->node < 0 ? 0 : region_check_room_elsewhere(r);
}

static struct cxl_region *find_in_library(struct region_work *w)
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

static int destroy(struct region_work *w, const struct region *r)
{
	const struct region_effort effort = { w->timeout_ns, true };
	sigset_t before;
	int err;

	w->region = find_in_library(w);
	if (!w->region)
		return fail(EIO, "libcxl does not see %s (libcxl: %s)", w->name,
			    w->said[0] ? w->said : "nothing");
	wait_hold_signals(&before);
	err = r->size ? region_take_offline(r, &effort) : 0;
	if (!err)
		err = take_apart(w);
	wait_release_signals(&before);
	return err;
}

int region_destroy(const char *name, uint64_t timeout_ns, bool dry_run,
		   bool yes)
{
	struct region_work w = { .timeout_ns = timeout_ns };
	struct region r;
	int err;

	if (!timeout_ns)
		w.timeout_ns = OFFLINE_TIMEOUT_NS;
	w.id = find_region(name);
	if (w.id < 0)
		return w.id;
	region_read(&r, w.id);
	snprintf(w.name, sizeof(w.name), "%s", r.name);
	err = check_destroyable(&r);
	if (!err && !yes)
		err = region_check_idle(&r);
	if (err || dry_run)
		return err;
	err = open_library(&w);
	if (err)
		return err;
	err = destroy(&w, &r);
	close_library(&w);
	return err;
}
