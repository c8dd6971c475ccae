#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How tier ends whatever its caller has left it: signals ignored or blocked,
# descriptors closed or too few, children, readers that do not read, full
# disks.  None waits for ever, none is killed that is not the work's, and what
# could not be written is a failure.
#
# long: 40
# timeout: 300

# Text for shells that tier starts is theirs to expand
# shellcheck disable=SC2016
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tier=${TIER:-$PWD/build/tier}
tmp=$(mktemp -d)
tier=$(plain "$tier" "$tmp")
strays=()
trap 'kill "${strays[@]}" 2>/dev/null; rm -rf "$tmp"' EXIT

# A warm-up of 0.1 s, where it is not what is looked at
quick=(--tlb-refresh off --timeline off --loop plain)

# within SECONDS COMMAND...: sets status, out, err and took
within()
{
	local seconds=$1 begin=$EPOCHREALTIME

	shift
	status=0
	timeout --kill-after=2 "$seconds" "$@" >"$tmp/out" 2>"$tmp/err" \
		</dev/null || status=$?
	took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# ended NAME: by itself
ended()
{
	ok "$1: it ends by itself (status $status, $took ms)" \
		test "$status" -ne 124 -a "$status" -ne 137
}

# begin COMMAND...: in the background, until the text is in a file; sets leader
begin()
{
	local file=$1 text=$2

	shift 2
	rm -f "$file"
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	leader=$!
	for _ in {1..300}; do
		grep -qs -- "$text" "$file" && break
		sleep 0.05
	done
}

# finish SECONDS: no longer than that; sets status
finish()
{
	local begin=$EPOCHREALTIME

	status=124
	for ((i = 0; i < $1 * 20; i++)); do
		kill -0 "$leader" 2>/dev/null || break
		sleep 0.05
	done
	kill -0 "$leader" 2>/dev/null && kill -KILL "$leader" || status=0
	wait "$leader" 2>/dev/null || status=$((status ? status : $?))
	took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
	out=$(<"$tmp/out") err=$(<"$tmp/err")
}

# --- what the caller ignores or blocks ---------------------------------------------

signals()
{
	local verb want how

	for verb in "region list" "--once gups 1M --duration 200ms ${quick[*]}" \
		"run --timeline off true" "vmstat 0.05 3"; do
		# shellcheck disable=SC2086
		within 20 env --ignore-signal=CHLD "$tier" $verb
		ended "SIGCHLD ignored: $verb"
		is "$status" 0 "SIGCHLD ignored: $verb: status 0"
	done
	for how in "--ignore-signal=CHLD" "--ignore-signal=HUP,INT,PIPE" \
		"--block-signal=TERM,USR1,CHLD" \
		"--ignore-signal=QUIT,USR2,ALRM --block-signal=ALRM,HUP"; do
		# shellcheck disable=SC2086
		want=$(env $how grep -E '^Sig(Blk|Ign)' /proc/self/status)
		# shellcheck disable=SC2086
		within 20 env $how "$tier" run --timeline off \
			grep -E '^Sig(Blk|Ign)' /proc/self/status
		is "$(grep '^Sig' <<<"$out")" "$want" \
			"env $how: the program has it so as without tier"
	done
	# What is blocked is no way to be deaf
	begin "$tmp/records" '"stage":"update"' env --block-signal=TERM \
		"$tier" --once gups 1M --duration 60s "${quick[@]}" \
		--records "$tmp/records"
	kill -TERM "$leader"
	finish 20
	is "$status" 1 "SIGTERM blocked by the caller: it ends the run"

	for verb in gups run hog; do
		case $verb in
		gups) how="--once gups 1M --duration 2s ${quick[*]}";;
		run) how="run --timeline off sleep 2";;
		hog) how="hog node0:16M --duration 2s";;
		esac
		# shellcheck disable=SC2086
		begin "$tmp/out" . nohup "$tier" $how
		sleep 1
		kill -HUP "$leader"
		finish 20
		is "$status" 0 "nohup tier $verb: SIGHUP is ignored" ||
			diag "$err"
		ok "nohup tier $verb: to its end" test "$took" -gt 300
		# All of the group, as of a terminal that goes away
		# shellcheck disable=SC2086
		begin "$tmp/out" . nohup setsid "$tier" $how
		sleep 1
		kill -HUP -- "-$leader"
		finish 20
		is "$status" 0 "nohup tier $verb: its group's, too" ||
			diag "$err"
	done
	# As a shell without job control has it of what is in the background
	begin "$tmp/out" . env --ignore-signal=INT "$tier" \
		run --timeline off sleep 2
	sleep 0.5
	kill -INT "$leader"
	finish 20
	is "$status" 0 "SIGINT ignored: tier run goes on"
	begin "$tmp/records" '"stage":"update"' env --default-signal=QUIT \
		"$tier" --once gups 1M --duration 60s "${quick[@]}" \
		--records "$tmp/records"
	kill -QUIT "$leader"
	finish 20
	is "$status" 1 "SIGQUIT: as any that ends a program"
	like "$err" 'interrupted by SIGQUIT' "SIGQUIT: says so"
	# A deadline is none of the caller's
	within 20 env --ignore-signal=INT,TERM,HUP,QUIT "$tier" --deadline 1s \
		--once gups 1M --duration 60s "${quick[@]}"
	is "$status" 1 "all ignored: the deadline ends it"
	ok "all ignored: soon" test "$took" -lt 5000
}

