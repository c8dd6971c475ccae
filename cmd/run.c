// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - tier run: any program, and what the kernel did meanwhile.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/hog.h"
#include "bench/pmu.h"
#include "bench/program.h"
#include "bench/table.h"
#include "cmd/at.h"
#include "cmd/check.h"
#include "cmd/closing.h"
#include "cmd/run_timeline.h"
#include "cmd/run_with.h"
#include "cmd/verbs.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/limit.h"
#include "mm/proctree.h"
#include "tiering/frames.h"
#include "tiering/session.h"

/*
 * What a program may take to end once it was asked to, and what it leaves
 * behind; together less than the supervisor gives us (10 s).
 */
#define GRACE_NS (UINT64_C(5000) * 1000000)
#define ORPHANS_GRACE_NS (UINT64_C(2000) * 1000000)
/* The rest of a pipeline may end a moment after its last part. */
#define ORPHANS_WAIT_NS (UINT64_C(100) * 1000000)
/* Hogs are looked at so often. */
#define HOGS_NS (UINT64_C(100) * 1000000)
/* And so often what --at has begun. */
#define EVENTS_NS (UINT64_C(50) * 1000000)

/* Whatever is missed is seen so soon. */
#define LOOK_NS UINT64_C(1000000000)
/* What the kernel tells us by that the supervisor was killed. */
#define ALONE SIGURG

#define DEFAULT_TIMELINE_NS UINT64_C(1000000000)

struct program_run {
	const struct run_plan *plan;
	bool json; /* standard output belongs to the records */
	struct session session;
	struct hogs *hogs; /* NULL until they hold their memory */
	struct at *at; /* NULL: nothing is to be done meanwhile */
	struct run_timeline timeline;
	bool frames_failed; /* of --frames: it has been said */
	struct program program;
	struct run_with with; /* beside it, if there is one */
	struct place inherited; /* its memory policy where none is asked for */
	sigset_t signals; /* those waited for */
	pid_t parent, child;
	bool alone; /* the parent, which supervises, was killed */
	int asked; /* the signal that was passed on; 0: none */
	bool killed; /* it had not ended in time */
	uint64_t kill_at;
	int status; /* as waitpid(2) has it */
	char cgroup[600]; /* its memory counts with; "": not known */
	double seconds;
	unsigned int orphans;
	struct pmu_counts pmu[2]; /* before and after, of the plugin's */
	struct rusage usage; /* of all that was waited for */
};

/* ---------------------------------------------------------------- running */

static struct program_run the_run;

/* In the child, before the program's placement is set. */
static int prepare(void *arg)
{
	struct program_run *r = arg;

	if (r->plan->timeline_ns)
		node_usage_join(&r->timeline.source);
	if (r->json && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return fail(errno, "standard error: %s", strerror(errno));
	if (r->session.policy && policy_is_weighted(r->session.policy))
		return table_weigh_process();
	return 0;
}

/*
 * The users' own each time, those that end it once. What a terminal sends (^C) it has sent to the program as
 * well, and the supervisor, which got it, too, sends it on.
 */
static void pass_on(struct program_run *r, const siginfo_t *info)
{
	if (wait_is_users(info->si_signo)) {
		kill(r->child, info->si_signo);
		return;
	}
	if (r->asked)
		return;
	r->asked = info->si_signo;
	r->kill_at = now_ns() + GRACE_NS;
	if (info->si_code != SI_KERNEL)
		kill(r->child, r->asked);
}

static void wait_until(struct program_run *r, uint64_t ns)
{
	uint64_t now = now_ns(), left = ns > now ? ns - now : 0;
	struct timespec t = timespec_of(left < LOOK_NS ? left : LOOK_NS);
	siginfo_t info;

	if (sigtimedwait(&r->signals, &info, &t) > 0 &&
	    info.si_signo != SIGCHLD && info.si_signo != ALONE)
		pass_on(r, &info);
	r->alone = getppid() != r->parent;
}

/* While somebody does not read what we say. */
static bool go_on(uint64_t waited_ns)
{
	(void)waited_ns;
	wait_until(&the_run, 0);
	return !the_run.alone;
}

/*
 * Whoever supervises would kill us when it is killed, and the program with us,
 * but not what the program has started: so that is told, and all of it ended.
 */
static void hold_signals(struct program_run *r)
{
	wait_stop_set(&r->signals);
	sigaddset(&r->signals, SIGCHLD);
	sigaddset(&r->signals, ALONE);
	sigprocmask(SIG_BLOCK, &r->signals, NULL);
	r->parent = getppid();
	prctl(PR_SET_PDEATHSIG, ALONE);
	report_patience(go_on);
}

static void kill_late(struct program_run *r)
{
	char grace[SIZE_TEXT];

	r->killed = true;
	r->kill_at = UINT64_MAX;
	report_warn("%s had not ended %s after %s: killed", r->program.argv[0],
		    format_seconds(grace, (double)GRACE_NS / 1e9),
		    wait_signal_name(r->asked));
	kill(r->child, SIGKILL);
}

/* Orphans of its come to us, too. False: it goes on. */
static bool has_ended(struct program_run *r)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (run_with_take(&r->with, pid, status, &usage) ||
		    pid != r->child)
			continue;
		r->status = status;
		r->usage = usage;
		return true;
	}
	return false;
}

