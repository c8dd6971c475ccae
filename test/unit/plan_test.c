// SPDX-License-Identifier: GPL-2.0-only
/*
 * A command line becomes the plan that it says, in any order of its options;
 * what is wrong in one is refused by its name; help has every option.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cmd/verbs.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "tap.h"

static const struct verb *const verbs[] = { VERBS(VERBS_POINTER) NULL };

#define WORDS 100

/* A command line, cut at spaces, which a "\v" becomes then; "''" is empty. */
struct line {
	char text[1024];
	char *argv[WORDS + 2];
	int argc;
};

static int parse(struct plan *plan, struct line *l, const char *text)
{
	char *save;

	snprintf(l->text, sizeof(l->text), "%s", text);
	l->argc = 0;
	l->argv[l->argc++] = (char *)"tier";
	for (char *w = strtok_r(l->text, " ", &save); w && l->argc < WORDS;
	     w = strtok_r(NULL, " ", &save))
		l->argv[l->argc++] = strcmp(w, "''") ? w : (char *)"";
	for (int i = 0; i < l->argc; i++)
		for (char *c = l->argv[i]; (c = strchr(c, '\v'));)
			*c = ' ';
	l->argv[l->argc] = NULL;
	return plan_parse(plan, verbs, l->argc, l->argv);
}

/* ------------------------------------------------------------ bad input */

