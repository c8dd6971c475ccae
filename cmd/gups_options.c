// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups_options.c - the options and words of tier gups.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/modelled_time.h"
#include "cmd/gups_internal.h"
#include "cmd/verb.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/page.h"

#define MAX_THREADS PATTERN_MAX_THREADS
/* HPCC's stream: a seed is a start this many updates further on. */
#define MAX_SEED 16777215
/* A trapped gigabyte takes most of an hour: ask before spending ten minutes. */
#define DEFAULT_LIMIT_NS (UINT64_C(600) * 1000000000)
#define DEFAULT_WINDOW_NS (UINT64_C(2) * 1000000000)
#define DEFAULT_ROUNDS 10
#define DEFAULT_TIMELINE_NS UINT64_C(1000000000)
/* As HeMem, Colloid and MEMTIS take it. */
#define DEFAULT_HOT_RATE (65536 * 9 / 10)

/* ------------------------------------------------------------- the options */

static int set_threads(struct plan *p, const char *arg)
{
	uint64_t n;
	int err = option_positive("--threads", arg, MAX_THREADS, &n);

	p->gups.threads = err ? 0 : (unsigned int)n;
	return err;
}

static int set_updates(struct plan *p, const char *arg)
{
	size_t n = strlen(arg);
	char times[24];
	uint64_t value;
	int err;

	if (!n || arg[n - 1] != 'x' || n > sizeof(times))
		return option_positive("--updates", arg, INT64_MAX,
				       &p->gups.updates);
	snprintf(times, sizeof(times), "%.*s", (int)n - 1, arg);
	err = option_positive("--updates", times, 1 << 20, &value);
	p->gups.updates_times = err ? 0 : (uint32_t)value;
	return err;
}

static int set_duration(struct plan *p, const char *arg)
{
	return option_duration("--duration", arg, &p->gups.duration_ns);
}

static int set_hot(struct plan *p, const char *arg)
{
	return option_size("--hot", arg, PAGE_BYTES,
			   &p->gups.pattern.hot_bytes);
}

static int set_hot_rate(struct plan *p, const char *arg)
{
	return option_part("--hot-rate", arg, 0.001, 1,
			   &p->gups.pattern.hot_rate);
}

static int set_hot_at(struct plan *p, const char *arg)
{
	static const char *const words[] = { "start", "end", "scattered" };
	int i = option_choice("--hot-at", arg, words, ARRAY_SIZE(words));

	p->gups.pattern.at = i < 0 ? HOT_AT_DEFAULT :
				     (enum hot_at)(HOT_AT_START + i);
	return i < 0 ? i : 0;
}

static int set_hot_node(struct plan *p, const char *arg)
{
	return option_node("--hot-node", arg, &p->gups.hot_node);
}

static int set_hot_near(struct plan *p, const char *arg)
{
	return option_part("--hot-near", arg, 0, 1, &p->gups.hot_near);
}

static int set_zipf(struct plan *p, const char *arg)
{
	char *end;
	double s = strtod(arg, &end);

	if (!option_is_number(arg) || *end || !(s > 0 && s <= 4))
		return option_bad(
			"--zipf", arg,
			"give an exponent above 0, up to 4, e.g. 0.99");
	p->gups.pattern.zipf = s;
	return 0;
}

static int set_move_hot(struct plan *p, const char *arg)
{
	struct pattern_plan *pattern = &p->gups.pattern;

	if (strchr(arg, '%'))
		return option_part("--move-hot", arg, 0.001, 1,
				   &pattern->move_share);
	return option_duration("--move-hot", arg, &pattern->move_ns);
}

static int set_move_by(struct plan *p, const char *arg)
{
	return option_size("--move-by", arg, PAGE_BYTES,
			   &p->gups.pattern.move_bytes);
}

