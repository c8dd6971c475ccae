#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ./build.sh run --script, --out, QEMU_ARGS and APPEND, as far as no guest is
# needed: what is refused before it boots, what is handed on, and what becomes of
# archives that come back.  What a guest does with them is test/guest/script.t's.

# FAKE is for another shell
# shellcheck disable=SC2016
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export OUT=$tmp/out QEMU=$tmp/qemu FAKE=''
run=$OUT/r

# An emulator that puts FAKE's archive where the files go, and says all is well
cat >"$QEMU" <<'END'
#!/bin/bash
[[ $* != --version ]] || { echo "QEMU emulator version 11.1.3"; exit; }
for word; do
	[[ $word != file,id=records,path=* ]] || records=${word#*path=}
	[[ $word != file,id=files,path=* ]] || files=${word#*path=}
done
eval "$FAKE"
printf '%s\n' "$@" >"${records%/*}/words"
echo '{"record":"environment","seq":1}
{"record":"end","seq":2,"records":2,"status":0,"verdict":"passed"}' >"$records"
END
chmod 755 "$QEMU"

# run ARGUMENTS...: sets status, text and verdict
run()
{
	rm -rf "$run"
	status=0
	text=$(timeout 100 ./build.sh run --name r "$@" 2>&1) || status=$?
	verdict=$(cat "$run/verdict" 2>/dev/null)
}

# refused REGEX NAME ARGUMENTS...: with status 2, before there is a run
refused()
{
	local regex=$1 name=$2

	shift 2
	run "$@" </dev/null
	is "$status" 2 "$name: refused"
	like "$text" "$regex" "$name: says so"
	is "$(ls "$OUT" 2>/dev/null)" "" "$name: no run was begun"
}

# appended REGEX NAME: so the kernel's command line ends
appended()
{
	like "$(sed -n '/^-append$/{n;p}' "$run/words")" "$1\$" "$2" ||
		diag "$text"
}

# --- what is refused --------------------------------------------------------------

refused '--script needs a value' "no script" --script
refused '/no/such: cannot read it' "a script that is not there" \
	--script /no/such
refused 'cannot read it' "a directory" --script "$tmp"
refused 'is empty' "an empty one on standard input" --script -
printf '\n \n' >"$tmp/blank"
refused 'is empty' "blanks" --script "$tmp/blank"
refused 'is no text; --add' "a program" --script "$(type -P true)"
head -c 1100000 /dev/zero | tr '\0' x >"$tmp/long"
refused 'more than 1048576 bytes' "a megabyte" --script "$tmp/long"
printf 'echo a\r\necho b\r\n' >"$tmp/crlf"
refused "crlf: its first line ends in CR LF.*sed -i" "lines of Windows's" \
	--script "$tmp/crlf"
printf '\xef\xbb\xbfecho a\n' >"$tmp/bom"
refused 'bom: its first line begins with a byte order mark.*sed -i' "a byte order mark" \
	--script "$tmp/bom"
printf '\xef\xbb\xbfecho a\r\n' >"$tmp/both"
refused 'both: its first line begins with .* and ends in CR LF' "both" \
	--script "$tmp/both"
run --script "$tmp/both"
eval "$(sed -n "s,.*: \(sed -i '.*'\) FILE cures it\$,\1,p" <<<"$text") $tmp/both"
is "$(od -An -c "$tmp/both" | tr -d ' ')" 'echoa\n' "what is said cures it"
mkfifo "$tmp/fifo"
refused 'fifo: is a FIFO' "a FIFO, which nobody writes" --script "$tmp/fifo"
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift, Listen => 1)
	or die' "$tmp/socket"
refused 'socket: cannot read it' "a socket" --script "$tmp/socket"
printf '#!/bin/bash\necho\n' >"$tmp/bash"
refused 'wants /bin/bash, which the image lacks' "another shell's" \
	--script "$tmp/bash"
echo 'echo hello' >"$tmp/script"
refused 'for tier run, options.*"gups" is none' "with another verb" \
	--script "$tmp/script" gups 1M
refused "'--nosuch'|--nosuch" "an option that tier run has not" \
	--script "$tmp/script" --nosuch
refused '/script is --script already' "at a place that is taken" \
	--script "$tmp/script" --add "$tmp/blank:/script"
for place in results '' /proc/x /dev / /sys/../sys; do
	refused "--out $place: (give a place|is not a place)" \
		"--out '$place'" --out "$place"
done
refused '--share /no/such: there is no directory /no/such' "no such share" \
	--share /no/such
refused "--share $tmp/blank: there is no directory" "a file for a share" \
	--share "$tmp/blank"
refused "--share $tmp:/dev/x: /dev/x would not be seen" "a share below /dev" \
	--share "$tmp:/dev/x"
refused "/x is another's already" "two shares at one place" \
	--share "$tmp:/x" --share "$tmp/:/x/"
refused '/x/blank, which is added, would not be seen' "a file where a share is" \
	--share "$tmp:/x" --add "$tmp/blank:/x/"
refused '/x/y, which is shared before.*name /x first' "a share on another" \
	--share "$tmp:/x/y" --share "$tmp:/x"
refused '--package brings to /usr would not be seen' "a share on packages" \
	--share "$tmp:/usr" --package sqlite3
refused '--share with --icount' "a share, and time that is counted" \
	--icount --share "$tmp:/x"
run --share "$tmp:/x" </dev/null
is "$status $(ls "$OUT" 2>/dev/null)" "3 " "a share, which this emulator has not"
like "$text" 'has no vhost-user-fs-pci: unset QEMU' "says so"
QEMU_ARGS="-name x\\" refused 'QEMU_ARGS: a backslash' "a backslash"
QEMU_ARGS="-name 'x" refused 'QEMU_ARGS: a quote that is not closed' "a quote"
APPEND="a -- b" refused 'APPEND: must not contain --' "two dashes"
APPEND=$'a\t--\tb' refused 'APPEND: must not contain --' "two dashes, and tabs"
APPEND='dyndbg="file x' refused 'APPEND: a double quote that is not closed' \
	"a quote of APPEND's, which would hold tier's words, too"
for words in "gups 1M --out /x" "run --out=/x y" "gups 1M --name=x" "gups --icount=3" "latency --package x"; do
	# shellcheck disable=SC2086
	refused '--[a-z]+: is an option of build.sh run, and stands before' \
		"$words" $words
done
for words in --count=x --gdb= --icount=3 --ktap=1; do
	refused "$words: --[a-z]+ takes no value" "$words" "$words" gups 1M
done
refused 'cxl is said twice' "--latency twice, of one tier" \
	--latency cxl=1us --latency cxl=2us gups 1M
for words in 'gups 1X' 'gups 1M x y' 'gups 1M --policy nmuab' run \
	'gups 1M --set x=1' 'hog x' 'run --membind x y'; do
	# shellcheck disable=SC2086
	refused 'build.sh: ' "$words: before it boots" $words
done
refused 'what build.sh run injects stands before' "run's --latency, for gups" \
	gups 1M --latency cxl=+250ns
for words in '5s gups 1M' '5s unplug cxl0 gups' 5s ''; do
	# shellcheck disable=SC2086
	refused "--at takes TIME 'WORDS', such as" "--at $words" --at $words
done
TOPOLOGY=cxl-plug refused 'no such device; .*: cxl0 cxl1$' "--at, and no such device" \
	--at 5s 'plug cxl7' gups 1M
TOPOLOGY=numa refused 'no such device; .*: none$' "--at, and none at all" \
	gups 1M --at 5s 'unplug cxl0'
TOPOLOGY=cxl-plug refused "'plug cxl7': .* no such device" "--at=TIME, and none" \
	gups 1M --at=5s 'plug cxl7'
run --once run /bin/echo --at 5s 'plug in' --help </dev/null
is "$status $verdict" "0 passed" "a program's own --at and --help" || diag "$text"
run gups 1M --records help </dev/null
is "$status $verdict" "0 passed" "help as a value is none" || diag "$text"
TOPOLOGY=cxl-plug run --at 5s 'plug cxl1' --at=9s 'unplug cxl0' gups 1M </dev/null
is "$status" 0 "--at, with those that are there" || diag "$text"
rm -rf "$OUT"
QEMU_ARGS="-name x\\\\" run --latency near=1us --latency cxl=2us gups 1M </dev/null
is "$status $(grep -x -A 1 -e -name "$run/words" | tail -n 1)" "0 x\\" "one that is meant"
like "$(grep latency= "$run/words")" 'near=.*,latency=1000ns,.*cxl=.*,latency=2000ns' \
	"--latency twice: both"
rm -rf "$OUT"
run --help </dev/null
is "$status$(ls "$OUT" 2>/dev/null)" 0 "run --help boots nothing"
like "$text" 'Verbs:.*--name' "and has run's options"
for words in 'gups --help' 'gups -h' 'help gups' 'gups 1M --help --policy numab' \
	'gups --version' -V; do
	# shellcheck disable=SC2086
	run $words </dev/null
	is "$status$(ls "$OUT" 2>/dev/null)" 0 "nor does run $words"
done

# --- what is handed on ---------------------------------------------------------------

QEMU_ARGS="-name 'my \"machine' -device"$'\n'"x,id=a\\ b ''" APPEND="a.b=c d" \
	run --script "$tmp/script" --policy numab </dev/null
is "$status $verdict" "0 passed" "a script" || diag "$text"
is "$(cat "$run/script")" "echo hello" "it is kept"
appended ' a.b=c d -- --once run --policy numab sh /script' \
	"APPEND, and the script with options"
is "$(grep -x -A 4 -e -name "$run/words" | paste -sd'|')" \
	'-name|my "machine|-device|x,id=a b|' "QEMU_ARGS, word for word"
is "$(jq -r '.guest.append, .guest.qemu_args' "$run/manifest.json" | head -n 2)" \
	$'a.b=c d\n-name \'my "machine\' -device' "both are in the manifest"
is "$(jq -r '.guest | keys - ["append", "qemu_args"] | length' \
	"$run/manifest.json")" 7 "beside what was there"
run --script - < <(printf '#!/bin/sh -e\necho no newline\nexit 3')
is "$status $(tail -n 1 "$run/script")" "0 exit 3" "a script on standard input"
appended ' -- --once run /script' "is executed as what it says it is"
run --script - < <(sleep 0.5; echo echo late)
is "$status $(<"$run/script")" "0 echo late" "of a pipe that takes its time"
perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die;
	syswrite $a, "echo socket\n"; close $a; open(STDIN, "<&", $b) or die;
	exec @ARGV' ./build.sh run --name r --script - >/dev/null 2>&1
is "$? $(<"$run/script")" "0 echo socket" "of a socket"
run --script="$tmp/script" --once </dev/null
appended ' -- --once run sh /script' "--once need not be said, but may"

# --- what comes back -------------------------------------------------------------------

mkdir -p "$tmp/tree/results/deep"
echo one >"$tmp/tree/results/one"
echo two >"$tmp/tree/results/deep/two"
ln -s /etc/passwd "$tmp/tree/results/link"
chmod 4755 "$tmp/tree/results/one"
FAKE='tar -c -C '$tmp'/tree results >"$files"' \
	run --out /results --out=/x/../results/ gups 1M </dev/null
is "$status $verdict" "0 passed" "files come back" || diag "$text"
is "$(cd "$run/files" && cat results/one results/deep/two | paste -sd' ')" \
	"one two" "they are in files/"
is "$(stat -c %A "$run/files/results/one")" -rwxr-xr-x "not set-uid"
is "$(cd "$run" && echo .*tar* files)" ".*tar* files" "the archive is gone"
FAKE='tar -c -C '$tmp'/tree results | head -c 3000 >"$files"' \
	run --out /results </dev/null
is "$status $verdict" "1 failed: the files of --out did not arrive whole" \
	"an archive cut short"
is "$(find "$run" -name 'files*')" "" "nothing is unpacked"
FAKE='' run --out /results </dev/null
is "$status $verdict" "1 failed: the files of --out did not arrive whole" "none"
unlike "$text" 'tail: ' "not in a tool's words"
FAKE='tar -c -C / dev/null >"$files"' run --out /results </dev/null
is "$status $verdict" \
	"1 failed: the files of --out have a device among them" "a device"
# Outside, by a name or by a link
mkdir "$tmp/outside"
ln -s "$tmp/outside" "$tmp/tree/way"
FAKE='tar -c -C '$tmp'/tree --transform "s,^results,../../up," way results \
	>"$files" 2>/dev/null' run --out /results </dev/null
is "$(ls "$OUT/up" "$tmp/up" "$run/up" 2>/dev/null)" "" "no way up"
FAKE='cd '$tmp'/tree; tar -c -f "$files" way; tar -r -f "$files" \
	--transform "s,^results/one,way/one," results/one' \
	run --out /results </dev/null
is "$(ls "$tmp/outside")" "" "nor by a link"

FAKE='tar -c -C '$tmp'/tree results >"$files"' run --out /results </dev/null
FAKE='' run gups 1M </dev/null
is "$status $(ls -d "$run/files" 2>/dev/null)" "0 " \
	"of the run before nothing is left"
# --- a policy's file -------------------------------------------------------------

mkdir "$tmp/mine" "$tmp/mine/bin"
cp /bin/true "$tmp/mine/bin/promoted"
printf 'start = ./bin/promoted ./hot.txt /tmp/x\nready = 5s says up\n' \
	>"$tmp/mine/a.policy"
: >"$tmp/mine/hot.txt"

# words: what tier is given in the guest
words()
{
	sed -n 's/.* -- //p' "$run/words"
}

# carried: what of a policy is in the guest
carried()
{
	zstd -qdc "$run/initramfs.cpio" | grep -ao 'etc/tier/policy/[a-z./]*' |
		sort -u | tr '\n' ' '
}

run gups 64M node1 --policy "$tmp/mine/a.policy" --set swappiness=1
is "$status $(words)" "0 --once gups 64M node1 --policy \
/etc/tier/policy/a.policy --set swappiness=1" "a policy's file: named in the guest"
is "$(carried)" "etc/tier/policy/a.policy etc/tier/policy/bin \
etc/tier/policy/bin/promoted \
etc/tier/policy/hot.txt " "it is there, and what it names"
ok "and here, as it was" cmp "$run/policy" "$tmp/mine/a.policy"
run --script - --policy="$tmp/mine/a.policy" -m 1 <<<'echo x'
is "$status $(words)" "0 --once run --policy=/etc/tier/policy/a.policy -m 1 sh \
/script" "of a script, too"
run run --with './noise 5' --policy "$tmp/mine/a.policy" prog
is "$status $(words)" "0 --once run --with \"./noise 5\" --policy \
/etc/tier/policy/a.policy prog" "behind --with, too"
eval "$(grep '^POLICY_VALUED' initramfs/policy.sh)"
is "$(build/tier help run | sed -nE 's/^  (    |-., )(--[a-z-]+) [A-Z:=]+ .*/\2/p' |
	grep -vxE -e "$POLICY_VALUED|--at")" "" "all that take a word are known to"