static void refused(void)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		/* the table's size */
		{ "gups", "gups needs the table's size" },
		{ "gups 0", "size 0: a table is at least 4k" },
		{ "gups -1", "-1: a number here cannot be negative" },
		{ "gups -- -1", "size -1: give a number" },
		{ "gups 1Q", "size 1Q: give a number" },
		{ "gups 1.5", "size 1.5: give a number" },
		{ "gups ''", "size : give a number" },
		{ "gups 99999999T", "size 99999999T: too large" },
		{ "gups 18446744073709551616", "too large" },
		{ "gups 36893488147419103232", "too large" },
		{ "gups 1", "a table is at least 4k" },
		{ "gups 4097", "and a multiple of it" },
		{ "gups big", "size big: give a number" },
		{ "gups 1G node0 more", "what is \"more\"?" },
		/* where it is placed */
		{ "gups 1G nod1", "node nod1: give any, node1" },
		{ "gups 1G node", "node node: give" },
		{ "gups 1G nodeX", "node nodeX: give" },
		{ "gups 1G 1-0", "node 1-0: give" },
		{ "gups 1G 0-1024", "node 0-1024: give" },
		{ "gups 1G ''", "node : give" },
		{ "gups 1G interleave:", "node interleave:: give" },
		{ "gups 1G interleave", "node interleave: give" },
		{ "gups 1G weighted:a", "node weighted:a: give" },
		{ "gups 1G preferred:0,1", "only one node can be preferred" },
		{ "gups 1G --against nod1", "node nod1: give" },
		/* numbers of options */
		{ "gups 1G --threads 0", "--threads 0: give a whole number" },
		{ "gups 1G --threads -1", "--threads -1: give" },
		{ "gups 1G --threads 1025", "from 1 to 1024" },
		{ "gups 1G --threads 2x", "--threads 2x: give" },
		{ "gups 1G -t 0", "--threads 0: give" },
		{ "gups 8k --threads 3", "has a page for 2 at most" },
		{ "gups 1G --updates 0", "--updates 0: give" },
		{ "gups 1G --updates 1k", "--updates 1k: give" },
		{ "gups 1G --updates 9223372036854775808", "--updates" },
		{ "gups 1G --duration 0", "--duration 0: give a time" },
		{ "gups 1G --duration 1.h", "--duration 1.h: give a time" },
		{ "gups 1G --duration 1d", "--duration 1d: give a time" },
		{ "gups 1G --deadline 0", "--deadline 0: give a time" },
		{ "gups 1G --deadline x", "--deadline x: give a time" },
		{ "gups 1G --deadline 99999999999999s", "--deadline" },
		{ "gups 1G --limit 0", "--limit 0: give a time" },
		{ "gups 1G --window 0", "--window 0: give a time" },
		{ "gups 1G --rounds 0", "--rounds 0: give" },
		{ "gups 1G --rounds 10001", "from 1 to 10000" },
		{ "gups 1G --seed -1", "--seed -1: give" },
		{ "gups 1G --seed 16777216", "from 0 to 16777215" },
		{ "gups 1G --updates x", "whole number from 1" },
		/* words of options */
		{ "gups 1G --pages 2M", "give one of 4k, thp, hugetlb" },
		{ "gups 1G --tlb-refresh yes", "give one of auto, on, off" },
		{ "gups 1G --records ''", "--records '': name a file" },
		{ "status --root ''", "--root '': name a directory" },
		{ "gups 1G --fault update", "give STAGE:KIND" },
		{ "gups 1G --fault update:boom", "KIND is a signal" },
		{ "gups 1G --fault update:", "KIND is a signal" },
		{ "gups 1G --worker x", "tier itself gives this option" },
		{ "gups 1G --worker 1:-1", "tier itself gives this option" },
		/* patterns */
		{ "gups 1G --hot 1G", "--hot 1 GiB: no part of a table of 1" },
		{ "gups 1G --hot 2G", "--hot 2 GiB: no part of a table of 1" },
		{ "gups 1G --hot 0", "--hot 0: give a size of at least 4096" },
		{ "gups 1G --hot 4095", "--hot 4095: give a size" },
		{ "gups 1G --hot 10%", "--hot 10%: give a size" },
		{ "gups 1G --hot -1", "--hot -1: give a size" },
		{ "gups 1G --hot 99999999T", "--hot 99999999T: give a size" },
		{ "gups 1G --hot 64M --hot-rate 101%",
		  "--hot-rate 101%: give a part such as 90%, from 0.1 to 100%" },
		{ "gups 1G --hot 64M --hot-rate 90", "--hot-rate 90: give" },
		{ "gups 1G --hot 64M --hot-rate 0", "--hot-rate 0: give" },
		{ "gups 1G --hot 64M --hot-rate 0.05%", "--hot-rate 0.05%:" },
		{ "gups 1G --hot 64M --hot-rate -5%", "--hot-rate -5%: give" },
		{ "gups 1G --hot 64M --hot-rate nan", "--hot-rate nan: give" },
		{ "gups 1G --hot 64M --hot-rate inf", "--hot-rate inf: give" },
		{ "gups 1G --hot 64M --hot-rate 0x1", "--hot-rate 0x1: give" },
		{ "gups 1G --hot 64M --hot-rate 5%%", "--hot-rate 5%%: give" },
		{ "gups 1G --hot 64M --hot-rate %", "--hot-rate %: give" },
		{ "gups 1G --hot 64M --hot-rate ''", "--hot-rate : give" },
		{ "gups 1G --hot-rate 90%", "--hot-rate needs --hot SIZE" },
		{ "gups 1G --zipf 1 --hot-rate 90%", "--hot-rate needs --hot" },
		{ "gups 1G --hot 64M --hot-at middle",
		  "--hot-at middle: give one of start, end, scattered" },
		{ "gups 1G --hot-at end", "need --hot or --zipf" },
		{ "gups 1G --hot-node 1", "need --hot or --zipf" },
		{ "gups 1G --hot-near 50%", "need --hot or --zipf" },
		{ "gups 1G --hot 64M --hot-node 1024",
		  "--hot-node 1024: give" },
		{ "gups 1G --hot 64M --hot-node x", "--hot-node x: give" },
		{ "gups 1G --hot 64M --hot-node node",
		  "--hot-node node: give" },
		{ "gups 1G --hot 64M --hot-near 101%",
		  "--hot-near 101%: give" },
		{ "gups 1G --hot 64M --hot-node 0 --bind", "--bind keeps all" },
		{ "gups 1G --hot 64M --hot-near 1 --bind", "--bind keeps all" },
		{ "gups 1G --zipf 0", "--zipf 0: give an exponent above 0" },
		{ "gups 1G --zipf -1", "--zipf -1: give an exponent" },
		{ "gups 1G --zipf nan", "--zipf nan: give an exponent" },
		{ "gups 1G --zipf inf", "--zipf inf: give an exponent" },
		{ "gups 1G --zipf 1e9", "--zipf 1e9: give an exponent" },
		{ "gups 1G --zipf 4.01", "--zipf 4.01: give an exponent" },
		{ "gups 1G --zipf 0x1", "--zipf 0x1: give an exponent" },
		{ "gups 1G --zipf steep", "--zipf steep: give an exponent" },
		{ "gups 1G --zipf 1.2x", "--zipf 1.2x: give an exponent" },
		{ "gups 1G --zipf ''", "--zipf : give an exponent" },
		{ "gups 1G --zipf 1 --hot 64M", "exclude each other" },
		{ "gups 1G --hot 64M --move-hot 0s", "--move-hot 0s: give" },
		{ "gups 1G --hot 64M --move-hot 0%", "--move-hot 0%: give" },
		{ "gups 1G --hot 64M --move-hot 200%",
		  "--move-hot 200%: give" },
		{ "gups 1G --hot 64M --move-hot soon",
		  "--move-hot soon: give" },
		{ "gups 1G --move-hot 5s", "--move-hot needs --hot or --zipf" },
		{ "gups 1G --hot 64M --move-hot 5s --move-hot 5%",
		  "a time or a part, not both" },
		{ "gups 1G --hot 64M --move-hot 50% --duration 5",
		  "excludes --duration" },
		{ "gups 1G --hot 64M --move-by 4k", "needs --move-hot" },
		{ "gups 1G --hot 64M --move-hot 5 --move-by 1G",
		  "--move-by: give less than the table's size" },
		{ "gups 1G --hot 64M --move-hot 5 --move-by 0",
		  "--move-by 0: give a size" },
		{ "gups 1G --phases 90%:5", "--phases needs --hot" },
		{ "gups 1G --hot 64M --phases 90%", "e.g. 90%:20s,10%:20s" },
		{ "gups 1G --hot 64M --phases 90%:", "give a time" },
		{ "gups 1G --hot 64M --phases 90%:0", "give a time" },
		{ "gups 1G --hot 64M --phases :5s", "give a part" },
		{ "gups 1G --hot 64M --phases 101%:5s", "give a part" },
		{ "gups 1G --hot 64M --phases 90%:5s,", "e.g. 90%:20s" },
		{ "gups 1G --hot 64M --phases ,90%:5s", "e.g. 90%:20s" },
		{ "gups 1G --hot 64M --phases 90%:5s;10%:5s", "give a time" },
		{ "gups 1G --hot 64M --phases ''", "e.g. 90%:20s" },
		{ "gups 1G --hot 64M --phases "
		  "1%:1,2%:1,3%:1,4%:1,5%:1,6%:1,7%:1,8%:1,9%:1",
		  "--phases: more than 8" },
		{ "gups 1G --hot 64M --phases 90%:5 --hot-rate 50%",
		  "--phases are hot rates: no --hot-rate with them" },
		{ "gups 1G --hot 64M --phases 90%:5 --move-hot 50%",
		  "excludes --phases" },
		{ "gups 1G --object 12", "--object 12: give 8, 16, 32" },
		{ "gups 1G --object 4", "--object 4: give 8, 16, 32" },
		{ "gups 1G --object 0", "--object 0: give 8, 16, 32" },
		{ "gups 1G --object 8k", "--object 8k: give 8, 16, 32" },
		{ "gups 1G --object word", "--object word: give 8, 16, 32" },
		{ "gups 1G --reads 100%", "--reads 100%: give a part" },
		{ "gups 1G --reads 1", "--reads 1: give a part" },
		{ "gups 1G --reads -1%", "--reads -1%: give a part" },
		{ "gups 1G --reads some", "--reads some: give a part" },
		{ "gups 1G --rate 0", "--rate 0: give updates a second" },
		{ "gups 1G --rate -5", "--rate -5: give updates a second" },
		{ "gups 1G --rate 5m", "--rate 5m: give updates a second" },
		{ "gups 1G --rate 5Mx", "--rate 5Mx: give updates a second" },
		{ "gups 1G --rate 5.5M", "--rate 5.5M: give updates" },
		{ "gups 1G --rate M", "--rate M: give updates a second" },
		{ "gups 1G --rate ''", "--rate : give updates a second" },
		{ "gups 1G --rate 1001G", "--rate 1001G: give updates" },
		{ "gups 1G --rate 1000000000001", "give updates a second" },
		{ "gups 1G --rate 18446744073709551616", "give updates" },
		{ "gups 1G --rate 99999999999999999999999999999999999M",
		  "give updates a second" },
		{ "gups 1G --cpu-node x", "--cpu-node x: give a node" },
		{ "gups 1G --cpu-node 1024", "--cpu-node 1024: give a node" },
		{ "gups 1G --timeline 0", "--timeline 0: give a time" },
		{ "gups 1G --timeline on", "--timeline on: give a time" },
		{ "gups 1G --timeline 99ms",
		  "--timeline 99ms: give a time of 100ms or more" },
		{ "gups 1G --latency 100", "--latency 100: give e.g. node0" },
		{ "gups 1G --latency node0", "--latency node0: give e.g." },
		{ "gups 1G --latency node0=", "--latency node0=: give e.g." },
		{ "gups 1G --latency node0=0", "--latency node0=0: give" },
		{ "gups 1G --latency node0=-5", "--latency node0=-5: give" },
		{ "gups 1G --latency node0=nan", "--latency node0=nan: give" },
		{ "gups 1G --latency node0=inf", "--latency node0=inf: give" },
		{ "gups 1G --latency node0=2e9", "--latency node0=2e9: give" },
		{ "gups 1G --latency node0=0x10",
		  "--latency node0=0x10: give" },
		{ "gups 1G --latency node0=5us", "--latency node0=5us: give" },
		{ "gups 1G --latency node0=5,", "--latency node0=5,: give" },
		{ "gups 1G --latency node0=5;node1=6",
		  "give e.g. node0=100ns" },
		{ "gups 1G --latency node1024=5",
		  "--latency node1024=5: give" },
		{ "gups 1G --latency node-1=5", "--latency node-1=5: give" },
		{ "gups 1G --latency node4294967296=5", "give e.g. node0" },
		{ "gups 1G --latency ''", "--latency : give e.g. node0" },
		{ "gups 1G --against 1 --hot 64M --move-hot 5", "--against" },
		{ "gups 1G --against 1 --hot 64M --phases 9%:5", "--against" },
		{ "gups 1G --against 1 --rate 5M", "--against compares" },
		{ "gups 1G --against 1 --timeline 1", "--against compares" },
		{ "status --hot 64M", "status takes no --hot" },
		/* options and verbs that do not exist */
		{ "gups 1G --thread 2 --thrads 2", "did you mean --threads?" },
		{ "gups 1G --onse", "did you mean --once?" },
		{ "gups 1G --deadlin=5x", "--deadline 5x: give a time" },
		{ "gups 1G --dedline=5", "did you mean --deadline?" },
		{ "gups 1G --xyzzy", "unknown option --xyzzy; see" },
		{ "gups 1G -x", "unknown option -x" },
		{ "gups 1G --fualt update:segv", "unknown option --fualt" },
		{ "gups 1G --threads", "--threads needs an argument" },
		{ "gups 1G -t", "-t needs an argument" },
		{ "gps 1G", "unknown verb \"gps\"; did you mean \"gups\"?" },
		{ "stauts", "did you mean \"status\"?" },
		{ "region crate", "did you mean \"region create\"?" },
		{ "region", "region needs one of: create, list" },
		{ "region lst", "did you mean \"region list\"?" },
		{ "frobnicate",
		  "unknown verb \"frobnicate\"; see tier --help" },
		{ "help gusp", "did you mean \"gups\"?" },
		/* options of other verbs */
		{ "status --threads 2", "status takes no --threads" },
		{ "gups 1G --root /x", "gups --root changes nothing" },
		{ "policy none --root /x", "policy --root changes nothing" },
		{ "damon stop --root /x", "damon stop takes no --root" },
		{ "policy list --dry-run", "policy list takes no --dry-run" },
		{ "gups 1G -m 1", "gups takes no -m: tier gups SIZE [NODE]" },
		{ "gups node1 1G", "gups node1 1G: the size comes first" },
		{ "gups 1G --time 10", "a run's length is --duration" },
		{ "region create --updates 5", "region create takes no" },
		{ "help --json", "help takes no --json" },
		{ "--threads 2", "--threads needs a verb" },
		{ "status now", "status takes no word \"now\"" },
		/* vmstat, latency */
		{ "vmstat 0", "vmstat 0: give an interval of 10ms or more" },
		{ "vmstat 9ms", "vmstat 9ms: give an interval" },
		{ "vmstat x", "vmstat x: give an interval" },
		{ "vmstat 1s2", "vmstat 1s2: give an interval" },
		{ "vmstat -1", "cannot be negative" },
		{ "vmstat 1 0", "vmstat's count 0: give a whole number" },
		{ "vmstat 1 -1", "cannot be negative" },
		{ "vmstat 1 x", "vmstat's count x: give" },
		{ "vmstat 1 2s", "vmstat's count 2s: give" },
		{ "vmstat 1 2 3", "what is \"3\"?" },
		{ "vmstat --duration 5", "vmstat takes no --duration" },
		{ "latency node1", "latency takes no word \"node1\"" },
		{ "latency --size 0", "--size 0: give a multiple of 4k" },
		{ "latency --size 1000", "--size 1000: give" },
		{ "latency --size 257G", "--size 257G: give a multiple" },
		{ "latency --size 1Q", "--size 1Q: give" },
		{ "latency --duration 0", "--duration 0: give a time" },
		{ "latency --threads 2", "latency takes no --threads" },
		{ "latency --root /t", "latency takes no --root" },
		/* regions */
		{ "region create 512M", "create 512M: give a name such as" },
		{ "region create -m -d decoder0.0 mem0", "name devices" },
		{ "region create -t pmem", "--type pmem: regions here" },
		{ "region create -w 2 -m mem0", "name as many devices" },
		{ "region create -w 2", "name as many devices" },
		{ "region create -g 300", "--granularity 300: give 256" },
		{ "region create -g 32K", "--granularity 32K: give 256" },
		{ "region create -s 0", "--size 0: give a size" },
		{ "region create -s 1Q", "--size 1Q: give a size" },
		{ "region create -m ''", "--memdev '': name a device" },
		{ "region create -d decoder", "--decoder decoder: give" },
		{ "region destroy", "needs the region's name" },
		{ "region destroy mem0", "give a name such as region0" },
		{ "region destroy region0 region1", "needs the region's name" },
		{ "region destroy ../region0", "give a name such as" },
		/* while it runs */
		{ "gups 1G --at", "--at needs an argument" },
		{ "gups 1G --at 5s", "--at needs two words: TIME WORDS" },
		{ "gups 1G --at 5x plug", "--at 5x: give a time" },
		{ "gups 1G --at 0 plug", "--at 0: give a time" },
		{ "gups 1G --at 5s ''", "--at 5s '': say what then: plug" },
		{ "gups 1G --at 5s plug", "--at 5s 'plug': plug needs" },
		{ "run --at 5s plug x", "--at 5s 'plug': plug needs" },
		{ "gups 1G --at 5s unplugg", "did you mean \"unplug\"?" },
		{ "gups 1G --at 5s gups", "--at 5s 'gups': unknown verb" },
		{ "gups 1G --at 5s region", "region needs one of: create" },
		{ "gups 1G --at 5s --help", "give words that do something" },
		{ "gups 1G --at 5s --once", "give words that do something" },
		{ "gups 1G --duration 5 --at 5s region\vcreate",
		  "--at 'region create': the run ends before" },
		{ "gups 1G --against 1 --at 5s region\vcreate",
		  "--against compares" },
		{ "latency --at 5s region\vcreate", "takes no --at" },
		/* policies */
		{ "policy", "policy needs a name" },
		{ "policy none numab", "policy needs a name" },
		{ "policy show none numab", "what is \"numab\"?" },
		{ "policy none --set x", "give KEY=VALUE" },
		{ "policy none --set =x", "give KEY=VALUE" },
		{ "policy restore now", "takes no word \"now\"" },
		{ "--policy none", "--policy needs a verb" },
		{ "gups 1G --against 1 --policy none", "--against compares" },
		{ "gups 1G --verify maybe", "give one of sum, replay" },
		{ "gups 1G --honest on", "give one of auto, off" },
		/* DAMON */
		{ "damon", "damon needs one of: start" },
		{ "damon start", "damon start needs a file" },
		{ "damon start a b", "what is \"b\"?" },
		{ "damon start a -g", "a says all" },
		{ "damon start a -s 4k", "a says all" },
		{ "damon start a --demote 0 1", "damon start needs a file" },
		{ "damon start --demote 0", "needs two words: SRC DEST" },
		{ "damon start --demote", "--demote needs an argument" },
		{ "damon start --demote 0 x", "give two nodes, e.g. 0 1" },
		{ "damon start --demote 0 -1", "give two nodes, e.g. 0 1" },
		{ "damon start --demote 0 1024", "give two nodes, e.g. 0 1" },
		{ "damon start --demote 0 0", "the two nodes are the same" },
		{ "damon start -m 1 1", "the two nodes are the same" },
		{ "damon start -m 0 1 -g --cgroup x", "exclude each other" },
		{ "damon start -m 0 1 --cgroup a/b", "give a name" },
		{ "damon start -m 0 1 --cgroup ..", "give a name" },
		{ "damon start -m 0 1 -s 1", "give a size" },
		{ "damon dump x", "takes no word \"x\"" },
	};
	struct plan plan;
	struct line l = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		is_i64(parse(&plan, &l, rows[i].line), -EINVAL, "tier %s",
		       rows[i].line);
		like(fail_message(), rows[i].message, "tier %s: why",
		     rows[i].line);
		is_i64(fail_status(), STATUS_USAGE, "tier %s: bad usage",
		       rows[i].line);
	}
}

