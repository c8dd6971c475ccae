#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ./build.sh experiment: mistakes are named with line and column before
# anything is built; and what a report says of given records.  What boots is
# test/guest/experiment.t's.

# The dollars are jq's
# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# Nothing here may boot
export OUT=$tmp/out QEMU=/nonexistent

# asked ARGUMENTS...: sets said and status
asked()
{
	status=0
	said=$(timeout 60 ./build.sh experiment "$@" 2>&1 </dev/null) ||
		status=$?
}

# refused REGEX NAME ARGUMENTS...
refused()
{
	local regex=$1 name=$2

	shift 2
	asked "$@"
	is "$status" 2 "$name: status 2"
	like "$said" "$regex" "$name: says so"
}

# broken REGEX NAME: what is on standard input is refused
broken()
{
	cat >"$tmp/broken.exp"
	refused "$1" "$2" "$tmp/broken.exp"
}

# --- the words ---------------------------------------------------------------

asked list
is "$status" 0 "list: status 0"
for file in experiments/*.exp; do
	name=$(basename "$file" .exp)
	like "$said" "$name +[A-Z]" "list: $name"
	ok "$name has a page" [ -s "experiments/$name.md" ]
done
# Somebody's modules in the working directory are theirs
mkdir "$tmp/theirs"
for name in json runpy expt heat; do
	echo 'raise SystemExit("somebody else ran")' >"$tmp/theirs/$name.py"
done
for words in "experiment list" "list" "heat --help"; do
	# shellcheck disable=SC2086 # words
	ok "$words, beside somebody's json.py" eval '(here=$PWD; cd "$tmp/theirs" &&
		"$here/build.sh" '"$words"' >/dev/null)'
done
# Beside an interpreter that loads what any such script would, in turns, and
# the least of some each: by itself the figure is the machine's and the hour's
TIMEFORMAT='%U %S'
ratio=$(for ((i = 0; i < 8; i++)); do
	{ time python3 -c 'import json, pathlib, re, subprocess, tempfile'; } 2>&1
	{ time ./build.sh experiment list >/dev/null; } 2>&1
done | awk '
	{ s = $1 + $2; of = NR % 2 }
	!(of in least) || s < least[of] { least[of] = s }
	END { if (NR == 16 && least[1] > 0) printf "%.2f", least[0] / least[1] }
')
unset TIMEFORMAT
ok "it starts in ${ratio:-no} times what Python alone takes, of 3 at most" \
	awk -v r="${ratio:-9}" 'BEGIN { exit !(r < 3) }'
asked
is "$status" 2 "no word: status 2"
like "$said" 'usage:' "no word: usage"
asked --help
is "$status" 0 "--help: status 0"
refused "no experiment 'nope'; there are cxl-gups .*, sweep and grid" "nope" nope
refused '--scale 0: give' "scale 0" quick --scale 0
refused '--scale 1/0: give' "scale 1/0" quick --scale 1/0
refused '--repeat 0' "repeat 0" quick --repeat 0
refused '--jobs x' "jobs x" quick --jobs x
refused '--topology moon: there are .*cxl2' "topology moon" quick --topology moon
refused 'no option --frobnicate' "an option" quick --frobnicate
refused '--scale needs a value' "no value" quick --scale
refused 'one word too many' "two names" quick hmsdk
refused 'which KEY' "sweep alone" sweep
refused 'give KEY=VALUE' "sweep of nothing" sweep hot_threshold_ms=
refused 'which --workload' "sweep of what" sweep hot_threshold_ms=1,2
refused '1 is there twice' "sweep twice" sweep a=1,1 --workload "gups 1M"
refused 'which --workload' "grid of what" grid --policy none,numab
refused 'letters, digits' "sweep of a slash" sweep a=1/2 --workload "gups 1M"
asked quick --resume
is "$status" 3 "to resume needs the emulator, as the rest"
asked quick --report
is "$status" 1 "a report of nothing: status 1"
like "$said" 'no experiment quick in' "a report of nothing: says so"

# --- the file ----------------------------------------------------------------

broken 'broken.exp:1:1: no title' "empty" </dev/null
broken 'broken.exp:2:1: no cell' "no cell" <<<'title x'
broken "broken.exp:2:1: unknown word 'tilte'; there are title" "a typo" <<'X'
title x
tilte y
X
broken "broken.exp:3:13: no topology 'moon'; there are" "a topology" <<'X'
# a comment
title x
topology    moon
X
broken "broken.exp:1:5: mem: '8 G' is no size" "a size" <<<'mem 8 G'
broken "broken.exp:1:5: smp: 'two'" "CPUs" <<<'smp two'
broken "broken.exp:1:9: timeout: '1d'" "a time" <<<'timeout 1d'
broken 'broken.exp:1:4: mem: nothing behind it' "nothing" <<<'mem'
broken "broken.exp:1:6: cell 'a/b': letters" "a cell's name" <<<'cell a/b gups 1M'
broken "broken.exp:1:6: cell a: what shall it run" "an empty cell" <<<'cell a'
broken "broken.exp:2:7: there is a cell a already" "two cells" <<'X'
cell  a gups 1M
cell  a gups 2M
X
broken "broken.exp:3:8: theirs numa_hit: 1 cells, but 2 figures" "figures" <<'X'
title x
cell a gups 1M
theirs numa_hit 1 2
X
broken "broken.exp:1:15: expect: '=>' is no number" "an expectation" \
	<<<'expect   near => 0.9'
broken "broken.exp:1:22: expect: '0' is .* 0 to divide by" "a division" \
	<<<'expect   near >= 0.9/0'
broken "broken.exp:1:7: count: it is on by its name alone" "count off" <<<'count no'
broken "broken.exp:1:6: heat: it is on by its name" "an interval" <<<'heat 500ms'
# Words are looked at by a run's own eyes, to which there is an emulator
printf '#!/bin/sh\necho "QEMU emulator version 11.1.3"\n' >"$tmp/emulator"
chmod 755 "$tmp/emulator"
for verb in latency "policy numab" status; do
	QEMU=$tmp/emulator broken "broken.exp:2:8: a cell is a run of gups, of run, or" "$verb" <<X
title x
cell a $verb
X
done
QEMU=$tmp/emulator broken "broken.exp:2:8: .*no such device" "--at of none" <<'X'
title x
cell a gups 1M --at 5s 'unplug cxl9'
X
for words in 'gups 1M --help' 'help gups' 'gups -V'; do
	QEMU=$tmp/emulator broken "broken.exp:2:8: a cell is a run, and this asks" \
		"$words" <<X
title x
cell a $words
X
done
broken "broken.exp:2:1: unknown word 'tilte'" "CR LF, behind a byte order mark" \
	< <(printf '\xef\xbb\xbftitle x\r\ntilte y\r\n')

# Files that nobody wrote: those of the experiments, with some of their lines
# and bytes changed.  Each is refused with a place, or taken as far as to the
# emulator, which is missing here; nothing in one is run, and no shell or Python
# complains.  As many as there is time for.
mutate()
{
	perl -e 'my ($seed, $to, @files) = @ARGV;
		srand($seed);
		my @odd = ("\$(touch $to.ran)", "`touch $to.ran`", "\0", "\xff",
			"\x27", "\"", "\\", "[", "]]", "{", "}", "{1G", "|", "&",
			";", "<", ">(", "*", "?", "~", "!", "#", "%s", "%n", "-",
			"--", "=", "\t", "\r", "\n", " ", "9" x 30, "-1", "08",
			"x[\$(touch $to.ran)]", "title", "cell", "mem", "\${HOME}");
		open(my $in, "<", $files[rand @files]) or die;
		my $text = join "", <$in>;
		for (0 .. rand 4) {
			my $at = int rand(length($text) + 1);
			my $how = int rand 6;
			my @lines = split /^/, $text;
			my $line = int rand(@lines || 1);
			if ($how < 3) {
				substr($text, $at, $how) = $odd[rand @odd];
			} elsif ($how == 3) {
				splice @lines, $line, 1;
				$text = join "", @lines;
			} elsif ($how == 4) {
				splice @lines, $line, 0, $lines[rand @lines] // "";
				$text = join "", @lines;
			} else {
				$text = substr($text, 0, $at) if rand() < 0.3;
			}
		}
		open(my $out, ">", $to) or die;
		print $out $text;' "$1" "$2" experiments/*.exp
}

tried=0 placed=0 until=$((SECONDS + 8))
: >"$tmp/odd"
while ((tried < 10 || tried < 300 && SECONDS < until)); do
	((tried += 1))
	mutate "$tried" "$tmp/mutated.exp"
	asked "$tmp/mutated.exp" --cells
	case $status in
	0) ;;
	2) [[ $said =~ ^build.sh:\ "$tmp"/mutated.exp:[0-9]+:[0-9]+:\ .+ ]] &&
		((placed += 1));;
	3) [[ $said = *'build.sh: QEMU=/nonexistent'* ]];;
	*) false;;
	esac || echo "seed $tried: $status $said" >>"$tmp/odd"
	! grep -qE ': line [0-9]+: |^Traceback|command not found|unbound' \
		<<<"$said" ||
		echo "seed $tried complains: $said" >>"$tmp/odd"
done
diag "$tried files, $placed refused with a place"
ok "changed files: some are refused" test "$placed" -ge 3
is "$(<"$tmp/odd")" "" "changed files: a place or no fault, never the shell's"
ok "changed files: nothing in them is run" test ! -e "$tmp/mutated.exp.ran"

: >"$tmp/bad name.exp"
refused 'a name of letters' "a file's name" "$tmp/bad name.exp"
refused "no experiment '/.*/'" "a directory" "$tmp/"

