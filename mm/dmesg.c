// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmesg.c - did the kernel complain?
 *
 * /dev/kmsg: a record a read, "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT", and
 * lines that begin with a blank, which are not text
 * (Documentation/ABI/testing/dev-kmsg). A priority of 8 or more is not the
 * kernel's own: what a program writes cannot pass for a complaint.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/error.h"
#include "mm/dmesg.h"
#include "sysfs.h"

#define KMSG "/dev/kmsg"
#define KERNEL_PRIORITIES 8
/* The kernel keeps 256 KiB or so; a captured file may be anything. */
#define READ_MAX (16 * MIB)

/*
 * How the lines begin. "Speculative Return Stack Overflow: WARNING: See ..."
 * and the like, of every boot, do not.
 */
static const struct {
	const char *begin, *also; /* somewhere in the line; NULL: nothing */
	enum dmesg_kind kind;
} words[] = {
	{ "WARNING: ", NULL, DMESG_WARNING },
	{ "INFO: task ", "blocked", DMESG_HUNG },
	{ "INFO: rcu", "stall", DMESG_HUNG },
	{ "rcu: INFO: ", "stall", DMESG_HUNG },
	{ "watchdog: BUG: ", NULL, DMESG_HUNG },
	{ "BUG: workqueue lockup", NULL, DMESG_HUNG },
	{ "BUG: ", NULL, DMESG_BUG },
	{ "kernel BUG at ", NULL, DMESG_BUG },
	{ "Oops: ", NULL, DMESG_BUG },
	{ "Internal error: ", NULL, DMESG_BUG },
	{ "general protection fault", NULL, DMESG_BUG },
	{ "Unable to handle kernel ", NULL, DMESG_BUG },
	{ "Kernel panic", NULL, DMESG_BUG },
};

int dmesg_kind(const char *message)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncmp(message, words[i].begin, strlen(words[i].begin)) &&
		    (!words[i].also || strstr(message, words[i].also)))
			return (int)words[i].kind;
	return -1;
}

static void take_line(struct dmesg *log, const char *line)
{
	const char *text = strchr(line, ';');
	unsigned long long us = 0;
	unsigned int priority;
	int kind;

	if (!text || sscanf(line, "%u,%*u,%llu,", &priority, &us) < 1 ||
	    priority >= KERNEL_PRIORITIES)
		return;
	text++;
	kind = dmesg_kind(text);
	if (kind < 0 || log->count[kind]++)
		return;
	snprintf(log->first[kind], sizeof(log->first[kind]), "%s", text);
	log->first_s[kind] = (double)us / 1e6;
	/* It may come from a device; and a terminal obeys what it prints. */
	for (char *p = log->first[kind]; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}

/* Takes the whole lines of text; returns where the rest begins. */
static size_t take_lines(struct dmesg *log, char *text)
{
	char *line = text, *end;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(log, line);
	}
	return (size_t)(line - text);
}

int dmesg_open(bool from_now)
{
	int fd = sysfs_open(KMSG);

	if (fd >= 0 && from_now)
		lseek(fd, 0, SEEK_END);
	return fd;
}

int dmesg_read(struct dmesg *log, int fd)
{
	char text[8192 + 1]; /* more than the kernel's longest record */
	size_t have = 0, used, all = 0;
	ssize_t n = 0;

	while (all < READ_MAX) {
		n = read(fd, text + have, sizeof(text) - 1 - have);
		/* EPIPE: the oldest were overwritten; it goes on behind. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		all += (size_t)n;
		have += (size_t)n;
		text[have] = '\0';
		/* A text ends at a zero byte: what is behind it is no log. */
		have = strlen(text);
		used = take_lines(log, text);
		if (!used && have == sizeof(text) - 1)
			used = have; /* a line that has no end */
		memmove(text, text + used, have - used);
		have -= used;
	}
	return n < 0 && errno != EAGAIN ?
		       fail(errno, KMSG ": %s", strerror(errno)) :
		       0;
}

bool dmesg_is_public(void)
{
	uint64_t restricted;

	return !sysfs_read_u64(&restricted,
			       "/proc/sys/kernel/dmesg_restrict") &&
	       !restricted;
}

uint64_t dmesg_taint(void)
{
	uint64_t flags;

	return sysfs_read_u64(&flags, "/proc/sys/kernel/tainted") ? 0 : flags;
}
