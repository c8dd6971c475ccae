// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modelled time, by hand, from counts that are made up: no plugin is asked.
 */
/* WRAP: pmu_read pmu_read_vcpu pmu_vcpu pmu_node */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "bench/modelled_time.h"
#include "lib/report.h"
#include "tap.h"

/* By virtual CPU: what it has done since the machine was started. */
static struct pmu_page cpu[2];
static bool plugin = true;

int __wrap_pmu_read(struct pmu_counts *c);
int __wrap_pmu_read_vcpu(struct pmu_counts *c, unsigned int vcpu);
int __wrap_pmu_vcpu(int cpu);
int __wrap_pmu_node(const struct pmu_page_range *r);

int __wrap_pmu_read_vcpu(struct pmu_counts *c, unsigned int vcpu)
{
	c->page = cpu[vcpu];
	c->page.vcpus = 2;
	c->page.nr_ranges = 3;
	strcpy(c->page.ranges[0].name, "other");
	strcpy(c->page.ranges[1].name, "near");
	strcpy(c->page.ranges[2].name, "cxl");
	return 0;
}

int __wrap_pmu_read(struct pmu_counts *c)
{
	struct pmu_counts second;

	__wrap_pmu_read_vcpu(c, 0);
	__wrap_pmu_read_vcpu(&second, 1);
	for (int w = 0; w < PMU_NR_WHO; w++) {
		c->page.instructions[w] += second.page.instructions[w];
		for (int r = 0; r < 3; r++)
			c->page.ranges[r].misses[w][0] +=
				second.page.ranges[r].misses[w][0];
	}
	return plugin ? 0 : -1;
}

/* CPU 7 is the virtual CPU 1, CPU 3 is 0. */
int __wrap_pmu_vcpu(int number)
{
	return number == 7 ? 1 : number == 3 ? 0 : -1;
}

int __wrap_pmu_node(const struct pmu_page_range *r)
{
	return !strcmp(r->name, "near") ? 0 : !strcmp(r->name, "cxl") ? 1 : -1;
}

static const struct latency_model latencies = { .ns = { 100, 250 },
						.near = { true } };

static void close_to(double got, double want, const char *name)
{
	bool same = isnan(want) ? isnan(got) : fabs(got / want - 1) < 1e-12;

	if (!ok(same, "%s", name))
		diag("got %.15g, want %.15g", got, want);
}

/* 30 instructions an update, and misses: of the CPU so many updates. */
static void execute(unsigned int v, uint64_t updates, unsigned int kernel,
		    bool far)
{
	cpu[v].instructions[PMU_USER] += 30 * updates;
	cpu[v].instructions[PMU_KERNEL] += kernel;
	cpu[v].ranges[far ? 2 : 1].misses[PMU_USER][PMU_LOADS] += updates;
	cpu[v].ranges[1].misses[PMU_KERNEL][PMU_STORES] += kernel / 100;
}

static struct modelled_time *begun(const int *cpus, double cpi)
{
	memset(cpu, 0, sizeof(cpu));
	cpu[0].all = cpu[1].all = cpu[0].models = cpu[1].models = 1;
	execute(0, 12345, 999, true); /* before: of no concern */
	execute(1, 5, 5000000, false);
	return modelled_time_new(&latencies, cpi, 2, cpus);
}

