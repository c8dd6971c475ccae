// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration_report.c - who moved what: the table, why a mechanism moved
 * nothing, the regimes, and the record.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/page.h"
#include "tiering/migration.h"

/* -------------------------------------------------------------- the table */

static const struct row_text {
	const char *key, *label, *source;
	bool seldom; /* shown only when there is something */
} row_texts[NR_MOVES_ROWS] = {
	[MIGRATION_PROMOTED] = { "numa_promoted", "NUMA balancing, promoted",
				 "pgpromote_success", false },
	[MIGRATION_NUMA_OTHER] = { "numa_other", "NUMA balancing, other",
				   "numa_pages_migrated, rest", false },
	[MIGRATION_KSWAPD] = { "demoted_kswapd", "kswapd, demoted",
			       "pgdemote_kswapd", false },
	[MIGRATION_DIRECT] = { "demoted_direct", "direct reclaim, demoted",
			       "pgdemote_direct", false },
	[MIGRATION_KHUGEPAGED] = { "demoted_khugepaged", "khugepaged, demoted",
				   "pgdemote_khugepaged", false },
	[MIGRATION_PROACTIVE] = { "demoted_proactive",
				  "proactive reclaim, demoted",
				  "pgdemote_proactive", false },
	[MIGRATION_DEMOTED_MORE] = { "demoted_uncounted",
				     "reclaim, not in counters",
				     "tracepoint, rest", true },
	[MIGRATION_HOT] = { "damon_hot", "DAMON migrate_hot", "sz_applied",
			    false },
	[MIGRATION_COLD] = { "damon_cold", "DAMON migrate_cold", "sz_applied",
			     false },
	[MIGRATION_DAMON_MORE] = { "damon_uncounted",
				   "DAMON, not in sz_applied",
				   "tracepoint, rest", true },
	[MIGRATION_COMPACTION] = { "compaction", "compaction", "tracepoint",
				   false },
	[MIGRATION_SYSCALLS] = { "syscalls", "system calls", "tracepoint",
				 false },
	[MIGRATION_OTHERS] = { "others", "other reasons", "tracepoint", true },
	[MIGRATION_REST] = { "rest", "not explained", "the sum less the above",
			     false },
};

/* Pages; fewer are drift. */
#define STRAYED_MIN 64

static const struct report_column columns[] = { { NULL, "pages moved by", -26 },
						{ NULL, "timed", 11 },
						{ NULL, "whole run", 11 },
						{ NULL, "counted by", -25 } };

static void cell(char text[static 24], const struct migration_sum *sum,
		 enum migration_row row)
{
	if (sum->known)
		snprintf(text, 24, "%" PRId64, sum->pages);
	else
		snprintf(text, 24, "%s",
			 row == MIGRATION_PROACTIVE ? "in direct" : "?");
}

static void text_row(const char *label, const struct migration_sum *timed,
		     const struct migration_sum *whole, enum migration_row row,
		     const char *source)
{
	char a[24], b[24];
	const char *cells[] = { label, a, b, source };

	cell(a, timed, row);
	cell(b, whole, row);
	report_row(columns, ARRAY_SIZE(columns), cells);
}

static const char *source_of(const struct migration_sums *whole,
			     enum migration_row row)
{
	if (!whole->row[row].known && row >= MIGRATION_COMPACTION &&
	    row < MIGRATION_REST)
		return "no counter of its own";
	if (row == MIGRATION_COMPACTION && !whole->traced)
		return "compact_isolated is 0";
	return row_texts[row].source;
}

