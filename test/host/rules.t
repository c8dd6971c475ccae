#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rules that keep the parts of the program apart, by grep.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

# The program's text as "FILE:LINE:TEXT", without comments, which may name
# what the code must not
code=$(for file in *.c *.h; do
	perl -0777 -pe 's{("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*}
		{ defined $1 ? $1 : $& =~ tr/\n//cdr }gsex' "$file" |
		awk -v file="$file" '{ print file ":" NR ":" $0 }'
done)

# In front of a call: neither part of a longer name nor a member
call='(?<![A-Za-z0-9_>.])'

# found REGEX: the lines of the code that have it
found()
{
	grep -P "^[^:]+:[0-9]+:.*?($1)" <<<"$code" || true
}

# only FILES REGEX NAME: these files have it (or the rule watches over
# nothing), and no others
only()
{
	local lines

	lines=$(found "$2")
	is "$(grep -vE "^($1)\.[ch]:" <<<"$lines")" "" "$3: no other"
	ok "$3: it does" grep -qE "^($1)\.[ch]:" <<<"$lines"
}

# --- who does what -----------------------------------------------------------

opens='(open|openat|openat2|fopen|freopen|creat|opendir|fdopendir|scandir'
opens+='|readlink|readlinkat|nftw|glob)'
only 'sysfs|init|tier|undo|damo|program' "$call$opens *\(" \
	"only sysfs.c opens files (init.c: devices, modules, tier.c: records, \
undo.c: its log, damo.c: a user's file, program.c: a program)"
is "$(found "$call$opens *\\([^)]*\"/(sys|proc)" | grep -v '^sysfs\.')" "" \
	"these open none of the kernel's attributes"
is "$(grep -E '^init\.c:' <<<"$code" | grep -P "$call$opens *\\(\"" |
	grep -v '"/dev/')" "" \
	"init.c opens devices, and the modules of its list"
only 'region|region_choose' \
	"$call(cxl|daxctl)_[a-z0-9_]+ *\(|include <(cxl|daxctl)/" \
	"only region.c and region_choose.c call libcxl and libdaxctl"
only 'region.*' 'include "region_work' \
	"only the parts of region.c know what they share"
