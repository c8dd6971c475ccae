// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_sysfs.c - DAMON's directories: a configuration out to them, in the
 * order the kernel demands, and in from them; and access to them.
 *
 * What there is, and in which order, is in damon_config.c's table.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon_sysfs.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "sysfs.h"

#define MODULE "/sys/module/%s/parameters/enabled"

/*
 * The kernel takes one access to these files at a time and refuses others
 * with EBUSY; the longest is a command that waits for an aggregation.
 */
#define BUSY_NS (UINT64_C(1000) * 1000000)
#define POLL_NS (UINT64_C(10) * 1000000)
/* More than anybody starts: a file that is not DAMON's. */
#define COUNT_MAX 4096

/* -------------------------------------------------------------------- out */

struct walk {
	char path[256];
	damon_sysfs_emit_fn *emit;
	void *arg;
	bool to_stage;
};

/* Appends to the path; the caller cuts it again. */
static size_t down(struct walk *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static size_t down(struct walk *w, const char *fmt, ...)
{
	size_t was = strlen(w->path);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->path + was, sizeof(w->path) - was, fmt, ap);
	va_end(ap);
	return was;
}

static void field_text(char *text, size_t size, const struct kdamond_field *f,
		       const void *object)
{
	uint64_t v = f->unit < KDAMOND_TEXT ? *kdamond_u64(f, object) : 0;

	if (f->unit == KDAMOND_BOOL)
		snprintf(text, size, "%c", v ? 'Y' : 'N');
	else if (f->unit >= KDAMOND_TEXT)
		snprintf(text, size, "%s", kdamond_text(f, object));
	else
		snprintf(text, size, "%" PRIu64, v);
}

/* Nothing to be written: a fresh directory has it so. */
static bool is_silent(const struct kdamond_field *f,
		      const struct kdamond_kind *kind, const void *object)
{
	if (f->unit == KDAMOND_ID && *kdamond_u64(f, object) == UINT64_MAX)
		return true;
	if (f->unit == KDAMOND_PATHNAME && !*kdamond_text(f, object))
		return true;
	return (f->needs || (f->flags & KDAMOND_SPARSE) ||
		f->unit == KDAMOND_LIST) &&
	       kdamond_is_default(f, kind, object);
}

bool damon_sysfs_is_linux(unsigned int major, unsigned int minor)
{
	unsigned int x = 0, y = 0;
	char release[64];

	return sysfs_read(release, sizeof(release),
			  "/proc/sys/kernel/osrelease") > 0 &&
	       sscanf(release, "%u.%u", &x, &y) == 2 &&
	       (x > major || (x == major && y >= minor));
}

/*
 * Has the kernel a file or directory there, which came with Linux 6.15? A dry
 * run cannot see: the directories above it are not made. There the kernel's
 * version is asked.
 */
static bool has_new(struct walk *w, const char *file)
{
	if (!w->to_stage)
		return false;
	return sysfs_is_dry() ? damon_sysfs_is_linux(6, 15) :
				sysfs_exists("%s/%s", w->path, file);
}

static int emit_object(struct walk *w, const void *object,
		       const struct kdamond_kind *kind);

/* "quotas/goals": quotas/goals/nr_goals; "ops_filters": ops_.../nr_filters */
static size_t down_nr(struct walk *w, const char *dir)
{
	const char *word = dir;

	for (const char *p = dir; *p; p++)
		if (*p == '/' || *p == '_')
			word = p + 1;
	return down(w, "/nr_%s", word);
}

/* Where the longest paths are, and most. */
static void stay_near(const struct walk *w, const struct kdamond_field *f)
{
	if (f->of == &kdamond_context_kind || f->of == &kdamond_scheme_kind)
		sysfs_near(w->path);
}

/* "schemes": schemes/nr_schemes, then schemes/0, schemes/1, ... */
static int emit_list(struct walk *w, const char *dir,
		     const struct kdamond_field *f,
		     const struct kdamond_list *list)
{
	size_t above = down(w, "/%s", dir), was = down_nr(w, dir);
	char number[24];
	int err;

	snprintf(number, sizeof(number), "%zu", list->nr);
	err = w->emit(w->arg, w->path, number, f);
	w->path[was] = '\0';
	for (size_t i = 0; i < list->nr && !err; i++) {
		down(w, "/%zu", i);
		if (w->to_stage)
			stay_near(w, f);
		err = emit_object(w, kdamond_item(list, f->of, i), f->of);
		w->path[was] = '\0';
	}
	w->path[above] = '\0';
	return err;
}

