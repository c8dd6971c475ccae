// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was changed is put back, in the reverse order, whoever died: also what was
 * logged by half, what another program changed, what can no longer be put back;
 * and nobody makes it write elsewhere.
 */
/* WRAP: open */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mm/undo.h"
#include "lib/base.h"
#include "lib/error.h"
#include "tap.h"
#include "tree.h"

static char dir[PATH_MAX];

/* But for what was written, which foreign() looks at, and whose log it is. */
static void log_is(const char *log, const char *want, const char *name)
{
	char path[PATH_MAX], got[4096] = "";
	const char *text, *line, *end;

	snprintf(path, sizeof(path), "/run/%s.undo", log);
	text = tree_text(path);
	for (line = text ? text : ""; *line; line = end) {
		end = strchr(line, '\n') ? strchr(line, '\n') + 1 :
					   line + strlen(line);
		if (strncmp(line, "wrote\t", 6) && strncmp(line, "id\t", 3))
			strncat(got, line, (size_t)(end - line));
	}
	is_str(got, want, "%s", name);
}

static void put_back(const char *log, int want, unsigned int done,
		     unsigned int failed)
{
	struct undo_result r;

	is_i64(undo_restore(log, &r), want, "restore %s", log);
	is_u64(r.done, done, "%u taken back", done);
	is_u64(r.failed, failed, "%u not", failed);
}

static void values(void)
{
	tree_file("/sys/a", "1\n");
	tree_file("/sys/thp", "[always] madvise never\n");
	is_i64(undo_store("9", "/sys/a"), -EINVAL, "nothing was begun");
	is_str(tree_text("/sys/a"), "1\n", "so nothing was changed");
	ok(!undo_pending("run"), "nothing is pending");
	is_i64(undo_begin("run"), 0, "begin");
	ok(!undo_pending("run"), "an empty log is nothing to take back");
	is_i64(undo_store("2", "/sys/%s", "a"), 0, "store");
	log_is("run", "store\t/sys/a\t1\n", "what was there before");
	ok(undo_pending("run"), "pending");
	is_i64(undo_store("3", "/sys/a"), 0, "and again");
	log_is("run", "store\t/sys/a\t1\n", "the first value is kept alone");
	undo_store("never", "/sys/thp");
	log_is("run", "store\t/sys/a\t1\nstore\t/sys/thp\talways\n",
	       "of choices the chosen one");
	/* A file of a tree does not list its choices anew. */
	tree_file("/sys/thp", "never ");
	tree_file("/sys/a", "3");
	put_back("run", 0, 2, 0);
	is_str(tree_text("/sys/a"), "1", "a is as it was");
	is_str(tree_text("/sys/thp"), "always", "thp, too");
	ok(!undo_pending("run"), "and nothing is left");
	ok(!tree_text("/run/run.undo"), "not even the log");
	put_back("run", 0, 0, 0);
}

/* Another program's change is noticed, ours is not taken for one. */
static void foreign(void)
{
	struct undo_result r;

	tree_file("/sys/x", "1");
	tree_file("/sys/y", "1");
	undo_begin("run");
	undo_store("2", "/sys/x");
	undo_store("3", "/sys/x");
	undo_store("2", "/sys/y");
	undo_note(UNDO_STORE, "1", "/sys/gone");
	is_i64(undo_restore("run", &r), 0, "ours alone");
	is_u64(r.foreign, 0, "are nobody else's");
	is_u64(r.done, 3, "what was written is no change of its own");
	undo_begin("run");
	undo_store("2", "/sys/x");
	undo_store("2", "/sys/y");
	tree_file("/sys/y", "7");
	is_i64(undo_restore("run", &r), 0, "another's");
	is_u64(r.foreign, 1, "is noticed");
	is_str(r.foreign_first, "/sys/y: \"2\" was written, and \"7\" is there",
	       "and said");
	is_str(tree_text("/sys/y"), "1", "what was before both is put back");
	undo_begin("run");
	undo_store("2", "/sys/x");
	tree_remove("/sys/x");
	undo_restore("run", &r);
	is_u64(r.foreign, 0, "what is gone holds nothing else");
}

