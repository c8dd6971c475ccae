// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - every read and write of a kernel attribute file, under one root.
 *
 * The only file that opens one, so that --root and --dry-run mean the same
 * everywhere, and every message names the file, the value and the reason.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "sysfs.h"

/* Large enough for /proc/zoneinfo of a machine with hundreds of CPUs. */
#define SLURP_MAX (16 * MIB)

static struct {
	int rootfd; /* -1: "/" */
	sysfs_journal_fn *journal;
	void *journal_arg;
	bool dry_run;
} context = { .rootfd = -1 };

/* Each thread's own: one makes a cgroup while another tells DAMON what to do */
static _Thread_local struct {
	int fd; /* -1: none */
	char dir[256];
} near = { .fd = -1 };

int sysfs_set_root(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(errno, "--root %s: %s", dir, strerror(errno));
	if (context.rootfd >= 0)
		close(context.rootfd);
	context.rootfd = fd;
	return 0;
}

bool sysfs_is_rerooted(void)
{
	return context.rootfd >= 0;
}

const char *sysfs_closed(void)
{
	return geteuid() && !sysfs_is_rerooted() ? "only root may look" :
						   "it may not be read";
}

void sysfs_journal(sysfs_journal_fn *fn, void *arg, bool dry_run)
{
	context.journal = fn;
	context.journal_arg = arg;
	context.dry_run = dry_run;
}

void sysfs_say(const char *line)
{
	if (context.journal)
		context.journal(context.journal_arg, line, NULL);
}

bool sysfs_is_dry(void)
{
	return context.dry_run;
}

/* From linux/openat2.h, which a C library may not carry yet. */
struct open_how_v0 {
	uint64_t flags, mode, resolve;
};
#define RESOLVE_WITHIN 0x10 /* RESOLVE_IN_ROOT */

static bool is_near(const char *path)
{
	size_t len = strlen(near.dir);

	return near.fd >= 0 && !strncmp(path, near.dir, len) &&
	       path[len] == '/' && path[len + 1];
}

/*
 * Opens path below the root. Under --root links are resolved as if the tree
 * were "/", so that a captured absolute link cannot lead out of it; kernels
 * without openat2 (before 5.6), and old containers, get a plain openat.
 */
static int open_path(const char *path, int flags)
{
	struct open_how_v0 how = { .flags = (uint64_t)flags,
				   .resolve = RESOLVE_WITHIN };
	long fd;

	if (context.rootfd < 0 && is_near(path))
		return openat(near.fd, path + strlen(near.dir) + 1, flags);
	if (context.rootfd < 0)
		return open(path, flags);
	path += strspn(path, "/");
	if (!*path)
		path = ".";
	fd = syscall(SYS_openat2, context.rootfd, path, &how, sizeof(how));
	/* A container's filter that does not know it says EPERM. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(context.rootfd, path, flags);
	return (int)fd;
}

void sysfs_near(const char *dir)
{
	if (near.fd >= 0)
		close(near.fd);
	near.fd = -1;
	if (!dir || context.rootfd >= 0 || strlen(dir) >= sizeof(near.dir))
		return;
	strcpy(near.dir, dir);
	near.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool sysfs_exists(const char *fmt, ...)
{
	char path[PATH_MAX];
	int fd;

	format_path(path, fmt);
	fd = open_path(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int sysfs_open(const char *fmt, ...)
{
	char path[PATH_MAX];
	int fd;

	format_path(path, fmt);
	fd = open_path(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? fail(errno, "%s: %s", path, strerror(errno)) : fd;
}

/* Up to size bytes of an open file; returns how many, or -errno. */
static ssize_t read_fd(int fd, const char *path, char *buf, size_t size)
{
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, buf + have, size - have);
		if (n > 0)
			have += (size_t)n;
	} while ((n > 0 && have < size) || (n < 0 && errno == EINTR));
	return n < 0 ? fail(errno, "%s: %s", path, strerror(errno)) :
		       (ssize_t)have;
}

