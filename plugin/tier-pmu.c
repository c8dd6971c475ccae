// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier-pmu.c - what QEMU lacks to study memory tiers: counts of the accesses
 * to each range of physical memory, and latencies for them. A plugin for
 * stock QEMU, loaded with -plugin tier-pmu.so,... (see options.h).
 *
 * QEMU calls on every load and store of the guest, with the virtual address.
 * Asking QEMU for the physical one each time is slow, so each virtual CPU has
 * a table from virtual pages to ranges. It is as right as a TLB is: what an
 * x86 kernel does after it has changed a page table, a migration included, is
 * to execute an instruction that flushes TLBs, on every CPU that may need it.
 * These instructions are found when code is translated, and flush the table.
 *
 * Latency is waited for, on the host: under TCG the guest's time is the
 * host's. Only misses of a modelled cache wait. Accesses do not overlap, as
 * the loads of a pointer chase do not; nor does what the host itself needs for
 * them, so that a wait comes on top of it in full.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "heat.h"
#include "options.h"
#include "qemu.h"

#define PAGE_SHIFT 12
/* 512 pages have a slot of the table, 4096 slots reach 8 GiB. */
#define SLOT_SHIFT 21
#define SLOT_PAGES (1u << (SLOT_SHIFT - PAGE_SHIFT))
#define SLOTS 4096u
/* Of a page's entry: its number above, below it what it counts for. */
#define CLASS_BITS 5
#define CLASSES (1u << CLASS_BITS)
#define CLASS_OF(range, in_table) (1 + 2 * (range) + (in_table))
#define RANGE_OF(class) (((class) - 1) / 2)
#define UNCOUNTED (CLASSES - 1) /* of a process that is not looked at */
/* So much may a link that was idle be ahead of its bandwidth. */
#define BURST_NS 2000
#define SECOND_NS UINT64_C(1000000000)

#define likely(x) __builtin_expect(!!(x), 1)

EXPORTED int qemu_plugin_version = QEMU_API;

struct slot {
	uint64_t region; /* virtual address >> SLOT_SHIFT */
	uint64_t generation;
};

/* Of a range, by virtual CPU; times in ticks */
struct tally {
	uint64_t misses[PMU_NR_WHO][PMU_NR_KINDS], writebacks, asked, waited;
};

/* What can be left out, at one moment or in all */
struct work {
	uint64_t instructions[PMU_NR_WHO];
	uint64_t misses[PMU_MAX_RANGES][PMU_NR_WHO][PMU_NR_KINDS];
};

/* A process leaves out what it does, here, as long as it is what runs. */
struct leave {
	uint32_t what; /* PMU_LEAVE_*; PMU_LEAVE_END: nothing */
	bool runs;
	uint64_t cr3; /* its */
	struct work since, sum;
};

/* Written by its own thread alone, the generation aside. */
struct vcpu {
	_Atomic uint64_t generation; /* of the slots that are valid */
	struct slot *slots;
	uint32_t *pages; /* SLOT_PAGES a slot; 0: not known */
	uint64_t *lines; /* the modelled cache, WAYS a set; NULL: none */
	uint64_t count[CLASSES][PMU_NR_WHO][PMU_NR_KINDS];
	struct tally tally[PMU_MAX_RANGES];
	struct leave leave;
	uint64_t cr3;
	struct qemu_plugin_register *gpr[16], *cr3_register;
	GByteArray *buffer;
	struct pmu_page *answer;
	struct heat_counts *heat; /* NULL: none; of misses, or of accesses */
} __attribute__((aligned(128)));

static struct options options;
static struct vcpu *vcpus;
static unsigned int nr_vcpus;
static struct heat_shape heat_shape;
static uint64_t set_mask;
static struct qemu_plugin_scoreboard *instructions; /* by enum pmu_who */
/* llc-shared=on: one cache, and many that want it */
static atomic_flag cache_busy = ATOMIC_FLAG_INIT;

/* In ticks */
static struct {
	uint64_t latency[PMU_NR_KINDS];
	uint64_t service; /* of a line, by the bandwidth; 0: no limit */
	_Atomic uint64_t free_at; /* the link has done what it was given */
} delays[PMU_MAX_RANGES];
static double ticks_per_ns;
static uint64_t own_ticks, burst_ticks;
static double own_ns, error_ns;
/* Until then no miss waits: the guest measures what it takes without. */
static _Atomic uint64_t held_until;

/* Whose accesses to where are those to the table */
static struct {
	_Atomic uint64_t cr3, start, end;
} asker;

/* ------------------------------------------------------------------- time */

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

static inline uint64_t ticks(void)
{
#ifdef __x86_64__
	return __rdtsc();
#else
	return now_ns();
#endif
}

/*
 * When all loads before it are done: else the host goes on to wait while it
 * still fetches the guest's word, and the one is hidden in the other.
 */
static inline uint64_t settled(void)
{
#ifdef __x86_64__
	_mm_lfence();
#endif
	return ticks();
}

/* When the link has carried one more line, given what it carried before. */
static uint64_t carry(unsigned int range, uint64_t now)
{
	uint64_t was = atomic_load(&delays[range].free_at), begin;

	do {
		begin = was > now - burst_ticks ? was : now - burst_ticks;
	} while (!atomic_compare_exchange_weak(&delays[range].free_at, &was,
					       begin + delays[range].service));
	return begin + delays[range].service;
}

