/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kmod's meson would find out about musl and gcc on x86-64.
 * No compression: the modules in the image are decompressed when it is
 * made.  No openssl: the kernel verifies signatures, not we.  No messages:
 * init.c would not show them, and says itself what failed.
 */
#define PACKAGE "kmod"
#define VERSION "34.2"
#define KMOD_FEATURES "-ZSTD -XZ -ZLIB -OPENSSL"
#define SYSCONFDIR "/etc"
#define DISTCONFDIR "/usr/lib"
#define MODULE_DIRECTORY "/lib/modules"
#define ENABLE_LOGGING 0
#define NDEBUG 1
#define ENABLE_DEBUG 0
#define ENABLE_ELFDBG 0
#define ENABLE_ZSTD 0
#define ENABLE_ZSTD_DLOPEN 0
#define ENABLE_XZ 0
#define ENABLE_XZ_DLOPEN 0
#define ENABLE_ZLIB 0
#define ENABLE_ZLIB_DLOPEN 0
#define ENABLE_OPENSSL 0
/* musl has the POSIX basename() in libgen.h only; kmod brings the other */
#define HAVE_DECL_BASENAME 0
#define HAVE_DECL___XSTAT 0
#define HAVE_NORETURN 1
#define HAVE_SECURE_GETENV 1
#define HAVE_STATIC_ASSERT 1
#define HAVE_STRUCT_STAT_ST_MTIM 1
#define HAVE___BUILTIN_CLZ 1
#define HAVE___BUILTIN_TYPES_COMPATIBLE_P 1
#define HAVE___BUILTIN_UADD_OVERFLOW 1
#define HAVE___BUILTIN_UADDL_OVERFLOW 1
#define HAVE___BUILTIN_UADDLL_OVERFLOW 1
#define HAVE___BUILTIN_UMUL_OVERFLOW 1
#define HAVE___BUILTIN_UMULL_OVERFLOW 1
#define HAVE___BUILTIN_UMULLL_OVERFLOW 1
