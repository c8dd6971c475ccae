#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels: Debian's and our own, of both series, have the same table in
# the end; ours with the hypervisor bit, too, and on an emulator that traps
# the node; and the one that watches itself has nothing to say.  A guest each,
# in which test/matrix/kernel.guest runs.  Kernels that are not there yet are
# built: some minutes each.
# timeout: 7200

cd "$(dirname "$0")/../.." || exit 1
# console is set by boot_script
# shellcheck disable=SC2154,SC2016
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M
digest=$(build/test/replay 64M 2)
declare -A init

# Not in the time that a guest has
for kernel in own own-7.3 debug; do
	KERNEL=$kernel ./build.sh kernel >"build/test/$kernel.txt" 2>&1
	is "$?" 0 "$kernel is built, or was" ||
		diag "$(tail -n 30 "build/test/$kernel.txt")"
done

# same NAME KERNEL: the main job, verified
same()
{
	KERNEL=$2 boot_script "kernel-$1" test/matrix/kernel.guest -- same moved check
	is "$(said same)" 0 "$1: gups 64M node1: status 0"
	is "$(of same gups '.errors == 0 and .verified')" true "$1: verified"
	is "$(of same gups .table_digest)" "$digest" \
		"$1: the table is the one an independent replay makes"
	is "$(of same gups .pages_at_start)" '{"node1":16384,"absent":0,"in_transit":0}' \
		"$1: all of it was on node 1"
	is "$(list check finding 'map(select(.finding | test("^kernel-b|^kernel-w")))')" \
		'[]' "$1: the kernel has no complaints"
	moved "$1"
	init[$1]=$(said init)
	diag "$1: Linux $(said release), init after $(said init) s"
}

# moved NAME: by NUMA balancing and by DAMON, and that the tracepoint counted
moved()
{
	local how

	for how in numab damon; do
		is "$(said $how) $(of $how gups '.errors == 0')" "0 true" \
			"$1: under $how: verified"
		is "$(of $how moves '.traced and .whole.migrated > 0')" true \
			"$1: and it moved pages" || diag "$(of $how moves .)"
	done
}

for kernel in 6.12 7.3; do
	same "$kernel" "$kernel"
	ok "$kernel: stock, so it has modules" [ "$(said modules)" -gt 0 ]
done
for kernel in own own-7.3; do
	same "$kernel" "$kernel"
	is "$(said modules)" 0 "$kernel: without modules"
	like "$(said release)" '-tier$' "$kernel: our own"
	is "$(said hypervisor)" 0 "$kernel: without the hypervisor bit"
done
for series in 6.12 7.3; do
	own=own-$series
	ok "$series: our own is at init before Debian's is" \
		awk -v a="${init[${own%-6.12}]}" -v b="${init[$series]}" \
		'BEGIN { exit !(a > 0 && a < b) }'
done

# As the customer's did: test/guest/check.t has the stock one's refusal
for kernel in own own-7.3; do
	CPU=max,-erms,-fsrm,-la57 same "$kernel-hypervisor" "$kernel"
	ok "$kernel: with the hypervisor bit" [ "$(said hypervisor)" -gt 0 ]
done

# trapped KERNEL: on QEMU 10.0
trapped()
{
	QEMU=10.0 QEMU_MIN=10.0 KERNEL=$1 \
		boot_script "kernel-$1-trapped" test/matrix/kernel.guest -- trapped
	is "$(said refused)" 1 "$1, trapped: refused"
	like "$(of refused end .reason)" 'node 1 is trapped.*--force' \
		"$1, trapped: it says so, and how to force it"
	like "$(of refused end .reason)" \
		'[0-9] (s|min|h|minutes|hours|seconds)' \
		"$1, trapped: with the estimate"
	is "$(said forced)" 0 "$1, trapped: a small run by force"
	is "$(of forced gups '.errors == 0 and .verified')" true \
		"$1, trapped: verified"
}

trapped 7.3
trapped own

# An eighth of its memory shadows the rest, also of what comes by the region
KERNEL=debug MEM=2G boot_script kernel-debug test/matrix/kernel.guest -- \
	same moved region check
like "$(said release)" '-tier-debug$' "debug: that is the kernel"
diag "debug: init after $(said init) s"
is "$(said same) $(of same gups '.errors == 0 and .verified')" "0 true" \
	"debug: gups 64M node1, verified"
is "$(of same gups .table_digest)" "$digest" "debug: the same table"
moved debug
is "$(said destroy) $(said create)" "0 0" "debug: the region went and came"
is "$(said again) $(of again gups '.errors == 0')" "0 true" \
	"debug: and is used again, verified"
is "$(said check)" 0 "debug: tier check: status 0"
is "$(list check finding 'map(select(.finding | test("^kernel-b|^kernel-w")))')" \
	'[]' "debug: the kernel found nothing wrong with itself"
is "$(said complaints)" 0 "debug: nor is there anything in its log" ||
	diag "$(sed -n '/^== check/,$p' "$console" | grep '^# ')"
done_testing
