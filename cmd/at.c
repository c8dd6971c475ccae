// SPDX-License-Identifier: GPL-2.0-only
/*
 * at.c - what --at does to the machine while a workload runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/at.h"
#include "cmd/verbs.h"
#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/host_port.h"
#include "mm/node.h"
#include "mm/undo.h"
#include "vmstat.h"

/* Signals wake the process; whatever is missed is seen so soon. */
#define LOOK_NS (UINT64_C(1000) * 1000000)
/* The run's own log is not this process's to continue, or to take back. */
#define UNDO_DIR "/run/tier-at"
#define MAX_WORDS 16

/* What is of use while something runs, and does not outlive it. */
static const struct verb *const verbs[] = { &verb_plug, &verb_unplug,
					    &verb_region_create,
					    &verb_region_destroy, NULL };

/* The machine's memory at one moment. */
struct look {
	int nr;
	int node[NODE_MAX];
	uint64_t bytes[NODE_MAX]; /* of these nodes */
	bool counted;
	uint64_t migrated; /* pages, since boot */
};

/* Of --at, and what they say. */
struct words {
	char text[AT_WORDS];
	char *argv[MAX_WORDS + 2];
	struct plan plan;
};

enum at_state { AT_WAITS, AT_RUNS, AT_DONE, AT_FAILED };

struct event {
	const struct at_plan *plan;
	struct words words;
	enum at_state state;
	double began_s, ended_s;
	struct look before, after;
	struct fail_state why; /* of AT_FAILED */
};

/* What both processes see. */
struct share {
	_Atomic int ordered, ended; /* events, counted from 1 */
	int err; /* of the one that ended last */
	struct fail_state why;
};

struct at {
	int nr, next; /* next: the first that was not begun */
	struct event event[AT_MAX];
	struct share *share;
	pid_t pid, parent;
};

/* ---------------------------------------------------------------- options */

/* The plan that the words of --at are. */
static int parse(struct words *w, const char *text)
{
	struct plan *p = &w->plan;
	int n, err;

	snprintf(w->text, sizeof(w->text), "%s", text);
	w->argv[0] = (char *)"tier";
	n = split_words(w->text, w->argv + 1, MAX_WORDS);
	if (n < 1)
		return misuse(
			"say what then: plug DEVICE, unplug DEVICE, region create or region destroy NAME");
	err = plan_parse(p, verbs, n + 1, w->argv);
	if (!err && (!p->verb || p->help || p->version || p->dry_run ||
		     p->json || p->records || p->root || p->once ||
		     p->deadline_ns != PLAN_NO_DEADLINE))
		err = misuse(
			"give words that do something, and no options but the verb's");
	/* The memory that goes is the run's own. */
	if (p->verb == &verb_region_destroy)
		p->region.yes = true;
	return err;
}

static int set_at(struct plan *plan, const char *arg)
{
	const char *words = strchr(arg, ' ') + 1;
	struct at_plans *p = &plan->at;
	struct at_plan a = { 0 };
	static struct words trial; /* of some size */
	char time[32];
	int i, err;

	if (p->nr == AT_MAX)
		return misuse("more than %d --at", AT_MAX);
	snprintf(time, sizeof(time), "%.*s", (int)(words - 1 - arg), arg);
	err = option_duration("--at", time, &a.ns);
	if (err)
		return err;
	snprintf(a.words, sizeof(a.words), "%s", words);
	err = strcmp(a.words, words) ? misuse("too long") :
				       parse(&trial, words);
	if (err)
		return fail_in(err, "--at %s '%s'", time, a.words);
	for (i = p->nr++; i && a.ns < p->event[i - 1].ns; i--)
		p->event[i] = p->event[i - 1];
	p->event[i] = a;
	return 0;
}

const struct verb_option at_options[] = {
	{ "at", "TIME WORDS", set_at,
	  "then: plug, unplug, region create, region destroy" },
	{ 0 },
};

/* ------------------------------------------------------------ the process */

static void carry_out(struct at *at)
{
	struct share *s = at->share;
	const struct plan *plan = &at->event[s->ended].words.plan;

	s->err = plan->verb->work(plan);
	fail_save(&s->why);
	s->ended++;
}

/*
 * The parent's death does not interrupt it: a region that is half destroyed is
 * of no use to anybody.
 */
