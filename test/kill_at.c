// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill_at.c - ends a program and all of its processes with SIGKILL just before
 * the N-th system call that changes something:
 *
 *	kill_at [--files] N FILE COMMAND...
 *
 * Changes are writes below /sys, /proc and /run, directories and files made,
 * emptied, renamed or removed, and mounts. 0: never. FILE gets the number of
 * those that were seen, when the command ends by itself, whose status is this
 * program's; 137: it was killed. --files: /sys and /proc are files that somebody
 * made; a write replaces all that one holds, as it would with the kernel's.
 * Independent of what is tested, it knows nothing of it.
 *
 * The kernel stops each such call for us (seccomp(2), ptrace(2)).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KILLED 137
#define BROKEN 99

/* By a descriptor: only what it leads to says whether it changes something. */
static const int by_descriptor[] = { SYS_write, SYS_writev, SYS_pwrite64,
				     SYS_ftruncate };
static const int changing[] = {
#ifdef SYS_mkdir
	SYS_mkdir,   SYS_rmdir,	   SYS_unlink,	  SYS_rename,
#endif
	SYS_mkdirat, SYS_unlinkat, SYS_renameat2, SYS_mount,  SYS_umount2,
};

static bool files;
static pid_t pids[4096];
static size_t nr_pids;

/* The C libraries' own headers for it do not go with the kernel's. */
static long trace(long request, pid_t pid, long address, long data)
{
	return syscall(SYS_ptrace, request, pid, address, data);
}

__attribute__((noreturn)) static void broken(const char *what)
{
	perror(what);
	_exit(BROKEN);
}

static bool among(const int *calls, size_t n, unsigned long call)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned long)calls[i] == call)
			return true;
	return false;
}

static void add(struct sock_filter *f, size_t *n, int call)
{
	f[(*n)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						 (unsigned int)call, 0, 1);
	f[(*n)++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_TRACE);
}

static void stop_at_changes(void)
{
	struct sock_filter f[64] = { BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
	struct sock_fprog program = { .filter = f };
	size_t n = 1;

	for (size_t i = 0; i < ARRAY_SIZE(by_descriptor); i++)
		add(f, &n, by_descriptor[i]);
	for (size_t i = 0; i < ARRAY_SIZE(changing); i++)
		add(f, &n, changing[i]);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					      SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		broken("seccomp");
}

static bool changes(pid_t pid)
{
	static const char *const below[] = { "/sys/", "/proc/", "/run/" };
	struct ptrace_syscall_info info = { 0 };
	char link[64], path[4096];
	ssize_t n;

	if (trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (long)&info) <= 0)
		broken("PTRACE_GET_SYSCALL_INFO");
	if (!among(by_descriptor, ARRAY_SIZE(by_descriptor), info.seccomp.nr))
		return true;
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid,
		 (int)info.seccomp.args[0]);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		if (!strncmp(path, below[i], strlen(below[i]))) {
			/* What it held is replaced, but for a log's, in /run. */
			if (files && i < 2 && truncate(path, 0))
				broken(path);
			return true;
		}
	return false;
}

/* The first one first: it would see to what the others leave. */
__attribute__((noreturn)) static void kill_all(void)
{
	for (size_t i = 0; i < nr_pids; i++)
		kill(pids[i], SIGKILL);
	_exit(KILLED);
}

static void note(const char *file, unsigned long seen)
{
	FILE *f = fopen(file, "w");

	if (!f || fprintf(f, "%lu\n", seen) < 0 || fclose(f))
		broken(file);
}

static int follow(pid_t first, unsigned long at, const char *file)
{
	unsigned long seen = 0;
	int status, stop, event;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (pid == first && !WIFSTOPPED(status)) {
			note(file, seen);
			return WIFEXITED(status) ? WEXITSTATUS(status) :
						   128 + WTERMSIG(status);
		}
		if (!WIFSTOPPED(status))
			continue;
		stop = WSTOPSIG(status);
		event = status >> 16;
		if (event == PTRACE_EVENT_SECCOMP && changes(pid) &&
		    ++seen == at)
			kill_all();
		if (event == PTRACE_EVENT_STOP && nr_pids < ARRAY_SIZE(pids))
			pids[nr_pids++] = pid; /* a new one */
		/* One that it was sent is passed on. */
		trace(PTRACE_CONT, pid, 0, event ? 0 : stop);
	}
	broken("waitpid");
}

int main(int argc, char **argv)
{
	pid_t child;
	char go;
	int fds[2];

	if (argc > 1 && !strcmp(argv[1], "--files")) {
		files = true;
		argv++;
		argc--;
	}
	if (argc < 4 || pipe(fds))
		return 2;
	child = fork();
	if (!child) {
		close(fds[1]);
		if (read(fds[0], &go, 1))
			_exit(BROKEN);
		close(fds[0]);
		stop_at_changes();
		execvp(argv[3], argv + 3);
		broken(argv[3]);
	}
	if (child < 0 ||
	    trace(PTRACE_SEIZE, child, 0,
		  PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
			  PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			  PTRACE_O_TRACECLONE))
		broken("ptrace");
	pids[nr_pids++] = child;
	close(fds[0]);
	close(fds[1]);
	return follow(child, strtoul(argv[1], NULL, 0), argv[2]);
}
