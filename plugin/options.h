/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - what tier-pmu is told on QEMU's command line, after
 * "-plugin tier-pmu.so,":
 *
 *	NAME=START-END		a range of physical memory; END is the first
 *				byte behind it; both multiples of 4096, below
 *				512 GiB. The same NAME again: one more part.
 *	latency=TIME		of the last NAME: what a miss there waits
 *				(1ns to 1ms); loads and stores
 *	store-latency=TIME	of the last NAME: stores that miss
 *	bandwidth=SIZE		of the last NAME: bytes a second, all CPUs
 *	scope=all|user|process	whose accesses: default all
 *	llc=SIZE|off		the modelled cache, default: 2M
 *	llc-shared=on|off	one cache for all CPUs; default: one each
 *	record=FILE		the totals as JSON, when QEMU ends
 *	heat=FILE		user code by page of memory: see heat.h
 *	heat-interval=TIME|rows	each TIME (1ms to 3600s; default 1s) and when the
 *				guest reads its counters, or only then
 *	heat-grain=4k|2m	the pages: default 4k
 *	heat-of=misses|accesses	of the modelled cache (default), or all
 *	heat-apart=on|off	loads and stores apart; default: off
 */
#ifndef TIER_PLUGIN_OPTIONS_H
#define TIER_PLUGIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "plugin/pmu_page.h"

#define OPTIONS_MAX_PARTS 64
#define OPTIONS_LINE PMU_LINE_BYTES

enum options_scope { SCOPE_ALL, SCOPE_USER, SCOPE_PROCESS };

struct options_range {
	char name[PMU_NAME_BYTES];
	uint32_t latency_ns[PMU_NR_KINDS]; /* 0: none */
	uint64_t bandwidth; /* 0: without limit */
};

struct options_part {
	uint64_t start, end;
	unsigned int range;
};

struct options {
	enum options_scope scope;
	uint64_t llc_bytes; /* 0: no cache is modelled */
	bool llc_shared;
	const char *record, *heat; /* into argv; NULL: none */
	uint64_t heat_ns; /* 0: only when the guest reads its counters */
	unsigned int heat_shift; /* of a page's bytes */
	bool heat_accesses; /* not only the misses */
	bool heat_apart; /* loads and stores */
	struct options_range ranges[PMU_MAX_RANGES]; /* [0]: all other */
	unsigned int nr_ranges;
	struct options_part parts[OPTIONS_MAX_PARTS]; /* ascending */
	unsigned int nr_parts;
	bool slow; /* some range has a latency or a bandwidth */
};

/* False, with a message on standard error: what is wrong, what to give. */
bool options_parse(struct options *o, int argc, char **argv);

#endif
