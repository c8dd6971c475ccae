# shellcheck shell=bash
#
# Booting the guest, keeping what it says, and the verdict.
#
# Each run leaves in out/NAME: console.log, records.jsonl (what tier says to
# programs), qemu.cmd (the command, to be pasted into a shell),
# manifest.json (what ran on what), pmu.json (the plugin's totals, with --count
# or --latency), heat (with --heat: plugin/heat.h), script and files (of
# --script and --out), policy (a file of --policy) and verdict, which says
# "failed" until the records have said otherwise.
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

# verb run [--name NAME] [--add FILE[:PATH]]... [--package NAME]...
#	[--script FILE] [--out PATH]... [--share DIR[:PATH]]... [--count[=try]]
#	[--latency SPEC]
#	[--heat[=INTERVAL[,WORD]...]] [--at TIME WORDS]... [--scope S]
#	[--expect EXPRESSION]... [--ktap] [TIER ARGUMENTS]
cmd_run()
{
	local name add=() arguments=() status=0 count latency heat scope pmu
	local script script_text fetched=() packages=() expect=() ktap='' gdb
	local policy at=() devices=() share=() share_dirs share_places
	local share_pids=()

	parse_run "$@"
	arguments_once
	arguments_at
	check_guest
	kernel_command_line "${arguments[@]}" >/dev/null
	prepare_tier
	check_arguments
	prepare_guest
	check_expected
	find_devices
	open_out
	catch_signals
	unstopped begin_run "${arguments[@]}" || not_begun $?
	mapfile -d '' qemu <"$out/.qemu"
	run_qemu
	finish_run || status=$?
	judge_expected "$status" || status=$?
	leave "$status"
}

# begin_run TIER ARGUMENTS...: what the run is, and .qemu: the command's words
begin_run()
{
	begin_verdict
	keep_policy
	prepare_script
	prepare_shares
	add_files
	qemu_arguments "$out/records.jsonl" plain "$@"
	describe_run "$@"
	[[ ! $gdb ]] || say_gdb
	# Whoever reads that may have seen enough
	cat "$out/qemu.cmd" 2>/dev/null || true
	{ printf '%s\0' "${qemu[@]}" >"$out/.qemu"; } 2>/dev/null ||
		die 3 "cannot write to $out: $(why_unwritten "$out/.qemu")"
}

