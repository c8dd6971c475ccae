#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What policies and DAMON configurations write, in order, against journals
# written by hand: HMSDK's and damo's settings, the field's own tunables.  On
# trees captured from guests with one CXL node, Linux 6.12 and 7.3; and what
# is refused there.
#
# The journals of DAMON have the writes of Debian's damo 2.8.3 for the same
# settings, in its order, but for what test/guest/damo.t names.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=$PWD/build/tier
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# run ARGUMENTS...: dry, on the tree; sets status and err
run()
{
	status=0
	timeout 20 "$tier" --root "$tree" --dry-run "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	err=$(<"$tmp/err")
}

# The lines that are writes
journal()
{
	sed -nE 's/[ \t]*$//; s/^[ \t]*//
		/^\/[^ ]+ <-( |$)/p; /^mkdir \//p; /^mount [a-z0-9]+ \//p' \
		"$tmp/out"
}

# same_as GOLDEN NAME
same_as()
{
	local differs

	is "$status" 0 "$2: status 0"
	differs=$(diff "test/fixtures/golden/$1.txt" <(journal) | grep '^[<>]')
	is "$differs" "" "$2: the writes are those written down"
}

# broken NAME PATHS...: another tree, without these
broken()
{
	local path

	tree=$tmp/$1
	shift
	rm -rf "$tree"
	cp -a "$tmp/$kernel" "$tree"
	for path; do
		rm -rf "${tree:?}/$path"
	done
}

# refused STATUS REGEX ARGUMENTS...: and nothing would have been written
refused()
{
	local want=$1 why=$2

	shift 2
	run "$@"
	is "$status" "$want" "$kernel: $*: status $want"
	like "$err" "^tier: .*$why" "$kernel: $*: says why"
	is "$(journal)" "" "$kernel: $*: nothing was written before"
}

