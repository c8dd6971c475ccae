// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_stop.c - tier damon stop: DAMON's kdamonds are turned off.
 */
#include <stddef.h>

#include "cmd/verbs.h"
#include "damon/damon.h"
#include "lib/report.h"
#include "lib/text.h"

static void say_moved(const char *what, uint64_t tried, uint64_t applied,
		      bool stale)
{
	char a[SIZE_TEXT], b[SIZE_TEXT];

	if (tried)
		report_say("damon    %s: tried %s, moved %s%s\n", what,
			   format_size(a, tried), format_size(b, applied),
			   stale ? ", of an earlier time" : "");
}

static int work(const struct plan *plan)
{
	struct damon_moved m = { 0 };
	int runs = damon_is_running(), err = runs < 0 ? runs : 0;

	(void)plan;
	if (runs > 0)
		err = damon_moved(&m, true);
	if (!err && runs > 0)
		err = damon_stop();
	if (err)
		return err;
	report_say("damon    %s\n",
		   runs ? "stopped; tier policy restore puts back what was "
			  "before it" :
			  "no kdamond runs");
	say_moved("migrate_cold", m.cold_tried, m.cold_applied, m.stale);
	say_moved("migrate_hot", m.hot_tried, m.hot_applied, m.stale);
	return 0;
}

const struct verb verb_damon_stop = {
	.name = "damon stop",
	.operands = "",
	.summary = "turn DAMON's kdamonds off",
	.flags = VERB_CHANGES,
	.work = work,
};
