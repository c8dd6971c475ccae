// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy_file.c - a policy as a text: read, and refused by line and column.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damon/damon.h"
#include "damon/damon_json.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "tiering/policy_file.h"
#include "tiering/tunables.h"

#define ENDING ".policy"
/* With an inline configuration of DAMON, which may be as long. */
#define MAX_BYTES DAMO_MAX_BYTES

enum { LIMIT_MIN, LIMIT_LOW, LIMIT_HIGH, LIMIT_MAX };
const char *const policy_file_limits[POLICY_FILE_LIMITS] = {
	[LIMIT_MIN] = "memory.min",
	[LIMIT_LOW] = "memory.low",
	[LIMIT_HIGH] = "memory.high",
	[LIMIT_MAX] = "memory.max"
};

struct reader {
	struct policy_file *f;
	char *line, *value, *next; /* of the text */
	int nr; /* of the line */
	const char *seen[POLICY_FILE_SETS + 32]; /* keys */
	int seen_at[POLICY_FILE_SETS + 32], nr_seen;
};

/* Of what failed just now: where, as an editor counts. */
static int at(const struct reader *r, const char *where)
{
	return fail_in(-EINVAL, "%s: line %d, column %d", r->f->name, r->nr,
		       (int)(where - r->line) + 1);
}

/* --- words ------------------------------------------------------------------ */

/*
 * Parts text at its blanks; "" keep them. Returns the words, -E2BIG; NULL ends
 * them.
 */
static int split(char *text, char *words[DAEMON_WORDS + 1])
{
	int n = 0;

	for (;;) {
		char *to;
		bool quoted = false;

		text += strspn(text, " \t");
		if (!*text)
			break;
		if (n == DAEMON_WORDS)
			return misuse("more than %d words", DAEMON_WORDS);
		words[n++] = to = text;
		for (; *text && (quoted || !strchr(" \t", *text)); text++)
			if (*text == '"')
				quoted = !quoted;
			else
				*to++ = *text;
		if (quoted)
			return misuse("a \" that has no end");
		if (*text)
			text++;
		*to = '\0';
	}
	words[n] = NULL;
	return n && *words[0] && *words[0] != '#' ?
		       0 :
		       misuse("a program is meant, and its arguments");
}

/* "10s file /run/x": the time, and *rest is what follows. */
static int take_time(char *value, uint64_t *ns, char **rest)
{
	size_t len = strcspn(value, " \t");

	*rest = value + len + strspn(value + len, " \t");
	if (value[len])
		value[len] = '\0';
	if (parse_duration(value, ns) || !*ns)
		return misuse("\"%s\": a time is meant, such as 10s", value);
	return 0;
}

/* --- what a line may say ---------------------------------------------------- */

static int take_about(struct reader *r)
{
	r->f->about = r->value;
	return 0;
}

static int take_cgroup(struct reader *r)
{
	r->f->group = r->value;
	return *r->value != '.' && !strchr(r->value, '/') &&
			       strlen(r->value) <= 64 ?
		       0 :
		       misuse("a cgroup's name is meant, such as hmsdk");
}

/* In the text's own lines: so that the reader counts as an editor does. */
static int take_block(struct reader *r)
{
	struct textbuf b = { 0 };
	int line = r->nr;
	char *p = r->next, *end;

	for (int i = 0; i < line; i++)
		buf_add(&b, "\n");
	for (; *p && strchr(" \t\r\n", *p); p = end) {
		end = p + strcspn(p, "\n");
		end += *end == '\n';
		r->nr++;
	}
	buf_addn(&b, r->next, (size_t)(p - r->next));
	r->next = p;
	r->f->config = damo_parse(r->f->name, b.text, b.len);
	buf_free(&b);
	return r->f->config ? 0 : -EBADMSG; /* it has said where */
}

/* A path of the text's, from where the text is. To be freed. */
static char *beside(const struct policy_file *f, const char *path)
{
	return *path == '/' ? xstrdup(path) : xasprintf("%s/%s", f->dir, path);
}

static int take_config(struct reader *r)
{
	struct policy_file *f = r->f;
	char *path;

	if (!f->dir)
		return misuse("a text without a file names none");
	path = beside(f, r->value);
	f->config_file = r->value;
	f->config = damo_read(path);
	free(path);
	return f->config ? 0 : misuse("%s", fail_message());
}

static int take_damon(struct reader *r)
{
	static const char *const styles[] = { [DAMON_HMSDK] = "hmsdk",
					      [DAMON_FAST] = "hmsdk-fast",
					      [DAMON_GOAL] = "goals" };

	if (!*r->value)
		return take_block(r);
	for (size_t i = DAMON_HMSDK; i < ARRAY_SIZE(styles); i++)
		if (!strcmp(r->value, styles[i])) {
			r->f->damon = (enum damon_style)i;
			return 0;
		}
	if (strchr(r->value, '/'))
		return take_config(r);
	return misuse(
		"\"%s\": give hmsdk, hmsdk-fast, goals, a file of damo's by its path (./NAME), or nothing, and its JSON or YAML in indented lines below",
		r->value);
}

