# SPDX-License-Identifier: GPL-2.0-only
"""What a report of an experiment, or of a run, says: a page of tables, which
report_text.py, report_md.py, report_html.py and report_csv.py write.

A cell of a table is the median of its repeats, and their range behind it.
"""
import collections
import math

from . import metrics, parse, records, run, stats
from .common import on_a_line

Table = collections.namedtuple(
    "Table", "id title head rows notes folded", defaults=([], False))

# What a lower bound is of: of a mean over moves, not all came
MISSED = {"to_90_s": "never", "arrival_s": "not always"}
WORTH_SEEING = 0.05


class Page:
    """In the order in which it is read.  details: (title, text), folded."""

    def __init__(self, title):
        self.title, self.about, self.conclusion = title, [], []
        self.alarms, self.tables, self.notes = {}, [], ""
        self.pictures, self.details = [], []


# --- figures ------------------------------------------------------------------

def shown(value):
    """Four digits are more than an emulator's figures deserve, but counts are
    exact."""
    if value is None:
        return "-"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return str(value)
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    size = abs(value)
    if size < 0.1 or size >= 1e15:
        return f"{value:.3g}"
    digits = 1 if size >= 100 else 2 if size >= 1 else 4
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def spread(values):
    """Median and range of plain figures."""
    values = sorted(v for v in values if v is not None)
    if not values:
        return "-"
    if len(values) == 1 or shown(values[0]) == shown(values[-1]):
        return shown(stats.median(values))
    return (f"{shown(stats.median(values))} ({shown(values[0])} to "
            f"{shown(values[-1])})")


def least(figures):
    """Of [(value, is a lower bound)] what each is at least."""
    return [value for value, _ in figures]


def at_least(of, figures):
    """What of() makes of them, and > before it if it may be more: where what
    did not come would have come later, or never."""
    low = of(least(figures))
    most = of([math.inf if bound else value for value, bound in figures])
    return f"{'> ' if low != most else ''}{shown(low)}"


def spread_missed(figures, missed, runs=0):
    """The same of [(value, is a lower bound)]: what did not come counts.  Of so
    many runs that passed; those that have no such figure do not."""
    short = sum(bound for _, bound in figures)
    of = f", in {len(figures)} of {runs}" if 0 < len(figures) < runs else ""
    if not short:
        return spread(least(figures)) + of
    span = "" if short == len(figures) else \
        f" ({at_least(min, figures)} to {at_least(max, figures)})"
    missed += f" {short} of {len(figures)}" if len(figures) > 1 else ""
    return f"{at_least(stats.median, figures)}{span}, {missed}{of}"


def percent(share):
    if share is None:
        return "-"
    return f"{100 * share:.0f} %" if abs(share) >= 0.1 else \
        f"{100 * share:.2g} %"


def with_unit(metric):
    return metric.name + (f", {metric.unit}" if metric.unit else "")


def count(number, thing):
    return f"{number} {thing}{'' if number == 1 else 's'}"


def listed(words):
    words = list(words)
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


# --- what is compared ---------------------------------------------------------

