// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency.c - what a load costs, a cell for each node with CPUs and each node
 * with memory.
 *
 * As in multichase and mlc: a chain of loads, each of which needs the result
 * of the one before, through all cache lines of a buffer in random order, so
 * that neither prefetchers nor out-of-order execution help; then reads that
 * depend on nothing, which overlap as they can. Huge pages keep the TLB's
 * misses out of it where there are any.
 *
 * All is bounded by time, also making the chain: an emulator may trap each
 * access to a node, and one takes microseconds then.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/pmu.h"
#include "bench/table.h"
#include "bench/tlb.h"
#include "cmd/latency.h"
#include "cmd/verbs.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/stats.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/cpu.h"
#include "mm/limit.h"
#include "mm/machine.h"
#include "mm/node.h"
#include "mm/page.h"
#include "sysfs.h"

/* The lines of a buffer are drawn with 32 bits. */
#define MAX_CHAIN (256 * GIB)
/* Of a cell: five turns of 66 ms for each of three figures. */
#define DEFAULT_CELL_NS (UINT64_C(1) * 1000000000)

#define CACHES "/sys/devices/system/cpu/cpu0/cache"
/* A chain four times as long as the cache finds 3 of 4 lines in memory. */
#define LLC_TIMES 4
#define LEAST_BYTES (64 * MIB)
#define UNKNOWN_BYTES (256 * MIB)
/*
 * QEMU's TCG has no caches but its TLB. That is made to hold these 4096 pages,
 * within 50 ms; else it is its misses, 300 ns each, that would be measured.
 */
#define EMULATED_BYTES (16 * MIB)
/* Making a node's buffer may take so many times as long as a cell. */
#define SETUP_CELLS 4
#define SETUP_MAX_NS (UINT64_C(3600) * 1000000000)
/* Times that every cell is measured, in turn: what drifts meets all alike. */
#define TURNS 5
/* Loads between two looks at the clock, so that these do not count. */
#define CHUNK_NS (UINT64_C(100) * 1000)
#define FIRST_CHUNK 64
/* The plugin's waits come back by themselves after twice as long. */
#define FLOOR_NS (UINT64_C(1) * 1000000000)
/* The last ones of a window that its median is of. */
#define CHUNKS 256
/* Lines linked between two looks: 10 ms where every access is trapped. */
#define LINK_CHUNK 256
/* Beside the buffer: stacks, records, page cache. */
#define RESERVE_BYTES (16 * MIB)
/* Nodes beside each other in 80 columns. */
#define MATRIX_NODES 7

struct buffer {
	const struct node *node;
	struct table table;
	size_t lines; /* in the chain */
	struct latency_line *at; /* where the chain is read on */
	size_t next; /* where the stream is */
	struct pmu_page_range injected;
	bool huge;
};

struct origin {
	const struct node *node;
	int cpu;
};

/* What is measured of a cell */
enum figure {
	FLOOR, /* as CHAIN, while nothing waits for injected latencies */
	CHAIN, /* nanoseconds a load that depends on the one before */
	RANDOM, /* reads a second, of random lines */
	STREAM, /* bytes a second, line after line */
	INJECTED, /* CHAIN - FLOOR */
	FIGURES,
};

struct cell {
	double value[FIGURES][TURNS];
};

struct latency {
	const struct plan *plan;
	struct machine machine;
	struct node *nodes;
	int nr_nodes, nr_origins;
	uint64_t bytes; /* of a buffer, if there is time for it */
	uint64_t seed;
	struct tlb tlb;
	struct buffer *buffers; /* a node each */
	struct origin *origins; /* the nodes with CPUs */
	struct cell *cells; /* [origin][buffer] */
	uint64_t pass;
	bool injected; /* by the emulator's plugin, at some node */
	bool stopped; /* a signal came */
};

/* ------------------------------------------------------------ the loops */

/* Knuth's MMIX; the upper bits are the random ones. */
static inline uint64_t next_random(uint64_t r)
{
	return r * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
}

/* n below 2^32, which is 256 GiB of lines. */
static inline uint64_t below(uint64_t r, uint64_t n)
{
	return (r >> 32) * n >> 32;
}