static void too_many(void)
{
	char options[1024] = "gups 1G", words[1024] = "gups 1G";
	struct plan plan;
	struct line l = { 0 };

	for (int i = 0; i < 70; i++)
		strcat(options, " --once");
	for (int i = 0; i < 70; i++)
		strcat(words, " x");
	is_i64(parse(&plan, &l, options), -EINVAL, "70 options");
	is_i64(parse(&plan, &l, words), -EINVAL, "70 words");
}

/* ---------------------------------------------------------- every option */

static bool taken(struct plan *plan, struct line *l, const char *text)
{
	int err = parse(plan, l, text);

	return ok(!err, "tier %s%s%s", text, err ? ": " : "",
		  err ? fail_message() : "");
}

static void defaults(void)
{
	struct plan p;
	struct line l = { 0 };

	if (!taken(&p, &l, "gups 1G"))
		return;
	ok(p.verb == &verb_gups, "the verb");
	is_u64(p.gups.bytes, GIB, "the size");
	is_i64(p.gups.place.mode, PLACE_ANY, "the system's own placement");
	is_str(p.gups.place.text, "any", "in words");
	is_u64(p.gups.threads, 0, "threads: the CPUs allowed");
	is_u64(p.gups.updates, 0, "updates: 4 x entries");
	is_u64(p.gups.duration_ns, 0, "no duration");
	is_u64(p.gups.seed, 0, "seed");
	is_i64(p.gups.pages, PAGES_4K, "pages");
	is_i64(p.gups.refresh, REFRESH_AUTO, "refresh");
	ok(!p.gups.hold && !p.gups.compare, "neither held nor compared");
	is_u64(p.gups.limit_ns, UINT64_C(600000000000), "the limit");
	is_u64(p.gups.window_ns, UINT64_C(2000000000), "the window");
	is_u64(p.gups.rounds, 10, "the rounds");
	ok(!p.once && !p.json && !p.force && !p.help && !p.version,
	   "no flag is set");
	ok(!p.records && !p.root, "no file is named");
	is_u64(p.deadline_ns, PLAN_NO_DEADLINE, "no deadline");
	is_i64(p.fault.kind, FAULT_NONE, "no fault");
	ok(!p.worker.is_worker, "no worker");
	ok(plan_is(&p, VERB_BENCHMARK), "a benchmark");
}

