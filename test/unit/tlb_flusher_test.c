// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes beat in their rhythm while they shall and only then, what is
 * said of gaps is right, and they end with their parent, however that ends.
 */
/* WRAP: fork now_ns clock_nanosleep */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/tlb_flusher.h"
#include "lib/error.h"
#include "lib/time.h"
#include "tap.h"

#define MS UINT64_C(1000000)

/* The process that was started last. */
static pid_t newest;

/* A clock that this test sets, and the sleeps until a time of it. */
struct clock {
	_Atomic uint64_t now_ns; /* 0: the real one */
	_Atomic uint64_t sleeps, shortest_ns, longest_ns;
};
static struct clock *clock_of_all; /* shared with all processes */

pid_t __real_fork(void);
pid_t __wrap_fork(void);
uint64_t __real_now_ns(void);
uint64_t __wrap_now_ns(void);
int __real_clock_nanosleep(clockid_t id, int flags, const struct timespec *ts,
			   struct timespec *left);
int __wrap_clock_nanosleep(clockid_t id, int flags, const struct timespec *ts,
			   struct timespec *left);

pid_t __wrap_fork(void)
{
	return newest = __real_fork();
}

uint64_t __wrap_now_ns(void)
{
	uint64_t now = clock_of_all->now_ns;

	return now ? now : __real_now_ns();
}

/* By the clock that this test sets no time passes while one sleeps. */
int __wrap_clock_nanosleep(clockid_t id, int flags, const struct timespec *ts,
			   struct timespec *left)
{
	struct clock *c = clock_of_all;
	uint64_t until, slept;

	if (!c->now_ns)
		return __real_clock_nanosleep(id, flags, ts, left);
	until = (uint64_t)ts->tv_sec * 1000 * MS + (uint64_t)ts->tv_nsec;
	slept = until - c->now_ns;
	if (!c->sleeps || slept < c->shortest_ns)
		c->shortest_ns = slept;
	if (slept > c->longest_ns)
		c->longest_ns = slept;
	c->now_ns = until;
	c->sleeps++;
	return 0;
}

static struct tlb_flusher *made(uint64_t period_ns, const int *cpus, int n)
{
	struct tlb_flusher *h = tlb_flusher_new(period_ns, cpus, n);

	if (!h) {
		printf("Bail out! %s\n", fail_message());
		exit(1);
	}
	return h;
}

static uint64_t beats(const struct tlb_flusher *h)
{
	struct tlb_flusher_count c;

	tlb_flusher_count(h, &c);
	return c.flushes;
}

/* Until there are so many, ten seconds long. */
static bool reaches(const struct tlb_flusher *h, uint64_t want)
{
	for (int i = 0; i < 2000 && beats(h) < want; i++)
		sleep_ns(5 * MS);
	return beats(h) >= want;
}

/* As from begin to end nothing had beaten; what is said then. */
static struct tlb_flusher_count still(struct tlb_flusher *h, uint64_t begin_ms,
				      uint64_t end_ms)
{
	struct tlb_flusher_count c;

	clock_of_all->now_ns = begin_ms * MS;
	tlb_flusher_begin(h);
	clock_of_all->now_ns = end_ms * MS;
	tlb_flusher_end(h);
	tlb_flusher_count(h, &c);
	return c;
}

/* One whose process stands still: all that is noted is what the parent notes. */
static struct tlb_flusher *stopped(uint64_t period_ns)
{
	struct tlb_flusher *h = made(period_ns, NULL, 0);

	kill(newest, SIGSTOP);
	waitpid(newest, NULL, WUNTRACED);
	return h;
}

static void gaps(void)
{
	struct tlb_flusher *h = stopped(40 * MS);
	struct tlb_flusher_count c;

	c = still(h, 100, 130);
	is_u64(c.longest_ns, 30 * MS, "a gap");
	c = still(h, 130, 230);
	is_u64(c.longest_ns, 100 * MS, "a longer one");
	ok(c.blind == 0, "as long as a sampling interval: not blind");
	c = still(h, 230, 380);
	ok(c.blind > 0.1785 && c.blind < 0.1786,
	   "longer: so much of it is, 50 ms of 280 (%g)", c.blind);
	c = still(h, 380, 390);
	is_u64(c.longest_ns, 150 * MS, "a short one changes nothing");
	c = still(h, 390, 389);
	is_u64(c.longest_ns, 150 * MS, "nor does one who comes late");
	clock_of_all->now_ns = 551 * MS;
	tlb_flusher_end(h);
	tlb_flusher_count(h, &c);
	is_u64(c.longest_ns, 161 * MS, "whose time is not the last, either");
	is_u64(c.flushes, 0, "none of these is a beat");
	tlb_flusher_free(h);
	clock_of_all->now_ns = 0;
}