/*
 * Sattolo's shuffle from the inside out: line i goes behind a line drawn from
 * those before it. All (n - 1)! cycles are as likely; and at any time what is
 * there is one cycle, so that it can end when its time is over.
 */
size_t latency_link(struct latency_line *lines, size_t have, size_t want,
		    uint64_t until_ns, uint64_t *seed)
{
	uint64_t r = *seed;

	if (!have)
		lines[have++].next = lines;
	while (have < want) {
		struct latency_line *before;

		r = next_random(r);
		before = &lines[below(r, have)];
		lines[have].next = before->next;
		before->next = &lines[have++];
		if (!(have % LINK_CHUNK) && now_ns() >= until_ns)
			break;
	}
	*seed = r;
	return have;
}

/* loads: a multiple of 16. */
UNCROSSED(128)
static struct latency_line *chase(struct latency_line *p, uint64_t loads)
{
	for (; loads; loads -= 16) {
#define FOUR p = p->next->next->next->next
		FOUR;
		FOUR;
		FOUR;
		FOUR;
#undef FOUR
	}
	return p;
}

/* Returns the sum of what it read, so that it is read. */
UNCROSSED(128)
static uint64_t reads(const struct latency_line *lines, uint64_t n,
		      uint64_t count, uint64_t *seed)
{
	uint64_t r = *seed, sum = 0;

	for (; count; count--) {
		r = next_random(r);
		sum += (uintptr_t)lines[below(r, n)].next;
	}
	*seed = r;
	return sum;
}

/* Goes on where it was; returns the sum of what it read. */
UNCROSSED(128)
static uint64_t stream(const struct latency_line *lines, uint64_t n,
		       uint64_t count, size_t *next)
{
	uint64_t sum = 0;
	size_t i = *next;

	for (; count; count--) {
		const struct latency_line *p = &lines[i];

		sum += (uintptr_t)p->next + p->unused[0] + p->unused[1] +
		       p->unused[2] + p->unused[3] + p->unused[4] +
		       p->unused[5] + p->unused[6];
		i = i + 1 < n ? i + 1 : 0;
	}
	*next = i;
	return sum;
}

static void read_chunk(struct latency *l, struct buffer *b, enum figure what,
		       uint64_t lines)
{
	const struct latency_line *from = (void *)b->table.base;
	static volatile uint64_t sink;

	if (what == RANDOM)
		sink += reads(from, b->lines, lines, &l->seed);
	else if (what == STREAM)
		sink += stream(from, b->lines, lines, &b->next);
	else
		b->at = chase(b->at, lines);
}

/*
 * Nanoseconds a line, within about ns: the median of chunks of 100 us.
 * A host that takes the CPU away does so in some of them.
 */
static double window(struct latency *l, struct buffer *b, enum figure what,
		     uint64_t ns)
{
	uint64_t begin = now_ns(), last = begin, now, chunk = FIRST_CHUNK;
	double each[CHUNKS];
	size_t n = 0;

	do {
		read_chunk(l, b, what, chunk);
		now = now_ns();
		each[n++ % CHUNKS] = (double)(now - last) / (double)chunk;
		if (now - last < CHUNK_NS) { /* too short to be one */
			chunk *= 2;
			n = 0;
		}
		l->stopped |= wait_for_signal(0);
		last = now_ns();
	} while ((now - begin < ns || !n) && !l->stopped);
	n = n < CHUNKS ? n : CHUNKS;
	stats_sort(each, n);
	return n ? each[n / 2] : NAN;
}

/* The emulator's TLB of this CPU, for ns at most: see tlb.h. */
static void grow_tlb(struct latency *l, struct buffer *b, uint64_t ns)
{
	uint64_t now = now_ns(), end = now + ns, loads = 0;

	l->tlb.pages = b->lines * sizeof(struct latency_line) / PAGE_BYTES;
	for (tlb_grow(&l->tlb); l->tlb.growing && now < end; now = now_ns()) {
		b->at = chase(b->at, LINK_CHUNK);
		loads += LINK_CHUNK;
		if (tlb_step(&l->tlb, loads, now))
			loads = 0;
	}
}

