/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * meminfo.h - lines of /proc/meminfo, and of the nodes' own.
 */
#ifndef TIER_MM_MEMINFO_H
#define TIER_MM_MEMINFO_H

#include <stdint.h>

/* Each: the line of that key ("MemTotal"), bytes; 0: it is not there. */
uint64_t meminfo_line(const char *text, const char *key);
uint64_t meminfo_all(const char *key);
uint64_t meminfo_node(int node, const char *key);

#endif