static void absent(void)
{
	undo_begin("run");
	is_i64(undo_store("1", "/sys/none"), -ENOENT, "no such file");
	ok(!undo_pending("run"), "is not logged");
	undo_restore("run", &(struct undo_result){ 0 });
}

/* The reverse order: the file ends with what was noted first. */
static void order(void)
{
	tree_file("/sys/o", "0");
	undo_begin("policy");
	undo_note(UNDO_WRITE, "first", "/sys/o");
	undo_note(UNDO_WRITE, "second", "/sys/o");
	put_back("policy", 0, 2, 0);
	ok(!strncmp(tree_text("/sys/o"), "first", 5), "the first is the last");
}

static void odd_values(void)
{
	tree_file("/sys/odd", "");
	undo_begin("run");
	undo_note(UNDO_WRITE, "a\tb\\n\nc\\", "/sys/odd");
	log_is("run", "write\t/sys/odd\ta\\tb\\\\n\\nc\\\\\n",
	       "tabs and newlines");
	put_back("run", 0, 1, 0);
	is_str(tree_text("/sys/odd"), "a\tb\\n\nc\\", "come back as they were");
}

/* A cgroup's name may have a tab in it, and a backslash. */
static void odd_paths(void)
{
	tree_file("/sys/q\tb\\n", "1");
	tree_directory("/sys/q");
	undo_begin("run");
	is_i64(undo_store("2", "/sys/q\tb\\n"), 0, "a path with a tab");
	is_i64(undo_mkdir("/sys/q\tgroup"), 0, "a group with one");
	put_back("run", 0, 2, 0);
	is_str(tree_text("/sys/q\tb\\n"), "1", "comes back");
	ok(sysfs_exists("/sys/q") && !sysfs_exists("/sys/q\tgroup"),
	   "the group is removed, and none whose name is the half of it");
	tree_remove("/sys/q");
}

/* A controller that somebody has a limit by is not taken from him. */
static void relied_on(void)
{
	static const char *const limits[] = { "max", "high", "low", "min" };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		snprintf(path, sizeof(path), "/sys/top/his/memory.%s",
			 limits[i]);
		tree_file("/sys/top/cgroup.subtree_control", "");
		tree_file("/sys/top/his/memory.max", "max\n");
		tree_file("/sys/top/his/memory.min", "0\n");
		undo_begin("run");
		undo_note(UNDO_WRITE, "-memory",
			  "/sys/top/cgroup.subtree_control");
		tree_file(path, "104857600\n");
		put_back("run", 0, 1, 0);
		is_str(tree_text("/sys/top/cgroup.subtree_control"), "",
		       "memory.%s of another's: the controller stays",
		       limits[i]);
		tree_remove("/sys/top");
	}
	tree_file("/sys/top/cgroup.subtree_control", "");
	tree_file("/sys/top/his/memory.max", "max\n");
	undo_begin("run");
	undo_note(UNDO_WRITE, "-memory", "/sys/top/cgroup.subtree_control");
	put_back("run", 0, 1, 0);
	is_str(tree_text("/sys/top/cgroup.subtree_control"), "-memory",
	       "a group without a limit needs none");
	tree_remove("/sys/top");
}

static void failures(void)
{
	tree_file("/sys/good", "1");
	tree_directory("/sys/stuck");
	undo_begin("run");
	undo_store("2", "/sys/good");
	undo_note(UNDO_WRITE, "x", "/sys/stuck");
	undo_note(UNDO_TRY, "y", "/sys/stuck");
	undo_note(UNDO_STORE, "z", "/sys/gone");
	put_back("run", -EISDIR, 3, 1);
	like(fail_message(), "/sys/stuck <- x", "the first failure is named");
	is_str(tree_text("/sys/good"), "1",
	       "the others were taken back; what is gone has no value");
	log_is("run", "write\t/sys/stuck\tx\n", "what failed is kept");
	tree_remove("/sys/stuck");
	tree_file("/sys/stuck", "");
	put_back("run", 0, 1, 0);
	is_str(tree_text("/sys/stuck"), "x", "for another try");
}

