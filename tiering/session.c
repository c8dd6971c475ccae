// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - what surrounds any workload: its policy, and the counts.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/pmu.h"
#include "damon/damon.h"
#include "damon/damon_trace.h"
#include "damon/heatmap.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/perf_ring.h"
#include "lib/report.h"
#include "tiering/counters.h"
#include "tiering/hint_trace.h"
#include "tiering/kthreads.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/headroom.h"
#include "mm/pcp.h"
#include "mm/undo.h"
#include "tiering/session.h"

/* Policy and counts shall take no more of a run's CPU time than this. */
#define SHARE_MAX 0.01
/* The kernel tells its intervals each second. */
#define FOLLOW_NS (UINT64_C(1) * 1000000000)
/* Kdamonds, their regions and trace buffers; a daemon's first pages. */
#define START_BYTES (UINT64_C(4) << 20)

/* The DAMON that runs, and how it looks; NULL: none, or it cannot be read. */
static struct damon_config *read_running(struct session *s)
{
	struct damon_config *config;

	config = damon_is_running() > 0 ? damon_read() : NULL;
	if (!config)
		return NULL;
	s->sample_s = (double)damon_sample_us(config) / 1e6;
	s->tuned = damon_is_tuned(config);
	return config;
}

/* DAMON that somebody else started counts as well, and wants to see. */
static void find_running_damon(struct session *s)
{
	struct damon_config *config = read_running(s);

	if (!config)
		return;
	s->guest = true;
	s->looks = config;
	report_say("DAMON    runs already; it is left as it is\n");
}

static int prepare(struct session *s, const struct policy_plan *plan, bool once)
{
	*s = (struct session){ .plan = plan, .once = once };
	if (!s->plan->name)
		find_running_damon(s);
	if (!s->plan->name && !s->plan->nr_sets)
		return 0;
	s->policy = policy_new(s->plan, true);
	if (!s->policy)
		return -EINVAL;
	if (!s->guest) {
		s->sample_s = (double)policy_sample_us(s->policy) / 1e6;
		s->tuned = policy_is_tuned(s->policy);
	}
	s->sample_first_s = s->sample_s;
	return 0;
}

int session_rehearse(struct session *s)
{
	int err = s->policy ? policy_apply(s->policy) : 0;

	return err || !s->policy ? err : policy_start(s->policy, NULL);
}

static int write_policy(struct session *s)
{
	uint64_t began = now_ns();
	char time[SIZE_TEXT];
	double seconds;
	int err;

	/* Before anything is written: there may be nothing to go by. */
	if (policy_is_oracle(s->policy)) {
		s->oracle = oracle_new(s->plan->name);
		if (!s->oracle)
			return -ENOENT;
	}
	err = undo_begin("run");
	if (!err)
		err = policy_apply(s->policy);
	if (err)
		return err;
	seconds = (double)(now_ns() - began) / 1e9;
	policy_record(s->plan, seconds, s->sample_s);
	report_say("policy   %s set in %s\n",
		   s->plan->name ? s->plan->name : "--set",
		   format_seconds(time, seconds));
	return migration_begin();
}

static int set(struct session *s)
{
	int err = s->policy ? write_policy(s) : 0;

	if (!err)
		tunables_record();
	if (!err)
		err = migration_setting(&s->setting);
	s->setting.damon = s->sample_s > 0;
	return err;
}

static int take(struct session *s, enum session_point point)
{
	int err;

	/*
	 * Of our own DAMON the statistics are read just before it is stopped.
	 * Another's may be busy, or be stopped meanwhile: that is its affair.
	 */
	if (s->guest && damon_moved(&s->moves[point].damon, true))
		s->moves[point].damon = (struct damon_moved){ 0 };
	err = vmstat_take(&s->counters[point]);
	if (!err)
		err = migration_take(&s->moves[point], false);
	if (point == END && s->once)
		migration_end();
	return err;
}

/* What the policy's daemon has started is seen, and stopped, as our own. */
static void find_daemons_damon(struct session *s)
{
	struct damon_config *config;

	config = s->sample_s > 0 ? NULL : read_running(s);
	s->daemons = config;
	damon_free(config);
}

static bool is_counted_by_page(void)
{
	static struct pmu_heat question
		__attribute__((aligned(PMU_PAGE_BYTES)));

	return !pmu_heat(&question, NULL, 0);
}

