// SPDX-License-Identifier: GPL-2.0-only
/*
 * plan_options.c - the options, and how each one's argument becomes a value.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "plan_work.h"
#include "util.h"

#define MAX_THREADS 1024
/* HPCC's stream: a seed is a start this many updates further on. */
#define MAX_SEED 16777215
/* The updates are looked at so often. */
#define MIN_TIMELINE_NS UINT64_C(100000000)
/* A line of its buffer is drawn with 32 bits. */
#define MAX_CHAIN (256 * GIB)

#define ON PLAN_ON
/* Verbs that say what they would do, and those that read a captured tree. */
#define DRY (ON(VERB_REGION_DESTROY) | PLAN_CHANGING | PLAN_HOGGING)
#define REROOTED                                                         \
	(ON(VERB_STATUS) | ON(VERB_REGION_LIST) | PLAN_CHANGING |        \
	 ON(VERB_POLICY_LIST) | ON(VERB_POLICY_SHOW) | PLAN_HOGGING |    \
	 ON(VERB_DAMON_STATUS) | ON(VERB_DAMON_DUMP) | ON(VERB_VMSTAT) | \
	 ON(VERB_CHECK))

/* ------------------------------------------------------------- setters */

int plan_bad(const char *option, const char *arg, const char *want)
{
	return misuse("%s %s: %s", option, arg, want);
}

