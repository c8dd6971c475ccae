// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups_check.c - what a run is refused for, before its table is mapped.
 */
#include <errno.h>
#include <inttypes.h>

#include "bench/pmu.h"
#include "cmd/findings.h"
#include "cmd/gups_internal.h"
#include "cxl/region.h"
#include "gups.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/limit.h"
#include "mm/node.h"
#include "mm/page.h"

/* --------------------------------------------------------------- refusals */

const struct node *gups_near(const struct gups_run *run)
{
	return node_find(run->nodes, run->nr_nodes, run->near);
}

int gups_check_nodes(const struct gups_run *run, const struct place *place)
{
	int err = 0;

	for (int i = 0; i <= place->nr_nodes && !err; i++) {
		int id = i < place->nr_nodes ? place->nodes[i] :
					       run->gups->hot_node;

		if (id >= 0 && !node_find(run->nodes, run->nr_nodes, id))
			err = node_missing(
				"", id, run->nodes, run->nr_nodes,
				run->nr_regions ?
					"" :
					" (there is no CXL region: tier region create makes one)");
	}
	return err;
}

int gups_check_latencies(const struct gups_run *run)
{
	for (int i = 0; i < NODE_MAX; i++)
		if (run->gups->latency_ns[i] > 0 &&
		    !node_find(run->nodes, run->nr_nodes, i))
			return lacks(
				ENODEV,
				"--latency node%d: it does not exist or has no memory",
				i);
	return 0;
}

/*
 * How the table will be spread over the nodes: share[] by index of
 * run->nodes, sums to 1. Interleaving divides it; otherwise the wanted nodes
 * are filled one after the other, the near one first, then the others where
 * the policy allows them.
 */
static void expect_shares(const struct gups_run *run, const struct place *place,
			  uint64_t bytes, double *share)
{
	bool even = place->mode == PLACE_INTERLEAVE ||
		    place->mode == PLACE_WEIGHTED;
	double left = 1;

	for (int i = 0; i < run->nr_nodes; i++)
		share[i] = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < run->nr_nodes; i++) {
			bool named = !place->nr_nodes && pass == 0;
			double fits =
				(double)run->nodes[i].available / (double)bytes;

			for (int j = 0; j < place->nr_nodes; j++)
				named |= place->nodes[j] == run->nodes[i].id;
			if (pass == 1 &&
			    (place_is_strict(place) || !place->nr_nodes))
				continue;
			if (named != (pass == 0))
				continue;
			if (even)
				fits = 1.0 / place->nr_nodes;
			share[i] = fits < left ? fits : left;
			left -= share[i];
		}
	}
}

static int too_large(const struct gups_run *run, const struct place *place,
		     uint64_t need, uint64_t have)
{
	char a[SIZE_TEXT], b[SIZE_TEXT];

	return lacks(
		ENOMEM,
		"a table of %s does not fit: with page tables it needs %s, and %s on %s can be allocated; take a smaller one, or give the machine more (MEM=, CXL_MEM= of build.sh run)",
		format_size(a, run->gups->bytes),
		format_size((char[SIZE_TEXT]){ 0 }, need), format_size(b, have),
		place_is_strict(place) ? place->text : "all nodes");
}

uint64_t gups_check_apart(const struct gups_run *run, const struct node *n)
{
	uint64_t hot =
		run->pattern ? pattern_hot_pages(run->pattern) * PAGE_BYTES : 0;
	uint64_t near = hot * run->gups->hot_near / PATTERN_ONE, bytes = 0;

	if (n == gups_near(run))
		bytes += near;
	if (n->id == run->gups->hot_node)
		bytes += hot - near;
	return bytes;
}

/*
 * A bound allocation on a full node ends in the OOM killer: it is refused
 * before. Page tables take 1/512 of the table, on the node of the CPUs.
 */
