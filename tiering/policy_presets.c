// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_presets.c - the policies that are built in, each as the text of a
 * policy file. To add one is to add a row.
 */
#include <stddef.h>

#include "tiering/policy_file.h"

/* The customer's own settings: the second experiment of the project. */
#define NUMAB                         \
	"numa_balancing = 2\n"        \
	"demotion_enabled = true\n"   \
	"zone_reclaim_mode = 1\n"     \
	"lru_gen_enabled = 0x0000\n"  \
	"hot_threshold_ms = 1000\n"   \
	"scan_delay_ms = 1000\n"      \
	"scan_period_min_ms = 1000\n" \
	"scan_period_max_ms = 1100\n" \
	"scan_size_mb = 1024\n"

const struct policy_preset policy_presets[] = {
	{ "none",
	  "about = nothing moves pages: the reference for the others\n" },
	{ "numab",
	  "about = NUMA balancing promotes, reclaim demotes; steady scanning of 1 GiB a second\n" NUMAB },
	{ "tpp",
	  "about = the same at the kernel's default pace; watermarks 2 % of DRAM apart, kept free to promote to\n"
	  "numa_balancing = 2\n"
	  "demotion_enabled = true\n"
	  "watermark_scale_factor = 200\n" },
	{ "hmsdk",
	  "about = HMSDK's two DAMON schemes on cgroup hmsdk; the first demotion takes 30 s\n"
	  "demotion_enabled = true\n"
	  "cgroup = hmsdk\n"
	  "damon = hmsdk\n" },
	{ "hmsdk-fast",
	  "about = the same with times divided by five, and a tenth of the regions: for small guests, short runs\n"
	  "demotion_enabled = true\n"
	  "cgroup = hmsdk\n"
	  "damon = hmsdk-fast\n" },
	{ "both", "about = numab and hmsdk together\n" NUMAB "cgroup = hmsdk\n"
		  "damon = hmsdk\n" },
	{ "damon-goal",
	  "about = DAMON steered by goals for node 0's free memory (Linux 6.16 or newer)\n"
	  "damon = goals\n" },
	{ "interleave",
	  "about = nothing moves; gups any, and tier run, allocate by weight: 3 near to 1 far\n"
	  "interleave = 3:1\n" },
	{ "oracle",
	  "about = each second the hottest pages come near, by the emulator's exact counts: a bound (run --heat)\n"
	  "placement = counts\n" },
	{ 0 },
};
