// SPDX-License-Identifier: GPL-2.0-only
/*
 * show.c - what the machine is: nodes, tiers, regions, kdamonds.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/show.h"
#include "damon/damon_config.h"
#include "damon/damon_sysfs.h"
#include "lib/time.h"
#include "lib/base.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/memory_block.h"
#include "sysfs.h"

void show_header(int argc, char **argv, const struct machine *m)
{
	struct textbuf command = { 0 };

	buf_addn(&command, "", 0);
	for (int i = 1; i < argc; i++)
		buf_add(&command, " %s", argv[i]);
	report_wrap("  ", "tier " TIER_VERSION ":%s", command.text);
	if (m->firmware[0] || m->cpu[0])
		report_say("machine  %s%s%s\n", m->firmware,
			   m->firmware[0] && m->cpu[0] ? ", " : "", m->cpu);
	report_say("kernel   %s", m->kernel[0] ? m->kernel : "not said");
	if (!isnan(m->uptime_s))
		report_say(", up %.1f s", m->uptime_s);
	report_say("\n");
	if (sysfs_is_rerooted())
		report_say(
			"tree     what is said is said of it, and not of the "
			"machine that tier runs on\n");
	if (m->emulated)
		report_say("time     emulated: seconds and rates are the "
			   "emulator's, not hardware's\n");
	buf_free(&command);
}

REPORT_RECORD(environment, "environment", "the first one: what runs, and where",
	      "tier s its version\n"
	      "argv[] s the command line\n"
	      "kernel s name, release and architecture\n"
	      "machine s vendor and product of the firmware\n"
	      "cpu s model name\n"
	      "cpus i:CPUs that are online\n"
	      "emulated b times and rates are an emulator's, not hardware's\n"
	      "uptime_s r since the kernel was started\n"
	      "tree b all of it is a tree's (--root), not of this machine\n");

void show_environment(int argc, char **argv, const struct machine *m)
{
	report_begin(&environment);
	report_str("tier", TIER_VERSION);
	report_open("argv", '[');
	for (int i = 1; i < argc; i++)
		report_str(NULL, argv[i]);
	report_close(']');
	report_str("kernel", m->kernel[0] ? m->kernel : NULL);
	report_str("machine", m->firmware[0] ? m->firmware : NULL);
	report_str("cpu", m->cpu[0] ? m->cpu : NULL);
	report_i64("cpus", m->cpus);
	report_bool("emulated", m->emulated);
	report_real("uptime_s", m->uptime_s);
	report_bool("tree", sysfs_is_rerooted());
	report_end();
}

REPORT_RECORD(region_record, "region",
	      "a CXL region, or a dax device that is of none",
	      "region s its name\n"
	      "decoder s the root decoder that it is in; null: it is no region\n"
	      "memdevs[] s its devices\n"
	      "serials[] u:number of its devices\n"
	      "start u:address physical address\n"
	      "size_bytes u of the region\n"
	      "granularity_bytes u of the interleaving\n"
	      "online_bytes u of it in use as memory\n"
	      "movable_bytes u of that in ZONE_MOVABLE\n"
	      "node i:node that its memory is\n"
	      "committed b its decoders are programmed\n"
	      "dax s its dax device\n"
	      "driver s of the dax device: kmem, device_dax\n"
	      "created_in_s r what it took; null: it was there\n");

void show_devices(struct textbuf *b, const struct region *r)
{
	bool many = r->nr_memdevs > 4;

	for (int i = 0; i < r->nr_memdevs; i++)
		buf_add(b, "%s%s", i ? "+" : "",
			r->memdevs[i] + (i && many ? strcspn(r->memdevs[i],
							     "0123456789") :
						     0));
}

void show_region(const struct region *r, double seconds)
{
	char size[SIZE_TEXT], node[32] = "no node", took[48] = "";
	struct textbuf devices = { 0 };

	report_begin(&region_record);
	report_str("region", r->name);
	report_str("decoder", r->is_soft ? NULL : r->decoder);
	report_open("memdevs", '[');
	for (int i = 0; i < r->nr_memdevs; i++) {
		report_str(NULL, r->memdevs[i]);
	}
	show_devices(&devices, r);
	report_close(']');
	report_open("serials", '[');
	for (int i = 0; i < r->nr_memdevs; i++)
		report_u64(NULL, r->serials[i]);
	report_close(']');
	report_u64("start", r->start);
	report_u64("size_bytes", r->size);
	report_u64("granularity_bytes", r->granularity);
	report_u64("online_bytes", r->online);
	report_u64("movable_bytes", r->movable);
	if (r->node < 0)
		report_null("node");
	else
		report_i64("node", r->node);
	report_bool("committed", r->committed);
	report_str("dax", r->dax[0] ? r->dax : NULL);
	report_str("driver", r->driver[0] ? r->driver : NULL);
	if (seconds < 0)
		report_null("created_in_s");
	else
		report_real("created_in_s", seconds);
	report_end();

	if (r->node >= 0)
		snprintf(node, sizeof(node), "node %d", r->node);
	if (seconds >= 0)
		snprintf(took, sizeof(took), ", created in %.2f s", seconds);
	report_wrap("         ", "%s %s: %s, %s, %s, %s%s",
		    r->is_soft ? "dax     " : "region  ", r->name,
		    r->is_pmem	 ? "persistent" :
		    r->is_soft	 ? "soft-reserved" :
		    devices.text ? devices.text :
				   "?",
		    format_size(size, r->size), node,
		    r->size && !r->start    ? "of which root sees more" :
		    r->online == 0	    ? "offline" :
		    r->movable == r->online ? "online, movable" :
					      "online",
		    took);
	buf_free(&devices);
}

/* ---------------------------------------------------------------- DAMON */

