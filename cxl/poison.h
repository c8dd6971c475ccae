/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * poison.h - what of a CXL device's memory is poisoned, as the device says.
 *
 * The list has no file: the device is asked for it by a memdev's
 * trigger_poison_list, and each entry comes as the trace event cxl_poison. It
 * is read in a tracing instance of its own, which nobody else sees.
 */
#ifndef TIER_CXL_POISON_H
#define TIER_CXL_POISON_H

#include <stdint.h>

struct poison {
	unsigned int entries; /* ranges */
	uint64_t bytes; /* of all */
	char memdev[24]; /* of the first */
	uint64_t dpa; /* its address in the device */
	char source[24]; /* "Injected", "Internal", ... */
};

/* Adds the events in the text of a trace. */
void poison_parse(struct poison *p, const char *trace);

/* Asks memN; 0, or -errno with the message: root alone may. */
int poison_read(struct poison *p, int memdev);

#endif
