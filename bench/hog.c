// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog.c - memory pressure: processes that take memory of a node and hold it.
 *
 * Each hog is a forked process that shares one page with its parent: the hog
 * writes there how far it is, the parent how far it may go. A hog is killed to
 * have its memory back.
 *
 * First each hog takes all but its last step, one after the other; then each
 * takes that step. The page tables of a hog (1/512 of its memory) may lie on
 * the node of another: this way they are there before that node is filled to
 * the exact amount.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/hog.h"
#include "bench/hog_internal.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/limit.h"
#include "mm/node.h"
#include "mm/page.h"
#include "mm/zone.h"

/* No page in a minute: the node has no more, or the machine is stuck. */
#define STALL_NS (UINT64_C(60) * 1000000000)

/* All hogs of a plan. */
struct hogs {
	int nr;
	struct hog hog[HOG_MAX];
};

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
	want = hog_wanted(p, n);
	/*
	 * Its page tables may lie on the node, too; those of a fill are counted
	 * as taken anyway.
	 */
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

/* Takes from the zones what a hog will take, for the next one to find. */
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

/* *zones: what there is before any of them has begun. */
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
		want = hog_wanted(p, zone_of(&left, p->node));
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
		uint64_t want = hog_wanted(p, n);

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
	/* A process can be reaped only after its memory was freed. */
	reap(h, 0);
}

static int fork_hog(struct hog *h)
{
	h->share = shared_map(sizeof(*h->share));
	if (!h->share)
		return fail(errno, "cannot map a hog's page: %s",
			    strerror(errno));
	h->began_ns = now_ns();
	h->pid = fork();
	if (!h->pid)
		hog_process(h);
	if (h->pid < 0) {
		h->pid = 0;
		return fail(errno, "cannot start a hog: %s", strerror(errno));
	}
	h->state.pid = h->pid;
	return 0;
}

struct hog_progress {
	const volatile sig_atomic_t *stop;
	bool in_place;
	uint64_t period_ns, next_ns; /* of progress lines */
	uint64_t taken, moved_ns; /* what it had, and when it last took some */
};

static void show_progress(struct hog *h, struct hog_progress *p, uint64_t now)
{
	uint64_t all = h->plan.bytes ? h->plan.bytes : h->share->table.bytes;

	if (now < p->next_ns)
		return;
	p->next_ns = now + p->period_ns;
	report_progress(p->in_place,
			"hog      %" PRIu64 " of %" PRIu64 " MiB of node %d",
			h->share->taken / MIB, all / MIB, h->plan.node);
}

static int stalled(const struct hog *h, struct hog_progress *p, uint64_t now)
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

/* Waits until the hog has come to that stage. */
static int wait_for(struct hog *h, enum hog_stage stage, struct hog_progress *p)
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
	if (!err && h->share->stage == HOG_FAILED) {
		fail_restore(&h->share->why);
		err = h->share->err;
	}
	return err;
}

static int give_order(struct hog *h, enum hog_order order, enum hog_stage until,
		      struct hog_progress *p)
{
	h->share->order = order;
	return wait_for(h, until, p);
}

static int finish(struct hog *h, struct hog_progress *p)
{
	int err = give_order(h, HOG_FINISH, HOG_HELD, p);

	h->held_ns = now_ns();
	h->state.bytes = h->share->taken;
	h->state.populate_s = (double)(h->held_ns - h->began_ns) / 1e9;
	return err;
}

uint64_t hog_free_on(int node)
{
	struct zone_node n;

	return zone_read(&n, node) ? UINT64_MAX : n.free;
}

/*
 * Several hogs on one node take their memory in turn, each from what those
 * before it have left. Hogs on different nodes take their last pages together,
 * since page tables and kernel stacks of one may lie on the node of another.
 */
static int hold_earlier(struct hogs *hogs, const struct hog *next,
			struct hog_progress *p)
{
	int err = 0;

	for (struct hog *h = hogs->hog; h < next && !err; h++) {
		if (h->plan.node != next->plan.node || h->held_ns)
			continue;
		err = finish(h, p);
		h->state.free_at_start_bytes = hog_free_on(h->plan.node);
	}
	return err;
}

static int start_one(struct hogs *hogs, struct hog *h, struct hog_progress *p)
{
	int err = hold_earlier(hogs, h, p);

	if (err)
		return err;
	h->state.free_before_bytes = hog_free_on(h->plan.node);
	err = fork_hog(h);
	if (!err)
		err = wait_for(h, HOG_READY, p);
	return err ? err : give_order(h, HOG_TAKE, HOG_COARSE, p);
}

static int start_all(struct hogs *hogs, struct hog_progress *p)
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
			h->state.free_at_start_bytes =
				hog_free_on(h->plan.node);
	}
	return err;
}

int hog_start(struct hogs **result, const struct hog_plans *plans,
	      const uint64_t *need, const volatile sig_atomic_t *stop,
	      bool plain)
{
	struct hog_progress p = { .stop = stop,
				  .in_place = !plain && isatty(STDOUT_FILENO) };
	struct fail_state why;
	struct hogs *hogs;
	int err = hog_check(plans, need);

	*result = NULL;
	if (err)
		return err;
	hogs = xcalloc(1, sizeof(*hogs));
	hogs->nr = plans->nr;
	for (int i = 0; i < plans->nr; i++) {
		hogs->hog[i].plan = plans->hog[i];
		hogs->hog[i].state.plan = &hogs->hog[i].plan;
	}
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

	if (i < 0 || i >= hogs->nr)
		return false;
	*state = h->state;
	if (h->plan.warm_ns && h->share->touched) {
		state->sweeps = (double)h->share->touched * PAGE_BYTES /
				(double)h->state.bytes;
		state->sweep_s =
			(double)(now_ns() - h->held_ns) / 1e9 / state->sweeps;
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

void hog_stop(struct hogs *hogs)
{
	for (int i = 0; hogs && i < hogs->nr; i++) {
		struct hog *h = &hogs->hog[i];

		end(h);
		shared_unmap(h->share, sizeof(*h->share));
	}
	free(hogs);
}
