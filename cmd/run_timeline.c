// SPDX-License-Identifier: GPL-2.0-only
/*
 * run_timeline.c - a program's pages while it runs.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/pmu.h"
#include "cmd/run_timeline.h"
#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/page.h"
#include "sysfs.h"

/*
 * What walks over page tables may take, of one CPU, so that what is measured is
 * not the measuring: a share of the run, and what a short program's few looks
 * need.  With 50 ms the two are no more than 1 % from ten seconds on; slow looks,
 * as an emulator's, may be three.
 */
#define MAX_SHARE 0.005
#define START_S 0.05
#define START_LOOKS 3
#define MAX_START_S 0.5
/* As many nodes as a row of 80 columns holds; the records have them all. */
#define TEXT_NODES 3
#define ROWS_A_HEAD 20
/* The first look is at this part of an interval. */
#define FIRST_LOOK 8

void run_timeline_open(struct run_timeline *t, uint64_t every_ns,
		       const char *group)
{
	*t = (struct run_timeline){ .every_ns = every_ns };
	if (!every_ns)
		return;
	node_usage_open(&t->source, group);
	if (t->source.group[0])
		report_say("pages    seen by cgroup %s%s\n", t->source.group,
			   t->source.own ? "" : ", and tier's own with them");
	else
		report_wrap(
			"         ",
			"pages    seen by /proc/PID/numa_maps, which takes longer the more there are; no cgroup: %s",
			t->source.why);
}

void run_timeline_started(struct run_timeline *t, pid_t pid)
{
	t->pid = pid;
}

void run_timeline_begin(struct run_timeline *t)
{
	if (!t->every_ns)
		return;
	if (vmstat_take(&t->before))
		t->every_ns = 0;
	t->begin = now_ns();
	t->next = t->begin + t->every_ns / FIRST_LOOK;
}

/* ------------------------------------------------------------------- rows */

/* Since the row before; false: this kernel does not count that. */
static bool since(const struct run_timeline *t, const struct vmstat *now,
		  const char *const *names, int64_t *pages)
{
	int64_t delta;
	bool any = false;

	*pages = 0;
	for (; *names; names++) {
		if (!vmstat_delta(&t->before, now, VMSTAT_TOTAL, *names,
				  &delta))
			continue;
		*pages += delta;
		any = true;
	}
	return any;
}

static const struct {
	const char *key, *head;
	const char *names[5];
} moved[] = {
	{ "promoted_pages", "up", { "pgpromote_success" } },
	{ "demoted_pages",
	  "down",
	  { "pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged",
	    "pgdemote_proactive" } },
	{ "migrated_pages", "moved", { "pgmigrate_success" } },
};

static bool free_bytes(const struct vmstat *s, int node, uint64_t *bytes)
{
	uint64_t pages;

	if (!vmstat_get(s, node, "nr_free_pages", &pages))
		return false;
	*bytes = pages * page_size();
	return true;
}

static void member_nodes(const char *key, const struct node_usage *r,
			 const struct vmstat *s)
{
	uint64_t bytes;

	report_open(key, '{');
	for (size_t f = 0; f < s->nr_files; f++) {
		int node = s->files[f].node;

		if (node == VMSTAT_TOTAL)
			continue;
		if (r)
			report_u64(report_node(node), r->node[node]);
		else if (free_bytes(s, node, &bytes))
			report_u64(report_node(node), bytes);
		else
			report_null(report_node(node));
	}
	report_close('}');
}

REPORT_RECORD(row_record, "run_timeline", "a row of tier run's timeline",
	      "t_s r since the program started\n"
	      "program_bytes.node* u of the program's pages\n"
	      "promoted_pages i:pages since the row before, by anybody\n"
	      "demoted_pages i:pages\n"
	      "migrated_pages i:pages whoever moved them\n"
	      "free_bytes.node* u\n");

struct columns {
	struct report_column column[4 + 2 * TEXT_NODES];
	char key[2 * TEXT_NODES][32], head[2 * TEXT_NODES][12];
	size_t n;
};

/* Nodes without memory have no columns. Returns how many find no room. */
static int add_nodes(struct columns *c, const struct vmstat *s,
		     const char *member, const char *head, size_t at)
{
	size_t end = at + TEXT_NODES;
	int left = 0;

	for (size_t f = 1; f < s->nr_files; f++) {
		int node = s->files[f].node;
		uint64_t bytes;

		if (!free_bytes(s, node, &bytes) || !bytes)
			continue;
		if (at == end) {
			left++;
			continue;
		}
		snprintf(c->key[at], sizeof(c->key[0]), "%s.node%d", member,
			 node);
		snprintf(c->head[at], sizeof(c->head[0]), "%s%d", head, node);
		c->column[c->n++] = (struct report_column){ c->key[at],
							    c->head[at], 6, 0,
							    (float)MIB };
		at++;
	}
	return left;
}

static int choose_columns(struct columns *c, const struct vmstat *s)
{
	*c = (struct columns){ .column[0] = { "t_s", "time", 6, 1 }, .n = 1 };
	add_nodes(c, s, "program_bytes", "node", 0);
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++)
		c->column[c->n++] = (struct report_column){ moved[i].key,
							    moved[i].head, 6 };
	return add_nodes(c, s, "free_bytes", "free", TEXT_NODES);
}

