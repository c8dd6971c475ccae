/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gups.h - HPCC RandomAccess: place, populate, update, verify.
 *
 * The order of calls: gups_new, gups_populate, gups_warm_up, gups_fill,
 * gups_update (any number of times), gups_digest, gups_verify, gups_free.
 */
#ifndef TIER_GUPS_H
#define TIER_GUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/gups_loops.h"
#include "bench/pattern.h"
#include "bench/table.h"
#include "bench/tlb_flusher.h"

struct gups;

/* Is the emulator's TLB refreshed: if that makes it faster, always, never? */
enum refresh_mode { REFRESH_AUTO, REFRESH_ON, REFRESH_OFF };
/* By checksums (checksum.h), or by undoing all updates, as HPCC does. */
enum verify_mode { VERIFY_SUM, VERIFY_REPLAY };

struct gups_config {
	uint64_t bytes; /* a multiple of 4096 */
	unsigned int threads; /* at most one a page */
	/*
	 * The CPUs that are allowed, which must stay as they are until
	 * gups_free(). Each thread is pinned to one if there are enough.
	 */
	const int *cpus;
	int nr_cpus;
	/*
	 * Updates of the whole run: the threads then have consecutive parts of
	 * HPCC's stream. 0: time alone ends the run, and the threads' parts
	 * are far apart.
	 */
	uint64_t updates;
	uint64_t seed;
	enum page_kind pages;
	enum refresh_mode refresh;
	enum verify_mode verify;
	struct place place;
	bool hold; /* keep the table bound also while it is updated */
	const struct pattern *pattern; /* NULL: HPCC's uniform updates */
	/*
	 * The node of the pattern's hot pages, -1: they are placed as the rest.
	 * hot_near of them (a part of PATTERN_ONE) are on near_node instead.
	 */
	int hot_node, near_node;
	uint32_t hot_near;
	uint64_t rate; /* updates a second at most; 0: no limit */
	unsigned int loop; /* enum gups_loops_kind + 1; 0: the fastest */
	/* The period of the TLB flusher in gups_update(), ns; 0: there is none. */
	uint64_t tlb_flusher_ns;
	bool emulated; /* by TCG: the sum is made as is fast there */
};

/*
 * Called about every 100 ms by the thread that called gups_update() or
 * gups_verify(): done updates, after so many seconds. false: stop early.
 */
typedef bool gups_tick(void *arg, uint64_t done, double seconds);

/* What each step took, wall-clock seconds; 0: it was not made. */
struct gups_times {
	double populate, locate, warm_up, fill, update, digest, verify;
};

struct gups_warm_up {
	double before, after; /* updates/s, before and after a growth phase */
	double rate[NR_GUPS_LOOPS]; /* updates/s of the loops; 0: not measured */
	bool refresh; /* is the emulator's TLB refreshed during the run? */
};

struct gups_verdict {
	uint64_t errors; /* words that are not what the updates make of them */
	bool complete; /* all words were looked at */
	bool replayed; /* the updates were undone; the table is at its start */
};

/*
 * Maps the table and starts the threads. The pattern and the CPUs stay the
 * caller's. NULL on failure, with the message.
 */
struct gups *gups_new(const struct gups_config *config);
void gups_free(struct gups *g); /* NULL is fine */

/*
 * Functions of type int return 0, or -errno with the message.
 */

/*
 * What a table that may lie anywhere holds for the kernel while it is populated
 * (mm/headroom.h): threads, their stacks, slabs.
 */
#define GUPS_HEADROOM_BYTES ((size_t)4 << 20)

/*
 * Binds the table, touches every page, reads back where every page is (*pages),
 * and checks that against the config. The table stays bound, so that nothing
 * is moved, until gups_update() gives it back to MPOL_DEFAULT (unless hold is
 * set).
 */
int gups_populate(struct gups *g, struct table_pages *pages);
/* Where the pages are now; adds to *pages. */
int gups_locate(struct gups *g, struct table_pages *pages);
/*
 * Measures which loop is the fastest, and whether to refresh the TLB; the runs
 * go by both. The table has to be filled after it.
 */
int gups_warm_up(struct gups *g, struct gups_warm_up *result);
/* Sets T[i] = i, HPCC's start, and the streams to their beginning. */
int gups_fill(struct gups *g);

/*
 * The timed part. Makes so many updates, of all threads together, or as many
 * as it can in limit_ns if that is not 0. It goes on in the stream where the
 * last call ended. tick may be NULL.
 */
int gups_update(struct gups *g, uint64_t updates, uint64_t limit_ns,
		gups_tick *tick, void *arg);
uint64_t gups_done(const struct gups *g); /* updates since gups_fill */
uint64_t gups_done_by(const struct gups *g, unsigned int thread);
/*
 * The epoch that the updates are in, and how often the hot set has moved. They
 * may be asked while gups_update() runs, from its tick.
 */
struct pattern_epoch gups_epoch(const struct gups *g);
unsigned int gups_moves(const struct gups *g);
/* Has it moved, and its phase changed, as often as a run can? Then it stays. */
bool gups_is_out_of_moves(const struct gups *g);
const struct table *gups_table(const struct gups *g);

/*
 * The sum over all words of T[i] * (2 i + 1), modulo 2^64: equal tables have
 * equal digests, and a single changed word changes the digest.
 */
int gups_digest(struct gups *g, uint64_t *digest);
/*
 * Is every word what the updates make of it? The checksum of the table must be
 * that of the updates (checksum.h): a wrong table has it once in 2^64. If they
 * differ, or with VERIFY_REPLAY, or on a machine that cannot compute it, the
 * updates are made once more, as HPCC does it: that undoes them (XOR), and the
 * words with T[i] != i are counted. tick may be NULL.
 */
int gups_verify(struct gups *g, struct gups_verdict *verdict, gups_tick *tick,
		void *arg);
/* Flips a bit of a word: what a test of the verification needs. */
void gups_corrupt(struct gups *g);

const struct gups_times *gups_times(const struct gups *g);
/* TLB flushes so far; *growths (may be NULL): growth phases, see tlb.h. */
uint64_t gups_flushes(const struct gups *g, uint64_t *growths);
bool gups_pinned(const struct gups *g); /* has each thread a CPU? */
const char *gups_loop(const struct gups *g); /* the chosen one's name */
/* CPU time of the threads in gups_update(), seconds, without the flusher's. */
double gups_cpu_time(const struct gups *g);
/* Another period for the TLB flusher, if there is one; at any time. */
void gups_set_flusher(struct gups *g, uint64_t ns);
/* What the TLB flusher has done; zeros without one. */
void gups_flusher_count(const struct gups *g, struct tlb_flusher_count *count);
/*
 * How often so many updates touch a hot page, or another one, in the mean; of
 * a table without a hot set all pages are alike.
 */
double gups_touches(const struct gups *g, double updates, bool hot);

/* What accesses to a node cost when all threads make them, seconds each. */
struct gups_probe {
	double touch; /* the first access to a page */
	double store, load; /* of one word after the other */
	double update; /* of a random word */
};
/* Measures it with a small table of its own on the node. */
int gups_probe(const struct gups_config *config, int node,
	       struct gups_probe *probe);
/*
 * What a run takes at these costs, seconds: it ends after so many updates or
 * after duration_ns, whichever comes first; 0: that does not end it.
 */
double gups_estimate(const struct gups_probe *probe, uint64_t bytes,
		     uint64_t updates, uint64_t duration_ns);

#endif