static void say_target(char *text, size_t size, const struct kdamond_context *c)
{
	const struct kdamond_target *t = c->targets.items;
	char bytes[SIZE_TEXT];
	uint64_t sum = 0;
	int node;

	if (!c->targets.nr) {
		snprintf(text, size, "no target");
		return;
	}
	if (strcmp(c->ops, "paddr") != 0) {
		snprintf(text, size, "process %" PRIu64, t->pid);
		return;
	}
	for (size_t i = 0; i < t->regions.nr; i++)
		sum += (kdamond_region(t, i)->end -
			kdamond_region(t, i)->start) *
		       c->addr_unit;
	format_size(bytes, sum);
	node = t->regions.nr ?
		       memory_block_node_at(kdamond_region(t, 0)->start *
					    c->addr_unit) :
		       -1;
	snprintf(text, size,
		 node < 0 ? "%s in %zu range%s" :
			    "%s in %zu range%s of node %d",
		 bytes, t->regions.nr, t->regions.nr == 1 ? "" : "s", node);
}

REPORT_RECORD(damon_kdamond, "damon_kdamond", "a kdamond and its context",
	      "kdamond u:number its number\n"
	      "on b it runs\n"
	      "pid i:PID of its kernel thread\n"
	      "operations s paddr, vaddr or fvaddr\n"
	      "target s what it monitors\n"
	      "sample_s r the sampling interval\n"
	      "aggregation_s r the aggregation interval\n"
	      "update_s r the interval at which operations are updated\n"
	      "regions_min u:regions at least\n"
	      "regions_max u:regions at most\n");

void show_damon_kdamond(size_t k, const struct kdamond_context *c)
{
	char target[96], sample[SIZE_TEXT], aggr[SIZE_TEXT], pid[32] = "";
	bool on = damon_sysfs_is_on(k);
	int id = on ? damon_sysfs_pid(k) : 0;

	say_target(target, sizeof(target), c);
	if (on)
		snprintf(pid, sizeof(pid), ", PID %d", id);
	report_say("kdamond  %zu: %s%s, %s: %s\n", k, on ? "on" : "off", pid,
		   c->ops, target);
	report_say("         a sample every %s, summed up every %s; %" PRIu64
		   " to %" PRIu64 " regions\n",
		   format_seconds(sample, (double)c->sample_us / 1e6),
		   format_seconds(aggr, (double)c->aggr_us / 1e6),
		   c->nr_regions.min, c->nr_regions.max);
	report_begin(&damon_kdamond);
	report_u64("kdamond", k);
	report_bool("on", on);
	if (id)
		report_i64("pid", id);
	else
		report_null("pid");
	report_str("operations", c->ops);
	report_str("target", target);
	report_real("sample_s", (double)c->sample_us / 1e6);
	report_real("aggregation_s", (double)c->aggr_us / 1e6);
	report_real("update_s", (double)c->update_us / 1e6);
	report_u64("regions_min", c->nr_regions.min);
	report_u64("regions_max", c->nr_regions.max);
	report_end();
}
