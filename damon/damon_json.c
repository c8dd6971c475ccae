// SPDX-License-Identifier: GPL-2.0-only
/*
 * damon_json.c - DAMON's configuration in the JSON format of damo.
 *
 * What there is to read and to write is in damon_config.c's table; here is how
 * damo writes a value: "100 ms", "50.000 GiB", "5 %", "max", or the number.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon/damon_json.h"
#include "damon/damon_yaml.h"
#include "lib/alloc.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/report.h"
#include "lib/text.h"

/* Doubles, which JSON's numbers are in cJSON, are exact up to here. */
#define EXACT_MAX 9007199254740992.0
/* 12 years; more is no interval, and would overflow what follows */
#define INTERVAL_MAX_US (UINT64_C(1) << 48)
/* Of an object; of a list; of all lists. More is meant to be a nuisance. */
#define MEMBERS_MAX 1000
#define ITEMS_MAX 4096
#define ALL_MAX 16384
/* All digits of a number, also those behind the point: 10^20 < 2^67 */
#define DIGITS_MAX 20

typedef unsigned __int128 u128;

struct reader {
	char path[256]; /* of the value that is read: kdamonds[0].contexts */
	size_t len;
	size_t items; /* of all lists, so far */
	bool warned;
	const struct kdamond_context *context; /* its intervals are a unit */
};

/* Somebody's text, on its way to a terminal. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

static int bad(const struct reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static int bad(const struct reader *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_plain(text);
	return misuse("%s%s%s", r->path, r->len ? ": " : "", text);
}

/* Appends to the path; what it returns is for leave(). */
static size_t enter(struct reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static size_t enter(struct reader *r, const char *fmt, ...)
{
	size_t was = r->len;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->path + was, sizeof(r->path) - was, fmt, ap);
	va_end(ap);
	make_plain(r->path + was);
	r->len = strlen(r->path);
	return was;
}

static size_t enter_key(struct reader *r, const char *key)
{
	return enter(r, "%s%.64s", r->len ? "." : "", key);
}

static void leave(struct reader *r, size_t was)
{
	r->len = was;
	r->path[was] = '\0';
}

/* ------------------------------------------------------------------ values */

/* What a number may be of; what is behind it says so. */
enum quantity {
	PLAIN,
	TIME, /* scale: ns */
	SIZE, /* bytes */
	PERCENT,
	SAMPLES,
	AGGREGATIONS,
	NO_QUANTITY,
};

/*
 * What the suffix of a number says: of which quantity it is, and how many of
 * that quantity's units it stands for.
 */
static enum quantity quantity_of(const char *suffix, size_t len,
				 uint64_t *scale)
{
	static const struct {
		const char *suffix;
		enum quantity quantity;
		uint64_t scale;
	} words[] = {
		{ "", PLAIN, 1 },
		{ "ns", TIME, 1 },
		{ "us", TIME, 1000 },
		{ "ms", TIME, 1000000 },
		{ "s", TIME, 1000000000 },
		{ "m", TIME, 60000000000 },
		{ "h", TIME, 3600000000000 },
		{ "d", TIME, 86400000000000 },
		{ "%", PERCENT, 1 },
		{ "samples", SAMPLES, 1 },
		{ "aggr_intervals", AGGREGATIONS, 1 },
	};
	static const char sizes[] = "BKMGTPE", tails[3][3] = { "", "B", "iB" };
	const char *size = len ? memchr(sizes, suffix[0], 7) : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].suffix) == len &&
		    !memcmp(words[i].suffix, suffix, len)) {
			*scale = words[i].scale;
			return words[i].quantity;
		}
	if (!size || len > 3)
		return NO_QUANTITY;
	*scale = UINT64_C(1) << 10 * (size - sizes);
	return strlen(tails[len - 1]) == len - 1 &&
			       !memcmp(tails[len - 1], suffix + 1, len - 1) ?
		       SIZE :
		       NO_QUANTITY;
}

