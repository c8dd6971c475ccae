// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every word of small tables against oracle.h, which shares no code with
 * gups.c. gups.c is included, for a look at the table between the calls.
 */
#include "../gups.c"

#include <inttypes.h>
#include <numaif.h>

#include "oracle.h"
#include "tap.h"

/* The thread sanitizer takes ten times as long. */
#ifdef __SANITIZE_THREAD__
#define LARGE (256 * KIB)
#else
#define LARGE (8 * MIB)
#endif

static const int cpus[] = { 0 };

/* Not pinned (one CPU for up to 64 threads), so that it runs anywhere. */
static struct gups_config config_of(uint64_t bytes, unsigned int threads,
				    uint64_t updates)
{
	return (struct gups_config){
		.bytes = bytes,
		.threads = threads,
		.cpus = cpus,
		.nr_cpus = 0,
		.updates = updates,
		.refresh = REFRESH_OFF,
		.place = { .mode = PLACE_ANY, .text = "any" },
	};
}

static struct gups *made(const struct gups_config *config)
{
	struct gups *g = gups_new(config);
	struct table_pages pages;

	if (!g || gups_populate(g, &pages) || gups_fill(g)) {
		printf("Bail out! %s\n", fail_message());
		exit(1);
	}
	return g;
}

static const uint64_t *words_of(const struct gups *g)
{
	return (const uint64_t *)g->table.base;
}

static uint64_t different(const struct gups *g, const uint64_t *want)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < g->config.bytes / 8; i++)
		n += words_of(g)[i] != want[i];
	return n;
}

static uint64_t not_at_start(const struct gups *g)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < g->config.bytes / 8; i++)
		n += words_of(g)[i] != i;
	return n;
}

/* ------------------------------------------------------------ the stream */

static void stream(void)
{
	static const uint64_t far[] = {
		UINT64_C(1) << 20, UINT64_C(1) << 36, (UINT64_C(1) << 60) - 1,
		123456789012345,   ORACLE_PERIOD - 1, UINT64_C(16777215) << 36,
	};
	uint64_t r = 1, wrong = 0, next = 0;

	for (uint64_t n = 0; n < 20000; n++) {
		wrong += stream_at(n) != r;
		next += stream_next(r) != oracle_step(r);
		r = oracle_step(r);
	}
	is_u64(wrong, 0, "the value after n steps, n to 20000");
	is_u64(next, 0, "and each next one");
	is_u64(stream_at(0), 1, "it starts at 1");
	is_u64(stream_at(64), 7, "HPCC's polynomial");
	is_u64(stream_at(ORACLE_PERIOD), 1, "HPCC's period");
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		is_u64(stream_at(far[i]), oracle_jump(1, far[i]),
		       "after %" PRIu64 " steps", far[i]);
}

/* ------------------------------------------------------------- the table */

static void one_table(uint64_t bytes, unsigned int threads,
		      enum loops_kind loop, uint64_t updates, uint64_t seed)
{
	struct gups_config config = config_of(bytes, threads, updates);
	uint64_t *want = xcalloc(bytes, 1), digest;
	struct gups_verdict verdict;
	struct gups *g;
	char name[96];

	snprintf(name, sizeof(name),
		 "%" PRIu64 " KiB, %u threads, %s, %" PRIu64
		 " updates, seed %" PRIu64,
		 bytes / 1024, threads, loops_names[loop], updates, seed);
	config.seed = seed;
	g = made(&config);
	is_u64(not_at_start(g), 0, "%s: T[i] = i", name);
	g->loop = loop;
	is_i64(gups_update(g, updates, 0, NULL, NULL), 0, "%s", name);
	is_u64(gups_done(g), updates, "%s: updates made", name);
	oracle_run(want, bytes / 8, threads, updates,
		   oracle_jump(1, seed << 36));
	is_u64(different(g, want), 0, "%s: words that differ", name);
	gups_digest(g, &digest);
	is_u64(digest, oracle_digest(want, bytes / 8), "%s: digest", name);
	is_i64(gups_verify(g, &verdict, NULL, NULL), 0, "%s: verify", name);
	is_u64(verdict.errors, 0, "%s: errors", name);
	ok(verdict.complete && !verdict.replayed,
	   "%s: all words looked at, by the sum", name);
	is_u64(different(g, want), 0, "%s: which leaves them alone", name);
	is_u64(gups_done(g), updates, "%s: and the count", name);
	g->config.verify = VERIFY_REPLAY;
	is_i64(gups_verify(g, &verdict, NULL, NULL), 0, "%s: replay", name);
	is_u64(verdict.errors, 0, "%s: errors", name);
	ok(verdict.complete && verdict.replayed, "%s: by a replay", name);
	is_u64(not_at_start(g), 0, "%s: and all undone", name);
	gups_free(g);
	free(want);
}

