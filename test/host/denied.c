// SPDX-License-Identifier: GPL-2.0-only
/*
 * denied PROGRAM ARGUMENTS: runs it under a seccomp filter that says EPERM to
 * the calls that docker's default profile keeps for CAP_SYS_NICE.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DENY(call)                                         \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),   \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1)

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		DENY(SYS_mbind),
		DENY(SYS_set_mempolicy),
		DENY(SYS_get_mempolicy),
		DENY(SYS_move_pages),
		DENY(SYS_migrate_pages),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };

	if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 99;
	execvp(argv[1], argv + 1);
	return 98;
}