static uint64_t interval(uint64_t us)
{
	return us < 1 ? 1 : us > INTERVAL_MAX_US ? INTERVAL_MAX_US : us;
}

/*
 * What a number with a suffix is to be multiplied with and divided by. False
 * when such a suffix is not for such a value. Bare numbers are in the unit
 * of sysfs, but for rates and ages, which are percent and microseconds.
 */
static bool ratio(const struct reader *r, enum kdamond_unit unit,
		  enum quantity quantity, uint64_t *num, uint64_t *den)
{
	const struct kdamond_context *c =
		r->context ? r->context : kdamond_context_kind.defaults;
	static const uint8_t takes[KDAMOND_LIST] = {
		[KDAMOND_BYTES] = 1 << SIZE,
		[KDAMOND_ADDRESS] = 1 << SIZE,
		[KDAMOND_US] = 1 << TIME,
		[KDAMOND_MS] = 1 << TIME,
		[KDAMOND_PERMIL] = 1 << PERCENT,
		[KDAMOND_BP] = 1 << PERCENT,
		[KDAMOND_GOAL] = 1 << PERCENT | 1 << TIME,
		[KDAMOND_ACCESSES] = 1 << PERCENT | 1 << SAMPLES,
		[KDAMOND_AGE] = 1 << TIME | 1 << AGGREGATIONS,
	};

	*den = 1;
	if (quantity == NO_QUANTITY ||
	    (quantity != PLAIN && !(takes[unit] & 1 << quantity)))
		return false;
	if (quantity == TIME)
		*den = unit == KDAMOND_MS ? 1000000 : 1000;
	if (quantity == PERCENT)
		*num = unit == KDAMOND_PERMIL ? 10 : 100;
	if (unit == KDAMOND_AGE && quantity != AGGREGATIONS)
		*den *= interval(c->aggr_us);
	if (unit == KDAMOND_ACCESSES && quantity != SAMPLES) {
		*num = interval(c->aggr_us);
		*den = 100 * interval(c->sample_us);
	}
	return true;
}

/*
 * n / d for a d below 2^63, and what is left of it. gcc's own division of
 * 128 bits is 1 KB.
 */
static u128 divide(u128 n, uint64_t d, uint64_t *rest)
{
	*rest = 0;
	for (int i = 0; i < 128; i++) {
		*rest = *rest << 1 | (uint64_t)(n >> 127);
		n <<= 1;
		if (*rest >= d) {
			*rest -= d;
			n |= 1;
		}
	}
	return n;
}

/* "1,234.5": all digits as a number, and 10 to the digits after the point. */
static bool read_digits(const char **text, u128 *digits, uint64_t *point)
{
	const char *p = *text;
	bool behind = false;
	int n = 0;

	*digits = 0;
	*point = 1;
	for (; isdigit((unsigned char)*p) || *p == ',' || *p == '.'; p++) {
		if (*p == '.' && behind)
			return false;
		if (*p == '.')
			behind = true;
		if (!isdigit((unsigned char)*p))
			continue;
		if (++n > DIGITS_MAX || *point > UINT64_MAX / 100)
			return false;
		*digits = *digits * 10 + (unsigned int)(*p - '0');
		if (behind)
			*point *= 10;
	}
	*text = p;
	return n > 0;
}

static const char *unit_hint(enum kdamond_unit unit)
{
	static const char *const hints[KDAMOND_LIST] = {
		[KDAMOND_NUMBER] = "a whole number",
		[KDAMOND_ID] = "a number",
		[KDAMOND_BYTES] = "a size, e.g. 50 GiB",
		[KDAMOND_ADDRESS] = "an address in bytes",
		[KDAMOND_US] = "a time, e.g. 100 ms, or microseconds",
		[KDAMOND_MS] = "a time, e.g. 1 s, or milliseconds",
		[KDAMOND_PERMIL] = "a share, e.g. 1 %, or permil",
		[KDAMOND_BP] = "a share, e.g. 4 %, or basis points",
		[KDAMOND_ACCESSES] = "a rate, e.g. 5 % or 1 samples",
		[KDAMOND_AGE] = "a time, e.g. 30 s or 15 aggr_intervals",
		[KDAMOND_GOAL] = "a number, a share, e.g. 99.7 %, or a time",
	};

	return hints[unit];
}

