// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_create.c - tier region create: CXL memory devices become online NUMA nodes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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
	if (arg[0] == '-')
		return option_bad("--memdev", arg,
				  "name devices, e.g. mem0 or mem0,mem1");
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

/* cxl create-region's words for what here follows from the devices. */
static int set_type(struct plan *p, const char *arg)
{
	(void)p;
	return !strcmp(arg, "ram") ?
		       0 :
		       option_bad("--type", arg, "regions here are of ram");
}

static int set_ways(struct plan *p, const char *arg)
{
	return option_positive("--ways", arg, REGION_MAX_TARGETS,
			       &p->region.ways);
}

static int set_granularity(struct plan *p, const char *arg)
{
	uint64_t *bytes = &p->region.granularity;

	if (parse_size(arg, bytes) || *bytes < 256 || *bytes > 16384 ||
	    *bytes & (*bytes - 1))
		return option_bad("--granularity", arg,
				  "give 256, 512, ... or 16384");
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
	{ "type", "ram", set_type, "cxl's word: nothing else is made here",
	  't' },
	{ "ways", "N", set_ways, "cxl's word: as many devices as are named",
	  'w' },
	{ "granularity", "BYTES", set_granularity,
	  "of the interleaving (the window's)", 'g' },
	{ "auto", NULL, set_auto,
	  "every device that has no region yet; none is no error" },
	{ 0 },
};

static int create_one(const struct region_plan *p)
{
	struct region_spec spec = { .memdev = p->memdev,
				    .decoder = p->decoder,
				    .size = p->size,
				    .granularity = p->granularity,
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

/* "mem0 mem1", as cxl has them, are what "--memdev mem0,mem1" are. */
static int take(struct plan *plan, int n, char **operand)
{
	struct region_plan *p = &plan->region;
	size_t len = p->memdev ? strlen(p->memdev) : 0;
	uint64_t named = 0;

	if (n)
		snprintf(p->memdevs, sizeof(p->memdevs), "%s",
			 len ? p->memdev : "");
	for (int i = 0; i < n && len < sizeof(p->memdevs); i++) {
		if (option_device("region create", operand[i], "mem"))
			return -EINVAL;
		len += (size_t)snprintf(p->memdevs + len,
					sizeof(p->memdevs) - len, "%s%s",
					len ? "," : "", operand[i]);
	}
	if (n)
		p->memdev = p->memdevs;
	for (const char *c = p->memdev; c && *c; c++)
		named += c == p->memdev || *c == ',';
	if (len >= sizeof(p->memdevs) ||
	    (p->ways && p->ways != named && (named || p->ways > 1)))
		return misuse(
			"region create: name as many devices as --ways says, e.g. --memdev mem0,mem1");
	return 0;
}

const struct verb verb_region_create = {
	.name = "region create",
	.operands = "[MEMDEV]...",
	.summary = "make a CXL memory device an online NUMA node",
	.flags = VERB_HEADER | VERB_REGIONS | VERB_CHANGES,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
