// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hog's words are taken or refused by name, what does not fit the machine is
 * refused before it starts, and a hog lives, is counted and ends as it was told.
 */
#include <stdlib.h>

#include "bench/hog.h"
#include "cmd/verbs.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/time.h"
#include "tap.h"
#include "tree.h"

static const struct verb *const verbs[] = { VERBS(VERBS_POINTER) NULL };

/* ---------------------------------------------------------------- parsing */

static struct hog_plan parsed(const char *text)
{
	struct hog_plans hogs = { .nr = 0 };
	int err = hog_parse(&hogs, text);

	is_i64(err, 0, "%s: is taken", text);
	is_i64(hogs.nr, 1, "%s: one more", text);
	return hogs.hog[0];
}

static void good(void)
{
	struct hog_plan h = parsed("node0:6000M");

	is_i64(h.node, 0, "the node");
	is_u64(h.bytes, 6000 * MIB, "the size");
	is_u64(h.leave, 0, "nothing is said of what is left");
	ok(!h.warm_ns && !h.lock && h.pages == PAGES_4K && !h.release_ns &&
		   !h.release_percent,
	   "cold, unlocked, 4 KiB pages, to the end");
	h = parsed("12:free=200M,warm,lock,thp,release=50%");
	is_i64(h.node, 12, "a bare number is a node");
	is_u64(h.bytes, 0, "free=: no size");
	is_u64(h.leave, 200 * MIB, "free=: what is left");
	is_u64(h.warm_ns, 1000000000, "warm: once a second");
	ok(h.lock && h.pages == PAGES_THP, "lock, thp");
	is_u64(h.release_percent, 50, "release=50%%");
	is_u64(h.release_ns, 0, "and no time");
	h = parsed("node1:1M,release=90,warm=250ms");
	is_u64(h.release_ns, UINT64_C(90000000000), "release=90: seconds");
	is_u64(h.warm_ns, 250000000, "warm=250ms");
	h = parsed("node3:1052672");
	is_u64(h.bytes, 1052672, "bytes, a multiple of 4k");
}

static void bad(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "node0:0", "give a size" },
		{ "node0:1023k", "give a size" },
		{ "node0:1048577", "give a size" },
		{ "node0:200", "give a size" },
		{ "node0:-200M", "give a size" },
		{ "node0:200X", "give a size" },
		{ "node0:99999999999999999999M", "give a size" },
		{ "node0:,lock", "give a size" },
		{ "node0:free=0", "give a size" },
		{ "node0:free=", "give a size" },
		{ "node0:Free=1M", "give a size" },
		{ "", "NODE:SIZE" },
		{ "node0", "NODE:SIZE" },
		{ ":1M", "NODE:SIZE" },
		{ "node:1M", "NODE:SIZE" },
		{ "node-1:1M", "NODE:SIZE" },
		{ "node1024:1M", "NODE:SIZE" },
		{ "0-1:1M", "NODE:SIZE" },
		{ "node0:1M,", "what is \"\"" },
		{ "node0:1M,,lock", "what is \"\"" },
		{ "node0:1M,warmer", "what is \"warmer\"" },
		{ "node0:1M,warm=", "what is \"warm=\"" },
		{ "node0:1M,warm=0", "what is \"warm=0\"" },
		{ "node0:1M,lock=1", "what is \"lock=1\"" },
		{ "node0:1M,release", "what is \"release\"" },
		{ "node0:1M,release=", "1% to 99%" },
		{ "node0:1M,release=0", "1% to 99%" },
		{ "node0:1M,release=0%", "1% to 99%" },
		{ "node0:1M,release=100%", "1% to 99%" },
		{ "node0:1M,release=50%%", "1% to 99%" },
		{ "node0:1M,release=%", "1% to 99%" },
	};
	struct hog_plans hogs = { .nr = 0 };
	char long_text[300];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		is_i64(hog_parse(&hogs, rows[i].text), -EINVAL,
		       "%s: is refused", rows[i].text);
		like(fail_message(), rows[i].why, "%s: why", rows[i].text);
		is_i64(fail_status(), STATUS_USAGE, "%s: bad usage",
		       rows[i].text);
	}
	memset(long_text, ' ', sizeof(long_text));
	memcpy(long_text, "node0:1M,", 9);
	long_text[sizeof(long_text) - 1] = '\0';
	is_i64(hog_parse(&hogs, long_text), -EINVAL, "too long a text");
	is_i64(hogs.nr, 0, "none of these is there");
}

static void several(void)
{
	struct hog_plans hogs = { .nr = 0 };
	char text[32];

	for (int i = 0; i < HOG_MAX; i++) {
		/* Two of them on node 1 */
		snprintf(text, sizeof(text), "node%d:%dM", i == 2 ? 1 : i,
			 i + 1);
		is_i64(hog_parse(&hogs, text), 0, text);
	}
	is_i64(hogs.nr, HOG_MAX, "as many as there may be");
	is_u64(hogs.hog[5].bytes, 6 * MIB, "each its own");
	is_i64(hog_parse(&hogs, "99:1M"), -EINVAL, "one more");
	like(fail_message(), "more than 8", "why");
}

