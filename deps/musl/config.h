/* SPDX-License-Identifier: GPL-2.0-only */
/* musl's sources say themselves when they want more than this. */
#undef _GNU_SOURCE
#define _XOPEN_SOURCE 700
