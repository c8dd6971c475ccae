/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * node_max.h - where the nodes are, and how many the tables have room for.
 *
 * No kernel has more (NODES_SHIFT is 10 at most), so they are as long.
 */
#ifndef TIER_MM_NODE_MAX_H
#define TIER_MM_NODE_MAX_H

#define NODE_MAX 1024

#define NODE_DIR "/sys/devices/system/node"

#endif
