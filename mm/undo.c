// SPDX-License-Identifier: GPL-2.0-only
/*
 * undo.c - changes of the machine that can be taken back.
 *
 * A log is text, a line a change: how, path and value, with tabs between
 * them. A line is written before its change is made, with one write(2), so
 * that whatever kills us in between leaves a line too many, never one too
 * few: to put back what is so already does no harm. Behind its change a "wrote"
 * line has what a file holds from then on: if it does not when the change is
 * taken back, somebody else has changed it, too. The first line, "id", names
 * the boot, since a reboot takes back all by itself, and the log, which another
 * one of that name is not, whatever a file system makes of its number.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
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
enum how { STORE, WRITE, TRY, RMDIR, UMOUNT, WROTE, ID, NR_HOWS };
static const char *const how_names[NR_HOWS] = { "store", "write",  "try",
						"rmdir", "umount", "wrote",
						"id" };
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
	uint64_t id; /* of the log; 0: it has no lines */
	off_t length; /* of its whole lines */
	size_t nr_unknown; /* lines that are none of ours */
	bool torn; /* it had more than those: half a line, another boot's */
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
	if (S_ISDIR(st.st_mode) && st.st_uid && st.st_uid != geteuid())
		return fail(
			EPERM,
			"%s: another user has made it (root, seen from a user namespace?): what it holds is not trusted",
			state.dir);
	return fail(EPERM, "%s: %s: what it holds is not trusted; remove it",
		    state.dir,
		    S_ISDIR(st.st_mode) ? "others may write to it" :
					  "it is no directory");
}

static int make_dir(void)
{
	if (!mkdir(state.dir, 0755) || errno == EEXIST)
		return check_dir();
	return fail(errno, "%s: %s%s", state.dir, strerror(errno),
		    errno == EACCES && geteuid() ?
			    "; to change tunables needs root" :
			    "");
}

static const char *lock_path(char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/lock", state.dir);
	return path;
}

/* Who holds a lock of the file, by the kernel's word; 0: nobody that we see. */
static int holder(const char *path, bool exclusive)
{
	char *text = sysfs_slurp("/proc/locks"), *line, *save, how[8];
	unsigned int major, minor;
	unsigned long long inode;
	int pid, found = 0;
	struct stat st;

	if (text && !stat(path, &st))
		for (line = strtok_r(text, "\n", &save); line && !found;
		     line = strtok_r(NULL, "\n", &save))
			if (sscanf(line, "%*d: FLOCK %*s %7s %d %x:%x:%llu",
				   how, &pid, &major, &minor, &inode) == 5 &&
			    inode == st.st_ino &&
			    makedev(major, minor) == st.st_dev &&
			    (!exclusive || !strcmp(how, "WRITE")))
				found = pid;
	free(text);
	return found;
}

static const char *holder_text(char text[static 64], const char *path)
{
	int pid = holder(path, false);
	char name[32];

	if (sysfs_read(name, sizeof(name), "/proc/%d/comm", pid) < 0)
		strcpy(name, "or what it has started");
	snprintf(text, 64, pid > 0 ? "pid %d, %s" : "pid unknown", pid, name);
	return text;
}

static int locked_by_another(const char *path)
{
	char who[64];

	return fail(
		EBUSY,
		"another run of tier is under way (%s), and one of the two changes tunables: wait for it, or end it",
		holder_text(who, path));
}

/*
 * Who has no right to the lock has the directory's, which holds up nobody: or
 * any user could keep root from changing something, or from taking it back.
 */
