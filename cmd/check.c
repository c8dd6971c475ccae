// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - "tier check", and what of it is said around a run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/check.h"
#include "cmd/closing.h"
#include "cmd/findings.h"
#include "cmd/show.h"
#include "cmd/verbs.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"
#include "mm/dmesg.h"

/* A descriptor of the log, while a run is under way; -1: none. */
static int log_fd = -1;

REPORT_RECORD(finding_record, "finding", "something that tier check found",
	      "finding s its name\n"
	      "level s broken, warning, note; unread: could not be seen\n"
	      "seen s what was seen\n"
	      "means s what it means\n"
	      "do s what to do\n");

/*
 * The record of a finding. seen is what was found, or why it could not be
 * seen.
 */
static void record(const struct findings_row *row, const char *level,
		   const char *seen)
{
	report_begin(&finding_record);
	report_str("finding", row->name);
	report_str("level", level);
	report_str("seen", seen);
	report_str("means", row->means);
	report_str("do", row->todo);
	report_end();
}

static void say(const struct findings_row *row, const char *text)
{
	const char *level = findings_level_name(row->level);

	if (row->level != FINDINGS_NOTE)
		closing_doubt("%s (above)", row->name);
	record(row, level, text);
	report_wrap("         ", "%-8s %s: %s. %s Do: %s.", level, row->name,
		    text, row->means, row->todo);
}

/* ------------------------------------------------------------------ verb */

REPORT_RECORD(finding_row, "finding_row", "of --list: what is looked for",
	      "finding s its name\n"
	      "level s broken, warning or note\n"
	      "before_a_run b it is said before runs, too\n"
	      "found_by s what is looked at\n"
	      "means s what it means\n"
	      "do s what to do\n");

/* One row as the manual has it; the labels are read by build.sh. */
static void list_row(const struct findings_row *row)
{
	report_begin(&finding_row);
	report_str("finding", row->name);
	report_str("level", findings_level_name(row->level));
	report_bool("before_a_run", row->before != FINDINGS_ASKED);
	report_str("found_by", row->seen);
	report_str("means", row->means);
	report_str("do", row->todo);
	report_end();
	report_say("%s (%s)\n", row->name, findings_level_name(row->level));
	report_wrap("           ", "  found by %s", row->seen);
	report_wrap("           ", "  means    %s", row->means);
	report_wrap("           ", "  do       %s", row->todo);
}

struct tally {
	unsigned int rows, unread, level[FINDINGS_BROKEN + 1];
	struct textbuf broken; /* their names */
};

static void count(struct tally *t, const struct findings_row *row)
{
	t->level[row->level]++;
	if (row->level == FINDINGS_BROKEN)
		buf_add(&t->broken, "%s%s", t->broken.len ? ", " : "",
			row->name);
}

/*
 * Shows the findings of one level. What could not be seen is shown after all
 * levels.
 */
static void look_at_level(struct findings_look *l, int level, struct tally *t)
{
	char text[FINDINGS_TEXT];

	for (const struct findings_row *row = findings_rows; row->name; row++) {
		if ((int)row->level != level)
			continue;
		t->rows++;
		if (row->look(l, text) != FINDINGS_YES)
			continue;
		count(t, row);
		say(row, text);
	}
}

static void show_unread(struct findings_look *l, struct tally *t)
{
	char text[FINDINGS_TEXT];

	for (const struct findings_row *row = findings_rows; row->name; row++) {
		if (row->look(l, text) != FINDINGS_UNREAD)
			continue;
		t->unread++;
		record(row, "unread", text);
		report_wrap("         ", "unread   %s: %s", row->name, text);
	}
}

REPORT_RECORD(check_record, "check", "what tier check came to",
	      "rows u:findings looked for\n"
	      "broken u:findings of that level\n"
	      "warnings u:findings of that level\n"
	      "notes u:findings of that level\n"
	      "unread u:findings that could not be seen\n");

static int judge(struct tally *t)
{
	unsigned int n = t->level[FINDINGS_BROKEN];
	int err = 0;

	report_begin(&check_record);
	report_u64("rows", t->rows);
	report_u64("broken", n);
	report_u64("warnings", t->level[FINDINGS_WARNING]);
	report_u64("notes", t->level[FINDINGS_NOTE]);
	report_u64("unread", t->unread);
	report_end();
	report_say("check    %u looked for: %u broken, %u warning%s, %u note%s",
		   t->rows, n, t->level[FINDINGS_WARNING],
		   t->level[FINDINGS_WARNING] == 1 ? "" : "s",
		   t->level[FINDINGS_NOTE],
		   t->level[FINDINGS_NOTE] == 1 ? "" : "s");
	report_say(t->unread ? ", %u could not be seen\n" : "\n", t->unread);
	if (n)
		err = fail(ENOTSUP, "tiering does not work here: %s",
			   t->broken.text);
	buf_free(&t->broken);
	return err;
}

