/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region.h - memdev to region to online NUMA node, and back, through libcxl.
 */
#ifndef TIER_CXL_REGION_H
#define TIER_CXL_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGION_NAME 32
#define REGION_MAX_TARGETS 16
/* What a region's size is a multiple of, for each of its memdevs. */
#define REGION_ALIGN (UINT64_C(256) << 20)

/* What to create; NULL and 0 mean "find it". */
struct region_spec {
	/*
	 * "mem0", its serial ("0x1"; memN depends on which probe was faster)
	 * or its PCI address; several for an interleaved region: "mem0,mem1".
	 */
	const char *memdev;
	const char *decoder; /* "decoder0.0", a root decoder */
	uint64_t size; /* bytes; 0: all of the memdevs */
	uint64_t granularity; /* bytes of the interleaving; 0: the window's */
	uint64_t timeout_ns; /* for each wait; 0: 10 s */
	bool keep_zone; /* online as auto_online_blocks says, not movable */
};

/*
 * A region as sysfs shows it (not as libcxl remembers it). What cannot be
 * read (no region0/resource for users, say) is 0, empty, or -1.
 */
struct region {
	char name[REGION_NAME]; /* "region0" */
	char decoder[REGION_NAME]; /* its root decoder */
	char memdevs[REGION_MAX_TARGETS][REGION_NAME];
	uint64_t serials[REGION_MAX_TARGETS];
	int nr_memdevs; /* = interleave ways */
	uint64_t start, size; /* physical; bytes */
	uint64_t granularity; /* interleave granularity, bytes */
	uint64_t online; /* bytes online in its node, from memory blocks */
	uint64_t movable; /* of these, bytes in ZONE_MOVABLE */
	int node; /* NUMA node, -1: none yet */
	int target; /* the node that its dax device is for, -1: not said */
	bool committed;
	/*
	 * No region, but a dax device of memory that the firmware set aside
	 * ("soft reserved"), as of CXL 1.1 cards, or of persistent memory
	 * (NVDIMMs): name is the device's.
	 */
	bool is_soft;
	bool is_pmem; /* of these: it is persistent memory */
	bool is_ram; /* system RAM: bound to kmem, or online without dax */
	char dax[REGION_NAME]; /* "dax0.0", empty if none */
	char driver[REGION_NAME]; /* its driver, "kmem"; empty if none */
};

struct region_devices {
	int memdevs;
	int free_memdevs; /* volatile capacity and no region yet */
	int without_ram; /* persistent only: no region of RAM for these */
};

/*
 * Waits until the memdevs that the PCI bus promises have been probed (polls,
 * at most timeout_ns), then counts them. 0 or -errno with fail() or lacks().
 * A machine without CXL is 0 with memdevs 0.
 */
int region_devices(struct region_devices *devices, uint64_t timeout_ns);

/*
 * Creates a RAM region as "cxl create-region -t ram" does, waits for the dax
 * device and its driver, makes the memory online (movable), waits until the
 * node has it, and reads everything back from sysfs into *out. Leaves nothing
 * behind when it fails, also when SIGINT, SIGTERM or SIGHUP arrive meanwhile
 * (-EINTR; they are delivered before it returns). A memdev that has a region
 * already: -EEXIST with *out filled in (the caller uses it).
 */
int region_create(const struct region_spec *spec, struct region *out);

/*
 * Would region_create() find something to make a region of, nothing being named?
 * Looks only. 0, or -errno with what it would say if the memdev were named.
 */
int region_could_create(const char *memdev);

/* All regions, *regions to be freed. How many, or -errno with the message. */
int region_list(struct region **regions);
/* Behind them the dax devices without a region, in their order. */
int region_list_all(struct region **regions);

/*
 * The PCI devices of the class "CXL memory device", whether a driver has them
 * or not, and the root decoders: names, each ended by a newline; to be freed.
 */
char *region_pci_devices(void);
char *region_root_decoders(void);

/* The id of the endpoint port of a memdev ("mem0"); -1: it has none yet. */
int region_endpoint(const char *memdev);

/*
 * Takes every block of the region's memory offline, verifies that, and only
 * then unbinds, resets and deletes the region (doing so with memory online
 * would leak the range until reboot). name is "region0". With dry_run nothing
 * is done but the checks. 0, or -errno with the message: -EBUSY when memory
 * stays online (nothing else was touched then, and the blocks that went offline
 * are brought back) or, without yes, when programs use it. timeout_ns (0: 60 s)
 * is for each block: moving 128 MiB elsewhere takes a while. SIGINT, SIGTERM
 * and SIGHUP end it between two blocks, likewise (-EINTR).
 */
int region_destroy(const char *name, uint64_t timeout_ns, bool dry_run,
		   bool yes);

#endif