static void delay(struct vcpu *v, unsigned int range, enum pmu_kind kind)
{
	struct tally *t = &v->tally[range];
	uint64_t begin, until, carried, now;

	if (!options.slow)
		return;
	begin = settled();
	if (!delays[range].latency[kind] && !delays[range].service)
		return;
	if (begin < atomic_load_explicit(&held_until, memory_order_relaxed))
		return;
	until = begin + delays[range].latency[kind];
	if (delays[range].service) {
		carried = carry(range, begin);
		until = carried > until ? carried : until;
	}
	t->asked += until - begin;
	until -= own_ticks;
	do {
		now = ticks();
	} while ((int64_t)(until - now) > 0);
	t->waited += now - begin + own_ticks;
}

/* ------------------------------------------------------------- the cache */

#define WAYS 8u /* a set is a line of the host's */
#define LINE_CHANGED 1u
#define LINE_RANGE(line) ((line) >> 1 & 15)
#define LINE(number, range) (((number) + 1) << 5 | (uint64_t)(range) << 1)

static void write_back(struct vcpu *v, unsigned int range)
{
	v->tally[range].writebacks++;
	/* Nobody waits for it, but the link is busy. */
	if (delays[range].service)
		carry(range, ticks());
}

/*
 * Is it there? From now on it is, the first of its set; else *out is what had
 * to go for it. The lines of a set are in the order of their last use, so that
 * a hot set that fits the cache stays in it, wherever its pages are.
 */
static inline bool cached(uint64_t *set, uint64_t want, bool store,
			  uint64_t *out)
{
	const uint64_t same = ~(uint64_t)LINE_CHANGED;
	uint64_t line = want;
	unsigned int i = 0;
	bool found;

	if (likely((set[0] & same) == want)) {
		set[0] |= store;
		return true;
	}
	while (i < WAYS - 1 && (set[i] & same) != want)
		i++;
	found = (set[i] & same) == want;
	if (found)
		line = set[i];
	else
		*out = set[i];
	for (; i; i--)
		set[i] = set[i - 1];
	set[0] = line | store;
	return found;
}

/* The cache of all virtual CPUs has a lock, one's own none. */
static bool cached_by_any(uint64_t *set, uint64_t want, bool store,
			  uint64_t *out)
{
	bool found;

	if (!options.llc_shared)
		return cached(set, want, store, out);
	while (atomic_flag_test_and_set_explicit(&cache_busy,
						 memory_order_acquire))
		;
	found = cached(set, want, store, out);
	atomic_flag_clear_explicit(&cache_busy, memory_order_release);
	return found;
}

/* (What lies beyond 512 GiB has the lines of what lies below: devices do.) */
static void model(struct vcpu *v, uint32_t entry, uint64_t vaddr,
		  enum pmu_who who, enum pmu_kind kind)
{
	uint64_t number = (uint64_t)(entry >> CLASS_BITS) << 6 |
			  (vaddr >> 6 & 63);
	unsigned int range = RANGE_OF(entry % CLASSES);
	uint64_t out = 0;

	if (v->lines) {
		if (cached_by_any(&v->lines[(number & set_mask) * WAYS],
				  LINE(number, range), kind == PMU_STORES,
				  &out))
			return;
		if (out & LINE_CHANGED)
			write_back(v, LINE_RANGE(out));
	}
	v->tally[range].misses[who][kind]++;
	if (v->heat && who == PMU_USER && !options.heat_accesses)
		heat_add(v->heat, heat_shape, entry >> CLASS_BITS, kind);
	delay(v, range, kind);
}

/* ----------------------------------------------------------- what is where */

