/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pmu_page.h - the page in which a guest asks QEMU's plugin tier-pmu for its
 * counters, and in which the plugin answers. Both are built from this file.
 *
 * The guest writes a question into a page of its own, puts the page's address
 * into RDI and executes PMU_ASK_INSN: a no-op of several bytes, with an
 * address that nothing is read from, which all x86-64 processors know and
 * none does anything for. The plugin recognises its displacement when QEMU
 * translates it. A page that stays as it was means: there is no plugin.
 */
#ifndef TIER_PMU_PAGE_H
#define TIER_PMU_PAGE_H

#include <stddef.h>
#include <stdint.h>

/* nopl "tier"(%rdi): the displacement is the four letters. */
#define PMU_ASK_INSN "nopl 0x72656974(%%rdi)"
#define PMU_ASK_BYTES 0x0f, 0x1f, 0x87, 0x74, 0x69, 0x65, 0x72

#define PMU_PAGE_BYTES 4096
#define PMU_PAGE_VERSION 4
/* The page's first word: a question without it is not answered. */
#define PMU_ASKED UINT64_C(0x3f756d7072656974) /* "tierpmu?" */
#define PMU_TOLD UINT64_C(0x21756d7072656974) /* "tierpmu!" */

enum pmu_question {
	/*
	 * start: 0, or of one virtual CPU alone its number + 1. end: not 0, the
	 * time now, ns: an interval of the pages' heat ends here, too.
	 */
	PMU_READ,
	/*
	 * From now on the user accesses of the asking process to [start, end)
	 * are counted as those to its table, too; 0, 0: to none. With
	 * scope=process the process's accesses begin to count.
	 */
	PMU_TABLE,
	/*
	 * For start nanoseconds from now, PMU_HOLD_MAX_NS at most, no miss of
	 * any CPU waits: what it takes all the same is the emulator's. It ends
	 * by itself, should the asker not live to end it: with 0.
	 */
	PMU_HOLD,
	/*
	 * From now on what this process executes on this virtual CPU is left
	 * out: all of it, or (PMU_LEAVE_USER) all but the kernel's part; start 0
	 * ends it. It goes on counting, and is counted as left out, too. The
	 * answer is the first word alone.
	 */
	PMU_LEAVE,
	/*
	 * struct pmu_heat: how often user code missed in each of start frames.
	 * The answer's end is 1, or 0 without the option heat.
	 */
	PMU_HEAT,
};

enum { PMU_LEAVE_END, PMU_LEAVE_ALL, PMU_LEAVE_USER };

#define PMU_HOLD_MAX_NS UINT64_C(2000000000)

#define PMU_NAME_BYTES 16
#define PMU_LINE_BYTES 64 /* of the modelled cache, and of a link */
#define PMU_MAX_RANGES 15

enum pmu_who { PMU_USER, PMU_KERNEL, PMU_NR_WHO };
enum pmu_kind { PMU_LOADS, PMU_STORES, PMU_NR_KINDS };

/* Of all virtual CPUs together, since the machine was started. */
struct pmu_page_range {
	char name[PMU_NAME_BYTES]; /* "other": in no range; always the first */
	uint64_t start; /* physical, of its first part */
	uint32_t latency_ns[PMU_NR_KINDS]; /* 0: none is injected */
	uint64_t bandwidth; /* bytes a second; 0: without limit */
	/* Accesses; of the user's those to the table. */
	uint64_t count[PMU_NR_WHO][PMU_NR_KINDS];
	uint64_t table[PMU_NR_KINDS];
	/* Of the modelled cache; and of these what was left out */
	uint64_t misses[PMU_NR_WHO][PMU_NR_KINDS];
	uint64_t left[PMU_NR_WHO][PMU_NR_KINDS];
	uint64_t writebacks; /* of its changed lines */
	uint64_t asked_ns; /* to be waited in all; */
	uint64_t waited_ns; /* what was waited */
};

struct pmu_page {
	uint64_t word; /* PMU_ASKED, then PMU_TOLD */
	uint32_t question; /* enum pmu_question */
	uint32_t version; /* PMU_PAGE_VERSION, by either side */
	uint64_t start, end; /* by the question */
	/* The answer */
	uint32_t nr_ranges;
	uint32_t vcpus;
	uint32_t all; /* 0: of user code alone, or of the asking process */
	uint32_t models; /* are misses modelled? 0: accesses are counted only */
	uint32_t waits; /* does any miss wait? */
	uint32_t asker; /* the virtual CPU that asked */
	uint64_t cache_bytes; /* the modelled cache; 0: none */
	uint64_t flushes; /* of what the plugin knows of the page tables */
	/* What the plugin itself takes for a miss, waiting or not, and what
	 * the calibration found wrong with a wait of 250 ns; nanoseconds. */
	double own_ns, error_ns;
	/*
	 * Instructions, whatever the scope is, a block of code at a time: one
	 * that a fault ends counts as a whole; and of these those left out.
	 */
	uint64_t instructions[PMU_NR_WHO], left[PMU_NR_WHO];
	struct pmu_page_range ranges[PMU_MAX_RANGES];
};

/* Question and answer of PMU_HEAT: begins as a pmu_page does */
struct pmu_heat {
	uint64_t word;
	uint32_t question, version;
	uint64_t start, end;
	/*
	 * Physical addresses / 4096; in their places, the counts since each was
	 * asked of last: its misses or accesses, as the option heat-of says, of
	 * the page of 2 MiB around it, if these are counted.
	 */
	uint64_t frames[508];
};

#define PMU_HEAT_MAX (sizeof(((struct pmu_heat *)0)->frames) / 8)

_Static_assert(sizeof(struct pmu_page) <= PMU_PAGE_BYTES, "one page");
_Static_assert(sizeof(struct pmu_heat) == PMU_PAGE_BYTES, "one page");
_Static_assert(offsetof(struct pmu_heat, frames) ==
		       offsetof(struct pmu_page, nr_ranges),
	       "their heads are one");

#endif
