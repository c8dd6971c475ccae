// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plugin without QEMU (see qemu.h): what it counts, its cache, its waits.
 *
 * tier-pmu.c is included, which it must be: QEMU gets pointers to its static
 * functions when it translates code, a shared object exports no other, and each
 * part here loads it anew, with all of its state as at first.
 */
#include <math.h>
#include <unistd.h>

#include "plugin/tier-pmu.c"

#include "lib/time.h"
#include "tap.h"
#include "qemu.h"

#define FAR UINT64_C(0x40000000)
#define LINES_A_PAGE (4096 / OPTIONS_LINE)

static struct pmu_page answer;

/* ------------------------------------------------------------------- tests */

static void unload(void)
{
	for (unsigned int i = 0; vcpus && i <= nr_vcpus; i++) {
		free(vcpus[i].slots);
		free(vcpus[i].pages);
		free(vcpus[i].lines);
	}
	free(vcpus);
	vcpus = NULL;
}

/* Loads the plugin anew; all pages are where their addresses are. */
static void start(const char *what, ...)
{
	static char words[16][64];
	char *argv[16];
	qemu_info_t info = { .target_name = "x86_64",
			     .version = { QEMU_API, QEMU_API },
			     .system_emulation = true,
			     .system = { 2, 2 } };
	va_list ap;
	int argc = 0;

	va_start(ap, what);
	for (; what; what = va_arg(ap, const char *)) {
		snprintf(words[argc], sizeof(words[0]), "%s", what);
		argv[argc] = words[argc];
		argc++;
	}
	va_end(ap);
	unload();
	memset(delays, 0, sizeof(delays));
	own_ticks = 0;
	is_i64(qemu_plugin_install(1, &info, argc, argv), 0, "installed");
	for (uint64_t i = 0; i < PAGES; i++)
		physical[i] = i << 12;
}

static const struct pmu_page_range *range(unsigned int i)
{
	memset(&answer, 0, sizeof(answer));
	sum_all(&answer, 0, nr_vcpus);
	return &answer.ranges[i];
}

static uint64_t misses(unsigned int i)
{
	const struct pmu_page_range *r = range(i);

	return r->misses[PMU_USER][PMU_LOADS] + r->misses[PMU_USER][PMU_STORES];
}

static void counts(void)
{
	start("near=0x0-0x40000000", "far=0x40000000-0x80000000", NULL);
	physical[7] = FAR;
	count_user_load(0, 0, 7 << 12, NULL);
	count_user_both(1, 0, (7 << 12) + 8, NULL);
	count_kernel_store(0, 0, 8 << 12, NULL);
	is_u64(range(2)->count[PMU_USER][PMU_LOADS], 2, "far loads, two CPUs");
	is_u64(range(2)->count[PMU_USER][PMU_STORES], 1, "a far store");
	is_u64(range(1)->count[PMU_KERNEL][PMU_STORES], 1, "the kernel's");
	is_u64(range(1)->count[PMU_USER][PMU_LOADS], 0, "and nothing else");
	looked_up = 0;
	for (uint64_t i = 0; i < 4096; i += 8)
		count_user_load(0, 0, (7 << 12) + i, NULL);
	is_u64(looked_up, 0, "a page that is known is not looked up again");
}

/* As a migration: the page table changes, and then TLBs are flushed. */
static void flushes(void)
{
	start("near=0x0-0x40000000", "far=0x40000000-0x80000000", NULL);
	for (uint64_t i = 0; i < 3; i++)
		count_user_load(0, 0, i << 12, NULL);
	for (uint64_t i = 0; i < 3; i++)
		physical[i] = FAR + (i << 12);
	forget_page(&vcpus[0], 1 << 12);
	for (uint64_t i = 0; i < 3; i++)
		count_user_load(0, 0, i << 12, NULL);
	is_u64(range(2)->count[PMU_USER][PMU_LOADS], 1,
	       "invlpg of a page: that one is looked up anew");
	on_flush(0, NULL);
	for (uint64_t i = 0; i < 3; i++)
		count_user_load(0, 0, i << 12, NULL);
	is_u64(range(2)->count[PMU_USER][PMU_LOADS], 4, "a flush: all are");
}

