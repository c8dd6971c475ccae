// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration.c - who moved what: the pages that were migrated, by mechanism.
 *
 * Every migration in the kernel ends in migrate_pages(), which adds to
 * pgmigrate_success and passes the tracepoint with the same number and a
 * reason. The counters of NUMA balancing and of reclaim, and the statistics
 * of DAMON's schemes, divide most of that sum further; what only the
 * tracepoint knows are compaction and system calls.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "lib/error.h"
#include "mm/node.h"
#include "mm/page.h"
#include "mm/undo.h"
#include "sysfs.h"
#include "tiering/migration.h"
#include "tiering/tunables.h"

#define TRACING "/sys/kernel/tracing"
#define EVENT "events/migrate/mm_migrate_pages"
#define INSTANCE TRACING "/instances/tier"
#define TRIGGER "hist:keys=reason:vals=succeeded,failed"
/*
 * The sum may be off by so many pages: counters are per CPU, and two files
 * cannot be read at one moment.
 */
#define REST_PAGES 64
#define REST_SHARE 100

/* -------------------------------------------------------- the tracepoint */

static struct {
	bool on;
	bool ending; /* by the thread */
	pthread_t thread;
	char lack[256];
	/* The numbers differ from kernel to kernel; it says what they are. */
	char names[MIGRATION_REASONS][MIGRATION_NAME];
} trace;

/* From the event's print format: {0, "compaction"}, {1, "memory_failure"} */
static void read_names(const char *format)
{
	const char *p = strstr(format, "REC->reason, {");
	const char *end = p ? strchr(p, ')') : NULL;
	char name[MIGRATION_NAME];
	unsigned int number;

	memset(trace.names, 0, sizeof(trace.names));
	for (; p && end && p < end; p += strcspn(p + 1, "{)") + 1)
		if (sscanf(p, "{%u, \"%23[^\"]\"", &number, name) == 2 &&
		    number < MIGRATION_REASONS)
			memcpy(trace.names[number], name, sizeof(name));
}

static int set_trigger(void)
{
	char *format = sysfs_slurp(INSTANCE "/" EVENT "/format");
	int err;

	if (!format)
		return -errno;
	read_names(format);
	free(format);
	/* Of the instance only the histogram is used, not 1.4 MB a CPU. */
	sysfs_write("4", INSTANCE "/buffer_size_kb");
	if (!sysfs_exists(INSTANCE "/" EVENT "/hist"))
		return lacks(ENOENT, "the kernel has no histograms of events "
				     "(CONFIG_HIST_TRIGGERS)");
	err = sysfs_write(TRIGGER, INSTANCE "/" EVENT "/trigger");
	/*
	 * It is left over from a run that was killed. It counts, which is all
	 * that is needed.
	 */
	return err == -EEXIST ? 0 : err;
}

int migration_begin(void)
{
	int err = undo_mount("tracefs", TRACING, "events");

	if (!err && !sysfs_exists(TRACING "/" EVENT))
		err = lacks(ENOENT, "the kernel has no tracepoint "
				    "migrate:mm_migrate_pages");
	if (!err)
		err = undo_mkdir(INSTANCE);
	if (!err)
		err = set_trigger();
	snprintf(trace.lack, sizeof(trace.lack), "%s",
		 err ? fail_message() : "");
	trace.on = !err;
	return 0;
}

static void *remove_instance(void *arg)
{
	/* If this fails, the undo log tries again. */
	sysfs_rmdir(INSTANCE);
	return arg;
}

void migration_end(void)
{
	/* One that was there before us is not in the log. */
	if (trace.on && undo_has(INSTANCE))
		trace.ending = !pthread_create(&trace.thread, NULL,
					       remove_instance, NULL);
}

void migration_wait(void)
{
	if (trace.ending)
		pthread_join(trace.thread, NULL);
	trace.ending = false;
}

const char *migration_trace_lack(void)
{
	if (trace.on)
		return NULL;
	return trace.lack[0] ? trace.lack : "migrations were not traced";
}

