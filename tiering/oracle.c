// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle.c - each second the hottest pages are brought near.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/pmu.h"
#include "bench/table.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/cpu.h"
#include "mm/memory_block.h"
#include "mm/node.h"
#include "mm/page.h"
#include "mm/proctree.h"
#include "mm/zone.h"
#include "sysfs.h"
#include "tiering/oracle.h"

#define PERIOD_NS (UINT64_C(1) * 1000000000)
/* Pages a call of move_pages: each waits for all CPUs, and so is a large one. */
#define BATCH 4096
/*
 * Of what is free near, above the high watermark, this is left: what the kernel
 * itself needs can lie nowhere else, and nothing is reclaimed for it.
 */
#define MARGIN_PAGES 4096
/* Nodes begin at multiples of this, on x86: a block of memory's least size. */
#define BLOCK_SHIFT 27
#define NR_BLOCKS 4096 /* 512 GiB, as the plugin */
/* The mean has that many bits behind the point. */
#define POINT 8
/* Classes of heat, two an octave; 0: none at all */
#define CLASSES 64
#define CLEARLY 2
#define HUGE_PAGE (UINT64_C(2) << 20)

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1)

/* What the process and its parent share */
struct shared {
	_Atomic uint32_t running; /* the parent writes it: a futex */
	_Atomic uint32_t busy;
	struct oracle_count count;
};

struct oracle {
	struct shared *shared;
	pid_t pid;
};

struct seen {
	uint64_t at; /* its virtual address */
	uint32_t heat;
	uint16_t process; /* of round.pids */
	int16_t node;
};

/* In the order of process and address */
struct seen_list {
	struct seen *p;
	size_t nr, room;
};

struct round {
	struct seen_list now, before;
	pid_t pids[UINT8_MAX];
	int nr_pids;
};

/* Its own, and kept from round to round */
static struct {
	struct pmu_heat question __attribute__((aligned(PMU_PAGE_BYTES)));
	struct pmu_page leave __attribute__((aligned(PMU_PAGE_BYTES)));
	int16_t node_of[NR_BLOCKS]; /* -2: not looked up */
	bool near[NODE_MAX];
	uint64_t zeros, huge_zeros; /* frames of what was never written */
	int to_near, to_far; /* with most room in this round */
	int64_t free_pages; /* of to_near */
	struct round round;
} own;

/* ---------------------------------------------------------------- looking */

static int16_t node_of(uint64_t frame)
{
	uint64_t block = frame >> (BLOCK_SHIFT - 12);

	if (block >= NR_BLOCKS)
		return -1;
	if (own.node_of[block] == -2)
		own.node_of[block] =
			(int16_t)memory_block_node_at(frame * PAGE_BYTES);
	return own.node_of[block];
}

static bool is_zeros(uint64_t frame)
{
	return frame == own.zeros ||
	       frame - own.huge_zeros < HUGE_PAGE / PAGE_BYTES;
}

/* Frames that are present of n pages from at on, and their places in pages */
static void add_chunk(struct round *r, int process, int pagemap, uint64_t at,
		      size_t n)
{
	uint64_t entry[PMU_HEAT_MAX];
	struct seen_list *now = &r->now;
	size_t k = 0, first = now->nr;
	ssize_t got = pread(pagemap, entry, n * sizeof(*entry),
			    (off_t)(at / PAGE_BYTES * sizeof(*entry)));

	n = got > 0 ? (size_t)got / sizeof(*entry) : 0;
	if (now->nr + n > now->room) {
		now->room = 2 * now->room + PMU_HEAT_MAX;
		now->p = xrealloc(now->p, now->room * sizeof(*now->p));
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t frame = entry[i] & PAGEMAP_FRAME;

		if (!(entry[i] & PAGEMAP_PRESENT) || !frame || is_zeros(frame))
			continue;
		now->p[now->nr++] = (struct seen){ .at = at + i * PAGE_BYTES,
						   .process = (uint16_t)process,
						   .node = node_of(frame) };
		entry[k++] = frame;
	}
	if (!k || pmu_heat(&own.question, entry, k))
		return;
	for (size_t i = 0; i < k; i++)
		now->p[first + i].heat = (uint32_t)entry[i];
}

/* Memory of files on a disk or of the image is not moved: most of it cannot. */
static bool is_movable(const char *name)
{
	return *name != '/' || !strncmp(name, "/dev/zero", 9) ||
	       !strncmp(name, "/memfd:", 7) || !strncmp(name, "/SYSV", 5) ||
	       !strncmp(name, "/dev/shm/", 9);
}

