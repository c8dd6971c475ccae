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
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "util.h"

#define MAX_RAW 64
#define MAX_OPERANDS 64
#define MAX_THREADS 1024
/* HPCC's stream: a seed is a start this many updates further on. */
#define MAX_SEED 16777215
/* A trapped gigabyte takes most of an hour: ask before spending ten minutes. */
#define DEFAULT_LIMIT_NS (UINT64_C(600) * 1000000000)
#define DEFAULT_WINDOW_NS (UINT64_C(2) * 1000000000)
#define DEFAULT_ROUNDS 10
#define DEFAULT_TIMELINE_NS UINT64_C(1000000000)
/* The updates are looked at so often. */
#define MIN_TIMELINE_NS UINT64_C(100000000)
/* As HeMem, Colloid and MEMTIS take it. */
#define DEFAULT_HOT_RATE (65536 * 9 / 10)
/* Often enough for DAMON's aggregation interval to see some of it. */
#define DEFAULT_WARM_NS UINT64_C(1000000000)
/* Of a cell of "latency": five turns of 66 ms for each of three figures. */
#define DEFAULT_CELL_NS (UINT64_C(1) * 1000000000)
/* A line of its buffer is drawn with 32 bits. */
#define MAX_CHAIN (256 * GIB)
/* Reading the counters takes a millisecond or two in an emulator. */
#define MIN_INTERVAL_NS (UINT64_C(10) * 1000000)

#define ON(verb) (1u << (verb))
#define EVERY UINT_MAX
#define BENCHMARKS ON(VERB_GUPS)
#define WORKLOADS (BENCHMARKS | ON(VERB_RUN))
#define HOGGING (WORKLOADS | ON(VERB_HOG))
#define RECORDING (EVERY & ~ON(VERB_HELP))
#define CHANGING (ON(VERB_POLICY) | ON(VERB_DAMON_START))
/* Verbs that say what they would do, and those that read a captured tree. */
#define DRY (ON(VERB_REGION_DESTROY) | CHANGING | HOGGING)
#define REROOTED                                                         \
	(ON(VERB_STATUS) | ON(VERB_REGION_LIST) | CHANGING |             \
	 ON(VERB_POLICY_LIST) | ON(VERB_POLICY_SHOW) | HOGGING |         \
	 ON(VERB_DAMON_STATUS) | ON(VERB_DAMON_DUMP) | ON(VERB_VMSTAT) | \
	 ON(VERB_CHECK))

/* ------------------------------------------------------------- setters */

typedef int setter(struct plan *plan, const char *arg);

static int bad(const char *option, const char *arg, const char *want)
{
	return misuse("%s %s: %s", option, arg, want);
}

static int positive(const char *option, const char *arg, uint64_t max,
		    uint64_t *value)
{
	if (parse_u64(arg, value) || !*value || *value > max)
		return misuse("%s %s: give a whole number from 1 to %llu",
			      option, arg, (unsigned long long)max);
	return 0;
}

static int duration(const char *option, const char *arg, uint64_t *ns)
{
	if (parse_duration(arg, ns) || !*ns)
		return bad(option, arg,
			   "give a time such as 90, 90s, 5m or 1h");
	return 0;
}

#define FLAG_SETTER(member)                                      \
	static int set_##member(struct plan *p, const char *arg) \
	{                                                        \
		(void)arg;                                       \
		p->member = true;                                \
		return 0;                                        \
	}
FLAG_SETTER(help)
FLAG_SETTER(version)
FLAG_SETTER(once)
FLAG_SETTER(json)
FLAG_SETTER(force)
FLAG_SETTER(dry_run)

static int set_records(struct plan *p, const char *arg)
{
	p->records = arg;
	return *arg ? 0 : bad("--records", "''", "name a file");
}

static int set_root(struct plan *p, const char *arg)
{
	p->root = arg;
	return *arg ? 0 : bad("--root", "''", "name a directory");
}

