// SPDX-License-Identifier: GPL-2.0-only
/*
 * What damo writes is read, what is written reads back the same, and what is
 * wrong is refused by its place in the file.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "damon/damon_json.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "tap.h"
#include "tree.h"

/*
 * As damo prints it for HMSDK's demotion, of the versions 2.8 and 3.3; the
 * parts that the tests replace are words in capitals.
 */
static const char SOUND[] =
	"{ \"kdamonds\": [ { \"state\": null, \"pid\": null, "
	"\"refresh_ms\": 0, \"contexts\": [ {\n"
	"  \"ops\": \"paddr\", \"addr_unit\": ADDR_UNIT, \"probes\": [],\n"
	"  \"targets\": [ { \"pid\": PID, \"obsolete\": false, \"regions\": [\n"
	"    { \"start\": \"4,096\", \"end\": \"654,336\" },\n"
	"    { \"start\": 1048576, \"end\": END } ] } ],\n"
	"  \"intervals\": { \"sample_us\": SAMPLE, \"aggr_us\": \"2 s\",\n"
	"    \"ops_update_us\": \"20 s\", \"intervals_goal\": {\n"
	"      \"access_bp\": \"0 %\", \"aggrs\": \"0\",\n"
	"      \"min_sample_us\": \"0 ns\", \"max_sample_us\": \"0 ns\" } },\n"
	"  \"nr_regions\": { \"min\": MIN, \"max\": \"10,000\" },\n"
	"  \"sample_control\": { \"primitives_enabled\": { \"page_table\": "
	"true } },\n"
	"  \"schemes\": [ { \"action\": ACTION, \"target_nid\": NID,\n"
	"    \"access_pattern\": {\n"
	"      \"sz_bytes\": { \"min\": \"4.000 KiB\", \"max\": \"max\" },\n"
	"      \"nr_accesses\": { \"min\": LEAST, \"max\": \"100 %\" },\n"
	"      \"age\": { \"min\": AGE, \"max\": \"max\" } },\n"
	"    \"apply_interval_us\": 0,\n"
	"    \"quotas\": { \"time_ms\": \"1 s\", \"sz_bytes\": BYTES,\n"
	"      \"reset_interval_ms\": \"20 s\", \"goals\": [GOALS],\n"
	"      \"goal_tuner\": \"consist\", \"effective_sz_bytes\": \"0 B\",\n"
	"      \"weights\": { \"sz_permil\": \"0 %\",\n"
	"        \"nr_accesses_permil\": \"0 %\", \"age_permil\": WEIGHT } },\n"
	"    \"watermarks\": { \"metric\": \"none\", \"interval_us\": \"0 ns\",\n"
	"      \"high_permil\": \"0 %\", \"mid_permil\": \"0 %\",\n"
	"      \"low_permil\": \"0 %\" },\n"
	"    \"filters\": [ { \"filter_type\": \"memcg\", \"matching\": false,\n"
	"      \"allow\": false, \"memcg_path\": PATH, \"address_range\": null,\n"
	"      \"damon_target_idx\": null, \"hugepage_size\": null }, FILTER\n"
	"      { \"filter_type\": \"young\", \"matching\": MATCHING,\n"
	"      \"allow\": false, \"memcg_path\":\"\",\n"
	"      \"address_range\": null } ]\n"
	"    EXTRA } ] } ] } ] }\n";

static const struct {
	const char *word, *value;
} words[] = {
	{ "ADDR_UNIT", "null" },  { "PID", "null" },
	{ "END", "1073610752" },  { "SAMPLE", "\"100 ms\"" },
	{ "MIN", "\"100\"" },	  { "ACTION", "\"migrate_cold\"" },
	{ "NID", "1" },		  { "LEAST", "\"5 %\"" },
	{ "AGE", "\"30 s\"" },	  { "BYTES", "\"50.000 GiB\"" },
	{ "GOALS", "" },	  { "WEIGHT", "\"1 %\"" },
	{ "PATH", "\"/hmsdk\"" }, { "FILTER", "" },
	{ "MATCHING", "true" },	  { "EXTRA", "" },
};

/* The text with one word given another value; to be freed. */
static char *with(const char *word, const char *value)
{
	struct textbuf b = { 0 };
	const char *p = SOUND;

	while (*p) {
		size_t i;

		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (!strncmp(p, words[i].word, strlen(words[i].word)))
				break;
		if (i == ARRAY_SIZE(words)) {
			buf_addn(&b, p++, 1);
			continue;
		}
		p += strlen(words[i].word);
		buf_add(&b, "%s",
			word && !strcmp(word, words[i].word) ? value :
							       words[i].value);
	}
	return b.text;
}

