// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_yaml.c - the YAML of damo and HMSDK, as the JSON that it stands for.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "damon/damon_yaml.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"

#define DEPTH_MAX 64
/* An alias stands for all that is behind its anchor: they multiply. */
#define NODES_MAX 100000
#define ANCHORS_MAX 64
#define ANCHOR_NAME 32

struct yaml {
	const char *at, *end, *line_start;
	int line, depth, nodes;
	bool failed;
	bool began; /* the document: its "---" is read, or is none */
	struct {
		char name[ANCHOR_NAME];
		const cJSON *node;
	} anchors[ANCHORS_MAX];
	int nr_anchors;
};

static cJSON *bad(struct yaml *y, const char *what)
{
	if (!y->failed)
		misuse("line %d, column %d: %s", y->line,
		       (int)(y->at - y->line_start) + 1, what);
	y->failed = true;
	return NULL;
}

static int column(const struct yaml *y)
{
	return (int)(y->at - y->line_start);
}

static int peek(const struct yaml *y, size_t ahead)
{
	return (size_t)(y->end - y->at) > ahead ? (unsigned char)y->at[ahead] :
						  '\n';
}

/* Behind what else is on the line tabs are as good as spaces. */
static void skip_spaces(struct yaml *y)
{
	bool indent = true;

	for (const char *p = y->line_start; p < y->at; p++)
		indent = indent && *p == ' ';
	while (y->at < y->end && (*y->at == ' ' || (*y->at == '\t' && !indent)))
		y->at++;
}

static bool is_comment(const struct yaml *y)
{
	return y->at < y->end && *y->at == '#' &&
	       (y->at == y->line_start || isspace((unsigned char)y->at[-1]));
}

static void skip_line(struct yaml *y)
{
	while (y->at < y->end && *y->at != '\n')
		y->at++;
}

/* Does a line "---" or "..." begin here? */
static bool begins(const struct yaml *y, const char *mark)
{
	return y->end - y->at >= 3 && !memcmp(y->at, mark, 3) &&
	       isspace(peek(y, 3));
}

/* "..." ends the text, and so does a second "---": nothing is behind it. */
static bool is_at_end(struct yaml *y)
{
	const char *end = y->at;

	if (y->at != y->line_start ||
	    !(begins(y, "...") || (y->began && begins(y, "---"))))
		return false;
	for (y->at += 3; y->at < y->end; y->at++) {
		if (is_comment(y))
			skip_line(y);
		if (y->at < y->end && !isspace((unsigned char)*y->at))
			return !bad(y, "a second document: a file has one");
	}
	y->at = y->end = end;
	return true;
}

/* To the next token, on whichever line. False: there is none. */
static bool skip(struct yaml *y)
{
	for (; y->at < y->end; y->at++) {
		skip_spaces(y);
		if (is_comment(y))
			skip_line(y);
		if (y->at < y->end && *y->at == '\r' && peek(y, 1) == '\n')
			y->at++;
		if (y->at == y->end)
			break;
		if (is_at_end(y))
			return false;
		if (*y->at != '\n')
			return *y->at != '\t' ||
			       bad(y, "a tab: YAML indents by spaces");
		y->line++;
		y->line_start = y->at + 1;
	}
	return false;
}

/* Is there nothing more on this line? */
static bool line_ends(struct yaml *y)
{
	skip_spaces(y);
	return y->at == y->end || *y->at == '\n' || *y->at == '\r' ||
	       is_comment(y);
}

/* "-", "?" and ":" are marks only if a space or the line's end follows. */
static bool is_mark(const struct yaml *y, char mark)
{
	return y->at < y->end && *y->at == mark && isspace(peek(y, 1));
}

/* ----------------------------------------------------------------- scalars */

/* null, true, 12, 0.5; what else is plain is a string, as 5 ms and 0x10. */
static cJSON *resolve(const char *text)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	static const char *const trues[] = { "true", "True", "TRUE" };
	static const char *const falses[] = { "false", "False", "FALSE" };
	char *end;
	double number;

	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
		if (!strcmp(text, nulls[i]))
			return cJSON_CreateNull();
	for (size_t i = 0; i < ARRAY_SIZE(trues); i++) {
		if (!strcmp(text, trues[i]))
			return cJSON_CreateTrue();
		if (!strcmp(text, falses[i]))
			return cJSON_CreateFalse();
	}
	number = strtod(text, &end);
	/* What no number holds is text, and no number for who wants one. */
	if (*text && !*end && isfinite(number) &&
	    strspn(text, "0123456789.+-eE") == strlen(text))
		return cJSON_CreateNumber(number);
	return cJSON_CreateString(text);
}

