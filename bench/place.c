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

int place_nodes(struct place *place, const char *list)
{
	bool seen[NODE_MAX] = { false };
	int ids[NODE_MAX], n;

	place->nr_nodes = 0;
	place->except = list[0] == '!';
	if (!strcmp(list, "all"))
		return 0;
	n = parse_list(list + place->except, ids, NODE_MAX);
	for (int i = 0; i < n; i++) {
		if (ids[i] >= NODE_MAX)
			return -EINVAL;
		seen[ids[i]] = true;
	}
	for (int i = 0; i < NODE_MAX; i++)
		if (seen[i])
			place->nodes[place->nr_nodes++] = i;
	return n > 0 ? 0 : -EINVAL;
}

static bool among(const int *ids, int n, int id)
{
	for (int i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void all_but(struct place *place, const int *have, int n)
{
	struct place kept = { .nr_nodes = 0 };

	for (int i = 0; i < n; i++)
		if (!among(place->nodes, place->nr_nodes, have[i]))
			kept.nodes[kept.nr_nodes++] = have[i];
	memcpy(place->nodes, kept.nodes, sizeof(kept.nodes));
	place->nr_nodes = kept.nr_nodes;
	place->except = false;
}

int place_resolve(struct place *place, const int *have, int n, const char *what)
{
	struct textbuf all = { 0 };
	int err = 0;

	if (!place->nr_nodes || place->except) {
		all_but(place, have, n);
		return place->nr_nodes ? 0 :
					 lacks(ENOENT, "%s: no node has %s",
					       place->text, what);
	}
	buf_add_list(&all, have, n);
	for (int i = 0; i < place->nr_nodes && !err; i++)
		if (!among(have, n, place->nodes[i]))
			err = lacks(
				ENOENT,
				"node %d does not exist or has no %s; nodes with %s: %s",
				place->nodes[i], what, what,
				n ? all.text : "none");
	buf_free(&all);
	return err;
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
	if (place_nodes(place, list))
		return misuse(
			"node %s: give any, node1, 1, 0-1, all, !0, preferred:1, interleave:0,1 or weighted:0,1",
			text);
	if (place->mode == PLACE_PREFERRED &&
	    (place->nr_nodes != 1 || place->except))
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

	buf_add(&text, "%s%s", place->balancing ? "balancing " : "",
		place_mode_name(place->mode));
	for (int i = 0; i < place->nr_nodes; i++)
		buf_add(&text, "%s%d", i ? "," : " ", place->nodes[i]);
	return text.text;
}

bool place_is_strict(const struct place *place)
{
	return place->mode == PLACE_BIND || place->mode == PLACE_INTERLEAVE ||
	       place->mode == PLACE_WEIGHTED;
}
