/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * damon_json.h - DAMON's configuration in the format of damo, DAMON's user space
 * tool, JSON or YAML, so that its files can be started here and ours there.
 *
 * Source: damo's USAGE.md, "Full DAMON parameters update"; tried with damo.
 */
#ifndef TIER_DAMON_DAMON_JSON_H
#define TIER_DAMON_DAMON_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "damon/damon_config.h"

/* A configuration in JSON is far below this. */
#define DAMO_MAX_BYTES 1048576

/*
 * From a file, "-" is standard input. NULL with the message: it cannot be
 * read (fail()); or misuse() with the JSON path of what is wrong. What damo
 * has and tier does not know is refused, unless it says nothing.
 */
struct damon_config *damo_read(const char *file);
/* The same of a text; name is for the message. */
struct damon_config *damo_parse(const char *name, const char *text, size_t len);
/*
 * The text, to be freed. Numbers are strings, as damo writes them; exact,
 * also where damo would round.
 */
char *damo_format(const struct damon_config *config, bool yaml);
/*
 * The same to a file, "-" is standard output; in YAML if its name ends in .yaml
 * or .yml. 0 or -errno with the message.
 */
int damo_write(const char *file, const struct damon_config *config);

#endif
