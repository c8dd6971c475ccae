// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups_report.c - what a run says of its table and its result, to people and to
 * programs.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "bench/modelled_time.h"
#include "cmd/closing.h"
#include "cmd/gups_internal.h"
#include "gups.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/page.h"

/* Intervals without a flush, above which DAMON's view is not a result. */
#define BLIND_SHARE 0.05

void gups_report_table(const struct gups_run *run, const struct gups *g,
		       const struct place *place,
		       const struct table_pages *pages)
{
	char size[SIZE_TEXT], took[SIZE_TEXT];
	struct textbuf where = { 0 }, pattern = { 0 };

	for (int i = 0; i < NODE_MAX; i++)
		if (pages->node[i])
			buf_add(&where, "%s%" PRIu64 " on node %d",
				where.len ? ", " : "", pages->node[i], i);
	format_size(size, run->gups->bytes);
	format_seconds(took, gups_times(g)->populate);
	report_say("table    %s on %s%s, %u thread%s%s, populated in %s\n",
		   size, place->text, place->inherited ? " (inherited)" : "",
		   run->threads, run->threads > 1 ? "s" : "",
		   gups_pinned(g) ? " (pinned)" : "", took);
	report_wrap(
		"         ", "pages    %s; %s",
		where.text ? where.text : "none",
		run->gups->hold ?
			"held there (--bind)" :
		place->inherited && place->mode == PLACE_BIND ?
			"bound by the policy that this process has inherited: NUMA balancing promotes none of them" :
			"the kernel may move them when the updates begin");
	if (run->pattern) {
		pattern_describe(run->pattern, &pattern);
		report_wrap("         ", "pattern  %s", pattern.text);
		buf_free(&pattern);
	}
	buf_free(&where);
}

void gups_report_warm_up(const struct gups *g, const struct gups_warm_up *w)
{
	if (w->refresh)
		report_say(
			"warm-up  %.2f to %.2f M updates/s by refreshing the emulator's TLB: used\n",
			w->before / 1e6, w->after / 1e6);
	else
		report_say(
			"warm-up  %.2f M updates/s; refreshing a TLB brings nothing here: not used\n",
			w->before / 1e6);
	if (!(w->rate[GUPS_LOOPS_PLAIN] > 0)) {
		report_say("loop     %s (--loop)\n", gups_loop(g));
		return;
	}
	report_say("loop     %s (", gups_loop(g));
	for (enum gups_loops_kind l = 0; l < NR_GUPS_LOOPS; l++)
		report_say("%s%s %.2f", l ? ", " : "", gups_loops_names[l],
			   w->rate[l] / 1e6);
	report_say(" M updates/s)\n");
}

static void member_pages(const char *key, const struct table_pages *pages)
{
	report_open(key, '{');
	for (int i = 0; i < NODE_MAX; i++) {
		if (pages->node[i])
			report_u64(report_node(i), pages->node[i]);
	}
	report_u64("absent", pages->absent);
	report_u64("in_transit", pages->unknown);
	report_close('}');
}

static void member_pattern(const struct gups_run *run)
{
	static const char *const places[] = { "start", "start", "end",
					      "scattered" };
	const struct pattern_plan *p = run->pattern->plan;
	struct pattern_epoch first = pattern_first(run->pattern);

	report_open("pattern", '{');
	report_str("kind", p->zipf > 0	? "zipf" :
			   p->hot_bytes ? "hot set" :
					  "uniform");
	report_u64("hot_bytes", pattern_hot_pages(run->pattern) * PAGE_BYTES);
	report_real("hot_rate", pattern_hot_share(run->pattern, &first));
	report_str("hot_at", run->pattern->order ? "scattered" : places[p->at]);
	report_real("zipf", p->zipf > 0 ? p->zipf : NAN);
	report_u64("object_bytes", p->object);
	report_real("reads", (double)p->reads / PATTERN_ONE);
	report_close('}');
}

