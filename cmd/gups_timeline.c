// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups_timeline.c - a row each second, and what it comes to.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/latency_model.h"
#include "bench/modelled_time.h"
#include "bench/placement.h"
#include "bench/pmu.h"
#include "cmd/gups_timeline.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/page.h"
#include "mm/zone.h"
#include "tiering/telling.h"

/* The hot set has arrived when so much of it is near, for so long. */
#define ARRIVED 0.9
#define ARRIVED_S 3
#define HEAD_EVERY 20
/* Pages of each hog that are asked for. */
#define HOG_SAMPLE 128
/* Kinds of schemes that are looked at */
#define MAX_TOLD 4
/* The columns of two nodes fit into 80; the records have them all. */
#define TEXT_NODES 2
/* With so much of the CPU time spent on it, sampling takes fewer pages. */
#define SAMPLING_SHARE 0.02

/* What is known at one moment. */
struct look {
	double seconds;
	uint64_t done;
	struct placement_row truth;
	struct placement_part hog; /* of all hogs that live */
	struct vmstat counters;
	struct migration moves;
	struct pmu_counts pmu; /* the emulator's plugin's, where there is one */
};

/* Of all rows. */
struct course {
	struct stats_part start, end, hot_start, hot_end, cold_end;
	double sum; /* near share x updates */
	double node_sum[NODE_MAX]; /* shares x updates */
	double hot_sum; /* the hot set's part x updates */
	uint64_t updates;
	unsigned int checks; /* rows with a count and a sample, and no moves */
	double sigmas, sigmas_squared; /* sums of theirs */
	double since, from; /* hot set near since; it began, or moved, at */
	bool waiting;
	double first_s; /* until it had arrived; NAN: never */
	unsigned int moves, arrivals;
	double arrival_sum; /* seconds, after moves */
};

struct gups_timeline {
	struct gups_timeline_setting s;
	bool near[NODE_MAX];
	struct placement *truth;
	struct look now, before;
	uint64_t *done, *made; /* by thread: until now, since the row before */
	struct pmu_counts first;
	struct course course;
	double next; /* the next row is due, seconds */
	unsigned int rows, moves; /* moves: of the hot set, when last seen */
	bool event; /* of --at, since the last row */
	uint64_t first_migrated;
	unsigned int thin, thinned; /* how much now; rows */
	double sampling_s,
		rows_s; /* CPU time; of the rows with all that is in them */
	uint64_t lost;
};

/* ------------------------------------------------------------------- looks */

/* A hog that has gone is no error: it is what the OOM killer takes. */
static void look_at_hogs(struct gups_timeline *t, struct placement_part *p)
{
	struct table_pages pages = { .absent = 0 };
	uint64_t near = 0;

	p->weight = NAN;
	for (int i = 0; t->s.hogs && i < hog_count(t->s.hogs); i++)
		hog_sample(t->s.hogs, i, HOG_SAMPLE, &pages);
	for (int i = 0; i < NODE_MAX; i++) {
		p->sampled += pages.node[i];
		near += t->near[i] ? pages.node[i] : 0;
	}
	p->lost = pages.absent + pages.unknown;
	p->any = p->sampled;
	p->near = stats_wilson((double)near / (double)p->sampled,
			       (double)p->sampled);
}

/*
 * /proc/zoneinfo holds the zones' locks while it is written, which a storm of
 * migrations wants: it is read once, and what is free is taken from the nodes'
 * counters from then on. (stat_refresh, which interrupts every CPU, is left
 * out for the same reason: counters lag by up to a second, and lose nothing.)
 */
static void take_zones(struct gups_timeline *t)
{
	struct zones *zones = &t->now.moves.zones;
	uint64_t page = page_size(), pages;

	if (!t->rows || t->event) {
		zone_take(zones);
		return;
	}
	*zones = t->before.moves.zones;
	for (int i = 0; i < zones->nr_nodes; i++) {
		struct zone_node *z = &zones->nodes[i];

		if (!vmstat_get(&t->now.counters, z->node, "nr_free_pages",
				&pages))
			continue;
		z->above += (int64_t)(pages * page) - (int64_t)z->free;
		z->free = pages * page;
	}
}

static void note_done(struct gups_timeline *t)
{
	for (unsigned int i = 0; i < t->s.threads; i++) {
		uint64_t now = gups_done_by(t->s.g, i);

		t->made[i] = now - t->done[i];
		t->done[i] = now;
	}
}

