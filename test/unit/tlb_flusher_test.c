// SPDX-License-Identifier: GPL-2.0-only
/* tlb_flusher.c is included, for a look at its processes. */
#include "bench/tlb_flusher.c"

#include <poll.h>
#include <stdio.h>

#include "lib/error.h"
#include "lib/time.h"
#include "tap.h"

#define MS UINT64_C(1000000)

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

static void gaps(void)
{
	struct shared *shared =
		aligned_alloc(64, sizeof(*shared) + sizeof(struct cpu_flushes));
	struct cpu_flushes p = { .last_ns = 100 * MS };

	if (!shared)
		return;
	shared->period_ns = 40 * MS;
	note_gap(shared, &p, 130 * MS);
	is_u64(p.longest_ns, 30 * MS, "a gap");
	note_gap(shared, &p, 230 * MS);
	is_u64(p.longest_ns, 100 * MS, "a longer one");
	is_u64(p.blind_ns, 0, "as long as a sampling interval: not blind");
	note_gap(shared, &p, 380 * MS);
	is_u64(p.blind_ns, 50 * MS, "longer: so much of it is");
	note_gap(shared, &p, 390 * MS);
	is_u64(p.longest_ns, 150 * MS, "a short one changes nothing");
	note_gap(shared, &p, 389 * MS);
	is_u64(p.last_ns, 390 * MS, "nor does one who comes late");
	is_u64(p.longest_ns, 150 * MS, "to say it");
	free(shared);
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

static void jitter(void)
{
	uint64_t random = 1, least = UINT64_MAX, most = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t r = next_random(&random) % 401;

		least = r < least ? r : least;
		most = r > most ? r : most;
	}
	ok(least < 4 && most > 396, "the jitter uses its room");
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
	kill(h->pids[1], SIGSTOP);
	waitpid(h->pids[1], NULL, WUNTRACED);
	before = beats(h);
	sleep_ns(200 * MS);
	tlb_flusher_end(h);
	tlb_flusher_count(h, &c);
	ok(c.flushes <= before + 1, "beats: of the one that has fewest");
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
	if (!reaches(h, 3) || write(fd, h->pids, sizeof(pid_t)) < 0)
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
	gaps();
	jitter();
	beating();
	rhythm();
	standing_still();
	without();
	orphans();
	return done_testing();
}
