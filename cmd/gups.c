// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups.c - the order of a benchmark run.
 *
 * Everything that can be refused is refused before the table is mapped:
 * nodes that are not there, more memory than is free, a node so slow that
 * the run would not end in time.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/hog.h"
#include "bench/modelled_time.h"
#include "bench/pmu.h"
#include "cmd/at.h"
#include "cmd/check.h"
#include "cmd/closing.h"
#include "cmd/gups_internal.h"
#include "cmd/gups_modelled.h"
#include "cmd/gups_timeline.h"
#include "cmd/show.h"
#include "cmd/verbs.h"
#include "cxl/region.h"
#include "gups.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/stats.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/limit.h"
#include "mm/machine.h"
#include "mm/node.h"
#include "sysfs.h"
#include "mm/page.h"
#include "mm/proctree.h"

#define IN_PLACE_NS (UINT64_C(1) * 1000000000)
/* With less of the CPUs' time the rate is the waiting's. */
#define CPUS_FREE 0.85
#define EVENTS_NS (UINT64_C(50) * 1000000)
#define PLAIN_NS (UINT64_C(5) * 1000000000)

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

/* ---------------------------------------------------------------- stages */

static bool fault_here(const struct gups_run *run, const char *stage,
		       enum fault_kind kind)
{
	const struct fault *f = &run->plan->fault;

	return f->kind == kind && !strncmp(f->stage, stage, strlen(stage)) &&
	       f->stage[strlen(stage)] == ':';
}

REPORT_RECORD(stage_record, "stage", "a stage of a run begins",
	      "stage s plan, probe, policy, populate, warm-up, fill, ...\n"
	      "uptime_s r when\n");

/* Says that a stage begins, to programs and to the supervisor. */
static int stage(const struct gups_run *run, const char *name)
{
	if (run->plan->worker.is_worker)
		report_note("stage", name);
	report_begin(&stage_record);
	report_str("stage", name);
	report_real("uptime_s", uptime_s());
	report_end();
	if (fault_here(run, name, FAULT_SIGNAL))
		raise(run->plan->fault.signal);
	while (fault_here(run, name, FAULT_HANG))
		pause();
	return interrupted ? fail(EINTR, "interrupted during %s", name) : 0;
}

static int find_nodes(struct gups_run *run)
{
	free(run->nodes);
	run->nr_nodes = node_list(&run->nodes);
	if (run->nr_nodes < 0)
		return run->nr_nodes;
	run->nr_nodes = node_keep_allowed(run->nodes, run->nr_nodes);
	return run->nr_nodes ? 0 : lacks(ENODEV, "no NUMA node has memory");
}

/* --at: nodes may have come or gone. */
static int look_again(struct gups_run *run, struct gups_timeline *timeline)
{
	int err = find_nodes(run);

	if (!err && timeline)
		gups_timeline_event(timeline, run->nodes, run->nr_nodes);
	return err;
}

struct progress {
	struct gups_run *run;
	const char *what;
	uint64_t total; /* updates, or 0: as many as total_seconds allow */
	double total_seconds;
	uint64_t next_ns;
	struct gups_timeline *timeline; /* rows instead of a line of progress */
	struct gups *followed; /* whose flusher goes by DAMON's interval */
	int err;
};