# --- children that are the caller's --------------------------------------------------

children()
{
	local pid verb

	for verb in "region list" "--once gups 1M --duration 200ms ${quick[*]}" \
		"run --timeline off true"; do
		within 20 sh -c "sleep 97 & echo \$! >$tmp/pid
			exec $tier $verb"
		pid=$(<"$tmp/pid")
		strays+=("$pid")
		is "$status" 0 "children of the shell: $verb: status 0"
		ok "children of the shell: $verb: theirs goes on" kill -0 "$pid"
		kill "$pid"
	done
	# The status is the work's, and so is a signal
	within 20 sh -c "sleep 97 & echo \$! >$tmp/pid
		exec $tier run --timeline off sh -c 'exit 7'"
	strays+=("$(<"$tmp/pid")")
	is "$status" 7 "children of the shell: the status is passed on"
	begin "$tmp/records" '"stage":"update"' sh -c "sleep 97 & echo \$! >$tmp/pid
		exec $tier --once gups 1M --duration 60s ${quick[*]} \
			--records $tmp/records"
	strays+=("$(<"$tmp/pid")")
	kill -TERM "$leader"
	finish 20
	is "$status" 1 "children of the shell: SIGTERM ends the run"
	like "$err" 'interrupted by SIGTERM' "children of the shell: says so"
	# Output through one, which reads slowly
	within 20 bash -c "exec > >(while read -r line; do echo \"\$line\"
			sleep 0.01; done >$tmp/slow; echo all >>$tmp/slow)
		exec $tier --once gups 1M --duration 200ms ${quick[*]}"
	for _ in {1..100}; do
		grep -qsx all "$tmp/slow" && break
		sleep 0.1
	done
	like "$(<"$tmp/slow")" 'Found 0 errors.*all$' \
		"output through a child of the shell: all of it"
}

# alive MARK: processes that have it in their environment
alive()
{
	grep -lz "^MARK=$1$" /proc/[0-9]*/environ 2>/dev/null |
		cut -d/ -f3 | while read -r pid; do
		grep -q '^State:.*zombie' "/proc/$pid/status" 2>/dev/null ||
			echo "$pid"
	done
}

killed()
{
	local mark=endings-$$ how victims

	for how in leader worker; do
		MARK=$mark begin "$tmp/out" "^ready\$" "$tier" run --timeline off \
			sh -c '(sleep 98; :) & setsid sleep 98 & sleep 98 &
				echo ready; wait'
		victims=$leader
		[[ $how = leader ]] || victims=$(pgrep -P "$leader")
		kill -KILL "$victims"
		wait "$leader" 2>/dev/null
		for _ in {1..60}; do
			[[ $(alive "$mark") ]] || break
			sleep 0.1
		done
		is "$(alive "$mark")" "" "SIGKILL of the $how: nothing is left"
		# shellcheck disable=SC2046
		kill -KILL $(alive "$mark") 2>/dev/null
	done
}

# --- descriptors -----------------------------------------------------------------------

descriptors()
{
	local n how

	for n in 3 4 5 6 7 8 9 10 12; do
		within 20 bash -c "ulimit -n $n; exec $tier --once gups 1M \
			--duration 100ms ${quick[*]}"
		ended "ulimit -n $n"
		((status == 0)) || like "$err" '(descriptor|files)' \
			"ulimit -n $n: says why"
	done
	for how in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		rm -f "$tmp/records"
		within 20 sh -c "exec $tier status --records $tmp/records $how"
		is "$status" 0 "tier $how: status 0"
		is "$(jq -s '.[-1].record == "end" and .[-1].records == length' \
			"$tmp/records" 2>&1)" true \
			"tier $how: nothing is among the records"
		within 20 sh -c "exec $tier --once gups 1M --duration 100ms \
			${quick[*]} --records $tmp/records $how"
		is "$status" 0 "tier gups $how: status 0"
		is "$(jq -s '.[-1].record == "end" and .[-1].records == length' \
			"$tmp/records" 2>&1)" true \
			"tier gups $how: nothing is among the records"
	done
	# A limit of what a file may have ends a write, not us
	within 20 bash -c "ulimit -f 4; exec $tier --once gups 1M \
		--duration 100ms ${quick[*]} --records $tmp/large"
	is "$status" 1 "ulimit -f: status 1"
	like "$err" 'File too large' "ulimit -f: says why"
}

