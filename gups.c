// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups.c - HPCC RandomAccess by its definition (HPC Challenge, RandomAccess,
 * hpccinnovation.org): T[i] = i; r = (r << 1) ^ (r < 0 ? 7 : 0), from 1;
 * T[r mod N] ^= r; 4 N updates; the update loop alone is timed.
 *
 * Threads own slices of the table. Thread t of T makes M/T updates, the t-th
 * part of HPCC's stream of M values, in its own slice: no two threads touch
 * one word, so the table after the run depends on the plan alone, and replay
 * finds 0 errors. With one thread and a power of two it is HPCC's table, bit
 * for bit (the order of XORs does not matter).
 *
 * With a pattern (pattern.h) the threads own parts of every block of it, and
 * draw from streams of their own. Where the hot set moves at some moment, each
 * thread notes at which of its updates that was, so that all can be replayed.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "bench/checksum.h"
#include "bench/gups_loops.h"
#include "bench/pmu.h"
#include "bench/prng.h"
#include "bench/tlb.h"
#include "bench/worker_pool.h"
#include "gups.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/time.h"
#include "mm/cpu.h"
#include "mm/headroom.h"
#include "mm/page.h"

#define WORD sizeof(uint64_t)
/* Updates between two looks at the clock: a few ms at an emulator's pace. */
#define CHUNK 16384
/* While the TLB is made to grow: the first flushes are 1536 updates apart. */
#define SMALL_CHUNK 512
/* A chunk that takes longer is halved: a row knows of what was told alone. */
#define CHUNK_NS 10000000
/*
 * How often the hot set of a run can move and its phase change: 64 KiB, and
 * 32 KiB for each thread.
 */
#define MAX_EPOCHS 4096
/*
 * The streams of two seeds begin so many updates (2^36) apart. The threads of a
 * run that only time ends divide as many among them.
 */
#define SEED_SHIFT 36
#define MEASURE_NS (UINT64_C(150) * 1000000)
#define CHOOSE_NS (UINT64_C(60) * 1000000)
/*
 * After a flush the page table is walked once for every page, some 400 ns each;
 * 8 random updates a page reach all of them (1 - e^-8). A rate that is measured
 * before that is too low.
 */
#define REFILL_NS_PER_PAGE (8 * UINT64_C(400))
#define REFILL_MAX_NS (UINT64_C(1500) * 1000000)
/* A growth phase that gains less than this gained nothing: no refresh. */
#define REFRESH_GAIN 1.3
/* If the rate falls this much others had the CPU meanwhile: try once more. */
#define REFRESH_LOSS 0.8
/* What a loop must be faster than the simpler one to be taken. */
#define LOOP_GAIN 1.1
/* A probe's table: 32 pages a thread, its updates for 20 ms. */
#define PROBE_PAGES 32
#define PROBE_NS (UINT64_C(20) * 1000000)
/*
 * A run whose updates are so slow lasts as long as they take: they are measured
 * longer.
 */
#define PROBE_SLOW_RATE 5e6
#define PROBE_SLOW_NS (UINT64_C(300) * 1000000)

/* ------------------------------------------------------------- threads */

/* What a thread owns of the table, and where it stands. */
struct worker {
	struct gups *g;
	unsigned int id;
	/* What it populates, fills and checks; HPCC's updates stay in there. */
	uint64_t *slice;
	uint64_t first, words; /* the index of slice[0], how many */
	const struct gups_loops *loops;
	struct gups_loops_draw stream;
	struct checksum *checksum;
	uint64_t start; /* the value of its stream at gups_fill() */
	unsigned int epoch; /* that it is in, from 0 */
	unsigned int seen; /* the last epoch that it made updates in */
	uint64_t *switched; /* by epoch: the updates done when it left that */
	uint64_t quota; /* updates to make in this call */
	uint64_t begin_ns; /* of its updates in this call */
	uint64_t at_mark; /* updates done at the last mark, which the leader makes */
	uint64_t swept; /* pages that it read for tlb_sweep() */
	uint64_t digest, errors;
	struct table_pages pages;
	/* By which it says that it waits; where a page begins. */
	_Alignas(PMU_PAGE_BYTES) struct pmu_page page;
	/* Read by others while it works: on a cache line of its own. */
	_Alignas(64) _Atomic uint64_t done;
	atomic_bool busy; /* has updates left in this call */
};

typedef int work_fn(struct worker *w);

struct gups {
	struct gups_config config;
	struct table table;
	struct tlb tlb;
	struct tlb_flusher *flusher; /* NULL: none */
	enum gups_loops_kind loop;
	bool pinned;
	bool held; /* still bound, as it was populated */
	struct worker_pool *pool;
	struct worker *workers; /* one a thread of the pool */
	struct gups_times times;
	double cpu_time;

	/* The phase under way. */
	work_fn *work;
	uint64_t limit_ns; /* of update_slice(), 0: none */
	bool stop_when_grown;
	bool replay; /* the updates are undone; epochs as they were */
	bool throttled; /* --rate: in gups_update() only */
	atomic_bool growing; /* tlb.growing, for the threads that follow */
	atomic_bool stop;