/* Where the table's pages are, and the hogs'. */
static int sample(struct gups_timeline *t)
{
	struct pattern_epoch e = gups_epoch(t->s.g);
	uint64_t began = thread_cpu_ns();
	struct look *l = &t->now;
	int err;

	err = placement_look(t->truth, &e, t->made, &l->truth);
	look_at_hogs(t, &l->hog);
	t->lost += l->truth.hot.lost + l->truth.cold.lost;
	t->sampling_s += (double)(thread_cpu_ns() - began) / 1e9;
	return err;
}

static int look(struct gups_timeline *t, uint64_t done, double seconds)
{
	struct look *l = &t->now;
	int err;

	vmstat_free(&t->before.counters);
	t->before = *l;
	*l = (struct look){ .seconds = seconds, .done = done };
	/* First: what looking costs belongs to the next row. */
	pmu_read(&l->pmu);
	note_done(t);
	modelled_time_take(t->s.modelled, t->done);
	err = sample(t);
	if (!err)
		err = vmstat_read(&l->counters);
	if (!err)
		take_zones(t);
	migration_take_trace(&l->moves);
	return err;
}

/* ------------------------------------------------------------------ course */

static void arrive(struct gups_timeline *t)
{
	struct course *c = &t->course;
	double hot = t->now.truth.hot.near.part, at = t->now.seconds;

	if (!(hot >= ARRIVED))
		c->since = NAN;
	else if (isnan(c->since))
		c->since = at;
	if (!c->waiting || !(at - c->since >= ARRIVED_S))
		return;
	c->waiting = false;
	if (!c->moves) {
		c->first_s = c->since;
		return;
	}
	c->arrivals++;
	c->arrival_sum += c->since - c->from;
}

static void hot_set_moved(struct gups_timeline *t, unsigned int times)
{
	struct course *c = &t->course;

	c->moves += times;
	c->waiting = true;
	c->since = NAN;
	c->from = t->now.seconds;
}

/* An interval has the mean of the shares at its ends. */
static void add_to_course(struct gups_timeline *t, double sigmas)
{
	const struct placement_row *b = &t->now.truth;
	double made = (double)(t->now.done - t->before.done);
	struct course *c = &t->course;

	if (!isnan(sigmas)) {
		c->checks++;
		c->sigmas += sigmas;
		c->sigmas_squared += sigmas * sigmas;
	}
	/* All pages of a small sample may be in transit at once. */
	if (isnan(b->near_since))
		return;
	c->end = b->near;
	c->hot_end = b->hot.near;
	c->cold_end = b->cold.near;
	c->updates += t->now.done - t->before.done;
	c->sum += made * b->near_since;
	c->hot_sum += made * b->hot.weight;
	for (int i = 0; i < NODE_MAX; i++)
		c->node_sum[i] += made * b->since[i];
}

/* -------------------------------------------------------------------- rows */

static void member_nodes(const char *key, const double *share,
			 const struct gups_timeline *t)
{
	report_open(key, '{');
	for (int i = 0; i < t->s.nr_nodes; i++)
		report_real(report_node(t->s.nodes[i].id),
			    share[t->s.nodes[i].id]);
	report_close('}');
}

static void member_sum(const char *key, const struct migration_sum *s)
{
	if (s->known)
		report_i64(key, s->pages);
	else
		report_null(key);
}

/* KEY, KEY_low, KEY_high */
static void member_part(const char *key, const struct stats_part *p)
{
	char bound[32];

	report_real(key, p->part);
	snprintf(bound, sizeof(bound), "%s_low", key);
	report_real(bound, p->low);
	snprintf(bound, sizeof(bound), "%s_high", key);
	report_real(bound, p->high);
}

static void record_part(const char *name, const struct placement_part *p)
{
	report_open(name, '{');
	member_part("near", &p->near);
	report_real("weight", p->weight);
	report_u64("sampled", p->sampled);
	report_u64("lost", p->lost);
	report_close('}');
}

/* NUMA balancing's tiering is on. */
static bool tiers_by_faults(const struct gups_timeline *t)
{
	return t->s.session->setting.numa_balancing > 0 &&
	       t->s.session->setting.numa_balancing & 2;
}

/* Does it promote every page that faults? */
static bool is_roomy(const struct gups_timeline *t)
{
	const struct zone_node *z =
		zone_of(&t->now.moves.zones, t->s.session->setting.near);

	return z && tiers_by_faults(t) && zone_is_roomy(z);
}

