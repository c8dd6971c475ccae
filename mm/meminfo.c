// SPDX-License-Identifier: GPL-2.0-only
/*
 * meminfo.c - lines of /proc/meminfo, and of the nodes' own.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "mm/meminfo.h"
#include "mm/node_max.h"
#include "sysfs.h"

/* "MemFree:  123 kB", of a node "Node 0 MemFree:  123 kB" */
uint64_t meminfo_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; (p = strstr(p, key)); p += len)
		if ((p == text || p[-1] == ' ' || p[-1] == '\n') &&
		    p[len] == ':')
			return strtoull(p + len + 1, NULL, 10) * KIB;
	return 0;
}

static uint64_t line_of(char *text, const char *key)
{
	uint64_t value = text ? meminfo_line(text, key) : 0;

	free(text);
	return value;
}

uint64_t meminfo_all(const char *key)
{
	return line_of(sysfs_slurp("/proc/meminfo"), key);
}

uint64_t meminfo_node(int node, const char *key)
{
	return line_of(sysfs_slurp(NODE_DIR "/node%d/meminfo", node), key);
}