static void text_table(const struct migration_sums *timed,
		       const struct migration_sums *whole)
{
	report_say("\n");
	report_head(columns, ARRAY_SIZE(columns));
	for (enum migration_row r = 0; r < NR_MOVES_ROWS; r++) {
		const char *label = row_texts[r].label;

		if (row_texts[r].seldom && !timed->row[r].pages &&
		    !whole->row[r].pages)
			continue;
		if (r == MIGRATION_REST && !whole->traced)
			label = "the rest (all with \"?\")";
		text_row(label, &timed->row[r], &whole->row[r], r,
			 source_of(whole, r));
	}
	text_row("all pages moved", &timed->migrated, &whole->migrated,
		 MIGRATION_REST, "pgmigrate_success");
	text_row("could not be moved", &timed->failed, &whole->failed,
		 MIGRATION_REST, "pgmigrate_fail");
}

static void text_failed(const struct migration_span *s,
			const struct migration_sums *sums)
{
	struct textbuf by = { 0 };

	for (size_t i = 0; sums->traced && i < s->migration_b->nr_reasons;
	     i++) {
		const char *name = s->migration_b->reasons[i].name;
		uint64_t failed = migration_by_reason(s, name).failed;

		if (failed)
			buf_add(&by, "%s%s %" PRIu64, by.len ? ", " : "", name,
				failed);
	}
	if (by.len)
		report_wrap("         ", "failed   by the tracepoint: %s",
			    by.text);
	buf_free(&by);
}

static void add_tried(struct textbuf *b, const char *action, uint64_t tried,
		      int64_t applied)
{
	uint64_t moved = (uint64_t)applied * page_size();
	char from[SIZE_TEXT], to[SIZE_TEXT];

	if (tried != moved)
		buf_add(b, "%s%s tried %s, moved %s", b->len ? "; " : "",
			action, format_size(from, tried),
			format_size(to, moved));
}

static bool is_stale(const struct migration_span *s)
{
	return s->migration_b && s->migration_b->damon.any &&
	       s->migration_b->damon.stale;
}

/*
 * A scheme is charged with whole regions, so what it did not move of them has
 * not failed.
 */
static void text_tried(const struct migration_span *span,
		       const struct migration_sums *s)
{
	struct textbuf b = { 0 };

	if (is_stale(span))
		report_wrap("         ",
			    "DAMON    sz_applied is of an earlier time: the "
			    "kernel was not asked");
	add_tried(&b, "migrate_hot", s->hot_tried, s->row[MIGRATION_HOT].pages);
	add_tried(&b, "migrate_cold", s->cold_tried,
		  s->row[MIGRATION_COLD].pages);
	if (b.len)
		report_wrap("         ",
			    "DAMON    %s: what stays is free memory, rejected "
			    "by a filter, there already, or finds the target "
			    "full",
			    b.text);
	buf_free(&b);
}

/*
 * When its target is full, a migration may allocate on any other node, and
 * then counts as numa_miss. DAMON of Linux 6.12 moves pages from a node to the
 * same node in this way, and calls them applied; so does reclaim that demotes.
 * numa_miss also counts ordinary allocations, and a huge page as one: so many
 * allocations may have been theirs.
 */
static int64_t to_a_node(const struct migration_sums *s)
{
	int64_t moved = 0;

	for (enum migration_row r = MIGRATION_KSWAPD; r <= MIGRATION_COLD; r++)
		moved += s->row[r].pages;
	return moved;
}

/* Returns -1 where the kernel does not count it. */
static int64_t strayed(const struct migration_span *span,
		       const struct migration_sums *s)
{
	int64_t moved = to_a_node(s), missed;

	if (!vmstat_delta(span->a, span->b, VMSTAT_TOTAL, "numa_miss", &missed))
		return -1;
	return missed < 0 ? 0 : missed < moved ? missed : moved;
}

static bool has_strayed(const struct migration_span *span,
			const struct migration_sums *s)
{
	int64_t missed = strayed(span, s);

	return missed > STRAYED_MIN && missed > to_a_node(s) / 10;
}

static void text_strayed(const struct migration_span *span,
			 const struct migration_sums *s)
{
	int64_t missed = strayed(span, s), moved = to_a_node(s);

	if (has_strayed(span, s))
		report_wrap("         ",
			    "strayed  of the %" PRId64 " pages that DAMON or "
			    "reclaim moved some did not get to their target "
			    "node, which was full: %" PRId64 " allocations of "
			    "that time were made elsewhere (numa_miss), theirs "
			    "or others', a huge page being one",
			    moved, missed);
}