static void every_option(void)
{
	struct plan p;
	struct line l = { 0 };

	if (taken(&p, &l,
		  "gups 5M node1 --threads 3 --updates 100 --seed 7"
		  " --pages thp --tlb-refresh off --bind --once --json"
		  " --force --records /r --deadline 90 --limit 5m"
		  " --against 0 --window 250ms --rounds 4")) {
		is_u64(p.gups.bytes, 5 * MIB, "size");
		is_i64(p.gups.place.mode, PLACE_BIND, "bound");
		is_i64(p.gups.place.nodes[0], 1, "to node 1");
		is_i64(p.gups.place.nr_nodes, 1, "alone");
		is_u64(p.gups.threads, 3, "--threads");
		is_u64(p.gups.updates, 100, "--updates");
		is_u64(p.gups.seed, 7, "--seed");
		is_i64(p.gups.pages, PAGES_THP, "--pages");
		is_i64(p.gups.refresh, REFRESH_OFF, "--tlb-refresh");
		ok(p.gups.hold, "--bind");
		ok(p.once && p.json && p.force, "--once --json --force");
		is_str(p.records, "/r", "--records");
		is_u64(p.deadline_ns, UINT64_C(90000000000), "--deadline");
		is_u64(p.gups.limit_ns, UINT64_C(300000000000), "--limit");
		ok(p.gups.compare, "--against");
		is_i64(p.gups.against.nodes[0], 0, "its node");
		is_u64(p.gups.window_ns, 250000000, "--window");
		is_u64(p.gups.rounds, 4, "--rounds");
	}
	if (taken(&p, &l, "gups 1G --duration 90s -t2")) {
		is_u64(p.gups.threads, 2, "-t2");
		is_u64(p.gups.duration_ns, UINT64_C(90000000000), "--duration");
	}
	if (taken(&p, &l, "gups 1G -u 5 --pages=hugetlb --tlb-refresh=on")) {
		is_u64(p.gups.updates, 5, "-u");
		is_i64(p.gups.pages, PAGES_HUGETLB, "--pages=");
		is_i64(p.gups.refresh, REFRESH_ON, "--tlb-refresh=");
	}
}