static void add_process(struct round *r, int process)
{
	char *maps = sysfs_slurp("/proc/%d/maps", (int)r->pids[process]);
	int fd = maps ? sysfs_open("/proc/%d/pagemap", (int)r->pids[process]) :
			-1;
	char *save = NULL;

	for (char *line = fd < 0 ? NULL : strtok_r(maps, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t at, end, n;
		int name = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n",
			   &at, &end, &name) < 2 ||
		    (name && !is_movable(line + name)))
			continue;
		for (; at < end; at += n * PAGE_BYTES) {
			n = (end - at) / PAGE_BYTES;
			n = n < PMU_HEAT_MAX ? n : PMU_HEAT_MAX;
			add_chunk(r, process, fd, at, n);
		}
	}
	if (fd >= 0)
		close(fd);
	free(maps);
}

/* The parent first, then its descendants as they are listed. */
static void find_processes(struct round *r)
{
	int *pids, n = proctree_list(getppid(), &pids);

	r->nr_pids = 0;
	r->pids[r->nr_pids++] = getppid();
	for (int i = 0; i < n && r->nr_pids < UINT8_MAX; i++)
		r->pids[r->nr_pids++] = pids[i];
	free(pids);
}

/* Each second is worth half of all before it. */
static void remember(struct round *r)
{
	const struct seen *b = r->before.p, *end = b + r->before.nr;

	for (size_t i = 0; i < r->now.nr; i++) {
		struct seen *p = &r->now.p[i];
		uint32_t most = UINT32_MAX >> POINT;
		uint32_t new = (p->heat < most ? p->heat : most) << POINT;

		while (b < end && (b->process < p->process ||
				   (b->process == p->process && b->at < p->at)))
			b++;
		p->heat = b < end && b->process == p->process &&
					  b->at == p->at ?
				  b->heat / 2 + new / 2 :
				  new;
	}
}

static void look(struct round *r)
{
	struct seen_list spare = r->before;
	pid_t was[ARRAY_SIZE(r->pids)];
	int nr_was = r->nr_pids;

	memcpy(was, r->pids, sizeof(was));
	r->before = r->now;
	r->now = spare;
	r->now.nr = 0;
	find_processes(r);
	/* Other processes: their numbers do not mean what they meant. */
	if (nr_was != r->nr_pids ||
	    memcmp(was, r->pids, sizeof(*was) * (size_t)nr_was))
		r->before.nr = 0;
	for (int i = 0; i < r->nr_pids; i++)
		add_process(r, i);
	remember(r);
}

/* ---------------------------------------------------------------- deciding */

/* Twice the logarithm to the base 2, rounded down. */
static unsigned int class_of(uint32_t heat)
{
	unsigned int octave;

	if (heat < 2)
		return heat;
	octave = 31 - (unsigned int)__builtin_clz(heat);
	return 2 * octave + (heat >> (octave - 1) & 1);
}

/* Numbers of pages, by class; which are of one kind */
struct sorted {
	uint32_t *page;
	size_t begin[CLASSES + 1], nr;
};

static void sort(struct sorted *s, const struct round *r, bool near)
{
	size_t at[CLASSES];

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < r->now.nr; i++)
		if (r->now.p[i].node >= 0 && own.near[r->now.p[i].node] == near)
			s->begin[class_of(r->now.p[i].heat) + 1]++;
	for (int c = 0; c < CLASSES; c++)
		s->begin[c + 1] += s->begin[c];
	s->nr = s->begin[CLASSES];
	s->page = xcalloc(s->nr + 1, sizeof(*s->page));
	memcpy(at, s->begin, sizeof(at));
	for (size_t i = 0; i < r->now.nr; i++)
		if (r->now.p[i].node >= 0 && own.near[r->now.p[i].node] == near)
			s->page[at[class_of(r->now.p[i].heat)]++] = (uint32_t)i;
}

/* ------------------------------------------------------------------ moving */

