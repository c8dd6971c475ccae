/* SPDX-License-Identifier: GPL-2.0-only */
/* The little of util-linux' configure that libuuid's parser looks at. */
#define HAVE_ERR_H 1
#define HAVE_ERRX 1
#define HAVE_NANOSLEEP 1
#define HAVE_PROGRAM_INVOCATION_SHORT_NAME 1
#define HAVE_REALLOCARRAY 1
#define HAVE_STRUCT_TM_TM_GMTOFF 1
#define HAVE_UNISTD_H 1
