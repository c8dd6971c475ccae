# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tap.sh - what tap.h is, for tests in bash.  Sourced by test/*.t, which end
# with done_testing: without it the plan is missing, and prove knows that the
# test died.

# Nothing a test says may depend on who runs it
export LC_ALL=C

# Where what is tested was compiled (COVERAGE: see test/coverage)
made=build${COVERAGE:+/coverage}

tap_checks=0 tap_failures=0

diag()
{
	sed 's/^/# /' <<<"$*"
}

# tap_result STATUS NAME
tap_result()
{
	((++tap_checks))
	if (($1 == 0)); then
		printf 'ok %d - %s\n' "$tap_checks" "$2"
		return 0
	fi
	((++tap_failures))
	printf 'not ok %d - %s\n' "$tap_checks" "$2"
	diag "at $(caller 1 | awk '{ print $3 ":" $1 }')"
	return 1
}

# ok NAME COMMAND...: the command ends with status 0
ok()
{
	local name=$1 status=0

	shift
	"$@" || status=$?
	tap_result "$status" "$name"
}

# is GOT WANT NAME: of several lines, those that differ are shown
is()
{
	local differ=0

	[[ $1 == "$2" ]] || differ=1
	tap_result "$differ" "$3" && return
	if [[ $1 == *$'\n'* && $2 == *$'\n'* ]]; then
		diag "$(diff --label got --label want -U0 <(echo "$1") \
			<(echo "$2") | grep -v '^@@' | head -n 30)"
		return 1
	fi
	diag "got  '${1:0:2000}'"$'\n'"want '${2:0:2000}'"
	return 1
}

# like GOT REGEX NAME (extended, as of [[ =~ ]])
like()
{
	local differ=0

	[[ $1 =~ $2 ]] || differ=1
	tap_result "$differ" "$3" && return
	diag "no /$2/ in '${1:0:2000}'"
	return 1
}

unlike()
{
	local same=0

	[[ ! $1 =~ $2 ]] || same=1
	tap_result "$same" "$3" && return
	diag "a /$2/ in '${1:0:2000}'"
	return 1
}

# skip NAME REASON
skip()
{
	printf 'ok %d - %s # SKIP %s\n' "$((++tap_checks))" "$1" "$2"
}

# skip_all REASON: instead of all checks
skip_all()
{
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

done_testing()
{
	printf '1..%d\n' "$tap_checks"
	exit $((tap_failures > 0 || tap_checks == 0))
}

# plain FILE DIRECTORY: a name of the file that no shell splits, for words that go
# through one: its own, or that of a link which is made in the directory
plain()
{
	local link=$2/.${1##*/}

	if [[ $1 =~ [^A-Za-z0-9/._+-] ]]; then
		ln -sfn "$1" "$link"
		echo "$link"
	else
		echo "$1"
	fi
}
