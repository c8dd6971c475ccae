// SPDX-License-Identifier: GPL-2.0-only
/*
 * plan.c - argv to one complete, validated, immutable struct plan. No I/O.
 *
 * Raw options (strings, in the order given) are collected first; only when
 * the verb is known are they checked against it and turned into values. So
 * the order of options means nothing, and a bad one is found before anything
 * is done.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "plan_work.h"
#include "util.h"

#define MAX_RAW 64
#define MAX_OPERANDS 64
/* A trapped gigabyte takes most of an hour: ask before spending ten minutes. */
#define DEFAULT_LIMIT_NS (UINT64_C(600) * 1000000000)
#define DEFAULT_WINDOW_NS (UINT64_C(2) * 1000000000)
#define DEFAULT_ROUNDS 10
#define DEFAULT_TIMELINE_NS UINT64_C(1000000000)
/* As HeMem, Colloid and MEMTIS take it. */
#define DEFAULT_HOT_RATE (65536 * 9 / 10)
/* Often enough for DAMON's aggregation interval to see some of it. */
#define DEFAULT_WARM_NS UINT64_C(1000000000)
/* Of a cell of "latency": five turns of 66 ms for each of three figures. */
#define DEFAULT_CELL_NS (UINT64_C(1) * 1000000000)
/* Reading the counters takes a millisecond or two in an emulator. */
#define MIN_INTERVAL_NS (UINT64_C(10) * 1000000)

static int no_operands(struct plan *plan, int n, char **operand);
static int gups_operands(struct plan *plan, int n, char **operand);
static int destroy_operands(struct plan *plan, int n, char **operand);
static int run_operands(struct plan *plan, int n, char **operand);
static int hog_operands(struct plan *plan, int n, char **operand);
static int help_operands(struct plan *plan, int n, char **operand);
static int policy_operands(struct plan *plan, int n, char **operand);
static int show_operands(struct plan *plan, int n, char **operand);
static int damon_operands(struct plan *plan, int n, char **operand);
static int watch_operands(struct plan *plan, int n, char **operand);

static const struct verb_row {
	enum verb verb;
	const char *name; /* one or two words */
	const char *operands;
	int (*take)(struct plan *plan, int n, char **operand);
	const char *summary;
} verbs[] = {
	{ VERB_GUPS, "gups", "SIZE [NODE]", gups_operands,
	  "random updates (HPCC RandomAccess) on a table on NODE" },
	{ VERB_REGION_CREATE, "region create", "", no_operands,
	  "make a CXL memory device an online NUMA node" },
	{ VERB_REGION_LIST, "region list", "", no_operands,
	  "the CXL regions, their devices and nodes" },
	{ VERB_REGION_DESTROY, "region destroy", "NAME", destroy_operands,
	  "take a region's memory offline and delete the region" },
	{ VERB_STATUS, "status", "", no_operands,
	  "nodes, tiers, CXL, tunables and DAMON: what is so now" },
	{ VERB_CHECK, "check", "", no_operands,
	  "what is wrong here, what it means, what to do" },
	{ VERB_POLICY_LIST, "policy list", "", no_operands,
	  "the policies, and what each is for" },
	{ VERB_POLICY_SHOW, "policy show", "[NAME]", show_operands,
	  "the tunables: now, default, and what NAME wants" },
	{ VERB_POLICY_RESTORE, "policy restore", "", no_operands,
	  "put everything back as it was before" },
	/* after the longer ones: their second word would be a name here */
	{ VERB_POLICY, "policy", "NAME", policy_operands,
	  "set the tunables, and start DAMON where NAME uses it" },
	{ VERB_DAMON_START, "damon start", "[FILE]", damon_operands,
	  "migrate by DAMON, as HMSDK does or as damo's FILE says" },
	{ VERB_DAMON_STATUS, "damon status", "", no_operands,
	  "what DAMON's schemes did, and what it sees" },
	{ VERB_DAMON_COMMIT, "damon commit", "", no_operands,
	  "make what was written to DAMON's files so" },
	{ VERB_DAMON_STOP, "damon stop", "", no_operands,
	  "turn DAMON's kdamonds off" },
	{ VERB_DAMON_DUMP, "damon dump", "", no_operands,
	  "print DAMON's configuration in damo's format (JSON)" },
	{ VERB_RUN, "run", "PROGRAM [ARGUMENTS]", run_operands,
	  "run any program, and count what the kernel did" },
	{ VERB_HOG, "hog", "NODE:SIZE[,WORD]... | NODE:free=SIZE[,WORD]...",
	  hog_operands, "take memory of a node, and hold it" },
	{ VERB_VMSTAT, "vmstat", "[INTERVAL [COUNT]]", watch_operands,
	  "the kernel's tiering counters, a row an interval" },
	{ VERB_LATENCY, "latency", "", no_operands,
	  "ns a load, reads/s, MB/s: CPU nodes x memory nodes" },
	{ VERB_HELP, "help", "[VERB]", help_operands, "explain a verb" },
};