static int bad_value(const struct reader *r, enum kdamond_unit unit,
		     const char *text)
{
	return bad(r, "\"%.40s\" is not %s", text, unit_hint(unit));
}

/* One number with what is behind it, added to sum. */
static int read_part(const struct reader *r, enum kdamond_unit unit,
		     const char *whole, const char **text, u128 *sum)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_%";
	uint64_t point, rest, num = 1, den;
	enum quantity quantity;
	u128 digits;
	size_t len;

	*text += strspn(*text, " ");
	if (!read_digits(text, &digits, &point))
		return bad_value(r, unit, whole);
	*text += strspn(*text, " ");
	len = strspn(*text, letters);
	quantity = quantity_of(*text, len, &num);
	if (!ratio(r, unit, quantity, &num, &den))
		return bad_value(r, unit, whole);
	/* Half a byte is none, but half a kdamond was meant otherwise. */
	divide(digits, point, &rest);
	if (quantity == PLAIN && unit != KDAMOND_ACCESSES && rest)
		return bad_value(r, unit, whole);
	*sum += divide(divide(digits * num, point, &rest), den, &rest);
	if (*sum > UINT64_MAX)
		return bad(r, "\"%.40s\" is too large", whole);
	*text += len;
	*text += strspn(*text, " ");
	/* "1 m 30 s" */
	return **text && quantity != TIME ? bad_value(r, unit, whole) : 0;
}

static int read_amount(const struct reader *r, enum kdamond_unit unit,
		       const char *text, uint64_t *value)
{
	const char *p = text;
	u128 sum = 0;
	int err;

	if (!strcmp(text, "max")) {
		*value = unit == KDAMOND_ACCESSES || unit == KDAMOND_AGE ?
				 KDAMOND_FOREVER :
				 UINT64_MAX;
		return 0;
	}
	if (!strcmp(text, "min"))
		text = p = "0";
	if (!strcmp(text, "-1") && unit == KDAMOND_ID) {
		*value = UINT64_MAX;
		return 0;
	}
	do {
		err = read_part(r, unit, text, &p, &sum);
	} while (!err && *p);
	if (!err && unit == KDAMOND_ID && sum > INT32_MAX)
		err = bad_value(r, unit, text);
	*value = (uint64_t)sum;
	return err;
}

static int read_number(const struct reader *r, const struct kdamond_field *f,
		       const cJSON *json, uint64_t *value)
{
	char text[64];
	double d = json->valuedouble;

	if (cJSON_IsString(json))
		return read_amount(r, f->unit, json->valuestring, value);
	if (!cJSON_IsNumber(json))
		return bad(r, "must be %s", unit_hint(f->unit));
	if (!isfinite(d) || fabs(d) > EXACT_MAX)
		return bad(r, "so large a number must be a string (\"%.0f\")",
			   d);
	snprintf(text, sizeof(text), "%.*f", d == floor(d) ? 0 : 6, d);
	return read_amount(r, f->unit, text, value);
}

static int read_bool(const struct reader *r, const cJSON *json, uint64_t *value)
{
	static const char *const words[] = { "n", "no",	 "false", "off",
					     "y", "yes", "true",  "on" };

	*value = cJSON_IsTrue(json);
	if (cJSON_IsBool(json))
		return 0;
	for (size_t i = 0; cJSON_IsString(json) && i < ARRAY_SIZE(words); i++) {
		*value = i >= ARRAY_SIZE(words) / 2;
		if (!strcasecmp(json->valuestring, words[i]))
			return 0;
	}
	return bad(r, "must be true or false");
}