	/* The pattern's epochs so far; the leader adds to them as time passes. */
	struct pattern_epoch *epochs;
	atomic_uint nr_epochs;
	bool planned; /* all epochs are known before: the hot set moves by updates */
	bool moving; /* in this call */
	uint64_t next_move_ns, next_phase_ns;
	unsigned int phases_begun;
	atomic_uint moves; /* read by others while it updates */
};

uint64_t gups_done_by(const struct gups *g, unsigned int thread)
{
	return atomic_load_explicit(&g->workers[thread].done,
				    memory_order_relaxed);
}

uint64_t gups_done(const struct gups *g)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < g->config.threads; i++)
		sum += gups_done_by(g, i);
	return sum;
}

/* Who is told while the threads work, and may stop them. */
struct ask {
	struct gups *g;
	gups_tick *tick;
	void *arg;
};

static void ask(void *arg, double seconds)
{
	const struct ask *a = arg;

	if (!a->tick(a->arg, gups_done(a->g), seconds))
		atomic_store(&a->g->stop, true);
}

static int do_work(void *arg, unsigned int i)
{
	struct gups *g = arg;

	return g->work(&g->workers[i]);
}

/* One phase: work on every thread at once. time may be NULL. */
static int run_phase(struct gups *g, work_fn *work,
		     struct worker_pool_time *time, gups_tick *tick, void *arg)
{
	struct ask a = { g, tick, arg };

	g->work = work;
	atomic_store(&g->stop, false);
	return worker_pool_run(g->pool, do_work, g, time, tick ? ask : NULL,
			       &a);
}

/* The same, without a tick. *seconds: how long it took. */
static int timed_phase(struct gups *g, work_fn *work, double *seconds)
{
	struct worker_pool_time time;
	int err = run_phase(g, work, &time, NULL, NULL);

	*seconds = time.wall_s;
	return err;
}

/* The thread's stream, and what it draws from, as at gups_fill(). */
static void back_to_start(struct worker *w)
{
	const struct pattern *p = w->g->config.pattern;
	struct pattern_epoch first;

	w->stream.value = w->start;
	w->epoch = 0;
	if (!p)
		return;
	first = pattern_first(p);
	gups_loops_set_epoch(&w->stream, &first);
}

/* The part of n updates that thread i makes: n/T, the first ones one more. */
static uint64_t share(const struct gups *g, uint64_t n, unsigned int i)
{
	unsigned int threads = g->config.threads;

	return n / threads + (i < n % threads);
}

/*
 * The updates of the slowest busy thread since the last mark. A flush makes all
 * TLBs grow only when all threads have used theirs; on a loaded host virtual
 * CPUs stand still for many milliseconds.
 */
static uint64_t least_since_mark(struct gups *g)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < g->config.threads; i++) {
		struct worker *w = &g->workers[i];
		uint64_t since = atomic_load(&w->done) - w->at_mark;

		if (atomic_load(&w->busy) && since < least)
			least = since;
	}
	return least;
}

static void mark(struct gups *g)
{
	for (unsigned int i = 0; i < g->config.threads; i++)
		g->workers[i].at_mark = atomic_load(&g->workers[i].done);
}

/* --------------------------------------------------------------- epochs */

static unsigned int nr_epochs(const struct gups *g)
{
	return atomic_load_explicit(&((struct gups *)g)->nr_epochs,
				    memory_order_acquire);
}

/*
 * Begins a new epoch when one is due. The leader calls it between two chunks.
 */
static void change_epoch(struct gups *g, uint64_t elapsed)
{
	const struct pattern_plan *p = g->config.pattern->plan;
	struct pattern_epoch e = gups_epoch(g);
	unsigned int n = nr_epochs(g);
	bool move = p->move_ns && elapsed >= g->next_move_ns;
	bool turn = p->nr_phases && elapsed >= g->next_phase_ns;

	if (n == MAX_EPOCHS || (!move && !turn))
		return; /* when all are used up, the last one stays */
	if (move) {
		g->next_move_ns += p->move_ns;
		pattern_move(g->config.pattern, &e);
		atomic_fetch_add(&g->moves, 1);
	}
	if (turn) {
		unsigned int i = ++g->phases_begun % (unsigned)p->nr_phases;

		g->next_phase_ns += p->phases[i].ns;
		e.hot_rate = p->phases[i].hot_rate;
	}
	g->epochs[n] = e;
	atomic_store_explicit(&g->nr_epochs, n + 1, memory_order_release);
}

/*
 * The hot set moves whenever a share of the updates was made: in each thread at
 * that share of its own updates. So the table after the run follows from the
 * plan, however fast the threads are.
 */
static void plan_moves(struct gups *g)
{
	const struct pattern *p = g->config.pattern;
	unsigned int n = 1;

	for (; n * p->plan->move_share < PATTERN_ONE && n < MAX_EPOCHS; n++) {
		g->epochs[n] = g->epochs[n - 1];
		pattern_move(p, &g->epochs[n]);
		for (unsigned int i = 0; i < g->config.threads; i++)
			g->workers[i].switched[n - 1] = prng_scale(
				share(g, g->config.updates, i),
				(uint64_t)n * p->plan->move_share << 48);
	}
	for (unsigned int i = 0; i < g->config.threads; i++)
		g->workers[i].seen = n - 1;
	g->planned = true;
}

