// SPDX-License-Identifier: GPL-2.0-only
/*
 * YAML as PyYAML and people write it is the JSON that it stands for; what is
 * not read is refused by line and column; what is written reads back the same.
 * The expected values are PyYAML's.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon_yaml.h"
#include "lib/base.h"
#include "lib/error.h"
#include "tap.h"

static char *to_json(const char *text)
{
	/* Of its exact length, so that the sanitizer sees a byte too far. */
	size_t len = strlen(text);
	char *copy = malloc(len), *json;
	cJSON *tree;

	memcpy(copy, text, len);
	tree = damon_yaml_parse(copy, len);
	free(copy);
	json = tree ? cJSON_PrintUnformatted(tree) : NULL;
	cJSON_Delete(tree);
	return json;
}

/* On one line */
static const char *named(const char *text)
{
	static char name[80];

	snprintf(name, sizeof(name), "%s", text);
	for (char *p = name; *p; p++)
		*p = *p == '\n' || *p == '\r' ? '~' : *p;
	return name;
}

static void reads(const char *text, const char *want)
{
	char *json = to_json(text), *yaml, *again;
	cJSON *tree;

	is_str(json ? json : fail_message(), want, "%s", named(text));
	if (!json)
		return;
	tree = cJSON_Parse(json);
	yaml = damon_yaml_format(tree);
	again = to_json(yaml);
	is_str(again ? again : fail_message(), want, "and reads back");
	cJSON_Delete(tree);
	free(yaml);
	free(again);
	free(json);
}

static void refuses(const char *text, const char *why)
{
	char *json = to_json(text);

	ok(!json, "%s: refused", named(text));
	like(fail_message(), why, "why");
	free(json);
}

static void writes(const char *json, const char *want)
{
	cJSON *tree = cJSON_Parse(json);
	char *yaml = damon_yaml_format(tree);

	is_str(yaml, want, "%s", json);
	cJSON_Delete(tree);
	free(yaml);
}

static const char PYYAML[] = "kdamonds:\n"
			     "- contexts:\n"
			     "  - intervals:\n"
			     "      aggr_us: 2 s\n"
			     "      sample_us: 100 ms\n"
			     "    nr_regions:\n"
			     "      max: '10000'\n"
			     "      min: 100\n"
			     "    ops: paddr\n"
			     "    schemes: []\n"
			     "    targets:\n"
			     "    - pid: null\n"
			     "      regions:\n"
			     "      - - '4096'\n"
			     "        - 654,336\n"
			     "  refresh_ms: 0\n";
static const char PYYAML_JSON[] =
	"{\"kdamonds\":[{\"contexts\":[{\"intervals\":{\"aggr_us\":\"2 s\","
	"\"sample_us\":\"100 ms\"},\"nr_regions\":{\"max\":\"10000\","
	"\"min\":100},\"ops\":\"paddr\",\"schemes\":[],\"targets\":[{"
	"\"pid\":null,\"regions\":[[\"4096\",\"654,336\"]]}]}],"
	"\"refresh_ms\":0}]}";