static void record_moves(const struct migration_sums *sums)
{
	static const struct {
		enum migration_row row;
		const char *key;
	} keys[] = {
		{ MIGRATION_PROMOTED, "promoted_numab" },
		{ MIGRATION_KSWAPD, "demoted_kswapd" },
		{ MIGRATION_DIRECT, "demoted_direct" },
		{ MIGRATION_KHUGEPAGED, "demoted_khugepaged" },
		{ MIGRATION_PROACTIVE, "demoted_proactive" },
		{ MIGRATION_DAMON_MORE, "moved_damon" },
		{ MIGRATION_COMPACTION, "moved_compaction" },
		{ MIGRATION_SYSCALLS, "moved_syscalls" },
	};

	report_open("pages", '{');
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		member_sum(keys[i].key, &sums->row[keys[i].row]);
	member_sum("all", &sums->migrated);
	report_close('}');
}

static void record_free(const struct gups_timeline *t)
{
	const struct zones *z = &t->now.moves.zones;

	report_open("free_bytes", '{');
	for (int i = 0; i < z->nr_nodes; i++)
		report_u64(report_node(z->nodes[i].node), z->nodes[i].free);
	report_close('}');
}

static double rate_of(const struct gups_timeline *t)
{
	return (double)(t->now.done - t->before.done) /
	       (t->now.seconds - t->before.seconds);
}

/* Near accesses since the row before, of those to the table; NAN: unknown. */
static double counted(const struct gups_timeline *t)
{
	return pmu_near_share(&t->before.pmu, &t->now.pmu, t->near);
}

/*
 * The sample's distance from the count. It is of one moment, and the count of
 * all since the row before: they are of one placement if nothing moved.
 */
static double sigmas(const struct gups_timeline *t,
		     const struct migration_sums *sums, bool moved)
{
	if (!sums || moved || !sums->migrated.known || sums->migrated.pages)
		return NAN;
	return placement_sigmas(&t->now.truth, counted(t),
				t->now.done - t->before.done);
}

REPORT_RECORD(
	row_record, "timeline", "a row of the timeline of gups",
	"t_s r since the timed part began\n"
	"updates u:updates made until then, told every few ms by each thread (of 512 or fewer: when these are made)\n"
	"updates_per_s r since the row before; null: the first row\n"
	"modelled_updates_per_s r:1/s by counts; null: none are made\n"
	"near_share r of the updates that the top tier serves, sampled\n"
	"near_share_low|near_share_high r:part_of_1 between these by 95 %\n"
	"near_share_error r:part_of_1 its standard error: of a quarter of that\n"
	"near_share_counted r:part_of_1 of the accesses since the row before, counted\n"
	"near_share_sigmas r:1 near_share less counted, in standard errors; null: pages moved\n"
	"updates_by_node.node* r:part_of_1 of the updates, sampled\n"
	"hot|cold|table|hog.near r:part_of_1 of these pages that are near\n"
	"hot|cold|table|hog.near_low|near_high r:part_of_1 between these by 95 %\n"
	"hot|cold|table|hog.weight r:part_of_1 of the updates that they get\n"
	"hot|cold|table|hog.sampled u:pages that were looked at\n"
	"hot|cold|table|hog.lost u:pages of those that could not be told\n"
	"pages.promoted_numab i:pages since the row before; pages null: the first\n"
	"pages.demoted_kswapd|demoted_direct|demoted_khugepaged|demoted_proactive i:pages\n"
	"pages.moved_damon|moved_compaction|moved_syscalls i:pages by these\n"
	"pages.all i:pages pgmigrate_success\n"
	"free_bytes.node* u\n"
	"promotion_unconditional b NUMA balancing promotes every page that faults\n"
	"hot_set_moved b since the row before\n"
	"event b something of --at began or ended since the row before\n");

/* Those columns that have something to say. */
struct columns {
	struct report_column column[16];
	size_t n;
	char free_key[TEXT_NODES][24], free_head[TEXT_NODES][8];
};

static void add_column(struct columns *c, const char *key, const char *head,
		       int width, int decimals, double per)
{
	c->column[c->n++] =
		(struct report_column){ key, head, (signed char)width,
					(signed char)decimals, (float)per };
}

/* Parts of 1, in %; narrow ones without a decimal. */
static void add_percent(struct columns *c, const char *key, const char *head,
			int width)
{
	add_column(c, key, head, width, width != 4, 0.01);
}

/*
 * With modelled time there is no room for the sample's error, and with DAMON or
 * hogs none for the sampled share beside the counted one; the records have all.
 */
static bool is_crowded(const struct gups_timeline *t)
{
	return t->s.modelled && (t->s.session->sample_s > 0 || t->s.hogs);
}

