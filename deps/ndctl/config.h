/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ndctl's meson would find out about musl and gcc on x86-64.
 * Logging stays (libcxl says why a step failed when asked by CXL_LOG),
 * debug messages do not.
 */
#define ENABLE_LOGGING 1
#define HAVE_BSWAP_64 1
#define HAVE_BUILTIN_TYPES_COMPATIBLE_P 1
#define HAVE_BYTESWAP_H 1
#define HAVE_LITTLE_ENDIAN 1
#define HAVE_SECURE_GETENV 1
#define HAVE_STATEMENT_EXPR 1
#define HAVE_TYPEOF 1
#define DAXCTL_CONF_DIR "/etc/daxctl.conf.d"
#define DAXCTL_MODPROBE_DATA "/usr/share/daxctl/daxctl.conf"
#define DAXCTL_MODPROBE_INSTALL "/etc/modprobe.d/daxctl.conf"
