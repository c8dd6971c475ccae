# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Experiments: a text file says what is compared, each cell of it boots a
# guest of its own, and the report puts them side by side.
#
# out/NAME (a link to the newest of that name) has
#   plan.json       the experiment, with all that was said about it filled in
#   cells/ID/       a run each, as ./build.sh run leaves it
#   results.json    what the report was made from
#   report.md, index.html, summary.csv, counters.csv, *.svg, *.png
#
# Sourced by build.sh; experiments/report.sh makes the report.

# What a cell has is set from the plan, and named as build.sh's variables
# shellcheck disable=SC2153

EXPERIMENTS=$ROOT/experiments
# A guest below that has no room for the kernel and tier
MEM_MIN=384
CXL_STEP=256
CELLS_MAX=64

# --- the file ---------------------------------------------------------------

# Settings hold for the cells below them; the others for the experiment.
SETTINGS='topology|mem|cxl_mem|smp|dram_free|latency|count|scope|timeout|common'

# wrong COLUMN MESSAGE: a mistake in the file that is read
wrong()
{
	local column=$1

	shift
	die 2 "$file:$line_number:$column: $*"
}

# read_experiment FILE: sets title, notes, theirs, rank and cells, the last
# as JSON with the sizes as they were written
read_experiment()
{
	local file=$1 line line_number=0 keyword value column theirs_at=()

	while IFS= read -r line || [[ $line ]]; do
		((line_number += 1))
		[[ $line =~ ^[[:space:]]*([^[:space:]#][^[:space:]]*)[[:space:]]*(.*)$ ]] ||
			continue
		keyword=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
		value=${value%"${value##*[![:space:]]}"}
		column=$((${#line} - ${#BASH_REMATCH[2]} + 1))
		[[ $value || $keyword = common || $keyword = count ]] ||
			wrong "$column" "$keyword: nothing behind it"
		read_line
	done <"$file"
	line_number=$((line_number + 1))
	[[ $title ]] || wrong 1 "no title"
	((${#cells[@]})) || wrong 1 "no cell"
	((${#cells[@]} <= CELLS_MAX)) ||
		wrong 1 "${#cells[@]} cells: no more than $CELLS_MAX"
	check_theirs
}

# One line: keyword, value and column are the caller's
read_line()
{
	case $keyword in
	title) title=$value;;
	note) notes+=("$value");;
	rank) rank=$value;;
	theirs)
		theirs+=("$value")
		theirs_at+=("$line_number:$column")
		;;
	cell) read_cell;;
	*)
		[[ $keyword =~ ^($SETTINGS)$ ]] || wrong 1 "unknown word" \
			"'$keyword'; there are title, note, rank, theirs," \
			"cell, ${SETTINGS//|/, }"
		check_setting
		setting[$keyword]=$value
		;;
	esac
}

check_setting()
{
	case $keyword in
	topology)
		is_topology "$value" || wrong "$column" \
			"no topology '$value'; there are $(topologies)"
		;;
	mem | cxl_mem | dram_free)
		[[ $value =~ ^[1-9][0-9]{0,6}[MG]$ ]] ||
			wrong "$column" "$keyword: '$value' is no size like" \
				"512M or 8G"
		;;
	smp)
		[[ $value =~ ^[1-9][0-9]?$ ]] ||
			wrong "$column" "smp: '$value' is no number of CPUs"
		;;
	timeout)
		[[ $value =~ ^([1-9][0-9]{0,5})([smh]?)$ ]] ||
			wrong "$column" "timeout: '$value' is no time like 15m"
		value=${BASH_REMATCH[1]}
		case ${BASH_REMATCH[2]} in
		m) value=$((value * 60));;
		h) value=$((value * 3600));;
		esac
		;;
	esac
}

# cell NAME WORDS...
read_cell()
{
	local words name rest

	read -r -a words <<<"$value"
	name=${words[0]}
	rest=${value#"$name"}
	rest=${rest#"${rest%%[![:space:]]*}"}
	[[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] || wrong "$column" \
		"cell '$name': letters, digits and . _ - only"
	[[ " ${names[*]} " != *" $name "* ]] ||
		wrong "$column" "there is a cell $name already"
	((${#words[@]} > 1)) || wrong "$column" "cell $name: what shall it run?"
	# shellcheck disable=SC2086
	add_cell "$name" \
		"$file:$line_number:$((column + ${#value} - ${#rest}))" \
		"${words[@]:1}" ${setting[common]:-}
}

# add_cell NAME WHERE WORDS...: with the settings as they are
add_cell()
{
	local key named=()

	for key in "${!setting[@]}"; do
		named+=(--arg "$key" "${setting[$key]}")
	done
	names+=("$1")
	cells+=("$(jq -cn "${named[@]}" --arg cell "$1" --arg at "$2" \
		'$ARGS.named + {words: $ARGS.positional}' --args -- "${@:3}")")
}

# What others measured: a figure a cell
check_theirs()
{
	local i words

	for ((i = 0; i < ${#theirs[@]}; i++)); do
		read -r -a words <<<"${theirs[i]}"
		((${#words[@]} == ${#cells[@]} + 1)) ||
			die 2 "$file:${theirs_at[i]}: theirs ${words[0]}: ${#cells[@]} cells," \
				"but $((${#words[@]} - 1)) figures"
	done
}

# sweep KEY=V,V...: one tunable, a cell a value
read_sweep()
{
	local spec=$1 key values value words

	[[ $spec =~ ^([A-Za-z0-9_.-]+)=([^,[:space:]]+(,[^,[:space:]]+)*)$ ]] ||
		die 2 "sweep '$spec': give KEY=VALUE,VALUE,..., e.g." \
			"hot_threshold_ms=250,500,1000,2000"
	key=${BASH_REMATCH[1]}
	IFS=, read -r -a values <<<"${BASH_REMATCH[2]}"
	((${#values[@]} <= CELLS_MAX)) || die 2 "sweep: ${#values[@]} values:" \
		"no more than $CELLS_MAX"
	[[ $workload ]] || die 2 "sweep: which --workload? e.g. --workload" \
		"\"gups 256M node1 --hot 16M --policy numab --duration 20\""
	read -r -a words <<<"$workload"
	[[ " $workload " =~ \ --policy[\ =] ]] || words+=(--policy numab)
	title="$key: ${words[*]}"
	for value in "${values[@]}"; do
		[[ $value =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] || die 2 \
			"sweep: '$value': letters, digits and . _ - only"
		[[ " ${names[*]} " != *" $value "* ]] ||
			die 2 "sweep: $value is there twice"
		add_cell "$value" "sweep $key=$value" "${words[@]}" \
			--set "$key=$value"
	done
}

# --- the plan ---------------------------------------------------------------

# scaled SIZE: by the scale, in whole bytes of the largest unit that fits
scaled()
{
	local number=${1%[kMGT]} bytes unit=0

	case $1 in
	*k) unit=10;;
	*M) unit=20;;
	*G) unit=30;;
	*T) unit=40;;
	esac
	bytes=$(((number << unit) * scale_of / scale_by))
	for unit in G:30 M:20 k:10; do
		((bytes % (1 << ${unit#*:}) == 0 && bytes)) || continue
		echo "$((bytes >> ${unit#*:}))${unit%:*}"
		return
	done
	echo "$bytes"
}

# Sets words of the caller, where {1G} is 1G scaled
scale_words()
{
	local i word

	for ((i = 0; i < ${#words[@]}; i++)); do
		word=${words[i]}
		while [[ $word =~ ^([^{}]*)\{([1-9][0-9]{0,8}[kMGT]?)\}(.*)$ ]]; do
			word=${BASH_REMATCH[1]}$(scaled "${BASH_REMATCH[2]}")${BASH_REMATCH[3]}
		done
		[[ $word != *[{}]* ]] || die 2 "$at: '${words[i]}': a size" \
			"that is scaled is written {1G}"
		words[i]=$word
	done
}

# in_mib SIZE: scaled, in whole MiB
in_mib()
{
	local mib

	mib=$((${1%[MG]} * scale_of / scale_by))
	[[ $1 != *G ]] || mib=$((${1%G} * 1024 * scale_of / scale_by))
	echo "$mib"
}

# cell_memory: sets mem_mib, cxl_mib and reserve from the cell's
cell_memory()
{
	local free

	mem_mib=$(in_mib "$mem") cxl_mib=$(in_mib "$cxl_mem") reserve=()
	((mem_mib >= MEM_MIN)) || mem_mib=$MEM_MIN
	((cxl_mib && cxl_mib % CXL_STEP == 0)) || die 2 "$at: cxl_mem" \
		"$cxl_mem at scale $scale is no multiple of ${CXL_STEP}M," \
		"as regions are: take another --scale"
	[[ $dram_free ]] || return 0
	free=$(in_mib "$dram_free")
	((free)) || die 2 "$at: dram_free $dram_free at scale $scale: too small"
	# The kernel's own does not shrink with the machine: its image, tier,
	# and a struct page (1/64) for all memory
	while ((mem_mib - 112 - (mem_mib + cxl_mib) / 64 < free)); do
		((mem_mib += 64))
	done
	reserve=(--hog "node0:free=${free}M,lock")
}

# plan_cell JSON REPEAT: the cell as it will be run, as JSON
plan_cell()
{
	local cell topology mem cxl_mem smp dram_free latency count scope
	local timeout at words mem_mib cxl_mib reserve options=()

	eval "$(jq -r 'def s(k): k + "=" + (.[k] // "" | @sh);
		s("cell"), s("topology"), s("mem"), s("cxl_mem"), s("smp"),
		s("dram_free"), s("latency"), s("scope"), s("timeout"), s("at"),
		"count=\(if has("count") then "1" else "" end)",
		"words=(\(.words | @sh))"' <<<"$1")"
	[[ ! $topology_wanted ]] || topology=$topology_wanted
	scale_words
	cell_memory
	if [[ $latency$count ]] && ! at_least "$qemu_version" "$PLUGIN_QEMU"; then
		say "$cell: QEMU $qemu_version takes no plugin: without it"
		latency='' count=''
	fi
	if [[ $ICOUNT ]]; then
		[[ ! $latency ]] || say "$cell: --icount: no latency is injected"
		latency='' smp=1
	fi
	[[ ! $latency ]] || options+=(--latency "$latency")
	[[ ! $count ]] || options+=(--count)
	[[ ! $scope || ! $latency$count ]] || options+=(--scope "$scope")
	((${#reserve[@]} == 0)) || words=("${reserve[@]}" "${words[@]}")
	[[ $2 = 1 || " ${words[*]} " = *" --seed"* ]] ||
		words+=(--seed $(($2 - 1)))
	check_words
	jq -cn --arg id "$cell.$2" --arg cell "$cell" --argjson repeat "$2" \
		--arg topology "$topology" --arg mem "${mem_mib}M" \
		--arg cxl_mem "${cxl_mib}M" --arg smp "$smp" \
		--arg dram_free "$dram_free" --arg latency "$latency" \
		--arg timeout "$timeout" \
		'$ARGS.named + {words: $ARGS.positional}' --args -- \
		"${options[@]}" --once "${words[@]}"
}

# What tier would call bad usage is found before anything boots.  What this
# machine lacks is none of the guest's business.
check_words()
{
	local said status=0

	said=$("$B/tier" --dry-run --once "${words[@]}" 2>&1 >/dev/null) ||
		status=$?
	((status != 2)) || die 2 "$at: ${said#tier: }"
	kernel_command_line --once "${words[@]}" >/dev/null
}

# make_plan: sets plan, JSON, from what was read and the options
make_plan()
{
	local object repeat planned=()

	for object in "${cells[@]}"; do
		for ((repeat = 1; repeat <= repeats; repeat++)); do
			# in a shell of its own: it ends this one all the same
			planned+=("$(plan_cell "$object" "$repeat")")
		done
	done
	plan=$(printf '%s\n' "${planned[@]}" | jq -s --arg name "$name" \
		--arg title "$title" --arg scale "$scale" --arg rank "$rank" \
		--argjson repeats "$repeats" --arg kernel "$kernel_version" \
		--arg qemu "$qemu_version" --arg icount "$ICOUNT" \
		--arg notes "$(printf '%s\n' "${notes[@]}")" \
		--arg theirs "$(printf '%s\n' "${theirs[@]}")" \
		'{name: $name, title: $title, scale: $scale, rank: $rank,
		repeats: $repeats, kernel: $kernel, qemu: $qemu,
		icount: $icount, notes: $notes,
		theirs: ([$theirs | splits("\n") | select(. != "")
			| [splits(" +")] | {(.[0]): .[1:]}] | add // {}),
		cells: .}')
	check_host_memory
}

# A guest's memory is taken as it is touched, but in the end it is
check_host_memory()
{
	local most free

	most=$(jq '[.cells[] | (.mem | rtrimstr("M") | tonumber) +
		(.cxl_mem | rtrimstr("M") | tonumber) * (if .topology |
		test("2$|switch") then 2 else 1 end)] | max' <<<"$plan")
	free=$(($(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) /
		1024))
	((most * jobs <= free)) || die 3 "a guest has ${most} MiB$( ((jobs > 1)) &&
		echo ", $jobs at once $((most * jobs))"); this machine has" \
		"$free free: try --scale 1/$((most * jobs * scale_by /
		(free * scale_of) + 1))$( ((jobs > 1)) && echo " or --jobs 1")"
}

# cell_command ID [exec]: one line for any shell, or for one that is of no use
# behind it
cell_command()
{
	local row name default line words

	line="cd $(shell_word "$ROOT") && ${2:+$2 }env"
	for row in "${VARIABLES[@]}"; do
		IFS='|' read -r name default _ <<<"$row"
		case $name in
		TOPOLOGY | MEM | CXL_MEM | SMP | TIMEOUT | OUT) continue;;
		esac
		[[ ${!name} = "$default" ]] ||
			line+=" $name=$(shell_word "${!name}")"
	done
	mapfile -t words < <(jq -r --arg id "$1" '.cells[] | select(.id == $id)
		| "TOPOLOGY=\(.topology)", "MEM=\(.mem)", "CXL_MEM=\(.cxl_mem)",
		"SMP=\(.smp)", "TIMEOUT=\(.timeout)"' "$dir/plan.json")
	line+=" ${words[*]} OUT=$(shell_word "$dir/cells")"
	line+=" ./build.sh run --name $1"
	while IFS= read -r name; do
		line+=" $(shell_word "$name")"
	done < <(jq -r --arg id "$1" '.cells[] | select(.id == $id) | .words[]' \
		"$dir/plan.json")
	echo "$line"
}

# --- running ----------------------------------------------------------------

# Sets dir to the newest of that name
find_begun()
{
	[[ -s $OUT/$name/plan.json ]] ||
		die 1 "there is no experiment $name in $OUT"
	dir=$(realpath "$OUT/$name")
}

# Sets dir: a new directory with the plan, or, to resume, the newest one
open_experiment()
{
	make_out
	if [[ $resume ]]; then
		find_begun
		[[ $(jq -cS . "$dir/plan.json") = "$(jq -cS . <<<"$plan")" ]] ||
			die 2 "--resume: ${dir##*/} was begun with other cells" \
				"or options (see its plan.json)"
	else
		[[ ! -e $OUT/$name || -L $OUT/$name ]] ||
			die 1 "$OUT/$name is there, and no link to an experiment"
		dir=$(new_directory "$OUT/$name-$(date +%Y%m%d-%H%M%S)")
		mkdir "$dir/cells"
		put "$dir/plan.json" "$plan"
		ln -sfn "${dir##*/}" "$OUT/$name"
	fi
	exec 6>"$dir/.lock"
	flock -n 6 || die 1 "${dir##*/} is under way"
}

# Who goes on with an experiment has mended why a cell failed, or hopes so
left_to_do()
{
	local id

	while IFS= read -r id; do
		[[ $(cat "$dir/cells/$id/verdict" 2>/dev/null) = passed ]] ||
			echo "$id"
	done < <(jq -r '.cells[].id' "$dir/plan.json")
}

# Runs what is left.  A cell that fails does not keep the others from running.
run_cells()
{
	local left pid stopped='' command

	mapfile -t left < <(left_to_do)
	((${#left[@]})) || return 0
	command=("$EXPERIMENTS/cell" "$dir" "$jobs")
	if ((jobs > 1)); then
		need parallel
		printf '%s\n' "${left[@]}" | parallel --will-cite --jobs "$jobs" \
			--line-buffer --joblog "$dir/joblog" "${command[@]}" \
			6>&- &
	else
		"${command[@]}" "${left[@]}" 6>&- &
	fi
	pid=$!
	# Twice: the first one makes parallel wait for what runs
	trap 'stopped=1; kill -TERM "$pid" 2>/dev/null &&
		kill -TERM "$pid" 2>/dev/null || true' INT TERM HUP QUIT
	wait_through "$pid" || true
	trap - INT TERM HUP QUIT
	[[ ! $stopped ]] || {
		make_report || true
		die 1 "interrupted; --resume goes on"
	}
}

write_commands()
{
	local id line

	mkdir -p "$dir/commands"
	while IFS= read -r id; do
		# Whoever ends it ends the run, and not only a shell around it
		line=$(cell_command "$id" exec)
		put "$dir/commands/$id" "$line"
	done < <(jq -r '.cells[].id' "$dir/plan.json")
}

# --- the verb ---------------------------------------------------------------

experiment_usage()
{
	cat <<USAGE
usage: ./build.sh experiment list
       ./build.sh experiment NAME|FILE [OPTIONS]
       ./build.sh experiment sweep KEY=V,V,... --workload "gups ..." [OPTIONS]

  --scale N/M        memory and the sizes written {1G} times N/M (1)
  --repeat N         each cell so often, with other seeds (1)
  --jobs N           guests at once (1), by GNU parallel
  --topology NAME    the machine, for all cells
  --kernel VERSION   6.12, 7.3 or a bzImage
  --icount           time is counted in instructions: a cell repeats, on one CPU
  --cells            print a shell command a cell, and run nothing
  --resume           go on with the newest one of that name
  --report           make its report again, from what there is
USAGE
}

cmd_experiment()
{
	local what='' spec='' workload='' scale=1 scale_of=1 scale_by=1
	local repeats=1 jobs=1 topology_wanted='' only='' resume='' name=''
	local title='' notes=() theirs=() rank='' cells=() names=() plan dir file
	local -A setting=([topology]=$TOPOLOGY [mem]=$MEM [cxl_mem]=$CXL_MEM
		[smp]=$SMP [timeout]=$TIMEOUT)

	parse_experiment "$@"
	case $what$only in
	list*)
		list_experiments
		return
		;;
	*report)
		find_begun
		make_report
		return
		;;
	sweep*) read_sweep "$spec";;
	*) read_experiment "$file";;
	esac
	need "${NEED_RUN[@]}"
	lock
	build_initramfs
	build_qemu
	unlock
	make_plan
	open_experiment
	write_commands
	if [[ $only = cells ]]; then
		jq -r '.cells[].id' "$dir/plan.json" |
			while IFS= read -r name; do
				cell_command "$name"
			done
		return
	fi
	run_cells
	make_report
	jq -e 'all(.[]; .verdict == "passed")' "$dir/results.json" \
		>/dev/null || leave 1
}

list_experiments()
{
	local entry

	for entry in "$EXPERIMENTS"/*.exp; do
		printf '%-12s %s\n' "$(basename "$entry" .exp)" \
			"$(sed -nE 's/^title +//p' "$entry")"
	done
	printf '%-12s %s\n' sweep "one tunable: sweep KEY=V,V --workload \"...\""
}

# parse_experiment ARGUMENTS...: to the variables of cmd_experiment
parse_experiment()
{
	while (($#)); do
		case $1 in
		--*=*)
			set -- "${1%%=*}" "${1#*=}" "${@:2}"
			continue
			;;
		--cells) only=cells;;
		--report) only=report;;
		--resume) resume=1;;
		--icount) ICOUNT=${ICOUNT:-1};;
		--help | -h)
			experiment_usage
			leave 0
			;;
		--scale | --repeat | --jobs | --topology | --kernel | --workload)
			(($# > 1)) || die 2 "experiment: $1 needs a value"
			experiment_option "$1" "$2"
			shift
			;;
		-*) die 2 "experiment: no option $1 (./build.sh experiment --help)";;
		*)
			if [[ ! $what ]]; then
				what=$1
			elif [[ $what = sweep && ! $spec ]]; then
				spec=$1
			else
				die 2 "experiment: '$1' is one word too many"
			fi
			;;
		esac
		shift
	done
	find_experiment
}

experiment_option()
{
	case $1 in
	--scale)
		[[ $2 =~ ^([1-9][0-9]{0,3})(/([1-9][0-9]{0,3}))?$ ]] ||
			die 2 "--scale $2: give e.g. 1/8"
		scale=$2 scale_of=${BASH_REMATCH[1]}
		scale_by=${BASH_REMATCH[3]:-1}
		;;
	--repeat)
		[[ $2 =~ ^[1-9][0-9]?$ ]] || die 2 "--repeat $2: 1 to 99"
		repeats=$2
		;;
	--jobs)
		[[ $2 =~ ^[1-9][0-9]?$ ]] || die 2 "--jobs $2: 1 to 99"
		jobs=$2
		;;
	--topology)
		is_topology "$2" ||
			die 2 "--topology $2: there are $(topologies)"
		topology_wanted=$2
		;;
	--kernel) KERNEL=$2;;
	--workload) workload=$2;;
	esac
}

# Sets file and name from what
find_experiment()
{
	case $what in
	'')
		experiment_usage >&2
		leave 2
		;;
	list) return;;
	sweep)
		[[ $spec || $only = report ]] || die 2 "sweep: which KEY=VALUE,VALUE?"
		name=sweep
		return
		;;
	*/* | *.exp) file=$what;;
	*) file=$EXPERIMENTS/$what.exp;;
	esac
	[[ -f $file && -r $file ]] || die 2 "no experiment '$what'; there are" \
		"$(cd "$EXPERIMENTS" && printf '%s ' *.exp | sed 's/\.exp//g')and sweep"
	name=$(basename "$file" .exp)
	[[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ && $name != latest ]] ||
		die 2 "$file: a name of letters, digits, . _ and - is needed"
}
