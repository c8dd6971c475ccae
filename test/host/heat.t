#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh heat on streams that are written here, byte by byte: the figures are
# those that follow by hand, and what is no stream is refused.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# heat ARGUMENTS...: sets status and said
heat()
{
	status=0
	said=$(./build.sh heat "$@" --svg "$tmp/svg" 2>&1) || status=$?
}

# The near range has pages 0 to 3, the far one 4 to 1003.  In the first second 4
# pages get 40, 30, 20 and 10 misses, of which the first two are far; in the
# second the first of these has moved to page 1, and 300 misses there.
cat >"$tmp/make.py" <<'EOF'
import sys
def number(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])
def interval(by, guest, host, pages):
    out = b"I" + b"".join(map(number, (by, guest, host, 0, len(pages))))
    page = 0
    for p, n in sorted(pages.items()):
        out += number(p - page) + number(n)
        page = p + 1
    return out
s = 10 ** 9
head = (b'{"heat":2,"grain":4096,"of":"misses","counts":["all"],"vcpus":1,'
        b'"cache_bytes":0,"interval_ns":1000000000,"scope":"all","ranges":['
        b'{"name":"near","start":0,"end":16384},'
        b'{"name":"cxl","start":16384,"end":4112384}]}\n')
data = head + interval(1, 2 * s, 3 * s, {})
data += interval(0, 0, 4 * s, {1000: 40, 4: 30, 0: 20, 3: 10})
data += interval(1, 4 * s, 5 * s, {1: 300, 4: 100})
end = interval(2, 0, 5 * s + 1000, {1003: 7})
sys.stdout.buffer.write(data + end[:{"whole": None, "cut": 5, "no": 0}[sys.argv[1]]])
EOF
for kind in whole cut no; do
	python3 "$tmp/make.py" "$kind" >"$tmp/$kind"
done

heat "$tmp/whole" --dram 8k --csv "$tmp/csv" --pages "$tmp/pages"
is "$status" 0 "a stream is read"
is "$(sed -n 3p "$tmp/csv")" \
	"3.000000,2.000000,100,4,30,70,0.300000000,0.700000000,0.428571429,40,2,3,3,4,0.300000000" \
	"a second: near, best by two pages, efficiency, regret, pages that hold"
mkdir "$tmp/named" "$tmp/fifo"
cp "$tmp/whole" "$tmp/named/heat"
mkfifo "$tmp/fifo/heat"
OUT=$tmp heat named
is "$status" 0 "a run is found by its name in OUT"
OUT=$tmp heat fifo
is "$status" 1 "a pipe in its place is not waited for"
like "$said" 'fifo/heat: is no file' "and is named"
heat "$tmp/whole" --dram 8k --csv "$tmp/csv" --pages "$tmp/pages"
# What comes within a tenth of an interval belongs to the one before it
is "$(sed -n 4p "$tmp/csv")" \
	"4.000001,3.000000,407,3,300,400,0.737100737,0.982800983,0.750000000,100,1,2,2,3,0.982800983" \
	"the next one, with what came at the end"
like "$said" "misses     507 of user code in 6 pages of 4 KiB" "in all"
like "$said" "near       65.09 %" "what was near of it"
like "$said" "best       92.70 % with 8 KiB near" "the best of each second"
like "$said" "84.81 % by one placement" "the best of one placement"
like "$said" "efficiency 70.21 %" "the efficiency"
like "$said" "regret     140 misses" "the regret"
is "$(sed -n 2,6p "$tmp/pages" | tr '\n' ' ')" "3.000000,0x0,1,20 \
3.000000,0x3000,1,10 3.000000,0x4000,0,30 3.000000,0x3e8000,0,40 \
4.000001,0x1000,1,300 " "the trace"
heat "$tmp/whole"
like "$said" "with 16 KiB near" "without --dram: all that is near"
heat "$tmp/whole" --dram 4k
like "$said" "more were near than that" "more near than was said: it is said"
heat "$tmp/whole" --csv -
is "$(wc -l <<<"$said")" 4 "a table alone, to be read by programs"

