// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - runs HPCC's own single-CPU RandomAccess core on a table of the
 * given bytes and prints its rate, in GUP a second of CPU time.
 */
#include "hpcc.h"

#include <time.h>

int HPCC_RandomAccess(HPCC_Params *params, int doIO, double *GUPs,
		      int *failure);

double HPL_timer_cputime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The rate is by CPU time, too: others on the machine are not HPCC's. */
double MPI_Wtime(void)
{
	return HPL_timer_cputime();
}

int main(int argc, char **argv)
{
	HPCC_Params params = { 0 };
	int failure = 1;
	double rate = 0;

	if (argc != 2)
		return 2;
	params.HPLMaxProcMem = 2 * strtod(argv[1], NULL);
	if (HPCC_RandomAccess(&params, 0, &rate, &failure) || failure)
		return 1;
	printf("%.9f\n", rate);
	return 0;
}
