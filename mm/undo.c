// SPDX-License-Identifier: GPL-2.0-only
/*
 * undo.c - changes of the machine that can be taken back.
 *
 * A log is text, a line a change: how, path and value, with tabs between them.
 * A line is written before its change is made, with one write(2), so that
 * whatever kills us in between leaves a line too many, never one too few: to
 * put back what is so already does no harm. After the change a "wrote" line
 * says what the file holds from then on. If the file holds something else when
 * the change is taken back, another program has changed it, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "lib/text.h"
#include "lib/time.h"
#include "mm/undo.h"
#include "sysfs.h"

/* DAMON's directories and a cgroup's last process need a moment. */
#define BUSY_NS (UINT64_C(1000) * 1000000)
#define POLL_NS (UINT64_C(5) * 1000000)
#define VALUE_MAX 512
#define DIR_DEFAULT "/run/tier"

/* How a line is taken back, as it is written in the log. */
enum how { STORE, WRITE, TRY, RMDIR, UMOUNT, WROTE, NR_HOWS };
static const char *const how_names[NR_HOWS] = { "store", "write",  "try",
						"rmdir", "umount", "wrote" };
_Static_assert(STORE == (int)UNDO_STORE && WRITE == (int)UNDO_WRITE &&
		       TRY == (int)UNDO_TRY,
	       "undo.h's words are the first three");

struct line {
	enum how how;
	char *path, *value;
};

static struct {
	const char *dir;
	int fd; /* of the log, -1: none begun */
	off_t length; /* of its whole lines */
	struct line *lines; /* what the log has */
	size_t nr_lines;
} state = { .dir = DIR_DEFAULT, .fd = -1 };

void undo_set_dir(const char *dir)
{
	state.dir = dir;
}

/* Nothing is logged, because nothing is changed, or only in a tree. */
static bool is_play(void)
{
	return sysfs_is_dry() ||
	       (sysfs_is_rerooted() && !strcmp(state.dir, DIR_DEFAULT));
}

/* ------------------------------------------------------------------ lock */

/*
 * What a log says is done, mostly as root: only root, or whoever runs this, may
 * have written it.
 */
static bool is_ours(const struct stat *st)
{
	return (st->st_uid == geteuid() || !st->st_uid) &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int check_dir(void)
{
	struct stat st;

	if (lstat(state.dir, &st))
		return fail(errno, "%s: %s", state.dir, strerror(errno));
	if (S_ISDIR(st.st_mode) && is_ours(&st))
		return 0;
	return fail(
		EPERM,
		"%s: it is a link, or others may write to it: what it holds is not trusted; remove it",
		state.dir);
}

static int make_dir(void)
{
	if (!mkdir(state.dir, 0755) || errno == EEXIST)
		return check_dir();
	return fail(errno, "%s: %s%s", state.dir, strerror(errno),
		    errno == EACCES ? "; to change tunables needs root" : "");
}

static int locked_by_another(int fd)
{
	char who[128] = "";
	ssize_t n = pread(fd, who, sizeof(who) - 1, 0);

	if (n > 0)
		who[strcspn(who, "\n")] = '\0';
	return fail(
		EBUSY,
		"another run of tier is under way (%s), and one of the two changes tunables: wait for it, or end it",
		who[0] ? who : "it does not say which");
}

/* So that whoever is refused can say who has the lock. */
static void sign_lock(int fd)
{
	char who[64];
	int n = snprintf(who, sizeof(who), "pid %ld\n", (long)gettid());

	if (!ftruncate(fd, 0) && pwrite(fd, who, (size_t)n, 0) < 0)
		return; /* the lock holds without */
}

int undo_lock(bool exclusive)
{
	char path[PATH_MAX];
	int fd, err = make_dir();

	if (err)
		return exclusive ? err : 0;
	snprintf(path, sizeof(path), "%s/lock", state.dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 && !exclusive) /* root's: to share it, reading is enough */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return exclusive ?
			       fail(errno, "%s: %s", path, strerror(errno)) :
			       0;
	if (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB)) {
		err = locked_by_another(fd);
		close(fd);
		return err;
	}
	sign_lock(fd);
	return 0; /* held until the process ends */
}