# --- a report of given records -----------------------------------------------

# run CELL REPEAT RATE NEAR VERDICT
run()
{
	local dir=$OUT/given-1/cells/$1.$2

	mkdir -p "$dir"
	echo "$5" >"$dir/verdict"
	cat >"$dir/records.jsonl" <<X
{"record":"environment","emulated":true}
{"record":"node","node":0,"total_bytes":1073741824}
{"record":"timeline","t_s":0,"near_share":0,"updates_per_s":null,"free_bytes":{"node0":536870912},"pages":{"promoted_numab":null}}
{"record":"timeline","t_s":1,"near_share":$4,"updates_per_s":$3,"free_bytes":{"node0":536870912},"pages":{"promoted_numab":256}}
{"record":"gups","updates_per_s":$3,"elapsed_s":1,"errors":0}
{"record":"placement","near_share_at_end":$4}
{"record":"counters","whole":{"total":{"numa_hit":$2,"pgdemote_kswapd":null}}}
{"record":"moves","timed":{"numa_promoted":512,"damon_hot":null,"migrated":512,"adds_up":true},"nodes":[],"zeros":[{"who":"DAMON","why":"no <scheme>"}]}
X
}

plan()
{
	local cell repeat

	for cell in slow fast; do
		for repeat in 1 2 3 4 5; do
			jq -cn --arg cell "$cell" --argjson repeat "$repeat" \
				'{id: "\($cell).\($repeat)", cell: $cell,
				repeat: $repeat, topology: "cxl", mem: "1024M",
				cxl_mem: "512M", smp: "2", dram_free: "",
				latency: "", words: ["--once", "gups", "1M"]}'
		done
	done | jq -s '{name: "given", title: "A & B", scale: "1", repeats: 5,
		rank: "updates_per_s", kernel: "6.12", qemu: "11.1",
		notes: "Of a test.", theirs: {numa_hit: ["7", "8"]}, cells: .}'
}

