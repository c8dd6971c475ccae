# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# conditions.sh - how a script in a guest makes the conditions of /conditions.  Says
# of each "== condition N STATUS SECONDS", and between "== begin N" and "== end N"
# what was said.  The script has put functions for their commands into /tmp/words,
# and has a function within(), which executes a command where it is to be.  For a
# shell as small as busybox's.

# So that commands can wait for words in a file
cat >/tmp/await <<'END'
await()
{
	n=0
	until grep -qs -- "$1" "$2"; do
		sleep 0.1
		n=$((n + 1))
		[ $n -lt 600 ] || exit 98
	done
}
END

# one: the command in /tmp/command
one()
{
	rm -rf /tmp/in && mkdir /tmp/in && chmod 777 /tmp/in
	begin=$(cut -d. -f1 /proc/uptime)
	within timeout -s KILL "${limit_s:-60}" sh -c 'cd /tmp/in || exit
		. /tmp/await; . /tmp/words; . /tmp/command' \
		>/tmp/said 2>&1 </dev/null
	status=$?
	echo "== condition $number $status $(($(cut -d. -f1 /proc/uptime) - begin))"
	echo "== begin $number"
	grep -v '^pg\|^numa_\|^thp' /tmp/said | tail -n 60
	echo "== end $number"
}

# make_conditions: all of them
make_conditions()
{
	number=0
	: >/tmp/command
	while IFS= read -r line; do
		case $line in
		'' | '#'*) ;;
		"	"*) echo "${line#?}" >>/tmp/command;;
		*)
			[ $number = 0 ] || one
			number=$((number + 1))
			: >/tmp/command;;
		esac
	done </conditions
	one
}