static int plan_of(struct plan *plan, char **argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return plan_parse(plan, verbs, n, argv);
}

#define PLAN(plan, ...) plan_of(plan, (char *[]){ "tier", __VA_ARGS__, NULL })

static void options(void)
{
	struct plan p;

	is_i64(PLAN(&p, "hog", "node0:64M", "1:free=1G", "--duration", "5s"), 0,
	       "tier hog");
	ok(p.verb == &verb_hog, "the verb");
	is_i64(p.hogs.nr, 2, "two nodes");
	is_u64(p.hold_ns, UINT64_C(5000000000), "--duration is its own");
	is_i64(PLAN(&p, "gups", "1G", "--hog", "0:64M", "--hog", "1:64M",
		    "--duration", "5s"),
	       0, "gups --hog, twice");
	is_i64(p.hogs.nr, 2, "both");
	is_u64(p.gups.duration_ns, UINT64_C(5000000000), "gups has its own");
	is_i64(PLAN(&p, "run", "--hog", "0:64M,release=3s", "true", "--hog"), 0,
	       "run --hog; behind the program it is the program's");
	is_i64(p.hogs.nr, 1, "one");
	is_i64(PLAN(&p, "run", "--hog", "0:64M,release=3%", "true"), -EINVAL,
	       "part of an unknown time");
	is_i64(PLAN(&p, "hog", "0:64M,release=3s"), -EINVAL,
	       "of what is no run");
	is_i64(PLAN(&p, "hog"), -EINVAL, "no node");
	is_i64(PLAN(&p, "status", "--hog", "0:64M"), -EINVAL, "another verb");
	is_i64(PLAN(&p, "--root", "/tmp", "hog", "0:64M"), -EINVAL,
	       "--root without --dry-run");
	is_i64(PLAN(&p, "--root", "/tmp", "--dry-run", "hog", "0:64M"), 0,
	       "and with it");
}

/* --------------------------------------------------------------- refusals */

/* Two zones of node 0: of 1000 and 300 MiB free 90 and 160 must stay. */
static const char zoneinfo[] = "Node 0, zone    DMA32\n"
			       "  pages free     76800\n"
			       "        min      5120\n"
			       "        low      7680\n"
			       "        high     10240\n"
			       "        promo    12800\n"
			       "        present  262144\n"
			       "        protection: (0, 0, 7680, 30720)\n"
			       "Node 0, zone   Normal\n"
			       "  pages free     256000\n"
			       "        min      11520\n"
			       "        low      17280\n"
			       "        high     23040\n"
			       "        promo    28800\n"
			       "        present  524288\n"
			       "        protection: (0, 0, 0, 0)\n"
			       "Node 0, zone   Device\n"
			       "  pages free     0\n"
			       "        high     0\n"
			       "        present  0\n"
			       "Node 1, zone  Movable\n"
			       "  pages free     2560\n"
			       "        min      1000\n"
			       "        low      2000\n"
			       "        high     3000\n"
			       "        promo    4000\n"
			       "        present  262144\n"
			       "        protection: (0, 0, 0, 0)\n";

static int check(const char *spec, const uint64_t *need)
{
	struct hog_plans hogs = { .nr = 0 };
	int err = hog_parse(&hogs, spec);

	return err ? err : hog_check(&hogs, need);
}

static void refusals(void)
{
	/* 1300 free, 250 of them to stay: 1050; 1/512 is its page tables'. */
	static const struct {
		const char *spec;
		uint64_t table;
		int err;
		const char *why;
	} rows[] = {
		{ "0:1047M", 0, 0, NULL },
		{ "0:1048M", 0, -ENOMEM, "at most 1047M, or free=250M" },
		{ "0:free=250M", 0, 0, NULL },
		{ "0:free=249M", 0, -ENOMEM, "at most 1050M, or free=250M" },
		{ "0:free=1299M", 0, 0, NULL },
		{ "0:free=1300M", 0, -ENOMEM, "1300 MiB are" },
		{ "0:free=1301M", 0, -ENOMEM, "cannot be left free" },
		{ "0:548M", 500, 0, NULL },
		{ "0:549M", 500, -ENOMEM, "and the table): at most 548M" },
		{ "0:free=750M", 500, 0, NULL },
		{ "0:free=749M", 500, -ENOMEM, "free=750M" },
		{ "0:1M", 2000, -ENOMEM, "at most 0M" },
		{ "0:99T", 0, -ENOMEM, "1300 MiB are free" },
		{ "1:1M", 0, -ENOMEM, "at most 0M" },
		{ "1:free=11M", 0, -ENOMEM, "10 MiB are" },
		{ "2:1M", 0, -ENODEV, "nodes with memory: 0-1" },
		{ "1000:1M", 0, -ENODEV, "node 1000" },
	};
	uint64_t need[NODE_MAX] = { 0 };

	tree_file("/proc/zoneinfo", zoneinfo);
	tree_file("/sys/devices/system/node/node0/meminfo",
		  "Node 0 MemTotal: 3072000 kB\n");
	tree_file("/sys/devices/system/node/node1/meminfo",
		  "Node 1 MemTotal: 1024000 kB\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int err;

		need[0] = rows[i].table * MIB;
		err = check(rows[i].spec, rows[i].table ? need : NULL);
		is_i64(err, rows[i].err, "%s, table of %" PRIu64 " MiB",
		       rows[i].spec, rows[i].table);
		if (!rows[i].why)
			continue;
		like(fail_message(), rows[i].why, "%s: why", rows[i].spec);
		is_i64(fail_status(), STATUS_LACKS, "%s: the machine lacks it",
		       rows[i].spec);
	}
	need[0] = 0;
	need[1] = 5000 * MIB;
	is_i64(check("0:1047M", need), 0, "a table on another node");
	tree_file("/proc/self/status",
		  "Mems_allowed:\t2\nMems_allowed_list:\t1\n");
	is_i64(check("0:1M", NULL), -ENODEV, "a cpuset of node 1 alone");
	like(fail_message(), "hog on node 0 is not allowed", "in words");
	tree_remove("/proc/self");
	tree_file("/proc/self/cgroup", "0::/job\n");
	tree_file("/sys/fs/cgroup/job/memory.max", "104857600\n");
	tree_file("/sys/fs/cgroup/job/memory.current", "4857600\n");
	is_i64(check("0:95M", NULL), 0, "what its cgroup has room for");
	is_i64(check("0:96M", NULL), -ENOMEM, "more than it has");
	tree_remove("/proc/self");
	tree_remove("/proc/zoneinfo");
	is_i64(check("0:1M", NULL), -ENOENT, "not known: refused");
}