static struct damon_config *parse(const char *text)
{
	return damo_parse("file.json", text, strlen(text));
}

static struct damon_config *parse_with(const char *word, const char *value)
{
	char *text = with(word, value);
	struct damon_config *config = parse(text);

	free(text);
	return config;
}

static void sound(void)
{
	struct damon_config *config = parse_with(NULL, NULL);
	const struct kdamond_filter *f;
	const struct kdamond_context *c;
	const struct kdamond_scheme *s;

	if (!ok(config, "what damo prints is read")) {
		diag("%s", fail_message());
		return;
	}
	is_u64(config->kdamonds.nr, 1, "a kdamond");
	c = kdamond_context(config, 0);
	is_str(c->ops, "paddr", "ops");
	is_u64(c->addr_unit, 1, "addr_unit null is 1");
	is_u64(c->sample_us, 100000, "sample_us");
	is_u64(c->aggr_us, 2000000, "aggr_us");
	is_u64(c->update_us, 20000000, "ops_update_us");
	is_u64(c->nr_regions.min, 100, "nr_regions min");
	is_u64(c->nr_regions.max, 10000, "nr_regions max");
	is_u64(kdamond_target(c, 0)->regions.nr, 2, "regions");
	is_u64(kdamond_region(kdamond_target(c, 0), 0)->end, 654336, "end");
	is_u64(kdamond_region(kdamond_target(c, 0), 1)->start, 1048576,
	       "a bare number");
	s = kdamond_scheme(c, 0);
	is_str(s->action, "migrate_cold", "action");
	is_u64(s->target_nid, 1, "target_nid");
	is_u64(s->sz.min, 4096, "size");
	is_u64(s->sz.max, UINT64_MAX, "max of a size");
	is_u64(s->accesses.min, 1, "5 %% of 20 samples");
	is_u64(s->accesses.max, 20, "100 %% of them");
	is_u64(s->age.min, 15, "30 s in aggregations of 2 s");
	is_u64(s->age.max, UINT32_MAX,
	       "the greatest age is what the kernel keeps");
	is_u64(s->quota_ms, 1000, "time_ms");
	is_u64(s->quota_bytes, 50 * GIB, "sz_bytes");
	is_u64(s->quota_reset_ms, 20000, "reset_interval_ms");
	is_u64(s->weight_age, 10, "1 %% is 10 permil");
	is_u64(s->filters.nr, 2, "filters");
	f = s->filters.items;
	is_str(f[0].type, "memcg", "filter");
	is_str(f[0].path, "/hmsdk", "its cgroup");
	is_u64(f[0].matching, 0, "not matching");
	is_u64(f[1].matching, 1, "matching");
	is_str(f[1].path, "", "a path is of memcg filters alone");
	kdamond_free(config);
}

/* As editors and PyYAML may leave it */
static void dressed(void)
{
	static const char flow[] =
		"{kdamonds: [{contexts: [{ops: paddr, targets: [{regions: ["
		"{start: 4096, end: 8192}]}],"
		" schemes: [{action: stat, filters: [{filter_type: anon,"
		" matching: on}]}]}]}]}";
	char *text = with(NULL, NULL), *marked;
	const struct kdamond_filter *f;
	struct damon_config *config;

	if (asprintf(&marked, "\xef\xbb\xbf%s", text) < 0)
		abort();
	config = parse(marked);
	ok(config, "a byte order mark is no part of it");
	kdamond_free(config);
	config = parse(flow);
	if (!ok(config, "YAML in one pair of braces")) {
		diag("%s", fail_message());
	} else {
		f = kdamond_scheme(kdamond_context(config, 0), 0)->filters.items;
		is_u64(f->matching, 1, "on is a boolean of YAML's");
	}
	kdamond_free(config);
	free(marked);
	free(text);
}