int gups_check_room(const struct gups_run *run, const struct place *place)
{
	uint64_t bytes = run->gups->bytes, tables = bytes / 512;
	const struct node *near = gups_near(run);
	uint64_t have = 0, need = RESERVE_BYTES, apart;
	bool all = !place_is_strict(place);
	bool on_near = all;
	uint64_t hogs = 0;
	int err;

	if (run->gups->pages == PAGES_HUGETLB)
		return 0; /* mmap(2) refuses by itself */
	for (int i = 0; i < run->nr_nodes; i++) {
		const struct node *n = &run->nodes[i];
		bool named = all;

		for (int j = 0; j < place->nr_nodes; j++)
			named |= place->nodes[j] == n->id;
		apart = gups_check_apart(run, n);
		if (apart > n->available)
			return too_large(run, place, apart, n->available);
		bytes -= apart;
		have += named ? n->available - apart : 0;
		on_near |= named && n == near;
		if (named && place->mode == PLACE_INTERLEAVE &&
		    n->available < bytes / (unsigned int)place->nr_nodes)
			return too_large(run, place,
					 bytes / (unsigned int)place->nr_nodes,
					 n->available);
	}
	need += bytes + (on_near ? tables : 0);
	if (all)
		need += GUPS_HEADROOM_BYTES + session_room_bytes(&run->session);
	if (have < need)
		return too_large(run, place, need, have);
	for (int i = 0; !run->hogs && i < run->plan->hogs.nr; i++)
		hogs += run->plan->hogs.hog[i].bytes;
	err = limit_check(need + hogs,
			  hogs ? "the table with its hogs" : "the table");
	if (err)
		return err;
	if (!on_near && near->available < tables + RESERVE_BYTES)
		return lacks(
			ENOMEM,
			"node %d has no room for the page tables of the table (%" PRIu64
			" MiB)",
			near->id, tables / MIB);
	return 0;
}

/*
 * An emulator that has a page in its TLB does not set the accessed bit again:
 * DAMON would see hot memory as idle. A flush within each of its sampling
 * intervals brings the truth back; hardware needs none.
 */
uint64_t gups_flusher_period(const struct gups_run *run)
{
	double us = run->session.sample_s * 1e6;

	return us > 0 && run->machine.emulated && !run->gups->dishonest ?
		       tlb_flusher_period((uint64_t)us) :
		       0;
}

void gups_run_config(const struct gups_run *run, const struct place *place,
		     struct gups_config *config)
{
	*config = (struct gups_config){
		.bytes = run->gups->bytes,
		.threads = run->threads,
		.cpus = run->cpus,
		.nr_cpus = run->nr_cpus,
		.updates = run->endless || run->gups->compare ? 0 :
								run->updates,
		.seed = run->gups->seed,
		.pages = run->gups->pages,
		.refresh = run->gups->refresh,
		.verify = run->gups->verify,
		.place = *place,
		.hold = run->gups->hold,
		.pattern = run->pattern,
		.hot_node = run->gups->hot_node,
		.near_node = gups_near(run)->id,
		.hot_near = run->gups->hot_near,
		.loop = run->gups->loop,
		.rate = run->gups->rate,
		.tlb_flusher_ns = gups_flusher_period(run),
		.emulated = run->machine.emulated,
	};
}

/* ---------------------------------------------------------- trapped nodes */

static int probe_node(struct gups_run *run, int i)
{
	struct gups_config config;

	if (run->probed[i])
		return 0;
	gups_run_config(run, &run->place, &config);
	run->probed[i] = true;
	return gups_probe(&config, run->nodes[i].id, &run->probes[i]);
}

REPORT_RECORD(probe_record, "probe", "what an access costs, by a small table",
	      "node i:node of the small table\n"
	      "touch_s_per_page r:s to populate a page\n"
	      "store_s r to fill a word\n"
	      "load_s r to read a word\n"
	      "update_s r an update, all threads together\n"
	      "trapped b the emulator traps each access\n");

static void record_probe(const struct gups_run *run, int i)
{
	const struct gups_probe *p = &run->probes[i];

	report_begin(&probe_record);
	report_i64("node", run->nodes[i].id);
	report_real("touch_s_per_page", p->touch);
	report_real("store_s", p->store);
	report_real("load_s", p->load);
	report_real("update_s", p->update);
	report_bool("trapped", run->trapped[i]);
	report_end();
}

