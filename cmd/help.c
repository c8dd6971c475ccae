// SPDX-License-Identifier: GPL-2.0-only
/*
 * help.c - tier help: the text is made in plan.c, from the verbs' tables.
 */
#include <stddef.h>

#include "cmd/verbs.h"

const struct verb verb_help = {
	.name = "help",
	.operands = "[VERB]",
	.summary = "explain a verb",
	.flags = VERB_NO_RECORDS,
};