static int take_interleave(struct reader *r)
{
	struct policy_file *f = r->f;
	int used = 0;

	if (sscanf(r->value, "%3u:%3u%n", &f->near, &f->far, &used) == 2 &&
	    !r->value[used] && f->near - 1 < 255 && f->far - 1 < 255)
		return 0;
	return misuse(
		"\"%s\": NEAR:FAR is meant, 3:1, each from 1 to 255 pages in turn",
		r->value);
}

/* At memory.max the group never comes to a memory.high above it. */
static int check_limits(const struct policy_file *f)
{
	uint64_t high = f->limits[LIMIT_HIGH], max = f->limits[LIMIT_MAX];

	return high < POLICY_FILE_UNSET && max < high ?
		       misuse("memory.high is above memory.max, and would do nothing") :
		       0;
}

static int take_limit(struct reader *r)
{
	struct policy_file *f = r->f;
	uint64_t bytes = POLICY_FILE_NO_LIMIT;
	int i = 0;

	while (strcmp(policy_file_limits[i], r->line) != 0)
		i++;
	if (strcmp(r->value, "max") != 0 && parse_size(r->value, &bytes))
		return misuse("\"%s\": a size is meant, such as 512M, or max",
			      r->value);
	f->limits[i] = bytes;
	f->limited = true;
	return check_limits(f);
}

static int take_placement(struct reader *r)
{
	r->f->by_counts = !strcmp(r->value, "counts");
	return r->f->by_counts ?
		       0 :
		       misuse("\"%s\": counts is meant, the emulator's",
			      r->value);
}

static int take_start(struct reader *r)
{
	return split(r->value, r->f->daemon.start);
}

static int take_ready(struct reader *r)
{
	static const char *const words[] = { [DAEMON_RUNS] = "",
					     [DAEMON_FILE] = "file ",
					     [DAEMON_SAYS] = "says ",
					     [DAEMON_ENDS] = "ends" };
	struct daemon_plan *d = &r->f->daemon;
	char *rest;
	int err = take_time(r->value, &d->ready_ns, &rest);

	for (size_t i = ARRAY_SIZE(words); !err && i-- > 0;) {
		size_t len = strlen(words[i]);
		bool takes = len && words[i][len - 1] == ' ';
		const char *text = rest + len;

		if (strncmp(rest, words[i], len) != 0 || takes == !*text)
			continue;
		d->ready = (enum daemon_ready)i;
		d->ready_text = text + strspn(text, " \t");
		return 0;
	}
	return err ? err :
		     misuse("\"%s\": file PATH, says TEXT, ends, or nothing",
			    rest);
}

static int take_stop(struct reader *r)
{
	static const struct {
		const char *name;
		int signal;
	} signals[] = { { "SIGTERM", SIGTERM }, { "SIGINT", SIGINT },
			{ "SIGHUP", SIGHUP },	{ "SIGQUIT", SIGQUIT },
			{ "SIGUSR1", SIGUSR1 }, { "SIGUSR2", SIGUSR2 },
			{ "SIGKILL", SIGKILL } };
	struct daemon_plan *d = &r->f->daemon;
	char *rest;
	int err = take_time(r->value, &d->stop_ns, &rest);

	for (size_t i = 0; !err && i < ARRAY_SIZE(signals); i++)
		if (!strcmp(rest, signals[i].name)) {
			d->stop_signal = signals[i].signal;
			return 0;
		}
	if (!err && !strncmp(rest, "SIG", 3))
		return misuse("\"%s\": such a signal is not sent", rest);
	for (size_t i = 0; !err && i < ARRAY_SIZE(signals); i++)
		if (!strcmp(rest, signals[i].name + 3))
			return misuse("\"%s\": SIG%s is meant, or a program",
				      rest, rest);
	if (!err && *rest && !rest[strspn(rest, "0123456789")])
		return misuse("\"%s\": a signal is given by its name, SIGTERM",
			      rest);
	return err || !*rest ? err : split(rest, d->stop);
}

static bool goes_up(const char *path)
{
	const char *up = path;

	while ((up = strstr(up, "/..")) && up[3] && up[3] != '/')
		up += 3;
	return up;
}

