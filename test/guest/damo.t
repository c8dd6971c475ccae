#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Against Debian's own damo in the same guest: what tier tells DAMON for
# HMSDK's "-g -d 0 1 -p 1 0" is what damo tells it for the options that HMSDK
# hands to damo; damo takes what tier dumps, and tier what damo prints.
# Python is in that guest for this only.
#
# Deliberate differences: damo's greatest age is 2^64 microseconds in
# aggregation intervals; the kernel keeps 32 bits of it, which tier's greatest
# age says.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M

mkdir -p "$OUT"
damo=$(test/guest/damo.pack 2>"$OUT/pack.txt") || {
	diag "$(<"$OUT/pack.txt")"
	ok "Debian's damo is there" false
	done_testing
}
diag "damo $(<"$damo/version")"

# What "build.sh heat --damo" makes of a stream of heat is drawn by damo: four
# pages of the CXL range, of which a second has 40, 30, 0 and 10 misses, and the
# next one 0, 0, 300 and 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - >"$tmp/heat" <<'END'
import sys
def number(n):
    return (bytes([n & 127 | 128]) + number(n >> 7)) if n > 127 else bytes([n])
def interval(by, seconds, *rest):
    return b"I" + b"".join(map(number, (by, seconds * 10 ** 9,
                                        seconds * 10 ** 9, 0, *rest)))
sys.stdout.buffer.write(
    b'{"heat":2,"grain":4096,"of":"misses","counts":["all"],"vcpus":1,'
    b'"cache_bytes":0,"interval_ns":1000000000,"scope":"all","ranges":['
    b'{"name":"near","start":0,"end":16384},'
    b'{"name":"cxl","start":16384,"end":1048576}]}\n' +
    interval(1, 2, 0) + interval(1, 3, 3, 4, 40, 0, 30, 1, 10) +
    interval(2, 4, 1, 6, 300))
END
./build.sh heat "$tmp/heat" --damo "$tmp/damo.data" --svg "$tmp/svg" \
	>"$tmp/text" 2>&1 || diag "$(<"$tmp/text")"

# report ARGUMENTS...
report()
{
	PYTHONHOME=$damo "$damo/ld.so" --library-path "$damo/lib" \
		"$damo/python" -S -B "$damo/share/damo.pyc" report "$@" \
		--input "$tmp/damo.data" 2>&1
}

is "$(report heatmap --output raw --resol 2 4 --abs_addr \
	--time_range 2000000000 4000000000 --address_range 16384 32768 |
	awk '{ print $1 / 1e9, $2, $3 + 0 }')" \
	"$(printf '%s\n' "0 16384 40" "0 20480 30" "0 24576 0" "0 28672 10" \
		"1 16384 0" "1 20480 0" "1 24576 300" "1 28672 0")" \
	"damo report heatmap: each page's misses, second by second"
like "$(report heatmap --resol 2 4 --stdout_skip_colorset_example |
	sed 's/\x1b[^m]*m//g' | head -n 3 | xargs)" "^0000 1080 " \
	"damo report heatmap: drawn, with the ranges that it finds by itself"

status_of()
{
	said "$1" | cut -d' ' -f1
}

# tree NAME: DAMON's files, without the deliberate difference
tree()
{
	between "$1" | sed '/\/age\/max <- /d'
}

# same_tree GOT WANT NAME
same_tree()
{
	is "$(diff <(tree "$2") <(tree "$1") | grep '^[<>]')" "" "$3"
}

for kernel in 6.12 7.3; do
	begin=$SECONDS
	KERNEL=$kernel boot_script "damo-$kernel" test/guest/damo.guest \
		--add "$damo:/damo" --add test/fixtures/hmsdk-options.txt
	is "$(status_of options) $(status_of damo)" "0 0" \
		"$kernel: damo starts DAMON with HMSDK's options"
	is "$(said states-damo)" "on on" "$kernel: its two kdamonds run"
	ok "$kernel: it told DAMON much" [ "$(tree damo | wc -l)" -gt 80 ]
	# The journals of test/host/policy.t are damo's own writes
	is "$(diff <(between writes | tac | sed '/nr_kdamonds <- 2$/q' | tac |
			grep -v 'memcg_path <- $') \
		<(grep -v damon_stat \
			"test/fixtures/golden/damon-start-g-$kernel.txt") |
		grep '^[<>]' | grep -v '/age/max <- ')" "" \
		"$kernel: in the order that is written down"

	is "$(status_of tier)" 0 "$kernel: tier damon start -g -d 0 1 -p 1 0"
	is "$(said states-tier)" "on on" "$kernel: its two kdamonds run"
	same_tree tier damo "$kernel: DAMON's files are as damo wrote them"
	is "$(between tier | sed -n 's,.*/age/max <- ,,p' | xargs)" \
		"4294967295 4294967295" "$kernel: but for the greatest age"
	is "$(status_of dump)" 0 "$kernel: tier damon dump"
	is "$(between json | jq '.kdamonds | length')" 2 \
		"$kernel: which is JSON of two kdamonds"
	is "$(status_of stop) $(status_of restore)" "0 0" \
		"$kernel: tier damon stop, tier policy restore"
	is "$(said damon_stat_after)" "$(said damon_stat)" \
		"$kernel: DAMON_STAT is as it was"
	is "$(status_of again) $(said states-again)" "0 on on" \
		"$kernel: damo starts what tier dumped"
	same_tree again damo "$kernel: and makes the same of it"
	is "$(between again | sed -n 's,.*/age/max <- ,,p' | xargs)" \
		"4294967295 4294967295" "$kernel: the greatest age, too"
	is "$(status_of read) $(said states-read)" "0 on on" \
		"$kernel: tier starts what damo printed"
	same_tree read damo "$kernel: and makes the same of it"
	is "$(status_of end)" 0 "$kernel: and stops it"
	is "$(status_of policy) $(said states-policy) $(said kdamonds-policy)" \
		"0 on on 0" "$kernel: as somebody's policy it runs, and is put back"
	is "$(of policy daemon '"\(.program[0]) \(.exit_status) \(.killed)"')" \
		"/damo/damo 0 false" "$kernel: it has ended, as such a command does" ||
		diag "$(between policy)"
	is "$(of policy moves '[.zeros[] | select(.who == "DAMON").cause] |
		index("off")')" null "$kernel: DAMON counts as on" ||
		diag "$(between policy)"
	diag "$kernel: $((SECONDS - begin)) s"
done
done_testing