# pictures NAME: each is XML; their texts, a line each, to $tmp/texts
pictures()
{
	ok "$1: the three pictures are XML" python3 - \
		"$tmp"/{texts,svg,svg-time.svg,svg-pages.svg} <<-'END'
		import sys, xml.dom.minidom
		with open(sys.argv[1], "w") as f:
		    for path in sys.argv[2:]:
		        for t in xml.dom.minidom.parse(path).getElementsByTagName("text"):
		            print(t.firstChild.data, file=f)
	END
}
# drawn: values of the curves over time, a curve a line, from where they are drawn
# between the lines of 0 and 100 %
drawn()
{
	python3 - "$tmp/svg-time.svg" <<-'END'
		import re, sys
		text = open(sys.argv[1]).read()
		at = {v: float(y) - 4 for y, v in reversed(re.findall(
		    'y="([0-9.]+)" text-anchor="end">(0|100)<', text))}
		for path in re.findall('<path d="([^"]*)" fill="none"', text)[:3]:
		    print(*("%.0f" % (100 * (at["0"] - float(y)) / (at["0"] - at["100"]))
		            for y in re.findall("[ML][0-9.]+ ([0-9.]+)H", path)))
	END
}
heat "$tmp/whole" --dram 8k --curve "$tmp/curve"
is "$(cut -d, -f1,3 "$tmp/curve" | xargs)" \
	"pages,misses 0,0 1,300 2,430 3,470 4,490 5,500 6,507" \
	"concentration: what the hottest pages have, of the whole time"
is "$(sed -n 4p "$tmp/curve")" "2,8192,430,0.848126233" \
	"as memory, and as a share"
pictures "a run"
is "$(drawn | tr '\n' ';')" "30 74;70 98;30 98;" \
	"near, the best and one placement, as they are drawn; no line where none was"
like "$(<"$tmp/texts")" "50 %: 1 page, 4 KiB" "the pages that hold a half"
like "$(<"$tmp/texts")" "99 %: 6 pages, 24 KiB" "and nearly all"
like "$(<"$tmp/texts")" "84.81 %: what fits near, 8 KiB" "what the DRAM holds"
like "$(xargs <"$tmp/texts")" "regret: misses a second" "the regret, in its unit"
like "$(xargs <"$tmp/texts")" "seconds since the guest began" "the unit of the time"
python3 - "$tmp" <<'EOF'
import sys
out = sys.argv[1]
sys.argv = ["", "no"]
text = open(out + "/make.py").read()
exec("\n".join(text.splitlines()[:-1]))
begin = head + interval(1, 2 * s, 3 * s, {})
for kind, pages in (("empty", {}), ("single", {1000: 9})):
    with open(out + "/" + kind, "wb") as f:
        f.write(begin + interval(2, 0, 4 * s, pages))
with open(out + "/lone", "wb") as f:
    f.write(head + interval(2, 0, 4 * s, {0: 9, 4: 1}))
EOF
heat "$tmp/empty" --curve "$tmp/curve"
is "$status" 0 "no miss at all: no error"
is "$(sed 1d "$tmp/curve")" "0,0,0," "and no curve"
pictures "no miss at all"
is "$(grep -c '^there were none$' "$tmp/texts")" 2 "it is said in the pictures"
heat "$tmp/single" --dram 4k --curve "$tmp/curve"
is "$(sed 1d "$tmp/curve" | xargs)" "0,0,0,0.000000000 1,4096,9,1.000000000" \
	"one page alone has all"
pictures "one page"
like "$(<"$tmp/texts")" "100 %: what fits near, 4 KiB" "which fits"
heat "$tmp/lone" --dram 4k --csv -
is "$(wc -l <<<"$said")" 2 "one interval"
pictures "one interval"
is "$(drawn | tr '\n' ';')" "90;90;90;" "as it is drawn"