/* Reads, writes, reads and writes: the two texts are the same. */
static void round_trip(const char *word, const char *value)
{
	struct damon_config *config = parse_with(word, value);
	char *once = config ? damo_format(config, false) : NULL, *twice = NULL;
	char *yaml;

	kdamond_free(config);
	config = once ? parse(once) : NULL;
	if (config)
		twice = damo_format(config, false);
	kdamond_free(config);
	ok(once, "%s %s can be read and written", word, value);
	if (!config)
		diag("%s", fail_message());
	is_str(twice, once, "%s %s reads back as it was written", word, value);
	free(twice);
	config = once ? parse(once) : NULL;
	yaml = config ? damo_format(config, true) : NULL;
	kdamond_free(config);
	config = yaml ? parse(yaml) : NULL;
	twice = config ? damo_format(config, false) : NULL;
	kdamond_free(config);
	is_str(twice, once, "and by YAML");
	free(once);
	free(twice);
	free(yaml);
}

/* What must be in the text that is written. */
static void written(const char *word, const char *value, const char *part)
{
	struct damon_config *config = parse_with(word, value);
	char *text = config ? damo_format(config, false) : NULL, *to = text;

	/* Blanks are of no matter. */
	for (char *p = text; p && *p; p++)
		if (!strchr(" \t\n", *p) ||
		    (p > text && p[-1] != ':' && *p == ' '))
			*to++ = *p;
	if (text)
		*to = '\0';
	like(text, part, "%s %s is written as %s", word, value, part);
	free(text);
	kdamond_free(config);
}

static void round_trips(void)
{
	round_trip("NID", "1");
	written("PATH", "\"/sys/fs/cgroup/a/b\"", "\"memcg_path\":\"/a/b\"");
	written("PATH", "\"/sys/fs/cgroup\"", "\"memcg_path\":\"/\"");
	written("PATH", "\"/sys/fs/cgroups\"",
		"\"memcg_path\":\"/sys/fs/cgroups\"");
	round_trip("BYTES", "\"1234567891\"");
	round_trip("BYTES", "\"18446744073709551614\"");
	round_trip("GOALS", "{ \"metric\": \"node_mem_used_bp\", \"nid\": 0, "
			    "\"memcg_path\": null, \"target_value\": "
			    "\"99.7 %\", \"current_value\": \"0\" }");
	round_trip("GOALS", "{ \"metric\": \"some_mem_psi_us\", "
			    "\"target_value\": \"10 ms\", "
			    "\"current_value\": 0 }");
	round_trip("FILTER",
		   "{ \"filter_type\": \"addr\", \"matching\": true, "
		   "\"allow\": true, \"address_range\": { \"start\": 0, "
		   "\"end\": \"1 GiB\" } }, { \"filter_type\": \"target\", "
		   "\"matching\": \"no\", \"damon_target_idx\": 0 }, "
		   "{ \"filter_type\": \"hugepage_size\", \"matching\": true, "
		   "\"hugepage_size\": [\"2 MiB\", \"max\"] },");
	round_trip("EXTRA", ", \"dests\": [ { \"id\": 1, \"weight\": 3 } ]");
	written("NID", "1", "\"sample_us\":\"100 ms\"");
	written("NID", "1", "\"aggr_us\":\"2 s\"");
	written("NID", "1", "\"pid\":null");
	written("NID", "1", "\"target_nid\":1");
	written("NID", "1", "\"min\":\"15 aggr_intervals\"");
	written("NID", "1", "\"max\":\"4294967295 aggr_intervals\"");
	written("NID", "1", "\"max\":\"20 samples\"");
	written("NID", "1", "\"age_permil\":\"1 %\"");
	written("WEIGHT", "\"2.9 %\"", "\"age_permil\":\"29\"");
	written("NID", "1", "\"sz_bytes\":\"50.000 GiB\"");
	written("BYTES", "\"1.5 GiB\"", "\"sz_bytes\":\"1.500 GiB\"");
	written("BYTES", "1073741825", "\"sz_bytes\":\"1073741825\"");
	written("BYTES", "4398046512128",
		"\"sz_bytes\":\"4294967297.000 KiB\"");
	written("NID", "1", "\"end\":\"654336\"");
	written("NID", "1", "\"matching\":false");
}

/* ------------------------------------------------------------------ values */

static void value(const char *word, const char *text, uint64_t want, size_t at)
{
	char json[64];
	struct damon_config *config;

	snprintf(json, sizeof(json), "\"%s\"", text);
	config = parse_with(word, json);
	if (!ok(config, "%s \"%s\" is read", word, text)) {
		diag("%s", fail_message());
		return;
	}
	is_u64(*(uint64_t *)((char *)kdamond_scheme(kdamond_context(config, 0),
						    0) +
			     at),
	       want, "%s \"%s\"", word, text);
	kdamond_free(config);
}

