/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers are in the C locale, so cJSON need not ask for the decimal point.
 * What is parsed was written by people: no deeper than this.
 */
#undef ENABLE_LOCALES
#define CJSON_NESTING_LIMIT 64
