// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog.c - memory pressure: processes that take memory of a node and hold it.
 *
 * Each is a child that was forked and shares one page with its parent: the
 * child writes there how far it is, the parent reads it. There is nothing to
 * be asked of a hog but its memory back, and that is a SIGKILL.
 *
 * First all of them take what they shall but for the last step, one after the
 * other; then each takes that. So what the page tables of one take on the
 * node of another (1/512) has been taken before the other is exact.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/hog.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/limit.h"
#include "mm/node.h"
#include "mm/page.h"
#include "mm/zone.h"
#include "sysfs.h"

/* Between two looks at the node: 0.4 s of an emulator's time. */
#define STEP (64 * MIB)
/* What is left free is exact when it is so near, in three looks one by one. */
#define NEAR (1 * MIB)
#define TOLERANCE (8 * MIB)
#define CALM 3
#define LOOKS 60
/* Without the right to fold them, the CPUs' counts come in once a second. */
#define LOOK_NS (UINT64_C(20) * 1000000)
#define UNFOLDED_LOOK_NS (UINT64_C(500) * 1000000)
/* No page in a minute: the node has no more, or the machine is stuck. */
#define STALL_NS (UINT64_C(60) * 1000000000)
#define HUGE_PAGE (2 * MIB)
#define SAMPLE 4096
/* A warm hog does its touching in portions, so that it is spread evenly. */
#define PORTION_NS (UINT64_C(10) * 1000000)
#define PORTION_PAGES 4096

/* Often enough for DAMON's aggregation interval to see some of it. */
#define DEFAULT_WARM_NS UINT64_C(1000000000)

/* ------------------------------------------------------- of the command line */

static int parse_bytes(const char *hog, const char *text, uint64_t *bytes)
{
	/* A page would not be felt, and a bare number was meant otherwise. */
	if (parse_size(text, bytes) || *bytes < MIB || *bytes % PAGE_BYTES)
		return misuse(
			"hog %s: give a size of 1M or more, in 4k, e.g. 6000M or free=200M",
			hog);
	return 0;
}

static int parse_release(struct hog_plan *h, const char *hog, char *text)
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

static int parse_word(struct hog_plan *h, const char *hog, char *word)
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
		return parse_release(h, hog, value + 1);
	else if (!warm || parse_duration(value + 1, &h->warm_ns) || !h->warm_ns)
		return misuse(
			"hog %s: what is \"%s\"? The words are warm, warm=TIME, lock, thp, release=TIME and release=N%%",
			hog, word);
	return 0;
}

int hog_parse(struct hog_plans *hogs, const char *text)
{
	struct hog_plan *h = &hogs->hog[hogs->nr];
	char copy[128], *rest = copy, *word;
	uint64_t node = UINT64_MAX;
	int err;

	if (hogs->nr == HOG_MAX)
		return misuse("more than %d hogs", HOG_MAX);
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
	err = strncmp(word, "free=", 5) ?
		      parse_bytes(text, word, &h->bytes) :
		      parse_bytes(text, word + 5, &h->leave);
	while (!err && (word = strsep(&rest, ",")))
		err = parse_word(h, text, word);
	hogs->nr += !err;
	return err;
}

/* ------------------------------------------------------ parent and children */

enum stage { FORKED, READY, COARSE, HELD, FAILED };
enum order { WAIT, TAKE, FINISH };

/* The page that both see. */
struct share {
	_Atomic enum stage stage; /* by the child */
	_Atomic enum order order; /* by the parent */
	_Atomic uint64_t taken, touched; /* bytes; pages, by a warm one */
	struct table table;
	struct fail_state why; /* of FAILED */
	int err;
};

struct hog {
	struct hog_plan plan;
	struct share *share;
	pid_t pid;
	bool reaped;
	uint64_t began_ns, held_ns;
	struct hog_state state;
};

struct hogs {
	int nr;
	struct hog hog[HOG_MAX];
};

/* -------------------------------------------------------------- the child */