/* ---------------------------------------------------------- the machine */

uint64_t latency_default_bytes(bool emulated)
{
	uint64_t most = 0, bytes;
	char text[32];
	int *ids, n;

	if (emulated)
		return EMULATED_BYTES;
	n = sysfs_ids(&ids, "index", CACHES);
	for (int i = 0; i < n; i++)
		if (sysfs_read(text, sizeof(text), CACHES "/index%d/size",
			       ids[i]) > 0 &&
		    !parse_size(text, &bytes) && bytes > most)
			most = bytes;
	free(ids);
	if (!most)
		return UNKNOWN_BYTES;
	most = LLC_TIMES * most & ~(uint64_t)(PAGE_BYTES - 1);
	return most > LEAST_BYTES ? most : LEAST_BYTES;
}

/* Of each node the last CPU that we may use: the first has most to do. */
static int find_origins(struct latency *l)
{
	int cpus[CPU_MAX], n = cpu_allowed(cpus);

	if (n < 0)
		return n;
	for (int i = 0; i < l->nr_nodes; i++) {
		int k = n - 1;

		while (k >= 0 && !list_has(l->nodes[i].cpus, cpus[k]))
			k--;
		if (k >= 0)
			l->origins[l->nr_origins++] =
				(struct origin){ &l->nodes[i], cpus[k] };
	}
	return l->nr_origins ?
		       0 :
		       lacks(ENODEV,
			     "no node with memory has a CPU that may be used");
}

static int pin(int cpu)
{
	int err = cpu_pin(cpu);

	return err ? fail(-err, "cannot run on CPU %d: %s", cpu,
			  strerror(-err)) :
		     0;
}

/*
 * A bound allocation on a full node ends in the OOM killer: it is refused
 * before.
 */
static int check_room(const struct latency *l)
{
	uint64_t tables = (uint64_t)l->nr_nodes * (l->bytes / 512);
	char size[SIZE_TEXT], have[SIZE_TEXT];

	for (int i = 0; i < l->nr_nodes; i++) {
		const struct node *n = &l->nodes[i];
		uint64_t need =
			l->bytes + RESERVE_BYTES + (n->has_cpus ? tables : 0);

		if (n->available < need)
			return lacks(
				ENOMEM,
				"node %d has no room for a buffer of %s: %s can be allocated; take a smaller one (--size)",
				n->id, format_size(size, l->bytes),
				format_size(have, n->available));
	}
	return limit_check((uint64_t)l->nr_nodes * l->bytes + tables,
			   "a buffer on each node");
}

static int look_around(struct latency *l)
{
	size_t n;

	machine_read(&l->machine);
	l->nr_nodes = node_list(&l->nodes);
	if (l->nr_nodes < 0)
		return l->nr_nodes;
	l->nr_nodes = node_keep_allowed(l->nodes, l->nr_nodes);
	if (l->nr_nodes > NODE_MAX)
		l->nr_nodes = NODE_MAX;
	n = (size_t)l->nr_nodes;
	l->bytes = l->plan->latency.bytes;
	if (!l->bytes)
		l->bytes = latency_default_bytes(l->machine.emulated);
	l->buffers = xcalloc(n, sizeof(*l->buffers));
	l->origins = xcalloc(n, sizeof(*l->origins));
	l->cells = xcalloc(n * n, sizeof(*l->cells));
	return check_room(l);
}

/* ------------------------------------------------------------- measuring */

/* Huge pages where there are any; an emulator gains nothing by them. */
static int map(const struct latency *l, struct buffer *b)
{
	b->huge = !l->machine.emulated &&
		  !table_map(&b->table, l->bytes, PAGES_THP);
	return b->huge ? 0 : table_map(&b->table, l->bytes, PAGES_4K);
}