# --- what cannot be written ------------------------------------------------------------

full()
{
	local words

	while read -r words; do
		status=0
		# shellcheck disable=SC2086
		timeout 20 "$tier" $words >/dev/full 2>"$tmp/err" || status=$?
		is "$status" 1 "tier $words >/dev/full: status 1"
	done <<-END
		--version
		--help
		help gups
		vmstat
		vmstat 0.05 2
		status
		policy list
		policy show
		check --list
		records
		region list
		run --timeline off true
	END
	status=0
	timeout 20 "$tier" run --timeline off true 2>/dev/full >/dev/null ||
		status=$?
	is "$status" 0 "nothing to say to a full standard error: status 0"
}

# --- those who do not read ------------------------------------------------------------

# stall N COMMAND: in the background, with a full FIFO, $fifo, that somebody holds
# open and does not read; writes N.status and N.took
stall()
{
	local fifo=$tmp/fifo$1 begin=$EPOCHREALTIME status=0

	mkfifo "$fifo"
	exec 9<>"$fifo"
	dd if=/dev/zero of="$fifo" bs=4k count=32 oflag=nonblock status=none \
		2>/dev/null
	export fifo
	bash -c "exec timeout --kill-after=20 ${3:-30} $2" 9>&- \
		2>"$tmp/$1.err" </dev/null || status=$?
	echo $((${EPOCHREALTIME/./} / 1000 - ${begin/./} / 1000)) >"$tmp/$1.took"
	echo "$status" >"$tmp/$1.status"
}

readers()
{
	local names=() commands=() i took jobs=() before=$EPOCHREALTIME

	while IFS='|' read -r name command; do
		names+=("$name") commands+=("$command")
	done <<-'END'
		records that nobody reads|vmstat 0.01 100000 --records $fifo >/dev/null
		--json that nobody reads|--json vmstat 0.01 100000 >$fifo
		text that nobody reads|vmstat 0.01 100000 >$fifo
		messages that nobody reads|--once gups 1M node63 >/dev/null 2>$fifo
		a run's records|--once gups 1M --duration 60s --records $fifo >/dev/null
		a run's text|--once gups 1M --duration 60s >$fifo
		a program's output|--json run sh -c "while :; do echo 0123456789; done" >$fifo 2>&1
	END
	# By its deadline, and, without one, by the SIGTERM of timeout(1)
	for i in "${!commands[@]}"; do
		stall "$i" "$tier --deadline 2s ${commands[i]}" &
		jobs+=($!)
		stall "$i-term" "$tier ${commands[i]}" 2 &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	diag "$(((${EPOCHREALTIME/./} - ${before/./}) / 1000000)) s in all"
	for i in "${!commands[@]}"; do
		took=$(<"$tmp/$i.took")
		like "$(<"$tmp/$i.status")" '^[13]$' \
			"${names[i]}: a deadline: a failure"
		ok "${names[i]}: within 10 s of it ($took ms)" \
			test "$took" -lt 12500
		took=$(<"$tmp/$i-term.took")
		ok "${names[i]}: SIGTERM ends it within 10 s ($took ms)" \
			test "$took" -lt 12500
	done
	rm -f "$tmp/fifo"
	mkfifo "$tmp/fifo"
	within 20 "$tier" vmstat --records "$tmp/fifo"
	ended "a FIFO that nobody opens"
	is "$status" 1 "a FIFO that nobody opens: status 1"
	like "$err" 'nobody reads it' "a FIFO that nobody opens: says so"
	# One who comes late, and reads slowly, gets all of it
	(
		sleep 0.5
		while read -r line; do
			echo "$line"
			sleep 0.02
		done <"$tmp/fifo" >"$tmp/slow"
	) &
	within 60 "$tier" vmstat 0.01 50 --records "$tmp/fifo"
	wait $!
	is "$status" 0 "a slow reader: status 0" || diag "$err"
	is "$(jq -s '.[-1].record == "end" and .[-1].records == length' \
		"$tmp/slow" 2>&1)" true "a slow reader: has all of it"
}

# --- the file of the records -------------------------------------------------------------

# The records of one run, whole
sound()
{
	is "$(jq -c -s '(map(.seq) == [range(1; length + 1)]) and
		.[-1].record == "end" and .[-1].records == length' \
		"$1" 2>&1)" true "$2"
}