static int look(const struct hog *h, struct zone_node *now)
{
	const struct zone_node *n;
	struct zones zones;
	int err = zone_take(&zones);

	if (err)
		return err;
	n = zone_of(&zones, h->plan.node);
	if (!n)
		return fail(ENODEV, "node %d went away", h->plan.node);
	*now = *n;
	return 0;
}

/* How much the hog is to take now, by a node as it is. */
static uint64_t wanted(const struct hog_plan *p, const struct zone_node *n)
{
	if (p->bytes)
		return p->bytes;
	return n->free > p->leave ? n->free - p->leave : 0;
}

static uint64_t grain(const struct hog *h)
{
	return h->plan.pages == PAGES_THP ? HUGE_PAGE : PAGE_BYTES;
}

static void take(struct hog *h, uint64_t bytes)
{
	struct share *s = h->share;
	uint64_t room = s->table.bytes - s->taken;

	bytes = bytes < room ? bytes : room;
	table_touch(&s->table, s->taken, bytes);
	s->taken += bytes;
}

static int lock_all(struct hog *h)
{
	struct table *t = &h->share->table;

	/* Each page as it comes; what may not be locked is known before. */
	if (!h->plan.lock || !mlock2(t->base, t->bytes, MLOCK_ONFAULT))
		return 0;
	return lacks(
		errno,
		"cannot lock %" PRIu64
		" MiB: %s; without root RLIMIT_MEMLOCK is the limit: ulimit -l shows and raises it",
		t->bytes / MIB, strerror(errno));
}

static int give_back(struct hog *h, uint64_t bytes)
{
	struct share *s = h->share;
	char *from;

	bytes = bytes < s->taken ? bytes : s->taken;
	from = s->table.base + s->taken - bytes;
	/* The kernel drops no page that is locked. */
	if (h->plan.lock)
		munlock(from, bytes);
	if (madvise(from, bytes, MADV_DONTNEED))
		return fail(errno, "madvise(MADV_DONTNEED): %s",
			    strerror(errno));
	s->taken -= bytes;
	return lock_all(h);
}

/* The mapping: what is wanted, and what others may give up meanwhile. */
static int map(struct hog *h)
{
	struct table *t = &h->share->table;
	struct zone_node now = { 0 };
	uint64_t bytes;
	int err = look(h, &now);

	if (err)
		return err;
	bytes = wanted(&h->plan, &now);
	if (h->plan.leave)
		bytes = bytes / HUGE_PAGE * HUGE_PAGE + STEP;
	err = table_map(t, bytes, h->plan.pages);
	return err ? err : lock_all(h);
}

static int place(const struct hog *h, enum place_mode mode)
{
	struct place place = { .mode = mode, .nr_nodes = 1, .text = "hog" };

	place.nodes[0] = h->plan.node;
	return table_place(&h->share->table, &place);
}

