/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * damon_yaml.h - the YAML that damo and HMSDK's gen_migpol.py write, as the JSON
 * that it stands for, and back.
 *
 * Of YAML 1.1 what PyYAML's dump() makes of such data, and people write by hand:
 * blocks and [], {}, plain and quoted scalars on one line, comments, anchors.
 * A whole reader (libyaml) is larger than tier's part for DAMON, and knows tags,
 * documents and folded texts that no configuration has: these are refused.
 *
 * Source: yaml.org/spec/1.1; tried with PyYAML.
 */
#ifndef TIER_DAMON_DAMON_YAML_H
#define TIER_DAMON_DAMON_YAML_H

#include <stddef.h>

struct cJSON;

/*
 * The tree, for cJSON_Delete(). NULL with misuse(): line, column, and what is
 * wrong there.
 */
struct cJSON *damon_yaml_parse(const char *text, size_t len);
/* The text, to be freed; in PyYAML's block style. */
char *damon_yaml_format(const struct cJSON *json);

#endif