/* Promotions count on the node they went to, demotions where they began. */
static const char *const promotions[] = { "pgpromote_success" };
static const char *const demotions[] = { "pgdemote_kswapd", "pgdemote_direct",
					 "pgdemote_khugepaged",
					 "pgdemote_proactive" };

static struct migration_sum flow(const struct migration_span *s, int node,
				 const char *const *names, size_t n)
{
	struct migration_sum sum = { 0 };
	int64_t pages;

	for (size_t i = 0; i < n; i++) {
		if (!vmstat_delta(s->a, s->b, node, names[i], &pages))
			continue;
		sum.known = true;
		sum.pages += pages;
	}
	return sum;
}

static void text_flow(const struct migration_span *s, const char *what,
		      const char *const *names, size_t n)
{
	struct textbuf by = { 0 };

	for (size_t f = 0; f < s->b->nr_files; f++) {
		int node = s->b->files[f].node;
		int64_t pages = flow(s, node, names, n).pages;

		if (node != VMSTAT_TOTAL && pages)
			buf_add(&by, "%s node %d: %" PRId64, by.len ? "," : "",
				node, pages);
	}
	if (by.len)
		report_wrap("         ", "%s%s", what, by.text);
	buf_free(&by);
}

/* ------------------------------------------------------------------ zeros */

static int64_t pages_of(const struct migration_span *s, const char *name)
{
	return migration_counter(s, name).pages;
}

struct zero {
	const char *cause; /* a word for programs */
	char who[64], why[192];
};

struct zeros {
	struct zero zero[10];
	size_t n;
};

__attribute__((format(printf, 4, 5))) static void
zero(struct zeros *z, const char *who, const char *cause, const char *fmt, ...)
{
	struct zero *o;
	va_list ap;

	if (z->n == ARRAY_SIZE(z->zero))
		return;
	o = &z->zero[z->n++];
	o->cause = cause;
	snprintf(o->who, sizeof(o->who), "%s", who);
	va_start(ap, fmt);
	vsnprintf(o->why, sizeof(o->why), fmt, ap);
	va_end(ap);
}

/* Linux 6.18: let through as the fast node had room; no candidates else. */
#define NOT_LIMITED "pgpromote_candidate_nrl"

/* There is something to promote, by a mechanism that is on; why was none? */
static void explain_no_fault(struct zeros *z, const struct migration_span *s,
			     const struct migration_setting *set)
{
	int64_t faults = pages_of(s, "numa_hint_faults");
	int64_t candidates =
		pages_of(s, "pgpromote_candidate") + pages_of(s, NOT_LIMITED);
	const struct zone_node *near =
		s->migration_b ? zone_of(&s->migration_b->zones, set->near) :
				 NULL;

	if (!faults)
		zero(z, "NUMA balancing", "idle",
		     "nothing to do: no page that it had marked was touched "
		     "(numa_hint_faults is 0)");
	else if (!candidates && near && zone_is_roomy(near))
		zero(z, "NUMA balancing", "failed",
		     "%" PRId64 " hint faults, after which every page of a "
		     "slow node is promoted, hot or not: there was none, or "
		     "it could not be moved (pgmigrate_fail)",
		     faults);
	else if (!candidates)
		zero(z, "NUMA balancing", "cold",
		     "%" PRId64 " hint faults, but no page of a slow node was "
		     "hot enough (pgpromote_candidate is 0)",
		     faults);
	else
		zero(z, "NUMA balancing", "limited",
		     "%" PRId64 " candidates, none promoted: over the rate "
		     "limit, or the fast node had no room",
		     candidates);
}

/*
 * Pages that were promoted without being candidates. Some candidates were not
 * promoted, so without a counter of its own this is the least there can have
 * been.
 */
