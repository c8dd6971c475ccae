// SPDX-License-Identifier: GPL-2.0-only
/*
 * closing.c - the last lines of a report.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/closing.h"
#include "lib/alloc.h"
#include "lib/report.h"
#include "lib/text.h"

static struct {
	char **text;
	size_t nr, standing; /* so many hold for all passes */
} doubts;

void closing_doubt(const char *fmt, ...)
{
	struct textbuf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < doubts.nr; i++)
		if (!strcmp(doubts.text[i], b.text)) {
			buf_free(&b);
			return;
		}
	doubts.text = xgrow(doubts.text, doubts.nr, sizeof(*doubts.text));
	doubts.text[doubts.nr++] = b.text;
}

void closing_begin(void)
{
	doubts.standing = doubts.nr;
}

static void forget(void)
{
	while (doubts.nr > doubts.standing)
		free(doubts.text[--doubts.nr]);
}

static void doubt_moves(const struct migration_span *timed,
			const struct migration_sums *sums)
{
	const char *why;

	for (int i = 0; (why = migration_doubt(timed, sums, i)); i++)
		closing_doubt("%s", why);
}

REPORT_RECORD(closing_record, "closing", "what is doubtful about a run",
	      "doubts[] s reasons to doubt its result, in a few words\n");

void closing_show(const char *result, const struct session *s)
{
	struct migration_span timed = session_timed(s);
	struct textbuf moved = { 0 }, doubtful = { 0 };
	struct migration_sums sums;

	migration_add_up(&sums, &timed);
	doubt_moves(&timed, &sums);
	if (s->damon_died)
		closing_doubt("DAMON ended by itself");
	if (s->hints)
		closing_doubt("a probe (--heat) took time at each page that "
			      "NUMA balancing scanned or asked: rates and "
			      "modelled time have it");
	migration_sentence(&moved, &sums);
	report_begin(&closing_record);
	report_open("doubts", '[');
	for (size_t i = 0; i < doubts.nr; i++) {
		report_str(NULL, doubts.text[i]);
		buf_add(&doubtful, "%s%s", i ? "; " : "", doubts.text[i]);
	}
	report_close(']');
	report_end();
	report_say("\n");
	report_wrap("         ", "result   %s", result);
	report_wrap("         ", "moved    %s", moved.text);
	report_wrap("         ", "doubtful %s",
		    doubtful.len ? doubtful.text :
				   "nothing of what tier looks at");
	buf_free(&moved);
	buf_free(&doubtful);
	forget();
}
