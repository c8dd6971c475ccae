// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading, writing and listing attributes: whole values or an error that says
 * which; what is no file; links; the journal and the dry run; and no way out of
 * another root.
 */
#include <signal.h>
#include <sys/resource.h>

#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "tap.h"
#include "tree.h"

static void values(void)
{
	char buf[16], tight[4];

	tree_file("/sys/a", "12 34\n");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/%s", "a"), 5,
	       "the length of a value");
	is_str(buf, "12 34", "without its newline");
	tree_file("/sys/empty", "");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/empty"), 0, "empty");
	is_str(buf, "", "an empty string");
	tree_file("/sys/newline", "\n");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/newline"), 0, "a newline");
	tree_file("/sys/bare", "abc");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/bare"), 3, "no newline");
	is_i64(sysfs_read(tight, sizeof(tight), "/sys/bare"), 3, "just fits");
	tree_file("/sys/long", "abcd");
	is_i64(sysfs_read(tight, sizeof(tight), "/sys/long"), -EOVERFLOW,
	       "one more does not");
	like(fail_message(), "/sys/long: longer than 3 bytes", "why");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/none"), -ENOENT, "missing");
	is_str(fail_message(), "/sys/none: No such file or directory", "why");
	tree_data("/sys/nul", "a\0b\n", 4);
	sysfs_read(buf, sizeof(buf), "/sys/nul");
	is_str(buf, "a", "text ends at a NUL");
}

static void number(const char *text, int err, uint64_t want)
{
	uint64_t v = 77;

	tree_file("/sys/number", text);
	is_i64(sysfs_read_u64(&v, "/sys/number"), err, "number \"%s\"", text);
	is_u64(v, err ? 77 : want, "its value");
	if (err)
		like(fail_message(), "/sys/number: \"", "why");
}

static void numbers(void)
{
	number("0", 0, 0);
	number("18446744073709551615", 0, UINT64_MAX);
	number("0x10", 0, 16);
	number("0xffffffffffffffff", 0, UINT64_MAX);
	number("", -EINVAL, 0);
	number("x", -EINVAL, 0);
	number("-1", -EINVAL, 0);
	number("+1", -EINVAL, 0);
	number(" 1", -EINVAL, 0);
	number("1 2", -EINVAL, 0);
	number("12k", -EINVAL, 0);
	number("18446744073709551616", -EINVAL, 0);
}

static void in_place_of_a_file(void)
{
	char buf[16];
	uint64_t v;
	int *ids;

	tree_directory("/sys/dir");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/dir"), -EISDIR,
	       "a directory: read");
	is_i64(sysfs_read_u64(&v, "/sys/dir"), -EISDIR, "as a number");
	errno = 0;
	ok(!sysfs_slurp("/sys/dir") && errno == EISDIR, "whole");
	is_i64(sysfs_write("1", "/sys/dir"), -EISDIR, "written");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/a/b"), -ENOTDIR,
	       "a file in the place of a directory");
	is_i64(sysfs_ids(&ids, "node", "/sys/a"), -ENOTDIR, "its entries");
	ok(!ids, "are none");
	errno = 0;
	ok(!sysfs_names("/sys/a") && errno == ENOTDIR, "nor its names");
}

static void wholes(void)
{
	size_t size = 17 * MIB;
	char *text, *data = xcalloc(1, size);

	memset(data, 'x', size);
	tree_data("/proc/huge", data, size);
	errno = 0;
	ok(!sysfs_slurp("/proc/huge") && errno == EFBIG, "17 MiB: too long");
	like(fail_message(), "/proc/huge: longer than 16 MiB", "why");
	for (size_t n = 16 * KIB - 1; n <= 16 * KIB + 1; n++) {
		tree_data("/proc/text", data, n);
		text = sysfs_slurp("/proc/text");
		is_u64(text ? strlen(text) : 0, n, "%zu bytes", n);
		free(text);
	}
	tree_data("/proc/text", data, 5 * MIB);
	text = sysfs_slurp("/proc/text");
	is_u64(text ? strlen(text) : 0, 5 * MIB, "5 MiB");
	free(text);
	tree_data("/proc/huge", "", 0);
	text = sysfs_slurp("/proc/huge");
	is_str(text, "", "empty");
	free(text);
	errno = 0;
	ok(!sysfs_slurp("/proc/none") && errno == ENOENT, "missing");
	free(data);
}

