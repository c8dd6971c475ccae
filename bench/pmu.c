// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmu.c - the accesses to each tier, as QEMU's plugin tier-pmu counts them.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "bench/pmu.h"
#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/memory_block.h"

/* ------------------------------------------------------------- the question */

/* The plugin finds the page by its virtual address, while it is here. */
struct pmu_page pmu_asked __attribute__((aligned(PMU_PAGE_BYTES)));

static int ask(enum pmu_question question, uint64_t start, uint64_t end)
{
	memset(&pmu_asked, 0, sizeof(pmu_asked));
	pmu_put(&pmu_asked, question, start, end);
	return pmu_asked.word == PMU_TOLD &&
			       pmu_asked.version == PMU_PAGE_VERSION &&
			       pmu_asked.nr_ranges <= PMU_MAX_RANGES ?
		       0 :
		       -ENOENT;
}

static int read_counts(struct pmu_counts *c, uint64_t which, uint64_t at_ns)
{
	int err = ask(PMU_READ, which, at_ns);

	c->known = !err;
	if (c->known)
		c->page = pmu_asked;
	return err;
}

int pmu_read(struct pmu_counts *c)
{
	return read_counts(c, 0, now_ns());
}

int pmu_read_vcpu(struct pmu_counts *c, unsigned int vcpu)
{
	return read_counts(c, (uint64_t)vcpu + 1, 0);
}

int pmu_vcpu(int cpu)
{
	cpu_set_t all, one;
	int err;

	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	if (sched_getaffinity(0, sizeof(all), &all) ||
	    sched_setaffinity(0, sizeof(one), &one))
		return -errno;
	err = ask(PMU_READ, 0, 0);
	sched_setaffinity(0, sizeof(all), &all);
	return err ? err : (int)pmu_asked.asker;
}

int pmu_table(const void *base, uint64_t bytes)
{
	uint64_t start = (uintptr_t)base;

	return ask(PMU_TABLE, start, start + bytes);
}

int pmu_hold(uint64_t ns)
{
	return ask(PMU_HOLD, ns, 0);
}

int pmu_heat(struct pmu_heat *page, uint64_t *frames, size_t n)
{
	size_t from = 0, some;

	/* Also of none: is there an answer? */
	do {
		some = n - from < PMU_HEAT_MAX ? n - from : PMU_HEAT_MAX;
		memcpy(page->frames, frames + from, some * sizeof(*frames));
		/* Their heads are one. */
		pmu_put((struct pmu_page *)page, PMU_HEAT, some, 0);
		if (page->word != PMU_TOLD ||
		    page->version != PMU_PAGE_VERSION || page->end != 1)
			return -ENOENT;
		memcpy(frames + from, page->frames, some * sizeof(*frames));
		from += some;
	} while (from < n);
	return 0;
}

/* ----------------------------------------------------------- nodes, shares */

int pmu_node(const struct pmu_page_range *r)
{
	return r->name[0] && strcmp(r->name, "other") ?
		       memory_block_node_at(r->start) :
		       -1;
}

static uint32_t longest(const struct pmu_page_range *r)
{
	return r->latency_ns[PMU_LOADS] > r->latency_ns[PMU_STORES] ?
		       r->latency_ns[PMU_LOADS] :
		       r->latency_ns[PMU_STORES];
}

bool pmu_injected(int node, struct pmu_page_range *r)
{
	bool any = false;

	*r = (struct pmu_page_range){ 0 };
	if (ask(PMU_READ, 0, 0))
		return false;
	for (uint32_t i = 0; i < pmu_asked.nr_ranges; i++) {
		const struct pmu_page_range *p = &pmu_asked.ranges[i];

		any |= longest(p) || p->bandwidth;
		if (pmu_node(p) == node &&
		    (!r->name[0] || longest(p) > longest(r)))
			*r = *p;
	}
	return any;
}

double pmu_latency(int node)
{
	struct pmu_page_range r;

	pmu_injected(node, &r);
	return longest(&r) * 1e-9;
}

/* All that is counted of a range between two readings. */
static struct pmu_page_range difference(const struct pmu_counts *a,
					const struct pmu_counts *b, uint32_t i)
{
	struct pmu_page_range d = b->page.ranges[i];
	const struct pmu_page_range *r = &a->page.ranges[i];
	/* From count on there is nothing but counts. */
	const size_t from = offsetof(struct pmu_page_range, count);
	const uint64_t *before = (const void *)((const char *)r + from);
	uint64_t *now = (void *)((char *)&d + from);

	for (size_t n = 0; n < (sizeof(d) - from) / sizeof(*now); n++)
		now[n] -= before[n];
	return d;
}