static const char gups_notes[] =
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
	"pages each of the hot set and of the rest; +- its standard error.\n"
	"Modelled time per update = sum over the nodes of (their part of the\n"
	"updates x latency): dependent accesses, migration not counted; latencies\n"
	"are those of --latency, or what the platform declares (access0/initiators/\n"
	"read_latency of a node in sysfs), or 100 ns and, below the top tier, 250 ns.\n"
	"\n"
	"Patterns other than uniform draw by splitmix64, not from HPCC's stream;\n"
	"all are verified. Zipf's hot set is the pages that get half of the updates.\n";

static const char hog_notes[] =
	"  node0:6000M       take 6000 MiB of node 0; several may be named: of\n"
	"                    those on one node each finds what the ones before left\n"
	"  node0:free=200M   take all but 200 MiB of what is free there\n"
	"It is anonymous memory in 4 KiB pages, bound to the node while it is taken,\n"
	"touched once, and left to the kernel then, which may demote it. Words:\n"
	"  warm[=TIME]       touch each page again, once in TIME (1s)\n"
	"  lock              mlocked and kept bound: reclaim and NUMA balancing leave\n"
	"                    it there; DAMON does not\n"
	"  thp               in transparent huge pages\n"
	"  release=TIME|N%   of --hog: given back in the middle of the timed part,\n"
	"                    after TIME or N percent of it\n"
	"What would end in the OOM killer is refused; should it come, it takes the hog.\n";

static const char vmstat_notes[] =
	"INTERVAL  seconds between two rows (1, 0.5s, 500ms); without it one row\n"
	"COUNT     rows in all; without it until it is interrupted (Ctrl-C)\n"
	"\n"
	"As in vmstat(8) the first row is since boot. A number is what was counted\n"
	"in the row's own interval, not a rate: rows add up to the run's total.\n"
	"Pages, but for free memory (MiB), hint (faults) and ptes:\n"
	"  promoted   pgpromote_success; candidates that NUMA balancing looked at\n"
	"  demoted by kswapd, direct reclaim, and the rest (khugepaged, proactive)\n"
	"  NUMA       numa_hint_faults, numa_pte_updates\n"
	"  allocated  numa_hit + numa_miss of a node; miss: it was wanted elsewhere\n"
	"  migrated   pgmigrate_success, pgmigrate_fail, whoever asked for it\n"
	"Promoted, demoted and free lag by up to a second (125 pages a CPU). With\n"
	"more than two nodes each has a line. Records: every counter of a report.\n";

static const char latency_notes[] =
	"A thread on a CPU of each node with CPUs reads a buffer on each node with\n"
	"memory: a chain of dependent loads through all its cache lines in random\n"
	"order (ns a load), then loads that depend on nothing (reads a second), then\n"
	"one line after the other (MB/s).\n"
	"The buffer is 4 x the last-level cache and at least 64 MiB (256 MiB if the\n"
	"cache is not known), of huge pages if there are any; 16 MiB of 4 KiB pages\n"
	"in an emulator, whose own TLB is made to hold them, and decides the figures.\n"
	"A cell takes --duration, making a node's buffer four times that at most: it\n"
	"is smaller if that does not suffice. Without --once it repeats.\n"
	"Where build.sh run --latency injects some, a last table says what was asked,\n"
	"what was found, and the floor: what a load takes while nothing waits.\n";