bool undo_is_free(void)
{
	char path[PATH_MAX];
	bool is_free;
	int fd;

	snprintf(path, sizeof(path), "%s/lock", state.dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	is_free = fd >= 0 && !flock(fd, LOCK_SH | LOCK_NB);
	if (fd >= 0)
		close(fd);
	return is_free;
}

/* ------------------------------------------------------------------- log */

static void log_path(char path[static PATH_MAX], const char *log)
{
	snprintf(path, PATH_MAX, "%s/%s.undo", state.dir, log);
}

static void forget_line(struct line *l)
{
	free(l->path);
	free(l->value);
	*l = (struct line){ 0 };
}

static void forget_lines(void)
{
	for (size_t i = 0; i < state.nr_lines; i++)
		forget_line(&state.lines[i]);
	free(state.lines);
	state.lines = NULL;
	state.nr_lines = 0;
}

static void remember(enum how how, const char *path, const char *value)
{
	state.lines = xgrow(state.lines, state.nr_lines, sizeof(*state.lines));
	state.lines[state.nr_lines++] =
		(struct line){ how, xstrdup(path), xstrdup(value) };
}

/* A value may have newlines and tabs in it: written as \n, \t, \\. */
static void escape(struct textbuf *b, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			buf_add(b, "\\n");
		else if (*value == '\t')
			buf_add(b, "\\t");
		else if (*value == '\\')
			buf_add(b, "\\\\");
		else
			buf_addn(b, value, 1);
	}
}

static void unescape(char *value)
{
	char *to = value;

	for (; *value; value++) {
		if (*value == '\\' && value[1]) {
			value++;
			*to++ = *value == 'n' ? '\n' :
				*value == 't' ? '\t' :
						*value;
		} else {
			*to++ = *value;
		}
	}
	*to = '\0';
}

/* One line of a log; a line cut short by a full /run is not one. */
static void parse_line(char *text)
{
	char *path = strchr(text, '\t');
	char *value = path ? strchr(path + 1, '\t') : NULL;

	if (!value)
		return;
	*path++ = '\0';
	*value++ = '\0';
	unescape(value);
	for (int how = 0; how < NR_HOWS; how++)
		if (!strcmp(text, how_names[how]))
			remember((enum how)how, path, value);
}

static char *slurp(int fd)
{
	struct textbuf b = { 0 };
	char data[4096];
	ssize_t n;

	buf_addn(&b, "", 0);
	while ((n = read(fd, data, sizeof(data))) > 0)
		buf_addn(&b, data, (size_t)n);
	return b.text;
}

/* The lines of a log into state.lines. False: there is none. */
static bool load(const char *log)
{
	char path[PATH_MAX], *text, *line, *end;
	struct stat st;
	int fd;

	forget_lines();
	state.length = 0;
	log_path(path, log);
	fd = check_dir() ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	text = !fstat(fd, &st) && S_ISREG(st.st_mode) && is_ours(&st) ?
		       slurp(fd) :
		       NULL;
	close(fd);
	if (!text)
		return false;
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		state.length = end + 1 - text;
		parse_line(line);
	}
	free(text);
	return true;
}

static void cut_log(off_t length)
{
	if (state.fd >= 0 && ftruncate(state.fd, length))
		return; /* a line too many does no harm */
}

int undo_begin(const char *log)
{
	char path[PATH_MAX];
	int err;

	if (is_play())
		return 0;
	err = make_dir();
	if (err)
		return err;
	load(log);
	log_path(path, log);
	if (state.fd >= 0)
		close(state.fd);
	state.fd = open(path,
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
			0600);
	if (state.fd < 0)
		return fail(errno, "%s: %s", path, strerror(errno));
	cut_log(state.length); /* a full /run may have left half a line */
	return 0;
}

static void format_line(struct textbuf *b, enum how how, const char *path,
			const char *value)
{
	buf_add(b, "%s\t%s\t", how_names[how], path);
	escape(b, value);
	buf_add(b, "\n");
}

static int log_line(enum how how, const char *path, const char *value)
{
	struct textbuf b = { 0 };
	ssize_t n;
	int err = 0;

	if (is_play())
		return 0;
	if (state.fd < 0)
		return fail(EINVAL, "%s: undo_begin() was not called", path);
	format_line(&b, how, path, value);
	n = write(state.fd, b.text, b.len);
	if (n == (ssize_t)b.len) {
		remember(how, path, value);
		state.length += n;
	} else {
		err = fail(
			n < 0 ? errno : ENOSPC,
			"%s: what %s was could not be kept: %s; it was not changed",
			state.dir, path, strerror(n < 0 ? errno : ENOSPC));
		cut_log(state.length); /* half a line would spoil the next */
	}
	buf_free(&b);
	return err;
}

/* --------------------------------------------------------------- changes */