for kernel in 6.12 7.3; do
	test/unpack "test/fixtures/policy-$kernel.txt" "$tmp/$kernel"
	tree=$tmp/$kernel
	(cd "$tree" && find . -type f -exec md5sum {} + | sort) \
		>"$tmp/before"
	for name in none numab tpp hmsdk hmsdk-fast both interleave; do
		run policy "$name"
		same_as "$name-$kernel" "$kernel: $name"
	done
	run damon start -g --demote 0 1 --promote 1 0
	same_as "damon-start-g-$kernel" "$kernel: HMSDK's -g -d 0 1 -p 1 0"
	run damon start -g --migrate 0 1
	same_as "damon-start-g-$kernel" "$kernel: HMSDK's -g -m 0 1"
	for file in hmsdk.yaml hmsdk.json; do
		run damon start -g -m 0 1 -o "$tmp/$file"
		is "$status$(journal)" 0 "$kernel: -o $file: written, not started"
		run damon start "$tmp/$file"
		same_as "damon-start-g-$kernel" "$kernel: $file: started"
	done
	(cd "$tree" && find . -type f -exec md5sum {} + | sort) >"$tmp/after"
	ok "$kernel: nothing in the tree was changed" \
		cmp "$tmp/before" "$tmp/after"
	# Two plain nodes, as HMSDK's users have them: both in the top tier
	broken flat sys/devices/virtual/memory_tiering/memory_tier22
	echo 0-1 >"$tree/sys/devices/virtual/memory_tiering/memory_tier4/nodelist"
	for name in hmsdk both; do
		run policy "$name"
		same_as "$name-$kernel" "$kernel: $name, with one tier"
	done
	tree=$tmp/$kernel

	# --- policies as files ---------------------------------------------------
	for name in none numab tpp hmsdk hmsdk-fast both interleave; do
		"$tier" policy show "$name" --file >"$tmp/$name.policy"
		run policy "$tmp/$name.policy"
		same_as "$name-$kernel" "$kernel: $name, from its file"
	done
	run policy "$tmp/numab.policy" --set scan_size_mb=256
	is "$(diff "test/fixtures/golden/numab-$kernel.txt" <(journal) |
		sed -n 's/^>.*\///p')" "scan_size_mb <- 256" \
		"$kernel: --set changes a file's policy, too"
	{
		printf 'about = mine\ndamon =\n'
		sed 's/^/    /' "$tmp/hmsdk.yaml"
		printf '# at its end\ndemotion_enabled = true\n'
	} >"$tmp/yaml.policy"
	{
		printf 'demotion_enabled = true\ndamon =\n'
		sed 's/^/\t/' "$tmp/hmsdk.json"
	} >"$tmp/json.policy"
	printf 'demotion_enabled = true\ndamon = ./hmsdk.json\n' \
		>"$tmp/beside.policy"
	for name in yaml json beside; do
		run policy "$tmp/$name.policy"
		is "$status $(diff "test/fixtures/golden/damon-start-g-$kernel.txt" \
			<(journal | grep /damon) | grep '^[<>]')" "0 " \
			"$kernel: DAMON of $name.policy is HMSDK's"
		is "$(diff <(grep -v -e /damon -e cgroup \
			"test/fixtures/golden/hmsdk-$kernel.txt") \
			<(journal | grep -v /damon))" "" \
			"$kernel: $name.policy writes the tunables, too"
	done
	printf 'memory.high = 1000001\nmemory.max = max\ncgroup = mine\n' \
		>"$tmp/limits.policy"
	run policy "$tmp/limits.policy"
	is "$status $(journal | tail -n 3 | tr '\n' ' ')" \
		"0 mkdir /sys/fs/cgroup/mine \
/sys/fs/cgroup/mine/memory.high <- 999424 \
/sys/fs/cgroup/mine/memory.max <- max " "$kernel: limits of a cgroup, in pages"

	# --- changes to a preset ------------------------------------------------
	run policy numab --set scan_size_mb=256 --set hot_threshold_ms=500
	is "$(diff "test/fixtures/golden/numab-$kernel.txt" <(journal) |
		sed -n 's/^>.*\///p' | xargs)" \
		"scan_size_mb <- 256 hot_threshold_ms <- 500" \
		"$kernel: --set changes that and no more"
	run policy none --set lru_gen_enabled=0x0000 --set swappiness=100
	is "$(diff "test/fixtures/golden/none-$kernel.txt" <(journal) |
		sed -n 's/^> //p' | xargs)" \
		"/sys/kernel/mm/lru_gen/enabled <- 0x0000 \
/proc/sys/vm/swappiness <- 100" "$kernel: --set adds rows, in the table's order"

	# --- what is refused ----------------------------------------------------
	refused 2 'nmuab.*numab' policy nmuab
	refused 2 'scan_size_mb' policy numab --set scan_size=1
	refused 2 'scan_size_mb=0' policy numab --set scan_size_mb=0
	refused 2 'numa_balancing=9' policy numab --set numa_balancing=9
	refused 2 'watermark_scale_factor=3001' policy none \
		--set watermark_scale_factor=3001
	refused 2 'demotion_enabled=maybe' policy none \
		--set demotion_enabled=maybe
	refused 2 '--set' policy none --set numa_balancing
	refused 2 'same' damon start --demote 0 0
	refused 2 'SRC|twice|once|already' damon start -g --demote 0 1 --promote 0 1
	run damon start -g --demote 7 0
	like "$status" '^[13]$' "$kernel: a node that is not there: status 1 or 3"
	like "$err" '^tier: .*7' "$kernel: a node that is not there: is named"

	# --- files of damo's that are none --------------------------------------
	printf '{"kdamonds": [{"contexts": [{"ops": "paddr", "targ' \
		>"$tmp/truncated.json"
	head -c 10485760 /dev/zero >"$tmp/zeros.json"
	head -c 10485760 /dev/zero | tr '\0' ' ' >"$tmp/blanks.json"
	head -c 10485760 /dev/zero | tr '\0' '[' >"$tmp/brackets.json"
	head -c 65536 "$tier" >"$tmp/binary.json"
	: >"$tmp/empty.json"
	echo '[1, 2, 3]' >"$tmp/list.json"
	echo '{"kdamonds": 3}' >"$tmp/number.json"
	echo '{"kdamonds": [{"contexts": [{"ops": 7}]}]}' >"$tmp/type.json"
	for name in truncated zeros blanks brackets binary empty list number \
		type none; do
		run damon start "$tmp/$name.json"
		like "$status" '^[123]$' "$kernel: $name.json: refused"
		like "$err" "^tier: .*$name" "$kernel: $name.json: is named"
		is "$(journal)" "" "$kernel: $name.json: nothing was written"
	done

	# --- what a kernel does not have -----------------------------------------
	broken no-nb proc/sys/kernel/numa_balancing
	refused 3 'CONFIG_NUMA_BALANCING' policy numab
	run policy none
	is "$status" 0 "$kernel: none, where there is no NUMA balancing"
	broken unmounted sys/kernel/debug/sched
	run policy numab
	is "$(journal)" "mount debugfs /sys/kernel/debug
