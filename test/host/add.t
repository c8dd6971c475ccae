#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ./build.sh run --add: what would not start in the guest is refused before it
# boots.  What does start there is test/guest/program.t's.

# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# Nothing here may boot: no such QEMU, which is only looked for after --add
export OUT=$tmp/out QEMU=/nonexistent

# refused REGEX NAME FILE[:PATH]...: with status 2
refused()
{
	local regex=$1 name=$2 text status=0 words=() file

	shift 2
	for file; do
		words+=(--add "$file")
	done
	text=$(timeout 60 ./build.sh run --name add "${words[@]}" --once run \
		/x 2>&1 </dev/null) || status=$?
	is "$status" 2 "$name: refused"
	like "$text" "$regex" "$name: says so"
}

# taken NAME FILE[:PATH]...: it is only the emulator that is missing
taken()
{
	local name=$1 text status=0 words=() file

	shift
	for file; do
		words+=(--add "$file")
	done
	text=$(timeout 60 ./build.sh run --name add "${words[@]}" --once run \
		/x 2>&1 </dev/null) || status=$?
	is "$status" 3 "$name: taken" || diag "$text"
}

script()
{
	printf '%s\necho hello\n' "$2" >"$tmp/$1"
}

# --- files and paths -----------------------------------------------------------

printf 'text\n' >"$tmp/data"
taken "a file of text" "$tmp/data"
taken "a directory" "$tmp:/opt/tmp"
refused 'cannot read it' "a file that is not there" "$tmp/none"
refused 'cannot read it' "no name" ":/x"
refused '/x is .*data already' "two at one place" "$tmp/data:/x" "$tmp/data:x"
refused '/init is the image' "in place of tier" "$tmp/data:/init"
refused '/bin is the image' "in place of a directory" "$tmp/data:/bin"
refused '/bin is the image' "by a way around" "$tmp/data:/opt/../bin"
refused 'mounts over /tmp' "where it is not seen" "$tmp/data:/tmp/data"
refused 'mounts over /proc' "nor there" "$tmp/data:/proc"

# --- scripts -------------------------------------------------------------------

script sh '#!/bin/sh'
script space '#! /bin/busybox sh'
script awk '#!/sbin/awk -f'
taken "scripts for busybox" "$tmp/sh" "$tmp/space" "$tmp/awk"
printf '#!/bin/sh\r\necho hello\r\n' >"$tmp/crlf"
refused "CR LF, which no shell.*sed -i 's/.r\\$//'" "a script of Windows's" "$tmp/crlf"
sed -i 's/\r$//' "$tmp/crlf"
taken "what is named cures it" "$tmp/crlf"
printf '\xef\xbb\xbf#!/bin/sh\n' >"$tmp/bom"
refused "byte order mark.*sed -i" "a script with a byte order mark" "$tmp/bom"
sed -i '1s/^\xef\xbb\xbf//' "$tmp/bom"
taken "what is named cures that" "$tmp/bom"
for shell in /bin/bash /usr/bin/python3 '/usr/bin/env sh' sh ''; do
	script other "#!$shell"
	refused "wants ${shell%% *}.*/bin/sh" "a script for '$shell'" \
		"$tmp/other"
done
script bash '#!/bin/bash'
taken "a script, and its shell with it" "$tmp/bash" "$(command -v bash):/bin/bash"

# --- programs ------------------------------------------------------------------

cat >"$tmp/main.c" <<'END'
int deep(void);
int main(void) { return deep(); }
END
echo 'int deep(void) { return 0; }' >"$tmp/deep.c"
echo 'int deep(void); int mid(void) { return deep(); }' >"$tmp/mid.c"
mkdir "$tmp/lib"
gcc -shared -fPIC -o "$tmp/lib/libdeep.so" "$tmp/deep.c"
gcc -shared -fPIC -o "$tmp/lib/libmid.so" "$tmp/mid.c" -L"$tmp/lib" -ldeep \
	-Wl,--disable-new-dtags,-rpath,'$ORIGIN'
gcc -o "$tmp/main" "$tmp/main.c" -L"$tmp/lib" -ldeep
refused 'lacks libdeep.so, which' "a library that is nowhere" "$tmp/main"
taken "one that is added, too" "$tmp/main" "$tmp/lib/libdeep.so:/lib/"
gcc -o "$tmp/near" "$tmp/main.c" -L"$tmp/lib" -ldeep \
	-Wl,-rpath,'$ORIGIN/lib'
taken "one beside the program" "$tmp/near"
gcc -o "$tmp/far" "$tmp/main.c" -L"$tmp/lib" -Wl,--no-as-needed -lmid \
	-ldeep -Wl,-rpath,"$tmp/lib"
taken "one whose library needs another" "$tmp/far"
gcc -nostartfiles -o "$tmp/odd" "$tmp/deep.c" -Wl,-e,deep \
	-Wl,--dynamic-linker=/no/ld.so
refused 'lacks /no/ld.so, which' "a loader that is nowhere" "$tmp/odd"
gcc -static -o "$tmp/static" "$tmp/main.c" "$tmp/deep.c"
taken "a static program" "$tmp/static"
printf '\xb7\0' | dd of="$tmp/static" bs=1 seek=18 conv=notrunc status=none
refused 'is for ELF64 AArch64' "another processor's" "$tmp/static"
printf '\x7fELF' >"$tmp/cut"
refused 'unknown processor' "a file cut short" "$tmp/cut"

# --- trees, and names ------------------------------------------------------------

mkdir -p "$tmp/dangling" "$tmp/cyclic/below" "$tmp/self" "$tmp/special" \
	"$tmp/links" "$tmp/a:b c'd\"e&f"
ln -s /no/such/file "$tmp/dangling/link"
refused 'dangling/link is a link to /no/such/file, where there is nothing' \
	"a tree with a link to nothing" "$tmp/dangling"
ln -s .. "$tmp/cyclic/below/up"
refused 'without end .*cyclic/below/up' "a tree with a link to itself" \
	"$tmp/cyclic"
ln -s self "$tmp/self/self"
refused 'without end .*self/self' "a link to a link to itself" "$tmp/self"
mkfifo "$tmp/special/pipe"
refused 'special/pipe is neither a file nor' "a tree with a pipe" "$tmp/special"
refused 'neither a file nor' "a device" /dev/null
ln -s ../data "$tmp/links/link"
printf x >"$tmp/links/"$'two\nlines'
taken "a tree with links, and odd names" "$tmp/links"
printf x >"$tmp/a:b c'd\"e&f/g:h"
taken "a name with colons" "$tmp/a:b c'd\"e&f/g:h" \
	"$tmp/a:b c'd\"e&f/g:h:/i"
refused '/x/y would be below /x, which is a file' "below a file" \
	"$tmp/data:/x" "$tmp/links:/x/y"
refused '/init/x is the image' "below tier" "$tmp/data:/init/x"
(cd "$tmp" && cp -- data -data && timeout 60 "$OLDPWD/build.sh" run \
	--add=-data --once run /x) >/dev/null 2>&1 </dev/null
is "$?" 3 "a name with a dash"
(cd "$tmp/links" && timeout 60 "$OLDPWD/build.sh" run --add . --add .:/opt/ \
	--once run /x) >/dev/null 2>&1 </dev/null
is "$?" 3 "where one is, by a dot"

is "$(ls "$OUT" 2>/dev/null)" "" "no run was begun"
done_testing