static void directories(void)
{
	tree_directory("/sys/groups");
	undo_begin("run");
	is_i64(undo_mkdir("/sys/groups"), 0, "there already");
	ok(!undo_pending("run"), "is not ours to remove");
	is_i64(undo_mkdir("/sys/groups/hmsdk"), 0, "made");
	ok(!access(tree_path("/sys/groups/hmsdk"), F_OK), "it is there");
	put_back("run", 0, 1, 0);
	ok(access(tree_path("/sys/groups/hmsdk"), F_OK), "and is gone");
	undo_begin("run");
	undo_note(UNDO_TRY, "", "/sys/nothing");
	is_i64(undo_mkdir("/sys/no/parent"), -ENOENT, "no parent");
	like(fail_message(), "mkdir /sys/no/parent: No such file", "says so");
	/* It was logged, then not made: no failure. */
	put_back("run", 0, 2, 0);
}

static void continued(void)
{
	tree_file("/sys/c", "1");
	undo_begin("policy");
	undo_store("2", "/sys/c");
	undo_begin("run");
	undo_store("3", "/sys/c");
	undo_begin("policy");
	undo_store("4", "/sys/c");
	log_is("policy", "store\t/sys/c\t1\n", "a log goes on");
	log_is("run", "store\t/sys/c\t2\n", "the other knows its own");
	put_back("run", 0, 1, 0);
	is_str(tree_text("/sys/c"), "2", "run: to what the policy set");
	put_back("policy", 0, 1, 0);
	is_str(tree_text("/sys/c"), "1", "policy: to what was before");
}

/* A command that fails half-way goes back to where it began. */
static void rollback(void)
{
	struct undo_state before;
	struct undo_result r;

	tree_file("/sys/r", "1");
	tree_file("/sys/s", "1");
	undo_begin("policy");
	undo_store("2", "/sys/r");
	undo_look("policy", &before);
	undo_back_to("policy", &before, &r);
	is_u64(r.done, 0, "nothing was done since");
	undo_begin("policy");
	undo_store("3", "/sys/s");
	undo_note(UNDO_TRY, "", "/sys/none");
	ok(undo_has("/sys/s") && !undo_has("/sys/t"), "what the log has");
	fail(EBUSY, "why it failed");
	undo_back_to("policy", &before, &r);
	is_u64(r.done, 2, "two changes are taken back");
	is_u64(r.failed, 0, "and none is not");
	is_str(fail_message(), "why it failed", "the message stays");
	is_str(tree_text("/sys/s"), "1", "taken back");
	is_str(tree_text("/sys/r"), "2", "what was before them is not");
	log_is("policy", "store\t/sys/r\t1\n", "the log is as it was");
	ok(!undo_has("/sys/s"), "and knows no more");
	undo_begin("policy");
	undo_store("4", "/sys/s");
	log_is("policy", "store\t/sys/r\t1\nstore\t/sys/s\t1\n", "and goes on");
	put_back("policy", 0, 2, 0);
}

