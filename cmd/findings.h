/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings.h - what can be wrong with a machine, as one table: how it is
 * found, what it means, what to do. "tier check", the manual and what is said
 * before a run come from it.
 */
#ifndef TIER_CMD_FINDINGS_H
#define TIER_CMD_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cxl/poison.h"
#include "cxl/region.h"
#include "mm/dmesg.h"
#include "mm/machine.h"
#include "mm/node.h"
#include "mm/zone.h"

enum findings_level {
	FINDINGS_NOTE, /* good to know */
	FINDINGS_WARNING, /* results suffer, or a part of tiering is missing */
	FINDINGS_BROKEN, /* pages do not move between tiers, or memory is lost */
};

/* Is it said before a run, too? */
enum findings_when {
	FINDINGS_ASKED, /* no: "tier check" says it */
	FINDINGS_COMMAND, /* but as PID 1, where it cannot be so yet */
	FINDINGS_ALWAYS,
};

enum findings_answer { FINDINGS_NO, FINDINGS_YES, FINDINGS_UNREAD };

#define FINDINGS_TEXT 320

/* A memory device as the CXL bus shows it. */
struct findings_memdev {
	int id; /* of memN */
	uint64_t ram, pmem; /* capacities, bytes */
	bool has_endpoint;
	bool has_region;
};

/* What is known of the machine; findings_look_begin() fills it in. */
struct findings_look {
	const struct node *nodes;
	int nr_nodes;
	const struct node *near; /* NULL: no node */
	const struct region *regions;
	int nr_regions;
	struct machine machine;
	struct zones zones;
	bool has_zones; /* they were looked at */
	bool asked_region;
	char region_blocked[FINDINGS_TEXT]; /* why none can be made; "": one can */
	struct findings_memdev *memdevs;
	int nr_memdevs;
	struct poison poison;
	int poison_err; /* 0, or why a device could not be asked */
	uint64_t taint;
	struct dmesg log;
	int log_err; /* 0, or why the log could not be read */
	bool show_log; /* its lines may be shown */
	bool measure; /* accesses to the nodes may be timed */
	int slow; /* the slowest of the nodes, measured; -1: none */
	double slow_ns, near_ns; /* an access */
};

/* Writes what was found, or why it cannot be seen, into text. */
typedef enum findings_answer findings_fn(struct findings_look *l,
					 char text[static FINDINGS_TEXT]);

struct findings_row {
	const char *name;
	enum findings_level level;
	enum findings_when before;
	findings_fn *look;
	const char *seen; /* how it is found */
	const char *means;
	const char *todo;
};

/* In the order of the documents; a name of NULL ends it. */
extern const struct findings_row findings_rows[];

/*
 * nodes and regions are the caller's. brief: the rows "before" alone will be
 * asked. measure: a few pages are allocated on each node, and read.
 */
void findings_look_begin(struct findings_look *l, const struct node *nodes,
			 int nr_nodes, const struct region *regions,
			 int nr_regions, bool brief, bool measure);
void findings_look_end(struct findings_look *l);

/* "broken", "warning", "note" */
const char *findings_level_name(enum findings_level level);

/* Why accesses to a node of this machine are trapped, and what cures it. */
void findings_trap_cause(const struct machine *m, const struct region *regions,
			 int nr_regions, int node,
			 char text[static FINDINGS_TEXT]);

/* "2 warnings, the first at 3.1 s", with its line if that may be shown. */
void findings_complaints(const struct dmesg *log, enum dmesg_kind first,
			 enum dmesg_kind last, bool show,
			 char text[static FINDINGS_TEXT]);

#endif
