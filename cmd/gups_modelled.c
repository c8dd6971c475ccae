// SPDX-License-Identifier: GPL-2.0-only
/*
 * gups_modelled.c - points of modelled time while gups runs.
 */
#include <stdlib.h>

#include "cmd/gups_modelled.h"
#include "lib/alloc.h"

void gups_modelled_take(struct modelled_time *m, const struct gups *g,
			unsigned int threads)
{
	uint64_t *done;

	if (!m)
		return;
	done = xcalloc(threads, sizeof(*done));
	for (unsigned int i = 0; i < threads; i++)
		done[i] = gups_done_by(g, i);
	modelled_time_take(m, done);
	free(done);
}