/* A record that is described, with what an update takes. */
static void show(const struct modelled_time *m)
{
	struct pmu_counts t[2];
	char text[4096];
	int fds[2];
	ssize_t n;

	__wrap_pmu_read(&t[1]);
	t[0] = t[1];
	t[0].page.instructions[PMU_USER] -= 30 * 1500;
	t[0].page.ranges[1].misses[PMU_USER][PMU_LOADS] -= 1000;
	t[0].page.ranges[2].misses[PMU_USER][PMU_LOADS] -= 500;
	if (pipe(fds))
		return;
	report_to(fds[1]);
	modelled_time_show(m, t);
	is_i64(report_error(), 0, "each member is described");
	n = read(fds[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	like(text, "\"user_instructions\":10,", "10 ns of instructions");
	like(text, "\"user_misses\":{\"other\":0,\"near\":66.6", "misses near");
	like(text, "\"cxl\":83.3", "and far, of an update");
}

static void pinned(void)
{
	struct modelled_time *m = begun((const int[]){ 7, 3 }, 1);
	/* An update near, far; and what the kernel does on the second CPU. */
	double near = 30 / 3.0 + 100, far = 30 / 3.0 + 250;
	double kernel = 3000 / 3.0 + 30 * 100;

	close_to(modelled_time_rate(m, true), NAN, "no point: no rate");
	modelled_time_take(m, (const uint64_t[]){ 100, 200 });
	close_to(modelled_time_rate(m, true), NAN, "one: none either");
	execute(1, 1000, 0, false);
	execute(0, 500, 3000, true);
	modelled_time_take(m, (const uint64_t[]){ 1100, 700 });
	show(m);
	close_to(modelled_time_rate(m, false),
		 1e9 / near + 500e9 / (500 * far + kernel),
		 "each thread's rate by its own CPU");
	/* A host that leaves one CPU alone changes nothing of either. */
	execute(1, 10, 0, false);
	execute(0, 5000, 30000, true);
	modelled_time_take(m, (const uint64_t[]){ 1110, 5700 });
	close_to(modelled_time_rate(m, false),
		 1e9 / near + 500e9 / (500 * far + kernel),
		 "however much of it there is");
	close_to(modelled_time_rate(m, true),
		 1e9 / near + 500e9 / (500 * far + kernel), "and in all");
	/* What tier leaves out */
	execute(1, 10, 300000, false);
	cpu[1].left[PMU_KERNEL] += 300000;
	cpu[1].ranges[1].left[PMU_KERNEL][PMU_STORES] += 3000;
	execute(0, 5000, 30000, true);
	modelled_time_take(m, (const uint64_t[]){ 1120, 10700 });
	close_to(modelled_time_rate(m, false),
		 1e9 / near + 500e9 / (500 * far + kernel),
		 "what was left out is not in it");
	modelled_time_free(m);
}

static void not_pinned(void)
{
	struct modelled_time *m = begun(NULL, 6);
	double near = 30 * 2.0 + 100, far = 30 * 2.0 + 250;

	modelled_time_take(m, (const uint64_t[]){ 0, 0 });
	execute(1, 1000, 0, false);
	execute(0, 500, 0, true);
	modelled_time_take(m, (const uint64_t[]){ 700, 800 });
	close_to(modelled_time_rate(m, false),
		 1500e9 / ((1000 * near + 500 * far) / 2),
		 "not pinned: all updates by the mean of the CPUs; --cpi");
	modelled_time_free(m);
	m = begun((const int[]){ 7, 8 }, 6);
	modelled_time_take(m, (const uint64_t[]){ 0, 0 });
	execute(1, 1000, 0, false);
	modelled_time_take(m, (const uint64_t[]){ 1000, 0 });
	close_to(modelled_time_rate(m, false), 1000e9 / (1000 * near / 2),
		 "a CPU that is not there: as if not pinned");
	modelled_time_free(m);
}

static void none(void)
{
	struct modelled_time *m;

	plugin = false;
	ok(!begun(NULL, 1), "no plugin: none");
	plugin = true;
	memset(cpu, 0, sizeof(cpu));
	m = modelled_time_new(&latencies, 1, 2, NULL);
	ok(!m, "a plugin that does not count all: none");
	modelled_time_take(NULL, NULL);
	close_to(modelled_time_rate(NULL, true), NAN,
		 "of none there is no rate");
	modelled_time_show(NULL, (struct pmu_counts[2]){ 0 });
	modelled_time_free(NULL);
}

int main(void)
{
	pinned();
	not_pinned();
	none();
	return done_testing();
}