static uint64_t value_of(const char *line, const char *key)
{
	const char *p = strstr(line, key);

	return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

/*
 * { reason:          5 } hitcount:       8  succeeded:      8  failed:   0
 * or with the name in the place of the number.
 */
static bool read_reason(struct migration_reason *r, const char *line)
{
	char word[MIGRATION_NAME];
	unsigned int number;
	int end = -1;

	if (sscanf(line, " { reason: %23[^ }]", word) != 1)
		return false;
	snprintf(r->name, sizeof(r->name), "%s", word);
	if (sscanf(word, "%u%n", &number, &end) == 1 && !word[end]) {
		if (number < MIGRATION_REASONS && trace.names[number][0])
			memcpy(r->name, trace.names[number], sizeof(r->name));
		else
			snprintf(r->name, sizeof(r->name), "reason_%u", number);
	}
	r->succeeded = value_of(line, "succeeded:");
	r->failed = value_of(line, "failed:");
	return true;
}

static void take_trace(struct migration *m)
{
	char *text = sysfs_slurp(INSTANCE "/" EVENT "/hist"), *line, *save;

	if (!text) {
		snprintf(trace.lack, sizeof(trace.lack), "%s", fail_message());
		trace.on = false;
		return;
	}
	for (line = strtok_r(text, "\n", &save);
	     line && m->nr_reasons < MIGRATION_REASONS;
	     line = strtok_r(NULL, "\n", &save))
		m->nr_reasons += read_reason(&m->reasons[m->nr_reasons], line);
	free(text);
	m->traced = true;
}

void migration_take_trace(struct migration *m)
{
	m->traced = false;
	m->nr_reasons = 0;
	if (trace.on)
		take_trace(m);
}

int migration_take(struct migration *m, bool damon)
{
	int err = damon ? damon_moved(&m->damon, true) : 0;

	zone_take(&m->zones); /* without it no regime is told */
	migration_take_trace(m);
	return err;
}

/* -------------------------------------------------------------- adding up */

struct migration_sum migration_counter(const struct migration_span *s,
				       const char *name)
{
	struct migration_sum sum = { 0 };

	sum.known = vmstat_delta(s->a, s->b, VMSTAT_TOTAL, name, &sum.pages);
	return sum;
}

bool migration_is_traced(const struct migration_span *s)
{
	return s->migration_a && s->migration_b && s->migration_a->traced &&
	       s->migration_b->traced;
}

/* What a reason's numbers were; it comes into being with its first page. */
static struct migration_reason reason_at(const struct migration *m,
					 const char *name)
{
	for (size_t i = 0; i < m->nr_reasons; i++)
		if (!strcmp(m->reasons[i].name, name))
			return m->reasons[i];
	return (struct migration_reason){ .succeeded = 0 };
}

struct migration_reason migration_by_reason(const struct migration_span *s,
					    const char *name)
{
	struct migration_reason a = reason_at(s->migration_a, name);
	struct migration_reason b = reason_at(s->migration_b, name);

	b.succeeded -= a.succeeded;
	b.failed -= a.failed;
	return b;
}

static struct migration_sum traced(const struct migration_span *s,
				   const char *name)
{
	struct migration_sum sum = { .known = migration_is_traced(s) };

	if (sum.known)
		sum.pages = (int64_t)migration_by_reason(s, name).succeeded;
	return sum;
}

static struct migration_sum minus(struct migration_sum from,
				  const struct migration_sum *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		from.pages -= rows[i].pages;
	if (!from.known)
		from.pages = 0;
	return from;
}

static struct migration_sum plus(struct migration_sum a, struct migration_sum b)
{
	return (struct migration_sum){ a.known && b.known, a.pages + b.pages };
}

/* Statistics begin anew when the schemes do. */
static uint64_t since(uint64_t before, uint64_t after)
{
	return after < before ? after : after - before;
}

static void add_damon(struct migration_sums *sums,
		      const struct migration_span *s)
{
	const struct damon_moved none = { .any = false };
	const struct damon_moved *a = s->migration_a ? &s->migration_a->damon :
						       &none;
	const struct damon_moved *b = s->migration_b ? &s->migration_b->damon :
						       &none;
	uint64_t page = page_size();

	sums->row[MIGRATION_HOT] = (struct migration_sum){
		true, (int64_t)(since(a->hot_applied, b->hot_applied) / page)
	};
	sums->row[MIGRATION_COLD] = (struct migration_sum){
		true, (int64_t)(since(a->cold_applied, b->cold_applied) / page)
	};
	sums->hot_tried = since(a->hot_tried, b->hot_tried);
	sums->cold_tried = since(a->cold_tried, b->cold_tried);
}

/* Memory that goes offline, memory failures, long-term pins, ... */
static struct migration_sum other_reasons(const struct migration_span *s)
{
	static const char *const known[] = {
		"numa_misplaced", "demotion",	     "damon",
		"compaction",	  "mempolicy_mbind", "syscall_or_cpuset"
	};
	struct migration_sum sum = { .known = migration_is_traced(s) };

	for (size_t i = 0; sum.known && i < s->migration_b->nr_reasons; i++)
		sum.pages += traced(s, s->migration_b->reasons[i].name).pages;
	for (size_t i = 0; sum.known && i < ARRAY_SIZE(known); i++)
		sum.pages -= traced(s, known[i]).pages;
	return sum;
}

/* Without a trace it is known of compaction only when it did nothing. */
static struct migration_sum compaction(const struct migration_span *s)
{
	struct migration_sum isolated =
		migration_counter(s, "compact_isolated");

	if (migration_is_traced(s))
		return traced(s, "compaction");
	return (struct migration_sum){ isolated.known && !isolated.pages, 0 };
}

/*
 * The histogram is read a moment before or after the counters, so while pages
 * move one of them is ahead. A row that is too large and a rest that is too
 * small by as much cancel out.
 */
static void cancel(struct migration_sum *more, struct migration_sum *rest)
{
	int64_t both = llabs(more->pages) < llabs(rest->pages) ? more->pages :
								 -rest->pages;

	if (!rest->known || (more->pages < 0) == (rest->pages < 0))
		return;
	more->pages -= both;
	rest->pages += both;
}

void migration_add_up(struct migration_sums *sums,
		      const struct migration_span *s)
{
	struct migration_sum numa = migration_counter(s, "numa_pages_migrated");
	struct migration_sum *row;

	*sums = (struct migration_sums){ .traced = migration_is_traced(s) };
	row = sums->row;
	row[MIGRATION_PROMOTED] = migration_counter(s, "pgpromote_success");
	row[MIGRATION_NUMA_OTHER] =
		minus(numa.known ? numa : traced(s, "numa_misplaced"),
		      &row[MIGRATION_PROMOTED], 1);
	row[MIGRATION_KSWAPD] = migration_counter(s, "pgdemote_kswapd");
	row[MIGRATION_DIRECT] = migration_counter(s, "pgdemote_direct");
	row[MIGRATION_KHUGEPAGED] = migration_counter(s, "pgdemote_khugepaged");
	row[MIGRATION_PROACTIVE] = migration_counter(s, "pgdemote_proactive");
	row[MIGRATION_DEMOTED_MORE] =
		minus(traced(s, "demotion"), &row[MIGRATION_KSWAPD], 4);
	add_damon(sums, s);
	row[MIGRATION_DAMON_MORE] =
		minus(traced(s, "damon"), &row[MIGRATION_HOT], 2);
	row[MIGRATION_COMPACTION] = compaction(s);
	row[MIGRATION_SYSCALLS] = plus(traced(s, "syscall_or_cpuset"),
				       traced(s, "mempolicy_mbind"));
	row[MIGRATION_OTHERS] = other_reasons(s);
	sums->migrated = migration_counter(s, "pgmigrate_success");
	sums->failed = migration_counter(s, "pgmigrate_fail");
	row[MIGRATION_REST] = minus(sums->migrated, row, MIGRATION_REST);
	cancel(&row[MIGRATION_DEMOTED_MORE], &row[MIGRATION_REST]);
	cancel(&row[MIGRATION_DAMON_MORE], &row[MIGRATION_REST]);
}

bool migration_adds_up(const struct migration_sums *sums)
{
	int64_t rest = llabs(sums->row[MIGRATION_REST].pages);

	return sums->row[MIGRATION_REST].known &&
	       (rest <= REST_PAGES ||
		rest <= sums->migrated.pages / REST_SHARE);
}

/* ---------------------------------------------------------------- setting */

static int read_int(const char *path)
{
	uint64_t value;

	return sysfs_read_u64(&value, "%s", path) ? -1 : (int)value;
}

static int read_demotion(void)
{
	char text[16];

	if (sysfs_read(text, sizeof(text), TUNABLES_DEMOTION) < 0)
		return -1;
	return sysfs_same(text, "1");
}

int migration_setting(struct migration_setting *s)
{
	const struct node *near;
	struct node *nodes;
	int n = node_list(&nodes);

	if (n < 0)
		return n;
	near = node_near(nodes, n);
	s->near = near ? near->id : -1;
	s->nr_nodes = n;
	s->lower_tier = false;
	for (int i = 0; i < n; i++)
		s->lower_tier |= node_is_lower(&nodes[i], near);
	free(nodes);
	s->numa_balancing = read_int(TUNABLES_BALANCING);
	s->demotion = read_demotion();
	return 0;
}