run run -m 1 --timeline off prog --policy ./a.policy
is "$status $(words)" "0 --once run -m 1 --timeline off prog --policy ./a.policy" \
	"a program's own words are left alone"
run policy "$tmp/mine/a.policy"
is "$(words)" "--once policy /etc/tier/policy/a.policy" "tier policy FILE"
run --add "$tmp/mine/a.policy:/opt/" gups 1M --policy /opt/a.policy
is "$status $(words)" "0 --once gups 1M --policy /opt/a.policy" \
	"one that --add has brought is the guest's"
run --add "$tmp/mine/a.policy:/x/a.policy" gups 1M --policy x/a.policy
is "$status $(words)" "0 --once gups 1M --policy x/a.policy" \
	"also by a name without a slash before it"
run --expect 'near_end => 1' gups 1M
like "$status $text" "^2 .*'=>' is no number" "an expectation with a mistake"
run --expect 'near_edn >= 1' gups 1M
like "$status $text" "^2 .*near_edn" "and of a figure that is none"
run gups 64M node1 --policy numab
is "$status $(words)" "0 --once gups 64M node1 --policy numab" "a policy of tier's"
ok "leaves no file" test ! -e "$run/policy"
rm -rf "$OUT"
refused 'none.policy: No such file' "a policy that is not there" \
	gups 64M node1 --policy "$tmp/none.policy" </dev/null
printf 'numa_balancing = 2\nscan_size = 3\n' >"$tmp/mine/b.policy"
refused 'b.policy: line 2, column 1: unknown' "a mistake in it" \
	gups 64M node1 --policy "$tmp/mine/b.policy" </dev/null
printf 'start = ./none\n' >"$tmp/mine/c.policy"
refused 'c.policy: ./none is not beside it' "a daemon that is not there" \
	gups 64M node1 --policy "$tmp/mine/c.policy" </dev/null
printf 'start = ./arm\n' >"$tmp/mine/d.policy"
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0%040d' 0 \
	>"$tmp/mine/arm"
refused 'AArch64|unknown processor' "a daemon for another processor" \
	gups 64M node1 --policy "$tmp/mine/d.policy" </dev/null
done_testing
