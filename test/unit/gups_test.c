// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every word of small tables against oracle.h, which shares no code with
 * gups.c.
 *
 * gups.c is included, which it must be: how many updates each thread made, and
 * after which of them it saw the hot set move, is known to the threads alone,
 * and without it there is nothing to compare a run with that only time bounds.
 * Nor does anything but the clock choose a loop, which is set here.
 */
#include "gups.c"

#include <inttypes.h>
#include <numaif.h>

#include "lib/alloc.h"
#include "oracle.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/time.h"
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

/* ------------------------------------------------------------- the table */

static void one_table(uint64_t bytes, unsigned int threads,
		      enum gups_loops_kind loop, uint64_t updates,
		      uint64_t seed)
{
	struct gups_config config = config_of(bytes, threads, updates);
	uint64_t *want = xcalloc(bytes, 1), digest;
	struct gups_verdict verdict;
	struct gups *g;
	char name[96];

	snprintf(name, sizeof(name),
		 "%" PRIu64 " KiB, %u threads, %s, %" PRIu64
		 " updates, seed %" PRIu64,
		 bytes / 1024, threads, gups_loops_names[loop], updates, seed);
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
			for (int loop = 0; loop < NR_GUPS_LOOPS; loop++)
				if (threads <= sizes[i] / 4096)
					one_table(sizes[i], threads,
						  (enum gups_loops_kind)loop,
						  4 * words, 0);
	}
	one_table(64 * KIB, 3, GUPS_LOOPS_BATCH, 1, 0);
	one_table(64 * KIB, 3, GUPS_LOOPS_BATCH, 127, 0);
	one_table(64 * KIB, 3, GUPS_LOOPS_TOUCH, 127, 0);
	one_table(64 * KIB, 3, GUPS_LOOPS_TOUCH, 100001, 5);
	one_table(64 * KIB, 3, GUPS_LOOPS_PLAIN, 100001, 5);
	one_table(64 * KIB, 16, GUPS_LOOPS_BATCH, 100000, 16777215);
	one_table(LARGE, 2, GUPS_LOOPS_BATCH, 4 * LARGE / 8, 1);
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
	ok(warm.before > 0 && warm.rate[GUPS_LOOPS_PLAIN] > 0 &&
		   warm.rate[GUPS_LOOPS_BATCH] > 0 &&
		   warm.rate[GUPS_LOOPS_TOUCH] > 0,
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
	struct tlb_flusher_count during, after;
	struct gups_verdict verdict;
	struct gups *g;

	config.tlb_flusher_ns = 2000000;
	g = made(&config);
	gups_flusher_count(g, &during);
	is_u64(during.flushes, 0, "no heartbeat before the updates");
	for (int i = 0; i < 100 && during.flushes < 3; i++) {
		gups_update(g, 0, 50 * 1000000, NULL, NULL);
		gups_flusher_count(g, &during);
	}
	ok(during.flushes >= 3 && during.longest_ns && during.cpu_s > 0,
	   "during them (%" PRIu64 " beats)", during.flushes);
	sleep_ns(20 * 1000000);
	gups_flusher_count(g, &during);
	gups_verify(g, &verdict, NULL, NULL);
	sleep_ns(40 * 1000000);
	gups_flusher_count(g, &after);
	is_u64(after.flushes, during.flushes, "none after them");
	ok(verdict.complete && !verdict.errors, "which verify");
	is_u64(gups_flushes(g, NULL), 0, "no other flushes");
	gups_free(g);
	config.tlb_flusher_ns = 0;
	g = made(&config);
	gups_update(g, 0, 5 * 1000000, NULL, NULL);
	gups_flusher_count(g, &after);
	is_u64(after.flushes, 0, "not asked for: none");
	gups_free(g);
}