heat "$tmp/cut" --dram 8k
is "$status" 0 "a stream cut short is read"
like "$said" "its last interval is left out" "what is not whole is not"
heat "$tmp/no" --dram 8k
like "$said" "QEMU did not end by itself" "a stream without its end: it is said"

like "$(./build.sh heat "$tmp/whole" --dram 8k --json - --svg "$tmp/svg" |
	jq -c '[.dram_bytes, .counts, .regret, .pages_50, .efficiency_late]')" \
	'^\[8192,507,140,1,0.75' "the sums, to be read by programs"

# The judges: pages 0 and 1 (near), 4, 5 and 6 get 50, 10, 40, 30 and 2 misses;
# DAMON saw the region of 4 as hottest, then that of 0 and 1, then of 5 to 7.  Of
# the three hottest by it two are, with 100 of the 120 misses of these; of the
# two that are near one is of the two hottest, with 60 of 90
mkdir "$tmp/judged"
{
	echo 'exec(open(sys.argv.pop(1)).read())' | sed '1i import sys'
	echo 'sys.stdout.buffer.write(head + interval(1, 2 * s, 3 * s, {}) +
	interval(1, 3 * s, 4 * s, dict.fromkeys(range(8), 1)) +
	interval(2, 0, 5 * s, {0: 50, 1: 10, 4: 40, 5: 30, 6: 2}))'
} >"$tmp/judged.py"
sed '$d' "$tmp/make.py" >"$tmp/make_only.py"
python3 "$tmp/judged.py" "$tmp/make_only.py" whole >"$tmp/judged/heat"
region()
{
	printf '{"record":"damon_region","scheme":null,"start":%d,' "$1"
	printf '"size_bytes":%d,"access_rate":%s}\n' "$2" "$3"
}
{
	region 0 8192 0.5
	region 8192 8192 0.1
	region 16384 4096 0.9
	region 20480 12288 0.2
} >"$tmp/judged/records.jsonl"
heat "$tmp/judged" --dram 12k --json -
is "$(jq -c '[.damon | .precision, .recall, .caught, .correlation |
	. * 1000 | round]' <<<"$said")" "[667,667,833,823]" "DAMON, judged"
is "$(jq -c '[.placement | .precision, .recall, .caught | . * 1000 | round]' \
	<<<"$said")" "[500,500,667]" "the placement, judged"
heat "$tmp/judged" --dram 12k
like "$said" "DAMON: .* 66.67 % .*83.33 %" "it is said"
# With a row, what comes behind it is of the end: in the second before each page had
# one miss, so that any are the hottest
echo '{"record":"timeline","t_s":3}' >>"$tmp/judged/records.jsonl"
heat "$tmp/judged" --dram 12k --json -
is "$(jq -c '[.damon, .placement | .caught]' <<<"$said")" "[1,1]" \
	"judged is the last second that a row ends"

# Hint faults: of page 4 after 5 ms, of 5, 6 and 7 after 3, 9 and 20; then of 6
# after 1, while 5 goes to 1, where it has 30 + 10 misses, and 7 to 0.  The three
# hottest by these are 6, 1 and 4, with 82 of the 130 misses that 0, 1 and 4 have
hints()
{
	printf '{"record":"hint_view","t_s":%s,"start":%s,"latency_ms":%s,' "$1" \
		"$(jq -c 'map(. * 4096)' <<<"$2")" "$3"
	printf '"to":%s,"lost":%s}\n' \
		"$(jq -c 'map(if . then . * 4096 else . end)' <<<"$4")" "${5:-0}"
}
{
	hints 3 "[4,5,6,7]" "[5,3,9,20]" "[null,null,null,null]"
	hints 4 "[6,5,7]" "[1,null,null]" "[null,1,0]"
} >"$tmp/judged/records.jsonl"
heat "$tmp/judged" --dram 12k --json -
is "$(jq -c '[.hint_faults | .precision, .recall, .caught, .correlation,
	.fresh_share | . * 1000 | round]' <<<"$said")" "[667,667,631,-949,250]" \
	"hint faults, judged"