static int make_buffer(struct latency *l, struct buffer *b)
{
	struct place place = { .mode = PLACE_BIND,
			       .nodes = { b->node->id },
			       .nr_nodes = 1,
			       .text = "their node" };
	uint64_t cell = l->plan->latency.duration_ns, end;
	size_t want = l->bytes / sizeof(struct latency_line);
	struct table_pages pages = { 0 };
	int err = map(l, b);

	if (!err)
		err = table_place(&b->table, &place);
	if (err)
		return err;
	end = now_ns() +
	      SETUP_CELLS * (cell < SETUP_MAX_NS ? cell : SETUP_MAX_NS);
	b->at = (void *)b->table.base;
	do {
		uint64_t now = now_ns();

		b->lines = latency_link(
			b->at, b->lines, want,
			now < end - CHUNK_NS ? now + CHUNK_NS : end, &l->seed);
		l->stopped |= wait_for_signal(0);
	} while (b->lines < want && now_ns() < end && !l->stopped);
	err = table_locate(
		&b->table, 0,
		(b->lines * sizeof(struct latency_line) + PAGE_BYTES - 1) &
			~(size_t)(PAGE_BYTES - 1),
		&pages);
	return err ? err : table_check(&place, &pages);
}

static int interrupted(const struct latency *l, const char *stage)
{
	return l->stopped ? fail(EINTR, "interrupted during %s", stage) : 0;
}

static int set_up(struct latency *l)
{
	int err = find_origins(l);

	report_note("stage", "populate");
	/* With scope=process the emulator's plugin looks at who asks it. */
	pmu_table(NULL, 0);
	if (!err)
		err = pin(l->origins[0].cpu);
	for (int i = 0; i < l->nr_nodes && !err; i++) {
		l->buffers[i].node = &l->nodes[i];
		l->injected |=
			pmu_injected(l->nodes[i].id, &l->buffers[i].injected);
		err = make_buffer(l, &l->buffers[i]);
		if (!err)
			err = interrupted(l, "populate");
	}
	return err;
}

/* The chain, while nothing waits for what is injected. */
static double floor_window(struct latency *l, struct buffer *b, uint64_t ns)
{
	double each;

	pmu_hold(PMU_HOLD_MAX_NS);
	each = window(l, b, FLOOR, ns < FLOOR_NS ? ns : FLOOR_NS);
	pmu_hold(0);
	return each;
}

static void measure_cell(struct latency *l, struct buffer *b, struct cell *c,
			 int turn)
{
	uint64_t ns =
		l->plan->latency.duration_ns / TURNS / (l->injected ? 4 : 3);
	double before = 0;

	if (l->machine.emulated)
		grow_tlb(l, b, ns);
	if (l->injected)
		before = floor_window(l, b, ns / 2);
	c->value[CHAIN][turn] = window(l, b, CHAIN, ns);
	/*
	 * The floor is measured before and after it, so that both meet equally
	 * warm caches.
	 */
	if (l->injected)
		c->value[FLOOR][turn] =
			(before + floor_window(l, b, ns / 2)) / 2;
	c->value[INJECTED][turn] =
		c->value[CHAIN][turn] - c->value[FLOOR][turn];
	c->value[RANDOM][turn] = 1e9 / window(l, b, RANDOM, ns);
	c->value[STREAM][turn] =
		1e9 * sizeof(struct latency_line) / window(l, b, STREAM, ns);
}

static int measure(struct latency *l)
{
	int err = 0;

	report_note("stage", "measure");
	for (int turn = 0; turn < TURNS; turn++) {
		struct cell *c = l->cells;

		for (int i = 0; i < l->nr_origins; i++) {
			err = err ? err : pin(l->origins[i].cpu);
			for (int k = 0; k < l->nr_nodes && !err; k++, c++) {
				measure_cell(l, &l->buffers[k], c, turn);
				err = interrupted(l, "measure");
			}
		}
	}
	return err;
}

/* -------------------------------------------------------------- reporting */

/* After this the middle is the median, the ends are the range. */
static void sort(struct latency *l)
{
	for (int i = 0; i < l->nr_origins * l->nr_nodes; i++)
		for (int k = 0; k < FIGURES; k++)
			stats_sort(l->cells[i].value[k], TURNS);
}