/* 64 lines: 8 sets of 8; of one page, every 8th line is of the same set. */
static void least_recently_used(void)
{
	start("near=0x0-0x40000000", "far=0x40000000-0x80000000", "llc=4k",
	      NULL);
	for (int pass = 0; pass < 3; pass++)
		for (uint64_t i = 0; i < 8; i++)
			model_user_load(0, 0, i * 8 * 64, NULL);
	is_u64(misses(1), 8, "eight lines of a set miss once each");
	model_user_load(0, 0, 0, NULL);
	model_user_store(0, 0, 4096, NULL); /* the ninth, for line 1 */
	is_u64(misses(1), 9, "a ninth one misses");
	model_user_load(0, 0, 0, NULL);
	is_u64(misses(1), 9, "what was used last is still there");
	model_user_load(0, 0, (uint64_t)8 * 64, NULL);
	is_u64(misses(1), 10, "what was used longest ago had to go");
	is_u64(range(1)->writebacks, 0, "nothing that was changed has gone");
	for (uint64_t i = 2; i < 10; i++)
		model_user_load(0, 0, (i << 12) + 0, NULL);
	is_u64(range(1)->writebacks, 1, "then it has, and was written back");
	model_user_load(1, 0, 0, NULL);
	is_u64(misses(1), 19, "the other CPU has a cache of its own");
}

/* A hot set of half the cache, its pages anywhere in memory. */
static void fits(void)
{
	uint64_t seed = 3, first = 0;

	start("near=0x0-0x40000000", "llc=2M", NULL);
	for (int i = 0; i < PAGES / 2; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1;
		physical[i] = (seed >> 40) % (FAR >> 12) << 12;
	}
	for (int pass = 0; pass < 3; pass++) {
		for (uint64_t i = 0; i < PAGES / 2 * LINES_A_PAGE; i++)
			model_user_load(0, 0, i * 64, NULL);
		if (!pass)
			first = misses(1);
	}
	is_u64(first, PAGES / 2 * LINES_A_PAGE, "each line misses at first");
	ok((misses(1) - first) * 20 < first * 2,
	   "then less than one in 20 does: %" PRIu64 " of %" PRIu64,
	   misses(1) - first, 2 * first);
}

static void waits(void)
{
	uint64_t begin;

	start("near=0x0-0x40000000", "far=0x40000000-0x80000000",
	      "latency=1000us", NULL);
	physical[1] = FAR;
	begin = now_ns();
	model_user_load(0, 0, 4096, NULL);
	ok(now_ns() - begin > 900000, "a far miss waits");
	is_u64(range(2)->asked_ns / 1000, 999, "as long as was asked");
	begin = now_ns();
	for (int i = 0; i < 100; i++)
		model_user_load(0, 0, 4096 + 8, NULL);
	is_u64(range(2)->asked_ns / 1000, 999, "a hit does not wait");
	model_user_load(0, 0, 0, NULL);
	is_u64(range(1)->asked_ns, 0, "nor does a near one");
	hold(SECOND_NS);
	model_user_load(0, 0, 4096 + 64, NULL);
	is_u64(misses(2), 2, "held back, it misses");
	is_u64(range(2)->asked_ns / 1000, 999, "and does not wait");
	hold(0);
	model_user_load(0, 0, 4096 + 128, NULL);
	is_u64(range(2)->asked_ns / 1000000, 1, "then they wait again");
	ok(fabs(range(2)->asked_ns * 1e-6 - 2) < 0.01, "both in full");
}

/* 64 bytes at 1 MiB/s are 61 us; 2 us may be ahead. */
static void bandwidth(void)
{
	uint64_t begin, took;

	start("far=0x40000000-0x80000000", "bandwidth=1M", NULL);
	physical[1] = FAR;
	begin = now_ns();
	for (uint64_t i = 0; i < 32; i++)
		model_user_load(0, 0, 4096 + i * 64, NULL);
	took = (now_ns() - begin) / 1000;
	ok(took >= 32 * 61 - 2 - 61, "32 lines took %" PRIu64 " us", took);
	ok(range(1)->asked_ns / 1000 <= 32 * 62,
	   "no more was asked than the link needs");
}