/* NUMA balancing in its mode for tiers alone: else a folio keeps no time. */
static bool wants_hints(const struct session *s)
{
	return s->setting.numa_balancing == 2 && is_counted_by_page();
}

static void look_at_hints(struct session *s)
{
	if (wants_hints(s))
		s->hints = hint_trace_open();
}

uint64_t session_room_bytes(const struct session *s)
{
	uint64_t bytes = START_BYTES;

	if (!s->policy || s->guest)
		return 0;
	if (wants_hints(s))
		bytes += (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) *
			 PERF_RING_BYTES;
	return bytes;
}

void session_hold_room(struct session *s, bool ours)
{
	struct fail_state before;

	headroom_hold(&s->room, session_room_bytes(s));
	/* With a policy there is a log, for the supervisor to put back. */
	if (!s->policy && ours) {
		fail_save(&before);
		s->logged = !undo_begin("run");
		fail_restore(&before);
	}
	if (s->policy || s->logged)
		pcp_shorten(&s->pcp);
}

void session_release_room(struct session *s)
{
	struct undo_result r;

	headroom_release(&s->room);
	pcp_restore(&s->pcp);
	if (s->logged)
		undo_restore("run", &r);
	s->logged = false;
}

static int start_damon(struct session *s)
{
	int err = 0;

	session_release_room(s);
	oracle_begin(s->oracle);
	if (s->guest || !s->policy)
		return 0;
	look_at_hints(s);
	s->sample_s = s->sample_first_s;
	err = policy_start(s->policy, s->group);
	if (err)
		return err;
	if (policy_has_daemon(s->policy))
		find_daemons_damon(s);
	if (s->sample_s <= 0)
		return 0;
	s->setting.damon = true;
	s->trace = damon_trace_open();
	s->viewed = s->trace && is_counted_by_page();
	s->followed = s->tuned && damon_follow();
	return 0;
}

bool session_follow(struct session *s)
{
	double sample;

	if (!s->followed || now_ns() < s->follow_ns)
		return false;
	s->follow_ns = now_ns() + FOLLOW_NS;
	sample = (double)damon_sample_now_us() / 1e6;
	if (!(sample > 0) || sample == s->sample_s)
		return false;
	s->sample_s = sample;
	return true;
}

void session_view(const struct session *s, double t_s)
{
	struct heatmap_region *regions;
	size_t n;

	hint_trace_view(s->hints, t_s);
	if (!s->viewed)
		return;
	n = damon_trace_look(s->trace, &regions);
	heatmap_view(t_s, regions, n);
	free(regions);
}

/*
 * DAMON's statistics are read while it lives; then it is turned off, so that
 * nothing moves while the counters are read.
 */
static int read_damon(struct session *s)
{
	struct damon_moved moved = { 0 };
	int err;

	s->nr_seen = damon_trace_read(s->trace, &s->seen);
	s->damon_died = damon_is_running() == 0;
	if (s->damon_died)
		report_warn("DAMON ended by itself during the run: what it "
			    "moved is what it had reported before");
	err = damon_moved(&moved, !s->damon_died);
	damon_free(s->looks);
	s->looks = s->damon_died || !s->tuned ? damon_read() :
						damon_read_tuned();
	s->moves[TIMED_END].damon = moved;
	s->moves[END].damon = moved;
	return s->daemons ? 0 : err; /* another program stops it as it likes */
}

static int stop_damon(struct session *s)
{
	bool seen = s->sample_s > 0 && !s->guest;
	int err;

	oracle_end(s->oracle);
	err = seen ? read_damon(s) : 0;
	if (!err && s->policy)
		err = policy_stop(s->policy);
	if (!err && seen && !s->damon_died &&
	    (!s->daemons || damon_is_running() > 0))
		err = damon_stop();
	return err || !s->policy ? err : undo_whole();
}

/* ------------------------------------------------------------ bookkeeping */

/* Before the timed part, and after it while DAMON still runs. */
static void take_kthreads(struct session *s, bool begin)
{
	static const char *const names[] = { "kdamond.", "kswapd" };
	double now[ARRAY_SIZE(names)];

	kthreads_cpu_s(names, now, ARRAY_SIZE(names));
	if (begin) {
		/* What starts later starts from nothing. */
		s->kdamond_s = isnan(now[0]) ? 0 : now[0];
		s->kswapd_s = now[1];
		return;
	}
	s->kdamond_s = now[0] - s->kdamond_s;
	s->kswapd_s = now[1] - s->kswapd_s;
}

