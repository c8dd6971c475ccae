/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * node_max.h - how many nodes the tables of this program have room for.
 *
 * Nodes numbered beyond (252 to 255 are the GPUs' of some POWER machines) are
 * left out of all of them; "tier check" says so.
 */
#ifndef TIER_MM_NODE_MAX_H
#define TIER_MM_NODE_MAX_H

#define NODE_MAX 64

#endif
