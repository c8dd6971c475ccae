// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of counters has every node with memory, however many there are, in
 * 80 columns.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "lib/base.h"
#include "tap.h"
#include "tiering/counters.h"
#include "tree.h"
#include "vmstat.h"

#define NODE "/sys/devices/system/node/node"

static char said[1 << 16];

/* numa_hit of node i is 1000 i + more; those in without have no memory. */
static void machine(int n, int more, int without)
{
	char path[64], text[256];

	tree_remove("/sys");
	tree_file("/proc/vmstat", "numa_hit 7\npgfault 5\n");
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), NODE "%d/vmstat", i);
		snprintf(text, sizeof(text), "numa_hit %d\nnuma_miss 1\n",
			 1000 * i + more);
		tree_file(path, text);
		snprintf(path, sizeof(path), NODE "%d/meminfo", i);
		snprintf(text, sizeof(text), "Node %d MemTotal: %d kB\n", i,
			 i == without ? 0 : 1024);
		tree_file(path, text);
	}
}

static void show(int n, int without)
{
	struct vmstat begin, end;
	int out = dup(STDOUT_FILENO), file;
	ssize_t len;

	machine(n, 0, without);
	vmstat_read(&begin);
	machine(n, 5, without);
	tree_file(NODE "1/vmstat", "numa_hit 1234\n");
	vmstat_read(&end);
	tree_file("/said", "");
	file = open(tree_path("/said"), O_RDWR);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	counters_show(&begin, &begin, &end, &end);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	len = pread(file, said, sizeof(said) - 1, 0);
	said[len < 0 ? 0 : len] = '\0';
	close(file);
	close(out);
	vmstat_free(&begin);
	vmstat_free(&end);
}

/* Is there such a line, and no line longer than 79? */
static void has(const char *line, const char *name)
{
	size_t longest = 0;

	for (const char *p = said; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strcspn(p, "\n") > longest)
			longest = strcspn(p, "\n");
	like(said, line, "%s", name);
	ok(longest < 80, "%s: in 80 columns", name);
}

static unsigned int times(const char *word)
{
	unsigned int n = 0;

	for (const char *p = said; (p = strstr(p, word)); p++)
		n++;
	return n;
}

int main(void)
{
	tree_begin();
	show(2, -1);
	has("counter                             timed   whole run       "
	    "node0       node1\n"
	    "numa_hit                                0           0           "
	    "5         234\n",
	    "two nodes");
	is_u64(times("numa_hit "), 1, "in one block");
	show(3, -1);
	has("counter                             node2\n"
	    "numa_hit                                5\n"
	    "numa_miss                               0\n",
	    "three: the third one is below");
	is_u64(times("pgfault "), 1, "what is not of nodes once");
	show(12, 3);
	has("counter                             node2       node4       "
	    "node5       node6\n",
	    "twelve, but one has no memory");
	has("counter                             node7       node8       "
	    "node9      node10\n",
	    "four more");
	has("counter                            node11\n", "and the last");
	ok(!strstr(said, "node3"), "none of that without memory");
	return done_testing();
}