$(<"test/fixtures/golden/numab-$kernel.txt")" \
		"$kernel: policy numab: debugfs would be mounted first"
	broken no-debugfs sys/kernel/debug
	refused 3 'debugfs' policy numab
	broken no-damon sys/kernel/mm/damon
	refused 3 'CONFIG_DAMON_SYSFS' policy hmsdk
	broken no-memcg
	sed -i 's/ memory//' "$tree/sys/fs/cgroup/cgroup.controllers"
	run policy hmsdk
	like "$status $err" "^3 .*CONFIG_MEMCG" "$kernel: hmsdk without memcg"
	broken one-node sys/devices/system/node/node1
	printf '0\n' >"$tree/sys/devices/system/node/has_memory"
	refused 3 'lower tier' policy hmsdk
	tree=$tmp/$kernel
	echo +memory >/dev/null
	broken memcg-on
	echo memory >"$tree/sys/fs/cgroup/cgroup.subtree_control"
	run policy hmsdk
	is "$(journal | grep -c subtree_control)" 0 \
		"$kernel: memory is not enabled twice"
	broken group-there
	mkdir -p "$tree/sys/fs/cgroup/hmsdk"
	run policy hmsdk
	is "$(journal | grep -c ^mkdir)" 0 "$kernel: nor the group made twice"
done

# Goals for a node's free memory came with Linux 6.16
kernel=6.12 tree=$tmp/6.12
refused 3 'nor node_mem.* goals .Linux 6\.16' policy damon-goal
kernel=7.3 tree=$tmp/7.3
run policy damon-goal
same_as damon-goal-7.3 "7.3: damon-goal"

# --- mistakes in a policy's file ------------------------------------------------

# mistake TEXT REGEX: is it refused, with that?
mistake()
{
	printf '%b' "$1" >"$tmp/bad.policy"
	refused 2 "$2" policy "$tmp/bad.policy"
}

bad='bad.policy: line'
mistake '' 'it says nothing'
mistake '# only this\n\n' 'it says nothing'
mistake 'numa_balancing=9' "$bad 1, column 16: .*from 0 to 3"
mistake '# c\n\nscan_size = 3\n' "$bad 3, column 1: .*\"scan_size_mb\""
mistake 'memory.hgh = 1G' "$bad 1, column 1: .*\"memory.high\""
mistake 'swappiness' "$bad 1, column 1: KEY = VALUE"
mistake 'swappiness = 1\n\tdamon = hmsdk' "$bad 2, column 2: it is indented"
mistake 'vm.swappiness = 1\nswappiness = 2' "$bad 2, column 1: .*in line 1"
mistake 'about = x\nabout = y' "$bad 2, column 1: .*in line 1"
mistake 'swappiness =' "$bad 1, column 13: .*nothing is said"
mistake 'memory.high = 1X' "$bad 1, column 15: .*512M"
mistake 'memory.high = 2G\nmemory.max = 1G' "$bad 2, column 14: .*above memory.max"
mistake 'memory.max = 1G\nabout = x\nmemory.high = 2G' \
	"$bad 3, column 15: .*above memory.max"