/* What the legend says of the columns of shares. */
static const char *legend_shares(const struct gups_timeline *t)
{
	if (is_crowded(t))
		return ", counted since the last row";
	if (t->s.modelled)
		return ", counted since the last row; smp: the same by a "
		       "sample, now";
	if (t->now.pmu.known)
		return ", counted since the last row; smp: the same by a "
		       "sample, now; +-: by 95 % the truth is within";
	return ", by a sample; +-: by 95 % the truth is within";
}

static void choose_columns(struct columns *c, const struct gups_timeline *t)
{
	const struct zones *z = &t->now.moves.zones;
	bool counts = t->now.pmu.known, damon = t->s.session->sample_s > 0;
	/* DAMON's column and the plugin's: else the row has 83 columns */
	int width = damon && counts ? 5 : 6;

	c->n = 0;
	add_column(c, NULL, "time  ", 8, 0, 1);
	add_column(c, "updates_per_s", "M/s", 5, rate_of(t) < 1e8 ? 2 : 1, 1e6);
	if (t->s.modelled)
		add_column(c, "modelled_updates_per_s", "model", 5, 2, 1e6);
	/* What was counted is the figure; the sample is its check */
	if (counts)
		add_percent(c, "near_share_counted",
			    is_crowded(t) ? "near" : "near%",
			    is_crowded(t) ? 4 : 5);
	if (!is_crowded(t))
		add_percent(c, "near_share", counts ? "smp" : "near%",
			    counts && damon ? 4 : 5);
	if (!t->s.modelled)
		add_column(c, NULL, "+-", 3, 0, 1);
	if (t->now.truth.hot.any) {
		add_percent(c, "hot.near", "hot", 4);
		add_percent(c, "cold.near", "cold", 4);
	}
	if (t->s.hogs)
		add_column(c, "hog.near", "hog", 3, 0, 0.01);
	add_column(c, "pages.promoted_numab", "promo", width, 0, 1);
	add_column(c, NULL, "demot", width, 0, 1);
	if (damon)
		add_column(c, "pages.moved_damon", "DAMON", width, 0, 1);
	for (int i = 0; i < z->nr_nodes && i < TEXT_NODES; i++) {
		snprintf(c->free_key[i], sizeof(c->free_key[i]),
			 "free_bytes.node%d", z->nodes[i].node);
		snprintf(c->free_head[i], sizeof(c->free_head[i]), "free%d",
			 z->nodes[i].node);
		add_column(c, c->free_key[i], c->free_head[i], 5, 0, MIB);
	}
}

static int64_t demoted(const struct migration_sums *s)
{
	int64_t sum = 0;

	for (enum migration_row r = MIGRATION_KSWAPD;
	     r <= MIGRATION_DEMOTED_MORE; r++)
		sum += s->row[r].pages;
	return sum;
}

static void legend(const struct gups_timeline *t)
{
	report_say("\n");
	report_wrap("         ",
		    "timeline %snear%%: the part of the updates that the top "
		    "tier serves%s; "
		    "%s%spromo, demot%s: pages since the last row; free: MiB"
		    "%s%s%s%s",
		    t->s.modelled ? "model: M updates/s by counts, without the "
				    "emulator's speed; " :
				    "",
		    legend_shares(t),
		    t->now.truth.hot.any ?
			    "hot, cold: pages of the hot set, and of the "
			    "rest, that are there, in %; " :
			    "",
		    t->s.hogs ? "hog: of its pages those there; " : "",
		    t->s.session->sample_s > 0 ? ", DAMON (both ways)" : "",
		    t->now.moves.zones.nr_nodes > TEXT_NODES ?
			    " (of other nodes: in the records)" :
			    "",
		    tiers_by_faults(t) ?
			    "; u: so much is free that NUMA balancing promotes "
			    "every page that faults" :
			    "",
		    t->now.truth.hot.any ? "; *: the hot set moved" : "",
		    t->s.events ? "; @: an event of --at" : "");
}