static void tables(void)
{
	static const uint64_t sizes[] = { 4 * KIB,   28 * KIB, 64 * KIB,
					  100 * KIB, MIB,      5 * MIB };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t words = sizes[i] / 8;

		if (sizes[i] > LARGE)
			continue;
		for (unsigned int threads = 1; threads <= 3; threads++)
			for (int loop = 0; loop < NR_LOOPS; loop++)
				if (threads <= sizes[i] / 4096)
					one_table(sizes[i], threads,
						  (enum loops_kind)loop,
						  4 * words, 0);
	}
	one_table(64 * KIB, 3, LOOPS_BATCH, 1, 0);
	one_table(64 * KIB, 3, LOOPS_BATCH, 127, 0);
	one_table(64 * KIB, 3, LOOPS_TOUCH, 127, 0);
	one_table(64 * KIB, 3, LOOPS_TOUCH, 100001, 5);
	one_table(64 * KIB, 3, LOOPS_PLAIN, 100001, 5);
	one_table(64 * KIB, 16, LOOPS_BATCH, 100000, 16777215);
	one_table(LARGE, 2, LOOPS_BATCH, 4 * LARGE / 8, 1);
}

/* Calls go on where the last one ended, as one call would have. */
static void in_parts(void)
{
	struct gups_config config = config_of(128 * KIB, 2, 60000);
	uint64_t *want = xcalloc(128 * KIB, 1);
	struct gups_verdict verdict;
	struct gups *g = made(&config);

	for (int i = 0; i < 3; i++)
		gups_update(g, 20000, 0, NULL, NULL);
	oracle_run(want, 128 * KIB / 8, 2, 60000, 1);
	is_u64(different(g, want), 0, "three calls are as one");
	gups_verify(g, &verdict, NULL, NULL);
	is_u64(verdict.errors, 0, "and verify");
	gups_fill(g);
	is_u64(gups_done(g), 0, "filled anew: no updates");
	gups_update(g, 60000, 0, NULL, NULL);
	is_u64(different(g, want), 0, "and the stream is at its start");
	gups_free(g);
	free(want);
}

/* Whatever the warm-up does, the run does not see it. */
static void after_warm_up(enum refresh_mode refresh)
{
	struct gups_config config = config_of(256 * KIB, 2, 100000);
	uint64_t *want = xcalloc(256 * KIB, 1), growths;
	struct gups_warm_up warm;
	struct gups *g;

	config.refresh = refresh;
	g = made(&config);
	is_i64(gups_warm_up(g, &warm), 0, "warm-up, refresh %d", refresh);
	ok(warm.before > 0 && warm.rate[LOOPS_PLAIN] > 0 &&
		   warm.rate[LOOPS_BATCH] > 0 && warm.rate[LOOPS_TOUCH] > 0,
	   "it measured");
	if (refresh == REFRESH_OFF)
		is_u64(gups_flushes(g, &growths), 0, "off: no flush");
	if (refresh == REFRESH_ON)
		ok(warm.refresh && gups_flushes(g, &growths) && growths,
		   "on: flushes");
	gups_fill(g);
	gups_update(g, 100000, 0, NULL, NULL);
	oracle_run(want, 256 * KIB / 8, 2, 100000, 1);
	is_u64(different(g, want), 0, "the table is as without it");
	gups_free(g);
	free(want);
}

/* ---------------------------------------------------- other ways to end */

static bool stop_at_once(void *arg, uint64_t done, double seconds)
{
	(void)done;
	(void)seconds;
	(*(int *)arg)++;
	return false;
}

/* What the threads made, walked through by the oracle. */
static uint64_t differs_from_done(const struct gups *g, uint64_t apart)
{
	uint64_t words = g->config.bytes / 8, bad;
	uint64_t *want = xcalloc(words, 8);

	for (uint64_t i = 0; i < words; i++)
		want[i] = i;
	for (unsigned int t = 0; t < g->config.threads; t++) {
		uint64_t n,
			first = oracle_slice(words, g->config.threads, t, &n);

		oracle_update(want + first, n, oracle_jump(1, t * apart),
			      g->workers[t].done);
	}
	bad = different(g, want);
	free(want);
	return bad;
}