static int set_deadline(struct plan *p, const char *arg)
{
	return duration("--deadline", arg, &p->deadline_ns);
}

static int set_threads(struct plan *p, const char *arg)
{
	uint64_t n;
	int err = positive("--threads", arg, MAX_THREADS, &n);

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
		return positive("--updates", arg, INT64_MAX, &p->gups.updates);
	snprintf(times, sizeof(times), "%.*s", (int)n - 1, arg);
	err = positive("--updates", times, 1 << 20, &value);
	p->gups.updates_times = err ? 0 : (uint32_t)value;
	return err;
}

static int set_duration(struct plan *p, const char *arg)
{
	return duration("--duration", arg,
			p->verb == VERB_HOG	? &p->hold_ns :
			p->verb == VERB_LATENCY ? &p->latency.duration_ns :
						  &p->gups.duration_ns);
}

/* One word of a few: its place among them, or -EINVAL with misuse(). */
static int choice(const char *option, const char *arg, const char *const *words,
		  size_t n)
{
	char all[128] = "";

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(arg, words[i]))
			return (int)i;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 i ? ", " : "", words[i]);
	}
	return misuse("%s %s: give one of %s", option, arg, all);
}

/* strtod() takes blanks, signs, "inf" and "0x1p3", too. */
static bool is_number(const char *arg)
{
	return isdigit((unsigned char)*arg) &&
	       tolower((unsigned char)arg[1]) != 'x';
}

/* "90%" or "0.9", in parts of 65536. */
static int part(const char *option, const char *arg, double least, double most,
		uint32_t *value)
{
	char *end;
	double v = strtod(arg, &end);

	if (end != arg && *end == '%' && !end[1]) {
		v /= 100;
		end++;
	}
	if (!is_number(arg) || *end || !(v >= least && v <= most))
		return misuse(
			"%s %s: give a part such as 90%%, from %g to %g%%",
			option, arg, 100 * least, 100 * most);
	*value = (uint32_t)(v * 65536 + 0.5);
	return 0;
}

static int size_of(const char *option, const char *arg, uint64_t least,
		   uint64_t *bytes)
{
	if (parse_size(arg, bytes) || *bytes < least)
		return misuse(
			"%s %s: give a size of at least %llu bytes, e.g. 64M",
			option, arg, (unsigned long long)least);
	return 0;
}

static int node_of(const char *option, const char *arg, int *node)
{
	uint64_t n;

	if (parse_u64(strncmp(arg, "node", 4) ? arg : arg + 4, &n) ||
	    n >= PLAN_MAX_NODES)
		return bad(option, arg, "give a node, e.g. 1");
	*node = (int)n;
	return 0;
}

static int set_hot(struct plan *p, const char *arg)
{
	return size_of("--hot", arg, 4096, &p->gups.pattern.hot_bytes);
}

static int set_hot_rate(struct plan *p, const char *arg)
{
	return part("--hot-rate", arg, 0.001, 1, &p->gups.pattern.hot_rate);
}

static int set_hot_at(struct plan *p, const char *arg)
{
	static const char *const words[] = { "start", "end", "scattered" };
	int i = choice("--hot-at", arg, words, ARRAY_SIZE(words));

	p->gups.pattern.at = i < 0 ? HOT_AT_DEFAULT :
				     (enum hot_at)(HOT_AT_START + i);
	return i < 0 ? i : 0;
}

static int set_hot_node(struct plan *p, const char *arg)
{
	return node_of("--hot-node", arg, &p->gups.hot_node);
}

static int set_hot_near(struct plan *p, const char *arg)
{
	return part("--hot-near", arg, 0, 1, &p->gups.hot_near);
}

static int set_zipf(struct plan *p, const char *arg)
{
	char *end;
	double s = strtod(arg, &end);

	if (!is_number(arg) || *end || !(s > 0 && s <= 4))
		return bad("--zipf", arg,
			   "give an exponent above 0, up to 4, e.g. 0.99");
	p->gups.pattern.zipf = s;
	return 0;
}

