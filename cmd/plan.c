// SPDX-License-Identifier: GPL-2.0-only
/*
 * plan.c - argv to one complete, validated, immutable struct plan. No I/O.
 *
 * Raw options (strings, in the order given) are collected first; only when
 * the verb is known are they checked against it and turned into values. So
 * the order of options means nothing, and a bad one is found before anything
 * is done.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/plan.h"
#include "cmd/verb.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"

#define MAX_RAW 64
#define MAX_OPERANDS 64
/* As many names as all verbs' options together may have. */
#define MAX_NAMES 128
/* What getopt returns for a long option: behind all letters. */
#define FIRST_NAME 256

/* ------------------------------------------------------ verbs and options */

static bool applies(const struct verb_option *o, const struct verb *verb)
{
	unsigned int flags = verb ? verb->flags : 0;

	return (!o->only || (flags & o->only)) && !(flags & o->never);
}

/* An option of a verb (NULL: of none), by its name or its letter. */
static const struct verb_option *option_of(const struct verb *verb,
					   const char *name, int letter)
{
	static const struct verb_option *const none[] = { NULL };
	const struct verb_option *const *group =
		verb && verb->options ? verb->options : none;
	const struct verb_option *o = options_common;

	for (;;) {
		for (; o->name; o++)
			if (applies(o, verb) && (name ? !strcmp(o->name, name) :
							o->letter == letter))
				return o;
		o = *group++;
		if (!o)
			return NULL;
	}
}

static const struct verb *find_verb(const struct verb *const *verbs,
				    char **operand, int n, int *used)
{
	const struct verb *found = NULL;
	char two[64];

	/* "policy list" is a verb, though "list" could be a policy's name. */
	for (; *verbs; verbs++) {
		int words = strchr((*verbs)->name, ' ') ? 2 : 1;

		if (words > n || (found && words < *used))
			continue;
		snprintf(two, sizeof(two), words == 2 ? "%s %s" : "%s",
			 operand[0], words == 2 ? operand[1] : "");
		if (strcmp(two, (*verbs)->name) != 0)
			continue;
		found = *verbs;
		*used = words;
	}
	return found;
}

/* "damon start" is one of the group "damon". */
static bool is_of_group(const struct verb *verb, const char *word)
{
	size_t len = strlen(word);

	return len && !strncmp(verb->name, word, len) && verb->name[len] == ' ';
}

static bool is_group(const struct verb *const *verbs, const char *word)
{
	for (; *verbs; verbs++)
		if (is_of_group(*verbs, word))
			return true;
	return false;
}

static int unfinished_verb(const struct verb *const *verbs, const char *word)
{
	struct textbuf b = { 0 };
	int err;

	for (; *verbs; verbs++)
		if (is_of_group(*verbs, word))
			buf_add(&b, "%s%s", b.len ? ", " : "",
				(*verbs)->name + strlen(word) + 1);
	err = misuse("%s needs one of: %s (tier help %s explains them)", word,
		     b.text, word);
	buf_free(&b);
	return err;
}

static int unknown_verb(const struct verb *const *verbs, char **operand, int n)
{
	struct nearest near;
	char word[64];
	bool group = is_group(verbs, operand[0]);

	snprintf(word, sizeof(word), "%s", operand[0]);
	if (group && n == 1)
		return unfinished_verb(verbs, operand[0]);
	if (group)
		snprintf(word, sizeof(word), "%s %s", operand[0], operand[1]);
	nearest_begin(&near, word);
	for (size_t i = 0; verbs[i]; i++)
		nearest_try(&near, verbs[i]->name);
	if (nearest_found(&near))
		return misuse("unknown verb \"%s\"; did you mean \"%s\"?", word,
			      nearest_found(&near));
	return misuse("unknown verb \"%s\"; see tier --help", word);
}

/* ---------------------------------------------------------------- raw */

struct raw_option {
	const char *name;
	const char *arg, *second; /* second: of those that take two */
	char letter; /* as which it was given; 0: by its name */
};

struct raw {
	const struct verb *const *verbs;
	/* Every option of every verb, each name once. */
	const struct verb_option *names[MAX_NAMES];
	int nr_names;
	struct raw_option options[MAX_RAW];
	int nr_options;
	char *operands[MAX_OPERANDS];
	int nr_operands;
	char **rest; /* of a program: from its name on, to argv's end */
};