/* 'it''s': a quote is written twice. */
static bool read_single(struct yaml *y, struct textbuf *b)
{
	for (y->at++; y->at < y->end && *y->at != '\n'; y->at++) {
		if (*y->at == '\'' && peek(y, 1) != '\'')
			break;
		y->at += *y->at == '\'';
		buf_addn(b, y->at, 1);
	}
	if (peek(y, 0) != '\'')
		return bad(y, "a quote is not closed on its line");
	y->at++;
	return true;
}

/* As JSON's, which cJSON reads. */
static bool read_double(struct yaml *y, struct textbuf *b)
{
	const char *end = NULL;
	cJSON *json = cJSON_ParseWithLengthOpts(y->at, (size_t)(y->end - y->at),
						&end, false);
	bool good = cJSON_IsString(json) && end > y->at &&
		    !memchr(y->at, '\n', (size_t)(end - y->at));

	if (good) {
		buf_add(b, "%s", json->valuestring);
		y->at = end;
	}
	cJSON_Delete(json);
	return good || bad(y, "a quoted text that ends on its line is wanted");
}

/*
 * Until ": ", " #" or the line's end; in [] and {} until , ] }, and over lines,
 * which PyYAML folds at column 80: there a space stands for the line's end.
 */
static bool read_plain(struct yaml *y, struct textbuf *b, bool flow)
{
	static const char marks[] = "!|>@`%\"'#&*?[]{},";
	size_t kept = 0;

	if (strchr(marks, *y->at) || is_mark(y, '-') || is_mark(y, ':'))
		return bad(
			y,
			"a plain or quoted text is wanted (YAML has more than is read here)");
	while (y->at < y->end) {
		if (is_mark(y, ':') || is_comment(y) ||
		    (flow && strchr(",[]{}", *y->at)))
			break;
		if (*y->at == '\n') {
			if (!flow || !skip(y))
				break;
			b->len = kept;
			buf_addn(b, " ", 1);
			continue;
		}
		buf_addn(b, y->at, 1);
		if (!isspace((unsigned char)*y->at++))
			kept = b->len;
	}
	b->len = kept;
	b->text[kept] = '\0';
	return true;
}

/* A text, and whether it was quoted, which makes it a string. */
static bool read_text(struct yaml *y, struct textbuf *b, bool flow,
		      bool *quoted)
{
	int c = peek(y, 0);

	buf_addn(b, "", 0);
	*quoted = c == '\'' || c == '"';
	return c == '\'' ? read_single(y, b) :
	       c == '"'	 ? read_double(y, b) :
			   read_plain(y, b, flow);
}

static cJSON *read_scalar(struct yaml *y, bool flow)
{
	struct textbuf b = { 0 };
	cJSON *node = NULL;
	bool quoted;

	if (read_text(y, &b, flow, &quoted))
		node = quoted ? cJSON_CreateString(b.text) : resolve(b.text);
	buf_free(&b);
	return node;
}

/* ----------------------------------------------------------------- anchors */

static bool read_name(struct yaml *y, char name[static ANCHOR_NAME])
{
	size_t n = 0;

	for (y->at++;
	     isalnum(peek(y, 0)) || peek(y, 0) == '_' || peek(y, 0) == '-';
	     y->at++)
		if (n < ANCHOR_NAME - 1)
			name[n++] = *y->at;
	name[n] = '\0';
	return n || bad(y, "a name is wanted");
}

static int count(const cJSON *node)
{
	int n = 1;

	for (node = node->child; node; node = node->next)
		n += count(node);
	return n;
}

/* How many lists are in one another there. */
static int height(const cJSON *node)
{
	int most = 0, below;

	if (!cJSON_IsArray(node) && !cJSON_IsObject(node))
		return 0;
	for (node = node->child; node; node = node->next) {
		below = height(node);
		most = below > most ? below : most;
	}
	return most + 1;
}

static cJSON *read_alias(struct yaml *y)
{
	char name[ANCHOR_NAME];

	if (!read_name(y, name))
		return NULL;
	for (int i = y->nr_anchors; i-- > 0;) {
		if (strcmp(y->anchors[i].name, name))
			continue;
		if (y->depth + height(y->anchors[i].node) > DEPTH_MAX)
			return bad(y, "nested too deep");
		y->nodes += count(y->anchors[i].node);
		return y->nodes > NODES_MAX ?
			       bad(y,
				   "more aliases than any configuration has") :
			       cJSON_Duplicate(y->anchors[i].node, true);
	}
	return bad(y, "an alias without its anchor");
}

/* ----------------------------------------------------------- [ ] and { } */

static cJSON *read_flow(struct yaml *y);