static int account(struct session *s, uint64_t since, int err)
{
	s->cpu_ns += thread_cpu_ns() - since;
	return err;
}

int session_prepare(struct session *s, const struct policy_plan *plan,
		    bool once)
{
	uint64_t began = thread_cpu_ns();
	int err = prepare(s, plan, once);

	return account(s, began, err);
}

int session_set(struct session *s)
{
	uint64_t began = thread_cpu_ns();
	int err = set(s);

	return account(s, began, err);
}

int session_take(struct session *s, enum session_point point)
{
	uint64_t began = thread_cpu_ns();
	int err = take(s, point);

	return account(s, began, err);
}

int session_start_damon(struct session *s)
{
	uint64_t began = thread_cpu_ns();
	int err = start_damon(s);

	take_kthreads(s, true);
	return account(s, began, err);
}

int session_stop_damon(struct session *s)
{
	uint64_t began = thread_cpu_ns();
	int err;

	take_kthreads(s, false);
	err = stop_damon(s);

	return account(s, began, err);
}

static double all_cpu_s(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage u;
	double sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(whose); i++)
		if (!getrusage(whose[i], &u))
			sum += seconds_of(u.ru_utime) + seconds_of(u.ru_stime);
	return sum;
}

REPORT_RECORD(bookkeeping, "bookkeeping", "what the counting itself took",
	      "cpu_s r CPU time of policy and counters\n"
	      "run_cpu_s r of the process and its children, in all\n"
	      "share_of_run r:part_of_1 the one of the other\n"
	      "kdamond_cpu_s r of DAMON's threads, timed part; null: none\n"
	      "kswapd_cpu_s r of the threads that reclaim and demote\n");

static void show_bookkeeping(const struct session *s)
{
	double cpu = (double)s->cpu_ns / 1e9, all = all_cpu_s();
	double share = all > 0 ? cpu / all : 0;

	report_begin(&bookkeeping);
	report_real("cpu_s", cpu);
	report_real("run_cpu_s", all);
	report_real("share_of_run", share);
	report_real("kdamond_cpu_s", s->kdamond_s);
	report_real("kswapd_cpu_s", s->kswapd_s);
	report_end();
	if (share > SHARE_MAX)
		report_say("bookkeeping: %.1f %% of the run's CPU time, for so "
			   "short a run (%.2f of %.2f s)\n",
			   100 * share, cpu, all);
}

static void show_seen(const struct session *s)
{
	if (!s->trace)
		return;
	heatmap_records(s->seen, s->nr_seen);
	report_say("\nDAMON    what it saw in its last round%s\n",
		   s->nr_seen ? "" : ": the run ended before its first");
	if (s->nr_seen)
		heatmap_map(s->seen, s->nr_seen);
}

struct migration_span session_timed(const struct session *s)
{
	return (struct migration_span){ &s->counters[TIMED],
					&s->counters[TIMED_END],
					&s->moves[TIMED],
					&s->moves[TIMED_END] };
}

void session_show(const struct session *s)
{
	struct migration_span timed = session_timed(s);
	struct migration_span whole = { &s->counters[BEGIN], &s->counters[END],
					&s->moves[BEGIN], &s->moves[END] };

	counters_show(&s->counters[BEGIN], &s->counters[TIMED],
		      &s->counters[TIMED_END], &s->counters[END]);
	migration_show(&timed, &whole, &s->setting);
	oracle_show(s->oracle);
	show_seen(s);
	show_bookkeeping(s);
}

void session_forget(struct session *s)
{
	session_release_room(s);
	damon_trace_close(s->trace);
	s->trace = NULL;
	hint_trace_close(s->hints);
	s->hints = NULL;
	free(s->seen);
	s->seen = NULL;
	s->nr_seen = 0;
	for (int i = 0; i < NR_POINTS; i++) {
		vmstat_free(&s->counters[i]);
		s->moves[i] = (struct migration){ 0 };
	}
}

void session_free(struct session *s)
{
	migration_wait();
	session_forget(s);
	oracle_free(s->oracle);
	policy_free(s->policy);
	damon_free(s->looks);
	*s = (struct session){ 0 };
}