static const char check_notes[] =
	"A line a finding, worst first: its name, what was seen, what it means, what\n"
	"to do. The levels: \"broken\" (pages do not move between tiers, or memory is\n"
	"not used: status 1), \"warning\" (a part of tiering is missing, or results\n"
	"suffer), \"note\". \"unread\" is what only root may see. Nothing is changed; a few\n"
	"pages on each node are timed. Warnings that concern a run are said before it,\n"
	"and after it whether the kernel complained meanwhile.\n";

static const struct {
	enum verb verb;
	const char *text;
} notes[] = {
	{ VERB_CHECK, check_notes },	 { VERB_GUPS, gups_notes },
	{ VERB_HOG, hog_notes },	 { VERB_VMSTAT, vmstat_notes },
	{ VERB_LATENCY, latency_notes },
};

/* ---------------------------------------------------------------- raw */

struct raw_option {
	const struct plan_option *row;
	const char *arg, *second; /* second: of those that take two */
};

struct raw {
	struct raw_option options[MAX_RAW];
	int nr_options;
	char *operands[MAX_OPERANDS];
	int nr_operands;
	char **rest; /* of "run": from the program's name on, to argv's end */
};

static const struct verb_row *find_verb(char **operand, int n, int *used);

static bool first_of_letter(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (plan_options[k].letter == plan_options[i].letter)
			return false;
	return true;
}

static void fill_getopt(struct option *longs, char *shorts)
{
	char *s = shorts;

	*s++ = '-'; /* operands come in their place, argv is not permuted */
	*s++ = ':'; /* a missing argument is told from an unknown option */
	for (size_t i = 0; i < plan_nr_options; i++) {
		const struct plan_option *o = &plan_options[i];

		longs[i] = (struct option){ .name = o->name,
					    .has_arg = o->metavar != NULL,
					    .val = 256 + (int)i };
		/* A letter may be of two options; getopt wants it once. */
		if (o->letter && first_of_letter(i)) {
			*s++ = o->letter;
			if (o->metavar)
				*s++ = ':';
		}
	}
	*s = '\0';
}

/* A letter may mean another option to another verb, if that is known yet. */
static const struct plan_option *row_of(const struct raw *raw, int c)
{
	const struct plan_option *first = NULL;
	const struct verb_row *verb;
	int used;

	if (c >= 256)
		return &plan_options[c - 256];
	verb = find_verb((char **)raw->operands, raw->nr_operands, &used);
	for (size_t i = 0; i < plan_nr_options; i++) {
		if (plan_options[i].letter != c)
			continue;
		if (verb && (plan_options[i].verbs & PLAN_ON(verb->verb)))
			return &plan_options[i];
		if (!first)
			first = &plan_options[i];
	}
	return first;
}

/* The second word of an option that takes two, e.g. --demote 0 1. */
static int take_second(struct raw *raw, int argc, char **argv)
{
	struct raw_option *o = &raw->options[raw->nr_options - 1];

	/* getopt_long() lets no letter pass that has no row */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (!o->row->metavar || !strchr(o->row->metavar, ' '))
		return 0;
	if (optind >= argc)
		return misuse("--%s needs two words: %s", o->row->name,
			      o->row->metavar);
	o->second = argv[optind++];
	return 0;
}

static int unknown_option(const char *word)
{
	struct nearest near;
	char *bare = xstrdup(word + strspn(word, "-"));
	int err;

	bare[strcspn(bare, "=")] = '\0';
	nearest_begin(&near, bare);
	for (size_t i = 0; i < plan_nr_options; i++)
		if (plan_options[i].help)
			nearest_try(&near, plan_options[i].name);
	if (isdigit((unsigned char)*bare))
		err = misuse("%s: a number here cannot be negative", word);
	else if (strlen(bare) > 1 && nearest_found(&near))
		err = misuse("unknown option %s; did you mean --%s?", word,
			     nearest_found(&near));
	else
		err = misuse("unknown option %s; see tier --help", word);
	free(bare);
	return err;
}

static int take_raw(struct raw *raw, int argc, char **argv, int c)
{
	if (c == 1) { /* an operand */
		if (raw->nr_operands == MAX_OPERANDS)
			return misuse("more than %d words", MAX_OPERANDS);
		raw->operands[raw->nr_operands++] = optarg;
		return 0;
	}
	if (raw->nr_options == MAX_RAW)
		return misuse("more than %d options", MAX_RAW);
	raw->options[raw->nr_options++] =
		(struct raw_option){ .row = row_of(raw, c), .arg = optarg };
	return take_second(raw, argc, argv);
}

