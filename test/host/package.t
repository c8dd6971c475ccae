#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ./build.sh run --package, as far as no guest is needed: names that are none, and
# how what packages bring is put together.  test/guest/package.t boots with some.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export OUT=$tmp/out

# refused REGEX NAME ARGUMENTS...: with status 2, before there is a run
refused()
{
	local regex=$1 name=$2 text status=0

	shift 2
	text=$(timeout 100 ./build.sh run "$@" 2>&1 </dev/null) || status=$?
	is "$status" 2 "$name: refused"
	like "$text" "$regex" "$name: says so"
	is "$(ls "$OUT" 2>/dev/null)" "" "$name: no run was begun"
}

refused 'a name of a package' "no name" --package ''
refused 'a name of a package' "a path" --package ./redis.deb
refused 'a name of a package' "an option" --package=-y
refused 'a name of a package' "capitals" --package Redis
refused '--package needs a value' "nothing" --package
refused 'numactl=2.0: a name alone: versions are' "a version" --package numactl=2.0
# apt would take these for expressions
for name in numactl. 'n.+ctl' numactl+; do
	refused "Debian trixie has no such package; (there|apt)" "$name" \
		--package "$name" run true
done
refused 'it is what others provide: .*mawk' "a virtual one" --package awk run true
refused 'has no such package; there are .*redis' "a name that is cut short" \
	--package redis-serv run true
refused 'has no such package; apt-cache search' "a name like none" \
	--package zzzz-nosuch --script <(echo true)

# extract_packages, of packages that are made here
# shellcheck disable=SC2034
ROOT=$PWD B=$tmp
# shellcheck source=initramfs/packages.sh
. initramfs/packages.sh
# shellcheck disable=SC2317
untar()
{
	(cd "$1" && shift && exec tar -x "$@")
}
mkdir -p "$tmp/cache/debs"

# package NAME VERSION FILE...: with those files in it
package()
{
	local root=$tmp/pool/$1 file

	mkdir -p "$root/DEBIAN"
	printf '%s\n' "Package: $1" "Version: $2" "Architecture: all" \
		"Maintainer: nobody <nobody@localhost>" "Description: a test" \
		>"$root/DEBIAN/control"
	for file in "${@:3}"; do
		mkdir -p "$root/${file%/*}"
		echo "$1" >"$root/$file"
	done
	dpkg-deb --build "$root" "$tmp/cache/debs/${1}_${2//:/%3a}_all.deb" \
		>/dev/null
}

package old 1:2.0-1 bin/old lib/x/libold.so sbin/d usr/share/doc/old/README
package new 3 usr/bin/new usr/share/man/man1/new.1 etc/new.conf usr/share/new
mkdir "$tmp/pool/old/lib64"
printf '%s\n' "old 1:2.0-1" "new 3" | extract_packages "$tmp/root"
is "$(cd "$tmp/root" && find . -type f | sort | paste -sd' ')" \
	"./etc/group ./etc/hosts ./etc/new.conf ./etc/passwd ./usr/bin/new \
./usr/bin/old ./usr/lib/x/libold.so ./usr/sbin/d ./usr/share/new" \
	"all in /usr, without documents"
is "$(readlink "$tmp/root"/{bin,lib,lib64,sbin} | paste -sd' ')" \
	"usr/bin usr/lib usr/lib64 usr/sbin" "links lead there"
is "$(printf '%s\n' "none 1" | extract_packages "$tmp/none" 2>&1 | head -n 1 |
	grep -c 'none_1')" 1 "a package that is not there is no silence"
done_testing
