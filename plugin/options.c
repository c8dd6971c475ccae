// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - what tier-pmu is told on QEMU's command line.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define PAGE 4096
/* A page's number has 27 bits in the plugin's tables. */
#define MAX_ADDRESS (UINT64_C(1) << 39)
#define MAX_LATENCY_NS 1000000
#define DEFAULT_LLC (UINT64_C(2) << 20)
#define MIN_LLC (UINT64_C(4) << 10)
#define MAX_LLC (UINT64_C(1) << 30)
#define MIN_BANDWIDTH (UINT64_C(1) << 20)
#define MAX_INTERVAL_S UINT64_C(3600)
#define MAX_BANDWIDTH (UINT64_C(1) << 40)

__attribute__((format(printf, 1, 2))) static bool bad(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "tier-pmu: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

/* -------------------------------------------------------------- values */

/* A number, decimal or 0x; moves *text behind it. */
static bool number(const char **text, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 0);
	*text = end;
	return !errno;
}

/* 512k, 2M, 16G: a power of 1024 times a whole number. */
static bool size(const char *text, uint64_t *value)
{
	static const char letters[] = "kMGT";
	const char *letter;
	unsigned int shift = 0;

	if (!number(&text, value))
		return false;
	letter = *text ? strchr(letters, *text == 'K' ? 'k' : *text) : NULL;
	if (letter) {
		shift = 10 * (unsigned int)(letter - letters + 1);
		text++;
	}
	if (*text || *value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

static bool set_time(const char *option, const char *text, uint32_t *ns)
{
	const char *at = text;
	uint64_t n;

	if (!number(&at, &n) || !n || n > MAX_LATENCY_NS ||
	    (strcmp(at, "ns") && strcmp(at, "us")) ||
	    (*at == 'u' && n > MAX_LATENCY_NS / 1000))
		return bad("%s=%s: give a time from 1ns to 1000us, e.g. 250ns",
			   option, text);
	*ns = (uint32_t)(*at == 'u' ? n * 1000 : n);
	return true;
}

/* ----------------------------------------------------------- the options */

typedef bool setter(struct options *o, const char *option, const char *text);

static bool set_scope(struct options *o, const char *option, const char *text)
{
	static const char *const words[] = {
		[SCOPE_ALL] = "all",
		[SCOPE_USER] = "user",
		[SCOPE_PROCESS] = "process",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(text, words[i]))
			continue;
		o->scope = (enum options_scope)i;
		return true;
	}
	return bad("%s=%s: give all, user or process", option, text);
}

static bool set_llc(struct options *o, const char *option, const char *text)
{
	if (!strcmp(text, "off")) {
		o->llc_bytes = 0;
		return true;
	}
	if (size(text, &o->llc_bytes) && o->llc_bytes >= MIN_LLC &&
	    o->llc_bytes <= MAX_LLC && !(o->llc_bytes & (o->llc_bytes - 1)))
		return true;
	return bad("%s=%s: give a power of two from 4k to 1G, e.g. 2M, or off",
		   option, text);
}

static bool set_shared(struct options *o, const char *option, const char *text)
{
	o->llc_shared = !strcmp(text, "on");
	return o->llc_shared || !strcmp(text, "off") ||
	       bad("%s=%s: give on or off", option, text);
}

static bool set_record(struct options *o, const char *option, const char *text)
{
	o->record = text;
	return *text || bad("%s=: name a file", option);
}

static bool set_heat(struct options *o, const char *option, const char *text)
{
	o->heat = text;
	return *text || bad("%s=: name a file", option);
}

static bool set_heat_interval(struct options *o, const char *option,
			      const char *text)
{
	const char *at = text;
	uint64_t n;

	o->heat_ns = 0;
	if (!strcmp(text, "rows"))
		return true;
	if (!number(&at, &n) || !n || n > MAX_INTERVAL_S * 1000 ||
	    (strcmp(at, "ms") && (strcmp(at, "s") || n > MAX_INTERVAL_S)))
		return bad("%s=%s: give a time from 1ms to 3600s, or rows",
			   option, text);
	o->heat_ns = n * (*at == 'm' ? 1000000 : 1000000000);
	return true;
}

static bool set_heat_grain(struct options *o, const char *option,
			   const char *text)
{
	if (strcmp(text, "4k") && strcmp(text, "2m"))
		return bad("%s=%s: give 4k or 2m", option, text);
	o->heat_shift = *text == '4' ? 12 : 21;
	return true;
}

static bool set_heat_of(struct options *o, const char *option, const char *text)
{
	o->heat_accesses = !strcmp(text, "accesses");
	return o->heat_accesses || !strcmp(text, "misses") ||
	       bad("%s=%s: give misses or accesses", option, text);
}

static bool set_heat_apart(struct options *o, const char *option,
			   const char *text)
{
	o->heat_apart = !strcmp(text, "on");
	return o->heat_apart || !strcmp(text, "off") ||
	       bad("%s=%s: give on or off", option, text);
}

/* The range that latency= and the like are of; NULL with a message. */
static struct options_range *last(struct options *o, const char *option)
{
	if (o->nr_parts)
		return &o->ranges[o->parts[o->nr_parts - 1].range];
	bad("%s: of which range? Name one before it: far=START-END,%s=...",
	    option, option);
	return NULL;
}

static bool set_latency(struct options *o, const char *option, const char *text)
{
	struct options_range *r = last(o, option);

	if (!r || !set_time(option, text, &r->latency_ns[PMU_LOADS]))
		return false;
	r->latency_ns[PMU_STORES] = r->latency_ns[PMU_LOADS];
	return true;
}

static bool set_store(struct options *o, const char *option, const char *text)
{
	struct options_range *r = last(o, option);

	return r && set_time(option, text, &r->latency_ns[PMU_STORES]);
}

static bool set_bandwidth(struct options *o, const char *option,
			  const char *text)
{
	struct options_range *r = last(o, option);

	if (!r)
		return false;
	if (size(text, &r->bandwidth) && r->bandwidth >= MIN_BANDWIDTH &&
	    r->bandwidth <= MAX_BANDWIDTH)
		return true;
	return bad("%s=%s: give bytes a second from 1M to 1T, e.g. 16G", option,
		   text);
}

static const struct {
	const char *name;
	setter *set;
} table[] = {
	{ "scope", set_scope },
	{ "llc", set_llc },
	{ "llc-shared", set_shared },
	{ "record", set_record },
	{ "latency", set_latency },
	{ "store-latency", set_store },
	{ "bandwidth", set_bandwidth },
	{ "heat", set_heat },
	{ "heat-interval", set_heat_interval },
	{ "heat-grain", set_heat_grain },
	{ "heat-of", set_heat_of },
	{ "heat-apart", set_heat_apart },
};

/* ---------------------------------------------------------------- ranges */

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	if (n >= PMU_NAME_BYTES || !islower((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!islower((unsigned char)*name) &&
		    !isdigit((unsigned char)*name))
			return false;
	return true;
}

/* Its number; a new one if there is none yet; 0 if there is no room. */
static unsigned int range_of(struct options *o, const char *name)
{
	struct options_range *r;

	for (unsigned int i = 1; i < o->nr_ranges; i++)
		if (!strcmp(o->ranges[i].name, name))
			return i;
	if (o->nr_ranges == PMU_MAX_RANGES)
		return 0;
	r = &o->ranges[o->nr_ranges];
	snprintf(r->name, sizeof(r->name), "%.15s", name);
	return o->nr_ranges++;
}

static bool place_part(struct options *o, const char *name,
		       struct options_part new)
{
	if (o->nr_parts == OPTIONS_MAX_PARTS)
		return bad("more than %d parts of ranges", OPTIONS_MAX_PARTS);
	for (unsigned int i = 0; i < o->nr_parts; i++) {
		const struct options_part *p = &o->parts[i];

		if (new.start < p->end && p->start < new.end)
			return bad("%s=0x%" PRIx64 "-0x%" PRIx64
				   ": overlaps %s=0x%" PRIx64 "-0x%" PRIx64,
				   name, new.start, new.end,
				   o->ranges[p->range].name, p->start, p->end);
	}
	new.range = range_of(o, name);
	if (!new.range)
		return bad("%s: more than %d ranges", name, PMU_MAX_RANGES - 1);
	o->parts[o->nr_parts++] = new;
	return true;
}

/* False, without a message: it has not the form START-END. */
static bool bounds(const char *text, struct options_part *p)
{
	if (!number(&text, &p->start) || *text++ != '-')
		return false;
	return number(&text, &p->end) && !*text;
}

static bool set_range(struct options *o, const char *name, const char *text)
{
	struct options_part p = { 0 };

	if (!is_name(name) || !strcmp(name, "other") || !bounds(text, &p))
		return bad(
			"%s=%s: no such option; give scope, llc, llc-shared, "
			"record, latency, store-latency, bandwidth, heat, "
			"heat-interval, heat-grain, heat-of, heat-apart, "
			"or a range by a name of up to 15 small letters and "
			"digits: far=0xc90000000-0xd10000000",
			name, text);
	if (p.end <= p.start)
		return bad("%s=%s: it ends before it begins; give START-END, "
			   "END behind its last byte",
			   name, text);
	if ((p.start | p.end) % PAGE || p.end > MAX_ADDRESS)
		return bad("%s=%s: give multiples of 4096, at most 0x%" PRIx64,
			   name, text, (uint64_t)MAX_ADDRESS);
	return place_part(o, name, p);
}

/* ------------------------------------------------------------------- all */

static bool set(struct options *o, const char *argument)
{
	const char *text = strchr(argument, '=');
	char option[32];

	if (!text || text - argument >= (long)sizeof(option))
		return bad("%s: give OPTION=VALUE", argument);
	snprintf(option, sizeof(option), "%.*s", (int)(text - argument),
		 argument);
	for (unsigned int i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(option, table[i].name))
			return table[i].set(o, option, text + 1);
	return set_range(o, option, text + 1);
}

static int by_start(const void *a, const void *b)
{
	const struct options_part *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

bool options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){ .nr_ranges = 1,
			       .llc_bytes = 1,
			       .heat_ns = 1000000000,
			       .heat_shift = 12 };
	snprintf(o->ranges[0].name, sizeof(o->ranges[0].name), "other");
	for (int i = 0; i < argc; i++)
		if (!set(o, argv[i]))
			return false;
	for (unsigned int i = 1; i < o->nr_ranges; i++)
		o->slow |= o->ranges[i].latency_ns[PMU_LOADS] ||
			   o->ranges[i].latency_ns[PMU_STORES] ||
			   o->ranges[i].bandwidth;
	if (o->llc_bytes == 1) /* not said */
		o->llc_bytes = DEFAULT_LLC;
	if (o->heat && !o->nr_parts)
		return bad("heat=%s: of which memory? Name a range, e.g. "
			   "near=START-END",
			   o->heat);
	qsort(o->parts, o->nr_parts, sizeof(*o->parts), by_start);
	return true;
}