/* With one, the controller that makes TLBs grow has nothing to do. */
static void tlb_flusher_steers(void)
{
	struct gups_config config = config_of(128 * KIB, 1, 0);
	uint64_t growths;
	struct gups *g;

	config.refresh = REFRESH_ON;
	for (int heart = 0; heart < 2; heart++) {
		config.tlb_flusher_ns = heart ? 5000000 : 0;
		g = made(&config);
		g->tlb.on = true;
		gups_update(g, 0, 10 * 1000000, NULL, NULL);
		gups_flushes(g, &growths);
		is_u64(growths, !heart, "growth phases, %d heartbeats", heart);
		ok(g->tlb.on, "on again for the replay");
		gups_free(g);
	}
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

/* -------------------------------------------------------------- patterns */

#define P_BYTES (300 * 4 * KIB)
#define P_PAGE UINT64_C(4096)

/* Thread t's updates, with the epochs as it went through them. */
static void oracle_thread(struct oracle_pattern *o, uint64_t *want,
			  uint64_t seed, uint64_t updates,
			  const uint64_t *switched,
			  const struct pattern_epoch *epochs, unsigned int n)
{
	uint64_t state = oracle_start(seed, o->id), done = 0;

	for (unsigned int e = 0; e < n; e++) {
		uint64_t until = e + 1 < n && switched[e] < updates ?
					 switched[e] :
					 updates;

		o->offset = epochs[e].offset;
		o->rate = epochs[e].hot_rate;
		state = oracle_draws(o, want, state, until - done);
		done = until;
	}
}

/*
 * The whole table. known: moves by a share of the updates are where the plan
 * says, and nothing is asked of g; else they are where the threads noted them.
 */
static uint64_t differs_from_oracle(const struct gups *g, uint64_t updates,
				    bool known)
{
	const struct pattern *p = g->config.pattern;
	uint64_t words = g->config.bytes / 8, bad;
	unsigned int threads = g->config.threads, n = 1;
	uint64_t *want = xcalloc(words, 8), *at = xcalloc(MAX_EPOCHS, 8);
	struct pattern_epoch *epochs = xcalloc(MAX_EPOCHS, sizeof(*epochs));

	for (uint64_t i = 0; i < words; i++)
		want[i] = i;
	epochs[0] = pattern_first(p);
	for (unsigned int t = 0; t < threads; t++) {
		struct oracle_pattern o = {
			.threads = threads,
			.id = t,
			.blocks = p->blocks,
			.block_pages = p->block_pages,
			.hot = p->hot_blocks,
			.reads = p->plan->reads,
			.object = p->plan->object,
			.order = p->order,
			.slots = (const uint32_t *)p->slots,
		};
		uint64_t share = p->plan->move_share, made;

		made = known ? updates / threads + (t < updates % threads) :
			       g->workers[t].done;
		for (n = 1; known && share && n * share < 65536; n++) {
			epochs[n] = epochs[0];
			epochs[n].offset = n * p->hot_blocks % p->blocks;
			at[n - 1] = made * n * share / 65536;
		}
		if (known)
			oracle_thread(&o, want, g->config.seed, made, at,
				      epochs, n);
		else
			oracle_thread(&o, want, g->config.seed, made,
				      g->workers[t].switched, g->epochs,
				      g->workers[t].epoch + 1);
	}
	bad = different(g, want);
	free(epochs);
	free(want);
	free(at);
	return bad;
}

struct patterned {
	struct gups *g;
	struct pattern *pattern;
};

static struct patterned patterned(const struct pattern_plan *plan,
				  struct gups_config config)
{
	struct patterned p;

	p.pattern = pattern_new(plan, config.bytes, config.threads,
				config.pages, config.seed);
	config.pattern = p.pattern;
	config.hot_node = -1;
	p.g = made(&config);
	return p;
}

static void gone(struct patterned *p);

/* Of a hot page, of another one, and of any where all are alike. */
static void touches(void)
{
	struct pattern_plan plan = { .hot_bytes = 16 * 4 * KIB,
				     .hot_rate = 58982,
				     .object = 8 };
	struct gups_config config = config_of(160 * 4 * KIB, 2, 100);
	struct gups *g = made(&config);
	struct patterned p;
	double t = gups_touches(g, 1600, true);

	ok(t > 9.999 && t < 10.001, "uniform: 1600 updates, 160 pages: %g", t);
	t = gups_touches(g, 1600, false);
	ok(t > 9.999 && t < 10.001, "no page is another one");
	gups_free(g);
	p = patterned(&plan, config);
	t = gups_touches(p.g, 1600, true);
	ok(t > 89.9 && t < 90.1, "nine tenths on a tenth of them: %g", t);
	t = gups_touches(p.g, 1600, false);
	ok(t > 1.1 && t < 1.12, "a tenth on the rest: %g", t);
	gone(&p);
}

static void gone(struct patterned *p)
{
	gups_free(p->g);
	pattern_free(p->pattern);
}

/* By the sum, then by a replay, which leaves the table as it began. */
static uint64_t unverified(struct gups *g)
{
	struct gups_verdict sum, replay;
	uint64_t wrong = 0;

	g->config.verify = VERIFY_SUM;
	wrong += gups_verify(g, &sum, NULL, NULL) != 0;
	g->config.verify = VERIFY_REPLAY;
	wrong += gups_verify(g, &replay, NULL, NULL) != 0;
	wrong += sum.errors + replay.errors + !sum.complete + !replay.complete +
		 sum.replayed + !replay.replayed;
	return wrong + not_at_start(g);
}

/* A run, and the same once more: 0 when all is as it should be. */
static uint64_t wrong_runs(const struct pattern_plan *plan,
			   unsigned int threads, enum gups_loops_kind loop,
			   uint64_t seed)
{
	uint64_t n = plan->object > 8 ? 1 + 200000 / plan->object : 10001;
	struct gups_config config = config_of(P_BYTES, threads, n);
	uint64_t first, second, wrong = 0;
	struct patterned p;

	config.seed = seed;
	p = patterned(plan, config);
	p.g->loop = loop;
	wrong += gups_update(p.g, n, 0, NULL, NULL) != 0;
	wrong += gups_done(p.g) != n;
	wrong += differs_from_oracle(p.g, n, true);
	gups_digest(p.g, &first);
	wrong += unverified(p.g);
	wrong += gups_done(p.g) != n;
	gups_fill(p.g);
	wrong += gups_moves(p.g) != 0;
	gups_update(p.g, n, 0, NULL, NULL);
	gups_digest(p.g, &second);
	wrong += first != second;
	wrong += unverified(p.g);
	gone(&p);
	return wrong;
}

static const struct pattern_plan pattern_plans[] = {
	{ .hot_bytes = 30 * P_PAGE, .hot_rate = 58982 },
	{ .hot_bytes = 30 * P_PAGE, .hot_rate = 58982, .at = HOT_AT_END },
	{ .hot_bytes = 30 * P_PAGE, .hot_rate = 58982, .at = HOT_AT_SCATTERED },
	{ .hot_bytes = 30 * P_PAGE, .hot_rate = 6554, .move_share = 32768 },
	{ .hot_bytes = 90 * P_PAGE,
	  .hot_rate = 58982,
	  .at = HOT_AT_SCATTERED,
	  .move_share = 66 },
	{ .zipf = 0.99 },
	{ .zipf = 1.2, .at = HOT_AT_START, .move_share = 6554 },
	{ .hot_rate = 58982 },
};

static void patterns(void)
{
	static const unsigned int threads[] = { 1, 2, 3, 7 };
	static const uint64_t objects[] = { 8, 64, 4096 };
	unsigned int runs = 0, bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pattern_plans); i++)
		for (size_t t = 0; t < ARRAY_SIZE(threads); t++)
			for (size_t o = 0; o < 2 * ARRAY_SIZE(objects); o++) {
				struct pattern_plan plan = pattern_plans[i];
				enum gups_loops_kind loop =
					(enum gups_loops_kind)(runs %
							       NR_GUPS_LOOPS);

				plan.object = objects[o / 2];
				plan.reads = o % 2 ? 32768 : 0;
				if (plan.object == 8 && !plan.hot_bytes &&
				    plan.zipf <= 0 && !plan.reads)
					continue;
				runs++;
#ifdef __SANITIZE_THREAD__
				if (runs % 5)
					continue;
#endif
				if (wrong_runs(&plan, threads[t], loop, runs) &&
				    !bad++)
					diag("plan %zu, %u threads, object %" PRIu64
					     ", reads %u, %s",
					     i, threads[t], plan.object,
					     plan.reads,
					     gups_loops_names[loop]);
			}
	ok(runs == 188, "%u runs with patterns", runs);
	is_u64(bad, 0, "as the oracle's, twice in a row, and verified");
}