static bool is_logged(const char *path)
{
	for (size_t i = 0; i < state.nr_lines; i++)
		if (state.lines[i].how == STORE &&
		    !strcmp(state.lines[i].path, path))
			return true;
	return false;
}

int undo_store_was(const char *was, const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];
	int err = 0;

	format_path(path, fmt);
	if (!is_logged(path))
		err = log_line(STORE, path, was);
	if (!err)
		err = sysfs_store(value, "%s", path);
	return err ? err : log_line(WROTE, path, value);
}

int undo_store(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX], was[VALUE_MAX] = "";
	int n = 0;

	format_path(path, fmt);
	if (!is_play())
		n = sysfs_read_chosen(was, sizeof(was), "%s", path);
	return n < 0 ? n : undo_store_was(was, value, "%s", path);
}

int undo_note(enum undo_how how, const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];

	format_path(path, fmt);
	return log_line((enum how)how, path, value);
}

int undo_note_mkdir(const char *fmt, ...)
{
	char path[PATH_MAX];
	int err;

	format_path(path, fmt);
	if (sysfs_exists("%s", path))
		return 0;
	err = log_line(RMDIR, path, "");
	return err ? err : 1;
}

int undo_mkdir(const char *fmt, ...)
{
	char path[PATH_MAX];
	int err;

	format_path(path, fmt);
	err = undo_note_mkdir("%s", path);
	return err <= 0 ? err : sysfs_mkdir("%s", path);
}

/* Is something mounted there? Then its device is not its parent's. */
static bool is_mount_point(const char *target)
{
	char parent[PATH_MAX];
	struct stat a, b;

	snprintf(parent, sizeof(parent), "%s/..", target);
	return !stat(target, &a) && !stat(parent, &b) && a.st_dev != b.st_dev;
}

