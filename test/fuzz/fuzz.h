/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - what the fuzz targets share. A target is one file here, with
 * LLVMFuzzerTestOneInput(); it aborts where a promise of a header is broken.
 * test/host/fuzz.t runs them for a while; for longer, or on what one has found:
 *
 *     make fuzz
 *     build/test/fuzz/args -max_total_time=3600 DIRECTORY
 */
#ifndef TIER_FUZZ_H
#define TIER_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A copy that ends with a zero, of its own size: to read beyond it is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#define promise(holds)                                                   \
	do {                                                             \
		if (!(holds)) {                                          \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
				__LINE__, #holds);                       \
			abort();                                         \
		}                                                        \
	} while (0)

/* A refusal says why, and as what. */
static inline void fuzz_refused(int err, enum status status)
{
	promise(err < 0);
	promise(fail_status() == status);
	promise(fail_message()[0]);
}

#endif