/* Is text one of the words, each of which has a space after it? */
static int check_word(const struct reader *r, const char *words,
		      const char *text)
{
	char word[KDAMOND_WORD];
	struct nearest near;
	const char *found = NULL;
	size_t len;

	nearest_begin(&near, text);
	for (const char *p = words; *p; p += len + 1) {
		len = strcspn(p, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, p);
		if (!strcmp(word, text))
			return 0;
		near.best = NULL;
		nearest_try(&near, word);
		if (nearest_found(&near))
			found = p; /* word does not last */
	}
	/* As HMSDK 1 had them, with a kernel of its own. */
	if ((!strcmp(text, "promote") || !strcmp(text, "demote")) &&
	    strstr(words, "migrate_hot "))
		return bad(r, "\"%s\" is HMSDK 1's: write %s, and a target_nid",
			   text,
			   text[0] == 'p' ? "migrate_hot" : "migrate_cold");
	return bad(r, "\"%.40s\" is unknown%s%.*s%s; there are %.*s", text,
		   found ? ", did you mean " : "",
		   found ? (int)strcspn(found, " ") : 0, found ? found : "",
		   found ? "?" : "", (int)strlen(words) - 1, words);
}

/*
 * A cgroup as one sees it, /sys/fs/cgroup/hmsdk, is /hmsdk to the kernel, which
 * would take the other one for a group below its own top that is not there.
 */
static const char *below_cgroups(const struct reader *r, const char *path)
{
	static const char top[] = "/sys/fs/cgroup";
	const char *rest = path + strlen(top);

	if (strncmp(path, top, strlen(top)) || (*rest && *rest != '/'))
		return path;
	rest = *rest ? rest : "/";
	report_warn("%s: %s is taken as %s, from the top of cgroup2", r->path,
		    path, rest);
	return rest;
}