class Results:
    """A plan and the figures of its runs."""

    def __init__(self, plan, results):
        self.plan, self.results = plan, results
        order = sorted(plan["cells"], key=lambda run: run["repeat"])
        self.cells = [c for c in dict.fromkeys(run["cell"] for run in
                                               plan["cells"]
                                               if run["repeat"] == 1)
                      if c != self.reference]
        self.runs = {c: [r for r in results if r["cell"] == c]
                     for c in dict.fromkeys(run["cell"] for run in order)}
        self.good = {c: [r for r in runs if r["verdict"] == "passed"]
                     for c, runs in self.runs.items()}
        rated = all(parse.has_option(run["words"], "--rate")
                    for run in plan["cells"])
        known = [{k for r in self.good[c] for k in metrics.BY_KEY
                  if k in r["never"] or r["values"].get(k) is not None}
                 for c in self.cells if self.good[c]]
        self.metric = metrics.main(plan.get("rank", ""), rated, known)
        self.values = self.metric and {c: self.plain(c, self.metric)
                                       for c in self.cells}
        self.limit = self.limit_of(self.metric) if self.metric else math.inf
        self.ranking = list(map(self.as_it_was, stats.ranking(
            self.values, self.metric.better))) \
            if self.metric and self.metric.better else []

    @property
    def reference(self):
        return "reference" if self.plan.get("reference") else None

    def each(self, cell, metric):
        """(value in the metric's unit, is a lower bound) of what passed."""
        for r in self.good[cell]:
            value, bound = r["values"].get(metric.key), False
            if value is None:
                value, bound = r["never"].get(metric.key), True
            yield None if value is None else value * metric.scale, bound

    def figures(self, cell, metric):
        return [f for f in self.each(cell, metric) if f[0] is not None]

    def as_it_was(self, row):
        """A rank is by what all were waited for; the figures beside it are the
        cell's own, or what they are at least."""
        values = least(self.figures(row.cell, self.metric))
        low, high, _ = stats.interval(values) if row.rank else (None,) * 3
        return row._replace(median=stats.median(values), low=low, high=high)

    def of_best(self, cell):
        """A cell's median, as a share of the best one's: where that is more
        than 0 and known, and the cell's not negative.  More than that, perhaps."""
        best = self.figures(self.ranking[0].cell, self.metric)
        ours = self.figures(cell, self.metric)
        value, whole = (stats.median(least(f)) for f in (ours, best))
        if value < 0 or whole <= 0 or at_least(stats.median, best)[0] == ">":
            return None
        return value / whole

    def limit_of(self, metric):
        """The least time that was waited in vain."""
        return min((value for c in self.cells
                    for value, bound in self.figures(c, metric) if bound),
                   default=math.inf)

    def ranked(self, cell, metric):
        """A value a run that passed, or None: all from the least time that was
        waited in vain on are the same."""
        limit = self.limit_of(metric)
        return [None if value is None else min(value, limit)
                for value, _ in self.each(cell, metric)]

    def plain(self, cell, metric):
        return [v for v in self.ranked(cell, metric) if v is not None]

    def name(self, cell):
        """With the runs it has left, if that is not all."""
        good, runs = len(self.good[cell]), len(self.runs[cell])
        return cell if good == runs else f"{cell} (n = {good} of {runs})"

    def reference_values(self):
        return self.plain(self.reference, self.metric) \
            if self.reference and self.metric else []


def collect(directory, plan):
    """Everything is made again from the runs' records, also of an experiment
    that was stopped."""
    results, own = [], plan.get("metrics", [])
    metrics.add(own)
    for cell in plan["cells"]:
        found = records.read(directory / "cells" / cell["id"]
                             / "records.jsonl")
        results.append({**cell, "verdict": run.verdict(directory, cell["id"]),
                        **records.of(found)})
        results[-1]["values"].update(records.printed(
            directory / "cells" / cell["id"] / "console.log", own))
        results[-1]["sums"] = sums(directory / "cells" / cell["id"])
    return Results(plan, results)


def sums(directory):
    """Checksums of the programs of a run, by name."""
    said = records.manifest(directory)
    found = {name: total for name, total in said.get("sha256", {}).items()
             if name in ("tier", "tier_pmu", "topology")}
    found.update(said.get("added") or {})
    return found


# --- ranks --------------------------------------------------------------------

def rank_table(r):
    metric, rows = r.metric, []
    for row in r.ranking:
        rank = f"{row.rank}{' =' if row.same else ''}" if row.rank \
            else "n = 1"
        rows.append([
            rank, row.cell, middle(r, row.cell),
            " to ".join(at_least(lambda v, i=i: stats.interval(v)[i],
                                 r.figures(row.cell, metric)) for i in (0, 1))
            if row.rank else "-", runs_left(r, row.cell), share(r, row.cell),
            "-" if not row.rank else str(row.first) if row.first == row.last
            else f"{row.first} to {row.last}"])
    ranked = {row.cell for row in r.ranking}
    rows += [["failed" if not r.good[c] else "-", c, "-", "-",
              runs_left(r, c), "-", "-"] for c in r.cells if c not in ranked]
    return Table(
        "rank", f"By {metric.name}: {metric.better} is better",
        ["", "cell", with_unit(metric), "interval", "runs", "of the best",
         "rank"], rows, rank_notes(r))