static unsigned int range_at(uint64_t address)
{
	unsigned int low = 0, high = options.nr_parts;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (address >= options.parts[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < options.nr_parts && address >= options.parts[low].start)
		return options.parts[low].range;
	return 0;
}

static unsigned int classify(const struct vcpu *v, uint64_t vaddr,
			     uint64_t address)
{
	bool mine = v->cr3 && v->cr3 == atomic_load(&asker.cr3);

	if (options.scope == SCOPE_PROCESS && !mine)
		return UNCOUNTED;
	return CLASS_OF(range_at(address),
			mine && vaddr >= atomic_load(&asker.start) &&
				vaddr < atomic_load(&asker.end));
}

__attribute__((noinline)) static uint32_t look_up(struct vcpu *v,
						  struct slot *slot,
						  uint32_t *page, uint32_t info,
						  uint64_t vaddr)
{
	/* Before whose table it is: then a change of that is seen next time. */
	uint64_t generation = atomic_load(&v->generation);
	struct qemu_plugin_hwaddr *hw;
	uint64_t address;

	if (slot->region != vaddr >> SLOT_SHIFT ||
	    slot->generation != generation) {
		memset(&v->pages[(size_t)(slot - v->slots) * SLOT_PAGES], 0,
		       SLOT_PAGES * sizeof(*v->pages));
		slot->region = vaddr >> SLOT_SHIFT;
		slot->generation = generation;
	}
	hw = qemu_plugin_get_hwaddr(info, vaddr);
	if (!hw)
		return CLASS_OF(0, 0);
	address = qemu_plugin_hwaddr_phys_addr(hw);
	*page = (uint32_t)(address >> PAGE_SHIFT) << CLASS_BITS |
		classify(v, vaddr, address);
	return *page;
}

static inline uint32_t entry_of(struct vcpu *v, uint32_t info, uint64_t vaddr)
{
	size_t at = vaddr >> SLOT_SHIFT & (SLOTS - 1);
	struct slot *slot = &v->slots[at];
	uint32_t *page = &v->pages[at * SLOT_PAGES +
				   (vaddr >> PAGE_SHIFT & (SLOT_PAGES - 1))];
	uint64_t generation =
		atomic_load_explicit(&v->generation, memory_order_relaxed);

	if (likely(slot->region == vaddr >> SLOT_SHIFT &&
		   slot->generation == generation && *page))
		return *page;
	return look_up(v, slot, page, info, vaddr);
}

static void forget(struct vcpu *v)
{
	atomic_fetch_add(&v->generation, 1);
}

/*
 * One page; where a 2 MiB page may begin, all of it: such a page is flushed by
 * the address of its begin.
 */
static void forget_page(struct vcpu *v, uint64_t vaddr)
{
	size_t at = vaddr >> SLOT_SHIFT & (SLOTS - 1);

	if (v->slots[at].region != vaddr >> SLOT_SHIFT)
		return;
	if (vaddr >> PAGE_SHIFT & (SLOT_PAGES - 1))
		v->pages[at * SLOT_PAGES +
			 (vaddr >> PAGE_SHIFT & (SLOT_PAGES - 1))] = 0;
	else
		v->slots[at].generation = 0;
}

/* --------------------------------------------------------------- accesses */

/*
 * A function for each way an instruction can access memory, so that none asks
 * at run time what was known at translation. An instruction that loads and
 * then stores the same word is seen at its store only: half the calls.
 */
#define DEFINE_ACCESS(name, who, loads, stores)                               \
	static void count_##name(unsigned int vcpu, uint32_t info,            \
				 uint64_t vaddr, void *data)                  \
	{                                                                     \
		struct vcpu *v = &vcpus[vcpu];                                \
		uint32_t entry = entry_of(v, info, vaddr);                    \
                                                                              \
		(void)data;                                                   \
		v->count[entry % CLASSES][who][PMU_LOADS] += (loads);         \
		v->count[entry % CLASSES][who][PMU_STORES] += (stores);       \
	}                                                                     \
	static void model_##name(unsigned int vcpu, uint32_t info,            \
				 uint64_t vaddr, void *data)                  \
	{                                                                     \
		struct vcpu *v = &vcpus[vcpu];                                \
		uint32_t entry = entry_of(v, info, vaddr);                    \
                                                                              \
		(void)data;                                                   \
		v->count[entry % CLASSES][who][PMU_LOADS] += (loads);         \
		v->count[entry % CLASSES][who][PMU_STORES] += (stores);       \
		if (entry % CLASSES == UNCOUNTED)                             \
			return;                                               \
		if (loads)                                                    \
			model(v, entry, vaddr, who, PMU_LOADS);               \
		if (stores)                                                   \
			model(v, entry, vaddr, who, PMU_STORES);              \
	}                                                                     \
	/* And the heat is of all accesses */                                 \
	__attribute__((unused)) static void heat_##name(                      \
		unsigned int vcpu, uint32_t info, uint64_t vaddr, void *data) \
	{                                                                     \
		struct vcpu *v = &vcpus[vcpu];                                \
		uint32_t entry = entry_of(v, info, vaddr);                    \
                                                                              \
		if (entry % CLASSES != UNCOUNTED && (loads))                  \
			heat_add(v->heat, heat_shape, entry >> CLASS_BITS,    \
				 PMU_LOADS);                                  \
		if (entry % CLASSES != UNCOUNTED && (stores))                 \
			heat_add(v->heat, heat_shape, entry >> CLASS_BITS,    \
				 PMU_STORES);                                 \
		model_##name(vcpu, info, vaddr, data);                        \
	}

DEFINE_ACCESS(user_load, PMU_USER, 1, 0)
DEFINE_ACCESS(user_store, PMU_USER, 0, 1)
DEFINE_ACCESS(user_both, PMU_USER, 1, 1)
DEFINE_ACCESS(kernel_load, PMU_KERNEL, 1, 0)
DEFINE_ACCESS(kernel_store, PMU_KERNEL, 0, 1)
DEFINE_ACCESS(kernel_both, PMU_KERNEL, 1, 1)

enum access { LOAD, STORE, BOTH, NR_ACCESSES };

static qemu_mem_called *const counting[PMU_NR_WHO][NR_ACCESSES] = {
	{ count_user_load, count_user_store, count_user_both },
	{ count_kernel_load, count_kernel_store, count_kernel_both },
};
static qemu_mem_called *const modelling[PMU_NR_WHO][NR_ACCESSES] = {
	{ model_user_load, model_user_store, model_user_both },
	{ model_kernel_load, model_kernel_store, model_kernel_both },
};
static qemu_mem_called *const heating[PMU_NR_WHO][NR_ACCESSES] = {
	{ heat_user_load, heat_user_store, heat_user_both },
	{ model_kernel_load, model_kernel_store, model_kernel_both },
};
static qemu_mem_called *const (*called)[NR_ACCESSES];

/* -------------------------------------------------------------- registers */

