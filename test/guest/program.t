#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier run in the emulator, with two nodes: a dynamic program that was added
# to the image, where its pages are, and another's count of them.
#
# long: 100

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154,SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export CXL_MEM=512M MEM=1G

# Two libraries beside it, of which one needs the other, and the C library
gcc -O1 -o "$tmp/touch" test/guest/touch.c
mkdir "$tmp/lib"
echo 'int deep(void) { return 42; }' >"$tmp/deep.c"
echo 'int deep(void); int mid(void) { return deep(); }' >"$tmp/mid.c"
printf '%s\n' '#include <math.h>' 'int mid(void);' \
	'int main(int n, char **v) { return mid() + (int)cos(n - 1.) - 1; }' \
	>"$tmp/main.c"
gcc -shared -fPIC -o "$tmp/lib/libdeep.so" "$tmp/deep.c"
gcc -shared -fPIC -o "$tmp/lib/libmid.so" "$tmp/mid.c" -L"$tmp/lib" -ldeep \
	-Wl,--disable-new-dtags,-rpath,'$ORIGIN'
gcc -O0 -fno-builtin -o "$tmp/main" "$tmp/main.c" -L"$tmp/lib" -lmid -lm \
	-Wl,-rpath,'$ORIGIN/lib',-rpath-link,"$tmp/lib"

# --- as PID 1's verb -----------------------------------------------------------

expect=7 boot program --add "$tmp/touch:/opt/" --add test/guest/witness \
	--once run --membind 1 /witness /opt/touch 64 5 7
is "$status" 7 "a dynamic program, added: its status is the run's"
is "$(record end '"\(.verdict) \(.status)"')" "failed 7" "and the end record's"
is "$(jq -r '.added["/opt/touch"]' "$run/manifest.json")" \
	"$(sha256sum <"$tmp/touch" | cut -d' ' -f1)" \
	"its checksum is in the manifest"
holds run '.pages_by == "cgroup" and .placement == "membind" and
	.nodes == [1]' "its pages are seen by a cgroup"
ok "a row a second" [ "$(record run_timeline .t_s | grep -c .)" -ge 3 ]
# A busy host takes its time to touch them
is "$(record run_timeline 'select(.t_s > 3.5) | .program_bytes.node1 |
	. >= 67108864 and . < 71303168' | sort -u)" true \
	"64 MiB on node 1" || diag "$(record run_timeline .)"
is "$(record run_timeline '.program_bytes.node0 < 1048576' | sort -u)" true \
	"and nothing to speak of on node 0"
read -r _ near far < <(tr -d '\r' <"$run/console.log" | grep '^witness ')
diag "numa_maps has $near bytes on node 0, $far on node 1"
# The files of the image were there before; the shell has some pages, too
is "$(record run_timeline 'select(.t_s > 3.5) | .program_bytes.node1' | head -n 1 |
	awk -v far="$far" '{ d = $1 - far; print (d < 1048576 && d > -1048576) }')" 1 \
	"an independent count agrees, within 1 MiB"
holds run '.sampling_share < 0.1' "looking takes little" ||
	diag "$(record run .)"
is "$(tr -d '\r' <"$run/console.log" | awk 'length > 80' | grep -c .)" 0 \
	"no line of the console is longer than 80 columns"

# --- a script of runs ----------------------------------------------------------

gcc -nostartfiles -shared -fPIC -o "$tmp/odd" "$tmp/deep.c"
gcc -nostartfiles -o "$tmp/odd" "$tmp/deep.c" -Wl,-e,deep \
	-Wl,--dynamic-linker=/no/ld.so
# In a directory it is taken as it is
mkdir "$tmp/opt"
mv "$tmp/odd" "$tmp/opt"
printf '%s\n' '#!/bin/sh' '/opt/touch 4 60 &' 'exec /opt/touch 32 60' \
	>"$tmp/opt/beside"
chmod +x "$tmp/opt/beside"
cp "$tmp/touch" "$tmp/opt"
gcc -O1 -static -o "$tmp/opt/promote" test/guest/promote.c
boot_script programs test/guest/program.guest --add "$tmp/touch" \
	--add "$tmp/opt" --add "$tmp/main" --add test/snapshot
is "$(said libraries)" 42 \
	"a program with libraries beside it, and their libraries"