/* Before a child of any kind is reaped, which would hide how a hog ended. */
static void tend_hogs(struct program_run *r, uint64_t begin)
{
	hog_tick(r->hogs, (double)(now_ns() - begin) / 1e9, -1);
}

/* And a policy's daemon, and what carries out --at */
_Static_assert(HOG_MAX + 2 <= PROCTREE_MAX_LEFT_OUT, "all can be left out");

/* Their processes are ours, but not the program's. */
static int start_hogs(struct program_run *r, const struct hog_plans *plans)
{
	static volatile sig_atomic_t never;
	struct hog_state state;
	int err = hog_start(&r->hogs, plans, NULL, &never, true);

	for (int i = 0; !err && hog_state(r->hogs, i, &state); i++)
		proctree_leave_out(state.pid);
	if (!err)
		hog_show_start(r->hogs);
	return err;
}

/* What is under way when the program ends comes to its end. */
static void end_events(struct program_run *r, uint64_t begin)
{
	while (at_is_busy(r->at) && getppid() == r->parent) {
		sleep_ns(EVENTS_NS);
		at_tick(r->at, (double)(now_ns() - begin) / 1e9);
	}
}

/* --frames. A group that went away has none: its program has ended. */
static void view_frames(struct program_run *r)
{
	const char *groups[] = { r->timeline.source.group,
				 r->with.source.group };

	for (size_t i = 0; r->plan->frames && i < ARRAY_SIZE(groups); i++) {
		int err = *groups[i] ?
				  frames_view(r->timeline.end_s, groups[i]) :
				  0;

		if (err && err != -ENOENT && !r->frames_failed) {
			report_warn("--frames: %s", fail_message());
			r->frames_failed = true;
		}
	}
}

/* When something other than the program wants to be looked at. */
static uint64_t next_look(struct program_run *r, uint64_t begin)
{
	size_t rows = r->timeline.rows;
	uint64_t next = run_timeline_tick(&r->timeline), now = now_ns();
	double due = at_next(r->at);

	if (r->timeline.rows != rows) {
		session_view(&r->session, r->timeline.end_s);
		view_frames(r);
	}
	if (hog_count(r->hogs) && next > now + HOGS_NS)
		next = now + HOGS_NS;
	if (at_is_busy(r->at) && next > now + EVENTS_NS)
		next = now + EVENTS_NS;
	if (isfinite(due) && next > begin + (uint64_t)(due * 1e9))
		next = begin + (uint64_t)(due * 1e9);
	return next;
}

/* Of all that was waited for, but the program beside it. */
static void take_usage(struct program_run *r)
{
	long largest = r->usage.ru_maxrss;

	getrusage(RUSAGE_CHILDREN, &r->usage);
	if (!r->with.text)
		return;
	timersub(&r->usage.ru_utime, &r->with.usage.ru_utime,
		 &r->usage.ru_utime);
	timersub(&r->usage.ru_stime, &r->with.usage.ru_stime,
		 &r->usage.ru_stime);
	r->usage.ru_maxrss = largest;
}