int plan_positive(const char *option, const char *arg, uint64_t max,
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
		return plan_bad(option, arg,
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
	return *arg ? 0 : plan_bad("--records", "''", "name a file");
}

static int set_root(struct plan *p, const char *arg)
{
	p->root = arg;
	return *arg ? 0 : plan_bad("--root", "''", "name a directory");
}

static int set_deadline(struct plan *p, const char *arg)
{
	return duration("--deadline", arg, &p->deadline_ns);
}

static int set_threads(struct plan *p, const char *arg)
{
	uint64_t n;
	int err = plan_positive("--threads", arg, MAX_THREADS, &n);

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
		return plan_positive("--updates", arg, INT64_MAX,
				     &p->gups.updates);
	snprintf(times, sizeof(times), "%.*s", (int)n - 1, arg);
	err = plan_positive("--updates", times, 1 << 20, &value);
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
		return plan_bad(option, arg, "give a node, e.g. 1");
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
		return plan_bad("--zipf", arg,
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
			return plan_bad(
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
		return plan_bad(
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
		return plan_bad("--rate", arg,
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
		err = plan_bad(
			"--timeline", arg,
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
			return plan_bad("--latency", arg, want);
		ns = strtod(end + 1, &end);
		if (!(ns > 0 && ns <= 1e9))
			return plan_bad("--latency", arg, want);
		at = end + (strncmp(end, "ns", 2) ? 0 : 2);
		p->gups.latency_ns[node] = ns;
		if (!*at)
			return 0;
		if (*at++ != ',')
			return plan_bad("--latency", arg, want);
	}
}

static int set_seed(struct plan *p, const char *arg)
{
	if (parse_u64(arg, &p->gups.seed) || p->gups.seed > MAX_SEED)
		return plan_bad("--seed", arg,
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
	return plan_positive("--rounds", arg, 10000, &p->gups.rounds);
}

static int set_limit(struct plan *p, const char *arg)
{
	return duration("--limit", arg, &p->gups.limit_ns);
}

int plan_device_name(const char *option, const char *arg, const char *prefix)
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
	return *arg ? 0 :
		      plan_bad("--memdev", "''", "name a device, e.g. mem0");
}

static int set_decoder(struct plan *p, const char *arg)
{
	p->region.decoder = arg;
	return plan_device_name("--decoder", arg, "decoder");
}

static int set_size(struct plan *p, const char *arg)
{
	if (p->verb == VERB_DAMON_START) {
		if (parse_size(arg, &p->damon.region_max) ||
		    p->damon.region_max < 4096)
			return plan_bad("--size", arg,
					"give a size such as 512M or 2G");
		return 0;
	}
	if (p->verb == VERB_LATENCY) {
		if (parse_size(arg, &p->latency.bytes) || !p->latency.bytes ||
		    p->latency.bytes % 4096 || p->latency.bytes > MAX_CHAIN)
			return plan_bad("--size", arg,
					"give a multiple of 4k, 256G at most");
		return 0;
	}
	if (parse_size(arg, &p->region.size) || !p->region.size)
		return plan_bad("--size", arg,
				"give a size such as 512M or 2G");
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
		return plan_bad(
			"--set", arg,
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
		return plan_bad(option, arg, "give two nodes, e.g. 0 1");
	if (src == dest)
		return plan_bad(option, arg, "the two nodes are the same");
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
		       plan_bad(option, arg,
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
		err = plan_bad("--preferred", arg, "give one node");
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
		return plan_bad("--cgroup", arg, "give a name, e.g. hmsdk");
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
		return plan_bad("--fault", arg, "give STAGE:KIND");
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
		return plan_bad("--fault", arg,
				"KIND is a signal, hang or corrupt");
	return 0;
}

/* SEQ:FD[:plain], written by supervise.c only. */
static int set_worker(struct plan *p, const char *arg)
{
	unsigned long long seq;
	int fd, used = 0;

	if (sscanf(arg, "%llu:%d%n", &seq, &fd, &used) != 2 || fd < 0)
		return plan_bad("--worker", arg,
				"tier itself gives this option");
	p->worker.is_worker = true;
	p->worker.seq = seq;
	p->worker.records_fd = fd;
	p->worker.plain = !strcmp(arg + used, ":plain");
	return 0;
}

/* --------------------------------------------------------------- table */

const struct plan_option plan_options[] = {
	{ "once", 0, NULL, PLAN_EVERY, set_once,
	  "one pass, then end (as PID 1: power off)" },
	{ "json", 0, NULL, PLAN_RECORDING, set_json,
	  "print records (JSON Lines) instead of text" },
	{ "records", 0, "FILE", PLAN_RECORDING, set_records,
	  "write the records to FILE, beside the text" },
	{ "deadline", 0, "TIME", PLAN_EVERY, set_deadline,
	  "end a run that takes longer, as failed (as PID 1: 1h)" },
	{ "force", 0, NULL, PLAN_EVERY, set_force,
	  "do what would be refused as too slow" },
	{ "dry-run", 0, NULL, DRY, set_dry_run,
	  "check and say what would be done; change nothing" },
	{ "root", 0, "DIR", REROOTED, set_root,
	  "read /sys and /proc below DIR (changes: --dry-run)" },
	{ "help", 'h', NULL, PLAN_EVERY, set_help, "print this help" },
	{ "version", 'V', NULL, PLAN_EVERY, set_version, "print the version" },

	{ "threads", 't', "N", PLAN_BENCHMARKS, set_threads,
	  "threads, each with its own slice (the CPUs allowed)" },
	{ "updates", 'u', "N|Nx", PLAN_BENCHMARKS, set_updates,
	  "so many, or N x the table's words (4x, as HPCC)" },
	{ "duration", 0, "TIME",
	  PLAN_BENCHMARKS | ON(VERB_LATENCY) | ON(VERB_HOG), set_duration,
	  "so long: updates, a cell of latency (1s), a hog" },
	{ "seed", 0, "N", PLAN_BENCHMARKS, set_seed,
	  "another part of HPCC's random stream (0: its start)" },
	{ "bind", 0, NULL, PLAN_BENCHMARKS, set_hold,
	  "keep the table bound; else the kernel may move it" },
	{ "pages", 0, "KIND", PLAN_BENCHMARKS, set_pages,
	  "4k (default), thp or hugetlb" },
	{ "tlb-refresh", 0, "WHEN", PLAN_BENCHMARKS, set_refresh,
	  "make the emulator's TLB grow: auto (default), on, off" },
	{ "honest", 0, "WHEN", PLAN_BENCHMARKS, set_honest,
	  "with DAMON, keep accessed bits true: auto, off" },
	{ "verify", 0, "HOW", PLAN_BENCHMARKS, set_verify,
	  "sum (default, two ways to one) or replay (HPCC)" },
	{ "against", 0, "NODE", PLAN_BENCHMARKS, set_against,
	  "alternate with an equal table on NODE, and compare" },
	{ "window", 0, "TIME", PLAN_BENCHMARKS, set_window,
	  "length of a window of --against (2s)" },
	{ "rounds", 0, "N", PLAN_BENCHMARKS, set_rounds,
	  "pairs of windows of --against (10)" },
	{ "limit", 0, "TIME", PLAN_BENCHMARKS, set_limit,
	  "refuse a longer run on a trapped node (10m)" },

	{ "hot", 0, "SIZE", PLAN_BENCHMARKS, set_hot,
	  "a hot set of that size, over the whole table" },
	{ "hot-rate", 0, "PART", PLAN_BENCHMARKS, set_hot_rate,
	  "its share of the updates (90%)" },
	{ "hot-at", 0, "PLACE", PLAN_BENCHMARKS, set_hot_at,
	  "start (default), end, or scattered over the table" },
	{ "hot-node", 0, "N", PLAN_BENCHMARKS, set_hot_node,
	  "node its pages are placed on first (as the rest)" },
	{ "hot-near", 0, "PART", PLAN_BENCHMARKS, set_hot_near,
	  "that part of it on the near node (an oracle)" },
	{ "zipf", 0, "EXPONENT", PLAN_BENCHMARKS, set_zipf,
	  "pages by Zipf's law, scattered (0.99: as YCSB)" },
	{ "move-hot", 0, "WHEN", PLAN_BENCHMARKS, set_move_hot,
	  "move the hot set each 30s, or each 50% of the updates" },
	{ "move-by", 0, "SIZE", PLAN_BENCHMARKS, set_move_by,
	  "so far (its own size)" },
	{ "phases", 0, "LIST", PLAN_BENCHMARKS, set_phases,
	  "hot rates in turn, e.g. 90%:20s,10%:20s" },
	{ "object", 0, "SIZE", PLAN_BENCHMARKS, set_object,
	  "bytes that an update changes, 8 (default) to 4096" },
	{ "reads", 0, "PART", PLAN_BENCHMARKS, set_reads,
	  "of the objects only read that part" },
	{ "rate", 0, "N", PLAN_BENCHMARKS, set_rate,
	  "at most so many updates a second (5M: 5000000)" },
	{ "cpu-node", 0, "N", PLAN_BENCHMARKS, set_cpu_node,
	  "run the threads on that node's CPUs" },
	{ "timeline", 0, "TIME", PLAN_WORKLOADS, set_timeline,
	  "a row each TIME of where the pages are (1s), or off" },
	{ "latency", 0, "LIST", PLAN_BENCHMARKS, set_latency,
	  "for the modelled cost: node0=100ns,node1=250ns" },

	{ "policy", 0, "NAME", PLAN_WORKLOADS, set_policy,
	  "set a policy for the run; see tier policy list" },
	{ "set", 0, "KEY=VALUE", PLAN_WORKLOADS | ON(VERB_POLICY), set_set,
	  "and change a tunable of it; see tier policy show" },
	{ "hog", 0, "NODE:SIZE", PLAN_WORKLOADS, set_hog,
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

	{ "fault", 0, "STAGE:KIND", PLAN_BENCHMARKS, set_fault, NULL },
	{ "worker", 0, "SEQ:FD", PLAN_EVERY, set_worker, NULL },
};

const size_t plan_nr_options = ARRAY_SIZE(plan_options);
_Static_assert(ARRAY_SIZE(plan_options) <= PLAN_MAX_OPTIONS, "room for all");