/* What cannot be taken back is no more lost there than in a restore. */
static void failed_rollback(void)
{
	struct undo_state before;
	struct undo_result r;

	tree_file("/sys/f", "1");
	tree_file("/sys/g", "1");
	tree_directory("/sys/jam");
	undo_begin("policy");
	undo_store("2", "/sys/f");
	undo_look("policy", &before);
	undo_begin("policy");
	undo_store("2", "/sys/g");
	undo_note(UNDO_WRITE, "x", "/sys/jam");
	undo_store_was("1", "2", "/sys/g");
	undo_note(UNDO_WRITE, "y", "/sys/jam");
	fail(EBUSY, "why it failed");
	undo_back_to("policy", &before, &r);
	is_u64(r.done, 1, "what can be taken back is");
	is_u64(r.failed, 2, "what cannot is counted");
	like(r.reason, "/sys/jam <- y: Is a directory", "the first says why");
	is_str(fail_message(), "why it failed", "the command's own stays");
	log_is("policy",
	       "store\t/sys/f\t1\nwrite\t/sys/jam\tx\nwrite\t/sys/jam\ty\n",
	       "they stay in the log, in their order");
	tree_remove("/sys/jam");
	tree_file("/sys/jam", "");
	put_back("policy", 0, 3, 0);
	is_str(tree_text("/sys/jam"), "x", "another try takes them back");
	ok(!undo_pending("policy"), "and nothing is left");
}

/* All that a command did to a log that was not there before it. */
static void fresh_rollback(void)
{
	struct undo_state before;
	struct undo_result r;

	tree_file("/sys/f", "1");
	undo_look("policy", &before);
	undo_begin("policy");
	undo_store("2", "/sys/f");
	undo_back_to("policy", &before, &r);
	is_u64(r.done, 1, "taken back");
	ok(!tree_text("/run/policy.undo"), "and the log is gone again");
}

/* A full /run left half a line: the next one begins anew. */
static void half_a_line(void)
{
	tree_file("/sys/h", "1");
	tree_file("/run/policy.undo", "store\t/sys/a\t1\nstore\t/sys/x");
	undo_begin("policy");
	undo_store("2", "/sys/h");
	log_is("policy", "store\t/sys/a\t1\nstore\t/sys/h\t1\n",
	       "half a line is dropped");
	put_back("policy", 0, 2, 0);
}

/*
 * Nor is it cut while another writes it, whose change would stay for ever. Both
 * are processes of their own, as a lock is of the file that was opened.
 */
static void half_written(void)
{
	int status = -1, other = -1, begun[2], fd;
	pid_t writer, second;
	char c;

	if (pipe(begun))
		tree_die("pipe");
	writer = fork();
	if (writer == 0) {
		if (undo_begin_shared("half"))
			_exit(1);
		fd = open(tree_path("/run/half.undo"), O_WRONLY | O_APPEND);
		if (write(fd, "store\t/sys/x", 12) != 12 ||
		    write(begun[1], "x", 1) != 1 || usleep(20000) ||
		    write(fd, "\t7\n", 3) != 3)
			_exit(2);
		_exit(0);
	}
	is_i64(read(begun[0], &c, 1), 1, "one has written half a line");
	second = fork();
	if (second == 0)
		_exit(undo_begin_shared("half") ? 1 : 0);
	waitpid(second, &other, 0);
	waitpid(writer, &status, 0);
	is_i64(other, 0, "another begins meanwhile");
	is_i64(status, 0, "the first one has written the rest");
	log_is("half", "store\t/sys/x\t7\n", "the line is whole");
	tree_file("/sys/x", "8");
	put_back("half", 0, 1, 0);
	is_str(tree_text("/sys/x"), "7", "and what it says comes back");
	tree_remove("/run/lock");
	close(begun[0]);
	close(begun[1]);
}

/* A log that was cut short, or is not one. */
static void broken(void)
{
	tree_file("/sys/b", "1");
	tree_file("/run/run.undo", "store\t/sys/b\t7\nnonsense\n\t\t\n"
				   "erase\t/sys/b\t8\nstore\t/sys/b\t9");
	put_back("run", -EBADMSG, 1, 1);
	is_str(tree_text("/sys/b"), "7", "whole lines count");
}