static void explain_promoted(struct zeros *z, const struct migration_span *s,
			     int64_t promoted)
{
	struct migration_sum candidates =
		migration_counter(s, "pgpromote_candidate");
	struct migration_sum counted = migration_counter(s, NOT_LIMITED);
	int64_t n = counted.known    ? counted.pages :
		    candidates.known ? promoted - candidates.pages :
				       0;

	if (n > promoted) /* some of them were not, in the end */
		n = promoted;
	if (n > 0)
		zero(z, "pgpromote_candidate", "unconditional",
		     "%s%" PRId64 " of %" PRId64 " pages were promoted "
		     "unconditionally, as the fast node had room (regime, "
		     "below): no candidates",
		     counted.known ? "" : "at least ", n, promoted);
}

static void explain_numa(struct zeros *z, const struct migration_span *s,
			 const struct migration_sums *sums,
			 const struct migration_setting *set)
{
	int64_t promoted = sums->row[MIGRATION_PROMOTED].pages;

	if (promoted) {
		explain_promoted(z, s, promoted);
		return;
	}
	if (set->numa_balancing < 0)
		zero(z, "NUMA balancing", "absent",
		     "this kernel has none (CONFIG_NUMA_BALANCING)");
	else if (!set->numa_balancing)
		zero(z, "NUMA balancing", "off",
		     "off (kernel.numa_balancing is 0)");
	else if (!(set->numa_balancing & 2))
		zero(z, "NUMA balancing", "mode",
		     "kernel.numa_balancing is %d: only mode 2 promotes "
		     "between tiers",
		     set->numa_balancing);
	else if (!set->lower_tier)
		zero(z, "NUMA balancing", "one_tier",
		     "could not promote: no node is in a lower tier");
	else if (set->bound)
		zero(z, "NUMA balancing", "bound",
		     "could not promote the table: it is bound (--bind), and "
		     "bound memory is not scanned");
	else
		explain_no_fault(z, s, set);
}

static const struct reclaimer {
	enum migration_row row;
	const char *name, *scanned;
} reclaimers[] = {
	{ MIGRATION_KSWAPD, "kswapd", "pgscan_kswapd" },
	{ MIGRATION_DIRECT, "direct reclaim", "pgscan_direct" },
	{ MIGRATION_KHUGEPAGED, "khugepaged", "pgscan_khugepaged" },
	{ MIGRATION_PROACTIVE, "proactive reclaim", "pgscan_proactive" },
};

static bool any_unreclaimable(const struct migration *m)
{
	for (int i = 0; m && i < m->zones.nr_nodes; i++)
		if (m->zones.nodes[i].unreclaimable)
			return true;
	return false;
}

/* Demotion is on and there is a lower tier: who had nothing to do? */
static void explain_reclaimers(struct zeros *z, const struct migration_span *s,
			       const struct migration_sums *sums)
{
	bool stalled = any_unreclaimable(s->migration_a) ||
		       any_unreclaimable(s->migration_b);
	char idle[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(reclaimers); i++) {
		const struct reclaimer *r = &reclaimers[i];
		int64_t scanned = pages_of(s, r->scanned);
		size_t len = strlen(idle);

		if (!sums->row[r->row].known || sums->row[r->row].pages)
			continue;
		if (scanned)
			zero(z, r->name, "none_found",
			     "%" PRId64 " pages scanned, none demoted: in "
			     "use, or no room in the lower tier",
			     scanned);
		else if (r->row == MIGRATION_KSWAPD && stalled)
			zero(z, r->name, "stalled",
			     "it has given up on a node (see stalled, below)");
		else
			snprintf(idle + len, sizeof(idle) - len, "%s%s",
				 len ? ", " : "", r->name);
	}
	if (idle[0])
		zero(z, idle, "idle",
		     "nothing to do: scanned no page (pgscan_* of that name "
		     "is 0; a cgroup at its own limit is not counted there)");
}

