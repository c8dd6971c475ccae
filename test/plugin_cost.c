// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the plugin itself takes for an update (a load and a store of one word, in
 * 256 MiB at random, so that nearly all miss the modelled cache), without QEMU:
 * with the model alone, and with each kind of heat. For test/bench.
 *
 *     plugin_cost FILE		FILE: where the streams of heat go
 */
#include <unistd.h>

#define PAGES 65536
#include "plugin/tier-pmu.c"

#include "lib/time.h"
#include "unit/tap.h"
#include "unit/qemu.h"

#define UPDATES 4000000
#define ROUNDS 5

/* The least of some rounds, nanoseconds */
static double update_ns(qemu_mem_called *fn)
{
	uint64_t r = UINT64_C(88172645463325252);
	double least = 0;

	for (int k = 0; k < ROUNDS; k++) {
		uint64_t begin = thread_cpu_ns();
		double each;

		for (int i = 0; i < UPDATES; i++) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			fn(0, 0, r % ((uint64_t)PAGES << 12) & ~UINT64_C(7),
			   NULL);
		}
		each = (double)(thread_cpu_ns() - begin) / UPDATES;
		least = k && least < each ? least : each;
	}
	return least;
}

static void measure(const char *name, qemu_mem_called *fn, char *heat,
		    char *more)
{
	qemu_info_t info = { .target_name = "x86_64",
			     .version = { QEMU_API, QEMU_API },
			     .system_emulation = true,
			     .system = { 1, 1 } };
	char near[] = "near=0x0-0x40000000";
	char *argv[] = { near, heat, more };
	int argc = !heat ? 1 : !more ? 2 : 3;

	if (qemu_plugin_install(1, &info, argc, argv))
		_exit(1);
	for (uint64_t i = 0; i < PAGES; i++)
		physical[i] = i << 12;
	printf("%s %.2f\n", name, update_ns(fn));
	on_exit_of_qemu(NULL);
}

int main(int argc, char **argv)
{
	char heat[512], apart[] = "heat-apart=on", all[] = "heat-of=accesses";

	if (argc != 2)
		return 2;
	snprintf(heat, sizeof(heat), "heat=%s", argv[1]);
	measure("model", model_user_both, NULL, NULL);
	measure("heat", model_user_both, heat, NULL);
	measure("apart", model_user_both, heat, apart);
	measure("accesses", heat_user_both, heat, all);
	return 0;
}