static int set_move_hot(struct plan *p, const char *arg)
{
	struct pattern_plan *pattern = &p->gups.pattern;

	if (strchr(arg, '%'))
		return part("--move-hot", arg, 0.001, 1, &pattern->move_share);
	return duration("--move-hot", arg, &pattern->move_ns);
}

static int set_move_by(struct plan *p, const char *arg)
{
	return size_of("--move-by", arg, 4096, &p->gups.pattern.move_bytes);
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

		if (pattern->nr_phases == PLAN_MAX_PHASES)
			return misuse("--phases: more than %d",
				      PLAN_MAX_PHASES);
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(at, ","), at);
		time = strchr(one, ':');
		if (!time)
			return bad(
				"--phases", arg,
				"give hot rates and times, e.g. 90%:20s,10%:20s");
		*time++ = '\0';
		err = part("--phases", one, 0, 1, &phase->hot_rate);
		if (!err)
			err = duration("--phases", time, &phase->ns);
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
		return bad(
			"--object", arg,
			"give 8, 16, 32, ... 4096 (bytes that an update changes)");
	return 0;
}

static int set_reads(struct plan *p, const char *arg)
{
	return part("--reads", arg, 0, 0.99, &p->gups.pattern.reads);
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
		return bad("--rate", arg,
			   "give updates a second, e.g. 5000000 or 5M");
	p->gups.rate *= unit;
	return 0;
}

static int set_cpu_node(struct plan *p, const char *arg)
{
	return node_of("--cpu-node", arg, &p->gups.cpu_node);
}

static int set_timeline(struct plan *p, const char *arg)
{
	uint64_t ns = 0;
	int err = 0;

	if (strcmp(arg, "off"))
		err = duration("--timeline", arg, &ns);
	if (!err && ns && ns < MIN_TIMELINE_NS)
		err = bad("--timeline", arg,
			  "give a time of 100ms or more, such as 1s, or off");
	if (p->verb == VERB_RUN) {
		p->run.timeline_ns = ns;
		return err;
	}
	p->gups.timeline_given = true;
	p->gups.timeline_ns = ns;
	return err;
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
		    node >= PLAN_MAX_NODES || !is_number(end + 1))
			return bad("--latency", arg, want);
		ns = strtod(end + 1, &end);
		if (!(ns > 0 && ns <= 1e9))
			return bad("--latency", arg, want);
		at = end + (strncmp(end, "ns", 2) ? 0 : 2);
		p->gups.latency_ns[node] = ns;
		if (!*at)
			return 0;
		if (*at++ != ',')
			return bad("--latency", arg, want);
	}
}

static int set_seed(struct plan *p, const char *arg)
{
	if (parse_u64(arg, &p->gups.seed) || p->gups.seed > MAX_SEED)
		return bad("--seed", arg,
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
	int i = choice("--pages", arg, words, ARRAY_SIZE(words));

	p->gups.pages = i < 0 ? PAGES_4K : (enum page_kind)i;
	return i < 0 ? i : 0;
}

static int set_refresh(struct plan *p, const char *arg)
{
	static const char *const words[] = { "auto", "on", "off" };
	int i = choice("--tlb-refresh", arg, words, ARRAY_SIZE(words));

	p->gups.refresh = i < 0 ? REFRESH_AUTO : (enum refresh_mode)i;
	return i < 0 ? i : 0;
}

static int set_honest(struct plan *p, const char *arg)
{
	static const char *const words[] = { "auto", "off" };
	int i = choice("--honest", arg, words, ARRAY_SIZE(words));

	p->gups.dishonest = i == 1;
	return i < 0 ? i : 0;
}

static int set_verify(struct plan *p, const char *arg)
{
	static const char *const words[] = { "sum", "replay" };
	int i = choice("--verify", arg, words, ARRAY_SIZE(words));

	p->gups.verify = i < 0 ? VERIFY_SUM : (enum verify_mode)i;
	return i < 0 ? i : 0;
}

static int set_against(struct plan *p, const char *arg)
{
	p->gups.compare = true;
	return plan_parse_place(&p->gups.against, arg);
}

static int set_window(struct plan *p, const char *arg)
{
	return duration("--window", arg, &p->gups.window_ns);
}

static int set_rounds(struct plan *p, const char *arg)
{
	return positive("--rounds", arg, 10000, &p->gups.rounds);
}

static int set_limit(struct plan *p, const char *arg)
{
	return duration("--limit", arg, &p->gups.limit_ns);
}

static int device_name(const char *option, const char *arg, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(arg, prefix, len) || !isdigit((unsigned char)arg[len]) ||
	    arg[len + strspn(arg + len, "0123456789.")])
		return misuse("%s %s: give a name such as %s0%s", option, arg,
			      prefix, prefix[0] == 'd' ? ".0" : "");
	return 0;
}

