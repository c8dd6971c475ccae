// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without the plugin the question is a no-op, on hardware as here; and of two
 * readings the differences count.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "bench/pmu.h"
#include "lib/report.h"
#include "tap.h"

static void test_no_plugin(void)
{
	static struct pmu_counts c;
	static char table[4096];
	static struct pmu_heat heat __attribute__((aligned(PMU_PAGE_BYTES)));
	uint64_t frame = 7;
	struct pmu_page_range r;

	memset(&c, 0x5a, sizeof(c));
	is_i64(pmu_read(&c), -ENOENT, "no plugin: -ENOENT");
	ok(!c.known, "and it is known that nothing is known");
	is_u64(pmu_asked.word, PMU_ASKED, "the page is as it was");
	is_i64(pmu_table(table, sizeof(table)), -ENOENT, "a table, too");
	is_u64(pmu_asked.start, (uintptr_t)table, "it was asked for");
	is_i64(pmu_hold(5), -ENOENT, "nothing to hold back");
	is_u64(pmu_asked.start, 5, "for so long, it was asked");
	is_i64(pmu_heat(&heat, &frame, 1), -ENOENT, "no counts by page");
	is_u64(heat.frames[0], 7, "it was asked for");
	is_u64(frame, 7, "the frame stays what it is");
	ok(pmu_latency(0) == 0, "no latency");
	ok(!pmu_injected(0, &r) && !r.name[0] && !r.latency_ns[PMU_LOADS],
	   "nothing is injected");
	ok(isnan(pmu_near_share(&c, &c, NULL)), "no share");
	pmu_show((struct pmu_counts[2]){ 0 }, (struct pmu_counts[2]){ 0 },
		 NULL);
	ok(true, "and nothing to show");
}

/* The registers that the compiler was not told of are as they were. */
static void test_harmless(void)
{
#ifdef __x86_64__
	uint64_t a[4] = { 1, 2, 3, 4 }, flags = 0, after = 1;

	__asm__ volatile("pushfq; popq %0\n\t" PMU_ASK_INSN
			 "\n\tpushfq; popq %1"
			 : "=&r"(flags), "=&r"(after), "+a"(a[0]), "+b"(a[1]),
			   "+c"(a[2]), "+d"(a[3])
			 : "D"(0));
	is_u64(after, flags, "the flags stay; so does a page at 0");
	ok(a[0] == 1 && a[1] == 2 && a[2] == 3 && a[3] == 4,
	   "the registers stay");
#else
	skip("the instruction", "not an x86-64 machine");
#endif
}

static void test_instruction(void)
{
#ifdef __x86_64__
	static const unsigned char want[] = { PMU_ASK_BYTES };
	const unsigned char *code;

	__asm__("leaq 1f(%%rip), %0\n\tjmp 2f\n1:\t" PMU_ASK_INSN "\n2:"
		: "=r"(code));
	ok(!memcmp(code, want, sizeof(want)),
	   "the plugin looks for what the assembler makes");
#endif
}

static void test_shares(void)
{
	static struct pmu_counts a, b;
	const bool near[64] = { true };

	a.known = b.known = true;
	a.page.nr_ranges = b.page.nr_ranges = 3;
	strcpy(b.page.ranges[0].name, "other");
	strcpy(b.page.ranges[1].name, "near");
	b.page.ranges[2] =
		(struct pmu_page_range){ .name = "cxl", .start = 1ull << 50 };
	a.page.ranges[1].table[PMU_LOADS] = 1000;
	b.page.ranges[1].table[PMU_LOADS] = 1030;
	b.page.ranges[1].count[PMU_USER][PMU_LOADS] = 77777;
	b.page.ranges[2].table[PMU_STORES] = 90;
	is_i64(pmu_node(&b.page.ranges[0]), -1, "other memory is no node's");
	is_i64(pmu_node(&b.page.ranges[2]), -1, "nor is what is not there");
	if (pmu_node(&b.page.ranges[1]) == 0)
		ok(pmu_near_share(&a, &b, near) == 0.25,
		   "the share of the table's accesses, of those since");
	else
		skip("a share", "this machine shows no memory blocks");
	b.page.ranges[1] = a.page.ranges[1];
	b.page.ranges[2] = a.page.ranges[2];
	ok(isnan(pmu_near_share(&a, &b, near)), "no accesses: no share");
}

/* A number of the record's range, by the way to it. */
static double number(const cJSON *r, int range, const char *span,
		     const char *what, const char *kind)
{
	r = cJSON_GetArrayItem(cJSON_GetObjectItem(r, "ranges"), range);
	r = cJSON_GetObjectItem(cJSON_GetObjectItem(r, span), what);
	r = cJSON_GetObjectItem(r, kind);
	return cJSON_IsNumber(r) ? r->valuedouble : NAN;
}

/* Of the timed part and of the whole run, each its own difference. */
static void test_record(void)
{
	static struct pmu_counts timed[2], whole[2];
	static char line[20000], other[20000];
	int fds[2], kept = dup(1), null = open("/dev/null", O_WRONLY);
	ssize_t n;
	cJSON *r;

	for (int i = 0; i < 2; i++) {
		timed[i].known = whole[i].known = true;
		timed[i].page.nr_ranges = whole[i].page.nr_ranges = 2;
		strcpy(timed[i].page.ranges[0].name, "other");
		strcpy(timed[i].page.ranges[1].name, "cxl");
	}
	timed[0].page.ranges[1].table[PMU_LOADS] = 1000;
	timed[1].page.ranges[1].table[PMU_LOADS] = 1030;
	timed[1].page.ranges[1].count[PMU_USER][PMU_STORES] = 77777;
	whole[1].page.ranges[1].table[PMU_LOADS] = 2000;
	if (pipe(fds) || kept < 0 || null < 0)
		return;
	report_to(fds[1]);
	fflush(stdout);
	dup2(null, 1);
	pmu_show(timed, whole, (const bool[64]){ true });
	n = read(fds[0], line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	pmu_show(timed, whole, NULL);
	n = read(fds[0], other, sizeof(other) - 1);
	other[n > 0 ? n : 0] = '\0';
	fflush(stdout);
	dup2(kept, 1);
	r = cJSON_Parse(line);
	ok(r, "a record");
	ok(number(r, 1, "timed", "table", "loads") == 30, "a difference");
	ok(number(r, 1, "timed", "table", "stores") == 0, "and none");
	ok(number(r, 1, "timed", "user", "stores") == 77777, "of another kind");
	ok(number(r, 1, "whole", "table", "loads") == 2000, "and of the run");
	ok(number(r, 0, "timed", "table", "loads") == 0, "by range");
	cJSON_Delete(r);
	r = cJSON_Parse(other);
	ok(number(r, 1, "timed", "user", "stores") == 77777,
	   "of a program without a table the same");
	like(other, "\"near_share\":null", "without a share of it");
	like(other, "\"timed\":{\"table\":null,", "and no table");
	cJSON_Delete(r);
}

int main(void)
{
	test_no_plugin();
	test_harmless();
	test_instruction();
	test_shares();
	test_record();
	return done_testing();
}
