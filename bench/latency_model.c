// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency_model.c - what a placement would cost on real memory.
 */
#include <math.h>
#include <stdio.h>

#include "bench/latency_model.h"
#include "bench/pmu.h"
#include "lib/report.h"
#include "lib/text.h"

/*
 * Idle latencies as published for DDR5 and for CXL memory expanders: about
 * 100 ns, and 2 to 2.5 times that (Sun et al., Demystifying CXL Memory with
 * Genuine CXL-Ready Systems and Devices, MICRO 2023; Li et al., Pond, ASPLOS
 * 2023).
 */
#define DEFAULT_NEAR_NS 100
#define DEFAULT_FAR_NS 250

static const char *const sources[] = {
	[LATENCY_MODEL_DEFAULT] = "default",
	[LATENCY_MODEL_DECLARED] = "declared",
	[LATENCY_MODEL_INJECTED] = "injected",
	[LATENCY_MODEL_GIVEN] = "given",
};

/* Without what is given or injected. */
static void settle_node(struct latency_model *c, int id)
{
	double write;

	c->source[id] = LATENCY_MODEL_DECLARED;
	if (!node_latency(id, &c->ns[id], &write) && c->ns[id] > 0)
		return;
	c->source[id] = LATENCY_MODEL_DEFAULT;
	c->ns[id] = c->near[id] ? DEFAULT_NEAR_NS : DEFAULT_FAR_NS;
}

/*
 * What the emulator's plugin injects. Where nothing is at the near nodes
 * (cxl=+250ns) it comes on top of what they have.
 */
static void settle_injected(struct latency_model *c, const struct node *nodes,
			    int n)
{
	double near = latency_model_bound(c, false), ns;
	bool all = false;

	for (int i = 0; i < n; i++)
		all |= c->near[nodes[i].id] && pmu_latency(nodes[i].id) > 0;
	for (int i = 0; i < n; i++) {
		int id = nodes[i].id;

		ns = pmu_latency(id) * 1e9;
		if (!(ns > 0))
			continue;
		c->source[id] = LATENCY_MODEL_INJECTED;
		c->ns[id] = ns + (all ? 0 : near);
	}
}

void latency_model_settle(struct latency_model *c, const double given[NODE_MAX],
			  const struct node *nodes, int n,
			  const bool near[NODE_MAX])
{
	*c = (struct latency_model){ 0 };
	for (int i = 0; i < n; i++) {
		c->near[nodes[i].id] = near[nodes[i].id];
		settle_node(c, nodes[i].id);
	}
	settle_injected(c, nodes, n);
	for (int i = 0; i < n; i++) {
		int id = nodes[i].id;

		if (!(given[id] > 0))
			continue;
		c->source[id] = LATENCY_MODEL_GIVEN;
		c->ns[id] = given[id];
	}
}

double latency_model_of(const struct latency_model *c,
			const double share[NODE_MAX])
{
	double sum = 0;

	for (int i = 0; i < NODE_MAX; i++)
		sum += share[i] * c->ns[i];
	return sum;
}

double latency_model_bound(const struct latency_model *c, bool far)
{
	double bound = NAN;

	for (int i = 0; i < NODE_MAX; i++) {
		if (c->ns[i] <= 0 || c->near[i] == far)
			continue;
		if (isnan(bound) || (far ? c->ns[i] > bound : c->ns[i] < bound))
			bound = c->ns[i];
	}
	return bound;
}

void latency_model_record(const struct latency_model *c,
			  const double share[NODE_MAX])
{
	report_open("modelled", '{');
	report_real("ns_per_update", latency_model_of(c, share));
	report_real("all_near_ns", latency_model_bound(c, false));
	report_real("all_far_ns", latency_model_bound(c, true));
	for (int i = 0; i < NODE_MAX; i++) {
		if (c->ns[i] <= 0)
			continue;
		report_open(report_node(i), '{');
		report_real("latency_ns", c->ns[i]);
		report_str("source", sources[c->source[i]]);
		report_close('}');
	}
	report_close('}');
}

void latency_model_text(const struct latency_model *c,
			const double share[NODE_MAX], const char *by)
{
	double near = latency_model_bound(c, false),
	       far = latency_model_bound(c, true);
	struct textbuf where = { 0 };
	bool defaults = false;
	char bounds[64];

	for (int i = 0; i < NODE_MAX; i++) {
		if (c->ns[i] <= 0)
			continue;
		defaults |= c->source[i] == LATENCY_MODEL_DEFAULT;
		buf_add(&where, "%snode %d %.0f ns (%s)", where.len ? ", " : "",
			i, c->ns[i], sources[c->source[i]]);
	}
	if (isnan(near) || isnan(far))
		snprintf(bounds, sizeof(bounds), "all nodes are of one tier");
	else
		snprintf(bounds, sizeof(bounds), "all near %.0f, all far %.0f",
			 near, far);
	report_wrap(
		"         ",
		"modelled %.1f ns an update (%s): "
		"%s share of the updates x latency, summed over the nodes; %s",
		latency_model_of(c, share), bounds, by,
		where.text ? where.text : "");
	report_wrap("         ",
		    "         A model of dependent accesses on hardware, not "
		    "measured here; migration costs nothing in it.%s",
		    defaults ? " Default latencies are published ones; "
			       "--latency node0=NS,node1=NS gives others." :
			       "");
	buf_free(&where);
}