static void show_row(const struct run_timeline *t, const struct node_usage *r,
		     const struct vmstat *now, double at)
{
	struct columns c;
	int64_t pages;
	int left = choose_columns(&c, now);

	if (!t->rows)
		report_say("\nMiB of the program's pages on each node; pages "
			   "promoted (up), demoted (down) and\n"
			   "moved by anybody since the row before; MiB free on "
			   "each node\n");
	if (!t->rows && left)
		report_say(
			"(of %d more nodes: in the records, and at the end)\n",
			left);
	if (t->rows % ROWS_A_HEAD == 0)
		report_head(c.column, c.n);
	report_begin_row(&row_record, c.column, c.n);
	report_real("t_s", at);
	member_nodes("program_bytes", r, now);
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++)
		if (since(t, now, moved[i].names, &pages))
			report_i64(moved[i].key, pages);
		else
			report_null(moved[i].key);
	member_nodes("free_bytes", NULL, now);
	report_end();
}

/* ------------------------------------------------------------------ looks */

/*
 * A process that ends gives up its memory first, and then takes it apart: what
 * was seen until now may be half of it.
 */
static bool is_ending(const struct run_timeline *t)
{
	char statm[128];

	return sysfs_read(statm, sizeof(statm), "/proc/%d/statm", t->pid) < 0 ||
	       !strncmp(statm, "0 ", 2);
}

/* False: the program has just ended, or the group went away. */
static bool look(struct run_timeline *t)
{
	double at = (double)(now_ns() - t->begin) / 1e9;
	struct node_usage r;

	if (node_usage_look(&t->source, &r) || !r.bytes || is_ending(t))
		return false;
	if (!t->looks++ || r.bytes > t->peak.bytes) {
		t->peak = r;
		t->peak_s = at;
	}
	t->end = r;
	t->end_s = at;
	return true;
}

static void say_row(struct run_timeline *t)
{
	static struct pmu_counts counts;
	struct vmstat now;

	/* An interval of the emulator's heat ends with each row. */
	pmu_read(&counts);
	if (vmstat_take(&now))
		return;
	show_row(t, &t->end, &now, t->end_s);
	vmstat_free(&t->before);
	t->before = now;
	t->rows++;
}

/* When what looking took until now is no more than it may take. */
static uint64_t earliest(const struct run_timeline *t)
{
	double looks_s = t->looks ? START_LOOKS * t->cpu_s / (double)t->looks :
				    0;
	double over = t->cpu_s - fmin(fmax(START_S, looks_s), MAX_START_S);

	return over > 0 ? (uint64_t)(over / MAX_SHARE * 1e9) : 0;
}

/*
 * The next row that is due; later, when walks over page tables would take too
 * much. A group's counters take the same however much memory there is.
 */
static uint64_t schedule(struct run_timeline *t, double cost)
{
	uint64_t now = now_ns() - t->begin, every = t->every_ns;
	uint64_t least = earliest(t);
	uint64_t due = (now / every + 1) * every;
	char took[SIZE_TEXT];

	if (t->source.group[0] || least <= due)
		return t->begin + due;
	if (!t->stretched && t->rows)
		report_say("timeline a look takes %s of a CPU: some rows are "
			   "left out, to keep it at 0.5 %%\n",
			   format_seconds(took, cost));
	t->stretched |= t->rows;
	return t->begin + (least / every + 1) * every;
}

/*
 * The first look is early, and no row: a program that ends before the first
 * row was seen as well.
 */
uint64_t run_timeline_tick(struct run_timeline *t)
{
	uint64_t began;
	double cost;

	if (!t->every_ns)
		return UINT64_MAX;
	if (now_ns() < t->next)
		return t->next;
	began = thread_cpu_ns();
	if (look(t) && t->next >= t->begin + t->every_ns)
		say_row(t);
	cost = (double)(thread_cpu_ns() - began) / 1e9;
	t->cpu_s += cost;
	t->next = schedule(t, cost);
	return t->next;
}

/* ------------------------------------------------------------------- ends */

static void text_pages(const char *what, const struct node_usage *r, double at)
{
	struct textbuf b = { 0 };
	char size[SIZE_TEXT];

	for (int i = 0; i < NODE_MAX; i++)
		if (r->node[i])
			buf_add(&b, "%s%s on node %d", b.len ? ", " : "",
				format_size(size, r->node[i]), i);
	report_wrap("         ", "%s %s (at %.1f s)", what,
		    b.text ? b.text : "none", at);
	buf_free(&b);
}

void run_timeline_show(const struct run_timeline *t, double elapsed_s)
{
	char took[SIZE_TEXT];

	if (!t->every_ns)
		return;
	if (!t->looks) {
		report_say("pages    not seen: it ended too soon\n");
		return;
	}
	text_pages("at peak ", &t->peak, t->peak_s);
	text_pages("at end  ", &t->end, t->end_s);
	report_say("looking  %" PRIu64
		   " time%s, %s of a CPU, %.2f %% of the run\n",
		   t->looks, t->looks == 1 ? "" : "s",
		   format_seconds(took, t->cpu_s),
		   elapsed_s > 0 ? 100 * t->cpu_s / elapsed_s : 0);
}

static void record_pages(const char *key, const struct run_timeline *t,
			 const struct node_usage *r, double at)
{
	if (!t->looks) {
		report_null(key);
		return;
	}
	report_open(key, '{');
	report_real("t_s", at);
	member_nodes("bytes", r, &t->before);
	report_close('}');
}

void run_timeline_record(const struct run_timeline *t, double elapsed_s)
{
	record_pages("peak", t, &t->peak, t->peak_s);
	record_pages("end", t, &t->end, t->end_s);
	report_str("pages_by", !t->every_ns	  ? NULL :
			       t->source.group[0] ? "cgroup" :
						    "numa_maps");
	if (t->every_ns) {
		report_real("sampling_cpu_s", t->cpu_s);
		report_real("sampling_share", t->cpu_s / elapsed_s);
		report_bool("stretched", t->stretched);
	} else {
		report_null("sampling_cpu_s");
		report_null("sampling_share");
		report_null("stretched");
	}
}

void run_timeline_close(struct run_timeline *t)
{
	vmstat_free(&t->before);
}