/* Where each thread noted its moves, by time, and the phases. */
static void moving(void)
{
	struct pattern_plan plan = {
		.hot_bytes = 30 * P_PAGE,
		.object = 8,
		.move_ns = 7000000,
		.phases = { { 58982, 5000000 }, { 6554, 3000000 } },
		.nr_phases = 2,
	};
	struct gups_config config = config_of(P_BYTES, 3, 0);
	struct patterned p = patterned(&plan, config);
	unsigned int first, epochs;

	for (int run = 0; run < 2; run++) {
		is_i64(gups_update(p.g, 0, 60 * 1000000, NULL, NULL), 0,
		       "moved by time, in phases");
		first = gups_moves(p.g);
		ok(first >= 2 && first <= 9, "%u moves in 60 ms, each 7 ms",
		   first);
		epochs = atomic_load(&p.g->nr_epochs);
		ok(epochs > first, "%u epochs: phases begin some", epochs);
		is_u64(gups_epoch(p.g).offset, first * 10 % 100,
		       "so far it has moved");
		is_u64(differs_from_oracle(p.g, 0, false), 0,
		       "the oracle's table");
		gups_update(p.g, 0, 20 * 1000000, NULL, NULL);
		ok(gups_moves(p.g) > first, "the next call goes on");
		is_u64(differs_from_oracle(p.g, 0, false), 0, "from there");
		is_u64(unverified(p.g), 0, "verified both ways");
		gups_fill(p.g);
		is_u64(gups_moves(p.g), 0, "filled: nothing has moved");
		is_u64(gups_epoch(p.g).hot_rate, 58982, "the first phase");
	}
	gone(&p);
}