static void begin_moving(struct gups *g)
{
	const struct pattern_plan *p;

	g->moving = g->epochs != NULL;
	if (!g->moving)
		return;
	p = g->config.pattern->plan;
	g->next_move_ns = p->move_ns;
	if (p->nr_phases)
		g->next_phase_ns =
			p->phases[g->phases_begun % (unsigned)p->nr_phases].ns;
}

struct pattern_epoch gups_epoch(const struct gups *g)
{
	if (g->epochs)
		return g->epochs[nr_epochs(g) - 1];
	return g->config.pattern ? pattern_first(g->config.pattern) :
				   (struct pattern_epoch){ 0 };
}

unsigned int gups_moves(const struct gups *g)
{
	return atomic_load(&((struct gups *)g)->moves);
}

bool gups_is_out_of_moves(const struct gups *g)
{
	return g->epochs && nr_epochs(g) == MAX_EPOCHS;
}

/*
 * Takes a thread that has done so many updates to the newest epoch, and notes
 * the number; in a replay, to the next epoch if the thread went on to it after
 * as many updates. Returns how many updates there are until the next change.
 */
static uint64_t follow_epochs(struct worker *w, uint64_t done, bool replay)
{
	struct gups *g = w->g;
	bool known = replay || g->planned, changed = false;

	if (!g->epochs || !(replay || g->moving))
		return UINT64_MAX;
	if (!known)
		w->seen = nr_epochs(g) - 1;
	while (w->epoch < w->seen &&
	       (!known || w->switched[w->epoch] == done)) {
		w->switched[w->epoch++] = done;
		changed = true;
	}
	if (changed)
		gups_loops_set_epoch(&w->stream, &g->epochs[w->epoch]);
	if (changed && g->planned && !replay && !w->id) {
		atomic_store(&g->moves, w->epoch);
		atomic_store(&g->nr_epochs, w->epoch + 1);
	}
	return w->epoch < w->seen ? w->switched[w->epoch] - done : UINT64_MAX;
}

/* --------------------------------------------------------------- updates */

/* What the leader, the first thread, does between two chunks. */
static void steer(struct worker *w)
{
	struct gups *g = w->g;
	uint64_t now = now_ns();

	if (tlb_step(&g->tlb, least_since_mark(g), now))
		mark(g);
	atomic_store_explicit(&g->growing, g->tlb.growing,
			      memory_order_relaxed);
	if (g->moving && !g->planned)
		change_epoch(g, now - w->begin_ns);
	if ((g->limit_ns && now - w->begin_ns >= g->limit_ns) ||
	    (g->stop_when_grown && !g->tlb.growing))
		atomic_store(&g->stop, true);
}

/* Updates of one chunk: as many bytes, however large the objects are. */
static uint64_t chunk(const struct gups *g)
{
	uint64_t n = CHUNK, each;

	if (g->config.pattern)
		n = CHUNK * WORD / g->config.pattern->plan->object;
	if (!g->throttled)
		return n;
	each = g->config.rate / g->config.threads / 100;
	return each < n ? each + 1 : n;
}

/*
 * How large the next chunk is, of at most so many updates: memory that waits for
 * its latency, or a host that is busy, can make one last for a second.
 */
static uint64_t next_chunk(uint64_t n, uint64_t most, uint64_t took_ns)
{
	if (took_ns > CHUNK_NS && n > SMALL_CHUNK)
		return n / 2;
	if (took_ns < CHUNK_NS / 4 && n < most)
		return n * 2 < most ? n * 2 : most;
	return n;
}

/*
 * --rate: waits without sleeping. NUMA balancing's scanner goes by the CPU
 * time of the task: it would stand still while the task sleeps.
 */
static void throttle(struct worker *w, uint64_t made)
{
	const struct gups *g = w->g;
	double due = (double)made * g->config.threads / (double)g->config.rate;

	/* The leader ends the run, so it waits no longer than that lasts. */
	if (!w->id && g->limit_ns && due * 1e9 > (double)g->limit_ns)
		due = (double)g->limit_ns / 1e9;
	/* What an emulator counts meanwhile is no time of the updates. */
	if (g->pinned)
		pmu_leave(&w->page, PMU_LEAVE_USER);
	while ((double)(now_ns() - w->begin_ns) < due * 1e9 &&
	       !atomic_load_explicit(&g->stop, memory_order_relaxed))
		;
	if (g->pinned)
		pmu_leave(&w->page, PMU_LEAVE_END);
}

/*
 * Makes quota updates, in chunks, so that progress can be seen and the run
 * can be stopped. The first thread leads: it alone looks at the clock and
 * flushes the TLBs, which reaches every CPU that runs this process.
 */
