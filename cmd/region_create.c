// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_create.c - tier region create: CXL memory devices become online NUMA nodes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <errno.h>
#include <limits.h>

#include "cmd/show.h"
#include "cmd/verb.h"
#include "cmd/verbs.h"
#include "cxl/region.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"

/* Probes of CXL devices end within 0.3 s here; a busy machine gets more. */
#define TIMEOUT_NS (UINT64_C(15) * 1000000000)

static int set_memdev(struct plan *p, const char *arg)
{
	/* What it names is asked of the devices there are: region.c. */
	p->region.memdev = arg;
	return *arg ? 0 :
		      option_bad("--memdev", "''", "name a device, e.g. mem0");
}

static int set_decoder(struct plan *p, const char *arg)
{
	p->region.decoder = arg;
	return option_device("--decoder", arg, "decoder");
}

static int set_size(struct plan *p, const char *arg)
{
	if (parse_size(arg, &p->region.size) || !p->region.size)
		return option_bad("--size", arg,
				  "give a size such as 512M or 2G");
	return 0;
}

static int set_auto(struct plan *p, const char *arg)
{
	(void)arg;
	p->region.unassigned = true;
	return 0;
}

static const struct verb_option options[] = {
	{ "memdev", "NAME", set_memdev,
	  "by name, serial (0x1) or PCI address; a,b interleaves", 'm' },
	{ "decoder", "NAME", set_decoder,
	  "the root decoder (default: the one that reaches it)", 'd' },
	{ "size", "SIZE", set_size,
	  "of the region, a multiple of 256M (all of the device)", 's' },
	{ "auto", NULL, set_auto,
	  "every device that has no region yet; none is no error" },
	{ 0 },
};

static int create_one(const struct region_plan *p)
{
	struct region_spec spec = { .memdev = p->memdev,
				    .decoder = p->decoder,
				    .size = p->size,
				    .timeout_ns = TIMEOUT_NS };
	uint64_t begin = now_ns();
	struct region region;
	int err = region_create(&spec, &region);

	if (err && err != -EEXIST)
		return err;
	show_region(&region, err ? -1 : (double)(now_ns() - begin) / 1e9);
	/* One that is there already is used, if it is of any use. */
	if (err && region.online < region.size)
		return err;
	if (err)
		report_say("         %s; it is used as it is\n",
			   fail_message());
	return 0;
}

/* --auto: all memdevs that have no region; a machine without any is fine. */
static int create_unassigned(const struct region_plan *p)
{
	struct region_devices devices;
	int err = region_devices(&devices, TIMEOUT_NS), before = INT_MAX;

	if (!err && devices.without_ram && !devices.free_memdevs)
		report_say("region   %d CXL device%s without volatile memory: "
			   "no region of RAM for them\n",
			   devices.without_ram,
			   devices.without_ram > 1 ? "s" : "");
	/* An interleaved region takes several at once. */
	while (!err && devices.free_memdevs && devices.free_memdevs < before) {
		before = devices.free_memdevs;
		err = create_one(p);
		if (!err)
			err = region_devices(&devices, TIMEOUT_NS);
	}
	return err;
}

static int work(const struct plan *plan)
{
	return plan->region.unassigned ? create_unassigned(&plan->region) :
					 create_one(&plan->region);
}

const struct verb verb_region_create = {
	.name = "region create",
	.operands = "",
	.summary = "make a CXL memory device an online NUMA node",
	.flags = VERB_HEADER | VERB_REGIONS | VERB_CHANGES,
	.options = (const struct verb_option *const[]){ options, NULL },
	.work = work,
};