static int set_memdev(struct plan *p, const char *arg)
{
	/* What it names is asked of the devices there are: region.c. */
	p->region.memdev = arg;
	return *arg ? 0 : bad("--memdev", "''", "name a device, e.g. mem0");
}

static int set_decoder(struct plan *p, const char *arg)
{
	p->region.decoder = arg;
	return device_name("--decoder", arg, "decoder");
}

static int set_size(struct plan *p, const char *arg)
{
	if (p->verb == VERB_DAMON_START) {
		if (parse_size(arg, &p->damon.region_max) ||
		    p->damon.region_max < 4096)
			return bad("--size", arg,
				   "give a size such as 512M or 2G");
		return 0;
	}
	if (p->verb == VERB_LATENCY) {
		if (parse_size(arg, &p->latency.bytes) || !p->latency.bytes ||
		    p->latency.bytes % 4096 || p->latency.bytes > MAX_CHAIN)
			return bad("--size", arg,
				   "give a multiple of 4k, 256G at most");
		return 0;
	}
	if (parse_size(arg, &p->region.size) || !p->region.size)
		return bad("--size", arg, "give a size such as 512M or 2G");
	return 0;
}

static int set_policy(struct plan *p, const char *arg)
{
	p->policy.name = arg;
	return 0; /* the presets are policy.c's */
}

static int set_hog(struct plan *p, const char *arg)
{
	return plan_parse_hog(&p->hogs, arg);
}

static int set_set(struct plan *p, const char *arg)
{
	if (!strchr(arg, '=') || arg[0] == '=')
		return bad("--set", arg,
			   "give KEY=VALUE; tier policy show lists the keys");
	if (p->policy.nr_sets == PLAN_MAX_SETS)
		return misuse("more than %d --set", PLAN_MAX_SETS);
	p->policy.sets[p->policy.nr_sets++] = arg;
	return 0;
}

/* "SRC DEST": the two words, joined. */
static int add_move(struct plan *p, const char *option, const char *arg,
		    bool hot, bool reversed)
{
	struct damon_plan *d = &p->damon;
	const char *second = strchr(arg, ' ');
	char first[16] = "";
	uint64_t src, dest;

	if (second)
		snprintf(first, sizeof(first), "%.*s", (int)(second - arg),
			 arg);
	if (!second || parse_u64(first, &src) || parse_u64(second + 1, &dest) ||
	    src >= 1024 || dest >= 1024)
		return bad(option, arg, "give two nodes, e.g. 0 1");
	if (src == dest)
		return bad(option, arg, "the two nodes are the same");
	if (d->nr_moves == PLAN_MAX_NODES)
		return misuse("more than %d moves", PLAN_MAX_NODES);
	d->moves[d->nr_moves++] =
		(struct damon_move){ .src = (int)(reversed ? dest : src),
				     .dest = (int)(reversed ? src : dest),
				     .hot = hot };
	return 0;
}

static int set_demote(struct plan *p, const char *arg)
{
	return add_move(p, "--demote", arg, false, false);
}