static void add_names(struct raw *raw, const struct verb_option *group)
{
	for (const struct verb_option *o = group; o->name; o++) {
		int i = 0;

		while (i < raw->nr_names &&
		       strcmp(raw->names[i]->name, o->name) != 0)
			i++;
		if (i == raw->nr_names && i < MAX_NAMES)
			raw->names[raw->nr_names++] = o;
	}
}

static void list_names(struct raw *raw)
{
	add_names(raw, options_common);
	for (size_t i = 0; raw->verbs[i]; i++)
		for (const struct verb_option *const *g =
			     raw->verbs[i]->options;
		     g && *g; g++)
			add_names(raw, *g);
}

/*
 * Do all options of that letter take an argument? Where only some do, getopt is
 * told that none does: take_option() knows the verb.
 */
static bool always_takes(const struct raw *raw, int letter)
{
	for (int i = 0; i < raw->nr_names; i++)
		if (raw->names[i]->letter == letter && !raw->names[i]->metavar)
			return false;
	return true;
}

static void fill_getopt(const struct raw *raw, struct option *longs,
			char *shorts)
{
	char *s = shorts;

	*s++ = '-'; /* operands come in their place, argv is not permuted */
	*s++ = ':'; /* a missing argument is told from an unknown option */
	for (int i = 0; i < raw->nr_names; i++) {
		const struct verb_option *o = raw->names[i];

		longs[i] = (struct option){ .name = o->name,
					    .has_arg = o->metavar != NULL,
					    .val = FIRST_NAME + i };
		*s = '\0';
		/* A letter may be of two options; getopt wants it once. */
		if (o->letter && !strchr(shorts, o->letter)) {
			*s++ = o->letter;
			if (always_takes(raw, o->letter))
				*s++ = ':';
		}
	}
	*s = '\0';
}

static const struct verb *verb_so_far(const struct raw *raw)
{
	int used;

	return find_verb(raw->verbs, (char **)raw->operands, raw->nr_operands,
			 &used);
}

/* A letter may mean another option to another verb, if that is known yet. */
static const struct verb_option *option_found(const struct raw *raw, int c)
{
	const struct verb *verb = verb_so_far(raw);
	const struct verb_option *o = NULL;

	if (verb)
		o = option_of(verb,
			      c >= FIRST_NAME ?
				      raw->names[c - FIRST_NAME]->name :
				      NULL,
			      c);
	if (!o && c >= FIRST_NAME)
		return raw->names[c - FIRST_NAME];
	for (int i = 0; !o && i < raw->nr_names; i++)
		if (raw->names[i]->letter == c &&
		    !raw->names[i]->metavar == !optarg)
			o = raw->names[i];
	return o;
}

static int unknown_option(const struct raw *raw, const char *word)
{
	struct nearest near;
	char *bare = xstrdup(word + strspn(word, "-"));
	int err;

	bare[strcspn(bare, "=")] = '\0';
	nearest_begin(&near, bare);
	for (int i = 0; i < raw->nr_names; i++)
		if (raw->names[i]->help)
			nearest_try(&near, raw->names[i]->name);
	if (isdigit((unsigned char)*bare))
		err = misuse("%s: a number here cannot be negative", word);
	else if (strlen(bare) > 1 && nearest_found(&near))
		err = misuse("unknown option %s; did you mean --%s?", word,
			     nearest_found(&near));
	else
		err = misuse("unknown option %s; see tier --help", word);
	free(bare);
	return err;
}

static int take_operand(struct raw *raw, char *word)
{
	if (raw->nr_operands == MAX_OPERANDS)
		return misuse("more than %d words", MAX_OPERANDS);
	raw->operands[raw->nr_operands++] = word;
	return 0;
}

