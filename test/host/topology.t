#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The machines: qemu-line prints each that is shipped, and one of somebody's file;
# what is wrong with such a file is said before it boots, or in QEMU's words.
# test/matrix/topologies.t boots the shipped ones.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export OUT=$tmp/out
mine="$tmp/my machine"

# line STATUS NAME TOPOLOGY [ARGUMENTS]...: qemu-line; sets text
line()
{
	local status=0

	text=$(timeout 100 ./build.sh qemu-line "${@:3}" 2>&1 </dev/null) ||
		status=$?
	is "$status" "$1" "$2: status $1" || diag "$text"
	unlike "$text" ': line [0-9]+: ' "$2: not in a shell's words"
}

for name in initramfs/topologies/*; do
	line 0 "${name##*/}" "${name##*/}" --count
	unlike "$text" '@[A-Z0-9_]+@' "${name##*/}: all is filled in"
	like "$(<"$name")" '^# [A-Z].*\.' "${name##*/}: says what it is"
done

# ranges TOPOLOGY: what the plugin is told, a MiB a page
ranges()
{
	MEM=1G CXL_MEM=512M ./build.sh qemu-line "$1" --count |
		grep -oE '[a-z0-9]+=0x[0-9a-f]+-0x[0-9a-f]+' | tr '\n' ' ' |
		sed 's/00000\b//g; s/00000-/-/g'
}
is "$(ranges sockets2)" "near=0x0-0x400 near=0x400-0x800 cxl0=0x1100-0x1300 \
cxl1=0x1300-0x1500 " "sockets2: two near ranges, two windows"
is "$(ranges tiers3)" "near=0x0-0x400 far0=0x400-0x600 far1=0x600-0x800 " \
	"tiers3: two far ranges"
is "$(ranges sizes)" "near=0x0-0x400 cxl0=0x1100-0x1200 cxl1=0x1200-0x1400 " \
	"sizes: a window of 256 MiB, one of 512"
is "$(ranges cpus-apart)" "near=0x0-0x400 " "cpus-apart: one"
printf '%s\r\n' $'\xef\xbb\xbf# mine' '-m 1.5G,slots=2' \
	'-object memory-backend-ram,id=a,size=1G' \
	'-object memory-backend-memfd,size=536870912,id=b' \
	'-numa node,memdev=a,cpus=0' '-numa node,memdev=b' \
	'-M cxl-fmw.0.size=4G,cxl-fmw.0.targets.0=cxl.1' >"$mine"
is "$(ranges "$mine")" "near=0x0-0x400 far=0x400-0x600 cxl=0x1100-0x2100 " \
	"sizes in gigabytes and in bytes, of a file with CR LF"
sed -i 's/^-m .*/-m slots=2,size=1536M/; s/,memdev=a,/,memdev=c,/; /,id=a,/d' "$mine"
echo '-object memory-backend-shm,id=c,size=1024M' >>"$mine"
is "$(ranges "$mine")" "near=0x0-0x400 far=0x400-0x600 cxl=0x1100-0x2100 " \
	"-m by its names, memory that is named behind its node"
line 0 "a latency for each" tiers3 --latency far0=100ns,far1=200ns
like "$text" 'far0=[^,]*,latency=100ns,far1=[^,]*,latency=200ns' "is handed on"

for size in 3M 2k 2G; do
	line 2 "a cache of $size" cxl --latency "cxl=250ns,llc=$size"
	like "$text" "'llc=$size': give a power of two from 4k to 1G" "says so"
done

printf '# mine\n-m @MEM@\n\n-machine hmat=on\n-object memory-backend-ram,id=a' \
	>"$mine"
line 0 "a file" "$mine"
like "$text" $'-machine hmat=on .*\n.*-object memory-backend-ram,id=a ' \
	"it is taken, word for word"
(cd "$tmp" && "$OLDPWD/build.sh" qemu-line "./my machine") >"$tmp/there" 2>&1
ok "from where one is" grep -q 'hmat=on' "$tmp/there"
line 2 "a file without a slash" nosuch
like "$text" 'there are .*sockets2' "the names are named"
line 2 "one that is not there" "$tmp/none"
like "$text" 'none: cannot read that file' "is named"
line 2 "a directory" "$tmp/"
printf '\xff\xfe-\0m\0' >"$mine"
line 2 "a text of 16 bits a letter" "$mine"
like "$text" 'my machine: is no text' "is called none"
echo '-m @MEMORY@' >"$mine"
line 2 "a word that is none" "$mine"
like "$text" 'my machine: @MEMORY@ is none of @MEM@' "is named, and those there are"
for smp in 1 3; do
	SMP=$smp line 2 "SMP=$smp" sockets2
	like "$text" 'halves the CPUs: SMP=2' "says how many"
done
echo '-numa node,memdev=a,cpus=0' >"$mine"
line 2 "memory of no size" "$mine" --count
like "$text" "have to know how large each node's memory is" "is named"
echo -plug >"$mine"
text=$(TOPOLOGY=$mine ./build.sh run --name r gups 1M 2>&1 </dev/null)
is "$? ${text##*: }" "2 -plug, and nothing behind it" "-plug alone"
echo '-machine nosuch=on' >"$mine"
text=$(TOPOLOGY=$mine ./build.sh run --name r gups 1M 2>&1 </dev/null)
is "$?" 1 "what QEMU does not take: status 1"
like "$(cat "$OUT/r/verdict")" \
	'^failed: the emulator .*nosuch.*\(see TOPOLOGY=.*my machine\)$' \
	"in its words, with the file"
done_testing