heat "$tmp/judged" --dram 12k
like "$said" "hint faults: .* 66.67 % .*63.08 %" "it is said"
hints 4 "[6]" "[1]" "[null]" 9 >>"$tmp/judged/records.jsonl"
heat "$tmp/judged" --dram 12k
like "$said" "no hint faults: of them 9 found no room" "not those with gaps"

# A hot set that moves in the fourth second, from pages 0 and 1 to 4 and 5: one of
# these is near, as page 2, in the second second after, and DAMON sees both a
# second later
mkdir "$tmp/moved"
cat >"$tmp/moved.py" <<'EOF'
import json
import sys
exec(open(sys.argv.pop(1)).read())
seconds = 3 * [{0: 50, 1: 50, 4: 1, 5: 1}] + [{0: 30, 1: 30, 4: 30, 5: 30},
    {0: 1, 1: 1, 4: 50, 5: 50}] + 3 * [{0: 1, 2: 50, 5: 50}]
sys.stdout.buffer.write(head + interval(1, 2 * s, 3 * s, {}) + b"".join(
    interval(1, (3 + i) * s, (4 + i) * s, p) for i, p in enumerate(seconds)) +
    interval(2, 0, 11 * s + 1000, {}))
with open(sys.argv.pop(), "w") as f:
    for i in range(8):
        hot = [2, 5] if i >= 6 and sys.argv[-1] != "cut" else [0, 1]
        for record in ({"record": "timeline", "t_s": 3 + i,
                        "hot_set_moved": i == 3},
                       {"record": "damon_view", "t_s": 3 + i,
                        "start": [4096 * p for p in range(8)],
                        "size_bytes": 8 * [4096],
                        "access_rate": [.9 if p in hot else .1
                                        for p in range(8)]},
                       {"record": "damon_region", "scheme": None,
                        "start": 0, "size_bytes": 32768,
                        "access_rate": 0.9})[:3 if i == 7 else 2]:
            print(json.dumps(record), file=f)
EOF
python3 "$tmp/moved.py" "$tmp/make_only.py" whole "$tmp/moved/records.jsonl" \
	>"$tmp/moved/heat"
heat "$tmp/moved" --dram 8k --json -
is "$(jq -c '[.damon, .placement | .delay_intervals, .delay_known,
	.delay_moves]' <<<"$said")" "[3,1,1,2,1,1]" \
	"after how many intervals a moved hot set is known, and is near"
heat "$tmp/moved" --dram 8k
like "$said" "knew again 1 times of 1, after 3 intervals" "it is said"
like "$(<"$tmp/svg")" "what DAMON saw in its last round of each interval" \
	"in the picture what DAMON saw is beside what was"
ok "which is XML" python3 -c \
	"import sys, xml.dom.minidom as m; m.parse(sys.argv[1])" "$tmp/svg"
python3 "$tmp/moved.py" "$tmp/make_only.py" cut "$tmp/moved/records.jsonl" \
	>"$tmp/moved/heat"
heat "$tmp/moved" --dram 8k --json -
is "$(jq -c '[.damon | .delay_intervals, .delay_known, .delay_moves]' \
	<<<"$said")" "[null,0,1]" "what it never knew again has no delay"

