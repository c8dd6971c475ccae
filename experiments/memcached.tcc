#!/usr/bin/tcc -run
// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcached with 40000 values of 4000 bytes, all of which lie on CXL memory when
 * they begin to be asked for, eight in a request: the key of rank n in proportion
 * to 1/n (Zipf), its place as good as any. Each value that comes is looked at. For
 * experiments/memcached.exp, where Debian's tcc compiles it in the guest; Debian's
 * own clients that do so (memaslap) take minutes to begin.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEYS 40000
#define BYTES 4000 /* of a value */
#define MANY 8 /* keys in a request */
#define DRAWN (1 << 16) /* keys, drawn beforehand: it takes a while */
#define SECONDS 12

#define SOCKET "/tmp/memcached"
#define HEAD "VALUE k%06u 0 %d\r\n"
#define HEAD_BYTES 22

static pid_t server;
static int to_server;
static unsigned int drawn[DRAWN];

static void wrong(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	if (server > 0)
		kill(server, SIGKILL);
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* With large pages, each of which has some value that is hot, all would be hot;
 * redis does without them by itself. */
static void start_server(void)
{
	struct sockaddr_un address = { AF_UNIX, SOCKET };
	double until = now() + 30;

	server = fork();
	if (server == 0) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		execlp("memcached", "memcached", "-u", "root", "-m", "256",
		       "-t", "1", "-s", SOCKET, NULL);
		perror("memcached");
		_exit(127);
	}
	to_server = socket(AF_UNIX, SOCK_STREAM, 0);
	while (connect(to_server, (struct sockaddr *)&address,
		       sizeof(address)) < 0) {
		if (waitpid(server, NULL, WNOHANG) != 0)
			wrong("memcached has ended");
		if (now() > until)
			wrong("memcached does not answer at " SOCKET);
		usleep(50000);
	}
}

static void ask(const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t done = write(to_server, text, bytes);

		if (done <= 0)
			wrong("memcached takes no request");
		text += done;
		bytes -= done;
	}
}

/* What memcached says, up to a line END; returns its bytes. */
static size_t answer(char *text, size_t most)
{
	size_t bytes = 0;

	do {
		ssize_t got = read(to_server, text + bytes, most - bytes);

		if (got <= 0)
			wrong("memcached ended its answer after %zu bytes", bytes);
		bytes += got;
	} while (bytes < 5 || memcmp(text + bytes - 5, "END\r\n", 5) != 0);
	return bytes;
}

static void load(void)
{
	static char text[16 * (64 + BYTES)];
	char *at = text;
	unsigned int key;

	for (key = 0; key < KEYS; key++) {
		at += sprintf(at, "set k%06u 0 0 %d noreply\r\n", key, BYTES);
		memset(at, 'x', BYTES);
		at[sprintf(at, "%06u", key)] = 'x';
		at += BYTES + sprintf(at + BYTES, "\r\n");
		if (key == KEYS - 1 || at > text + sizeof(text) - 64 - BYTES) {
			ask(text, at - text);
			at = text;
		}
	}
}

static double uniform(void)
{
	static unsigned long long x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 11) / 9007199254740992.0;
}

/* Ranks by Zipf, and for each the key, which may lie anywhere. */
static void draw(void)
{
	static double below[KEYS + 1]; /* a rank: how probable a lower one is */
	int i, low, high;

	for (i = 0; i < KEYS; i++)
		below[i + 1] = below[i] + 1.0 / (i + 1);
	for (i = 0; i < DRAWN; i++) {
		double u = uniform() * below[KEYS];

		for (low = 0, high = KEYS; high - low > 1;)
			if (below[(low + high) / 2] <= u)
				low = (low + high) / 2;
			else
				high = (low + high) / 2;
		drawn[i] = low * 7919ULL % KEYS;
	}
}

/* The values of so many keys: all have to come, in their order. */
static void get(const unsigned int *keys)
{
	static char text[MANY * (HEAD_BYTES + BYTES + 2) + 64], head[64];
	char *at = text + sprintf(text, "get");
	size_t bytes;
	int i;

	for (i = 0; i < MANY; i++)
		at += sprintf(at, " k%06u", keys[i]);
	at += sprintf(at, "\r\n");
	ask(text, at - text);
	bytes = answer(text, sizeof(text));
	if (bytes != MANY * (HEAD_BYTES + BYTES + 2) + 5)
		wrong("of %d values some did not come: %zu bytes", MANY, bytes);
	for (i = 0, at = text; i < MANY; i++, at += HEAD_BYTES + BYTES + 2) {
		sprintf(head, HEAD "%06ux", keys[i], BYTES, keys[i]);
		if (memcmp(at, head, strlen(head)) != 0)
			wrong("k%06u is not what was set", keys[i]);
	}
}

static void measure(const char *phase)
{
	static unsigned int next;
	double begin = now(), took;
	long gets = 0;

	do {
		get(drawn + next);
		next = (next + MANY) % DRAWN;
		gets += MANY;
		took = now() - begin;
	} while (took < SECONDS);
	printf("%s: %.1f gets/s, %ld values, all as they were set\n", phase,
	       gets / took, gets);
	fflush(stdout);
}

int main(void)
{
	unsigned long near = 1, far = 2;
	double begin = now();

	start_server();
	load();
	draw();
	printf("loaded %d values of %d bytes in %.1f s\n", KEYS, BYTES,
	       now() - begin);
	if (syscall(SYS_migrate_pages, server, 8 * sizeof(near), &near, &far) < 0)
		wrong("memcached's pages cannot be moved to node 1");
	measure("warm-up");
	measure("measured");
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	return EXIT_SUCCESS;
}