static int update_slice(struct worker *w)
{
	struct gups *g = w->g;
	gups_loops_fn *update = w->loops->update[g->loop];
	uint64_t done = atomic_load_explicit(&w->done, memory_order_relaxed);
	uint64_t before = done, most = chunk(g), next = most;

	w->begin_ns = now_ns();
	while (w->quota &&
	       !atomic_load_explicit(&g->stop, memory_order_relaxed)) {
		uint64_t n = next, change = follow_epochs(w, done, g->replay);
		uint64_t begin_ns;
		bool growing =
			atomic_load_explicit(&g->growing, memory_order_relaxed);

		if (growing && n > SMALL_CHUNK)
			n = SMALL_CHUNK;
		if (n > w->quota)
			n = w->quota;
		if (n > change)
			n = change;
		begin_ns = now_ns();
		update(&w->stream, n);
		if (n == next)
			next = next_chunk(n, most, now_ns() - begin_ns);
		if (growing)
			tlb_sweep(&g->tlb, &w->swept, n);
		w->quota -= n;
		done += n;
		atomic_store_explicit(&w->done, done, memory_order_relaxed);
		if (!w->id)
			steer(w);
		if (g->throttled)
			throttle(w, done - before);
	}
	atomic_store(&w->busy, false);
	return 0;
}

/* Gives every thread its part of so many updates; without an end if endless. */
static void set_quota(struct gups *g, uint64_t updates, bool endless)
{
	for (unsigned int i = 0; i < g->config.threads; i++) {
		struct worker *w = &g->workers[i];

		w->quota = endless ? UINT64_MAX : share(g, updates, i);
		atomic_store(&w->busy, true);
	}
	mark(g);
	atomic_store(&g->growing, g->tlb.growing);
}

/* ------------------------------------------------------- set up, free */

static void draw_from(struct worker *w)
{
	const struct pattern *p = w->g->config.pattern;

	if (p) {
		w->loops = gups_loops_of_pattern(
			p, w->id, (uint64_t *)w->g->table.base, &w->stream);
		return;
	}
	w->loops = gups_loops_of_slice(w->words);
	w->stream.table = w->slice;
	w->stream.n = w->words;
	w->stream.first = w->first;
}

/* Slices are whole pages: no two threads populate one page. */
static void divide(struct gups *g)
{
	uint64_t pages = g->config.bytes / PAGE_BYTES;
	unsigned int threads = g->config.threads;

	for (unsigned int i = 0; i < threads; i++) {
		struct worker *w = &g->workers[i];
		uint64_t from = pages * i / threads;
		uint64_t to = pages * (i + 1) / threads;

		w->g = g;
		w->id = i;
		w->first = from * (PAGE_BYTES / WORD);
		w->words = (to - from) * (PAGE_BYTES / WORD);
		w->slice = (uint64_t *)g->table.base + w->first;
		draw_from(w);
	}
}

/*
 * Takes every thread's stream back to its beginning. HPCC's stream is divided
 * into parts, one after the other; the streams of a pattern's threads are far
 * apart by chance (2^64 starts).
 */
static void rewind_streams(struct gups *g)
{
	const struct pattern *p = g->config.pattern;
	uint64_t at = g->config.seed << SEED_SHIFT;

	for (unsigned int i = 0; i < g->config.threads; i++) {
		struct worker *w = &g->workers[i];

		w->start = p ? prng_start(g->config.seed, i) : prng_at(at);
		if (g->config.updates)
			at += share(g, g->config.updates, i);
		else
			at += (UINT64_C(1) << SEED_SHIFT) / g->config.threads;
		atomic_store(&w->done, 0);
		back_to_start(w);
	}
}

static void make_epochs(struct gups *g)
{
	const struct pattern *p = g->config.pattern;
	unsigned int threads = g->config.threads;

	if (!p ||
	    (!p->plan->move_ns && !p->plan->move_share && !p->plan->nr_phases))
		return;
	g->epochs = xcalloc(MAX_EPOCHS, sizeof(*g->epochs));
	for (unsigned int i = 0; i < threads; i++)
		g->workers[i].switched =
			xcalloc(MAX_EPOCHS, sizeof(*g->workers[i].switched));
	g->epochs[0] = pattern_first(p);
	atomic_store(&g->nr_epochs, 1);
	if (p->plan->move_share && g->config.updates)
		plan_moves(g);
}

/*
 * On the CPUs that the threads run on. It forks, so it comes before the table.
 */
static int start_flusher(struct gups *g)
{
	int n = g->pinned ? (int)g->config.threads : g->config.nr_cpus;

	if (!g->config.tlb_flusher_ns)
		return 0;
	g->flusher =
		tlb_flusher_new(g->config.tlb_flusher_ns, g->config.cpus, n);
	return g->flusher ? 0 : -EAGAIN;
}

/* HPCC's threads have a slice each; a pattern's are all over the table. */
static int init_tlb(struct gups *g)
{
	const struct gups_config *c = &g->config;
	uint64_t pages = c->bytes / PAGE_BYTES;
	int err;

	if (!c->pattern)
		return tlb_init(&g->tlb, pages / c->threads);
	err = tlb_init(&g->tlb, pages);
	return err || c->refresh == REFRESH_OFF ? err : tlb_map_region(&g->tlb);
}

