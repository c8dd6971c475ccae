// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - how an option's argument becomes a value, and the options that
 * several verbs share. A verb's own are in its file.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/plan.h"
#include "cmd/verb.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"

/* The updates, or a program's pages, are looked at no oftener. */
#define MIN_TIMELINE_NS UINT64_C(100000000)

/* --------------------------------------------------------- of all kinds */

int option_bad(const char *option, const char *arg, const char *want)
{
	return misuse("%s %s: %s", option, arg, want);
}

int option_positive(const char *option, const char *arg, uint64_t max,
		    uint64_t *value)
{
	if (parse_u64(arg, value) || !*value || *value > max)
		return misuse("%s %s: give a whole number from 1 to %llu",
			      option, arg, (unsigned long long)max);
	return 0;
}

int option_duration(const char *option, const char *arg, uint64_t *ns)
{
	if (parse_duration(arg, ns) || !*ns)
		return option_bad(option, arg,
				  "give a time such as 90, 90s, 5m or 1h");
	return 0;
}

/* One word of a few: its place among them, or -EINVAL with misuse(). */
int option_choice(const char *option, const char *arg, const char *const *words,
		  size_t n)
{
	char all[128] = "";

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(arg, words[i]))
			return (int)i;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 i ? ", " : "", words[i]);
	}
	return misuse("%s %s: give one of %s", option, arg, all);
}

/* strtod() takes blanks, signs, "inf" and "0x1p3", too. */
bool option_is_number(const char *arg)
{
	return isdigit((unsigned char)*arg) &&
	       tolower((unsigned char)arg[1]) != 'x';
}

/* "90%" or "0.9", in parts of 65536. */
int option_part(const char *option, const char *arg, double least, double most,
		uint32_t *value)
{
	char *end;
	double v = strtod(arg, &end);

	if (end != arg && *end == '%' && !end[1]) {
		v /= 100;
		end++;
	}
	if (!option_is_number(arg) || *end || !(v >= least && v <= most))
		return misuse(
			"%s %s: give a part such as 90%%, from %g to %g%%",
			option, arg, 100 * least, 100 * most);
	*value = (uint32_t)(v * 65536 + 0.5);
	return 0;
}

int option_size(const char *option, const char *arg, uint64_t least,
		uint64_t *bytes)
{
	if (parse_size(arg, bytes) || *bytes < least)
		return misuse(
			"%s %s: give a size of at least %llu bytes, e.g. 64M",
			option, arg, (unsigned long long)least);
	return 0;
}

int option_node(const char *option, const char *arg, int *node)
{
	uint64_t n;

	if (parse_u64(strncmp(arg, "node", 4) ? arg : arg + 4, &n) ||
	    n >= NODE_MAX)
		return option_bad(option, arg, "give a node, e.g. 1");
	*node = (int)n;
	return 0;
}

int option_device(const char *option, const char *arg, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(arg, prefix, len) || !isdigit((unsigned char)arg[len]) ||
	    arg[len + strspn(arg + len, "0123456789.")])
		return misuse("%s %s: give a name such as %s0%s", option, arg,
			      prefix, prefix[0] == 'd' ? ".0" : "");
	return 0;
}

int option_timeline(const char *arg, uint64_t *ns)
{
	int err = 0;

	*ns = 0;
	if (strcmp(arg, "off") != 0)
		err = option_duration("--timeline", arg, ns);
	if (!err && *ns && *ns < MIN_TIMELINE_NS)
		err = option_bad(
			"--timeline", arg,
			"give a time of 100ms or more, such as 1s, or off");
	return err;
}

int option_set(struct plan *p, const char *arg)
{
	if (!strchr(arg, '=') || arg[0] == '=')
		return option_bad(
			"--set", arg,
			"give KEY=VALUE; tier policy show lists the keys");
	if (p->policy.nr_sets == POLICY_MAX_SETS)
		return misuse("more than %d --set", POLICY_MAX_SETS);
	p->policy.sets[p->policy.nr_sets++] = arg;
	return 0;
}

/* --------------------------------------------------------- of every verb */

#define FLAG_SETTER(member)                                      \
	static int set_##member(struct plan *p, const char *arg) \
	{                                                        \
		(void)arg;                                       \
		p->member = true;                                \
		return 0;                                        \
	}
FLAG_SETTER(help)
FLAG_SETTER(version)
FLAG_SETTER(once)
FLAG_SETTER(json)
FLAG_SETTER(force)
FLAG_SETTER(dry_run)

static int set_records(struct plan *p, const char *arg)
{
	p->records = arg;
	return *arg ? 0 : option_bad("--records", "''", "name a file");
}

static int set_root(struct plan *p, const char *arg)
{
	p->root = arg;
	return *arg ? 0 : option_bad("--root", "''", "name a directory");
}

static int set_deadline(struct plan *p, const char *arg)
{
	return option_duration("--deadline", arg, &p->deadline_ns);
}

/* SEQ:FD[:init], written by supervise.c only. */
static int set_worker(struct plan *p, const char *arg)
{
	unsigned long long seq;
	int fd, used = 0;

	if (sscanf(arg, "%llu:%d%n", &seq, &fd, &used) != 2 || fd < 0)
		return option_bad("--worker", arg,
				  "tier itself gives this option");
	p->worker.is_worker = true;
	p->worker.seq = seq;
	p->worker.records_fd = fd;
	p->worker.below_init = !strcmp(arg + used, ":init");
	return 0;
}

/* ---------------------------------------------------------- of workloads */

static int set_policy(struct plan *p, const char *arg)
{
	p->policy.name = arg;
	return 0; /* known or not: policy_check() */
}

static int set_hog(struct plan *p, const char *arg)
{
	return hog_parse(&p->hogs, arg);
}

const struct verb_option options_common[] = {
	{ "once", NULL, set_once, "one pass, then end (as PID 1: power off)" },
	{ "json", NULL, set_json, "print records (JSON Lines) instead of text",
	  0, 0, VERB_NO_RECORDS },
	{ "records", "FILE", set_records,
	  "write the records to FILE, beside the text", 0, 0, VERB_NO_RECORDS },
	{ "deadline", "TIME", set_deadline,
	  "end a run that takes longer, as failed (as PID 1: 1h)" },
	{ "force", NULL, set_force, "do what would be refused as too slow" },
	{ "dry-run", NULL, set_dry_run,
	  "check and say what would be done; change nothing", 0, VERB_DRY_RUN },
	{ "root", "DIR", set_root,
	  "read /sys and /proc below DIR (changes: --dry-run)", 0, VERB_ROOT },
	{ "help", NULL, set_help, "print this help", 'h' },
	{ "version", NULL, set_version, "print the version", 'V' },
	{ "worker", "SEQ:FD", set_worker, NULL },
	{ 0 },
};

const struct verb_option options_policy[] = {
	{ "policy", "NAME", set_policy,
	  "a policy, or a file of one; see tier policy list" },
	{ "set", "KEY=VALUE", option_set,
	  "and change a tunable of it; see tier policy show" },
	{ "hog", "NODE:SIZE", set_hog,
	  "take memory of NODE before the run; see tier help hog" },
	{ 0 },
};