/* at: of the word that the option is in. */
static int take_option(struct raw *raw, int argc, char **argv, int at, int c)
{
	const struct verb_option *o = option_found(raw, c);
	struct raw_option *r;

	if (raw->nr_options == MAX_RAW)
		return misuse("more than %d options", MAX_RAW);
	r = &raw->options[raw->nr_options++];
	*r = (struct raw_option){ .name = o->name,
				  .arg = optarg,
				  .letter = c < FIRST_NAME ? (char)c : 0 };
	if (o->metavar && !optarg) {
		/* getopt, told of none, has more letters in that word. */
		if (optind == at)
			return misuse(
				"%s: -%c needs an argument, as a word of its own",
				argv[at], c);
		if (optind >= argc)
			return misuse("-%c needs an argument", c);
		r->arg = argv[optind++];
	}
	/* The second word of an option that takes two: --demote 0 1 */
	if (!o->metavar || !strchr(o->metavar, ' '))
		return 0;
	if (optind >= argc)
		return misuse("--%s needs two words: %s", o->name, o->metavar);
	r->second = argv[optind++];
	return 0;
}

/* From the program on, nothing is an option of ours. */
static bool program_begins(const struct raw *raw)
{
	const struct verb *verb = verb_so_far(raw);

	return verb && (verb->flags & VERB_PROGRAM) && raw->nr_operands == 2;
}

static int collect(struct raw *raw, int argc, char **argv)
{
	struct option longs[MAX_NAMES + 1] = { 0 };
	char shorts[2 * MAX_NAMES + 3];
	int c, err = 0;

	list_names(raw);
	fill_getopt(raw, longs, shorts);
	optind = 0; /* begin anew: tests parse many times in one process */
	opterr = 0;
	while (!err) {
		/* What getopt looks at now: named if it turns out bad. */
		int at = optind ? optind : 1;

		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == -1)
			break;
		if (c == '?')
			err = unknown_option(raw,
					     argv[at < argc ? at : argc - 1]);
		else if (c == ':')
			err = misuse("%s needs an argument", argv[at]);
		else if (c == 1)
			err = take_operand(raw, optarg);
		else
			err = take_option(raw, argc, argv, at, c);
		if (c == 1 && !err && program_begins(raw)) {
			raw->rest = &argv[optind - 1];
			return 0;
		}
	}
	/* Behind "--" all words are operands, or a program's. */
	while (!err && optind < argc) {
		err = take_operand(raw, argv[optind++]);
		if (!err && program_begins(raw)) {
			raw->rest = &argv[optind - 1];
			return 0;
		}
	}
	return err;
}

/* --------------------------------------------------------------- whole */

static int set_one(struct plan *plan, const struct verb_option *o,
		   const struct raw_option *r)
{
	char both[256];
	int n;

	if (!r->second)
		return o->set(plan, r->arg);
	n = snprintf(both, sizeof(both), "%s %s", r->arg, r->second);
	return n < (int)sizeof(both) ? o->set(plan, both) :
				       misuse("--%s: too long", r->name);
}

/* A letter may be of another verb's option, which nobody meant. */
static int not_of(const struct verb *verb, const struct raw_option *r)
{
	const char letter[] = { r->letter, '\0' };

	return misuse("%s takes no %s%s: tier %s%s%s; see tier help %s",
		      verb->name, r->letter ? "-" : "--",
		      r->letter ? letter : r->name, verb->name,
		      *verb->operands ? " " : "", verb->operands, verb->name);
}

static int apply_options(struct plan *plan, const struct raw *raw)
{
	const struct verb *verb = plan->verb;
	int err = 0;

	for (int i = 0; i < raw->nr_options && !err; i++) {
		const struct raw_option *r = &raw->options[i];
		const struct verb_option *o = option_of(verb, r->name, 0);

		if (!o && verb)
			return not_of(verb, r);
		if (!o)
			return misuse("--%s needs a verb; see tier --help",
				      r->name);
		err = set_one(plan, o, r);
	}
	return err;
}

/* "help [VERB]": not of any verb's own, for it has to find others. */
static int take_help(struct plan *plan, const struct raw *raw)
{
	char **words = (char **)raw->operands + 1;
	int n = raw->nr_operands - 1, used;

	plan->help = true;
	plan->verb = n ? find_verb(raw->verbs, words, n, &used) : NULL;
	if (n == 1 && !plan->verb && is_group(raw->verbs, words[0]))
		plan->help_group = words[0];
	return n && !plan->verb && !plan->help_group ?
		       unknown_verb(raw->verbs, words, n) :
		       0;
}