struct gups *gups_new(const struct gups_config *config)
{
	struct gups *g = xcalloc(1, sizeof(*g));
	size_t bytes = config->threads * sizeof(*g->workers);

	g->config = *config;
	/*
	 * They have members on cache lines of their own, which a page is
	 * aligned to.
	 */
	g->workers = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->workers == MAP_FAILED)
		abort();
	g->pinned = config->nr_cpus >= (int)config->threads;
	if (start_flusher(g) ||
	    table_map(&g->table, config->bytes, config->pages) || init_tlb(g)) {
		gups_free(g);
		return NULL;
	}
	/* The flusher of a second table must not share the pages of the first. */
	madvise(g->table.map, g->table.map_bytes, MADV_DONTFORK);
	divide(g);
	make_epochs(g);
	rewind_streams(g);
	g->pool = worker_pool_new(config->threads,
				  g->pinned ? g->config.cpus : NULL);
	if (g->pool)
		return g;
	gups_free(g);
	return NULL;
}

void gups_free(struct gups *g)
{
	if (!g)
		return;
	worker_pool_free(g->pool);
	tlb_flusher_free(g->flusher);
	table_unmap(&g->table);
	tlb_exit(&g->tlb);
	for (unsigned int i = 0; i < g->config.threads; i++)
		free(g->workers[i].switched);
	free(g->epochs);
	munmap(g->workers, g->config.threads * sizeof(*g->workers));
	free(g);
}

/* ------------------------------------------------------------ populate */

static int touch_slice(struct worker *w)
{
	table_touch(&w->g->table, w->first * WORD, w->words * WORD);
	return 0;
}

/* Pages that are huge have a table each, made with the page. */
static int make_tables(struct worker *w)
{
	if (w->g->config.pages == PAGES_4K)
		table_make_tables(&w->g->table, w->first * WORD,
				  w->words * WORD);
	return 0;
}

static int locate_slice(struct worker *w)
{
	memset(&w->pages, 0, sizeof(w->pages));
	return table_locate(&w->g->table, w->first * WORD, w->words * WORD,
			    &w->pages);
}

int gups_locate(struct gups *g, struct table_pages *pages)
{
	int err = timed_phase(g, locate_slice, &g->times.locate);

	for (unsigned int i = 0; i < g->config.threads && !err; i++) {
		const struct table_pages *p = &g->workers[i].pages;

		for (int n = 0; n < NODE_MAX; n++)
			pages->node[n] += p->node[n];
		pages->absent += p->absent;
		pages->unknown += p->unknown;
	}
	return err;
}

/*
 * Touches the thread's part of the hot pages, before all other pages. The
 * thread binds itself: the table's own policy would be divided into as many
 * mappings as there are hot blocks.
 */
static int touch_hot(struct worker *w)
{
	const struct gups_config *c = &w->g->config;
	const struct pattern *p = c->pattern;
	struct pattern_epoch first = pattern_first(p);
	uint64_t near = p->hot_blocks * c->hot_near / PATTERN_ONE;
	uint64_t rank = p->hot_blocks * w->id / c->threads;
	uint64_t end = p->hot_blocks * (w->id + 1) / c->threads;
	int bound = -1, err = 0;

	for (; rank < end && !err; rank++) {
		int node = rank < near ? c->near_node : c->hot_node;

		if (node < 0)
			break;
		if (node != bound)
			err = table_bind_thread(node);
		bound = node;
		table_touch(&w->g->table,
			    pattern_page(p, &first, rank, 0) * PAGE_BYTES,
			    p->block_pages * PAGE_BYTES);
	}
	return bound < 0 || err ? err : table_bind_thread(-1);
}

/* Where the hot pages of the ranks from first to end are. */
static int locate_hot(struct gups *g, uint64_t rank, uint64_t end,
		      struct table_pages *pages)
{
	const struct pattern *p = g->config.pattern;
	struct pattern_epoch first = pattern_first(p);
	int err = 0;

	for (; rank < end && !err; rank++)
		err = table_locate(&g->table,
				   pattern_page(p, &first, rank, 0) *
					   PAGE_BYTES,
				   p->block_pages * PAGE_BYTES, pages);
	return err;
}

/* Are the hot pages where they were to be placed? Takes them out of *rest. */
static int check_hot(struct gups *g, struct table_pages *rest)
{
	const struct gups_config *c = &g->config;
	uint64_t blocks = c->pattern->hot_blocks;
	uint64_t near = blocks * c->hot_near / PATTERN_ONE;
	struct place place = { .mode = PLACE_BIND, .nr_nodes = 1 };
	char text[32];
	int err = 0;

	place.text = text;
	for (int part = 0; part < 2 && !err; part++) {
		int node = part ? c->hot_node : c->near_node;
		struct table_pages pages = { .absent = 0 };

		if (node < 0 || (!part && !near))
			continue;
		place.nodes[0] = node;
		snprintf(text, sizeof(text), "node %d (the hot set)", node);
		err = locate_hot(g, part ? near : 0, part ? blocks : near,
				 &pages);
		if (!err)
			err = table_check(&place, &pages);
		rest->node[node] -= pages.node[node];
	}
	return err;
}

