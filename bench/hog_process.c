// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog_process.c - the process that takes memory of a node and holds it.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/hog_internal.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/page.h"
#include "sysfs.h"
#include "vmstat.h"

/* Between two looks at the node: 0.4 s of an emulator's time. */
#define STEP (64 * MIB)
/*
 * What is left free is exact when three looks, one after the other, find it so
 * near.
 */
#define NEAR (1 * MIB)
#define TOLERANCE (8 * MIB)
#define CALM 3
#define LOOKS 60
/* Without the right to fold them, the CPUs' counts come in once a second. */
#define LOOK_NS (UINT64_C(20) * 1000000)
#define UNFOLDED_LOOK_NS (UINT64_C(500) * 1000000)
#define HUGE_PAGE (2 * MIB)
/* Pages whose node is asked, of all that were taken. */
#define SAMPLE 4096
/* A warm hog does its touching in portions, so that it is spread evenly. */
#define PORTION_NS (UINT64_C(10) * 1000000)
#define PORTION_PAGES 4096

uint64_t hog_wanted(const struct hog_plan *p, const struct zone_node *n)
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
	struct hog_share *s = h->share;
	uint64_t room = s->table.bytes - s->taken;

	bytes = bytes < room ? bytes : room;
	table_touch(&s->table, s->taken, bytes);
	s->taken += bytes;
}

static int lock_all(struct hog *h)
{
	struct table *t = &h->share->table;

	/*
	 * Each page is locked as it comes; whether so much may be locked is
	 * said at once.
	 */
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
	struct hog_share *s = h->share;
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

/* Maps what is wanted, and room for what others may give up meanwhile. */
static int map(struct hog *h)
{
	struct table *t = &h->share->table;
	struct zone_node now = { 0 };
	uint64_t bytes;
	int err = zone_read(&now, h->plan.node);

	if (err)
		return err;
	bytes = hog_wanted(&h->plan, &now);
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

/*
 * Takes all but the last step; never what the watermarks keep, whoever else
 * takes memory.
 */
static int take_coarse(struct hog *h)
{
	uint64_t left, step, keep = h->plan.bytes ? 0 : STEP;
	struct zone_node now = { 0 };
	int err;

	for (;;) {
		err = zone_read(&now, h->plan.node);
		if (err)
			return err;
		left = hog_wanted(&h->plan, &now);
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

/*
 * Looks once, and takes what is free beyond plan.leave, or gives back what is
 * missing to it. *off: how much that was, bytes.
 */
static int correct(struct hog *h, int64_t *off)
{
	struct zone_node now = { 0 };
	int err = zone_read(&now, h->plan.node);
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
		bool folded = vmstat_fold();

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

/* While the memory is still bound: no page can be on another node. */
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

static void await(const struct hog *h, enum hog_order order)
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
	h->share->stage = HOG_COARSE;
	await(h, HOG_FINISH);
	if (h->plan.leave)
		err = take_exactly(h);
	if (!err)
		err = check_place(h);
	/*
	 * NUMA balancing leaves alone what is bound: this is what lock is for.
	 */
	return err || h->plan.lock ? err : place(h, PLACE_ANY);
}

/* Touches all pages once in warm_ns, or as often as it can. */
static void keep_warm(struct hog *h)
{
	struct hog_share *s = h->share;
	uint64_t pages = s->taken / PAGE_BYTES, at = 0, due, begin = now_ns();
	uint64_t done = 0;

	for (;;) {
		due = (uint64_t)((double)(now_ns() - begin) /
				 (double)h->plan.warm_ns * (double)pages);
		/* Rounds that were missed are not made up for. */
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

void hog_process(struct hog *h)
{
	struct hog_share *s = h->share;

	/*
	 * They are for the parent, which decides; a terminal sends them to all.
	 */
	wait_catch_signals(SIG_IGN);
	syscall(SYS_close_range, 0, ~0U, 0);
	prctl(PR_SET_NAME, "tier-hog");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/*
	 * A parent that answers was alive when PR_SET_PDEATHSIG was set; one
	 * that was gone before does not answer.
	 */
	s->stage = HOG_READY;
	for (int i = 0; i < 10000 && s->order == HOG_WAIT; i++)
		sleep_ns(1000000);
	if (s->order == HOG_WAIT)
		_exit(1);
	s->err = populate(h);
	if (s->err) {
		fail_save(&s->why);
		s->stage = HOG_FAILED;
		_exit(1);
	}
	s->stage = HOG_HELD;
	if (h->plan.warm_ns)
		keep_warm(h);
	for (;;)
		pause();
}
