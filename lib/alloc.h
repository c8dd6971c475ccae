/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc.h - memory that is there: malloc() and friends that end the program
 * when there is none. All of it is freed with free(), but what is shared.
 */
#ifndef TIER_LIB_ALLOC_H
#define TIER_LIB_ALLOC_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size); /* zeroed; never NULL */
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Room for one more behind the n elements of an array, each of so many bytes;
 * NULL for the first. Returns the array, which moves at every power of two.
 */
void *xgrow(void *array, size_t n, size_t size);

/*
 * Zeroed memory that processes share which are forked from now on; NULL, with
 * errno, where there is none. shared_unmap() takes NULL, too.
 */
void *shared_map(size_t bytes);
void shared_unmap(void *p, size_t bytes);

#endif