/* A log is known by its own name, whatever number its file gets. */
static void another_log(void)
{
	struct undo_state before;
	struct undo_result r;

	tree_file("/sys/f", "1");
	tree_file("/sys/g", "1");
	undo_begin("policy");
	undo_store("2", "/sys/f");
	undo_look("policy", &before);
	put_back("policy", 0, 1, 0);
	undo_begin("policy");
	undo_store("3", "/sys/f");
	undo_store("3", "/sys/g");
	undo_back_to("policy", &before, &r);
	is_u64(r.done, 2, "all of another log is new");
	is_str(tree_text("/sys/f"), "1", "all of it is taken back");
	ok(!undo_pending("policy"), "and nothing is left");
}

/* What a reboot has put back is not put back into what came after it. */
static void reboots(void)
{
	static const char before[] =
		"id\tffffffff-0000-4000-8000-000000000000\t1\n"
		"store\t/sys/k\t7\n";
	struct undo_result r;

	tree_file("/proc/sys/kernel/random/boot_id",
		  "eeeeeeee-0000-4000-8000-000000000000\n");
	tree_file("/sys/k", "1");
	tree_file("/run/run.undo", before);
	ok(!undo_pending("run"), "of another boot: nothing is pending");
	ok(!tree_text("/run/run.undo"), "and the log is removed");
	tree_file("/run/run.undo", before);
	is_i64(undo_restore("run", &r), 0, "nor is it executed");
	is_u64(r.done, 0, "not a line");
	is_str(tree_text("/sys/k"), "1", "see?");
	tree_file("/run/run.undo", before);
	undo_begin("run");
	undo_store("2", "/sys/k");
	log_is("run", "store\t/sys/k\t1\n", "nor continued");
	ok(undo_pending("run"), "this boot's is pending");
	like(tree_text("/run/run.undo"),
	     "id\teeeeeeee-0000-4000-8000-000000000000\t", "and says so");
	put_back("run", 0, 1, 0);
	tree_file("/run/run.undo", "store\t/sys/k\t7\n");
	put_back("run", 0, 1, 0);
	is_str(tree_text("/sys/k"), "7", "one that does not say is executed");
}

/* Taken back while it is written: then nothing more is changed. */
static void taken_away(void)
{
	int status = -1;
	pid_t child;

	tree_file("/sys/v", "1");
	undo_begin("run");
	undo_store("2", "/sys/v");
	child = fork();
	if (child == 0) {
		struct undo_result r;

		_exit(undo_restore("run", &r) || r.done != 1);
	}
	waitpid(child, &status, 0);
	is_i64(status, 0, "another process takes it back");
	is_i64(undo_store("3", "/sys/v"), -ESTALE, "no more is changed then");
	is_str(tree_text("/sys/v"), "1", "see?");
	is_i64(undo_begin("run"), 0, "but by who begins anew");
	put_back("run", 0, 0, 0);
}

/* Whoever removes the log, what was changed under it does not stay. */
static void removed(void)
{
	tree_file("/sys/v", "1");
	tree_file("/sys/w", "1");
	undo_begin("run");
	undo_store("2", "/sys/v");
	undo_store("2", "/sys/w");
	is_i64(undo_whole(), 0, "the log is there");
	is_str(tree_text("/sys/v"), "2", "so is what was set");
	tree_remove("/run/run.undo");
	is_i64(undo_whole(), -ESTALE, "the log was removed");
	like(fail_message(),
	     "tier policy restore was called meanwhile, or "
	     "the log in ",
	     "it is said");
	is_str(tree_text("/sys/v"), "1", "all is put back");
	is_str(tree_text("/sys/w"), "1", "see?");
	undo_begin("run");
	is_i64(undo_whole(), 0, "a log without a line is whole");
	put_back("run", 0, 0, 0);
	is_i64(undo_whole(), 0, "and none is, too");
}

/* 0: a child that does so ends with status 0. */
static int in_child(int (*what)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(what());
	waitpid(child, &status, 0);
	return status;
}