static int collect(struct raw *raw, int argc, char **argv)
{
	struct option longs[PLAN_MAX_OPTIONS + 1] = { 0 };
	char shorts[2 * PLAN_MAX_OPTIONS + 3];
	int c, err = 0;

	fill_getopt(longs, shorts);
	optind = 0; /* begin anew: tests parse many times in one process */
	opterr = 0;
	while (!err) {
		/* What getopt looks at now: named if it turns out bad. */
		int at = optind ? optind : 1;

		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == -1)
			break;
		if (c == '?')
			err = unknown_option(argv[at < argc ? at : argc - 1]);
		else if (c == ':')
			err = misuse("%s needs an argument", argv[at]);
		else
			err = take_raw(raw, argc, argv, c);
		/* From the program on, nothing is an option of ours. */
		if (raw->nr_operands == 2 && !strcmp(raw->operands[0], "run")) {
			raw->rest = &argv[optind - 1];
			return err;
		}
	}
	/* Behind "--" all words are operands. */
	while (!err && optind < argc) {
		optarg = argv[optind++];
		err = take_raw(raw, argc, argv, 1);
	}
	return err;
}

/* ----------------------------------------------------------- operands */

static int no_operands(struct plan *plan, int n, char **operand)
{
	if (!n)
		return 0;
	return misuse("%s takes no word \"%s\"", plan_verb_name(plan->verb),
		      operand[0]);
}

static int node_numbers(struct place *place, const char *list)
{
	int n = parse_list(list, place->nodes, PLAN_MAX_NODES);

	if (n <= 0)
		return -EINVAL;
	for (int i = 1; i < n; i++)
		if (place->nodes[i] <= place->nodes[i - 1])
			return -EINVAL;
	place->nr_nodes = n;
	return 0;
}

int plan_parse_place(struct place *place, const char *text)
{
	static const struct {
		const char *prefix;
		enum place_mode mode;
	} modes[] = {
		{ "interleave:", PLACE_INTERLEAVE },
		{ "weighted:", PLACE_WEIGHTED },
		{ "preferred:", PLACE_PREFERRED },
		{ "bind:", PLACE_BIND },
		{ "node", PLACE_BIND },
	};
	const char *list = text;

	*place = (struct place){ .mode = PLACE_ANY, .text = text };
	if (!strcmp(text, "any"))
		return 0;
	place->mode = PLACE_BIND;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		size_t len = strlen(modes[i].prefix);

		if (strncmp(text, modes[i].prefix, len))
			continue;
		place->mode = modes[i].mode;
		list = text + len;
		break;
	}
	if (node_numbers(place, list))
		return misuse(
			"node %s: give any, node1, 1, 0-1, preferred:1, interleave:0,1 or weighted:0,1",
			text);
	if (place->mode == PLACE_PREFERRED && place->nr_nodes > 1)
		return misuse("node %s: only one node can be preferred", text);
	return 0;
}

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

static int gups_operands(struct plan *plan, int n, char **operand)
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
	if (err)
		return misuse(
			"size %s: give a whole number with k, M, G or T, e.g. 512M",
			operand[0]);
	if (!g->bytes || g->bytes % 4096)
		return misuse(
			"size %s: a table is at least 4k, and a multiple of it",
			operand[0]);
	if (g->compare && (plan->policy.name || plan->policy.nr_sets))
		return misuse(
			"--against compares two nodes as they are: no --policy or --set with it");
	if (g->threads > g->bytes / 4096)
		return misuse(
			"--threads %u: a table of %s has a page for %llu at most",
			g->threads, operand[0],
			(unsigned long long)(g->bytes / 4096));
	err = check_pattern(g, rate_given);
	if (err)
		return err;
	return plan_parse_place(&g->place, n > 1 ? operand[1] : "any");
}

static int destroy_operands(struct plan *plan, int n, char **operand)
{
	if (n != 1)
		return misuse(
			"region destroy needs the region's name; see tier region list");
	plan->region.name = operand[0];
	return plan_device_name("region destroy", operand[0], "region");
}

