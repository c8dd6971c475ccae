// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle's placement, on a process and a machine of files: what is hottest
 * comes near, as far as there is room; then it takes the place of what is
 * clearly colder, and of nothing else.
 */
/* WRAP: pmu_heat table_move zone_take memory_block_node_at node_list syscall */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "bench/pmu.h"
#include "bench/table.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/time.h"
#include "mm/node.h"
#include "mm/zone.h"
#include "tap.h"
#include "tiering/oracle.h"
#include "tree.h"

#define PAGES 64
#define ROOM 24
/* What the oracle leaves free, pages */
#define MARGIN 4096
#define AT UINT64_C(0x100000) /* the virtual address of the first one */
#define FAR (UINT64_C(1) << 20) /* its frame on node 1 */
#define PRESENT (UINT64_C(1) << 63)

/* The oracle is another process: what both see */
static struct {
	_Atomic uint32_t heat[PAGES];
	_Atomic int node[PAGES];
	_Atomic int looks, moves;
	_Atomic bool is_there;
} * shared;

static char pagemap[64];

/* --- the machine --------------------------------------------------------- */

int __wrap_pmu_heat(struct pmu_heat *page, uint64_t *frames, size_t n);
int __wrap_pmu_heat(struct pmu_heat *page, uint64_t *frames, size_t n)
{
	(void)page;
	for (size_t i = 0; i < n; i++)
		frames[i] = shared->heat[frames[i] % FAR % 1024 - 1];
	shared->looks += n > 0;
	return shared->is_there ? 0 : -ENOENT;
}

static void put(size_t i, int node)
{
	uint64_t entry = PRESENT | ((node ? FAR : 0) + i + 1);
	int fd = open(tree_path(pagemap), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (pwrite(fd, &entry, sizeof(entry),
		   (off_t)((AT / 4096 + i) * sizeof(entry))) != sizeof(entry))
		tree_die("pagemap");
	close(fd);
	shared->node[i] = node;
}

int __wrap_table_move(int pid, size_t n, void **page, const int *node,
		      int *status);
int __wrap_table_move(int pid, size_t n, void **page, const int *node,
		      int *status)
{
	(void)pid;
	for (size_t i = 0; i < n; i++) {
		put(((uintptr_t)page[i] - AT) / 4096, node[i]);
		status[i] = node[i];
		shared->moves++;
	}
	return 0;
}

int __wrap_zone_take(struct zones *z);
int __wrap_zone_take(struct zones *z)
{
	int free = ROOM;

	for (int i = 0; i < PAGES; i++)
		free -= !shared->node[i];
	*z = (struct zones){ .nr_nodes = 2 };
	z->nodes[0].spare = (uint64_t)(free + MARGIN) * 4096;
	z->nodes[1].node = 1;
	z->nodes[1].spare = UINT64_C(1) << 30;
	return 0;
}

int __wrap_memory_block_node_at(uint64_t address);
int __wrap_memory_block_node_at(uint64_t address)
{
	return address / 4096 >= FAR;
}

int __wrap_node_list(struct node **nodes);
int __wrap_node_list(struct node **nodes)
{
	*nodes = xcalloc(2, sizeof(**nodes));
	(*nodes)[0] = (struct node){ .has_cpus = true, .tier = 4 };
	(*nodes)[1] = (struct node){ .id = 1, .tier = 22 };
	return 2;
}

/* It would close the tree. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e,
		    long f);
long __real_syscall(long number, long a, long b, long c, long d, long e,
		    long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	return number == SYS_close_range ?
		       0 :
		       __real_syscall(number, a, b, c, d, e, f);
}

/* --- what it does ---------------------------------------------------------- */

static void heat(int first, int end, uint32_t hot, uint32_t cold)
{
	for (int i = 0; i < PAGES; i++)
		shared->heat[i] = i >= first && i < end ? hot : cold;
}

/* So many rounds that begin from now on */
static void wait_rounds(int n)
{
	int until = shared->looks + n + 1;

	while (shared->looks < until)
		sleep_ns(1000000);
}

static int near(int first, int end)
{
	int n = 0;

	for (int i = first; i < end; i++)
		n += !shared->node[i];
	return n;
}

static void placements(struct oracle *o)
{
	int moves;

	heat(0, 16, 1000, 10);
	oracle_begin(o);
	wait_rounds(1);
	is_i64(near(0, 16), 16, "the hottest pages come near");
	is_i64(near(0, PAGES), ROOM, "and others, as far as there is room");
	moves = shared->moves;
	is_i64(moves, ROOM, "nothing else was moved");
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < PAGES; k++)
			shared->heat[k] =
				(k < 16 ? 900 : 9) + (uint32_t)(i + k) % 3;
		wait_rounds(1);
	}
	is_i64(shared->moves, moves, "chance moves nothing");
	heat(40, 56, 1000, 10);
	wait_rounds(5);
	is_i64(near(40, 56), 16, "the hot set moved: it comes near again");
	is_i64(near(0, PAGES), ROOM, "in the place of others");
	oracle_end(o);
	moves = shared->moves;
	heat(0, 16, 100000, 0);
	sleep_ns(UINT64_C(1500) * 1000000);
	is_i64(shared->moves, moves, "at its end it moves nothing");
}

int main(void)
{
	struct oracle *o;
	char path[64];

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	tree_begin();
	snprintf(pagemap, sizeof(pagemap), "/proc/%d/pagemap", getpid());
	snprintf(path, sizeof(path), "/proc/%d/maps", getpid());
	tree_file(path, "100000-140000 rw-p 00000000 00:00 0\n"
			"200000-201000 rw-p 00000000 00:01 7 /bin/file\n");
	for (size_t i = 0; i < PAGES; i++)
		put(i, 1);
	ok(!oracle_new("oracle"), "without counts there is no oracle");
	like(fail_message(), "run --heat", "it says what to do");
	is_i64(fail_status(), STATUS_LACKS, "this machine lacks them");
	shared->is_there = true;
	o = oracle_new("oracle");
	ok(o != NULL, "it starts");
	if (o)
		placements(o);
	oracle_show(o);
	oracle_free(o);
	return done_testing();
}