void gups_report_plan(const struct gups_run *run, const struct place *place,
		      const struct gups *g)
{
	static const char *const pages[] = { "4k", "thp", "hugetlb" };

	report_u64("table_bytes", run->gups->bytes);
	report_u64("entries", run->gups->bytes / 8);
	report_str("place", place->text);
	report_bool("inherited", place->inherited);
	report_bool("bound", run->gups->hold);
	report_u64("threads", run->threads);
	report_bool("pinned", gups_pinned(g));
	report_str("pages", pages[run->gups->pages]);
	report_u64("seed", run->gups->seed);
	report_str("loop", gups_loop(g));
	report_str("loop_by", run->gups->loop ? "option" : "measuring");
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

REPORT_RECORD(
	gups_record, "gups", "the result of a pass",
	"pass u:number from 1\n" GUPS_PLAN_MEMBERS
	"updates u:updates made in the timed part\n"
	"elapsed_s r the timed part\n"
	"cpu_s r CPU time of the threads in it\n"
	"updates_per_s r updates / elapsed_s\n"
	"gups r:GUP/s the same in 10^9 a second\n"
	"modelled_updates_per_s r:1/s by counts; null: none are made\n"
	"hpcc_table b the table is HPCC's, bit for bit, if it is verified\n"
	"errors u:words that are not what the updates make of them\n"
	"verified b all was looked at, and nothing wrong\n"
	"verified_by s sum (misses a wrong table about once in 2^64) or replay; null: interrupted\n"
	"table_digest s 64 bits over all words, hexadecimal\n"
	"pages_at_start|pages_at_end.node* u:pages by node\n"
	"pages_at_start|pages_at_end.absent u:pages in no memory\n"
	"pages_at_start|pages_at_end.in_transit u:pages that could not be told\n"
	"rate_before_refresh r:1/s updates, with the TLB as it was\n"
	"rate_after_refresh r:1/s with the emulator's TLB refreshed\n"
	"loop_rates.* r:1/s updates in the warm-up, by loop; null: not measured\n"
	"hot_set_moves u:times the hot set moved\n"
	"hot_set_stays b it moved, and its phase changed, as often as a run can\n"
	"tlb_refresh b the emulator's TLB was refreshed\n"
	"tlb_flushes u:times\n"
	"tlb_growths u:times\n"
	"estimate_s r of a trapped node, what was expected; null: of none\n"
	"times_s.populate|locate|warm_up|fill|update|digest|verify r of the stages, wall clock\n");

/* What makes the table another one than HPCC's; NULL: nothing. */
static const char *why_not_hpcc(const struct gups_run *run,
				const struct gups_outcome *o)
{
	uint64_t entries = run->gups->bytes / 8;

	if (run->pattern)
		return "a pattern draws other numbers";
	if (entries & (entries - 1))
		return "its size is no power of two";
	if (run->threads > 1)
		return "each thread has a slice of its own (--threads 1 has it)";
	if (run->gups->seed)
		return "--seed is another part of the stream";
	return o->updates != 4 * entries ? "it has 4 updates a word" : NULL;
}

/* "2^27 = ", of several threads "2 slices of 2^26 = " */
static void say_size(const struct gups_run *run)
{
	unsigned int slices = run->pattern ? 1 : run->threads;
	uint64_t entries = run->gups->bytes / 8, each = entries / slices;
	bool even = each * slices == entries && !(each & (each - 1));

	report_say("\nMain table size   = ");
	if (slices > 1)
		report_say("%u slices %s", slices, even ? "of " : "= ");
	if (even)
		report_say("2^%d = ", __builtin_ctzll(each));
	report_say("%" PRIu64 " words\n", entries);
}

/* What was checked, and what that would miss. */
static void text_verified(const struct gups_run *run,
			  const struct gups_outcome *o)
{
	const char *why = why_not_hpcc(run, o);

	if (o->verdict.complete && !o->verdict.errors)
		report_wrap(
			"  ", "%s",
			o->verdict.replayed ?
				"Checked: made once more, the updates undid "
				"themselves in every word; one that went "
				"astray twice alike would be missed." :
				"Checked: a sum over all words, keyed at "
				"random after the updates, is that of the "
				"updates; a wrong table passes about once in 2^64.");
	report_wrap("", "%s%s.", why ? "Not HPCC's table: " : "",
		    why ? why : "The table is HPCC's, bit for bit");
}

static void record_gups(const struct gups_run *run, const struct gups *g,
			const struct gups_outcome *o)
{
	double seconds = gups_times(g)->update;
	double rate = (double)o->updates / seconds;
	uint64_t growths, flushes = gups_flushes(g, &growths);
	char digest[24];

	snprintf(digest, sizeof(digest), "%016" PRIx64, o->digest);
	report_begin(&gups_record);
	report_u64("pass", run->pass);
	gups_report_plan(run, &run->place, g);
	report_u64("updates", o->updates);
	report_real("elapsed_s", seconds);
	report_real("cpu_s", gups_cpu_time(g));
	report_real("updates_per_s", rate);
	report_real("gups", rate / 1e9);
	report_real("modelled_updates_per_s",
		    modelled_time_rate(run->modelled, true));
	report_bool("hpcc_table", !why_not_hpcc(run, o));
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
	for (enum gups_loops_kind l = 0; l < NR_GUPS_LOOPS; l++)
		report_real(gups_loops_names[l],
			    o->warm.rate[l] > 0 ? o->warm.rate[l] : NAN);
	report_close('}');
	report_u64("hot_set_moves", gups_moves(g));
	report_bool("hot_set_stays", gups_is_out_of_moves(g));
	report_bool("tlb_refresh", o->warm.refresh);
	report_u64("tlb_flushes", flushes);
	report_u64("tlb_growths", growths);
	report_real("estimate_s", run->estimate > 0 ? run->estimate : NAN);
	members_times(g);
	report_end();
}

/* In HPCC's words, for those who have scripts that read them. */
static void text_gups(const struct gups_run *run, const struct gups *g,
		      const struct gups_outcome *o)
{
	uint64_t entries = run->gups->bytes / 8;
	double seconds = gups_times(g)->update;
	double rate = (double)o->updates / seconds;

	say_size(run);
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
	text_verified(run, o);
	if (gups_is_out_of_moves(g))
		report_say("The hot set changed as often as it can in a run, "
			   "and stayed then.\n");
}

REPORT_RECORD(
	accessed_bits, "accessed_bits", "what was done so that DAMON sees",
	"damon_sample_s r DAMON's sampling interval, at the end\n"
	"damon_sample_first_s r at the beginning: the kernel may tune it\n"
	"damon_tuned b does it?\n"
	"touches_hot_page_and_sample r:updates of a hot page in that time, in the mean\n"
	"touches_cold_page_and_sample r:updates of another one\n"
	"heartbeat_s r between flushes of the TLBs; null: none are needed\n"
	"heartbeats u:times they were flushed\n"
	"longest_gap_s r between two\n"
	"heartbeat_cpu_s r CPU time of it\n"
	"blind_share r of the sampling intervals, without a flush\n");

static void record_honesty(const struct gups_run *run, const struct gups *g,
			   double hot, double cold)
{
	struct tlb_flusher_count c;

	gups_flusher_count(g, &c);
	report_begin(&accessed_bits);
	report_real("damon_sample_s", run->session.sample_s);
	report_real("damon_sample_first_s", run->session.sample_first_s);
	report_bool("damon_tuned", run->session.tuned);
	report_real("touches_hot_page_and_sample", hot);
	report_real("touches_cold_page_and_sample", cold);
	if (!run->machine.emulated) { /* hardware needs none */
		report_null("heartbeat_s");
		report_end();
		return;
	}
	report_real("heartbeat_s", (double)c.period_ns / 1e9);
	report_u64("heartbeats", c.flushes);
	report_real("longest_gap_s", (double)c.longest_ns / 1e9);
	report_real("heartbeat_cpu_s", c.cpu_s);
	report_real("blind_share", c.flushes ? c.blind : 1);
	report_end();
}

static void text_heartbeat(const struct gups_run *run, const struct gups *g)
{
	struct tlb_flusher_count c;

	gups_flusher_count(g, &c);
	if (run->gups->dishonest) {
		closing_doubt("DAMON was left blind (--honest off)");
		report_wrap("  ",
			    "Accessed bits are the emulator's as they are "
			    "(--honest off): DAMON sees hot memory as idle.");
		return;
	}
	report_wrap("  ",
		    "The TLBs were flushed %" PRIu64
		    " times, every %.1f ms in the end (%.2f s of CPU time): an "
		    "emulator sets accessed bits only on TLB misses.",
		    c.flushes, (double)c.period_ns / 1e6, c.cpu_s);
	if (c.blind > BLIND_SHARE) {
		closing_doubt("DAMON was blind in %.0f %% of its samples",
			      100 * c.blind);
		report_wrap("  ",
			    "In %.0f %% of the sampling intervals there was no "
			    "flush (the longest gap: %.0f ms): what was hot "
			    "then looked idle; the machine is too busy for "
			    "what DAMON did to be a result.",
			    100 * c.blind, (double)c.longest_ns / 1e6);
	}
}

/* What was done so that DAMON sees, and whether it could. */
static void text_honesty(const struct gups_run *run, struct gups *g,
			 const struct gups_outcome *o)
{
	const struct session *s = &run->session;
	double made = (double)o->updates / gups_times(g)->update * s->sample_s;
	double hot = gups_touches(g, made, true);
	double cold = gups_touches(g, made, false);
	char first[40] = "", others[40] = "";

	if (s->sample_s <= 0)
		return;
	record_honesty(run, g, hot, cold);
	if (s->tuned)
		snprintf(first, sizeof(first), "%s",
			 s->followed ? " now, as the kernel tunes it" :
				       " or less often: it is tuned");
	if (run->pattern && pattern_hot_pages(run->pattern))
		snprintf(others, sizeof(others), ", another one %.2g times",
			 cold);
	report_wrap("  ",
		    "DAMON samples every %.3g ms%s; in that time the updates "
		    "touch a %spage %.3g times%s.",
		    s->sample_s * 1e3, first, *others ? "hot " : "", hot,
		    others);
	if (hot < 2) {
		closing_doubt("hot pages look idle to DAMON");
		report_wrap("  ",
			    "Below 2 a hot page looks idle in many samples: "
			    "take a smaller table, or a policy that samples "
			    "less often.");
	}
	if (run->machine.emulated)
		text_heartbeat(run, g);
}

void gups_report_result(const struct gups_run *run, struct gups *g,
			const struct gups_outcome *o)
{
	record_gups(run, g, o);
	text_gups(run, g, o);
	text_honesty(run, g, o);
}