# mebibytes NAME: of the last sample, on node 0 and node 1
mebibytes()
{
	of "$1" run '.end.bytes | "\(.node0 / 1048576 | floor)" + " " +
		"\(.node1 / 1048576 | floor)"'
}

is "$(said maps) $(said cgroup) $(said numab)" "5 0 6" "statuses are passed on"
for name in maps cgroup weighted preferred numab hmsdk clash cpus node loader \
	orphans with early nobody unlimited; do
	is "$(said "same-$name")" 0 "$name: all is as it was before" ||
		diag "$(sed -n "/^== same-$name/,/^== begin/p" "$console")"
done
is "$(of maps run .pages_by) $(of cgroup run .pages_by)" \
	"numa_maps cgroup" "both ways of looking"
like "$(mebibytes maps)" '^[0-3] 64$' "numa_maps: --membind 1" ||
	diag "$(of maps run .)"
like "$(mebibytes cgroup)" '^3[12] 3[12]$' "cgroup: --interleave 0,1" ||
	diag "$(of cgroup run .)"
like "$(mebibytes preferred)" '^0 16$' "--preferred 1"
is "$(of preferred run .cpu_nodes)" '[0]' "--cpunodebind 0"
like "$(mebibytes local)" '^1[67] 0$' "--localalloc"
is "$(of local run .cpus)" 1 "on CPU 1 (-C)"
is "$(of balancing run '"\(.nodes) \(.balancing)"')" "[0] true" \
	"-b -m !1: all but node 1, and balanced there"
is "$(of weighted run '.end.bytes | .node0 > 0 and .node1 > 0')" true \
	"--weighted-interleave all"
is "$(of numab policy .policy)" numab "under numab"
is "$(of hmsdk run .pages_by)" cgroup "hmsdk: its group is looked at"
is "$(of hmsdk run '.peak.bytes | .node0 + .node1 |
	. > 32 * 1048576 and . < 40 * 1048576')" true "and has the program" ||
	diag "$(of hmsdk run .)"
is "$(said clash) $(said cpus) $(said node) $(said loader)" "2 3 3 126" \
	"what is refused"
is "$(of clash policy .)$(of node run .)" "" "is so before anything is done"
like "$(<"$console")" '/opt/odd needs /no/ld.so' "a loader that is missing is named"
is "$(of orphans run .orphans)" 1 "an orphan is counted"
is "$(said with) $(of with with '"\(.stopped) \(.limits) \(.program[0])"')" \
	'0 true ["memory.max=256M"] sh' "--with: a program beside it ends with it"