/* Up to the last step; never into the watermarks, whoever else takes some. */
static int take_coarse(struct hog *h)
{
	uint64_t left, step, keep = h->plan.bytes ? 0 : STEP;
	struct zone_node now = { 0 };
	int err;

	for (;;) {
		err = look(h, &now);
		if (err)
			return err;
		left = wanted(&h->plan, &now);
		if (h->plan.bytes)
			left -= h->share->taken;
		if (left <= keep)
			return 0;
		step = left - keep < STEP ? left - keep : STEP;
		step = (step + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
		if (step > now.spare)
			return lacks(
				ENOMEM,
				"after %" PRIu64
				" MiB node %d has no more to give: somebody else takes of it, too",
				h->share->taken / MIB, h->plan.node);
		take(h, step);
	}
}

/* One look, and what is over or missing. *off: how much that was. */
static int correct(struct hog *h, int64_t *off)
{
	struct zone_node now = { 0 };
	int err = look(h, &now);
	uint64_t by;

	if (err)
		return err;
	*off = (int64_t)(now.free - h->plan.leave);
	by = (uint64_t)llabs(*off) / grain(h) * grain(h);
	if (by <= NEAR)
		return 0;
	if (*off < 0)
		return give_back(h, by);
	take(h, by);
	return 0;
}

static int take_exactly(struct hog *h)
{
	int64_t off = 0;
	int calm = 0, err = 0;

	for (int i = 0; i < LOOKS && calm < CALM && !err; i++) {
		bool folded = !sysfs_write("1", "/proc/sys/vm/stat_refresh");

		err = correct(h, &off);
		calm = (uint64_t)llabs(off) <= NEAR + grain(h) ? calm + 1 : 0;
		if (calm < CALM)
			sleep_ns(folded ? LOOK_NS : UNFOLDED_LOOK_NS);
	}
	if (!err && (uint64_t)llabs(off) > TOLERANCE)
		err = fail(EAGAIN,
			   "node %d does not stand still: it has %" PRIu64
			   " MiB free, not %" PRIu64
			   ", for others take and free memory at the same time",
			   h->plan.node,
			   (uint64_t)((int64_t)h->plan.leave + off) / MIB,
			   h->plan.leave / MIB);
	return err;
}

/* While it is still bound: on another node no page can be. */
static int check_place(const struct hog *h)
{
	struct table_pages pages = { .absent = 0 };
	int err = table_sample(&h->share->table, 0, h->share->taken, SAMPLE,
			       &pages);

	for (int i = 0; i < NODE_MAX && !err; i++)
		if (pages.node[i] && i != h->plan.node)
			err = fail(
				EXDEV,
				"%" PRIu64
				" of %d pages taken of node %d are on node %d",
				pages.node[i], SAMPLE, h->plan.node, i);
	return err;
}

static void await(const struct hog *h, enum order order)
{
	while (h->share->order < order)
		sleep_ns(1000000);
}

static int populate(struct hog *h)
{
	int err = sysfs_store("1000", "/proc/self/oom_score_adj");

	if (!err)
		err = map(h);
	if (!err)
		err = place(h, PLACE_BIND);
	if (!err)
		err = take_coarse(h);
	if (err)
		return err;
	h->share->stage = COARSE;
	await(h, FINISH);
	if (h->plan.leave)
		err = take_exactly(h);
	if (!err)
		err = check_place(h);
	/* What is bound NUMA balancing leaves alone, and the lock is for that. */
	return err || h->plan.lock ? err : place(h, PLACE_ANY);
}

/* All pages once in warm_ns, or as often as it can. */
static void keep_warm(struct hog *h)
{
	struct share *s = h->share;
	uint64_t pages = s->taken / PAGE_BYTES, at = 0, due, begin = now_ns();
	uint64_t done = 0;

	for (;;) {
		due = (uint64_t)((double)(now_ns() - begin) /
				 (double)h->plan.warm_ns * (double)pages);
		/* What was missed is not made up for. */
		if (due > done + pages) {
			begin = now_ns();
			done = due = 0;
		}
		if (due == done) {
			sleep_ns(PORTION_NS);
			continue;
		}
		due -= done;
		due = due < PORTION_PAGES ? due : PORTION_PAGES;
		due = due < pages - at ? due : pages - at;
		table_touch(&s->table, at * PAGE_BYTES, due * PAGE_BYTES);
		at = (at + due) % pages;
		done += due;
		s->touched += due;
	}
}

__attribute__((noreturn)) static void be_hog(struct hog *h)
{
	struct share *s = h->share;

	/* For the parent, which decides; a terminal asks all at once. */
	wait_catch_signals(SIG_IGN);
	syscall(SYS_close_range, 0, ~0U, 0);
	prctl(PR_SET_NAME, "tier-hog");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A parent that answers was there after that, one that is gone will not. */
	s->stage = READY;
	for (int i = 0; i < 10000 && s->order == WAIT; i++)
		sleep_ns(1000000);
	if (s->order == WAIT)
		_exit(1);
	s->err = populate(h);
	if (s->err) {
		fail_save(&s->why);
		s->stage = FAILED;
		_exit(1);
	}
	s->stage = HELD;
	if (h->plan.warm_ns)
		keep_warm(h);
	for (;;)
		pause();
}

/* ---------------------------------------------------------------- refusals */

/* The nodes that a hog may be on are those that this process may use. */
static int check_node(int node)
{
	struct node *nodes;
	int n = node_list(&nodes), err = 0;

	if (n < 0)
		return n;
	n = node_keep_allowed(nodes, n);
	if (!node_find(nodes, n, node))
		err = node_missing("hog on ", node, nodes, n, "");
	free(nodes);
	return err;
}

static int check_one(const struct hog_plan *p, const struct zones *zones,
		     const uint64_t *need)
{
	const struct zone_node *n = zone_of(zones, p->node);
	uint64_t table, spare, most, want;
	int err = check_node(p->node);

	if (err)
		return err;
	if (!n)
		return fail(ENODATA, "/proc/zoneinfo has no node %d", p->node);
	table = need ? need[p->node] : 0;
	spare = n->spare > table ? n->spare - table : 0;
	want = wanted(p, n);
	/* Its own page tables may be there, too; a fill counts them anyway. */
	most = p->bytes ? spare - spare / 512 : spare;
	if (p->leave && !want)
		return lacks(ENOMEM,
			     "hog on node %d: %" PRIu64
			     " MiB cannot be left free, %" PRIu64 " MiB are",
			     p->node, p->leave / MIB, n->free / MIB);
	if (want <= most)
		return 0;
	return lacks(
		ENOMEM,
		"hog on node %d: %" PRIu64 " MiB are too much: %" PRIu64
		" MiB are free, and %" PRIu64
		" must stay so (the kernel's watermarks%s): at most %" PRIu64
		"M, or free=%" PRIu64 "M",
		p->node, want / MIB, n->free / MIB,
		(n->free - spare + MIB - 1) / MIB,
		table ? " and the table" : "", most / MIB,
		(n->free - spare + MIB - 1) / MIB);
}

/* What the next hog on that node finds. */
static void take_from(struct zones *zones, int node, uint64_t bytes)
{
	for (int i = 0; i < zones->nr_nodes; i++) {
		struct zone_node *n = &zones->nodes[i];

		if (n->node != node)
			continue;
		n->free -= bytes < n->free ? bytes : n->free;
		n->spare -= bytes < n->spare ? bytes : n->spare;
	}
}

/* zones is what there was before. */
static int check_all(const struct hog_plans *plans, const uint64_t *need,
		     struct zones *zones)
{
	int err = plans->nr ? zone_take(zones) : 0;
	struct zones left = *zones;
	uint64_t sum = 0;

	for (int i = 0; i < plans->nr && !err; i++) {
		const struct hog_plan *p = &plans->hog[i];
		uint64_t want;

		err = check_one(p, &left, need);
		if (err)
			break;
		want = wanted(p, zone_of(&left, p->node));
		take_from(&left, p->node, want);
		sum += want;
	}
	return err ? err : limit_check(sum, "the hog");
}

int hog_check(const struct hog_plans *plans, const uint64_t *need)
{
	struct zones zones = { 0 };

	return check_all(plans, need, &zones);
}

int hog_rehearse(const struct hog_plans *plans, const uint64_t *need)
{
	struct zones zones = { 0 };
	int err = check_all(plans, need, &zones);

	for (int i = 0; i < plans->nr && !err; i++) {
		const struct hog_plan *p = &plans->hog[i];
		const struct zone_node *n = zone_of(&zones, p->node);
		uint64_t want = wanted(p, n);

		report_say("hog      would take %" PRIu64
			   " MiB of node %d, and leave %" PRIu64 " of %" PRIu64
			   " MiB free\n",
			   want / MIB, p->node, (n->free - want) / MIB,
			   n->free / MIB);
		take_from(&zones, p->node, want);
	}
	return err;
}

/* -------------------------------------------------------------- the parent */

/* Has it ended? */
static bool reap(struct hog *h, int options)
{
	int status;
	pid_t pid;

	if (h->reaped || !h->pid)
		return true;
	while ((pid = waitpid(h->pid, &status, options)) < 0 && errno == EINTR)
		;
	if (!pid)
		return false;
	h->reaped = true;
	h->state.killed_by = pid > 0 && WIFSIGNALED(status) ? WTERMSIG(status) :
							      0;
	return true;
}

static void end(struct hog *h)
{
	if (!h->reaped && h->pid)
		kill(h->pid, SIGKILL);
	/* The memory is free before it can be reaped. */
	reap(h, 0);
}

static int fork_hog(struct hog *h)
{
	h->share = mmap(NULL, sizeof(*h->share), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h->share == MAP_FAILED) {
		h->share = NULL;
		return fail(errno, "cannot map a hog's page: %s",
			    strerror(errno));
	}
	h->began_ns = now_ns();
	h->pid = fork();
	if (!h->pid)
		be_hog(h);
	if (h->pid < 0) {
		h->pid = 0;
		return fail(errno, "cannot start a hog: %s", strerror(errno));
	}
	h->state.pid = h->pid;
	return 0;
}

struct progress {
	const volatile sig_atomic_t *stop;
	bool in_place;
	uint64_t period_ns, next_ns; /* of lines */
	uint64_t taken,
		moved_ns; /* when it last took some, and how much then */
};

static void show_progress(struct hog *h, struct progress *p, uint64_t now)
{
	uint64_t all = h->plan.bytes ? h->plan.bytes : h->share->table.bytes;

	if (now < p->next_ns)
		return;
	p->next_ns = now + p->period_ns;
	report_progress(p->in_place,
			"hog      %" PRIu64 " of %" PRIu64 " MiB of node %d",
			h->share->taken / MIB, all / MIB, h->plan.node);
}

static int stalled(const struct hog *h, struct progress *p, uint64_t now)
{
	if (h->share->taken != p->taken) {
		p->taken = h->share->taken;
		p->moved_ns = now;
	}
	return now - p->moved_ns < STALL_NS ?
		       0 :
		       fail(ETIMEDOUT,
			    "the hog got no page of node %d in %d s, after %" PRIu64
			    " MiB",
			    h->plan.node, (int)(STALL_NS / 1000000000),
			    p->taken / MIB);
}

/* Until it has come to that stage. */
static int wait_for(struct hog *h, enum stage stage, struct progress *p)
{
	uint64_t now = now_ns();
	int err = 0;

	p->moved_ns = now;
	p->next_ns = now + p->period_ns;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): share()d before */
	while (!err && h->share->stage < stage) {
		if (p->stop && *p->stop)
			return fail(EINTR,
				    "interrupted while the hog took memory");
		if (reap(h, WNOHANG) && h->share->stage < stage)
			return fail(
				ECHILD,
				"the hog on node %d was killed by signal %d after %" PRIu64
				" MiB",
				h->plan.node, h->state.killed_by,
				h->share->taken / MIB);
		now = now_ns();
		show_progress(h, p, now);
		err = stalled(h, p, now);
		sleep_ns(1000000);
	}
	if (!err && h->share->stage == FAILED) {
		fail_restore(&h->share->why);
		err = h->share->err;
	}
	return err;
}

