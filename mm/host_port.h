/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host_port.h - ports of an emulated machine's virtio-serial device, by name, and
 * the one named "host": whoever emulates the machine answers questions there.
 * ./build.sh run does (initramfs/watch.py).
 */
#ifndef TIER_MM_HOST_PORT_H
#define TIER_MM_HOST_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Opens the port of that name, never to wait on; flags: of open(2). -1: none. */
int host_port_open(const char *name, int flags);

/*
 * A device of the machine: "cxl0". serial: of a CXL memory device, "0x1", as
 * the machine has it; plugged: it is there now.
 */
#define HOST_PORT_SERIAL 24
struct host_port_device {
	char serial[HOST_PORT_SERIAL];
	bool plugged;
};

/*
 * What is known of it; plugs it into its port; takes it out, which the kernel
 * has to agree to within timeout_ns. 0, or -errno with the message: lacks()
 * without a host that answers.
 */
int host_port_look(const char *device, struct host_port_device *d);
int host_port_plug(const char *device);
int host_port_unplug(const char *device, uint64_t timeout_ns);

#endif
