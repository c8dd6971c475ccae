// SPDX-License-Identifier: GPL-2.0-only
/*
 * modelled_time.c - how fast the updates would be, by exact counts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/modelled_time.h"
#include "lib/alloc.h"
#include "lib/report.h"
#include "lib/text.h"

enum point { FIRST, BEFORE, NOW, NR_POINTS };

struct modelled_time {
	double instruction_ns;
	double range_ns[PMU_MAX_RANGES]; /* of a miss there */
	unsigned int threads, vcpus, taken;
	int *vcpu; /* by thread; NULL: not pinned */
	double *busy[NR_POINTS]; /* ns, by virtual CPU */
	uint64_t *done[NR_POINTS]; /* by thread */
};

/* What a CPU was busy with, ns. */
struct busy {
	double instructions[PMU_NR_WHO], misses[PMU_NR_WHO][PMU_MAX_RANGES];
	double part[PMU_NR_WHO], all, left;
};

static struct busy busy_with(const struct modelled_time *m,
			     const struct pmu_page *p)
{
	struct busy b = { .all = 0 };

	for (int w = 0; w < PMU_NR_WHO; w++) {
		b.left += (double)p->left[w] * m->instruction_ns;
		b.instructions[w] = (double)(p->instructions[w] - p->left[w]) *
				    m->instruction_ns;
		b.all += b.instructions[w];
		for (uint32_t r = 0; r < p->nr_ranges; r++) {
			const uint64_t *n = p->ranges[r].misses[w];
			const uint64_t *left = p->ranges[r].left[w];
			double out =
				(double)(left[PMU_LOADS] + left[PMU_STORES]);
			double all = (double)(n[PMU_LOADS] + n[PMU_STORES]);

			b.left += out * m->range_ns[r];
			b.misses[w][r] = (all - out) * m->range_ns[r];
			b.all += b.misses[w][r];
		}
		b.part[w] = b.all - (w ? b.part[0] : 0);
	}
	return b;
}

/* What is of no node (devices, firmware) is taken to be as near as it gets. */
static void set_ranges(struct modelled_time *m, const struct pmu_page *p,
		       const struct latency_model *latencies)
{
	for (uint32_t r = 0; r < p->nr_ranges; r++) {
		int node = pmu_node(&p->ranges[r]);

		m->range_ns[r] = node >= 0 && latencies->ns[node] > 0 ?
					 latencies->ns[node] :
					 latency_model_bound(latencies, false);
	}
}

struct modelled_time *modelled_time_new(const struct latency_model *latencies,
					double cpi, unsigned int threads,
					const int *cpus)
{
	struct modelled_time *m;
	struct pmu_counts c;

	if (pmu_read(&c) || !c.page.all || !c.page.models)
		return NULL;
	m = xcalloc(1, sizeof(*m));
	m->instruction_ns = cpi / MODELLED_GHZ;
	m->threads = threads;
	m->vcpus = c.page.vcpus;
	set_ranges(m, &c.page, latencies);
	for (int p = 0; p < NR_POINTS; p++) {
		m->busy[p] = xcalloc(m->vcpus, sizeof(**m->busy));
		m->done[p] = xcalloc(threads, sizeof(**m->done));
	}
	if (!cpus)
		return m;
	m->vcpu = xcalloc(threads, sizeof(*m->vcpu));
	for (unsigned int i = 0; i < threads; i++) {
		m->vcpu[i] = pmu_vcpu(cpus[i]);
		if (m->vcpu[i] >= 0 && (unsigned int)m->vcpu[i] < m->vcpus)
			continue;
		free(m->vcpu); /* not where it was to be: as if not pinned */
		m->vcpu = NULL;
		break;
	}
	return m;
}

void modelled_time_free(struct modelled_time *m)
{
	if (!m)
		return;
	for (int p = 0; p < NR_POINTS; p++) {
		free(m->busy[p]);
		free(m->done[p]);
	}
	free(m->vcpu);
	free(m);
}

void modelled_time_take(struct modelled_time *m, const uint64_t *done)
{
	struct pmu_counts c;

	if (!m)
		return;
	memcpy(m->busy[BEFORE], m->busy[NOW], m->vcpus * sizeof(double));
	memcpy(m->done[BEFORE], m->done[NOW], m->threads * sizeof(*done));
	for (unsigned int i = 0; i < m->vcpus; i++)
		if (!pmu_read_vcpu(&c, i))
			m->busy[NOW][i] = busy_with(m, &c.page).all;
	memcpy(m->done[NOW], done, m->threads * sizeof(*done));
	if (m->taken++)
		return;
	memcpy(m->busy[FIRST], m->busy[NOW], m->vcpus * sizeof(double));
	memcpy(m->done[FIRST], m->done[NOW], m->threads * sizeof(*done));
}

