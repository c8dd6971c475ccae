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

/* Is the emulator's TLB refreshed: if it brings something, always, never? */
enum refresh_mode { REFRESH_AUTO, REFRESH_ON, REFRESH_OFF };
/* By sums, two ways to one value; or by undoing all updates, as HPCC does. */
enum verify_mode { VERIFY_SUM, VERIFY_REPLAY };

struct gups_config {
	uint64_t bytes; /* a multiple of 4096 */
	unsigned int threads; /* at most one a page */
	const int *cpus; /* the CPUs allowed; a thread each if they suffice */
	int nr_cpus;
	/*
	 * How far the threads' parts of the stream are apart: the updates of
	 * the whole run, so that they are consecutive parts of HPCC's stream;
	 * 0 when only time bounds the run: they are far apart then.
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
	 * Where the pattern's hot pages are placed, -1: as the rest; and which
	 * part of them (of PATTERN_ONE) on near_node instead.
	 */
	int hot_node, near_node;
	uint32_t hot_near;
	uint64_t rate; /* updates a second at most; 0: no limit */
	uint64_t tlb_flusher_ns; /* of gups_update(): see tlb_flusher.h; 0: none */
};

/* Called about every 100 ms by the thread that called; false: stop early. */
typedef bool gups_tick(void *arg, uint64_t done, double seconds);

/* Wall-clock seconds, untimed parts included. */
struct gups_times {
	double populate, locate, warm_up, fill, update, digest, verify;
};

struct gups_warm_up {
	double before, after; /* updates/s, before and after a growth phase */
	double rate[NR_GUPS_LOOPS]; /* updates/s of the loops */
	bool refresh; /* is the emulator's TLB refreshed during the run? */
};

struct gups_verdict {
	uint64_t errors; /* words that are not what the updates make of them */
	bool complete; /* all words were looked at */
	bool replayed; /* the updates were undone; the table is at its start */
};

/* NULL on failure, with the message set. */
struct gups *gups_new(const struct gups_config *config);
void gups_free(struct gups *g);

/*
 * Binds, touches every page, reads back where every page is (*pages), and
 * checks that against the config. The table stays bound, so that nothing is
 * moved, until gups_update() gives it back to MPOL_DEFAULT (unless hold is
 * set). 0 or -errno; nothing was updated then.
 */
int gups_populate(struct gups *g, struct table_pages *pages);
/* Where the pages are now; adds to *pages. */
int gups_locate(struct gups *g, struct table_pages *pages);
/* Measures, chooses the loop, decides on refreshing. Spoils the table. */
int gups_warm_up(struct gups *g, struct gups_warm_up *result);
/* T[i] = i, HPCC's start. */
int gups_fill(struct gups *g);

/*
 * The timed part: updates in all (over the threads), or until limit_ns have
 * passed if that is not 0. Goes on in the stream where the last call ended.
 */
int gups_update(struct gups *g, uint64_t updates, uint64_t limit_ns,
		gups_tick *tick, void *arg);
uint64_t gups_done(const struct gups *g); /* updates since gups_fill */
/* What holds now, also while it updates; and how often the hot set moved. */
struct pattern_epoch gups_epoch(const struct gups *g);
unsigned int gups_moves(const struct gups *g);
const struct table *gups_table(const struct gups *g);

/*
 * sum over all words i of T[i] * (2 i + 1), modulo 2^64: equal tables have
 * equal digests, one changed word changes it.
 */
int gups_digest(struct gups *g, uint64_t *digest);
/*
 * Is every word what the updates make of it? By the sums of checksum.h, two ways
 * to one value; when these differ, or with VERIFY_REPLAY, as HPCC does it: the
 * updates are replayed, which undoes them (XOR), and the words with T[i] != i
 * counted.
 */
int gups_verify(struct gups *g, struct gups_verdict *verdict, gups_tick *tick,
		void *arg);
/* Flips a bit of a word: what a test of the verification needs. */
void gups_corrupt(struct gups *g);

const struct gups_times *gups_times(const struct gups *g);
uint64_t gups_flushes(const struct gups *g, uint64_t *growths);
bool gups_pinned(const struct gups *g);
const char *gups_loop(const struct gups *g); /* the chosen one's name */
/* CPU time of the threads in gups_update(), seconds, without the flusher's. */
double gups_cpu_time(const struct gups *g);
void gups_flusher_count(const struct gups *g, struct tlb_flusher_count *count);
/*
 * How often the updates touch a page within one of DAMON's samples: below 2
 * (a seventh of all samples see nothing) a hot page looks idle now and then.
 */
double gups_touches(double updates_per_s, uint64_t bytes, double sample_s);

/*
 * What an access on a node costs, by a small table of its own on it: seconds
 * a page of populating, a word of filling and of reading, an update (all
 * threads together, as a run would see it).
 */
struct gups_probe {
	double touch, store, load, update;
};
int gups_probe(const struct gups_config *config, int node,
	       struct gups_probe *probe);
/* The same, with 0 for what does not end the updates: what ends them first. */
double gups_estimate(const struct gups_probe *probe, uint64_t bytes,
		     uint64_t updates, uint64_t duration_ns);

#endif