/* "90%:20s,10%:20s" */
static int set_phases(struct plan *p, const char *arg)
{
	struct pattern_plan *pattern = &p->gups.pattern;
	char one[64];
	int err = 0;

	pattern->nr_phases = 0; /* given twice: the last one holds */
	for (const char *at = arg; !err; at += strcspn(at, ",") + 1) {
		struct phase *phase = &pattern->phases[pattern->nr_phases];
		char *time;

		if (pattern->nr_phases == PATTERN_MAX_PHASES)
			return misuse("--phases: more than %d",
				      PATTERN_MAX_PHASES);
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(at, ","), at);
		time = strchr(one, ':');
		if (!time)
			return option_bad(
				"--phases", arg,
				"give hot rates and times, e.g. 90%:20s,10%:20s");
		*time++ = '\0';
		err = option_part("--phases", one, 0, 1, &phase->hot_rate);
		if (!err)
			err = option_duration("--phases", time, &phase->ns);
		pattern->nr_phases++;
		if (!at[strcspn(at, ",")])
			break;
	}
	return err;
}

static int set_object(struct plan *p, const char *arg)
{
	uint64_t *bytes = &p->gups.pattern.object;

	if (parse_size(arg, bytes) || *bytes < 8 || *bytes > 4096 ||
	    (*bytes & (*bytes - 1)))
		return option_bad(
			"--object", arg,
			"give 8, 16, 32, ... 4096 (bytes that an update changes)");
	return 0;
}

static int set_reads(struct plan *p, const char *arg)
{
	return option_part("--reads", arg, 0, 0.99, &p->gups.pattern.reads);
}

/* Updates are counted in thousands: 5M is 5000000. */
static int set_rate(struct plan *p, const char *arg)
{
	static const char letters[] = "kMG";
	uint64_t unit = 1000;
	char number[32];
	size_t n = strspn(arg, "0123456789");

	snprintf(number, sizeof(number), "%.*s", (int)n, arg);
	for (const char *l = letters; *l && *l != arg[n]; l++)
		unit *= 1000;
	if (!arg[n])
		unit = 1;
	if (parse_u64(number, &p->gups.rate) || !p->gups.rate ||
	    (arg[n] && (!strchr(letters, arg[n]) || arg[n + 1])) ||
	    p->gups.rate > UINT64_C(1000000000000) / unit)
		return option_bad("--rate", arg,
				  "give updates a second, e.g. 5000000 or 5M");
	p->gups.rate *= unit;
	return 0;
}

static int set_cpu_node(struct plan *p, const char *arg)
{
	return option_node("--cpu-node", arg, &p->gups.cpu_node);
}

/* Other benchmarks' word, which would be short for --timeline. */
static int set_time(struct plan *p, const char *arg)
{
	(void)p;
	return option_bad("--time", arg,
			  "a run's length is --duration, a row's --timeline");
}

static int set_timeline(struct plan *p, const char *arg)
{
	p->gups.timeline_given = true;
	return option_timeline(arg, &p->gups.timeline_ns);
}

/* "node0=100ns,node1=250ns" */
static int set_latency(struct plan *p, const char *arg)
{
	static const char want[] = "give e.g. node0=100ns,node1=250ns";
	const char *at = arg;

	for (;;) {
		unsigned long node;
		double ns;
		char *end;

		at += strncmp(at, "node", 4) ? 0 : 4;
		node = strtoul(at, &end, 10);
		if (!isdigit((unsigned char)*at) || *end != '=' ||
		    node >= NODE_MAX || !option_is_number(end + 1))
			return option_bad("--latency", arg, want);
		ns = strtod(end + 1, &end);
		if (!(ns > 0 && ns <= 1e9))
			return option_bad("--latency", arg, want);
		at = end + (strncmp(end, "ns", 2) ? 0 : 2);
		p->gups.latency_ns[node] = ns;
		if (!*at)
			return 0;
		if (*at++ != ',')
			return option_bad("--latency", arg, want);
	}
}

static int set_cpi(struct plan *p, const char *arg)
{
	char *end;

	p->gups.cpi = strtod(arg, &end);
	if (option_is_number(arg) && !*end && p->gups.cpi >= 0.01 &&
	    p->gups.cpi <= 1000)
		return 0;
	return option_bad("--cpi", arg, "give cycles, 0.01 to 1000");
}