static void by_time(void)
{
	struct gups_config config = config_of(100 * KIB, 2, 0);
	struct gups *g = made(&config);
	struct gups_verdict verdict;
	uint64_t begin = now_ns();

	is_i64(gups_update(g, 12345, 30 * 1000000, NULL, NULL), 0, "for 30 ms");
	ok(now_ns() - begin < UINT64_C(5000000000), "it ends");
	ok(gups_times(g)->update >= 0.029, "after that time");
	ok(gups_done(g) > 0, "with updates");
	is_u64(differs_from_done(g, (UINT64_C(1) << 36) / 2), 0,
	       "of parts far apart");
	gups_verify(g, &verdict, NULL, NULL);
	is_u64(verdict.errors, 0, "which verify");
	ok(verdict.complete, "completely");
	ok(gups_cpu_time(g) > 0, "CPU time was taken");
	gups_free(g);
}

static void stopped(void)
{
	uint64_t updates = UINT64_C(1) << 40;
	struct gups_config config = config_of(64 * KIB, 3, updates);
	struct gups *g = made(&config);
	struct gups_verdict verdict;
	int ticks = 0;

	is_i64(gups_update(g, updates, 0, stop_at_once, &ticks), 0,
	       "stopped by its tick");
	ok(ticks >= 1 && gups_done(g) && gups_done(g) < updates,
	   "early (%d ticks)", ticks);
	gups_verify(g, &verdict, NULL, NULL);
	ok(!verdict.errors && verdict.complete, "what was done verifies");
	gups_fill(g);
	gups_update(g, updates, UINT64_C(500000000), NULL, NULL);
	g->config.verify = VERIFY_REPLAY;
	gups_verify(g, &verdict, stop_at_once, &ticks);
	ok(!verdict.complete, "a replay that was stopped says so");
	ok(verdict.replayed, "and that it was one");
	gups_free(g);
}

/* Flushes while it updates, and only then; the table does not mind. */
static void heartbeats(void)
{
	struct gups_config config = config_of(128 * KIB, 2, 0);
	struct heartbeat_count during, after;
	struct gups_verdict verdict;
	struct gups *g;

	config.heartbeat_ns = 2000000;
	g = made(&config);
	gups_heartbeat(g, &during);
	is_u64(during.beats, 0, "no heartbeat before the updates");
	for (int i = 0; i < 100 && during.beats < 3; i++) {
		gups_update(g, 0, 50 * 1000000, NULL, NULL);
		gups_heartbeat(g, &during);
	}
	ok(during.beats >= 3 && during.longest_ns && during.cpu_s > 0,
	   "during them (%" PRIu64 " beats)", during.beats);
	sleep_ns(20 * 1000000);
	gups_heartbeat(g, &during);
	gups_verify(g, &verdict, NULL, NULL);
	sleep_ns(40 * 1000000);
	gups_heartbeat(g, &after);
	is_u64(after.beats, during.beats, "none after them");
	ok(verdict.complete && !verdict.errors, "which verify");
	is_u64(gups_flushes(g, NULL), 0, "no other flushes");
	gups_free(g);
	config.heartbeat_ns = 0;
	g = made(&config);
	gups_update(g, 0, 5 * 1000000, NULL, NULL);
	gups_heartbeat(g, &after);
	is_u64(after.beats, 0, "not asked for: none");
	gups_free(g);
}

/* With one, the controller that makes TLBs grow has nothing to do. */
static void heartbeat_steers(void)
{
	struct gups_config config = config_of(128 * KIB, 1, 0);
	uint64_t growths;
	struct gups *g;

	config.refresh = REFRESH_ON;
	for (int heart = 0; heart < 2; heart++) {
		config.heartbeat_ns = heart ? 5000000 : 0;
		g = made(&config);
		g->tlb.on = true;
		gups_update(g, 0, 10 * 1000000, NULL, NULL);
		gups_flushes(g, &growths);
		is_u64(growths, !heart, "growth phases, %d heartbeats", heart);
		ok(g->tlb.on, "on again for the replay");
		gups_free(g);
	}
}

static void touches(void)
{
	double t = gups_touches(16384e3, 64 * MIB, 0.005);

	ok(t > 4.999 && t < 5.001, "1000 a second and page, 5 in 5 ms: %f", t);
}

/* ------------------------------------------------------------ corruption */

