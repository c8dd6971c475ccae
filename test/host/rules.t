#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rules that keep the parts of the program apart: a room includes only
# rooms below it, few files may do what changes a machine or is seen outside,
# and a function is named after its file.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The rooms' folders; a "." is the top
read -ra rooms <<<"$(sed -n 's/^ROOMS := //p' Makefile)"
is "$(find . \( -path ./build -o -path ./out -o -path ./deps -o -path ./test \
	-o -path ./plugin \) -prune -o -name '*.c' -printf '%P\n' |
	sed -E 's,^[^/]+$,./&,; s,/[^/]*$,,' | sort -u)" \
	"$(printf '%s\n' "${rooms[@]}" | sort)" \
	"the Makefile's rooms are the folders that have sources"
mapfile -t sources < <(find "${rooms[@]}" -maxdepth 1 -name '*.[ch]' |
	sed 's,^\./,,' | sort -u)

# The program's text as "FILE:LINE:TEXT", without comments, which may name
# what the code must not
code=$tmp/code
for file in "${sources[@]}"; do
	perl -0777 -pe 's{("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*}
		{ defined $1 ? $1 : $& =~ tr/\n//cdr }gsex' "$file" |
		awk -v file="$file" '{ print file ":" NR ":" $0 }'
done >"$code"

# In front of a call: neither part of a longer name nor a member
call='(?<![A-Za-z0-9_>.])'

# found REGEX: the lines of the code that have it
found()
{
	grep -P "^[^:]+:[0-9]+:.*?($1)" "$code" || true
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

# --- rooms -------------------------------------------------------------------

# graph [DIRECTORY]: sets said and status
graph()
{
	status=0
	said=$(test/includes "$@") || status=$?
}

# other_tree: a copy of the sources, in which something may be made wrong
other_tree()
{
	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	cp --parents -t "$tmp/tree" "${sources[@]}" plugin/*.[ch]
}

# include FILE IN: in the copy
include()
{
	sed -i "1i #include \"$1\"" "$tmp/tree/$2"
}

graph
diag "$said"
while read -r room; do
	is "$(grep "^upward $room " <<<"$said")" "" \
		"$room includes only rooms below it"
done < <(sed -nE 's/^([a-z]+) +[0-9]+ files:.*/\1/p' <<<"$said")
is "$(grep '^circle' <<<"$said")" "" "no circle of files"
is "$status ${said##*$'\n'}" \
	"0 $(grep -oE '[0-9]+ arrows' <<<"$said"), 0 upward, 0 circles, 0 files in no room" \
	"each file is in a room, and the graph has its arrows"

other_tree
graph "$tmp/tree"
is "$status" 0 "a copy is as good"
include cmd/plan.h lib/text.c
graph "$tmp/tree"
is "$status" 1 "not with an arrow upward"
like "$said" $'\nupward lib lib/text cmd/plan\n' "which is named"
other_tree
include damon/damon.h cxl/poison.c
graph "$tmp/tree"
like "$status $said" $'^1 .*\nupward cxl cxl/poison damon/damon\n' \
	"nor with one to a room of the same floor"
other_tree
include mm/node.h mm/zone.c
graph "$tmp/tree"
is "$status" 1 "nor with a circle in a room"
like "$said" $'\ncircle mm/(zone mm/node|node mm/zone)\n' "which is named, too"
other_tree
touch "$tmp/tree/new.c"
graph "$tmp/tree"
like "$status $said" $'^1 .*\nin no room: new\n' "nor with a file in no room"

is "$(found 'include ".*\.c"')" "" "no .c is included"
for header in "${sources[@]}"; do
	[[ $header = *_internal.h ]] || continue
	only "${header%_internal.h}.*" "include \"$header" \
		"only the parts of ${header%_internal.h} know what they share"
done
# The command line is known where it is carried out
only 'tier|cmd/.*' 'include "cmd/' "only tier.c and cmd/ know of plan and verbs"

# --- who does what -----------------------------------------------------------

opens='(open|openat|openat2|fopen|freopen|creat|opendir|fdopendir|scandir'
opens+='|readlink|readlinkat|nftw|glob)'
user='damon/damon_json|tiering/policy_file'
only "sysfs|init|tier|mm/undo|mm/host_port|$user|bench/program|tiering/daemon|cmd/capture" \
	"$call$opens *\(" \
	"only sysfs.c opens files (init.c: devices, modules, host_port.c: a port, \
tier.c: records, \
undo.c: its log, damon_json.c, policy_file.c: a user's file, program.c, \
daemon.c: a program, capture.c: a directory of its own)"
is "$(found "$call$opens *\\([^)]*\"/(sys|proc)" | grep -v '^sysfs\.')" "" \
	"these open none of the kernel's attributes"
is "$(grep -E '^init\.c:' "$code" | grep -P "$call$opens *\\(\"" |
	grep -v '"/dev/')" "" \
	"init.c opens devices, and the modules of its list"
only 'cxl/region|cxl/region_choose' \
	"$call(cxl|daxctl)_[a-z0-9_]+ *\(|include <(cxl|daxctl)/" \
	"only region.c and region_choose.c call libcxl and libdaxctl"
is "$(found "${call}kmod_[a-z0-9_]+ *\(|include <libkmod")" "" \
	"nobody calls libkmod, which is not there"
only 'damon/damon_json|damon/damon_yaml' "${call}cJSON_[A-Za-z]+ *\(|include .*cJSON" \
	"only damon_json.c and damon_yaml.c know of cJSON"
only init 'SYS_f?init_module' "only init.c loads modules"
only 'bench/table' \
	"$call(mbind|set_mempolicy|numa_[a-z0-9_]+) *\(|include <numa" \
	"only table.c calls libnuma"
only 'lib/report' 'STDOUT_FILENO,' "only report.c has standard output for text"
is "$(found "$call(v?printf|puts|putchar) *\(|v?fprintf *\(stdout")" "" \
	"nobody prints past it"
only 'lib/report|sysfs|mm/undo|mm/host_port' "$call(write|writev|dprintf) *\(" \
	"only report.c, sysfs.c, undo.c (its log) and host_port.c write"
only init "$call(reboot|pivot_root|chroot) *\(" "only init.c reboots"
only 'init|mm/undo' "$call(mount|umount2?) *\(" \
	"only init.c mounts (undo.c: what it takes back)"
is "$(found "$call(exit|quick_exit) *\(" | grep -v '^tier\.c:')" "" \
	"only tier.c ends the program"
children='supervise|tiering/daemon|cmd/at|bench/(program|tlb_flusher'
only "$children|hog_process)" "${call}_exit *\(" \
	"_exit() is for children that could not execute"
only "$children|hog)|tiering/oracle" \
	"$call(fork|vfork|execv|execvp) *\(" \
	"only supervise.c, program.c, tlb_flusher.c, hog.c, daemon.c, at.c, oracle.c \
start processes"
only 'tier' "${call}getpid *\(" "only tier.c asks who it is"
is "$(found "${call}getpid *\(" | grep -c .)" 1 "and once"
is "$(found "$call(system|popen|posix_spawn|strtok|gets|sprintf|strcat|atoi|atol|atof) *\(")" \
	"" "nobody calls what is not to be called"

# --- names -------------------------------------------------------------------

is "$(grep -hE '^[a-z].*[ *](cxl|daxctl|numa)_[a-z0-9_]*\(' -- "${sources[@]}" |
	grep -v '^extern')" "" \
	"no function of ours is named as one of a library"

# What a header's functions begin with, if not with its file's name; what
# everybody uses has short names
declare -A begins=([cmd/verb]=option [cmd/policy_show]=show
	[cmd/policy_restore]=restore [damon/damon_config]=kdamond
	[damon/damon_json]=damo
	[lib/error]=any [lib/alloc]=any [lib/text]=any [lib/time]=any)

# Types, fields and comments aside
for header in "${sources[@]}"; do
	[[ $header = *.h ]] || continue
	# What the parts of one thing share is named after the thing
	name=${header%.h}
	name=${name%_internal}
	name=${begins[$name]:-${name##*/}}
	[[ $name != any ]] || continue
	odd=$(grep "^$header:" "$code" | cut -d: -f3- |
		grep -E '^[a-z][A-Za-z0-9_ ]*[ *][a-z0-9_]+\(' |
		grep -vE '^(typedef|return|__attribute__)' |
		grep -vE "[ *]$name(_[a-z0-9_]*)?\(" || true)
	is "$odd" "" "$header: functions begin with $name"
done

# exported FILE: the names that its object has for others, but those that a
# header of its room declares
exported()
{
	local room=. headers='[^/]*'

	[[ $1 != */* ]] || room=${1%/*} headers=${1%/*}/$headers
	# Once for all files of a room
	[[ -e $tmp/names.${room//\//-} ]] ||
		grep "^$headers\.h:" "$code" | grep -oE '[a-z][A-Za-z0-9_]*' |
		sort -u >"$tmp/names.${room//\//-}"
	nm -g --defined-only "$made/obj/${1%.c}.o" | awk '{ print $3 }' |
		grep -vxFf "$tmp/names.${room//\//-}"
}

verbs=" $(sed -nE 's/^\tX\(([a-z_]+)\) *\\?$/\1/p' cmd/verbs.h | xargs) "
like "$verbs" ' gups .* damon_start .* help ' "there are verbs"
for file in "${sources[@]}"; do
	[[ $file = *.c ]] || continue
	name=${file#cmd/}
	name=${name%.c} want=
	[[ $file = "cmd/$name.c" && $verbs = *" $name "* ]] && want=verb_$name
	[[ $file != tier.c ]] || want=main
	is "$(exported "$file")" "$want" \
		"$file exports ${want:+$want and }what a header says"
done

# --- tests -------------------------------------------------------------------

# says FILE: a test's first comment, its licence and what test/run reads aside
says()
{
	awk '/^#!|SPDX|^\/\*$|^# (alone|last|long|timeout): / { next }
		!/^(#| \*)/ || /^ \*\/$|^#include/ { exit }
		{ sub(/^(#| \*) */, ""); printf "%s ", $0 }' "$1"
}

mapfile -t tests < <(ls test/unit/*_test.c test/{host,guest,matrix}/*.t)
for file in "${tests[@]}"; do
	like "$(says "$file")" '.{40}[.][)]? *$' "$file says what it proves"
done
# Another way is a line WRAP: (the Makefile), or the public interface
is "$(grep -lE '^#include ".*\.c"' -- "${tests[@]}" | while read -r file; do
	[[ $(says "$file") = *'is included, which it must be: '* ]] ||
		echo "$file"
done)" "" "a test that includes a .c says why it must"

# --- the tree ----------------------------------------------------------------

files=$(git ls-files 2>/dev/null | grep . || find . -path ./build -prune -o \
	-path ./out -prune -o -path ./.git -prune -o -type f -print)
# What a command left at the top by mistake is no part of the project
is "$(sed -E 's,^\./,,; s,/.*,,' <<<"$files" | LC_ALL=C sort -u |
	grep -vE '^\.(ci|clang-format|clang-tidy|gitignore)$' |
	grep -vxE '(build|init|supervise|tier|gups|sysfs|vmstat)\.(sh|c|h)' |
	grep -vxE 'CHANGES|COPYING|HACKING|Makefile|README|bench|deps|doc' |
	grep -vxE 'experiments|initramfs|plugin|test' |
	grep -vxFf <(printf '%s\n' "${rooms[@]}"))" "" "the top is as README draws it"
# Mirrors and proxies belong to a machine, not to the project
is "$(xargs -d '\n' grep -InE \
	'https?://[a-z0-9.-]*(mirror|proxy|artifact|nexus)[a-z0-9.-]*' \
	<<<"$files" 2>/dev/null)" "" "no mirror is named"
is "$(xargs -d '\n' grep -InE '(^|[^A-Za-z0-9_.])/(home|work)/' <<<"$files" \
	2>/dev/null | grep -v '^test/host/rules\.t:')" "" \
	"no directory of somebody's machine"
is "$(grep -E '\.([cht]|guest)$|^test/([^/]+/)*[a-z]+$' <<<"$files" |
	xargs -d '\n' grep -IL 'SPDX-License-Identifier')" "" \
	"every source says its licence"
is "$(xargs -d '\n' grep -IlE '[[:blank:]]$' <<<"$files" 2>/dev/null |
	grep -vE '\.(patch|txt)$')" "" "no blanks at the ends of lines"

done_testing