is "$(of with with '.end_bytes | (.node0 / 1048576 | . >= 36 and . < 44) and
	(.node1 // 0) < 1048576')" true "its pages are its own" ||
	diag "$(of with with .)"
like "$(mebibytes with)" '^0 16$' "and so are the first one's"
is "$(of with with '.counts.pgfault > 50 and .elapsed_s >= 3')" true \
	"its counts are of its cgroup"
is "$(of with run .orphans) $(of with closing '.doubts | length')" "0 0" \
	"what it left behind is not the first one's" || diag "$(of with closing .)"
like "$(of with with .cgroup)" "^$(of with run .cgroup)-with\$" \
	"they are beside each other"
# Of the row that has most of each: in one of before it has touched all of its 16
# or 36 MiB they are fewer, and in the last one it may have ended
for group in "$(of with run .cgroup) 4096 4300" "$(of with with .cgroup) 9216 10000"
do
	read -r group least most <<<"$group"
	frames=$(list with frames "map(select(.cgroup == \"$group\") |
		.pages | add // 0) | max")
	ok "--frames: those of $group, $frames" \
		[ "${frames:-0}" -ge "$least" -a "${frames:-0}" -lt "$most" ]
done
is "$(said early) $(of early with '"\(.stopped) \(.exit_status)"')" \
	"0 false 5" "one that ends before: its status is told"
like "$(of early closing '.doubts | join(" ")')" 'beside it had ended before' \
	"and is doubtful"
is "$(said nobody) $(said unlimited)" "127 2" "one that there is not, or no limit"
like "$(mebibytes huge)" '^[4-7] 0$' "huge pages count" || diag "$(of huge run .)"

# --- in a job's cgroup -------------------------------------------------------------

# placed NAME STATUS WHERE MEMS: where the program ran, and that it is said
placed()
{
	like "$(said "job-$1")" "^$2 0::$3 Mems_allowed_list: $4 \$" \
		"a program in $1: in $3" ||
		diag "$(grep -A 12 "^== job-$1" "$console")"
	like "$(of "$1" run .cgroup)" "^$3\$" "$1: the record says so"
	is "$(said "same-job-$1")" 0 "$1: all is as it was before"
}

placed root 0 '/tier-run-[0-9]+' 0-1
placed free 0 '/tier-run-[0-9]+' 0-1
placed limited 0 /job 1
like "$(said why-limited)" 'numa_maps.*no cgroup: it is in cgroup /job.*\((memory.max|cpuset.mems)\)' \
	"limited: it says why there is no group"
is "$(of limited run .pages_by)" numa_maps "limited: by numa_maps"
placed session 0 '/slice/tier-run-[0-9]+' 0-1
placed share 0 /slice/weight 0-1
placed unit 0 /slice/run-1.scope 0-1
placed hmsdk-free 0 /hmsdk 0-1
placed hmsdk-session 0 /slice/hmsdk 0-1
like "$(said job-hmsdk-limited)" '^1 *$' "hmsdk-limited: refused"
like "$(<"$console")" 'policy hmsdk-fast has a cgroup: it is in cgroup /job, and a group for it that is under the same limits' \
	"hmsdk-limited: says why"
is "$(said same-job-hmsdk-limited)" 0 "hmsdk-limited: nothing was changed"

is "$(said pairs)" "0 20 0" \
	"20 at once, two by two: none fails, each has a group, nothing is left" ||
	diag "$(grep -A 12 "^== pairs" "$console")"
like "$(said restored-while)" '^0 .*stays until it ends' \
	"one killed beside another: restore leaves that one's group"
is "$(said other) $(said same-other)" "0 0" "which puts back both, at its end" ||
	diag "$(grep -A 12 "^== same-other" "$console")"
like "$(said restored-alone)" '^0 restored [23] changes' \
	"one killed: its group is found by restore"
is "$(said same-alone)" 0 "all is as it was before"
# --- policies as files ----------------------------------------------------------------

for name in promote reclaim limit late dies lives; do
	is "$(said "same-$name")" 0 "$name: all is as it was before" ||
		diag "$(sed -n "/^== same-$name/,/^== begin/p" "$console")"
done
is "$(said promote) $(said reclaim) $(said limit) $(said late) $(said dies) \
$(said lives) $(said gups)" "0 0 0 1 1 0 0" "their statuses"
is "$(of promote policy '"\(.policy) \(.file)"')" \
	"promote /tmp/p/promote.policy" "the policy's name, and its file"
is "$(of promote moves '.timed.syscalls >= 16384')" true \
	"a daemon of somebody's: what it moved has its row" ||
	diag "$(of promote moves .)"
like "$(mebibytes promote)" '^6[4-9] 0$' "promoted: to node 0"
is "$(of promote daemon '"\(.program) \(.exit_status) \(.signal) \(.killed)"')" \
	'["./promote","/tmp/hot","0"] null null false' "its record"
is "$(of promote daemon '.ready_s > 0 and .ran_s > 1 and .user_s != null')" true \
	"with its times"
is "$(of reclaim moves '.timed | .demoted_direct + .demoted_proactive > 1000')" \
	true "memory.reclaim has its row" || diag "$(of reclaim moves .)"
is "$(said limits)" "104857600 1073741824" "limits are of the program's group"
like "$(of limit run .cgroup)" '^/small$' "which is the policy's"
like "$(of late end .reason)" \
	'^policy /tmp/p/late.policy: sh was not ready after 1\.0 s \(ready = TIME \.\.\.\): there is no /no/such; it said: no device$' \
	"one that never gets ready: by its deadline"
like "$(of dies end .reason)" 'sh ended with status 3 after .*it said: gone$' \
	"one that dies meanwhile"
is "$(said ended-lives) $(said ended-gups) $(said ended-signal) $(said ended-kill)" \
	"ended ended ended ended" \
	"it is stopped: after a program, after gups, at a signal, after SIGKILL"
is "$(of gups daemon .killed)" false "gups has its record, too"
like "$(said restored-daemon)" '^0 .*restored' "restore, after SIGKILL"
is "$(said same-signal) $(said same-kill)" "0 0" \
	"what a daemon changed is put back" ||
	diag "$(sed -n '/^== same-signal/,/^== script/p' "$console")"
done_testing