mkdir -p "$OUT/given-1"
ln -s given-1 "$OUT/given"
plan >"$OUT/given-1/plan.json"
run slow 1 1000000 0.1 passed
run slow 2 1400000 0.3 passed
run slow 3 1200000 0.2 passed
run slow 4 1100000 0.2 passed
run slow 5 9000000 0.2 "failed: it | hung"
run fast 1 4000000 0.9 passed
run fast 2 4200000 0.8 passed
run fast 3 4100000 0.8 passed
run fast 4 4100000 0.8 passed
run fast 5 9000000 0.7 "failed: it | hung"
asked "$tmp/given.exp" --report
is "$status" 2 "no such file: status 2"
printf 'title A\ncell slow gups 1M\n' >"$tmp/given.exp"
asked "$tmp/given.exp" --report
is "$status" 0 "the report: status 0"
report=$(<"$OUT/given/report.md")
like "$report" '\| updates \| M/s \| more \| 1.15 \(1 to 1.4\) \| 4.1 \(4 to 4.2\) \|' \
	"medians, and the range of what passed, of what more is better"
like "$report" '\| took \| s \| less \| 1 \| 1 \|' "of what less is better"
like "$report" '\| 1 \| fast \| 4.1 \| 4 to 4.2 \| 4 of 5 \| 100 % \| 1 \|' \
	"who is first, with its interval"