def middle(r, cell):
    """The median; > : the run in the middle waited in vain."""
    return at_least(stats.median, r.figures(cell, r.metric))


def share(r, cell):
    more = "> " if middle(r, cell)[0] == ">" else ""
    found = r.of_best(cell)
    return percent(found) if found is None else more + percent(found)


def missed(r, cell):
    return any(bound for _, bound in r.figures(cell, r.metric))


def runs_left(r, cell):
    """Those that have the figure."""
    good, runs = len(r.figures(cell, r.metric)), len(r.runs[cell])
    return str(good) if good == runs else f"{good} of {runs}"


def rank_notes(r):
    ranked = [row for row in r.ranking if row.rank]
    if len(ranked) < 2:
        return ["n = 1: one run has no spread, so it is not ranked: "
                "--repeat 5"]
    few = min(row.n for row in ranked)
    sure = min(stats.interval(r.values[row.cell])[2] for row in ranked)
    least = stats.least_repeats(len(ranked))
    notes = [
        f"Medians; interval: of the median, at {percent(sure)} or more. =: cannot "
        "be told from the best. rank: all that the cell may have. Of cells "
        "that are the same, however many, any are called different in no more "
        "than 5 % of experiments (permutation tests of ranks, in rows of "
        "neighbours: Ryan, Einot, Gabriel, Welsch)"]
    if few < least:
        notes.append(f"{few} runs: two neighbours of {len(ranked)} cells "
                     f"cannot be told with fewer than {least} of each")
    if len(ranked) < len(r.ranking):
        notes.append("n = 1: one run has no spread, so it is not ranked")
    if any(missed(r, row.cell) for row in r.ranking):
        notes.append("> : the time that was waited in vain. Ranks are by the "
                     "least that any waited so: all that came later are alike")
    return notes + noise_notes(r, ranked, few)


def noise_notes(r, ranked, few):
    notes, k = [], len(ranked)
    noise = stats.spread([r.values[row.cell] for row in ranked
                          if max(r.values[row.cell]) < r.limit])
    if noise is not None:
        seen, enough = stats.detectable(k, few), stats.repeats_for(
            WORTH_SEEING, noise, k)
        notes.append(
            f"noise: runs of a cell differ by {percent(noise)} (standard "
            "deviation). " + (
                "" if seen is None else f"With {few} of each a difference of "
                f"{percent(seen * noise)} is seen in 8 of 10 experiments. ")
            + f"One of {percent(WORTH_SEEING)} takes " + (
                f"--repeat {enough}" if enough else
                f"more than {stats.REPEATS_MAX} repeats"))
    values = r.reference_values()
    own = stats.spread([values])
    if own is not None:
        notes.append(
            f"the host's own: {r.plan['reference']} with one seed in all of "
            f"{len(values)} rounds differs by {percent(own)}")
    return notes


# --- what came out ------------------------------------------------------------

def conclusion(r):
    """In sentences, the verdict first."""
    bad = len(r.results) - sum(x["verdict"] == "passed" for x in r.results)
    said = [f"{bad} of {count(len(r.results), 'run')} failed." if bad else
            f"All {len(r.results)} runs passed." if len(r.results) > 1
            else "The run passed."]
    if not r.metric or not any(r.values.values()):
        return said
    metric = r.metric
    if len(r.cells) == 1:
        said.append(one_cell(r))
    elif not r.ranking or not r.ranking[0].rank:
        order = [row.cell for row in r.ranking] or \
            [c for c in r.cells if r.values[c]]
        said.append("One run a cell, so nothing is ranked: "
                    + ", ".join(f"{c} {value(r, c)}" for c in order[:8])
                    + f" ({metric.name}). --repeat 5 would say what of that "
                    "is a difference.")
    else:
        said.append(ranked_sentence(r))
    if not bad and len(r.cells) == 1:
        return said[1:] if len(said) > 1 else said
    return said


def value(r, cell):
    if not r.values[cell]:
        return "-"
    return f"{middle(r, cell)} {r.metric.unit}".rstrip()


