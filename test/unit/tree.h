/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree.h - a temporary tree in the place of /sys and /proc, for tests in C.
 */
#ifndef TIER_TREE_H
#define TIER_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfs.h"

static char tree_dir[PATH_MAX / 2];
static pid_t tree_owner;

static inline void tree_die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Where path is in the tree; one at a time. */
static inline const char *tree_path(const char *path)
{
	static char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s%s", tree_dir,
		 path[0] == '/' ? "" : "/", path);
	return full;
}

static inline void tree_parents(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s", tree_path(path));
	for (char *p = strchr(full + strlen(tree_dir) + 1, '/'); p;
	     p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			tree_die(full);
		*p = '/';
	}
}

static inline int tree_delete(const char *path, const struct stat *st, int type,
			      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_remove(const char *path)
{
	nftw(tree_path(path), tree_delete, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void tree_data(const char *path, const void *data, size_t len)
{
	FILE *f;

	tree_parents(path);
	f = fopen(tree_path(path), "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		tree_die(path);
}

static inline void tree_file(const char *path, const char *text)
{
	tree_data(path, text, strlen(text));
}

static inline void tree_directory(const char *path)
{
	tree_parents(path);
	if (mkdir(tree_path(path), 0755))
		tree_die(path);
}

static inline void tree_link(const char *path, const char *target)
{
	tree_parents(path);
	if (symlink(target, tree_path(path)))
		tree_die(path);
}

/* What a file of the tree holds; one at a time. */
static inline const char *tree_text(const char *path)
{
	static char text[4096];
	FILE *f = fopen(tree_path(path), "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return f ? text : NULL;
}

static inline void tree_end(void)
{
	/* A child that ends leaves it alone. */
	if (getpid() == tree_owner)
		tree_remove("");
}

/* An empty tree, which sysfs.c reads from now on. */
static inline void tree_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(tree_dir, sizeof(tree_dir), "%s/tree.XXXXXX",
		 tmp ? tmp : "/tmp");
	if (!mkdtemp(tree_dir) || sysfs_set_root(tree_dir))
		tree_die(tree_dir);
	tree_owner = getpid();
	atexit(tree_end);
}

#endif