static void explain_reclaim(struct zeros *z, const struct migration_span *s,
			    const struct migration_sums *sums,
			    const struct migration_setting *set)
{
	int64_t collapsed = pages_of(s, "thp_collapse_alloc");
	int64_t demoted = 0;

	for (size_t i = 0; i < ARRAY_SIZE(reclaimers); i++)
		demoted += sums->row[reclaimers[i].row].pages;
	if (demoted)
		explain_reclaimers(z, s, sums);
	else if (set->demotion < 0)
		zero(z, "reclaim", "absent", "this kernel does not demote");
	else if (!set->demotion)
		zero(z, "reclaim", "off",
		     "demotion is off (demotion_enabled is false)");
	else if (!set->lower_tier)
		zero(z, "reclaim", "one_tier",
		     "could not demote: no node is in a lower tier");
	else
		explain_reclaimers(z, s, sums);
	if (collapsed)
		zero(z, "khugepaged", "no_migration",
		     "its %" PRId64 " tries to collapse pages into huge ones "
		     "(thp_collapse_alloc) are no migrations, and not in the "
		     "table",
		     collapsed);
}

static void explain_damon(struct zeros *z, const struct migration_span *s,
			  const struct migration_sums *sums,
			  const struct migration_setting *set)
{
	if (sums->row[MIGRATION_HOT].pages || sums->row[MIGRATION_COLD].pages)
		return;
	if (!set->damon)
		zero(z, "DAMON", "off", "no scheme was running");
	else if (!s->migration_b || !s->migration_b->damon.any)
		zero(z, "DAMON", "no_scheme",
		     "no scheme has the action migrate_hot or migrate_cold");
	else if (!sums->hot_tried && !sums->cold_tried)
		zero(z, "DAMON", "idle",
		     "nothing to do: no region had a scheme's pattern");
	else
		zero(z, "DAMON", "none_moved",
		     "regions had a scheme's pattern, but no page of them "
		     "was moved: see what was tried, above");
}

static void explain(struct zeros *z, const struct migration_span *s,
		    const struct migration_sums *sums,
		    const struct migration_setting *set)
{
	z->n = 0;
	explain_numa(z, s, sums, set);
	explain_reclaim(z, s, sums, set);
	explain_damon(z, s, sums, set);
}

static void text_zeros(const struct zeros *z)
{
	for (size_t i = 0; i < z->n; i++)
		report_wrap("         ", "%s  %s: %s",
			    i ? "       " : "zeros  ", z->zero[i].who,
			    z->zero[i].why);
}

/* ----------------------------------------------------- regimes and stalls */

static const char *height(char text[static SIZE_TEXT + 8], int64_t above)
{
	char size[SIZE_TEXT];

	format_size(size, (uint64_t)llabs(above));
	snprintf(text, SIZE_TEXT + 8, "%s %s", size,
		 above < 0 ? "below" : "above");
	return text;
}

/* By which rule promotion to a node was decided while the timed part ran. */
static const char *rule_of(bool was, bool is)
{
	if (was && is)
		return "every page";
	if (was)
		return "every page at first, then they decided";
	return is ? "they decided at first, then every page" : "they decided";
}

static void text_regime(const struct zone_node *a, const struct zone_node *b,
			const struct migration_setting *set)
{
	char from[SIZE_TEXT + 8], to[SIZE_TEXT + 8], limit[SIZE_TEXT];

	height(from, a->above);
	height(to, b->above);
	if (set->numa_balancing < 0 || !(set->numa_balancing & 2)) {
		report_wrap("         ",
			    "regime   free memory of node %d was %s the "
			    "promotion watermark when the timed part began, "
			    "%s it when it ended; nothing was promoted by it",
			    a->node, from, to);
		return;
	}
	report_wrap("         ",
		    "regime   free memory of node %d was %s the promotion "
		    "watermark when the timed part began, %s it when it "
		    "ended. With more than %s above, every page that faults "
		    "is promoted, with less hot threshold and rate limit "
		    "decide: here %s.",
		    a->node, from, to, format_size(limit, b->enough),
		    rule_of(zone_is_roomy(a), zone_is_roomy(b)));
}