static void show_row(struct gups_timeline *t, const struct migration_sums *sums,
		     bool moved, double apart)
{
	const struct placement_row *r = &t->now.truth;
	double low = r->near.low, high = r->near.high, near = r->near.part;
	double side =
		100 * (high - near > near - low ? high - near : near - low);
	struct columns c;

	choose_columns(&c, t);
	if (!t->rows)
		legend(t);
	if (t->rows++ % HEAD_EVERY == 0)
		report_head(c.column, c.n);
	report_begin_row(&row_record, c.column, c.n);
	report_real("t_s", t->now.seconds);
	report_cell("time  ", "%.1f%s%s", t->now.seconds,
		    t->event ? "@" :
		    moved    ? "*" :
			       " ",
		    is_roomy(t) ? "u" : " ");
	report_u64("updates", t->now.done);
	report_real("updates_per_s", rate_of(t)); /* null: the first row */
	report_real("modelled_updates_per_s",
		    sums ? modelled_time_rate(t->s.modelled, false) : NAN);
	member_part("near_share", &r->near);
	report_real("near_share_error", (high - low) / 2 / STATS_Z);
	if (!isnan(near) && !t->s.modelled)
		report_cell("+-", "%.*f", side < 9.95, side);
	if (t->now.pmu.known) {
		report_real("near_share_counted", counted(t));
		report_real("near_share_sigmas", apart);
	}
	member_nodes("updates_by_node", r->node_share, t);
	if (r->hot.any)
		record_part("hot", &r->hot);
	record_part(r->hot.any ? "cold" : "table", &r->cold);
	if (t->s.hogs)
		record_part("hog", &t->now.hog);
	if (sums)
		record_moves(sums);
	else
		report_null("pages");
	if (sums && sums->row[MIGRATION_KSWAPD].known)
		report_cell("demot", "%" PRId64, demoted(sums));
	record_free(t);
	report_bool("promotion_unconditional", is_roomy(t));
	report_bool("hot_set_moved", moved);
	report_bool("event", t->event);
	t->event = false;
	report_end();
}

static int add_row(struct gups_timeline *t, uint64_t done, double seconds)
{
	uint64_t began = thread_cpu_ns();
	struct migration_span span = { &t->before.counters, &t->now.counters,
				       &t->before.moves, &t->now.moves };
	unsigned int moves = gups_moves(t->s.g);
	unsigned int times = moves - t->moves;
	bool first = !t->rows;
	struct migration_sums sums;
	double apart;
	int err = look(t, done, seconds);

	if (err)
		return err;
	t->moves = moves;
	if (!first)
		migration_add_up(&sums, &span);
	apart = sigmas(t, first ? NULL : &sums, times);
	if (!first)
		add_to_course(t, apart);
	if (times)
		hot_set_moved(t, times);
	arrive(t);
	show_row(t, first ? NULL : &sums, times, apart);
	session_view(t->s.session, seconds);
	t->rows_s += (double)(thread_cpu_ns() - began) / 1e9;
	return 0;
}

/* -------------------------------------------------------------------- life */

struct gups_timeline *gups_timeline_new(const struct gups_timeline_setting *s)
{
	struct gups_timeline *t = xcalloc(1, sizeof(*t));
	double interval = (double)s->plan->timeline_ns / 1e9;
	size_t sample = PLACEMENT_SAMPLE;

	if (interval < 1) /* as much a second */
		sample = (size_t)(PLACEMENT_SAMPLE * interval);
	t->s = *s;
	t->course.first_s = t->course.since = NAN;
	t->course.waiting = true;
	node_top_tier(t->near, s->nodes, s->nr_nodes);
	t->done = xcalloc(s->threads, sizeof(*t->done));
	t->made = xcalloc(s->threads, sizeof(*t->made));
	t->truth = placement_new(s->pattern, gups_table(s->g), s->threads,
				 t->near, sample < 64 ? 64 : sample,
				 s->plan->seed);
	return t;
}

void gups_timeline_free(struct gups_timeline *t)
{
	if (!t)
		return;
	vmstat_free(&t->now.counters);
	vmstat_free(&t->before.counters);
	placement_free(t->truth);
	free(t->done);
	free(t->made);
	free(t);
}

int gups_timeline_begin(struct gups_timeline *t)
{
	struct course *c = &t->course;
	uint64_t migrated = 0;
	int err = add_row(t, gups_done(t->s.g), 0);

	vmstat_get(&t->now.counters, VMSTAT_TOTAL, "pgmigrate_success",
		   &migrated);
	t->first_migrated = migrated;
	c->start = c->end = t->now.truth.near;
	c->hot_start = c->hot_end = t->now.truth.hot.near;
	c->cold_end = t->now.truth.cold.near;
	t->first = t->now.pmu;
	t->next = (double)t->s.plan->timeline_ns / 1e9;
	return err;
}

void gups_timeline_event(struct gups_timeline *t, const struct node *nodes,
			 int nr_nodes)
{
	t->s.nodes = nodes;
	t->s.nr_nodes = nr_nodes;
	node_top_tier(t->near, nodes, nr_nodes);
	t->event = true;
}