double pmu_shares(const struct pmu_counts *a, const struct pmu_counts *b,
		  const bool *near, double share[NODE_MAX])
{
	double here = 0, all = 0;

	memset(share, 0, NODE_MAX * sizeof(*share));
	if (!a->known || !b->known)
		return NAN;
	for (uint32_t i = 0; i < b->page.nr_ranges; i++) {
		struct pmu_page_range d = difference(a, b, i);
		double n = (double)(d.table[PMU_LOADS] + d.table[PMU_STORES]);
		int node = pmu_node(&d);

		all += n;
		if (node < 0 || node >= NODE_MAX)
			continue;
		here += near[node] ? n : 0;
		share[node] += n;
	}
	for (int i = 0; i < NODE_MAX; i++)
		share[i] /= all;
	return here / all;
}

double pmu_near_share(const struct pmu_counts *a, const struct pmu_counts *b,
		      const bool *near)
{
	double share[NODE_MAX];

	return pmu_shares(a, b, near, share);
}

/* ------------------------------------------------------------------- report */

static void member(const char *key, const uint64_t *n)
{
	report_open(key, '{');
	report_u64("loads", n[PMU_LOADS]);
	report_u64("stores", n[PMU_STORES]);
	report_close('}');
}

static uint64_t missed(const struct pmu_page_range *d, enum pmu_kind kind)
{
	return d->misses[PMU_USER][kind] + d->misses[PMU_KERNEL][kind];
}

/* How much longer than asked a miss waited, in the mean; NAN: none did. */
static double excess_ns(const struct pmu_page_range *d)
{
	double n = (double)(missed(d, PMU_LOADS) + missed(d, PMU_STORES));

	return d->asked_ns ? ((double)d->waited_ns - (double)d->asked_ns) / n :
			     NAN;
}

static void member_span(const char *key, const struct pmu_counts c[2],
			uint32_t i, bool table)
{
	struct pmu_page_range d = difference(&c[0], &c[1], i);

	report_open(key, '{');
	if (table)
		member("table", d.table);
	else
		report_null("table");
	member("user", d.count[PMU_USER]);
	if (c[1].page.all)
		member("kernel", d.count[PMU_KERNEL]);
	else
		report_null("kernel");
	if (c[1].page.models) {
		member("user_misses", d.misses[PMU_USER]);
		if (c[1].page.all)
			member("kernel_misses", d.misses[PMU_KERNEL]);
		else
			report_null("kernel_misses");
		report_u64("writebacks", d.writebacks);
	}
	if (c[1].page.waits) {
		report_real("asked_s", (double)d.asked_ns / 1e9);
		report_real("waited_s", (double)d.waited_ns / 1e9);
		report_real("excess_ns", excess_ns(&d));
	}
	report_close('}');
}

/* Every range has the same members in both spans. */
#define SPAN "ranges[].timed|whole."

REPORT_RECORD(
	pmu_record, "pmu", "what the emulator's plugin counted",
	"vcpus u:CPUs virtual ones\n"
	"cache_bytes u of the modelled cache; null: none\n"
	"own_ns r what a wait takes by itself\n"
	"error_ns r what was left when waits were calibrated, idle\n"
	"flushes u:times the guest flushed TLBs, and the plugin what it knew\n"
	"timed_begin_ns|timed_end_ns u of CLOCK_MONOTONIC\n"
	"near_share r of the table's accesses, timed part, the top tier's; null: no table\n"
	"ranges[].name s of the range of physical memory\n"
	"ranges[].node i:node that lies in it\n"
	"ranges[].load_latency_ns u injected at a load that misses\n"
	"ranges[].store_latency_ns u at a store\n"
	"ranges[].bandwidth_bytes_per_s u at most; null: no limit\n" SPAN
	"table.loads|stores u:accesses to the table, in user mode\n" SPAN
	"user.loads|stores u:accesses in user mode\n" SPAN
	"kernel.loads|stores u:accesses in kernel mode\n" SPAN
	"user_misses|kernel_misses.loads|stores u:misses of the modelled cache\n" SPAN
	"writebacks u:lines written back from it\n" SPAN
	"asked_s r of waits asked for, all CPUs\n" SPAN
	"waited_s r of waits made, the host's preemption included\n" SPAN
	"excess_ns r:ns that a miss waited longer than asked, in the mean\n");

