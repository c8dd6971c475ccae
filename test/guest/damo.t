#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Against Debian's own damo in the same guest: what tier tells DAMON for
# HMSDK's "-g -d 0 1 -p 1 0" is what damo tells it for the options that HMSDK
# hands to damo; damo takes what tier dumps, and tier what damo prints.
# Python is in that guest for this only.  On the newer kernel, whose DAMON has
# more files; test/matrix/damo.t has the other.
#
# long: 40

cd "$(dirname "$0")/../.." || exit 1
# damo is set there
# shellcheck disable=SC2154
# shellcheck source=test/lib/damo.sh
. test/lib/damo.sh

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

against_damo 7.3
done_testing