int gups_timeline_tick(struct gups_timeline *t, uint64_t done, double seconds)
{
	double interval = (double)t->s.plan->timeline_ns / 1e9;

	if (seconds < t->next)
		return 0;
	/* Late by a whole row: the rows in between are not made up. */
	t->next += interval * (floor((seconds - t->next) / interval) + 1);
	if (t->sampling_s <= SAMPLING_SHARE * seconds * t->s.threads)
		t->thin -= t->thin > 0;
	else if (t->thin < PLACEMENT_MAX_THIN)
		t->thin++;
	t->thinned += t->thin > 0;
	placement_thin(t->truth, t->thin);
	return add_row(t, done, seconds);
}

int gups_timeline_end(struct gups_timeline *t, uint64_t done, double seconds)
{
	double interval = (double)t->s.plan->timeline_ns / 1e9;

	if (t->rows <= 1 || seconds - t->now.seconds >= interval / 4)
		return add_row(t, done, seconds);
	/* Too short for a row; what was counted is of all updates even so. */
	pmu_read(&t->now.pmu);
	note_done(t);
	modelled_time_take(t->s.modelled, t->done);
	return 0;
}

/* ----------------------------------------------------------------- summary */

/* Updates a page and second, of the hot or the cold pages; over the run. */
static double page_rate(const struct gups_timeline *t, bool hot)
{
	const struct pattern *p = t->s.pattern;
	double rate = (double)t->now.done / t->now.seconds;
	double pages, weight;

	if (!p)
		return rate * PAGE_BYTES / (double)t->s.plan->bytes;
	pages = (double)pattern_hot_pages(p);
	if (!hot)
		pages = (double)pattern_pages(p) - pages;
	weight = t->course.hot_sum / (double)t->course.updates;
	return rate * (hot ? weight : 1 - weight) / pages;
}

/* What the policy makes of these rates: kinds of hot pages, none without any. */
static size_t tell(const struct gups_timeline *t, struct telling *told)
{
	const struct damon_config *damon = t->s.session->looks;

	if (!t->now.truth.hot.any || !(damon || tiers_by_faults(t)))
		return 0;
	return telling(told, MAX_TOLD, damon, page_rate(t, true),
		       page_rate(t, false));
}

/* (s - C/N) / (s* - C/N): 0 is chance, 1 the best that C near pages allow. */
static double efficiency(const struct gups_timeline *t,
			 const struct placement_moved *m)
{
	const struct pattern *p = t->s.pattern;
	const struct placement_row *r = &t->now.truth;
	struct pattern_epoch e = gups_epoch(t->s.g);
	double chance, best;

	if (!p || !r->hot.any || isnan(m->pages_near))
		return NAN;
	chance = m->pages_near / (double)pattern_pages(p);
	best = pattern_best_share(p, &e, (uint64_t)(m->pages_near + 0.5));
	/*
	 * All pages, or none, are near: there is no better and no worse. Or
	 * what there is, the sample cannot see.
	 */
	if (isnan(r->near.part) ||
	    best - chance < fmax(0.01, r->near.high - r->near.low))
		return NAN;
	/* None is better than the best; the sample may be. */
	return fmin(1, (r->near.part - chance) / (best - chance));
}

static uint64_t migrated_bytes(const struct gups_timeline *t)
{
	uint64_t now = 0;

	vmstat_get(&t->now.counters, VMSTAT_TOTAL, "pgmigrate_success", &now);
	return (now - t->first_migrated) * page_size();
}

/* Over the timed part: as it was counted, where it was; else by the samples. */
struct mean {
	bool counted;
	double near, sampled;
	double share[NODE_MAX];
};

static struct mean mean_of(const struct gups_timeline *t)
{
	const struct course *c = &t->course;
	struct mean m = { .sampled = c->sum / (double)c->updates };

	m.near = pmu_shares(&t->first, &t->now.pmu, t->near, m.share);
	m.counted = !isnan(m.near);
	if (m.counted)
		return m;
	m.near = m.sampled;
	for (int i = 0; i < NODE_MAX; i++)
		m.share[i] = c->node_sum[i] / (double)c->updates;
	return m;
}

