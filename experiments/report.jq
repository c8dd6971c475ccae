# SPDX-License-Identifier: GPL-2.0-only
#
# The report of an experiment, from its results ($results) and plan ($plan):
#   tables    what is in it, as JSON: sections of rows and columns
#   markdown, csv, html   these in each form
# A cell of a table is the median of its repeats, and their range behind it.

# --- numbers ----------------------------------------------------------------

def median: sort | length as $n
	| if $n == 0 then null
	elif $n % 2 == 1 then .[$n / 2 | floor]
	else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;

# Four digits are more than an emulator's figures deserve, but counts are exact.
def shown:
	if . == null then "-"
	elif type != "number" then tostring
	elif . == floor and fabs < 1e15 then tostring
	elif fabs >= 100 then (. * 10 | round / 10 | tostring)
	elif fabs >= 1 then (. * 100 | round / 100 | tostring)
	else (. * 10000 | round / 10000 | tostring) end;

def spread: map(numbers) | sort
	| if length == 0 then "-"
	elif length == 1 or .[0] == .[-1] then (median | shown)
	else "\(median | shown) (\(.[0] | shown) to \(.[-1] | shown))" end;

# --- what is compared -------------------------------------------------------

def cells: [$plan.cells[].cell] | reduce .[] as $c ([]; if index([$c]) then .
	else . + [$c] end);

def passed($cell): [$results[]
	| select(.cell == $cell and .verdict == "passed")];

# key, what it is called, its unit; scale to the unit
def metrics: [
	["updates_per_s", "updates", "M/s", 1e-6],
	["elapsed_s", "updated for", "s", 1],
	["errors", "errors", "words", 1],
	["near_mean", "near share, mean", "%", 100],
	["near_end", "near share, at the end", "%", 100],
	["near_counted", "near share, counted", "%", 100],
	["to_90_s", "hot set 90 % near after", "s", 1],
	["arrival_s", "near again after a move", "s", 1],
	["precision", "precision", "%", 100],
	["recall", "recall", "%", 100],
	["promoted_mib", "promoted", "MiB", 1],
	["demoted_mib", "demoted", "MiB", 1],
	["migrated_mib", "all migrations", "MiB", 1],
	["modelled_ns", "modelled", "ns an update", 1],
	["waited_s", "time injected", "s", 1],
	["updates_per_page_and_sample", "updates a hot page and DAMON sample", "", 1]
];

def counter_names: [
	"numa_hit", "numa_miss", "numa_foreign", "numa_interleave",
	"numa_local", "numa_other", "pgpromote_success", "pgpromote_candidate",
	"pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged",
	"pgalloc_dma", "pgalloc_dma32", "pgalloc_normal", "pgfault",
	"pgmajfault", "kswapd_low_wmark_hit_quickly",
	"kswapd_high_wmark_hit_quickly", "numa_pte_updates",
	"numa_huge_pte_updates", "numa_hint_faults", "numa_hint_faults_local",
	"numa_pages_migrated", "pgmigrate_success", "pgmigrate_fail"
];

# A row for each thing that any cell knows
def metric_rows: [metrics[] as [$key, $name, $unit, $scale]
	| [cells[] | [passed(.)[].values[$key] | numbers * $scale]] as $values
	| select(any($values[]; length > 0))
	| [$name + (if $unit == "" then "" else ", " + $unit end)]
		+ [$values[] | spread]];