__attribute__((noreturn)) static void be_process(struct at *at)
{
	prctl(PR_SET_NAME, "tier-at");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	report_nowhere();
	undo_set_dir(UNDO_DIR);
	wait_hold_signals(NULL);
	while (getppid() == at->parent) {
		if (at->share->ordered > at->share->ended)
			carry_out(at);
		else
			wait_for_signal(LOOK_NS);
	}
	_exit(0);
}

static bool asks_host(const struct plan *plan)
{
	return plan->verb == &verb_plug || plan->verb == &verb_unplug;
}

static int prepare(struct event *e, const struct at_plan *plan)
{
	struct host_port_device device;
	int err = parse(&e->words, plan->words);

	e->plan = plan;
	if (!err && asks_host(&e->words.plan))
		err = host_port_look(e->words.plan.device, &device);
	return err ? fail_in(err, "--at '%s'", plan->words) : 0;
}

int at_start(struct at **result, const struct at_plans *plans)
{
	struct at *at;
	int err;

	*result = NULL;
	if (!plans->nr)
		return 0;
	at = *result = xcalloc(1, sizeof(*at));
	at->nr = plans->nr;
	at->share = shared_map(sizeof(*at->share));
	err = at->share ? 0 : fail(errno, "--at: %s", strerror(errno));
	for (int i = 0; i < at->nr && !err; i++)
		err = prepare(&at->event[i], &plans->event[i]);
	if (err)
		return err;
	at->parent = gettid();
	at->pid = fork();
	if (!at->pid)
		be_process(at);
	return at->pid < 0 ? fail(errno, "--at: %s", strerror(errno)) : 0;
}

pid_t at_pid(const struct at *at)
{
	return at ? at->pid : 0;
}

void at_end(struct at *at)
{
	if (!at)
		return;
	if (at->pid > 0 && !kill(at->pid, SIGKILL))
		waitpid(at->pid, NULL, 0);
	shared_unmap(at->share, sizeof(*at->share));
	free(at);
}

/* ----------------------------------------------------------------- events */

static void take_look(struct look *l)
{
	struct vmstat counters;
	struct node *nodes;
	int n = node_list(&nodes);

	*l = (struct look){ 0 };
	for (int i = 0; i < n; i++) {
		l->node[l->nr] = nodes[i].id;
		l->bytes[l->nr++] = nodes[i].total;
	}
	if (n > 0)
		free(nodes);
	l->counted = !vmstat_read(&counters) &&
		     vmstat_get(&counters, VMSTAT_TOTAL, "pgmigrate_success",
				&l->migrated);
	vmstat_free(&counters);
}

static uint64_t bytes_of(const struct look *l, int node)
{
	for (int i = 0; i < l->nr; i++)
		if (l->node[i] == node)
			return l->bytes[i];
	return 0;
}

/* What became of the nodes: "node 1 has 512 MiB more". */
static void add_nodes(struct textbuf *b, const struct event *e)
{
	char size[SIZE_TEXT];

	for (int i = 0; i < NODE_MAX; i++) {
		uint64_t was = bytes_of(&e->before, i);
		uint64_t is = bytes_of(&e->after, i);

		if (is && !was)
			buf_add(b, "; node %d has come with %s", i,
				format_size(size, is));
		else if (was && !is)
			buf_add(b, "; node %d has gone with %s", i,
				format_size(size, was));
		else if (is != was)
			buf_add(b, "; node %d has %s %s", i,
				format_size(size,
					    is > was ? is - was : was - is),
				is > was ? "more" : "less");
	}
}

static void say(const struct event *e)
{
	struct textbuf b = { 0 };
	char due[SIZE_TEXT], took[SIZE_TEXT];

	buf_add(&b, "at %s: %s", format_seconds(due, (double)e->plan->ns / 1e9),
		e->plan->words);
	switch (e->state) {
	case AT_WAITS:
		buf_add(&b, ": the run had ended before");
		break;
	case AT_RUNS:
		buf_add(&b, ": begins at %.1f s", e->began_s);
		break;
	case AT_FAILED:
		buf_add(&b, ": failed: %s", e->why.text);
		break;
	case AT_DONE:
		buf_add(&b, ": done at %.1f s, in %s", e->ended_s,
			format_seconds(took, e->ended_s - e->began_s));
		add_nodes(&b, e);
		if (e->before.counted && e->after.counted)
			buf_add(&b,
				"; %" PRIu64
				" pages were moved meanwhile, by anybody",
				e->after.migrated - e->before.migrated);
		break;
	}
	report_wrap("         ", "event    %s", b.text);
	buf_free(&b);
}