/* Of these pages those that are a process's; how many came there. */
static size_t move_of(const struct round *r, int process, const uint32_t *page,
		      size_t n, int to)
{
	static void *address[BATCH];
	static int node[BATCH], status[BATCH];
	size_t k = 0, moved = 0;

	for (size_t i = 0; i < n; i++) {
		if (r->now.p[page[i]].process != process)
			continue;
		address[k] = (void *)(uintptr_t)r->now.p[page[i]].at;
		/* What it does not come to stays as it was. */
		status[k] = -EAGAIN;
		node[k++] = to;
	}
	if (!k || table_move(r->pids[process], k, address, node, status) < 0)
		return 0;
	for (size_t i = 0; i < k; i++)
		moved += status[i] == to;
	return moved;
}

static size_t move(const struct round *r, const uint32_t *page, size_t n,
		   int to)
{
	size_t moved = 0;

	for (int i = 0; i < r->nr_pids; i++)
		moved += move_of(r, i, page, n, to);
	return moved;
}

/*
 * The hottest far pages, a batch at a time, into what is free, and then each in
 * the place of the coldest near one.
 */
static void exchange(const struct round *r, struct sorted *far,
		     struct sorted *near, struct oracle_count *count)
{
	static uint32_t batch[BATCH];
	size_t cold = 0;

	while (far->nr) {
		size_t n = 0, out = cold, in;

		while (n < BATCH && n < far->nr) {
			uint32_t hot = far->page[far->nr - 1 - n];
			unsigned int class = class_of(r->now.p[hot].heat);

			if (!class)
				break;
			if ((int64_t)n >= own.free_pages) {
				if (out == near->nr ||
				    class < CLEARLY +
						    class_of(
							    r->now.p[near->page[out]]
								    .heat))
					break;
				out++;
			}
			batch[n++] = hot;
		}
		if (!n)
			return;
		in = move(r, near->page + cold, out - cold, own.to_far);
		count->demoted += in;
		count->failed += out - cold - in;
		own.free_pages += (int64_t)in;
		cold = out;
		/* Never more than there is room for */
		if ((int64_t)n > own.free_pages)
			n = (size_t)own.free_pages;
		if (!n)
			continue;
		far->nr -= n;
		in = move(r, batch, n, own.to_near);
		count->promoted += in;
		count->failed += n - in;
		own.free_pages -= (int64_t)in;
	}
}

/* The nodes with most room, and how much that is near. */
static bool find_room(void)
{
	struct zones zones;
	uint64_t most_near = 0, most_far = 0;

	own.to_near = own.to_far = -1;
	if (zone_take(&zones))
		return false;
	for (int i = 0; i < zones.nr_nodes; i++) {
		const struct zone_node *n = &zones.nodes[i];
		uint64_t *most = own.near[n->node] ? &most_near : &most_far;
		int *to = own.near[n->node] ? &own.to_near : &own.to_far;

		if (*to >= 0 && n->spare <= *most)
			continue;
		*to = n->node;
		*most = n->spare;
	}
	own.free_pages = (int64_t)(most_near / PAGE_BYTES) - MARGIN_PAGES;
	if (own.free_pages < 0)
		own.free_pages = 0;
	return own.to_near >= 0 && own.to_far >= 0;
}

static void round_of(struct oracle_count *count)
{
	struct round *r = &own.round;
	struct sorted far, near;

	pmu_leave(&own.leave, PMU_LEAVE_ALL);
	look(r);
	sort(&far, r, false);
	sort(&near, r, true);
	count->pages = r->now.nr;
	if (find_room()) {
		/* The kernel's part of the moves is the placement's own. */
		pmu_leave(&own.leave, PMU_LEAVE_END);
		exchange(r, &far, &near, count);
		pmu_leave(&own.leave, PMU_LEAVE_ALL);
	}
	free(far.page);
	free(near.page);
	count->rounds++;
	count->cpu_s = (double)thread_cpu_ns() / 1e9;
	pmu_leave(&own.leave, PMU_LEAVE_END);
}

/* ------------------------------------------------------------- the process */

static void find_near(void)
{
	struct node *nodes;
	int n = node_list(&nodes);
	const struct node *near = n > 0 ? node_near(nodes, n) : NULL;

	for (int i = 0; i < n; i++)
		own.near[nodes[i].id] = !node_is_far(&nodes[i], near);
	if (n > 0)
		free(nodes);
	for (int i = 0; i < NR_BLOCKS; i++)
		own.node_of[i] = -2;
}

/*
 * What has only been read is the kernel's page of zeros, or its huge one, which
 * both stay where they are. The mapping is kept, and so is the huge one.
 */