like "$report" '\| 2 \| slow \| 1.15 \| 1 to 1.4 \| 4 of 5 \| 28 % \| 2 \|' \
	"and who is second"
like "$report" 'numa_hit \| 2.5 \(1 to 4\) \| 7 \| 2.5 \(1 to 4\) \| 8 \|' \
	"their figures beside ours"
like "$report" 'pgdemote_kswapd \| - \| - \| - \| - \|' \
	"what a kernel lacks is absent, not 0"
like "$report" 'NUMA balancing, promoted \| 512 \| 512 \|' "who moved what"
like "$report" 'DAMON: no <scheme> \(all cells\)' "and why not"
like "$report" 'Failed:.*fast.5: failed: it | hung' "a failed run is named"
like "$said" 'near .*▁' "the terminal has sparklines"
is "$(awk 'length($0) > 80' <<<"$said" | grep -v index.html)" "" \
	"and 80 columns"
page=$(<"$OUT/given/index.html")
like "$page" '<title>A &amp; B</title>' "HTML: escaped"
like "$page" 'no &lt;scheme&gt;' "HTML: everywhere"
is "$(grep -c '<svg' "$OUT/given/index.html")" 4 "HTML: its pictures"
unlike "$page" '(src|href)="?http' "HTML: opens without a network"
for picture in over-time values moves nodes; do
	ok "$picture.svg is one" python3 -c 'import sys, xml.dom.minidom as x
x.parse(sys.argv[1])' "$OUT/given/$picture.svg"
	ok "$picture.png is one" [ "$(head -c 4 "$OUT/given/$picture.png" |
		tail -c 3)" = PNG ]
done
is "$(sed -n '/^"fast","updates_per_s"/p' "$OUT/given/summary.csv")" \
	'"fast","updates_per_s","M/s",4,4.1,4,4.2,"more",0' "summary.csv"
is "$(grep -c '^"slow",.,"numa_hit"' "$OUT/given/counters.csv")" 4 "counters.csv"
is "$(jq -r '.ranking[0] | "\(.cell) \(.rank) \(.first) \(.last)"' \
	"$OUT/given/report.json")" "fast 1 1 1" "report.json"
# What may be noise is no difference
run slow 2 4100000 0.3 passed
asked "$tmp/given.exp" --report
like "$(<"$OUT/given/report.md")" '\| 2 = \| slow' "no difference is called so"
# Cells of tier run: its rows have their times, and pictures
for id in fast.{1,2}; do
	cat >"$OUT/given/cells/$id/records.jsonl" <<X
{"record":"node","node":0,"total_bytes":1073741824}
{"record":"run_timeline","t_s":0.5,"program_bytes":{"node0":4096},"promoted_pages":256,"demoted_pages":null,"migrated_pages":256,"free_bytes":{"node0":536870912}}
{"record":"run_timeline","t_s":1.5,"program_bytes":{"node0":4096},"promoted_pages":512,"demoted_pages":1024,"migrated_pages":1536,"free_bytes":{"node0":268435456}}
{"record":"run","elapsed_s":2}
X
done
asked "$tmp/given.exp" --report
is "$status" 0 "a report with cells of tier run"
is "$(grep '^"fast",1' "$OUT/given/timeline.csv" | cut -d, -f3,4,9,11-)" \
	'0.5,1,,256,,,536870912,
1.5,1,,512,,1024,268435456,' "their times, moves and memory"
for picture in over-time moves nodes; do
	like "$(<"$OUT/given/$picture.svg")" '>fast' \
		"$picture.svg, with those cells in it"
done
like "$(<"$OUT/given/over-time.svg")" 'updates or pages near' \
	"it says that their share is of pages"
# One that is left says nothing of its spread
for id in slow.{2,3,4}; do
	echo "failed: x" >"$OUT/given/cells/$id/verdict"
done
asked "$tmp/given.exp" --report
like "$(<"$OUT/given/report.md")" '\| n = 1 \| slow \| 1 \| - \| 1 of 5 \|' \
	"one run is not ranked"
# Nothing passed
for id in slow.1 fast.{1,2,3,4}; do
	echo "failed: x" >"$OUT/given/cells/$id/verdict"
done
asked "$tmp/given.exp" --report
is "$status" 0 "a report of failures alone"
like "$(<"$OUT/given/report.md")" 'slow.1: failed: x' "names them"
ok "no picture is left of before" [ ! -e "$OUT/given/over-time.svg" ]

