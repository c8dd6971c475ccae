// SPDX-License-Identifier: GPL-2.0-only
/*
 * poison.c - what of a CXL device's memory is poisoned, as the device says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cxl/poison.h"
#include "sysfs.h"

#define TRACING "/sys/kernel/tracing"
#define EVENT "events/cxl/cxl_poison/enable"

/* Where text is in the line, which ends after len; NULL: it is not. */
static const char *find(const char *line, size_t len, const char *text)
{
	const char *at = strstr(line, text);

	return at && at < line + len ? at : NULL;
}

/* The word behind " key=", up to the next blank; "" where it is not. */
static void word_of(char *to, size_t size, const char *line, size_t len,
		    const char *key)
{
	const char *at = find(line, len, key);
	size_t n;

	to[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	n = strcspn(at, " \n");
	snprintf(to, size, "%.*s", (int)n, at);
}

static uint64_t number_of(const char *line, size_t len, const char *key)
{
	char word[32];

	word_of(word, sizeof(word), line, len, key);
	return strtoull(word, NULL, 0);
}

void poison_parse(struct poison *p, const char *trace)
{
	static const char event[] = " cxl_poison: ";
	const char *line = trace, *next;

	for (; *line; line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		if (!find(line, len, event))
			continue;
		p->bytes += number_of(line, len, " dpa_length=");
		if (p->entries++)
			continue;
		word_of(p->memdev, sizeof(p->memdev), line, len, " memdev=");
		word_of(p->source, sizeof(p->source), line, len, " source=");
		p->dpa = number_of(line, len, " dpa=");
	}
}

static int ask(struct poison *p, const char *instance, int memdev)
{
	char *trace;
	int err = sysfs_write("1", "%s/" EVENT, instance);

	if (!err)
		err = sysfs_write(
			"1", "/sys/bus/cxl/devices/mem%d/trigger_poison_list",
			memdev);
	if (err)
		return err;
	trace = sysfs_slurp("%s/trace", instance);
	if (trace)
		poison_parse(p, trace);
	free(trace);
	sysfs_write("0", "%s/" EVENT, instance);
	return 0;
}

int poison_read(struct poison *p, int memdev)
{
	static const char instance[] = TRACING "/instances/tier-poison";
	int err = sysfs_mkdir("%s", instance);

	/* Left by one that was killed; another's is in use, and stays. */
	if (err == -EEXIST && !sysfs_rmdir("%s", instance))
		err = sysfs_mkdir("%s", instance);
	if (err)
		return err;
	err = ask(p, instance, memdev);
	sysfs_rmdir("%s", instance);
	return err;
}