def ranked_sentence(r):
    ranked = [row for row in r.ranking if row.rank]
    best, same = ranked[0], [row.cell for row in ranked if row.same]
    told = [row for row in ranked[1:] if not row.same]
    by = f"{r.metric.name} ({r.metric.better} is better)"
    if not told:
        return f"By {by} no cell can be told from {best.cell}, which has " \
            f"{value(r, best.cell)}: {runs_of(ranked)}."
    text = f"By {by} {best.cell} is first with {value(r, best.cell)}"
    if same:
        text += f", but {listed(same)} cannot be told from it"
    return text + "; " + ", ".join(
        f"{row.cell} has {value(r, row.cell)}"
        + (f" ({of_it} of it)" if (of_it := share(r, row.cell)) != "-" else "")
        for row in told[:6]) + (", ..." if len(told) > 6 else "") + "."


def runs_of(ranked):
    few, most = (pick(row.n for row in ranked) for pick in (min, max))
    return f"{few} to {most} runs of a cell" if few != most else \
        f"{count(few, 'run')} of each"


def one_cell(r):
    """Of a single run, or of repeats of it: in a line each."""
    cell, said = r.cells[0], []
    for key in (r.metric.key, "near_mean", "near_end", "promoted_mib",
                "demoted_mib"):
        metric = metrics.BY_KEY[key]
        figures = r.figures(cell, metric)
        if figures and f"{metric.name} " not in " ".join(said):
            said.append(f"{metric.name} "
                        + spread_missed(figures, MISSED.get(key, ""))
                        + f" {metric.unit}".rstrip())
    return "Passed: " + "; ".join(said) + "."


# --- tables -------------------------------------------------------------------

def summary_table(r):
    rows = []
    for metric in metrics.METRICS:
        figures = [r.figures(c, metric) for c in r.cells]
        if any(figures):
            rows.append([metric.name, metric.unit, metric.better] + [
                spread_missed(f, MISSED.get(metric.key, ""), len(r.good[c]))
                for c, f in zip(r.cells, figures)])
    loops = [", ".join(sorted({x["loop"] for x in r.good[c] if x.get("loop")}))
             for c in r.cells]
    if any(loops):
        rows.append(["update loop", "", ""] + [loop or "-" for loop in loops])
    return Table("summary", "What came out", ["", "unit", "better"]
                 + [r.name(c) for c in r.cells], rows, heat_notes(r))


def heat_notes(r):
    """What was counted, where it is not what the figures are called by."""
    cells = [r.name(c) for c in r.cells
             if any(x.get("heat_of") == "accesses" for x in r.good[c])]
    return [f"misses: of {listed(cells)} all accesses, in the cache or not "
            "(--heat=accesses)"] if cells else []


def moves_table(r):
    rows = []
    for name in metrics.MOVES.values():
        cells = [spread([(x["moves"] or {}).get(name) for x in r.good[c]])
                 for c in r.cells]
        if set(cells) - {"-", "0"} or name in metrics.MAIN_MOVES \
                and set(cells) != {"-"}:
            rows.append([name] + cells)
    return Table("moves", "Who moved pages, while the updates ran",
                 ["pages"] + r.cells, rows, reasons(r))


def reasons(r):
    """The same reason is said once, with the cells that it is of."""
    of = {}
    for cell in r.cells:
        for zero in (r.good[cell] or [{"zeros": []}])[0]["zeros"]:
            of.setdefault(f"{zero.get('who')}: {zero.get('why')}",
                          []).append(cell)
    return [f"{what} ({'all cells' if cells == r.cells else ', '.join(cells)})"
            if len(r.cells) > 1 else what for what, cells in of.items()]


def counters_table(r):
    theirs = r.plan.get("theirs") or {}
    head, rows = ["counter"], []
    for cell in r.cells:
        head += [cell] + (["(theirs)"] if theirs else [])
    for name in metrics.COUNTERS:
        row = [name]
        for i, cell in enumerate(r.cells):
            row.append(spread([(x["counters"] or {}).get(name)
                               for x in r.good[cell]]))
            if theirs:
                figures = theirs.get(name, [])
                row.append(figures[i] if i < len(figures) else "-")
        rows.append(row)
    if not any((x["counters"] for c in r.cells for x in r.good[c])):
        rows = []
    notes = ["numa_* rows count allocations, not accesses; one of a huge page "
             "is one"]
    if theirs:
        notes.insert(0, "(theirs): the same, as others measured it")
    return Table("counters", "Kernel counters over the whole run", head, rows,
                 notes, True)