static int give_order(struct hog *h, enum order order, enum stage until,
		      struct progress *p)
{
	h->share->order = order;
	return wait_for(h, until, p);
}

static uint64_t free_on(int node)
{
	struct zones zones;
	const struct zone_node *n = zone_take(&zones) ? NULL :
							zone_of(&zones, node);

	return n ? n->free : UINT64_MAX;
}

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

static void show_start(const struct hog *h)
{
	const struct hog_plan *p = &h->plan;
	const struct hog_state *s = &h->state;

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

static int finish(struct hog *h, struct progress *p)
{
	int err = give_order(h, FINISH, HELD, p);

	h->held_ns = now_ns();
	h->state.bytes = h->share->taken;
	h->state.populate_s = (double)(h->held_ns - h->began_ns) / 1e9;
	return err;
}

/*
 * Of several on a node each finds what those before it have left; on nodes of
 * their own they take the last pages together, since page tables and kernel
 * stacks of one may come from the other's node.
 */
static int hold_earlier(struct hogs *hogs, const struct hog *next,
			struct progress *p)
{
	int err = 0;

	for (struct hog *h = hogs->hog; h < next && !err; h++) {
		if (h->plan.node != next->plan.node || h->held_ns)
			continue;
		err = finish(h, p);
		h->state.free_at_start_bytes = free_on(h->plan.node);
	}
	return err;
}

static int start_one(struct hogs *hogs, struct hog *h, struct progress *p)
{
	int err = hold_earlier(hogs, h, p);

	if (err)
		return err;
	h->state.free_before_bytes = free_on(h->plan.node);
	err = fork_hog(h);
	if (!err)
		err = wait_for(h, READY, p);
	return err ? err : give_order(h, TAKE, COARSE, p);
}

static int start_all(struct hogs *hogs, struct progress *p)
{
	struct hog *end = hogs->hog + hogs->nr, *h;
	int err = 0;

	for (h = hogs->hog; h < end && !err; h++)
		err = start_one(hogs, h, p);
	for (h = hogs->hog; h < end && !err; h++)
		if (!h->held_ns)
			err = finish(h, p);
	for (h = hogs->hog; h < end && !err; h++) {
		if (!h->state.free_at_start_bytes)
			h->state.free_at_start_bytes = free_on(h->plan.node);
		show_start(h);
	}
	return err;
}

int hog_start(struct hogs **result, const struct hog_plans *plans,
	      const uint64_t *need, const volatile sig_atomic_t *stop,
	      bool plain)
{
	struct progress p = { .stop = stop,
			      .in_place = !plain && isatty(STDOUT_FILENO) };
	struct fail_state why;
	struct hogs *hogs;
	int err = hog_check(plans, need);

	*result = NULL;
	if (err)
		return err;
	hogs = xcalloc(1, sizeof(*hogs));
	hogs->nr = plans->nr;
	for (int i = 0; i < plans->nr; i++)
		hogs->hog[i].plan = plans->hog[i];
	p.period_ns = UINT64_C(1000000000) * (p.in_place ? 1 : 5);
	err = start_all(hogs, &p);
	if (err) {
		fail_save(&why);
		hog_stop(hogs);
		fail_restore(&why);
		return err;
	}
	*result = hogs;
	return 0;
}

void hog_release(struct hogs *hogs, int i, double seconds)
{
	struct hog *h = &hogs->hog[i];

	if (h->state.fate != HOG_ALIVE)
		return;
	end(h);
	h->state.fate = HOG_RELEASED;
	h->state.ended_s = seconds;
}

static bool is_due(const struct hog_plan *p, double seconds, double part)
{
	return (p->release_ns && seconds >= (double)p->release_ns / 1e9) ||
	       (p->release_percent && part >= p->release_percent / 100.0);
}

int hog_tick(struct hogs *hogs, double seconds, double part)
{
	int alive = 0;

	for (int i = 0; i < hogs->nr; i++) {
		struct hog *h = &hogs->hog[i];

		if (h->state.fate == HOG_ALIVE && reap(h, WNOHANG)) {
			h->state.fate = HOG_KILLED;
			h->state.ended_s = seconds;
		}
		if (is_due(&h->plan, seconds, part))
			hog_release(hogs, i, seconds);
		alive += h->state.fate == HOG_ALIVE;
	}
	return alive;
}

int hog_count(const struct hogs *hogs)
{
	return hogs->nr;
}

bool hog_state(const struct hogs *hogs, int i, struct hog_state *state)
{
	const struct hog *h = &hogs->hog[i];
	double held = (double)(now_ns() - h->held_ns) / 1e9;

	if (i < 0 || i >= hogs->nr)
		return false;
	*state = h->state;
	state->plan = &h->plan;
	if (h->plan.warm_ns && h->share->touched) {
		state->sweeps = (double)h->share->touched * PAGE_BYTES /
				(double)h->state.bytes;
		state->sweep_s = held / state->sweeps;
	}
	return true;
}

int hog_sample(const struct hogs *hogs, int i, size_t n,
	       struct table_pages *pages)
{
	const struct hog *h = &hogs->hog[i];

	if (h->state.fate != HOG_ALIVE)
		return fail(ESRCH, "the hog on node %d is gone", h->plan.node);
	return table_sample(&h->share->table, h->pid, h->state.bytes, n, pages);
}

/* ----------------------------------------------------------------- the end */

static const char *fate_name(enum hog_fate fate)
{
	static const char *const names[] = { "alive", "killed", "released" };

	return names[fate];
}

/* Where its pages are, as parts of 1; false: it cannot be told. */
static bool record_where(const struct hogs *hogs, int i, double *elsewhere)
{
	struct table_pages pages = { .absent = 0 };
	uint64_t seen;

	*elsewhere = 0;
	if (hogs->hog[i].state.fate != HOG_ALIVE ||
	    hog_sample(hogs, i, SAMPLE, &pages)) {
		report_null("pages_at_end_part");
		return false;
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
	*elsewhere =
		1 - (double)pages.node[hogs->hog[i].plan.node] / (double)seen;
	return true;
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

static void record_end(struct hogs *hogs, int i, uint64_t free_now,
		       double *elsewhere)
{
	struct hog_state s;

	hog_state(hogs, i, &s);
	report_begin(&hog_end);
	report_i64("node", s.plan->node);
	report_str("state", fate_name(s.fate));
	if (s.fate == HOG_KILLED)
		report_i64("killed_by_signal", s.killed_by);
	else
		report_null("killed_by_signal");
	if (s.fate == HOG_ALIVE)
		report_null("ended_s");
	else
		report_real("ended_s", s.ended_s);
	member_bytes("free_at_start_bytes", s.free_at_start_bytes);
	member_bytes("free_at_end_bytes", free_now);
	if (s.plan->warm_ns) {
		report_real("sweeps", s.sweeps);
		report_real("sweep_s", s.sweep_s);
	} else {
		report_null("sweeps");
		report_null("sweep_s");
	}
	record_where(hogs, i, elsewhere);
	report_end();
}

static void text_end(const struct hogs *hogs, int i, uint64_t free_now,
		     double elsewhere)
{
	struct hog_state s;

	hog_state(hogs, i, &s);
	if (s.fate == HOG_KILLED)
		report_say(
			"hog      on node %d KILLED by signal %d after %.1f s: "
			"what came after ran without\n",
			s.plan->node, s.killed_by, s.ended_s);
	else if (s.fate == HOG_RELEASED)
		report_say("hog      on node %d released after %.1f s\n",
			   s.plan->node, s.ended_s);
	else
		report_say("hog      on node %d to the end, %.0f %% of it "
			   "elsewhere then, %" PRIu64 " MiB free\n",
			   s.plan->node, 100 * elsewhere, free_now / MIB);
	if (s.plan->warm_ns)
		report_say("         touched %.1f times, every %.2f s\n",
			   s.sweeps, s.sweep_s);
}

void hog_show_end(struct hogs *hogs, bool records_alone)
{
	double elsewhere;

	for (int i = 0; i < hogs->nr; i++) {
		uint64_t free_now = free_on(hogs->hog[i].plan.node);

		record_end(hogs, i, free_now, &elsewhere);
		if (!records_alone)
			text_end(hogs, i, free_now, elsewhere);
	}
}

void hog_stop(struct hogs *hogs)
{
	for (int i = 0; hogs && i < hogs->nr; i++) {
		struct hog *h = &hogs->hog[i];

		end(h);
		if (h->share)
			munmap(h->share, sizeof(*h->share));
	}
	free(hogs);
}