static void text_probe(const struct gups_run *run, int i, int reference)
{
	double ns = run->probes[i].update * 1e9;

	if (i == reference)
		report_say("probe    node %d: %.1f ns an update\n",
			   run->nodes[i].id, ns);
	else
		report_say("probe    node %d: %.1f ns an update, "
			   "node %d: %.1f ns: %s\n",
			   run->nodes[i].id, ns, run->nodes[reference].id,
			   run->probes[reference].update * 1e9,
			   run->trapped[i] ? "trapped" : "not trapped");
}

static int say_trapped(struct gups_run *run, int i)
{
	char cause[FINDINGS_TEXT], time[SIZE_TEXT], limit_text[SIZE_TEXT];
	double limit = (double)run->gups->limit_ns / 1e9;
	int node = run->nodes[i].id;

	if (run->plan->deadline_ns != PLAN_NO_DEADLINE &&
	    (double)run->plan->deadline_ns / 1e9 < limit)
		limit = (double)run->plan->deadline_ns / 1e9;
	findings_trap_cause(&run->machine, run->regions, run->nr_regions, node,
			    cause);
	format_seconds(time, run->estimate);
	report_wrap("         ", "trapped  node %d: %.0f ns an update; %s",
		    node, run->probes[i].update * 1e9, cause);
	report_say("expect   about %s in all\n", time);
	if (run->estimate <= limit || run->plan->force)
		return 0;
	return fail(
		ETIME,
		"node %d is trapped: the run would take about %s, more than %s (--limit, --deadline); %s; or --force",
		node, time, format_seconds(limit_text, limit), cause);
}

/*
 * Where the pages will be, and which part of the updates goes there: by index
 * of run->nodes, each sums to 1. Hot pages that are placed apart take their
 * part of the updates with them; what a policy moves later is not foreseen.
 */
static void expect(const struct gups_run *run, const struct place *place,
		   double *pages, double *updates)
{
	double all = (double)run->gups->bytes, apart = 0, hot = 0, weight = 0;
	struct pattern_epoch first;

	for (int i = 0; i < run->nr_nodes; i++)
		apart += (double)gups_check_apart(run, &run->nodes[i]);
	if (run->pattern) {
		first = pattern_first(run->pattern);
		hot = (double)pattern_hot_pages(run->pattern) * PAGE_BYTES;
		weight = pattern_hot_share(run->pattern, &first);
	}
	expect_shares(run, place, (uint64_t)(all - apart), pages);
	for (int i = 0; i < run->nr_nodes; i++) {
		double here = (double)gups_check_apart(run, &run->nodes[i]);

		updates[i] = pages[i];
		pages[i] = (here + pages[i] * (all - apart)) / all;
		if (hot > 0)
			updates[i] = weight * here / hot +
				     (1 - weight * apart / hot) * updates[i];
	}
}

/* Seconds that node i's part of the run takes. */
static double estimate_on(const struct gups_run *run, int i, double pages,
			  double updates)
{
	const struct gups_plan *g = run->gups;
	uint64_t words = g->pattern.object / sizeof(uint64_t);

	return gups_estimate(
		&run->probes[i], (uint64_t)(pages * (double)g->bytes),
		run->endless ?
			0 :
			(uint64_t)(updates * (double)(run->updates * words)),
		(uint64_t)(pages * (double)g->duration_ns));
}

int gups_check_probe(struct gups_run *run, const struct place *place)
{
	const struct node *near = gups_near(run);
	int reference = (int)(near - run->nodes), slow = -1, err;
	double pages[NODE_MAX] = { 0 }, updates[NODE_MAX] = { 0 };
	double estimate = 0;

	expect(run, place, pages, updates);
	err = probe_node(run, reference);
	for (int i = 0; i < run->nr_nodes && !err; i++) {
		struct gups_probe *p = &run->probes[i];

		if (pages[i] <= 0)
			continue;
		err = probe_node(run, i);
		if (err)
			break;
		/* An update is a load and a store. */
		run->trapped[i] = node_is_trapped(
			p->update, 2 * pmu_latency(run->nodes[i].id),
			run->probes[reference].update);
		if (run->trapped[i])
			slow = i;
		estimate += estimate_on(run, i, pages[i], updates[i]);
		record_probe(run, i);
		text_probe(run, i, reference);
	}
	if (err || slow < 0)
		return err;
	run->estimate = estimate;
	return say_trapped(run, slow);
}
