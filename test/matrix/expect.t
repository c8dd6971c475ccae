#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run --expect in real guests: status 4 where something is not as expected, and
# git bisect finds the commit of which that came.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export OUT=$PWD/build/test/out/expect MEM=512M CXL_MEM=256M
rm -rf "$OUT"
gups="gups 16M --hot 4M --duration 1"

# run ARGUMENTS...: sets said and status
run()
{
	status=0
	said=$(timeout 300 ./build.sh run "$@" 2>&1 </dev/null) || status=$?
}

run --expect 'near_end => 1'
is "$status" 2 "a mistake: status 2"
run --expect 'near_end >= @nothing'
is "$status" 2 "nothing to be measured by: status 2"
like "$said" '13: nothing: neither a run' "it says where"
unlike "$said" 'qemu-system' "and nothing was booted"

# shellcheck disable=SC2086
run --name base --ktap --expect 'near_end >= 0.9' --expect 'errors == 0' \
	$gups node0
is "$status" 0 "as expected: status 0"
like "$said" '1\.\.3
ok 1 run base
# 1 against 0.9: \+0.1 \(\+11.1 %\)
ok 2 near_end >= 0.9
# 0 against 0
ok 3 errors == 0' "KTAP, with the figures"
# shellcheck disable=SC2086
run --name far --expect 'near_end >= 0.5 * @base' --expect 'errors == 0' \
	$gups node1
is "$status" 4 "not as expected: status 4"
is "$(<"$OUT/far/verdict")" passed "the run itself passed"
like "$said" 'NOT MET  near_end >= 0.5 \* @base: 0 against 0.5' "by how much"
ok "junit.xml has it" python3 -c '
import sys, xml.dom.minidom as x
s = x.parse(sys.argv[1]).documentElement
assert (s.getAttribute("tests"), s.getAttribute("failures")) == ("3", "1")' \
	"$OUT/far/junit.xml"
run --name bad --expect 'near_end >= 0' gups 16M node7
is "$status" 3 "a run that fails keeps its status"
like "$said" 'not run  near_end >= 0' "of it nothing is judged"

# --- git bisect ----------------------------------------------------------------

# A tree whose file says where the table shall be, and one bad commit of six
repo=$tmp/repo
git() { command git -C "$repo" -c user.name=t -c user.email=t@localhost "$@"; }
command git init -q "$repo"
for i in 1 2 3 4 5 6; do
	{ ((i < 4)) && echo node0 || echo node1; } >"$repo/place"
	echo "$i" >"$repo/other"
	git add -A
	git commit -qm "commit $i"
done
cat >"$tmp/check" <<X2
place=\$(<place)
cd "$PWD" && exec ./build.sh run --expect 'near_end >= 0.9' $gups "\$place"
X2
git bisect start HEAD HEAD~5 >/dev/null
said=$(cd "$repo" && command git bisect run bash "$tmp/check" 2>&1 </dev/null)
like "$said" 'is the first bad commit' "git bisect comes to an end"
is "$(git log -1 --format=%s refs/bisect/bad)" "commit 4" \
	"and finds the commit that made it worse"

done_testing