static bool lock_dir(int how)
{
	int fd = open(state.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd < 0 || !flock(fd, how | LOCK_NB);

	/* One who changes only looks whether somebody has it. */
	if (fd >= 0 && how == LOCK_EX)
		close(fd);
	return locked;
}

int undo_lock(enum undo_lock how)
{
	char path[PATH_MAX], who[64];
	int fd, err = make_dir();

	/* Without a /run nothing was kept, and so nothing changed. */
	if (err == -ENOENT && how == UNDO_LOCK_RESTORE)
		return 0;
	if (err)
		return how == UNDO_LOCK_MEASURE ? 0 : err;
	fd = open(lock_path(path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	/* What was changed can be put back where nothing can be kept any more. */
	if (fd < 0 && errno == EROFS && how == UNDO_LOCK_RESTORE)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && how != UNDO_LOCK_MEASURE)
		return fail(errno, "%s: %s%s", path, strerror(errno),
			    errno == EACCES ?
				    "; to change tunables needs root" :
				    "");
	if (fd < 0) {
		if (holder(path, true))
			return locked_by_another(path);
		lock_dir(LOCK_SH);
		return 0;
	}
	fchmod(fd, 0600); /* an earlier version's was for all to take */
	if (!flock(fd,
		   (how == UNDO_LOCK_MEASURE ? LOCK_SH : LOCK_EX) | LOCK_NB)) {
		if (how == UNDO_LOCK_CHANGE && !lock_dir(LOCK_EX))
			report_warn(
				"a user's run of tier is under way (%s): what it measures changes meanwhile",
				holder_text(who, state.dir));
		return 0; /* held until the process ends */
	}
	if (how == UNDO_LOCK_RESTORE) {
		report_warn(
			"another run of tier is under way (%s): what it has changed is put back all the same",
			holder_text(who, path));
		return 0;
	}
	/* Some file systems, and filters of system calls, have no locks at all. */
	if (errno != EWOULDBLOCK)
		err = how == UNDO_LOCK_MEASURE ? 0 :
						 fail(errno, "%s: flock: %s",
						      path, strerror(errno));
	else
		err = locked_by_another(path);
	close(fd);
	return err;
}

bool undo_is_free(void)
{
	char path[PATH_MAX];
	bool is_free;
	int fd;

	fd = open(lock_path(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == EACCES && !holder(path, false);
	is_free = !flock(fd, LOCK_SH | LOCK_NB);
	close(fd);
	return is_free;
}

/* Where it cannot be taken: does another have it? No file: nobody could. */
static bool is_held_shared(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_len = 1 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held = fd >= 0 &&
		    (fcntl(fd, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK);

	if (fd >= 0)
		close(fd);
	return held;
}

/* Of a log that several may write to: F_RDLCK by each, F_WRLCK to end it. */
static int lock_shared(short how)
{
	struct flock lock = { .l_type = how, .l_whence = SEEK_SET, .l_len = 1 };
	static int fd = -1;
	char path[PATH_MAX];

	if (fd < 0)
		fd = open(lock_path(path),
			  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == EROFS && how == F_WRLCK)
		return is_held_shared(path) ? -EAGAIN : 0;
	return fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
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

/* Of this boot; "-" where the kernel does not say. */
static const char *boot_id(void)
{
	static char id[40];
	struct fail_state why;

	if (id[1])
		return id;
	fail_save(&why);
	if (sysfs_read(id, sizeof(id), "/proc/sys/kernel/random/boot_id") <= 0)
		strcpy(id, "-");
	fail_restore(&why);
	return id;
}

static bool is_former(const char *boot)
{
	const char *now = boot_id();

	return strcmp(boot, now) && strcmp(boot, "-") && strcmp(now, "-");
}

static void remember(enum how how, const char *path, const char *value)
{
	state.lines = xgrow(state.lines, state.nr_lines, sizeof(*state.lines));
	state.lines[state.nr_lines++] =
		(struct line){ how, xstrdup(path), xstrdup(value) };
}

/* A value, and a cgroup's name, may have newlines and tabs in it: \n, \t, \\. */
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

/* One line of a log; false: it is of another boot, and so are all others. */
static bool parse_line(char *text)
{
	char *path = strchr(text, '\t');
	char *value = path ? strchr(path + 1, '\t') : NULL;

	if (!value) {
		state.nr_unknown++;
		return true;
	}
	*path++ = '\0';
	*value++ = '\0';
	unescape(path);
	unescape(value);
	for (int how = 0; how < ID; how++)
		if (!strcmp(text, how_names[how]) && *path == '/') {
			remember((enum how)how, path, value);
			return true;
		}
	if (strcmp(text, how_names[ID])) {
		state.nr_unknown++;
		return true;
	}
	if (!state.id)
		state.id = strtoull(value, NULL, 16);
	return !is_former(path);
}

static char *slurp(int fd)
{
	struct textbuf b = { 0 };
	char data[4096];
	ssize_t n;

	buf_addn(&b, "", 0);
	while ((n = read(fd, data, sizeof(data))) > 0)
		buf_addn(&b, data, (size_t)n);
	/* Half of a log is not the log: it would be removed with its other half. */
	if (n < 0)
		buf_free(&b);
	return n < 0 ? NULL : b.text;
}

/* The lines of a log into state.lines. False: there is none. */
static bool load(const char *log)
{
	char path[PATH_MAX], *text, *line, *end;
	struct stat st;
	int fd;

	forget_lines();
	state.length = 0;
	state.torn = false;
	state.id = 0;
	state.nr_unknown = 0;
	log_path(path, log);
	fd = check_dir() ?
		     -1 :
		     open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	text = !fstat(fd, &st) && S_ISREG(st.st_mode) && is_ours(&st) ?
		       slurp(fd) :
		       NULL;
	close(fd);
	state.torn = true;
	if (!text)
		return false;
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		state.length = end + 1 - text;
		if (parse_line(line))
			continue;
		forget_lines();
		state.length = 0;
		state.id = 0;
		state.nr_unknown = 0;
		break;
	}
	state.torn = end || *line;
	free(text);
	return true;
}

static void cut_log(off_t length)
{
	if (state.fd >= 0 && ftruncate(state.fd, length))
		return; /* a line too many does no harm */
}

static int open_log(const char *log, bool is_shared)
{
	uint64_t deadline = now_ns() + BUSY_NS;
	char path[PATH_MAX];

	/* Half a line of a shared log may be one that another is writing. */
	while (load(log) && state.torn && is_shared && now_ns() < deadline)
		sleep_ns(POLL_NS);
	log_path(path, log);
	if (state.fd >= 0)
		close(state.fd);
	state.fd = open(path,
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
				O_NONBLOCK,
			0600);
	if (state.fd < 0)
		return fail(errno, "%s: %s", path, strerror(errno));
	/* Otherwise another may have added to a shared one since it was read. */
	if (state.torn)
		cut_log(state.length); /* a full /run leaves half a line */
	return 0;
}

int undo_begin(const char *log)
{
	int err = is_play() ? 0 : make_dir();

	return err || is_play() ? err : open_log(log, false);
}

int undo_begin_shared(const char *log)
{
	uint64_t deadline = now_ns() + BUSY_NS;
	struct undo_result r;
	int err = is_play() ? 0 : make_dir();

	if (err || is_play())
		return err;
	/* What those left who were killed is taken back by the next one. */
	if (!lock_shared(F_WRLCK))
		undo_restore(log, &r);
	while ((err = lock_shared(F_RDLCK)) == -EAGAIN && now_ns() < deadline)
		sleep_ns(POLL_NS);
	return err ? fail(-err, "%s/lock: %s", state.dir, strerror(-err)) :
		     open_log(log, true);
}

static void format_line(struct textbuf *b, enum how how, const char *path,
			const char *value)
{
	buf_add(b, "%s\t", how_names[how]);
	escape(b, path);
	buf_add(b, "\t");
	escape(b, value);
	buf_add(b, "\n");
}

/* Before the first line of a log. */
static void add_id(struct textbuf *b)
{
	char random[20];

	if (!state.id &&
	    getrandom(&state.id, sizeof(state.id), GRND_NONBLOCK) < 0)
		state.id = now_ns();
	snprintf(random, sizeof(random), "%" PRIx64, state.id);
	format_line(b, ID, boot_id(), random);
}

/*
 * May something be changed? Who takes a log back while another writes to it puts
 * an end to its changes.
 */
static int check_log(const char *path)
{
	struct stat st;

	if (is_play())
		return 0;
	if (state.fd < 0)
		return fail(EINVAL, "%s: undo_begin() was not called", path);
	if (!fstat(state.fd, &st) && !st.st_nlink)
		return fail(
			ESTALE,
			"tier policy restore was called meanwhile: %s was not changed",
			path);
	return 0;
}

static int log_line(enum how how, const char *path, const char *value)
{
	struct textbuf b = { 0 };
	int err = check_log(path);
	ssize_t n;

	if (err || is_play())
		return err;
	if (!state.length)
		add_id(&b);
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
	int err;

	format_path(path, fmt);
	err = is_logged(path) ? check_log(path) : log_line(STORE, path, was);
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

/*
 * Is it a controller by which somebody limits memory meanwhile? The limit would be
 * gone with it, without a word.
 */
static bool is_relied_on(const char *path)
{
	static const char *const limits[] = { "max", "high", "low", "min" };
	const char *end = strstr(path, "/cgroup.subtree_control");
	int len = end ? (int)(end - path) : 0;
	char *names = end ? sysfs_names("%.*s", len, path) : NULL;
	char *name, *save, value[32];
	bool found = false;

	for (name = names ? strtok_r(names, "\n", &save) : NULL; name && !found;
	     name = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
			found |= sysfs_read(value, sizeof(value),
					    "%.*s/%s/memory.%s", len, path,
					    name, limits[i]) > 0 &&
				 strcmp(value, "max") != 0 &&
				 strcmp(value, "0") != 0;
	free(names);
	return found;
}

static int take_back_once(const struct line *l)
{
	switch (l->how) {
	case STORE:
		return sysfs_store(l->value, "%s", l->path);
	case WRITE:
		if (is_relied_on(l->path)) {
			report_warn(
				"%s: a group there has a limit meanwhile: \"%s\" was not written",
				l->path, l->value);
			return 0;
		}
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

/* What may not be written, and so was not: it has the value that it had. */
static bool is_unwritten(const struct line *l, int err)
{
	char now[VALUE_MAX];

	return (err == -EROFS || err == -EACCES || err == -EPERM) &&
	       (l->how == STORE || l->how == WRITE) &&
	       sysfs_read_chosen(now, sizeof(now), "%s", l->path) >= 0 &&
	       sysfs_same(now, l->value);
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
	return err == -ENOENT || err == -ENODEV || is_unwritten(l, err) ? 0 :
									  err;
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
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	if (!state.nr_lines) {
		unlink(fresh);
		return !unlink(path) || errno == ENOENT ?
			       0 :
			       fail(errno, "%s: %s", path, strerror(errno));
	}
	add_id(&b);
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
	/* Another version's, or what a full disk has left: gone, but not unsaid. */
	if (state.nr_unknown && !mark && !r->failed++) {
		first = -EBADMSG;
		snprintf(
			r->reason, sizeof(r->reason),
			"%zu line%s of %s/%s.undo cannot be read: what they say was not put back",
			state.nr_unknown, state.nr_unknown > 1 ? "s" : "",
			state.dir, log);
	}
	/* Else the old one stays: that does no harm, if it is known. */
	if (rewrite(log))
		report_warn(
			"%s: it stays as it was, and what it says is put back once more by the next one",
			fail_message());
	return first;
}

void undo_look(const char *log, struct undo_state *s)
{
	*s = (struct undo_state){ 0 };
	if (!load(log))
		return;
	s->id = state.id;
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
	char path[PATH_MAX], first[64] = "";
	struct stat st;
	int fd;

	log_path(path, log);
	if (lstat(path, &st) || !st.st_size)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return true;
	if (read(fd, first, sizeof(first) - 1) > 0 &&
	    !strncmp(first, "id\t", 3)) {
		first[3 + strcspn(first + 3, "\t")] = '\0';
		if (is_former(first + 3)) {
			/* A reboot has put back what it says. */
			unlink(path);
			st.st_size = 0;
		}
	}
	close(fd);
	return st.st_size;
}

int undo_whole(void)
{
	struct stat st;

	if (is_play() || state.fd < 0 || fstat(state.fd, &st) || st.st_nlink)
		return 0;
	/* By restore, or not at all: then nobody else knows what was changed. */
	for (size_t i = state.nr_lines; i-- > 0;)
		take_back(&state.lines[i]);
	return fail(
		ESTALE,
		"what was changed was put back before the end: tier policy restore was called meanwhile, or the log in %s was removed",
		state.dir);
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

void undo_keep(const char *log)
{
	if (is_play())
		return;
	if (state.fd >= 0)
		close(state.fd);
	state.fd = -1;
	forget_lines();
	rewrite(log);
}

int undo_restore_shared(const char *log, struct undo_result *result)
{
	int err;

	*result = (struct undo_result){ 0 };
	if (lock_shared(F_WRLCK))
		return 1;
	err = undo_restore(log, result);
	lock_shared(F_UNLCK);
	return err;
}