/* A captured tree has links as they were, and they must not lead out of it. */
static void links(void)
{
	char buf[128], outside[PATH_MAX];

	tree_link("/sys/loop", "loop");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/loop"), -ELOOP,
	       "a link to itself");
	ok(!sysfs_exists("/sys/loop"), "does not exist");
	tree_link("/sys/gone", "nowhere");
	is_i64(sysfs_read(buf, sizeof(buf), "/sys/gone"), -ENOENT, "dangling");
	tree_file("/etc/passwd", "inside\n");
	tree_link("/sys/absolute", "/etc/passwd");
	sysfs_read(buf, sizeof(buf), "/sys/absolute");
	is_str(buf, "inside", "an absolute link stays inside");
	tree_link("/sys/up", "../../../../../../../../../../etc/passwd");
	buf[0] = '\0';
	sysfs_read(buf, sizeof(buf), "/sys/up");
	is_str(buf, "inside", "a link upwards, too");
	sysfs_read(buf, sizeof(buf), "/../../../../../../../etc/passwd");
	is_str(buf, "inside", "so does a path");
	tree_link("/sys/etc", "/etc");
	is_i64(sysfs_write("x", "/sys/etc/passwd"), 0, "written through it");
	is_str(tree_text("/etc/passwd"), "xnside\n", "it is the inner one");

	tree_directory("/sys/bus/kmem");
	tree_link("/sys/bus/driver", "../bus/kmem");
	is_i64(sysfs_link_name(buf, sizeof(buf), "/sys/bus/driver"), 0,
	       "the name of a link's target");
	is_str(buf, "kmem", "is its last part");
	is_i64(sysfs_link_name(buf, 4, "/sys/bus/driver"), -EOVERFLOW,
	       "does not fit");
	is_i64(sysfs_link_name(buf, sizeof(buf), "/sys/a"), -EINVAL, "no link");
	is_i64(sysfs_link_name(buf, sizeof(buf), "/sys/none"), -ENOENT,
	       "missing");
	/* A directory outside, with a link in it, that a link leads to. */
	snprintf(outside, sizeof(outside), "%s.out", tree_dir);
	if (mkdir(outside, 0755))
		tree_die(outside);
	tree_link("/sys/out", outside);
	strcat(outside, "/driver");
	if (symlink("outer", outside))
		tree_die(outside);
	is_i64(sysfs_link_name(buf, sizeof(buf), "/sys/out/driver"), -ENOENT,
	       "a link behind an absolute link stays inside");
	unlink(outside);
	*strrchr(outside, '/') = '\0';
	rmdir(outside);
}

static void writes(void)
{
	struct rlimit limit, old;

	tree_file("/sys/w", "0\n");
	is_i64(sysfs_write("1", "/sys/%c", 'w'), 0, "written");
	is_str(tree_text("/sys/w"), "1\n", "one write, nothing cut off");
	is_i64(sysfs_write("1", "/sys/new"), -ENOENT, "a missing file");
	is_str(fail_message(), "/sys/new <- 1: No such file or directory",
	       "why");
	ok(!tree_text("/sys/new"), "is not created");
	is_i64(sysfs_store("1", "/sys/new"), -ENOENT, "nor by a store");
	ok(!tree_text("/sys/new"), "is it created");

	tree_file("/sys/s", "2\n");
	is_i64(sysfs_store("3", "/sys/s"), 0, "stored");
	/* It takes one byte of two, and keeps the other. */
	tree_file("/sys/s", "20\n");
	is_i64(sysfs_store("3", "/sys/s"), -EIO, "not what was stored");
	is_str(fail_message(), "/sys/s <- 3: reads back as \"30\"", "why");

	/* A file may grow to two bytes only: the third is not taken. */
	tree_file("/sys/short", "");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 2;
	setrlimit(RLIMIT_FSIZE, &limit);
	is_i64(sysfs_write("1234", "/sys/short"), -EIO, "a short write");
	setrlimit(RLIMIT_FSIZE, &old);
	is_str(fail_message(), "/sys/short <- 1234: took 2 of 4 bytes", "why");
	is_str(tree_text("/sys/short"), "12", "is not gone on with");
}