static int run_operands(struct plan *plan, int n, char **operand)
{
	(void)operand;
	if (!n || !plan->run.argv)
		return misuse("run needs a program, e.g. tier run /bin/true");
	for (int i = 0; i < plan->hogs.nr; i++)
		if (plan->hogs.hog[i].release_percent)
			return misuse(
				"how long a program runs is not known: release=TIME, not N%%");
	return 0;
}

static int policy_operands(struct plan *plan, int n, char **operand)
{
	if (n != 1)
		return misuse(
			"policy needs a name (or list, show, restore); see tier policy list");
	plan->policy.name = operand[0];
	return 0;
}

static int show_operands(struct plan *plan, int n, char **operand)
{
	if (n > 1)
		return misuse("policy show takes one name, what is \"%s\"?",
			      operand[1]);
	plan->policy.name = n ? operand[0] : NULL;
	return 0;
}

static int damon_operands(struct plan *plan, int n, char **operand)
{
	struct damon_plan *d = &plan->damon;

	if (n > 1)
		return misuse("damon start takes one file, what is \"%s\"?",
			      operand[1]);
	d->file = n ? operand[0] : NULL;
	if (!d->file == !d->nr_moves)
		return misuse(
			"damon start needs a file of damo's, or --demote SRC DEST and --promote SRC DEST");
	if (d->global && d->cgroup)
		return misuse("--global and --cgroup exclude each other");
	if (d->file && (d->global || d->cgroup || d->region_max))
		return misuse(
			"%s says all: no --global, --cgroup or --size with a file",
			d->file);
	return 0;
}

static int hog_size(const char *hog, const char *text, uint64_t *bytes)
{
	/* A page would not be felt, and a bare number was meant otherwise. */
	if (parse_size(text, bytes) || *bytes < MIB || *bytes % 4096)
		return misuse(
			"hog %s: give a size of 1M or more, in 4k, e.g. 6000M or free=200M",
			hog);
	return 0;
}

static int hog_release_at(struct hog_plan *h, const char *hog, char *text)
{
	char *percent = strchr(text, '%');
	uint64_t n = 0;

	if (percent && !percent[1]) {
		*percent = '\0';
		if (!parse_u64(text, &n) && n > 0 && n < 100) {
			h->release_percent = (unsigned int)n;
			return 0;
		}
	} else if (!parse_duration(text, &h->release_ns) && h->release_ns) {
		return 0;
	}
	return misuse("hog %s: release=TIME or 1%% to 99%% of the run, e.g. "
		      "release=10s",
		      hog);
}

static int hog_word(struct hog_plan *h, const char *hog, char *word)
{
	char *value = strchr(word, '=');
	bool warm = !strncmp(word, "warm", 4) &&
		    (!word[4] || value == word + 4);

	if (!value && !strcmp(word, "lock"))
		h->lock = true;
	else if (!value && !strcmp(word, "thp"))
		h->pages = PAGES_THP;
	else if (warm && !value)
		h->warm_ns = DEFAULT_WARM_NS;
	else if (value == word + 7 && !strncmp(word, "release", 7))
		return hog_release_at(h, hog, value + 1);
	else if (!warm || parse_duration(value + 1, &h->warm_ns) || !h->warm_ns)
		return misuse(
			"hog %s: what is \"%s\"? The words are warm, warm=TIME, lock, thp, release=TIME and release=N%%",
			hog, word);
	return 0;
}

int plan_parse_hog(struct hog_plans *hogs, const char *text)
{
	struct hog_plan *h = &hogs->hog[hogs->nr];
	char copy[128], *rest = copy, *word;
	uint64_t node = UINT64_MAX;
	int err;

	if (hogs->nr == PLAN_MAX_HOGS)
		return misuse("more than %d hogs", PLAN_MAX_HOGS);
	snprintf(copy, sizeof(copy), "%s", text);
	word = strsep(&rest, ":");
	word += strncmp(word, "node", 4) ? 0 : 4;
	if (!rest || strlen(text) >= sizeof(copy) || parse_u64(word, &node) ||
	    node >= 1024)
		return misuse(
			"hog %s: give NODE:SIZE or NODE:free=SIZE, e.g. node0:6000M",
			text);
	*h = (struct hog_plan){ .node = (int)node };
	word = strsep(&rest, ",");
	err = strncmp(word, "free=", 5) ? hog_size(text, word, &h->bytes) :
					  hog_size(text, word + 5, &h->leave);
	while (!err && (word = strsep(&rest, ",")))
		err = hog_word(h, text, word);
	hogs->nr += !err;
	return err;
}