static void values(void)
{
	size_t bytes = offsetof(struct kdamond_scheme, quota_bytes);
	size_t age = offsetof(struct kdamond_scheme, age.min);
	size_t least = offsetof(struct kdamond_scheme, accesses.min);
	size_t weight = offsetof(struct kdamond_scheme, weight_age);

	value("BYTES", "0", 0, bytes);
	value("BYTES", "min", 0, bytes);
	value("BYTES", "max", UINT64_MAX, bytes);
	value("BYTES", "123 B", 123, bytes);
	value("BYTES", "50G", 50 * GIB, bytes);
	value("BYTES", "200MB", 200 * MIB, bytes);
	value("BYTES", "1,024", 1024, bytes);
	value("BYTES", "0.5 KiB", 512, bytes);
	value("BYTES", "1.0001 KiB", 1024, bytes);
	value("BYTES", "18446744073709551615", UINT64_MAX, bytes);
	value("BYTES", "15.999 EiB",
	      (uint64_t)((unsigned __int128)15999 * GIB * GIB / 1000), bytes);
	value("AGE", "30 s", 15, age);
	value("AGE", "1 m 30 s", 45, age);
	value("AGE", "1 h", 1800, age);
	value("AGE", "3 s 999 ms", 1, age);
	value("AGE", "15 aggr_intervals", 15, age);
	value("AGE", "30000000", 15, age);
	value("AGE", "4294967295 aggr_intervals", UINT32_MAX, age);
	value("LEAST", "1 samples", 1, least);
	value("LEAST", "5", 1, least);
	value("LEAST", "9.9 %", 1, least);
	value("LEAST", "10 %", 2, least);
	value("WEIGHT", "10", 10, weight);
	value("WEIGHT", "10.000000", 10, weight);
	value("WEIGHT", "2.9 %", 29, weight);
	value("WEIGHT", "100 %", 1000, weight);
}

/* --------------------------------------------------------------- refusals */

static void refused_text(const char *what, const char *text, size_t len,
			 const char *why)
{
	struct damon_config *config = damo_parse("file.json", text, len);

	ok(!config, "%s is refused", what);
	like(fail_message(), why, "and it says why");
	like(fail_message(), "file.json: ", "and in which file");
	is_i64(fail_status(), STATUS_USAGE, "as bad usage");
	kdamond_free(config);
}

static void refused(const char *word, const char *value, const char *why)
{
	char *text = with(word, value), what[160];

	snprintf(what, sizeof(what), "%s %s", word, value);
	refused_text(what, text, strlen(text), why);
	free(text);
}

#define CONTEXT "kdamonds[0].contexts[0]."
#define SCHEME CONTEXT "schemes[0]."