mistake 'cgroup = ../x' "$bad 1, column 10: a cgroup"
mistake 'interleave = 3:0' "$bad 1, column 14: .*NEAR:FAR"
mistake 'damon = hmsd' "$bad 1, column 9: .*hmsdk-fast"
mistake 'damon = ./none.json' "$bad 1, column 9: .*No such file"
mistake 'about = x\ndamon =\n  {"kdamonds": [\n   3x ]}\nabout = x' \
	"$bad 4, column 5: no valid JSON"
mistake 'damon =\n  kdamonds:\n  - contexts:\n   - ops: paddr\n' "$bad 4, column 4:"
mistake 'damon =\n  {"kdamonds": [ 3 ]}' 'bad.policy: kdamonds\[0\]: must be'
mistake 'damon =\nabout = x' 'bad.policy: empty'
mistake 'ready = 10s' 'it starts none'
mistake 'start = sleep 9\nready = 0s' "$bad 2, column 9: .*a time"
mistake 'start = "sleep 9' "$bad 1, column 9: .*no end"
mistake 'start = sleep 9\nready = 1s nothing' "$bad 2, column 9: .*file PATH"
mistake 'start = sleep 9\nstop = 1s SIGFOO' "$bad 2, column 8: .*signal"
mistake 'start = sleep 9\nrestore = /etc/passwd' "$bad 2, column 11: .*/sys"
mistake 'start = sleep 9\nrestore = /proc/sys/../../etc/passwd' \
	"$bad 2, column 11: .*/sys"
mistake 'start = sleep 9\nrestore = /sys/kernel/mm/..' "$bad 2, column 11: .*/sys"
mistake 'start = ""' "$bad 1, column 9: a program"
mistake 'start = # ./x' "$bad 1, column 9: a program"
mistake 'start = sleep 9\nstop = 1s INT' "$bad 2, column 8: .*SIGINT is meant"
mistake 'start = sleep 9\nstop = 1s 15' "$bad 2, column 8: .*SIGTERM"
mistake '\357\273\277memory.hgh = 1G' "$bad 1, column 1: .*\"memory.high\""
mistake 'swappiness = 1\0\n' 'a zero byte'
mistake 'placement = near' "$bad 1, column 13: .*counts"
mistake 'placement = counts' 'moves the pages of what runs, while'
mistake 'start = sleep 9' 'has a daemon, which lives while'
head -c 1048577 /dev/zero | tr '\0' '#' >"$tmp/long.policy"
refused 2 'longer than 1 MiB' policy "$tmp/long.policy"
refused 2 'No such file' policy "$tmp/nothing.policy"
refused 2 'no regular file' policy "$tmp/"
refused 2 'no regular file' policy /dev/null

# --- and in what it starts ----------------------------------------------------

printf 'start = ./mine --hot "a b"\nready = 5s file /run/x\nstop = 2s SIGINT
restore = /proc/sys/vm/swappiness\n' >"$tmp/daemon.policy"
sed -i $'1s/^/\xef\xbb\xbf/; s/$/\r/' "$tmp/daemon.policy"
run gups 1M any --policy "$tmp/daemon.policy"
is "$status $(grep ^start "$tmp/out")" "0 start ./mine --hot a b" \
	"a dry run says what it would start, also of another system's editor"
"$tier" policy show "$tmp/daemon.policy" --file --json >"$tmp/json"
is "$(jq -c 'select(.record == "policy_text") | .files' "$tmp/json")" \
	'["./mine"]' "policy show --file: what is beside it"
printf 'start = x\nrestore = /proc/sys/vm/none\n' >"$tmp/restore.policy"
refused 3 'restore.policy: line 2: restores /proc/sys/vm/none: no such' gups 1M any \
	--policy "$tmp/restore.policy"
printf '\nstart = x\nrestore = /proc/sys/vm\n' >"$tmp/restore.policy"
refused 2 'restore.policy: line 3: restores /proc/sys/vm: a directory' gups 1M any \
	--policy "$tmp/restore.policy"

done_testing