static int read_text(const struct reader *r, const struct kdamond_field *f,
		     const cJSON *json, void *object)
{
	size_t size = f->unit == KDAMOND_PATHNAME ? KDAMOND_PATH : KDAMOND_WORD;
	const char *text = cJSON_GetStringValue(json);

	if (!text)
		return bad(r, "must be a string");
	if (f->words && check_word(r, f->words, text))
		return -EINVAL;
	if (strlen(text) >= size)
		return bad(r, "longer than %zu bytes", size - 1);
	/* It is one line of a kernel's file. */
	for (const char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			return bad(r, "has a control character in it");
	if (f->unit == KDAMOND_PATHNAME)
		text = below_cgroups(r, text);
	snprintf(kdamond_text(f, object), size, "%s", text);
	return 0;
}

/* ----------------------------------------------------------------- objects */

static bool says_nothing(const cJSON *json)
{
	return cJSON_IsNull(json) || cJSON_IsFalse(json) ||
	       ((cJSON_IsArray(json) || cJSON_IsObject(json)) && !json->child);
}

/* What damo writes of a running DAMON, and what has no effect without it. */
static bool is_of_no_matter(const char *key)
{
	static const char *const keys[] = {
		"state",	  "pid",	 "stats",
		"tried_regions",  "tried_bytes", "quotas.effective_sz_bytes",
		"sample_control", "ops_attrs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/*
 * damo leaves out what it does not know, and so a misspelt "filters" would
 * migrate everybody's memory.
 */
static int unknown(struct reader *r, const struct kdamond_kind *kind,
		   const char *key, const cJSON *json)
{
	struct nearest near;
	const char *found;

	if (is_of_no_matter(key))
		return 0;
	nearest_begin(&near, key);
	for (size_t i = 0; i < kind->nr_fields; i++)
		if (kind->fields[i].key)
			nearest_try(&near, kind->fields[i].key);
	found = nearest_found(&near);
	enter_key(r, key);
	if (!says_nothing(json))
		return bad(r, "is unknown here%s%s%s",
			   found ? ", did you mean " : "", found ? found : "",
			   found ? "?" : "");
	if (!r->warned && strcmp(key, "probes")) {
		report_warn("%s: is unknown here, and left out; so are others",
			    r->path);
		r->warned = true;
	}
	return 0;
}

static int check_members(struct reader *r, const cJSON *json,
			 const struct kdamond_kind *kind, const char *prefix);

enum known { UNKNOWN, FIELD, OBJECT, ARRAY };

/* What the table has by this key: a field, or what has fields in it. */
static enum known known(const struct kdamond_kind *kind, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < kind->nr_fields; i++) {
		const char *k = kind->fields[i].key;

		if (strncmp(k, key, len))
			continue;
		if (!k[len])
			return FIELD;
		if (k[len] == '.')
			return isdigit((unsigned char)k[len + 1]) ? ARRAY :
								    OBJECT;
	}
	return UNKNOWN;
}

/* "a": its members are a.b and so on; null is none at all. */
static int check_inner(struct reader *r, const cJSON *json,
		       const struct kdamond_kind *kind, const char *key,
		       enum known what)
{
	char prefix[130];

	if (cJSON_IsNull(json))
		return 0;
	if (what == ARRAY ? cJSON_IsArray(json) : cJSON_IsObject(json)) {
		snprintf(prefix, sizeof(prefix), "%s.", key);
		return what == ARRAY ? 0 : check_members(r, json, kind, prefix);
	}
	enter_key(r, key);
	return bad(r, "must be an %s", what == ARRAY ? "array" : "object");
}

/* No member is unknown, and none is there twice; prefix is "a." or "". */
static int check_members(struct reader *r, const cJSON *json,
			 const struct kdamond_kind *kind, const char *prefix)
{
	size_t was = r->len;
	const cJSON *member;
	enum known what;
	char key[128];
	int err = 0, n = 0;

	cJSON_ArrayForEach(member, json)
	{
		if (n++ == MEMBERS_MAX)
			return bad(r, "more than %d members", MEMBERS_MAX);
		snprintf(key, sizeof(key), "%.60s%.60s", prefix,
			 member->string);
		what = known(kind, key);
		if (what == UNKNOWN)
			err = unknown(r, kind, key, member);
		else if (what != FIELD)
			err = check_inner(r, member, kind, key, what);
		if (!err && cJSON_GetObjectItemCaseSensitive(
				    json, member->string) != member) {
			enter_key(r, key);
			err = bad(r, "is there twice");
		}
		if (err)
			return err;
		leave(r, was);
	}
	return 0;
}

/* The member a.b; *above: there is an a. A null is as if it were not there. */
static const cJSON *find(const cJSON *json, const char *key, bool *above)
{
	char name[64];
	size_t len;

	for (*above = false;; *above = true) {
		len = strcspn(key, ".");
		snprintf(name, sizeof(name), "%.*s", (int)len, key);
		json = isdigit((unsigned char)name[0]) ?
			       cJSON_GetArrayItem(json, name[0] - '0') :
			       cJSON_GetObjectItemCaseSensitive(json, name);
		if (!json || cJSON_IsNull(json))
			return NULL;
		if (!key[len])
			return json;
		key += len + 1;
	}
}

static int read_object(struct reader *r, const cJSON *json,
		       const struct kdamond_kind *kind, void *object);

static int read_list(struct reader *r, const struct kdamond_field *f,
		     const cJSON *json, void *object)
{
	const cJSON *member;
	size_t was, i = 0;
	void *item;
	int err = 0;

	if (!cJSON_IsArray(json))
		return bad(r, "must be an array");
	cJSON_ArrayForEach(member, json)
	{
		if (i == ITEMS_MAX || r->items++ == ALL_MAX)
			return bad(r, "more than %d items, or %d of all lists",
				   ITEMS_MAX, ALL_MAX);
		was = enter(r, "[%zu]", i++);
		item = kdamond_add(kdamond_list(f, object), f->of);
		if (f->of == &kdamond_context_kind)
			r->context = item;
		err = read_object(r, member, f->of, item);
		if (err)
			break;
		leave(r, was);
	}
	return err;
}

static int read_field(struct reader *r, const struct kdamond_field *f,
		      const cJSON *json, void *object)
{
	switch (f->unit) {
	case KDAMOND_LIST:
		return read_list(r, f, json, object);
	case KDAMOND_TEXT:
	case KDAMOND_PATHNAME:
		return read_text(r, f, json, object);
	case KDAMOND_BOOL:
		return read_bool(r, json, kdamond_u64(f, object));
	default:
		return read_number(r, f, json, kdamond_u64(f, object));
	}
}

/* In the order of the table: a type before what depends on it. */
static int read_object(struct reader *r, const cJSON *json,
		       const struct kdamond_kind *kind, void *object)
{
	size_t was = r->len;
	bool above;
	int err;

	if (!cJSON_IsObject(json))
		return bad(r, "must be an object");
	err = check_members(r, json, kind, "");
	for (size_t i = 0; !err && i < kind->nr_fields; i++) {
		const struct kdamond_field *f = &kind->fields[i];
		const cJSON *value = find(json, f->key, &above);

		if ((f->flags & KDAMOND_OUT) || !kdamond_has(f, object))
			continue;
		enter_key(r, f->key);
		if (value)
			err = read_field(r, f, value, object);
		else if ((f->flags & KDAMOND_MUST) ||
			 (above && !f->needs && !(f->flags & KDAMOND_SPARSE)))
			err = bad(r, "is missing");
		if (!err)
			leave(r, was);
	}
	return err;
}

/* ------------------------------------------------------------------- files */

/* Where cJSON could not go on, as an editor counts. */
static int not_json(const char *text, size_t len, const char *at)
{
	bool early = at + 1 >= text + len;
	int line = 1, column = 1;

	for (; text < at; text++) {
		column = *text == '\n' ? 1 : column + 1;
		line += *text == '\n';
	}
	return misuse("line %d, column %d: no valid JSON%s", line, column,
		      early ? ", or it ends too early" : "");
}

/* cJSON's strings would end there. */
static bool has_zero(const char *text, size_t len)
{
	for (; len; text++, len--)
		if (!*text || (len >= 6 && !memcmp(text, "\\u0000", 6)))
			return true;
	return false;
}

static const char *skip_blanks(const char *text, const char *end)
{
	while (text < end && isspace((unsigned char)*text))
		text++;
	return text;
}

/* JSON begins with a bracket; what does not, and {a: b}, is YAML. */
static int read_tree(cJSON **json, const char *text, size_t len)
{
	const char *end = skip_blanks(text, text + len), *key;

	if (end == text + len)
		return misuse("empty: no JSON or YAML in it");
	key = skip_blanks(end + 1, text + len);
	if ((*end != '{' && *end != '[') ||
	    (*end == '{' && key < text + len && isalpha((unsigned char)*key))) {
		*json = damon_yaml_parse(text, len);
		return *json ? 0 : -EINVAL;
	}
	*json = cJSON_ParseWithLengthOpts(text, len, &end, false);
	return *json && skip_blanks(end, text + len) == text + len ?
		       0 :
		       not_json(text, len, end);
}

/* damo schemes takes lists of schemes alone. */
static int read_root(struct reader *r, const cJSON *json,
		     struct damon_config *config)
{
	if (cJSON_IsArray(json))
		return misuse(
			"a list, as \"damo schemes -c\" takes it: write {\"kdamonds\": [{\"contexts\": [{\"ops\": \"paddr\", \"targets\": [...], \"intervals\": {...}, \"nr_regions\": {...}, \"schemes\": LIST}]}]}; tier damon start -m 0 1 -o FILE writes one to begin with");
	return read_object(r, json, &kdamond_root, config);
}

struct damon_config *damo_parse(const char *name, const char *text, size_t len)
{
	struct damon_config *config = kdamond_new();
	struct reader r = { .len = 0 };
	cJSON *json = NULL;
	int err;

	/* As some editors have it at the beginning of UTF-8. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	err = has_zero(text, len) ? misuse("a zero byte in it") :
				    read_tree(&json, text, len);

	if (!err)
		err = read_root(&r, json, config);
	cJSON_Delete(json);
	if (!err)
		err = kdamond_check(config);
	if (!err)
		return config;
	fail_in(err, "%s", name);
	kdamond_free(config);
	return NULL;
}

struct damon_config *damo_read(const char *file)
{
	bool is_stdin = !strcmp(file, "-");
	FILE *f = is_stdin ? stdin : fopen(file, "re");
	struct damon_config *config = NULL;
	char *text;
	size_t len;

	if (!f) {
		fail(errno, "%s: %s", file, strerror(errno));
		return NULL;
	}
	text = xcalloc(1, DAMO_MAX_BYTES + 2);
	errno = 0;
	len = fread(text, 1, DAMO_MAX_BYTES + 1, f);
	if (ferror(f))
		fail(errno, "%s: %s", file, strerror(errno));
	else if (len > DAMO_MAX_BYTES)
		misuse("%s: longer than 1 MiB, which no configuration is",
		       file);
	else
		config = damo_parse(is_stdin ? "standard input" : file, text,
				    len);
	free(text);
	if (!is_stdin)
		fclose(f);
	return config;
}

/* ----------------------------------------------------------------- writing */

/* As damo writes it, where that is exact: "50.000 GiB", "max". */
static void format_bytes(char *text, size_t size, uint64_t v)
{
	static const char letters[] = "KMGTPE";

	if (v == UINT64_MAX) {
		snprintf(text, size, "max");
		return;
	}
	for (int i = 5; i >= 0; i--) {
		int shift = 10 * (i + 1);
		u128 milli = (u128)v * 1000;

		if (v >> shift && !(milli & ((UINT64_C(1) << shift) - 1))) {
			uint64_t n = (uint64_t)(milli >> shift);

			snprintf(text, size, "%" PRIu64 ".%03u %ciB", n / 1000,
				 (unsigned int)(n % 1000), letters[i]);
			return;
		}
	}
	snprintf(text, size, "%" PRIu64, v);
}

static void format_time(char *text, size_t size, uint64_t v, bool is_ms)
{
	static const char *const units[] = { "us", "ms", "s" };
	int unit = is_ms;

	if (v == UINT64_MAX) {
		snprintf(text, size, "max");
		return;
	}
	for (; v && unit < 2 && v % 1000 == 0; unit++)
		v /= 1000;
	snprintf(text, size, "%" PRIu64 " %s", v, units[unit]);
}

static cJSON *format_number(const struct kdamond_field *f, uint64_t v)
{
	char text[64];

	switch (f->unit) {
	case KDAMOND_ID:
		return v == UINT64_MAX ? cJSON_CreateNull() :
					 cJSON_CreateNumber((double)v);
	case KDAMOND_BOOL:
		return cJSON_CreateBool(v != 0);
	case KDAMOND_BYTES:
		format_bytes(text, sizeof(text), v);
		break;
	case KDAMOND_US:
	case KDAMOND_MS:
		format_time(text, sizeof(text), v, f->unit == KDAMOND_MS);
		break;
	default:
		/* Whole percents only: damo cuts what a float leaves off. */
		if (f->unit == KDAMOND_PERMIL && v % 10 == 0)
			snprintf(text, sizeof(text), "%" PRIu64 " %%", v / 10);
		else
			snprintf(text, sizeof(text), "%" PRIu64 "%s", v,
				 f->unit == KDAMOND_ACCESSES ? " samples" :
				 f->unit == KDAMOND_AGE ? " aggr_intervals" :
							  "");
	}
	return cJSON_CreateString(text);
}

/* The object that a.b.c goes into, made if need be; *key is then c. */
static cJSON *descend(cJSON *json, const char **key)
{
	char name[64];
	const char *dot;
	cJSON *inner;

	for (; (dot = strchr(*key, '.')); *key = dot + 1) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - *key), *key);
		inner = cJSON_GetObjectItemCaseSensitive(json, name);
		if (!inner) {
			inner = isdigit((unsigned char)dot[1]) ?
					cJSON_CreateArray() :
					cJSON_CreateObject();
			cJSON_AddItemToObject(json, name, inner);
		}
		json = inner;
	}
	return json;
}