def commands_table(r):
    return Table("cells", "The cells", ["cell", "tier"],
                 [[run["cell"], on_a_line(run["words"])]
                  for run in r.plan["cells"] if run["repeat"] == 1
                  and run["cell"] in r.cells], folded=True)


# --- the page -----------------------------------------------------------------

def machines(plan):
    found = []
    for run in plan["cells"]:
        text = f"{run['topology']}, {run['mem']} + {run['cxl_mem']}, " \
            f"{run['smp']} CPUs"
        if run.get("kernel"):
            text += f", kernel {run['kernel']}"
        free = [w for w in run["words"] if w.startswith("node0:free=")]
        if run.get("dram_free") and free:
            text += f", {free[0][11:].removesuffix(',lock')} of DRAM free " \
                "before the workload"
        if run.get("latency"):
            text += f", latency {run['latency']}"
        found.append(text)
    return "; ".join(dict.fromkeys(found))


def seeds(plan):
    """As plan.Planner.words gives them: to gups, unless it is told another."""
    last = plan["repeats"] - 1
    first = [run["words"] for run in plan["cells"] if run["repeat"] == 1]
    mine = ["gups" in w and not parse.has_option(w, "--seed") for w in first]
    return "" if not last or not any(mine) else f" (seeds 0 to {last})" \
        if all(mine) else f" (of gups with seeds 0 to {last})"


def about(r):
    plan = r.plan
    said = [f"Machine: {machines(plan)}."]
    repeats = plan["repeats"]
    text = f"Linux {plan['kernel']}, QEMU {plan['qemu']}; scale " \
        f"{plan['scale']}, {count(repeats, 'repeat')}{seeds(plan)}."
    if any(x.get("emulated") for x in r.results):
        text += " Emulated: times and rates are the emulator's, not " \
            "hardware's."
    said.append(text)
    if plan.get("icount"):
        said.append("Time is counted in instructions, "
                    f"{2 ** int(plan['icount'])} ns each, whatever they do: "
                    "the same seed gives the same run, and an access to CXL "
                    "memory costs what any other costs.")
    if repeats > 1:
        said.append("Medians; in brackets the range of the repeats.")
    return said


def alarms(r):
    found = {
        "Failed": [f"{x['id']}: {x['verdict']}" for x in r.results
                   if x["verdict"] != "passed"],
        "Perturbed": [f"{x['id']}: {text}" for x in r.results
                      for text in x["perturbed"]]}
    loops = sorted({x["loop"] for c in r.cells for x in r.good[c]
                    if x.get("loop")})
    if len(loops) > 1 and len(r.cells) > 1:
        found["Perturbed"].append(
            "the update loop is not the same in all runs "
            f"({', '.join(loops)}): their rates differ by that, too")
    found["Perturbed"] += built_anew(r)
    return {name: texts for name, texts in found.items() if texts}


def built_anew(r):
    """What changed while the experiment ran, or before it was resumed: tier in
    any two runs, other files between repeats of one cell."""
    builds = {}
    for x in r.results:
        for name, total in (x.get("sums") or {}).items():
            of = "all runs" if name.startswith("tier") else \
                f"the repeats of {x['cell']}"
            builds.setdefault((name, of), []).append(total)
    for (name, of), totals in builds.items():
        if len(set(totals)) > 1:
            counts = sorted((totals.count(t) for t in set(totals)), reverse=True)
            yield (f"{name} was not the same file in {of} "
                   f"({' and '.join(map(str, counts))} were alike): what "
                   "differs may come of that")


def page(r):
    p = Page(r.plan["title"])
    p.about, p.conclusion, p.alarms = about(r), conclusion(r), alarms(r)
    p.notes = r.plan.get("notes", "")
    if r.ranking and len(r.cells) > 1:
        p.tables.append(rank_table(r))
    p.tables += [t for t in (summary_table(r), moves_table(r),
                             counters_table(r), commands_table(r)) if t.rows]
    return p
