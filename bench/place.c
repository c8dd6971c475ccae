// SPDX-License-Identifier: GPL-2.0-only
/*
 * place.c - where memory is to be, as the command line says it.
 */
#include <errno.h>
#include <string.h>

#include "bench/place.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"

static int node_numbers(struct place *place, const char *list)
{
	int n = parse_list(list, place->nodes, NODE_MAX);

	if (n <= 0)
		return -EINVAL;
	for (int i = 1; i < n; i++)
		if (place->nodes[i] <= place->nodes[i - 1])
			return -EINVAL;
	place->nr_nodes = n;
	return 0;
}

int place_parse(struct place *place, const char *text)
{
	static const struct {
		const char *prefix;
		enum place_mode mode;
	} modes[] = {
		{ "interleave:", PLACE_INTERLEAVE },
		{ "weighted:", PLACE_WEIGHTED },
		{ "preferred:", PLACE_PREFERRED },
		{ "bind:", PLACE_BIND },
		{ "node", PLACE_BIND },
	};
	const char *list = text;

	*place = (struct place){ .mode = PLACE_ANY, .text = text };
	if (!strcmp(text, "any"))
		return 0;
	place->mode = PLACE_BIND;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		size_t len = strlen(modes[i].prefix);

		if (strncmp(text, modes[i].prefix, len))
			continue;
		place->mode = modes[i].mode;
		list = text + len;
		break;
	}
	if (node_numbers(place, list))
		return misuse(
			"node %s: give any, node1, 1, 0-1, preferred:1, interleave:0,1 or weighted:0,1",
			text);
	if (place->mode == PLACE_PREFERRED && place->nr_nodes > 1)
		return misuse("node %s: only one node can be preferred", text);
	return 0;
}

const char *place_mode_name(enum place_mode mode)
{
	static const char *const names[] = {
		[PLACE_BIND] = "membind",
		[PLACE_PREFERRED] = "preferred",
		[PLACE_INTERLEAVE] = "interleave",
		[PLACE_WEIGHTED] = "weighted-interleave",
		[PLACE_PREFERRED_MANY] = "preferred-many",
		[PLACE_LOCAL] = "localalloc",
	};

	return names[mode];
}

char *place_describe(const struct place *place)
{
	struct textbuf text = { 0 };

	buf_add(&text, "%s", place_mode_name(place->mode));
	for (int i = 0; i < place->nr_nodes; i++)
		buf_add(&text, "%s%d", i ? "," : " ", place->nodes[i]);
	return text.text;
}

bool place_is_strict(const struct place *place)
{
	return place->mode == PLACE_BIND || place->mode == PLACE_INTERLEAVE ||
	       place->mode == PLACE_WEIGHTED;
}