double modelled_time_rate(const struct modelled_time *m, bool whole)
{
	enum point from = whole ? FIRST : BEFORE;
	double rate = 0, done = 0, busy = 0;

	if (!m || m->taken < 2)
		return NAN;
	for (unsigned int i = 0; i < m->threads; i++) {
		double made = (double)(m->done[NOW][i] - m->done[from][i]);
		int v = m->vcpu ? m->vcpu[i] : 0;

		rate += made / (m->busy[NOW][v] - m->busy[from][v]) * 1e9;
		done += made;
	}
	for (unsigned int v = 0; v < m->vcpus; v++)
		busy += m->busy[NOW][v] - m->busy[from][v];
	return m->vcpu ? rate : done / (busy / m->vcpus) * 1e9;
}

/* ------------------------------------------------------------------ report */

REPORT_RECORD(
	modelled_record, "modelled", "time by the plugin's counts, timed part",
	"updates_per_s r the rate, without the emulator's speed\n"
	"instruction_ns r:ns of one\n"
	"busy_ns_per_update r:ns of a CPU, all that follow\n"
	"user_instructions|kernel_instructions r:ns of an update\n"
	"user_misses|kernel_misses.* r:ns of an update, by range of memory\n"
	"miss_ns.* r:ns of one\n"
	"left_out_s r of a CPU: flushes of TLBs, waiting for --rate\n");

static struct busy since(const struct modelled_time *m,
			 const struct pmu_counts t[2])
{
	struct busy a = busy_with(m, &t[0].page), b = busy_with(m, &t[1].page);
	const double *before = (const double *)&a;
	double *now = (double *)&b;

	for (size_t i = 0; i < sizeof(b) / sizeof(*now); i++)
		now[i] -= before[i];
	return b;
}

static void member_ranges(const char *key, const struct pmu_page *p,
			  const double *ns, double updates)
{
	report_open(key, '{');
	for (uint32_t r = 0; r < p->nr_ranges; r++)
		report_real(p->ranges[r].name, ns[r] / updates);
	report_close('}');
}

/* Both kinds of misses in each range: what an update has of them, ns. */
static void text_misses(const struct modelled_time *m, const struct pmu_page *p,
			const struct busy *b, double updates)
{
	struct textbuf text = { 0 };

	for (uint32_t r = 0; r < p->nr_ranges; r++) {
		double ns = b->misses[PMU_USER][r] + b->misses[PMU_KERNEL][r];

		if (ns / updates >= 0.05)
			buf_add(&text, ", %.1f of misses in %s (%.4g each)",
				ns / updates, p->ranges[r].name,
				m->range_ns[r]);
	}
	report_wrap("         ",
		    "         an update %.1f ns: %.1f of instructions (%.3g "
		    "each)%s; the kernel's part of both %.1f; left out "
		    "%.3g s of flushes and waiting",
		    b->all / updates,
		    (b->instructions[PMU_USER] + b->instructions[PMU_KERNEL]) /
			    updates,
		    m->instruction_ns, text.text ? text.text : "",
		    b->part[PMU_KERNEL] / updates, b->left / 1e9);
	buf_free(&text);
}

void modelled_time_show(const struct modelled_time *m,
			const struct pmu_counts t[2])
{
	const struct pmu_page *p = &t[1].page;
	double rate = modelled_time_rate(m, true), updates = 0;
	struct busy b;

	if (isnan(rate))
		return;
	b = since(m, t);
	for (unsigned int i = 0; i < m->threads; i++)
		updates += (double)(m->done[NOW][i] - m->done[FIRST][i]);
	report_begin(&modelled_record);
	report_real("updates_per_s", rate);
	report_real("instruction_ns", m->instruction_ns);
	report_real("busy_ns_per_update", b.all / updates);
	report_real("user_instructions", b.instructions[PMU_USER] / updates);
	report_real("kernel_instructions",
		    b.instructions[PMU_KERNEL] / updates);
	member_ranges("user_misses", p, b.misses[PMU_USER], updates);
	member_ranges("kernel_misses", p, b.misses[PMU_KERNEL], updates);
	member_ranges("miss_ns", p, m->range_ns, 1);
	report_real("left_out_s", b.left / 1e9);
	report_end();
	report_say("modelled %.4g M updates/s by counts, without the "
		   "emulator's speed\n",
		   rate / 1e6);
	text_misses(m, p, &b, updates);
}