static void find_registers(struct vcpu *v)
{
	/* In the order of an instruction's three, with REX four, bits */
	static const char *const names[] = { "rax", "rcx", "rdx", "rbx",
					     "rsp", "rbp", "rsi", "rdi",
					     "r8",  "r9",  "r10", "r11",
					     "r12", "r13", "r14", "r15" };
	GArray *all = qemu_plugin_get_registers();
	unsigned int bytes = all ? g_array_get_element_size(all) : 0;

	for (unsigned int i = 0; all && i < all->len; i++) {
		struct qemu_register r;

		memcpy(&r, all->data + (size_t)i * bytes, sizeof(r));
		if (!r.name)
			continue;
		for (unsigned int k = 0; k < 16; k++)
			if (!strcmp(r.name, names[k]))
				v->gpr[k] = r.handle;
		if (!strcmp(r.name, "cr3"))
			v->cr3_register = r.handle;
	}
	if (all)
		g_array_free(all, 1);
}

static uint64_t read_register(struct vcpu *v, struct qemu_plugin_register *r)
{
	uint64_t value = 0;

	g_byte_array_set_size(v->buffer, 0);
	if (r && qemu_plugin_read_register(r, v->buffer))
		memcpy(&value, v->buffer->data,
		       v->buffer->len < 8 ? v->buffer->len : 8);
	return value;
}

/* Without the bits that are none of the address: PCID, "do not flush" */
static uint64_t space(uint64_t cr3)
{
	return cr3 & UINT64_C(0x000ffffffffff000);
}

/* ------------------------------------------------------------- left out */

static uint64_t instructions_of(unsigned int vcpu, enum pmu_who who)
{
	if ((int)vcpu >= qemu_plugin_num_vcpus())
		return 0;
	return qemu_plugin_u64_get((qemu_plugin_u64){ instructions,
						      who * sizeof(uint64_t) },
				   vcpu);
}

static void take_work(const struct vcpu *v, struct work *w)
{
	for (unsigned int who = 0; who < PMU_NR_WHO; who++)
		w->instructions[who] = instructions_of(
			(unsigned int)(v - vcpus), (enum pmu_who)who);
	for (unsigned int r = 0; r < options.nr_ranges; r++)
		memcpy(w->misses[r], v->tally[r].misses, sizeof(w->misses[r]));
}

/* Up to here, or from here on. */
static void leave_out(struct vcpu *v, bool runs)
{
	struct leave *l = &v->leave;
	const uint64_t *from = (const uint64_t *)&l->since;
	uint64_t *sum = (uint64_t *)&l->sum;
	struct work now = { .instructions = { 0 } };
	const uint64_t *to = (const uint64_t *)&now;

	if (l->runs == runs)
		return;
	l->runs = runs;
	take_work(v, &now);
	if (runs) {
		l->since = now;
		return;
	}
	if (l->what == PMU_LEAVE_USER) { /* the kernel's part stays */
		l->since.instructions[PMU_KERNEL] =
			now.instructions[PMU_KERNEL];
		for (unsigned int r = 0; r < options.nr_ranges; r++)
			memcpy(l->since.misses[r][PMU_KERNEL],
			       now.misses[r][PMU_KERNEL],
			       sizeof(now.misses[r][PMU_KERNEL]));
	}
	for (size_t i = 0; i < sizeof(now) / sizeof(*to); i++)
		sum[i] += to[i] - from[i];
}

static void on_flush(unsigned int vcpu, void *data)
{
	(void)data;
	forget(&vcpus[vcpu]);
}

/* data: the register that will be CR3 */
static void on_cr3(unsigned int vcpu, void *data)
{
	struct vcpu *v = &vcpus[vcpu];

	v->cr3 = space(read_register(v, v->gpr[(uintptr_t)data & 15]));
	if (v->leave.what)
		leave_out(v, v->cr3 == v->leave.cr3);
	forget(v);
}

/* data: the register, and above it what is added to its value */
static void on_invlpg(unsigned int vcpu, void *data)
{
	struct vcpu *v = &vcpus[vcpu];
	uint64_t address = read_register(v, v->gpr[(uintptr_t)data & 15]);

	forget_page(v, address + (uint64_t)((intptr_t)data >> 4));
}

/* ------------------------------------------------------------ the question */

static uint64_t to_ns(uint64_t t)
{
	return (uint64_t)((double)t / ticks_per_ns);
}

static void add_to_range(struct pmu_page_range *sum, const struct vcpu *v,
			 unsigned int range)
{
	const struct tally *t = &v->tally[range];

	for (int k = 0; k < PMU_NR_KINDS; k++) {
		for (int w = 0; w < PMU_NR_WHO; w++) {
			sum->count[w][k] += v->count[CLASS_OF(range, 0)][w][k] +
					    v->count[CLASS_OF(range, 1)][w][k];
			sum->misses[w][k] += t->misses[w][k];
			sum->left[w][k] += v->leave.sum.misses[range][w][k];
		}
		sum->table[k] += v->count[CLASS_OF(range, 1)][PMU_USER][k];
	}
	sum->writebacks += t->writebacks;
	sum->asked_ns += to_ns(t->asked);
	sum->waited_ns += to_ns(t->waited);
}

