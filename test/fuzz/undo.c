// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of what is to be taken back, whatever a crash or a full disk has made
 * of it: it is executed in a tree, in which nothing but that tree changes.
 */
#include <fcntl.h>
#include <sys/mount.h>

#include "mm/undo.h"
#include "sysfs.h"
#include "lib/error.h"
#include "tree.h"
#include "fuzz.h"

#define FILE_IN "/proc/sys/vm/swappiness"
#define LOG "run/policy.undo"

static char dir[PATH_MAX], log_file[PATH_MAX], outside[PATH_MAX];

/* None of a log's words may unmount anything of the machine that this runs on. */
int umount2(const char *target, int flags)
{
	(void)target;
	(void)flags;
	errno = EINVAL;
	return -1;
}

static void put(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		tree_die(path);
	close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	umask(022);
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	tree_begin();
	tree_parents(FILE_IN);
	tree_parents("/" LOG);
	tree_parents("/sys/fs/cgroup/hmsdk/x");
	snprintf(dir, sizeof(dir), "%s/run", tree_dir);
	snprintf(log_file, sizeof(log_file), "%s/" LOG, tree_dir);
	snprintf(outside, sizeof(outside), "%s.outside", tree_dir);
	undo_set_dir(dir);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct undo_state state;
	struct undo_result r;
	char was[32] = "";
	int err, fd;

	put(tree_path(FILE_IN), "60\n", 3);
	put(outside, "mine", 4);
	put(log_file, data, size);
	undo_look("policy", &state);
	promise(state.lines <= size);
	if (undo_pending("policy")) {
		err = undo_restore("policy", &r);
		promise(!err == !r.failed);
		promise(!err || (fail_message()[0] && r.reason[0]));
		promise(r.foreign <= state.lines);
		/* What could not be taken back is kept; the rest is over. */
		promise(err || !undo_pending("policy"));
	}
	fd = open(outside, O_RDONLY);
	promise(fd >= 0 && read(fd, was, sizeof(was)) == 4);
	promise(!strcmp(was, "mine"));
	close(fd);
	unlink(log_file);
	unlink(outside);
	return 0;
}