static double median(const struct cell *c, enum figure f)
{
	return c->value[f][TURNS / 2];
}

/* A load that misses waits so long, or until the link has carried its line. */
static uint64_t asked_ns(const struct pmu_page_range *r)
{
	uint64_t latency = r->latency_ns[PMU_LOADS], line = 0;

	if (r->bandwidth)
		line = sizeof(struct latency_line) * UINT64_C(1000000000) /
		       r->bandwidth;
	return line > latency ? line : latency;
}

static void member(const struct cell *c, enum figure f, const char *middle,
		   const char *least, const char *most)
{
	report_real(middle, median(c, f));
	report_real(least, c->value[f][0]);
	report_real(most, c->value[f][TURNS - 1]);
}

REPORT_RECORD(
	latency_record, "latency", "a cell of tier latency; medians of turns",
	"pass u:number from 1\n"
	"cpu_node i:node whose CPU reads\n"
	"cpu i:CPU that reads\n"
	"memory_node i:node that is read\n"
	"latency_ns|latency_min_ns|latency_max_ns r:ns a load that depends on the one before\n"
	"random_access_per_s|random_access_min_per_s|random_access_max_per_s r:1/s reads that depend on nothing\n"
	"sequential_bytes_per_s|sequential_min_bytes_per_s|sequential_max_bytes_per_s r:bytes/s lines in order\n"
	"asked_ns u injected at a load, as asked: the latency, or a line's time at the bandwidth if that is longer\n"
	"injected_ns|injected_min_ns|injected_max_ns r:ns found: with it less without\n"
	"floor_ns|floor_min_ns|floor_max_ns r:ns a load while nothing is injected\n"
	"turns u:turns of each figure\n"
	"declared_read_latency_ns|declared_write_latency_ns r:ns by the platform\n"
	"declared_read_mb_per_s|declared_write_mb_per_s r:MB/s by the platform\n"
	"distance i:SLIT 10 is local\n"
	"buffer_bytes u that was read\n"
	"pages s 4k or thp\n"
	"emulated b the figures are an emulator's\n");

static const struct report_column columns[] = {
	{ "cpu_node", "CPU", 3 },
	{ "memory_node", "node", 4 },
	{ NULL, "ns, range", 17 },
	{ NULL, "M reads/s, range", 16 },
	{ "declared_read_latency_ns", "declared ns", 11 },
	{ "distance", "distance", 8 },
	{ "buffer_bytes", "buffer", 8, REPORT_SIZE },
};

static void show_cell(const struct latency *l, const struct origin *o,
		      const struct buffer *b, const struct cell *c)
{
	static const char *const declared[][2] = {
		{ "declared_read_latency_ns", "read_latency" },
		{ "declared_write_latency_ns", "write_latency" },
		{ "declared_read_mb_per_s", "read_bandwidth" },
		{ "declared_write_mb_per_s", "write_bandwidth" },
	};
	int distance = node_distance(o->node, b->node);

	report_begin_row(&latency_record, columns, ARRAY_SIZE(columns));
	report_u64("pass", l->pass);
	report_i64("cpu_node", o->node->id);
	report_i64("cpu", o->cpu);
	report_i64("memory_node", b->node->id);
	member(c, CHAIN, "latency_ns", "latency_min_ns", "latency_max_ns");
	member(c, RANDOM, "random_access_per_s", "random_access_min_per_s",
	       "random_access_max_per_s");
	member(c, STREAM, "sequential_bytes_per_s",
	       "sequential_min_bytes_per_s", "sequential_max_bytes_per_s");
	if (l->injected) {
		report_u64("asked_ns", asked_ns(&b->injected));
		member(c, INJECTED, "injected_ns", "injected_min_ns",
		       "injected_max_ns");
		member(c, FLOOR, "floor_ns", "floor_min_ns", "floor_max_ns");
	}
	report_u64("turns", TURNS);
	for (size_t i = 0; i < ARRAY_SIZE(declared); i++)
		report_real(declared[i][0],
			    node_declared(b->node->id, o->node->id,
					  declared[i][1]));
	if (distance < 0)
		report_null("distance");
	else
		report_i64("distance", distance);
	report_u64("buffer_bytes", b->lines * sizeof(struct latency_line));
	report_str("pages", b->huge ? "thp" : "4k");
	report_bool("emulated", l->machine.emulated);
	report_cell("ns, range", "%.2f-%.2f", c->value[CHAIN][0],
		    c->value[CHAIN][TURNS - 1]);
	report_cell("M reads/s, range", "%.2f-%.2f", c->value[RANDOM][0] / 1e6,
		    c->value[RANDOM][TURNS - 1] / 1e6);
	report_end();
}