# The mechanisms are result.jq's, in its order
def move_rows: [([$results[].moves | objects | keys_unsorted][0] // [])[] as $name
	| [$name] + [cells[] | [passed(.)[].moves[$name]?] | spread]];

def counter_rows: [counter_names[] as $name
	| [$name] + [cells | to_entries[]
		| ([passed(.value)[].counters[$name]?] | spread),
		(if $plan.theirs == {} then empty
		else ($plan.theirs[$name][.key] // "-") end)]];

def counter_head: ["counter"] + [cells[]
	| ., (if $plan.theirs == {} then empty else "(theirs)" end)];

# The same reason is said once, with the cells that it is of
def reasons: [cells[] as $cell | passed($cell)[0].zeros[]?
	| {what: "\(.who): \(.why)", cell: $cell}] | group_by(.what)
	| map((map(.cell)) as $of | {what: .[0].what, of:
		(if ($of | length) == (cells | length) then "all cells"
		else [cells[] | select(IN($of[]))] | join(", ") end)})
	| map("\(.what) (\(.of))");

def failures: [$results[] | select(.verdict != "passed")
	| "\(.id): \(.verdict)"];

def perturbed: [$results[] | .id as $id | .perturbed[]? | "\($id): \(.)"];

# --- ranks ------------------------------------------------------------------

# Cells by the median of a value, the best first; those whose ranges overlap
# with the one before are no different from it.
def ranking: if $plan.rank == "" then [] else
	[cells[] | {cell: ., v: [passed(.)[].values[$plan.rank] | numbers]}
		| select(.v | length > 0)
		| . + {median: (.v | median), least: (.v | min), most: (.v | max)}]
	| sort_by(-.median) as $order
	| [range($order | length) as $i | $order[$i]
		+ {rank: ($i + 1), same: ($i > 0 and ($order[$i].v | length) > 1
			and $order[$i].most >= $order[$i - 1].least)}] end;

def rank_rows: (metrics | map(select(.[0] == $plan.rank)) | .[0][3] // 1)
	as $scale | ranking[0].median as $best
	| [ranking[] | ["\(.rank)\(if .same then " =" else "" end)", .cell,
		([.v[] * $scale] | spread),
		(.median / $best * 100 | round | tostring) + " %"]];

# --- sections ---------------------------------------------------------------

def machine: [$plan.cells[] | "\(.topology), \(.mem) + \(.cxl_mem), \(.smp) CPUs"
	+ (if .dram_free == "" then "" else ", "
		+ (.words | map(select(startswith("node0:free=")))[0] // ""
			| sub("node0:free="; "") | sub(",lock"; ""))
		+ " of DRAM free before the workload" end)
	+ (if .latency == "" then "" else ", latency \(.latency)" end)]
	| unique | join("; ");

def about: ["Machine: \(machine).",
	"Linux \($plan.kernel), QEMU \($plan.qemu); scale \($plan.scale), \($plan.repeats) repeat\(if $plan.repeats == 1 then "" else "s" end) (seeds 0 to \($plan.repeats - 1)). Emulated: times and rates are the emulator's, not hardware's."]
	+ (if $plan.icount // "" | . != "" then
	["Time is counted in instructions, \($plan.icount | tonumber | exp2) ns each, whatever they do: the same seed gives the same run, and an access to CXL memory costs what any other costs."]
	else [] end)
	+ (if $plan.repeats > 1 then
	["Medians; in brackets the range of the repeats. A difference smaller than the ranges is none."]
	else [] end);

def commands: ["cell", "tier"], ($plan.cells[] | select(.repeat == 1)
	| [.cell, (.words | join(" "))]);

def tables: [
	{id: "rank", title: "Who wins", rows: ([["", "cell",
		(metrics | map(select(.[0] == $plan.rank)) | .[0]
			| "\(.[1]), \(.[2])"), "of the best"]]
		+ rank_rows), notes: [], if: ($plan.rank != "" and
		(rank_rows | length > 0))},
	{id: "summary", title: "What came out", notes: [],
		rows: ([[""] + cells] + metric_rows), if: true},
	{id: "moves", title: "Pages moved by, while the updates ran",
		rows: ([["mechanism"] + cells] + move_rows), notes: reasons,
		if: any($results[]; .moves != null)},
	{id: "counters", title: "Kernel counters over the whole run",
		rows: ([counter_head] + counter_rows),
		notes: ((if $plan.theirs == {} then []
			else ["(theirs): the same, as others measured it."] end)
			+ ["numa_* rows count pages allocated, not accesses."]),
		if: any($results[]; .counters != null)},
	{id: "cells", title: "The cells", rows: [commands], notes: [], if: true}
] | map(select(.if) | del(.if));

# --- forms ------------------------------------------------------------------

def md_row: "| \(map(gsub("\\|"; "\\|")) | join(" | ")) |";
def md_table: (.[0] | md_row),
	"|" + ([.[0] | range(length) | if . == 0 then " --- |" else " ---: |" end]
		| add), (.[1:][] | md_row);

def markdown: "# \($plan.title)", "", (about[] | ., ""),
	(failures | select(length > 0) | "**Failed:**", "", (.[] | "* \(.)"), ""),
	(perturbed | select(length > 0) | "**Perturbed:**", "", (.[] | "* \(.)"), ""),
	(tables[] | "## \(.title)", "", (.rows | md_table), "",
		(select(.notes | length > 0) | (.notes[] | "* \(.)"), "")),
	(if $plan.notes == "" then empty else $plan.notes end);

# For a terminal: the columns under each other, the first to the left
def pad($n): . + " " * ($n - length);
def lpad($n): " " * ($n - length) + .;
def text_table: . as $rows
	| [range(.[0] | length) as $i | [$rows[][$i] | length] | max] as $wide
	| $rows[] | [(.[0] | pad($wide[0]))]
		+ [range(1; length) as $i | .[$i] | lpad($wide[$i])]
	| "  " + join("  ");

def text: "", $plan.title, (about[]), "",
	(failures[] | "FAILED   \(.)"), (perturbed[] | "perturbed  \(.)"),
	(tables[] | select(.id != "cells") | .title, (.rows | text_table),
		(.notes[] | "  * \(.)"), ""),
	(if $plan.notes == "" then empty else $plan.notes end);

# A table as CSV, a value a field: medians and ranges apart
def csv: ["cell", "metric", "unit", "runs", "median", "least", "most"],
	(cells[] as $cell | metrics[] as [$key, $name, $unit, $scale]
	| [passed($cell)[].values[$key] | numbers * $scale] | select(length > 0)
	| [$cell, $key, $unit, length, median, min, max]) | @csv;

def counters_csv: ["cell", "repeat", "counter", "value"],
	($results[] | select(.verdict == "passed") as $r
	| counter_names[] | [$r.cell, $r.repeat, ., $r.counters[.]?]) | @csv;

# Eight heights; nothing where there is no value
def spark($top): map(if . == null then " " else
	(if $top > 0 then . / $top else 0 end) * 7 | round
	| if . > 7 then 7 elif . < 0 then 0 else . end
	| ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][.] end) | join("");

# No wider than so: the mean of neighbours
def squeeze($width): length as $n | if $n <= $width then . else . as $v
	| [range($width) as $i | $v[($i * $n / $width | floor):
		(($i + 1) * $n / $width | floor)] | map(numbers)
		| if length == 0 then null else add / length end] end;

def sparks: ([$results[].timeline[]?.updates_per_s | numbers] | max // 0) as $top
	| [cells[] as $cell | passed($cell)[0] | select(.timeline | length > 1)
	| select([.timeline[] | .near_share, .updates_per_s | numbers] != [])
	| {cell: $cell,
		near: (.timeline | map(.near_share) | squeeze(48) | spark(1)),
		rate: (.timeline | map(.updates_per_s) | squeeze(48) | spark($top))}]
	| select(length > 0)
	| ([.[].cell | length] | max) as $wide
	| "over time, near share from 0 to 100 %, rate from 0 to \($top / 1e6 * 100 | round / 100) M/s",
	(.[] | (.cell | pad($wide)) as $name
	| "  \($name)  near \(.near)", "  \(" " * $wide)  rate \(.rate)");

def escape: @html;
def html_table: "<table>", "<tr>\(.[0] | map("<th>\(escape)</th>") | add)</tr>",
	(.[1:][] | "<tr>\(map("<td>\(escape)</td>") | add)</tr>"), "</table>";

def html_pictures($pictures): $pictures[] | "<figure>\(.svg)<figcaption>\(.caption | escape)</figcaption></figure>";

def html($pictures; $manifest): "<!DOCTYPE html>", "<html lang=\"en\"><head><meta charset=\"utf-8\">",
	"<title>\($plan.title | escape)</title>", "<style>",
	"body { font: 15px/1.45 sans-serif; max-width: 68em; margin: 2em auto; padding: 0 1em; color: #111; }",
	"table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }",
	"th, td { padding: .15em .7em; text-align: right; white-space: nowrap; }",
	"th { border-bottom: 1px solid #111; } th:first-child, td:first-child { text-align: left; }",
	"tr:nth-child(even) td { background: #f4f4f4; }",
	"#cells td, #cells th { text-align: left; } #rank td:nth-child(2), #rank th:nth-child(2) { text-align: left; }",
	"figure { margin: 1.5em 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #444; }",
	".bad { border-left: 4px solid #111; padding-left: 1em; } pre { background: #f4f4f4; padding: 1em; overflow-x: auto; }",
	"</style></head><body>", "<h1>\($plan.title | escape)</h1>",
	(about[] | "<p>\(escape)</p>"),
	(failures | select(length > 0) | "<div class=\"bad\"><h2>Failed</h2><ul>",
		(.[] | "<li>\(escape)</li>"), "</ul></div>"),
	(perturbed | select(length > 0) | "<div class=\"bad\"><h2>Perturbed</h2><ul>",
		(.[] | "<li>\(escape)</li>"), "</ul></div>"),
	(tables[] | "<section id=\"\(.id)\"><h2>\(.title | escape)</h2>",
		(.rows | html_table),
		(select(.notes | length > 0) | "<ul>",
			(.notes[] | "<li>\(escape)</li>"), "</ul>"), "</section>"),
	(if $plan.notes == "" then empty else "<p>\($plan.notes | escape)</p>" end),
	html_pictures($pictures),
	"<h2>What ran on what</h2><pre>\($manifest | escape)</pre>",
	"</body></html>";
