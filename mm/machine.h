/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h - what machine this is: for the report, and so that emulated time
 * is called emulated.
 */
#ifndef TIER_MM_MACHINE_H
#define TIER_MM_MACHINE_H

#include <stdbool.h>

#define MACHINE_TEXT 128

/*
 * What cannot be read is empty, false or 0. With --root it is the tree's: what
 * that does not say is not this machine's either.
 */
struct machine {
	char kernel[MACHINE_TEXT]; /* "Linux 6.12.107+deb13-cloud-amd64 x86_64" */
	char cpu[MACHINE_TEXT]; /* model name */
	char firmware[MACHINE_TEXT]; /* vendor and product: "QEMU pc-q35-11.1" */
	bool emulated; /* by QEMU's TCG: time and speed are the emulator's */
	bool hypervisor; /* CPUID says that the machine is a virtual one */
	bool qemu; /* QEMU emulates it, or runs it as a virtual machine */
	/* Of QEMU's machine type: 11 and 1 of "pc-q35-11.1"; 0: it has none. */
	unsigned int qemu_major, qemu_minor;
	int cpus; /* online */
	double uptime_s; /* since its start; NAN: not said */
};

void machine_read(struct machine *m);

#endif