REPORT_RECORD(
	placement_record, "placement",
	"where the pages were, over the timed part",
	"near_share_at_start|near_share_at_end r:part_of_1 of the updates, sampled\n"
	"near_share_mean r:part_of_1 of the updates; of the accesses if counted\n"
	"near_share_mean_by s count or sample\n"
	"near_share_mean_sampled r:part_of_1 of the updates\n"
	"near_share_checks u:rows with a count and a sample, in which nothing moved\n"
	"near_share_sigmas_mean|near_share_sigmas_rms r:1 of those: 0 and 1 if the sample is right\n"
	"hot_near_at_start|hot_near_at_end r:part_of_1 of the hot set\n"
	"cold_near_at_end r:part_of_1 of the rest\n"
	"hot_near_90_s r from then on it was so for 3 s; null: never\n"
	"hot_set_moves u:times\n"
	"arrivals_after_move u:times that it came near again\n"
	"arrival_mean_s r of those\n"
	"recall r:part_of_1 of the hot pages that are near at the end\n"
	"recall_low|recall_high r:part_of_1 between these by 95 %\n"
	"precision r:part_of_1 of the pages that were promoted those that were hot then\n"
	"precision_low|precision_high r:part_of_1 between these by 95 %\n"
	"efficiency r:1 0: as by chance, 1: the best pages are near; null: too alike to tell\n"
	"panel_pages u:pages that were followed\n"
	"panel_promoted|panel_demoted|panel_both_ways u:pages of those\n"
	"migrated_bytes u by anybody\n"
	"lost u:pages that could not be told\n"
	"hot_updates_per_page_s|cold_updates_per_page_s r:1/s a page\n" TELLING_MEMBERS
		LATENCY_MODEL_MEMBERS
	"sampling_cpu_s r CPU time of the sampling\n"
	"sampling_cpu_share r of the updates' CPU time\n"
	"rows_cpu_s r CPU time of the rows: sampling, counters, text\n"
	"rows_thinned u:rows with a smaller sample, for its cost\n");

static void record_placement(const struct gups_timeline *t, double cpu_s,
			     const struct placement_moved *m,
			     const struct latency_model *cost,
			     const struct mean *mean)
{
	const struct course *c = &t->course;
	struct telling told[MAX_TOLD];
	size_t n;

	report_begin(&placement_record);
	report_real("near_share_at_start", c->start.part);
	report_real("near_share_at_end", c->end.part);
	report_real("near_share_mean", mean->near);
	report_str("near_share_mean_by", mean->counted ? "count" : "sample");
	report_real("near_share_mean_sampled", mean->sampled);
	if (mean->counted) {
		report_u64("near_share_checks", c->checks);
		report_real("near_share_sigmas_mean", c->sigmas / c->checks);
		report_real("near_share_sigmas_rms",
			    sqrt(c->sigmas_squared / c->checks));
	}
	report_real("hot_near_at_start", c->hot_start.part);
	report_real("hot_near_at_end", c->hot_end.part); /* recall */
	report_real("cold_near_at_end", c->cold_end.part);
	report_real("hot_near_90_s", c->first_s);
	report_u64("hot_set_moves", c->moves);
	report_u64("arrivals_after_move", c->arrivals);
	report_real("arrival_mean_s", c->arrival_sum / c->arrivals);
	member_part("recall", &c->hot_end);
	member_part("precision", &m->precision);
	report_real("efficiency", efficiency(t, m));
	report_u64("panel_pages", m->panel);
	report_u64("panel_promoted", m->promoted);
	report_u64("panel_demoted", m->demoted);
	report_u64("panel_both_ways", m->both_ways);
	report_u64("migrated_bytes", migrated_bytes(t));
	report_u64("lost", t->lost);
	report_real("hot_updates_per_page_s", page_rate(t, true));
	report_real("cold_updates_per_page_s", page_rate(t, false));
	n = tell(t, told);
	telling_record(told, n);
	latency_model_record(cost, mean->share);
	report_real("sampling_cpu_s", t->sampling_s);
	report_real("sampling_cpu_share", t->sampling_s / cpu_s);
	report_real("rows_cpu_s", t->rows_s);
	report_u64("rows_thinned", t->thinned);

	report_end();
}