static void text_stalls(const struct migration_span *s)
{
	const struct zones *end = &s->migration_b->zones;
	bool any = false;

	for (int i = 0; i < end->nr_nodes; i++) {
		const struct zone_node *b = &end->nodes[i];
		const struct zone_node *a =
			zone_of(&s->migration_a->zones, b->node);

		if (!b->unreclaimable && !(a && a->unreclaimable))
			continue;
		any = true;
		report_wrap("         ",
			    "stalled  node %d was unreclaimable %s: kswapd "
			    "has given up on it and demotes nothing "
			    "(node_unreclaimable in /proc/zoneinfo)",
			    b->node,
			    !b->unreclaimable	  ? "at first" :
			    a && a->unreclaimable ? "all the time" :
						    "in the end");
	}
	if (!any)
		report_say("stalls   none: no node is unreclaimable\n");
}

static bool shows_regime(const struct migration_span *s,
			 const struct migration_setting *set, int node)
{
	int64_t promoted = 0;

	vmstat_delta(s->a, s->b, node, "pgpromote_success", &promoted);
	return node == set->near || promoted;
}

static void text_regimes(const struct migration_span *timed,
			 const struct migration_span *whole,
			 const struct migration_setting *set)
{
	const struct zone_node *b;

	if (!timed->migration_a || !timed->migration_b || !whole->migration_a ||
	    !whole->migration_b || !whole->migration_b->zones.nr_nodes)
		return;
	for (int i = 0; i < timed->migration_a->zones.nr_nodes; i++) {
		const struct zone_node *a = &timed->migration_a->zones.nodes[i];

		b = zone_of(&timed->migration_b->zones, a->node);
		if (b && shows_regime(whole, set, a->node))
			text_regime(a, b, set);
	}
	text_stalls(whole);
}

/* ----------------------------------------------------------------- record */

static void member(const char *key, const struct migration_sum *sum)
{
	if (sum->known)
		report_i64(key, sum->pages);
	else
		report_null(key);
}

static void member_reasons(const struct migration_span *s)
{
	if (!migration_is_traced(s)) {
		report_null("reasons");
		return;
	}
	report_open("reasons", '{');
	for (size_t i = 0; i < s->migration_b->nr_reasons; i++) {
		const char *name = s->migration_b->reasons[i].name;
		struct migration_reason r = migration_by_reason(s, name);

		report_open(name, '{');
		report_u64("succeeded", r.succeeded);
		report_u64("failed", r.failed);
		report_close('}');
	}
	report_close('}');
}

static void member_flow(const struct migration_span *s, const char *key,
			const char *const *names, size_t n)
{
	report_open(key, '{');
	for (size_t f = 0; f < s->b->nr_files; f++) {
		int node = s->b->files[f].node;
		struct migration_sum sum = flow(s, node, names, n);

		if (sum.known && node != VMSTAT_TOTAL)
			report_i64(report_node(node), sum.pages);
	}
	report_close('}');
}

static void record_span(const char *key, const struct migration_span *s,
			const struct migration_sums *sums)
{
	report_open(key, '{');
	for (enum migration_row r = 0; r < NR_MOVES_ROWS; r++)
		member(row_texts[r].key, &sums->row[r]);
	member("migrated", &sums->migrated);
	member("failed", &sums->failed);
	report_bool("adds_up", migration_adds_up(sums));
	report_u64("damon_hot_tried_bytes", sums->hot_tried);
	report_u64("damon_cold_tried_bytes", sums->cold_tried);
	report_i64("to_a_node", to_a_node(sums));
	if (strayed(s, sums) < 0)
		report_null("strayed_allocations");
	else
		report_i64("strayed_allocations", strayed(s, sums));
	report_bool("strayed", has_strayed(s, sums));
	member_flow(s, "promoted_to", promotions, ARRAY_SIZE(promotions));
	member_flow(s, "demoted_from", demotions, ARRAY_SIZE(demotions));
	member_reasons(s);
	report_close('}');
}