/* Each virtual CPU by itself, the kernel's misses apart. */
static void by_vcpu(void)
{
	static struct pmu_page one;

	start("near=0x0-0x40000000", "far=0x40000000-0x80000000", NULL);
	model_user_load(0, 0, 0, NULL);
	model_user_load(1, 0, 0, NULL);
	model_kernel_store(1, 0, 4096, NULL);
	executed[0][PMU_USER] = 10;
	executed[1][PMU_USER] = 200;
	executed[1][PMU_KERNEL] = 3000;
	range(1);
	is_u64(answer.instructions[PMU_USER], 0,
	       "before there are virtual CPUs QEMU is not asked for theirs");
	begun = 2;
	is_u64(range(1)->misses[PMU_USER][PMU_LOADS], 2,
	       "of both, a miss each");
	is_u64(answer.instructions[PMU_USER], 210, "and their instructions");
	sum_all(&one, 1, 2);
	is_u64(one.ranges[1].misses[PMU_USER][PMU_LOADS], 1, "of one alone");
	is_u64(one.ranges[1].misses[PMU_KERNEL][PMU_STORES], 1,
	       "the kernel's apart");
	is_u64(one.instructions[PMU_KERNEL], 3000, "its instructions, too");
	is_u64(one.instructions[PMU_USER], 200, "of user code");
	is_u64(one.models, 1, "a cache is modelled, also without latencies");
}

/* A page of user code, or of the kernel, that is touched for the first time. */
static void work(bool kernel, uint64_t page)
{
	if (kernel)
		model_kernel_load(0, 0, page << 12, NULL);
	else
		model_user_load(0, 0, page << 12, NULL);
	executed[0][kernel ? PMU_KERNEL : PMU_USER] += 100;
}

static void left(uint64_t user, uint64_t kernel, const char *name)
{
	const struct pmu_page_range *r = range(1);

	is_u64(answer.left[PMU_USER], 100 * user, "%s: user code left out",
	       name);
	is_u64(r->left[PMU_USER][PMU_LOADS], user, "and its misses");
	is_u64(answer.left[PMU_KERNEL], 100 * kernel, "%s: kernel left out",
	       name);
	is_u64(r->left[PMU_KERNEL][PMU_LOADS], kernel, "and its misses");
}

/* A process leaves out what it does; others come in between. */
static void leaving(void)
{
	static uint8_t bytes[64];
	static GByteArray buffer = { bytes, 0 };
	uint64_t cr3 = 0x5000, other = 0x7000;
	struct vcpu *v;

	start("near=0x0-0x40000000", NULL);
	memset(executed, 0, sizeof(executed));
	v = &vcpus[0];
	v->buffer = &buffer;
	v->cr3_register = (void *)&cr3;
	v->gpr[0] = (void *)&other;
	work(false, 1);
	left(0, 0, "at first");
	set_leave(v, PMU_LEAVE_ALL);
	work(false, 2);
	work(true, 3);
	on_cr3(0, (void *)0); /* another process runs */
	work(false, 4);
	work(true, 5);
	left(1, 1, "until another one runs");
	other = 0x5000;
	on_cr3(0, (void *)0); /* it is back */
	work(true, 6);
	set_leave(v, PMU_LEAVE_END);
	work(false, 7);
	work(true, 8);
	left(1, 2, "when it is back");
	set_leave(v, PMU_LEAVE_USER);
	work(false, 9);
	work(true, 10);
	set_leave(v, PMU_LEAVE_END);
	left(2, 2, "its own part alone");
	is_u64(range(1)->misses[PMU_USER][PMU_LOADS], 5, "all is counted");
	is_u64(answer.instructions[PMU_KERNEL], 500, "as ever");
}

/* One cache for all. */
static void shared(void)
{
	start("near=0x0-0x40000000", "llc=4k", "llc-shared=on", NULL);
	model_user_load(0, 0, 0, NULL);
	model_user_load(1, 0, 0, NULL);
	is_u64(misses(1), 1, "what one CPU loaded the other one finds");
	vcpus[1].lines = vcpus[2].lines = NULL;
}

/* Numbers of the stream in a file, behind its head; how many. */
static int stream(const char *path, uint64_t *n, int most)
{
	FILE *f = fopen(path, "r");
	unsigned int shift = 0;
	int count = 0, c;

	while (f && (c = getc(f)) != EOF && c != '\n')
		;
	while (f && count < most && (c = getc(f)) != EOF) {
		n[count] = (shift ? n[count] : 0) | (uint64_t)(c & 127)
							    << shift;
		shift = c & 128 ? shift + 7 : 0;
		count += !shift;
	}
	if (f)
		fclose(f);
	return count;
}

