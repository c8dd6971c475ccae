/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hpcc.h - as much of HPC Challenge's header as its single-CPU RandomAccess
 * core needs to be compiled alone, for test/bench.
 */
#ifndef HPCC_H
#define HPCC_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef unsigned long u64Int;
typedef long s64Int;
#define FSTR64 "%ld"

/* Only named, in declarations that nothing here uses */
typedef int MPI_Datatype, MPI_Status, MPI_Request;

typedef struct {
	char outFname[64];
	double HPLMaxProcMem; /* bytes: the table takes half of it */
	int64_t RandomAccess_N;
} HPCC_Params;

#define HPCC_XMALLOC(type, count) ((type *)malloc(sizeof(type) * (count)))
#define HPCC_free free

/* What RandomAccess.h's CPUSEC and RTSEC call */
double HPL_timer_cputime(void);
double MPI_Wtime(void);

#endif