static bool flow_ends(struct yaml *y, char close)
{
	if (!skip(y))
		return bad(y, "it ends too early");
	return *y->at == close;
}

/* PyYAML would take the last of two, cJSON the first: neither is guessed. */
static void add_entry(struct yaml *y, cJSON *map, const char *key, cJSON *value)
{
	if (cJSON_GetObjectItemCaseSensitive(map, key))
		bad(y, "a key that is there already");
	cJSON_AddItemToObject(map, key, value);
}

/* In {}: the key, and the ":" behind it. */
static bool read_flow_key(struct yaml *y, struct textbuf *key)
{
	bool quoted;

	if (!read_text(y, key, true, &quoted))
		return false;
	skip_spaces(y);
	if (peek(y, 0) != ':')
		return bad(y, "\":\" is wanted");
	y->at++;
	return !flow_ends(y, '}') || !y->failed;
}

static bool read_flow_item(struct yaml *y, cJSON *list, bool is_map)
{
	struct textbuf key = { 0 };
	cJSON *item = NULL;

	if (!is_map) {
		item = read_flow(y);
		return item && cJSON_AddItemToArray(list, item);
	}
	if (read_flow_key(y, &key))
		item = *y->at == '}' || *y->at == ',' ? cJSON_CreateNull() :
							read_flow(y);
	if (item)
		add_entry(y, list, key.text, item);
	buf_free(&key);
	return item;
}

static cJSON *read_flow_list(struct yaml *y)
{
	bool is_map = *y->at == '{';
	char close = is_map ? '}' : ']';
	cJSON *list = is_map ? cJSON_CreateObject() : cJSON_CreateArray();

	y->at++;
	while (!flow_ends(y, close) && !y->failed) {
		if (!read_flow_item(y, list, is_map) || flow_ends(y, close))
			break;
		if (!y->failed && *y->at != ',')
			bad(y, "\",\" or the end of the list is wanted");
		y->at++;
	}
	y->at++;
	if (!y->failed)
		return list;
	cJSON_Delete(list);
	return NULL;
}

static bool is_flow_list(const struct yaml *y)
{
	return *y->at == '[' || *y->at == '{';
}

/* No deeper than blocks are: what is taken is as JSON no deeper than it was. */
static cJSON *read_flow(struct yaml *y)
{
	cJSON *node;

	if (!is_flow_list(y))
		return *y->at == '*' ? read_alias(y) : read_scalar(y, true);
	if (++y->depth > DEPTH_MAX)
		return bad(y, "nested too deep");
	node = read_flow_list(y);
	y->depth--;
	return node;
}

/* ------------------------------------------------------------------ blocks */

static cJSON *read_block(struct yaml *y, int indent);

/* Does a key stand here? */
static bool is_key(struct yaml *y)
{
	struct yaml ahead = *y;
	struct textbuf b = { 0 };
	bool quoted, found;

	if (strchr("[{&*!|>#", *y->at) || is_mark(y, '-'))
		return false;
	ahead.failed = true; /* it says nothing */
	found = read_text(&ahead, &b, false, &quoted);
	skip_spaces(&ahead);
	buf_free(&b);
	return found && is_mark(&ahead, ':');
}

/* What follows "- ", or "key:" whose column is given. */
static cJSON *read_value(struct yaml *y, int of, bool in_map)
{
	if (!line_ends(y)) {
		if (in_map && is_key(y))
			return bad(
				y,
				"a second \":\" on the line: quote the text");
		return read_block(y, of + 1);
	}
	if (!skip(y) || column(y) < of)
		return y->failed ? NULL : cJSON_CreateNull();
	/* A list may stand as far left as its key does. */
	if (column(y) > of || (in_map && is_mark(y, '-')))
		return read_block(y, of + (column(y) > of));
	return cJSON_CreateNull();
}

static bool read_entry(struct yaml *y, cJSON *map, int of)
{
	struct textbuf key = { 0 };
	cJSON *value = NULL;
	bool quoted;

	if (!is_key(y))
		bad(y, "\"key: value\" is wanted");
	else if (read_text(y, &key, false, &quoted)) {
		skip_spaces(y);
		y->at++;
		value = read_value(y, of, true);
	}
	if (value)
		add_entry(y, map, key.text, value);
	buf_free(&key);
	return value;
}

/* A list ("- ") or a map, all of whose items begin in this column. */
static cJSON *read_items(struct yaml *y, bool is_map)
{
	cJSON *list = is_map ? cJSON_CreateObject() : cJSON_CreateArray();
	int of = column(y);
	cJSON *item;

	do {
		if (is_map) {
			read_entry(y, list, of);
		} else {
			y->at++;
			item = read_value(y, of, false);
			if (item)
				cJSON_AddItemToArray(list, item);
		}
	} while (!y->failed && skip(y) && column(y) == of &&
		 is_map != is_mark(y, '-'));
	if (!y->failed && y->at < y->end && column(y) > of)
		bad(y, "it is indented more than what it is beside");
	if (!y->failed)
		return list;
	cJSON_Delete(list);
	return NULL;
}