static void set_range(struct pmu_page_range *sum, unsigned int range)
{
	const struct options_range *o = &options.ranges[range];

	memset(sum, 0, sizeof(*sum));
	memcpy(sum->name, o->name, sizeof(sum->name));
	memcpy(sum->latency_ns, o->latency_ns, sizeof(sum->latency_ns));
	sum->bandwidth = o->bandwidth;
	for (unsigned int i = options.nr_parts; i-- > 0;)
		if (options.parts[i].range == range)
			sum->start = options.parts[i].start;
}

/* Of the virtual CPUs from first to end. */
static void sum_all(struct pmu_page *page, unsigned int first, unsigned int end)
{
	page->word = PMU_TOLD;
	page->version = PMU_PAGE_VERSION;
	page->nr_ranges = options.nr_ranges;
	page->vcpus = nr_vcpus;
	page->all = options.scope == SCOPE_ALL;
	page->models = called != counting;
	page->waits = options.slow;
	page->cache_bytes = options.llc_bytes;
	page->own_ns = own_ns;
	page->error_ns = error_ns;
	for (unsigned int i = 0; i < options.nr_ranges; i++)
		set_range(&page->ranges[i], i);
	for (unsigned int n = first; n < end && n < nr_vcpus; n++) {
		page->flushes += atomic_load(&vcpus[n].generation);
		for (int w = 0; w < PMU_NR_WHO; w++) {
			page->instructions[w] +=
				instructions_of(n, (enum pmu_who)w);
			page->left[w] += vcpus[n].leave.sum.instructions[w];
		}
		for (unsigned int i = 0; i < options.nr_ranges; i++)
			add_to_range(&page->ranges[i], &vcpus[n], i);
	}
}

/* The process that asks, and its table. All CPUs look up anew. */
static void set_table(struct vcpu *v, const struct pmu_page *page)
{
	v->cr3 = space(read_register(v, v->cr3_register));
	atomic_store(&asker.start, page->start);
	atomic_store(&asker.end, page->end);
	atomic_store(&asker.cr3, v->cr3);
	for (unsigned int i = 0; i < nr_vcpus; i++)
		forget(&vcpus[i]);
}

/* Its own address space is known by its register only now, perhaps. */
static void set_leave(struct vcpu *v, uint32_t what)
{
	leave_out(v, false);
	v->cr3 = space(read_register(v, v->cr3_register));
	v->leave.cr3 = v->cr3;
	v->leave.what = what;
	leave_out(v, what != PMU_LEAVE_END);
}

static void hold(uint64_t ns)
{
	if (ns > PMU_HOLD_MAX_NS)
		ns = PMU_HOLD_MAX_NS;
	atomic_store(&held_until,
		     ns ? ticks() + (uint64_t)((double)ns * ticks_per_ns) : 0);
}

/* The whole page is the question, and the answer. */
static void on_ask_heat(struct vcpu *v, uint64_t address)
{
	struct pmu_heat *q = (struct pmu_heat *)v->answer;
	GByteArray answer = { (uint8_t *)q, sizeof(*q) };

	g_byte_array_set_size(v->buffer, 0);
	if (!qemu_plugin_read_memory_vaddr(address, v->buffer, sizeof(*q)) ||
	    v->buffer->len < sizeof(*q))
		return;
	memcpy(q, v->buffer->data, sizeof(*q));
	q->word = PMU_TOLD;
	q->end = heat_ask(q->frames,
			  q->start < PMU_HEAT_MAX ? q->start : PMU_HEAT_MAX);
	qemu_plugin_write_memory_vaddr(address, &answer);
}

/*
 * data: not NULL for user code. QEMU writes where no process could: so only
 * to a page of the asker's half of memory that begins with the question, which
 * it had to write there.
 */
static void on_ask(unsigned int vcpu, void *data)
{
	struct vcpu *v = &vcpus[vcpu];
	struct pmu_page *page = v->answer;
	uint64_t address = read_register(v, v->gpr[7]);
	const size_t head = offsetof(struct pmu_page, nr_ranges);
	GByteArray answer = { (uint8_t *)page, sizeof(*page) };
	unsigned int one;

	if (address % PMU_PAGE_BYTES || (data && address >> 63))
		return;
	g_byte_array_set_size(v->buffer, 0);
	if (!qemu_plugin_read_memory_vaddr(address, v->buffer, head) ||
	    v->buffer->len < head)
		return;
	memset(page, 0, sizeof(*page));
	memcpy(page, v->buffer->data, head);
	if (page->word != PMU_ASKED || page->version != PMU_PAGE_VERSION)
		return;
	if (page->question == PMU_HEAT) {
		on_ask_heat(v, address);
		return;
	}
	one = page->question == PMU_READ ? (unsigned int)page->start : 0;
	page->word = PMU_TOLD;
	if (page->question == PMU_LEAVE) {
		set_leave(v, (uint32_t)page->start);
		answer.len = sizeof(page->word);
		qemu_plugin_write_memory_vaddr(address, &answer);
		return;
	}
	if (page->question == PMU_TABLE)
		set_table(v, page);
	if (page->question == PMU_HOLD)
		hold(page->start);
	if (page->question == PMU_READ && page->end)
		heat_cut(HEAT_READING, page->end);
	sum_all(page, one ? one - 1 : 0, one ? one : nr_vcpus);
	page->asker = vcpu;
	qemu_plugin_write_memory_vaddr(address, &answer);
}

/* ------------------------------------------------------------ translation */

struct code {
	unsigned char bytes[15];
	size_t len;
	size_t at; /* of the opcode */
	unsigned char rex;
	bool locked, segment;
};