/*
 * Where the kernel has a directory each for filters of addresses and of
 * targets, and for those that look at pages, damo writes to these two.
 */
static int emit_filters(struct walk *w, const struct kdamond_field *f,
			const struct kdamond_list *list)
{
	static const char *const dirs[] = { "core_filters", "ops_filters" };
	const struct kdamond_filter *all = list->items;
	int err = 0;

	for (int page = 0; page < 2 && !err; page++) {
		struct kdamond_list some = { 0 };

		for (size_t i = 0; i < list->nr; i++)
			if (page == (strcmp(all[i].type, "addr") != 0 &&
				     strcmp(all[i].type, "target") != 0))
				memcpy(kdamond_add(&some, f->of), &all[i],
				       sizeof(all[i]));
		if (some.nr)
			err = emit_list(w, dirs[page], f, &some);
		free(some.items);
	}
	return err;
}

static int emit_field(struct walk *w, const struct kdamond_field *f,
		      const void *object)
{
	const struct kdamond_list *list = kdamond_list(f, object);
	char text[KDAMOND_PATH];
	size_t was;
	int err;

	if (f->unit == KDAMOND_LIST)
		return f->of == &kdamond_filter_kind &&
				       has_new(w, "ops_filters") ?
			       emit_filters(w, f, list) :
			       emit_list(w, f->file, f, list);
	field_text(text, sizeof(text), f, object);
	was = down(w, "/%s", f->file);
	err = w->emit(w->arg, w->path, text, f);
	w->path[was] = '\0';
	return err;
}

static int emit_object(struct walk *w, const void *object,
		       const struct kdamond_kind *kind)
{
	int err = 0;

	for (size_t i = 0; i < kind->nr_fields && !err; i++) {
		const struct kdamond_field *f = &kind->fields[i];

		if (kdamond_has(f, object) &&
		    (!is_silent(f, kind, object) ||
		     ((f->flags & KDAMOND_SHOWN) && has_new(w, f->file))))
			err = emit_field(w, f, object);
	}
	return err;
}

int damon_sysfs_emit(const struct damon_config *config, bool to_stage,
		     damon_sysfs_emit_fn *emit, void *arg)
{
	struct walk w = { .path = DAMON_ADMIN,
			  .emit = emit,
			  .arg = arg,
			  .to_stage = to_stage };
	int err = emit_object(&w, config, &kdamond_root);

	sysfs_near(NULL);
	return err;
}

/* --------------------------------------------------------------------- in */

/* Should an access that failed be tried again? Waits before it says yes. */
static bool is_busy(int err, uint64_t deadline)
{
	if (err != -EBUSY || now_ns() >= deadline)
		return false;
	sleep_ns(POLL_NS);
	return true;
}

static int read_patiently(char *text, size_t size, const char *path)
{
	uint64_t deadline = now_ns() + BUSY_NS;
	int n;

	do {
		n = sysfs_read(text, size, "%s", path);
	} while (is_busy(n, deadline));
	return n;
}

int damon_sysfs_write(const char *path, const char *value, bool compare)
{
	uint64_t deadline = now_ns() + BUSY_NS;
	int err;

	do {
		err = compare ? sysfs_store(value, "%s", path) :
				sysfs_write(value, "%s", path);
	} while (is_busy(err, deadline));
	return err;
}

int damon_sysfs_command(uint64_t k, const char *word)
{
	char path[128];

	snprintf(path, sizeof(path), DAMON_KDAMONDS "/%" PRIu64 "/state", k);
	return damon_sysfs_write(path, word, false);
}

static int read_object(struct walk *w, void *object,
		       const struct kdamond_kind *kind);

static int read_list(struct walk *w, const struct kdamond_field *f,
		     void *object)
{
	size_t was = down_nr(w, f->file);
	char text[32];
	uint64_t nr;
	int err = read_patiently(text, sizeof(text), w->path);

	if (err >= 0 && parse_u64(text, &nr))
		err = fail(EINVAL, "%s: \"%s\" is not a number", w->path, text);
	w->path[was] = '\0';
	for (uint64_t i = 0; err >= 0 && i < nr; i++) {
		down(w, "/%" PRIu64, i);
		stay_near(w, f);
		if (!sysfs_exists("%s", w->path))
			err = fail(ENOENT, "%s: absent, though nr says %s",
				   w->path, text);
		else
			err = read_object(
				w, kdamond_add(kdamond_list(f, object), f->of),
				f->of);
		w->path[was] = '\0';
	}
	return err < 0 ? err : 0;
}