int main(void)
{
	char deep[4000] = "";

	reads(PYYAML, PYYAML_JSON);
	reads("a: -3e999\n", "{\"a\":\"-3e999\"}");
	reads("a: 1", "{\"a\":1}");
	reads("---\na: 1\n...\n", "{\"a\":1}");
	reads("# of HMSDK\n\na: 1 # one\nb: '#'\nc: a#b\n",
	      "{\"a\":1,\"b\":\"#\",\"c\":\"a#b\"}");
	reads("a:\r\n- 1\r\n- x y\r\n", "{\"a\":[1,\"x y\"]}");
	reads("a:\n  - 1\n  -   b: 2\n      c: 3\n  -\n    - 4\n",
	      "{\"a\":[1,{\"b\":2,\"c\":3},[4]]}");
	reads("a:\nb: ~\nc:   \nd: ''\n",
	      "{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\"}");
	reads("[true, False, null, -1.5, 5 ms, 0.000 %]",
	      "[true,false,null,-1.5,\"5 ms\",\"0.000 %\"]");
	reads("- 'it''s'\n- \"a\\tb\\u00e9\"\n- c:\\d\n- a:b\n",
	      "[\"it's\",\"a\\tb\xc3\xa9\",\"c:\\\\d\",\"a:b\"]");
	reads("a: {x: 'b, c', y: [1, {z: 2}], w: }\n",
	      "{\"a\":{\"x\":\"b, c\",\"y\":[1,{\"z\":2}],\"w\":null}}");
	reads("w: {m: none, high_permil: 0 %, mid_permil: 0\n    %, low: 0 %}\n",
	      "{\"w\":{\"m\":\"none\",\"high_permil\":\"0 %\","
	      "\"mid_permil\":\"0 %\",\"low\":\"0 %\"}}");
	reads("a: &id001\n- 1\nb: *id001\nc: [*id001, 2]\n",
	      "{\"a\":[1],\"b\":[1],\"c\":[[1],2]}");
	reads("yes: no\n0x10: 0x10\n", "{\"yes\":\"no\",\"0x10\":\"0x10\"}");
	reads("a:\t1\t# one\nb: x y\t\nc:\n-\t2\n",
	      "{\"a\":1,\"b\":\"x y\",\"c\":[2]}");
	reads("%YAML 1.2\n# of HMSDK\n---\na: 1\n---\n# no more\n",
	      "{\"a\":1}");
	reads("a: 1\n... # the end\n", "{\"a\":1}");
	reads("5", "5");
	reads("some text", "\"some text\"");

	refuses("", "line 1, column 1: nothing is in it");
	refuses("# only\n", "nothing is in it");
	refuses("a: 1\n b: 2\n", "line 2, column 2: ");
	refuses("a:\n  b: 1\n c: 2\n", "line 3, column 2: ");
	refuses("a: 1\n- 2\n", "line 2, column 1: ");
	refuses("- 1\na: 2\n", "line 2, column 1: ");
	refuses("a: b: c\n", "line 1, column 4: a second \":\"");
	refuses("a:\n\t- 1\n", "line 2, column 1: a tab");
	refuses("a: |\n  text\n", "line 1, column 4: ");
	refuses("a: !!str 5\n", "line 1, column 4: ");
	refuses("a: 'b\n", "line 1, column 6: a quote is not closed");
	refuses("a: \"b\n", "line 1, column 4: ");
	refuses("a: [1, 2\n", "it ends too early");
	refuses("a: [1 2, {]\n", "line 1, column ");
	refuses("a: 1\nb: 2\na: 3\n", "line 3, column 5: a key that is there");
	refuses("{a: 1, a: 2}\n", "a key that is there already");
	refuses("a: {b}\n", "\":\" is wanted");
	refuses("a: *x\n", "an alias without its anchor");
	refuses("a: &\n", "a name is wanted");
	refuses("a: 1\n...\nb: 2\n", "a second document");
	refuses("a: one\n  two\n", "line 2, column 3: ");
	refuses("a: 'b' c\n", "line 1, column ");
	for (int i = 0; i < 1000; i++)
		strcat(deep, "- ");
	refuses(deep, "nested too deep");
	memset(deep, '[', strlen(deep));
	refuses(deep, "nested too deep");
	/* Each is ten of the one before. */
	refuses("a: &a [1,1,1,1,1,1,1,1,1,1]\n"
		"b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
		"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		"e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
		"f: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
		"more aliases");

	writes(PYYAML_JSON, "kdamonds:\n"
			    "- contexts:\n"
			    "  - intervals:\n"
			    "      aggr_us: \"2 s\"\n"
			    "      sample_us: \"100 ms\"\n"
			    "    nr_regions:\n"
			    "      max: \"10000\"\n"
			    "      min: 100\n"
			    "    ops: paddr\n"
			    "    schemes: []\n"
			    "    targets:\n"
			    "    - pid: null\n"
			    "      regions:\n"
			    "      - - \"4096\"\n"
			    "        - \"654,336\"\n"
			    "  refresh_ms: 0\n");
	writes("[\"yes\",\"null\",\"\",\" a\",\"a: b\",\"/a b\",\"-\"]",
	       "- \"yes\"\n- \"null\"\n- \"\"\n- \" a\"\n- \"a: b\"\n- /a b\n"
	       "- \"-\"\n");
	return done_testing();
}
