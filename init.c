// SPDX-License-Identifier: GPL-2.0-only
/*
 * init.c - being PID 1 of a machine: mounts, console, kernel modules, power off.
 *
 * The only file that mounts or reboots. Nothing here may end the process:
 * a PID 1 that exits panics the kernel. What fails is said, and the run goes
 * on to find out whether it can do without.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/time.h"
#include "lib/wait.h"
#include "mm/host_port.h"
#include "sysfs.h"

#define MODULE_LIST "/etc/tier/modules"
#define PORT_NAME "tier"
/* The module's probe makes the port known a moment after it is loaded. */
#define PORT_WAIT_NS (UINT64_C(1000) * 1000000)
#define POLL_NS (UINT64_C(5) * 1000000)
/* A screen of text takes a slow serial line less. */
#define DRAIN_NS (UINT64_C(10000) * 1000000)
/* KERN_ERR and worse: warnings would split the lines of a report. */
#define CONSOLE_LEVEL 4
#define SYSLOG_CONSOLE_LEVEL 8

static const struct mount_row {
	const char *type, *target, *options;
	unsigned long flags;
	bool required;
} mounts[] = {
	{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, false },
	{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV, false },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "debugfs", "/sys/kernel/debug", NULL, 0, false },
	{ "tracefs", "/sys/kernel/tracing", NULL, 0, false },
	{ "cgroup2", "/sys/fs/cgroup", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC,
	  false },
};

static void mount_row(const struct mount_row *m)
{
	mkdir(m->target, 0755); /* exists, or the mount says why not */
	if (!mount(m->type, m->target, m->type, m->flags, m->options))
		return;
	/* EBUSY: it is there already. Optional ones may be refused. */
	if (errno != EBUSY && m->required)
		report_warn("cannot mount %s: %s", m->target, strerror(errno));
}

/*
 * An image made without root has no /dev/console, so the kernel could give
 * PID 1 no descriptors. In a user namespace they are there: keep them.
 */
static void open_console(void)
{
	int fd;

	if (fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 &&
	    fcntl(2, F_GETFD) >= 0)
		return;
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

void init_take_console(void)
{
	int fd;

	/* In a user namespace standard output may be a file: keep it. */
	if (!isatty(STDIN_FILENO))
		return;
	/* /dev/console cannot be a controlling terminal; what it stands for can. */
	fd = open("/dev/ttyS0", O_RDWR);
	if (fd < 0)
		return;
	if (!isatty(fd)) {
		close(fd);
		return;
	}
	setsid();
	ioctl(fd, TIOCSCTTY, 1); /* also from who had it before */
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; *text; text += *text == ' ') {
		size_t n = strcspn(text, " ");

		if (n == len && !strncmp(text, word, n))
			return true;
		text += n;
	}
	return false;
}

int init_own_words(int argc, char **argv)
{
	char *line = sysfs_slurp("/proc/cmdline");
	char *ours = line ? strstr(line, " -- ") : NULL;
	int foreign = 0;

	if (ours)
		*ours = '\0';
	while (ours && foreign + 1 < argc && has_word(line, argv[foreign + 1]))
		foreign++;
	free(line);
	memmove(argv + 1, argv + 1 + foreign,
		(size_t)(argc - foreign) * sizeof(*argv));
	return argc - foreign;
}

/* --------------------------------------------------------------- modules */

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* EEXIST: it is there already, perhaps built in. */
	if ((fd < 0 || syscall(SYS_finit_module, fd, "", 0)) && errno != EEXIST)
		report_warn("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/*
 * A path a line, and what a module needs is before it: what to load, and in
 * which order, is known when the image is made, where image.sh asks modprobe.
 * So there is neither libkmod here (24 KB, and a tenth of a second) nor a
 * modprobe in the guest, which is as fast but wants its indices.
 */
void init_modules(void)
{
	char *text, *path, *save;

	if (!sysfs_exists(MODULE_LIST))
		return;
	text = sysfs_slurp(MODULE_LIST);
	if (!text) {
		report_warn("no modules were loaded: %s", fail_message());
		return;
	}
	for (path = strtok_r(text, "\n", &save); path;
	     path = strtok_r(NULL, "\n", &save))
		load_module(path);
	free(text);
}

/*
 * The first PID namespace has this number since there are such files
 * (PROC_PID_INIT_INO); a kernel without namespaces has no file.
 */
static bool is_first(void)
{
	static const char first[] = "pid:[4026531836]";
	char link[64];
	int err = sysfs_link_name(link, sizeof(link), "/proc/self/ns/pid");

	return err ? err == -ENOENT : !strcmp(link, first);
}

bool init_is_ours(void)
{
	if (!access("/proc/self/stat", F_OK))
		return is_first();
	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", mounts[0].flags, NULL))
		return false;
	if (is_first())
		return true;
	umount("/proc");
	return false;
}

void init_begin(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		mount_row(&mounts[i]);
	open_console();
	init_take_console();
	klogctl(SYSLOG_CONSOLE_LEVEL, NULL, CONSOLE_LEVEL);
}

/* ---------------------------------------------------------- records' port */

/* Is there a UART behind it? The driver makes ttyS1 in any case. */
static int open_serial_port(void)
{
	struct serial_struct serial = { 0 };
	struct termios raw;
	int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	if (ioctl(fd, TIOCGSERIAL, &serial) || serial.type == PORT_UNKNOWN) {
		close(fd);
		return -1;
	}
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		cfsetspeed(&raw, B115200);
		tcsetattr(fd, TCSANOW, &raw);
	}
	fcntl(fd, F_SETFL, 0);
	return fd;
}

/*
 * The virtio port is some 200 times as fast as a UART and needs no attention
 * of a CPU a byte; virtio_console is built into or a module of every kernel
 * that this is booted with. The UART is there for those without it.
 */
int init_records_port(void)
{
	uint64_t deadline = now_ns() + PORT_WAIT_NS;
	int fd = -1;

	while (sysfs_exists("/sys/bus/virtio/drivers/virtio_console/virtio0") ||
	       sysfs_exists("/sys/class/virtio-ports/vport0p1")) {
		/* A host that does not read shall not keep PID 1. */
		fd = host_port_open(PORT_NAME, O_WRONLY);
		if (fd >= 0 || now_ns() > deadline)
			break;
		sleep_ns(POLL_NS);
	}
	return fd >= 0 ? fd : open_serial_port();
}

int init_end(int status)
{
	wait_alarm(DRAIN_NS);
	tcdrain(1); /* of what is no terminal: an error */
	wait_alarm(0);
	sync();
	reboot(RB_POWER_OFF);
	/* A machine without ACPI: halt, rather than panic by returning. */
	reboot(RB_HALT_SYSTEM);
	return status;
}
