#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# redis in a guest, with 200 MB of values, all of which lie on CXL memory when they
# begin to be read, as after a pressure that has gone: what a policy makes of that
# is how fast the hot ones are read.  README: YOUR PROGRAM, IN THE GUEST.

hot=5000
mkdir -p /results
redis-server --port 0 --unixsocket /tmp/redis --save '' --appendonly no \
	--logfile /results/redis.log &
cli="redis-cli -s /tmp/redis"
until $cli ping >/dev/null 2>&1; do
	sleep 0.1
done

echo "loading"
$cli eval "local value = string.rep('x', 4000)
	for i = 0, 49999 do
		redis.call('set', string.format('key:%012d', i), value)
	end" 0 || exit
migratepages "$(pidof redis-server)" 0 1 || exit

for phase in warm-up measured; do
	echo "reading $hot hot keys: $phase"
	redis-benchmark -s /tmp/redis -r $hot -n 40000 -c 4 --csv \
		get key:__rand_int__ | tee "/results/$phase.csv"
	grep -h -E ' N[01]=' "/proc/$(pidof redis-server)/numa_maps" |
		grep -oE 'N[01]=[0-9]+' | awk -F= '{ n[$1] += $2 }
		END { print n["N0"] + 0, n["N1"] + 0 }' >"/results/$phase.pages"
done
$cli shutdown nosave
wait