static int set_seed(struct plan *p, const char *arg)
{
	if (parse_u64(arg, &p->gups.seed) || p->gups.seed > MAX_SEED)
		return option_bad("--seed", arg,
				  "give a whole number from 0 to 16777215");
	return 0;
}

static int set_hold(struct plan *p, const char *arg)
{
	(void)arg;
	p->gups.hold = true;
	return 0;
}

static int set_pages(struct plan *p, const char *arg)
{
	static const char *const words[] = { "4k", "thp", "hugetlb" };
	int i = option_choice("--pages", arg, words, ARRAY_SIZE(words));

	p->gups.pages = i < 0 ? PAGES_4K : (enum page_kind)i;
	return i < 0 ? i : 0;
}

static int set_refresh(struct plan *p, const char *arg)
{
	static const char *const words[] = { "auto", "on", "off" };
	int i = option_choice("--tlb-refresh", arg, words, ARRAY_SIZE(words));

	p->gups.refresh = i < 0 ? REFRESH_AUTO : (enum refresh_mode)i;
	return i < 0 ? i : 0;
}

static int set_honest(struct plan *p, const char *arg)
{
	static const char *const words[] = { "auto", "off" };
	int i = option_choice("--honest", arg, words, ARRAY_SIZE(words));

	p->gups.dishonest = i == 1;
	return i < 0 ? i : 0;
}

static int set_loop(struct plan *p, const char *arg)
{
	static const char *const words[] = { "auto", "plain", "batch",
					     "touch" };
	int i = option_choice("--loop", arg, words, ARRAY_SIZE(words));

	p->gups.loop = i < 0 ? 0 : (unsigned int)i;
	return i < 0 ? i : 0;
}

static int set_verify(struct plan *p, const char *arg)
{
	static const char *const words[] = { "sum", "replay" };
	int i = option_choice("--verify", arg, words, ARRAY_SIZE(words));

	p->gups.verify = i < 0 ? VERIFY_SUM : (enum verify_mode)i;
	return i < 0 ? i : 0;
}

static int set_against(struct plan *p, const char *arg)
{
	p->gups.compare = true;
	return place_parse(&p->gups.against, arg);
}

static int set_window(struct plan *p, const char *arg)
{
	return option_duration("--window", arg, &p->gups.window_ns);
}

static int set_rounds(struct plan *p, const char *arg)
{
	return option_positive("--rounds", arg, 10000, &p->gups.rounds);
}

static int set_limit(struct plan *p, const char *arg)
{
	return option_duration("--limit", arg, &p->gups.limit_ns);
}

