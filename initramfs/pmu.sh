# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# QEMU's plugin tier-pmu, which counts the accesses to each tier and injects
# latency: how it is built, and what it is told of the machine.
#
# Sourced by build.sh.

# The first QEMU whose plugin interface is the one it is written for
PLUGIN_QEMU=11.1

# verb plugin: sets plugin
build_plugin()
{
	plugin=$B/tier-pmu.so
	need "${NEED_PLUGIN[@]}"
	compile plugin
}

# --- where the memory is ---------------------------------------------------

# Where QEMU's q35 puts things (hw/i386/pc_q35.c, pc.c): from 2816 MiB on,
# memory is cut at 2 GiB and goes on at 4 GiB; behind it 16 MiB of CXL
# registers, then the fixed windows, each at a multiple of 256 MiB.  All in MiB.
LOW_MAX=2816 LOW_CUT=2048 HIGH=4096 CXL_REGISTERS=16 WINDOW_STEP=256

# mib(SIZE, UNIT), for awk: of a size as QEMU has them, in bytes or times 1024, or,
# where it says none, of so many bytes each
# shellcheck disable=SC2016
SIZE_MIB='function mib(size, unit,	at) {
	at = index("KMGTPE", toupper(substr(size, match(size, /[A-Za-z]/), 1)))
	if (RSTART)
		unit = 1024 ^ at
	return int(size * unit / 1048576)
}
'

# ram_parts NAME FROM TO TOTAL: the parts of memory from FROM to TO, of a
# machine with TOTAL
ram_parts()
{
	local low=$4

	(($4 < LOW_MAX)) || low=$LOW_CUT
	(($2 >= low)) || part "$1" "$2" $(($3 < low ? $3 : low))
	(($3 <= low)) ||
		part "$1" $((HIGH - low + ($2 > low ? $2 : low))) \
			$((HIGH - low + $3))
}

part()
{
	printf '%s=0x%x-0x%x\n' "$1" $(($2 << 20)) $(($3 << 20))
}

