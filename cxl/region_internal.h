/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region_internal.h - what the parts of region.c share, and nobody else.
 */
#ifndef TIER_CXL_REGION_INTERNAL_H
#define TIER_CXL_REGION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cxl/region.h"

#define CXL "/sys/bus/cxl/devices"
#define DAX "/sys/bus/dax/devices"

#define REGION_WAIT_NS UINT64_C(10000000000)

struct cxl_ctx;
struct cxl_decoder;
struct cxl_memdev;
struct cxl_region;

/* A region in the making, or being taken apart. */
struct region_work {
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

/* --- region_sysfs.c -------------------------------------------------------- */

/* region<id>, as far as it can be read. */
void region_read(struct region *r, int id);
/* Of it the dax device, and the driver that has that. */
void region_read_dax(struct region *r, int id);
/* Which region has capacity of the memdev behind this endpoint? */
bool region_of_endpoint(int endpoint, char name[static REGION_NAME]);
/* Until the memdevs that the PCI bus promises are there; as region_devices(). */
int region_await_memdevs(uint64_t timeout_ns);

/* --- region_choose.c ------------------------------------------------------ */

/*
 * Sets memdevs, ends, ways, size and root of *w, as far as w->spec leaves them
 * open. -EEXIST: that memdev has a region, which is *out; else -errno with the
 * reason of the candidate that came nearest.
 */
int region_choose(struct region_work *w, struct region *out);

#define DEVICE_TEXT 96
/* "mem0 (serial 0x1, 0000:35:00.0)": mem0 may be another one next time. */
const char *region_device_text(char buf[static DEVICE_TEXT],
			       struct cxl_memdev *memdev);

/* --- region_offline.c ----------------------------------------------------- */

/* How hard to try to take memory offline. */
struct region_effort {
	uint64_t timeout_ns; /* for each block */
	bool stoppable; /* by SIGINT, SIGTERM, SIGHUP, which are held */
};

/*
 * All blocks of the region go offline (0), or those that went come back, each
 * to the zone it was in (-errno, with fail()).
 */
int region_take_offline(const struct region *r,
			const struct region_effort *effort);
/* Nothing of the region's memory is known to the kernel any more: 0. */
int region_check_blocks_gone(const struct region *r);
/*
 * Does what programs have of the region's node, as far as it cannot stay
 * there, fit elsewhere? Else -EBUSY: the kernel would fill the other nodes to
 * the brim, and then kill whoever wants memory next. Page cache can be
 * dropped, and does not count.
 */
int region_check_room_elsewhere(const struct region *r);
/*
 * Nobody has memory there, and no pool of huge pages is: 0. Else, and when it
 * cannot be told, -EBUSY with the message, which names --yes.
 */
int region_check_idle(const struct region *r);

#endif