static int work(const struct plan *plan)
{
	struct findings_look l;
	struct region *regions = NULL;
	struct tally tally = { 0 };
	struct node *nodes;
	int nr_regions, n;

	if (plan->list_findings) {
		for (const struct findings_row *row = findings_rows; row->name;
		     row++)
			list_row(row);
		return 0;
	}
	n = node_list(&nodes);
	if (n < 0)
		return n;
	nr_regions = region_list_all(&regions);
	if (nr_regions < 0)
		nr_regions = 0;
	findings_look_begin(&l, nodes, n, regions, nr_regions, false,
			    !plan->root);
	if (plan->worker.below_init)
		l.show_log = true;
	show_nodes(nodes, n, regions, nr_regions);
	for (int level = FINDINGS_BROKEN; level >= FINDINGS_NOTE; level--)
		look_at_level(&l, level, &tally);
	show_unread(&l, &tally);
	findings_look_end(&l);
	free(regions);
	free(nodes);
	return judge(&tally);
}

/* ---------------------------------------------------------- around a run */

static void look_before(const struct plan *plan, const struct node *nodes,
			int nr_nodes, const struct region *regions,
			int nr_regions)
{
	enum findings_when least = plan->worker.below_init ? FINDINGS_ALWAYS :
							     FINDINGS_COMMAND;
	struct findings_look l;
	char text[FINDINGS_TEXT];

	findings_look_begin(&l, nodes, nr_nodes, regions, nr_regions, true,
			    false);
	if (plan->worker.below_init)
		l.show_log = true;
	for (int level = FINDINGS_BROKEN; level > FINDINGS_NOTE; level--)
		for (const struct findings_row *row = findings_rows; row->name;
		     row++)
			if (row->before >= least && (int)row->level == level &&
			    row->look(&l, text) == FINDINGS_YES)
				say(row, text);
	findings_look_end(&l);
}

void check_before(const struct plan *plan, const struct node *nodes,
		  int nr_nodes, const struct region *regions, int nr_regions)
{
	struct region *my_regions = NULL;
	struct node *my_nodes = NULL;

	/*
	 * Looking takes 30 ms in an emulator; as PID 1 the caller has just
	 * done it.
	 */
	if (!nodes && !plan->worker.below_init) {
		nr_nodes = node_list(&my_nodes);
		nr_regions = region_list_all(&my_regions);
		nodes = my_nodes;
		regions = my_regions;
	}
	look_before(plan, nodes, nr_nodes > 0 ? nr_nodes : 0, regions,
		    nr_regions > 0 ? nr_regions : 0);
	free(my_regions);
	free(my_nodes);
}

void check_log_begin(void)
{
	if (log_fd < 0)
		log_fd = dmesg_open(true);
}

void check_log_end(bool show)
{
	struct dmesg log = { 0 };
	char text[FINDINGS_TEXT];

	if (log_fd < 0)
		return;
	if (dmesg_read(&log, log_fd) < 0)
		report_warn("%s", fail_message());
	close(log_fd);
	log_fd = -1;
	show |= dmesg_is_public();
	for (const struct findings_row *row = findings_rows; row->name; row++) {
		bool bug = !strcmp(row->name, "kernel-bug");

		if (!bug && strcmp(row->name, "kernel-warning"))
			continue;
		findings_complaints(&log, bug ? DMESG_BUG : DMESG_WARNING,
				    bug ? DMESG_BUG : DMESG_HUNG, show, text);
		if (text[0])
			say(row, text);
	}
}

/* ------------------------------------------------------------- the verb */

static int set_list(struct plan *p, const char *arg)
{
	(void)arg;
	p->list_findings = true;
	p->no_header = true;
	return 0;
}

static const struct verb_option options[] = {
	{ "list", NULL, set_list,
	  "what it looks for, how, what that means, what to do" },
	{ 0 },
};

static const char notes[] =
	"A line a finding, worst first: its name, what was seen, what it means, what\n"
	"to do. The levels: \"broken\" (pages do not move between tiers, or memory is\n"
	"not used: status 1), \"warning\" (a part of tiering is missing, or results\n"
	"suffer), \"note\". \"unread\" is what may not be read, most of it only by root.\n"
	"Nothing is changed; a few pages on each node are timed. Warnings that concern a\n"
	"run are said before it, and after it whether the kernel complained meanwhile.\n";

const struct verb verb_check = {
	.name = "check",
	.operands = "",
	.summary = "what is wrong here, what it means, what to do",
	.notes = notes,
	.flags = VERB_LOOKS | VERB_HEADER | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.work = work,
};