static void pattern_options(void)
{
	const struct pattern_plan *q;
	struct plan p;
	struct line l = { 0 };

	q = &p.gups.pattern;
	if (taken(&p, &l, "gups 1G")) {
		ok(pattern_is_uniform(&p.gups.pattern), "no pattern");
		is_u64(q->object, 8, "words");
		is_i64(p.gups.hot_node, -1, "no --hot-node");
		is_i64(p.gups.cpu_node, -1, "no --cpu-node");
		is_u64(p.gups.rate, 0, "no --rate");
		is_u64(p.gups.timeline_ns, 1000000000, "rows each second");
		ok(!p.gups.timeline_given, "if at all");
	}
	if (taken(&p, &l,
		  "gups 1G --hot 64M --hot-at end --hot-node 1 --hot-near 25%"
		  " --move-hot 30s --move-by 32M --object 256 --reads 50%"
		  " --rate 5M --cpu-node node0 --timeline 500ms"
		  " --latency node0=80.5ns,1=250")) {
		ok(!pattern_is_uniform(&p.gups.pattern), "a pattern");
		is_u64(q->hot_bytes, 64 * MIB, "--hot");
		is_u64(q->hot_rate, 58982, "the hot rate is 90 %%");
		is_i64(q->at, HOT_AT_END, "--hot-at");
		is_i64(p.gups.hot_node, 1, "--hot-node");
		is_u64(p.gups.hot_near, 16384, "--hot-near");
		is_u64(q->move_ns, UINT64_C(30000000000), "--move-hot");
		is_u64(q->move_bytes, 32 * MIB, "--move-by");
		is_u64(q->object, 256, "--object");
		is_u64(q->reads, 32768, "--reads");
		is_u64(p.gups.rate, 5000000, "--rate");
		is_i64(p.gups.cpu_node, 0, "--cpu-node");
		is_u64(p.gups.timeline_ns, 500000000, "--timeline");
		ok(p.gups.timeline_given, "was given");
		ok(p.gups.latency_ns[0] == 80.5 && p.gups.latency_ns[1] == 250,
		   "--latency");
	}
	if (taken(&p, &l, "gups 1G --hot 64M --phases 90%:20s,0.1:1m,0%:5ms")) {
		is_i64(q->nr_phases, 3, "--phases");
		is_u64(q->phases[0].hot_rate, 58982, "the first rate");
		is_u64(q->phases[1].hot_rate, 6554, "the second");
		is_u64(q->phases[2].hot_rate, 0, "none at all");
		is_u64(q->phases[1].ns, UINT64_C(60000000000), "a time");
	}
	if (taken(&p, &l, "gups 1G --hot 64M --phases 9%:1 --phases 8%:2s")) {
		is_i64(q->nr_phases, 1, "twice: the last one holds");
		is_u64(q->phases[0].ns, UINT64_C(2000000000), "alone");
	}
	if (taken(&p, &l,
		  "gups 1G --zipf 0.99 --move-hot 50% --hot-at start")) {
		ok(q->zipf == 0.99, "--zipf");
		is_u64(q->move_share, 32768, "--move-hot by a part");
		ok(!q->move_ns, "and not by time");
		is_i64(q->at, HOT_AT_START, "--hot-at with it");
	}
	if (taken(&p, &l, "gups 1G --hot 64M --hot-rate 100% --timeline off")) {
		is_u64(q->hot_rate, 65536, "all updates");
		ok(p.gups.timeline_given && !p.gups.timeline_ns, "off");
	}
	if (taken(&p, &l, "gups 1G --hot 64M --hot-rate 0.001 --rate 7"))
		ok(q->hot_rate == 66 && p.gups.rate == 7, "the least");
	if (taken(&p, &l, "gups 1G --zipf 4 --object 4k --reads 99%"))
		ok(q->object == 4096 && q->reads == 64881, "the most");
	if (taken(&p, &l, "gups 1G --rate 1000G"))
		is_u64(p.gups.rate, UINT64_C(1000000000000),
		       "as fast as can be");
	if (taken(&p, &l, "gups 1G --against 1 --hot 64M --timeline off"))
		ok(!pattern_is_uniform(&p.gups.pattern),
		   "a pattern of two tables");
	if (taken(&p, &l, "gups 1G --reads 1%"))
		ok(!pattern_is_uniform(&p.gups.pattern), "reads alone are one");
}

