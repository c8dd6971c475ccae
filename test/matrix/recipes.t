#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The experiments with programs of others (experiments/redis.exp and its like): each
# cell runs, prints its own figure, which is read and ranks the cells, and the
# policies move pages, which without one stay.  RECIPES="redis stream" runs those
# alone.
#
# timeout: 3600

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

# The figure that ranks each of them
declare -A figure=([redis]=reads_per_s [sqlite]=lookups_s
	[stream]=triad_mb_per_s [masim]=accesses_per_ms
	[memcached]=gets_per_s [graph]=edges_per_s)
# More pages than these are promoted; on a slow host few values are asked for twice
declare -A least=([memcached]=100)

mkdir -p "$OUT"

# promoted CELL: pages, by NUMA balancing
promoted()
{
	record moves .whole.numa_promoted "$OUT/$name/cells/$1.1"
}

for name in redis memcached sqlite graph stream masim; do
	[[ " ${RECIPES:-$name} " = *" $name "* ]] || continue
	metric=${figure[$name]}
	status=0
	./build.sh experiment "$name" \
		>"$OUT/$name.txt" 2>&1 </dev/null || status=$?
	is "$status" 0 "$name: all cells run" ||
		diag "$(tail -n 30 "$OUT/$name.txt")"
	is "$(jq -r '.ranked_by, (.ranking | map(.cell) | sort[])' \
		"$OUT/$name/report.json" | paste -sd' ')" \
		"$metric none numab tpp" "$name: they are ranked by $metric"
	for one in none numab tpp; do
		ok "$name, $one: it has the figure" ./build.sh expect \
			"$OUT/$name" "$one: $metric > 0"
	done
	is "$(promoted none)" 0 "$name: without a policy nothing is promoted"
	for one in numab tpp; do
		ok "$name, $one: pages are ($(promoted $one))" \
			[ "$(promoted $one)" -gt "${least[$name]:-1000}" ]
	done
done
done_testing