static void note(void *arg, const char *path, const char *value)
{
	buf_add(arg, "%s <- %s\n", path, value);
}

static void journal(void)
{
	struct textbuf log = { 0 };

	tree_file("/sys/j", "0");
	tree_file("/sys/k", "0");
	sysfs_journal(note, &log, true);
	is_i64(sysfs_write("1", "/sys/j"), 0, "a dry run: write");
	is_i64(sysfs_store("2", "/sys/k"), 0, "store");
	is_i64(sysfs_write("3", "/sys/none"), 0, "to a missing file");
	is_str(log.text, "/sys/j <- 1\n/sys/k <- 2\n/sys/none <- 3\n",
	       "the journal has them in order");
	is_str(tree_text("/sys/j"), "0", "nothing was written");
	is_str(tree_text("/sys/k"), "0", "nor stored");
	buf_free(&log);
	sysfs_journal(note, &log, false);
	is_i64(sysfs_store("2", "/sys/k"), 0, "not dry");
	is_str(log.text, "/sys/k <- 2\n", "the journal has it");
	is_str(tree_text("/sys/k"), "2", "and the file");
	sysfs_journal(NULL, NULL, false);
	buf_free(&log);
}

static void entries(void)
{
	static const char *const names[] = {
		"node12", "node2",  "node0",  "node",	"nodeX",
		"node1x", "node-1", "anode3", "node 4", "node99999999999",
		"online", ".node9", "node5",
	};
	static const int want[] = { 0, 2, 5, 12 };
	char path[64], *text;
	int *ids, n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/sys/nodes/%s", names[i]);
		tree_file(path, "");
	}
	n = sysfs_ids(&ids, "node", "/sys/%s", "nodes");
	is_i64(n, ARRAY_SIZE(want), "ids are prefix and number");
	for (int i = 0; i < n && i < (int)ARRAY_SIZE(want); i++)
		is_i64(ids[i], want[i], "in ascending order");
	free(ids);
	is_i64(sysfs_ids(&ids, "cpu", "/sys/nodes"), 0, "none");
	ok(!ids, "and no array");
	is_i64(sysfs_ids(&ids, "node", "/sys/none"), -ENOENT, "no directory");
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/sys/many/m%d", i);
		tree_file(path, "");
	}
	n = sysfs_ids(&ids, "m", "/sys/many");
	is_i64(n, 300, "300 of them");
	ok(n == 300 && ids[299] == 299, "to the last");
	free(ids);

	text = sysfs_names("/sys/nodes");
	like(text, "anode3\n", "all names");
	ok(text && !strstr(text, ".node9"), "but hidden ones");
	free(text);
	tree_directory("/sys/hollow");
	text = sysfs_names("/sys/hollow");
	is_str(text, "", "no names");
	free(text);
}

static void roots(void)
{
	is_i64(sysfs_set_root("/nonexistent"), -ENOENT, "no such root");
	like(fail_message(), "--root /nonexistent: No such", "why");
	is_i64(sysfs_set_root(tree_path("/etc/passwd")), -ENOTDIR,
	       "a file as root");
	ok(sysfs_exists("/sys/a"), "the old root stays");
	ok(sysfs_exists("/"), "the root itself exists");
	ok(sysfs_is_rerooted(), "and is known to be another");
	ok(!sysfs_exists("/sys/none"), "what is missing does not");
}

int main(void)
{
	ok(!sysfs_is_rerooted(), "the root is / at first");
	ok(sysfs_exists("/proc/self/stat"), "which has /proc");
	is_i64(sysfs_write("x", "/dev/full"), -ENOSPC, "a refused write");
	is_str(fail_message(), "/dev/full <- x: No space left on device",
	       "names path, value and reason");
	tree_begin();
	values();
	numbers();
	in_place_of_a_file();
	wholes();
	links();
	writes();
	journal();
	entries();
	roots();
	return done_testing();
}