static void corruption(void)
{
	struct gups_config config = config_of(100 * KIB, 2, 10000);
	struct gups *g = made(&config);
	struct gups_verdict verdict;
	uint64_t before, after;
	uint64_t *words = (uint64_t *)g->table.base;

	gups_update(g, 10000, 0, NULL, NULL);
	gups_digest(g, &before);
	gups_corrupt(g);
	gups_digest(g, &after);
	ok(before != after, "one bit changes the digest");
	gups_verify(g, &verdict, NULL, NULL);
	is_u64(verdict.errors, 1, "and is found");
	ok(verdict.replayed, "by the sum, and counted by a replay");
	gups_fill(g);
	gups_update(g, 10000, 0, NULL, NULL);
	words[0] ^= UINT64_C(1) << 63;
	words[100 * KIB / 8 - 1] ^= 4;
	gups_digest(g, &after);
	ok(before != after, "so do bits of the first and the last word");
	gups_verify(g, &verdict, NULL, NULL);
	is_u64(verdict.errors, 2, "both are found");
	gups_fill(g);
	gups_update(g, 10000, 0, NULL, NULL);
	before = words[3];
	words[3] = words[4];
	words[4] = before;
	gups_verify(g, &verdict, NULL, NULL);
	is_u64(verdict.errors, 2, "so are two words that changed places");
	gups_free(g);
}

/* ---------------------------------------------------- places and probes */

static int mode_of(const struct gups *g)
{
	int mode = -1;

	return get_mempolicy(&mode, NULL, 0, g->table.base, MPOL_F_ADDR) ? -1 :
									   mode;
}

static void places(void)
{
	struct gups_config config = config_of(64 * KIB, 2, 1000);
	struct table_pages pages, again = { 0 };
	struct gups *g;

	config.place = (struct place){ .mode = PLACE_BIND,
				       .nr_nodes = 1,
				       .text = "node0" };
	for (int hold = 0; hold < 2; hold++) {
		config.hold = hold;
		g = gups_new(&config);
		is_i64(gups_populate(g, &pages), 0, "bound to node 0");
		is_u64(pages.node[0], 16, "its pages are there");
		is_i64(mode_of(g), MPOL_BIND, "it stays bound");
		gups_locate(g, &again);
		is_i64(gups_fill(g), 0, "filled");
		is_i64(mode_of(g), MPOL_BIND, "and bound");
		gups_update(g, 1000, 0, NULL, NULL);
		is_i64(mode_of(g), hold ? MPOL_BIND : MPOL_DEFAULT,
		       hold ? "is held while it is updated" :
			      "is given back when the updates begin");
		gups_free(g);
	}
	is_u64(again.node[0], 32, "located twice, added up");
	config.place.nodes[0] = 63;
	g = gups_new(&config);
	is_i64(gups_populate(g, &pages), -EINVAL, "a node that is not there");
	gups_free(g);
}

static void probes(void)
{
	struct gups_config config = config_of(64 * MIB, 2, 0);
	struct gups_probe p = { 0 };
	double once, twice;

	is_i64(gups_probe(&config, 0, &p), 0, "a probe of node 0");
	ok(p.touch > 0 && p.store > 0 && p.load > 0 && p.update > 0,
	   "measured everything");
	ok(p.update < 1e-5 && p.touch < 1e-3, "within reason");
	is_i64(gups_probe(&config, 63, &p), -EINVAL, "of no node");
	p = (struct gups_probe){
		.touch = 1e-3, .store = 1e-6, .load = 1e-6, .update = 1e-6
	};
	once = gups_estimate(&p, 4096, 2048, 0);
	twice = gups_estimate(&p, 8192, 4096, 0);
	ok(once > 2048e-6 + 3 * 512e-6 + 1e-3 - 1e-9 && once < 0.005,
	   "an estimate has populate, fill, updates and reading twice");
	ok(twice > 1.9 * once && twice < 2.1 * once, "and is proportional");
	ok(gups_estimate(&p, 4096, 2048, UINT64_C(5000000000)) > 5,
	   "a duration is what it is");
}

int main(void)
{
	stream();
	tables();
	in_parts();
	after_warm_up(REFRESH_OFF);
	after_warm_up(REFRESH_AUTO);
	after_warm_up(REFRESH_ON);
	by_time();
	stopped();
	heartbeats();
	heartbeat_steers();
	touches();
	corruption();
	places();
	probes();
	return done_testing();
}
