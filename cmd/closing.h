/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * closing.h - the last lines of a report: what came out, who moved what, and
 * what is doubtful about it. A console scrolls, and what is said last is read.
 */
#ifndef TIER_CMD_CLOSING_H
#define TIER_CMD_CLOSING_H

#include "tiering/session.h"

/*
 * A reason to doubt the result, in a few words; it is said where it is found,
 * too. One that was given already is not said twice.
 */
void closing_doubt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A pass begins: what was doubted before holds for all passes. */
void closing_begin(void);
/*
 * The lines, and the record "closing"; result is what came out. The doubts of
 * this pass are forgotten.
 */
void closing_show(const char *result, const struct session *s);

#endif