static void other_verbs(void)
{
	struct plan p;
	struct line l = { 0 };

	if (taken(&p, &l, "region create -m mem1 -d decoder0.2 -s 512M")) {
		ok(p.verb == &verb_region_create, "region create");
		is_str(p.region.memdev, "mem1", "-m");
		is_str(p.region.decoder, "decoder0.2", "-d");
		is_u64(p.region.size, 512 * MIB, "-s");
		ok(!p.region.unassigned, "no --auto");
		ok(!plan_is(&p, VERB_BENCHMARK), "no benchmark");
	}
	/* cxl create-region's own words */
	if (taken(&p, &l,
		  "region create -d decoder0.0 -m mem0 mem1 -t ram "
		  "-s 1G -w 2 -g 4096")) {
		is_str(p.region.memdev, "mem0,mem1", "mem0 mem1");
		is_u64(p.region.granularity, 4096, "-g");
	}
	if (taken(&p, &l, "region create -w 1 mem3"))
		is_str(p.region.memdev, "mem3", "a word");
	if (taken(&p, &l, "region destroy all"))
		is_str(p.region.name, "all", "all of them");
	if (taken(&p, &l, "damon --help"))
		ok(p.help && !strcmp(p.help_group, "damon"), "damon --help");
	if (taken(&p, &l, "region create --auto"))
		ok(p.region.unassigned && !p.region.memdev, "--auto");
	if (taken(&p, &l, "region destroy region12 --dry-run")) {
		ok(p.verb == &verb_region_destroy, "region destroy");
		is_str(p.region.name, "region12", "its name");
		ok(p.dry_run, "--dry-run");
	}
	if (taken(&p, &l, "region list --root /t --json"))
		ok(p.verb == &verb_region_list, "region list");
	if (taken(&p, &l, "vmstat")) {
		ok(p.verb == &verb_vmstat, "vmstat");
		is_u64(p.vmstat.interval_ns, 0, "one row");
		ok(!plan_is(&p, VERB_BENCHMARK) && !plan_changes(&p),
		   "neither a benchmark nor a change");
	}
	if (taken(&p, &l, "--once vmstat 0.5s 12 --root /t --json")) {
		is_u64(p.vmstat.interval_ns, 500000000, "its interval");
		is_u64(p.vmstat.count, 12, "its count");
		is_str(p.root, "/t", "--root");
	}
	if (taken(&p, &l, "vmstat 10ms")) {
		is_u64(p.vmstat.interval_ns, 10000000, "the shortest interval");
		is_u64(p.vmstat.count, 0, "without an end");
	}
	if (taken(&p, &l, "latency")) {
		ok(p.verb == &verb_latency, "latency");
		is_u64(p.latency.bytes, 0, "of a size that suits the machine");
		is_u64(p.latency.duration_ns, 1000000000, "a second a cell");
		ok(plan_is(&p, VERB_BENCHMARK) && !plan_changes(&p),
		   "a benchmark that changes nothing");
	}
	if (taken(&p, &l, "latency --once -s 64M --duration 250ms")) {
		is_u64(p.latency.bytes, 64 * MIB, "-s");
		is_u64(p.latency.duration_ns, 250000000, "--duration");
	}
	if (taken(&p, &l, "status --root /t")) {
		ok(p.verb == &verb_status, "status");
		is_str(p.root, "/t", "--root");
	}
	if (taken(&p, &l, "help gups"))
		ok(p.help && p.verb == &verb_gups, "help gups");
	if (taken(&p, &l, "help region list"))
		ok(p.help && p.verb == &verb_region_list, "help region list");
	if (taken(&p, &l, "help"))
		ok(p.help && p.verb == NULL, "help");
	if (taken(&p, &l, "gups --help"))
		ok(p.help && p.verb == &verb_gups, "gups --help, no size");
	if (taken(&p, &l, "-V"))
		ok(p.version, "-V");
	if (taken(&p, &l, ""))
		ok(!p.verb, "no words: no verb");
	if (taken(&p, &l, "--once --deadline 5"))
		ok(!p.verb, "options alone: no verb");
}

static void policies(void)
{
	struct plan p;
	struct line l = { 0 };

	if (taken(&p, &l, "policy numab --set scan_size_mb=256 --set a=b")) {
		ok(p.verb == &verb_policy, "policy NAME");
		is_str(p.policy.name, "numab", "its name");
		is_i64(p.policy.nr_sets, 2, "two changes");
		is_str(p.policy.sets[0], "scan_size_mb=256", "the first");
		ok(plan_changes(&p), "changes the machine");
	}
	if (taken(&p, &l, "--dry-run policy hmsdk --root /t"))
		ok(p.dry_run && !plan_changes(&p), "rehearsed: nothing");
	if (taken(&p, &l, "policy list"))
		ok(p.verb == &verb_policy_list && !plan_changes(&p), "list");
	if (taken(&p, &l, "policy show"))
		ok(p.verb == &verb_policy_show && !p.policy.name, "show");
	if (taken(&p, &l, "policy show tpp"))
		is_str(p.policy.name, "tpp", "show NAME");
	if (taken(&p, &l, "policy restore"))
		ok(p.verb == &verb_policy_restore && plan_changes(&p),
		   "restore");
	if (taken(&p, &l, "gups 1G any --policy numab")) {
		is_str(p.policy.name, "numab", "of a benchmark");
		ok(plan_changes(&p), "which changes the machine then");
	}
	if (taken(&p, &l, "gups 1G any"))
		ok(!plan_changes(&p), "without one it does not");
	if (taken(&p, &l, "run --policy tpp true --policy x")) {
		is_str(p.policy.name, "tpp", "of a program");
		is_str(p.run.argv[1], "--policy", "whose options are its own");
	}
}

static void migration_of(const char *text, int n, const char *want)
{
	char have[256] = "";
	struct plan p;
	struct line l = { 0 };

	if (!taken(&p, &l, text))
		return;
	ok(p.verb == &verb_damon_start, "damon start");
	is_i64(p.damon.nr_moves, n, "%d moves", n);
	for (int i = 0; i < p.damon.nr_moves; i++)
		snprintf(have + strlen(have), sizeof(have) - strlen(have),
			 "%s%d>%d ", p.damon.moves[i].hot ? "hot " : "cold ",
			 p.damon.moves[i].src, p.damon.moves[i].dest);
	is_str(have, want, "%s", text);
}