/* What its daemon changes: a file of the kernel's, or all of DAMON's. */
static int take_restore(struct reader *r)
{
	struct policy_file *f = r->f;

	if (!strcmp(r->value, "damon")) {
		f->restores_damon = true;
		return 0;
	}
	/* Not out of them again, to a file of somebody's */
	if ((strncmp(r->value, "/proc/sys/", 10) != 0 &&
	     strncmp(r->value, "/sys/", 5) != 0) ||
	    goes_up(r->value))
		return misuse(
			"\"%s\": a file below /proc/sys or /sys is meant, or damon",
			r->value);
	if (f->nr_restores == POLICY_FILE_RESTORES)
		return misuse("more than %d of them", POLICY_FILE_RESTORES);
	f->restores_at[f->nr_restores] = r->nr;
	f->restores[f->nr_restores++] = r->value;
	return 0;
}

static const struct word {
	const char *key;
	int (*take)(struct reader *r);
	bool often; /* may come more than once */
} words[] = {
	{ "about", take_about },
	{ "cgroup", take_cgroup },
	{ "damon", take_damon },
	{ "interleave", take_interleave },
	{ "memory.high", take_limit },
	{ "memory.low", take_limit },
	{ "memory.max", take_limit },
	{ "memory.min", take_limit },
	{ "placement", take_placement },
	{ "ready", take_ready },
	{ "restore", take_restore, true },
	{ "start", take_start },
	{ "stop", take_stop },
};

static const struct word *find_word(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(key, words[i].key))
			return &words[i];
	return NULL;
}

static int take_tunable(struct reader *r, const struct tunable *t, int node)
{
	struct policy_file *f = r->f;
	int err = strlen(r->value) >= TUNABLES_VALUE ?
			  misuse("%s=%.40s...: too long", t->key, r->value) :
			  tunables_check(t, r->value);

	if (err)
		return err;
	if (f->nr_sets == POLICY_FILE_SETS)
		return misuse("more than %d tunables", POLICY_FILE_SETS);
	f->sets[f->nr_sets].t = t;
	f->sets[f->nr_sets].node = node;
	f->sets[f->nr_sets++].value = r->value;
	return 0;
}

/* --- lines ------------------------------------------------------------------ */

static int unknown(const char *key)
{
	struct nearest near;

	nearest_begin(&near, key);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		nearest_try(&near, words[i].key);
	if (nearest_found(&near))
		return misuse("unknown key \"%s\"; did you mean \"%s\"?", key,
			      nearest_found(&near));
	return tunables_unknown(key);
}

/* A key twice would leave one of the two without effect. */
static int only_once(struct reader *r, const char *key)
{
	for (int i = 0; i < r->nr_seen; i++)
		if (!strcmp(r->seen[i], key))
			return misuse("%s is there already, in line %d", key,
				      r->seen_at[i]);
	if (r->nr_seen == ARRAY_SIZE(r->seen))
		return misuse("more than %d lines that say something",
			      (int)ARRAY_SIZE(r->seen));
	r->seen[r->nr_seen] = key;
	r->seen_at[r->nr_seen++] = r->nr;
	return 0;
}

/* key and value: whole words. */
static int take_pair(struct reader *r)
{
	int node, err, line = r->nr;
	const struct word *w = find_word(r->line);
	const struct tunable *t = w ? NULL : tunables_find(r->line, &node);
	char *value = r->value;

	if (!w && !t) {
		unknown(r->line);
		return at(r, r->line);
	}
	err = w && w->often ? 0 :
			      only_once(r, w	    ? w->key :
					   node < 0 ? t->key :
						      r->line);
	if (err)
		return at(r, r->line);
	if (!*value && (!w || w->take != take_damon))
		err = misuse("%s: nothing is said of it", r->line);
	else
		err = w ? w->take(r) : take_tunable(r, t, node);
	if (err == -EBADMSG) /* said, with the line, of what is below */
		return -EINVAL;
	r->nr = line;
	return err ? at(r, value) : 0;
}

/* One line, which ends with a zero; blank ones and comments say nothing. */
static int take_line(struct reader *r)
{
	char *end = r->line + strlen(r->line), *equal;
	size_t blank = strspn(r->line, " \t\r");

	if (!r->line[blank] || r->line[blank] == '#')
		return 0;
	if (blank) {
		misuse("it is indented, and belongs to no \"damon =\"");
		return at(r, r->line + blank);
	}
	while (end > r->line && isspace((unsigned char)end[-1]))
		*--end = '\0';
	equal = strchr(r->line, '=');
	if (!equal || equal == r->line) {
		misuse("KEY = VALUE is meant");
		return at(r, r->line);
	}
	r->value = equal + 1 + strspn(equal + 1, " \t");
	for (end = equal; end > r->line && isspace((unsigned char)end[-1]);)
		end--;
	*end = '\0';
	return take_pair(r);
}

static int check_whole(const struct policy_file *f, bool waits)
{
	const struct daemon_plan *d = &f->daemon;

	if (!d->start[0] && waits)
		return misuse(
			"%s: ready, stop and restore are of a daemon, and it starts none (start = PROGRAM)",
			f->name);
	if (f->damon && f->config)
		return misuse("%s: DAMON twice", f->name);
	return 0;
}

