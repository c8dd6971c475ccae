/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for libkmod, for libcxl and libdaxctl only.
 *
 * They ask it for the module of a device before they bind the device to its
 * driver. In the guest init.c has loaded all modules, and on a machine udev
 * has, by the same aliases, when the devices appeared. So nothing is looked
 * up or loaded here: a device of libcxl's has no module, and it goes straight
 * on to bind it; one that libdaxctl asks for by name counts as loaded.
 * Without the driver it is the binding that fails, as with a module that does
 * not exist, and region.c says which modules to load.
 */
#ifndef LIBKMOD_H
#define LIBKMOD_H

/* libcxl has this one from here */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

struct kmod_ctx;
struct kmod_list;
struct kmod_module;

enum kmod_probe {
	KMOD_PROBE_APPLY_BLACKLIST = 0x30000,
};

/* NULL would be a failure, so it points at something */
static inline struct kmod_ctx *kmod_new(const char *dirname,
					const char *const *config_paths)
{
	static char handle;

	(void)dirname, (void)config_paths;
	return (struct kmod_ctx *)&handle;
}

static inline struct kmod_ctx *kmod_unref(struct kmod_ctx *ctx)
{
	(void)ctx;
	return NULL;
}

/* An alias that no module has: no error, and an empty list */
static inline int kmod_module_new_from_lookup(struct kmod_ctx *ctx,
					      const char *alias,
					      struct kmod_list **list)
{
	(void)ctx, (void)alias;
	*list = NULL;
	return 0;
}

static inline int kmod_module_new_from_name(struct kmod_ctx *ctx,
					    const char *name,
					    struct kmod_module **mod)
{
	(void)ctx, (void)name;
	*mod = NULL;
	return 0;
}

static inline struct kmod_module *
kmod_module_get_module(const struct kmod_list *entry)
{
	(void)entry;
	return NULL;
}

static inline const char *kmod_module_get_name(const struct kmod_module *mod)
{
	(void)mod;
	return "";
}

static inline int kmod_module_unref_list(struct kmod_list *list)
{
	(void)list;
	return 0;
}

static inline struct kmod_module *kmod_module_unref(struct kmod_module *mod)
{
	(void)mod;
	return NULL;
}

static inline int kmod_module_probe_insert_module(
	struct kmod_module *mod, unsigned int flags, const char *options,
	int (*run_install)(struct kmod_module *, const char *, void *),
	const void *data,
	void (*print_action)(struct kmod_module *, bool, const char *))
{
	(void)mod, (void)flags, (void)options, (void)run_install;
	(void)data, (void)print_action;
	return 0;
}

#endif
