/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle.h - a placement that no kernel can have: each second the pages that
 * were hottest are brought near, by the exact counts of QEMU's plugin. A bound
 * to compare policies with.
 *
 * Of a page the mean of its counts is kept, in which each second is worth half
 * of all before it. Hot pages fill what is free near, above the high watermark;
 * then one takes the place of another only if it is clearly hotter (between 1.3
 * and 3 times), so that chance moves little. move_pages(2) moves them: where a
 * page is larger than 4 KiB, all of it with one part.
 *
 * It is a process of its own that looks at its parent and the parent's
 * descendants. What it needs to look, sort and ask is left out of modelled
 * time; what the kernel needs to move the pages is not.
 */
#ifndef TIER_TIERING_ORACLE_H
#define TIER_TIERING_ORACLE_H

#include <stdint.h>

struct oracle;

struct oracle_count {
	uint64_t rounds, pages; /* pages: that it saw in the last round */
	uint64_t promoted, demoted, failed;
	double cpu_s;
};

/*
 * Starts the process, which waits. NULL with the message: lacks() without the
 * plugin's counts by page, which names the policy. It comes before memory that
 * a fork would make slower, and ends with its parent.
 */
struct oracle *oracle_new(const char *policy);
void oracle_begin(struct oracle *o);
/* It moves nothing from here on. */
void oracle_end(struct oracle *o);
void oracle_free(struct oracle *o);
/* Record "oracle" and a line of text. */
void oracle_show(const struct oracle *o);

#endif
