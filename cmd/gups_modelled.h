/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gups_modelled.h - points of modelled time (modelled_time.h) while gups runs.
 */
#ifndef TIER_CMD_GUPS_MODELLED_H
#define TIER_CMD_GUPS_MODELLED_H

#include "bench/modelled_time.h"
#include "gups.h"

/* A point in time; m NULL: nothing. threads: those that update. */
void gups_modelled_take(struct modelled_time *m, const struct gups *g,
			unsigned int threads);

#endif
