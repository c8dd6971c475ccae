// SPDX-License-Identifier: GPL-2.0-only
/*
 * coverage.c - what a tier that counts its lines needs (test/coverage): linked
 * into it and into nothing else.
 *
 * libgcov writes its counts at exit() and before execve(). Children here leave
 * by _exit(), and PID 1 by reboot(): both are wrapped by the linker, and so are
 * the execv() of libgcov and the kill() that ends a child of tier's. A guest's
 * files go out by a port of their own, each as "SIZE PATH\n" and its bytes; the
 * path is the one below the directory of the objects ("cmd/gups.o.gcda").
 */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GUEST_DIR "/tmp/.coverage"
#define OBJECTS "/coverage/obj/"
#define PORT_NAME "coverage\n"

void __gcov_dump(void);
void __gcov_reset(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
int __wrap___gcov_execv(const char *path, char *const argv[]);
int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal);
int __real_reboot(int how);
int __wrap_reboot(int how);

static FILE *port;

/* What a tier gets before a SIGKILL. Its number is the kernel's, not libc's. */
#define LAST_WORDS 60
#define LAST_WORDS_MS 2000

static void on_last_words(int signal)
{
	__gcov_dump();
	__real_kill(getpid(), SIGKILL);
	pause();
	(void)signal;
}

__attribute__((constructor)) static void catch_last_words(void)
{
	struct sigaction action = { .sa_handler = on_last_words };

	sigaction(LAST_WORDS, &action, NULL);
}

/* This program, and not yet dead? */
static int is_tier(pid_t pid)
{
	char path[32], one[PATH_MAX], own[PATH_MAX];
	ssize_t n, m;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, one, sizeof(one));
	m = readlink("/proc/self/exe", own, sizeof(own));
	return n > 0 && n == m && !memcmp(one, own, (size_t)n);
}

int __wrap_kill(pid_t pid, int signal)
{
	if (signal == SIGKILL && pid > 0 && is_tier(pid) &&
	    !__real_kill(pid, LAST_WORDS))
		for (int i = 0; i < LAST_WORDS_MS && is_tier(pid); i++)
			usleep(1000);
	return __real_kill(pid, signal);
}

__attribute__((constructor)) static void choose_directory(void)
{
	/*
	 * Inherited, so that it holds for all that a guest runs. In a namespace
	 * of this machine PID 1 writes where others do.
	 */
	if (getpid() == 1 && !access("/init", F_OK))
		setenv("GCOV_PREFIX", GUEST_DIR, 1);
}

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

/*
 * A child of vfork() writes the counts of its parent, whose memory it has: they
 * begin anew, or the parent would take its own as written already.
 */
int __wrap___gcov_execv(const char *path, char *const argv[])
{
	__gcov_dump();
	__gcov_reset();
	/* By its name it would be __gcov_execve() */
	return (int)syscall(SYS_execve, path, argv, environ);
}

static FILE *open_port(void)
{
	char path[64], name[32];

	for (int i = 1; i < 8; i++) {
		FILE *f;
		char *got;

		snprintf(path, sizeof(path),
			 "/sys/class/virtio-ports/vport0p%d/name", i);
		f = fopen(path, "re");
		if (!f)
			continue;
		got = fgets(name, sizeof(name), f);
		fclose(f);
		if (!got || strcmp(name, PORT_NAME))
			continue;
		snprintf(path, sizeof(path), "/dev/vport0p%d", i);
		return fopen(path, "we");
	}
	return NULL;
}

/* Two sources of one name are two files, as their directories differ. */
static const char *below_objects(const char *path)
{
	const char *at, *last = NULL;

	for (at = path; (at = strstr(at, OBJECTS)); at++)
		last = at + strlen(OBJECTS);
	return last;
}

static int send_file(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	const char *name = below_objects(path);
	char buf[4096];
	size_t n;
	FILE *f;

	(void)ftw;
	if (type != FTW_F || !name)
		return 0;
	f = fopen(path, "re");
	if (!f)
		return 0;
	fprintf(port, "%lld %s\n", (long long)st->st_size, name);
	while ((n = fread(buf, 1, sizeof(buf), f)))
		fwrite(buf, 1, n, port);
	fclose(f);
	return 0;
}

int __wrap_reboot(int how)
{
	__gcov_dump();
	port = open_port();
	if (port) {
		nftw(GUEST_DIR, send_file, 8, FTW_PHYS);
		fclose(port);
	}
	return __real_reboot(how);
}
