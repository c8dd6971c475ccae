# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The report of an experiment: tables (Markdown, CSV, HTML) by report.jq, and
# pictures by gnuplot, from the records of its runs.
#
# Sourced by build.sh.

# The variables in single quotes are jq's
# shellcheck disable=SC2016

# report_jq FILTER ARGUMENTS...: over plan and results, raw
report_jq()
{
	local filter=$1

	shift
	jq -nr "$@" --slurpfile plans "$dir/plan.json" \
		--slurpfile all "$dir/results.json" \
		"\$plans[0] as \$plan | \$all[0] as \$results |
		$(<"$EXPERIMENTS/report.jq") $filter"
}

# Everything is made again from the runs' records, also of an experiment that
# was stopped
make_report()
{
	collect_results
	report_jq markdown >"$dir/report.md"
	report_jq csv >"$dir/summary.csv"
	report_jq counters_csv >"$dir/counters.csv"
	make_pictures
	make_html
	report_jq text
	report_jq sparks
	say "$(jq 'map(select(.verdict == "passed")) | length' \
		"$dir/results.json") of $(jq length "$dir/results.json") passed;" \
		"$dir/index.html, report.md"
}

collect_results()
{
	local cell run verdict

	while IFS= read -r cell; do
		run=$dir/cells/$(jq -r .id <<<"$cell")
		verdict=$(cat "$run/verdict" 2>/dev/null ||
			echo "failed: did not run")
		jq -c -nR --argjson cell "$cell" --arg verdict "$verdict" \
			-f "$EXPERIMENTS/result.jq" \
			< <(cat "$run/records.jsonl" 2>/dev/null)
	done < <(jq -c '.cells[]' "$dir/plan.json") | jq -s . \
		>"$dir/results.json"
}