/* What begins here, in this column or further to the right. */
static cJSON *read_block(struct yaml *y, int indent)
{
	char anchor[ANCHOR_NAME] = "";
	cJSON *node;

	if (++y->depth > DEPTH_MAX || ++y->nodes > NODES_MAX)
		return bad(y, "nested too deep, or too long");
	if (*y->at == '&') {
		if (!read_name(y, anchor))
			return NULL;
		if (line_ends(y) && (!skip(y) || column(y) < indent - 1))
			return bad(y, "nothing is behind the anchor");
	}
	if (is_flow_list(y)) {
		node = read_flow_list(y);
	} else if (*y->at == '*') {
		node = read_alias(y);
	} else if (is_mark(y, '-') || is_key(y)) {
		node = read_items(y, !is_mark(y, '-'));
	} else {
		node = read_scalar(y, false);
	}
	if (node && anchor[0] && y->nr_anchors < ANCHORS_MAX) {
		strcpy(y->anchors[y->nr_anchors].name, anchor);
		y->anchors[y->nr_anchors++].node = node;
	}
	y->depth--;
	return node;
}

cJSON *damon_yaml_parse(const char *text, size_t len)
{
	struct yaml y = {
		.at = text, .end = text + len, .line_start = text, .line = 1
	};
	cJSON *json = NULL;

	/* What is behind it would be lost without a word. */
	if (memchr(text, '\0', len))
		return bad(&y, "there is a zero byte in it");
	while (skip(&y) && *y.at == '%') /* %YAML 1.2 */
		skip_line(&y);
	y.began = true;
	if (begins(&y, "---")) {
		y.at += 3;
		skip(&y);
	}
	if (y.at < y.end)
		json = read_block(&y, 0);
	else
		bad(&y, "nothing is in it");
	if (json && skip(&y))
		bad(&y, "it is not part of what is before it");
	if (!y.failed)
		return json;
	cJSON_Delete(json);
	return NULL;
}

/* ----------------------------------------------------------------- writing */

/* Read back, would it be the same string? Else it is quoted, as JSON does. */
static bool is_plain(const char *text)
{
	cJSON *json = resolve(text);
	bool plain = cJSON_IsString(json) && text[0] &&
		     !strpbrk(text, ":#'\"\\\n\t{}[],&*!|>@`") &&
		     strchr("-?% ", text[0]) == NULL &&
		     !isdigit((unsigned char)text[0]) &&
		     text[strlen(text) - 1] != ' ';
	static const char *const words[] = {
		"yes", "no", "on", "off", "y", "n"
	};

	cJSON_Delete(json);
	/* These are booleans to YAML 1.1. */
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		plain = plain && strcasecmp(text, words[i]);
	return plain;
}

static void add_scalar(struct textbuf *b, const cJSON *json)
{
	char *text;

	if (cJSON_IsString(json) && is_plain(json->valuestring)) {
		buf_add(b, "%s\n", json->valuestring);
		return;
	}
	text = cJSON_PrintUnformatted(json);
	buf_add(b, "%s\n", text ? text : "null");
	free(text);
}

static void add_indent(struct textbuf *b, int indent)
{
	for (int i = 0; i < indent; i++)
		buf_addn(b, "  ", 2);
}

/* The items of a list or a map; the first one's line has been indented. */
static void add_items(struct textbuf *b, const cJSON *json, int indent)
{
	bool is_map = cJSON_IsObject(json);

	for (const cJSON *item = json->child; item; item = item->next) {
		bool nested = item->child;

		if (item != json->child)
			add_indent(b, indent);
		if (!is_map) {
			buf_addn(b, "- ", 2);
			if (nested)
				add_items(b, item, indent + 1);
			else
				add_scalar(b, item);
			continue;
		}
		buf_add(b, "%s:%s", item->string, nested ? "\n" : " ");
		if (!nested) {
			add_scalar(b, item);
			continue;
		}
		/* As PyYAML: a list as far left as its key. */
		indent += cJSON_IsObject(item);
		add_indent(b, indent);
		add_items(b, item, indent);
		indent -= cJSON_IsObject(item);
	}
}

char *damon_yaml_format(const cJSON *json)
{
	struct textbuf b = { 0 };

	buf_addn(&b, "", 0);
	if (json->child)
		add_items(&b, json, 0);
	else
		add_scalar(&b, json);
	return b.text;
}