static int execute(struct program_run *r)
{
	uint64_t begin = now_ns(), next;
	int err;

	proctree_keep();
	hold_signals(r);
	run_timeline_begin(&r->timeline);
	r->kill_at = UINT64_MAX;
	r->child = program_start(&r->program, prepare, r);
	if (r->child < 0)
		return r->child;
	run_timeline_started(&r->timeline, r->child);
	err = run_with_start(&r->with, r->json);
	if (err) {
		kill(r->child, SIGKILL);
		proctree_end(0, 0);
		return err;
	}
	while (tend_hogs(r, begin), !has_ended(r)) {
		if (r->alone) {
			kill(r->child, SIGKILL);
			proctree_end(0, 0);
			return fail(ECANCELED, "tier was killed");
		}
		at_tick(r->at, (double)(now_ns() - begin) / 1e9);
		run_with_look(&r->with);
		next = next_look(r, begin);
		wait_until(r, next < r->kill_at ? next : r->kill_at);
		if (now_ns() >= r->kill_at)
			kill_late(r);
	}
	r->seconds = (double)(now_ns() - begin) / 1e9;
	end_events(r, begin);
	run_with_stop(&r->with);
	r->orphans = proctree_end(ORPHANS_WAIT_NS, ORPHANS_GRACE_NS);
	/* After that nothing of the program is left. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	take_usage(r);
	return 0;
}

/* ----------------------------------------------------------------- report */

static void record_nodes(const char *key, const struct place *place)
{
	if (!place->text && !place->nr_nodes) {
		report_null(key);
		return;
	}
	report_open(key, '[');
	for (int i = 0; i < place->nr_nodes; i++)
		report_i64(NULL, place->nodes[i]);
	report_close(']');
}

REPORT_RECORD(
	run_record, "run", "what a program did",
	"program[] s its command line\n"
	"path s what was executed\n"
	"placement s membind, preferred, interleave, ...; null: none\n"
	"inherited b that is the policy that tier was started with\n"
	"nodes[] i:node of the placement\n"
	"balancing b NUMA balancing may move what is bound\n"
	"cpu_nodes[] i:node of --cpunodebind\n"
	"cpus s of --physcpubind; null: not given\n"
	"exit_status i:status null: a signal ended it\n"
	"signal i:signal that ended it\n"
	"killed b it had not ended in time after a signal\n"
	"orphans u:processes that it left behind, ended\n"
	"elapsed_s r wall clock\n"
	"user_s r CPU time\n"
	"system_s r CPU time in the kernel\n"
	"max_rss_bytes u the largest of its processes\n"
	"cgroup s the one that its memory counts with; null: not known\n" RUN_TIMELINE_MEMBERS);

static void record_run(const struct program_run *r)
{
	const struct program *p = &r->program;
	const struct place *place = p->place.text ? &p->place : &r->inherited;

	report_begin(&run_record);
	report_open("program", '[');
	for (char **arg = p->argv; *arg; arg++)
		report_str(NULL, *arg);
	report_close(']');
	report_str("path", p->path);
	report_str("placement", place_mode_name(place->mode));
	report_bool("inherited", place == &r->inherited);
	record_nodes("nodes", place);
	report_bool("balancing", place->balancing);
	record_nodes("cpu_nodes", &p->cpu_nodes);
	report_str("cpus", p->cpu_list);
	report_ending(&r->status);
	report_bool("killed", r->killed);
	report_u64("orphans", r->orphans);
	report_real("elapsed_s", r->seconds);
	report_real("user_s", seconds_of(r->usage.ru_utime));
	report_real("system_s", seconds_of(r->usage.ru_stime));
	report_u64("max_rss_bytes", (uint64_t)r->usage.ru_maxrss * KIB);
	report_str("cgroup", r->cgroup[0] ? r->cgroup : NULL);
	run_timeline_record(&r->timeline, r->seconds);
	report_end();
}

static void say_run(const struct program_run *r)
{
	char time[SIZE_TEXT], user[SIZE_TEXT], system[SIZE_TEXT];
	char size[SIZE_TEXT];

	report_say("\n");
	report_wrap("         ", "program  %s ran for %s and %s %d",
		    r->program.argv[0], format_seconds(time, r->seconds),
		    WIFSIGNALED(r->status) ? "was killed by signal" :
					     "ended with status",
		    WIFSIGNALED(r->status) ? WTERMSIG(r->status) :
					     WEXITSTATUS(r->status));
	report_say("CPU      %s user, %s system\n",
		   format_seconds(user, seconds_of(r->usage.ru_utime)),
		   format_seconds(system, seconds_of(r->usage.ru_stime)));
	report_say("memory   %s, the largest of its processes\n",
		   format_size(size, (uint64_t)r->usage.ru_maxrss * KIB));
	if (r->cgroup[0])
		report_wrap("         ", "cgroup   %s%s", r->cgroup,
			    r->timeline.source.own ? ", which was made for it" :
						     "");
	run_timeline_show(&r->timeline, r->seconds);
	if (r->orphans)
		report_say("orphans  it left %u process%s behind: ended\n",
			   r->orphans, r->orphans == 1 ? "" : "es");
}

/* What it said in the end, if anything: it may have left one that we made. */
static void find_cgroup(struct program_run *r)
{
	const struct node_usage_source *s = &r->timeline.source;

	if (s->own)
		snprintf(r->cgroup, sizeof(r->cgroup), "/%s", s->group);
	else
		limit_group(r->cgroup);
}

static void show_closing(const struct program_run *r)
{
	const struct run_timeline *t = &r->timeline;
	bool near[NODE_MAX];
	struct node *nodes = NULL;
	struct textbuf b = { 0 };
	char time[SIZE_TEXT];
	uint64_t in = 0;
	int n = node_list(&nodes);

	buf_add(&b, "%s %s %d after %s", r->program.argv[0],
		WIFSIGNALED(r->status) ? "was killed by signal" :
					 "ended with status",
		WIFSIGNALED(r->status) ? WTERMSIG(r->status) :
					 WEXITSTATUS(r->status),
		format_seconds(time, r->seconds));
	if (n > 1 && t->looks && t->end.bytes) {
		node_top_tier(near, nodes, n);
		for (int i = 0; i < NODE_MAX; i++)
			in += near[i] ? t->end.node[i] : 0;
		buf_add(&b, "; %.1f %% of its pages near when last seen",
			100 * (double)in / (double)t->end.bytes);
	}
	if (t->every_ns && !t->looks)
		closing_doubt("its pages were not seen");
	if (r->with.text && !r->with.stopped)
		closing_doubt("the program beside it had ended before");
	if (r->orphans)
		closing_doubt("it left processes behind");
	closing_show(b.text, &r->session);
	buf_free(&b);
	free(nodes);
}

static int judge(const struct program_run *r)
{
	const char *name = r->program.argv[0];
	int status = r->status;

	if (WIFSIGNALED(status))
		return fail_as(128 + WTERMSIG(status),
			       "%s was killed by signal %d (%s)", name,
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return fail_as(WEXITSTATUS(status), "%s ended with status %d",
			       name, WEXITSTATUS(status));
	return 0;
}

/* ------------------------------------------------------------------ order */

/* All that can be found wrong before anything is changed. */
static int check(struct program_run *r, const struct plan *plan)
{
	const struct place *place = &plan->run.place;
	/* A captured machine has no programs. */
	int err = plan->root ? 0 : program_find(&r->program, plan->run.argv);

	if (!err)
		err = program_place(&r->program, place, &plan->run.cpu_nodes,
				    plan->run.cpus);
	if (!err && !plan->root)
		err = run_with_prepare(&r->with, plan->run.with);
	if (!err)
		err = session_prepare(&r->session, &plan->policy, true);
	if (!err)
		err = table_inherited(&r->inherited);
	if (!err && r->session.policy && place->text &&
	    policy_is_weighted(r->session.policy))
		err = misuse(
			"--policy %s places the program's pages itself: no --%s with it",
			plan->policy.name, place_mode_name(place->mode));
	return err;
}

/* NUMA balancing leaves what is bound where it is, unless it is told not to. */
static bool is_unscanned(const struct place *place)
{
	return place->mode == PLACE_BIND && !place->balancing;
}

static void say_placement(const struct program *p, const struct place *own)
{
	char *text;

	if (p->place.text) {
		report_say("memory   %s--%s%s%s\n",
			   p->place.balancing ? "--balancing " : "",
			   place_mode_name(p->place.mode),
			   p->place.text[0] ? " " : "", p->place.text);
	} else if (own->mode != PLACE_ANY) {
		text = place_describe(own);
		report_say("memory   %s, inherited\n", text);
		free(text);
	}
	if (is_unscanned(p->place.text ? &p->place : own))
		report_wrap(
			"         ",
			"         NUMA balancing does not scan bound memory: it promotes none of it");
	if (p->cpu_nodes.text)
		report_say("CPUs     --cpunodebind %s: %d\n", p->cpu_nodes.text,
			   p->cpus.count);
	if (p->cpu_list)
		report_say("CPUs     --physcpubind %s: %d\n", p->cpu_list,
			   p->cpus.count);
}

static int run_in(struct program_run *r, const struct plan *plan)
{
	struct session *s = &r->session;
	int err;

	check_before(plan, NULL, 0, NULL, 0);
	say_placement(&r->program, &r->inherited);
	err = start_hogs(r, &plan->hogs);
	if (!err)
		err = at_start(&r->at, &plan->at);
	if (err)
		return err;
	if (r->at)
		proctree_leave_out(at_pid(r->at));
	run_timeline_open(&r->timeline, r->plan->timeline_ns,
			  s->policy ? policy_group(s->policy) : NULL);
	err = run_with_open(&r->with, &r->timeline.source);
	if (err)
		return err;
	if (r->timeline.source.group[0])
		s->group = r->timeline.source.group;
	err = session_set(s);
	s->setting.bound = is_unscanned(
		r->program.place.text ? &r->program.place : &r->inherited);
	if (!err)
		err = session_take(s, BEGIN);
	if (!err)
		err = session_start_damon(s);
	if (!err)
		err = session_take(s, TIMED);
	pmu_read(&r->pmu[0]);
	if (!err)
		err = execute(r);
	pmu_read(&r->pmu[1]);
	if (!err)
		err = session_stop_damon(s);
	if (!err)
		err = session_take(s, TIMED_END);
	if (!err)
		err = session_take(s, END);
	if (err)
		return err;
	find_cgroup(r);
	record_run(r);
	say_run(r);
	run_with_show(&r->with);
	pmu_show(r->pmu, r->pmu, NULL);
	hog_show_end(r->hogs, false);
	at_show(r->at);
	session_show(s);
	show_closing(r);
	err = judge(r);
	return err ? err : at_judge(r->at);
}

static int work(const struct plan *plan)
{
	struct program_run *r = &the_run;
	int err;

	*r = (struct program_run){ .plan = &plan->run, .json = plan->json };
	err = check(r, plan);
	if (!err && plan->dry_run)
		err = hog_rehearse(&plan->hogs, NULL);
	if (!err)
		err = plan->dry_run ? session_rehearse(&r->session) :
				      run_in(r, plan);
	hog_stop(r->hogs);
	at_end(r->at);
	run_with_free(&r->with);
	run_timeline_close(&r->timeline);
	session_free(&r->session);
	return err;
}

/* --------------------------------------------------------------- the verb */

static int take(struct plan *plan, int n, char **operand)
{
	(void)operand;
	struct run_plan *p = &plan->run;

	if (!n || !p->argv)
		return misuse("run needs a program, e.g. tier run /bin/true");
	if (p->cpus && p->cpu_nodes.text)
		return misuse(
			"--cpunodebind and --physcpubind exclude each other");
	if (p->balancing && p->place.mode != PLACE_BIND &&
	    p->place.mode != PLACE_PREFERRED_MANY)
		return misuse(
			"--balancing needs --membind NODES: else memory is balanced anyway");
	p->place.balancing = p->balancing;
	for (int i = 0; i < plan->hogs.nr; i++)
		if (plan->hogs.hog[i].release_percent)
			return misuse(
				"how long a program runs is not known: release=TIME, not N%%");
	return 0;
}

static int node_set(struct place *place, const char *option, const char *arg,
		    enum place_mode mode)
{
	*place = (struct place){ .mode = mode, .text = arg };
	return place_nodes(place, arg) ?
		       option_bad(
			       option, arg,
			       "give nodes such as 1, 0,1 or 0-1, all, or !0 (all but it)") :
		       0;
}

static int once(const struct plan *p)
{
	return p->run.place.mode == PLACE_ANY ?
		       0 :
		       misuse("give one of --membind, --preferred, --preferred-many, --interleave, --weighted-interleave and --localalloc, once");
}

static int memory_nodes(struct plan *p, const char *option, const char *arg,
			enum place_mode mode)
{
	int err = once(p);

	return err ? err : node_set(&p->run.place, option, arg, mode);
}

static int set_membind(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--membind", arg, PLACE_BIND);
}

static int set_preferred(struct plan *p, const char *arg)
{
	int err = memory_nodes(p, "--preferred", arg, PLACE_PREFERRED);

	if (!err && (p->run.place.nr_nodes != 1 || p->run.place.except))
		err = option_bad("--preferred", arg, "give one node");
	return err;
}

static int set_interleave(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--interleave", arg, PLACE_INTERLEAVE);
}

static int set_weighted(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--weighted-interleave", arg, PLACE_WEIGHTED);
}

static int set_preferred_many(struct plan *p, const char *arg)
{
	return memory_nodes(p, "--preferred-many", arg, PLACE_PREFERRED_MANY);
}

static int set_localalloc(struct plan *p, const char *arg)
{
	int err = once(p);

	(void)arg;
	if (!err)
		p->run.place =
			(struct place){ .mode = PLACE_LOCAL, .text = "" };
	return err;
}

static int set_balancing(struct plan *p, const char *arg)
{
	(void)arg;
	p->run.balancing = true;
	return 0;
}

static int set_cpunodebind(struct plan *p, const char *arg)
{
	return node_set(&p->run.cpu_nodes, "--cpunodebind", arg, PLACE_BIND);
}

static int set_physcpubind(struct plan *p, const char *arg)
{
	int *ids = xcalloc(CPU_MAX, sizeof(*ids));
	int n = parse_list(arg, ids, CPU_MAX);

	free(ids);
	p->run.cpus = arg;
	return n > 0 ? 0 :
		       option_bad("--physcpubind", arg,
				  "give CPUs such as 0, 0,2 or 0-3");
}

static int set_timeline(struct plan *p, const char *arg)
{
	return option_timeline(arg, &p->run.timeline_ns);
}

static int set_frames(struct plan *p, const char *arg)
{
	(void)arg;
	p->run.frames = true;
	return 0;
}

static int set_with(struct plan *p, const char *arg)
{
	if (p->run.with)
		return misuse("--with: one program beside the first");
	p->run.with = arg;
	return 0;
}

static const struct verb_option timeline_options[] = {
	{ "timeline", "TIME", set_timeline,
	  "a row each TIME of where the pages are (1s), or off" },
	{ "with", "WORDS", set_with,
	  "another program beside it, in a cgroup of its own" },
	{ "frames", NULL, set_frames,
	  "with each row its cgroup's frames, for heat --cgroup" },
	{ 0 },
};

static const struct verb_option numactl_options[] = {
	{ "membind", "NODES", set_membind,
	  "as numactl: its memory is on these nodes alone", 'm' },
	{ "preferred", "NODE", set_preferred,
	  "as numactl: on this node while that has room", 'p' },
	{ "interleave", "NODES", set_interleave,
	  "as numactl: page by page over these nodes", 'i' },
	{ "weighted-interleave", "NODES", set_weighted,
	  "as numactl: by the kernel's weights", 'w' },
	{ "preferred-many", "NODES", set_preferred_many,
	  "as numactl: on these nodes while they have room", 'P' },
	{ "localalloc", NULL, set_localalloc,
	  "as numactl: on the node of the CPU that it runs on", 'l' },
	{ "balancing", NULL, set_balancing,
	  "as numactl: balanced within --membind's nodes", 'b' },
	{ "cpunodebind", "NODES", set_cpunodebind,
	  "as numactl: it runs on these nodes' CPUs", 'N' },
	{ "cpubind", "NODES", set_cpunodebind, "as --cpunodebind", 'c' },
	{ "physcpubind", "CPUS", set_physcpubind,
	  "as numactl: it runs on these CPUs", 'C' },
	{ 0 },
};

static void defaults(struct plan *plan)
{
	plan->run.timeline_ns = DEFAULT_TIMELINE_NS;
}

static const char notes[] =
	"The first word that is no option is the program; what follows is its own.\n"
	"A \"--\" before it is allowed, as numactl has it; in a guest the kernel keeps\n"
	"that word for itself: leave it out there.\n"
	"--with 'memory.high=64M ./noise 5' runs that as well, in a cgroup of its own\n"
	"with these limits (memory.min, low, high, max); it ends with the program, and\n"
	"what it returns is said, and does not matter. Blanks part its words.\n"
	"With --json the records have standard output to themselves: the program's goes\n"
	"to standard error.\n";

const struct verb verb_run = {
	.name = "run",
	.operands = "[--] PROGRAM [ARGUMENTS]",
	.summary = "run any program, and count what the kernel did",
	.notes = notes,
	.flags = VERB_WORKLOAD | VERB_HEADER | VERB_PROGRAM | VERB_DRY_RUN |
		 VERB_ROOT,
	.options = (const struct verb_option *const[]){ timeline_options,
							at_options,
							options_policy,
							numactl_options, NULL },
	.defaults = defaults,
	.take = take,
	.work = work,
	.clean_up = node_usage_close,
};