int gups_populate(struct gups *g, struct table_pages *pages)
{
	bool apart = g->config.pattern &&
		     (g->config.hot_node >= 0 || g->config.hot_near);
	struct table_pages rest;
	struct headroom room = { 0 };
	double hot = 0, tables;
	int err;

	memset(pages, 0, sizeof(*pages));
	err = timed_phase(g, make_tables, &tables);
	if (!err && apart)
		err = timed_phase(g, touch_hot, &hot);
	if (err)
		return err;
	err = table_hold(&g->table, &g->config.place);
	if (err)
		return err;
	g->held = true;
	if (!place_is_strict(&g->config.place))
		headroom_hold(&room, GUPS_HEADROOM_BYTES);
	err = timed_phase(g, touch_slice, &g->times.populate);
	headroom_release(&room);
	g->times.populate += tables + hot;
	if (err)
		return err;
	err = gups_locate(g, pages);
	if (err)
		return err;
	rest = *pages;
	if (apart)
		err = check_hot(g, &rest);
	return err ? err : table_check(&g->config.place, &rest);
}

/*
 * From here on the kernel may move the pages. If it could before, a policy
 * would have done its work when the updates begin.
 */
static int release(struct gups *g)
{
	static struct place anywhere; /* const, it would lie in the file */

	if (!g->held || g->config.hold)
		return 0;
	g->held = false;
	return table_place(&g->table, &anywhere);
}

static int fill_slice(struct worker *w)
{
	gups_loops_fill(w->slice, w->words, w->first);
	return 0;
}

int gups_fill(struct gups *g)
{
	atomic_store(&g->nr_epochs, 1);
	atomic_store(&g->moves, 0);
	g->phases_begun = 0;
	rewind_streams(g);
	return timed_phase(g, fill_slice, &g->times.fill);
}

/* ------------------------------------------------------------- warm-up */

/* Updates for ns, with the given loop; the rate, or < 0 on failure. */
static double measure(struct gups *g, enum gups_loops_kind loop, uint64_t ns)
{
	uint64_t before = gups_done(g);
	double seconds;
	int err;

	g->loop = loop;
	g->limit_ns = ns;
	set_quota(g, 0, true);
	err = timed_phase(g, update_slice, &seconds);
	g->limit_ns = 0;
	return err ? -1 : (double)(gups_done(g) - before) / seconds;
}

static int grow(struct gups *g)
{
	uint64_t refill = g->tlb.pages * REFILL_NS_PER_PAGE;
	double rate;

	tlb_grow(&g->tlb);
	g->stop_when_grown = true;
	rate = measure(g, GUPS_LOOPS_PLAIN, 0);
	g->stop_when_grown = false;
	if (rate >= 0)
		rate = measure(g, GUPS_LOOPS_PLAIN,
			       refill < REFILL_MAX_NS ? refill : REFILL_MAX_NS);
	return rate < 0 ? -EIO : 0;
}

/*
 * Each loop is measured twice, in turn, and the better rate counts: a single
 * hiccup decides nothing. HPCC's own way is left only for one that
 * is clearly faster: else noise would choose, and two runs that are to be
 * compared would have different loops.
 */
static int choose_loop(struct gups *g, struct gups_warm_up *result)
{
	enum gups_loops_kind best = GUPS_LOOPS_BATCH;

	if (g->config.loop) {
		g->loop = g->config.loop - 1;
		return 0;
	}
	for (int round = 0; round < 2; round++) {
		for (enum gups_loops_kind l = 0; l < NR_GUPS_LOOPS; l++) {
			double rate = measure(g, l, CHOOSE_NS);

			if (rate < 0)
				return -EIO;
			if (rate > result->rate[l])
				result->rate[l] = rate;
		}
	}
	if (result->rate[GUPS_LOOPS_TOUCH] > result->rate[best] * LOOP_GAIN)
		best = GUPS_LOOPS_TOUCH;
	g->loop = result->rate[best] >
				  result->rate[GUPS_LOOPS_PLAIN] * LOOP_GAIN ?
			  best :
			  GUPS_LOOPS_PLAIN;
	return 0;
}

int gups_warm_up(struct gups *g, struct gups_warm_up *result)
{
	uint64_t begin = now_ns();
	int err = 0;

	*result = (struct gups_warm_up){ 0 };
	g->tlb.on = false;
	result->before = result->after =
		measure(g, GUPS_LOOPS_PLAIN, MEASURE_NS);
	if (result->before < 0)
		return -EIO;
	for (int attempt = 0; g->config.refresh != REFRESH_OFF; attempt++) {
		err = grow(g);
		if (!err)
			result->after =
				measure(g, GUPS_LOOPS_PLAIN, MEASURE_NS);
		if (err || result->after < 0)
			return -EIO;
		if (attempt || result->after > result->before * REFRESH_LOSS)
			break;
	}
	result->refresh = g->config.refresh == REFRESH_ON ||
			  result->after > result->before * REFRESH_GAIN;
	err = choose_loop(g, result);
	tlb_restart(&g->tlb);
	g->tlb.on = result->refresh;
	g->times.warm_up = (double)(now_ns() - begin) / 1e9;
	return err;
}