static void write_object(cJSON *json, const struct kdamond_kind *kind,
			 const void *object);

/* Three lists of the kernel's may be one in damo's format. */
static void write_list(cJSON *json, const char *key,
		       const struct kdamond_field *f, const void *object)
{
	const struct kdamond_list *list = kdamond_list(f, object);
	cJSON *array = cJSON_GetObjectItemCaseSensitive(json, key), *item;

	if (!array)
		array = cJSON_AddArrayToObject(json, key);
	for (size_t i = 0; i < list->nr; i++) {
		item = cJSON_CreateObject();
		cJSON_AddItemToArray(array, item);
		write_object(item, f->of, kdamond_item(list, f->of, i));
	}
}

static cJSON *format_field(const struct kdamond_field *f,
			   const struct kdamond_kind *kind, const void *object)
{
	if ((f->flags & KDAMOND_SPARSE) && kdamond_is_default(f, kind, object))
		return cJSON_CreateNull();
	if (f->unit >= KDAMOND_TEXT)
		return cJSON_CreateString(kdamond_text(f, object));
	return format_number(f, *kdamond_u64(f, object));
}

static void write_object(cJSON *json, const struct kdamond_kind *kind,
			 const void *object)
{
	for (size_t i = 0; i < kind->nr_fields; i++) {
		const struct kdamond_field *f = &kind->fields[i];
		const char *key = f->key;
		cJSON *into;

		if (!kdamond_has(f, object))
			continue;
		/* What an older damo may not know, it need not be told. */
		if (f->needs && !(f->flags & KDAMOND_MUST) &&
		    kdamond_is_default(f, kind, object))
			continue;
		into = descend(json, &key);
		if (f->unit == KDAMOND_LIST)
			write_list(into, key, f, object);
		else if (cJSON_IsArray(into))
			cJSON_AddItemToArray(into,
					     format_field(f, kind, object));
		else
			cJSON_AddItemToObject(into, key,
					      format_field(f, kind, object));
	}
}

char *damo_format(const struct damon_config *config, bool yaml)
{
	cJSON *json = cJSON_CreateObject();
	char *text;

	write_object(json, &kdamond_root, config);
	text = yaml ? damon_yaml_format(json) : cJSON_Print(json);
	cJSON_Delete(json);
	return text;
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end);
}

int damo_write(const char *file, const struct damon_config *config)
{
	bool is_stdout = !strcmp(file, "-");
	bool yaml = ends_in(file, ".yaml") || ends_in(file, ".yml");
	FILE *f = is_stdout ? NULL : fopen(file, "we");
	char *text = damo_format(config, yaml);
	int err = 0;

	if (!text)
		err = fail(ENOMEM, "DAMON's configuration is too large");
	else if (is_stdout)
		report_say("%s\n", text);
	else if (!f || fputs(text, f) < 0 || (!yaml && fputc('\n', f) < 0))
		err = fail(errno, "%s: %s", file, strerror(errno));
	if (f && fclose(f) && !err)
		err = fail(errno, "%s: %s", file, strerror(errno));
	free(text);
	return err;
}