/* As mlc prints it: rows of CPUs, columns of memory. */
static void matrix(const struct latency *l, const char *title, enum figure f,
		   double unit)
{
	report_say("\n%s\n", title);
	for (int from = 0; from < l->nr_nodes; from += MATRIX_NODES) {
		int to = from + MATRIX_NODES;

		to = to < l->nr_nodes ? to : l->nr_nodes;
		report_say("CPU node");
		for (int k = from; k < to; k++)
			report_say("  %6s%2d", "node", l->nodes[k].id);
		report_say("\n");
		for (int i = 0; i < l->nr_origins; i++) {
			report_say("%8d", l->origins[i].node->id);
			for (int k = from; k < to; k++) {
				const struct cell *c =
					&l->cells[i * l->nr_nodes + k];

				report_say("  %8.2f", median(c, f) / unit);
			}
			report_say("\n");
		}
	}
}

/* What the figures must not be taken for, as far as it is known here. */
static void text_notes(const struct latency *l)
{
	double most = 0;

	for (int k = 0; k < l->nr_nodes; k++) {
		if (median(&l->cells[k], RANDOM) > most)
			most = median(&l->cells[k], RANDOM);
		if (l->buffers[k].lines * sizeof(struct latency_line) <
		    l->bytes)
			report_say("Node %d: no time for a larger buffer; "
				   "--duration gives it more.\n",
				   l->nodes[k].id);
	}
	if (!l->machine.emulated)
		return;
	report_wrap("  ",
		    "Emulated: these are the emulator's figures, decided by "
		    "its own TLB (made to hold the buffer if there was time) "
		    "and the host's memory. %s",
		    l->injected ?
			    "What nodes differ by is what is injected." :
			    "It models no latency: nodes differ only where it "
			    "traps their accesses.");
	for (int k = 0; k < l->nr_nodes; k++) {
		double rate = median(&l->cells[k], RANDOM);

		if (node_is_trapped(1 / rate, pmu_latency(l->nodes[k].id),
				    1 / most))
			report_say("Node %d is trapped: a read takes %.0f "
				   "times as long.\n",
				   l->nodes[k].id, most / rate);
	}
}

/* What the plugin injects, beside what it takes without. */
static void text_injected(const struct latency *l)
{
	static const struct report_column columns[] = {
		{ NULL, "injected: CPU", 13 }, { NULL, "node", 4 },
		{ NULL, "asked ns", 9 },       { NULL, "found ns", 9 },
		{ NULL, "range", 17 },	       { NULL, "floor ns", 9 },
	};
	const struct cell *c = l->cells;
	char text[ARRAY_SIZE(columns)][40];
	const char *cells[ARRAY_SIZE(columns)];

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		cells[i] = text[i];
	report_say("\n");
	report_head(columns, ARRAY_SIZE(columns));
	for (int i = 0; i < l->nr_origins; i++) {
		for (int k = 0; k < l->nr_nodes; k++, c++) {
			const struct buffer *b = &l->buffers[k];

			snprintf(text[0], sizeof(text[0]), "%d",
				 l->origins[i].node->id);
			snprintf(text[1], sizeof(text[0]), "%d", b->node->id);
			snprintf(text[2], sizeof(text[0]), "%" PRIu64,
				 asked_ns(&b->injected));
			snprintf(text[3], sizeof(text[0]), "%.2f",
				 median(c, INJECTED));
			snprintf(text[4], sizeof(text[0]), "%.2f-%.2f",
				 c->value[INJECTED][0],
				 c->value[INJECTED][TURNS - 1]);
			snprintf(text[5], sizeof(text[0]), "%.2f",
				 median(c, FLOOR));
			report_row(columns, ARRAY_SIZE(columns), cells);
		}
	}
	report_wrap("  ", "Found: what a load of the chain takes longer than "
			  "while nothing is injected; that is the floor.");
}