# A socket that nobody else can reach, in place of a port that all can
say_gdb()
{
	local image=vmlinux

	((${#out} + 4 < 108)) || die 2 "--gdb: the socket $out/gdb would have a" \
		"longer name than sockets may have: OUT=DIRECTORY names another"
	[[ ! -r ${kernel_image%/arch/x86/boot/bzImage}/vmlinux ]] ||
		image=${kernel_image%/arch/x86/boot/bzImage}/vmlinux
	say "the guest waits for: gdb $(shell_word "$image") -ex" \
		"$(shell_word "target remote $out/gdb")"
}

# not_begun STATUS: of begin_run, which has said why.  Of a signal the status may
# also be what bash says that lost sight of it ("wait_for: No record of process").
not_begun()
{
	local status=$(($1 > 100 ? $1 - 100 : $1))

	if [[ $interrupted ]]; then
		say_verdict "failed: interrupted" || true
		say "failed: interrupted ($out)"
		leave 1
	fi
	say "failed: did not run ($out)"
	leave $((status > 3 ? 1 : status))
}

# check_expected: mistakes in --expect are found before anything boots
check_expected()
{
	local status=0

	((${#expect[@]})) || return 0
	(in_python expt expect --check "${expect[@]}") || status=$?
	((status == 0)) || leave "$status"
}

# judge_expected STATUS: of the run; returns it, or 4 if what --expect said of a
# run that passed does not hold
judge_expected()
{
	local status=0

	[[ $ktap || ${expect[*]} && ! $interrupted ]] || return "$1"
	(in_python expt expect "$out" ${ktap:+"$ktap"} "${expect[@]}") || status=$?
	return $(($1 ? $1 : status))
}

# unexpected VERB: its options are run's, but this
unexpected()
{
	[[ ! $ktap${expect[*]} ]] ||
		die 2 "$1: --expect and --ktap are of run and experiment"
}

# verb shell [TIER ARGUMENTS]: the console is this terminal
cmd_shell()
{
	local name add=() arguments=() status=0 count latency heat scope pmu
	local script script_text fetched=() packages=() expect=() ktap='' gdb
	local policy at=() share=() share_dirs share_places share_pids=() cause

	parse_run "$@"
	unexpected shell
	((${#at[@]} == 0)) || die 2 "shell: --at is of run"
	check_guest
	kernel_command_line "${arguments[@]}" >/dev/null
	prepare_tier
	prepare_guest
	open_out
	begin_verdict
	keep_policy
	prepare_script
	prepare_shares
	add_files
	qemu_arguments "$out/records.jsonl" terminal "${arguments[@]}"
	describe_run "${arguments[@]}"
	[[ ! $gdb ]] || say_gdb
	cat "$out/qemu.cmd"
	say "Ctrl-A X ends the emulator"
	start_shares || {
		stop_shares
		die 3 "$cause: see above"
	}
	setpriv --pdeathsig TERM "${qemu[@]}" || status=$?
	stop_shares
	((${#fetched[@]} == 0)) || unpack_fetched >&2
	put "$out/verdict" "ended: status $status"
	leave $((status == 0 ? 0 : 1))
}

# verb qemu-line [TOPOLOGY [--count] [--latency SPEC] [TIER ARGUMENTS]]
cmd_qemu_line()
{
	local name add=() arguments=() out='' count latency heat scope pmu
	local script script_text fetched=() packages=() expect=() ktap='' gdb
	local policy at=() devices=() share=() share_dirs share_places

	if (($#)); then
		TOPOLOGY=$1
		shift
	fi
	parse_run "$@"
	unexpected qemu-line
	arguments_once
	arguments_at
	check_guest
	kernel_command_line "${arguments[@]}" >/dev/null
	prepare_tier
	check_arguments
	prepare_guest
	find_devices
	qemu_arguments records.jsonl plain "${arguments[@]}"
	command_text plain
}

# parse_run ARGUMENTS...: to name, add and arguments of the caller.  The
# first word that is none of run's options begins tier's.
parse_run()
{
	name='' count='' latency='' heat='' scope='' script='' script_text='' gdb=''
	take_options "$@"
	check_options
}

# take_options ARGUMENTS...: of parse_run, as they were said
take_options()
{
	while (($#)); do
		case $1 in
		--count | --count=try)
			count=${1#--count=}
			shift
			continue
			;;
		--heat | --heat=*)
			heat=${1#--heat}
			heat=${heat#=}
			heat=${heat:-1s}
			shift
			continue
			;;
		--gdb)
			gdb=1
			shift
			continue
			;;
		--at | --at=*)
			[[ $1 = --at ]] || set -- --at "${1#*=}" "${@:2}"
			# All that can be done then has two words at least
			[[ ${3:-} =~ [^[:space:]][[:space:]]+[^[:space:]] ]] ||
				die 2 "--at takes TIME 'WORDS', such as --at 20s" \
				"'region destroy region0', and was given" \
				"'${2:-}' '${3:-}'"
			at+=(--at "$2" "$3")
			shift 3
			continue
			;;
		--icount)
			ICOUNT=${ICOUNT:-1}
			shift
			continue
			;;
		--ktap)
			ktap=$1
			shift
			continue
			;;
		--count=* | --gdb=* | --icount=* | --ktap=*)
			die 2 "$1: ${1%%=*} takes no value$([[ $1 != --count=* ]] ||
				echo " but try")";;
		--name=* | --add=* | --latency=* | --scope=* | --script=* | \
			--out=* | --package=* | --share=* | --expect=*)
			set -- "${1%%=*}" "${1#*=}" "${@:2}"
			continue
			;;
		--name | --add | --latency | --scope | --script | --out | \
			--package | --share | --expect)
			(($# > 1)) || die 2 "$1 needs a value"
			case $1 in
			--name) name=$2;;
			--add) add+=("$2");;
			--latency)
				[[ $2 ]] || die 2 "--latency: give e.g. cxl=+250ns"
				latency+=${latency:+,}$2
				;;
			--scope) scope=$2;;
			--script) script=$2;;
			--out) fetched+=("$2");;
			--package) packages+=("$2");;
			--share) share+=("$2");;
			--expect) expect+=("$2");;
			esac
			shift 2
			;;
		-h | --help)
			cmd_help
			leave 0
			;;
		--)
			shift
			break
			;;
		*) break;;
		esac
	done
	arguments=("$@")
}

# check_options: what take_options took
check_options()
{
	[[ ! $name || $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$ ]] ||
		die 2 "--name $name: letters, digits, . _ and - only, up to 200"
	[[ $name != latest ]] || die 2 "--name latest: that is the link to" \
		"the newest run"
	[[ ! $scope || $scope =~ ^(all|user|process)$ ]] ||
		die 2 "--scope $scope: all, user or process"
	[[ ! $scope || $count || $latency || $heat ]] ||
		die 2 "--scope: of what --count or --latency count"
	[[ ! $heat || $heat =~ ^([1-9][0-9]{0,6}m?s|rows)\
(,(4k|2m|misses|accesses|apart))*$ ]] ||
		die 2 "--heat=$heat: give a time such as 500ms, or rows, and" \
			"what differs: --heat=1s,2m,accesses,apart"
	check_packages
	if [[ $script ]]; then
		read_script "$script"
		placed[script]=--script
	fi
	script_arguments
	check_fetched
	check_added
	check_shares
}