# --- compare, report, list -----------------------------------------------------

# verb WORDS...: sets said and status
verb()
{
	status=0
	said=$(timeout 60 ./build.sh "$@" 2>&1 </dev/null) || status=$?
}

run fast 1 4000000 0.9 passed
for name in A B; do
	cp -r "$OUT/given/cells/fast.1" "$OUT/$name"
	echo passed >"$OUT/$name/verdict"
done
sed -i 's/4000000/5000000/' "$OUT/B/records.jsonl"
verb compare "$OUT/A" B
is "$status" 0 "compare: status 0"
like "$said" 'updates, M/s .* 4 .* 5 .*\+25.0 %, n = 1' "compare: side by side"
like "$said" 'none of this can be told from noise' "compare: of one run each"
ok "compare: a picture" [ -s "$OUT/compare-A-B/over-time.svg" ]
verb compare A
is "$status" 2 "compare of one: status 2"
verb report B
is "$status" 0 "report: status 0"
like "$said" 'Passed: updates 5 M/s' "report: what came out"
ok "report: a page" [ -s "$OUT/B/index.html" ]
verb expect B 'near_end >= 0.5' 'updates_per_s >= 0.95 * @A'
is "$status" 0 "expect: status 0"
like "$said" 'met +updates_per_s >= 0.95 \* @A: 5000000 against 3800000' \
	"expect: the figure, and what it is measured by"
verb expect A 'near_end >= 95%'
is "$status" 4 "expect: what is not met: status 4"
like "$said" 'NOT MET  near_end >= 95%: 0.9 against 0.95: -0.05 \(-5.3 %\)' \
	"expect: by how much"
verb expect A 'nearend >= 95%'
is "$status" 2 "expect: a wrong name: status 2"
like "$said" "no figure 'nearend'; nearest: near_end" "expect: the nearest"
like "$(<"$OUT/A/junit.xml")" '<failure message="0.9 against 0.95' "junit.xml"
for options in --ktap "--expect 1>0"; do
	# shellcheck disable=SC2086
	verb shell $options
	is "$status" 2 "shell takes no $options"
done
verb list
is "$status" 0 "list: status 0"
like "$said" 'B +passed  5 M/s' "list: a run, its verdict and figure"
like "$said" 'given-1 +1 of 10 passed' "list: an experiment"

# --- what has become something else ---------------------------------------------

# One of whose files is that text
spoilt()
{
	rm -rf "$OUT/spoilt"
	mkdir "$OUT/spoilt"
	echo passed >"$OUT/spoilt/verdict"
	printf '%s' "$2" >"$OUT/spoilt/$1"
	for words in "report spoilt" "compare A spoilt" "expect spoilt errors==0" \
		list; do
		# shellcheck disable=SC2086
		verb $words
		unlike "$status $said" 'Traceback|^(2|12[0-9])' \
			"$words: of a $1 that is '${2:0:20}'"
		[[ $1 != plan.json || $words = list ]] ||
			like "$said" '^build.sh: .*(plan.json: is n|no metric)' \
				"$words: says so"
	done
}

for text in '{' '[]' '{"name":"x"}' '{"name":"x","title":"t","cells":[3]}' $'\xff' \
	'{"cells":5}'; do
	spoilt plan.json "$text"
done
for change in '.cells[0].id = "../A"' '.cells[0].id = 3' '.cells[0].words = [3]' \
	'.metrics = 5' '.metrics = ["x"]' '.theirs = [1]' '.expect = null' \
	'.expect = [3]' '.notes = 4'; do
	spoilt plan.json "$(jq -c "$change" "$OUT/given-1/plan.json")"
done
spoilt plan.json "$(jq -c '.rank = "nosuch"' "$OUT/given-1/plan.json")"
for text in '[]' '{"guest":3,"arguments":"x","added":[]}'; do
	spoilt manifest.json "$text"
done
spoilt records.jsonl "$(head -c 100000 /dev/zero | tr '\0' '[')"
rm -rf "$OUT/spoilt"
words=("$OUT/A" "$OUT/B")
OUT=/proc verb compare "${words[@]}"
is "$status $said" "1 build.sh: /proc/compare-A-B: No such file or directory" \
	"compare, where nothing can be written"

done_testing