static int hog_operands(struct plan *plan, int n, char **operand)
{
	int err = 0;

	if (!n)
		return misuse("hog needs a node and a size, e.g. tier hog "
			      "node0:free=200M");
	for (int i = 0; i < n && !err; i++)
		err = plan_parse_hog(&plan->hogs, operand[i]);
	for (int i = 0; i < plan->hogs.nr && !err; i++)
		if (plan->hogs.hog[i].release_ns ||
		    plan->hogs.hog[i].release_percent)
			err = misuse(
				"release= is of a run's --hog: tier hog ends after --duration TIME");
	return err;
}

static int watch_operands(struct plan *plan, int n, char **operand)
{
	struct watch_plan *w = &plan->watch;

	if (n > 2)
		return misuse(
			"vmstat takes an interval and a count, what is \"%s\"?",
			operand[2]);
	if (n > 0 && (parse_duration(operand[0], &w->interval_ns) ||
		      w->interval_ns < MIN_INTERVAL_NS))
		return plan_bad(
			"vmstat", operand[0],
			"give an interval of 10ms or more, e.g. 1 or 0.5s");
	return n > 1 ? plan_positive("vmstat's count", operand[1], UINT64_MAX,
				     &w->count) :
		       0;
}

static const struct verb_row *find_verb(char **operand, int n, int *used)
{
	char two[64];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		*used = strchr(verbs[i].name, ' ') ? 2 : 1;
		if (*used > n)
			continue;
		snprintf(two, sizeof(two), *used == 2 ? "%s %s" : "%s",
			 operand[0], *used == 2 ? operand[1] : "");
		if (!strcmp(two, verbs[i].name))
			return &verbs[i];
	}
	return NULL;
}

static int unknown_verb(char **operand, int n)
{
	struct nearest near;
	char word[64];
	bool group = false;

	snprintf(word, sizeof(word), "%s", operand[0]);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t len = strcspn(verbs[i].name, " ");

		group |= verbs[i].name[len] && strlen(word) == len &&
			 !strncmp(word, verbs[i].name, len);
	}
	if (group && n > 1)
		snprintf(word, sizeof(word), "%s %s", operand[0], operand[1]);
	nearest_begin(&near, word);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		nearest_try(&near, verbs[i].name);
	if (nearest_found(&near))
		return misuse("unknown verb \"%s\"; did you mean \"%s\"?", word,
			      nearest_found(&near));
	return misuse("unknown verb \"%s\"; see tier --help", word);
}

static int help_operands(struct plan *plan, int n, char **operand)
{
	const struct verb_row *row;
	int used;

	plan->help = true;
	plan->verb = VERB_NONE;
	if (!n)
		return 0;
	row = find_verb(operand, n, &used);
	if (!row)
		return unknown_verb(operand, n);
	plan->verb = row->verb;
	return 0;
}

/* --------------------------------------------------------------- whole */

static void set_defaults(struct plan *plan)
{
	if (plan->verb == VERB_LATENCY)
		plan->latency.duration_ns = DEFAULT_CELL_NS;
	if (plan->verb == VERB_RUN)
		plan->run.timeline_ns = DEFAULT_TIMELINE_NS;
	if (plan->verb != VERB_GUPS)
		return;
	plan->gups.window_ns = DEFAULT_WINDOW_NS;
	plan->gups.rounds = DEFAULT_ROUNDS;
	plan->gups.limit_ns = DEFAULT_LIMIT_NS;
	plan->gups.pattern.object = 8;
	plan->gups.hot_node = plan->gups.cpu_node = -1;
	plan->gups.timeline_ns = DEFAULT_TIMELINE_NS;
}

static int set_one(struct plan *plan, const struct raw_option *o)
{
	char both[64];

	if (!o->second)
		return o->row->set(plan, o->arg);
	snprintf(both, sizeof(both), "%s %s", o->arg, o->second);
	return o->row->set(plan, both);
}

