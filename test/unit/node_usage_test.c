// SPDX-License-Identifier: GPL-2.0-only
/*
 * What node_usage.c makes of the kernel's files: captured from a guest with
 * two nodes (Linux 6.12), in which test/guest/touch.c had 40 MiB interleaved
 * (of transparent huge pages), and 4 MiB of reserved huge pages. The sums are
 * awk's.
 */
#include <stdlib.h>

#include "tiering/node_usage.h"
#include "lib/base.h"
#include "lib/text.h"
#include "tap.h"

static char *read_file(const char *name)
{
	struct textbuf b = { 0 };
	char path[256], data[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "test/fixtures/%s.txt", name);
	f = fopen(path, "r");
	ok(f, "%s", path);
	buf_addn(&b, "", 0);
	while (f && (n = fread(data, 1, sizeof(data), f)) > 0)
		buf_addn(&b, data, n);
	if (f)
		fclose(f);
	return b.text;
}

static void usage_is(const struct node_usage *r, uint64_t node0, uint64_t node1,
		     const char *what)
{
	is_u64(r->node[0], node0, "%s: node 0", what);
	is_u64(r->node[1], node1, "%s: node 1", what);
	is_u64(r->bytes, node0 + node1, "%s: all", what);
}

static void captured(void)
{
	char *maps = read_file("numa_maps"),
	     *huge = read_file("numa_maps-huge");
	char *stat = read_file("numa_stat");
	struct node_usage r = { 0 };

	node_usage_add_maps(&r, maps);
	usage_is(&r, 22298624, 21024768, "numa_maps");
	node_usage_add_maps(&r, huge);
	usage_is(&r, 22298624 + 3469312, 21024768 + 2150400,
		 "with another process's, of huge pages");
	r = (struct node_usage){ 0 };
	node_usage_add_stat(&r, stat);
	usage_is(&r, 21123072, 21143552, "memory.numa_stat");
	free(maps);
	free(huge);
	free(stat);
}

static void odd(void)
{
	static const struct {
		const char *text;
		uint64_t node0, node1;
	} rows[] = {
		{ "", 0, 0 },
		{ "\n\n", 0, 0 },
		{ "7f00 default", 0, 0 },
		/* without an end of line; without a size */
		{ "7f00 default N0=3 kernelpagesize_kB=64", 196608, 0 },
		{ "7f00 default N1=3\n7f01 default N0=1 kernelpagesize_kB=2048",
		  2097152, 12288 },
		/* names that look like it: blanks in them are escaped */
		{ "7f00 default file=/N0=7\\040N1=9 N1=2 kernelpagesize_kB=4",
		  0, 8192 },
		{ "7f00 default N0 N= N1x N1024=5 N99999999999999999999=1 N1=1",
		  0, 4096 },
		/* beyond 4 GiB */
		{ "7f00 bind:1 N1=4294967296 kernelpagesize_kB=4", 0,
		  UINT64_C(17592186044416) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_usage r = { 0 };

		node_usage_add_maps(&r, rows[i].text);
		usage_is(&r, rows[i].node0, rows[i].node1, rows[i].text);
	}
}

static void stats(void)
{
	struct node_usage r = { 0 };

	node_usage_add_stat(&r, "file N0=1 N1=2\nfile_mapped N0=4096 N1=0\n"
				"anon_thp N0=5 N1=6\nshmem N0=7 N1=8\n"
				"anon N0=8192 N1=12288");
	usage_is(&r, 12288, 12288, "anonymous and mapped, no others");
}

int main(void)
{
	captured();
	odd();
	stats();
	return done_testing();
}