# The program of tier run: from the first reading on, for as long as it ran; its
# near memory is what it had, and what was free at the first row
mkdir "$tmp/ran"
cp "$tmp/moved/heat" "$tmp/ran"
cat >"$tmp/ran/records.jsonl" <<'EOF'
{"record":"run","elapsed_s":4.5}
{"record":"pmu","ranges":[{"name":"near","node":0},{"name":"cxl","node":1}]}
{"record":"run_timeline","t_s":1,"program_bytes":{"node0":8192,"node1":7},"free_bytes":{"node0":4096,"node1":0}}
EOF
heat "$tmp/ran" --csv "$tmp/csv"
is "$(cut -d, -f1 "$tmp/csv" | xargs)" \
	"t_s 1.000000 2.000000 3.000000 4.000000 5.000000" \
	"the time of a program under tier run"
like "$said" "with 12 KiB near" "and the memory that it could have had near"

# Of gups the updates are between two readings of the counters, however short what
# is before and behind; of the first interval after that nothing is left out, and
# its table's near pages are memory that it could have had
mkdir "$tmp/exact"
python3 - "$tmp/make.py" >"$tmp/exact/heat" <<'EOF'
import sys
path = sys.argv[1]
sys.argv = ["", "no"]
exec("\n".join(open(path).read().splitlines()[:-1]))
ms = 10 ** 6
sys.stdout.buffer.write(head + b"".join(
    interval(1, t * ms, t * ms, pages) for t, pages in (
        (2000, {0: 5}), (2010, {1: 3}), (3010, {0: 60, 4: 40}),
        (4010, {0: 80, 5: 20}), (4050, {0: 4, 6: 1}), (4080, {0: 1000}))) +
    interval(2, 0, 5000 * ms, {0: 7}))
EOF
cat >"$tmp/exact/records.jsonl" <<'EOF'
{"record":"stage","stage":"update","uptime_s":1.5}
{"record":"gups","elapsed_s":2,"pages_at_start":{"node0":2,"node1":6}}
{"record":"node","node":0,"free_bytes":8192,"available_bytes":4096}
{"record":"timeline","t_s":0,"free_bytes":{"node0":8192,"node1":0}}
{"record":"pmu","timed_begin_ns":2010000000,"timed_end_ns":4050000000,"ranges":[{"name":"near","node":0,"timed":{"user_misses":{"loads":100,"stores":45}}},{"name":"cxl","node":1,"timed":{"user_misses":{"loads":61,"stores":0}}}]}
EOF
heat "$tmp/exact" --csv "$tmp/csv"
is "$(cut -d, -f1-3 "$tmp/csv" | xargs)" "t_s,begin_s,misses \
1.000000,0.000000,100 2.040000,1.000000,105" "from one reading to the other"
like "$said" "with 12 KiB near" "what the table had near, and what was free"
like "$said" "8 KiB of the table that were near when the updates began, and 4 KiB" \
	"and it is said"
like "$said" "counters   206 misses .* 70.39 % of them near" \
	"beside the counters' sums"
pictures "the updates"
like "$(xargs <"$tmp/texts")" "seconds since the updates began" "the time's begin"
heat "$tmp/exact" --all
unlike "$said" "counters" "which are not those of the whole run"
sed -i '/"gups"\|"pmu"/d' "$tmp/exact/records.jsonl"
heat "$tmp/exact" --csv "$tmp/csv"
is "$(cut -d, -f1-3 "$tmp/csv" | xargs)" "t_s,begin_s,misses \
1.510000,0.510000,100 2.580000,1.510000,1105 3.500000,2.580000,7" \
	"of gups that was stopped: all since its updates began"