static void record_node(const struct zone_node *a, const struct zone_node *b)
{
	report_open(NULL, '{');
	report_i64("node", a->node);
	report_i64("above_promo_bytes_before", a->above);
	report_i64("above_promo_bytes", b->above);
	report_u64("enough_bytes", b->enough);
	report_bool("unconditional_before", zone_is_roomy(a));
	report_bool("unconditional", zone_is_roomy(b));
	report_bool("unreclaimable_before", a->unreclaimable);
	report_bool("unreclaimable", b->unreclaimable);
	report_close('}');
}

/* Of the timed span: what the benchmark met. */
static void record_nodes(const struct migration_span *s)
{
	const struct zone_node *b;

	report_open("nodes", '[');
	for (int i = 0; s->migration_a && s->migration_b &&
			i < s->migration_a->zones.nr_nodes;
	     i++) {
		b = zone_of(&s->migration_b->zones,
			    s->migration_a->zones.nodes[i].node);
		if (b)
			record_node(&s->migration_a->zones.nodes[i], b);
	}
	report_close(']');
}

static void record_zeros(const struct zeros *z)
{
	report_open("zeros", '[');
	for (size_t i = 0; i < z->n; i++) {
		report_open(NULL, '{');
		report_str("who", z->zero[i].who);
		report_str("cause", z->zero[i].cause);
		report_str("why", z->zero[i].why);
		report_close('}');
	}
	report_close(']');
}

static void show_text(const struct migration_span *timed,
		      const struct migration_span *whole,
		      const struct migration_sums *sums,
		      const struct zeros *zeros,
		      const struct migration_setting *set)
{
	text_table(&sums[0], &sums[1]);
	text_failed(whole, &sums[1]);
	text_tried(whole, &sums[1]);
	text_strayed(timed, &sums[0]);
	if (set->nr_nodes > 2) {
		text_flow(whole, "promoted to", promotions,
			  ARRAY_SIZE(promotions));
		text_flow(whole, "demoted from", demotions,
			  ARRAY_SIZE(demotions));
	}
	text_zeros(zeros);
	text_regimes(timed, whole, set);
	if (!sums[1].traced)
		report_wrap("         ",
			    "traced   no: %s; compaction and system calls "
			    "have no counters and are in the rest",
			    migration_trace_lack() ? migration_trace_lack() :
						     "not from the beginning");
	else if (!migration_adds_up(&sums[1]))
		report_wrap("         ",
			    "sum      it misses pgmigrate_success by %" PRId64
			    " pages",
			    sums[1].row[MIGRATION_REST].pages);
	report_wrap("  ", "Pages of all processes count here, and of the "
			  "kernel's own threads.");
}

