#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# At the console: without --once the benchmark repeats until Ctrl-C, then
# there is a shell, and its end powers the guest off.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G
run=$OUT/shell
rm -rf "$run"
mkdir -p "$OUT"

# shown REGEX [TIMES]: waits until the console has it so often, a minute long
shown()
{
	local i have

	for ((i = 0; i < 600; i++)); do
		have=$(grep -cE "$1" "$run/console.log" 2>/dev/null)
		((${have:-0} < ${2:-1})) || return 0
		sleep 0.1
	done
	return 1
}

type_at_console()
{
	shown 'Found 0 errors' 2 || echo "no second pass" >&2
	printf '\003'
	shown 'A busybox shell' || echo "no shell" >&2
	shown '~ #' || echo "no prompt" >&2
	# shellcheck disable=SC2016
	printf 'echo answer-$((6 * 7))\n'
	shown 'answer-42' || echo "no answer" >&2
	# shellcheck disable=SC2016
	printf 'echo short-$(cat /proc/sys/vm/percpu_*_fraction)-$(ls /run/tier)-\n'
	shown 'short-[0-9]+-' || echo "no lists" >&2
	printf 'exit\n'
	shown 'Power down' || echo "no power off" >&2
}

type_at_console | TIMEOUT=300 timeout 400 ./build.sh shell --name shell \
	gups 16M any >"$OUT/shell.txt" 2>&1
console=$(tr -d '\r' <"$run/console.log")
ok "the benchmark repeats" [ "$(grep -c 'Found 0 errors' <<<"$console")" -ge 2 ]
like "$console" 'A busybox shell' "Ctrl-C ends it, and a shell comes"
like "$console" 'answer-42' "which answers"
like "$console" 'short-0-(lock)?-' "nothing is left of what a run had changed"
like "$console" 'Power down' "and powers off when it ends"
is "$(record end .verdict)" passed "the verdict: passed"
done_testing
