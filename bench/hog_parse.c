// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog_parse.c - a hog as the command line says it.
 */
#include <stdio.h>
#include <string.h>

#include "bench/hog.h"
#include "lib/base.h"
#include "lib/error.h"
#include "lib/text.h"
#include "mm/page.h"

/* Often enough for DAMON's aggregation interval to see some of it. */
#define DEFAULT_WARM_NS UINT64_C(1000000000)

static int parse_bytes(const char *hog, const char *text, uint64_t *bytes)
{
	/*
	 * A few pages are no pressure, and a bare number was meant to be MiB.
	 */
	if (parse_size(text, bytes) || *bytes < MIB || *bytes % PAGE_BYTES)
		return misuse(
			"hog %s: give a size of 1M or more, in 4k, e.g. 6000M or free=200M",
			hog);
	return 0;
}

static int parse_release(struct hog_plan *h, const char *hog, char *text)
{
	char *percent = strchr(text, '%');
	uint64_t n = 0;

	if (percent && !percent[1]) {
		*percent = '\0';
		if (!parse_u64(text, &n) && n > 0 && n < 100) {
			h->release_percent = (unsigned int)n;
			return 0;
		}
	} else if (!parse_duration(text, &h->release_ns) && h->release_ns) {
		return 0;
	}
	return misuse("hog %s: release=TIME or 1%% to 99%% of the run, e.g. "
		      "release=10s",
		      hog);
}

static int parse_word(struct hog_plan *h, const char *hog, char *word)
{
	char *value = strchr(word, '=');
	bool warm = !strncmp(word, "warm", 4) &&
		    (!word[4] || value == word + 4);

	if (!value && !strcmp(word, "lock"))
		h->lock = true;
	else if (!value && !strcmp(word, "thp"))
		h->pages = PAGES_THP;
	else if (warm && !value)
		h->warm_ns = DEFAULT_WARM_NS;
	else if (value == word + 7 && !strncmp(word, "release", 7))
		return parse_release(h, hog, value + 1);
	else if (!warm || parse_duration(value + 1, &h->warm_ns) || !h->warm_ns)
		return misuse(
			"hog %s: what is \"%s\"? The words are warm, warm=TIME, lock, thp, release=TIME and release=N%%",
			hog, word);
	return 0;
}

int hog_parse(struct hog_plans *hogs, const char *text)
{
	struct hog_plan *h = &hogs->hog[hogs->nr];
	char copy[128], *rest = copy, *word;
	uint64_t node = UINT64_MAX;
	int err;

	if (hogs->nr == HOG_MAX)
		return misuse("more than %d hogs", HOG_MAX);
	snprintf(copy, sizeof(copy), "%s", text);
	word = strsep(&rest, ":");
	word += strncmp(word, "node", 4) ? 0 : 4;
	if (!rest || strlen(text) >= sizeof(copy) || parse_u64(word, &node) ||
	    node >= 1024)
		return misuse(
			"hog %s: give NODE:SIZE or NODE:free=SIZE, e.g. node0:6000M",
			text);
	*h = (struct hog_plan){ .node = (int)node };
	word = strsep(&rest, ",");
	err = strncmp(word, "free=", 5) ?
		      parse_bytes(text, word, &h->bytes) :
		      parse_bytes(text, word + 5, &h->leave);
	while (!err && (word = strsep(&rest, ",")))
		err = parse_word(h, text, word);
	hogs->nr += !err;
	return err;
}