/* "damon --help" */
static bool wants_help(const struct raw *raw)
{
	for (int i = 0; i < raw->nr_options; i++)
		if (!strcmp(raw->options[i].name, "help"))
			return true;
	return false;
}

static int take_words(struct plan *plan, const struct raw *raw, int used)
{
	const struct verb *verb = plan->verb;
	char **words = (char **)raw->operands + used;
	int n = raw->nr_operands - used;

	if (!verb->work)
		return take_help(plan, raw);
	if (verb->take)
		return verb->take(plan, n, words);
	return n ? misuse("%s takes no word \"%s\"", verb->name, words[0]) : 0;
}

int plan_parse(struct plan *plan, const struct verb *const *verbs, int argc,
	       char **argv)
{
	struct raw raw = { .verbs = verbs };
	int used = 0, err;

	*plan = (struct plan){ .deadline_ns = PLAN_NO_DEADLINE };
	err = collect(&raw, argc, argv);
	if (err)
		return err;
	if (raw.nr_operands) {
		plan->verb =
			find_verb(verbs, raw.operands, raw.nr_operands, &used);
		if (!plan->verb && raw.nr_operands == 1 && wants_help(&raw) &&
		    is_group(verbs, raw.operands[0])) {
			plan->help_group = raw.operands[0];
			plan->help = true;
			return 0;
		}
		if (!plan->verb)
			return unknown_verb(verbs, raw.operands,
					    raw.nr_operands);
	}
	if (plan->verb && plan->verb->defaults)
		plan->verb->defaults(plan);
	if (plan_is(plan, VERB_PROGRAM))
		plan->run.argv = raw.rest;
	err = apply_options(plan, &raw);
	if (err || !plan->verb || plan->help || plan->version)
		return err;
	if (plan->root && !plan->dry_run && plan_is(plan, VERB_DRY_RUN))
		return misuse("%s --root changes nothing: it needs --dry-run",
			      plan->verb->name);
	return take_words(plan, &raw, used);
}

bool plan_is(const struct plan *plan, unsigned int flag)
{
	return plan->verb && (plan->verb->flags & flag);
}

bool plan_changes(const struct plan *plan)
{
	if (plan->dry_run || plan->root)
		return false;
	return plan_is(plan, VERB_CHANGES) ||
	       (plan_is(plan, VERB_WORKLOAD) &&
		(plan->policy.name || plan->policy.nr_sets));
}

static void help_group(struct textbuf *t, const struct verb_option *o,
		       const struct verb *verb)
{
	for (; o->name; o++) {
		char left[40], letter[8] = "    ";

		if (!o->help || !applies(o, verb))
			continue;
		if (o->letter)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name,
			 o->metavar ? " " : "", o->metavar ? o->metavar : "");
		buf_add(t, "  %-22s %s\n", left, o->help);
	}
}

void plan_help(struct textbuf *t, const struct verb *const *verbs,
	       const struct verb *verb, const char *group)
{
	if (group)
		buf_add(t, "usage: tier %s VERB [WORDS]\n\n", group);
	else if (!verb)
		buf_add(t,
			"usage: tier [OPTIONS] VERB [WORDS]\n\n"
			"How Linux moves pages between DRAM and CXL memory.\n\n");
	for (size_t i = 0; !verb && verbs[i]; i++)
		if (!group || is_of_group(verbs[i], group))
			buf_add(t, "  %-22s %s\n", verbs[i]->name,
				verbs[i]->summary);
	if (verb)
		buf_add(t, "usage: tier %s %s\n\n%s\n\n", verb->name,
			verb->operands, verb->summary);
	if (verb && verb->notes)
		buf_add(t, "%s\n", verb->notes);
	if (!verb)
		buf_add(t,
			"\nOptions of every verb (tier help VERB for its own):\n");
	help_group(t, options_common, verb);
	for (const struct verb_option *const *g = verb ? verb->options : NULL;
	     g && *g; g++)
		help_group(t, *g, verb);
	buf_add(t, "\nSizes: k, M, G, T (powers of 1024). Times: s, m, h; bare "
		   "numbers are seconds.\n"
		   "Exit status: 0 done; 1 failed or refused; 2 bad usage; "
		   "3 the machine lacks\nsomething that is needed.\n");
}