static void show(struct latency *l)
{
	const struct cell *c = l->cells;

	sort(l);
	matrix(l, "Latency of a load that depends on the one before, ns", CHAIN,
	       1);
	matrix(l, "Random reads that depend on nothing, one thread, M/s",
	       RANDOM, 1e6);
	matrix(l, "Sequential reads, one thread, MB/s", STREAM, 1e6);
	report_say("\n");
	report_head(columns, ARRAY_SIZE(columns));
	for (int i = 0; i < l->nr_origins; i++) {
		for (int k = 0; k < l->nr_nodes; k++, c++) {
			show_cell(l, &l->origins[i], &l->buffers[k], c);
		}
	}
	report_say("Medians of %d turns; declared: by the platform.\n", TURNS);
	if (l->injected)
		text_injected(l);
	text_notes(l);
}

static int work(const struct plan *plan)
{
	struct latency l = { .plan = plan, .seed = 1 };
	int err;

	wait_hold_signals(NULL);
	err = look_around(&l);
	if (!err)
		err = tlb_init(&l.tlb, 0);
	if (!err)
		err = set_up(&l);
	while (!err) {
		err = measure(&l);
		if (err)
			break;
		l.pass++;
		show(&l);
		if (plan->once || report_error())
			break;
	}
	/* Without --once to be interrupted is the way it ends. */
	if (err == -EINTR && !plan->once)
		err = 0;
	for (int i = 0; l.buffers && i < l.nr_nodes; i++)
		table_unmap(&l.buffers[i].table);
	tlb_exit(&l.tlb);
	free(l.cells);
	free(l.origins);
	free(l.buffers);
	free(l.nodes);
	return err;
}

static int set_duration(struct plan *p, const char *arg)
{
	return option_duration("--duration", arg, &p->latency.duration_ns);
}

static int set_size(struct plan *p, const char *arg)
{
	if (parse_size(arg, &p->latency.bytes) || !p->latency.bytes ||
	    p->latency.bytes % PAGE_BYTES || p->latency.bytes > MAX_CHAIN)
		return option_bad("--size", arg,
				  "give a multiple of 4k, 256G at most");
	return 0;
}

static const struct verb_option options[] = {
	{ "duration", "TIME", set_duration,
	  "what a cell of the table takes (1s)" },
	{ "size", "SIZE", set_size,
	  "of a node's buffer (4 x the last-level cache)", 's' },
	{ 0 },
};

static void defaults(struct plan *plan)
{
	plan->latency.duration_ns = DEFAULT_CELL_NS;
}

static const char notes[] =
	"A thread on a CPU of each node with CPUs reads a buffer on each node with\n"
	"memory: a chain of dependent loads through all its cache lines in random\n"
	"order (ns a load), then loads that depend on nothing (reads a second), then\n"
	"one line after the other (MB/s).\n"
	"The buffer is 4 x the last-level cache and at least 64 MiB (256 MiB if the\n"
	"cache is not known), of huge pages if there are any; 16 MiB of 4 KiB pages\n"
	"in an emulator, whose own TLB is made to hold them, and decides the figures.\n"
	"A cell takes --duration, making a node's buffer four times that at most: it\n"
	"is smaller if that does not suffice. Without --once it repeats.\n"
	"Where build.sh run --latency injects some, a last table says what was asked,\n"
	"what was found, and the floor: what a load takes while nothing waits.\n";

const struct verb verb_latency = {
	.name = "latency",
	.operands = "",
	.summary = "ns a load, reads/s, MB/s: CPU nodes x memory nodes",
	.notes = notes,
	.flags = VERB_BENCHMARK | VERB_HEADER,
	.options = (const struct verb_option *const[]){ options, NULL },
	.defaults = defaults,
	.work = work,
};
