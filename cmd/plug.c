// SPDX-License-Identifier: GPL-2.0-only
/*
 * plug.c - tier plug: an emulated CXL memory device comes, and becomes a node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/show.h"
#include "cmd/verbs.h"
#include "cxl/region.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/host_port.h"
#include "sysfs.h"

#define CXL "/sys/bus/cxl/devices"
/* The kernel waits five seconds for the button to be pressed again. */
#define ARRIVAL_NS (UINT64_C(60) * 1000000000)
/* As region create has it. */
#define REGION_NS (UINT64_C(15) * 1000000000)

struct arrival {
	uint64_t serial;
	char memdev[24];
};

/* Its memdev, when all of its probes are through. */
static int look_for_memdev(void *arg, char state[static WAIT_STATE])
{
	struct arrival *a = arg;
	int *ids, n = sysfs_ids(&ids, "mem", CXL), found = 0;
	uint64_t serial;

	snprintf(state, WAIT_STATE, "it is not on the CXL bus");
	for (int i = 0; i < n && !found; i++) {
		if (sysfs_read_u64(&serial, CXL "/mem%d/serial", ids[i]) ||
		    serial != a->serial)
			continue;
		snprintf(a->memdev, sizeof(a->memdev), "mem%d", ids[i]);
		snprintf(state, WAIT_STATE, "%s has no endpoint", a->memdev);
		found = region_endpoint(a->memdev) >= 0;
	}
	if (n > 0)
		free(ids);
	return found;
}

static int work(const struct plan *plan)
{
	struct host_port_device device;
	struct arrival a = { 0 };
	struct region_spec spec = { .memdev = a.memdev,
				    .timeout_ns = REGION_NS };
	uint64_t begin = now_ns();
	struct region region;
	int err = host_port_look(plan->device, &device);

	if (!err)
		err = host_port_plug(plan->device);
	if (err)
		return err;
	a.serial = strtoull(device.serial, NULL, 0);
	err = wait_state(plan->device, look_for_memdev, &a, ARRIVAL_NS);
	if (!err)
		err = region_create(&spec, &region);
	if (!err)
		show_region(&region, (double)(now_ns() - begin) / 1e9);
	return err;
}

static int take(struct plan *plan, int n, char **operand)
{
	if (n != 1)
		return misuse(
			"plug needs the device's name in the topology, e.g. cxl1");
	plan->device = operand[0];
	return 0;
}

const struct verb verb_plug = {
	.name = "plug",
	.operands = "DEVICE",
	.summary = "let an emulated CXL device come, and make it a node",
	.notes =
		"DEVICE is an id of the topology that ./build.sh run has booted, such as cxl1.\n"
		"Elsewhere there is nobody to plug it: region create makes a node of a device\n"
		"that is there.\n",
	.flags = VERB_HEADER | VERB_CHANGES,
	.take = take,
	.work = work,
};
