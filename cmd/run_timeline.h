/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rows.h - a program's pages while it runs: a row an interval, the most
 * there were, and the last that was seen.
 */
#ifndef TIER_ROWS_H
#define TIER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "residence.h"
#include "vmstat.h"

struct rows {
	struct residence_source source;
	uint64_t every_ns; /* between rows; 0: no rows, and nobody looks */
	bool stretched; /* rows were left out: looking costs too much */
	pid_t pid; /* of the program */
	uint64_t begin, next; /* of now_ns() */
	uint64_t looks; /* how often was looked */
	size_t rows;
	double cpu_s; /* that looking took */
	double peak_s, end_s; /* when those were seen, since begin */
	struct vmstat before; /* of the row before */
	struct residence peak, end;
};

/*
 * Finds a source for the pages of our descendants; group as of
 * residence_open(). Text and nothing else; every 0: does nothing, then or
 * later.
 */
void rows_open(struct rows *t, uint64_t every_ns, const char *group);
/* Just before the program starts, and just after. */
void rows_begin(struct rows *t);
void rows_started(struct rows *t, pid_t pid);
/*
 * Looks if it is time, and when a row is due says it and writes the record
 * "timeline". Returns when it wants to be called next (of now_ns()), or
 * UINT64_MAX.
 */
uint64_t rows_tick(struct rows *t);
/* Text: pages at the peak and at the end, and what looking took. */
void rows_show(const struct rows *t, double elapsed_s);
/* Members of a record: the same. */
void rows_record(const struct rows *t, double elapsed_s);
void rows_close(struct rows *t);

#endif
