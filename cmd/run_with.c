// SPDX-License-Identifier: GPL-2.0-only
/*
 * run_with.c - the program of tier run --with, beside the first.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/run_with.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/time.h"
#include "mm/cgroup.h"
#include "sysfs.h"

/* What it may take to end when it is asked to. */
#define GRACE_NS (UINT64_C(2000) * 1000000)
#define POLL_NS (UINT64_C(5) * 1000000)

/* ---------------------------------------------------------------- before */

/* "memory.high=64M" */
static bool is_limit(const char *word)
{
	static const char *const limits[] = { "memory.min=", "memory.low=",
					      "memory.high=", "memory.max=" };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (!strncmp(word, limits[i], strlen(limits[i])))
			return true;
	return false;
}

static int check_limits(struct run_with *w)
{
	uint64_t bytes;

	while (w->words[w->nr_limits] && is_limit(w->words[w->nr_limits])) {
		const char *word = w->words[w->nr_limits];

		if (parse_size(strchr(word, '=') + 1, &bytes))
			return misuse("--with %s: give a size such as 64M",
				      word);
		if (++w->nr_limits > RUN_WITH_LIMITS)
			return misuse("--with: more than %d limits",
				      RUN_WITH_LIMITS);
	}
	return w->words[w->nr_limits] ?
		       0 :
		       misuse("--with needs a program, e.g. --with 'memory.high=64M ./noise'");
}

int run_with_prepare(struct run_with *w, const char *words)
{
	int n, err;

	*w = (struct run_with){ .text = words ? xstrdup(words) : NULL };
	if (!words)
		return 0;
	n = split_words(w->text, w->words, RUN_WITH_WORDS);
	err = n < 0 ? misuse("--with: more than %d words", RUN_WITH_WORDS) :
		      check_limits(w);
	if (!err)
		err = program_find(&w->program, w->words + w->nr_limits);
	return err;
}

static int set_limit(const struct run_with *w, const char *word)
{
	const char *value = strchr(word, '=') + 1;
	uint64_t bytes;
	char text[24];

	if (parse_size(value, &bytes))
		return -EINVAL;
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	return sysfs_write(text, CGROUP_DIR "/%s/%.*s", w->source.group,
			   (int)(value - 1 - word), word);
}

int run_with_open(struct run_with *w, const struct node_usage_source *first)
{
	int err = w->text ? node_usage_open_beside(&w->source, first) : 0;

	for (int i = 0; i < w->nr_limits && !err; i++)
		err = set_limit(w, w->words[i]);
	return err ? fail_in(err, "--with needs a cgroup") : 0;
}

/* ---------------------------------------------------------------- its life */

