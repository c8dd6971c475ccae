#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run --script and --out in the guest: a script from standard input, under tier
# run's options, and its files here, byte for byte; APPEND and QEMU_ARGS arrive.

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G

# begin SCRIPT ARGUMENTS...: boot() has no standard input
begin()
{
	run=$OUT/script status=0
	rm -rf "$run"
	mkdir -p "$OUT"
	TIMEOUT=300 ./build.sh run --name script --script - "${@:2}" <<<"$1" \
		>"$run.txt" 2>&1 || status=$?
	verdict=$(cat "$run/verdict" 2>/dev/null || echo none)
}

# shellcheck disable=SC2016
APPEND="tier.word=7 nokaslr" QEMU_ARGS="-smbios 'type=1,product=my machine'" begin '
	mkdir -p "/tmp/my results/deep"
	cd "/tmp/my results" || exit
	cat /sys/class/dmi/id/product_name /proc/cmdline >deep/machine
	head -c 40000000 /dev/urandom >big
	sha256sum <big >sum
	ln -s deep link
	mkfifo pipe
	: >"$(printf "two\nlines, and a name that is longer than the hundred \
bytes which the old headers of tar have room for, to see that it comes")"
	: >empty
	chmod 4700 sum
	grep Mems /proc/self/status
	echo done >/other' --out "/tmp/my results" --out /other --out /nothing \
	--membind 1
is "$status $verdict" "1 failed: --out /nothing: there is nothing" \
	"a script on standard input, and nothing where something was to be" ||
	diag "$(tail -n 20 "$run.txt")"
files="$run/files/tmp/my results"
is "$(sha256sum <"$files/big")" "$(<"$files/sum")" "40 MB, byte for byte"
like "$(<"$files/deep/machine")" $'^my machine\n.* tier.word=7 nokaslr -- --once run' \
	"QEMU_ARGS and APPEND are in force"
is "$(readlink "$files/link") $(<"$run/files/other")" "deep done" \
	"a link, and a file"
is "$(find "$files" -printf x)" xxxxxxxx "all but the pipe" || diag "$(ls -lR "$files")"
is "$(find "$files" -name '*two?lines*' -printf '%s\n')" 0 "a long name"
is "$(stat -c %A "$files/sum")" "-rwx------" "not set-uid"
like "$(<"$run/console.log")" '/tmp/my results/pipe: neither file nor' \
	"which it says"
is "$(record run .placement)" membind "the options are tier run's"

begin 'echo kept >/left; kill -SEGV $$' --out /left --out /nothing
is "$status $verdict" \
	"1 failed: sh was killed by signal 11 (Segmentation fault)" \
	"one that crashes"
is "$(cat "$run/files/left")" kept "what it left is here all the same"
done_testing