make_html()
{
	local picture manifest pictures=()

	for picture in bars near rate moves nodes heat; do
		[[ ! -s $dir/$picture.svg ]] || pictures+=("$picture")
	done
	manifest=$({ cat "$dir"/cells/*/manifest.json 2>/dev/null || true; } |
		jq -s '.[0] | del(.arguments, .guest)')
	for picture in "${pictures[@]}"; do
		# the XML prologue has no place in the middle of a page
		sed -n '/<svg/,$p' "$dir/$picture.svg" | jq -Rs --arg caption \
			"$(<"$dir/data/$picture.txt")" '{svg: ., $caption}'
	done | jq -s . >"$dir/pictures.json"
	report_jq "html(\$pictures[0]; \$manifest)" \
		--slurpfile pictures "$dir/pictures.json" \
		--arg manifest "$manifest" >"$dir/index.html"
	rm "$dir/pictures.json"
}

# --- pictures ---------------------------------------------------------------

make_pictures()
{
	local all_cells

	rm -rf "$dir"/*.svg "$dir"/*.png "$dir/data"
	if ! command -v gnuplot >/dev/null; then
		(need gnuplot-nox) || {
			say "no gnuplot: no pictures"
			return 0
		}
	fi
	mkdir "$dir/data"
	mapfile -t all_cells < <(report_jq 'cells[]')
	series_data
	bars_data
	heat_data
	plot_series near "Near share of the updates over time, as sampled; marks \
where the hot set moved" "near share, %" 2 "[0:105]"
	plot_series rate "Rate over time (emulated)" "million updates a second" 3 \
		"[0:*]"
	plot_panels moves "Pages migrated, by mechanism, a row of the timeline \
each" "MiB in a row" "5:NUMA balancing:1 6:DAMON:2 7:reclaim, demoted:3"
	plot_panels nodes "Memory in use" "MiB" "8:node 0:1 9:node 1:2"
	plot_bars
	plot_heat
}

# A file a cell, of its first run that passed: seconds, near share (%), rate
# (M/s), counted near share, promoted, DAMON's, demoted (MiB), used of nodes
# 0 and 1 (MiB), 1 where the hot set moved
series_data()
{
	local cell

	for cell in "${all_cells[@]}"; do
		report_jq 'passed($c)[0] | ([.nodes[]? |
			{("node\(.node)"): .total_bytes}] | add) as $total
			| .timeline | select(length > 1) | .[] | [.t_s,
			(.near_share | if . then . * 100 else "?" end),
			(.updates_per_s | if . then . / 1e6 else "?" end),
			(.near_share_counted | if . then . * 100 else "?" end),
			(.pages.promoted_numab // 0) / 256,
			(.pages.moved_damon // 0) / 256,
			((.pages | [.demoted_kswapd, .demoted_direct,
				.demoted_khugepaged, .demoted_proactive]
				| map(numbers) | add // 0) / 256),
			((($total.node0 // 0) - (.free_bytes.node0 // 0)) / 1048576),
			((($total.node1 // 0) - (.free_bytes.node1 // 0)) / 1048576),
			(if .hot_set_moved then 1 else 0 end)] | @tsv' \
			--arg c "$cell" >"$dir/data/$cell.tsv"
		[[ -s $dir/data/$cell.tsv ]] || rm "$dir/data/$cell.tsv"
	done
}

bars_data()
{
	report_jq 'cells[] | . as $c | [passed($c)[].values.updates_per_s | numbers
		/ 1e6] | select(length > 0) | [$c, median, min, max] | @tsv' \
		>"$dir/data/bars"
}

# DAMON's regions of a cell's first run that passed: middle, access rate (%) and
# half of the width, in GiB of physical addresses
heat_data()
{
	local cell

	for cell in "${all_cells[@]}"; do
		report_jq 'passed($c)[0].regions // [] | sort_by(.start)[] |
			[(.start + .size_bytes / 2) / 1073741824,
			.access_rate * 100, .size_bytes / 2147483648] | @tsv' \
			--arg c "$cell" >"$dir/data/$cell.heat"
		[[ -s $dir/data/$cell.heat ]] || rm "$dir/data/$cell.heat"
	done
}

# gnuplot_both NAME WIDTH HEIGHT: the commands on standard input, as SVG and PNG.
# Files are named from the experiment's directory: gnuplot writes their names
# into pictures, which people hand on.
gnuplot_both()
{
	local commands terminal

	commands=$(cat)
	for terminal in 'svg size %s,%s font "sans,13" background "white"' \
		'pngcairo size %s,%s font "sans,11"'; do
		# shellcheck disable=SC2059
		printf "set terminal $terminal\nset output \"%s.%s\"\n%s\n" \
			"$2" "$3" "$1" "$(cut -c1-3 <<<"${terminal/cairo/}")" \
			"$commands" | (cd "$dir" && gnuplot) 2>"$dir/data/$1.err" || {
			say "gnuplot could not draw $1:" \
				"$(head -n 3 "$dir/data/$1.err")"
			rm -f "$dir/$1".{svg,png}
			return 0
		}
	done
}

# Told apart without colours: by dashes and marks
PLOT_STYLE='set border 3 lw 0.6
set tics nomirror out scale 0.6
set key outside right top samplen 3 spacing 1.1 noenhanced
set xrange [0:*] noextend
set linetype 1 lc rgb "#000000" lw 1.6 dt 1 pt 4 ps 0.6
set linetype 2 lc rgb "#0055a4" lw 1.6 dt 2 pt 6 ps 0.6
set linetype 3 lc rgb "#c04000" lw 1.6 dt 4 pt 8 ps 0.6
set linetype 4 lc rgb "#5a9a3a" lw 1.6 dt 5 pt 12 ps 0.6
set linetype 5 lc rgb "#777777" lw 1.6 dt 1 pt 5 ps 0.6
set linetype 6 lc rgb "#7a3fa0" lw 1.6 dt 3 pt 7 ps 0.6
set linetype 7 lc rgb "#b08a00" lw 1.6 dt 2 pt 9 ps 0.6
set linetype 8 lc rgb "#aaaaaa" lw 1.6 dt 4 pt 13 ps 0.6'

# plotted COLUMN: the cells that have that of a series, as they are ordered
plotted()
{
	local cell

	for cell in "${all_cells[@]}"; do
		[[ ! -s $dir/data/$cell.tsv ]] ||
			! cut -f"$1" "$dir/data/$cell.tsv" | grep -qv '^?$' ||
			echo "$cell"
	done
}

# plot_series NAME CAPTION LABEL COLUMN RANGE: a line a cell
plot_series()
{
	local cells_here cell plots='' i=0

	mapfile -t cells_here < <(plotted "$4")
	((${#cells_here[@]})) || return 0
	for cell in "${cells_here[@]}"; do
		((i += 1))
		plots+="${plots:+, }\"data/$cell.tsv\" using 1:$4 \
with linespoints lt $(((i - 1) % 8 + 1)) pi 5 title \"$cell\""
	done
	# The hot set moves at about the same time in all cells
	plots+=", \"data/${cells_here[0]}.tsv\" using \
(\$10 > 0 ? \$1 : 1/0):(1) axes x1y2 with impulses lt 5 dt 3 notitle"
	echo "$2" >"$dir/data/$1.txt"
	gnuplot_both "$1" 820 330 <<PLOT
$PLOT_STYLE
set datafile missing "?"
set xlabel "seconds of updates (emulated)"
set ylabel "$3"
set yrange $5 noextend
set y2range [0:1]
plot $plots
PLOT
}

# plot_panels NAME CAPTION LABEL "COLUMN:TITLE:TYPE ...": a panel a cell
plot_panels()
{
	local cells_here cell part plots series=() column title type rest=$4

	mapfile -t cells_here < <(plotted 1)
	((${#cells_here[@]})) || return 0
	while [[ $rest =~ ^\ *([0-9]+):([^:]+):([0-9])(.*)$ ]]; do
		series+=("${BASH_REMATCH[1]}|${BASH_REMATCH[2]}|${BASH_REMATCH[3]}")
		rest=${BASH_REMATCH[4]}
	done
	echo "$2" >"$dir/data/$1.txt"
	{
		echo "$PLOT_STYLE"
		echo "set multiplot layout $(((${#cells_here[@]} + 1) / 2)),2"
		echo "set datafile missing '?'; set yrange [0:*]"
		echo "set key above maxrows 1 samplen 1.5 font \",10\"; set tics font \",10\"; set ylabel \"$3\""
		for cell in "${cells_here[@]}"; do
			plots=''
			for part in "${series[@]}"; do
				IFS='|' read -r column title type <<<"$part"
				plots+="${plots:+, }\"data/$cell.tsv\" using \
1:$column with lines lt $type title \"$title\""
			done
			echo "set title \"$cell\" noenhanced; plot $plots"
		done
		echo "unset multiplot"
	} | gnuplot_both "$1" 820 $((240 * ((${#cells_here[@]} + 1) / 2)))
}

plot_bars()
{
	(($(wc -l <"$dir/data/bars") > 1)) || return 0
	echo "Rate of the cells: median, and the range of the repeats (emulated)" \
		>"$dir/data/bars.txt"
	gnuplot_both bars 820 300 <<PLOT
$PLOT_STYLE
unset key
set xrange [-0.6:$(wc -l <"$dir/data/bars")-0.4]
set style fill solid 0.35 border
set boxwidth 0.6
set yrange [0:*]
set xtics noenhanced
set ylabel "million updates a second"
set datafile separator "\\t"
plot "data/bars" using 0:2:xtic(1) with boxes lt 5$(
	[[ $(jq .repeats "$dir/plan.json") = 1 ]] ||
		echo ", '' using 0:2:3:4 with yerrorbars lt 1 ps 0.1")
PLOT
}

plot_heat()
{
	local cell all=("$dir"/data/*.heat)

	[[ -e ${all[0]} ]] || return 0
	echo "What DAMON saw in its last round: in how many of its samples \
memory was found accessed, by physical address; nothing where it did not look" \
		>"$dir/data/heat.txt"
	{
		echo "$PLOT_STYLE"
		echo "set multiplot layout ${#all[@]},1"
		echo "unset key; set yrange [0:100]; set style fill solid 0.5"
		echo "set ylabel 'accessed, %'; set xrange [*:*]"
		echo "set xlabel 'physical address, GiB'; set format x '%g'"
		for cell in "${all_cells[@]}"; do
			[[ -s $dir/data/$cell.heat ]] || continue
			echo "set title \"$cell\" noenhanced"
			echo "plot \"data/$cell.heat\" using (\$1-\$3):(0):(\$1-\$3):\
(\$1+\$3):(0):2 with boxxyerror lt 1 lw 0.4"
		done
		echo "unset multiplot"
	} | gnuplot_both heat 820 $((220 * ${#all[@]}))
}