static int set_promote(struct plan *p, const char *arg)
{
	return add_move(p, "--promote", arg, true, false);
}

static int set_migrate(struct plan *p, const char *arg)
{
	int err = add_move(p, "--migrate", arg, false, false);

	return err ? err : add_move(p, "--migrate", arg, true, true);
}

static int set_global(struct plan *p, const char *arg)
{
	(void)arg;
	p->damon.global = true;
	return 0;
}

/* numactl's lists: "0", "1,0", "0-1", "all" (no nodes: what there are). */
static int node_set(struct place *place, const char *option, const char *arg,
		    enum place_mode mode)
{
	int ids[PLAN_MAX_NODES], n = 0;
	uint64_t seen = 0;

	*place = (struct place){ .mode = mode, .text = arg };
	if (!strcmp(arg, "all"))
		return 0;
	n = parse_list(arg, ids, PLAN_MAX_NODES);
	for (int i = 0; i < n; i++) {
		if (ids[i] >= PLAN_MAX_NODES)
			n = -ERANGE;
		else
			seen |= UINT64_C(1) << ids[i];
	}
	for (int i = 0; i < PLAN_MAX_NODES; i++)
		if (seen & (UINT64_C(1) << i))
			place->nodes[place->nr_nodes++] = i;
	return n > 0 ? 0 :
		       bad(option, arg,
			   "give nodes such as 1, 0,1 or 0-1, or all");
}

static int memory_nodes(struct plan *p, const char *option, const char *arg,
			enum place_mode mode)
{
	if (p->run.place.mode != PLACE_ANY)
		return misuse(
			"give one of --membind, --preferred, --interleave and --weighted-interleave, once");
	return node_set(&p->run.place, option, arg, mode);
}

static int set_membind(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--membind", arg, PLACE_BIND);
}

static int set_preferred(struct plan *p, const char *arg)
{
	int err = memory_nodes(p, "--preferred", arg, PLACE_PREFERRED);

	if (!err && p->run.place.nr_nodes != 1)
		err = bad("--preferred", arg, "give one node");
	return err;
}

static int set_interleave(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--interleave", arg, PLACE_INTERLEAVE);
}

static int set_weighted(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--weighted-interleave", arg, PLACE_WEIGHTED);
}

static int set_cpunodebind(struct plan *p, const char *arg)
{
	return node_set(&p->run.cpu_nodes, "--cpunodebind", arg, PLACE_BIND);
}

static int set_regions(struct plan *p, const char *arg)
{
	(void)arg;
	p->damon.regions = true;
	return 0;
}

static int set_list(struct plan *p, const char *arg)
{
	(void)arg;
	p->check.list = true;
	return 0;
}

static int set_cgroup(struct plan *p, const char *arg)
{
	p->damon.cgroup = arg;
	if (!*arg || strchr(arg, '/') || arg[0] == '.' || strlen(arg) > 64)
		return bad("--cgroup", arg, "give a name, e.g. hmsdk");
	return 0;
}

static int set_yes(struct plan *p, const char *arg)
{
	(void)arg;
	p->region.yes = true;
	return 0;
}

static int set_auto(struct plan *p, const char *arg)
{
	(void)arg;
	p->region.unassigned = true;
	return 0;
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
		return bad("--fault", arg, "give STAGE:KIND");
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
		return bad("--fault", arg, "KIND is a signal, hang or corrupt");
	return 0;
}

/* SEQ:FD[:plain], written by supervise.c only. */
static int set_worker(struct plan *p, const char *arg)
{
	unsigned long long seq;
	int fd, used = 0;

	if (sscanf(arg, "%llu:%d%n", &seq, &fd, &used) != 2 || fd < 0)
		return bad("--worker", arg, "tier itself gives this option");
	p->worker.is_worker = true;
	p->worker.seq = seq;
	p->worker.records_fd = fd;
	p->worker.plain = !strcmp(arg + used, ":plain");
	return 0;
}