/* A directory in the place of a file is EISDIR here, as on any other read. */
static ssize_t read_path(const char *path, char *buf, size_t size)
{
	int fd = open_path(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return fail(errno, "%s: %s", path, strerror(errno));
	n = read_fd(fd, path, buf, size);
	close(fd);
	return n;
}

/* What was read, n bytes of size, without its trailing newline. */
static int trim(char *buf, ssize_t n, size_t size, const char *path)
{
	if (n < 0)
		return (int)n;
	if ((size_t)n >= size)
		return fail(EOVERFLOW, "%s: longer than %zu bytes", path,
			    size - 1);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\0'))
		n--;
	buf[n] = '\0';
	return (int)n;
}

static int read_value(char *buf, size_t size, const char *path)
{
	return trim(buf, read_path(path, buf, size), size, path);
}

int sysfs_read(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];

	format_path(path, fmt);
	return read_value(buf, size, path);
}

/* "[always] madvise never" -> "always"; without brackets: as it is. */
static void pick_chosen(char *text)
{
	char *from = strchr(text, '['), *to = from ? strchr(from, ']') : NULL;

	if (!to)
		return;
	*to = '\0';
	memmove(text, from + 1, (size_t)(to - from));
}

int sysfs_read_chosen(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], all[256];
	int n;

	format_path(path, fmt);
	n = read_value(all, sizeof(all), path);
	if (n < 0)
		return n;
	pick_chosen(all);
	if (strlen(all) >= size)
		return fail(EOVERFLOW, "%s: longer than %zu bytes", path,
			    size - 1);
	strcpy(buf, all);
	return (int)strlen(buf);
}

/* A boolean as the kernel's kstrtobool() takes it: 0, 1, or -1: none. */
static int truth(const char *text)
{
	static const char *const words[] = { "0", "n", "off", "false",
					     "1", "y", "on",  "true" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return i >= ARRAY_SIZE(words) / 2;
	return -1;
}

bool sysfs_same(const char *a, const char *b)
{
	char *end_a, *end_b;
	unsigned long long x, y;

	if (!strcmp(a, b))
		return true;
	if (truth(a) >= 0 && truth(a) == truth(b))
		return true;
	x = strtoull(a, &end_a, 0);
	y = strtoull(b, &end_b, 0);
	return isdigit((unsigned char)*a) && isdigit((unsigned char)*b) &&
	       !*end_a && !*end_b && x == y;
}

int sysfs_read_u64(uint64_t *value, const char *fmt, ...)
{
	char path[PATH_MAX], text[64], *end;
	unsigned long long v;
	int err;

	format_path(path, fmt);
	err = read_value(text, sizeof(text), path);
	if (err < 0)
		return err;
	errno = 0;
	v = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || *end || errno)
		return fail(EINVAL, "%s: \"%s\" is not a number", path, text);
	*value = v;
	return 0;
}

char *sysfs_slurp(const char *fmt, ...)
{
	size_t size = 16 * KIB;
	char path[PATH_MAX], *text = NULL;
	ssize_t n;

	format_path(path, fmt);
	for (;;) {
		text = xrealloc(text, size + 1);
		n = read_path(path, text, size);
		if (n >= 0 && (size_t)n < size)
			break;
		if (n >= 0 && size < SLURP_MAX) {
			size *= 4;
			continue;
		}
		if (n >= 0)
			n = fail(EFBIG, "%s: longer than %llu MiB", path,
				 (unsigned long long)(SLURP_MAX / MIB));
		free(text);
		errno = (int)-n;
		return NULL;
	}
	text[n] = '\0';
	return text;
}

int sysfs_link_name(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t n;
	int fd, err;

	format_path(path, fmt);
	fd = open_path(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(errno, "%s: %s", path, strerror(errno));
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	err = errno;
	close(fd);
	if (n < 0) /* ENOENT is readlinkat's word for "no link" here */
		return fail(err == ENOENT ? EINVAL : err, "%s: %s", path,
			    err == ENOENT ? "not a link" : strerror(err));
	target[n] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= size)
		return fail(EOVERFLOW, "%s: target too long", path);
	strcpy(buf, name);
	return 0;
}

static int write_fd(int fd, const char *path, const char *value)
{
	size_t len = strlen(value);
	ssize_t n = write(fd, value, len);

	if (n < 0)
		return fail(errno, "%s <- %s: %s", path, value,
			    strerror(errno));
	if ((size_t)n != len)
		return fail(EIO, "%s <- %s: took %zd of %zu bytes", path, value,
			    n, len);
	return 0;
}

static bool reads_back(int len, char *back, const char *value)
{
	if (len >= 0)
		pick_chosen(back);
	return len >= 0 && sysfs_same(back, value);
}