static void damon(void)
{
	struct plan p;
	struct line l = { 0 };

	migration_of("damon start --demote 0 1 --promote 1 0", 2,
		     "cold 0>1 hot 1>0 ");
	/* gen_migpol.py's letters mean other options to region create */
	migration_of("damon start -d 0 1 -p 1 0 -g", 2, "cold 0>1 hot 1>0 ");
	migration_of("damon start -m 0 1", 2, "cold 0>1 hot 1>0 ");
	migration_of("--promote 1 0 damon start", 1, "hot 1>0 ");
	migration_of("-g damon start -m 0 1", 2, "cold 0>1 hot 1>0 ");
	if (taken(&p, &l, "damon start -p 1 0 -s 1G --cgroup mine")) {
		is_u64(p.damon.region_max, GIB, "-s");
		is_str(p.damon.cgroup, "mine", "--cgroup");
	}
	if (taken(&p, &l, "damon start k.json"))
		is_str(p.damon.file, "k.json", "a file");
	if (taken(&p, &l, "damon start -"))
		is_str(p.damon.file, "-", "standard input");
	if (taken(&p, &l, "-m mem0 -s 256M region create"))
		is_str(p.region.memdev, "mem0", "a letter before its verb");
	if (taken(&p, &l, "damon stop"))
		ok(plan_changes(&p), "stop");
	if (taken(&p, &l, "damon dump --root /t"))
		ok(!plan_changes(&p), "dump");
}

static void places(void)
{
	static const struct {
		const char *text;
		enum place_mode mode;
		int nr_nodes, first, last;
	} rows[] = {
		{ "any", PLACE_ANY, 0, 0, 0 },
		{ "node1", PLACE_BIND, 1, 1, 1 },
		{ "1", PLACE_BIND, 1, 1, 1 },
		{ "0-1", PLACE_BIND, 2, 0, 1 },
		{ "node0,2", PLACE_BIND, 2, 0, 2 },
		{ "bind:0-3", PLACE_BIND, 4, 0, 3 },
		{ "interleave:0,1", PLACE_INTERLEAVE, 2, 0, 1 },
		{ "weighted:0-1", PLACE_WEIGHTED, 2, 0, 1 },
		{ "preferred:1", PLACE_PREFERRED, 1, 1, 1 },
		{ "0-1023", PLACE_BIND, 1024, 0, 1023 },
		{ "all", PLACE_BIND, 0, 0, 0 },
		{ "3,1,2,1", PLACE_BIND, 3, 1, 3 },
		{ "!0", PLACE_BIND, 1, 0, 0 },
		{ "interleave:!1,2", PLACE_INTERLEAVE, 2, 1, 2 },
	};
	struct place place;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;

		is_i64(place_parse(&place, text), 0, "place %s", text);
		is_i64(place.mode, rows[i].mode, "%s: its mode", text);
		is_i64(place.nr_nodes, rows[i].nr_nodes, "%s: nodes", text);
		if (place.nr_nodes) {
			is_i64(place.nodes[0], rows[i].first, "%s: first",
			       text);
			is_i64(place.nodes[place.nr_nodes - 1], rows[i].last,
			       "%s: last", text);
		}
		is_str(place.text, text, "%s: its text", text);
	}
}

/* What "all" and "!0" are of nodes 0, 2 and 5. */
static void places_resolved(void)
{
	static const struct {
		const char *text;
		int nr_nodes, first, last;
	} rows[] = {
		{ "all", 3, 0, 5 },
		{ "!0", 2, 2, 5 },
		{ "!0,5", 1, 2, 2 },
		{ "!7", 3, 0, 5 },
		{ "2", 1, 2, 2 },
		{ "!0,2,5", 0, 0, 0 },
		{ "weighted:all", 3, 0, 5 },
	};
	static const int have[] = { 0, 2, 5 };
	struct place place;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;

		place_parse(&place, text);
		is_i64(place_resolve(&place, have, 3, "memory"),
		       rows[i].nr_nodes ? 0 : -ENOENT, "%s: resolved", text);
		is_i64(place.nr_nodes, rows[i].nr_nodes, "%s: nodes", text);
		if (!place.nr_nodes)
			continue;
		is_i64(place.nodes[0], rows[i].first, "%s: first", text);
		is_i64(place.nodes[place.nr_nodes - 1], rows[i].last,
		       "%s: last", text);
	}
	place_parse(&place, "1");
	is_i64(place_resolve(&place, have, 3, "memory"), -ENOENT, "not there");
	like(fail_message(), "nodes with memory: 0,2,5", "there are others");
}

static void faults(void)
{
	static const struct {
		const char *text;
		enum fault_kind kind;
		int signal;
	} rows[] = {
		{ "update:segv", FAULT_SIGNAL, SIGSEGV },
		{ "plan:kill", FAULT_SIGNAL, SIGKILL },
		{ "probe:ABRT", FAULT_SIGNAL, SIGABRT },
		{ "fill:bus", FAULT_SIGNAL, SIGBUS },
		{ "warm-up:hang", FAULT_HANG, 0 },
		{ "verify:corrupt", FAULT_CORRUPT, 0 },
	};
	char line[64];
	struct plan p;
	struct line l = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(line, sizeof(line), "gups 1G --fault %s",
			 rows[i].text);
		if (!taken(&p, &l, line))
			continue;
		is_i64(p.fault.kind, rows[i].kind, "%s: kind", rows[i].text);
		is_i64(p.fault.signal, rows[i].signal, "%s: signal",
		       rows[i].text);
		is_str(p.fault.stage, rows[i].text, "%s: stage", rows[i].text);
	}
}