static void text_hot(const struct gups_timeline *t,
		     const struct placement_moved *m)
{
	const struct course *c = &t->course;
	double e = efficiency(t, m);

	if (!isnan(c->first_s))
		report_say("hot set  90 %% near from %.1f s on", c->first_s);
	else if (c->moves)
		report_say("hot set  never 90 %% near for 3 s before it moved");
	else if (!isnan(c->since))
		report_say(
			"hot set  90 %% near from %.1f s to the end, shorter "
			"than 3 s",
			c->since);
	else
		report_say("hot set  never 90 %% near for 3 s");
	report_say("\n");
	report_wrap(
		"         ",
		"         pages near at the start %.1f %%, at the end %.1f %% "
		"(recall; %.1f to %.1f %%)",
		100 * c->hot_start.part, 100 * c->hot_end.part,
		100 * c->hot_end.low, 100 * c->hot_end.high);
	if (c->moves)
		report_say("         moved %u time%s, near again %u time%s",
			   c->moves, c->moves > 1 ? "s" : "", c->arrivals,
			   c->arrivals == 1 ? "" : "s");
	if (c->arrivals)
		report_say(", after %.1f s (mean)",
			   c->arrival_sum / c->arrivals);
	if (c->moves)
		report_say("\n");
	if (isnan(m->precision.part))
		report_say("promoted none of the %" PRIu64
			   " pages that were followed\n",
			   m->panel);
	else
		report_wrap("         ",
			    "promoted pages: %.0f %% were hot then (precision, "
			    "%.0f to %.0f %%: seen of %" PRIu64 " of %" PRIu64
			    " pages hot at first, and %" PRIu64 " of %" PRIu64
			    " others)",
			    100 * m->precision.part, 100 * m->precision.low,
			    100 * m->precision.high, m->promoted_of[1],
			    m->panel_of[1], m->promoted_of[0], m->panel_of[0]);
	if (!isnan(e))
		report_say("         efficiency %.2f (0: as by chance, 1: the "
			   "best pages are near)\n",
			   e);
}

/* Can the policy tell hot pages from cold ones here? */
static void text_separable(const struct gups_timeline *t)
{
	struct telling told[MAX_TOLD];

	if (!t->now.truth.hot.any)
		return;
	report_say(
		"updates  of a hot page %.3g a second, of a cold one %.3g, in "
		"the mean\n",
		page_rate(t, true), page_rate(t, false));
	telling_text(told, tell(t, told));
}

/* What was counted is the truth: was the sample as far from it as it may be? */
static void text_check(const struct gups_timeline *t, const struct mean *mean)
{
	const struct course *c = &t->course;

	if (!mean->counted)
		return;
	if (!c->checks) {
		report_say("         %.1f %% by the sample\n",
			   100 * mean->sampled);
		return;
	}
	report_wrap(
		"         ",
		"         %.1f %% by the sample; in %u row%s without moves it "
		"was %+.2f standard errors off in the mean, %.2f in the "
		"square (0 and 1 if it is right)",
		100 * mean->sampled, c->checks, c->checks == 1 ? "" : "s",
		c->sigmas / c->checks, sqrt(c->sigmas_squared / c->checks));
}

bool gups_timeline_served(const struct gups_timeline *t, struct stats_part *end,
			  double *mean)
{
	if (!t->course.updates)
		return false;
	*end = t->course.end;
	*mean = mean_of(t).near;
	return true;
}

void gups_timeline_show(const struct gups_timeline *t, double cpu_s)
{
	const struct course *c = &t->course;
	struct placement_moved m;
	struct latency_model cost;
	char bytes[SIZE_TEXT];
	struct mean mean;

	if (!c->updates)
		return;
	placement_moved(t->truth, &m);
	mean = mean_of(t);
	latency_model_settle(&cost, t->s.plan->latency_ns, t->s.nodes,
			     t->s.nr_nodes, t->near);
	record_placement(t, cpu_s, &m, &cost, &mean);
	report_say("\n");
	report_wrap("         ",
		    "near     %.1f %% of the updates at the start, %.1f %% at "
		    "the end, %.1f %% in the mean%s",
		    100 * c->start.part, 100 * c->end.part, 100 * mean.near,
		    mean.counted ? " (counted)" : "");
	text_check(t, &mean);
	if (t->now.truth.hot.any)
		text_hot(t, &m);
	report_say("migrated %s; seen to move both ways: %" PRIu64
		   " of the %" PRIu64 " pages followed\n",
		   format_size(bytes, migrated_bytes(t)), m.both_ways, m.panel);
	text_separable(t);
	if (t->s.nr_nodes > 1 && !t->s.modelled)
		latency_model_text(&cost, mean.share,
				   mean.counted ? "counted" : "sampled");
	report_wrap(
		"         ",
		"sampling took %.2f s of CPU time, %.2f %% of the updates', "
		"%u rows with fewer pages; the rows in all %.2f s",
		t->sampling_s, 100 * t->sampling_s / cpu_s, t->thinned,
		t->rows_s);
}