static int signal_of(const char *name)
{
	static const struct {
		const char *name;
		int signal;
	} known[] = {
		{ "segv", SIGSEGV }, { "kill", SIGKILL }, { "abrt", SIGABRT },
		{ "bus", SIGBUS },   { "term", SIGTERM }, { "int", SIGINT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcasecmp(name, known[i].name))
			return known[i].signal;
	return 0;
}

/* STAGE:segv|kill|abrt|bus|term|int|hang|corrupt */
static int set_fault(struct plan *p, const char *arg)
{
	const char *what = strchr(arg, ':');

	if (!what)
		return option_bad("--fault", arg, "give STAGE:KIND");
	p->fault.stage = arg;
	what++;
	p->fault.signal = signal_of(what);
	if (p->fault.signal)
		p->fault.kind = FAULT_SIGNAL;
	else if (!strcmp(what, "hang"))
		p->fault.kind = FAULT_HANG;
	else if (!strcmp(what, "corrupt"))
		p->fault.kind = FAULT_CORRUPT;
	else
		return option_bad("--fault", arg,
				  "KIND is a signal, hang or corrupt");
	return 0;
}

const struct verb_option gups_options[] = {
	{ "threads", "N", set_threads,
	  "threads, each with its own slice (the CPUs allowed)", 't' },
	{ "updates", "N|Nx", set_updates,
	  "so many, or N x the table's words (4x, as HPCC)", 'u' },
	{ "time", "TIME", set_time, NULL },
	{ "duration", "TIME", set_duration,
	  "update so long; with --updates what ends first" },
	{ "seed", "N", set_seed,
	  "another part of HPCC's random stream (0: its start)" },
	{ "bind", NULL, set_hold,
	  "keep the table bound; else the kernel may move it" },
	{ "pages", "KIND", set_pages, "4k (default), thp or hugetlb" },
	{ "tlb-refresh", "WHEN", set_refresh,
	  "make the emulator's TLB grow: auto (default), on, off" },
	{ "honest", "WHEN", set_honest,
	  "with DAMON, keep accessed bits true: auto, off" },
	{ "verify", "HOW", set_verify,
	  "sum (misses about 1 wrong table in 2^64) or replay" },
	{ "loop", "KIND", set_loop,
	  "plain, batch or touch; auto (default): by measuring" },
	{ "against", "NODE", set_against,
	  "alternate with an equal table on NODE, and compare" },
	{ "window", "TIME", set_window,
	  "length of a window of --against (2s)" },
	{ "rounds", "N", set_rounds, "pairs of windows of --against (10)" },
	{ "limit", "TIME", set_limit,
	  "refuse a longer run on a trapped node (10m)" },

	{ "hot", "SIZE", set_hot,
	  "a hot set of that size, over the whole table" },
	{ "hot-rate", "PART", set_hot_rate, "its share of the updates (90%)" },
	{ "hot-at", "PLACE", set_hot_at,
	  "start (default), end, or scattered over the table" },
	{ "hot-node", "N", set_hot_node,
	  "node its pages are placed on first (as the rest)" },
	{ "hot-near", "PART", set_hot_near,
	  "that part of it on the near node (an oracle)" },
	{ "zipf", "EXPONENT", set_zipf,
	  "pages by Zipf's law, scattered (0.99: as YCSB)" },
	{ "move-hot", "WHEN", set_move_hot,
	  "move the hot set each 30s, or each 50% of the updates" },
	{ "move-by", "SIZE", set_move_by, "so far (its own size)" },
	{ "phases", "LIST", set_phases,
	  "hot rates in turn, e.g. 90%:20s,10%:20s" },
	{ "object", "SIZE", set_object,
	  "bytes that an update changes, 8 (default) to 4096" },
	{ "reads", "PART", set_reads, "of the objects only read that part" },
	{ "rate", "N", set_rate,
	  "at most so many updates a second (5M: 5000000)" },
	{ "cpu-node", "N", set_cpu_node,
	  "run the threads on that node's CPUs" },
	{ "timeline", "TIME", set_timeline,
	  "a row each TIME of where the pages are (1s), or off" },
	{ "latency", "LIST", set_latency,
	  "for the modelled cost: node0=100ns,node1=250ns" },
	{ "cpi", "CYCLES", set_cpi,
	  "the same: cycles of an instruction at 3 GHz (1)" },
	{ "fault", "STAGE:KIND", set_fault, NULL },
	{ 0 },
};

void gups_defaults(struct plan *plan)
{
	plan->gups.cpi = MODELLED_CPI;
	plan->gups.window_ns = DEFAULT_WINDOW_NS;
	plan->gups.rounds = DEFAULT_ROUNDS;
	plan->gups.limit_ns = DEFAULT_LIMIT_NS;
	plan->gups.pattern.object = 8;
	plan->gups.hot_node = plan->gups.cpu_node = -1;
	plan->gups.timeline_ns = DEFAULT_TIMELINE_NS;
}

/* --------------------------------------------------------------- the words */

static int check_moves(const struct gups_plan *g, bool rate_given)
{
	const struct pattern_plan *p = &g->pattern;
	bool moves = p->move_ns || p->move_share;

	if (p->nr_phases && !p->hot_bytes)
		return misuse("--phases needs --hot: they are hot rates");
	if (p->nr_phases && rate_given)
		return misuse(
			"--phases are hot rates: no --hot-rate with them");
	if (moves && !p->hot_bytes && p->zipf <= 0)
		return misuse("--move-hot needs --hot or --zipf");
	if (p->move_bytes && !moves)
		return misuse("--move-by needs --move-hot");
	if (p->move_bytes >= g->bytes)
		return misuse("--move-by: give less than the table's size");
	if (p->move_ns && p->move_share)
		return misuse("--move-hot: a time or a part, not both");
	if (p->move_share && p->nr_phases)
		return misuse(
			"--move-hot by a part of the updates excludes --phases, which go by time");
	if (p->move_share && g->duration_ns)
		return misuse(
			"--move-hot by a part of the updates excludes --duration: they are not counted beforehand");
	if (g->compare && (moves || p->nr_phases || g->rate ||
			   (g->timeline_given && g->timeline_ns)))
		return misuse(
			"--against compares two nodes: no --move-hot, --phases, --rate or --timeline with it");
	return 0;
}

static int check_pattern(const struct gups_plan *g, bool rate_given)
{
	const struct pattern_plan *p = &g->pattern;
	char hot[SIZE_TEXT], all[SIZE_TEXT];

	if (p->hot_bytes && p->zipf > 0)
		return misuse("--hot and --zipf exclude each other");
	if (rate_given && !p->hot_bytes)
		return misuse("--hot-rate needs --hot SIZE");
	if (!p->hot_bytes && p->zipf <= 0 &&
	    (p->at != HOT_AT_DEFAULT || g->hot_node >= 0 || g->hot_near))
		return misuse(
			"--hot-at, --hot-node and --hot-near need --hot or --zipf");
	if (p->hot_bytes >= g->bytes)
		return misuse("--hot %s: no part of a table of %s",
			      format_size(hot, p->hot_bytes),
			      format_size(all, g->bytes));
	if (g->hold && (g->hot_node >= 0 || g->hot_near))
		return misuse(
			"--bind keeps all pages where NODE says: no --hot-node or --hot-near with it");
	return check_moves(g, rate_given);
}

int gups_take(struct plan *plan, int n, char **operand)
{
	struct gups_plan *g = &plan->gups;
	bool rate_given = g->pattern.hot_rate;
	int err;

	if (!rate_given)
		g->pattern.hot_rate = DEFAULT_HOT_RATE;

	if (n < 1)
		return misuse("gups needs the table's size, e.g. tier gups 1G");
	if (n > 2)
		return misuse("gups takes a size and a node, what is \"%s\"?",
			      operand[2]);
	err = parse_size(operand[0], &g->bytes);
	if (err == -ERANGE)
		return misuse("size %s: too large", operand[0]);
	if (err && n > 1 && !parse_size(operand[1], &g->bytes))
		return misuse("gups %s %s: the size comes first, then the node",
			      operand[0], operand[1]);
	if (err)
		return misuse(
			"size %s: give a number with k, M, G or T, e.g. 512M or 1.5G",
			operand[0]);
	if (!g->bytes || g->bytes % PAGE_BYTES)
		return misuse(
			"size %s: a table is at least 4k, and a multiple of it",
			operand[0]);
	if (g->compare && (plan->policy.name || plan->policy.nr_sets))
		return misuse(
			"--against compares two nodes as they are: no --policy or --set with it");
	if (g->compare && plan->at.nr)
		return misuse(
			"--against compares two nodes as they are: no --at with it");
	for (int i = 0; i < plan->at.nr && g->duration_ns; i++)
		if (plan->at.event[i].ns >= g->duration_ns)
			return misuse(
				"--at '%s': the run ends before: --duration is not longer",
				plan->at.event[i].words);
	if (g->threads > g->bytes / PAGE_BYTES)
		return misuse(
			"--threads %u: a table of %s has a page for %llu at most",
			g->threads, operand[0],
			(unsigned long long)(g->bytes / PAGE_BYTES));
	err = check_pattern(g, rate_given);
	if (err)
		return err;
	return place_parse(&g->place, n > 1 ? operand[1] : "any");
}
