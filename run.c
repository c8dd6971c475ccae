// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - the order of a benchmark run.
 *
 * Everything that can be refused is refused before the table is mapped:
 * nodes that are not there, more memory than is free, a node so slow that
 * the run would not end in time.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "findings.h"
#include "gups.h"
#include "hog.h"
#include "node.h"
#include "pmu.h"
#include "region.h"
#include "report.h"
#include "run.h"
#include "session.h"
#include "show.h"
#include "timeline.h"
#include "tlb.h"
#include "util.h"

/* Beside the table: stacks, records, page cache, drift while it runs. */
#define RESERVE_BYTES (16 * MIB)
#define IN_PLACE_NS (UINT64_C(1) * 1000000000)
/* Intervals without a flush, above which DAMON's view is not a result. */
#define BLIND_SHARE 0.05
#define PLAIN_NS (UINT64_C(5) * 1000000000)

struct run {
	const struct plan *plan;
	const struct gups_plan *gups;
	struct node_machine machine;
	struct node *nodes;
	int nr_nodes;
	struct region *regions;
	int nr_regions;
	int cpus[CPU_SETSIZE];
	int nr_cpus;
	unsigned int threads;
	uint64_t updates;
	bool endless; /* nothing but the duration ends the updates */
	struct gups_probe probes[PLAN_MAX_NODES];
	bool probed[PLAN_MAX_NODES], trapped[PLAN_MAX_NODES];
	double estimate; /* seconds; 0: not trapped, not estimated */
	unsigned int pass;
	struct place place; /* the plan's, or what the policy makes of it */
	struct pattern *pattern; /* NULL: HPCC's uniform updates */
	struct timeline *timeline; /* of the pass under way; NULL: none */
	struct hogs *hogs; /* NULL until they hold their memory */
	struct session session;
	struct pmu_counts pmu[NR_POINTS]; /* of the pass under way */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* ---------------------------------------------------------------- stages */

static bool fault_here(const struct run *run, const char *stage,
		       enum fault_kind kind)
{
	const struct fault *f = &run->plan->fault;

	return f->kind == kind && !strncmp(f->stage, stage, strlen(stage)) &&
	       f->stage[strlen(stage)] == ':';
}

/* Says that a stage begins, to programs and to the supervisor. */
static int stage(const struct run *run, const char *name)
{
	if (run->plan->worker.is_worker)
		report_note("stage", name);
	report_begin("stage");
	report_str("stage", name);
	report_real("uptime_s", uptime_s());
	report_end();
	if (fault_here(run, name, FAULT_SIGNAL))
		raise(run->plan->fault.signal);
	while (fault_here(run, name, FAULT_HANG))
		pause();
	return interrupted ? fail(EINTR, "interrupted during %s", name) : 0;
}

struct progress {
	const struct run *run;
	const char *what;
	uint64_t total; /* updates, or 0: as many as total_seconds allow */
	double total_seconds;
	uint64_t next_ns;
	struct timeline *timeline; /* rows instead of a line of progress */
	int err;
};

static bool show_progress(void *arg, uint64_t done, double seconds)
{
	struct progress *p = arg;
	bool in_place = isatty(STDOUT_FILENO) && !p->run->plan->worker.plain;
	double part = 0, rate = seconds > 0 ? (double)done / seconds : 0;
	char left[SIZE_TEXT];
	uint64_t now = now_ns();

	if (interrupted)
		return false;
	part = p->total ? (double)done / (double)p->total :
			  seconds / p->total_seconds;
	if (p->run->hogs)
		hog_tick(p->run->hogs, seconds, part);
	if (p->timeline) {
		p->err = timeline_tick(p->timeline, done, seconds);
		return !p->err;
	}
	if (!p->next_ns)
		p->next_ns = now + (in_place ? IN_PLACE_NS : PLAIN_NS);
	if (now < p->next_ns)
		return true;
	p->next_ns = now + (in_place ? IN_PLACE_NS : PLAIN_NS);
	report_progress(in_place,
			"%-9s%5.0f s  %3.0f %%  %7.2f M updates/s  %s left",
			p->what, seconds, 100 * (part < 1 ? part : 1),
			rate / 1e6,
			format_seconds(left, part > 0 && part < 1 ?
						     seconds / part - seconds :
						     0));
	return true;
}

/* ---------------------------------------------------------- the machine */

static void find_cpus(struct run *run)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (!sched_getaffinity(0, sizeof(set), &set))
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET((size_t)i, &set))
				run->cpus[run->nr_cpus++] = i;
	if (!run->nr_cpus)
		run->cpus[run->nr_cpus++] = 0;
}