/* -------------------------------------------------------------------- life */

static int first_node(void)
{
	return access("/sys/devices/system/node/node0", F_OK) ? -1 : 0;
}

static void life(void)
{
	struct table_pages pages = { .absent = 0 };
	struct hog_plans plans = { .nr = 0 };
	volatile sig_atomic_t stop = 0;
	struct hog_state s;
	struct hogs *hogs;

	hog_parse(&plans, "0:8M,release=2s");
	is_i64(hog_start(&hogs, &plans, NULL, &stop, true), 0,
	       "one is started");
	is_i64(hog_count(hogs), 1, "one");
	ok(hog_state(hogs, 0, &s) && s.fate == HOG_ALIVE, "alive");
	is_u64(s.bytes, 8 * MIB, "of that size");
	ok(!hog_state(hogs, 1, &s) && !hog_state(hogs, -1, &s), "no other");
	is_i64(hog_sample(hogs, 0, 1000, &pages), 0, "a sample");
	is_u64(pages.node[0], 1000, "all of it on node 0");
	is_i64(hog_sample(hogs, 0, 100000, &pages), 0, "more than there is");
	is_u64(pages.node[0], 3048, "every page, once");
	kill(s.pid, SIGINT);
	kill(s.pid, SIGTERM);
	kill(s.pid, SIGHUP);
	sleep_ns(50000000);
	is_i64(hog_tick(hogs, 1.9, 0.99), 1,
	       "not due yet, and deaf to what its parent is told");
	is_i64(hog_tick(hogs, 2.0, -1), 0, "due");
	hog_state(hogs, 0, &s);
	ok(s.fate == HOG_RELEASED && s.ended_s == 2.0, "released then");
	ok(kill(s.pid, 0) && errno == ESRCH, "its process is gone");
	is_i64(hog_sample(hogs, 0, 10, &pages), -ESRCH, "nothing to look at");
	hog_show_end(hogs, false);
	hog_stop(hogs);

	plans = (struct hog_plans){ .nr = 0 };
	hog_parse(&plans, "0:8M,release=50%");
	hog_start(&hogs, &plans, NULL, NULL, true);
	is_i64(hog_tick(hogs, 100, 0.4), 1, "by its part: not yet");
	hog_state(hogs, 0, &s);
	kill(s.pid, SIGKILL);
	for (int i = 0; i < 1000 && hog_tick(hogs, 3, 0.4); i++)
		sleep_ns(1000000);
	hog_state(hogs, 0, &s);
	ok(s.fate == HOG_KILLED && s.killed_by == SIGKILL, "killed");
	hog_tick(hogs, 4, 0.6);
	hog_state(hogs, 0, &s);
	ok(s.fate == HOG_KILLED, "what was killed is not released");
	hog_stop(hogs);

	stop = 1;
	is_i64(hog_start(&hogs, &plans, NULL, &stop, true), -EINTR,
	       "interrupted");
	ok(!hogs, "then there is none");
	plans.nr = 0;
	is_i64(hog_start(&hogs, &plans, NULL, NULL, true), 0, "none wanted");
	is_i64(hog_tick(hogs, 1, 1), 0, "none there");
	hog_show_end(hogs, false);
	hog_stop(hogs);
	hog_stop(NULL);
}

int main(void)
{
	/* Of this machine, before the tree takes its place. */
	if (first_node())
		skip("a hog's life", "no NUMA nodes here");
	else
		life();
	tree_begin();
	good();
	bad();
	several();
	options();
	refusals();
	return done_testing();
}