/* -------------------------------------------------------------- tables */

static const struct option_row {
	const char *name;
	char letter; /* 0: none */
	const char *metavar; /* NULL: takes no argument; two words: two */
	unsigned int verbs;
	setter *set;
	const char *help; /* NULL: not for people */
} options[] = {
	{ "once", 0, NULL, EVERY, set_once,
	  "one pass, then end (as PID 1: power off)" },
	{ "json", 0, NULL, RECORDING, set_json,
	  "print records (JSON Lines) instead of text" },
	{ "records", 0, "FILE", RECORDING, set_records,
	  "write the records to FILE, beside the text" },
	{ "deadline", 0, "TIME", EVERY, set_deadline,
	  "end a run that takes longer, as failed (as PID 1: 1h)" },
	{ "force", 0, NULL, EVERY, set_force,
	  "do what would be refused as too slow" },
	{ "dry-run", 0, NULL, DRY, set_dry_run,
	  "check and say what would be done; change nothing" },
	{ "root", 0, "DIR", REROOTED, set_root,
	  "read /sys and /proc below DIR (changes: --dry-run)" },
	{ "help", 'h', NULL, EVERY, set_help, "print this help" },
	{ "version", 'V', NULL, EVERY, set_version, "print the version" },

	{ "threads", 't', "N", BENCHMARKS, set_threads,
	  "threads, each with its own slice (the CPUs allowed)" },
	{ "updates", 'u', "N|Nx", BENCHMARKS, set_updates,
	  "so many, or N x the table's words (4x, as HPCC)" },
	{ "duration", 0, "TIME", BENCHMARKS | ON(VERB_LATENCY) | ON(VERB_HOG),
	  set_duration, "so long: updates, a cell of latency (1s), a hog" },
	{ "seed", 0, "N", BENCHMARKS, set_seed,
	  "another part of HPCC's random stream (0: its start)" },
	{ "bind", 0, NULL, BENCHMARKS, set_hold,
	  "keep the table bound; else the kernel may move it" },
	{ "pages", 0, "KIND", BENCHMARKS, set_pages,
	  "4k (default), thp or hugetlb" },
	{ "tlb-refresh", 0, "WHEN", BENCHMARKS, set_refresh,
	  "make the emulator's TLB grow: auto (default), on, off" },
	{ "honest", 0, "WHEN", BENCHMARKS, set_honest,
	  "with DAMON, keep accessed bits true: auto, off" },
	{ "verify", 0, "HOW", BENCHMARKS, set_verify,
	  "sum (default, two ways to one) or replay (HPCC)" },
	{ "against", 0, "NODE", BENCHMARKS, set_against,
	  "alternate with an equal table on NODE, and compare" },
	{ "window", 0, "TIME", BENCHMARKS, set_window,
	  "length of a window of --against (2s)" },
	{ "rounds", 0, "N", BENCHMARKS, set_rounds,
	  "pairs of windows of --against (10)" },
	{ "limit", 0, "TIME", BENCHMARKS, set_limit,
	  "refuse a longer run on a trapped node (10m)" },

	{ "hot", 0, "SIZE", BENCHMARKS, set_hot,
	  "a hot set of that size, over the whole table" },
	{ "hot-rate", 0, "PART", BENCHMARKS, set_hot_rate,
	  "its share of the updates (90%)" },
	{ "hot-at", 0, "PLACE", BENCHMARKS, set_hot_at,
	  "start (default), end, or scattered over the table" },
	{ "hot-node", 0, "N", BENCHMARKS, set_hot_node,
	  "node its pages are placed on first (as the rest)" },
	{ "hot-near", 0, "PART", BENCHMARKS, set_hot_near,
	  "that part of it on the near node (an oracle)" },
	{ "zipf", 0, "EXPONENT", BENCHMARKS, set_zipf,
	  "pages by Zipf's law, scattered (0.99: as YCSB)" },
	{ "move-hot", 0, "WHEN", BENCHMARKS, set_move_hot,
	  "move the hot set each 30s, or each 50% of the updates" },
	{ "move-by", 0, "SIZE", BENCHMARKS, set_move_by,
	  "so far (its own size)" },
	{ "phases", 0, "LIST", BENCHMARKS, set_phases,
	  "hot rates in turn, e.g. 90%:20s,10%:20s" },
	{ "object", 0, "SIZE", BENCHMARKS, set_object,
	  "bytes that an update changes, 8 (default) to 4096" },
	{ "reads", 0, "PART", BENCHMARKS, set_reads,
	  "of the objects only read that part" },
	{ "rate", 0, "N", BENCHMARKS, set_rate,
	  "at most so many updates a second (5M: 5000000)" },
	{ "cpu-node", 0, "N", BENCHMARKS, set_cpu_node,
	  "run the threads on that node's CPUs" },
	{ "timeline", 0, "TIME", WORKLOADS, set_timeline,
	  "a row each TIME of where the pages are (1s), or off" },
	{ "latency", 0, "LIST", BENCHMARKS, set_latency,
	  "for the modelled cost: node0=100ns,node1=250ns" },

	{ "policy", 0, "NAME", WORKLOADS, set_policy,
	  "set a policy for the run; see tier policy list" },
	{ "set", 0, "KEY=VALUE", WORKLOADS | ON(VERB_POLICY), set_set,
	  "and change a tunable of it; see tier policy show" },
	{ "hog", 0, "NODE:SIZE", WORKLOADS, set_hog,
	  "take memory of NODE before the run; see tier help hog" },

	{ "memdev", 'm', "NAME", ON(VERB_REGION_CREATE), set_memdev,
	  "by name, serial (0x1) or PCI address; a,b interleaves" },
	{ "decoder", 'd', "NAME", ON(VERB_REGION_CREATE), set_decoder,
	  "the root decoder (default: the one that reaches it)" },
	{ "size", 's', "SIZE",
	  ON(VERB_REGION_CREATE) | ON(VERB_DAMON_START) | ON(VERB_LATENCY),
	  set_size, "of a region: a multiple of 256M; buffer; DAMON: split" },
	{ "auto", 0, NULL, ON(VERB_REGION_CREATE), set_auto,
	  "every device that has no region yet; none is no error" },
	{ "yes", 'y', NULL, ON(VERB_REGION_DESTROY), set_yes,
	  "also when programs use its memory, which is moved" },

	/* behind region's: a letter before its verb means the first one's */
	{ "demote", 'd', "SRC DEST", ON(VERB_DAMON_START), set_demote,
	  "migrate_cold from node SRC to node DEST" },
	{ "promote", 'p', "SRC DEST", ON(VERB_DAMON_START), set_promote,
	  "migrate_hot from node SRC to node DEST" },
	{ "migrate", 'm', "FAST SLOW", ON(VERB_DAMON_START), set_migrate,
	  "both: --demote FAST SLOW --promote SLOW FAST" },
	{ "global", 'g', NULL, ON(VERB_DAMON_START), set_global,
	  "pages of all processes, not of a cgroup's alone" },
	{ "cgroup", 0, "NAME", ON(VERB_DAMON_START), set_cgroup,
	  "pages of this cgroup alone (hmsdk)" },
	{ "regions", 0, NULL, ON(VERB_DAMON_STATUS), set_regions,
	  "list what the schemes try now (takes two rounds)" },
	{ "list", 0, NULL, ON(VERB_CHECK), set_list,
	  "what it looks for, how, what that means, what to do" },
	{ "region-max-size", 0, "SIZE", ON(VERB_DAMON_START), set_size,
	  "as --size" },

	{ "membind", 'm', "NODES", ON(VERB_RUN), set_membind,
	  "as numactl: its memory is on these nodes alone" },
	{ "preferred", 'p', "NODE", ON(VERB_RUN), set_preferred,
	  "as numactl: on this node while that has room" },
	{ "interleave", 'i', "NODES", ON(VERB_RUN), set_interleave,
	  "as numactl: page by page over these nodes" },
	{ "weighted-interleave", 'w', "NODES", ON(VERB_RUN), set_weighted,
	  "as numactl: by the kernel's weights" },
	{ "cpunodebind", 'N', "NODES", ON(VERB_RUN), set_cpunodebind,
	  "as numactl: it runs on these nodes' CPUs" },

	{ "fault", 0, "STAGE:KIND", BENCHMARKS, set_fault, NULL },
	{ "worker", 0, "SEQ:FD", EVERY, set_worker, NULL },
};

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
	const struct option_row *row;
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
		if (options[k].letter == options[i].letter)
			return false;
	return true;
}