/* ---------------------------------------------------- update and verify */

/*
 * Filling and reading the table may have shrunk the TLBs: then they are made to
 * grow at once, rather than after some slow windows. In the later windows of a
 * comparison nothing but updates came before.
 */
static void begin_steering(struct gups *g, bool first)
{
	tlb_restart(&g->tlb);
	if (g->tlb.on && first)
		tlb_grow(&g->tlb);
}

int gups_update(struct gups *g, uint64_t updates, uint64_t limit_ns,
		gups_tick *tick, void *arg)
{
	bool steered = g->tlb.on;
	int err = release(g);
	struct worker_pool_time time;

	if (err)
		return err;
	g->limit_ns = limit_ns;
	/*
	 * The flusher makes the TLB grow, too, to what is touched between two
	 * of its flushes; a growth phase cannot make it cover more.
	 */
	g->tlb.on = steered && !g->flusher;
	begin_steering(g, !gups_done(g));
	set_quota(g, updates, limit_ns && !g->config.updates);
	begin_moving(g);
	g->throttled = g->config.rate;
	tlb_flusher_begin(g->flusher);
	err = run_phase(g, update_slice, &time, tick, arg);
	tlb_flusher_end(g->flusher);
	g->moving = g->throttled = false;
	g->tlb.on = steered;
	g->limit_ns = 0;
	g->times.update += time.wall_s;
	g->cpu_time += time.cpu_s;
	return err;
}

static int digest_slice(struct worker *w)
{
	w->digest = gups_loops_digest(w->slice, w->words, w->first);
	return 0;
}

int gups_digest(struct gups *g, uint64_t *digest)
{
	int err = timed_phase(g, digest_slice, &g->times.digest);

	*digest = 0;
	for (unsigned int i = 0; i < g->config.threads; i++)
		*digest += g->workers[i].digest;
	return err;
}

static int check_slice(struct worker *w)
{
	w->errors = gups_loops_errors(w->slice, w->words, w->first);
	return 0;
}

/* Adds to the checksum what the updates did, by the stream alone. */
static int checksum_stream(struct worker *w)
{
	struct gups *g = w->g;
	uint64_t left = w->quota, done = 0, most = chunk(g);

	while (left && !atomic_load_explicit(&g->stop, memory_order_relaxed)) {
		uint64_t n = left < most ? left : most;
		uint64_t change = follow_epochs(w, done, true);

		if (n > change)
			n = change;
		w->loops->checksum[!g->config.emulated](w->checksum, &w->stream,
							n);
		left -= n;
		done += n;
		atomic_store_explicit(&w->done, done, memory_order_relaxed);
	}
	return 0;
}

/* Adds to it what the table says that they did. */
static int checksum_slice(struct worker *w)
{
	checksum_table(w->checksum, w->slice, w->words, w->first);
	return 0;
}

/*
 * Takes every thread to the start of its stream, with all that it has done as
 * its quota.
 */
static void recount(struct gups *g)
{
	for (unsigned int i = 0; i < g->config.threads; i++) {
		struct worker *w = &g->workers[i];

		w->quota = atomic_exchange(&w->done, 0);
		w->at_mark = 0;
		w->errors = 0;
		back_to_start(w);
	}
}

static uint64_t all_errors(const struct gups *g)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < g->config.threads; i++)
		sum += g->workers[i].errors;
	return sum;
}

/* The kernel gives each process some random bytes; passes differ in time. */
static uint64_t draw_key(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	uint64_t key = 0;

	if (random)
		memcpy(&key, random, sizeof(key));
	return prng_mix(key + now_ns());
}

/* The table stays as it is. */
static int verify_by_sum(struct gups *g, struct gups_verdict *v,
			 gups_tick *tick, void *arg)
{
	struct checksum *sums = xcalloc(g->config.threads, sizeof(*sums));
	uint64_t key = draw_key(), *factors = NULL;
	int err;

	if (!g->config.emulated)
		factors = checksum_factors(key, g->config.bytes / WORD);
	for (unsigned int i = 0; i < g->config.threads; i++) {
		sums[i].key = key;
		sums[i].factors = factors;
		g->workers[i].checksum = &sums[i];
	}
	recount(g);
	err = run_phase(g, checksum_stream, NULL, tick, arg);
	v->complete = !err && !atomic_load(&g->stop);
	if (v->complete)
		err = run_phase(g, checksum_slice, NULL, NULL, NULL);
	/*
	 * The threads of a pattern change each other's slices: only the sum
	 * over all of them is zero.
	 */
	for (unsigned int i = 1; i < g->config.threads; i++)
		checksum_merge(&sums[0], &sums[i]);
	v->errors = v->complete && !checksum_is_zero(&sums[0]);
	free(factors);
	free(sums);
	return err;
}

