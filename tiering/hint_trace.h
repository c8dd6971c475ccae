/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hint_trace.h - what NUMA balancing saw: each hint fault's latency, which it
 * goes by, and where each page went, in their order.
 *
 * No tracepoint has the latency. It is the time from when the scan closed the
 * page to the fault, which the kernel keeps in the folio and exchanges in
 * folio_xchg_last_cpupid(): a probe of that function's return (tracefs,
 * CONFIG_KPROBE_EVENTS) sees what the kernel sees, once a fault. A migration
 * passes there, too, first with the old folio, then with the new one.
 *
 * Of kernels of 6.9 and newer, with kernel.numa_balancing 2, and while DRAM has
 * no 1 GiB free: with that much the kernel promotes without looking. Of a large
 * folio it is the first page's.
 *
 * Source: folio_xchg_access_time() and numa_hint_fault_latency(),
 * folio_migrate_flags(); Documentation/trace/kprobetrace.rst.
 */
#ifndef TIER_TIERING_HINT_TRACE_H
#define TIER_TIERING_HINT_TRACE_H

struct hint_trace;

/*
 * From now on; after undo_begin(). NULL, with a message that is not to be shown,
 * where the kernel has no such function or does not let us.
 */
struct hint_trace *hint_trace_open(void);
/* Record "hint_view": what came since the one before. */
void hint_trace_view(struct hint_trace *t, double t_s);
void hint_trace_close(struct hint_trace *t);

#endif