static void beating(void)
{
	struct tlb_flusher *h = made(2 * MS, NULL, 0);
	struct tlb_flusher_count c;
	uint64_t before;

	sleep_ns(30 * MS);
	is_u64(beats(h), 0, "at rest at first");
	tlb_flusher_begin(h);
	ok(reaches(h, 10), "it beats");
	tlb_flusher_end(h);
	tlb_flusher_count(h, &c);
	is_u64(c.period_ns, 2 * MS, "its period");
	ok(c.longest_ns >= 16 * MS / 10, "no gap is shorter than 4/5 of it");
	ok(c.cpu_s > 0 && c.cpu_s < 5, "its CPU time");
	ok(c.blind >= 0 && c.blind <= 1, "a share is a share");
	sleep_ns(20 * MS);
	before = beats(h);
	sleep_ns(60 * MS);
	is_u64(beats(h), before, "at rest afterwards");
	tlb_flusher_begin(h);
	ok(reaches(h, before + 5), "and again");
	tlb_flusher_end(h);
	tlb_flusher_free(h);
	ok(waitpid(-1, NULL, 0) < 0 && errno == ECHILD, "none is left");
}

/* On an idle CPU so many in so long: neither in a row nor half as many. */
static void rhythm(void)
{
	struct tlb_flusher *h = made(10 * MS, NULL, 0);
	uint64_t begin = now_ns(), n;
	double mean;

	tlb_flusher_begin(h);
	reaches(h, 60);
	tlb_flusher_end(h);
	n = beats(h);
	mean = (double)(now_ns() - begin) / (double)n;
	ok(mean > 9e6, "a beat every %.1f ms, of 10", mean / 1e6);
	tlb_flusher_free(h);
}

/* Of 1000 ns it is 200 to either side. */
static void jitter(void)
{
	struct clock *c = clock_of_all;
	struct tlb_flusher *h;

	c->now_ns = 1000 * MS;
	h = made(1000, NULL, 0);
	tlb_flusher_begin(h);
	ok(reaches(h, 10000), "beats, as fast as no time passes");
	tlb_flusher_end(h);
	tlb_flusher_free(h);
	ok(c->shortest_ns >= 800 && c->longest_ns <= 1200,
	   "the jitter is a fifth at most");
	ok(c->shortest_ns < 804 && c->longest_ns > 1196,
	   "and uses its room (%" PRIu64 " to %" PRIu64 " ns)",
	   (uint64_t)c->shortest_ns, (uint64_t)c->longest_ns);
	c->now_ns = 0;
}

/* The one that has stopped is what counts. */
static void standing_still(void)
{
	static const int cpus[] = { 0, 0 };
	struct tlb_flusher *h = made(2 * MS, cpus, 2);
	struct tlb_flusher_count c;
	uint64_t before;

	tlb_flusher_begin(h);
	ok(reaches(h, 5), "two of them");
	kill(newest, SIGSTOP);
	waitpid(newest, NULL, WUNTRACED);
	/* In which the other one has got ahead of it, wherever it was. */
	sleep_ns(100 * MS);
	before = beats(h);
	sleep_ns(100 * MS);
	tlb_flusher_end(h);
	tlb_flusher_count(h, &c);
	is_u64(c.flushes, before, "beats: of the one that has fewest");
	ok(c.longest_ns >= 190 * MS, "the gap until the end is seen (%.0f ms)",
	   (double)c.longest_ns / 1e6);
	ok(c.blind > 0.1, "and that it was blind (%.2f)", c.blind);
	tlb_flusher_free(h);
}

static void without(void)
{
	struct tlb_flusher_count c = { .flushes = 7, .blind = 1 };

	tlb_flusher_begin(NULL);
	tlb_flusher_end(NULL);
	tlb_flusher_count(NULL, &c);
	ok(!c.flushes && c.blind == 0, "none: zeros");
	tlb_flusher_free(NULL);
}

/* Says which process its heart is, then holds nothing open either. */
static void live_with_heart(int fd)
{
	struct tlb_flusher *h = made(2 * MS, NULL, 0);

	tlb_flusher_begin(h);
	if (!reaches(h, 3) || write(fd, &newest, sizeof(newest)) < 0)
		_exit(1);
	close(fd);
	for (;;)
		pause();
}

/* Nothing of the parent's is held open; and when it is killed, it ends. */
static void orphans(void)
{
	struct pollfd end;
	int fds[2], status;
	pid_t pid, heart;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe(fds))
		return;
	pid = fork();
	if (!pid)
		live_with_heart(fds[1]);
	close(fds[1]);
	is_i64(read(fds[0], &heart, sizeof(heart)), sizeof(heart),
	       "a process with a heartbeat");
	end = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	is_i64(poll(&end, 1, 10000), 1, "closes its pipe: nobody has it");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	pid = 0;
	for (int i = 0; i < 1000 && pid != heart; i++) {
		pid = waitpid(heart, &status, WNOHANG);
		sleep_ns(10 * MS);
	}
	is_i64(pid, heart, "is killed: so is what beats for it");
	kill(heart, SIGKILL);
	close(fds[0]);
}

int main(void)
{
	clock_of_all = mmap(NULL, sizeof(*clock_of_all), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (clock_of_all == MAP_FAILED)
		return 1;
	gaps();
	jitter();
	beating();
	rhythm();
	standing_still();
	without();
	orphans();
	return done_testing();
}