/* Phases follow each other through several calls, and begin anew. */
static void phase_order(void)
{
	struct pattern_plan plan = {
		.hot_bytes = 30 * P_PAGE,
		.object = 8,
		.phases = { { 100, 10 }, { 200, 20 }, { 300, 30 } },
		.nr_phases = 3,
	};
	static const uint64_t at[] = { 9, 10, 29, 30, 59, 60, 69, 70 };
	static const uint32_t rates[] = {
		100, 200, 200, 300, 300, 100, 100, 200
	};
	struct patterned p = patterned(&plan, config_of(P_BYTES, 1, 0));

	begin_moving(p.g);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		change_epoch(p.g, at[i]);
		is_u64(gups_epoch(p.g).hot_rate, rates[i],
		       "the phase at %" PRIu64, at[i]);
	}
	begin_moving(p.g);
	change_epoch(p.g, 19);
	is_u64(gups_epoch(p.g).hot_rate, 200, "another call: the same phase");
	change_epoch(p.g, 20);
	is_u64(gups_epoch(p.g).hot_rate, 300, "for its own time");
	gups_fill(p.g);
	begin_moving(p.g);
	change_epoch(p.g, 10);
	is_u64(gups_epoch(p.g).hot_rate, 200, "filled: from the first one on");
	is_u64(gups_moves(p.g), 0, "a phase is no move");
	gone(&p);
}

/* More moves than can be noted: the hot set stays, and is said to. */
static void many_moves(void)
{
	struct pattern_plan plan = { .hot_bytes = 30 * P_PAGE,
				     .hot_rate = 58982,
				     .object = 8,
				     .move_ns = 1 };
	struct patterned p = patterned(&plan, config_of(P_BYTES, 1, 0));
	uint64_t offset;

	begin_moving(p.g);
	for (uint64_t i = 0; i < MAX_EPOCHS - 1; i++)
		change_epoch(p.g, i + 1);
	is_u64(gups_moves(p.g), MAX_EPOCHS - 1, "as many moves as there are");
	offset = gups_epoch(p.g).offset;
	change_epoch(p.g, MAX_EPOCHS);
	is_u64(gups_moves(p.g), MAX_EPOCHS - 1, "and no more");
	is_u64(gups_epoch(p.g).offset, offset, "it stays where it is");
	gone(&p);
}

