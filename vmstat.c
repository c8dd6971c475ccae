// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmstat.c - the kernel's counters by name: snapshots and differences.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "mm/node.h"
#include "sysfs.h"
#include "vmstat.h"

const struct vmstat_row vmstat_rows[] = {
	{ "numa_hit", true },
	{ "numa_miss", true },
	{ "numa_foreign", true },
	{ "numa_interleave", true },
	{ "numa_local", true },
	{ "numa_other", true },
	{ "pgpromote_success", true },
	{ "pgpromote_candidate", true },
	{ "pgdemote_kswapd", true },
	{ "pgdemote_direct", true },
	{ "pgdemote_khugepaged", true },
	{ "pgalloc_dma", false },
	{ "pgalloc_dma32", false },
	{ "pgalloc_normal", false },
	{ "pgfault", false },
	{ "pgmajfault", false },
	{ "kswapd_low_wmark_hit_quickly", false },
	{ "kswapd_high_wmark_hit_quickly", false },
	{ "numa_pte_updates", false },
	{ "numa_huge_pte_updates", false },
	{ "numa_hint_faults", false },
	{ "numa_hint_faults_local", false },
	{ "numa_pages_migrated", false },
	{ "pgmigrate_success", false },
	{ "pgmigrate_fail", false },
	{ NULL, false },
};

static int by_name(const void *a, const void *b)
{
	const struct vmstat_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* "name value" lines; others (blank, "node_stats:") are passed over. */
static void parse(struct vmstat_file *f)
{
	char *line = f->text, *next, *space, *end;
	size_t lines = 1;

	for (const char *p = f->text; *p; p++)
		lines += *p == '\n';
	f->entries = xcalloc(lines, sizeof(*f->entries));
	for (; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		space = strchr(line, ' ');
		if (!space || space == line)
			continue;
		errno = 0;
		f->entries[f->count].value = strtoull(space + 1, &end, 10);
		if (errno || end == space + 1 || *end)
			continue;
		*space = '\0';
		f->entries[f->count++].name = line;
	}
	qsort(f->entries, f->count, sizeof(*f->entries), by_name);
}

static void add_file(struct vmstat *s, int node, char *text)
{
	struct vmstat_file *f = &s->files[s->nr_files++];

	*f = (struct vmstat_file){ .node = node, .text = text };
	parse(f);
}

int vmstat_read(struct vmstat *s)
{
	int *nodes, n;
	char *text;

	*s = (struct vmstat){ 0 };
	text = sysfs_slurp("/proc/vmstat");
	if (!text && errno == ENOENT)
		return lacks(ENOENT, "%s; is /proc mounted?", fail_message());
	if (!text)
		return -errno;
	add_file(s, VMSTAT_TOTAL, text);
	n = sysfs_ids(&nodes, "node", NODE_DIR);
	for (int i = 0; i < n && nodes[i] < NODE_MAX; i++) {
		text = sysfs_slurp(NODE_DIR "/node%d/vmstat", nodes[i]);
		if (text) /* a node may go away meanwhile */
			add_file(s, nodes[i], text);
	}
	free(nodes);
	return 0;
}

bool vmstat_fold(void)
{
	return !sysfs_write("1", "/proc/sys/vm/stat_refresh");
}

int vmstat_take(struct vmstat *s)
{
	bool folded = vmstat_fold();
	int err = vmstat_read(s);

	s->folded = folded;
	return err;
}

void vmstat_free(struct vmstat *s)
{
	for (size_t i = 0; i < s->nr_files; i++) {
		free(s->files[i].entries);
		free(s->files[i].text);
	}
	*s = (struct vmstat){ 0 };
}

bool vmstat_get(const struct vmstat *s, int node, const char *name,
		uint64_t *value)
{
	struct vmstat_entry key = { .name = name }, *e = NULL;

	for (size_t i = 0; i < s->nr_files && !e; i++)
		if (s->files[i].node == node && s->files[i].count)
			e = bsearch(&key, s->files[i].entries,
				    s->files[i].count, sizeof(key), by_name);
	if (e)
		*value = e->value;
	return e;
}

bool vmstat_delta(const struct vmstat *before, const struct vmstat *after,
		  int node, const char *name, int64_t *delta)
{
	uint64_t a = 0, b;

	if ((before && !vmstat_get(before, node, name, &a)) ||
	    !vmstat_get(after, node, name, &b))
		return false;
	*delta = (int64_t)(b - a);
	return true;
}
