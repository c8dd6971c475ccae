# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# script.sh - what the scripts in guests share: boot_script of guest.sh adds
# it to each.  For a shell as small as busybox's.

# The records that the host looks at; all of them would take their time on an
# emulated serial line
records="daemon|gups|compare|timeline|placement|moves|hog|pmu|modelled|run|end"

# At the script's end: of each kind of record those of other members than the
# ones before, for test/host/records.t, which holds them against their
# descriptions
kinds()
{
	echo "== begin kinds"
	cat /tmp/*.json 2>/dev/null | awk -F'"' '
		/^[{]"record":/ {
			members = $0
			gsub(/:("[^"]*"|[-0-9.e+a-z]+)/, "", members)
			if (!seen[$4 members]++ && kinds[$4]++ < 12) print
		}'
	echo "== end kinds"
}
trap kinds EXIT

# show NAME: its records, for list and of
show()
{
	echo "== begin $1"
	grep -E "^\{\"record\":\"($records)\"" "/tmp/$1.json"
	echo "== end $1"
}

# gups NAME ARGUMENTS...: a run, its status, its records, its messages
gups()
{
	gups_quietly "$@"
	report
}

report()
{
	echo "== $name $status"
	show "$name"
	sed 's/^/# /' "/tmp/$name.err"
}

gups_quietly()
{
	name=$1
	shift
	tier --once gups --records "/tmp/$name.json" "$@" \
		>"/tmp/$name.txt" 2>"/tmp/$name.err"
	status=$?
}

# last KEY NAME: its value in the newest record that has it
last()
{
	sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" "/tmp/$2.json" | tail -n 1
}

# arrived NAME: nearly all updates are near in the end, and the hot set came
# near again after each time it moved
arrived()
{
	awk -v near="$(last near_share_at_end "$1")" \
		-v moves="$(last hot_set_moves "$1")" \
		-v arrivals="$(last arrivals_after_move "$1")" \
		-v enough="${enough:-0.9}" \
		'BEGIN { exit !(near > enough && arrivals == moves) }'
}

# patiently NAME ARGUMENTS...: a run in which pages are to come near.  Where
# they had not arrived at its end, on a busy host, it is run again, three and six
# times as long: @10s stands for that many seconds.  When they come is the host's
# matter; that they come is the kernel's, and is what is looked at.
patiently()
{
	for times in 1 3 6; do
		# shellcheck disable=SC2046
		gups_quietly $(longer $times "$@")
		if [ "$status" != 0 ] || arrived "$name"; then
			break
		fi
		echo "# $name: not near after $times times its time"
	done
	report
}

# longer TIMES WORDS...
longer()
{
	times_of=$1
	shift
	for word; do
		case $word in
		@*s)
			word=${word#@}
			echo "$((${word%s} * times_of))s"
			;;
		*) echo "$word";;
		esac
	done
}
