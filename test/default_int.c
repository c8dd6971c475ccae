// SPDX-License-Identifier: GPL-2.0-only
/*
 * default_int.c - PROGRAM ARGUMENTS, with SIGINT as a terminal's programs have
 * it: a shell has it ignored for what it starts in the background, and busybox
 * has no env --default-signal.
 */
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	signal(SIGINT, SIG_DFL);
	if (argc > 1)
		execvp(argv[1], argv + 1);
	return 127;
}