/* Moves by a share: how often, and that calls go on as one. */
static void shares(void)
{
	static const struct {
		uint32_t share;
		unsigned int moves;
	} rows[] = { { 65536, 0 }, { 32768, 1 }, { 21845, 3 },
		     { 21846, 2 }, { 6554, 9 },	 { 66, 992 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pattern_plan plan = { .hot_bytes = 30 * P_PAGE,
					     .hot_rate = 58982,
					     .object = 8,
					     .move_share = rows[i].share };
		struct patterned p =
			patterned(&plan, config_of(P_BYTES, 3, 60000));

		gups_update(p.g, 60000, 0, NULL, NULL);
		is_u64(gups_moves(p.g), rows[i].moves,
		       "moves each %.3g %%: %u times", rows[i].share / 655.36,
		       rows[i].moves);
		is_u64(gups_epoch(p.g).offset, rows[i].moves * 10 % 100,
		       "to there");
		gups_fill(p.g);
		for (int part = 0; part < 4; part++)
			gups_update(p.g, 15000, 0, NULL, NULL);
		is_u64(differs_from_oracle(p.g, 60000, true), 0,
		       "four calls are as one");
		is_u64(unverified(p.g), 0, "and verify");
		gone(&p);
	}
}

/* The warm-up moves nothing, and leaves nothing behind. */
static void warm_pattern(void)
{
	struct pattern_plan plan = { .hot_bytes = 30 * P_PAGE,
				     .hot_rate = 58982,
				     .object = 64,
				     .reads = 6554,
				     .move_share = 16384 };
	struct patterned p = patterned(&plan, config_of(P_BYTES, 2, 20001));
	struct gups_warm_up warm;

	is_i64(gups_warm_up(p.g, &warm), 0, "warm-up with a pattern");
	is_u64(gups_moves(p.g), 0, "moves nothing");
	gups_fill(p.g);
	gups_update(p.g, 20001, 0, NULL, NULL);
	is_u64(differs_from_oracle(p.g, 20001, true), 0,
	       "the run is as without it");
	gone(&p);
}

/* Whatever goes wrong is found, by the sum and by the replay. */
static void wrong_patterns(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(pattern_plans); i++) {
		struct pattern_plan plan = pattern_plans[i];
		struct gups_verdict v;
		struct patterned p;
		uint64_t *words;

		plan.object = 64;
		p = patterned(&plan, config_of(P_BYTES, 3, 20001));
		words = (uint64_t *)p.g->table.base;
		for (int how = VERIFY_SUM; how <= VERIFY_REPLAY; how++) {
			p.g->config.verify = (enum verify_mode)how;
			gups_fill(p.g);
			gups_update(p.g, 20001, 0, NULL, NULL);
			gups_corrupt(p.g);
			gups_verify(p.g, &v, NULL, NULL);
			is_u64(v.errors, 1, "plan %zu: one bit", i);
			ok(v.replayed, "counted by a replay");
		}
		/* The last update of the second thread gets lost. */
		for (int how = VERIFY_SUM; how <= VERIFY_REPLAY; how++) {
			struct gups_loops_draw s;

			p.g->config.verify = (enum verify_mode)how;
			gups_fill(p.g);
			gups_update(p.g, 20001, 0, NULL, NULL);
			s = p.g->workers[1].stream;
			s.value -= PRNG_GAMMA;
			p.g->workers[1].loops->update[GUPS_LOOPS_PLAIN](&s, 1);
			gups_verify(p.g, &v, NULL, NULL);
			is_u64(v.errors, 8, "an update that was dropped");
		}
		gups_fill(p.g);
		gups_update(p.g, 20001, 0, NULL, NULL);
		words[0] ^= 1;
		words[P_BYTES / 8 - 1] ^= UINT64_C(1) << 63;
		p.g->config.verify = VERIFY_SUM;
		gups_verify(p.g, &v, NULL, NULL);
		is_u64(v.errors, 2, "the first and the last word");
		gone(&p);
	}
}