static int read_field(struct walk *w, const struct kdamond_field *f,
		      void *object)
{
	bool is_path = f->unit == KDAMOND_PATHNAME;
	char text[KDAMOND_PATH], *end;
	int n;

	if (f->unit == KDAMOND_LIST)
		return read_list(w, f, object);
	n = read_patiently(text, is_path ? sizeof(text) : KDAMOND_WORD,
			   w->path);
	if (n < 0)
		return n;
	if (f->unit >= KDAMOND_TEXT) {
		strcpy(kdamond_text(f, object), text);
		return 0;
	}
	if (f->unit == KDAMOND_BOOL) {
		*kdamond_u64(f, object) = sysfs_same(text, "Y");
		return 0;
	}
	errno = 0;
	*kdamond_u64(f, object) = strtoull(text, &end, 10);
	return end == text || *end || errno ?
		       fail(EINVAL, "%s: \"%s\" is not a number", w->path,
			    text) :
		       0;
}

/* What this kernel does not have stays the default. */
static int read_object(struct walk *w, void *object,
		       const struct kdamond_kind *kind)
{
	int err = 0;

	for (size_t i = 0; i < kind->nr_fields && !err; i++) {
		const struct kdamond_field *f = &kind->fields[i];
		size_t was;

		if (!kdamond_has(f, object))
			continue;
		was = down(w, "/%s", f->file);
		if (sysfs_exists("%s", w->path))
			err = read_field(w, f, object);
		w->path[was] = '\0';
	}
	return err;
}

/* How many kdamonds there are, running or not; lacks() without DAMON. */
int damon_sysfs_count(uint64_t *nr)
{
	char text[32];
	int n = read_patiently(text, sizeof(text),
			       DAMON_KDAMONDS "/nr_kdamonds");

	*nr = 0;
	if (n == -ENOENT)
		return lacks(
			ENOENT,
			"%s; DAMON needs a kernel with CONFIG_DAMON_SYSFS and CONFIG_DAMON_PADDR",
			fail_message());
	if (n == -EACCES || n == -EPERM)
		return fail(-n, "%s; %s", fail_message(), sysfs_closed());
	if (n >= 0 && (parse_u64(text, nr) || *nr > COUNT_MAX))
		return fail(EINVAL, DAMON_KDAMONDS "/nr_kdamonds: \"%s\"",
			    text);
	return n < 0 ? n : 0;
}

struct damon_config *damon_sysfs_read(void)
{
	struct walk w = { .path = DAMON_ADMIN };
	struct damon_config *config;
	uint64_t nr;
	int err;

	if (damon_sysfs_count(&nr))
		return NULL;
	config = kdamond_new();
	err = read_object(&w, config, &kdamond_root);
	sysfs_near(NULL);
	if (!err)
		return config;
	kdamond_free(config);
	return NULL;
}

bool damon_sysfs_is_on(uint64_t k)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DAMON_KDAMONDS "/%" PRIu64 "/state", k);
	return read_patiently(text, sizeof(text), path) >= 0 &&
	       !strcmp(text, "on");
}

/* The thread of a kdamond; 0: it has none. */
int damon_sysfs_pid(uint64_t k)
{
	char path[128], text[32];
	uint64_t pid;

	snprintf(path, sizeof(path), DAMON_KDAMONDS "/%" PRIu64 "/pid", k);
	if (read_patiently(text, sizeof(text), path) < 0 ||
	    parse_u64(text, &pid) || pid > INT_MAX)
		return 0;
	return (int)pid;
}

int damon_sysfs_stat(uint64_t *value, uint64_t k, size_t scheme,
		     const char *name)
{
	return sysfs_read_u64(value,
			      DAMON_KDAMONDS "/%" PRIu64
					     "/contexts/0/schemes/%zu/stats/%s",
			      k, scheme, name);
}

bool damon_sysfs_is_enabled(const char *module)
{
	char text[16];

	return sysfs_exists(MODULE, module) &&
	       sysfs_read(text, sizeof(text), MODULE, module) >= 0 &&
	       sysfs_same(text, "Y");
}
