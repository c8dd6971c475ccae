// SPDX-License-Identifier: GPL-2.0-only
/* Single words: sizes, times, numbers, lists of nodes, places, hogs. */
#include <errno.h>

#include "cxl/poison.h"
#include "mm/dmesg.h"
#include "cmd/plan.h"
#include "sysfs.h"
#include "lib/error.h"
#include "lib/text.h"
#include "fuzz.h"

static void sizes(const char *text)
{
	uint64_t value = 0;
	char buf[SIZE_TEXT];
	int err = parse_size(text, &value);

	promise(err == 0 || err == -EINVAL || err == -ERANGE);
	promise(err || value <= INT64_MAX);
	if (!err)
		promise(strlen(format_size(buf, value)) < SIZE_TEXT);
	err = parse_u64(text, &value);
	promise(err == 0 || err == -EINVAL || err == -ERANGE);
	err = parse_duration(text, &value);
	promise(err == 0 || err == -EINVAL || err == -ERANGE);
	if (!err)
		promise(strlen(format_seconds(buf, (double)value / 1e9)) <
			SIZE_TEXT);
}

static void lists(const char *text)
{
	int *ids = calloc(16, sizeof(*ids)), n;

	if (!ids)
		abort();
	n = parse_list(text, ids, 16);
	promise(n <= 16 && (n >= 0 || n == -EINVAL || n == -E2BIG));
	for (int i = 0; i < n; i++)
		promise(ids[i] >= 0);
	free(ids);
}

static void places(const char *text)
{
	struct hog_plans hogs = { .nr = 0 };
	struct place place;
	int err = place_parse(&place, text);

	if (err)
		fuzz_refused(err, STATUS_USAGE);
	else
		promise(place.nr_nodes >= 0 && place.nr_nodes <= NODE_MAX);
	for (int i = 0; !err && i < place.nr_nodes; i++)
		promise(place.nodes[i] >= 0 &&
			(!i || place.nodes[i] > place.nodes[i - 1]));
	err = hog_parse(&hogs, text);
	if (err)
		fuzz_refused(err, STATUS_USAGE);
	else
		promise(hogs.nr == 1 &&
			!hogs.hog[0].bytes != !hogs.hog[0].leave);
	if (!err)
		promise(!hog_parse(&hogs, text) && hogs.nr == 2);
}

static void events(const char *text)
{
	struct poison p = { 0 };

	poison_parse(&p, text);
	promise(p.entries || !p.memdev[0]);
	promise(memchr(p.memdev, 0, sizeof(p.memdev)));
	promise(memchr(p.source, 0, sizeof(p.source)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct nearest near;

	sizes(text);
	lists(text);
	places(text);
	events(text);
	promise(dmesg_kind(text) < NR_DMESG_KINDS);
	promise(sysfs_same(text, text));
	nearest_begin(&near, text);
	nearest_try(&near, "numa_balancing");
	nearest_found(&near);
	free(text);
	return 0;
}
