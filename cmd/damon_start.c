// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_start.c - tier damon start: migrate by DAMON, as HMSDK does or as damo's
 * FILE says.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/show.h"
#include "cmd/verbs.h"
#include "damon/damon.h"
#include "damon/damon_config.h"
#include "damon/damon_json.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/cgroup.h"
#include "mm/page.h"
#include "mm/undo.h"
#include "sysfs.h"

/* "SRC DEST": the two words, joined. */
static int add_move(struct plan *p, const char *option, const char *arg,
		    bool hot, bool reversed)
{
	struct damon_plan *d = &p->damon;
	const char *second = strchr(arg, ' ');
	char first[16] = "";
	uint64_t src, dest;

	if (second)
		snprintf(first, sizeof(first), "%.*s", (int)(second - arg),
			 arg);
	if (!second || parse_u64(first, &src) || parse_u64(second + 1, &dest) ||
	    src >= 1024 || dest >= 1024)
		return option_bad(option, arg, "give two nodes, e.g. 0 1");
	if (src == dest)
		return option_bad(option, arg, "the two nodes are the same");
	if (d->nr_moves == DAMON_MOVES)
		return misuse("more than %d moves", DAMON_MOVES);
	d->moves[d->nr_moves++] =
		(struct damon_move){ .src = (int)(reversed ? dest : src),
				     .dest = (int)(reversed ? src : dest),
				     .hot = hot };
	return 0;
}

static int set_demote(struct plan *p, const char *arg)
{
	return add_move(p, "--demote", arg, false, false);
}

static int set_promote(struct plan *p, const char *arg)
{
	return add_move(p, "--promote", arg, true, false);
}

static int set_migrate(struct plan *p, const char *arg)
{
	int err = add_move(p, "--migrate", arg, false, false);

	return err ? err : add_move(p, "--migrate", arg, true, true);
}

static int set_global(struct plan *p, const char *arg)
{
	(void)arg;
	p->damon.global = true;
	return 0;
}

static int set_cgroup(struct plan *p, const char *arg)
{
	p->damon.cgroup = arg;
	if (!*arg || strchr(arg, '/') || arg[0] == '.' || strlen(arg) > 64)
		return option_bad("--cgroup", arg, "give a name, e.g. hmsdk");
	return 0;
}

static int set_size(struct plan *p, const char *arg)
{
	if (parse_size(arg, &p->damon.region_max) ||
	    p->damon.region_max < PAGE_BYTES)
		return option_bad("--size", arg,
				  "give a size such as 512M or 2G");
	return 0;
}

/* As of gen_migpol.py. Nothing is changed, so nobody is in the way, nor root. */
static int set_output(struct plan *p, const char *arg)
{
	p->damon.output = arg;
	p->dry_run = true;
	return *arg ? 0 : option_bad("--output", "''", "name a file");
}

static const struct verb_option options[] = {
	{ "demote", "SRC DEST", set_demote,
	  "migrate_cold from node SRC to node DEST", 'd' },
	{ "promote", "SRC DEST", set_promote,
	  "migrate_hot from node SRC to node DEST", 'p' },
	{ "migrate", "FAST SLOW", set_migrate,
	  "both: --demote FAST SLOW --promote SLOW FAST", 'm' },
	{ "global", NULL, set_global,
	  "pages of all processes, not of a cgroup's alone", 'g' },
	{ "cgroup", "NAME", set_cgroup, "pages of this cgroup alone (hmsdk)" },
	{ "size", "SIZE", set_size,
	  "split regions that are larger (as HMSDK's -s)", 's' },
	{ "region-max-size", "SIZE", set_size, "as --size" },
	{ "output", "FILE", set_output,
	  "write FILE (.yaml, or JSON; - prints), start nothing", 'o' },
	{ 0 },
};

static int take(struct plan *plan, int n, char **operand)
{
	struct damon_plan *d = &plan->damon;

	if (n > 1)
		return misuse("damon start takes one file, what is \"%s\"?",
			      operand[1]);
	d->file = n ? operand[0] : NULL;
	if (!d->file == !d->nr_moves)
		return misuse(
			"damon start needs a file of damo's, or --demote SRC DEST and --promote SRC DEST");
	if (d->global && d->cgroup)
		return misuse("--global and --cgroup exclude each other");
	if (d->file && (d->global || d->cgroup || d->region_max))
		return misuse(
			"%s says all: no --global, --cgroup or --size with a file",
			d->file);
	return 0;
}

static int work(const struct plan *plan)
{
	const struct damon_plan *p = &plan->damon;
	struct damon_config *config = p->file ? damo_read(p->file) :
						damon_generate(DAMON_HMSDK, p);
	int err = config ? 0 : -EINVAL;

	if (!err && p->output) {
		err = damo_write(p->output, config);
		kdamond_free(config);
		return err;
	}
	if (!err)
		err = undo_begin("policy");
	if (!err && !p->file && !p->global)
		err = cgroup_make(p->cgroup ? p->cgroup : "hmsdk");
	if (!err)
		err = damon_start(config);
	for (size_t k = 0; !err && !sysfs_is_dry() && k < config->kdamonds.nr;
	     k++)
		show_damon_kdamond(k, kdamond_context(config, k));
	/* What failed half-way is taken back by the supervisor. */
	kdamond_free(config);
	return err;
}

const struct verb verb_damon_start = {
	.name = "damon start",
	.operands = "[FILE]",
	.summary = "migrate by DAMON, as HMSDK does or as damo's FILE says",
	.flags = VERB_CHANGES | VERB_LASTING | VERB_DRY_RUN | VERB_ROOT,
	.options = (const struct verb_option *const[]){ options, NULL },
	.take = take,
	.work = work,
};