/*
 * Reads by the descriptor that wrote: the kernel makes the text anew when it is
 * read from its beginning, and to open a file takes it longer than to write and
 * read it. Where that reads something else the file is opened anew.
 */
static int compare(int fd, const char *path, const char *value)
{
	char back[256];
	int n;

	/* Files without a position (in debugfs) stand at their beginning. */
	lseek(fd, 0, SEEK_SET);
	n = trim(back, read_fd(fd, path, back, sizeof(back)), sizeof(back),
		 path);
	if (reads_back(n, back, value))
		return 0;
	n = read_value(back, sizeof(back), path);
	if (n < 0 || reads_back(n, back, value))
		return n < 0 ? n : 0;
	return fail(EIO, "%s <- %s: reads back as \"%s\"", path, value, back);
}

static int write_path(const char *path, const char *value, bool back)
{
	int fd, err;

	if (context.journal)
		context.journal(context.journal_arg, path, value);
	if (context.dry_run)
		return 0;
	fd = open_path(path, (back ? O_RDWR : O_WRONLY) | O_CLOEXEC);
	if (fd < 0)
		return fail(errno, "%s <- %s: %s", path, value,
			    strerror(errno));
	err = write_fd(fd, path, value);
	if (!err && back)
		err = compare(fd, path, value);
	close(fd);
	return err;
}

int sysfs_write(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];

	format_path(path, fmt);
	return write_path(path, value, false);
}

int sysfs_store(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];

	format_path(path, fmt);
	return write_path(path, value, true);
}

/* The directory that path is in, opened; *name: its last component. */
static int open_parent(const char *path, const char **name)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	*name = slash + 1;
	snprintf(parent, sizeof(parent), "%.*s",
		 slash == path ? 1 : (int)(slash - path), path);
	return open_path(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int sysfs_mkdir(const char *fmt, ...)
{
	char path[PATH_MAX], line[PATH_MAX + 8];
	const char *name;
	int fd, err;

	format_path(path, fmt);
	snprintf(line, sizeof(line), "mkdir %s", path);
	sysfs_say(line);
	if (context.dry_run)
		return 0;
	fd = open_parent(path, &name);
	err = fd < 0 || mkdirat(fd, name, 0755) ? errno : 0;
	if (fd >= 0)
		close(fd);
	return err ? fail(err, "mkdir %s: %s", path, strerror(err)) : 0;
}

int sysfs_rmdir(const char *fmt, ...)
{
	char path[PATH_MAX];
	const char *name;
	int fd, err;

	format_path(path, fmt);
	fd = open_parent(path, &name);
	err = fd < 0 || unlinkat(fd, name, AT_REMOVEDIR) ? errno : 0;
	if (fd >= 0)
		close(fd);
	return err ? fail(err, "rmdir %s: %s", path, strerror(err)) : 0;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* "node12" with prefix "node" -> 12; -1 when it is no such name. */
static int id_of(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	uint64_t id;

	if (strncmp(name, prefix, len) || parse_u64(name + len, &id) ||
	    id > INT_MAX)
		return -1;
	return (int)id;
}

static DIR *open_dir(const char *path)
{
	int fd = open_path(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int err = errno;

	if (dir)
		return dir;
	if (fd >= 0)
		close(fd);
	fail(err, "%s: %s", path, strerror(err));
	errno = err;
	return NULL;
}

int sysfs_ids(int **ids, const char *prefix, const char *fmt, ...)
{
	char path[PATH_MAX];
	struct dirent *e;
	int id, n = 0;
	DIR *dir;

	format_path(path, fmt);
	*ids = NULL;
	dir = open_dir(path);
	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		id = id_of(e->d_name, prefix);
		if (id < 0)
			continue;
		*ids = xgrow(*ids, (size_t)n, sizeof(int));
		(*ids)[n++] = id;
	}
	closedir(dir);
	if (n)
		qsort(*ids, (size_t)n, sizeof(int), by_number);
	return n;
}

char *sysfs_names(const char *fmt, ...)
{
	struct textbuf names = { 0 };
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	format_path(path, fmt);
	dir = open_dir(path);
	if (!dir)
		return NULL;
	buf_addn(&names, "", 0);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			buf_add(&names, "%s\n", e->d_name);
	closedir(dir);
	return names.text;
}
