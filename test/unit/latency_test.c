// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chain of loads is one cycle through all lines of the buffer, every cycle
 * as likely as any other, also when time ends it early; and the buffer is larger
 * than the caches.
 */
#include "cmd/latency.h"
#include "lib/base.h"
#include "tap.h"
#include "tree.h"

#define CACHE "/sys/devices/system/cpu/cpu0/cache/"
#define LINES 5000

static struct latency_line lines[LINES];

/* How many lines the chain from the first one goes through: LINES + 1: none. */
static size_t cycle(void)
{
	const struct latency_line *p = lines;
	size_t n = 0;

	do {
		p = p->next;
		n++;
	} while (p != lines && n <= LINES);
	return n;
}

static void cycles(void)
{
	static const size_t sizes[] = { 1, 2, 3, 64, 255, 256, 257, LINES };
	size_t straight = 0;
	uint64_t seed = 1;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(lines, 0, sizeof(lines));
		is_u64(latency_link(lines, 0, sizes[i], UINT64_MAX, &seed),
		       sizes[i], "%zu lines linked", sizes[i]);
		is_u64(cycle(), sizes[i], "in one cycle");
		ok(sizes[i] == LINES || !lines[sizes[i]].next,
		   "and none behind them");
	}
	for (size_t i = 0; i < LINES; i++)
		straight += lines[i].next == &lines[i + 1];
	ok(straight < 10, "it goes to the next line %zu times", straight);
}

/* As on a node so slow that there is no time for the whole buffer. */
static void in_parts(void)
{
	uint64_t seed = 7, before;
	size_t have = 0, parts = 0;

	memset(lines, 0, sizeof(lines));
	for (; have < LINES && parts <= LINES; parts++) {
		before = seed;
		have = latency_link(lines, have, LINES, 0, &seed);
		if (cycle() != have || seed == before)
			break;
	}
	is_u64(have, LINES, "always a cycle, each time longer");
	ok(parts > 10, "out of time %zu times", parts);
}

/* Of four lines there are six cycles. */
static void uniform(void)
{
	unsigned int seen[64] = { 0 }, kinds = 0, least = UINT32_MAX;
	uint64_t seed = 3;

	for (int i = 0; i < 6000; i++) {
		size_t a, b, c;

		latency_link(lines, 0, 4, UINT64_MAX, &seed);
		a = (size_t)(lines[0].next - lines);
		b = (size_t)(lines[a].next - lines);
		c = (size_t)(lines[b].next - lines);
		seen[a * 16 + b * 4 + c]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		if (!seen[i])
			continue;
		kinds++;
		least = seen[i] < least ? seen[i] : least;
	}
	is_u64(kinds, 6, "all cycles of four lines come");
	/* 1000 of each are expected, 29 is a standard deviation */
	ok(least > 850, "as often as the others: the rarest %u times", least);
}

static void sizes(void)
{
	is_u64(latency_default_bytes(true), 16 * MIB, "emulated");
	is_u64(latency_default_bytes(false), 256 * MIB, "no cache is known");
	tree_file(CACHE "index0/size", "48K\n");
	tree_file(CACHE "index1/size", "much\n");
	is_u64(latency_default_bytes(false), 64 * MIB, "small ones: 64 MiB");
	tree_file(CACHE "index3/size", "36608K\n");
	tree_file(CACHE "index2/size", "2048K\n");
	is_u64(latency_default_bytes(false), 4 * 36608 * KIB,
	       "four times the largest");
	tree_file(CACHE "index3/size", "16385K\n");
	is_u64(latency_default_bytes(false) % 4096, 0, "whole pages");
}

int main(void)
{
	tree_begin();
	cycles();
	in_parts();
	uniform();
	sizes();
	return done_testing();
}