/* --cpu-node: of the CPUs allowed those of that node. */
static int choose_cpus(struct run *run)
{
	const struct node *node;
	int ids[CPU_SETSIZE], n, kept = 0;

	if (run->gups->cpu_node < 0)
		return 0;
	node = node_find(run->nodes, run->nr_nodes, run->gups->cpu_node);
	n = node ? parse_list(node->cpus, ids, CPU_SETSIZE) : 0;
	for (int i = 0; i < run->nr_cpus; i++)
		for (int k = 0; k < n; k++)
			if (ids[k] == run->cpus[i])
				run->cpus[kept++] = ids[k];
	run->nr_cpus = kept;
	if (kept)
		return 0;
	return lacks(ENODEV, "--cpu-node %d: no CPU that tier may use is there",
		     run->gups->cpu_node);
}

static int find_nodes(struct run *run)
{
	free(run->nodes);
	run->nr_nodes = node_list(&run->nodes);
	if (run->nr_nodes < 0)
		return run->nr_nodes;
	/* No others can be named in a placement; what follows counts on it. */
	while (run->nr_nodes &&
	       run->nodes[run->nr_nodes - 1].id >= PLAN_MAX_NODES)
		run->nr_nodes--;
	return run->nr_nodes ? 0 : lacks(ENODEV, "no NUMA node has memory");
}

static int look_around(struct run *run)
{
	node_machine(&run->machine);
	find_cpus(run);
	/* Without regions the node's backing is not said, nothing else. */
	run->nr_regions = region_list(&run->regions);
	if (run->nr_regions < 0)
		run->nr_regions = 0;
	return find_nodes(run);
}

static void settle_plan(struct run *run)
{
	const struct gups_plan *g = run->gups;
	uint64_t pages = g->bytes / TABLE_PAGE;

	run->threads = g->threads ? g->threads : (unsigned int)run->nr_cpus;
	if (run->threads > pages)
		run->threads = (unsigned int)pages;
	run->updates = g->updates;
	if (!g->updates)
		run->updates = (g->updates_times ? g->updates_times : 4) *
			       (g->bytes / g->pattern.object);
	run->endless = g->duration_ns && !g->updates && !g->updates_times;
}

static int settle_pattern(struct run *run)
{
	const struct gups_plan *g = run->gups;

	if (!plan_has_pattern(g))
		return 0;
	run->pattern = pattern_new(&g->pattern, g->bytes, run->threads,
				   g->pages, g->seed);
	return run->pattern ? 0 : -EINVAL;
}

/* --------------------------------------------------------------- refusals */

static int check_nodes(const struct run *run, const struct place *place)
{
	struct textbuf have = { 0 };
	int err = 0;

	for (int i = 0; i < run->nr_nodes; i++)
		buf_add(&have, "%s%d", i ? ", " : "", run->nodes[i].id);
	for (int i = 0; i <= place->nr_nodes && !err; i++) {
		int id = i < place->nr_nodes ? place->nodes[i] :
					       run->gups->hot_node;

		if (id >= 0 && !node_find(run->nodes, run->nr_nodes, id))
			err = lacks(
				ENODEV,
				"node %d does not exist or has no memory; nodes with memory: %s%s",
				id, have.text,
				run->nr_regions ?
					"" :
					" (there is no CXL region: tier region create makes one)");
	}
	buf_free(&have);
	return err;
}

