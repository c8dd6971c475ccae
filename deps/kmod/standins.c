// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stand-ins for two functions of the C library, for libkmod only.
 *
 * musl's fnmatch() knows every alphabet's letters, and weighs 17 KB with
 * their tables. Module names and aliases are ASCII.
 *
 * libkmod runs a module's "install" command in a shell. There is none when
 * PID 1 loads modules; elsewhere it is tier that is asked for a module, not
 * a script: an error, as the usual "install NAME /bin/false" means.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Is c in the set that begins behind a '['? Returns what follows the ']',
 * or NULL if there is none.
 */
static const char *in_set(const char *p, unsigned char c, bool *in)
{
	bool other = *p == '!' || *p == '^';
	const char *first = p += other;

	*in = other;
	while (*p && (*p != ']' || p == first)) {
		unsigned char low, high;

		p += *p == '\\' && p[1];
		low = high = *p++;
		if (*p == '-' && p[1] && p[1] != ']') {
			p += p[1] == '\\' && p[2] ? 2 : 1;
			high = *p++;
		}
		if (low <= c && c <= high)
			*in = !other;
	}
	return *p ? p + 1 : NULL;
}

/* One character of s against one of p: what follows it in p, or NULL */
static const char *match_one(const char *p, char c)
{
	const char *rest;
	bool same;

	switch (*p) {
	case '\0':
		return NULL;
	case '?':
		return p + 1;
	case '[':
		rest = in_set(p + 1, c, &same);
		if (rest)
			return same ? rest : NULL;
		break; /* not closed: it is a '[' */
	case '\\':
		p += p[1] != '\0';
		break;
	}
	return *p == c ? p + 1 : NULL;
}

/* All callers' flags are 0. After a '*' only the last one is tried again. */
int fnmatch(const char *p, const char *s, int flags)
{
	const char *star = NULL, *from = NULL, *rest;

	(void)flags;
	while (*s) {
		if (*p == '*') {
			star = ++p;
			from = s;
			continue;
		}
		rest = match_one(p, *s);
		if (rest) {
			p = rest;
			s++;
		} else if (star) {
			p = star;
			s = ++from;
		} else {
			return FNM_NOMATCH;
		}
	}
	while (*p == '*')
		p++;
	return *p ? FNM_NOMATCH : 0;
}

int system(const char *command)
{
	if (!command)
		return 0;
	errno = ENOSYS;
	return -1;
}