# Of one cgroup alone: it had pages 0 and 1 until the second row, and 1, 4 and 5 from
# the third to the fourth.  In the third second these had 50, 50, 1 and 1; of the 528
# of all it has 493, 52 of them in frames that it had at one end of that second alone,
# and 201 in the first second and the fifth, at one of whose ends there is no row
mkdir "$tmp/group"
cp "$tmp/ran/heat" "$tmp/group"
{
	cat "$tmp/ran/records.jsonl"
	printf '{"record":"frames","t_s":%s,"cgroup":"/a","start":[%s],"pages":[%s]}\n' \
		1 0 2 2 0 2 3 4096,16384 1,2 4 4096,16384 1,2
	echo '{"record":"frames","t_s":1,"cgroup":"/c","start":[0],"pages":[1]}'
} >"$tmp/group/records.jsonl"
heat "$tmp/group" --dram 8k --cgroup /a --csv "$tmp/csv"
is "$(cut -d, -f1,3,4 "$tmp/csv" | xargs)" "t_s,misses,pages 1.000000,100,2 \
2.000000,100,2 3.000000,102,4 4.000000,90,3 5.000000,101,3" \
	"the pages of one cgroup, as it had them"
like "$said" "cgroup     /a: 93.37 % of all misses; 51.32 % of its own" \
	"its share, and the error of that"
heat "$tmp/group" --cgroup /c
like "$said" "that is 4 KiB that /c had near by its first row, and 4 KiB" \
	"the memory that it could have had is what it had itself"
sed -i '1s/"grain":4096/"grain":2097152/' "$tmp/group/heat"
heat "$tmp/group" --cgroup /c
like "$said" "that is 4 KiB that /c had near by its first row, and 4 KiB" \
	"of frames of 4 KiB, in larger pages, too"
sed -i '1s/"grain":2097152/"grain":4096/' "$tmp/group/heat"
heat "$tmp/group" --cgroup /b
is "$status" 2 "bad usage: another cgroup"
like "$said" "there are /a, /c" "those that are"
heat "$tmp/ran" --cgroup /a
like "$said" "run --frames" "without frames: how they come"

# Loads and stores apart, of all accesses
python3 - "$tmp/make.py" <<'EOF' >"$tmp/apart"
import sys
sys.argv = [sys.argv[1], "no"]
sys.stdout, out = open("/dev/null", "w"), sys.stdout
exec(open(sys.argv[0]).read())
out.buffer.write(head.replace(b'"misses"', b'"accesses"').replace(
    b'["all"]', b'["loads","stores"]') + b"I" + b"".join(map(number,
    (1, 2 * s, 3 * s, 0, 0))) + b"I" + b"".join(map(number,
    (2, 0, 4 * s, 0, 2, 1, 30, 10, 2, 0, 300))))
EOF
heat "$tmp/apart" --dram 4k --csv "$tmp/csv" --pages "$tmp/pages"
is "$(cut -d, -f3-6 "$tmp/csv" | xargs)" "accesses,pages,near,best 0,0,0,0 \
340,2,40,300" "loads and stores apart: a page has the sum of them"
is "$(cut -d, -f2- "$tmp/pages" | xargs)" "address,near,loads,stores \
0x1000,1,30,10 0x4000,0,0,300" "in the trace either"
like "$said" "stores     91.18 % of them" "the share of the stores"

# What a page that moved can have: one move, with both of its frames among the
# hottest, 300 and 100 of 507; several passes have several records, which are not
# one's.  What a miss costs is a miss's: an access may be none
mkdir "$tmp/migrated"
cp "$tmp/whole" "$tmp/migrated/heat"
cat >"$tmp/migrated/records.jsonl" <<'EOF'
{"record":"moves","timed":{"migrated":1},"whole":{"migrated":2}}
{"record":"modelled","miss_ns":{"near":100,"cxl":250}}
EOF
heat "$tmp/migrated" --dram 8k
like "$said" "moved      1 pages; .* 78.90 %" "what moved is two frames' at most"
like "$said" "regret     140 misses .*: 2.1e-05 s, 41.4 ns a miss" "in time"
heat "$tmp/migrated" --dram 8k --all
like "$said" "moved      2 pages; .* 92.70 %" "of all of the run: all moves"
sed -n 1p "$tmp/migrated/records.jsonl" >"$tmp/again"
cat "$tmp/again" >>"$tmp/migrated/records.jsonl"
heat "$tmp/migrated" --dram 8k --json -
is "$(jq -c '[.moved_pages, .moved_share_most]' <<<"$said")" "[null,null]" \
	"of two passes: not known"
