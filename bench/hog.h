/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hog.h - memory pressure: processes that take memory of a node and hold it,
 * beside a benchmark, a program, or alone ("tier hog").
 *
 * A hog is a process with anonymous memory. The memory is bound to its node
 * while it is taken and touched; then it has the kernel's own placement
 * (MPOL_DEFAULT), so that the kernel may demote it as it could anybody's.
 * struct hog_plan has the variants. The OOM killer takes a hog first, and no
 * hog outlives its parent.
 *
 * The order of calls: hog_start() before the table is mapped (its process is
 * a copy of this one) and before session_set() (which puts this process, and
 * what it forks from then on, into the benchmark's cgroup); hog_tick() now and
 * then during the timed part; hog_show_end(); hog_stop().
 */
#ifndef TIER_BENCH_HOG_H
#define TIER_BENCH_HOG_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/table.h"
#include "mm/node.h"

#define HOG_MAX 8

/* Memory of a node that a process takes and holds. */
struct hog_plan {
	int node;
	uint64_t bytes; /* to be taken; 0: all but what is to be left */
	uint64_t leave; /* to be left free on the node, bytes; 0: see bytes */
	uint64_t warm_ns; /* each page is touched once in that time; 0: never */
	bool lock; /* mlocked and bound: only DAMON moves it */
	enum page_kind pages; /* PAGES_4K or PAGES_THP */
	/* When it is released: so far into the timed part. Both 0: never. */
	uint64_t release_ns;
	unsigned int release_percent;
};

struct hog_plans {
	struct hog_plan hog[HOG_MAX];
	int nr;
};

/*
 * "node0:6000M", "0:free=200M,warm=2s,lock,release=50%": adds a hog; several
 * on one node take their memory in turn. 0 or -EINVAL with misuse().
 */
int hog_parse(struct hog_plans *hogs, const char *text);

struct hogs; /* all of a plan */

enum hog_fate { HOG_ALIVE, HOG_KILLED, HOG_RELEASED };

struct hog_state {
	const struct hog_plan *plan;
	int pid; /* its process, which may have ended */
	uint64_t bytes; /* taken; page tables, 1/512 of it, come on top */
	/* Free on its node: before it, and when all hogs had what they shall. */
	uint64_t free_before_bytes, free_at_start_bytes;
	double populate_s; /* from its start until it had all */
	enum hog_fate fate;
	int killed_by; /* the signal; 0: it ended by itself */
	double ended_s; /* when it was seen to be gone, in the timed part */
	double sweeps; /* how often a warm one touched every page */
	double sweep_s; /* what one took */
};

/*
 * Can all of it be taken? Nothing is changed. need: what else will be bound to
 * each node (the table of the run), bytes, an array of NODE_MAX; NULL: nothing.
 * 0, or -errno: lacks() says how much is possible, which is what is free above
 * the high watermarks of the node's zones and above what these keep for
 * others, so that neither kswapd nor the OOM killer has a reason to come.
 */
int hog_check(const struct hog_plans *plans, const uint64_t *need);
/* --dry-run: the same, and says what would be taken. */
int hog_rehearse(const struct hog_plans *plans, const uint64_t *need);

/*
 * Checks as hog_check() does, and starts them. When it returns 0, all hold what
 * they shall, their pages were seen on their nodes, what is to be left free is
 * so within 8 MiB, and each has its record "hog" and a line of text. *hogs is
 * for hog_stop(), also when there is no plan. -errno with the message: no hog
 * is left, and *hogs is NULL. A hog that gets no page for a minute has failed.
 * *stop (may be NULL) is looked at: not 0 is -EINTR. plain: progress is shown
 * as lines of a log.
 */
int hog_start(struct hogs **hogs, const struct hog_plans *plans,
	      const uint64_t *need, const volatile sig_atomic_t *stop,
	      bool plain);

/*
 * Notes which hogs are gone, and releases those whose time has come. seconds:
 * since the timed part began; part: of it that is done, 0 to 1, negative where
 * it is not known. Cheap. Returns how many still hold their memory.
 */
int hog_tick(struct hogs *hogs, double seconds, double part);
/* Ends the i-th, at that second; its memory is free when this returns. */
void hog_release(struct hogs *hogs, int i, double seconds);

int hog_count(const struct hogs *hogs);
/* What became of the i-th; false: there is no i-th. */
bool hog_state(const struct hogs *hogs, int i, struct hog_state *state);
/*
 * Adds to *pages where n of its pages, drawn evenly, are now. 0, or -errno with
 * the message: -ESRCH when it is gone. A page takes about 1 us, in an emulator
 * 4 us.
 */
int hog_sample(const struct hogs *hogs, int i, size_t n,
	       struct table_pages *pages);

/* Record "hog" and a line of text of each: it holds its memory. */
void hog_show_start(const struct hogs *hogs);
/*
 * Says of each hog what became of it, where its pages are, and what is free on
 * its node: a record "hog_end" and, unless records_alone, lines of text. To be
 * called before hog_stop().
 */
void hog_show_end(struct hogs *hogs, bool records_alone);
/* Kills and reaps them; NULL is nothing. */
void hog_stop(struct hogs *hogs);

#endif
