/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy_show.h - the tunables as they are.
 */
#ifndef TIER_CMD_POLICY_SHOW_H
#define TIER_CMD_POLICY_SHOW_H

#include <stdbool.h>

struct policy;

/*
 * Every tunable: a record "tunable" and a row of text each; beside them what p
 * wants (NULL: nobody does). brief: without what they mean.
 */
void show_tunables(struct policy *p, bool brief);

#endif