# arguments_once: without --once a benchmark repeats until somebody at the
# console ends it, and then there is a shell: of which nobody is here
arguments_once()
{
	((${#arguments[@]})) || arguments=(gups 1G node1)
	[[ ${arguments[0]} = --once ]] || arguments=(--once "${arguments[@]}")
}

# arguments_at: --at of run is an option of tier's verb, behind that
arguments_at()
{
	local i

	((${#at[@]})) || return 0
	for ((i = 0; i < ${#arguments[@]}; i++)); do
		[[ ${arguments[i]} =~ ^($POLICY_VALUED)$ ]] && ((++i)) && continue
		[[ ${arguments[i]} = -* ]] || break
	done
	arguments=("${arguments[@]:0:i+1}" "${at[@]}" "${arguments[@]:i+1}")
}

# find_devices: to devices, for watch.py: the CXL memory devices of the topology,
# if one may come or go
find_devices()
{
	local words word='' state

	devices=()
	words=$(topology_words all)
	[[ $'\n'$words$'\n' = *$'\n-plug\n'* ||
		" ${arguments[*]} " =~ \ --at[=\ ][^\ ]+\ +(un)?plug\  ]] ||
		return 0
	while IFS= read -r state; do
		case $word,$state in
		-plug,*)
			[[ $state = cxl-type3,* && $state = *,id=?* &&
				$state = *,bus=?* ]] || die 2 \
				"$topology_file: -plug $state: give" \
				"cxl-type3,bus=PORT,id=NAME,..."
			devices+=("--plug=out:$state")
			;;
		-device,cxl-type3,*) devices+=("--plug=in:$state");;
		esac
		word=''
		[[ $state != -plug && $state != -device ]] || word=$state
	done <<<"$words"
	[[ $word != -plug ]] || die 2 "$topology_file: -plug, and nothing behind it"
	check_devices
}

# check_devices: what --at plugs and unplugs is one of devices
check_devices()
{
	local i known=' ' entry words=("${at[@]}")

	for entry in "${devices[@]}"; do
		entry=${entry#*,id=}
		known+="${entry%%,*} "
	done
	[[ $known != ' ' ]] || known=' none '
	# Behind "run" are a program's own
	for entry in "${arguments[@]}"; do
		[[ $entry != run ]] || break
		[[ $entry != --at=* ]] || words+=(--at)
		words+=("${entry#--at=}")
	done
	for ((i = 0; i < ${#words[@]} - 2; i++)); do
		[[ ${words[i]} = --at &&
			${words[i + 2]} =~ ^\ *(un)?plug\ +([^ ]+)\ *$ ]] ||
			continue
		[[ $known = *" ${BASH_REMATCH[2]} "* ]] || die 2 "--at" \
			"${words[i + 1]} '${words[i + 2]}': TOPOLOGY=$TOPOLOGY" \
			"has no such device; that may come and go:${known% }"
	done
}

# check_arguments: what tier would call bad usage is said before anything boots.
# With --help it does nothing, and looks at the options alone.
check_arguments()
{
	local said word

	said=$(bad_usage --help "${arguments[@]}")
	# of tier itself, and of a group such as damon
	[[ ${said%%$'\n'*} != 'usage: tier '*' VERB [WORDS]' ]] || die 2 \
		"run: \"${arguments[*]:1}\" has no verb for tier to do" \
		"(./build.sh shell looks around)"
	# Help needs no guest; behind "run" it may be asked of a program
	if [[ ${arguments[1]:-} = help ]]; then
		"$B/tier" "${arguments[@]}" || leave $?
		leave 0
	fi
	for word in "${arguments[@]}"; do
		case $word in
		run) break;;
		-h | --help)
			printf '%s\n' "$said"
			leave 0
			;;
		-V | --version)
			"$B/tier" --version
			leave 0
			;;
		esac
	done
	check_words
}

# check_words: it is asked what it would do to a machine that is none.  Of verbs that
# take no such question the words are left to the guest; so is a policy that is there.
check_words()
{
	bad_usage --root /dev/null/none --dry-run "${arguments[@]}" >/dev/null
}

# bad_usage WORDS...: what tier says to them; if that is bad usage, it is the end
bad_usage()
{
	local said status=0

	said=$("$B/tier" "$@" 2>&1) || status=$?
	if ((status == 2)) && ! is_the_guests "$said"; then
		said=${said#tier: }
		die 2 "$(is_ours "$said")"
	fi
	printf '%s\n' "$said"
}

# is_the_guests SAID: of a verb that is not asked so, or of a policy's file that is
# there alone, as --add may have placed it
is_the_guests()
{
	[[ $1 =~ takes\ no\ --(root|dry-run): ]] ||
		[[ $1 =~ ^tier:\ policy\ /?([^:]+): && ${placed[${BASH_REMATCH[1]}]:-} ]]
}

# is_ours SAID: or what to do, if an option that tier does not know is one of run's
is_ours()
{
	local option=${1#"unknown option "} where="before tier's words"

	where+=": ./build.sh run OPTIONS gups ... (./build.sh help)"
	option=${option%%[=;]*}
	# It is short for one of others, too
	[[ $1 != *" takes no --output:"* || " ${arguments[*]}" != *" --out"[=\ ]* ]] ||
		option=--out
	if [[ $1 = "unknown option "* || $option = --out ]] &&
		takes_option "$option"; then
		echo "$option: is an option of build.sh run, and stands $where"
	elif [[ $1 =~ ^--latency\ (near|cxl|far) ]]; then
		echo "$1; what build.sh run injects stands $where"
	else
		echo "$1"
	fi
}

# takes_option OPTION: is it one of run's?
takes_option()
{
	(
		take_options "$1" 1s 'x y' && [[ ${arguments[*]} != "$1 "* ]]
	)
}

# seconds NAME TIME: as tier takes times, but no parts of a second
seconds()
{
	local -A each=([s]=1 [m]=60 [h]=3600)

	[[ $2 =~ ^([1-9][0-9]{0,7})([smh]?)$ ]] ||
		die 2 "$1=$2: not a time such as 90, 90s, 5m or 1h"
	echo $((BASH_REMATCH[1] * ${each[${BASH_REMATCH[2]:-s}]}))
}

# Everything that can be wrong is found before anything is built
check_guest()
{
	local row time

	mem_mib=$(mebibytes MEM "$MEM")
	cxl_mib=$(mebibytes CXL_MEM "$CXL_MEM")
	((mem_mib >= 256)) || die 2 "MEM=$MEM: the guest needs 256M"
	((cxl_mib % 256 == 0)) ||
		die 2 "CXL_MEM=$CXL_MEM: not a multiple of 256M, as regions are"
	[[ $SMP =~ ^[1-9][0-9]{0,2}$ ]] || die 2 "SMP=$SMP: not a number of CPUs"
	for row in TIMEOUT SILENCE; do
		time=$(seconds "$row" "${!row}")
		printf -v "$row" %s "$time"
	done
	check_topology
	case $ACCEL in
	tcg) ;;
	kvm)
		[[ ! $ICOUNT ]] || die 2 "--icount: with ACCEL=tcg only"
		[[ -w /dev/kvm ]] || die 3 "ACCEL=kvm: no access to /dev/kvm"
		;;
	*) die 2 "ACCEL=$ACCEL: tcg or kvm";;
	esac
	case $BOOT in
	pvh | bzimage) ;;
	*) die 2 "BOOT=$BOOT: pvh or bzimage";;
	esac
	settle_icount
	settle_pmu
	settle_more
}

# Time is what has been executed: the emulator's turns, and the host's load, are
# not in it.  What else is of the host has to go: its random numbers, its date.
settle_icount()
{
	[[ $ICOUNT ]] || return 0
	[[ $ICOUNT =~ ^([0-9]|10)$ ]] ||
		die 2 "ICOUNT=$ICOUNT: an instruction takes 2^ICOUNT ns, 0 to 10"
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

# check_topology: sets topology_file, from TOPOLOGY: a name, or a file if it has a
# slash
check_topology()
{
	local unknown

	topology_file=$ROOT/initramfs/topologies/$TOPOLOGY
	if [[ $TOPOLOGY = */* ]]; then
		[[ -f $TOPOLOGY && -r $TOPOLOGY ]] ||
			die 2 "TOPOLOGY=$TOPOLOGY: cannot read that file"
		topology_file=$TOPOLOGY
		[[ ! $(tr -d '\t\n\r\40-\176\200-\377' <"$TOPOLOGY" |
			head -c 1 | od -An -c) ]] ||
			die 2 "TOPOLOGY=$TOPOLOGY: is no text"
	elif ! is_topology "$TOPOLOGY"; then
		die 2 "TOPOLOGY=$TOPOLOGY: there are $(topologies)$([[ ! -e \
			$TOPOLOGY ]] || echo "; a file: ./$TOPOLOGY")"
	fi
	unknown=$(topology_words all | grep -m1 -oE '@[A-Za-z0-9_]+@' || true)
	[[ ! $unknown ]] || die 2 "$topology_file: $unknown is none of" \
		"@MEM@ @MEM2@ @CXL_MEM@ @CXL_MEM2@ @CXL_HALF@ @TOTAL@ @TOTAL2@" \
		"@WINDOW@ @WINDOW2@ @SMP@ @LAST_CPU@ @HALF_CPU@ @NEXT_CPU@"
	((SMP % 2 == 0)) || ! grep -v '^#' "$topology_file" | grep -q @NEXT_CPU@ ||
		die 2 "TOPOLOGY=$TOPOLOGY halves the CPUs: SMP=2, 4, ..."
}

# mebibytes NAME SIZE
mebibytes()
{
	local text=${2,,} shift=0 whole part bytes

	[[ $text =~ ^([0-9]{1,7})(\.([0-9]{1,6}))?([kmgt])(i?b)?$ ]] ||
		die 2 "$1=$2: not a size like 512M, 3G or 1.5G"
	# More than 2^63 millionths of a byte are none
	[[ ${BASH_REMATCH[4]} != t ]] || ((10#${BASH_REMATCH[1]} < 8192)) ||
		die 2 "$1=$2: more than any machine has"
	whole=$((10#${BASH_REMATCH[1]})) part=${BASH_REMATCH[3]}
	case ${BASH_REMATCH[4]} in
	k) shift=10;;
	m) shift=20;;
	g) shift=30;;
	t) shift=40;;
	esac
	part=$(printf '%-6s' "$part")
	bytes=$(((whole * 1000000 + 10#${part// /0}) * (1 << (shift - 10))))
	((bytes > 0 && bytes % 1024000000 == 0)) ||
		die 2 "$1=$2: not a whole number of mebibytes"
	echo $((bytes / 1024000000))
}

# What the words are asked of, before anything is fetched for the guest.  The lock
# is held until prepare_guest has all of it.
prepare_tier()
{
	need "${NEED_RUN[@]}"
	lock
	build_tier
}

prepare_guest()
{
	build_initramfs
	build_boot_image
	build_qemu
	check_pmu
	[[ ! $pmu ]] || build_plugin
	((${#packages[@]} == 0)) || build_packages
	((${#share[@]} == 0)) || build_virtiofsd
	unlock
	place_policy
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
	local line="console=ttyS0 quiet panic=-1 mitigations=off" word quotes

	line+=" $BOOT_LESS${ICOUNT:+ norandmaps}${gdb:+ nokaslr}"
	line+="${APPEND:+ $APPEND}"
	[[ ! " $line " =~ [[:space:]]--[[:space:]] ]] ||
		die 2 "APPEND: must not contain --"
	# All behind one that is open would be of it, tier's words too
	quotes=${line//[!\"]/}
	((${#quotes} % 2 == 0)) ||
		die 2 "APPEND: a double quote that is not closed"
	(($# <= WORDS_MAX)) || die 2 "$# words for tier: the kernel hands" \
		"init no more than $WORDS_MAX"
	(($# == 0)) || line+=" --"
	for word; do
		line+=" $(kernel_word "$word")"
	done
	((${#line} <= COMMAND_LINE_MAX)) || die 2 "the kernel's command line" \
		"would have ${#line} bytes: no more than $COMMAND_LINE_MAX"
	printf '%s\n' "$line"
}

kernel_word()
{
	case $1 in
	--) die 2 "the word -- cannot be handed to init, the kernel keeps it:" \
		"leave it out; nothing needs it (tier run PROGRAM ...)";;
	*\"*) die 2 "$1: a double quote cannot be handed to init";;
	*[$'\n\t\r']*) die 2 "a word with a line break or tab cannot be" \
		"handed to init";;
	'' | *' '*) printf '"%s"\n' "$1";;
	# echo would take -n for its own
	*) printf '%s\n' "$1";;
	esac
}

# qemu_arguments RECORDS plain|terminal TIER ARGUMENTS...: sets qemu
qemu_arguments()
{
	local records=$1 console=$2 topology

	shift 2
	topology=$(topology_words)
	mapfile -t topology <<<"$topology"
	[[ ${topology[0]} ]] || topology=()
	((${#share_dirs[@]} == 0)) ||
		mapfile -t topology < <(share_memory "${topology[@]}")
	# Huge pages under the emulator's own TLB, which is 16 MB and read at
	# random: some 10 % of the rate
	qemu=(env GLIBC_TUNABLES=glibc.malloc.hugetlb=1)
	# To env a name with an equals sign is a variable
	[[ $qemu_bin != *=* ]] || qemu+=(nice -n 0)
	qemu+=("$qemu_bin" -nodefaults -no-user-config
		-display none -monitor none -no-reboot
		-machine "q35,accel=$ACCEL"
		# with the hypervisor bit, Linux refuses to commit a region
		-cpu "$CPU" -smp "$SMP")
	[[ ! $ICOUNT ]] || qemu+=(-icount "shift=$ICOUNT,sleep=off"
		-rtc "base=2026-01-01,clock=vm" -seed 1)
	[[ " ${topology[*]} " = *" -m "* ]] || qemu+=(-m "$MEM")
	qemu+=("${topology[@]}"
		-kernel "$boot_image" -initrd "$initramfs"
		-append "$(kernel_command_line "$@")")
	if [[ $console = terminal ]]; then
		qemu+=(-chardev "stdio,id=console,mux=on,signal=off,logfile=\
${out//,/,,}/console.log"
			-serial chardev:console)
	else
		qemu+=(-serial stdio)
	fi
	# on pcie.0, or QEMU tries the CXL host bridge.  Under icount the CPU does
	# the device's work itself: else a thread of the host does, when it can.
	qemu+=(-device "virtio-serial-pci,bus=pcie.0${ICOUNT:+,ioeventfd=off}"
		-chardev "file,id=records,path=${records//,/,,}"
		-device "virtserialport,chardev=records,name=tier")
	((${#fetched[@]} == 0)) || qemu+=(
		-chardev "file,id=files,path=${out:+${out//,/,,}/}.files.tar"
		-device "virtserialport,chardev=files,name=files")
	share_arguments
	[[ ! $gdb ]] || qemu+=(-S
		-gdb "unix:${out:+${out//,/,,}/}gdb,server=on,wait=off")
	((${#packages[@]} == 0)) || qemu+=(-drive "if=none,id=packages,\
format=raw,readonly=on,file=${packages_disk//,/,,}"
		-device "virtio-blk-pci,bus=pcie.0,drive=packages,serial=packages")
	# Of a tier that counts its lines (test/coverage)
	[[ ! ${COVERAGE:-} ]] || qemu+=(
		-chardev "file,id=coverage,path=${COVERAGE//,/,,}/guest.$BASHPID"
		-device "virtserialport,chardev=coverage,name=coverage")
	[[ ! $pmu ]] || qemu+=(-plugin
		"${plugin//,/,,}$pmu,record=${out:+${out//,/,,}/}pmu.json\
${heat:+,heat=${out:+${out//,/,,}/}heat}")
	qemu+=("${more_arguments[@]}")
}

# settle_more: more_arguments, from QEMU_ARGS: words as a shell has them, with
# quotes and backslashes
settle_more()
{
	more_arguments=()
	[[ $QEMU_ARGS = *[![:space:]]* ]] || return 0
	# xargs would escape the end of the line by it
	[[ ! $QEMU_ARGS =~ (^|[^\\])(\\\\)*\\$ ]] ||
		die 2 "QEMU_ARGS: a backslash, and nothing behind it"
	mapfile -d '' more_arguments < <(xargs printf '%s\0' \
		<<<"${QEMU_ARGS//$'\n'/ }" 2>/dev/null || printf '\n\0')
	[[ ${more_arguments[-1]} != $'\n' ]] ||
		die 2 "QEMU_ARGS: a quote that is not closed"
}

# topology_words [all]: the topology's file, with the sizes filled in, a word a
# line; without all those for QEMU, to which a device that comes later is none
topology_words()
{
	local line words

	# a window holds its device in steps of 256 MiB
	while read -r line || [[ $line ]]; do
		# As other systems' editors leave them
		line=${line#$'\xef\xbb\xbf'} line=${line%$'\r'}
		[[ $line != '#'* ]] || continue
		[[ ${1:-} || $line != -plug* ]] || continue
		line=${line//@MEM@/${mem_mib}M}
		line=${line//@MEM2@/$((2 * mem_mib))M}
		line=${line//@CXL_MEM@/${cxl_mib}M}
		line=${line//@CXL_MEM2@/$((2 * cxl_mib))M}
		# as regions are, in steps of 256 MiB
		line=${line//@CXL_HALF@/$(((cxl_mib / 2 + 255) / 256 * 256))M}
		line=${line//@TOTAL@/$((mem_mib + cxl_mib))M}
		line=${line//@TOTAL2@/$((mem_mib + 2 * cxl_mib))M}
		line=${line//@WINDOW@/${cxl_mib}M}
		line=${line//@WINDOW2@/$((2 * cxl_mib))M}
		line=${line//@LAST_CPU@/$((SMP - 1))}
		line=${line//@SMP@/$SMP}
		line=${line//@HALF_CPU@/$(((SMP + 1) / 2 - 1))}
		line=${line//@NEXT_CPU@/$(((SMP + 1) / 2))}
		read -r -a words <<<"$line"
		((${#words[@]} == 0)) || printf '%s\n' "${words[@]}"
	done <"$topology_file"
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
		printf '%s\n' "$1"
	else
		printf "'%s'\n" "${1//\'/\'\\\'\'}"
	fi
}

# --- what a run leaves behind ----------------------------------------------

# Makes OUT, and sets it to its whole name
make_out()
{
	[[ $OUT != *$'\n'* ]] || die 2 "OUT: a name with a line break"
	mkdir -p -- "$OUT" 2>/dev/null ||
		die 3 "OUT=$OUT: cannot make that directory; OUT=DIRECTORY names" \
			"another"
	OUT=$(realpath -- "$OUT")
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

# a_run DIRECTORY: did a run make it?  One that is empty is as good; of an experiment
# it is none.
a_run()
{
	[[ ! -e $1/plan.json ]] || return
	[[ -f $1/verdict || -f $1/.lock ]] ||
		[[ ! $(find "$1/" -mindepth 1 -print -quit) ]]
}

# Sets out.  Says so now if there is no room, not after a run of an hour.
open_out()
{
	local free

	make_out
	[[ -L $OUT/latest || ! -e $OUT/latest ]] || die 1 "$OUT/latest is no" \
		"link, and would be the link to the newest run: rename it, or" \
		"take another OUT=DIRECTORY"
	free=$(df -Pk "$OUT" | awk 'NR == 2 { print $4 }')
	((free >= OUT_MIN_KIB)) || die 3 "$OUT: only $free KiB free," \
		"$OUT_MIN_KIB are needed"
	if [[ $name ]]; then
		out=$OUT/$name
		[[ -d $out || ! (-e $out || -L $out) ]] || die 1 "--name $name:" \
			"$out is no directory: take another name, or remove it"
		[[ ! -d $out ]] || a_run "$out" || die 1 "--name $name: $out is" \
			"not of a run, and what is in it would be lost: take" \
			"another name"
		mkdir -p "$out" 2>/dev/null || die 3 "cannot make $out"
	else
		out=$(new_directory "$OUT/$(date +%Y%m%d-%H%M%S)")
	fi
	{ exec 8>"$out/.lock"; } 2>/dev/null ||
		die 3 "cannot write to $out: $(why_unwritten "$out/.lock")"
	flock -n 8 || die 1 "a run named ${out##*/} is under way"
	rm -f "$out"/{console.log,records.jsonl,qemu.cmd,manifest.json}
	rm -f "$out"/{initramfs.cpio,pmu.json,heat,heat.json,script}
	rm -f "$out"/heat{,-time,-pages}.svg
	rm -f "$out"/{policy,gdb,.qemu,.fetched,.files.tar,.share*,*.new}
	rm -rf "$out"/{.add,files}
}

# What stands there until there is a verdict
begin_verdict()
{
	put "$out/verdict" "failed: did not run"
	# For a verdict on a disk that is full by then
	{ head -c 8192 /dev/zero >"$out/.room"; } 2>/dev/null ||
		die 3 "cannot write to $out: $(why_unwritten "$out/.room")"
	ln -sfn "${out##*/}" "$OUT/latest" || die 3 "cannot write to $OUT"
}

# say_verdict VERDICT: to the file; returns 1 if it cannot be, which is said
say_verdict()
{
	rm -f "$out"/{.qemu,.room,.fetched}
	try_put "$out/verdict" "$1" && return
	say "$out/verdict cannot be written: $(why_unwritten "$out/verdict");" \
		"it is not \"$(cat "$out/verdict" 2>/dev/null)\", but: $1"
	return 1
}

# describe_run TIER ARGUMENTS...: qemu.cmd and manifest.json
describe_run()
{
	local console=plain text

	[[ " ${qemu[*]} " != *" chardev:console "* ]] || console=terminal
	text=$(command_text "$console")
	put "$out/qemu.cmd" "$text"
	text=$(manifest "$@")
	put "$out/manifest.json" "$text"
}

manifest()
{
	local commit json=null

	((${#packages[@]} == 0)) || json=$(<"${packages_disk%/*}/packages.json")
	commit=$(git -C "$ROOT" describe --always --dirty 2>/dev/null || true)
	jq -n --arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
		--arg kernel "$kernel_version" --arg qemu "$qemu_version" \
		--arg tier "$VERSION" --arg commit "$commit" \
		--arg busybox "$(<"$B/busybox.version")" \
		--slurpfile libraries "$B/deps/versions.json" \
		--arg topology "$TOPOLOGY" --arg accel "$ACCEL" \
		--arg mem "$MEM" --arg cxl "$CXL_MEM" --arg smp "$SMP" \
		--arg vmlinuz_sum "$(sum_of "$kernel_image")" \
		--arg initramfs_sum "$(sum_of "$initramfs")" \
		--arg tier_sum "$(sum_of "$B/tier")" \
		--arg topology_sum "$(sum_of "$topology_file")" \
		--arg plugin "${pmu#,}" \
		--arg plugin_sum "${pmu:+$(sum_of "$plugin")}" \
		--arg boot "$(boot_way)" \
		--arg append "$APPEND" --arg qemu_args "$QEMU_ARGS" \
		--argjson packages "$json" --argjson added "$added_sums" \
		--arg uname "$(uname -srvm)" --arg cpu "$(cpu_model)" \
		--arg cpus "$(nproc)" \
		'{ date: $date, arguments: $ARGS.positional,
		   versions: ({ kernel: $kernel, qemu: $qemu, tier: $tier,
			tier_commit: $commit, busybox: $busybox }
			+ $libraries[0]),
		   sha256: ({ vmlinuz: $vmlinuz_sum, initramfs: $initramfs_sum,
			tier: $tier_sum, topology: $topology_sum }
			+ (if $plugin == "" then {}
			else { tier_pmu: $plugin_sum } end)),
		   guest: { topology: $topology, accel: $accel, mem: $mem,
			cxl_mem: $cxl, smp: ($smp | tonumber),
			plugin: (if $plugin == "" then null
				else $plugin end),
			boot: $boot, append: $append, qemu_args: $qemu_args },
		   added: $added, packages: $packages,
		   host: { uname: $uname, cpu: $cpu,
			cpus: ($cpus | tonumber) } }' --args -- "$@"
}

# boot_way: how the kernel was started, as BOOT has it
boot_way()
{
	if [[ $boot_image = "$kernel_image" ]]; then
		echo bzimage
	else
		echo pvh
	fi
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
# Sets interrupted, when one comes.  What our caller ignores is not one that
# comes: bash leaves it ignored.
#
# bash 5.2 dies of a trap that is due while it reads a command substitution
# ("unexpected EOF while looking for matching `)'"): from here on there are
# such only in what is run unstopped.
catch_signals()
{
	interrupted='' watch=''
	trap 'interrupted=1; [[ ! $watch ]] ||
		kill -TERM "$watch" 2>/dev/null || true' INT TERM HUP QUIT
	# Whoever reads what we say may leave
	trap '' PIPE
}

# unstopped COMMAND...: in a shell that no signal reaches, while this one waits
unstopped()
{
	(
		trap '' INT TERM HUP QUIT
		"$@"
	) &
	wait_through $!
}

# Runs the emulator, watched by watch.py.  Sets what that says of its end: cause
# (what ended it, empty if nothing went wrong with it) and lost (what of the
# output, empty if nothing).
run_qemu()
{
	local watching watching_PID said status=0 python=/usr/bin/python3

	cause='' lost=''
	[[ ! $interrupted ]] || return 0
	start_shares || {
		stop_shares
		return 0
	}
	# Debian's, rather than what somebody put before it
	[[ -x $python ]] || python=python3
	exec 6>&1
	# Killed ourselves we leave neither behind
	coproc watching {
		trap '' INT HUP QUIT
		exec setpriv --pdeathsig USR1 "$python" -ISB \
			"$ROOT/initramfs/watch.py" "$out/console.log" \
			"$TIMEOUT" "$SILENCE" "${devices[@]}" "${qemu[@]}" \
			3>&1 >&6 6>&- 8>&- </dev/null
	}
	watch=$watching_PID said=${watching[0]}
	exec 6>&- 7<&"$said"
	# One that came before there was an emulator
	[[ ! $interrupted ]] || kill -TERM "$watch" 2>/dev/null || true
	wait_through "$watch" || status=$?
	watch=''
	IFS=$'\x1f' read -r said cause lost <&7 ||
		cause="what watches the emulator ended with status $status"
	exec 7<&-
	stop_shares
}

# Writes the verdict; returns the run's status
finish_run()
{
	local status='' verdict=''

	# By a pipe, which no disk is too full for
	exec 7< <(trap '' INT TERM HUP QUIT && judge)
	IFS=$'\t' read -r status verdict <&7 || true
	exec 7<&-
	[[ $verdict && $status =~ ^[0-9]+$ ]] ||
		status=1 verdict="failed: no verdict"
	[[ ! $interrupted ]] || status=1 verdict="failed: interrupted"
	say_verdict "$verdict" || ((status)) || status=1
	# A signal that came before the verdict stood is part of it
	if [[ $interrupted && $verdict != "failed: interrupted" ]]; then
		status=1 verdict="failed: interrupted"
		say_verdict "$verdict" || true
	fi
	say "$verdict ($out)"
	return "$status"
}

# judge: the status and the verdict of a run that no signal ended.  What the
# records say goes first: they know whether the guest had done its work.
judge()
{
	local status=none verdict=''

	IFS=$'\t' read -r status verdict < <(judge_records) || true
	if [[ $status = none ]]; then
		status=1 verdict="failed: $(why_no_end)"
	elif [[ $verdict = *" does not exist"* ]]; then
		verdict=$(why_no_node "$verdict")
	elif [[ $status = 0 && $lost ]]; then
		status=1 verdict="failed: $lost"
	fi
	if ((${#fetched[@]})); then
		lost=$(unpack_fetched)
		[[ $status != 0 || ! $lost ]] ||
			status=1 verdict="failed: $lost"
	fi
	printf '%s\t%s\n' "$status" "$verdict"
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
			"failed: \($last.reason | if . == null or . == "" then
				"status \($last.status)" else . end)"]
		end | @tsv' "$out/records.jsonl"
}

# why_no_node VERDICT: with what had gone wrong before, if something had: of a
# node that is missing because its region could not be made the region is the
# cause
why_no_node()
{
	local before

	before=$(tr -d '\r' <"$out/console.log" | sed -nE \
		'/^tier: no (CXL region|modules were loaded): /{s/^tier: //p;q}')
	printf '%s\n' "${1%%;*}${before:+: $before}"
}

# The guest did not come to its end record
why_no_end()
{
	local panic

	panic=$(grep -a -m1 -o 'Kernel panic.*' "$out/console.log" 2>/dev/null |
		tr -d '\r') || true
	if [[ $panic ]]; then
		echo "the guest's kernel: $panic"
	elif [[ $cause ]]; then
		echo "$cause$(cure)"
	elif [[ $lost ]]; then
		echo "$lost"
	elif [[ ! -s $out/records.jsonl ]]; then
		echo "no record came: the guest has no port for records, or" \
			"they could not be written"
	else
		echo "the guest ended without an end record"
	fi
}

# cure: of what KVM does on some machines, in virtual ones above all; and of words
# that QEMU does not take
cure()
{
	[[ ! $QEMU_ARGS ]] ||
		[[ ! $cause =~ made\ no\ machine|ended\ with\ status\ 1(:|$) ]] ||
		printf ' (%s)' "QEMU_ARGS=$QEMU_ARGS"
	[[ $TOPOLOGY != */* || $cause != *"ended with status 1:"* ]] ||
		printf ' (%s)' "see TOPOLOGY=$TOPOLOGY"
	[[ $ACCEL != kvm || ! $cause =~ (KVM|kvm|internal error|nothing) ]] ||
		printf ' (%s)' "ACCEL=tcg, the default, needs no KVM"
}