REPORT_RECORD(
	moves_record, "moves", "who moved how many pages; null: not known",
	"traced b by reason, from migrate:mm_migrate_pages\n"
	"trace_lack s why not\n"
	"timed|whole.numa_promoted i:pages by NUMA balancing to a higher tier\n"
	"timed|whole.numa_other i:pages by it otherwise\n"
	"timed|whole.demoted_kswapd i:pages by kswapd\n"
	"timed|whole.demoted_direct i:pages by direct reclaim\n"
	"timed|whole.demoted_khugepaged i:pages by khugepaged\n"
	"timed|whole.demoted_proactive i:pages by memory.reclaim\n"
	"timed|whole.demoted_uncounted i:pages by reclaim, not in counters\n"
	"timed|whole.damon_hot i:pages by migrate_hot\n"
	"timed|whole.damon_cold i:pages by migrate_cold\n"
	"timed|whole.damon_uncounted i:pages by DAMON, not in sz_applied\n"
	"timed|whole.compaction i:pages by compaction\n"
	"timed|whole.syscalls i:pages by move_pages, mbind, ...\n"
	"timed|whole.others i:pages for other reasons\n"
	"timed|whole.rest i:pages the sum less all above\n"
	"timed|whole.migrated i:pages pgmigrate_success\n"
	"timed|whole.failed i:pages pgmigrate_fail\n"
	"timed|whole.adds_up b the rest is nothing\n"
	"timed|whole.damon_hot_tried_bytes u by migrate_hot\n"
	"timed|whole.damon_cold_tried_bytes u by migrate_cold\n"
	"timed|whole.to_a_node i:pages that DAMON and reclaim moved\n"
	"timed|whole.strayed_allocations i:allocations elsewhere (numa_miss), up to to_a_node\n"
	"timed|whole.strayed b those are more than a tenth of to_a_node, and than 64\n"
	"timed|whole.promoted_to.node* i:pages by node\n"
	"timed|whole.demoted_from.node* i:pages by node\n"
	"timed|whole.reasons.*.succeeded u:pages of the tracepoint's reason\n"
	"timed|whole.reasons.*.failed u:pages of it\n"
	"nodes[].node i:node in the timed part\n"
	"nodes[].above_promo_bytes_before i:bytes free above the promotion watermark\n"
	"nodes[].above_promo_bytes i the same at the end\n"
	"nodes[].enough_bytes u with more every faulting page is promoted\n"
	"nodes[].unconditional_before b it had more at the beginning\n"
	"nodes[].unconditional b and at the end\n"
	"nodes[].unreclaimable_before b kswapd had given up on it\n"
	"nodes[].unreclaimable b and at the end\n"
	"zeros[].who s moved nothing\n"
	"zeros[].cause s why, in a word\n"
	"zeros[].why s why, in a sentence\n"
	"damon_stale b DAMON's figures are of an earlier time\n");

void migration_show(const struct migration_span *timed,
		    const struct migration_span *whole,
		    const struct migration_setting *set)
{
	struct migration_sums sums[2];
	struct zeros zeros;

	migration_add_up(&sums[0], timed);
	migration_add_up(&sums[1], whole);
	explain(&zeros, whole, &sums[1], set);
	report_begin(&moves_record);
	report_bool("traced", sums[1].traced);
	report_str("trace_lack",
		   sums[1].traced ? NULL : migration_trace_lack());
	record_span("timed", timed, &sums[0]);
	record_span("whole", whole, &sums[1]);
	record_nodes(timed);
	record_zeros(&zeros);
	report_bool("damon_stale", is_stale(whole));
	report_end();
	show_text(timed, whole, sums, &zeros, set);
}

/* ----------------------------------------------------------- in a sentence */

void migration_sentence(struct textbuf *b, const struct migration_sums *sums)
{
	char size[SIZE_TEXT];
	const char *before = ": ";

	if (!sums->migrated.known) {
		buf_add(b, "not known: this kernel has no pgmigrate_success");
		return;
	}
	if (sums->migrated.pages <= 0) {
		buf_add(b, "no page in the timed part");
		return;
	}
	buf_add(b, "%" PRId64 " pages (%s) in the timed part",
		sums->migrated.pages,
		format_size(size,
			    (uint64_t)sums->migrated.pages * page_size()));
	for (enum migration_row r = 0; r < NR_MOVES_ROWS; r++) {
		if (!sums->row[r].pages)
			continue;
		buf_add(b, "%s%s %" PRId64, before, row_texts[r].label,
			sums->row[r].pages);
		before = "; ";
	}
	if (sums->failed.pages)
		buf_add(b, "; could not be moved %" PRId64, sums->failed.pages);
}

const char *migration_doubt(const struct migration_span *s,
			    const struct migration_sums *sums, int i)
{
	const char *why[3] = { NULL };
	int n = 0;

	if (has_strayed(s, sums))
		why[n++] = "pages strayed from a full target";
	if (!migration_adds_up(sums))
		why[n++] = "who made some of the moves is not known";
	return i < n ? why[i] : NULL;
}