/* A third one adds its line between another's look at the log and its own. */
static bool third_waits;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	static const char line[] = "rmdir\t/sys/many/c\t\n";
	va_list ap;
	int mode, fd;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (third_waits && flags & O_APPEND && strstr(path, "many.undo")) {
		third_waits = false;
		fd = __real_open(path, O_WRONLY | O_APPEND);
		if (fd < 0 || write(fd, line, sizeof(line) - 1) < 0)
			tree_die("many.undo");
		close(fd);
	}
	return __real_open(path, flags, mode);
}

/* Two processes have it, as two runs: neither is the other's child then. */
static void shared(void)
{
	struct undo_result r;
	int status = -1, done[2], begun[2];
	char c;
	pid_t child;

	tree_directory("/sys/many/c");
	if (pipe(done) || pipe(begun))
		tree_die("pipe");
	child = fork();
	if (child == 0) {
		close(done[1]);
		if (undo_begin_shared("many") || undo_mkdir("/sys/many/a") ||
		    write(begun[1], "x", 1) != 1 || read(done[0], &c, 1))
			_exit(1);
		/* The parent goes on: what it needs stays. */
		_exit(undo_restore_shared("many", &r) == 1 ? 0 : 2);
	}
	close(done[0]);
	is_i64(read(begun[0], &c, 1), 1, "one has a log that is shared");
	third_waits = true;
	is_i64(undo_begin_shared("many"), 0, "another has it, too");
	ok(!third_waits, "and a third");
	is_i64(undo_mkdir("/sys/many/b"), 0, "with its change");
	close(done[1]);
	waitpid(child, &status, 0);
	is_i64(status, 0, "the first one ends, and takes nothing back");
	ok(!access(tree_path("/sys/many/a"), F_OK), "see?");
	is_i64(undo_restore_shared("many", &r), 0, "the last one does");
	is_u64(r.done, 3, "of all of them");
	ok(access(tree_path("/sys/many/a"), F_OK) &&
		   access(tree_path("/sys/many/b"), F_OK) &&
		   access(tree_path("/sys/many/c"), F_OK),
	   "they are gone");
	ok(!undo_pending("many"), "and nothing is left");
}

static int refused(void)
{
	return undo_lock(UNDO_LOCK_CHANGE) == -EBUSY &&
			       undo_lock(UNDO_LOCK_MEASURE) == -EBUSY &&
			       strstr(fail_message(), "pid ") ?
		       0 :
		       1;
}

static int named(void)
{
	undo_lock(UNDO_LOCK_CHANGE);
	return strstr(fail_message(), "(pid 4711, holder)") ? 0 : 1;
}

static int restores(void)
{
	return undo_lock(UNDO_LOCK_RESTORE);
}

static int measures(void)
{
	return undo_lock(UNDO_LOCK_MEASURE);
}

static void locks(void)
{
	struct stat st = { .st_mode = 0 };
	char text[128];

	ok(!undo_is_free(), "without a lock nobody can tell");
	is_i64(in_child(measures), 0,
	       "who measures has the lock until it ends");
	ok(undo_is_free(), "then it is free");
	is_i64(undo_lock(UNDO_LOCK_CHANGE), 0, "one has the lock");
	stat(tree_path("/run/lock"), &st);
	is_u64(st.st_mode & 0777, 0600, "which is nobody else's to take");
	is_i64(in_child(refused), 0, "another is refused");
	snprintf(text, sizeof(text),
		 "1: POSIX  ADVISORY  WRITE 17 %02x:%02x:%llu 0 EOF\n"
		 "2: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%llu 0 EOF\n",
		 major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino, major(st.st_dev),
		 minor(st.st_dev), (unsigned long long)st.st_ino);
	tree_file("/proc/locks", text);
	tree_file("/proc/4711/comm", "holder\n");
	is_i64(in_child(named), 0, "and told who has it");
	is_i64(in_child(restores), 0, "to restore is possible all the same");
	ok(!undo_is_free(), "the lock is not free");
}