# The fixed windows, in the order of the machine's own options: their names
# and places.  One is called cxl, several cxl0, cxl1, ...
window_parts()
{
	local total=$1 sizes at i name

	mapfile -t sizes < <(topology_words |
		grep -oE 'cxl-fmw\.[0-9]+\.size=[^,]*' | sed 's/.*=//' |
		awk "$SIZE_MIB"'{ print mib($0, 1) }')
	at=$((HIGH + (total < LOW_MAX ? 0 : total - LOW_CUT) + CXL_REGISTERS))
	for ((i = 0; i < ${#sizes[@]}; i++)); do
		at=$(((at + WINDOW_STEP - 1) / WINDOW_STEP * WINDOW_STEP))
		name=cxl
		((${#sizes[@]} == 1)) || name=cxl$i
		part "$name" "$at" $((at + sizes[i]))
		at=$((at + sizes[i]))
	done
}

# All ranges of the machine, NAME=START-END a line: of its memory in the order of
# the nodes, those with CPUs near and the others far, then the windows
machine_parts()
{
	local words total=$mem_mib at=0 nodes name size

	words=$(topology_words)
	total=$(awk -v total="$total" "$SIZE_MIB"'
		m { sub(/^(.*,)?size=/, ""); sub(/,.*/, ""); total = mib($0, 1048576) }
		{ m = ($0 == "-m") }
		END { print total }' <<<"$words")
	nodes=$(node_parts <<<"$words")
	[[ $nodes ]] || nodes="near $total"
	while read -r name size; do
		((size > 0 && total > 0)) || echo "$name=0x0-0x0"
		ram_parts "$name" "$at" $((at + size)) "$total"
		at=$((at + size))
	done <<<"$nodes"
	window_parts "$total"
}

# node_parts: near or far, and the size in MiB, of each node with memory of its own;
# several far ones are far0, far1, ...
node_parts()
{
	awk "$SIZE_MIB"'/^memory-backend-(ram|memfd|file|shm),/ {
			id = $0
			sub(/.*[,]id=/, "", id)
			sub(/,.*/, "", id)
			size = $0
			sub(/.*[,]size=/, "", size)
			sizes[id] = mib(size, 1)
		}
		/^node,/ && /,memdev=/ {
			dev = $0
			sub(/.*,memdev=/, "", dev)
			sub(/,.*/, "", dev)
			near[n] = ($0 ~ /,cpus=/)
			far += !near[n]
			dev_of[n++] = dev
		}
		BEGIN { n = at = 0 }
		END {
			for (i = 0; i < n; i++) {
				name = near[i] ? "near" : "far"
				if (!near[i] && far > 1)
					name = name at++
				print name, sizes[dev_of[i]] + 0
			}
		}'
}

# --- what was asked for ----------------------------------------------------

# is_llc SIZE: is it one that the plugin models (plugin/options.c)?
is_llc()
{
	local -A each=([k]=1 [M]=1024 [G]=1048576)
	local kib

	[[ $1 != off ]] || return 0
	[[ $1 =~ ^([1-9][0-9]{0,6})([kMG])$ ]] || return
	kib=$((BASH_REMATCH[1] * ${each[${BASH_REMATCH[2]}]}))
	((kib >= 4 && kib <= 1048576 && !(kib & (kib - 1))))
}

# pmu_parse SPEC: the words of --latency into latency_of (by name, in ns),
# bandwidth_of and llc.  near is the tier of the CPUs, cxl or far the others;
# +250ns is so much more than near.
pmu_parse()
{
	local words word name value add near

	llc='' latency_of=() bandwidth_of=()
	IFS=, read -r -a words <<<"$1"
	((${#words[@]})) || die 2 "--latency: give e.g. cxl=+250ns, or" \
		"near=100ns,cxl=250ns,llc=2M"
	for word in "${words[@]}"; do
		name=${word%%=*} value=${word#*=}
		case $word in
		llc=*)
			is_llc "$value" || die 2 "--latency $1: '$word': give a" \
				"power of two from 4k to 1G, such as 2M, or off"
			llc=,$word
			continue
			;;
		near=* | far=* | far[0-9]=* | cxl=* | cxl[0-9]=*) ;;
		*) die 2 "--latency $1: '$word' is none of near=, cxl=, far=," \
			"llc=";;
		esac
		[[ $name != far ]] || name=cxl
		[[ ! ${latency_of[$name]:-}${bandwidth_of[$name]:-} ]] ||
			die 2 "--latency $1: $name is said twice"
		if [[ $value = */* ]]; then
			bandwidth_of[$name]=${value#*/}
			value=${value%%/*}
			[[ ${bandwidth_of[$name]} =~ ^[1-9][0-9]{0,5}[MG]$ ]] ||
				die 2 "--latency $1: '$word': give bytes a" \
					"second behind the /, e.g. 16G"
		fi
		[[ $value =~ ^(\+?)([1-9][0-9]{0,6})(ns|us)$ ]] ||
			die 2 "--latency $1: '$word': give a time, e.g." \
				"$name=250ns, $name=+250ns or $name=250ns/16G"
		add=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
		[[ ${BASH_REMATCH[3]} = ns ]] || value=$((value * 1000))
		[[ ! $add || $name != near ]] ||
			die 2 "--latency $1: near=+...: more than what?"
		((value <= 1000000)) || die 2 "--latency $1: '$word' is more" \
			"than 1000us"
		latency_of[$name]=$add$value
	done
	near=${latency_of[near]:-0}
	for name in "${!latency_of[@]}"; do
		[[ ${latency_of[$name]} != +* ]] ||
			latency_of[$name]=$((near + ${latency_of[$name]#+}))
	done
}

# settle_pmu: sets pmu, the plugin's arguments ("" without it), from count,
# latency and scope; all that can be wrong with them is found here
settle_pmu()
{
	local -A latency_of bandwidth_of
	local llc='' line name given args='' before='' names='' range

	pmu=
	[[ $count || $latency || $heat ]] || return 0
	[[ $ACCEL = tcg ]] || die 2 "--count, --latency, --heat: with ACCEL=tcg only:" \
		"KVM does not let QEMU see the accesses"
	[[ ! $latency ]] || pmu_parse "$latency"
	while IFS= read -r line; do
		name=${line%%=*} range=${line#*=}
		[[ ${range%-*} != "${range#*-}" ]] || die 2 "TOPOLOGY=$TOPOLOGY:" \
			"--count and --latency have to know how large each" \
			"node's memory is (-object" \
			"memory-backend-ram,id=NAME,size=SIZE), and each window"
		args+=,$line
		[[ " $names " = *" $name "* ]] || names+=" $name"
		given=$name
		[[ $name = near || ${latency_of[$name]:-} ]] || given=cxl
		# of a name only once, at its first part
		[[ $name != "$before" ]] || continue
		before=$name
		[[ ! ${latency_of[$given]:-} ]] ||
			args+=",latency=${latency_of[$given]}ns"
		[[ ! ${bandwidth_of[$given]:-} ]] ||
			args+=",bandwidth=${bandwidth_of[$given]}"
	done < <(machine_parts)
	for name in "${!latency_of[@]}"; do
		[[ $names = *" $name"* || ($name = cxl && $names = *far*) ]] ||
			die 2 "--latency $latency: TOPOLOGY=$TOPOLOGY has no" \
				"$name, but$names"
	done
	pmu=$args$llc,scope=${scope:-all}
	[[ $heat ]] || return 0
	# The host's clock is not in a run that counts instructions
	[[ ! $ICOUNT ]] || heat=rows${heat#"${heat%%,*}"}
	pmu+=,heat-interval=${heat%%,*}
	[[ ,$heat, != *,2m,* ]] || pmu+=,heat-grain=2m
	[[ ,$heat, != *,accesses,* ]] || pmu+=,heat-of=accesses
	[[ ,$heat, != *,apart,* ]] || pmu+=,heat-apart=on
}

# After build_qemu: is it one that takes the plugin?
check_pmu()
{
	[[ $pmu ]] || return 0
	at_least "$qemu_version" "$PLUGIN_QEMU" && return
	[[ ! $latency && ! $heat && $count = try ]] ||
		die 3 "--count, --latency, --heat: need QEMU $PLUGIN_QEMU, and this" \
			"is $qemu_version (--count=try: go on without)"
	say "QEMU $qemu_version takes no plugin of ours: nothing is counted"
	pmu=
}