static void wrong_values(void)
{
	static const char *const bytes[] = {
		"\"\"",	   "\" \"",   "\"x\"",	    "\"1 foo\"",
		"\"1 s\"", "\"-1\"",  "-1",	    "\"1.2.3\"",
		"true",	   "[1]",     "{}",	    "\"0x10\"",
		"\"1e3\"", "\"GiB\"", "\"1 GiBx\"", "\"1 GiB 2 B\"",
		"\"inf\"", "\"nan\"", "\"1 iB\"",   "\"+5\"",
		"\"1.5\"", "0.5",     "\".\"",	    "\"5 %\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		refused("BYTES", bytes[i], SCHEME "quotas.sz_bytes: ");
	refused("BYTES", "\"18446744073709551616\"", "too large");
	refused("BYTES", "\"16 EiB\"", "too large");
	refused("BYTES", "\"999999999999999999999999999\"", "is not a size");
	refused("BYTES", "\"99999999999999999999 EiB\"", "too large");
	refused("BYTES", "1e400", "must be a string");
	refused("BYTES", "18446744073709551615", "must be a string");
	refused("AGE", "\"5 %\"", SCHEME "access_pattern.age.min: ");
	refused("AGE", "\"5 samples\"", "is not a time");
	refused("LEAST", "\"5 s\"", SCHEME "access_pattern.nr_accesses.min: ");
	refused("LEAST", "\"200 %\"", "nr_accesses: min 40 is more than max");
	refused("ACTION", "\"migrate_warm\"",
		SCHEME "action: \"migrate_warm\" is unknown");
	refused("ACTION", "\"migrate_hott\"", "did you mean migrate_hot?");
	refused("ACTION", "\"promote\"",
		"HMSDK 1's: write migrate_hot, and a target_nid");
	refused("ACTION", "\"demote\"", "write migrate_cold");
	refused("ACTION", "\"x\"", "migrate_cold stat");
	ok(fail_message()[strlen(fail_message()) - 1] == 't',
	   "no space at its end");
	refused("ACTION", "7", SCHEME "action: must be a string");
	refused("NID", "null", "migrate_cold needs a target_nid");
	refused("NID", "-1", "migrate_cold needs a target_nid");
	refused("NID", "-2", SCHEME "target_nid: ");
	refused("NID", "4294967296", SCHEME "target_nid: ");
	refused("NID", "\"node1\"", SCHEME "target_nid: ");
	refused("MATCHING", "1", "filters[1].matching: must be true or false");
	refused("MATCHING", "\"perhaps\"", "must be true or false");
	refused("MATCHING", "null", "filters[1].matching: is missing");
	refused("PATH", "\"hmsdk\"", "must begin with /");
	refused("PATH", "\"/a\\nb\"", "control character");
	refused("PATH", "null", "filters[0].memcg_path: is missing");
	refused("SAMPLE", "0", "sample_us: 0");
	refused("SAMPLE", "\"3 s\"", "is more than aggr_us");
	refused("MIN", "2", "nr_regions: min 2");
	refused("MIN", "\"20000\"", "nr_regions: min 20000");
	refused("MIN", "1e2.5", "valid JSON");
	refused("END", "1048576", "regions[1]: start 1048576 is not below");
	refused("END", "\"max\"}, { \"start\": 0, \"end\": 1", "regions[2]");
	refused("GOALS", "{}", "quotas.goals[0].metric: is missing");
	refused("GOALS", "{ \"metric\": \"node_mem_used_bp\" }",
		"goals[0].nid: is missing");
	refused("GOALS",
		"{ \"metric\": \"user_input\", \"target_value\": 0, "
		"\"current_value\": 0 }",
		"goals[0].target_value: 0");
	refused("FILTER", "{ \"filter_type\": \"addr\", \"matching\": true },",
		"filters[1].address_range.start: is missing");
	refused("FILTER",
		"{ \"filter_type\": \"hugepage_size\", \"matching\": true, "
		"\"hugepage_size\": [\"2 MiB\"] },",
		"hugepage_size.1: is missing");
	refused("FILTER", "5,", "filters[1]: must be an object");
}

static void wrong_keys(void)
{
	struct damon_config *config;

	refused("EXTRA", ", \"filers\": [1]",
		SCHEME "filers: is unknown here, did you mean filters?");
	refused("EXTRA", ", \"filters\": []", SCHEME "filters: is there twice");
	refused("EXTRA", ", \"quotas\": 5", "schemes[0].quotas: ");
	refused("EXTRA", ", \"note\": \"x\"", SCHEME "note: is unknown here");
	refused("FILTER",
		"{ \"filter_type\": \"anon\", \"matching\": true, "
		"\"filter_pass\": true },",
		"filters[1].filter_pass: is unknown");
	config = parse_with("EXTRA", ", \"stats\": { \"nr_tried\": \"5\" }");
	ok(config, "what damo says of a running DAMON is of no matter");
	kdamond_free(config);
}

static void wrong_shapes(void)
{
	static const struct {
		const char *text, *why;
	} shapes[] = {
		{ "", "empty" },
		{ " \n\t ", "empty" },
		{ "{", "line 1, column " },
		{ "{\n\n  \"kdamonds\": [ {", "line 3, column " },
		{ "[1, 2, 3]", "damo schemes -c" },
		{ "null", "must be an object" },
		{ "5", "must be an object" },
		{ "NaN", "must be an object" },
		{ "{}", "kdamonds: is missing" },
		{ "{\"kdamonds\": 3}", "kdamonds: must be an array" },
		{ "{\"kdamonds\": []}", "kdamonds: 0" },
		{ "{\"kdamonds\": [5]}", "kdamonds[0]: must be an object" },
		{ "{\"kdamonds\": [{}]}", "kdamonds[0].contexts: is missing" },
		{ "{\"kdamonds\": [{\"contexts\": []}]}", "contexts: 0" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": 7}]}]}",
		  "kdamonds[0].contexts[0].ops: must be a string" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": \"paddr\"}]}]}",
		  CONTEXT "targets: is missing" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": \"paddr\", "
		  "\"targets\": []}]}]}",
		  "kdamonds[0].contexts[0]: targets: 0" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": \"paddr\", "
		  "\"targets\": [{\"regions\": []}]}]}]}",
		  "targets[0]: regions: none" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": \"vaddr\", "
		  "\"targets\": [{\"regions\": []}]}]}]}",
		  "targets[0]: pid: none" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": \"paddr\", "
		  "\"targets\": [{\"regions\": [{\"start\": 0}]}]}]}]}",
		  "regions[0].end: is missing" },
		{ "{\"kdamonds\": [{\"contexts\": [{\"ops\": \"paddr\", "
		  "\"intervals\": {\"sample_us\": 5000}, "
		  "\"targets\": []}]}]}",
		  CONTEXT "intervals.aggr_us: is missing" },
		{ "{\"kdamonds\": []} x", "line 1, column " },
		{ "{\"kdamonds\": [],}", "line 1, column " },
		{ "{'kdamonds': []}", "line 1, column " },
		{ "kdamonds:\n- contexts: []\n", "contexts: 0" },
		{ "kdamonds:\n- contexts: [\n", "line 3, column 1: " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		refused_text(shapes[i].text, shapes[i].text,
			     strlen(shapes[i].text), shapes[i].why);
	refused_text("a zero byte", "{\"kdamonds\":\0[]}", 16, "");
}

/* Cut anywhere it is no configuration, and nothing worse. */
static void truncated(void)
{
	char *text = with(NULL, NULL), *copy;
	size_t len = strlen(text), taken = 0;

	while (len && text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++) {
		struct damon_config *config;

		copy = malloc(i + 1); /* of its own, for the sanitizer */
		memcpy(copy, text, i);
		config = damo_parse("file.json", copy, i);
		taken += config != NULL;
		kdamond_free(config);
		free(copy);
	}
	is_u64(taken, 0, "no beginning of it is taken for the whole");
	free(text);
}

/* Every byte in turn another: refused, or another configuration. */
static void garbled(void)
{
	char *text = with(NULL, NULL);
	size_t len = strlen(text), taken = 0;
	int was_stderr = dup(STDERR_FILENO);

	/* Thousands of warnings */
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	for (size_t i = 0; i < len; i++) {
		static const char others[] = "\"{}[],:0\x01\xff-";
		char was = text[i];

		for (size_t j = 0; j < sizeof(others); j++) {
			struct damon_config *config;

			text[i] = others[j];
			config = damo_parse("file.json", text, len);
			taken += config != NULL;
			kdamond_free(config);
		}
		text[i] = was;
	}
	dup2(was_stderr, STDERR_FILENO);
	ok(taken < len * 12, "%zu of %zu garbled texts are still sound", taken,
	   len * 12);
	free(text);
}

static void repeated(const char *what, const char *piece, size_t times,
		     const char *why)
{
	struct textbuf b = { 0 };

	for (size_t i = 0; i < times; i++)
		buf_add(&b, "%s", piece);
	refused_text(what, b.text, b.len, why);
	buf_free(&b);
}

/* The text with one word given a piece over and over. */
static char *with_many(const char *word, const char *piece, size_t times)
{
	struct textbuf b = { 0 };
	char *text;

	for (size_t i = 0; i < times; i++)
		buf_add(&b, piece, i);
	text = with(word, b.text);
	buf_free(&b);
	return text;
}

static void is_many(const char *word, const char *piece, size_t times,
		    const char *why)
{
	char *text = with_many(word, piece, times);
	struct damon_config *config;

	if (why) {
		refused_text(piece, text, strlen(text), why);
	} else {
		config = parse(text);
		if (!ok(config, "%zu of %s", times, piece))
			diag("%s", fail_message());
		kdamond_free(config);
	}
	free(text);
}

static void many(void)
{
	static const char filter[] =
		"{\"filter_type\":\"anon\",\"matching\":true},";
	char *text = with_many("EXTRA", ", \"x%zu\": null", 900);
	struct damon_config *config;
	const char *warned;
	int was_stderr = dup(STDERR_FILENO), fd;

	tree_file("/warnings", "");
	fd = open(tree_path("/warnings"), O_WRONLY);
	dup2(fd, STDERR_FILENO);
	config = parse(text);
	dup2(was_stderr, STDERR_FILENO);
	close(fd);
	close(was_stderr);
	ok(config, "900 members that are unknown and empty");
	kdamond_free(config);
	free(text);
	warned = tree_text("/warnings");
	like(warned, SCHEME "x0: is unknown here", "a warning");
	ok(warned && strchr(warned, '\n') && !strchr(warned, '\n')[1],
	   "and no other");

	is_many("EXTRA", ", \"x%zu\": null", 90000,
		"schemes[0]: more than 1000 members");
	is_many("FILTER", filter, 4094, NULL);
	is_many("FILTER", filter, 4095, SCHEME "filters: more than 4096 items");
}

/* In a list of lists there are no more, either. */
static void many_in_all(void)
{
	struct textbuf b = { 0 };
	char *inner;

	for (int i = 0; i < 4095; i++)
		buf_add(&b, "{\"action\":\"stat\"},");
	buf_add(&b, "{\"action\":\"stat\"}");
	inner = b.text;
	b = (struct textbuf){ 0 };
	buf_add(&b, "{\"kdamonds\":[");
	for (int i = 0; i < 5; i++)
		buf_add(&b,
			"%s{\"contexts\":[{\"ops\":\"paddr\",\"targets\":["
			"{\"regions\":[{\"start\":0,\"end\":4096}]}],"
			"\"schemes\":[%s]}]}",
			i ? "," : "", inner);
	buf_add(&b, "]}");
	refused_text("5 times 4096 schemes", b.text, b.len,
		     "kdamonds[3].contexts[0].schemes: more than");
	free(inner);
	buf_free(&b);
}

static void zero_bytes(void)
{
	static const char raw[] = "{\"kdamonds\":[{\"x\":\"/a\0b\"}]}";

	refused("PATH", "\"/hm\\u0000sdk\"", "a zero byte");
	refused("PATH", "\"\\u0000\"", "a zero byte");
	refused("EXTRA", ", \"filters\\u0000\": []", "a zero byte");
	refused_text("a zero byte in a string", raw, sizeof(raw) - 1,
		     "a zero byte");
}

static void large(void)
{
	repeated("100000 brackets", "[", 100000, "valid JSON");
	repeated("100000 braces", "{\"a\":", 100000, "valid JSON");
	repeated("1 MB of digits", "9", 1000000, "");
	repeated("1 MB of blanks", " ", 1000000, "empty");
}

/* ------------------------------------------------------------------- files */

static void file_refused(const char *path, const char *name, enum status status,
			 const char *why)
{
	struct damon_config *config = damo_read(path);

	ok(!config, "%s is refused", name);
	is_i64(fail_status(), status, "with that status");
	like(fail_message(), why, "and says why");
	like(fail_message(), path, "and names the file");
	kdamond_free(config);
}

static void files(void)
{
	char *text = with(NULL, NULL), *blanks = malloc(10 * MIB);
	struct damon_config *config;

	tree_file("/sound.json", text);
	config = damo_read(tree_path("/sound.json"));
	ok(config, "a file is read");
	kdamond_free(config);
	memset(blanks, ' ', 10 * MIB);
	tree_data("/blanks.json", blanks, 10 * MIB);
	file_refused(tree_path("/blanks.json"), "10 MB of blanks", STATUS_USAGE,
		     "longer than 1 MiB");
	free(blanks);
	tree_file("/empty.json", "");
	file_refused(tree_path("/empty.json"), "an empty file", STATUS_USAGE,
		     "empty");
	file_refused(tree_path("/none.json"), "a file that is not there",
		     STATUS_FAILED, "No such file");
	tree_directory("/directory.json");
	file_refused(tree_path("/directory.json"), "a directory", STATUS_FAILED,
		     "directory");
	file_refused("/dev/zero", "/dev/zero", STATUS_USAGE,
		     "longer than 1 MiB");
	file_refused("/proc/self/exe", "a program", STATUS_USAGE, "");
	ok(freopen(tree_path("/sound.json"), "r", stdin) &&
		   (config = damo_read("-")),
	   "standard input is read");
	kdamond_free(config);
	free(text);
}

int main(void)
{
	tree_begin();
	sound();
	dressed();
	round_trips();
	values();
	wrong_values();
	wrong_keys();
	wrong_shapes();
	truncated();
	many();
	many_in_all();
	zero_bytes();
	large();
	files();
	garbled();
	return done_testing();
}