static struct code fetch(const struct qemu_plugin_insn *insn)
{
	struct code c = { .len = 0 };

	c.len = qemu_plugin_insn_data(insn, c.bytes, sizeof(c.bytes));
	for (; c.at < c.len; c.at++) {
		unsigned char b = c.bytes[c.at];

		if (b == 0xf0)
			c.locked = true;
		else if (b == 0x64 || b == 0x65)
			c.segment = true;
		else if (b != 0x66 && b != 0x67 && b != 0xf2 && b != 0xf3 &&
			 b != 0x2e && b != 0x36 && b != 0x3e && b != 0x26)
			break;
	}
	if (c.at < c.len && (c.bytes[c.at] & 0xf0) == 0x40)
		c.rex = c.bytes[c.at++];
	return c;
}

/*
 * Does it load a word and store it again, always both? The common ones are
 * enough: arithmetic on memory, without the lock prefix.
 */
static bool is_both(const struct code *c)
{
	unsigned char op, field;

	if (c->locked || c->at + 1 >= c->len || c->bytes[c->at + 1] >= 0xc0)
		return false;
	op = c->bytes[c->at];
	field = c->bytes[c->at + 1] >> 3 & 7;
	if (op < 0x38) /* add, or, adc, sbb, and, sub, xor */
		return (op & 7) < 2;
	if (op == 0x80 || op == 0x81 || op == 0x83) /* cmp only loads */
		return field != 7;
	if (op == 0xfe || op == 0xff) /* inc, dec */
		return field < 2;
	return (op == 0xf6 || op == 0xf7) && (field == 2 || field == 3);
}

static void watch_invlpg(struct qemu_plugin_insn *insn, const struct code *c)
{
	unsigned char modrm = c->bytes[c->at + 2];
	unsigned int mod = modrm >> 6, base = modrm & 7;
	intptr_t add = 0;

	if (c->segment || base == 4 || mod == 2 || (mod == 0 && base == 5)) {
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_flush,
						       QEMU_NO_REGS, NULL);
		return;
	}
	if (mod == 1 && c->at + 3 < c->len) {
		add = c->bytes[c->at + 3];
		add -= add > INT8_MAX ? UINT8_MAX + 1 : 0; /* it is signed */
	}
	base |= (c->rex & 1u) << 3;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_invlpg, QEMU_READ_REGS,
					       (void *)(add * 16 + base));
}

/* Instructions that flush the TLB; called before they are executed. */
static void watch_flushes(struct qemu_plugin_insn *insn, const struct code *c)
{
	const unsigned char *b = &c->bytes[c->at];
	unsigned int field;
	bool all = false;

	if (c->at + 2 >= c->len || b[0] != 0x0f)
		return;
	field = b[2] >> 3 & 7;
	if (b[1] == 0x01 && field == 7 && b[2] < 0xc0)
		watch_invlpg(insn, c);
	else if (b[1] == 0x22 && field == 3) /* mov to CR3 */
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_cr3, QEMU_READ_REGS,
			(void *)(uintptr_t)((b[2] & 7u) | (c->rex & 1u) << 3));
	else if (b[1] == 0x22) /* CR0, CR4 */
		all = true;
	else if (b[1] == 0x38 && b[2] == 0x82) /* invpcid */
		all = true;
	if (all)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_flush,
						       QEMU_NO_REGS, NULL);
}

static void watch_question(struct qemu_plugin_insn *insn, const struct code *c,
			   bool kernel)
{
	static const unsigned char ask[] = { PMU_ASK_BYTES };

	if (c->len == sizeof(ask) && !memcmp(c->bytes, ask, sizeof(ask)))
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_ask, QEMU_READ_REGS, kernel ? NULL : &asker);
}

static void watch_accesses(struct qemu_plugin_insn *insn, const struct code *c,
			   enum pmu_who who)
{
	if (is_both(c)) {
		qemu_plugin_register_vcpu_mem_cb(insn, called[who][BOTH],
						 QEMU_NO_REGS, QEMU_STORES,
						 NULL);
		return;
	}
	qemu_plugin_register_vcpu_mem_cb(insn, called[who][LOAD], QEMU_NO_REGS,
					 QEMU_LOADS, NULL);
	qemu_plugin_register_vcpu_mem_cb(insn, called[who][STORE], QEMU_NO_REGS,
					 QEMU_STORES, NULL);
}

/*
 * Linux has the upper half of the addresses to itself. Before its first code
 * there run firmware and boot code in the lower half, of no user.
 */
static bool is_kernel(const struct qemu_plugin_tb *tb)
{
	static atomic_bool booted;
	bool upper = qemu_plugin_tb_vaddr(tb) >> 63;

	if (upper)
		atomic_store(&booted, true);
	return upper || !atomic_load(&booted);
}

static void on_translation(struct qemu_plugin_tb *tb, void *data)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool kernel = is_kernel(tb);
	size_t who = kernel ? PMU_KERNEL : PMU_USER;

	(void)data;
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
		tb, QEMU_PLUGIN_INLINE_ADD_U64,
		(qemu_plugin_u64){ instructions, who * sizeof(uint64_t) }, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		struct code c = fetch(insn);

		watch_question(insn, &c, kernel);
		watch_flushes(insn, &c);
		if (!kernel || options.scope == SCOPE_ALL)
			watch_accesses(insn, &c,
				       kernel ? PMU_KERNEL : PMU_USER);
	}
}

