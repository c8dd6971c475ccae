// SPDX-License-Identifier: GPL-2.0-only
/*
 * denied [CALL=WHAT]... PROGRAM ARGUMENTS: runs it under a seccomp filter.  WHAT
 * becomes of the system call CALL: an errno, or "kill", of the process.  Without any,
 * those that docker's default profile keeps for CAP_SYS_NICE say EPERM.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX 16

static const struct {
	const char *name;
	int nr;
} calls[] = {
#define CALL(name)                \
	{                         \
#name, SYS_##name \
	}
	CALL(mbind),
	CALL(set_mempolicy),
	CALL(get_mempolicy),
	CALL(move_pages),
	CALL(migrate_pages),
	CALL(sched_setaffinity),
	CALL(flock),
	CALL(signalfd4),
	CALL(getrandom),
	CALL(madvise),
	CALL(sched_getaffinity),
	CALL(prctl),
	CALL(prlimit64),
	CALL(getrusage),
	CALL(sysinfo),
	CALL(pidfd_open),
	CALL(clock_gettime),
	CALL(clone),
	CALL(socket),
	CALL(mkdir),
	CALL(setpriority),
	CALL(perf_event_open),
};

static struct sock_filter code[2 + 2 * MAX] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
};
static unsigned short len = 1;

static int deny(const char *name, size_t size, const char *what)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strlen(calls[i].name) == size &&
		    !strncmp(calls[i].name, name, size) && len < 2 * MAX) {
			code[len++] = (struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K,
				(unsigned int)calls[i].nr, 0, 1);
			code[len++] = (struct sock_filter)BPF_STMT(
				BPF_RET | BPF_K,
				strcmp(what, "kill") ?
					SECCOMP_RET_ERRNO |
						(unsigned int)atoi(what) :
					SECCOMP_RET_KILL_PROCESS);
			return 0;
		}
	fprintf(stderr, "denied: no call %.*s\n", (int)size, name);
	return 1;
}

int main(int argc, char **argv)
{
	struct sock_fprog filter = { .filter = code };
	int i = 1;

	for (; i < argc && strchr(argv[i], '='); i++)
		if (deny(argv[i], strcspn(argv[i], "="),
			 strchr(argv[i], '=') + 1))
			return 97;
	for (int k = 0; k < 5 && i == 1; k++)
		deny(calls[k].name, strlen(calls[k].name), "1");
	code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						   SECCOMP_RET_ALLOW);
	filter.len = len;
	if (i >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 99;
	execvp(argv[i], argv + i);
	return 98;
}
