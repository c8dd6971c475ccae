/* SPDX-License-Identifier: GPL-2.0-only */
/* What numactl's configure would find out about gcc. */
#define TLS __thread
#define HAVE_ATTRIBUTE_SYMVER 1
