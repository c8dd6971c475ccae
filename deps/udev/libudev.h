/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libcxl asks udev one question: is its event queue empty?  These are the
 * five functions it needs for that, see udev.c.
 */
#ifndef LIBUDEV_H
#define LIBUDEV_H

struct udev;
struct udev_queue;

struct udev *udev_new(void);
struct udev *udev_unref(struct udev *udev);
struct udev_queue *udev_queue_new(struct udev *udev);
struct udev_queue *udev_queue_unref(struct udev_queue *queue);
int udev_queue_get_queue_is_empty(struct udev_queue *queue);

#endif