/* HPCC's way: the same updates once more undo themselves. */
static int verify_by_replay(struct gups *g, struct gups_verdict *v,
			    gups_tick *tick, void *arg)
{
	int err;

	v->replayed = true;
	begin_steering(g, true);
	set_quota(g, 0, false);
	recount(g);
	g->replay = true;
	err = run_phase(g, update_slice, NULL, tick, arg);
	g->replay = false;
	v->complete = !err && !atomic_load(&g->stop);
	if (!err)
		err = run_phase(g, check_slice, NULL, NULL, NULL);
	v->errors = all_errors(g);
	return err;
}

int gups_verify(struct gups *g, struct gups_verdict *v, gups_tick *tick,
		void *arg)
{
	uint64_t begin = now_ns();
	bool suspect = g->config.verify == VERIFY_REPLAY ||
		       !checksum_is_possible();
	int err = 0;

	*v = (struct gups_verdict){ 0 };
	if (!suspect) {
		err = verify_by_sum(g, v, tick, arg);
		suspect = v->complete && v->errors;
	}
	if (!err && suspect) {
		bool differs = v->errors;

		err = verify_by_replay(g, v, tick, arg);
		/* The memory read one way first, and another way then. */
		if (differs && v->complete && !v->errors)
			v->errors = 1;
	}
	g->times.verify = (double)(now_ns() - begin) / 1e9;
	return err;
}

void gups_corrupt(struct gups *g)
{
	g->workers[0].slice[g->workers[0].words / 2] ^= 1;
}

/* -------------------------------------------------------------- probes */

int gups_probe(const struct gups_config *config, int node,
	       struct gups_probe *probe)
{
	struct gups_config small = *config;
	struct table_pages pages;
	uint64_t digest;
	double words, rate;
	struct gups *g;
	int err;

	small.bytes = (uint64_t)config->threads * PROBE_PAGES * PAGE_BYTES;
	words = (double)(small.bytes / WORD);
	small.pages = PAGES_4K;
	small.tlb_flusher_ns = 0;
	small.pattern = NULL;
	small.place = (struct place){ .mode = PLACE_BIND,
				      .nodes = { node },
				      .nr_nodes = 1,
				      .text = "the probe" };
	g = gups_new(&small);
	if (!g)
		return -ENOMEM;
	err = gups_populate(g, &pages);
	if (err)
		goto out;
	err = gups_fill(g);
	if (err)
		goto out;
	err = gups_digest(g, &digest);
	if (err)
		goto out;
	rate = measure(g, GUPS_LOOPS_PLAIN, PROBE_NS);
	if (rate > 0 && rate < PROBE_SLOW_RATE)
		rate = measure(g, GUPS_LOOPS_PLAIN, PROBE_SLOW_NS);
	if (rate <= 0) {
		err = fail(EIO, "the probe of node %d made no updates", node);
		goto out;
	}
	probe->touch = g->times.populate * PAGE_BYTES / (double)small.bytes;
	probe->store = g->times.fill / words;
	probe->load = g->times.digest / words;
	probe->update = 1 / rate;
out:
	gups_free(g);
	return err;
}

double gups_estimate(const struct gups_probe *probe, uint64_t bytes,
		     uint64_t updates, uint64_t duration_ns)
{
	double words = (double)(bytes / WORD);
	double update = (double)updates * probe->update;
	double limit = (double)duration_ns / 1e9;

	if (!updates || (duration_ns && limit < update))
		update = limit;

	/* Populate, fill, update; the digest and the sum each read every word. */
	return (double)(bytes / PAGE_BYTES) * probe->touch +
	       words * probe->store + update + 2 * words * probe->load;
}

/* ------------------------------------------------------------- results */

const struct gups_times *gups_times(const struct gups *g)
{
	return &g->times;
}

uint64_t gups_flushes(const struct gups *g, uint64_t *growths)
{
	if (growths)
		*growths = g->tlb.growths;
	return g->tlb.flushes;
}

const struct table *gups_table(const struct gups *g)
{
	return &g->table;
}

bool gups_pinned(const struct gups *g)
{
	return g->pinned;
}

const char *gups_loop(const struct gups *g)
{
	return gups_loops_names[g->loop];
}

double gups_cpu_time(const struct gups *g)
{
	return g->cpu_time;
}

void gups_set_flusher(struct gups *g, uint64_t ns)
{
	tlb_flusher_set(g->flusher, ns);
}

void gups_flusher_count(const struct gups *g, struct tlb_flusher_count *count)
{
	tlb_flusher_count(g->flusher, count);
}

double gups_touches(const struct gups *g, double updates, bool hot)
{
	const struct pattern *p = g->config.pattern;
	struct pattern_epoch e = gups_epoch(g);
	double pages = (double)g->config.bytes / PAGE_BYTES, share = 1;

	if (p && pattern_hot_pages(p)) {
		share = pattern_hot_share(p, &e);
		pages = (double)pattern_hot_pages(p);
		if (!hot) {
			share = 1 - share;
			pages = (double)pattern_pages(p) - pages;
		}
	}
	return updates * share / pages;
}