static int apply_options(struct plan *plan, const struct raw *raw)
{
	int err = 0;

	for (int i = 0; i < raw->nr_options && !err; i++) {
		const struct plan_option *o = raw->options[i].row;

		if (plan->verb && !(o->verbs & PLAN_ON(plan->verb)))
			return misuse("%s takes no --%s; see tier help %s",
				      plan_verb_name(plan->verb), o->name,
				      plan_verb_name(plan->verb));
		if (!plan->verb && o->verbs != PLAN_EVERY &&
		    o->verbs != PLAN_RECORDING)
			return misuse("--%s needs a verb; see tier --help",
				      o->name);
		err = set_one(plan, &raw->options[i]);
	}
	return err;
}

int plan_parse(struct plan *plan, int argc, char **argv)
{
	const struct verb_row *row = NULL;
	struct raw raw = { 0 };
	int used = 0, err;

	*plan = (struct plan){ .deadline_ns = PLAN_NO_DEADLINE };
	err = collect(&raw, argc, argv);
	if (err)
		return err;
	if (raw.nr_operands) {
		row = find_verb(raw.operands, raw.nr_operands, &used);
		if (!row)
			return unknown_verb(raw.operands, raw.nr_operands);
		plan->verb = row->verb;
	}
	set_defaults(plan);
	if (plan->verb == VERB_RUN)
		plan->run.argv = raw.rest;
	err = apply_options(plan, &raw);
	if (err || !row || plan->help || plan->version)
		return err;
	if (plan->root && !plan->dry_run &&
	    (PLAN_ON(plan->verb) & (PLAN_CHANGING | PLAN_HOGGING)))
		return misuse("%s --root changes nothing: it needs --dry-run",
			      plan_verb_name(plan->verb));
	return row->take(plan, raw.nr_operands - used, raw.operands + used);
}

const char *plan_verb_name(enum verb verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].verb == verb)
			return verbs[i].name;
	return "";
}

bool plan_is_benchmark(const struct plan *plan)
{
	return (PLAN_BENCHMARKS | PLAN_ON(VERB_LATENCY)) & PLAN_ON(plan->verb);
}

bool plan_has_pattern(const struct gups_plan *g)
{
	return g->pattern.hot_bytes || g->pattern.zipf > 0 ||
	       g->pattern.object > 8 || g->pattern.reads;
}

bool plan_changes(const struct plan *plan)
{
	static const unsigned int always = PLAN_CHANGING |
					   PLAN_ON(VERB_POLICY_RESTORE) |
					   PLAN_ON(VERB_DAMON_STOP);

	if (plan->dry_run || plan->root)
		return false;
	return (always & PLAN_ON(plan->verb)) ||
	       ((PLAN_WORKLOADS & PLAN_ON(plan->verb)) &&
		(plan->policy.name || plan->policy.nr_sets));
}

static void help_option(struct textbuf *t, const struct plan_option *o)
{
	char left[40], letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name,
		 o->metavar ? " " : "", o->metavar ? o->metavar : "");
	buf_add(t, "  %-22s %s\n", left, o->help);
}

void plan_help(struct textbuf *t, enum verb verb)
{
	if (!verb)
		buf_add(t,
			"usage: tier [OPTIONS] VERB [WORDS]\n\n"
			"How Linux moves pages between DRAM and CXL memory.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!verb)
			buf_add(t, "  %-22s %s\n", verbs[i].name,
				verbs[i].summary);
		else if (verbs[i].verb == verb)
			buf_add(t, "usage: tier %s %s\n\n%s\n\n", verbs[i].name,
				verbs[i].operands, verbs[i].summary);
	}
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		if (notes[i].verb == verb)
			buf_add(t, "%s\n", notes[i].text);
	if (!verb)
		buf_add(t,
			"\nOptions of every verb (tier help VERB for its own):\n");
	for (size_t i = 0; i < plan_nr_options; i++) {
		const struct plan_option *o = &plan_options[i];

		if (!o->help)
			continue;
		if (verb ? (o->verbs & PLAN_ON(verb)) != 0 :
			   o->verbs == PLAN_EVERY || o->verbs == PLAN_RECORDING)
			help_option(t, o);
	}
	buf_add(t, "\nSizes: k, M, G, T (powers of 1024). Times: s, m, h; bare "
		   "numbers are seconds.\n"
		   "Exit status: 0 done; 1 failed or refused; 2 bad usage; "
		   "3 the machine lacks\nsomething that is needed.\n");
}