static bool show_progress(void *arg, uint64_t done, double seconds)
{
	struct progress *p = arg;
	bool in_place = isatty(STDOUT_FILENO) &&
			!p->run->plan->worker.below_init;
	double part = 0, rate = seconds > 0 ? (double)done / seconds : 0;
	char left[SIZE_TEXT];
	uint64_t now = now_ns();

	if (interrupted)
		return false;
	part = p->total ? (double)done / (double)p->total :
			  seconds / p->total_seconds;
	if (at_tick(p->run->at, seconds))
		p->err = look_again(p->run, p->timeline);
	if (p->err)
		return false;
	if (p->run->hogs)
		hog_tick(p->run->hogs, seconds, part);
	if (p->followed && session_follow(&p->run->session))
		gups_set_flusher(p->followed, gups_flusher_period(p->run));
	if (p->timeline) {
		p->err = gups_timeline_tick(p->timeline, done, seconds);
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

/* Of a tree those of its nodes: who may use them there is not known. */
static void find_tree_cpus(struct gups_run *run, const struct node *all, int n)
{
	run->nr_cpus = 0;
	for (int cpu = 0; cpu < CPU_MAX; cpu++)
		for (int i = 0; i < n; i++)
			if (list_has(all[i].cpus, cpu)) {
				run->cpus[run->nr_cpus++] = cpu;
				break;
			}
}

/* --cpu-node: of the CPUs allowed those of that node, also without memory. */
static int choose_cpus(struct gups_run *run, const struct node *all, int n)
{
	const struct node *node = node_find(all, n, run->gups->cpu_node);
	int kept = 0;

	if (run->gups->cpu_node < 0)
		return 0;
	for (int i = 0; node && i < run->nr_cpus; i++)
		if (list_has(node->cpus, run->cpus[i]))
			run->cpus[kept++] = run->cpus[i];
	run->nr_cpus = kept;
	if (kept)
		return 0;
	return lacks(ENODEV, "--cpu-node %d: no CPU that tier may use is there",
		     run->gups->cpu_node);
}

/* Its own node's memory, or that at the least distance. */
static void find_near(struct gups_run *run, const struct node *all, int n)
{
	const struct node *near = node_near(run->nodes, run->nr_nodes);
	const struct node *home = NULL;

	for (int i = 0; i < n && !home; i++)
		if (run->nr_cpus && list_has(all[i].cpus, run->cpus[0]))
			home = &all[i];
	for (int i = 0; home && i < run->nr_nodes; i++)
		if (node_distance(home, &run->nodes[i]) <
		    node_distance(home, near))
			near = &run->nodes[i];
	run->near = near->id;
}

static int find_cpus(struct gups_run *run)
{
	struct node *all;
	int n = node_list_all(&all), err;

	if (n < 0)
		return n;
	run->nr_cpus = cpu_allowed(run->cpus);
	if (sysfs_is_rerooted())
		find_tree_cpus(run, all, n);
	err = run->nr_cpus < 0 ? run->nr_cpus : choose_cpus(run, all, n);
	if (!err)
		find_near(run, all, n);
	free(all);
	return err;
}

static int look_around(struct gups_run *run)
{
	machine_read(&run->machine);
	/* Without regions the node's backing is not said, nothing else. */
	run->nr_regions = region_list_all(&run->regions);
	if (run->nr_regions < 0)
		run->nr_regions = 0;
	return find_nodes(run);
}

static void settle_plan(struct gups_run *run)
{
	const struct gups_plan *g = run->gups;
	uint64_t pages = g->bytes / PAGE_BYTES;

	run->threads = g->threads ? g->threads : (unsigned int)run->nr_cpus;
	if (run->threads > pages)
		run->threads = (unsigned int)pages;
	run->updates = g->updates;
	if (!g->updates)
		run->updates = (g->updates_times ? g->updates_times : 4) *
			       (g->bytes / g->pattern.object);
	run->endless = g->duration_ns && !g->updates && !g->updates_times;
}

static int settle_pattern(struct gups_run *run)
{
	const struct gups_plan *g = run->gups;

	if (pattern_is_uniform(&g->pattern))
		return 0;
	run->pattern = pattern_new(&g->pattern, g->bytes, run->threads,
				   g->pages, g->seed);
	return run->pattern ? 0 : -EINVAL;
}

/* ----------------------------------------------------------------- a table */

/* Maps, places, warms up and fills one table; the caller frees it. */
static int set_up(struct gups_run *run, const struct place *place,
		  struct gups **table, struct table_pages *pages,
		  struct gups_warm_up *warm)
{
	struct gups_config config;
	struct gups *g;
	int err = find_nodes(run);

	if (!err)
		err = gups_check_room(run, place);
	if (!err)
		err = stage(run, "populate");
	if (err)
		return err;
	gups_run_config(run, place, &config);
	g = *table = gups_new(&config);
	if (!g)
		return -ENOMEM;
	pmu_table(gups_table(g)->base, run->gups->bytes);
	err = gups_populate(g, pages);
	if (!err) {
		gups_report_table(run, g, place, pages);
		err = stage(run, "warm-up");
	}
	if (!err)
		err = gups_warm_up(g, warm);
	if (!err) {
		gups_report_warm_up(g, warm);
		err = stage(run, "fill");
	}
	if (!err)
		err = gups_fill(g);
	return err;
}

/* ------------------------------------------------------------------ a pass */

/* A timeline takes its points of modelled time at its rows. */
static void take_counts(struct gups_run *run, const struct gups *g,
			enum session_point point)
{
	pmu_read(&run->pmu[point]);
	if (!run->timeline)
		gups_modelled_take(run->modelled, g, run->threads);
}

/* What is under way when the updates end comes to its end, and is verified. */
static int end_events(struct gups_run *run, double seconds)
{
	uint64_t began = now_ns();
	int err = 0;

	while (at_is_busy(run->at) && !interrupted && !err) {
		sleep_ns(EVENTS_NS);
		if (at_tick(run->at,
			    seconds + (double)(now_ns() - began) / 1e9))
			err = look_again(run, run->timeline);
	}
	return err;
}

static int update(struct gups_run *run, struct gups *g, struct gups_outcome *o)
{
	struct progress p = {
		.run = run,
		.what = "updating",
		.total = run->endless ? 0 : run->updates,
		.total_seconds = (double)run->gups->duration_ns / 1e9,
		.timeline = run->timeline,
		.followed = run->session.followed ? g : NULL,
	};
	int err = stage(run, "update");

	if (!err && run->timeline)
		err = gups_timeline_begin(run->timeline);
	take_counts(run, g, TIMED);
	if (!err)
		err = gups_update(g, run->updates, run->gups->duration_ns,
				  show_progress, &p);
	if (!err)
		err = p.err;
	if (!err)
		err = end_events(run, gups_times(g)->update);
	take_counts(run, g, TIMED_END);
	o->updates = gups_done(g);
	if (!err && run->timeline)
		err = gups_timeline_end(run->timeline, o->updates,
					gups_times(g)->update);
	o->stopped = interrupted;
	return err;
}

static int verify(struct gups_run *run, struct gups *g, struct gups_outcome *o)
{
	struct progress p = { .run = run,
			      .what = "verifying",
			      .total = o->updates };
	int err = gups_digest(g, &o->digest);

	/*
	 * An interrupted run reports what it measured, and calls the rest not
	 * verified.
	 */
	if (err || o->stopped)
		return err;
	err = stage(run, "verify");
	if (!err && fault_here(run, "verify", FAULT_CORRUPT))
		gups_corrupt(g);
	if (!err)
		err = gups_verify(g, &o->verdict, show_progress, &p);
	return err;
}

static int judge(const struct gups_run *run, const struct gups_outcome *o)
{
	if (o->verdict.errors)
		return fail(EILSEQ,
			    "verification found %" PRIu64
			    " wrong words in %" PRIu64
			    ": memory, emulator or kernel lost updates",
			    o->verdict.errors, run->gups->bytes / 8);
	if (!o->verdict.complete && run->plan->once)
		return fail(EINTR, "interrupted before the run was verified");
	return at_judge(run->at);
}

/* What the emulator's plugin counted, where there is one. */
static void show_pmu(const struct gups_run *run)
{
	const struct pmu_counts *c = run->pmu;
	bool near[NODE_MAX];

	node_top_tier(near, run->nodes, run->nr_nodes);
	pmu_show((struct pmu_counts[2]){ c[TIMED], c[TIMED_END] },
		 (struct pmu_counts[2]){ c[BEGIN], c[END] }, near);
	modelled_time_show(run->modelled,
			   (struct pmu_counts[2]){ c[TIMED], c[TIMED_END] });
}

/* Of the updates while they ran; else of the pages where they were found. */
static void add_near(struct textbuf *b, const struct gups_run *run,
		     const struct gups_outcome *o)
{
	uint64_t all = 0, in = 0;
	bool near[NODE_MAX];
	struct stats_part end;
	double mean;

	if (run->timeline && gups_timeline_served(run->timeline, &end, &mean)) {
		buf_add(b,
			"; near memory served %.1f %% of the updates at the "
			"end (%.1f to %.1f), %.1f %% in the mean",
			100 * end.part, 100 * end.low, 100 * end.high,
			100 * mean);
		return;
	}
	node_top_tier(near, run->nodes, run->nr_nodes);
	for (int i = 0; i < NODE_MAX; i++) {
		all += o->end.node[i];
		in += near[i] ? o->end.node[i] : 0;
	}
	if (all && run->nr_nodes > 1)
		buf_add(b, "; %.1f %% of its pages near at the end",
			100 * (double)in / (double)all);
}

/* Threads that had to wait for CPUs have a rate that is not the machine's. */
static void doubt_threads(const struct gups_run *run, const struct gups *g)
{
	double had = gups_cpu_time(g) / (run->threads * gups_times(g)->update);
	char group[LIMIT_NAME];
	uint64_t left = limit_cpus(group);

	if (had < CPUS_FREE && left < (uint64_t)run->threads * 1000)
		closing_doubt(
			"the threads had %.0f %% of their CPUs' time: cgroup %s has a limit of %.2f CPUs",
			100 * had, group, (double)left / 1000);
	else if (had < CPUS_FREE)
		closing_doubt("the threads had %.0f %% of their CPUs' time",
			      100 * had);
}

static void show_closing(const struct gups_run *run, const struct gups *g,
			 const struct gups_outcome *o)
{
	double rate = (double)o->updates / gups_times(g)->update;
	double modelled = modelled_time_rate(run->modelled, true);
	struct textbuf b = { 0 };

	buf_add(&b, "%s: %.2f M updates/s%s",
		o->verdict.errors   ? "FAILED, wrong words" :
		o->verdict.complete ? "passed, verified" :
				      "not verified",
		rate / 1e6, run->machine.emulated ? " (emulated)" : "");
	if (!isnan(modelled))
		buf_add(&b, ", modelled %.2f", modelled / 1e6);
	add_near(&b, run, o);
	if (o->stopped)
		closing_doubt("the updates were interrupted");
	doubt_threads(run, g);
	closing_show(b.text, &run->session);
	buf_free(&b);
}

static void show_pass(struct gups_run *run, struct gups *g,
		      const struct gups_outcome *o)
{
	stage(run, "report");
	gups_report_result(run, g, o);
	if (run->timeline)
		gups_timeline_show(run->timeline, gups_cpu_time(g));
	if (run->hogs)
		hog_show_end(run->hogs, false);
	at_show(run->at);
	show_pmu(run);
	session_show(&run->session);
	show_closing(run, g, o);
}

/* Rows are of use where pages may move, or when they are asked for. */
static bool wants_timeline(const struct gups_run *run)
{
	const struct gups_plan *g = run->gups;

	if (g->timeline_given)
		return g->timeline_ns;
	if (run->at)
		return true;
	return (run->pattern || run->session.policy || run->session.guest) &&
	       !g->compare && run->nr_nodes > 1;
}

static void begin_modelled(struct gups_run *run, const struct gups *g)
{
	struct latency_model latencies;
	bool near[NODE_MAX];

	node_top_tier(near, run->nodes, run->nr_nodes);
	latency_model_settle(&latencies, run->gups->latency_ns, run->nodes,
			     run->nr_nodes, near);
	run->modelled = modelled_time_new(&latencies, run->gups->cpi,
					  run->threads,
					  gups_pinned(g) ? run->cpus : NULL);
}

static void begin_timeline(struct gups_run *run, struct gups *g)
{
	if (!wants_timeline(run))
		return;
	run->timeline = gups_timeline_new(&(struct gups_timeline_setting){
		.g = g,
		.pattern = run->pattern,
		.plan = run->gups,
		.nodes = run->nodes,
		.nr_nodes = run->nr_nodes,
		.session = &run->session,
		.threads = run->threads,
		.modelled = run->modelled,
		.hogs = run->hogs,
		.events = run->at,
	});
}

/* The timed part, DAMON's life around it. */
static int timed_part(struct gups_run *run, struct gups *g,
		      struct gups_outcome *o)
{
	struct session *s = &run->session;
	int err = s->sample_s > 0 && !s->guest ? stage(run, "damon") : 0;

	begin_modelled(run, g);
	begin_timeline(run, g);

	if (!err)
		err = session_start_damon(s);
	if (!err)
		err = session_take(s, TIMED);
	if (!err)
		err = update(run, g, o);
	if (!err)
		err = session_stop_damon(s);
	return err ? err : session_take(s, TIMED_END);
}

static int one_pass(struct gups_run *run)
{
	struct gups_outcome o = { 0 };
	struct gups *g = NULL;
	int err;

	if (!place_is_strict(&run->place))
		session_hold_room(&run->session, run->plan->worker.below_init);
	err = session_take(&run->session, BEGIN);
	run->pass++;
	closing_begin();
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
	gups_timeline_free(run->timeline);
	run->timeline = NULL;
	modelled_time_free(run->modelled);
	run->modelled = NULL;
	gups_free(g);
	session_forget(&run->session);
	return err;
}

/* ----------------------------------------------------------- two in turn */

static double median(double *v, size_t n)
{
	stats_sort(v, n);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Both sides of --against. */
struct pair {
	const struct place *place[2];
	struct gups *g[2];
	double *rate[2], *ratio;
	uint64_t rounds; /* done */
};

static int window(struct gups_run *run, struct gups *g, double *rate)
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
static int take_turns(struct gups_run *run, struct pair *p)
{
	bool in_place = isatty(STDOUT_FILENO) && !run->plan->worker.below_init;
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

static int verify_pair(struct gups_run *run, struct pair *p)
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

REPORT_RECORD(
	compare_record, "compare", "the result of --against",
	GUPS_PLAN_MEMBERS
	"against s the place of the other table\n"
	"window_s r of a turn\n"
	"rounds u:pairs of turns\n"
	"updates_per_s[] r:1/s of each round\n"
	"against_updates_per_s[] r:1/s of the other table's\n"
	"ratio_median|ratio_min|ratio_max r:1 the other's rate by this one's\n"
	"errors u:words both tables verified\n");

static void show_pair(const struct gups_run *run, struct pair *p)
{
	uint64_t n = p->rounds;
	double ratio;

	report_begin(&compare_record);
	gups_report_plan(run, p->place[0], p->g[0]);
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

static int compare(struct gups_run *run)
{
	struct pair p = { .place = { &run->place, &run->against } };
	struct table_pages pages;
	struct gups_warm_up warm;
	int err = 0;

	for (int side = 0; side < 2; side++)
		p.rate[side] = xcalloc(run->gups->rounds, sizeof(double));
	p.ratio = xcalloc(run->gups->rounds, sizeof(double));
	if (!place_is_strict(&run->place) || !place_is_strict(&run->against))
		session_hold_room(&run->session, run->plan->worker.below_init);
	pmu_read(&run->pmu[BEGIN]);
	for (int side = 0; side < 2 && !err; side++)
		err = set_up(run, p.place[side], &p.g[side], &pages, &warm);
	session_release_room(&run->session);
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

/* "all" and "!0" are of the nodes with memory; named ones are looked at later. */
static int gups_resolve(const struct gups_run *run, struct place *p)
{
	int have[NODE_MAX];

	if (p->nr_nodes && !p->except)
		return 0;
	for (int i = 0; i < run->nr_nodes; i++)
		have[i] = run->nodes[i].id;
	return place_resolve(p, have, run->nr_nodes, "memory");
}

/*
 * A table that asks for no placement has that of the policy, if it is one
 * (weighted interleaving), or of the task: what numactl(8) set for us is what
 * holds for any program's memory.
 */
static int settle_place(struct gups_run *run)
{
	bool weighted = run->session.policy &&
			policy_is_weighted(run->session.policy);
	struct place *p = &run->place, inherited;
	int err;

	*p = run->gups->place;
	run->against = run->gups->against;
	if (run->against.text && run->against.mode != PLACE_ANY) {
		err = gups_resolve(run, &run->against);
		if (err)
			return err;
	}
	if (p->mode != PLACE_ANY)
		return gups_resolve(run, p);
	err = table_inherited(&inherited);
	if (err)
		return err;
	if (inherited.mode != PLACE_ANY) {
		run->inherited = place_describe(&inherited);
		inherited.text = run->inherited;
		*p = inherited;
	}
	if (weighted && inherited.mode != PLACE_ANY)
		return fail(
			EINVAL,
			"--policy %s places the table's pages itself, and this "
			"process has a memory policy (%s): start it without "
			"numactl",
			run->plan->policy.name, run->inherited);
	if (!weighted)
		return 0;
	p->mode = PLACE_WEIGHTED;
	p->text = "weighted, all nodes";
	for (int i = 0; i < run->nr_nodes; i++)
		p->nodes[p->nr_nodes++] = run->nodes[i].id;
	return 0;
}

/* A table that is bound to one node needs room beside a hog. */
static void need_beside(const struct gups_run *run, uint64_t need[NODE_MAX])
{
	uint64_t bytes = run->gups->bytes;

	for (int i = 0; i < run->nr_nodes; i++) {
		uint64_t apart = gups_check_apart(run, &run->nodes[i]);

		need[run->nodes[i].id] = apart;
		bytes -= apart;
	}
	if (run->place.mode == PLACE_BIND && run->place.nr_nodes == 1)
		need[run->place.nodes[0]] += bytes + RESERVE_BYTES;
}

/*
 * Pressure comes before the table, and before this process goes into a
 * policy's cgroup.
 */
static int start_hogs(struct gups_run *run)
{
	const struct hog_plans *plans = &run->plan->hogs;
	uint64_t need[NODE_MAX] = { 0 };
	struct hog_state state;
	int err;

	if (!plans->nr)
		return 0;
	need_beside(run, need);
	err = stage(run, "hog");
	if (!err)
		err = hog_start(&run->hogs, plans, need, &interrupted,
				run->plan->worker.below_init);
	if (!err)
		hog_show_start(run->hogs);
	/* Their processes are ours, but no part of the benchmark. */
	for (int i = 0; !err && hog_state(run->hogs, i, &state); i++)
		proctree_leave_out(state.pid);
	return err ? err : find_nodes(run);
}

/* What the run means on this machine. */
static int settle(struct gups_run *run)
{
	int err = look_around(run);

	if (!err)
		err = session_prepare(&run->session, &run->plan->policy,
				      run->plan->once);
	if (!err)
		err = find_cpus(run);
	if (err)
		return err;
	settle_plan(run);
	err = settle_place(run);
	return err ? err : settle_pattern(run);
}

/* All that a run is refused for, as far as nothing is measured. */
static int check(const struct gups_run *run)
{
	int err = gups_check_nodes(run, &run->place);

	if (!err && run->gups->compare)
		err = gups_check_nodes(run, &run->against);
	if (!err)
		err = gups_check_latencies(run);
	return err ? err : gups_check_room(run, &run->place);
}

static int prepare(struct gups_run *run)
{
	int err = settle(run);

	if (err)
		return err;
	show_nodes(run->nodes, run->nr_nodes, run->regions, run->nr_regions);
	check_before(run->plan, run->nodes, run->nr_nodes, run->regions,
		     run->nr_regions);
	err = check(run);
	if (!err)
		err = start_hogs(run);
	if (!err)
		err = at_start(&run->at, &run->plan->at);
	if (!err)
		err = stage(run, "probe");
	if (!err)
		err = gups_check_probe(run, &run->place);
	if (!err && run->gups->compare)
		err = gups_check_probe(run, &run->against);
	if (!err && run->session.policy)
		err = stage(run, "policy");
	if (!err)
		err = session_set(&run->session);
	run->session.setting.bound =
		run->gups->hold ||
		(run->place.inherited && run->place.mode == PLACE_BIND);
	return err;
}

/* --dry-run: what it would be refused for, and every write of its policy. */
static int rehearse(struct gups_run *run)
{
	uint64_t need[NODE_MAX] = { 0 };
	int err = settle(run);

	if (!err)
		err = check(run);
	if (!err) {
		need_beside(run, need);
		err = hog_rehearse(&run->plan->hogs, need);
	}
	return err ? err : session_rehearse(&run->session);
}

static int work(const struct plan *plan)
{
	/* A caller may have left us less of a stack than that takes. */
	static struct gups_run run;
	int err;

	run.plan = plan;
	run.gups = &plan->gups;
	wait_catch_signals(on_signal);
	if (plan->dry_run) {
		err = rehearse(&run);
	} else {
		err = stage(&run, "plan");
		if (!err)
			err = prepare(&run);
	}
	while (!err && !plan->dry_run) {
		err = plan->gups.compare ? compare(&run) : one_pass(&run);
		if (plan->once || interrupted)
			break;
	}
	/* Without --once to be interrupted is the way it ends. */
	if (err == -EINTR && !plan->once)
		err = 0;
	hog_stop(run.hogs);
	at_end(run.at);
	session_free(&run.session);
	pattern_free(run.pattern);
	free(run.inherited);
	free(run.nodes);
	free(run.regions);
	return err;
}

static const char notes[] =
	"SIZE   bytes of the table: 64M, 1G, 5G (k, M, G, T are powers of 1024)\n"
	"NODE   where its pages are placed:\n"
	"         any             the system's own placement (default)\n"
	"         node1, 1, 0-1   bound to these nodes while it is populated\n"
	"         preferred:1     node 1, others when it is full\n"
	"         interleave:0,1  page by page\n"
	"         weighted:0,1    by the kernel's weighted_interleave weights\n"
	"\n"
	"The table stays where it was placed until the updates begin; then the\n"
	"kernel may move it (not with --bind). Where pages may move, a row a second\n"
	"says where they are: near% is the part of the updates that the top tier\n"
	"serves, sum of w(p) over the pages p that are near, from a sample of 512\n"
	"pages each of the hot set and of the rest; by 95 % the truth is within +-.\n"
	"Modelled time per update = sum over the nodes of (their part of the\n"
	"updates x latency): dependent accesses, migration not counted; latencies\n"
	"are those of --latency, or what the platform declares (access0/initiators/\n"
	"read_latency of a node in sysfs), or 100 ns and, below the top tier, 250 ns.\n"
	"\n"
	"Patterns other than uniform draw by splitmix64, not from HPCC's stream;\n"
	"all are verified. Zipf's hot set is the pages that get half of the updates.\n";

const struct verb verb_gups = {
	.name = "gups",
	.operands = "SIZE [NODE]",
	.summary = "random updates (HPCC RandomAccess) on a table on NODE",
	.notes = notes,
	.flags = VERB_BENCHMARK | VERB_WORKLOAD | VERB_HEADER | VERB_DRY_RUN |
		 VERB_ROOT,
	.options = (const struct verb_option *const[]){ gups_options,
							at_options,
							options_policy, NULL },
	.defaults = gups_defaults,
	.take = gups_take,
	.work = work,
};
