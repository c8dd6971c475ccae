// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for libudev, for libcxl only.
 *
 * systemd's udevd keeps the file /run/udev/queue while events are pending.
 * Without udevd (our initramfs) it never exists, and the queue is empty:
 * an answer of 0 here makes libcxl wait 5 s for every region.
 */
#include <unistd.h>

#include "libudev.h"

/* libcxl takes NULL for a failure, so the handles point at something */
static char handle;

struct udev *udev_new(void)
{
	return (struct udev *)&handle;
}

struct udev *udev_unref(struct udev *udev)
{
	(void)udev;
	return NULL;
}

struct udev_queue *udev_queue_new(struct udev *udev)
{
	(void)udev;
	return (struct udev_queue *)&handle;
}

struct udev_queue *udev_queue_unref(struct udev_queue *queue)
{
	(void)queue;
	return NULL;
}

int udev_queue_get_queue_is_empty(struct udev_queue *queue)
{
	(void)queue;
	return access("/run/udev/queue", F_OK) != 0;
}