static int parse(struct policy_file *f)
{
	struct reader r = { .f = f, .next = f->text };
	static const char mark[] = "\xef\xbb\xbf"; /* of bytes' order */
	bool waits, any = false;
	int err = 0;

	if (!strncmp(r.next, mark, strlen(mark)))
		r.next += strlen(mark);
	while (*r.next && !err) {
		r.line = r.next;
		r.nr++;
		r.next += strcspn(r.next, "\n");
		if (*r.next)
			*r.next++ = '\0';
		err = take_line(&r);
	}
	any = r.nr_seen || f->nr_restores;
	waits = f->daemon.ready_ns || f->daemon.stop_ns || f->nr_restores ||
		f->restores_damon;
	if (!err && !any)
		return misuse("%s: it says nothing", f->name);
	if (!err)
		err = check_whole(f, waits);
	if (!f->daemon.ready_ns)
		f->daemon.ready_ns = DAEMON_READY_NS;
	if (!f->daemon.stop_ns)
		f->daemon.stop_ns = DAEMON_STOP_NS;
	if (!f->daemon.stop_signal)
		f->daemon.stop_signal = SIGTERM;
	return err;
}

/* --- where it is ------------------------------------------------------------ */

bool policy_file_is(const char *name)
{
	size_t len = strlen(name), ending = strlen(ENDING);

	return strchr(name, '/') ||
	       (len > ending && !strcmp(name + len - ending, ENDING));
}

/* Read more than once: by who checks it, and by who does the work. */
static char *read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st)) {
		misuse("policy %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		misuse("policy %s: no regular file", path);
	} else {
		text = xcalloc(1, MAX_BYTES + 2);
		n = read(fd, text, MAX_BYTES + 1);
		if (n < 0)
			misuse("policy %s: %s", path, strerror(errno));
		else if (n > MAX_BYTES)
			misuse("policy %s: longer than 1 MiB", path);
		else if (strlen(text) != (size_t)n)
			misuse("policy %s: a zero byte in it: no text", path);
		if (n < 0 || n > MAX_BYTES || strlen(text) != (size_t)n) {
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static int unknown_preset(const char *name)
{
	struct nearest near;

	nearest_begin(&near, name);
	for (size_t i = 0; policy_presets[i].name; i++)
		nearest_try(&near, policy_presets[i].name);
	return misuse("unknown policy \"%s\"%s%s%s; see tier policy list", name,
		      nearest_found(&near) ? "; did you mean \"" : "",
		      nearest_found(&near) ? nearest_found(&near) : "",
		      nearest_found(&near) ? "\"?" : "");
}

static int find_text(struct policy_file *f, const char *name)
{
	size_t i = 0;

	f->name = xstrdup(name);
	if (policy_file_is(name)) {
		f->path = realpath(name, NULL);
		f->original = read_text(name);
		if (!f->path || !f->original)
			return -EINVAL;
		f->dir = xstrdup(f->path);
		*strrchr(f->dir, '/') = '\0';
		return 0;
	}
	while (policy_presets[i].name &&
	       strcmp(policy_presets[i].name, name) != 0)
		i++;
	if (!policy_presets[i].name)
		return unknown_preset(name);
	f->original = xstrdup(policy_presets[i].text);
	return 0;
}

static struct policy_file *read_whole(struct policy_file *f, int err)
{
	f->about = "";
	for (int i = 0; i < POLICY_FILE_LIMITS; i++)
		f->limits[i] = POLICY_FILE_UNSET;
	if (!err) {
		f->text = xstrdup(f->original);
		err = parse(f);
	}
	if (!err)
		return f;
	policy_file_free(f);
	return NULL;
}

struct policy_file *policy_file_read(const char *name)
{
	struct policy_file *f = xcalloc(1, sizeof(*f));

	return read_whole(f, find_text(f, name));
}

struct policy_file *policy_file_parse(const char *name, const char *text)
{
	struct policy_file *f = xcalloc(1, sizeof(*f));

	f->name = xstrdup(name);
	f->original = xstrdup(text);
	return read_whole(f, 0);
}

void policy_file_free(struct policy_file *f)
{
	if (!f)
		return;
	if (f->config)
		damon_free(f->config);
	free(f->name);
	free(f->path);
	free(f->dir);
	free(f->text);
	free(f->original);
	free(f);
}

void policy_file_beside(const struct policy_file *f,
			void (*each)(const char *path))
{
	char *const *commands[] = { f->daemon.start, f->daemon.stop };

	if (f->config_file && *f->config_file != '/')
		each(f->config_file);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		for (char *const *word = commands[i]; *word; word++)
			if (!strncmp(*word, "./", 2))
				each(*word);
}