static void member_nodes(const char *key, const struct look *l)
{
	report_open(key, '{');
	for (int i = 0; i < l->nr; i++)
		report_u64(report_node(l->node[i]), l->bytes[i]);
	report_close('}');
}

REPORT_RECORD(
	event_record, "event", "something that --at did during the run",
	"at_s r when it was due, since the timed part, or a program, began\n"
	"what s the words of --at\n"
	"state s done, failed or not begun\n"
	"began_s r null: it was not\n"
	"ended_s r null: it was not begun\n"
	"reason s why it failed; null: it did not\n"
	"migrated_pages i:pages meanwhile, by anybody; null: not counted\n"
	"before|after.node* u:B memory of the nodes that have some\n");

static void record(const struct event *e)
{
	bool begun = e->state != AT_WAITS;

	report_begin(&event_record);
	report_real("at_s", (double)e->plan->ns / 1e9);
	report_str("what", e->plan->words);
	report_str("state", e->state == AT_DONE	  ? "done" :
			    e->state == AT_FAILED ? "failed" :
						    "not begun");
	report_real("began_s", begun ? e->began_s : NAN);
	report_real("ended_s", begun ? e->ended_s : NAN);
	report_str("reason", e->state == AT_FAILED ? e->why.text : NULL);
	if (e->before.counted && e->after.counted)
		report_i64("migrated_pages",
			   (int64_t)(e->after.migrated - e->before.migrated));
	else
		report_null("migrated_pages");
	member_nodes("before", &e->before);
	member_nodes("after", &e->after);
	report_end();
}

/* The one that is under way; NULL: none is. */
static struct event *running(const struct at *at)
{
	const struct event *e = at->next ? &at->event[at->next - 1] : NULL;

	return e && e->state == AT_RUNS ? (struct event *)e : NULL;
}

static void begin(struct at *at, double seconds)
{
	struct event *e = &at->event[at->next++];

	e->state = AT_RUNS;
	e->began_s = seconds;
	take_look(&e->before);
	say(e);
	at->share->ordered++;
	kill(at->pid, SIGUSR1);
}

/* False: it goes on. */
static bool finish(struct at *at, struct event *e, double seconds)
{
	struct share *s = at->share;
	/* Whoever waits for all of its children may have had it. */
	bool died = waitpid(at->pid, NULL, WNOHANG) > 0 || kill(at->pid, 0);

	if (s->ended < s->ordered && !died)
		return false;
	e->ended_s = seconds;
	e->state = s->err ? AT_FAILED : AT_DONE;
	e->why = s->why;
	if (died && s->ended < s->ordered) {
		at->pid = 0;
		e->state = AT_FAILED;
		fail(ECHILD, "the process that did it was killed");
		fail_save(&e->why);
	}
	take_look(&e->after);
	say(e);
	record(e);
	return true;
}

bool at_tick(struct at *at, double seconds)
{
	struct event *e = at ? running(at) : NULL;

	if (!at)
		return false;
	if (e)
		return finish(at, e, seconds);
	if (at->next == at->nr || at_next(at) > seconds || at->pid <= 0)
		return false;
	begin(at, seconds);
	return true;
}

double at_next(const struct at *at)
{
	if (!at || at->next == at->nr || running(at))
		return INFINITY;
	return (double)at->event[at->next].plan->ns / 1e9;
}

bool at_is_busy(const struct at *at)
{
	return at && running(at);
}

void at_show(const struct at *at)
{
	for (int i = 0; at && i < at->nr; i++) {
		if (!i)
			report_say("\n");
		say(&at->event[i]);
		if (at->event[i].state == AT_WAITS)
			record(&at->event[i]);
	}
}

int at_judge(const struct at *at)
{
	for (int i = 0; at && i < at->nr; i++) {
		const struct event *e = &at->event[i];

		if (e->state == AT_DONE)
			continue;
		if (e->state == AT_WAITS)
			return fail(ECANCELED,
				    "--at %.6g '%s': the run had ended before",
				    (double)e->plan->ns / 1e9, e->plan->words);
		fail_restore(&e->why);
		return fail_in(-EIO, "--at %.6g '%s'",
			       (double)e->plan->ns / 1e9, e->plan->words);
	}
	return 0;
}
