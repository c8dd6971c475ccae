#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the one of these programs that is there until 20.2 seconds are over, and kills
# it: a little after a row of tier run, so that the last whole second is of its main
# work, and has nothing of its end.  For experiments/judges.exp.

sleep 20.2 &
over=$!
# Of a large page its first 4 KiB alone are judged, of hint faults
echo never >/sys/kernel/mm/transparent_hugepage/enabled
if [ -e /lookups.sh ]; then
	LOOKUPS=100000000 FAR=yes /lookups.sh &
else
	# Not -run: its code and what it writes are side by side, and each write
	# to a page that has code takes the emulator long
	tcc -DSCALE=20 -DSECONDS=60 -o /tmp/graph -x c /graph.tcc || exit
	/tmp/graph &
fi
program=$!
wait $over
# Killed by this, and not before
kill -KILL $program
alive=$?
wait $program
if [ "$alive $?" != "0 137" ]; then
	echo "it had ended by itself"
	exit 1
fi