records()
{
	local first

	begin "$tmp/records" '"stage":"update"' "$tier" --once gups 1M \
		--duration 3s "${quick[@]}" --records "$tmp/records"
	first=$leader
	within 20 "$tier" status --records "$tmp/records"
	is "$status" 1 "records that another run writes: refused"
	like "$err" 'another run of tier writes to it' "and told why"
	within 20 "$tier" --once gups 1M --records "$tmp/records"
	is "$status" 1 "by a run, too"
	leader=$first
	finish 20
	is "$status" 0 "the first run passes"
	sound "$tmp/records" "and its records are whole"
	within 20 "$tier" status --records "$tmp/records"
	is "$status" 0 "then another run may have the file"
	sound "$tmp/records" "which holds that one's alone"
	((EUID == 0)) || {
		skip "a run that is refused" "only root changes something"
		return
	}
	cp "$tmp/records" "$tmp/before"
	within 20 unshare --mount sh -c "mount -t tmpfs none /run
		mkdir -m 755 /run/tier && : >/run/tier/lock
		exec 8>/run/tier/lock
		flock -x 8
		$tier --once gups 1M --policy none --records $tmp/fresh
		$tier --once gups 1M --policy none --records $tmp/records"
	is "$status" 1 "a run that is refused: status 1"
	like "$err" 'another run of tier is under way \(pid [0-9]+, ' \
		"a run that is refused: names who is in its way"
	ok "a run that is refused: what was in the file is left" \
		cmp "$tmp/before" "$tmp/records"
	sound "$tmp/fresh" "a run that is refused: says so in a file of its own"
}

# --- text from elsewhere ----------------------------------------------------------------

controls()
{
	local tree=$tmp/tree esc=$'\033]52;c;eA==\a'

	test/unpack test/fixtures/policy-6.12.txt "$tree"
	printf 'model name\t: %s\n' "$esc" >"$tree/proc/cpuinfo"
	mkdir -p "$tree/sys/class/dmi/id"
	printf '%s\n' "$esc" >"$tree/sys/class/dmi/id/sys_vendor"
	printf '10 %s\n' "$esc" >"$tree/sys/devices/system/node/node0/distance"
	printf '%s\n' "$esc" >"$tree/proc/sys/vm/swappiness"
	for words in status check "policy show" "vmstat"; do
		# shellcheck disable=SC2086
		within 20 "$tier" --root "$tree" $words --records "$tmp/records"
		is "$(cat "$tmp/out" "$tmp/err" "$tmp/records" |
			tr -cd '\001-\010\013\014\016-\037\177' | wc -c)" 0 \
			"a tree's text, $words: nothing that moves a terminal"
	done
	printf '#!/%s\n' "$esc" >"$tmp/script"
	printf '#!/bin/sh\n' >"$tmp/$esc"
	chmod 755 "$tmp/script"
	echo 'int main(void) { return 0; }' >"$tmp/elf.c"
	gcc -o "$tmp/elf" -Wl,--dynamic-linker="/$esc" "$tmp/elf.c"
	for words in "$tmp/script" "$tmp/elf" "$tmp/$esc" "$esc"; do
		within 20 "$tier" run --timeline off "$words"
		ok "a program's name: status not 0" test "$status" -ne 0
		is "$(cat "$tmp/out" "$tmp/err" |
			tr -cd '\001-\010\013\014\016-\037\177' | wc -c)" 0 \
			"a program's name: nothing that moves a terminal"
	done
	within 20 "$tier" --json run --timeline off \
		sh -c 'echo "{\"record\":\"fake\"}"; echo hi; exec >&-'
	is "$status" 0 "--json run: status 0"
	is "$(jq -s 'map(.record) | index("fake")' "$tmp/out" 2>&1)" null \
		"--json run: the program's output is not among the records"
	is "$(tail -n 1 "$tmp/out" | jq -r .record)" end \
		"--json run: which are whole"
	like "$err" 'hi' "--json run: it is on standard error"
}

# --- what is not there ---------------------------------------------------------------------

absent()
{
	local tree=$tmp/tree

	within 20 "$tier" --root "$tree" status --records "$tmp/records"
	is "$(jq -r 'select(.record == "environment") |
		"\(.kernel) \(.cpus) \(.uptime_s)"' "$tmp/records")" \
		"Linux $(<"$tree/proc/sys/kernel/osrelease") 2 null" \
		"--root: the environment is the tree's"
	unlike "$out" "$(uname -r)" "--root: so says the text"
	unshare --mount true 2>/dev/null || {
		skip "without /proc" "no mount namespaces here"
		return
	}
	within 20 unshare --mount sh -c "umount -l /proc
		exec $tier --once gups 1M ${quick[*]}"
	ended "without /proc"
	like "$err" 'tier: failed: /proc/' "without /proc: says so"
	within 20 unshare --mount sh -c "umount -l /sys; exec $tier status"
	is "$status" 3 "without /sys: status 3"
	like "$err" 'is /sys mounted' "without /sys: says so"
}

signals
children
killed
descriptors
full
readers
records
controls
absent
done_testing