static uint64_t zeros_frame(int advice)
{
	int fd = sysfs_open("/proc/self/pagemap");
	uintptr_t at = (uintptr_t)mmap(NULL, 2 * HUGE_PAGE, PROT_READ,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if ((void *)at != MAP_FAILED) {
		at = (at + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
		madvise((void *)at, HUGE_PAGE, advice);
		entry = *(volatile const char *)at;
		if (pread(fd, &entry, sizeof(entry),
			  (off_t)(at / PAGE_BYTES * sizeof(entry))) < 0)
			entry = 0;
	}
	close(fd);
	return entry & PAGEMAP_FRAME;
}

static void run(struct shared *s)
{
	uint64_t next = now_ns(), now;

	while (s->running) {
		s->busy = 1;
		if (s->running)
			round_of(&s->count);
		s->busy = 0;
		next += PERIOD_NS;
		now = now_ns();
		/* What took longer than that is not made up for. */
		next = next > now ? next : now;
		sleep_ns(next - now);
	}
}

__attribute__((noreturn)) static void process(struct shared *s)
{
	/* It holds nothing open, and ends with its parent, however that ends. */
	syscall(SYS_close_range, 0, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_catch_signals(SIG_IGN);
	/* What is left out is by CPU: it stays on one. */
	cpu_pin(sched_getcpu());
	proctree_leave_out(gettid());
	find_near();
	own.zeros = zeros_frame(MADV_NOHUGEPAGE);
	own.huge_zeros = zeros_frame(MADV_HUGEPAGE);
	if (own.huge_zeros == own.zeros)
		own.huge_zeros = PAGEMAP_FRAME + 1; /* there are none */
	for (;;) {
		syscall(SYS_futex, &s->running, FUTEX_WAIT, 0, NULL, NULL, 0);
		run(s);
	}
}

static int start(struct oracle *o)
{
	o->shared = shared_map(sizeof(*o->shared));
	if (!o->shared)
		return fail(errno, "cannot map the oracle's page: %s",
			    strerror(errno));
	o->pid = fork();
	if (o->pid < 0)
		return fail(errno, "cannot start the oracle: %s",
			    strerror(errno));
	if (!o->pid)
		process(o->shared);
	proctree_leave_out(o->pid);
	return 0;
}

struct oracle *oracle_new(const char *policy)
{
	struct oracle *o;

	if (pmu_heat(&own.question, NULL, 0)) {
		lacks(ENOENT,
		      "policy %s goes by the emulator's counts of misses by page, and there are none: ./build.sh run --heat makes them",
		      policy);
		return NULL;
	}
	o = xcalloc(1, sizeof(*o));
	if (!start(o))
		return o;
	oracle_free(o);
	return NULL;
}

void oracle_begin(struct oracle *o)
{
	if (!o)
		return;
	o->shared->running = 1;
	syscall(SYS_futex, &o->shared->running, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void oracle_end(struct oracle *o)
{
	if (!o)
		return;
	o->shared->running = 0;
	while (o->shared->busy && o->pid > 0) {
		if (waitpid(o->pid, NULL, WNOHANG))
			o->pid = 0; /* killed: it moves nothing */
		sleep_ns(1000000);
	}
}

void oracle_free(struct oracle *o)
{
	if (!o)
		return;
	if (o->pid > 0) {
		kill(o->pid, SIGKILL);
		waitpid(o->pid, NULL, 0);
	}
	shared_unmap(o->shared, sizeof(*o->shared));
	free(o);
}

REPORT_RECORD(oracle_record, "oracle", "what policy oracle did",
	      "rounds u in which it looked at all pages\n"
	      "pages u that it saw in the last round\n"
	      "promoted|demoted u:pages that it moved\n"
	      "failed u:pages that the kernel did not move\n"
	      "cpu_s r what that took, the kernel's part with it\n");

void oracle_show(const struct oracle *o)
{
	const struct oracle_count *c;

	if (!o)
		return;
	c = &o->shared->count;
	report_begin(&oracle_record);
	report_u64("rounds", c->rounds);
	report_u64("pages", c->pages);
	report_u64("promoted", c->promoted);
	report_u64("demoted", c->demoted);
	report_u64("failed", c->failed);
	report_real("cpu_s", c->cpu_s);
	report_end();
	report_wrap("         ",
		    "oracle   %" PRIu64 " rounds: %" PRIu64
		    " pages brought near, %" PRIu64 " away, %" PRIu64
		    " not moved; %.2f s of CPU time",
		    c->rounds, c->promoted, c->demoted, c->failed, c->cpu_s);
}
