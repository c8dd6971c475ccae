// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog_report.c - what hogs have taken, and what became of them.
 */
#include <inttypes.h>

#include "bench/hog_internal.h"
#include "lib/base.h"
#include "lib/report.h"
#include "mm/node_max.h"

/* Pages whose node is asked in the end. */
#define SAMPLE 4096

static void member_bytes(const char *key, uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		report_null(key);
	else
		report_u64(key, bytes);
}

static void member_seconds(const char *key, uint64_t ns)
{
	if (ns)
		report_real(key, (double)ns / 1e9);
	else
		report_null(key);
}

REPORT_RECORD(hog_record, "hog", "memory that is held",
	      "node i:node it is taken of\n"
	      "pid i:PID of the process that holds it\n"
	      "bytes u taken\n"
	      "wanted_bytes u asked for; null: all but the next\n"
	      "wanted_free_bytes u to be left free\n"
	      "free_before_bytes u on the node before\n"
	      "free_at_start_bytes u when all was held\n"
	      "locked b mlocked and kept bound\n"
	      "warm_s r each page is touched once in that time; null: never\n"
	      "pages s 4k or thp\n"
	      "release_s r given back after so much of the timed part\n"
	      "release_part r:part_of_1 or after that part of it\n"
	      "populate_s r to take it took\n");

static void show_start(const struct hog_state *s)
{
	const struct hog_plan *p = s->plan;

	report_begin(&hog_record);
	report_i64("node", p->node);
	report_i64("pid", s->pid);
	report_u64("bytes", s->bytes);
	member_bytes("wanted_bytes", p->bytes ? p->bytes : UINT64_MAX);
	member_bytes("wanted_free_bytes", p->leave ? p->leave : UINT64_MAX);
	member_bytes("free_before_bytes", s->free_before_bytes);
	member_bytes("free_at_start_bytes", s->free_at_start_bytes);
	report_bool("locked", p->lock);
	member_seconds("warm_s", p->warm_ns);
	report_str("pages", p->pages == PAGES_THP ? "thp" : "4k");
	member_seconds("release_s", p->release_ns);
	if (p->release_percent)
		report_real("release_part", p->release_percent / 100.0);
	else
		report_null("release_part");
	report_real("populate_s", s->populate_s);
	report_end();
	report_say("hog      %" PRIu64 " MiB on node %d, %" PRIu64
		   " MiB free there; ",
		   s->bytes / MIB, p->node, s->free_at_start_bytes / MIB);
	if (p->warm_ns)
		report_say("touched every %.3g s, ", (double)p->warm_ns / 1e9);
	report_say("%s%s\n", p->warm_ns ? "" : "cold, ",
		   p->lock ? "mlocked and bound" : "the kernel may move it");
}

static const char *fate_name(enum hog_fate fate)
{
	static const char *const names[] = { "alive", "killed", "released" };

	return names[fate];
}

/* Where its pages are, as parts of 1. */
static void record_where(const struct hogs *hogs, int i, int node,
			 double *elsewhere)
{
	struct table_pages pages = { .absent = 0 };
	uint64_t seen;

	*elsewhere = 0;
	if (hog_sample(hogs, i, SAMPLE, &pages)) {
		report_null("pages_at_end_part");
		return;
	}
	seen = pages.absent;
	for (int k = 0; k < NODE_MAX; k++)
		seen += pages.node[k];
	seen += !seen;
	report_open("pages_at_end_part", '{');
	for (int k = 0; k < NODE_MAX; k++) {
		if (pages.node[k])
			report_real(report_node(k),
				    (double)pages.node[k] / (double)seen);
	}
	report_real("swapped", (double)pages.absent / (double)seen);
	report_close('}');
	*elsewhere = 1 - (double)pages.node[node] / (double)seen;
}

REPORT_RECORD(hog_end, "hog_end", "what became of it",
	      "node i:node it was taken of\n"
	      "state s alive, killed or released\n"
	      "killed_by_signal i:signal null: it was not\n"
	      "ended_s r when, of the timed part\n"
	      "free_at_start_bytes u on the node, when all was held\n"
	      "free_at_end_bytes u on the node\n"
	      "sweeps r:times that a warm one touched each page\n"
	      "sweep_s r what one took\n"
	      "pages_at_end_part.node* r:part_of_1 of a sample, by node\n"
	      "pages_at_end_part.swapped r:part_of_1 that is in no memory\n");

static void record_end(const struct hogs *hogs, int i,
		       const struct hog_state *s, uint64_t free_now,
		       double *elsewhere)
{
	report_begin(&hog_end);
	report_i64("node", s->plan->node);
	report_str("state", fate_name(s->fate));
	if (s->fate == HOG_KILLED)
		report_i64("killed_by_signal", s->killed_by);
	else
		report_null("killed_by_signal");
	if (s->fate == HOG_ALIVE)
		report_null("ended_s");
	else
		report_real("ended_s", s->ended_s);
	member_bytes("free_at_start_bytes", s->free_at_start_bytes);
	member_bytes("free_at_end_bytes", free_now);
	if (s->plan->warm_ns) {
		report_real("sweeps", s->sweeps);
		report_real("sweep_s", s->sweep_s);
	} else {
		report_null("sweeps");
		report_null("sweep_s");
	}
	record_where(hogs, i, s->plan->node, elsewhere);
	report_end();
}

static void text_end(const struct hog_state *s, uint64_t free_now,
		     double elsewhere)
{
	if (s->fate == HOG_KILLED)
		report_say(
			"hog      on node %d KILLED by signal %d after %.1f s: "
			"what came after ran without\n",
			s->plan->node, s->killed_by, s->ended_s);
	else if (s->fate == HOG_RELEASED)
		report_say("hog      on node %d released after %.1f s\n",
			   s->plan->node, s->ended_s);
	else
		report_say("hog      on node %d to the end, %.0f %% of it "
			   "elsewhere then, %" PRIu64 " MiB free\n",
			   s->plan->node, 100 * elsewhere, free_now / MIB);
	if (s->plan->warm_ns)
		report_say("         touched %.1f times, every %.2f s\n",
			   s->sweeps, s->sweep_s);
}

void hog_show_start(const struct hogs *hogs)
{
	struct hog_state s;

	for (int i = 0; hog_state(hogs, i, &s); i++)
		show_start(&s);
}

void hog_show_end(struct hogs *hogs, bool records_alone)
{
	struct hog_state s;
	double elsewhere;

	for (int i = 0; hog_state(hogs, i, &s); i++) {
		uint64_t free_now = hog_free_on(s.plan->node);

		record_end(hogs, i, &s, free_now, &elsewhere);
		if (!records_alone)
			text_end(&s, free_now, elsewhere);
	}
}
