# shellcheck shell=bash
#
# Booting the guest, keeping what it says, and the verdict.
#
# Each run leaves in out/NAME: console.log, records.jsonl (what tier says to
# programs), qemu.cmd (the command, to be pasted into a shell),
# manifest.json (what ran on what), pmu.json (the plugin's totals, with --count
# or --latency) and verdict, which says "failed" until the records have said
# otherwise.
#
# Sourced by build.sh.

# An experiment has variables of like names
# shellcheck disable=SC2153

# What the kernel's command line takes: MAX_INIT_ARGS, COMMAND_LINE_SIZE
WORDS_MAX=32
COMMAND_LINE_MAX=2047
# The least room for a run's output
OUT_MIN_KIB=$((16 * 1024))

# --- what was asked for ----------------------------------------------------

# verb run [--name NAME] [--add FILE[:PATH]]... [--count[=try]] [--latency SPEC]
#	[--scope S] [TIER ARGUMENTS]
cmd_run()
{
	local name add=() arguments=() status=0 count latency scope pmu

	parse_run "$@"
	((${#arguments[@]})) || arguments=(--once gups 1G node1)
	check_guest
	kernel_command_line "${arguments[@]}" >/dev/null
	prepare_guest
	open_out
	catch_signals
	unstopped begin_run "${arguments[@]}"
	mapfile -d '' qemu <"$out/.qemu"
	run_qemu
	finish_run || status=$?
	exit "$status"
}

# begin_run TIER ARGUMENTS...: what the run is, and .qemu: the command's words
begin_run()
{
	add_files
	qemu_arguments "$out/records.jsonl" plain "$@"
	describe_run "$@"
	cat "$out/qemu.cmd"
	printf '%s\0' "${qemu[@]}" >"$out/.qemu"
}

# verb shell [TIER ARGUMENTS]: the console is this terminal
cmd_shell()
{
	local name add=() arguments=() status=0 count latency scope pmu

	parse_run "$@"
	check_guest
	kernel_command_line "${arguments[@]}" >/dev/null
	prepare_guest
	open_out
	add_files
	qemu_arguments "$out/records.jsonl" terminal "${arguments[@]}"
	describe_run "${arguments[@]}"
	cat "$out/qemu.cmd"
	say "Ctrl-A X ends the emulator"
	"${qemu[@]}" || status=$?
	echo "ended: status $status" >"$out/verdict"
	exit "$status"
}

# verb qemu-line [TOPOLOGY [--count] [--latency SPEC] [TIER ARGUMENTS]]
cmd_qemu_line()
{
	local name add=() arguments=() out='' count latency scope pmu

	if (($#)); then
		TOPOLOGY=$1
		shift
	fi
	parse_run "$@"
	((${#arguments[@]})) || arguments=(--once gups 1G node1)
	check_guest
	kernel_command_line "${arguments[@]}" >/dev/null
	prepare_guest
	qemu_arguments records.jsonl plain "${arguments[@]}"
	command_text plain
}

# parse_run ARGUMENTS...: to name, add and arguments of the caller.  The
# first word that is none of run's options begins tier's.
parse_run()
{
	name='' count='' latency='' scope=''
	while (($#)); do
		case $1 in
		--count | --count=try)
			count=${1#--count=}
			shift
			continue
			;;
		--icount)
			ICOUNT=${ICOUNT:-1}
			shift
			continue
			;;
		--name=* | --add=* | --latency=* | --scope=*)
			set -- "${1%%=*}" "${1#*=}" "${@:2}"
			continue
			;;
		--name | --add | --latency | --scope)
			(($# > 1)) || die 2 "$1 needs a value"
			case $1 in
			--name) name=$2;;
			--add) add+=("$2");;
			--latency)
				[[ $2 ]] || die 2 "--latency: give e.g. cxl=+250ns"
				latency=$2
				;;
			--scope) scope=$2;;
			esac
			shift 2
			;;
		--)
			shift
			break
			;;
		*) break;;
		esac
	done
	arguments=("$@")
	[[ ! $name || $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] ||
		die 2 "--name $name: letters, digits, . _ and - only"
	[[ $name != latest ]] || die 2 "--name latest: that is the link to" \
		"the newest run"
	[[ ! $scope || $scope =~ ^(all|user|process)$ ]] ||
		die 2 "--scope $scope: all, user or process"
	[[ ! $scope || $count || $latency ]] ||
		die 2 "--scope: of what --count or --latency count"
	check_added
}

# Everything that can be wrong is found before anything is built
check_guest()
{
	mem_mib=$(mebibytes MEM "$MEM")
	cxl_mib=$(mebibytes CXL_MEM "$CXL_MEM")
	((mem_mib >= 256)) || die 2 "MEM=$MEM: the guest needs 256M"
	((cxl_mib % 256 == 0)) ||
		die 2 "CXL_MEM=$CXL_MEM: not a multiple of 256M, as regions are"
	[[ $SMP =~ ^[1-9][0-9]{0,2}$ ]] || die 2 "SMP=$SMP: not a number of CPUs"
	[[ $TIMEOUT =~ ^[1-9][0-9]{0,8}$ ]] ||
		die 2 "TIMEOUT=$TIMEOUT: not a number of seconds"
	is_topology "$TOPOLOGY" ||
		die 2 "TOPOLOGY=$TOPOLOGY: there are $(topologies)"
	case $ACCEL in
	tcg) ;;
	kvm) [[ -w /dev/kvm ]] || die 3 "ACCEL=kvm: no access to /dev/kvm";;
	*) die 2 "ACCEL=$ACCEL: tcg or kvm";;
	esac
	settle_icount
	settle_pmu
}

# Time is what has been executed: the emulator's turns, and the host's load, are
# not in it.  What else is of the host has to go: its random numbers, its date.
settle_icount()
{
	[[ $ICOUNT ]] || return 0
	[[ $ICOUNT =~ ^([0-9]|10)$ ]] ||
		die 2 "ICOUNT=$ICOUNT: an instruction takes 2^ICOUNT ns, 0 to 10"
	[[ $ACCEL = tcg ]] || die 2 "--icount: with ACCEL=tcg only"
	[[ ! $latency ]] || die 2 "--icount with --latency: what is injected" \
		"passes in the host's time, which the guest does not see then"
	SMP=1 CPU+=,-rdrand,-rdseed
}

topologies()
{
	(cd "$ROOT/initramfs/topologies" && echo *)
}

is_topology()
{
	[[ $1 =~ ^[a-z0-9-]+$ && -r $ROOT/initramfs/topologies/$1 ]]
}

# mebibytes NAME SIZE
mebibytes()
{
	[[ $2 =~ ^([1-9][0-9]{0,6})([MG])$ ]] ||
		die 2 "$1=$2: not a size like 512M or 3G"
	if [[ ${BASH_REMATCH[2]} = G ]]; then
		echo $((BASH_REMATCH[1] * 1024))
	else
		echo "${BASH_REMATCH[1]}"
	fi
}

prepare_guest()
{
	need "${NEED_RUN[@]}"
	lock
	build_initramfs
	build_qemu
	check_pmu
	[[ ! $pmu ]] || build_plugin
	unlock
}

# --- the command -----------------------------------------------------------

# What the kernel need not do here: tests of its ciphers, and a source of
# entropy made of timing.  Under emulation they are a third of the boot; IPv6
# is a twentieth.  Whether the timer's interrupt comes soon enough says nothing
# of an emulator on a busy host: Linux panics there ("IO-APIC + timer doesn't
# work!"), as it does not under a hypervisor that it sees.
BOOT_LESS="cryptomgr.notests ipv6.disable=1 no_timer_check \
initcall_blacklist=crypto_kdf108_init,jent_mod_init,init_encrypted"

# kernel_command_line TIER ARGUMENTS...
#
# The kernel hands all after " -- " to init.  It groups by double quotes
# only, ends at a second --, and panics on more words than it has room for.
kernel_command_line()
{
	local line="console=ttyS0 quiet panic=-1 mitigations=off" word

	line+=" $BOOT_LESS${ICOUNT:+ norandmaps}${APPEND:+ $APPEND}"
	[[ " $line " != *" -- "* ]] || die 2 "APPEND: must not contain --"
	(($# <= WORDS_MAX)) || die 2 "$# words for tier: the kernel hands" \
		"init no more than $WORDS_MAX"
	(($# == 0)) || line+=" --"
	for word; do
		line+=" $(kernel_word "$word")"
	done
	((${#line} <= COMMAND_LINE_MAX)) || die 2 "the kernel's command line" \
		"would have ${#line} bytes: no more than $COMMAND_LINE_MAX"
	echo "$line"
}

kernel_word()
{
	case $1 in
	--) die 2 "the word -- cannot be handed to init, the kernel keeps it:" \
		"leave it out; nothing needs it (tier run PROGRAM ...)";;
	*\"*) die 2 "$1: a double quote cannot be handed to init";;
	*[$'\n\t\r']*) die 2 "a word with a line break or tab cannot be" \
		"handed to init";;
	'' | *' '*) echo "\"$1\"";;
	*) echo "$1";;
	esac
}

# qemu_arguments RECORDS plain|terminal TIER ARGUMENTS...: sets qemu
qemu_arguments()
{
	local records=$1 console=$2 topology

	shift 2
	mapfile -t topology < <(topology_words)
	# Huge pages under the emulator's own TLB, which is 16 MB and read at
	# random: some 10 % of the rate
	qemu=(env GLIBC_TUNABLES=glibc.malloc.hugetlb=1
		"$qemu_bin" -nodefaults -no-user-config
		-display none -monitor none -no-reboot
		-machine "q35,accel=$ACCEL"
		# with the hypervisor bit, Linux refuses to commit a region
		-cpu "$CPU" -smp "$SMP")
	[[ ! $ICOUNT ]] || qemu+=(-icount "shift=$ICOUNT,sleep=off"
		-rtc "base=2026-01-01,clock=vm" -seed 1)
	[[ " ${topology[*]} " = *" -m "* ]] || qemu+=(-m "$MEM")
	qemu+=("${topology[@]}"
		-kernel "$kernel_image" -initrd "$initramfs"
		-append "$(kernel_command_line "$@")")
	if [[ $console = terminal ]]; then
		qemu+=(-chardev "stdio,id=console,mux=on,signal=off,logfile=\
${out//,/,,}/console.log"
			-serial chardev:console)
	else
		qemu+=(-serial stdio)
	fi
	# on pcie.0, or QEMU tries the CXL host bridge
	qemu+=(-device "virtio-serial-pci,bus=pcie.0"
		-chardev "file,id=records,path=${records//,/,,}"
		-device "virtserialport,chardev=records,name=tier")
	# Of a tier that counts its lines (test/coverage)
	[[ ! ${COVERAGE:-} ]] || qemu+=(
		-chardev "file,id=coverage,path=${COVERAGE//,/,,}/guest.$BASHPID"
		-device "virtserialport,chardev=coverage,name=coverage")
	[[ ! $pmu ]] || qemu+=(-plugin
		"${plugin//,/,,}$pmu,record=${out:+${out//,/,,}/}pmu.json")
}

# The topology's file, with the sizes filled in, a word a line
topology_words()
{
	local mem cxl=$cxl_mib

	mem=$mem_mib
	# a window holds its device in steps of 256 MiB
	sed -E -e '/^#/d' -e "s/@MEM@/${mem}M/g; s/@CXL_MEM@/${cxl}M/g" \
		-e "s/@TOTAL@/$((mem + cxl))M/g; s/@WINDOW@/${cxl}M/g" \
		-e "s/@WINDOW2@/$((2 * cxl))M/g; s/@LAST_CPU@/$((SMP - 1))/g" \
		"$ROOT/initramfs/topologies/$TOPOLOGY" | tr -s ' ' '\n' |
		grep . || true
}

# command_text plain|terminal: the command for a person to copy, an option
# a line
command_text()
{
	local word line=

	for word in "${qemu[@]}"; do
		if [[ $line && $word = -* ]]; then
			printf '%s \\\n\t' "$line"
			line=
		fi
		line+=${line:+ }$(shell_word "$word")
	done
	[[ $1 = terminal ]] || line+=" </dev/null"
	printf '%s\n' "$line"
}

shell_word()
{
	if [[ $1 =~ ^[A-Za-z0-9_@%+=:,./-]+$ ]]; then
		echo "$1"
	else
		echo "'${1//\'/\'\\\'\'}'"
	fi
}

# --- what a run leaves behind ----------------------------------------------

# Makes OUT, and sets it to its whole name
make_out()
{
	mkdir -p "$OUT" 2>/dev/null ||
		die 3 "OUT=$OUT: cannot make that directory"
	OUT=$(realpath "$OUT")
}

# new_directory BASE: makes BASE or BASE-2, BASE-3, ..., and prints which
new_directory()
{
	local made=$1 try=1

	until mkdir "$made" 2>/dev/null; do
		((++try < 100)) || die 3 "cannot make $made"
		made=$1-$try
	done
	echo "$made"
}

# Sets out.  Says so now if there is no room, not after a run of an hour.
open_out()
{
	local free

	make_out
	free=$(df -Pk "$OUT" | awk 'NR == 2 { print $4 }')
	((free >= OUT_MIN_KIB)) || die 3 "$OUT: only $free KiB free," \
		"$OUT_MIN_KIB are needed"
	if [[ $name ]]; then
		out=$OUT/$name
		mkdir -p "$out" || die 3 "cannot make $out"
	else
		out=$(new_directory "$OUT/$(date +%Y%m%d-%H%M%S)")
	fi
	exec 8>"$out/.lock" || die 3 "cannot write to $out"
	flock -n 8 || die 1 "a run named ${out##*/} is under way"
	rm -f "$out"/{console.log,records.jsonl,qemu.cmd,manifest.json}
	rm -f "$out"/{verdict,initramfs.cpio,pmu.json,.qemu,.judged}
	ln -sfn "${out##*/}" "$OUT/latest" || die 3 "cannot write to $OUT"
	write_verdict "failed: did not run"
}

write_verdict()
{
	printf '%s\n' "$1" >"$out/verdict" || die 3 "cannot write to $out"
}

# describe_run TIER ARGUMENTS...: qemu.cmd and manifest.json
describe_run()
{
	local console=plain

	[[ " ${qemu[*]} " != *" chardev:console "* ]] || console=terminal
	command_text "$console" >"$out/qemu.cmd" ||
		die 3 "cannot write to $out"
	manifest "$@" >"$out/manifest.json" || die 3 "cannot write to $out"
}

manifest()
{
	local commit

	commit=$(git -C "$ROOT" describe --always --dirty 2>/dev/null || true)
	jq -n --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
		--arg kernel "$kernel_version" --arg qemu "$qemu_version" \
		--arg tier "$VERSION" --arg commit "$commit" \
		--arg busybox "$(<"$B/busybox.version")" \
		--slurpfile libraries "$B/libs.json" \
		--arg topology "$TOPOLOGY" --arg accel "$ACCEL" \
		--arg mem "$MEM" --arg cxl "$CXL_MEM" --arg smp "$SMP" \
		--arg vmlinuz_sum "$(sum_of "$kernel_image")" \
		--arg initramfs_sum "$(sum_of "$initramfs")" \
		--arg tier_sum "$(sum_of "$B/tier")" \
		--arg plugin "${pmu#,}" \
		--arg plugin_sum "${pmu:+$(sum_of "$plugin")}" \
		--arg uname "$(uname -srvm)" --arg cpu "$(cpu_model)" \
		--arg cpus "$(nproc)" \
		'{ date: $date, arguments: $ARGS.positional,
		   versions: ({ kernel: $kernel, qemu: $qemu, tier: $tier,
			tier_commit: $commit, busybox: $busybox }
			+ $libraries[0]),
		   sha256: ({ vmlinuz: $vmlinuz_sum, initramfs: $initramfs_sum,
			tier: $tier_sum }
			+ (if $plugin == "" then {}
			else { tier_pmu: $plugin_sum } end)),
		   guest: { topology: $topology, accel: $accel, mem: $mem,
			cxl_mem: $cxl, smp: ($smp | tonumber),
			plugin: (if $plugin == "" then null
				else $plugin end) },
		   host: { uname: $uname, cpu: $cpu,
			cpus: ($cpus | tonumber) } }' --args -- "$@"
}

sum_of()
{
	sha256sum "$1" | cut -d' ' -f1
}

cpu_model()
{
	sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo
}

# --- the run and its verdict -----------------------------------------------

# wait_through PID: until it has ended, whatever signals come; its status.  A
# wait that a signal ended says nothing of the process, which may have ended,
# too: only what is said of a process that is gone counts.
wait_through()
{
	local gone=''

	until [[ $gone ]]; do
		kill -0 "$1" 2>/dev/null || gone=1
		wait "$1" || true
	done
	wait "$1"
}

# From here on a signal ends the run, not us: there is a verdict to write.
# Sets interrupted, when one comes.
#
# bash 5.2 dies of a trap that is due while it reads a command substitution
# ("unexpected EOF while looking for matching `)'"): from here on there are
# such only in what is run unstopped.
catch_signals()
{
	interrupted='' emulator=''
	# timeout hands the signal on to the emulator, our only child
	trap 'interrupted=1; [[ ! $emulator ]] ||
		kill -TERM "$emulator" 2>/dev/null || true' INT TERM HUP
}

# unstopped COMMAND...: in a shell that no signal reaches, while this one waits
unstopped()
{
	(
		trap '' INT TERM HUP
		"$@"
	) &
	wait_through $!
}

# Sets qemu_status and started.  The console goes through tee, which outlives a
# Ctrl-C, so that the log is complete; by a pipe, so that it ends with whoever
# writes into it, however early that is.
run_qemu()
{
	local tee_pid console console_PID from to

	started=$SECONDS qemu_status=0
	[[ ! $interrupted ]] || return 0
	exec 6>&1
	coproc console {
		trap '' INT TERM HUP
		exec tee "$out/console.log" >&6 6>&- 8>&-
	}
	tee_pid=$console_PID
	from=${console[0]} to=${console[1]}
	exec 6>&- 7>&"$to" {from}<&- {to}>&-
	# Killed ourselves we leave no emulator behind: timeout hands TERM on
	setpriv --pdeathsig TERM \
		timeout --foreground --kill-after=10 "$TIMEOUT" "${qemu[@]}" \
		</dev/null >&7 2>&1 7>&- 8>&- &
	emulator=$!
	exec 7>&-
	# One that came before there was an emulator
	[[ ! $interrupted ]] || kill -TERM "$emulator" 2>/dev/null || true
	wait_through "$emulator" || qemu_status=$?
	wait_through "$tee_pid" || true
}

# Writes the verdict; returns the run's status
finish_run()
{
	local status=1 verdict="failed: no verdict"

	unstopped judge || true
	IFS=$'\t' read -r status verdict <"$out/.judged" || true
	[[ ! $interrupted ]] || status=1 verdict="failed: interrupted"
	write_verdict "$verdict"
	# A signal that came before the verdict stood is part of it
	if [[ $interrupted && $verdict != "failed: interrupted" ]]; then
		status=1 verdict="failed: interrupted"
		write_verdict "$verdict"
	fi
	rm -f "$out"/{.qemu,.judged}
	say "$verdict ($out)"
	return "$status"
}

# .judged: the status and the verdict of a run that no signal ended
judge()
{
	local status verdict

	IFS=$'\t' read -r status verdict < <(judge_records)
	if ((SECONDS - started >= TIMEOUT)); then
		status=1 verdict="failed: not done after TIMEOUT=$TIMEOUT s"
	elif [[ $status = none ]]; then
		status=1 verdict="failed: $(why_no_end)"
	fi
	printf '%s\t%s\n' "$status" "$verdict" >"$out/.judged"
}

# judge_records: "STATUS VERDICT", the status "none" without an end record.
# A stream with a hole is no pass, whatever its end says.
judge_records()
{
	[[ -s $out/records.jsonl ]] || {
		printf 'none\t\n'
		return
	}
	jq -Rrn '
		[inputs | (fromjson? // null)] as $r | $r[-1] as $last
		| ($r | length) as $n
		| [range($n) | select(($r[.] | type) != "object"
			or $r[.].seq != . + 1)][0] as $bad
		| if ($last | type) != "object" or $last.record != "end" then
			["none", ""]
		elif $bad != null then
			[1, "failed: record \($bad + 1) is missing or broken"]
		elif $last.records != $n then
			[1, "failed: \($n) of \($last.records) records arrived"]
		elif $last.verdict == "passed" and $last.status == 0 then
			[0, "passed"]
		else
			[($last.status | if type == "number" and . > 0 and
				. < 126 then floor else 1 end),
			"failed: \($last.reason // "status \($last.status)")"]
		end | @tsv' "$out/records.jsonl"
}

# The guest did not come to its end record
why_no_end()
{
	local panic signal

	panic=$(grep -a -m1 -o 'Kernel panic.*' "$out/console.log" |
		tr -d '\r') || true
	# It takes the polite signals, and ends with status 0
	signal=$(sed -nE 's/^.*: terminating on signal ([0-9]+).*/\1/p' \
		"$out/console.log" | tail -n 1) || true
	((qemu_status <= 128)) || signal=$((qemu_status - 128))
	if [[ $signal ]]; then
		echo "the emulator was ended by signal $signal"
	elif ((qemu_status)); then
		echo "the emulator ended with status $qemu_status"
	elif [[ $panic ]]; then
		echo "the guest's kernel: $panic"
	elif [[ ! -s $out/records.jsonl ]]; then
		echo "no record came: the guest has no port for records, or" \
			"they could not be written"
	else
		echo "the guest ended without an end record"
	fi
}
