// SPDX-License-Identifier: GPL-2.0-only
/*
 * records.c - tier records: what the records are, and what their members mean,
 * from the descriptions that they are written by.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/verbs.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"

REPORT_RECORD(
	member_record, "member", "of tier records: a member of a record",
	"of s the record\n"
	"member s the way to it; *: what the machine names; |: one of them\n"
	"type s string, unsigned, integer, number or boolean\n"
	"unit s of a number\n"
	"meaning s in words\n");

REPORT_RECORD(record_record, "record", "of tier records: a record",
	      "name s its name\n"
	      "meaning s in words\n");

static const char *type_name(char type)
{
	static const char letters[] = "suirb";
	static const char *const names[] = { "string", "unsigned", "integer",
					     "number", "boolean" };

	return names[strchr(letters, type) - letters];
}

static void show_member(const struct report_record *r,
			const struct report_member *m)
{
	char *key = xasprintf("%.*s", m->key_len, m->key);
	char *unit = xasprintf("%.*s", m->unit_len, m->unit);
	char *meaning = xasprintf("%.*s", m->meaning_len, m->meaning);

	/* Blanks part the words of a description. */
	for (char *p = unit; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	report_begin(&member_record);
	report_str("of", r->name);
	report_str("member", key);
	report_str("type", type_name(m->type));
	report_str("unit", *unit ? unit : NULL);
	report_str("meaning", meaning);
	report_end();
	report_wrap("        ", "  %s (%s%s%s)%s%s", key, type_name(m->type),
		    *unit ? ", " : "", unit, *meaning ? ": " : "", meaning);
	free(key);
	free(unit);
	free(meaning);
}

static int by_name(const void *a, const void *b)
{
	const struct report_record *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int work(const struct plan *plan)
{
	size_t n;
	const struct report_record *all = report_records(&n);
	const struct report_record **sorted = xcalloc(n, sizeof(*sorted));
	struct report_member m;

	(void)plan;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &all[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	report_say(
		"Each begins with record, its name, and seq, its number (from "
		"1, without gaps).\nA member is null where it is absent.\n");
	for (size_t i = 0; i < n; i++) {
		const char *at = sorted[i]->members;

		report_begin(&record_record);
		report_str("name", sorted[i]->name);
		report_str("meaning", sorted[i]->meaning);
		report_end();
		report_say("\n%s: %s\n", sorted[i]->name, sorted[i]->meaning);
		while (report_next_member(&m, &at))
			show_member(sorted[i], &m);
	}
	free(sorted);
	return 0;
}

const struct verb verb_records = {
	.name = "records",
	.operands = "",
	.summary = "the records and their members: type, unit, meaning",
	.flags = VERB_LOOKS,
	.work = work,
};