/* In the child. */
static int prepare(void *arg)
{
	struct run_with *w = arg;

	if (w->quiet && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return fail(errno, "standard error: %s", strerror(errno));
	return cgroup_join(w->source.group);
}

int run_with_start(struct run_with *w, bool quiet)
{
	if (!w->text)
		return 0;
	w->quiet = quiet;
	w->began_ns = now_ns();
	w->pid = program_start(&w->program, prepare, w);
	return w->pid < 0 ? fail_in(w->pid, "--with") : 0;
}

bool run_with_take(struct run_with *w, pid_t pid, int status,
		   const struct rusage *usage)
{
	if (!w->text || pid != w->pid || w->ended_ns)
		return false;
	w->ended_ns = now_ns();
	w->status = status;
	w->usage = *usage;
	return true;
}

void run_with_look(struct run_with *w)
{
	struct node_usage now;

	if (!w->text || w->ended_ns || node_usage_look(&w->source, &now) ||
	    !now.bytes)
		return;
	if (!w->looks++ || now.bytes > w->peak.bytes)
		w->peak = now;
	w->end = now;
}

static void stop(struct run_with *w)
{
	uint64_t deadline = now_ns() + GRACE_NS;
	struct rusage usage;
	int status;

	run_with_look(w);
	w->stopped = true;
	kill(w->pid, SIGTERM);
	while (wait4(w->pid, &status, WNOHANG, &usage) != w->pid) {
		if (now_ns() >= deadline)
			kill(w->pid, SIGKILL);
		sleep_ns(POLL_NS);
	}
	run_with_take(w, w->pid, status, &usage);
}

void run_with_stop(struct run_with *w)
{
	if (!w->text || w->pid <= 0)
		return;
	if (!w->ended_ns)
		stop(w);
	/* What it leaves behind is not the first one's. */
	sysfs_write("1", CGROUP_DIR "/%s/cgroup.kill", w->source.group);
}

/* ----------------------------------------------------------------- report */

/* A counter of the group's: -ENOENT where this kernel has none. */
static int counter(const struct run_with *w, const char *file, const char *name,
		   uint64_t *value)
{
	char *text = sysfs_slurp(CGROUP_DIR "/%s/%s", w->source.group, file);
	size_t len = strlen(name);
	const char *line = text;
	int err = -ENOENT;

	while (line && *line) {
		if (!strncmp(line, name, len) && line[len] == ' ') {
			*value = strtoull(line + len + 1, NULL, 10);
			err = 0;
			break;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	free(text);
	return err;
}

static const char *const counters[] = { "pgfault",	   "pgpromote_success",
					"pgdemote_kswapd", "pgdemote_direct",
					"pgscan",	   "pgsteal" };

static void member_nodes(const char *key, const struct run_with *w,
			 const struct node_usage *u)
{
	if (!w->looks) {
		report_null(key);
		return;
	}
	report_open(key, '{');
	for (int i = 0; i < NODE_MAX; i++)
		if (u->node[i])
			report_u64(report_node(i), u->node[i]);
	report_close('}');
}

static void member_time(const struct run_with *w, const char *key,
			const char *name)
{
	uint64_t us;

	if (counter(w, "cpu.stat", name, &us))
		report_null(key);
	else
		report_real(key, (double)us / 1e6);
}

REPORT_RECORD(
	with_record, "with", "what the program of tier run --with did",
	"program[] s its command line\n"
	"limits[] s of its cgroup\n"
	"cgroup s the one that it ran in\n"
	"stopped b it had not ended when the first program did\n"
	"exit_status i:status null: a signal ended it\n"
	"signal i:signal that ended it\n"
	"elapsed_s r wall clock\n"
	"user_s r CPU time, of all in its cgroup\n"
	"system_s r CPU time in the kernel\n"
	"peak_bytes|end_bytes.node* u:B its pages: most, and last seen\n"
	"counts.pgfault i:count of its cgroup's; each null where there is none\n"
	"counts.pgpromote_success|pgdemote_kswapd|pgdemote_direct i:pages\n"
	"counts.pgscan|pgsteal i:pages that reclaim looked at, and took\n");

static void record(const struct run_with *w, double elapsed_s)
{
	char group[sizeof(w->source.group) + 1];
	uint64_t n;

	snprintf(group, sizeof(group), "/%s", w->source.group);
	report_begin(&with_record);
	report_open("program", '[');
	for (char **arg = w->program.argv; *arg; arg++)
		report_str(NULL, *arg);
	report_close(']');
	report_open("limits", '[');
	for (int i = 0; i < w->nr_limits; i++)
		report_str(NULL, w->words[i]);
	report_close(']');
	report_str("cgroup", group);
	report_bool("stopped", w->stopped);
	report_ending(&w->status);
	report_real("elapsed_s", elapsed_s);
	member_time(w, "user_s", "user_usec");
	member_time(w, "system_s", "system_usec");
	member_nodes("peak_bytes", w, &w->peak);
	member_nodes("end_bytes", w, &w->end);
	report_open("counts", '{');
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (counter(w, "memory.stat", counters[i], &n))
			report_null(counters[i]);
		else
			report_i64(counters[i], (int64_t)n);
	report_close('}');
	report_end();
}

static void add_pages(struct textbuf *b, const struct node_usage *u)
{
	char size[SIZE_TEXT];

	for (int i = 0; i < NODE_MAX; i++)
		if (u->node[i])
			buf_add(b, ", %s on node %d",
				format_size(size, u->node[i]), i);
}

void run_with_show(const struct run_with *w)
{
	double seconds = (double)(w->ended_ns - w->began_ns) / 1e9;
	struct textbuf b = { 0 };
	char time[SIZE_TEXT];

	if (!w->text)
		return;
	record(w, seconds);
	buf_add(&b, "%s ran for %s and ", w->program.argv[0],
		format_seconds(time, seconds));
	if (w->stopped)
		buf_add(&b, "was ended with the first");
	else if (WIFSIGNALED(w->status))
		buf_add(&b, "was killed by signal %d", WTERMSIG(w->status));
	else
		buf_add(&b, "ended with status %d", WEXITSTATUS(w->status));
	if (w->looks)
		buf_add(&b, "; when last seen");
	add_pages(&b, &w->end);
	report_wrap("         ", "beside   %s", b.text);
	buf_free(&b);
}

void run_with_free(struct run_with *w)
{
	free(w->text);
	*w = (struct run_with){ 0 };
}