int undo_mount(const char *type, const char *target, const char *proof)
{
	char line[128];
	int err;

	if (sysfs_exists("%s/%s", target, proof))
		return 0;
	if (!sysfs_exists("%s", target))
		return lacks(ENODEV, "%s: this kernel has no %s", target, type);
	if (is_play()) {
		snprintf(line, sizeof(line), "mount %s %s", type, target);
		sysfs_say(line);
		return 1;
	}
	if (is_mount_point(target))
		return lacks(
			EBUSY,
			"%s: something is mounted there that is no %s with \"%s\", and is not to be hidden",
			target, type, proof);
	err = log_line(UMOUNT, target, "");
	if (err)
		return err;
	if (!mount(type, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return 0;
	err = errno;
	if (err == ENODEV)
		return lacks(err, "this kernel cannot mount %s at %s", type,
			     target);
	return fail(err, "cannot mount %s at %s: %s", type, target,
		    strerror(err));
}

/* ----------------------------------------------------------- taking back */

/* Is it the last line that the log has of that file? Earlier ones are old. */
static bool is_last_word(size_t i)
{
	for (size_t k = i + 1; k < state.nr_lines; k++)
		if (state.lines[k].how == WROTE &&
		    !strcmp(state.lines[k].path, state.lines[i].path))
			return false;
	return true;
}

/*
 * Another program may have changed the file since: then the results of a run
 * are not of the settings that it says. A file that cannot be read is not
 * compared.
 */
static void find_foreign(size_t mark, struct undo_result *r)
{
	char now[VALUE_MAX];

	for (size_t i = mark; i < state.nr_lines; i++) {
		const struct line *l = &state.lines[i];

		if (l->how != WROTE || !is_last_word(i) ||
		    sysfs_read_chosen(now, sizeof(now), "%s", l->path) < 0 ||
		    sysfs_same(now, l->value))
			continue;
		if (!r->foreign++)
			snprintf(
				r->foreign_first, sizeof(r->foreign_first),
				"%.160s: \"%.100s\" was written, and \"%.100s\" is there",
				l->path, l->value, now);
	}
}

/* The processes of a cgroup go to its parent: rmdir(2) wants it empty. */
static void empty_group(const char *path)
{
	char *pids, *pid, *save, parent[PATH_MAX];

	if (!sysfs_exists("%s/cgroup.procs", path))
		return;
	pids = sysfs_slurp("%s/cgroup.procs", path);
	if (!pids)
		return;
	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	for (pid = strtok_r(pids, "\n", &save); pid;
	     pid = strtok_r(NULL, "\n", &save))
		sysfs_write(pid, "%s/cgroup.procs", parent);
	free(pids);
}

static int take_back_once(const struct line *l)
{
	switch (l->how) {
	case STORE:
		return sysfs_store(l->value, "%s", l->path);
	case WRITE:
		return sysfs_write(l->value, "%s", l->path);
	case TRY: /* also a moment later, when somebody else looks */
		return sysfs_write(l->value, "%s", l->path) == -EBUSY ? -EBUSY :
									0;
	case RMDIR:
		if (!sysfs_exists("%s", l->path))
			return 0;
		empty_group(l->path);
		return sysfs_rmdir("%s", l->path);
	case UMOUNT:
		/* No mount point: it was logged, and not mounted then. */
		if (!is_mount_point(l->path) || !umount2(l->path, 0))
			return 0;
		return fail(errno, "cannot unmount %s: %s", l->path,
			    strerror(errno));
	default:
		return 0;
	}
}

static int take_back(const struct line *l)
{
	uint64_t deadline = now_ns() + BUSY_NS;
	int err = take_back_once(l);

	while (err == -EBUSY && now_ns() < deadline) {
		sleep_ns(POLL_NS);
		err = take_back_once(l);
	}
	if (l->how == TRY)
		return 0;
	/* With its node or its DAMON directory gone, it has no value. */
	return err == -ENOENT || err == -ENODEV ? 0 : err;
}

/*
 * Writes the log anew, with the lines that are left; without any it is removed.
 */
static int rewrite(const char *log)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	struct textbuf b = { 0 };
	int fd;
	bool good;

	log_path(path, log);
	if (!state.nr_lines) {
		unlink(path);
		return 0;
	}
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	for (size_t i = 0; i < state.nr_lines; i++)
		format_line(&b, state.lines[i].how, state.lines[i].path,
			    state.lines[i].value);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	good = fd >= 0 && write(fd, b.text, b.len) == (ssize_t)b.len &&
	       !rename(fresh, path);
	if (fd >= 0)
		close(fd);
	buf_free(&b);
	return good ? 0 : fail(errno, "%s: %s", fresh, strerror(errno));
}

/*
 * Takes back the lines from the mark on, the last one first. What fails stays
 * in the log, in its place, for another try.
 */
static int take_back_to(const char *log, size_t mark, struct undo_result *r)
{
	size_t left = mark;
	int err, first = 0;

	if (state.fd >= 0)
		close(state.fd);
	state.fd = -1;
	find_foreign(mark, r);
	for (size_t i = state.nr_lines; i-- > mark;) {
		struct line *l = &state.lines[i];

		err = take_back(l);
		if (!err) {
			r->done += l->how != WROTE;
			forget_line(l);
			continue;
		}
		if (!r->failed++)
			snprintf(r->reason, sizeof(r->reason), "%s",
				 fail_message());
		first = first ? first : err;
	}
	for (size_t i = mark; i < state.nr_lines; i++)
		if (state.lines[i].path)
			state.lines[left++] = state.lines[i];
	state.nr_lines = left;
	rewrite(log); /* else the old one stays: a line too many does no harm */
	return first;
}

void undo_look(const char *log, struct undo_state *s)
{
	char path[PATH_MAX];
	struct stat st;

	*s = (struct undo_state){ 0 };
	log_path(path, log);
	if (lstat(path, &st) || !load(log))
		return;
	s->id = st.st_ino;
	s->lines = state.nr_lines;
}

void undo_back_to(const char *log, const struct undo_state *then,
		  struct undo_result *result)
{
	struct undo_state now;
	struct fail_state why;
	size_t mark;

	*result = (struct undo_result){ 0 };
	undo_look(log, &now);
	/* Another file: all that is in it is new. */
	mark = now.id == then->id ? then->lines : 0;
	if (now.lines <= mark)
		return;
	fail_save(&why);
	take_back_to(log, mark, result);
	fail_restore(&why);
}

bool undo_has(const char *path)
{
	for (size_t i = 0; i < state.nr_lines; i++)
		if (!strcmp(state.lines[i].path, path))
			return true;
	return false;
}

bool undo_pending(const char *log)
{
	struct stat st;
	char path[PATH_MAX];

	log_path(path, log);
	return !lstat(path, &st) && st.st_size > 0;
}

int undo_restore(const char *log, struct undo_result *result)
{
	int err;

	*result = (struct undo_result){ 0 };
	if (!load(log))
		return undo_pending(log) ?
			       fail(EPERM,
				    "%s/%s.undo: it is root's, or others may have written it and it is not trusted",
				    state.dir, log) :
			       0;
	err = take_back_to(log, 0, result);
	forget_lines();
	return err ? fail(-err, "%s", result->reason) : 0;
}