static void dry(void)
{
	tree_file("/sys/d", "1");
	sysfs_journal(NULL, NULL, true);
	is_i64(undo_begin("run"), 0, "a dry run");
	is_i64(undo_store("2", "/sys/d"), 0, "stores nothing");
	is_i64(undo_mkdir("/sys/dry"), 0, "makes nothing");
	is_str(tree_text("/sys/d"), "1", "see?");
	ok(!undo_pending("run"), "and logs nothing");
	sysfs_journal(NULL, NULL, false);
}

static void unwritable(void)
{
	tree_file("/sys/u", "1");
	undo_set_dir("/dev/null");
	ok(undo_begin("run") < 0, "no place for a log");
	is_str(tree_text("/sys/u"), "1", "nothing was changed");
	undo_set_dir(dir);
}

/*
 * What others could have written is not executed: a log is, as root, and so a
 * directory or a link that somebody put there first would be a way in.
 */
static void planted(void)
{
	static const char log[] = "store\t/sys/p\t7\n";
	struct undo_result r;
	char real[PATH_MAX];

	tree_file("/sys/p", "1");
	tree_file("/run/run.undo", log);
	chmod(tree_path("/run/run.undo"), 0666);
	undo_restore("run", &r);
	is_u64(r.done, 0, "a log that others may write to is not executed");
	tree_remove("/run/run.undo");
	tree_file("/elsewhere", log);
	tree_link("/run/run.undo", "../elsewhere");
	ok(undo_begin("run") < 0, "a link is not followed to a log");
	undo_restore("run", &r);
	is_u64(r.done, 0, "nor is one executed");
	is_str(tree_text("/elsewhere"), log, "nor written to");
	tree_remove("/run/run.undo");
	tree_remove("/run/lock");
	tree_link("/run/lock", "../elsewhere");
	ok(undo_lock(UNDO_LOCK_CHANGE) < 0, "nor is a lock a link");
	is_str(tree_text("/elsewhere"), log, "which would be emptied");
	tree_remove("/run/lock");

	chmod(dir, 0777);
	tree_file("/run/run.undo", log);
	ok(undo_begin("run") < 0, "a directory of everybody's");
	like(fail_message(), "not trusted", "it says why");
	ok(undo_restore("run", &r) < 0 && !r.done, "its logs are not executed");
	chmod(dir, 0755);
	tree_remove("/run/run.undo");
	snprintf(real, sizeof(real), "%s", tree_path("/link"));
	tree_link("/link", "run");
	undo_set_dir(real);
	ok(undo_begin("run") < 0, "a link in the place of the directory");
	undo_set_dir(dir);
	is_str(tree_text("/sys/p"), "1", "nothing was changed");
}

/* Logs are for nobody else to read, whatever the umask. */
static void modes(void)
{
	mode_t before = umask(0);
	struct stat st = { .st_mode = 0 };

	tree_file("/sys/m", "1");
	undo_begin("run");
	undo_store("2", "/sys/m");
	stat(tree_path("/run/run.undo"), &st);
	is_u64(st.st_mode & 0777, 0600, "a log is its owner's alone");
	umask(before);
	put_back("run", 0, 1, 0);
}

int main(void)
{
	tree_begin();
	tree_directory("/run");
	snprintf(dir, sizeof(dir), "%s", tree_path("/run"));
	undo_set_dir(dir);
	values();
	foreign();
	absent();
	order();
	odd_values();
	odd_paths();
	relied_on();
	failures();
	directories();
	continued();
	rollback();
	failed_rollback();
	fresh_rollback();
	half_a_line();
	half_written();
	broken();
	dry();
	unwritable();
	modes();
	another_log();
	reboots();
	taken_away();
	removed();
	shared();
	tree_remove("/run/lock");
	locks();
	planted();
	return done_testing();
}