sed -i 's/"misses"/"accesses"/' "$tmp/migrated/heat"
heat "$tmp/migrated" --dram 8k
like "$said" "regret     140 accesses that could have been near"$'\n' \
	"accesses: no time, as most are no misses"
unlike "$(<"$tmp/svg-time.svg")" "modelled time" "in the picture neither"

# A machine whose ranges end within a region: none has what another one has
python3 - "$tmp/make_only.py" >"$tmp/uneven" <<'EOF'
import sys
path = sys.argv[1]
sys.argv = ["", "no"]
exec(open(path).read())
sys.stdout.buffer.write(head.replace(b"16384", b"20480") +
    interval(1, 2 * s, 3 * s, {}) +
    interval(2, 0, 4 * s, {1: 6, 4: 5, 5: 70, 7: 9, 1003: 8}))
EOF
heat "$tmp/uneven" --damo "$tmp/damo"
is "$(python3 - "$tmp/damo" <<'EOF'
import json, sys, zlib
with open(sys.argv[1], "rb") as f:
    record = json.loads(zlib.decompress(f.read()))[0]
end = have = 0
for r in record["snapshots"][-1]["regions"]:
    if r["start"] < end:
        print("twice", r["start"])
    end = r["end"]
    have += r["nr_accesses"]["samples"] * (end - r["start"]) / 4096
print(round(have), end // 4096)
EOF
)" "98 1004" "what damo reads: all counts, each in one region"

# A second of the guest's may be several of the host's: what the host's clock ends
# is in proportion
python3 - "$tmp/make_only.py" >"$tmp/slow" <<'EOF'
import sys
path = sys.argv[1]
sys.argv = ["", "no"]
exec(open(path).read())
sys.stdout.buffer.write(head + interval(1, 2 * s, 3 * s, {}) +
    interval(0, 0, 5 * s, {0: 1}) + interval(0, 0, 7 * s, {0: 2}) +
    interval(1, 3 * s, 8 * s, {0: 3}) + interval(2, 0, 8 * s + 9, {}))
EOF
heat "$tmp/slow" --csv "$tmp/csv"
is "$(cut -d, -f1,3 "$tmp/csv" | xargs)" \
	"t_s,misses 2.000000,0 2.400000,1 2.800000,2 3.000000,3" \
	"the guest's time between two readings"

# What has no page is in no figure, and is said
python3 - "$tmp/make_only.py" >"$tmp/outside" <<'EOF'
import sys
path = sys.argv[1]
sys.argv = ["", "no"]
exec(open(path).read())
sys.stdout.buffer.write(head + interval(1, 2 * s, 3 * s, {}) + b"I" +
    b"".join(map(number, (2, 0, 4 * s, 77, 1, 0, 5))))
EOF
heat "$tmp/outside"
like "$said" "misses     5 of user code .*and 77 behind all memory" \
	"what was behind the last range"

heat "$tmp/none"
is "$status" 1 "no file: refused"
like "$said" "was it run with --heat" "it says what to do"
echo '{"record":"gups"}' >"$tmp/other"
heat "$tmp/other"
like "$said" "no stream of heat" "another file"
sed '1s/"heat":2/"heat":3/' "$tmp/whole" >"$tmp/two"
heat "$tmp/two"
like "$said" "version 3 of the stream" "another version"
sed '1s/"grain":4096,//' "$tmp/whole" >"$tmp/two"
heat "$tmp/two"
is "$status" 1 "a head that lacks something"
like "$said" "its first line is not all" "is named"
heat "$tmp/whole" --near fast
is "$status" 2 "bad usage: a range that is not there"
like "$said" "there are near, cxl" "those that are"
heat "$tmp/whole" --dram much
is "$status" 2 "bad usage: a size"

done_testing