/* --rate: no faster, by spinning; and it ends when it has to. */
static void rates(void)
{
	struct pattern_plan plan = { .hot_bytes = 30 * P_PAGE,
				     .hot_rate = 58982,
				     .object = 8 };
	struct gups_config config = config_of(P_BYTES, 2, 0);
	uint64_t begin, done;
	struct patterned p;
	double seconds;

	config.rate = 200000;
	p = patterned(&plan, config);
	gups_update(p.g, 20000, 0, NULL, NULL);
	seconds = gups_times(p.g)->update;
	ok(seconds > 0.0999 && seconds < 5, "20000 at 200000/s take %g s",
	   seconds);
	is_u64(gups_done(p.g), 20000, "all of them");
	is_u64(differs_from_oracle(p.g, 20000, true), 0, "the oracle's table");
	/* On a busy machine it gets a part of its two CPUs. */
	ok(gups_cpu_time(p.g) > 0.03, "it spins: %g s", gups_cpu_time(p.g));
	gups_fill(p.g);
	gups_update(p.g, 0, 100 * 1000000, NULL, NULL);
	seconds = gups_times(p.g)->update - seconds;
	done = gups_done(p.g);
	ok(done > 2000 && (double)done < 200000 * seconds + 8000,
	   "%" PRIu64 " in %g s", done, seconds);
	is_u64(unverified(p.g), 0, "verified, and that is not throttled");
	gone(&p);

	config.rate = 1;
	p = patterned(&plan, config);
	begin = now_ns();
	gups_update(p.g, 0, 20 * 1000000, NULL, NULL);
	ok(now_ns() - begin < 1500 * MIB,
	   "1 update a second: 20 ms are no longer than that");
	is_u64(unverified(p.g), 0, "verified");
	gone(&p);

	/* HPCC's updates, too. */
	config.rate = 200000;
	config.updates = 20000;
	p.g = made(&config);
	gups_update(p.g, 20000, 0, NULL, NULL);
	ok(gups_times(p.g)->update > 0.0999, "also without a pattern");
	is_u64(unverified(p.g), 0, "verified");
	gups_free(p.g);
}

/* Hot pages are placed apart; here there is one node, or none. */
static void hot_places(void)
{
	struct pattern_plan plan = { .hot_bytes = 30 * P_PAGE,
				     .hot_rate = 58982,
				     .object = 8,
				     .at = HOT_AT_SCATTERED };
	struct gups_config config = config_of(P_BYTES, 2, 1000);
	struct pattern *p = pattern_new(&plan, P_BYTES, 2, PAGES_4K, 0);
	struct table_pages pages;
	struct gups *g;

	config.pattern = p;
	config.hot_near = 32768;
	config.near_node = 0;
	for (int node = -1; node < 1; node++) {
		config.hot_node = node;
		g = gups_new(&config);
		is_i64(gups_populate(g, &pages), 0,
		       "half of the hot set on node 0, the rest on %d", node);
		is_u64(pages.node[0], 300, "all pages are there");
		gups_fill(g);
		gups_update(g, 1000, 0, NULL, NULL);
		is_u64(unverified(g), 0, "verified");
		gups_free(g);
	}
	config.hot_node = 63;
	g = gups_new(&config);
	is_i64(gups_populate(g, &pages), -EINVAL,
	       "the hot set on a node that is not there");
	gups_free(g);
	pattern_free(p);
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
	ok(gups_estimate(&p, 4096, 2048, UINT64_C(5000000000)) == once,
	   "what comes first: the updates");
	ok(gups_estimate(&p, 4096, 0, UINT64_C(5000000000)) > 5,
	   "a duration is what it is");
}

int main(void)
{
	tables();
	in_parts();
	after_warm_up(REFRESH_OFF);
	after_warm_up(REFRESH_AUTO);
	after_warm_up(REFRESH_ON);
	by_time();
	stopped();
	heartbeats();
	tlb_flusher_steers();
	touches();
	corruption();
	patterns();
	moving();
	phase_order();
	many_moves();
	shares();
	warm_pattern();
	wrong_patterns();
	rates();
	hot_places();
	places();
	probes();
	return done_testing();
}
