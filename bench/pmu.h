/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pmu.h - the accesses to each tier, as QEMU's plugin tier-pmu counts them.
 *
 * The plugin is asked by an instruction that does nothing on hardware, or in
 * an emulator without it (pmu_page.h). Its counts are of the whole machine;
 * differences between two readings are what is of use.
 */
#ifndef TIER_BENCH_PMU_H
#define TIER_BENCH_PMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/node_max.h"
#include "plugin/pmu_page.h"

struct pmu_counts {
	struct pmu_page page;
	bool known; /* false: there is no plugin */
};

/* What was asked last, and the answer if there was one. For tests. */
extern struct pmu_page pmu_asked;

/* Asks, in a page that begins where pages begin. */
static inline void pmu_put(struct pmu_page *page, enum pmu_question question,
			   uint64_t start, uint64_t end)
{
	page->word = PMU_ASKED;
	page->version = PMU_PAGE_VERSION;
	page->question = question;
	page->start = start;
	page->end = end;
#ifdef __x86_64__
	__asm__ volatile(PMU_ASK_INSN : : "D"(page) : "memory");
#endif
}

/* 0, or -ENOENT without the plugin; no message. One thread at a time. */
int pmu_read(struct pmu_counts *c);
int pmu_read_vcpu(struct pmu_counts *c, unsigned int vcpu); /* of one alone */
/* The number of that CPU in the plugin's counts, or -errno. */
int pmu_vcpu(int cpu);
/*
 * What this process executes on this CPU from now on, all of it or all but the
 * kernel's part, is left out of modelled time (modelled_time.h), until
 * PMU_LEAVE_END. Any thread may call it, with a page of its own, that begins
 * where pages begin; it is to stay on its CPU meanwhile.
 */
static inline void pmu_leave(struct pmu_page *page, uint64_t what)
{
	pmu_put(page, PMU_LEAVE, what, 0);
}
/*
 * From now on this process's accesses to there are counted as those to its
 * table; 0 bytes: to none. 0 or -ENOENT.
 */
int pmu_table(const void *base, uint64_t bytes);

/*
 * For so long, 2 s at most, nothing waits for the latencies that are injected:
 * to measure what an access takes all the same. 0: it is over. 0 or -ENOENT.
 */
int pmu_hold(uint64_t ns);

/*
 * How often user code missed in each of n frames (physical addresses / 4096),
 * of all processes, since it was asked of last; the answer is in their places.
 * page is the caller's, and begins where pages begin. 0, or -ENOENT: there is
 * no plugin, or it counts none by page (./build.sh run --heat); no message.
 */
int pmu_heat(struct pmu_heat *page, uint64_t *frames, size_t n);

/* The node that has the range's memory; -1: none, or not known. */
int pmu_node(const struct pmu_page_range *r);
/*
 * What is injected at that node, if anything is anywhere: true, and the range
 * of it with the greatest latency (one without any, if it has none).
 */
bool pmu_injected(int node, struct pmu_page_range *r);
/* What an access to that node's memory waits at most, seconds. */
double pmu_latency(int node);
/*
 * The share of the table's accesses, between two readings, that were near, and
 * those by node; NAN if there were none, or without the plugin. near is by
 * node.
 */
double pmu_shares(const struct pmu_counts *a, const struct pmu_counts *b,
		  const bool *near, double share[NODE_MAX]);
double pmu_near_share(const struct pmu_counts *a, const struct pmu_counts *b,
		      const bool *near);
/*
 * Record "pmu" and its table: of the timed part (t[0] to t[1]) and, in the
 * record, of the whole run (w[0] to w[1]). near is by node; NULL: there is no
 * table. Nothing without the plugin.
 */
void pmu_show(const struct pmu_counts t[2], const struct pmu_counts w[2],
	      const bool *near);

#endif
