#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh wherever it lies and whatever is missing: below a directory with any
# character in its name, as another user's or read-only, ended at some moments,
# without a tool that it needs.  In a copy of the project, which is built there.
#
# timeout: 300

# What is not expanded is for other shells
# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/copy.sh
. test/lib/copy.sh

# An emulator that only says that all is well
fake="$odd/the emulator"
mkdir -p "$odd"
cat >"$fake" <<'END'
#!/bin/bash
[[ $* != --version ]] || { echo "QEMU emulator version 11.1.3"; exit; }
for word; do
	[[ $word != file,id=records,path=* ]] || records=${word#*path=}
done
records=${records//,,/,}
echo '{"record":"environment","seq":1}
{"record":"end","seq":2,"records":2,"status":0,"verdict":"passed"}' >"$records"
echo "said"
END
chmod 755 "$fake"

copy "$odd"

# --- any name -----------------------------------------------------------------

cd "$odd" || exit 1
for verb in tier plugin initramfs qemu man; do
	does 0 "$verb below an odd directory" ./build.sh "$verb"
done
ok "the program is the same, bit for bit" cmp build/tier "$here/build/tier"
ok "so is the image" cmp build/initramfs.cpio "$here/build/initramfs.cpio"
like "$(build/qemu/qemu-system-x86_64 --version)" '^QEMU emulator version' \
	"the emulator starts there"
long=$(printf '%0150d' 0)
does 0 "a run there" QEMU="$fake" OUT="$odd/my runs,/$long" ./build.sh run \
	--name r gups 1M node1
run="$odd/my runs,/$long/r"
is "$(cat "$run/verdict" "$run/console.log" | paste -sd' ')" "passed said" \
	"its results are where they shall be"
rm "$run/records.jsonl"
sh "$run/qemu.cmd" >/dev/null 2>&1
ok "qemu.cmd can be pasted" [ -s "$run/records.jsonl" ]
cd ..
does 0 "called from elsewhere, with CDPATH" CDPATH="$here:/" QEMU="$fake" \
	OUT="$tmp/out" bash "${odd##*/}/build.sh" run --name cdpath
cd "$odd" || exit 1
does 0 "what the environment has for a compiler has no say" \
	CPATH=/usr/include MAKEFLAGS=-n TAR_OPTIONS=--bad ./build.sh tier
does 3 "a kernel of our own: refused at once" KERNEL=own ./build.sh kernel
like "$text" 'a space or a colon.*KERNEL=6.12' "and what to do"
mkdir "$tmp/"$'two\nlines'
cp build.sh "$tmp/"$'two\nlines'
does 3 "a name with a line break" "$tmp/"$'two\nlines/build.sh' help
like "$text" 'line break: rename it' "is refused"
is "$(ls "$tmp/"$'two\nlines')" build.sh "and nothing is made"

# --- ended in the middle: also test/matrix/interrupted.t ---------------------------

# A compiler that is killed when half of its file is written
mkdir "$tmp/bin"
cat >"$tmp/bin/gcc" <<'END'
#!/bin/bash
PATH=${PATH#*:}
gcc "$@" || exit
for word; do
	[[ $word != *lib/text.o* && $word != *tier-pmu* ]] || object=$word
done
if [[ ${object:-} ]]; then
	truncate -s 200 "$object"
	kill -KILL 0
fi
END
chmod 755 "$tmp/bin/gcc"
for half in "tier lib/text.c" "plugin plugin/options.c"; do
	touch "${half#* }"
	perl -e 'setpgrp; exec @ARGV' env PATH="$tmp/bin:$PATH" ./build.sh \
		"${half% *}" >/dev/null 2>&1
	is "$?" 137 "the compiler is killed, and all with it"
	does 0 "${half% *} is built again" ./build.sh "${half% *}"
	ok "as it was" cmp build/tier "$here/build/tier"
done
rm -f build/tier-pmu.so
./build.sh plugin >/dev/null 2>&1

# --- tools that are missing ---------------------------------------------------------

mkdir "$tmp/tools"
IFS=: read -r -a all <<<"$PATH:/usr/sbin:/sbin"
find "${all[@]}" -maxdepth 1 ! -type d -executable \
	-exec ln -sf -t "$tmp/tools" {} + 2>/dev/null
while read -r tool package; do
	mv "$tmp/tools/$tool" "$tmp/kept"
	rm -f "$tmp/tools/"{mawk,gawk}
	for verb in qemu-line run; do
		does 3 "$verb without $tool" PATH="$tmp/tools" QEMU="$fake" \
			OUT="$tmp/out" ./build.sh "$verb"
		like "$text" "(package|packages:) .*$package.*$tool|$tool.*package" \
			"$verb without $tool: the package is named"
	done
	mv "$tmp/kept" "$tmp/tools/$tool"
done <<'END'
gcc gcc
ld binutils
make make
sed sed
awk mawk
grep grep
find findutils
cat coreutils
flock util-linux
setpriv util-linux
tar tar
xz xz-utils
zstd zstd
cpio cpio
jq jq
python3 python3
END
does 0 "with all of them" PATH="$tmp/tools" QEMU="$fake" OUT="$tmp/out" \
	./build.sh run --name tools

# --- not ours to write ---------------------------------------------------------------

((EUID == 0)) || {
	skip "somebody else's checkout" "to give root up it must be had"
	done_testing
}
other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
rm -rf "$tmp/out"
install -d -o 65534 "$tmp/out"
chmod 755 "$odd"
run=(QEMU="$fake" OUT="$tmp/out" "${other[@]}" ./build.sh run --name other)
if "${other[@]}" test -r build/tier; then
	does 0 "another user's checkout, all built" "${run[@]}"
	is "$(cat "$tmp/out/other/verdict")" passed "it runs"
	mv build/.lock "$tmp"
	does 0 "without a lock that could be opened" "${run[@]}"
	mv "$tmp/.lock" build
	does 3 "results where nobody may write" QEMU="$fake" "${other[@]}" \
		./build.sh run
	like "$text" "OUT=.*OUT=DIRECTORY" "names OUT"
	touch vmstat.c
	does 3 "something has to be built" "${run[@]}"
	like "$text" "tier: nobody cannot write.*root's.*chown" \
		"who may, and what to do"
	does 3 "clean" "${other[@]}" ./build.sh clean
	does 0 "built by who may" ./build.sh initramfs
	does 0 "all built once more" "${run[@]}"
	# Half of it as root, then as a user: the usual mistake
	chown 65534 . build
	touch vmstat.c
	does 3 "some of it root's" "${run[@]}"
	like "$text" "cannot write .*/build/.*root's" "what is in the way"
	chown -R 65534 build
	does 0 "made the user's" "${run[@]}"
	chown -R 0:0 . build
else
	skip "another user's checkout" "others cannot come to $odd"
fi
if unshare --mount true 2>/dev/null; then
	does 0 "a read-only checkout, all built" QEMU="$fake" OUT="$tmp/out" \
		unshare --mount sh -c 'mount --bind . . && mount -o \
		remount,ro,bind . && cd "$PWD" && ! touch x 2>/dev/null &&
		exec ./build.sh run --name readonly'
	is "$(cat "$tmp/out/readonly/verdict")" passed "it runs"
else
	skip "a read-only checkout" "this root may not mount"
fi

done_testing