/* ------------------------------------------------------------------ set up */

static void *zeroed(size_t count, size_t bytes)
{
	void *p = calloc(count, bytes);

	if (!p) {
		fprintf(stderr, "tier-pmu: out of memory\n");
		abort();
	}
	return p;
}

static uint64_t *cache(size_t lines)
{
	uint64_t *p = aligned_alloc(64, lines * sizeof(*p));

	if (!p) {
		fprintf(stderr, "tier-pmu: out of memory\n");
		abort();
	}
	memset(p, 0, lines * sizeof(*p));
	return p;
}

/* QEMU has the vcpu and what hangs on it, which the analyzer cannot see. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static void set_up(struct vcpu *v)
{
	static uint64_t *shared;
	size_t lines = options.llc_bytes / OPTIONS_LINE;

	v->generation = 1; /* that no slot is of */
	v->slots = zeroed(SLOTS, sizeof(*v->slots));
	v->pages = zeroed((size_t)SLOTS * SLOT_PAGES, sizeof(*v->pages));
	if (!lines)
		return;
	set_mask = lines / WAYS - 1;
	if (!options.llc_shared || v == vcpus)
		shared = cache(lines);
	v->lines = shared;
}
#pragma GCC diagnostic pop

static void on_vcpu(unsigned int vcpu, void *data)
{
	struct vcpu *v = &vcpus[vcpu];

	(void)data;
	v->buffer = g_byte_array_new();
	v->answer = zeroed(1, PMU_PAGE_BYTES);
	find_registers(v);
	if (!v->gpr[7] || !v->cr3_register)
		fprintf(stderr, "tier-pmu: QEMU shows no registers: the guest "
				"cannot read its counters\n");
}