static void same(const uint64_t *got, const uint64_t *want, int n,
		 const char *name)
{
	for (int i = 0; i < n; i++)
		if (i != 3) /* the host's time */
			is_u64(got[i], want[i], "%s: number %d", name, i);
}

/* User misses by page, and in each interval what is new. */
static void page_heat(void)
{
	static const uint64_t first[] = { 'I', HEAT_READING, 77, 0, 0, 2, 3,
					  2,   0x40000 - 4,  300 };
	static const uint64_t second[] = { 'I', HEAT_END, 0, 0, 1, 1, 3, 1 };
	char path[] = "/tmp/plugin-heat-XXXXXX", option[64];
	uint64_t frames[] = { 3, 4, UINT64_MAX >> 12, 3 };
	uint64_t n[32] = { 0 };
	int fd = mkstemp(path);

	snprintf(option, sizeof(option), "heat=%s", path);
	start("near=0x0-0x40000000", "far=0x40000000-0x80000000", "llc=off",
	      "heat-interval=rows", option, NULL);
	physical[7] = FAR;
	model_user_load(0, 0, 3 << 12, NULL);
	model_user_store(1, 0, (3 << 12) + 64, NULL);
	model_kernel_load(0, 0, 5 << 12, NULL);
	for (int i = 0; i < 300; i++)
		model_user_load(i % 2 ? 0 : 1, 0, 7 << 12, NULL);
	heat_cut(HEAT_READING, 77);
	physical[9] = 2 * FAR; /* behind the last range */
	model_user_load(0, 0, 9 << 12, NULL);
	model_user_load(0, 0, 3 << 12, NULL);
	ok(heat_ask(frames, 4), "what a guest asks of is answered");
	is_u64(frames[0], 3, "a page's misses, of all intervals and CPUs");
	is_u64(frames[1] | frames[2], 0, "none, and of nowhere none");
	is_u64(frames[3], 0, "asked of once more: no new ones");
	on_exit_of_qemu(NULL);
	ok(!heat_ask(frames, 4), "without heat there is no answer");
	is_i64(stream(path, n, 32), 18,
	       "two intervals, as if nobody had asked");
	same(n, first, 10, "both CPUs, loads and stores, user code alone");
	same(n + 10, second, 8, "what is new since");
	for (unsigned int i = 0; i < nr_vcpus; i++)
		vcpus[i].heat = NULL;
	close(fd);
	unlink(path);
}

/* All accesses, in pages of 2 MiB, loads and stores apart. */
static void heat_of_accesses(void)
{
	static const uint64_t want[] = { 'I', HEAT_END, 0, 0, 0, 2,
					 0,   2,	1, 3, 0, 1 };
	char path[] = "/tmp/plugin-heat-XXXXXX", option[64];
	uint64_t n[32] = { 0 };
	int fd = mkstemp(path);

	snprintf(option, sizeof(option), "heat=%s", path);
	start("near=0x0-0x40000000", "heat-interval=rows", "heat-of=accesses",
	      "heat-apart=on", "heat-grain=2m", option, NULL);
	heat_user_both(0, 0, 3 << 12, NULL);
	heat_user_load(1, 0, 5 << 12, NULL); /* the same page of 2 MiB */
	physical[6] = UINT64_C(4) << 21;
	heat_user_store(1, 0, 6 << 12, NULL);
	model_kernel_load(0, 0, 5 << 12, NULL);
	is_u64(vcpus[0].count[CLASS_OF(1, 0)][PMU_USER][PMU_STORES], 1,
	       "what counts accesses counts them once");
	on_exit_of_qemu(NULL);
	is_i64(stream(path, n, 32), 12, "one interval");
	same(n, want, 12, "hits, too; loads, then stores");
	for (unsigned int i = 0; i < nr_vcpus; i++)
		vcpus[i].heat = NULL;
	heat_shape = (struct heat_shape){ 0 };
	close(fd);
	unlink(path);
}

int main(void)
{
	page_heat();
	heat_of_accesses();
	counts();
	flushes();
	least_recently_used();
	fits();
	waits();
	bandwidth();
	by_vcpu();
	leaving();
	shared();
	unload();
	return done_testing();
}