is "$(found "${call}kmod_[a-z0-9_]+ *\(|include <libkmod")" "" \
	"nobody calls libkmod, which is not there"
only init 'SYS_f?init_module' "only init.c loads modules"
only 'table' "$call(mbind|set_mempolicy|numa_[a-z0-9_]+) *\(|include <numa" \
	"only table.c calls libnuma"
only report "$call(v?printf|puts|putchar) *\(|v?fprintf *\(stdout" \
	"only report.c prints to standard output"
is "$(found "$call(write|writev|dprintf) *\(" |
	grep -vE '^(report|sysfs|undo)\.c:')" "" \
	"only report.c, sysfs.c and undo.c (its log) write"
only init "$call(reboot|pivot_root|chroot) *\(" "only init.c reboots"
only 'init|undo' "$call(mount|umount2?) *\(" \
	"only init.c mounts (undo.c: what it takes back)"
is "$(found "$call(exit|quick_exit) *\(" | grep -v '^tier\.c:')" "" \
	"only tier.c ends the program"
only 'supervise|program|heartbeat|hog' "${call}_exit *\(" \
	"_exit() is for children that could not execute"
only 'supervise|program|heartbeat|hog' "$call(fork|vfork|execv|execvp) *\(" \
	"only supervise.c, program.c, heartbeat.c and hog.c start processes"
only 'tier' "${call}getpid *\(" "only tier.c asks who it is"
is "$(found "${call}getpid *\(" | grep -c .)" 1 "and once"
is "$(found "$call(system|popen|posix_spawn|strtok|gets|sprintf|strcat|atoi|atol|atof) *\(")" \
	"" "nobody calls what is not to be called"
is "$(found 'include "tier\.h"')" "" "nothing includes tier.c's own"

# --- includes ----------------------------------------------------------------

# includes FILE: the project's headers that it includes, but its own
includes()
{
	sed -n 's/^#include "\(.*\)\.h"$/\1/p' "$1.c" "$1.h" 2>/dev/null |
		grep -vx "$1" | sort -u | paste -sd' '
}

is "$(includes plan)" "plan_work util" "plan.c knows of the types alone"
is "$(includes plan_options)" "plan plan_work util" "so do its options"
only 'plan.*' 'include "plan_work' \
	"only the parts of plan.c know what they share"
is "$(includes sysfs)" "util" "sysfs.c of no other part"
is "$(includes report)" "util" "report.c of no other part"
is "$(includes vmstat)" "plan sysfs util" "vmstat.c of sysfs.c"
is "$(includes node)" "sysfs util" "node.c of sysfs.c"
is "$(includes region)" "await memblock node region_work sysfs util" \
	"region.c of its parts"
is "$(includes region_choose)" "region region_work sysfs util" \
	"region_choose.c of no other part of it"
is "$(includes region_read)" "await memblock region region_work sysfs util" \
	"region_read.c of blocks and waits"
is "$(includes memblock)" "sysfs util" "memblock.c of sysfs.c"
is "$(includes await)" "util" "await.c of nothing"
is "$(includes table)" "plan util" "table.c of nothing that reads or prints"
is "$(includes tlb)" "util" "tlb.c of nothing"
is "$(includes gups)" \
	"heartbeat loops pattern plan sketch stream table tlb util" \
	"gups.c of its parts"
is "$(includes stream)" "" "stream.c of nothing"
is "$(includes pattern)" "plan stream util" "pattern.c of the plan and numbers"
is "$(includes loops)" "pattern sketch stream" "loops.c of what they draw"
is "$(includes truth)" "pattern stream table util" \
	"truth.c of the pattern and the table, not of the benchmark"
is "$(includes cost)" "node plan report util" "cost.c of no run"
is "$(includes timeline)" \
	"cost gups hog moves node plan pmu report sysfs truth util zone" \
	"timeline.c of what it shows"
is "$(grep -ls '#include "[a-z]*\.c"' -- *.c *.h)" "" "no .c is included"

# --- names -------------------------------------------------------------------

is "$(grep -hE '^[a-z].*[ *](cxl|daxctl|numa)_[a-z0-9_]*\(' -- *.c *.h |
	grep -v '^extern')" "" \
	"no function of ours is named as one of a library"

for header in *.h; do
	name=${header%.h}
	# Types, fields and comments aside, what a header declares begins with
	# its file's name
	[[ $name != util ]] || continue
	# What the parts of one thing share is named after the thing
	name=${name%_work}
	odd=$(grep "^$header:" <<<"$code" | cut -d: -f3- |
		grep -E '^[a-z][A-Za-z0-9_ ]*[ *][a-z0-9_]+\(' |
		grep -vE '^(typedef|return)' |
		grep -vE "[ *]$name(_[a-z0-9_]*)?\(" || true)
	is "$odd" "" "$header: functions begin with $name"
done

# --- the tree ----------------------------------------------------------------

files=$(git ls-files 2>/dev/null | grep . || find . -path ./build -prune -o \
	-path ./out -prune -o -path ./.git -prune -o -type f -print)
# Mirrors and proxies belong to a machine, not to the project
is "$(xargs -d '\n' grep -InE \
	'https?://[a-z0-9.-]*(mirror|proxy|artifact|nexus)[a-z0-9.-]*' \
	<<<"$files" 2>/dev/null)" "" "no mirror is named"
is "$(xargs -d '\n' grep -InE '(^|[^A-Za-z0-9_.])/(home|work)/' <<<"$files" \
	2>/dev/null | grep -v '^test/rules\.t:')" "" \
	"no directory of somebody's machine"
is "$(grep -L 'SPDX-License-Identifier' -- *.c *.h test/*.[ch] test/*.t)" "" \
	"every source says its licence"
is "$(xargs -d '\n' grep -IlE '[[:blank:]]$' <<<"$files" 2>/dev/null |
	grep -vE '\.(patch|txt)$')" "" "no blanks at the ends of lines"

done_testing