static void measure_ticks(void)
{
	uint64_t begin_ns = now_ns(), begin = ticks(), end_ns;

	do {
		end_ns = now_ns();
	} while (end_ns - begin_ns < SECOND_NS / 50);
	ticks_per_ns = (double)(ticks() - begin) / (double)(end_ns - begin_ns);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define CALIBRATE_NS 250
#define BATCHES 101
#define BATCH 64

/* What a miss takes, nanoseconds: the median. */
static double miss_ns(struct vcpu *v)
{
	double each[BATCHES];

	memset(v->lines, 0, (set_mask + 1) * WAYS * sizeof(*v->lines));
	for (uint32_t i = 0; i < SLOT_PAGES; i++)
		v->pages[i] = i << CLASS_BITS | CLASS_OF(0, 0);
	v->slots[0].generation = v->generation;
	for (int i = 0; i < BATCHES; i++) {
		uint64_t begin = ticks(), vaddr = (uint64_t)i * BATCH * 64;

		for (int k = 0; k < BATCH; k++, vaddr += 64)
			model_user_load((unsigned int)(v - vcpus), 0, vaddr,
					NULL);
		each[i] = (double)(ticks() - begin) / ticks_per_ns / BATCH;
	}
	qsort(each, BATCHES, sizeof(*each), by_value);
	return each[BATCHES / 2];
}

/* How much longer than asked a miss takes that waits than one that does not. */
static double excess(struct vcpu *v)
{
	double without;

	delays[0].latency[PMU_LOADS] = 0;
	without = miss_ns(v);
	delays[0].latency[PMU_LOADS] = (uint64_t)(CALIBRATE_NS * ticks_per_ns);
	return miss_ns(v) - without - CALIBRATE_NS;
}

/* On a CPU of its own behind the others, and on the range of all others. */
static void calibrate(struct vcpu *v)
{
	double own = 0;

	v->lines = v->lines ? v->lines : cache(WAYS);
	excess(v); /* the first time is that of cold caches */
	/* Twice: how late the end is noticed depends on what is taken off. */
	for (int i = 0; i < 2; i++) {
		own += excess(v);
		own_ticks = own > 0 ? (uint64_t)(own * ticks_per_ns) : 0;
	}
	error_ns = excess(v);
	delays[0].latency[PMU_LOADS] = 0;
	own_ns = miss_ns(v);
}

static void set_delays(void)
{
	for (unsigned int i = 0; i < options.nr_ranges; i++) {
		const struct options_range *r = &options.ranges[i];

		for (int k = 0; k < PMU_NR_KINDS; k++)
			delays[i].latency[k] =
				(uint64_t)(r->latency_ns[k] * ticks_per_ns);
		if (r->bandwidth)
			delays[i].service =
				(uint64_t)((double)OPTIONS_LINE * SECOND_NS /
					   (double)r->bandwidth * ticks_per_ns);
	}
	burst_ticks = (uint64_t)(BURST_NS * ticks_per_ns);
}

/* ----------------------------------------------------------------- the end */

static void print_counts(FILE *f, const char *key, const uint64_t *n)
{
	fprintf(f, "\"%s\":{\"loads\":%llu,\"stores\":%llu}", key,
		(unsigned long long)n[PMU_LOADS],
		(unsigned long long)n[PMU_STORES]);
}

static void print_range(FILE *f, const struct pmu_page_range *r,
			unsigned int range)
{
	fprintf(f, "%s{\"name\":\"%s\",", range ? "," : "", r->name);
	fprintf(f, "\"load_latency_ns\":%u,\"store_latency_ns\":%u,",
		r->latency_ns[PMU_LOADS], r->latency_ns[PMU_STORES]);
	if (r->bandwidth)
		fprintf(f, "\"bandwidth_bytes_per_s\":%llu,",
			(unsigned long long)r->bandwidth);
	else
		fprintf(f, "\"bandwidth_bytes_per_s\":null,");
	print_counts(f, "user", r->count[PMU_USER]);
	fputc(',', f);
	if (options.scope == SCOPE_ALL)
		print_counts(f, "kernel", r->count[PMU_KERNEL]);
	else
		fprintf(f, "\"kernel\":null");
	if (called != counting) {
		fputc(',', f);
		print_counts(f, "user_misses", r->misses[PMU_USER]);
		fputc(',', f);
		print_counts(f, "kernel_misses", r->misses[PMU_KERNEL]);
		fprintf(f,
			",\"writebacks\":%llu,\"asked_s\":%.9f,"
			"\"waited_s\":%.9f",
			(unsigned long long)r->writebacks,
			(double)r->asked_ns / 1e9, (double)r->waited_ns / 1e9);
	}
	fprintf(f, ",\"by_vcpu\":[");
	for (unsigned int i = 0; i < nr_vcpus; i++) {
		uint64_t n[PMU_NR_KINDS] = { 0 };

		for (unsigned int c = CLASS_OF(range, 0);
		     c <= CLASS_OF(range, 1); c++)
			for (int w = 0; w < PMU_NR_WHO; w++)
				for (int k = 0; k < PMU_NR_KINDS; k++)
					n[k] += vcpus[i].count[c][w][k];
		fprintf(f, "%s{\"loads\":%llu,\"stores\":%llu}", i ? "," : "",
			(unsigned long long)n[PMU_LOADS],
			(unsigned long long)n[PMU_STORES]);
	}
	fprintf(f, "]}");
}

static void on_exit_of_qemu(void *data)
{
	static const char *const scopes[] = { "all", "user", "process" };
	static struct pmu_page page;
	FILE *f = options.record ? fopen(options.record, "w") : NULL;

	(void)data;
	heat_close();
	if (!options.record)
		return;
	if (!f) {
		perror(options.record);
		return;
	}
	sum_all(&page, 0, nr_vcpus);
	fprintf(f, "{\"record\":\"pmu_totals\",\"scope\":\"%s\",\"vcpus\":%u,",
		scopes[options.scope], page.vcpus);
	if (page.cache_bytes)
		fprintf(f, "\"cache_bytes\":%llu,\"cache_shared\":%s,",
			(unsigned long long)page.cache_bytes,
			options.llc_shared ? "true" : "false");
	else
		fprintf(f, "\"cache_bytes\":null,");
	if (options.slow)
		fprintf(f, "\"own_ns\":%.1f,\"error_ns\":%.1f,", page.own_ns,
			page.error_ns);
	fprintf(f,
		"\"user_instructions\":%llu,\"kernel_instructions\":%llu,"
		"\"flushes\":%llu,\"ranges\":[",
		(unsigned long long)page.instructions[PMU_USER],
		(unsigned long long)page.instructions[PMU_KERNEL],
		(unsigned long long)page.flushes);
	for (unsigned int i = 0; i < page.nr_ranges; i++)
		print_range(f, &page.ranges[i], i);
	fprintf(f, "]}\n");
	if (fclose(f))
		perror(options.record);
}

static bool begin_heat(void)
{
	struct heat_counts *counts;

	if (!options.heat)
		return true;
	if (!heat_open(&options, &counts, nr_vcpus))
		return false;
	heat_shape.shift = options.heat_shift - PAGE_SHIFT;
	heat_shape.apart = options.heat_apart;
	for (unsigned int i = 0; i < nr_vcpus; i++)
		vcpus[i].heat = &counts[i];
	return true;
}

EXPORTED int qemu_plugin_install(uint64_t id, const qemu_info_t *info, int argc,
				 char **argv)
{
	if (info->version.min > QEMU_API || info->version.cur < QEMU_API) {
		fprintf(stderr,
			"tier-pmu: this QEMU has versions %d to %d of "
			"the plugin interface, and %d is needed: take "
			"QEMU 11.1\n",
			info->version.min, info->version.cur, QEMU_API);
		return 1;
	}
	if (!info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr,
			"tier-pmu: made for qemu-system-x86_64, not "
			"for %s\n",
			info->target_name);
		return 1;
	}
	if (!options_parse(&options, argc, argv))
		return 1;
	called = options.slow || options.llc_bytes || options.heat ? modelling :
								     counting;
	if (options.heat && options.heat_accesses)
		called = heating;
	nr_vcpus = (unsigned int)info->system.max_vcpus;
	vcpus = aligned_alloc(128, (nr_vcpus + 1) * sizeof(*vcpus));
	if (!vcpus)
		abort();
	memset(vcpus, 0, (nr_vcpus + 1) * sizeof(*vcpus));
	instructions =
		qemu_plugin_scoreboard_new(PMU_NR_WHO * sizeof(uint64_t));
	for (unsigned int i = 0; i <= nr_vcpus; i++)
		set_up(&vcpus[i]);
	if (!begin_heat())
		return 1;
	measure_ticks();
	if (options.slow)
		calibrate(&vcpus[nr_vcpus]);
	set_delays();
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