static int check_latencies(const struct run *run)
{
	for (int i = 0; i < PLAN_MAX_NODES; i++)
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
static void expect_shares(const struct run *run, const struct place *place,
			  uint64_t bytes, double *share)
{
	bool even = place->mode == PLACE_INTERLEAVE ||
		    place->mode == PLACE_WEIGHTED;
	double left = 1;

	for (int i = 0; i < run->nr_nodes; i++)
		share[i] = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < run->nr_nodes; i++) {
			bool named = place->mode == PLACE_ANY ? pass == 0 :
								false;
			double fits =
				(double)run->nodes[i].available / (double)bytes;

			for (int j = 0; j < place->nr_nodes; j++)
				named |= place->nodes[j] == run->nodes[i].id;
			if (pass == 1 && place->mode != PLACE_PREFERRED)
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

static int too_large(const struct run *run, const struct place *place,
		     uint64_t need, uint64_t have)
{
	char a[SIZE_TEXT], b[SIZE_TEXT];

	return lacks(
		ENOMEM,
		"a table of %s does not fit: with page tables it needs %s, and %s on %s can be allocated; take a smaller one, or give the machine more (MEM=, CXL_MEM= of build.sh run)",
		format_size(a, run->gups->bytes),
		format_size((char[SIZE_TEXT]){ 0 }, need), format_size(b, have),
		place->mode == PLACE_ANY || place->mode == PLACE_PREFERRED ?
			"all nodes" :
			place->text);
}

/* Of the hot pages those that are placed on this node apart from the rest. */
static uint64_t apart_on(const struct run *run, const struct node *n)
{
	uint64_t hot =
		run->pattern ? pattern_hot_pages(run->pattern) * TABLE_PAGE : 0;
	uint64_t near = hot * run->gups->hot_near / PATTERN_ONE, bytes = 0;

	if (n == node_near(run->nodes, run->nr_nodes))
		bytes += near;
	if (n->id == run->gups->hot_node)
		bytes += hot - near;
	return bytes;
}

/*
 * Never the OOM killer: a bound allocation on a full node ends in it. Page
 * tables take 1/512 of the table, on the node of the CPUs.
 */
static int check_room(const struct run *run, const struct place *place)
{
	uint64_t bytes = run->gups->bytes, tables = bytes / 512;
	const struct node *near = node_near(run->nodes, run->nr_nodes);
	uint64_t have = 0, need = RESERVE_BYTES, apart;
	bool all = place->mode == PLACE_ANY || place->mode == PLACE_PREFERRED;
	bool on_near = all;

	if (run->gups->pages == PAGES_HUGETLB)
		return 0; /* mmap(2) refuses by itself */
	for (int i = 0; i < run->nr_nodes; i++) {
		const struct node *n = &run->nodes[i];
		bool named = all;

		for (int j = 0; j < place->nr_nodes; j++)
			named |= place->nodes[j] == n->id;
		apart = apart_on(run, n);
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
	if (have < need)
		return too_large(run, place, need, have);
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
static uint64_t heartbeat(const struct run *run)
{
	double us = run->session.sample_s * 1e6;

	return us > 0 && run->machine.emulated && !run->gups->dishonest ?
		       tlb_heartbeat_ns((uint64_t)us) :
		       0;
}

static void config_for(const struct run *run, const struct place *place,
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
		.near_node = node_near(run->nodes, run->nr_nodes)->id,
		.hot_near = run->gups->hot_near,
		.rate = run->gups->rate,
		.heartbeat_ns = heartbeat(run),
	};
}

/* ---------------------------------------------------------- trapped nodes */

static int probe_node(struct run *run, int i)
{
	struct gups_config config;

	if (run->probed[i])
		return 0;
	config_for(run, &run->place, &config);
	run->probed[i] = true;
	return gups_probe(&config, run->nodes[i].id, &run->probes[i]);
}

static void record_probe(const struct run *run, int i)
{
	const struct gups_probe *p = &run->probes[i];

	report_begin("probe");
	report_i64("node", run->nodes[i].id);
	report_real("touch_s_per_page", p->touch);
	report_real("store_s", p->store);
	report_real("load_s", p->load);
	report_real("update_s", p->update);
	report_bool("trapped", run->trapped[i]);
	report_end();
}

static void text_probe(const struct run *run, int i, int reference)
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

static int say_trapped(struct run *run, int i)
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
static void expect(const struct run *run, const struct place *place,
		   double *pages, double *updates)
{
	double all = (double)run->gups->bytes, apart = 0, hot = 0, weight = 0;
	struct pattern_epoch first;

	for (int i = 0; i < run->nr_nodes; i++)
		apart += (double)apart_on(run, &run->nodes[i]);
	if (run->pattern) {
		first = pattern_first(run->pattern);
		hot = (double)pattern_hot_pages(run->pattern) * TABLE_PAGE;
		weight = pattern_hot_share(run->pattern, &first);
	}
	expect_shares(run, place, (uint64_t)(all - apart), pages);
	for (int i = 0; i < run->nr_nodes; i++) {
		double here = (double)apart_on(run, &run->nodes[i]);

		updates[i] = pages[i];
		pages[i] = (here + pages[i] * (all - apart)) / all;
		if (hot > 0)
			updates[i] = weight * here / hot +
				     (1 - weight * apart / hot) * updates[i];
	}
}

/* Seconds that node i's part of the run takes. */
static double estimate_on(const struct run *run, int i, double pages,
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

/*
 * Measures every node the table may use against the near one, within a
 * second, and refuses a run that a trapped node would make endless.
 */
static int probe(struct run *run, const struct place *place)
{
	const struct node *near = node_near(run->nodes, run->nr_nodes);
	int reference = (int)(near - run->nodes), slow = -1, err;
	double pages[PLAN_MAX_NODES], updates[PLAN_MAX_NODES], estimate = 0;

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

/* ----------------------------------------------------------------- a table */

static void text_place(const struct run *run, const struct gups *g,
		       const struct place *place,
		       const struct table_pages *pages)
{
	char size[SIZE_TEXT], took[SIZE_TEXT];
	struct textbuf where = { 0 }, pattern = { 0 };

	for (int i = 0; i < PLAN_MAX_NODES; i++)
		if (pages->node[i])
			buf_add(&where, "%s%" PRIu64 " on node %d",
				where.len ? ", " : "", pages->node[i], i);
	format_size(size, run->gups->bytes);
	format_seconds(took, gups_times(g)->populate);
	report_say("table    %s on %s, %u thread%s%s, populated in %s\n", size,
		   place->text, run->threads, run->threads > 1 ? "s" : "",
		   gups_pinned(g) ? " (pinned)" : "", took);
	report_wrap("         ", "pages    %s; %s",
		    where.text ? where.text : "none",
		    run->gups->hold ?
			    "held there (--bind)" :
			    "the kernel may move them when the updates begin");
	if (run->pattern) {
		pattern_describe(run->pattern, &pattern);
		report_wrap("         ", "pattern  %s", pattern.text);
		buf_free(&pattern);
	}
	buf_free(&where);
}

static void text_warm_up(const struct gups *g, const struct gups_warm_up *w)
{
	if (w->refresh)
		report_say(
			"warm-up  %.2f to %.2f M updates/s by refreshing the emulator's TLB: used\n",
			w->before / 1e6, w->after / 1e6);
	else
		report_say(
			"warm-up  %.2f M updates/s; refreshing a TLB brings nothing here: not used\n",
			w->before / 1e6);
	report_say("loop     %s (", gups_loop(g));
	for (enum loops_kind l = 0; l < NR_LOOPS; l++)
		report_say("%s%s %.2f", l ? ", " : "", loops_names[l],
			   w->rate[l] / 1e6);
	report_say(" M updates/s)\n");
}

/* Maps, places, warms up and fills one table; the caller frees it. */
static int set_up(struct run *run, const struct place *place,
		  struct gups **table, struct table_pages *pages,
		  struct gups_warm_up *warm)
{
	struct gups_config config;
	struct gups *g;
	int err = find_nodes(run);

	if (!err)
		err = check_room(run, place);
	if (!err)
		err = stage(run, "populate");
	if (err)
		return err;
	config_for(run, place, &config);
	g = *table = gups_new(&config);
	if (!g)
		return -ENOMEM;
	pmu_table(gups_table(g)->base, run->gups->bytes);
	err = gups_populate(g, pages);
	if (!err) {
		text_place(run, g, place, pages);
		err = stage(run, "warm-up");
	}
	if (!err)
		err = gups_warm_up(g, warm);
	if (!err) {
		text_warm_up(g, warm);
		err = stage(run, "fill");
	}
	if (!err)
		err = gups_fill(g);
	return err;
}

static void member_pages(const char *key, const struct table_pages *pages)
{
	char node[16];

	report_open(key, '{');
	for (int i = 0; i < PLAN_MAX_NODES; i++) {
		if (!pages->node[i])
			continue;
		snprintf(node, sizeof(node), "node%d", i);
		report_u64(node, pages->node[i]);
	}
	if (pages->absent)
		report_u64("absent", pages->absent);
	if (pages->unknown)
		report_u64("in_transit", pages->unknown);
	report_close('}');
}

/* Everything that one pass found out. */
struct outcome {
	struct table_pages start, end;
	struct gups_warm_up warm;
	struct gups_verdict verdict;
	uint64_t updates, digest;
	bool stopped;
};

static void member_pattern(const struct run *run)
{
	static const char *const places[] = { "start", "start", "end",
					      "scattered" };
	const struct pattern_plan *p = run->pattern->plan;
	struct pattern_epoch first = pattern_first(run->pattern);

	report_open("pattern", '{');
	report_str("kind", p->zipf > 0	? "zipf" :
			   p->hot_bytes ? "hot set" :
					  "uniform");
	report_u64("hot_bytes", pattern_hot_pages(run->pattern) * TABLE_PAGE);
	report_real("hot_rate", pattern_hot_share(run->pattern, &first));
	report_str("hot_at", run->pattern->order ? "scattered" : places[p->at]);
	if (p->zipf > 0)
		report_real("zipf", p->zipf);
	report_u64("object_bytes", p->object);
	report_real("reads", (double)p->reads / PATTERN_ONE);
	report_close('}');
}

static void members_plan(const struct run *run, const struct place *place,
			 const struct gups *g)
{
	static const char *const pages[] = { "4k", "thp", "hugetlb" };

	report_u64("table_bytes", run->gups->bytes);
	report_u64("entries", run->gups->bytes / 8);
	report_str("place", place->text);
	report_bool("bound", run->gups->hold);
	report_u64("threads", run->threads);
	report_bool("pinned", gups_pinned(g));
	report_str("pages", pages[run->gups->pages]);
	report_u64("seed", run->gups->seed);
	report_str("loop", gups_loop(g));
	if (run->pattern)
		member_pattern(run);
	else
		report_null("pattern");
}

static void members_times(const struct gups *g)
{
	const struct gups_times *t = gups_times(g);

	report_open("times_s", '{');
	report_real("populate", t->populate);
	report_real("locate", t->locate);
	report_real("warm_up", t->warm_up);
	report_real("fill", t->fill);
	report_real("update", t->update);
	report_real("digest", t->digest);
	report_real("verify", t->verify);
	report_close('}');
}

static void record_gups(const struct run *run, const struct gups *g,
			const struct outcome *o)
{
	double seconds = gups_times(g)->update;
	double rate = (double)o->updates / seconds;
	uint64_t growths, flushes = gups_flushes(g, &growths);
	char digest[24];

	snprintf(digest, sizeof(digest), "%016" PRIx64, o->digest);
	report_begin("gups");
	report_u64("pass", run->pass);
	members_plan(run, &run->place, g);
	report_u64("updates", o->updates);
	report_real("elapsed_s", seconds);
	report_real("cpu_s", gups_cpu_time(g));
	report_real("updates_per_s", rate);
	report_real("gups", rate / 1e9);
	report_u64("errors", o->verdict.errors);
	report_bool("verified", o->verdict.complete && !o->verdict.errors);
	report_str("verified_by", !o->verdict.complete ? NULL :
				  o->verdict.replayed  ? "replay" :
							 "sum");
	report_str("table_digest", digest);
	member_pages("pages_at_start", &o->start);
	member_pages("pages_at_end", &o->end);
	report_real("rate_before_refresh", o->warm.before);
	report_real("rate_after_refresh", o->warm.after);
	report_open("loop_rates", '{');
	for (enum loops_kind l = 0; l < NR_LOOPS; l++)
		report_real(loops_names[l], o->warm.rate[l]);
	report_close('}');
	report_u64("hot_set_moves", gups_moves(g));
	report_bool("tlb_refresh", o->warm.refresh);
	report_u64("tlb_flushes", flushes);
	report_u64("tlb_growths", growths);
	if (run->estimate > 0)
		report_real("estimate_s", run->estimate);
	members_times(g);
	report_end();
}

/* In HPCC's words, for those who have scripts that read them. */
static void text_gups(const struct run *run, const struct gups *g,
		      const struct outcome *o)
{
	uint64_t entries = run->gups->bytes / 8;
	double seconds = gups_times(g)->update;
	double rate = (double)o->updates / seconds;

	if (entries & (entries - 1))
		report_say("\nMain table size   = %" PRIu64 " words\n",
			   entries);
	else
		report_say("\nMain table size   = 2^%d = %" PRIu64 " words\n",
			   __builtin_ctzll(entries), entries);
	report_say("Number of updates = %" PRIu64 "%s\n", o->updates,
		   o->stopped ? " (interrupted)" : "");
	report_say("CPU time used  = %.6f seconds\n", gups_cpu_time(g));
	report_say("Real time used = %.6f seconds\n", seconds);
	report_say("%.9f Billion(10^9) Updates    per second [GUP/s]\n",
		   rate / 1e9);
	if (o->verdict.complete)
		report_say("Found %" PRIu64 " errors in %" PRIu64
			   " locations (%s).\n",
			   o->verdict.errors, entries,
			   o->verdict.errors ? "failed" : "passed");
	else
		report_say("Not verified: interrupted.\n");
	report_say("%.2f million updates a second%s", rate / 1e6,
		   run->machine.emulated ? " (emulated)" : "");
	if (o->verdict.complete)
		report_say(", verified in %.1f s (by %s)",
			   gups_times(g)->verify,
			   o->verdict.replayed ? "replay" : "sum");
	report_say("\n");
	report_say("Table digest after the run: %016" PRIx64 "\n", o->digest);
}

/* ------------------------------------------------------------------ a pass */

static void record_honesty(const struct run *run, const struct gups *g,
			   double sample, double touches)
{
	struct heartbeat_count c;

	gups_heartbeat(g, &c);
	report_begin("accessed_bits");
	report_real("damon_sample_s", sample);
	report_real("touches_per_page_and_sample", touches);
	if (!run->machine.emulated) { /* hardware needs none */
		report_null("heartbeat_s");
		report_end();
		return;
	}
	report_real("heartbeat_s", (double)c.period_ns / 1e9);
	report_u64("heartbeats", c.beats);
	report_real("longest_gap_s", (double)c.longest_ns / 1e9);
	report_real("heartbeat_cpu_s", c.cpu_s);
	report_real("blind_share", c.beats ? c.blind : 1);
	report_end();
}

static void text_heartbeat(const struct run *run, const struct gups *g)
{
	struct heartbeat_count c;

	gups_heartbeat(g, &c);
	if (run->gups->dishonest) {
		report_wrap("  ",
			    "Accessed bits are the emulator's as they are "
			    "(--honest off): DAMON sees hot memory as idle.");
		return;
	}
	report_wrap("  ",
		    "The TLBs were flushed every %.1f ms (%" PRIu64
		    " times, %.2f s of CPU time), because an emulator sets "
		    "accessed bits only on TLB misses.",
		    (double)c.period_ns / 1e6, c.beats, c.cpu_s);
	if (c.blind > BLIND_SHARE)
		report_wrap("  ",
			    "In %.0f %% of the sampling intervals there was no "
			    "flush (the longest gap: %.0f ms): what was hot "
			    "then looked idle; the machine is too busy for "
			    "what DAMON did to be a result.",
			    100 * c.blind, (double)c.longest_ns / 1e6);
}

/* What was done so that DAMON sees, and whether it could. */
static void text_honesty(const struct run *run, struct gups *g,
			 const struct outcome *o)
{
	double sample = run->session.sample_s;
	double rate = (double)o->updates / gups_times(g)->update;
	double touches = gups_touches(rate, run->gups->bytes, sample);

	if (sample <= 0)
		return;
	record_honesty(run, g, sample, touches);
	report_say(
		"DAMON samples every %.0f ms; the updates touch a page %.1f times in that time\n",
		sample * 1e3, touches);
	if (touches < 2)
		report_wrap("  ",
			    "Below 2 a hot page looks idle in many samples: "
			    "take a smaller table, or a policy that samples "
			    "less often.");
	if (run->machine.emulated)
		text_heartbeat(run, g);
}

static int update(struct run *run, struct gups *g, struct outcome *o)
{
	struct progress p = {
		.run = run,
		.what = "updating",
		.total = run->endless ? 0 : run->updates,
		.total_seconds = (double)run->gups->duration_ns / 1e9,
		.timeline = run->timeline,
	};
	int err = stage(run, "update");

	if (!err && run->timeline)
		err = timeline_begin(run->timeline);
	if (!err)
		err = gups_update(g, run->updates, run->gups->duration_ns,
				  show_progress, &p);
	if (!err)
		err = p.err;
	o->updates = gups_done(g);
	if (!err && run->timeline)
		err = timeline_end(run->timeline, o->updates,
				   gups_times(g)->update);
	o->stopped = interrupted;
	return err;
}

static int verify(struct run *run, struct gups *g, struct outcome *o)
{
	struct progress p = { .run = run,
			      .what = "verifying",
			      .total = o->updates };
	int err = gups_digest(g, &o->digest);

	/* Interrupted: what was measured is told, what was not is not. */
	if (err || o->stopped)
		return err;
	err = stage(run, "verify");
	if (!err && fault_here(run, "verify", FAULT_CORRUPT))
		gups_corrupt(g);
	if (!err)
		err = gups_verify(g, &o->verdict, show_progress, &p);
	return err;
}

static int judge(const struct run *run, const struct outcome *o)
{
	if (o->verdict.errors)
		return fail(EILSEQ,
			    "verification found %" PRIu64
			    " wrong words in %" PRIu64
			    ": memory, emulator or kernel lost updates",
			    o->verdict.errors, run->gups->bytes / 8);
	if (!o->verdict.complete && run->plan->once)
		return fail(EINTR, "interrupted before the run was verified");
	return 0;
}

/* What the emulator's plugin counted, where there is one. */
static void show_pmu(const struct run *run)
{
	const struct pmu_counts *c = run->pmu;
	bool near[PLAN_MAX_NODES];

	timeline_near(near, run->nodes, run->nr_nodes);
	pmu_show((struct pmu_counts[2]){ c[TIMED], c[TIMED_END] },
		 (struct pmu_counts[2]){ c[BEGIN], c[END] }, near);
}

static void show_pass(struct run *run, struct gups *g, const struct outcome *o)
{
	stage(run, "report");
	record_gups(run, g, o);
	text_gups(run, g, o);
	text_honesty(run, g, o);
	if (run->timeline)
		timeline_show(run->timeline, gups_cpu_time(g));
	if (run->hogs)
		hog_show_end(run->hogs);
	show_pmu(run);
	session_show(&run->session);
}

/* Rows are of use where pages may move, or when they are asked for. */
static bool wants_timeline(const struct run *run)
{
	const struct gups_plan *g = run->gups;

	if (g->timeline_given)
		return g->timeline_ns;
	return (run->pattern || run->session.policy || run->session.guest) &&
	       !g->compare && run->nr_nodes > 1;
}

static void begin_timeline(struct run *run, struct gups *g)
{
	if (!wants_timeline(run))
		return;
	run->timeline = timeline_new(&(struct timeline_setting){
		.g = g,
		.pattern = run->pattern,
		.plan = run->gups,
		.nodes = run->nodes,
		.nr_nodes = run->nr_nodes,
		.moves = &run->session.setting,
		.threads = run->threads,
		.hogs = run->hogs,
		.sample_s = run->session.sample_s,
	});
}

/* The timed part, DAMON's life around it. */
static int timed_part(struct run *run, struct gups *g, struct outcome *o)
{
	struct session *s = &run->session;
	int err = s->sample_s > 0 && !s->guest ? stage(run, "damon") : 0;

	begin_timeline(run, g);

	if (!err)
		err = session_start_damon(s);
	if (!err)
		err = session_take(s, TIMED);
	pmu_read(&run->pmu[TIMED]);
	if (!err)
		err = update(run, g, o);
	pmu_read(&run->pmu[TIMED_END]);
	if (!err)
		err = session_stop_damon(s);
	return err ? err : session_take(s, TIMED_END);
}

static int one_pass(struct run *run)
{
	struct outcome o = { 0 };
	struct gups *g = NULL;
	int err = session_take(&run->session, BEGIN);

	run->pass++;
	pmu_read(&run->pmu[BEGIN]);
	if (!err)
		err = set_up(run, &run->place, &g, &o.start, &o.warm);
	if (!err)
		err = timed_part(run, g, &o);
	if (!err)
		err = gups_locate(g, &o.end);
	if (!err)
		err = verify(run, g, &o);
	if (!err)
		err = session_take(&run->session, END);
	pmu_read(&run->pmu[END]);
	if (!err) {
		show_pass(run, g, &o);
		err = judge(run, &o);
	}
	timeline_free(run->timeline);
	run->timeline = NULL;
	gups_free(g);
	session_forget(&run->session);
	return err;
}

/* ----------------------------------------------------------- two in turn */

static double median(double *v, size_t n)
{
	sort_reals(v, n);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Both sides of --against. */
struct pair {
	const struct place *place[2];
	struct gups *g[2];
	double *rate[2], *ratio;
	uint64_t rounds; /* done */
};

static int window(struct run *run, struct gups *g, double *rate)
{
	uint64_t done = gups_done(g);
	double before = gups_times(g)->update;
	int err = gups_update(g, 0, run->gups->window_ns, show_progress,
			      &(struct progress){ .run = run,
						  .what = "window",
						  .total_seconds = 1e9,
						  .next_ns = UINT64_MAX });

	*rate = (double)(gups_done(g) - done) /
		(gups_times(g)->update - before);
	return err;
}

/* A, B, A, B: what drifts on the machine meets both alike. */
static int take_turns(struct run *run, struct pair *p)
{
	bool in_place = isatty(STDOUT_FILENO) && !run->plan->worker.plain;
	int err = stage(run, "update");

	for (uint64_t i = 0; i < run->gups->rounds && !err; i++) {
		for (int side = 0; side < 2 && !err; side++)
			err = window(run, p->g[side], &p->rate[side][i]);
		if (interrupted)
			err = fail(EINTR, "interrupted during update");
		if (err)
			break;
		p->ratio[i] = p->rate[1][i] / p->rate[0][i];
		p->rounds++;
		report_progress(in_place,
				"round %3" PRIu64 " of %" PRIu64
				": %s %.2f, %s %.2f M updates/s, ratio %.3f",
				p->rounds, run->gups->rounds, p->place[0]->text,
				p->rate[0][i] / 1e6, p->place[1]->text,
				p->rate[1][i] / 1e6, p->ratio[i]);
	}
	return err;
}

static int verify_pair(struct run *run, struct pair *p)
{
	struct gups_verdict v;
	int err = stage(run, "verify");

	for (int side = 0; side < 2 && !err; side++) {
		struct progress progress = { .run = run,
					     .what = "verifying",
					     .total = gups_done(p->g[side]) };

		err = gups_verify(p->g[side], &v, show_progress, &progress);
		if (!err && v.errors)
			err = fail(EILSEQ, "%" PRIu64 " wrong words on %s",
				   v.errors, p->place[side]->text);
		if (!err && !v.complete)
			err = fail(EINTR, "interrupted during verify");
	}
	return err;
}

static void member_rates(const char *key, const double *v, uint64_t n)
{
	report_open(key, '[');
	for (uint64_t i = 0; i < n; i++)
		report_real(NULL, v[i]);
	report_close(']');
}

static void show_pair(const struct run *run, struct pair *p)
{
	uint64_t n = p->rounds;
	double ratio;

	report_begin("compare");
	members_plan(run, p->place[0], p->g[0]);
	report_str("against", p->place[1]->text);
	report_real("window_s", (double)run->gups->window_ns / 1e9);
	report_u64("rounds", n);
	member_rates("updates_per_s", p->rate[0], n);
	member_rates("against_updates_per_s", p->rate[1], n);
	ratio = median(p->ratio, n);
	report_real("ratio_median", ratio);
	report_real("ratio_min", p->ratio[0]);
	report_real("ratio_max", p->ratio[n - 1]);
	report_u64("errors", 0);
	report_end();
	report_say("\n");
	report_wrap("  ",
		    "%s against %s: ratio of rates %.3f (median of %" PRIu64
		    " rounds, %.3f to %.3f)",
		    p->place[1]->text, p->place[0]->text, ratio, n, p->ratio[0],
		    p->ratio[n - 1]);
	report_wrap("  ",
		    "%s %.2f, %s %.2f M updates/s (medians); both tables "
		    "verified, 0 errors",
		    p->place[0]->text, median(p->rate[0], n) / 1e6,
		    p->place[1]->text, median(p->rate[1], n) / 1e6);
}

static int compare(struct run *run)
{
	struct pair p = { .place = { &run->place, &run->gups->against } };
	struct table_pages pages;
	struct gups_warm_up warm;
	int err = 0;

	for (int side = 0; side < 2; side++)
		p.rate[side] = xcalloc(run->gups->rounds, sizeof(double));
	p.ratio = xcalloc(run->gups->rounds, sizeof(double));
	pmu_read(&run->pmu[BEGIN]);
	for (int side = 0; side < 2 && !err; side++)
		err = set_up(run, p.place[side], &p.g[side], &pages, &warm);
	pmu_read(&run->pmu[TIMED]);
	if (!err)
		err = take_turns(run, &p);
	pmu_read(&run->pmu[TIMED_END]);
	if (!err)
		err = verify_pair(run, &p);
	pmu_read(&run->pmu[END]);
	if (!err) {
		show_pair(run, &p);
		show_pmu(run); /* its table is the second one */
	}
	for (int side = 0; side < 2; side++) {
		gups_free(p.g[side]);
		free(p.rate[side]);
	}
	free(p.ratio);
	return err;
}

/* -------------------------------------------------------------------- run */

/* Weighted interleaving is a placement: of a table that asks for none. */
static void settle_place(struct run *run)
{
	struct place *p = &run->place;

	*p = run->gups->place;
	if (p->mode != PLACE_ANY || !run->session.policy ||
	    !policy_is_weighted(run->session.policy))
		return;
	p->mode = PLACE_WEIGHTED;
	p->text = "weighted, all nodes";
	for (int i = 0; i < run->nr_nodes; i++)
		p->nodes[p->nr_nodes++] = run->nodes[i].id;
}

/*
 * Pressure comes before the table, and before this process goes into a
 * policy's cgroup. A table that is bound to one node needs room beside it.
 */
static int start_hogs(struct run *run)
{
	const struct hog_plans *plans = &run->plan->hogs;
	uint64_t need[PLAN_MAX_NODES] = { 0 }, bytes = run->gups->bytes;
	int err;

	if (!plans->nr)
		return 0;
	for (int i = 0; i < run->nr_nodes; i++) {
		uint64_t apart = apart_on(run, &run->nodes[i]);

		need[run->nodes[i].id] = apart;
		bytes -= apart;
	}
	if (run->place.mode == PLACE_BIND && run->place.nr_nodes == 1)
		need[run->place.nodes[0]] += bytes + RESERVE_BYTES;
	err = stage(run, "hog");
	if (!err)
		err = hog_start(&run->hogs, plans, need, &interrupted,
				run->plan->worker.plain);
	return err ? err : find_nodes(run);
}

static int prepare(struct run *run)
{
	int err = look_around(run);

	if (!err)
		err = session_prepare(&run->session, run->plan);

	if (err)
		return err;
	err = choose_cpus(run);
	if (err)
		return err;
	settle_plan(run);
	settle_place(run);
	err = settle_pattern(run);
	if (err)
		return err;
	show_nodes(run->nodes, run->nr_nodes, run->regions, run->nr_regions);
	check_before(run->plan, run->nodes, run->nr_nodes, run->regions,
		     run->nr_regions);
	err = check_nodes(run, &run->place);
	if (!err && run->gups->compare)
		err = check_nodes(run, &run->gups->against);
	if (!err)
		err = check_latencies(run);
	if (!err)
		err = check_room(run, &run->place);
	if (!err)
		err = start_hogs(run);
	if (!err)
		err = stage(run, "probe");
	if (!err)
		err = probe(run, &run->place);
	if (!err && run->gups->compare)
		err = probe(run, &run->gups->against);
	if (!err && run->session.policy)
		err = stage(run, "policy");
	if (!err)
		err = session_set(&run->session);
	run->session.setting.bound = run->gups->hold;
	return err;
}

/* --dry-run: every write that the policy of the run would make. */
static int rehearse(struct run *run)
{
	int err = session_prepare(&run->session, run->plan);

	if (!err)
		err = hog_rehearse(&run->plan->hogs, NULL);
	if (!err)
		err = session_rehearse(&run->session);
	session_free(&run->session);
	return err;
}

int run_gups(const struct plan *plan)
{
	struct run run = { .plan = plan, .gups = &plan->gups };
	int err;

	catch_signals();
	if (plan->dry_run)
		return rehearse(&run);
	err = stage(&run, "plan");
	if (!err)
		err = prepare(&run);
	while (!err) {
		err = plan->gups.compare ? compare(&run) : one_pass(&run);
		if (plan->once || interrupted)
			break;
	}
	/* Without --once to be interrupted is the way it ends. */
	if (err == -EINTR && !plan->once)
		err = 0;
	hog_stop(run.hogs);
	session_free(&run.session);
	pattern_free(run.pattern);
	free(run.nodes);
	free(run.regions);
	return err;
}
