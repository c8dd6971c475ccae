// SPDX-License-Identifier: GPL-2.0-only
/*
 * host_port.c - ports of a virtio-serial device, and what the host is asked.
 *
 * A question is a line, "look cxl0", and so is its answer: "ok 0x1 in", or
 * "error" and why.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/report.h"
#include "lib/time.h"
#include "mm/host_port.h"
#include "sysfs.h"

#define PORTS "/sys/class/virtio-ports"
#define NAME "host"
/* To look is nothing, but the host may be busy. */
#define LOOK_NS (UINT64_C(30) * 1000000000)
#define ANSWER 512

int host_port_open(const char *name, int flags)
{
	char seen[64], path[64];
	int *ids, n, fd = -1;

	/* vport0p1 is port 1 of device 0; there is one device in the guest. */
	n = sysfs_ids(&ids, "vport0p", PORTS);
	for (int i = 0; i < n && fd < 0; i++) {
		if (sysfs_read(seen, sizeof(seen), PORTS "/vport0p%d/name",
			       ids[i]) < 0 ||
		    strcmp(seen, name))
			continue;
		snprintf(path, sizeof(path), "/dev/vport0p%d", ids[i]);
		fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			report_warn("%s: %s", path, strerror(errno));
	}
	if (n > 0)
		free(ids);
	return fd;
}

/* A line, without its end, by the deadline. */
static int read_line(int fd, char line[static ANSWER], uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (len < ANSWER && now_ns() < deadline) {
		poll(&p, 1, 100);
		n = read(fd, line + len, 1);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return fail(errno, "the host's port: %s",
				    strerror(errno));
		if (n > 0 && line[len] == '\n') {
			line[len] = '\0';
			return 0;
		}
		len += n > 0;
		/* A port whose host is away is ready, and has nothing. */
		if (!n)
			sleep_ns(10000000);
	}
	return fail(ETIMEDOUT, "the host gave no answer");
}

static int ask(const char *what, const char *device, uint64_t timeout_ns,
	       char answer[static ANSWER])
{
	int fd = host_port_open(NAME, O_RDWR), err = 0;
	char line[128];
	size_t len;

	if (fd < 0)
		return lacks(
			ENODEV,
			"%s %s: this machine has no port to a host that could: ./build.sh run makes one, if it is told of it (--at, or TOPOLOGY=cxl-plug)",
			what, device);
	len = (size_t)snprintf(line, sizeof(line), "%s %s\n", what, device);
	if (len >= sizeof(line))
		err = misuse("%s %s: too long", what, device);
	else if (write(fd, line, len) != (ssize_t)len)
		err = fail(errno, "the host's port: %s", strerror(errno));
	else
		err = read_line(fd, answer, now_ns() + timeout_ns);
	close(fd);
	if (err || !strncmp(answer, "ok ", 3))
		return err;
	return fail(EIO, "%s %s: %s", what, device,
		    strncmp(answer, "error ", 6) ? answer : answer + 6);
}

int host_port_look(const char *device, struct host_port_device *d)
{
	char answer[ANSWER], state[8];
	int err = ask("look", device, LOOK_NS, answer);

	if (!err && sscanf(answer, "ok %23s %7s", d->serial, state) != 2)
		err = fail(EPROTO, "the host answers \"%s\"", answer);
	d->plugged = !err && !strcmp(state, "in");
	return err;
}

int host_port_plug(const char *device)
{
	char answer[ANSWER];

	return ask("plug", device, LOOK_NS, answer);
}

int host_port_unplug(const char *device, uint64_t timeout_ns)
{
	char answer[ANSWER];

	return ask("unplug", device, timeout_ns, answer);
}