static void record(const struct pmu_counts t[2], const struct pmu_counts w[2],
		   const bool *near)
{
	const struct pmu_page *p = &t[1].page;

	report_begin(&pmu_record);
	report_u64("vcpus", p->vcpus);
	if (p->cache_bytes)
		report_u64("cache_bytes", p->cache_bytes);
	else
		report_null("cache_bytes");
	if (p->waits) {
		report_real("own_ns", p->own_ns);
		report_real("error_ns", p->error_ns);
	}
	report_u64("flushes", p->flushes - t[0].page.flushes);
	/* When they were asked, by which build.sh heat finds their intervals */
	report_u64("timed_begin_ns", t[0].page.end);
	report_u64("timed_end_ns", p->end);
	report_real("near_share",
		    near ? pmu_near_share(&t[0], &t[1], near) : NAN);
	report_open("ranges", '[');
	for (uint32_t i = 0; i < p->nr_ranges; i++) {
		const struct pmu_page_range *r = &p->ranges[i];
		int node = pmu_node(r);

		report_open(NULL, '{');
		report_str("name", r->name);
		if (node < 0)
			report_null("node");
		else
			report_i64("node", node);
		report_u64("load_latency_ns", r->latency_ns[PMU_LOADS]);
		report_u64("store_latency_ns", r->latency_ns[PMU_STORES]);
		if (r->bandwidth)
			report_u64("bandwidth_bytes_per_s", r->bandwidth);
		else
			report_null("bandwidth_bytes_per_s");
		member_span("timed", t, i, near);
		member_span("whole", w, i, near);
		report_close('}');
	}
	report_close(']');
	report_end();
}

/* A row: the range's name, and numbers; those beyond nine digits in millions. */
static void row(const struct report_column *c, const char *name, int node,
		const uint64_t *n, size_t count)
{
	char text[8][24];
	const char *cells[8] = { text[0] };

	if (node < 0)
		snprintf(text[0], sizeof(text[0]), "%s", name);
	else
		snprintf(text[0], sizeof(text[0]), "node%d %s", node, name);
	for (size_t i = 0; i < count; i++) {
		bool long_one = n[i] >= UINT64_C(1000000000);

		snprintf(text[i + 1], sizeof(text[0]), "%" PRIu64 "%s",
			 long_one ? n[i] / 1000000 : n[i], long_one ? "M" : "");
		cells[i + 1] = text[i + 1];
	}
	report_row(c, count + 1, cells);
}

static void text_accesses(const struct pmu_counts t[2], bool table)
{
	struct report_column c[] = {
		{ NULL, "table: ld", 9 }, { NULL, "st", 9 },
		{ NULL, "user: ld", 9 },  { NULL, "st", 9 },
		{ NULL, "kernel ld", 9 }, { NULL, "st", 9 },
		{ NULL, "", 0 },
	};
	/* What was not counted, or is not there, has no columns. */
	size_t from = table ? 0 : 2, n = (t[1].page.all ? 6 : 4) - from;

	memmove(c + 1, c + from, n * sizeof(*c));
	c[0] = (struct report_column){ NULL, "accesses", -12 };
	report_head(c, n + 1);
	for (uint32_t i = 0; i < t[1].page.nr_ranges; i++) {
		struct pmu_page_range d = difference(&t[0], &t[1], i);
		uint64_t all[6];

		memcpy(all, d.table, sizeof(d.table));
		memcpy(all + 2, d.count, sizeof(d.count));
		row(c, d.name, pmu_node(&d), all + from, n);
	}
}

static void text_misses(const struct pmu_counts t[2])
{
	static const struct report_column c[] = {
		{ NULL, "misses", -12 },  { NULL, "loads", 10 },
		{ NULL, "stores", 10 },	  { NULL, "written", 10 },
		{ NULL, "asked ms", 10 }, { NULL, "waited ms", 10 },
	};
	const struct pmu_page *p = &t[1].page;
	struct textbuf off = { 0 };
	char size[SIZE_TEXT];

	report_head(c, p->waits ? 6 : 4);
	for (uint32_t i = 0; i < t[1].page.nr_ranges; i++) {
		struct pmu_page_range d = difference(&t[0], &t[1], i);
		uint64_t n[] = { missed(&d, PMU_LOADS), missed(&d, PMU_STORES),
				 d.writebacks, d.asked_ns / 1000000,
				 d.waited_ns / 1000000 };

		row(c, d.name, pmu_node(&d), n, p->waits ? 5 : 3);
		if (d.asked_ns)
			buf_add(&off, "%s%.1f ns a miss in %s",
				off.len ? ", " : "", excess_ns(&d), d.name);
	}
	report_wrap("         ", "         %s%s%s%s",
		    p->cache_bytes ? "of a modelled cache of " :
				     "of all accesses: no cache",
		    p->cache_bytes ? format_size(size, p->cache_bytes) : "",
		    off.len ? "; waited longer than asked, with what the host "
			      "did meanwhile: " :
			      "",
		    off.len ? off.text : "");
	if (p->waits)
		report_say("         the plugin itself takes %.1f ns a miss\n",
			   p->own_ns);
	buf_free(&off);
}

void pmu_show(const struct pmu_counts t[2], const struct pmu_counts w[2],
	      const bool *near)
{
	double share = near ? pmu_near_share(&t[0], &t[1], near) : NAN;

	if (!t[0].known || !t[1].known || !w[0].known || !w[1].known)
		return;
	record(t, w, near);
	report_say("\n");
	text_accesses(t, near);
	if (t[1].page.models)
		text_misses(t);
	if (!isnan(share))
		report_say("counted  %.2f %% of the accesses to the table were "
			   "near\n",
			   100 * share);
}