static void fill_getopt(struct option *longs, char *shorts)
{
	char *s = shorts;

	*s++ = '-'; /* operands come in their place, argv is not permuted */
	*s++ = ':'; /* a missing argument is told from an unknown option */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_row *o = &options[i];

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
static const struct option_row *row_of(const struct raw *raw, int c)
{
	const struct option_row *first = NULL;
	const struct verb_row *verb;
	int used;

	if (c >= 256)
		return &options[c - 256];
	verb = find_verb((char **)raw->operands, raw->nr_operands, &used);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].letter != c)
			continue;
		if (verb && (options[i].verbs & ON(verb->verb)))
			return &options[i];
		if (!first)
			first = &options[i];
	}
	return first;
}

/* The second word of an option that takes two, e.g. --demote 0 1. */
static int take_second(struct raw *raw, int argc, char **argv)
{
	struct raw_option *o = &raw->options[raw->nr_options - 1];

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
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].help)
			nearest_try(&near, options[i].name);
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
	struct option longs[ARRAY_SIZE(options) + 1] = { 0 };
	char shorts[2 * ARRAY_SIZE(options) + 3];
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
	return device_name("region destroy", operand[0], "region");
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
		return bad("vmstat", operand[0],
			   "give an interval of 10ms or more, e.g. 1 or 0.5s");
	return n > 1 ? positive("vmstat's count", operand[1], UINT64_MAX,
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
		const struct option_row *o = raw->options[i].row;

		if (plan->verb && !(o->verbs & ON(plan->verb)))
			return misuse("%s takes no --%s; see tier help %s",
				      plan_verb_name(plan->verb), o->name,
				      plan_verb_name(plan->verb));
		if (!plan->verb && o->verbs != EVERY && o->verbs != RECORDING)
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
	    (ON(plan->verb) & (CHANGING | HOGGING)))
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
	return (BENCHMARKS | ON(VERB_LATENCY)) & ON(plan->verb);
}

bool plan_has_pattern(const struct gups_plan *g)
{
	return g->pattern.hot_bytes || g->pattern.zipf > 0 ||
	       g->pattern.object > 8 || g->pattern.reads;
}

bool plan_changes(const struct plan *plan)
{
	static const unsigned int always = CHANGING | ON(VERB_POLICY_RESTORE) |
					   ON(VERB_DAMON_STOP);

	if (plan->dry_run || plan->root)
		return false;
	return (always & ON(plan->verb)) ||
	       ((WORKLOADS & ON(plan->verb)) &&
		(plan->policy.name || plan->policy.nr_sets));
}

static void help_option(struct textbuf *t, const struct option_row *o)
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
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_row *o = &options[i];

		if (!o->help)
			continue;
		if (verb ? (o->verbs & ON(verb)) != 0 :
			   o->verbs == EVERY || o->verbs == RECORDING)
			help_option(t, o);
	}
	buf_add(t, "\nSizes: k, M, G, T (powers of 1024). Times: s, m, h; bare "
		   "numbers are seconds.\n"
		   "Exit status: 0 done; 1 failed or refused; 2 bad usage; "
		   "3 the machine lacks\nsomething that is needed.\n");
}
