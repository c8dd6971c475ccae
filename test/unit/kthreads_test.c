// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU time of kernel threads, which are told from programs that only bear
 * such names.
 */
#include <errno.h>
#include <math.h>

#include "lib/error.h"
#include "tap.h"
#include "tiering/kthreads.h"
#include "tree.h"

static void process(int pid, const char *comm, const char *cmdline,
		    const char *schedstat)
{
	static const char *const names[] = { "comm", "cmdline", "schedstat" };
	const char *text[] = { comm, cmdline, schedstat };
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		if (text[i])
			tree_file(path, text[i]);
	}
}

static double cpu_s(const char *name)
{
	double seconds;

	kthreads_cpu_s(&name, &seconds, 1);
	return seconds;
}

int main(void)
{
	static const char *const both[] = { "khugepaged", "kswapd" };
	double seconds[2];

	tree_begin();
	process(7, "kswapd0\n", "", "1500000000 20 3\n");
	process(8, "kswapd1\n", "", "250000000 20 3\n");
	process(9, "kswapd\n", "", "9000000000 1 1\n");
	process(10, "kswapd2\n", "./kswapd2", "9000000000 1 1\n");
	process(11, "kswapd10x\n", "", "9000000000 1 1\n");
	process(12, "kdamond.0\n", "", NULL);
	process(13, "kworker/R-a name that is as long as somebody wants it\n",
		"", "9000000000 1 1\n");
	process(14, NULL, "", NULL);
	fail(EIO, "the run's failure");
	ok(cpu_s("kswapd") == 1.75, "the sum of all");
	is_str(fail_message(), "the run's failure",
	       "what is not is no failure");
	ok(isnan(cpu_s("kdamond.")), "the kernel does not say: none");
	ok(isnan(cpu_s("khugepaged")), "nor of none");
	kthreads_cpu_s(both, seconds, 2);
	ok(isnan(seconds[0]) && seconds[1] == 1.75, "each by its name");
	return done_testing();
}
