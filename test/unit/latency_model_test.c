// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modelled latency: what the user said, else what is injected, else what the
 * platform declares, else the default; and the bounds of what is said of it. No
 * plugin is asked.
 */
/* WRAP: pmu_latency */
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>

#include "bench/latency_model.h"
#include "bench/pmu.h"
#include "lib/report.h"
#include "tap.h"
#include "tree.h"

#define ACCESS "/sys/devices/system/node/node%d/access0/initiators/%s"

static double injected_ns[NODE_MAX];

double __wrap_pmu_latency(int node);

double __wrap_pmu_latency(int node)
{
	return injected_ns[node] * 1e-9;
}

static int records, console, kept;

static void declare(int node, const char *what, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), ACCESS, node, what);
	tree_file(path, value);
}

static bool is(double got, double want, const char *name)
{
	bool good = isnan(want) ? isnan(got) : fabs(got - want) < 1e-9;

	if (!ok(good, "%s", name))
		diag("got %g, want %g", got, want);
	return good;
}

static const struct node nodes[] = {
	{ .id = 0 },
	{ .id = 1 },
	{ .id = 2 },
	{ .id = 63 },
};
static const bool near[NODE_MAX] = { true, true };

/* Node 0 is given, node 1 declared, the others are as published. */
static void sources(struct latency_model *c)
{
	double given[NODE_MAX] = { 80.5 };

	given[5] = 77; /* a node that is not there */
	declare(0, "read_latency", "90\n");
	declare(1, "read_latency", "120\n");
	declare(1, "write_latency", "500\n");
	declare(2, "write_latency", "600\n");
	latency_model_settle(c, given, nodes, 4, near);
	is(c->ns[0], 80.5, "given, though it is declared");
	is_i64(c->source[0], LATENCY_MODEL_GIVEN, "and said to be");
	is(c->ns[1], 120, "declared, of a read");
	is_i64(c->source[1], LATENCY_MODEL_DECLARED, "so");
	is(c->ns[2], 250, "only writes are declared: the default, far");
	is_i64(c->source[2], LATENCY_MODEL_DEFAULT, "so");
	is(c->ns[63], 250, "the last node there can be");
	is(c->ns[5], 0, "no node: no latency");
	latency_model_settle(c, (const double[NODE_MAX]){ 0 }, nodes, 1, near);
	is(c->ns[0], 90, "not given: declared");
	declare(0, "read_latency", "0\n");
	latency_model_settle(c, (const double[NODE_MAX]){ 0 }, nodes, 1, near);
	is(c->ns[0], 100, "declared as 0, which is none: the default, near");
	latency_model_settle(c, given, nodes, 4, near);
}

/* cxl=+250ns comes on top; near=200ns,cxl=1us is all there is. */
static void injected(void)
{
	struct latency_model c;

	injected_ns[2] = 250;
	latency_model_settle(&c, (const double[NODE_MAX]){ 0 }, nodes, 4, near);
	is(c.ns[2], 350, "far alone: so much more than near");
	is_i64(c.source[2], LATENCY_MODEL_INJECTED, "so");
	is(c.ns[1], 120, "near is as it was");
	is_i64(c.source[1], LATENCY_MODEL_DECLARED, "so");
	injected_ns[1] = 200;
	latency_model_settle(&c, (const double[NODE_MAX]){ 0 }, nodes, 4, near);
	is(c.ns[1], 200, "near, too: all that there is");
	is(c.ns[2], 250, "and far");
	latency_model_settle(&c, (const double[NODE_MAX]){ 0, 0, 77 }, nodes, 4,
			     near);
	is(c.ns[2], 77, "what is given goes before");
	injected_ns[1] = injected_ns[2] = 0;
}

static void formula(const struct latency_model *c)
{
	double share[NODE_MAX] = { 0.5, 0.25, 0.125 };

	share[63] = 0.125;
	is(latency_model_of(c, share), 80.5 / 2 + 120 / 4. + 250 / 4.,
	   "the sum");
	is(latency_model_of(c, (const double[NODE_MAX]){ 1 }), 80.5,
	   "all near");
	is(latency_model_bound(c, false), 80.5, "the least of the near ones");
	is(latency_model_bound(c, true), 250, "the greatest of the far ones");
}

static void bounds(void)
{
	double given[NODE_MAX] = { 100, 80, 300, 280 };
	struct latency_model c;

	given[63] = 200;
	latency_model_settle(&c, given, nodes, 4, near);
	is(latency_model_bound(&c, false), 80, "of two near nodes");
	is(latency_model_bound(&c, true), 300, "of two far ones");
	latency_model_settle(&c, given, nodes, 2, near);
	is(latency_model_bound(&c, true), NAN, "without far nodes: not known");
	latency_model_settle(&c, given, nodes + 2, 2, near);
	is(latency_model_bound(&c, false), NAN, "without near ones");
}

REPORT_RECORD(r, "r", "", LATENCY_MODEL_MEMBERS);

static const char *record(void (*what)(const struct latency_model *,
				       const double *),
			  const struct latency_model *c, const double *share)
{
	static char text[4096];
	ssize_t n;

	report_begin(&r);
	what(c, share);
	report_end();
	n = read(records, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const char *said(const struct latency_model *c, const double *share)
{
	static char text[4096];
	ssize_t n;

	fflush(stdout);
	dup2(console, 1);
	latency_model_text(c, share, "sampled");
	fflush(stdout);
	n = pread(console, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	if (ftruncate(console, 0) || lseek(console, 0, SEEK_SET))
		text[0] = '?';
	dup2(kept, 1);
	return text;
}

static void shown(struct latency_model *c)
{
	static const double share[NODE_MAX] = { 0.5, 0.25, 0.25 };
	bool narrow = true;
	const char *text;

	is_str(record(latency_model_record, c, share),
	       "{\"record\":\"r\",\"seq\":1,\"modelled\":{\"ns_per_update\":"
	       "132.75,\"all_near_ns\":80.5,\"all_far_ns\":250,"
	       "\"node0\":{\"latency_ns\":80.5,\"source\":\"given\"},"
	       "\"node1\":{\"latency_ns\":120,\"source\":\"declared\"},"
	       "\"node2\":{\"latency_ns\":250,\"source\":\"default\"},"
	       "\"node63\":{\"latency_ns\":250,\"source\":\"default\"}}}\n",
	       "the record");
	text = said(c, share);
	like(text, "modelled 132.8 ns an update (all near 80, all far 250)",
	     "the text");
	like(text, "(declared)", "with its sources");
	like(text, "A model of", "is called a model");
	like(text, "--latency", "with defaults: how to give others");
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		narrow &= strcspn(p, "\n") < 80;
	ok(narrow, "in 80 columns");
	latency_model_settle(c, (const double[NODE_MAX]){ 1, 2 }, nodes, 2,
			     near);
	text = said(c, share);
	ok(!strstr(text, "nan") && !strstr(text, "--latency"),
	   "neither what is not known, nor advice that was taken");
	like(text, "one tier", "but why");
	like(record(latency_model_record, c, share), "\"all_far_ns\":null",
	     "in the record it is null");
}

int main(void)
{
	struct latency_model c;
	int fds[2];

	if (pipe2(fds, O_DIRECT | O_NONBLOCK) ||
	    (console = memfd_create("", 0)) < 0)
		return 1;
	kept = dup(1);
	records = fds[0];
	report_to(fds[1]);
	tree_begin();
	sources(&c);
	injected();
	formula(&c);
	bounds();
	shown(&c);
	return done_testing();
}