/* "run": behind the program's name all is the program's. */
static void programs(void)
{
	struct plan p;
	struct line l = { 0 };

	if (taken(&p, &l, "--json run --records /r prog --json -x gups")) {
		ok(p.verb == &verb_run, "run");
		ok(p.json, "--json before it is ours");
		is_str(p.records, "/r", "so is what is before the program");
		is_str(p.run.argv[0], "prog", "the program");
		is_str(p.run.argv[1], "--json", "its first word");
		is_str(p.run.argv[2], "-x", "an option that is not ours");
		is_str(p.run.argv[3], "gups", "its last word");
		is_str(p.run.argv[4], NULL, "and no more");
	}
	if (taken(&p, &l, "run -m 1,0 --cpunodebind all --timeline 5s prog")) {
		is_i64(p.run.place.mode, PLACE_BIND, "run -m: membind");
		is_i64(p.run.place.nr_nodes, 2, "two nodes");
		is_i64(p.run.place.nodes[0], 0, "in order");
		is_i64(p.run.cpu_nodes.nr_nodes, 0, "all: not known here");
		is_str(p.run.cpu_nodes.text, "all", "but asked for");
		is_u64(p.run.timeline_ns, UINT64_C(5000000000), "--timeline");
	}
	if (taken(&p, &l, "run --timeline off -i 0-1,1 prog -m 3")) {
		is_u64(p.run.timeline_ns, 0, "--timeline off");
		is_i64(p.run.place.mode, PLACE_INTERLEAVE, "run -i");
		is_i64(p.run.place.nr_nodes, 2, "a node twice is once");
		is_str(p.run.cpu_nodes.text, NULL, "no CPUs are asked for");
	}
	if (taken(&p, &l, "run prog"))
		is_u64(p.run.timeline_ns, UINT64_C(1000000000),
		       "a row a second unasked");
	if (taken(&p, &l, "run -m 1 -- prog --json -- x")) {
		is_str(p.run.argv[0], "prog", "behind --: the program");
		is_str(p.run.argv[1], "--json", "its option");
		is_str(p.run.argv[2], "--", "its own --");
		is_str(p.run.argv[3], "x", "its word");
		is_str(p.run.argv[4], NULL, "and no more");
		ok(!p.json && p.run.place.nr_nodes == 1, "what is ours is");
	}
	if (taken(&p, &l, "-- run prog -x"))
		is_str(p.run.argv[1], "-x", "-- before the verb");
	if (taken(&p, &l, "run -- -prog"))
		is_str(p.run.argv[0], "-prog", "a program with a dash");
	if (taken(&p, &l, "gups -- 1G node1"))
		is_i64(p.gups.place.nodes[0], 1, "-- before any words");
	is_i64(parse(&p, &l, "run --"), -EINVAL, "run -- without a program");
	is_i64(parse(&p, &l, "gups 1G -- --once"), -EINVAL,
	       "behind -- there are no options");
	is_i64(parse(&p, &l, "run"), -EINVAL, "run without a program");
	like(fail_message(), "run needs a program", "why");
	is_i64(parse(&p, &l, "run --threads 2 prog"), -EINVAL,
	       "run with an option of another verb");
	like(fail_message(), "run takes no --threads", "why");
}

static void workers(void)
{
	struct plan p;
	struct line l = { 0 };

	if (taken(&p, &l, "--worker 17:5 gups 1G --once")) {
		ok(p.worker.is_worker && !p.worker.below_init, "a worker");
		is_u64(p.worker.seq, 17, "its last record");
		is_i64(p.worker.records_fd, 5, "its descriptor");
	}
	if (taken(&p, &l, "--worker 0:3:init gups 1G"))
		ok(p.worker.below_init, "a worker below init");
}

/* ------------------------------------------------------------- the order */

static bool same(const struct plan *a, const struct plan *b)
{
	return a->verb == b->verb && a->once == b->once &&
	       a->deadline_ns == b->deadline_ns &&
	       !memcmp(&a->gups.place.nodes, &b->gups.place.nodes,
		       sizeof(a->gups.place.nodes)) &&
	       a->gups.bytes == b->gups.bytes &&
	       a->gups.place.mode == b->gups.place.mode &&
	       a->gups.threads == b->gups.threads &&
	       a->gups.seed == b->gups.seed && a->gups.hold == b->gups.hold &&
	       a->gups.limit_ns == b->gups.limit_ns;
}

/* The words of a command in all orders that keep "gups 64M node1" in its. */
static void any_order(void)
{
	static const char *const options[] = { "--once",       "--threads 2",
					       "--seed=3",     "--bind",
					       "--deadline 5", "--limit 7" };
	static const char *const words[] = { "gups", "64M", "node1" };
	unsigned int mixes = 0, bad = 0, n = ARRAY_SIZE(options);
	struct plan first, plan;
	struct line l = { 0 };
	char line[512];

	parse(&first, &l,
	      "--once --threads 2 --seed=3 --bind --deadline 5 --limit 7"
	      " gups 64M node1");
	/* Rotated by r, every s-th option, the words after i, j and k. */
	for (unsigned int r = 0; r < n * 2; r++)
		for (unsigned int at = 0; at < 343; at++) {
			unsigned int w[] = { at % 7, at / 7 % 7, at / 49 };
			unsigned int next = 0;

			if (w[0] > w[1] || w[1] > w[2])
				continue;
			line[0] = '\0';
			for (unsigned int i = 0; i <= n; i++) {
				unsigned int o = (i * (r < n ? 1 : 5) + r) % n;

				for (; next < 3 && w[next] == i; next++)
					strcat(strcat(line, words[next]), " ");
				if (i < n)
					strcat(strcat(line, options[o]), " ");
			}
			mixes++;
			if (parse(&plan, &l, line) || !same(&plan, &first)) {
				if (!bad++)
					diag("differs: %s", line);
			}
		}
	ok(mixes > 900, "%u orders of the same words", mixes);
	is_u64(bad, 0, "all mean the same");
	is_i64(parse(&plan, &l, "--threads 9 gups 8k"), -EINVAL,
	       "also what is refused: before the size");
	is_i64(parse(&plan, &l, "gups 8k --threads 9"), -EINVAL,
	       "as behind it");
}

static void not_permuted(void)
{
	char *argv[] = { "tier", "gups", "--once", "1G", "-t", "2", NULL };
	char *copy[7];
	struct plan plan;

	memcpy(copy, argv, sizeof(copy));
	plan_parse(&plan, verbs, 6, argv);
	ok(!memcmp(copy, argv, sizeof(copy)), "argv is left as it was");
}

static void help_texts(void)
{
	/* The last one, NULL, is tier's own. */
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const char *name = verbs[i] ? verbs[i]->name : "";
		struct textbuf t = { 0 };
		size_t longest = 0;

		plan_help(&t, verbs, verbs[i], NULL);
		for (const char *p = t.text; *p; p++) {
			size_t len = strcspn(p, "\n");

			longest = len > longest ? len : longest;
			p += len;
		}
		like(t.text, "usage: tier", "help of \"%s\"", name);
		ok(longest < 80, "help of \"%s\" fits in 80 columns (%zu)",
		   name, longest);
		ok(!strstr(t.text, "--worker") && !strstr(t.text, "--fault"),
		   "help of \"%s\" names no inner option", name);
		buf_free(&t);
	}
}

int main(void)
{
	refused();
	too_many();
	defaults();
	every_option();
	pattern_options();
	other_verbs();
	policies();
	damon();
	places();
	places_resolved();
	faults();
	programs();
	workers();
	any_order();
	not_permuted();
	help_texts();
	return done_testing();
}
