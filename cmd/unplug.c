// SPDX-License-Identifier: GPL-2.0-only
/*
 * unplug.c - tier unplug: an emulated CXL memory device gives up its memory, and
 * goes.
 */
#include <errno.h>
#include <stdlib.h>

#include "cmd/verbs.h"
#include "cxl/region.h"
#include "lib/error.h"
#include "lib/report.h"
#include "mm/host_port.h"

/* The kernel waits five seconds for the button to be pressed again. */
#define LEAVE_NS (UINT64_C(60) * 1000000000)

static bool has_device(const struct region *r, uint64_t serial)
{
	for (int i = 0; i < r->nr_memdevs; i++)
		if (r->serials[i] == serial)
			return true;
	return false;
}

/* All regions that have memory of it: others' of an interleaved one as well. */
static int destroy_regions(uint64_t serial)
{
	struct region *regions;
	int n = region_list(&regions), err = 0;

	for (int i = n; i-- > 0 && !err;) {
		if (!has_device(&regions[i], serial))
			continue;
		err = region_destroy(regions[i].name, 0, false, true);
		if (!err)
			report_say("region   %s: destroyed\n", regions[i].name);
	}
	if (n > 0)
		free(regions);
	return n < 0 ? n : err;
}

static int work(const struct plan *plan)
{
	struct host_port_device device;
	int err = host_port_look(plan->device, &device);

	if (!err && !device.plugged)
		err = fail(ENODEV, "unplug %s: it is not plugged",
			   plan->device);
	if (!err)
		err = destroy_regions(strtoull(device.serial, NULL, 0));
	if (!err)
		err = host_port_unplug(plan->device, LEAVE_NS);
	if (!err)
		report_say("device   %s has gone\n", plan->device);
	return err;
}

static int take(struct plan *plan, int n, char **operand)
{
	if (n != 1)
		return misuse(
			"unplug needs the device's name in the topology, e.g. cxl1");
	plan->device = operand[0];
	return 0;
}

const struct verb verb_unplug = {
	.name = "unplug",
	.operands = "DEVICE",
	.summary = "move an emulated device's memory away, and take it out",
	.notes =
		"DEVICE is an id of the topology that ./build.sh run has booted, such as cxl0.\n"
		"Its region is destroyed first, as by region destroy --yes.\n",
	.flags = VERB_CHANGES,
	.take = take,
	.work = work,
};
