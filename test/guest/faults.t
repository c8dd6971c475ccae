#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes wrong around a run, and the ending that each must have.  Crashes
# and hangs of the work itself are in cli.t and init.t, the emulator's end in
# test/guest/run.t and test/kills, region destroy under a run in
# test/guest/region.t.
#
# long: 70

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export CXL_MEM=512M MEM=1G

FAULT_EMULATOR=$(./build.sh qemu 2>&1 | sed -n 's/^ *QEMU [0-9.]*: //p')
FAULT_QMP=$OUT/faults.qmp
export FAULT_EMULATOR FAULT_QMP

# Poisons 64 bytes of the device, when the guest says so
inject()
{
	until grep -qs '^== inject' "$OUT/faults/console.log"; do
		sleep 0.1
	done
	printf '%s\n' '{"execute":"qmp_capabilities"}' \
		'{"execute":"cxl-inject-poison","arguments":{
		"path":"/machine/peripheral/cxl0","start":4096,"length":64}}' \
		>"$FAULT_QMP.in"
	cat "$FAULT_QMP.out" >"$FAULT_QMP.said"
}

# --- around a benchmark --------------------------------------------------------

mkdir -p "$OUT"
rm -rf "$FAULT_QMP".* "$OUT/faults"
mkfifo "$FAULT_QMP.in" "$FAULT_QMP.out" || exit 1
inject &
injector=$!
expect=1 QEMU=$PWD/test/guest/faults.qemu FAULT=qmp \
	boot_script faults test/guest/faults.guest -- \
	oom offline clock tunable stages full poison panic
kill "$injector" 2>/dev/null

is "$(said oom)" 1 "out of memory during populate: status 1"
like "$(of oom end .reason)" 'signal 9.*during populate' \
	"its end is called so, and where it was"
like "$(of oom end .reason)" 'out of memory' "and why"

like "$(said blocks)" '^[0-9]+ gone, [0-9]+ refused$' \
	"blocks of the node were taken away, or refused: $(said blocks)"
is "$(said offline)" 0 "the run survives"
is "$(of offline gups '.errors == 0 and .verified')" true "with every word"

is "$(said clock)" 0 "a clock that jumps by days: status 0"
is "$(of clock gups '.elapsed_s >= 3 and .elapsed_s < 60')" true \
	"times are those of a clock that does not jump" ||
	diag "$(of clock gups .)"

is "$(said second) $(said third)" "1 1" "a second tier is refused"
like "$(<"$console")" 'another run of tier is under way' "and told why"
is "$(said tunable)" 0 "another program changes a tunable: survived"
is "$(of tunable restore .foreign)" 1 "noticed"
like "$(of tunable restore .foreign_first)" \
	'numa_balancing: "2" was written, and "0" is there' "and said"
is "$(said after)" "$(said before)" "what was before both is back"

for stage in probe populate fill update verify; do
	like "$(said $stage-kill)" "^1 .*signal 9.*during $stage" \
		"killed in $stage: so it says"
	like "$(said $stage-segv)" "^1 .*signal 11.*during $stage" \
		"a crash in $stage: so it says"
done

ok "of a place that is not strict one thing more is put back" \
	[ "$(said back-populate-kill)" -eq $(($(said back-fill-kill) + 1)) ]

is "$(said full-records)" 1 "records on a full disk: status 1"
like "$(<"$console")" 'No space left' "and called so"
is "$(said full-log)" 1 "no room to keep what tunables were: status 1"
like "$(of full-log end .reason)" 'could not be kept.*it was not changed' \
	"nothing is changed"
is "$(said full-after)" "$(said before)" "tunables are as they were"

is "$(said poison)" 0 "poison is injected under a run: it does not see it"
is "$(of poison gups '.errors == 0 and .verified')" true "with every word"
so check finding 'map(select(.finding == "poison")) | length == 1 and
	(.[0].seen | test("1 range, 64 bytes; the first at 0x1000 of mem0"))' \
	"tier check lists it" || diag "$(cat "$FAULT_QMP.said")"

# The machine's own end
is "$status" 1 "a panic: status 1"
like "$verdict" "^failed: the guest's kernel: Kernel panic" "its cause is named"

# --- the records' port ----------------------------------------------------------

for FAULT in absent full; do
	export FAULT
	QEMU=$PWD/test/guest/faults.qemu expect=1 boot "records-$FAULT" \
		--once gups 1M node0 --tlb-refresh off
	is "$status" 1 "records' port $FAULT: status 1"
	like "$verdict" '^failed: .*record' "the verdict names it"
	like "$(<"$run/console.log")" 'Found 0 errors' \
		"and the console has what was measured"
done

done_testing
